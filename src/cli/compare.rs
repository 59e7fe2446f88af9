//! `sprag compare`

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::package::{Compiled, Package};
use super::{Context, Exit, bundle, check, failed, progress};
use crate::analysis::asking::Spent;
use crate::analysis::compare::{Compared, Relation, Verdict, Witness, compare};
use crate::analysis::told;
use crate::sema::model::Model;
use crate::{authzen, emit, report};

/// Prove how two packages relate, or show a request that says otherwise.
///
/// Apps are the same if they have the same key, operations if they have the same name.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The first package's folder, or anything in it.
    first: PathBuf,
    /// The second package's.
    second: PathBuf,
    /// What to prove.
    #[arg(long, value_enum, value_name = "RELATION", default_value = "equal")]
    relation: RelationName,
    /// How to show what came out.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RelationName {
    /// Each permits exactly what the other does.
    Equal,
    /// Everything that the first permits, the second permits.
    Implies,
    /// Nothing is permitted by both.
    Disjoint,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// 0 if it is proved of every app; 1 if it is not, or a package has errors.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let packages = [
        Package::load(Some(&args.first), cx)?.compile(cx),
        Package::load(Some(&args.second), cx)?.compile(cx),
    ];
    let [Some(first), Some(second)] = packages.each_ref().map(|package| package.compilation.model.as_ref())
    else {
        for package in &packages {
            check::show_errors(package, cx)?;
        }
        return Ok(Exit::Findings);
    };
    let relation = match args.relation {
        RelationName::Equal => Relation::Equal,
        RelationName::Implies => Relation::Implies,
        RelationName::Disjoint => Relation::Disjoint,
    };
    let compared = {
        let bar = progress::parts(cx, "comparing");
        compare([first, second], relation, &|done, of| bar.at(done, of))
    };
    confirm(&packages, &compared)?;
    let names = names(args, &packages);
    match args.output_format {
        Format::Json => {
            let document = json(&names, relation, &compared);
            writeln!(cx.out, "{}", serde_json::to_string_pretty(&document)?)?;
        }
        Format::Text => text(&packages, &names, relation, &compared, cx)?,
    }
    let holds = compared.iter().all(|app| app.verdict == Verdict::Holds);
    Ok(if holds { Exit::Clean } else { Exit::Findings })
}

/// The bundles must answer the requests that were found as the evaluator does. A package whose tables would be too
/// large has no bundle to ask.
fn confirm(packages: &[Compiled; 2], compared: &[Compared]) -> io::Result<()> {
    let witnesses: Vec<&Witness> = compared
        .iter()
        .filter_map(|app| match &app.verdict {
            Verdict::Fails(witness) => Some(&**witness),
            Verdict::Holds | Verdict::Undecided(_) => None,
        })
        .collect();
    if witnesses.is_empty() {
        return Ok(());
    }
    let fault = |why: &str| failed(format!("{why}, which is a fault of sprag"));
    for (side, package) in packages.iter().enumerate() {
        let Some(model) = &package.compilation.model else { continue };
        let Ok(bytes) = emit::build(model, &package.compilation.sources) else { continue };
        let mut point =
            bundle::open(&bytes).map_err(|why| fault(&format!("the bundle just built is refused: {why}")))?;
        for witness in &witnesses {
            if point.decide(&witness.request).permitted() != witness.permits[side] {
                return Err(fault("evaluator and runtime disagree on a request that was found"));
            }
        }
    }
    Ok(())
}

/// What each is called: its own name, or where it stands if both have the same.
fn names(args: &Args, packages: &[Compiled; 2]) -> [String; 2] {
    let [first, second] = packages.each_ref().map(|package| package.name.clone());
    if first == second {
        [&args.first, &args.second].map(|path| path.display().to_string())
    } else {
        [first, second]
    }
}

fn text(
    packages: &[Compiled; 2],
    names: &[String; 2],
    relation: Relation,
    compared: &[Compared],
    cx: &mut Context<'_>,
) -> io::Result<()> {
    let [one, other] = names;
    let sentence = match relation {
        Relation::Equal => format!("`{one}` permits exactly what `{other}` does"),
        Relation::Implies => format!("everything that `{one}` permits, `{other}` permits"),
        Relation::Disjoint => format!("nothing is permitted by both `{one}` and `{other}`"),
    };
    let holds = compared.iter().filter(|app| app.verdict == Verdict::Holds).count();
    let apps = report::count(compared.len(), "app");
    if holds == compared.len() {
        return writeln!(cx.out, "{sentence}: proved for {apps}");
    }
    writeln!(cx.out, "{sentence}: proved for {holds} of {apps}")?;
    for Compared { key, verdict } in compared {
        match verdict {
            Verdict::Holds => {}
            Verdict::Fails(witness) => {
                let knows = |package: &&Compiled| {
                    let model = package.compilation.model.as_ref();
                    model.is_some_and(|model| model.apps.iter().any(|app| app.key == *key))
                };
                let words = packages
                    .iter()
                    .find(knows)
                    .and_then(|package| package.compilation.model.as_ref())
                    .map(|model| told(model, witness));
                writeln!(cx.out, "\n`{key}`: {}", answers(names, witness))?;
                writeln!(cx.out, "  {}", words.unwrap_or_default())?;
                writeln!(cx.out, "  {}", authzen::request_json(&witness.request))?;
                if witness.operations > 1 {
                    let more = report::count(witness.operations - 1, "more operation");
                    writeln!(cx.out, "  and so for {more}")?;
                }
            }
            Verdict::Undecided(open) => {
                writeln!(cx.out, "\n`{key}`: not decided, because both engines gave up")?;
                for (operation, Spent { nodes, conflicts, what }) in open {
                    writeln!(
                        cx.out,
                        "  {operation}: {nodes} nodes of decision diagrams, {conflicts} conflicts of the SAT solver; \
                         largest by {}",
                        what.join(", ")
                    )?;
                }
            }
        }
    }
    Ok(())
}

fn told(model: &Model, witness: &Witness) -> String {
    told::request(model, &witness.request)
}

fn answers([one, other]: &[String; 2], witness: &Witness) -> String {
    match witness.permits {
        [true, true] => format!("permitted by both `{one}` and `{other}`"),
        [true, false] => format!("permitted by `{one}` and not by `{other}`"),
        [false, true] => format!("permitted by `{other}` and not by `{one}`"),
        [false, false] => format!("permitted by neither `{one}` nor `{other}`"),
    }
}

fn json(packages: &[String; 2], relation: Relation, compared: &[Compared]) -> Json {
    let apps: Vec<Json> = compared
        .iter()
        .map(|Compared { key, verdict }| match verdict {
            Verdict::Holds => json!({ "app": key, "holds": true }),
            Verdict::Fails(witness) => json!({
                "app": key,
                "holds": false,
                "request": authzen::request_json(&witness.request),
                "permitted": witness.permits,
                "operations": witness.operations,
            }),
            Verdict::Undecided(open) => {
                let open: Vec<Json> = open
                    .iter()
                    .map(|(operation, Spent { nodes, conflicts, what })| {
                        json!({ "operation": operation, "nodes": nodes, "conflicts": conflicts, "largest_by": what })
                    })
                    .collect();
                json!({ "app": key, "holds": null, "undecided": open })
            }
        })
        .collect();
    let holds = compared.iter().all(|app| app.verdict == Verdict::Holds);
    json!({ "packages": packages, "relation": relation.name(), "holds": holds, "apps": apps })
}
