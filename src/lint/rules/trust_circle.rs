//! Apps that can give each other roles.

use crate::analysis::escalation::{self, Gain};
use crate::diag::Diagnostic;
use crate::lint::chains::words;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0402",
    name: "trust-circle",
    title: "apps that can give each other roles",
    default: Level::Warning,
    page: include_str!("trust_circle.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let (model, landscape) = (subject.model, subject.landscape());
    for circle in escalation::circles(landscape) {
        let named = |app: &crate::sema::model::AppId| format!("`{}`", model.apps[app.index()].name);
        let names: Vec<String> = circle.apps.iter().map(named).collect();
        let mut finding = RULE.finding(format!("{} can give each other roles", listed(&names)));
        for app in &circle.apps {
            let Some(declared) = subject.app(*app) else { continue };
            finding = finding.at(declared.name.span, "");
            let gains = escalation::gains(landscape, *app).into_iter();
            let roles = gains.filter(|(gain, _)| matches!(gain, Gain::Roles(_) | Gain::Apps(_)));
            // The widest is the first: kinds stand before those that lie in them.
            let Some((gain, chain)) = roles.min_by_key(|(gain, _)| *gain) else { continue };
            for step in chain {
                let operation = &model.operations[step.operation.index()];
                let text = format!("{} calls `{}`", named(app), operation.name);
                finding = finding.step(operation.span, text);
            }
            finding = finding.note(format!("{} can give {}", named(app), words(model, gain)));
        }
        // Apps of catalogs there are none; without a place nobody could allow the finding.
        if !finding.labels.is_empty() {
            found.push(finding.help(
                "whoever holds one of these apps holds them all: leave the power to one of them".to_owned(),
            ));
        }
    }
}

/// `a`, `b` and `c`
fn listed(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(", "),
    }
}
