//! What logs said, and what in them could not be counted.

use super::Case;
use crate::analysis::privilege::argument::setup::{Early, NoEarly};
use crate::analysis::privilege::set::Operations;
use crate::report::count;
use crate::report::page::{Block, Table, code};
use crate::usage::tally::{Calls, Period, Remark, Usage};
use crate::usage::time;

/// What the logs say besides which scopes are needed.
pub(super) fn blocks(
    case: &Case<'_>,
    files: &[String],
    usage: &Usage,
    early: &Result<Early, NoEarly>,
) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(2, "What the logs say".to_owned())];
    let formats: Vec<String> =
        usage.formats.iter().map(|(format, number)| format!("{} of {}", number, code(format))).collect();
    blocks.push(Block::Text(format!(
        "{} in {}: {}.",
        count(usage.records as usize, "record"),
        count(files.len(), "file"),
        formats.join(", ")
    )));
    if let Err(why) = early
        && !usage.is_silent()
    {
        blocks.push(Block::Text(format!(
            "They do not show what is called during set-up only: {}{}.",
            no_early(*why),
            own_period(usage)
        )));
    }
    blocks.extend(doubt(case, usage));
    blocks.extend(refused(case, usage));
    blocks.extend(one_of(case, usage));
    blocks.extend(tokens(case, usage));
    blocks.extend(remarks(usage));
    blocks
}

/// What there is to say first where the logs show nothing of the app.
pub(super) fn silence(case: &Case<'_>, usage: &Usage) -> Block {
    let key = code(&case.model.apps[case.argument.app.index()].key);
    let others = usage.most_others();
    let others: Vec<String> =
        others.iter().map(|(name, times)| format!("{} ({times})", code(name))).collect();
    let what = match (usage.calls, others.is_empty()) {
        (0, true) => format!("The logs show no call of {key}."),
        (0, false) => format!(
            "The logs show no call of {key}. They name {}; `--as NAME` says which of them it is.",
            others.join(", ")
        ),
        (calls, _) if !usage.operations.is_empty() || !usage.one_of.is_empty() => format!(
            "The logs show {} of {key}, and none that is an operation of the catalogs in use went through.",
            count(calls as usize, "call")
        ),
        (calls, _) => format!(
            "The logs show {} of {key}, and none is an operation of the catalogs in use: they may be of another platform.",
            count(calls as usize, "call")
        ),
    };
    Block::Text(format!("{what} So they say of no scope whether it is needed."))
}

/// What is to be known beside the verdicts: calls that they do not count.
pub(super) fn unmatched(usage: &Usage) -> Option<Block> {
    let calls = usage.remarked(Remark::Unmatched);
    (calls > 0).then(|| {
        Block::Text(format!(
            "Not counted in this table: {} of the app that no operation of the catalogs in use answers. A scope may be \
             needed for such a call, whatever the table says of it.",
            count(calls as usize, "call")
        ))
    })
}

/// ` from 2026-07-01 08:00 to 2026-08-01 08:00 UTC`
pub(super) fn period(usage: &Usage) -> String {
    between(usage.period.from, usage.period.until)
}

fn between(from: Option<i64>, until: Option<i64>) -> String {
    match (from, until) {
        (Some(from), Some(until)) => format!(" from {} to {} UTC", time::shown(from), time::shown(until)),
        _ => String::new(), // No record says when.
    }
}

/// `12 calls, 3 of them alone, last at 2026-08-01 08:00`
pub(super) fn calls(calls: &Calls) -> String {
    let mut text = count(calls.total as usize, "call");
    for (number, what) in [
        (calls.person, "for a person"),
        (calls.alone, "for nobody"),
        (calls.failed, "failed"),
        (calls.refused, "refused"),
    ] {
        if number > 0 {
            text += &format!(", {number} {what}");
        }
    }
    if let Some(last) = calls.last {
        text += &format!(", last at {}", time::shown(last));
    }
    if calls.undated {
        text += ", some at a time that cannot be read";
    }
    text
}

/// `; those in which it calls are from 2026-07-01 08:00 to 2026-07-01 09:00 UTC`, where others say more.
fn own_period(usage: &Usage) -> String {
    let own = Period { from: usage.from, until: usage.until };
    match own.from.is_none() || own == usage.period {
        true => String::new(),
        // Of several logs one may end before another begins.
        false if own.from > own.until => "; those in which it calls have no time in common".to_owned(),
        false => format!("; those in which it calls are{}", between(own.from, own.until)),
    }
}

fn no_early(why: NoEarly) -> &'static str {
    match why {
        NoEarly::NoTime => "no call of the app has a time",
        NoEarly::NoBeginning => {
            "they begin with the app at work, and nobody says when it was installed (`--installed`)"
        }
        NoEarly::TooShort => "they end less than a week after set-up",
    }
}

/// What may make "not used" wrong.
fn doubt(case: &Case<'_>, usage: &Usage) -> Option<Block> {
    let mut doubtful: Vec<String> = Remark::ALL
        .iter()
        .filter(|remark| remark.casts_doubt() && usage.remarked(**remark) > 0)
        .map(|remark| format!("{}: {}", told(*remark), usage.remarked(*remark)))
        .collect();
    // Calls that went through, though the app's scopes open none of what they may be.
    let shut = usage.one_of.values().filter(|one| {
        let may_be: Operations = one.operations.iter().copied().collect();
        one.calls.went_through() && may_be.and(&case.argument.opens).is_empty()
    });
    match shut.map(|one| one.calls.total).sum::<u64>() {
        0 => {}
        calls => {
            doubtful.push(format!("entries that may be operations of which its scopes open none: {calls}"))
        }
    }
    (!doubtful.is_empty()).then(|| {
        Block::Text(format!(
            "Before anything is taken away, look at these, which may be uses and do not count above: {}.",
            doubtful.join("; ")
        ))
    })
}

fn told(remark: Remark) -> &'static str {
    match remark {
        Remark::Unmatched => "calls of the app that are no operation of the catalogs in use",
        Remark::NoCall => "records of the app that no call made",
        Remark::Elsewhere => "records of others",
        Remark::Unknown => "records of which it is not known what they tell",
        Remark::Unreadable => "records that could not be read",
        Remark::Near => "calls that count as the operation nearest to them",
        Remark::Undated => "records without a time that can be read",
    }
}

fn refused(case: &Case<'_>, usage: &Usage) -> Option<Block> {
    let only = usage.operations.iter().filter(|(_, calls)| !calls.went_through());
    let only: Operations = only.map(|(id, _)| *id).collect();
    (!only.is_empty()).then(|| {
        let summary =
            format!("Tried and always refused, so that it does not count as needed: {}", case.number(&only));
        case.names(summary, &only)
    })
}

fn one_of(case: &Case<'_>, usage: &Usage) -> Option<Block> {
    let row = |(words, one): (&String, &crate::usage::tally::OneOf)| {
        let all: Operations = one.operations.iter().copied().collect();
        let open = all.and(&case.argument.opens);
        vec![
            code(words),
            one.calls.total.to_string(),
            all.len().to_string(),
            open.len().to_string(),
            one.calls.last.map_or(String::new(), time::shown),
        ]
    };
    (!usage.one_of.is_empty()).then(|| {
        Block::Table(Table {
            caption: "Entries that do not say which operation was called: all of them count as needed that its scopes open."
                .to_owned(),
            head: vec![
                ("entry", false),
                ("times", true),
                ("may be operations", true),
                ("of them open", true),
                ("last, UTC", false),
            ],
            rows: usage.one_of.iter().map(row).collect(),
        })
    })
}

/// What was granted and what tokens carried, against what the policy says that the app asks for.
fn tokens(case: &Case<'_>, usage: &Usage) -> Option<Block> {
    let requested = &case.model.apps[case.argument.app.index()].requested;
    let asked = |name: &str| requested.iter().any(|id| case.model.scopes[id.index()].name == name);
    let mut names: Vec<&String> = usage.tokens.keys().chain(usage.granted.keys()).collect();
    let own = requested.iter().map(|id| &case.model.scopes[id.index()].name);
    names.extend(own);
    names.sort_unstable();
    names.dedup();
    let number = |counts: &std::collections::BTreeMap<String, u64>, name: &String| {
        counts.get(name).map_or(String::new(), u64::to_string)
    };
    let row = |name: &&String| {
        vec![
            code(name),
            if asked(name) { "yes" } else { "no" }.to_owned(),
            number(&usage.granted, name),
            number(&usage.tokens, name),
        ]
    };
    let some = !usage.tokens.is_empty() || !usage.granted.is_empty();
    some.then(|| {
        Block::Table(Table {
            caption: "Scopes as the logs show them.".to_owned(),
            head: vec![
                ("scope", false),
                ("asked for", false),
                ("granted, times", true),
                ("in tokens of calls", true),
            ],
            rows: names.iter().map(row).collect(),
        })
    })
}

fn remarks(usage: &Usage) -> Option<Block> {
    let row = |((remark, kind), count): (&(Remark, String), &crate::usage::tally::Count)| {
        vec![remark.name().to_owned(), code(kind), count.times.to_string(), code(&count.first)]
    };
    (!usage.remarks.is_empty()).then(|| {
        Block::Table(Table {
            caption: "What was counted besides.".to_owned(),
            head: vec![("kind", false), ("what", false), ("times", true), ("first", false)],
            rows: usage.remarks.iter().map(row).collect(),
        })
    })
}
