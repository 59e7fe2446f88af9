//! A guarantee about nothing.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0302",
    name: "idle-guarantee",
    title: "a guarantee that speaks of no request",
    default: Level::Warning,
    page: include_str!("idle_guarantee.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (guarantee, claim) in &subject.claims().idle {
        let guarantee = &subject.model.guarantees[*guarantee];
        found.push(
            RULE.finding(format!("`{}` speaks of no request", guarantee.title))
                .at(guarantee.claims[*claim].span, "holds whatever the rules say")
                .help("correct its condition: it guarantees nothing".to_owned()),
        );
    }
}
