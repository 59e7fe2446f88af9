//! Power without a person, permitted only on behalf of one.

use crate::analysis::privilege::people;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0108",
    name: "unattended-power",
    title: "scopes that work without a person, where the policy always asks for one",
    default: Level::Note,
    page: include_str!("unattended_power.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    let of = |app: &AppId| people::unattended(model, subject.needs(), subject.regions(), *app);
    for unattended in parallel::map(&subject.apps(), &of).into_iter().flatten() {
        let app = &model.apps[unattended.app.index()].name;
        let models: Vec<String> = unattended
            .instead
            .iter()
            .map(|id| format!("`{}`", model.permission_models[id.index()].name))
            .collect();
        let help = match models.is_empty() {
            true => "the platform has no model that demands a person here: let nothing pass by this policy"
                .to_owned(),
            false => format!("all of it can be called in {}, which demands a person", models.join(" or ")),
        };
        found.push(
            RULE.finding(format!("`{app}` acts for people only, and its scopes work without anybody"))
                .at(
                    subject.place_of(unattended.app),
                    format!("{} open to the app alone", number(&unattended.open)),
                )
                .note(format!("permitted for a person only: {}", operations(model, &unattended.open)))
                .help(help),
        );
    }
}
