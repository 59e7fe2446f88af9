//! E05xx: ratchets, and what must be said where one is turned back.

use std::collections::BTreeSet;

use super::list;
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{Name, Text};

pub(in crate::sema) fn wider(
    scope: &Name,
    stage: &Name,
    before: &Name,
    surplus: &BTreeSet<String>,
) -> Diagnostic {
    Diagnostic::error("E0501", format!("stage `{}` holds more than `{}`", stage.text, before.text))
        .at(scope.span, format!("adds {}", list(surplus)))
        .at(before.span, "holds less")
        .help(format!(
            "a ratchet only shrinks: take `{}` out here, or put it into every stage before",
            scope.text
        ))
}

pub(in crate::sema) fn no_trigger(stage: &Name) -> Diagnostic {
    Diagnostic::error("E0502", format!("nothing turns the ratchet to `{}`", stage.text))
        .at(stage.span, "has no `when`")
        .help("add a trigger, such as `when 24h after install`".to_owned())
}

pub(in crate::sema) fn trigger_on_first(span: Span, stage: &Name) -> Diagnostic {
    Diagnostic::error("E0503", format!("`{}` is the first stage and needs no trigger", stage.text))
        .at(span, "never turns anything")
        .help("leave out `when`".to_owned())
}

pub(in crate::sema) fn then_first(stage: &Name) -> Diagnostic {
    Diagnostic::error("E0503", format!("`{}` is the first stage", stage.text))
        .at(stage.span, "nothing comes before it")
        .help("leave out `then`".to_owned())
}

pub(in crate::sema) fn then_missing(stage: &Name) -> Diagnostic {
    Diagnostic::error("E0503", format!("`{}` is not the first stage", stage.text))
        .at(stage.span, "follows another stage")
        .help("write `then` before it".to_owned())
}

pub(in crate::sema) fn no_stage(ratchet: &Name) -> Diagnostic {
    Diagnostic::error("E0503", format!("ratchet `{}` has no stage", ratchet.text))
        .at(ratchet.span, "nothing to turn")
        .help("add a first stage, such as `start holds READ`".to_owned())
}

pub(in crate::sema) fn waits_for_later(named: &Name, stage: &Name) -> Diagnostic {
    let (what, label) = if named.text == stage.text {
        (format!("`{}` waits for itself", stage.text), "the same stage")
    } else {
        (format!("`{}` waits for the later stage `{}`", stage.text, named.text), "comes later")
    };
    Diagnostic::error("E0504", what)
        .at(named.span, label)
        .at(stage.span, "can never be reached by this")
        .help("count from `install`, from an event or from an earlier stage".to_owned())
}

pub(in crate::sema) fn unused_not_held(scope: &Name, before: &Name) -> Diagnostic {
    Diagnostic::error("E0504", format!("`{}` is not held when this could turn the ratchet", scope.text))
        .at(scope.span, "already withdrawn")
        .at(before.span, "does not hold it")
        .help("watch a scope that the stage before holds".to_owned())
}

pub(in crate::sema) fn optional_anyway(scope: &Name, app: &Name) -> Diagnostic {
    Diagnostic::error("E0509", format!("`{}` is not optional for `{}`", scope.text, app.text))
        .at(scope.span, "requested anyway, or implied by what is")
        .help("say of a scope that it is requested, or that it is optional".to_owned())
}

pub(in crate::sema) fn locked(stage: &Name, locked: &Name) -> Diagnostic {
    Diagnostic::error("E0505", format!("`{}` cannot be reopened", stage.text))
        .at(stage.span, "a locked stage is never turned back")
        .at(locked.span, "locked here")
        .help("leave out the reopening, or `locked`".to_owned())
}

pub(in crate::sema) fn reopens_last(stage: &Name) -> Diagnostic {
    Diagnostic::error("E0505", format!("`{}` is the last stage", stage.text))
        .at(stage.span, "never left, so never reopened")
        .help("name a stage that others come after".to_owned())
}

pub(in crate::sema) fn too_few_approvers(
    group: &Name,
    members: usize,
    wanted: i64,
    declared: Option<Span>,
) -> Diagnostic {
    let error = Diagnostic::error("E0506", format!("group `{}` has fewer than {wanted} members", group.text))
        .at(group.span, format!("can never give {wanted} approvals"));
    let error = match declared {
        Some(span) => error.at(span, format!("has {members}")),
        None => error,
    };
    error.help("ask for fewer approvals or add members".to_owned())
}

pub(in crate::sema) fn bad_number(span: Span, reason: &str) -> Diagnostic {
    Diagnostic::error("E0507", reason).at(span, "out of range")
}

pub(in crate::sema) fn widening_says_nothing(text: &Text, reason: bool) -> Diagnostic {
    let (what, help) = if reason {
        ("a widening needs a reason", "say why more is permitted than before")
    } else {
        ("a widening needs an approver", "name the person who approved it")
    };
    Diagnostic::error("E0508", what).at(text.span, "says nothing").help(help.to_owned())
}
