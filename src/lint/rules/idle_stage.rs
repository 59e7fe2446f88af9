//! A stage that takes nothing away.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::syntax::tree::{Item, Ratchet};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0209",
    name: "idle-stage",
    title: "a stage at which the same is permitted as at the stage before",
    default: Level::Warning,
    page: include_str!("idle_stage.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (id, number) in &subject.dead().stages {
        let ratchet = &subject.model.ratchets[id.index()];
        let Some(stage) = written(subject, &ratchet.name).and_then(|r| r.stages.get(*number as usize)) else {
            continue;
        };
        let name = &stage.name.text;
        found.push(
            RULE.finding(format!("the stage `{name}` of `{}` changes nothing", ratchet.name))
                .at(stage.span, "the same is permitted as at the stage before")
                .help("let it hold less or withdraw something that is permitted, or leave it out".to_owned()),
        );
    }
}

/// The ratchet of that name in the package's own files.
pub(super) fn written<'a>(subject: &Subject<'a>, name: &str) -> Option<&'a Ratchet> {
    subject.items().find_map(|item| match item {
        Item::Ratchet(ratchet) if ratchet.name.text == name => Some(ratchet),
        _ => None, // Any other declaration.
    })
}
