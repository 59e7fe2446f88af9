//! Items of catalogs: kinds, attributes, models, scopes and operations.

use pest::iterators::Pair;

use super::build::{Builder, Built, Parts};
use super::grammar::Rule;
use crate::syntax::errors;
use crate::syntax::tree::{
    Alternative, Attributes, CatalogHeader, Enumeration, Field, Kind, LetterCase, Mark, Naming, NamingForm,
    Operation, OperationGroup, OperationMember, PermissionModel, Scope, Use,
};

impl Builder<'_> {
    pub(super) fn catalog(&mut self, pair: Pair<'_, Rule>) -> Built<CatalogHeader> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_catalog)?;
        let name = self.name(&mut parts)?;
        parts.take(Rule::kw_version)?;
        let version = self.text(&mut parts)?;
        let from = if parts.eat(Rule::kw_from).is_some() { Some(self.text(&mut parts)?) } else { None };
        let any_case = parts.eat(Rule::any_case).is_some();
        Ok(CatalogHeader { name, version, from, any_case, span: parts.span })
    }

    pub(super) fn use_catalog(&mut self, pair: Pair<'_, Rule>) -> Built<Use> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_use)?;
        Ok(Use { name: self.name(&mut parts)?, span: parts.span })
    }

    pub(super) fn enumeration(&mut self, pair: Pair<'_, Rule>) -> Built<Enumeration> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_enum)?;
        let name = self.name(&mut parts)?;
        let ordered = parts.eat(Rule::kw_ordered).is_some();
        Ok(Enumeration { name, ordered, values: self.names(Rule::name, &mut parts)?, span: parts.span })
    }

    pub(super) fn kind(&mut self, pair: Pair<'_, Rule>) -> Built<Kind> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_kind)?;
        let name = self.name(&mut parts)?;
        let parent = if parts.eat(Rule::kw_in).is_some() { Some(self.name(&mut parts)?) } else { None };
        Ok(Kind { name, parent, fields: self.fields(&mut parts)?, span: parts.span })
    }

    pub(super) fn attributes(&mut self, pair: Pair<'_, Rule>) -> Built<Attributes> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_attributes)?;
        Ok(Attributes { owner: self.name(&mut parts)?, fields: self.fields(&mut parts)?, span: parts.span })
    }

    fn fields(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Field>> {
        let mut fields = Vec::new();
        while let Some(pair) = parts.eat(Rule::field) {
            let mut parts = self.open(pair);
            let (name, type_name) = (self.name(&mut parts)?, self.name(&mut parts)?);
            let inherited = parts.eat(Rule::kw_inherited).is_some();
            fields.push(Field { name, type_name, inherited, span: parts.span });
        }
        Ok(fields)
    }

    pub(super) fn model(&mut self, pair: Pair<'_, Rule>) -> Built<PermissionModel> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_model)?;
        let name = self.name(&mut parts)?;
        let title = self.maybe_text(&mut parts);
        let demands_user = parts.eat(Rule::kw_demands).is_some();
        Ok(PermissionModel { name, title, demands_user, span: parts.span })
    }

    pub(super) fn scope_item(&mut self, pair: Pair<'_, Rule>) -> Built<Scope> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_scope)?;
        let (model, name) = (self.name(&mut parts)?, self.name(&mut parts)?);
        let level = if parts.eat(Rule::kw_level).is_some() { Some(self.count(&mut parts)?) } else { None };
        parts.eat(Rule::kw_implies);
        Ok(Scope { model, name, level, implies: self.names(Rule::scope, &mut parts)?, span: parts.span })
    }

    pub(super) fn mark(&mut self, pair: Pair<'_, Rule>) -> Built<Mark> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_mark)?;
        let name = self.name(&mut parts)?;
        let title = self.maybe_text(&mut parts);
        let gives = if parts.eat(Rule::kw_gives).is_some() { Some(self.name(&mut parts)?) } else { None };
        Ok(Mark { name, title, gives, span: parts.span })
    }

    pub(super) fn naming(&mut self, pair: Pair<'_, Rule>) -> Built<Naming> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_path)?;
        let path = self.text(&mut parts)?;
        parts.take(Rule::kw_names)?;
        let kind = self.name(&mut parts)?;
        let case = match parts.eat(Rule::letter_case) {
            Some(pair) => {
                let mut words = self.open(pair);
                words.take(Rule::kw_in)?;
                let upper = words.eat(Rule::kw_upper).is_some();
                Some(if upper { LetterCase::Upper } else { LetterCase::Lower })
            }
            None => None,
        };
        let form = match parts.next() {
            Some(pair) => Some(self.naming_form(pair)?),
            None => None,
        };
        Ok(Naming { path, kind, case, form, span: parts.span })
    }

    fn naming_form(&mut self, pair: Pair<'_, Rule>) -> Built<NamingForm> {
        let rule = pair.as_rule();
        let mut parts = self.open(pair);
        // The keyword.
        parts.any()?;
        Ok(match rule {
            Rule::before => NamingForm::Before(self.text(&mut parts)?),
            Rule::containing => NamingForm::With(self.text(&mut parts)?),
            Rule::no_number => NamingForm::NotNumber,
            Rule::a_word => NamingForm::Word,
            // Any other rule is not a form of namings.
            _ => return Err(errors::internal(parts.span)),
        })
    }

    pub(super) fn operation_group(&mut self, pair: Pair<'_, Rule>) -> Built<OperationGroup> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_operation)?;
        parts.take(Rule::kw_group)?;
        let name = self.name(&mut parts)?;
        Ok(OperationGroup { name, operations: self.operations(&mut parts)?, span: parts.span })
    }

    pub(super) fn operation(&mut self, pair: Pair<'_, Rule>) -> Built<Operation> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_operation)?;
        let name = self.name(&mut parts)?;
        let mut members = Vec::new();
        while let Some(pair) = parts.next() {
            members.push(self.operation_member(pair)?);
        }
        Ok(Operation { name, members, span: parts.span })
    }

    fn operation_member(&mut self, pair: Pair<'_, Rule>) -> Built<OperationMember> {
        let rule = pair.as_rule();
        let mut parts = self.open(pair);
        // The keyword.
        parts.any()?;
        Ok(match rule {
            Rule::access_member => OperationMember::Access(self.name(&mut parts)?),
            Rule::in_member => OperationMember::In(self.name(&mut parts)?),
            Rule::lists_member => OperationMember::Lists(self.name(&mut parts)?),
            Rule::http_member => {
                OperationMember::Http { method: self.name(&mut parts)?, path: self.text(&mut parts)? }
            }
            Rule::requires_member => self.requirement(&mut parts)?,
            Rule::marks_member => OperationMember::Marks(self.names(Rule::name, &mut parts)?),
            // Any other rule is not a member of operations.
            _ => return Err(errors::internal(parts.span)),
        })
    }

    fn requirement(&mut self, parts: &mut Parts<'_>) -> Built<OperationMember> {
        let model = self.name(parts)?;
        let mut alternatives = Vec::new();
        while let Some(pair) = parts.next() {
            if pair.as_rule() == Rule::alternative {
                let mut scopes = self.open(pair);
                let least = scopes.eat(Rule::kw_least).is_some();
                alternatives.push(Alternative { least, scopes: self.names(Rule::scope, &mut scopes)? });
            }
        }
        Ok(OperationMember::Requires { model, alternatives })
    }
}
