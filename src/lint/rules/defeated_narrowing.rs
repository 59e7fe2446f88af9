//! A grant elsewhere that defeats a narrowing.

use crate::analysis::privilege::unions;
use crate::diag::Diagnostic;
use crate::lint::idle;
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
    let defeated = unions::defeated(subject.model);
    if defeated.is_empty() {
        return;
    }
    let useless = idle::useless(subject);
    for defeated in defeated {
        // Of a grant for which nothing is permitted it does not matter where it is held.
        if useless.contains(&defeated.narrow) || useless.contains(&defeated.wide) {
            continue;
        }
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
