//! A rule that does not say why it stands there.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::syntax::tree::{Effect, Item};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0254",
    name: "unexplained-rule",
    title: "a `permit` or `forbid` without `because`",
    default: Level::Off,
    page: include_str!("unexplained_rule.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for item in subject.items() {
        if let Item::Rule(rule) = item
            && rule.because.is_none()
        {
            let effect = match rule.effect {
                Effect::Permit => "permit",
                Effect::Forbid => "forbid",
            };
            let name = rule.name.as_ref().map(|name| format!(" `{}`", name.text)).unwrap_or_default();
            found.push(
                RULE.finding(format!("this {effect}{name} does not say why"))
                    .at(
                        rule.span,
                        "people who ask why they are refused, or why an app is not, read the reason",
                    )
                    .help("add `because \"…\"`".to_owned()),
            );
        }
    }
}
