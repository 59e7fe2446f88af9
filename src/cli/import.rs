//! `sprag import`

use std::io;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::{Context, Exit, deliver, failed, files};
use crate::import::{self, Document, IMPORTERS, Options};
use crate::syntax::printer;

/// Turn a foreign description of an API or an app into Sprag.
///
/// What it says and Sprag cannot say is told on standard error.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the files are.
    #[arg(value_parser = importers())]
    format: String,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where to write; standard output if missing.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// openapi: dotted name of the catalog to make.
    #[arg(long)]
    catalog: Option<String>,
    /// openapi: the catalog's version.
    #[arg(long)]
    version: Option<String>,
    /// openapi: first part of every operation's name; the catalog's last part if missing.
    #[arg(long)]
    prefix: Option<String>,
    /// openapi: path put before the document's paths; that of its first server if missing.
    #[arg(long, value_name = "PATH")]
    base: Option<String>,
    /// openapi: container kind in which the operations act.
    #[arg(long)]
    kind: Option<String>,
    /// openapi: marks that the documents do not say: an operation's name and a mark on each line.
    #[arg(long, value_name = "FILE")]
    marks: Option<PathBuf>,
    /// connect: the app's name in the policy; made from its key if missing.
    #[arg(long)]
    name: Option<String>,
}

/// 0 when imported, 2 where that is not possible.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let importer = import::find(&args.format).ok_or_else(|| failed("there is no such importer"))?;
    let mut texts = Vec::new();
    for path in &args.files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        texts.push((name, files::read_text(&cx.cwd, &cx.cwd.join(path))?));
    }
    let documents: Vec<_> = texts.iter().map(|(name, text)| Document { name, text }).collect();
    let marks = args.marks.as_ref().map(|path| files::read_text(&cx.cwd, &cx.cwd.join(path))).transpose()?;
    let options = Options {
        catalog: args.catalog.clone(),
        version: args.version.clone(),
        prefix: args.prefix.clone(),
        base: args.base.clone(),
        kind: args.kind.clone(),
        marks,
        name: args.name.clone(),
    };
    let imported = (importer.run)(&documents, &options).map_err(|e| failed(e.to_string()))?;
    deliver(cx, args.output.as_deref(), printer::print(&imported.file).as_bytes())?;
    if !cx.quiet {
        for note in &imported.notes {
            writeln!(cx.err, "note: {}", crate::report::visible(&note.to_string()))?;
        }
    }
    Ok(Exit::Clean)
}

fn importers() -> PossibleValuesParser {
    IMPORTERS.iter().map(|i| PossibleValue::new(i.name).help(i.summary)).collect::<Vec<_>>().into()
}
