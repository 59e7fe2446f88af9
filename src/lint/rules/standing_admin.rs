//! Administrative power that stays.

use crate::analysis::privilege::ratchets;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::{Access, AppId};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0102",
    name: "standing-admin",
    title: "administrative operations that no ratchet ever takes",
    default: Level::Warning,
    page: include_str!("standing_admin.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let of = |app: &AppId| ratchets::standing(subject.model, subject.regions(), *app, Access::Admin);
    for standing in parallel::map(&subject.apps(), &of).into_iter().flatten() {
        let app = &subject.model.apps[standing.app.index()].name;
        let many = number(&standing.operations);
        let (what, help) = match standing.ratchets.as_slice() {
            [] => (
                format!("`{app}` may administer, and no ratchet ever ends that"),
                "if it is for the setup only, declare a `ratchet` whose last stage withdraws `admin`"
                    .to_owned(),
            ),
            [ratchet, ..] => (
                format!("`{app}` may still administer when all of its ratchets have turned"),
                format!(
                    "withdraw `admin` in the last stage of `{}`",
                    subject.model.ratchets[ratchet.index()].name
                ),
            ),
        };
        let finding = RULE
            .finding(what)
            .at(subject.place_of(standing.app), format!("{many} of class admin"))
            .note(format!("no ratchet takes: {}", operations(subject.model, &standing.operations)))
            .help(help);
        found.extend(subject.proved(finding, &standing.witness));
    }
}
