//! `sprag import`

pub(crate) mod moved;
mod survey;

pub(crate) use survey::files_to_look_at;

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::cli::{Context, Exit, deliver, failed, files};
use crate::import::{self, Document, IMPORTERS, Makes, Options};
use crate::syntax::printer;

/// Turn a foreign description of an API or an app into Sprag.
///
/// What it says and Sprag cannot say is told on standard error. A catalog is not written over one in which a name
/// means another method and path.
///
/// --check ends with 1 if a file of a known format was refused, if a file cannot be read or is neither JSON nor YAML,
/// or if a file that was named itself is of no known format. Other files of no known format are told, and no mistake; nor
/// is a file that comes in only together with others.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the files are.
    #[arg(value_parser = importers(), required_unless_present = "check")]
    format: Option<String>,
    /// The files; they may be compressed with gzip.
    #[arg(required_unless_present = "check")]
    files: Vec<PathBuf>,
    /// Import nothing; tell of every file in these folders what it is, what would come in and what would not.
    #[arg(long, value_name = "FOLDER", num_args = 1.., conflicts_with_all = ["format", "files", "output"])]
    check: Vec<PathBuf>,
    /// With --check: how to write the table.
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "check")]
    output_format: Form,
    /// Where to write; standard output if missing.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Catalogs: dotted name of the one to make; formats of one platform have one.
    #[arg(long)]
    catalog: Option<String>,
    /// Catalogs: the version, where the files do not say one.
    #[arg(long)]
    version: Option<String>,
    /// Catalogs: first part of every operation's name; the catalog's last part if missing.
    #[arg(long)]
    prefix: Option<String>,
    /// openapi, graph, github: path put before the document's paths; what the document says if missing.
    #[arg(long, value_name = "PATH")]
    base: Option<String>,
    /// openapi: container kind in which the operations act.
    #[arg(long)]
    kind: Option<String>,
    /// openapi: marks that the documents do not say: an operation's name and a mark on each line.
    #[arg(long, value_name = "FILE")]
    marks: Option<PathBuf>,
    /// Catalogs: an earlier catalog of the same platform. What is there keeps its name, and no other operation gets it.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    keep_names: Option<PathBuf>,
    /// Apps: the app's name in the policy; made from what the file calls it if missing.
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// A line for each file, and sums.
    Text,
    /// An array of objects.
    Json,
}

/// 0 when imported, 2 where that is not possible. With `--check` 0 if all files of known formats would come in, 1 if
/// some would not, or some cannot be read.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    if !args.check.is_empty() {
        return survey::run(&args.check, args.output_format, cx);
    }
    let importer = args.format.as_deref().and_then(import::find);
    let importer = importer.ok_or_else(|| failed("there is no such importer"))?;
    let mut texts = Vec::new();
    for path in &args.files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        texts.push((name, files::read_document(&cx.cwd, &cx.cwd.join(path))?));
    }
    let documents: Vec<_> = texts.iter().map(|(name, text)| Document { name, text }).collect();
    let text = |path: &PathBuf| files::read_text(&cx.cwd, &cx.cwd.join(path));
    let marks = args.marks.as_ref().map(text).transpose()?;
    let keep_names = args.keep_names.as_ref();
    let keep_names =
        keep_names.map(|path| Ok::<_, io::Error>((files::shown(&cx.cwd, path), text(path)?))).transpose()?;
    let options = Options {
        catalog: args.catalog.clone(),
        version: args.version.clone(),
        prefix: args.prefix.clone(),
        base: args.base.clone(),
        kind: args.kind.clone(),
        marks,
        keep_names,
        name: args.name.clone(),
    };
    let imported = importer.import(&documents, &options).map_err(|e| failed(e.to_string()))?;
    if importer.makes == Makes::Catalog
        && let Some(path) = args.output.as_deref().filter(|path| path.as_os_str() != "-")
    {
        moved::look(&imported, path, cx)?;
    }
    deliver(cx, args.output.as_deref(), printer::print(&imported.file).as_bytes())?;
    if !cx.quiet {
        for note in &imported.notes {
            let told = format!("note[{}]: {note}", note.kind.name());
            writeln!(cx.err, "{}", crate::report::one_line(&told))?;
        }
    }
    Ok(Exit::Clean)
}

fn importers() -> PossibleValuesParser {
    IMPORTERS.iter().map(|i| PossibleValue::new(i.name).help(i.summary)).collect::<Vec<_>>().into()
}
