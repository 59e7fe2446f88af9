//! More apps than a list of the platform holds.

use crate::analysis::privilege::enforcement;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0602",
    name: "long-app-list",
    title: "a refusal for more apps than a list of the platform's own control holds",
    default: Level::Note,
    page: include_str!("long_app_list.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    // Where the control is set from the package, its settings are known, and rules about targets tell exactly.
    if subject.uses_target("atlassian-app-access") {
        return;
    }
    for list in enforcement::long_lists(subject.model) {
        let clause = &subject.model.clauses[list.clause.index()];
        let (name, most) = (list.control.name, list.control.most_apps);
        if subject.is_own(clause.span) {
            found.push(
                RULE.finding(format!("{} apps are more than one {name} can name", list.apps))
                    .at(clause.span, format!("a list of an {name} has at most {most}"))
                    .help("split the list, or block all apps but a few".to_owned()),
            );
        }
    }
}
