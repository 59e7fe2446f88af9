//! Operations, their groups and roles, and what an operation pattern selects.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::context::Context;
use super::model::{Access, KindId, MarkId, Operation, OperationId, Role};
use super::names::{Items, Term};
use super::{catalog, errors, graph};
use crate::span::Span;
use crate::syntax::tree::{self, Name, OperationMember, OperationPattern, OperationTerm};

/// What an operation pattern selects.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) operations: Arc<BTreeSet<OperationId>>,
    /// Those that are named one by one.
    named: Vec<OperationId>,
    /// The kinds that the operations act in or list.
    kinds: BTreeSet<KindId>,
    /// Whether some operation's kind is not known.
    broken: bool,
}

/// Whether a role's name may stand in a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Roles {
    Allowed,
    Forbidden,
}

/// Enters the names of operations, groups and roles and reads the operations.
pub(super) fn declare(cx: &mut Context, items: &Items) {
    for (text, access) in ACCESS {
        // The prelude's enumeration is the declaration that a double points to.
        let span = items
            .enumerations
            .iter()
            .flat_map(|e| e.values.iter().filter(|v| e.name.text == "access" && v.text == text))
            .map(|v| v.span)
            .next()
            .unwrap_or_default();
        let name = Name { text: text.to_owned(), span };
        cx.names.terms.declare(&name, Some(Term::Access(access)), &mut cx.diagnostics);
    }
    let mut sorted = items.operations.clone();
    sorted.sort_by(|a, b| a.0.name.text.cmp(&b.0.name.text));
    let mut templates = Templates::default();
    for (item, catalog) in sorted {
        let id = OperationId(cx.model.operations.len() as u32);
        if !cx.names.terms.declare(&item.name, Some(Term::Operation(id)), &mut cx.diagnostics) {
            continue;
        }
        let errors = cx.diagnostics.len();
        let any_case = catalog.is_some_and(|catalog| items.any_case.contains(catalog));
        let operation = operation(cx, item, catalog, any_case, &mut templates);
        if operation.is_none() || cx.diagnostics.len() > errors {
            cx.broken_operations.insert(id);
        }
        cx.model.operations.push(operation.unwrap_or_else(|| Operation {
            name: item.name.text.clone(),
            access: Access::Read,
            kind: KindId(0),
            lists: None,
            http: None,
            any_case,
            namings: Vec::new(),
            requirements: Default::default(),
            marks: Vec::new(),
            span: item.name.span,
        }));
    }
    for (i, item) in items.operation_groups.iter().enumerate() {
        cx.names.terms.declare(&item.name, Some(Term::Group(i)), &mut cx.diagnostics);
    }
    for (i, item) in items.roles.iter().enumerate() {
        let term = Term::Role(items.operation_groups.len() + i);
        cx.names.terms.declare(&item.name, Some(term), &mut cx.diagnostics);
    }
}

/// The access classes by name, in the order of the prelude's enumeration.
const ACCESS: [(&str, Access); 4] =
    [("read", Access::Read), ("write", Access::Write), ("delete", Access::Delete), ("admin", Access::Admin)];

fn operation(
    cx: &mut Context,
    item: &tree::Operation,
    catalog: Option<&str>,
    any_case: bool,
    templates: &mut Templates,
) -> Option<Operation> {
    let (mut access, mut kind, mut lists, mut http) = (None, None, None, None);
    let mut result = Operation {
        name: item.name.text.clone(),
        access: Access::Read,
        kind: KindId(0),
        lists: None,
        http: None,
        any_case,
        namings: Vec::new(),
        requirements: Default::default(),
        marks: Vec::new(),
        span: item.name.span,
    };
    let mut required: HashMap<_, Span> = HashMap::new();
    let mut marks: BTreeSet<MarkId> = BTreeSet::new();
    for member in &item.members {
        match member {
            OperationMember::Access(name) => once(cx, "access", &mut access, name.span, name),
            OperationMember::In(name) => once(cx, "in", &mut kind, name.span, name),
            OperationMember::Lists(name) => once(cx, "lists", &mut lists, name.span, name),
            OperationMember::Http { method, path } => {
                once(cx, "http", &mut http, method.span.to(path.span), (method, path));
            }
            OperationMember::Requires { model, alternatives } => {
                let Some(id) = catalog::model(cx, model, catalog) else { continue };
                if let Some(first) = required.insert(id, model.span) {
                    cx.report(errors::names::member_twice("requires", model.span, first));
                    continue;
                }
                let mut any = Vec::with_capacity(alternatives.len());
                for alternative in alternatives {
                    let all: BTreeSet<_> = (alternative.scopes.iter())
                        .filter_map(|n| catalog::scope(cx, n, &[id]))
                        .flatten()
                        .collect();
                    any.push(all.into_iter().collect());
                }
                result.requirements.insert(id, any);
            }
            OperationMember::Marks(names) => {
                marks.extend(names.iter().filter_map(|n| cx.names.marks.find(n, &mut cx.diagnostics)));
            }
        }
    }
    result.marks = marks.into_iter().collect();
    if let Some((span, (method, path))) = http {
        if let Err(reason) = request_template(&method.text, &path.value) {
            cx.report(errors::operations::bad_template(span, &reason));
        } else if let Some(first) = templates.enter(&method.text, &path.value, any_case, span) {
            cx.report(errors::operations::template_twice(span, first));
        }
        result.http = Some((method.text.clone(), path.value.clone()));
    }
    let access = member_or_missing(cx, "access", "access read", &item.name, access);
    let kind = member_or_missing(cx, "in", "in project", &item.name, kind);
    let access = access.and_then(|name| match cx.names.terms.get(&name.text).and_then(|e| e.id) {
        Some(Term::Access(access)) => Some(access),
        _other_term_or_none => {
            cx.report(errors::names::unknown("access class", name, ACCESS.map(|(n, _)| n)));
            None
        }
    });
    let kind_id = kind.and_then(|name| cx.names.kinds.find(name, &mut cx.diagnostics));
    let lists_id = lists.and_then(|(_, name)| Some((name, cx.names.kinds.find(name, &mut cx.diagnostics)?)));
    if let (Some(kind), Some((name, lists))) = (kind_id, lists_id)
        && !cx.within(lists, kind)
    {
        let error = errors::operations::lists_outside(name, cx.kind_name(kind));
        cx.report(error);
    }
    result.lists = lists_id.map(|(_, id)| id);
    result.access = access?;
    result.kind = kind_id?;
    Some(result)
}

/// Keeps the first of a member that may stand once.
pub(super) fn once<T>(cx: &mut Context, what: &str, slot: &mut Option<(Span, T)>, span: Span, value: T) {
    match slot {
        Some((first, _)) => {
            let error = errors::names::member_twice(what, span, *first);
            cx.report(error);
        }
        None => *slot = Some((span, value)),
    }
}

/// The value of a member that must stand once.
pub(super) fn member_or_missing<T>(
    cx: &mut Context,
    what: &str,
    example: &str,
    owner: &Name,
    slot: Option<(Span, T)>,
) -> Option<T> {
    if slot.is_none() {
        cx.report(errors::names::member_missing(what, example, owner));
    }
    slot.map(|(_, value)| value)
}

/// What is wrong with a method and a path template, if anything is.
fn request_template(method: &str, path: &str) -> Result<(), String> {
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(format!("the method is written in capitals: `{}`", method.to_uppercase()));
    }
    template(path)
}

/// What is wrong with a path template, if anything is.
pub(super) fn template(path: &str) -> Result<(), String> {
    let Some(rest) = path.strip_prefix('/') else { return Err("a path begins with `/`".into()) };
    if path.contains(['?', '#', '\\', ';', '%']) {
        return Err("a template has no query, fragment, `;`, `\\` or percent sign".into());
    }
    if rest.is_empty() {
        return Ok(());
    }
    for segment in rest.split('/') {
        match segment {
            "" => return Err("a template has no empty segment and no slash at its end".into()),
            "." | ".." => return Err("a template has no `.` or `..` segment".into()),
            _ if segment.matches('{').count() != segment.matches('}').count() => {
                return Err(format!("`{segment}` has an open brace"));
            }
            _any_other_text => {}
        }
    }
    Ok(())
}

/// The templates so far.
#[derive(Default)]
struct Templates {
    /// By method and template in small letters.
    known: HashMap<(String, String), Vec<Template>>,
}

/// The template as it is, whether it is taken in any case, and where it stands.
type Template = (String, bool, Span);

impl Templates {
    /// Where one stands that a request could mean as well.
    fn enter(&mut self, method: &str, path: &str, any_case: bool, span: Span) -> Option<Span> {
        let template = canonical_template(path);
        let like = self.known.entry((method.to_owned(), template.to_ascii_lowercase())).or_default();
        let same = |(other, any, _): &&Template| any_case || *any || *other == template;
        let first = like.iter().find(same).map(|(_, _, span)| *span);
        like.push((template, any_case, span));
        first
    }
}

/// The template with every parameter alike.
fn canonical_template(path: &str) -> String {
    path.split('/').map(|s| if s.contains('{') { "{}" } else { s }).collect::<Vec<_>>().join("/")
}

/// Resolves what groups and roles hold.
pub(super) fn check(cx: &mut Context, items: &Items) {
    let groups = items.operation_groups.len();
    let bodies: Vec<(&Name, &OperationPattern, Roles)> = (items.operation_groups.iter())
        .map(|g| (&g.name, &g.operations, Roles::Forbidden))
        .chain(items.roles.iter().map(|r| (&r.name, &r.operations, Roles::Allowed)))
        .collect();
    let edges: Vec<Vec<usize>> = bodies
        .iter()
        .map(|(_, pattern, roles)| {
            let terms = pattern.any.iter().chain(&pattern.except);
            let held = terms.filter_map(|term| match term {
                OperationTerm::Named(name) => match cx.names.terms.get(&name.text).and_then(|e| e.id) {
                    Some(Term::Group(i)) => Some(i),
                    Some(Term::Role(i)) if *roles == Roles::Allowed => Some(i),
                    Some(Term::Role(_) | Term::Access(_) | Term::Operation(_)) | None => None,
                },
                OperationTerm::All(_) | OperationTerm::Marked(_) => None,
            });
            held.collect()
        })
        .collect();
    cx.held = vec![None; bodies.len()];
    let (order, cycles) = graph::order(&edges);
    let mut broken = HashSet::new();
    for cycle in cycles {
        let names: Vec<_> = cycle.iter().map(|i| bodies[*i].0).collect();
        let what = if cycle[0] < groups { "operation group" } else { "role" };
        cx.report(errors::names::cycle(what, "holds", &names));
        broken.extend(cycle);
    }
    for at in order {
        if !broken.contains(&at) {
            let (_, pattern, roles) = bodies[at];
            cx.held[at] = select(cx, pattern, roles).map(|s| s.operations.clone());
        }
    }
    cx.model.roles = items
        .roles
        .iter()
        .enumerate()
        .map(|(i, item)| Role {
            name: item.name.text.clone(),
            operations: cx.held[groups + i].as_deref().cloned().unwrap_or_default(),
        })
        .collect();
}

/// The operations that a pattern selects; what is wrong with it is reported.
pub(super) fn select(cx: &mut Context, pattern: &OperationPattern, roles: Roles) -> Option<Arc<Selection>> {
    let key = key(pattern, roles);
    if let Some(known) = cx.selections.get(&key) {
        return Some(known.clone());
    }
    let mut named = Vec::new();
    let mut selected = union(cx, &pattern.any, roles, &mut named);
    let removed = union(cx, &pattern.except, roles, &mut Vec::new());
    let (any, except) = (selected.as_mut()?, removed?);
    any.retain(|id| !except.contains(id));
    named.retain(|id| !except.contains(id));
    if any.is_empty() {
        cx.report(errors::operations::nothing_left(pattern));
        return None;
    }
    let selection = describe(cx, Arc::new(selected?), named);
    let selection = Arc::new(selection);
    cx.selections.insert(key, selection.clone());
    Some(selection)
}

/// The same set as a selection in which no operation is named one by one.
pub(super) fn selection_of(cx: &mut Context, operations: &Arc<BTreeSet<OperationId>>) -> Arc<Selection> {
    // The set is shared by all who hold the role, so its address says which it is.
    let key = format!("@{:p}", Arc::as_ptr(operations));
    if let Some(known) = cx.selections.get(&key) {
        return known.clone();
    }
    let selection = Arc::new(describe(cx, operations.clone(), Vec::new()));
    cx.selections.insert(key, selection.clone());
    selection
}

fn describe(cx: &Context, operations: Arc<BTreeSet<OperationId>>, named: Vec<OperationId>) -> Selection {
    let mut selection = Selection { operations, named, kinds: BTreeSet::new(), broken: false };
    for id in selection.operations.iter() {
        let operation = &cx.model.operations[id.index()];
        selection.broken |= cx.broken_operations.contains(id);
        selection.kinds.insert(operation.kind);
        selection.kinds.extend(operation.lists);
    }
    selection
}

/// What a pattern says, as text.
fn key(pattern: &OperationPattern, roles: Roles) -> String {
    let mut key = String::from(if roles == Roles::Allowed { "roles:" } else { "" });
    for (separator, terms) in [("", &pattern.any), ("\n", &pattern.except)] {
        key.push_str(separator);
        for term in terms {
            match term {
                OperationTerm::All(_) => key.push_str("any operation,"),
                OperationTerm::Named(name) => {
                    key.push_str(&name.text);
                    key.push(',');
                }
                OperationTerm::Marked(name) => {
                    key.push_str("marked ");
                    key.push_str(&name.text);
                    key.push(',');
                }
            }
        }
    }
    key
}

fn union(
    cx: &mut Context,
    terms: &[OperationTerm],
    roles: Roles,
    named: &mut Vec<OperationId>,
) -> Option<BTreeSet<OperationId>> {
    let mut all = Some(BTreeSet::new());
    for term in terms {
        match operations_of(cx, term, roles, named) {
            Some(more) => {
                if let Some(all) = &mut all {
                    all.extend(more);
                }
            }
            None => all = None,
        }
    }
    all
}

fn operations_of(
    cx: &mut Context,
    term: &OperationTerm,
    roles: Roles,
    named: &mut Vec<OperationId>,
) -> Option<Vec<OperationId>> {
    let (span, found) = match term {
        OperationTerm::All(span) => (*span, matching(cx, |_| true)),
        OperationTerm::Marked(name) => {
            let mark = cx.names.marks.find(name, &mut cx.diagnostics)?;
            (name.span, matching(cx, |o| o.marks.contains(&mark)))
        }
        OperationTerm::Named(name) if name.text.contains('*') => (name.span, by_glob(cx, &name.text)),
        OperationTerm::Named(name) => match cx.names.terms.find(name, &mut cx.diagnostics)? {
            Term::Access(access) => (name.span, matching(cx, |o| o.access == access)),
            Term::Operation(id) => {
                named.push(id);
                return Some(vec![id]);
            }
            Term::Role(_) if roles == Roles::Forbidden => {
                cx.report(errors::operations::role_as_operation(name));
                return None;
            }
            Term::Group(at) | Term::Role(at) => {
                return cx.held.get(at)?.as_ref().map(|held| held.iter().copied().collect());
            }
        },
    };
    if found.is_empty() {
        // A broken operation may be the one that was meant.
        if !cx.names.blind && cx.broken_operations.is_empty() {
            let error = errors::operations::matches_nothing(term, span, cx.sources.text(span));
            cx.report(error);
        }
        return None;
    }
    Some(found)
}

fn matching(cx: &Context, test: impl Fn(&Operation) -> bool) -> Vec<OperationId> {
    let operations = cx.model.operations.iter().enumerate();
    operations.filter(|(_, o)| test(o)).map(|(i, _)| OperationId(i as u32)).collect()
}

/// Operations are sorted by name, so the text before the first star narrows the search.
fn by_glob(cx: &Context, glob: &str) -> Vec<OperationId> {
    let prefix = &glob[..glob.find('*').unwrap_or(glob.len())];
    let operations = &cx.model.operations;
    let start = operations.partition_point(|o| o.name.as_str() < prefix);
    let candidates = operations[start..].iter().take_while(|o| o.name.starts_with(prefix)).enumerate();
    candidates
        .filter(|(_, o)| glob_matches(glob, &o.name))
        .map(|(i, _)| OperationId((start + i) as u32))
        .collect()
}

/// `*` stands for any characters, dots too.
fn glob_matches(glob: &str, name: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

impl Selection {
    /// Reports container kinds that the selected operations cannot meet. `terms` are resolved kinds with their names.
    pub(super) fn check_kinds(&self, cx: &mut Context, exact: bool, terms: &[(KindId, &Name)]) {
        if self.broken {
            return;
        }
        let meets =
            |cx: &Context, at: KindId, kind: KindId| if exact { at == kind } else { cx.within(at, kind) };
        for (kind, name) in terms {
            if !self.kinds.iter().any(|at| meets(cx, *at, *kind)) {
                let (one, others) = (self.operations.first().map(|id| id.index()), self.operations.len() - 1);
                let Some(operation) = one.map(|i| &cx.model.operations[i]) else { continue };
                let error = errors::operations::acts_elsewhere(
                    name,
                    &operation.name,
                    others,
                    cx.kind_name(operation.kind),
                );
                cx.report(error);
                return;
            }
        }
        for id in &self.named {
            let operation = &cx.model.operations[id.index()];
            let can = |kind: KindId| {
                meets(cx, operation.kind, kind) || operation.lists.is_some_and(|lists| meets(cx, lists, kind))
            };
            if !terms.iter().any(|(kind, _)| can(*kind))
                && let Some((_, name)) = terms.first()
            {
                let error = errors::operations::acts_elsewhere(
                    name,
                    &operation.name,
                    0,
                    cx.kind_name(operation.kind),
                );
                cx.report(error);
            }
        }
    }
}
