//! `sprag catalog list`

use std::io;

use clap::ValueEnum;
use serde_json::json;

use super::at_hand;
use crate::cli::{Context, Exit};
use crate::driver;
use crate::report::count;

/// List the catalogs at hand: the package's own, and those that come with sprag.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How to write the list.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// A line for each.
    Text,
    /// An array of objects.
    Json,
}

/// 0.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let mut rows: Vec<Row> = at_hand(cx)?.into_iter().filter_map(|s| Row::of(&s.path, &s.text)).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    match args.output_format {
        Form::Json => {
            let all: Vec<_> = rows.iter().map(Row::json).collect();
            writeln!(cx.out, "{}", serde_json::to_string_pretty(&all)?)?;
        }
        Form::Text => {
            let width = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
            let (name, version) = (width(|r| r.name.len()), width(|r| r.version.len()));
            for row in &rows {
                let counts =
                    format!("{}, {}", count(row.operations, "operation"), count(row.scopes, "scope"));
                let place = if row.comes_with { "" } else { row.path.as_str() };
                let line = format!("{:name$}  {:version$}  {counts:30} {place}", row.name, row.version);
                writeln!(cx.out, "{}", line.trim_end())?;
            }
        }
    }
    Ok(Exit::Clean)
}

struct Row {
    name: String,
    version: String,
    path: String,
    digest: String,
    operations: usize,
    scopes: usize,
    comes_with: bool,
}

impl Row {
    /// From the text alone, without compiling: the list is to be quick, and to have broken ones too.
    fn of(path: &str, text: &str) -> Option<Row> {
        let name = driver::catalog_name(text)?.to_owned();
        let version = text.split_once("version \"").and_then(|(_, rest)| rest.split_once('"'));
        let begins = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
        Some(Row {
            version: version.map(|(v, _)| v.to_owned()).unwrap_or_default(),
            comes_with: path.starts_with('<'),
            path: path.to_owned(),
            digest: driver::digest(text.as_bytes()),
            operations: begins("operation ") - begins("operation group "),
            scopes: begins("scope "),
            name,
        })
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "version": self.version,
            "path": if self.comes_with { serde_json::Value::Null } else { self.path.as_str().into() },
            "comes_with_sprag": self.comes_with,
            "operations": self.operations,
            "scopes": self.scopes,
            "digest": self.digest,
        })
    }
}
