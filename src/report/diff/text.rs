//! For terminals.

use std::io::{self, Write};

use super::{Comparison, DiffFormat, cells_of};
use crate::analysis::diff::Delta;
use crate::report::{Look, Paint, visible};
use num_bigint::BigUint;

/// The one people read.
pub(super) static FORMAT: DiffFormat = DiffFormat { name: "text", title: "for people, on a terminal", write };

fn write(of: &Comparison<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut told = format!("{} to {}\n", of.sides[0].name, of.sides[1].name);
    for (side, deltas, sign, paint) in
        [(1, &of.diff.gained, "+", Paint::Bad), (0, &of.diff.lost, "-", Paint::Good)]
    {
        let mut app = None;
        for delta in deltas {
            if app != Some(&delta.key) {
                let verb = if side == 1 { "gains" } else { "loses" };
                let only = if of.diff.apps[side].contains(&delta.key) {
                    if side == 1 { ", which is new" } else { ", which is gone" }
                } else {
                    ""
                };
                told += &format!("\n{}{only} {verb}\n", delta.app);
                app = Some(&delta.key);
            }
            one(of, side, delta, &look.paint(paint, sign), &mut told);
        }
    }
    for open in &of.diff.undecided {
        let operations = of.operations(1, &open.key, &open.operations, 5);
        told += &format!("\nnot decided: {} {operations}\n", of.app(1, &open.key));
        for what in &open.spent.what {
            told += &format!("    {what}\n");
        }
    }
    let catalogs = super::catalogs::text(of);
    if !catalogs.is_empty() {
        told += &format!("\n{catalogs}");
    }
    let eased = of.eased();
    if !eased.is_empty() {
        told.push('\n');
    }
    for (span, sentence, code) in eased {
        let sources = of.sides[1].sources;
        let place = format!("{}:{}", sources.source(span).path, sources.position(span).line);
        told += &format!("{} {place}: {sentence} ({code})\n", look.paint(Paint::Bad, "!"));
    }
    let forgotten = of.forgotten();
    if !forgotten.is_empty() {
        told.push('\n');
    }
    for (span, sentence) in forgotten {
        let sources = of.sides[1].sources;
        let place = format!("{}:{}", sources.source(span).path, sources.position(span).line);
        told += &format!("{} {place}: {sentence} (W0915)\n", look.paint(Paint::Bad, "!"));
    }
    let objections = of.objections();
    if of.approvals.is_some() {
        told.push('\n');
        for (_, objection) in &objections {
            told += &format!("{} {objection}\n", look.paint(Paint::Bad, "x"));
        }
        if let Some(verdict) = of.verdict() {
            told += &format!("{verdict}\n");
        }
    }
    told += &format!("\n{}\n", of.summary());
    out.write_all(visible(&told).as_bytes())
}

fn one(of: &Comparison<'_>, side: usize, delta: &Delta, sign: &str, told: &mut String) {
    *told += &format!("{sign} {}\n", of.operations(side, &delta.key, &delta.operations, 8));
    for (at, cube) in delta.cubes.iter().enumerate() {
        *told += &format!("    {}{cube}\n", if at == 0 { "" } else { "or " });
    }
    if delta.remaining > BigUint::ZERO {
        *told += &format!("    and {} more\n", cells_of(&delta.remaining));
    }
    let cells = delta.cells.as_ref().map_or("too many cells to count".to_owned(), cells_of);
    *told += &format!("    {cells}, for example\n");
    *told += &format!("      {}\n", of.request(side, &delta.witness.request));
    let layers: Vec<&str> = delta.witness.refused_by.iter().map(|layer| layer.name()).collect();
    let when = if side == 1 { "was refused" } else { "is now refused" };
    *told += &format!("      {when} by {}\n", layers.join(", "));
    for cause in &delta.witness.causes {
        let sign = if cause.side == 0 { "-" } else { "+" };
        match (of.place(cause), of.text(cause)) {
            (Some(place), Some(text)) => *told += &format!("    {sign} {place}: {text}\n"),
            _ => *told += &format!("    {sign} {}\n", cause.what), // it stands nowhere
        }
    }
}
