//! An app that can make itself administrator of everything.

use crate::analysis::escalation::{self, Gain, Step};
use crate::analysis::told;
use crate::diag::Diagnostic;
use crate::eval;
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::{AppId, Model};

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
        let top = |gain: &Gain| match gain {
            Gain::Roles(kind) | Gain::Apps(kind) => landscape.is_top(*kind),
            // Terrible too, and told along the chain; but no administration by itself.
            Gain::Anybody | Gain::Accounts | Gain::Credentials | Gain::Events => false,
        };
        let chains = escalation::gains(landscape, app).into_iter().filter(|(gain, _)| top(gain));
        // The shortest; of equals that by roles.
        let Some((gain, chain)) = chains.min_by_key(|(gain, chain)| (chain.len(), *gain)) else { continue };
        let Some(first) = chain.first() else { continue };
        let name = &model.apps[app.index()].name;
        let operation = |step: &Step| model.operations[step.operation.index()].name.as_str();
        let mut finding = RULE
            .finding(format!("`{name}` can make itself administrator with `{}`", operation(first)))
            .at(declared.name.span, format!("can get {}", words(model, gain)));
        if let Some(request) = &subject.standing().request(app, first.operation) {
            for clause in eval::evaluate(model, request).deciding {
                let clause = &model.clauses[clause.index()];
                finding = finding.step(clause.span, format!("permits `{}`", operation(first)));
            }
            finding = finding.note(format!("permitted: {}", told::request(model, request)));
        }
        for step in &chain {
            let declared = &model.operations[step.operation.index()];
            let by = step.by.map_or_else(String::new, |by| format!("with {}, ", words(model, by)));
            finding = finding
                .step(declared.span, format!("{by}`{}` gives {}", declared.name, words(model, step.gain)));
        }
        let (now, then) = (may.len(), landscape.apps[&app].with_roles.len());
        if then > now {
            finding = finding.note(format!("with every role it may call {then} operations instead of {now}"));
        }
        found.push(finding.help(format!(
            "forbid `{name}` the operation, or let a ratchet withdraw it once the app is set up"
        )));
    }
}

/// What a step gains, after "can get".
pub(super) fn words(model: &Model, gain: Gain) -> String {
    let kind = |kind: crate::sema::model::KindId| &model.kinds[kind.index()].name;
    match gain {
        Gain::Roles(of) => format!("any role in every {} that it reaches", kind(of)),
        Gain::Apps(of) => format!("any app into a {}, with any scopes", kind(of)),
        Gain::Anybody => "the name of any person".to_owned(),
        Gain::Accounts => "accounts of its own".to_owned(),
        Gain::Credentials => "credentials that this policy does not see".to_owned(),
        Gain::Events => "word of what happens".to_owned(),
    }
}
