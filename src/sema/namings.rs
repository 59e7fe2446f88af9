//! Which containers the paths of requests name.

use std::collections::{BTreeMap, HashMap};

use super::context::Context;
use super::model::{
    Condition, Constant, KindId, LetterCase, Naming, NamingForm, OperationId, Owner, PatternPart, Predicate,
    Subject,
};
use super::names::Items;
use super::{errors, operations};
use crate::span::Span;
use crate::syntax::tree::{self, NamingForm as Form, Text};

/// Gives every operation the containers that its path names.
pub(super) fn check(cx: &mut Context, items: &Items) {
    let mut given: HashMap<(OperationId, KindId), Span> = HashMap::new();
    for item in &items.namings {
        let kind = cx.names.kinds.find(&item.kind, &mut cx.diagnostics);
        let path = id_segments(&item.path).map_err(|error| cx.report(error)).ok();
        let form = form(item.form.as_ref()).map_err(|error| cx.report(error)).ok();
        let (Some(kind), Some(segments), Some(form)) = (kind, path, form) else { continue };
        if let Some(case) = item.case {
            cx.cases.entry(kind).or_insert((case, item.span));
        }
        let naming = Naming { kind, segments, case: item.case, form };
        attach(cx, item, &naming, &mut given);
    }
    // One path that keeps the case is enough for an id that no policy has in mind.
    for item in &items.namings {
        let kind = cx.names.kinds.get(&item.kind.text).and_then(|entry| entry.id);
        if let Some((case, said)) = kind.and_then(|kind| cx.cases.get(&kind)).copied()
            && item.case != Some(case)
        {
            cx.report(errors::operations::named_in_cases(item, said));
        }
    }
}

/// The last parameters of the template, whatever follows them.
fn id_segments(path: &Text) -> Result<Vec<u32>, crate::diag::Diagnostic> {
    let error = |reason: &str| errors::operations::bad_naming(path.span, reason);
    operations::template(&path.value).map_err(|reason| error(&reason))?;
    let segments: Vec<&str> = parts(&path.value).collect();
    let last = segments.iter().rposition(|s| s.contains('{')).ok_or_else(|| error("without a parameter"))?;
    let first = segments[..last].iter().rposition(|s| !s.contains('{')).map_or(0, |at| at + 1);
    if !segments[first..=last].iter().all(|segment| is_whole(segment)) {
        return Err(error("the parameter is a part of a segment"));
    }
    Ok((first as u32..=last as u32).collect())
}

fn form(form: Option<&Form>) -> Result<NamingForm, crate::diag::Diagnostic> {
    let sign = |text: &Text| match text.value.as_bytes() {
        [sign] if sign.is_ascii_punctuation() && !matches!(sign, b'/' | b'%') => Ok(*sign),
        _more_or_none => {
            Err(errors::operations::bad_naming(text.span, "not one sign, such as `-`, `.` or `@`"))
        }
    };
    Ok(match form {
        None => NamingForm::Whole,
        Some(Form::Before(text)) => NamingForm::Before(sign(text)?),
        Some(Form::With(text)) => NamingForm::With(sign(text)?),
        Some(Form::NotNumber) => NamingForm::NotNumber,
        Some(Form::Word) => NamingForm::Word,
    })
}

fn attach(
    cx: &mut Context,
    item: &tree::Naming,
    naming: &Naming,
    given: &mut HashMap<(OperationId, KindId), Span>,
) {
    let (mut used, mut twice, mut beside) = (false, None, None);
    for at in 0..cx.model.operations.len() {
        let id = OperationId(at as u32);
        let operation = &cx.model.operations[at];
        let Some((_, path)) = &operation.http else { continue };
        if !begins(path, &item.path.value, &naming.segments) {
            continue;
        }
        let on_one_branch = |other: KindId| cx.within(naming.kind, other) || cx.within(other, naming.kind);
        if cx.broken_operations.contains(&id) {
            used = true;
            continue;
        }
        // Below the same beginning others may happen elsewhere.
        if !on_one_branch(operation.lists.unwrap_or(operation.kind)) {
            continue;
        }
        used = true;
        if let Some(first) = given.get(&(id, naming.kind)) {
            twice.get_or_insert((*first, operation.name.clone()));
            continue;
        }
        let mut others = operation.namings.iter().map(|naming| naming.kind);
        if let Some(other) = others.find(|other| !on_one_branch(*other)) {
            beside.get_or_insert((given.get(&(id, other)).copied(), operation.name.clone()));
            continue;
        }
        given.insert((id, naming.kind), item.span);
        let namings = &mut cx.model.operations[at].namings;
        let place = namings.partition_point(|n| n.kind < naming.kind);
        namings.insert(place, naming.clone());
    }
    if let Some((first, operation)) = twice {
        cx.report(errors::operations::named_twice(item, first, &operation));
    }
    if let Some((Some(other), operation)) = beside {
        cx.report(errors::operations::named_beside(item, other, &operation));
    }
    if !used && !cx.names.blind {
        cx.report(errors::operations::naming_unused(item));
    }
}

/// Whether the path begins as the template does, parameters alike; those of the id must be whole segments.
fn begins(path: &str, template: &str, id: &[u32]) -> bool {
    let mut path = parts(path);
    parts(template).zip(0..).all(|(wanted, number)| {
        path.next().is_some_and(|segment| match segment.contains('{') {
            true => wanted.contains('{') && (!id.contains(&number) || is_whole(segment)),
            false => wanted == segment,
        })
    })
}

fn parts(template: &str) -> impl Iterator<Item = &str> {
    template.strip_prefix('/').unwrap_or(template).split('/')
}

fn is_whole(segment: &str) -> bool {
    let inside = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
    inside.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}']))
}

/// Reports the ids of containers that no path can name, because it names them in another case: a rule about such an
/// id would be silent where it is needed.
pub(super) fn ids(cx: &mut Context) {
    if cx.cases.is_empty() {
        return;
    }
    // A named condition stands in every clause that uses it.
    let mut wrong: BTreeMap<(u32, u32, String), (KindId, Span)> = BTreeMap::new();
    let model = &cx.model;
    let mut look = |kind: KindId, id: &str, span: Span| {
        if let Some((case, _)) = cx.cases.get(&kind)
            && !is_in(*case, id)
        {
            wrong.insert((span.source, span.start, id.to_owned()), (kind, span));
        }
    };
    for container in &model.containers {
        look(container.kind, &container.id, container.span);
    }
    let conditions = (model.clauses.iter().map(|c| &c.condition))
        .chain([&model.authority.app_user_except, &model.authority.context_user_required])
        .chain(model.guarantees.iter().flat_map(|g| g.claims.iter().map(|c| &c.condition)))
        .chain(model.widenings.iter().flat_map(|w| w.growths.iter().map(|g| &g.condition)));
    let mut rest: Vec<&Condition> = conditions.collect();
    while let Some(condition) = rest.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => rest.extend(parts),
            Condition::Not(inner) => rest.push(inner),
            Condition::Test(atom) => {
                let Subject::Container { attributes, .. } = &atom.subject else { continue };
                // `container.id` may be meant for a kind whose ids are written otherwise.
                let [attribute] = attributes.as_slice() else { continue };
                let attribute = &model.attributes[attribute.index()];
                if let (Owner::Kind(kind), "id") = (attribute.owner, attribute.name.as_str()) {
                    texts(&atom.predicate).for_each(|text| look(kind, text, atom.span));
                }
            }
            Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        }
    }
    for ((_, _, id), (kind, span)) in wrong {
        let (case, said) = cx.cases[&kind];
        let error = errors::operations::id_in_case(&id, cx.kind_name(kind), case, span, said);
        cx.report(error);
    }
}

/// What a test compares an id with.
fn texts(predicate: &Predicate) -> impl Iterator<Item = &str> {
    let (constants, patterns): (&[Constant], _) = match predicate {
        Predicate::Is(constants) => (constants, &[][..]),
        Predicate::Like(patterns) => (&[], patterns.as_slice()),
        Predicate::Present
        | Predicate::Order(..)
        | Predicate::InNetworks(_)
        | Predicate::During(_)
        | Predicate::HasAny(_)
        | Predicate::Same(_)
        | Predicate::ElementOf(_) => (&[], &[][..]),
    };
    let constants = constants.iter().filter_map(|constant| match constant {
        Constant::String(text) => Some(text.as_str()),
        _of_another_type => None,
    });
    let parts = patterns.iter().flat_map(|pattern| &pattern.0).filter_map(|part| match part {
        PatternPart::Text(text) => Some(text.as_str()),
        PatternPart::Any | PatternPart::Label | PatternPart::Labels | PatternPart::Port => None,
    });
    constants.chain(parts)
}

fn is_in(case: LetterCase, id: &str) -> bool {
    match case {
        LetterCase::Upper => !id.bytes().any(|b| b.is_ascii_lowercase()),
        LetterCase::Lower => !id.bytes().any(|b| b.is_ascii_uppercase()),
    }
}
