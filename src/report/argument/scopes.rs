//! What there is to say of each scope, by what it is.

use super::Case;
use crate::analysis::privilege::argument::setup::{From, Ground, SetUp};
use crate::analysis::privilege::argument::{Point, Verdict};
use crate::analysis::privilege::surplus::Why;
use crate::report::page::{Block, code};
use crate::syntax::printer;
use crate::usage::time;

/// The sections, those first that ask for something to be done.
pub(super) fn blocks(case: &Case<'_>) -> Vec<Block> {
    let points = &case.argument.points;
    let of = |is: fn(&Verdict) -> bool| -> Vec<&Point> { points.iter().filter(|p| is(&p.verdict)).collect() };
    let mut blocks = Vec::new();
    let sections: [(&str, Vec<&Point>); 6] = [
        ("Not needed", of(|verdict| matches!(verdict, Verdict::NotNeeded))),
        ("The same data through another scope", of(|verdict| matches!(verdict, Verdict::Elsewhere(_)))),
        ("Replaceable by something narrower", of(|verdict| matches!(verdict, Verdict::Replaceable))),
        ("Needed only during set-up", of(|verdict| matches!(verdict, Verdict::SetUp))),
        ("Needed", of(|verdict| matches!(verdict, Verdict::Needed))),
        ("Not known", of(|verdict| matches!(verdict, Verdict::Unknown))),
    ];
    for (title, points) in sections {
        if points.is_empty() {
            continue;
        }
        blocks.push(Block::Heading(2, title.to_owned()));
        if matches!(points[0].verdict, Verdict::SetUp)
            && let Some(setup) = &case.argument.setup
        {
            blocks.extend(ratchet(case, setup, &points));
        }
        for point in points {
            blocks.push(Block::Heading(3, case.scope(point.scope)));
            blocks.extend(about(case, point));
        }
    }
    blocks
}

fn about(case: &Case<'_>, point: &Point) -> Vec<Block> {
    let mut blocks = vec![Block::Text(sentence(case, point))];
    if let Some(narrower) = &point.narrower {
        let held = if narrower.included { ", which it holds as a part of it," } else { "" };
        blocks.push(case.names(
            format!(
                "Instead, {}{held} would do for all that is needed, and close {}:",
                case.scope(narrower.instead),
                case.operations(&narrower.shuts)
            ),
            &narrower.shuts,
        ));
    }
    if !point.breaks.is_empty() {
        let summary = format!("Without it, all else equal, this breaks: {}", case.operations(&point.breaks));
        blocks.push(case.names(summary, &point.breaks));
    } else if !point.serves.is_empty() {
        blocks.push(case.names(
            format!("Without it nothing breaks; it serves {}", case.operations(&point.serves)),
            &point.serves,
        ));
    }
    let idle = point.closes.minus(&case.argument.needed);
    if !idle.is_empty() {
        blocks.push(case.names(
            format!("Without it the platform closes, and nobody needs: {}", case.operations(&idle)),
            &idle,
        ));
    }
    let same: Vec<String> = point
        .elsewhere
        .iter()
        .map(|(scope, operations)| {
            let all = if operations.len() == point.alone.len() { "all" } else { "some" };
            format!("{} opens {all} of the same: {}", case.scope(*scope), case.operations(operations))
        })
        .collect();
    if !same.is_empty() {
        blocks.push(Block::Text(format!(
            "By itself it opens {}. Who takes it away leaves open what other scopes open too:",
            case.operations(&point.alone)
        )));
        blocks.push(Block::List(same));
    }
    blocks
}

/// Why it is what it is.
fn sentence(case: &Case<'_>, point: &Point) -> String {
    let model = case.model;
    let mut text = match &point.verdict {
        Verdict::Needed => "Something that is needed is open through nothing else.".to_owned(),
        Verdict::SetUp => {
            "What it is needed for is done during set-up; later it only stands ready.".to_owned()
        }
        Verdict::Unknown => {
            "The logs show no call of its platform that went through, so they do not say whether it is needed."
                .to_owned()
        }
        Verdict::Replaceable => "It is needed, and opens more than what would do.".to_owned(),
        Verdict::NotNeeded => match point.serves.is_empty() {
            true => "Nothing that is needed takes it.".to_owned(),
            false => "What it opens beyond the other scopes is not needed.".to_owned(),
        },
        Verdict::Elsewhere(Why::Implied) => {
            "A scope that it asks for as well includes it. Written down, it says nothing.".to_owned()
        }
        Verdict::Elsewhere(Why::Covered(by)) => {
            let by: Vec<String> = by.iter().map(|scope| case.scope(*scope)).collect();
            format!(
                "All that it opens is open through {} too. To withhold it protects no data as long as that is held.",
                by.join(", ")
            )
        }
        Verdict::Elsewhere(Why::Alternative(other)) => format!(
            "It and {} can stand for one another: all that it is needed for is open through that one too.",
            case.scope(*other)
        ),
        Verdict::Elsewhere(Why::Unneeded) => "It is not needed.".to_owned(),
    };
    if model.apps[case.argument.app.index()].optional.contains(&point.scope) {
        text += " It is optional: an installation holds it only once that was approved.";
    }
    if !point.taken_by.is_empty() {
        let names: Vec<String> =
            point.taken_by.iter().map(|id| code(&model.ratchets[id.index()].name)).collect();
        text += &format!(" Ratchet {} takes it in the end.", names.join(", "));
    }
    text
}

/// How set-up is known, and the ratchet to propose.
fn ratchet(case: &Case<'_>, setup: &SetUp, points: &[&Point]) -> Vec<Block> {
    let ground = match setup.ground {
        Ground::Seen(at, from) => {
            let from = match from {
                From::Said => "the installation, which was said to be at",
                From::Grant => "the first grant in the log, at",
                From::FirstCall => "the first call in the log, at",
            };
            format!(
                "The logs show it: after set-up, counted from {from} {} UTC, these were not called again.",
                time::shown(at)
            )
        }
        Ground::Said => "The list of set-up calls says it.".to_owned(),
        Ground::Administrative => {
            "This is a guess to be asked about: what these scopes are needed for administers, and that is mostly \
             done once. A log, or a list of what is called during set-up, would tell."
                .to_owned()
        }
    };
    let mut blocks = vec![Block::Text(ground)];
    if points.iter().all(|point| !point.taken_by.is_empty()) {
        blocks.push(Block::Text("The policy has a ratchet for that already.".to_owned()));
        return blocks;
    }
    let left: Vec<String> = setup.later.iter().map(|scope| case.scope(scope)).collect();
    let left = if left.is_empty() { "nothing".to_owned() } else { left.join(", ") };
    blocks.push(Block::Text(format!(
        "What is needed afterwards takes {left}. This ratchet has the app start with what set-up takes and keep no \
         more than that:"
    )));
    blocks.push(Block::Code(printer::print_item(&setup.ratchet)));
    blocks
}
