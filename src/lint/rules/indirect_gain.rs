//! An app that can get more than it was given, short of administration.

use std::collections::BTreeMap;

use super::self_promotion::is_administration;
use crate::analysis::escalation::{self, Gain};
use crate::diag::Diagnostic;
use crate::lint::chains::{told_by, words};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0403",
    name: "indirect-gain",
    title: "an app that can get more than the policy gives it",
    default: Level::Note,
    page: include_str!("indirect_gain.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let (model, landscape) = (subject.model, subject.landscape());
    for app in (0..model.apps.len() as u32).map(AppId) {
        let Some(declared) = subject.app(app) else { continue };
        let mut gains: BTreeMap<Gain, _> = escalation::gains(landscape, app);
        if gains.keys().any(|gain| is_administration(landscape, app, *gain)) {
            continue; // who administers everything needs nothing else
        }
        // Of roles and apps the widest kind says the rest: kinds stand before those that lie in them.
        let wider = |one: Gain, other: Gain| match (one, other) {
            (Gain::Roles(one), Gain::Roles(other)) | (Gain::Apps(one), Gain::Apps(other)) => {
                one != other && landscape.lies_in(other, one)
            }
            _ => false,
        };
        let all: Vec<Gain> = gains.keys().copied().collect();
        gains.retain(|gain, _| !all.iter().any(|other| wider(*other, *gain)));
        let name = &model.apps[app.index()].name;
        for (gain, chain) in gains {
            let Some(first) = chain.first() else { continue };
            let operation = &model.operations[first.operation.index()].name;
            let finding = RULE
                .finding(format!("`{name}` can get {} by calling `{operation}`", words(model, gain)))
                .at(declared.name.span, "what it gets is no line of this policy");
            found.push(told_by(subject, app, &chain, finding).help(format!(
                "if `{name}` does not need it, forbid it the operation; if it does for a while, let a ratchet withdraw it"
            )));
        }
    }
}
