//! Two guarantees that cannot both hold.

use crate::analysis::told;
use crate::authzen;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0301",
    name: "contradictory-guarantees",
    title: "two guarantees that cannot both hold",
    default: Level::Error,
    page: include_str!("contradictory_guarantees.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for clash in &subject.claims().clashes {
        let [never, always] =
            [clash.never, clash.always].map(|(guarantee, _)| &subject.model.guarantees[guarantee]);
        found.push(
            RULE.finding(format!("`{}` and `{}` cannot both hold", never.title, always.title))
                .at(never.claims[clash.never.1].span, "never")
                .at(always.claims[clash.always.1].span, "always")
                .note(format!("both speak of: `{}`", told::request(subject.model, &clash.request)))
                .note(format!("for `sprag decide`: {}", authzen::request_json(&clash.request)))
                .help("leave out of one of them what the other one is about".to_owned()),
        );
    }
}
