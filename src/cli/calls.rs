//! Lists of calls: an operation, or a method and a path, on each line, and for whom it is called.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::{Context, failed, files};
use crate::analysis::privilege::argument::evidence::People;
use crate::diag::nearest;
use crate::eval;
use crate::request::{Request, Target};
use crate::sema::model::{Model, OperationId};
use crate::usage::{rewritten, routes};

/// What a list says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listed {
    /// The operations, and for whom they are called.
    pub(crate) operations: BTreeMap<OperationId, People>,
    /// Lines that no operation of the catalogs in use answers to, with their numbers.
    pub(crate) outside: Vec<(usize, String)>,
}

/// Reads the file, `-` for standard input. Blank lines and lines that begin with `#` count for nothing. A line that
/// ends in `as app` is a call for nobody, one that ends in `as user` one for a person.
///
/// # Errors
///
/// A sentence: the file cannot be read.
pub(crate) fn read(model: &Model, path: &Path, cx: &mut Context<'_>) -> io::Result<Listed> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        files::decoded(&mut cx.input).read_to_string(&mut text)?;
        text
    } else {
        files::read_decoded(&cx.cwd, &cx.cwd.join(path))?
    };
    let mut listed = Listed::default();
    // A mark at the beginning says how the file is encoded and is no part of it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = (1..).zip(text.lines().map(str::trim));
    for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let (call, people) = match line.rsplit_once(" as ") {
            Some((call, "app")) => (call.trim_end(), People { with: false, without: true }),
            Some((call, "user")) => (call.trim_end(), People { with: true, without: false }),
            Some(_) | None => (line, People::UNKNOWN),
        };
        match operation(model, call) {
            Some(operation) => {
                let known = listed.operations.entry(operation).or_insert(people);
                known.with |= people.with;
                known.without |= people.without;
            }
            None => listed.outside.push((number, call.to_owned())),
        }
    }
    Ok(listed)
}

/// The same where all must be operations.
///
/// # Errors
///
/// A sentence with file and line: what is none.
pub(crate) fn known(
    model: &Model,
    path: &Path,
    cx: &mut Context<'_>,
) -> io::Result<BTreeMap<OperationId, People>> {
    let Listed { operations, outside } = read(model, path, cx)?;
    let Some((number, call)) = outside.first() else { return Ok(operations) };
    let near = nearest(call, model.operations.iter().map(|o| o.name.as_str()));
    let hint = near.map_or_else(String::new, |near| format!("; {near}"));
    let name = match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => files::shown(&cx.cwd, path),
    };
    Err(failed(format!("{name}:{number}: no operation is called or answers to `{call}`{hint}")))
}

fn operation(model: &Model, call: &str) -> Option<OperationId> {
    let find = |operation| eval::operation(model, &Request { operation, ..Request::default() });
    let Some((method, path)) = call.split_once(char::is_whitespace) else {
        return find(Target::Name(call.to_owned()));
    };
    let http = |path: &str| find(Target::Http { method: method.to_owned(), path: path.to_owned() });
    let path = path.trim_start();
    http(path).or_else(|| http(&routes::of_jira_3(path)?)).or_else(|| http(&rewritten::by_identifier(path)?))
}
