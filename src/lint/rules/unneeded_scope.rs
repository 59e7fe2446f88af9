//! A scope without which exactly the same would be permitted.

use crate::analysis::privilege::surplus::{Spared, Surplus, Why};
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0101",
    name: "unneeded-scope",
    title: "a requested scope that nothing permitted needs",
    default: Level::Warning,
    page: include_str!("unneeded_scope.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for surplus in subject.surpluses() {
        if surplus.permitted.is_empty() {
            found.extend(nothing(subject, surplus));
            continue;
        }
        let unneeded = surplus.spared.iter().filter(|spared| spared.why == Why::Unneeded);
        found.extend(unneeded.map(|spared| finding(subject, surplus, spared)));
    }
}

fn finding(subject: &Subject<'_>, surplus: &Surplus, spared: &Spared) -> Diagnostic {
    let model = subject.model;
    let (app, scope) = (&model.apps[surplus.app.index()].name, &model.scopes[spared.scope.index()].name);
    let opens = match spared.shuts.len() {
        0 => "opens nothing that the other scopes do not".to_owned(),
        _ => format!("it alone opens {}", number(&spared.shuts)),
    };
    let mut finding = RULE
        .finding(format!("`{app}` asks for `{scope}`, and nothing that the policy permits needs it"))
        .at(subject.place_of_scope(surplus.app, spared.scope), opens)
        .help("ask the vendor for a version without it, and do not approve it".to_owned());
    if !spared.shuts.is_empty() {
        let these = operations(model, &spared.shuts);
        finding = finding.note(format!("the platform opens with it and not without: {these}"));
    }
    if !spared.serves.is_empty() {
        let (many, these) = (number(&spared.serves), operations(model, &spared.serves));
        finding =
            finding.note(format!("{many} of those it opens are permitted, and open without it: {these}"));
    }
    let title = format!("remove the scope `{scope}`");
    finding.fix(subject.fix_of_scope(surplus, spared.scope, None, title))
}

/// One finding says it for all scopes.
fn nothing(subject: &Subject<'_>, surplus: &Surplus) -> Option<Diagnostic> {
    let app = &subject.model.apps[surplus.app.index()];
    let first = *app.requested.iter().next()?;
    let mut finding = RULE
        .finding(format!("`{}` asks for scopes, and the policy permits it nothing", app.name))
        .at(subject.place_of_scope(surplus.app, first), "no scope is needed for nothing")
        .help("uninstall it; or permit what it is there for".to_owned());
    if let Some(widest) = surplus.spared.first().filter(|spared| !spared.shuts.is_empty()) {
        let these = operations(subject.model, &widest.shuts);
        finding = finding.note(format!("the platform lets it, among others: {these}"));
    }
    Some(finding)
}
