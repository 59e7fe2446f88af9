//! Apps, and which of them an app pattern selects.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::conditions::{self, Place};
use super::context::Context;
use super::model::{
    App, AppId, Atom, Condition, Constant, Owner, PermissionModelId, Predicate, StepUp, Subject,
};
use super::names::Items;
use super::operations::{member_or_missing, once};
use super::{catalog, errors, pattern, predicates};
use crate::span::Span;
use crate::syntax::tree::{self, AppMember, AppPattern, Name, Text};

/// Enters the names of apps and reads everything but their users' roles.
pub(super) fn declare(cx: &mut Context, items: &Items) {
    let mut keys: HashMap<String, &Text> = HashMap::new();
    for item in &items.apps {
        let id = AppId(cx.model.apps.len() as u32);
        if cx.names.apps.declare(&item.name, Some(id), &mut cx.diagnostics) {
            let app = app(cx, item, &mut keys);
            cx.model.apps.push(app);
        }
    }
    cx.all_apps = Arc::new((0..cx.model.apps.len()).map(|i| AppId(i as u32)).collect());
    for item in &items.groups {
        if cx.names.groups.declare(&item.name, Some(()), &mut cx.diagnostics) {
            filled(cx, "user id", &item.members);
            let members = item.members.iter().map(|m| m.value.clone()).collect();
            cx.model.groups.insert(item.name.text.clone(), members);
        }
    }
}

fn app<'t>(cx: &mut Context, item: &'t tree::App, keys: &mut HashMap<String, &'t Text>) -> App {
    let (mut key, mut vendor, mut kind, mut platform) = (None, None, None, None);
    let (mut requests, mut approved, mut optional, mut step_up, mut installed) =
        (None, None, None, None, None);
    for member in &item.members {
        match member {
            AppMember::Key(text) => once(cx, "key", &mut key, text.span, text),
            AppMember::Vendor(text) => once(cx, "vendor", &mut vendor, text.span, text),
            AppMember::Kind(name) => once(cx, "kind", &mut kind, name.span, name),
            AppMember::Platform(names) => {
                once(cx, "platform", &mut platform, all(names, item.name.span), names)
            }
            AppMember::Requests(names) => {
                once(cx, "requests", &mut requests, all(names, item.name.span), names)
            }
            AppMember::Approved(names) => {
                once(cx, "approved", &mut approved, all(names, item.name.span), names)
            }
            AppMember::Optional(names) => {
                once(cx, "optional", &mut optional, all(names, item.name.span), names)
            }
            AppMember::StepUp(terms) => once(cx, "step-up", &mut step_up, terms.span, terms),
            // Any number; see `check`.
            AppMember::User { .. } => {}
            AppMember::Installed(sites) => {
                let span = sites.first().map_or(item.name.span, |s| s.span);
                once(cx, "installed", &mut installed, span, sites);
            }
        }
    }
    let key = member_or_missing(cx, "key", "key \"com.example.app\"", &item.name, key);
    filled(cx, "key", key);
    filled(cx, "site", installed.iter().flat_map(|(_, sites)| sites.iter()));
    if let Some(key) = key
        && let Some(first) = keys.insert(pattern::identity(&key.value), key)
    {
        cx.report(errors::names::key_twice(key, first));
    }
    let platform = member_or_missing(cx, "platform", "platform atlassian.connect", &item.name, platform);
    let names = platform.map_or(&[][..], |names| names.as_slice());
    let models: Vec<PermissionModelId> =
        names.iter().filter_map(|name| catalog::model(cx, name, None)).collect();
    // A model that is not known may have any scope.
    let whole = platform.is_some() && models.len() == names.len();
    let mut scopes = |names: Option<(Span, &Vec<Name>)>| {
        names.map(|(_, names)| {
            let mut found = BTreeSet::new();
            for name in names.iter().filter(|_| whole) {
                found.extend(catalog::scope(cx, name, &models).unwrap_or_default());
            }
            found
        })
    };
    let outright = scopes(requests).unwrap_or_default();
    let mut optional_scopes = scopes(optional).unwrap_or_default();
    let approved_scopes = scopes(approved);
    let closed = catalog::closure(cx, outright.iter().copied());
    for name in optional.iter().flat_map(|(_, names)| names.iter()) {
        let mut ids = optional_scopes.iter().filter(|s| cx.model.scopes[s.index()].name == name.text);
        if ids.any(|id| closed.contains(id)) {
            cx.report(errors::ratchets::optional_anyway(name, &item.name));
        }
    }
    optional_scopes.retain(|id| !closed.contains(id));
    let requested: BTreeSet<_> = outright.union(&optional_scopes).copied().collect();
    if let (Some(some), Some((_, names))) = (&approved_scopes, approved) {
        let closed = catalog::closure(cx, requested.iter().copied());
        for name in names {
            let asked = |id: &super::model::ScopeId| closed.contains(id);
            let mut ids = some.iter().filter(|s| cx.model.scopes[s.index()].name == name.text).peekable();
            if ids.peek().is_some() && !ids.any(asked) {
                cx.report(errors::warnings::approved_not_requested(name, &item.name));
            }
        }
    }
    let kind = match kind {
        None => "app".to_owned(),
        Some((_, name)) => {
            let known =
                cx.model.enumerations.iter().find(|e| e.name == "app-kind").map_or(&[][..], |e| &e.values);
            if !known.contains(&name.text) {
                let error = errors::names::unknown("kind of app", name, known.iter().map(String::as_str));
                cx.report(error);
            }
            name.text.clone()
        }
    };
    App {
        name: item.name.text.clone(),
        key: key.map_or_else(String::new, |k| k.value.clone()),
        vendor: vendor.map_or_else(String::new, |(_, v): (Span, &Text)| v.value.clone()),
        kind,
        models,
        requested,
        optional: optional_scopes,
        step_up: step_up.map(|(_, terms)| growth(cx, terms)),
        approved: approved_scopes,
        installed_on: installed.map(|(_, sites)| sites.iter().map(|s: &Text| s.value.clone()).collect()),
        span: item.span,
    }
}

fn growth(cx: &mut Context, terms: &tree::StepUp) -> StepUp {
    if terms.seconds <= 0 {
        cx.report(errors::ratchets::bad_number(terms.span, "an approval lasts longer than nothing"));
    }
    super::ratchets::enough(cx, terms.approvers, &terms.group, terms.span);
    StepUp {
        approvers: u32::try_from(terms.approvers).unwrap_or(u32::MAX),
        group: terms.group.text.clone(),
        seconds: terms.seconds,
    }
}

/// Reports the texts that have no characters.
pub(super) fn filled<'t>(cx: &mut Context, what: &str, texts: impl IntoIterator<Item = &'t Text>) {
    for text in texts.into_iter().filter(|text| text.value.is_empty()) {
        cx.report(errors::names::empty(what, text.span));
    }
}

fn all(names: &[Name], otherwise: Span) -> Span {
    match names {
        [] => otherwise,
        [first, .., last] => first.span.to(last.span),
        [only] => only.span,
    }
}

/// Turns the `user …` lines of apps into clauses.
pub(super) fn check(cx: &mut Context, items: &Items) {
    for item in &items.apps {
        // The second declaration of a name has no app of its own.
        let Some(entry) = cx.names.apps.get(&item.name.text) else { continue };
        let Some(id) = entry.id else { continue };
        let apps = Arc::new(BTreeSet::from([id]));
        for member in &item.members {
            if let AppMember::User { role, containers, span } = member {
                super::rules::app_user(cx, &apps, role, containers.as_ref(), *span);
            }
        }
    }
}

/// Which way an app whose attributes do not decide the filter falls: out of what permits, into what refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undecided {
    Out,
    In,
}

/// The apps that a pattern selects; what is wrong with it is reported.
pub(super) fn select(
    cx: &mut Context,
    pattern: &AppPattern,
    undecided: Undecided,
) -> Option<Arc<BTreeSet<AppId>>> {
    let key = key(cx, pattern, undecided);
    if let Some(known) = cx.app_sets.get(&key) {
        return Some(known.clone());
    }
    let set = match pattern {
        AppPattern::Named(names) => named(cx, names)?,
        AppPattern::Any { kind, filter, except } => {
            let known =
                cx.model.enumerations.iter().find(|e| e.name == "app-kind").map_or(&[][..], |e| &e.values);
            let kind_known = known.contains(&kind.text);
            if !kind_known {
                let error = errors::names::unknown("kind of app", kind, known.iter().map(String::as_str));
                cx.report(error);
            }
            let filter = filter.as_ref().map(|f| app_filter(cx, f));
            let except = named(cx, except);
            let filter = filter.map_or(Some(None), |f| f.map(Some))?;
            let except = except.filter(|_| kind_known)?;
            let apps = cx.model.apps.iter().enumerate().map(|(i, a)| (AppId(i as u32), a));
            apps.filter(|(id, app)| {
                let wanted =
                    filter.as_ref().is_none_or(|f| holds(cx, app, f).unwrap_or(undecided == Undecided::In));
                wanted && (kind.text == "app" || app.kind == kind.text) && !except.contains(id)
            })
            .map(|(id, _)| id)
            .collect()
        }
    };
    let set = if set.len() == cx.all_apps.len() { cx.all_apps.clone() } else { Arc::new(set) };
    cx.app_sets.insert(key, set.clone());
    Some(set)
}

fn key(cx: &Context, pattern: &AppPattern, undecided: Undecided) -> String {
    let join = |names: &[Name]| names.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join(",");
    match pattern {
        AppPattern::Named(names) => join(names),
        AppPattern::Any { kind, filter, except } => {
            let filter = filter.as_ref().map_or("", |f| cx.sources.text(conditions::span(f)));
            format!("any {} {undecided:?} {}\n{filter}", kind.text, join(except))
        }
    }
}

fn named(cx: &mut Context, names: &[Name]) -> Option<BTreeSet<AppId>> {
    let mut set = Some(BTreeSet::new());
    for name in names {
        match cx.names.apps.find(name, &mut cx.diagnostics) {
            Some(id) => {
                if let Some(set) = &mut set {
                    set.insert(id);
                }
            }
            None => set = None,
        }
    }
    set
}

/// A condition that an app's own attributes decide.
fn app_filter(cx: &mut Context, condition: &tree::Condition) -> Option<Condition> {
    let lowered = conditions::lower(cx, condition, Place::Anywhere)?;
    let mut foreign = None;
    for_each_atom(&lowered, &mut |atom| {
        let own = |s: &Subject| matches!(s, Subject::Attribute(id) if cx.model.attributes[id.index()].owner == Owner::App);
        let other = match &atom.predicate {
            Predicate::Same(other) | Predicate::ElementOf(other) => own(other),
            _constants_only => true,
        };
        if !(own(&atom.subject) && other) {
            foreign = foreign.or(Some(atom.span));
        }
    });
    if let Some(span) = foreign {
        cx.report(errors::types::not_about_apps(span));
        return None;
    }
    Some(lowered)
}

fn for_each_atom(condition: &Condition, visit: &mut impl FnMut(&Atom)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|p| for_each_atom(p, visit)),
        Condition::Not(inner) => for_each_atom(inner, visit),
        Condition::Test(atom) => visit(atom),
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
    }
}

/// Whether the filter is true of the app; `None` where it lacks an attribute.
fn holds(cx: &Context, app: &App, filter: &Condition) -> Option<bool> {
    match filter {
        Condition::Constant(value) => Some(*value),
        Condition::All(parts) => all_of(parts.iter().map(|part| holds(cx, app, part))),
        Condition::Any(parts) => {
            all_of(parts.iter().map(|part| holds(cx, app, part).map(|v| !v))).map(|v| !v)
        }
        Condition::Not(inner) => holds(cx, app, inner).map(|value| !value),
        Condition::Test(atom) => test(cx, app, atom),
        // `app_filter` lets no containers through, nor do its conditions contain kinds.
        Condition::InKind(_) | Condition::AtKind(_) => None,
    }
}

/// Kleene's conjunction.
fn all_of(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for value in values {
        match value {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

fn test(cx: &Context, app: &App, atom: &Atom) -> Option<bool> {
    let value = value(cx, app, &atom.subject);
    match &atom.predicate {
        Predicate::Present => Some(value.is_some()),
        Predicate::Is(constants) => value.map(|v| constants.contains(&v)),
        Predicate::Like(patterns) => match value? {
            Constant::String(text) => Some(patterns.iter().any(|p| predicates::matches(p, &text))),
            // Only text attributes take patterns, and apps have strings only.
            _ => None,
        },
        Predicate::Same(other) => Some(value? == self::value(cx, app, other)?),
        // Apps have no ordered, address, instant or set attributes.
        Predicate::Order(..)
        | Predicate::InNetworks(_)
        | Predicate::During(_)
        | Predicate::HasAny(_)
        | Predicate::ElementOf(_) => None,
    }
}

fn value(cx: &Context, app: &App, subject: &Subject) -> Option<Constant> {
    let Subject::Attribute(id) = subject else { return None };
    match cx.model.attributes[id.index()].name.as_str() {
        "name" => Some(Constant::String(app.name.clone())),
        "key" => Some(Constant::String(app.key.clone())),
        "vendor" if app.vendor.is_empty() => None,
        "vendor" => Some(Constant::String(app.vendor.clone())),
        "kind" => {
            let kinds = cx.model.enumerations.iter().find(|e| e.name == "app-kind")?;
            kinds.values.iter().position(|v| *v == app.kind).map(|i| Constant::Index(i as u32))
        }
        _not_in_the_prelude => None,
    }
}
