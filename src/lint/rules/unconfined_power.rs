//! Power everywhere, permitted somewhere.

use crate::analysis::privilege::containers::{self, Where};
use crate::diag::Diagnostic;
use crate::lint::privilege::number;
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0109",
    name: "unconfined-power",
    title: "scopes that reach everywhere, where every permitted use lies in some containers",
    default: Level::Note,
    page: include_str!("unconfined_power.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    let of = |app: &AppId| containers::confined(model, subject.regions(), *app);
    for confined in parallel::map(&subject.apps(), &of).into_iter().flatten() {
        let app = &model.apps[confined.app.index()].name;
        let place = subject.place_of(confined.app);
        let scopes = format!("its scopes open {} everywhere", number(&confined.permitted));
        let mut finding = match &confined.to {
            Where::These(kind, ids) => {
                let kind = &model.kinds[kind.index()].name;
                let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
                RULE.finding(format!("every permitted use of `{app}` lies in {kind} {}", ids.join(" or ")))
                    .at(place, scopes)
            }
            Where::AsWritten(clauses) => {
                let finding = RULE
                    .finding(format!("every permitted use of `{app}` lies in some containers"))
                    .at(place, scopes);
                let own = clauses.iter().map(|clause| model.clauses[clause.index()].span);
                own.filter(|span| subject.is_own(*span))
                    .take(3)
                    .fold(finding, |f, span| f.at(span, "says where"))
            }
        };
        finding = finding.help(
            "where the platform can confine an app (chosen repositories or sites, access rules), do so there too"
                .to_owned(),
        );
        found.push(finding);
    }
}
