//! Both alternatives of a requirement, held at once.

use crate::analysis::privilege::surplus::Why;
use crate::diag::Diagnostic;
use crate::lint::privilege::operations;
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ScopeId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0104",
    name: "both-alternatives",
    title: "two scopes of which one would be enough",
    default: Level::Warning,
    page: include_str!("both_alternatives.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for surplus in subject.surpluses().iter().filter(|surplus| !surplus.permitted.is_empty()) {
        for spared in &surplus.spared {
            let Why::Alternative(other) = spared.why else { continue };
            let name = |scope: ScopeId| &model.scopes[scope.index()].name;
            let app = &model.apps[surplus.app.index()].name;
            let (one, two) = (name(spared.scope), name(other));
            let mut finding = RULE
                .finding(format!("`{app}` asks for `{one}` and for `{two}`, and needs only one of them"))
                .at(subject.place_of_scope(surplus.app, spared.scope), "either this")
                .at(subject.place_of_scope(surplus.app, other), "or this")
                .help(format!("with `{two}` alone, the platform opens less"));
            if spared.shuts.is_empty() {
                finding = finding.help("choose one of them".to_owned());
            } else {
                let these = operations(model, &spared.shuts);
                finding = finding.note(format!("without `{one}` the platform shuts: {these}"));
            }
            if !spared.serves.is_empty() {
                finding =
                    finding.note(format!("permitted, and open twice: {}", operations(model, &spared.serves)));
            }
            found.push(finding);
        }
    }
}
