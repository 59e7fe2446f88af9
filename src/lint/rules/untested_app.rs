//! An app that no test names.

use std::collections::BTreeSet;

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0253",
    name: "untested-app",
    title: "an app that no test names",
    default: Level::Note,
    page: include_str!("untested_app.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let cases = subject.model.tests.iter().flat_map(|t| &t.cases);
    let tested: BTreeSet<&str> = cases.filter_map(|c| c.request.app.as_deref()).collect();
    for (id, app) in (0..).map(AppId).zip(&subject.model.apps) {
        if !tested.contains(app.key.as_str()) {
            let place = subject.app(id).map_or(app.span, |declared| declared.name.span);
            found.push(
                RULE.finding(format!("no test names the app `{}`", app.name))
                    .at(place, "what it may do is nowhere written down as a request and its answer")
                    .help("say in a `test` block what it must be able to do, and what not".to_owned()),
            );
        }
    }
}
