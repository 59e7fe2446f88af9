//! An app that can make itself administrator of everything.

use crate::analysis::escalation::{self, Gain, Landscape};
use crate::diag::Diagnostic;
use crate::lint::chains::{told_by, words};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0401",
    name: "self-promotion",
    title: "an app that can make itself administrator",
    default: Level::Warning,
    page: include_str!("self_promotion.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let (model, landscape) = (subject.model, subject.landscape());
    for (app, may) in (0..).map(AppId).zip(subject.permitted()) {
        let Some(declared) = subject.app(app) else { continue };
        let chains = escalation::gains(landscape, app).into_iter();
        let chains = chains.filter(|(gain, _)| is_administration(landscape, app, *gain));
        // The shortest; of equals that by roles.
        let Some((gain, chain)) = chains.min_by_key(|(gain, chain)| (chain.len(), *gain)) else { continue };
        let Some(first) = chain.first() else { continue };
        let name = &model.apps[app.index()].name;
        let operation = &model.operations[first.operation.index()].name;
        let finding = RULE
            .finding(format!("`{name}` can make itself administrator with `{operation}`"))
            .at(declared.name.span, format!("can get {}", words(model, gain)));
        let mut finding = told_by(subject, app, &chain, finding);
        let (now, then) = (may.len(), landscape.apps[&app].with_roles.len());
        if then > now {
            finding = finding.note(format!("with every role it may call {then} operations instead of {now}"));
        }
        found.push(finding.help(format!(
            "forbid `{name}` the operation, or let a ratchet withdraw it once the app is set up"
        )));
    }
}

/// Whether who gets it administers everything that there is for the app.
pub(super) fn is_administration(landscape: &Landscape, app: AppId, gain: Gain) -> bool {
    match gain {
        Gain::Roles(kind) | Gain::Apps(kind) => landscape.is_top(app, kind),
        // Terrible too, and told along the chain; but no administration by itself.
        Gain::Anybody | Gain::Accounts | Gain::Credentials | Gain::Events => false,
    }
}
