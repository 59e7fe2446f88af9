//! A stage at which exactly as much is permitted as before.

use crate::analysis::privilege::ratchets;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::syntax::tree::Item;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0501",
    name: "idle-stage",
    title: "a stage of a ratchet that withdraws nothing",
    default: Level::Warning,
    page: include_str!("idle_stage.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let known = [&*subject.dead().stages, &subject.dead().taking];
    for idle in ratchets::idle_stages(subject.model, subject.regions(), known) {
        let ratchet = &subject.model.ratchets[idle.ratchet.index()];
        let declared = subject.items().find_map(|item| match item {
            Item::Ratchet(declared) if declared.name.text == ratchet.name => Some(declared),
            _ => None, // Any other declaration.
        });
        let Some(stage) = declared.and_then(|declared| declared.stages.get(idle.stage as usize)) else {
            continue;
        };
        let before = &ratchet.stages[idle.stage as usize - 1].name;
        found.push(
            RULE.finding(format!(
                "the stage `{}` of `{}` takes nothing from anybody",
                stage.name.text, ratchet.name
            ))
            .at(stage.name.span, format!("all that is permitted at `{before}` is permitted here too"))
            .help("let it hold fewer scopes or withdraw operations, or leave it out".to_owned()),
        );
    }
}
