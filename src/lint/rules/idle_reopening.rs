//! A way back that leads nowhere.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::RatchetId;
use crate::syntax::tree::{Item, Ratchet};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0210",
    name: "idle-reopening",
    title: "a reopening after which the same is permitted as before",
    default: Level::Warning,
    page: include_str!("idle_reopening.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (id, ratchet) in (0..).map(RatchetId).zip(&subject.model.ratchets) {
        let Some(written) = written(subject, &ratchet.name) else { continue };
        for (number, reopening) in ratchet.reopenings.iter().enumerate() {
            // What it leads back over is the same at every step.
            let mut over = reopening.stage + 1..ratchet.stages.len() as u32;
            if !over.all(|stage| subject.dead().stages.contains(&(id, stage))) {
                continue;
            }
            let Some(way) = written.reopenings.get(number) else { continue };
            let stage = &ratchet.stages[reopening.stage as usize].name;
            found.push(
                RULE.finding(format!("reopening `{stage}` of `{}` gives nothing back", ratchet.name))
                    .at(way.span, "the same is permitted there as at all later stages")
                    .help("remove it, or look at the stages that change nothing".to_owned()),
            );
        }
    }
}

/// The ratchet of that name in the package's own files.
fn written<'a>(subject: &Subject<'a>, name: &str) -> Option<&'a Ratchet> {
    subject.items().find_map(|item| match item {
        Item::Ratchet(ratchet) if ratchet.name.text == name => Some(ratchet),
        _ => None, // Any other declaration.
    })
}
