//! A grant elsewhere that defeats a narrowing.

use crate::analysis::privilege::unions;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0111",
    name: "defeated-narrowing",
    title: "a limit to some containers that a wider grant undoes",
    default: Level::Warning,
    page: include_str!("defeated_narrowing.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for defeated in unions::defeated(subject.model) {
        let narrow = &subject.model.clauses[defeated.narrow.index()];
        let wide = &subject.model.clauses[defeated.wide.index()];
        if subject.is_own(narrow.span) {
            found.push(
                RULE.finding("this limit to some containers limits nothing")
                    .at(narrow.span, "grants something in some containers")
                    .at(wide.span, "grants the same, without that limit")
                    .help(
                        "grants add up: take these apps out of the wide one, or the wide one back, or forbid the rest; \
                         or remove this one, if the wide one is meant"
                            .to_owned(),
                    ),
            );
        }
    }
}
