//! A scope that is needed, but not so wide.

use crate::analysis::privilege::narrower;
use crate::analysis::privilege::surplus::Surplus;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::ScopeId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0105",
    name: "wide-scope",
    title: "a scope in whose place a narrower one would do",
    default: Level::Warning,
    page: include_str!("wide_scope.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    let of = |surplus: &Surplus| narrower::of(model, subject.needs(), subject.regions(), surplus);
    let found_of = parallel::map(subject.surpluses(), &of);
    let each = subject.surpluses().iter().zip(found_of);
    for (surplus, narrower) in each.flat_map(|(surplus, all)| all.into_iter().map(move |n| (surplus, n))) {
        let app = &model.apps[narrower.app.index()].name;
        let name = |scope: ScopeId| &model.scopes[scope.index()].name;
        let (scope, instead) = (name(narrower.scope), name(narrower.instead));
        let finding = RULE
            .finding(format!("`{app}` asks for `{scope}`, and `{instead}` would do"))
            .at(
                subject.place_of_scope(narrower.app, narrower.scope),
                format!("opens {} more", number(&narrower.shuts)),
            )
            .note(format!(
                "permitted, and open with `{instead}`: {}",
                operations(model, &narrower.needed_for)
            ))
            .note(format!(
                "not permitted, and open with `{scope}` only: {}",
                operations(model, &narrower.shuts)
            ));
        // What the app does not hold yet may be approved where the wide scope was not: then the fix is only shown.
        let title = format!("ask for `{instead}` instead of `{scope}`");
        found.push(finding.fix(subject.fix_of_scope(surplus, narrower.scope, Some(narrower.instead), title)));
    }
}
