//! Apps, roles, groups, assignments, containers and windows.

use pest::iterators::Pair;

use super::build::{Builder, Built, Parts};
use super::grammar::Rule;
use super::values;
use crate::syntax::errors;
use crate::syntax::tree::{
    App, AppMember, Assign, Assignment, Container, Group, Hours, Literal, LiteralValue, Name, Principal,
    Role, StepUp, Window,
};

impl Builder<'_> {
    pub(super) fn app(&mut self, pair: Pair<'_, Rule>) -> Built<App> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_app)?;
        let name = self.name(&mut parts)?;
        let mut members = Vec::new();
        while let Some(pair) = parts.next() {
            members.push(self.app_member(pair)?);
        }
        Ok(App { name, members, span: parts.span })
    }

    fn app_member(&mut self, pair: Pair<'_, Rule>) -> Built<AppMember> {
        let rule = pair.as_rule();
        let mut parts = self.open(pair);
        // The keyword.
        parts.any()?;
        Ok(match rule {
            Rule::key_member => AppMember::Key(self.text(&mut parts)?),
            Rule::vendor_member => AppMember::Vendor(self.text(&mut parts)?),
            Rule::app_kind_member => AppMember::Kind(self.name(&mut parts)?),
            Rule::platform_member => AppMember::Platform(self.names(Rule::path, &mut parts)?),
            Rule::requests_member => AppMember::Requests(self.names(Rule::scope, &mut parts)?),
            Rule::approved_member => AppMember::Approved(self.names(Rule::scope, &mut parts)?),
            Rule::optional_member => AppMember::Optional(self.names(Rule::scope, &mut parts)?),
            Rule::growth_member => {
                let (approvers, group, seconds) = self.approvers(&mut parts)?;
                AppMember::StepUp(StepUp { approvers, group, seconds, span: parts.span })
            }
            Rule::user_member => AppMember::User {
                role: self.name(&mut parts)?,
                containers: self.maybe_containers(&mut parts)?,
                span: parts.span,
            },
            Rule::installed_member => {
                parts.take(Rule::kw_on)?;
                AppMember::Installed(self.texts(&mut parts))
            }
            // Any other rule is not a member of apps.
            _ => return Err(errors::internal(parts.span)),
        })
    }

    pub(super) fn role(&mut self, pair: Pair<'_, Rule>) -> Built<Role> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_role)?;
        let name = self.name(&mut parts)?;
        Ok(Role { name, operations: self.operations(&mut parts)?, span: parts.span })
    }

    pub(super) fn group(&mut self, pair: Pair<'_, Rule>) -> Built<Group> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_group)?;
        let name = self.name(&mut parts)?;
        Ok(Group { name, members: self.texts(&mut parts), span: parts.span })
    }

    pub(super) fn assignment(&mut self, pair: Pair<'_, Rule>) -> Built<Assignment> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_assign)?;
        let role = self.name(&mut parts)?;
        parts.take(Rule::kw_to)?;
        let mut principal = self.open(parts.take(Rule::principal)?);
        let principal = if principal.peek() == Some(Rule::apps) {
            Principal::Apps(self.apps(&mut principal)?)
        } else {
            match principal.any()?.as_rule() {
                Rule::kw_user => Principal::User(self.text(&mut principal)?),
                Rule::kw_group => Principal::Group(self.name(&mut principal)?),
                // `any user` is left.
                _ => Principal::AnyUser,
            }
        };
        Ok(Assignment { role, principal, containers: self.maybe_containers(&mut parts)?, span: parts.span })
    }

    pub(super) fn container(&mut self, pair: Pair<'_, Rule>) -> Built<Container> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_container)?;
        let (kind, id) = (self.name(&mut parts)?, self.name(&mut parts)?);
        let parent = if parts.eat(Rule::kw_in).is_some() {
            Some((self.name(&mut parts)?, self.name(&mut parts)?))
        } else {
            None
        };
        Ok(Container { kind, id, parent, attributes: self.maybe_settings(&mut parts)?, span: parts.span })
    }

    /// `{ category = "Finance" }`, or nothing.
    pub(super) fn maybe_settings(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Assign>> {
        match parts.eat(Rule::settings) {
            Some(pair) => {
                let mut parts = self.open(pair);
                self.settings(&mut parts)
            }
            None => Ok(Vec::new()),
        }
    }

    /// As many settings as follow.
    pub(super) fn settings(&mut self, parts: &mut Parts<'_>) -> Built<Vec<Assign>> {
        let mut settings = Vec::new();
        while let Some(pair) = parts.eat(Rule::setting) {
            let mut parts = self.open(pair);
            settings.push(Assign {
                name: self.name(&mut parts)?,
                value: self.constant(parts.take(Rule::constant)?)?,
                span: parts.span,
            });
        }
        Ok(settings)
    }

    /// A value in a list or setting, where a bare word is a value too.
    pub(super) fn constant(&mut self, pair: Pair<'_, Rule>) -> Built<Literal> {
        let pair = self.open(pair).any()?;
        self.literal(pair)
    }

    /// A constant of any shape.
    pub(super) fn literal(&mut self, pair: Pair<'_, Rule>) -> Built<Literal> {
        let span = self.span(&pair);
        let value = match pair.as_rule() {
            Rule::string => LiteralValue::Text(self.text_of(&pair).value),
            Rule::boolean => LiteralValue::Bool(pair.as_str() == "true"),
            Rule::quantity => values::quantity(pair.as_str()).unwrap_or_else(|| {
                self.diagnostics.push(errors::bad_quantity(
                    span,
                    "a number, duration or instant",
                    pair.as_str(),
                ));
                LiteralValue::Int(0)
            }),
            Rule::word => LiteralValue::Word(pair.as_str().to_string()),
            Rule::list => {
                let mut parts = self.open(pair);
                let mut values = Vec::new();
                while let Some(pair) = parts.eat(Rule::constant) {
                    values.push(self.constant(pair)?);
                }
                LiteralValue::List(values)
            }
            // Any other rule is not a constant.
            _ => return Err(errors::internal(span)),
        };
        Ok(Literal { value, span })
    }

    /// Seconds of a duration.
    pub(super) fn duration(&mut self, parts: &mut Parts<'_>) -> Built<i64> {
        let pair = parts.take(Rule::quantity)?;
        Ok(values::duration(pair.as_str()).unwrap_or_else(|| {
            self.diagnostics.push(errors::bad_quantity(
                self.span(&pair),
                "a duration such as `90d`",
                pair.as_str(),
            ));
            0
        }))
    }

    /// Seconds since 1970 of an instant.
    pub(super) fn instant(&mut self, parts: &mut Parts<'_>) -> Built<i64> {
        let pair = parts.take(Rule::quantity)?;
        Ok(match values::quantity(pair.as_str()) {
            Some(LiteralValue::Instant(seconds)) => seconds,
            // A number, a duration, or nothing of the sort.
            _ => {
                let wanted = "an instant such as `2026-12-31`";
                self.diagnostics.push(errors::bad_quantity(self.span(&pair), wanted, pair.as_str()));
                0
            }
        })
    }

    /// How many: at least one.
    pub(super) fn count(&mut self, parts: &mut Parts<'_>) -> Built<i64> {
        let pair = parts.take(Rule::quantity)?;
        Ok(pair.as_str().parse().ok().filter(|n| *n >= 1).unwrap_or_else(|| {
            self.diagnostics.push(errors::bad_quantity(self.span(&pair), "a number from 1", pair.as_str()));
            1
        }))
    }

    pub(super) fn window(&mut self, pair: Pair<'_, Rule>) -> Built<Window> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_window)?;
        let name = self.name(&mut parts)?;
        parts.take(Rule::kw_in)?;
        let zone = self.text(&mut parts)?;
        let mut hours = Vec::new();
        while let Some(pair) = parts.eat(Rule::hours) {
            let mut parts = self.open(pair);
            let first_day = self.day(&mut parts)?;
            let last_day = if parts.peek() == Some(Rule::day) { Some(self.day(&mut parts)?) } else { None };
            let (start, end) = (self.time(&mut parts)?, self.time(&mut parts)?);
            hours.push(Hours { first_day, last_day, start, end, span: parts.span });
        }
        Ok(Window { name, zone, hours, span: parts.span })
    }

    fn day(&mut self, parts: &mut Parts<'_>) -> Built<Name> {
        const DAYS: [&str; 8] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "daily"];
        let name = self.name(parts)?;
        if !DAYS.contains(&name.text.as_str()) {
            self.diagnostics.push(errors::unknown_day(name.span, &name.text, &DAYS));
        }
        Ok(name)
    }

    fn time(&mut self, parts: &mut Parts<'_>) -> Built<u32> {
        let pair = parts.take(Rule::time)?;
        Ok(values::time_of_day(pair.as_str()).unwrap_or_else(|| {
            self.diagnostics.push(errors::bad_quantity(self.span(&pair), "a time of day", pair.as_str()));
            0
        }))
    }
}
