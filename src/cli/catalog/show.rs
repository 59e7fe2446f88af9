//! `sprag catalog show`

use std::collections::BTreeMap;
use std::io;

use super::{at_hand, compiled};
use crate::cli::{Context, Exit, failed};
use crate::driver;
use crate::report::count;
use crate::sema::model::{Access, Model, ScopeId};
use crate::syntax::tree::{File, Item};
use crate::syntax::{parser, printer};

/// Show what a catalog holds, or some of its operations and scopes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The catalog, as `use` names it.
    catalog: String,
    /// Operations or scopes of it, `*` for any letters; without, an overview.
    what: Vec<String>,
    /// Write the catalog's whole text.
    #[arg(long, conflicts_with = "what")]
    text: bool,
}

/// 0; 2 where there is no such catalog or nothing of that name in it.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let sources = at_hand(cx)?;
    let text = sources.iter().find(|s| driver::catalog_name(&s.text) == Some(&args.catalog));
    let text = text.map(|s| s.text.clone());
    let compilation = compiled(&args.catalog, sources)?;
    let (Some(model), Some(text)) = (&compilation.model, text) else {
        return Err(failed(format!("there is no catalog `{}`", args.catalog)));
    };
    if args.text {
        cx.out.write_all(text.as_bytes())?;
        return Ok(Exit::Clean);
    }
    let (file, _) = parser::parse(0, &text);
    if args.what.is_empty() {
        overview(&file, model, cx)?;
    } else {
        for what in &args.what {
            items(&args.catalog, what, &file, model, cx)?;
        }
    }
    Ok(Exit::Clean)
}

/// What there is of each sort.
fn overview(file: &File, model: &Model, cx: &mut Context<'_>) -> io::Result<()> {
    let mut own = Vec::new();
    let mut scopes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut kinds, mut uses) = (Vec::new(), Vec::new());
    for item in &file.items {
        match item {
            Item::Catalog(header) => {
                writeln!(cx.out, "{} {}", header.name.text, header.version.value)?;
                if let Some(from) = &header.from {
                    writeln!(cx.out, "from {}", from.value)?;
                }
                if header.any_case {
                    writeln!(cx.out, "paths in any case")?;
                }
            }
            Item::Use(used) => uses.push(used.name.text.as_str()),
            Item::Kind(kind) => kinds.push(kind.name.text.as_str()),
            Item::Scope(scope) => *scopes.entry(scope.model.text.clone()).or_default() += 1,
            Item::Operation(operation) => own.push(operation.name.text.as_str()),
            // Other items are told by --text.
            _ => {}
        }
    }
    for (what, names) in [("uses", &uses), ("kinds", &kinds)] {
        if !names.is_empty() {
            writeln!(cx.out, "{what} {}", names.join(", "))?;
        }
    }
    for (name, many) in &scopes {
        writeln!(cx.out, "{} of model {name}", count(*many, "scope"))?;
    }
    let classes = [
        (Access::Read, "read"),
        (Access::Write, "write"),
        (Access::Delete, "delete"),
        (Access::Admin, "admin"),
    ];
    let of_own = || model.operations.iter().filter(|o| own.contains(&o.name.as_str()));
    let told =
        classes.map(|(class, name)| format!("{} {name}", of_own().filter(|o| o.access == class).count()));
    writeln!(cx.out, "{}: {}", count(own.len(), "operation"), told.join(", "))?;
    let unmapped = of_own().filter(|o| o.http.is_none()).count();
    if unmapped > 0 {
        writeln!(cx.out, "{unmapped} of them answer to no method and path")?;
    }
    Ok(())
}

/// The operations and scopes of that name, as the catalog writes them; of a scope also what it opens alone.
fn items(catalog: &str, what: &str, file: &File, model: &Model, cx: &mut Context<'_>) -> io::Result<()> {
    let fits = |name: &str| {
        globset::Glob::new(what).is_ok_and(|glob| glob.compile_matcher().is_match(name)) || name == what
    };
    let mut found = false;
    for item in &file.items {
        let scope = match item {
            Item::Operation(operation) if fits(&operation.name.text) => None,
            Item::Scope(scope) if fits(&scope.name.text) => Some(scope),
            _ => continue, // Not asked for.
        };
        if found {
            writeln!(cx.out)?;
        }
        found = true;
        let one = File { items: vec![item.clone()], comments: Vec::new() };
        write!(cx.out, "{}", printer::print(&one))?;
        if let Some(scope) = scope {
            let ids = (0..model.scopes.len() as u32).map(ScopeId);
            let named = ids.filter(|id| {
                let known = &model.scopes[id.index()];
                let owner = &model.permission_models[known.model.index()].name;
                known.name == scope.name.text
                    && owner.ends_with(scope.model.text.rsplit('.').next().unwrap_or_default())
            });
            for id in named {
                let opens = opened(model, id);
                writeln!(
                    cx.out,
                    "// alone it opens {} of {}",
                    count(opens, "operation"),
                    model.operations.len()
                )?;
            }
        }
    }
    match found {
        true => Ok(()),
        false => Err(failed(format!("catalog `{catalog}` has no operation or scope `{what}`"))),
    }
}

/// How many operations a scope opens alone, with what it includes.
fn opened(model: &Model, scope: ScopeId) -> usize {
    let held = &model.scopes[scope.index()].implies;
    let open = |alternatives: &Vec<Vec<ScopeId>>| {
        alternatives.iter().any(|all| all.iter().all(|s| held.contains(s)))
    };
    let owner = model.scopes[scope.index()].model;
    model.operations.iter().filter(|o| o.requirements.get(&owner).is_some_and(open)).count()
}
