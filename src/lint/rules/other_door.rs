//! Power that survives the ratchet by another door.

use crate::analysis::privilege::ratchets;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0502",
    name: "other-door",
    title: "power that survives a ratchet because it needs a lesser scope",
    default: Level::Warning,
    page: include_str!("other_door.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    let of = |app: &AppId| ratchets::other_doors(model, subject.needs(), subject.regions(), *app);
    for door in parallel::map(&subject.apps(), &of).into_iter().flatten() {
        let app = &model.apps[door.app.index()].name;
        let (ratchet, class) = (&model.ratchets[door.ratchet.index()], door.class.name());
        let finding = RULE
            .finding(format!(
                "the ratchet `{}` takes most of what `{app}` may {}, and not {}",
                ratchet.name,
                verb(class),
                number(&door.left)
            ))
            .at(ratchet.span, format!("of {} that the scopes opened", door.before))
            .note(format!("still permitted at the last stage: {}", operations(model, &door.left)))
            .help(format!("withdraw them by name in the last stage, or all of class `{class}`"));
        found.extend(subject.proved(finding, &door.witness));
    }
}

fn verb(class: &str) -> &str {
    if class == "admin" { "administer" } else { class }
}
