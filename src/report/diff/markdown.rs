//! For comments on pull requests.

use std::io::{self, Write};

use num_bigint::BigUint;

use super::{Comparison, DiffFormat, cells_of};
use crate::analysis::diff::Delta;
use crate::report::markdown::{code, longest_run};
use crate::report::{Look, visible};

/// The one for comments.
pub(super) static FORMAT: DiffFormat =
    DiffFormat { name: "markdown", title: "for a comment on a pull request", write };

/// Lists longer than this are folded.
const SHORT: usize = 8;

fn write(of: &Comparison<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut told = format!("## What changes: {}\n", code(of.sides[1].name));
    told += &format!("\n{}, compared with {}.\n", escape(&of.summary()), code(of.sides[0].name));
    for (side, deltas, head) in
        [(1, &of.diff.gained, "Permitted now"), (0, &of.diff.lost, "No longer permitted")]
    {
        if !deltas.is_empty() {
            told += &format!("\n### {head}\n");
        }
        for delta in deltas {
            one(of, side, delta, &mut told);
        }
    }
    if !of.diff.undecided.is_empty() {
        told += "\n### Not decided\n\n";
        for open in &of.diff.undecided {
            let operations = of.operations(1, &open.key, &open.operations, 5);
            told += &format!("- **{}** {}\n", escape(&of.app(1, &open.key)), escape(&operations));
        }
    }
    let eased = of.eased();
    if !eased.is_empty() {
        told += "\n### Easier than before\n\n";
    }
    for (_, sentence, code) in eased {
        told += &format!("- :warning: {} ({code})\n", escape(&sentence));
    }
    let forgotten = of.forgotten();
    if !forgotten.is_empty() {
        told += "\n### Forgotten\n\n";
    }
    for (_, sentence) in forgotten {
        told += &format!("- :warning: {}\n", escape(&sentence));
    }
    if of.approvals.is_some() {
        told += "\n### Approval\n\n";
        for (_, objection) in of.objections() {
            told += &format!("- :x: {}\n", escape(&objection));
        }
        if let Some(verdict) = of.verdict() {
            told += &format!("{}\n", escape(verdict));
        }
    }
    let catalogs = super::catalogs::sections(of);
    if !catalogs.is_empty() {
        told += "\n### Platforms\n";
    }
    for (head, lines) in catalogs {
        if lines.len() > SHORT {
            told += &format!("\n<details><summary>{}</summary>\n\n", escape(&head));
        } else {
            told += &format!("\n{}\n\n", escape(&head));
        }
        for line in &lines {
            told += &format!("- {}\n", code(line));
        }
        if lines.len() > SHORT {
            told += "\n</details>\n";
        }
    }
    out.write_all(visible(&told).as_bytes())
}

fn one(of: &Comparison<'_>, side: usize, delta: &Delta, told: &mut String) {
    let verb = if side == 1 { "gains" } else { "loses" };
    let operations = of.operations(side, &delta.key, &delta.operations, 8);
    *told += &format!("\n- **{}** {verb} {}", escape(&delta.app), escape(&operations));
    match delta.cubes.as_slice() {
        [] => told.push('\n'),
        [one] => *told += &format!(" {}\n", code(one)),
        many => {
            told.push('\n');
            many.iter().for_each(|cube| *told += &format!("  - {}\n", code(cube)));
            if delta.remaining > BigUint::ZERO {
                *told += &format!("  - and {} more\n", cells_of(&delta.remaining));
            }
        }
    }
    let cells = delta.cells.as_ref().map_or("Too many cells to count".to_owned(), cells_of);
    let layers: Vec<&str> = delta.witness.refused_by.iter().map(|layer| layer.name()).collect();
    let when = if side == 1 { "was refused" } else { "is now refused" };
    let request = code(&of.request(side, &delta.witness.request));
    *told += &format!("\n  {cells}, for example {request}, which {when} by {}.\n", layers.join(", "));
    if delta.witness.causes.is_empty() {
        return;
    }
    let fence = "`".repeat(longest_fence(of, delta).max(2) + 1);
    *told += &format!("\n  {fence}diff\n");
    for cause in &delta.witness.causes {
        let sign = if cause.side == 0 { "-" } else { "+" };
        match (of.place(cause), of.text(cause)) {
            (Some(place), Some(text)) => *told += &format!("  {sign} {text}  // {place}\n"),
            _ => *told += &format!("  {sign} {}\n", cause.what), // it stands nowhere
        }
    }
    *told += &format!("  {fence}\n");
}

fn longest_fence(of: &Comparison<'_>, delta: &Delta) -> usize {
    let texts = delta.witness.causes.iter().map(|c| of.text(c).unwrap_or_else(|| c.what.clone()));
    texts.map(|text| longest_run(&text)).max().unwrap_or(0)
}

/// So that nothing in it is markup, and nobody is mentioned.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_no_markup() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(escape("<b> *x* @ann"), "&lt;b> \\*x\\* &#64;ann");
    }
}
