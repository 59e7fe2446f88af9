//! Whether a catalog may take the place of the one that is there: rules go by names, and a name that means another
//! operation would change what they say without a word.

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::{Context, failed, files};
use crate::driver;
use crate::import::Imported;
use crate::import::names::{Call, Earlier, Moved};
use crate::syntax::parser;
use crate::syntax::tree::Item;

/// So many names are told; of the others, how many there are.
const TOLD: usize = 5;

/// Looks at the catalog that would be written over.
///
/// # Errors
///
/// A sentence: it is another catalog, names mean something else now, or nobody can tell.
pub(super) fn look(imported: &Imported, path: &Path, cx: &Context<'_>) -> io::Result<()> {
    let Some(text) = catalog(path, cx)? else { return Ok(()) };
    let shown = files::shown(&cx.cwd, &cx.cwd.join(path));
    let earlier = Earlier::read(&shown, &text).map_err(|error| {
        failed(format!(
            "{error}; the catalog there would be written over, and what its names mean cannot be told: mend it or \
             move it away first"
        ))
    })?;
    if let Some(name) = imported.catalog().filter(|name| *name != earlier.catalog) {
        return Err(failed(format!(
            "{shown} was left as it is, for it is catalog `{}` and this one is `{name}`: write to another file, or move \
             it away first",
            earlier.catalog
        )));
    }
    let moved = earlier.moved(imported);
    if moved.is_empty() {
        return Ok(());
    }
    Err(failed(format!(
        "{shown} was left as it is, for rules that name its operations would then mean others: {}; --keep-names {shown} \
         keeps the names as they are there",
        sentences(&moved).join("; ")
    )))
}

/// `desk.queue.get` was GET /queues/{id} and is GET /queue now
pub(in crate::cli) fn sentence(Moved { name, was, is }: &Moved) -> String {
    format!("`{name}` was {} and is {} now", told(was.as_ref()), told(is.as_ref()))
}

fn sentences(moved: &[Moved]) -> Vec<String> {
    let mut all: Vec<String> = moved.iter().take(TOLD).map(sentence).collect();
    if moved.len() > TOLD {
        all.push(format!("and {} more", moved.len() - TOLD));
    }
    all
}

fn told(call: Option<&Call>) -> String {
    call.map_or_else(
        || "an operation without method and path".to_owned(),
        |(method, path)| format!("{method} {path}"),
    )
}

/// The text of the catalog that is there; `None` where there is none.
fn catalog(path: &Path, cx: &Context<'_>) -> io::Result<Option<String>> {
    let whole = cx.cwd.join(path);
    // A pipe holds nothing that could be written over.
    if !fs::metadata(&whole).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let text = String::from_utf8(files::read_bytes(&cx.cwd, &whole)?).ok();
    // One that does not begin with its name is broken, and a catalog all the same.
    let is_catalog = |text: &String| {
        let has = |item: &Item| matches!(item, Item::Catalog(_));
        driver::catalog_name(text).is_some() || parser::parse(0, text).0.items.iter().any(has)
    };
    Ok(text.filter(is_catalog))
}
