//! Declarations by kind, and the tables that names are looked up in.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::CatalogFile;
use super::context::{Context, span_of};
use super::errors;
use super::model::{
    Access, AppId, AttributeId, EnumId, KindId, MarkId, OperationId, Owner, PermissionModelId, RatchetId,
    ScopeId, WindowId,
};
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{self, Item, Name};

/// Every declaration of the compilation by kind, in source order over sorted paths (ratchets: by name).
#[derive(Default)]
pub(super) struct Items<'a> {
    pub(super) enumerations: Vec<&'a tree::Enumeration>,
    pub(super) kinds: Vec<&'a tree::Kind>,
    pub(super) attributes: Vec<&'a tree::Attributes>,
    /// With the catalog they stand in.
    pub(super) models: Vec<(&'a tree::PermissionModel, Option<&'a str>)>,
    /// With the catalog they stand in.
    pub(super) scopes: Vec<(&'a tree::Scope, Option<&'a str>)>,
    pub(super) marks: Vec<&'a tree::Mark>,
    pub(super) namings: Vec<&'a tree::Naming>,
    /// With the catalog they stand in.
    pub(super) operations: Vec<(&'a tree::Operation, Option<&'a str>)>,
    /// Catalogs whose paths are taken in any case.
    pub(super) any_case: BTreeSet<&'a str>,
    pub(super) operation_groups: Vec<&'a tree::OperationGroup>,
    pub(super) apps: Vec<&'a tree::App>,
    pub(super) roles: Vec<&'a tree::Role>,
    pub(super) groups: Vec<&'a tree::Group>,
    pub(super) assignments: Vec<&'a tree::Assignment>,
    pub(super) containers: Vec<&'a tree::Container>,
    pub(super) windows: Vec<&'a tree::Window>,
    pub(super) conditions: Vec<&'a tree::NamedCondition>,
    pub(super) rules: Vec<&'a tree::Rule>,
    pub(super) ratchets: Vec<&'a tree::Ratchet>,
    pub(super) guarantees: Vec<&'a tree::Guarantee>,
    pub(super) widenings: Vec<&'a tree::Widening>,
    pub(super) authorities: Vec<&'a tree::Authority>,
    pub(super) tests: Vec<&'a tree::Test>,
}

/// Sorts the items of all files by kind and reports those that stand in the wrong sort of file.
pub(super) fn collect<'a>(
    cx: &mut Context,
    prelude: &'a tree::File,
    catalogs: &[&CatalogFile<'a>],
    policy: &[&'a tree::File],
) -> Items<'a> {
    let mut items = Items::default();
    for item in &prelude.items {
        items.add(item, None);
    }
    for file in catalogs.iter().map(|c| c.file) {
        let Some(Item::Catalog(header)) = file.items.first() else { continue };
        if header.any_case {
            items.any_case.insert(&header.name.text);
        }
        for item in &file.items[1..] {
            match item {
                Item::Catalog(second) => cx.report(errors::catalogs::misplaced_header(second)),
                _ if !is_fact(item) => {
                    cx.report(errors::catalogs::policy_in_catalog(span_of(item), &header.name))
                }
                Item::Attributes(a) if reserved_owner(a) => {
                    cx.report(errors::names::reserved_attributes(&a.owner))
                }
                _ => items.add(item, Some(&header.name.text)),
            }
        }
    }
    for item in policy.iter().flat_map(|f| &f.items) {
        match item {
            Item::Catalog(header) => cx.report(errors::catalogs::misplaced_header(header)),
            Item::Attributes(a) if reserved_owner(a) => {
                cx.report(errors::names::reserved_attributes(&a.owner))
            }
            _ => items.add(item, None),
        }
    }
    // Answers name the first ratchet that withdraws: it must not depend on where they stand.
    items.ratchets.sort_by(|a, b| a.name.text.cmp(&b.name.text));
    items
}

/// What a catalog may hold: facts about a platform.
fn is_fact(item: &Item) -> bool {
    matches!(
        item,
        Item::Use(_)
            | Item::Enumeration(_)
            | Item::Kind(_)
            | Item::Attributes(_)
            | Item::Model(_)
            | Item::Scope(_)
            | Item::Mark(_)
            | Item::Naming(_)
            | Item::Operation(_)
            | Item::OperationGroup(_)
    )
}

fn reserved_owner(attributes: &tree::Attributes) -> bool {
    matches!(attributes.owner.text.as_str(), "app" | "operation")
}

impl<'a> Items<'a> {
    fn add(&mut self, item: &'a Item, catalog: Option<&'a str>) {
        match item {
            // Imports and headers are dealt with in `catalogs`.
            Item::Catalog(_) | Item::Use(_) => {}
            Item::Enumeration(i) => self.enumerations.push(i),
            Item::Kind(i) => self.kinds.push(i),
            Item::Attributes(i) => self.attributes.push(i),
            Item::Model(i) => self.models.push((i, catalog)),
            Item::Scope(i) => self.scopes.push((i, catalog)),
            Item::Mark(i) => self.marks.push(i),
            Item::Naming(i) => self.namings.push(i),
            Item::Operation(i) => self.operations.push((i, catalog)),
            Item::OperationGroup(i) => self.operation_groups.push(i),
            Item::App(i) => self.apps.push(i),
            Item::Role(i) => self.roles.push(i),
            Item::Group(i) => self.groups.push(i),
            Item::Assignment(i) => self.assignments.push(i),
            Item::Container(i) => self.containers.push(i),
            Item::Window(i) => self.windows.push(i),
            Item::Condition(i) => self.conditions.push(i),
            Item::Rule(i) => self.rules.push(i),
            Item::Ratchet(i) => self.ratchets.push(i),
            Item::Guarantee(i) => self.guarantees.push(i),
            Item::Widening(i) => self.widenings.push(i),
            Item::Authority(i) => self.authorities.push(i),
            Item::Test(i) => self.tests.push(i),
        }
    }
}

/// What a name in an operation pattern can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Term {
    Access(Access),
    Operation(OperationId),
    /// Index into [`Context::held`].
    Group(usize),
    /// Index into [`Context::held`]; the role's id is the same less the number of groups.
    Role(usize),
}

/// Everything that has a name.
pub(super) struct Names {
    pub(super) enumerations: Table<EnumId>,
    pub(super) kinds: Table<KindId>,
    pub(super) attributes: HashMap<(Owner, String), Entry<AttributeId>>,
    /// By full name.
    pub(super) models: Table<PermissionModelId>,
    pub(super) scopes: HashMap<(PermissionModelId, String), Entry<ScopeId>>,
    /// In all models.
    pub(super) scope_names: HashMap<String, Vec<ScopeId>>,
    /// Scopes that were declared for a model that is not there.
    pub(super) lost_scopes: HashSet<String>,
    pub(super) marks: Table<MarkId>,
    pub(super) terms: Table<Term>,
    pub(super) apps: Table<AppId>,
    pub(super) groups: Table<()>,
    pub(super) windows: Table<WindowId>,
    pub(super) conditions: Table<usize>,
    pub(super) ratchets: Table<RatchetId>,
    pub(super) rules: Table<()>,
    /// Whether something that might declare names is missing; see [`Table::blind`].
    pub(super) blind: bool,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            enumerations: Table::new("enumeration"),
            kinds: Table::new("container kind"),
            attributes: HashMap::new(),
            models: Table::new("permission model"),
            scopes: HashMap::new(),
            scope_names: HashMap::new(),
            lost_scopes: HashSet::new(),
            marks: Table::new("mark"),
            terms: Table::new("operation"),
            apps: Table::new("app"),
            groups: Table::new("group"),
            windows: Table::new("window"),
            conditions: Table::new("condition"),
            ratchets: Table::new("ratchet"),
            rules: Table::new("rule"),
            blind: false,
        }
    }
}

impl Names {
    /// From now on names that are not known are not reported, because some file could not be read.
    pub(super) fn set_blind(&mut self, blind: bool) {
        self.apps.blind |= blind;
        self.windows.blind |= blind;
        self.conditions.blind |= blind;
        self.ratchets.blind |= blind;
        self.rules.blind |= blind;
        self.set_blind_to_facts(blind);
    }

    /// The same for what a catalog can declare.
    pub(super) fn set_blind_to_facts(&mut self, blind: bool) {
        self.enumerations.blind |= blind;
        self.kinds.blind |= blind;
        self.models.blind |= blind;
        self.marks.blind |= blind;
        self.terms.blind |= blind;
        self.blind |= blind;
    }
}

/// A declared name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<T> {
    /// The name where it is declared.
    pub(super) span: Span,
    /// `None`: declared, but broken; whoever uses it stays silent.
    pub(super) id: Option<T>,
}

/// The names of one namespace.
pub(super) struct Table<T> {
    /// What its entries are called in messages.
    what: &'static str,
    /// Whether unknown names stay unreported.
    pub(super) blind: bool,
    entries: HashMap<String, Entry<T>>,
}

impl<T: Copy> Table<T> {
    fn new(what: &'static str) -> Table<T> {
        Table { what, blind: false, entries: HashMap::new() }
    }

    /// Enters a name; says so and returns false if it is taken.
    pub(super) fn declare(&mut self, name: &Name, id: Option<T>, out: &mut Vec<Diagnostic>) -> bool {
        self.declare_as(&name.text, name, id, out)
    }

    /// Enters a name under a text that differs from the one written.
    pub(super) fn declare_as(
        &mut self,
        text: &str,
        name: &Name,
        id: Option<T>,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        if name.text.is_empty() {
            out.push(errors::names::empty(self.what, name.span));
        }
        match self.entries.get(text) {
            Some(first) => {
                out.push(errors::names::twice(self.what, name, first.span));
                false
            }
            None => {
                self.entries.insert(text.to_owned(), Entry { span: name.span, id });
                true
            }
        }
    }

    /// What the name stands for; reports an unknown one.
    pub(super) fn find(&self, name: &Name, out: &mut Vec<Diagnostic>) -> Option<T> {
        match self.entries.get(&name.text) {
            Some(entry) => entry.id,
            None => {
                if !self.blind {
                    out.push(errors::names::unknown(self.what, name, self.known()));
                }
                None
            }
        }
    }

    /// The entry, without a word.
    pub(super) fn get(&self, text: &str) -> Option<&Entry<T>> {
        self.entries.get(text)
    }

    /// All names.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}
