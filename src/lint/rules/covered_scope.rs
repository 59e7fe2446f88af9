//! Two scopes that open the same data.

use crate::analysis::privilege::surplus::Why;
use crate::diag::Diagnostic;
use crate::lint::privilege::{operations, scopes};
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0103",
    name: "covered-scope",
    title: "a requested scope that opens only what other requested scopes open",
    default: Level::Warning,
    page: include_str!("covered_scope.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for surplus in subject.surpluses().iter().filter(|surplus| !surplus.permitted.is_empty()) {
        for spared in &surplus.spared {
            let Why::Covered(by) = &spared.why else { continue };
            let (app, scope) =
                (&model.apps[surplus.app.index()].name, &model.scopes[spared.scope.index()].name);
            let others = scopes(model, by);
            let mut finding = RULE
                .finding(format!(
                    "`{scope}` opens nothing to `{app}` that {others} {} not open",
                    does(by.len())
                ))
                .at(subject.place_of_scope(surplus.app, spared.scope), "the same data, opened twice")
                .help("one of two keys to a door is enough to be lost: ask for one".to_owned());
            for other in by {
                finding = finding.at(subject.place_of_scope(surplus.app, *other), "opens it too");
            }
            if !spared.serves.is_empty() {
                finding =
                    finding.note(format!("permitted, and open twice: {}", operations(model, &spared.serves)));
            }
            let title = format!("remove the scope `{scope}`");
            found.push(finding.fix(subject.fix_of_scope(surplus, spared.scope, None, title)));
        }
    }
}

fn does(others: usize) -> &'static str {
    if others == 1 { "does" } else { "do" }
}
