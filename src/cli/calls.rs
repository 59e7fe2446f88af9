//! Lists of calls: an operation, or a method and a path, on each line.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::{Context, failed, files};
use crate::diag::nearest;
use crate::eval;
use crate::request::{Request, Target};
use crate::sema::model::{Model, OperationId};

/// The operations that the file lists, `-` for standard input. Blank lines and lines that begin with `#` count for
/// nothing.
///
/// # Errors
///
/// A sentence with file and line: what is no operation.
pub(crate) fn read(model: &Model, path: &Path, cx: &mut Context<'_>) -> io::Result<BTreeSet<OperationId>> {
    let (text, name) = if path.as_os_str() == "-" {
        let mut text = String::new();
        cx.input.read_to_string(&mut text)?;
        (text, "standard input".to_owned())
    } else {
        (files::read_text(&cx.cwd, &cx.cwd.join(path))?, files::shown(&cx.cwd, path))
    };
    let lines = (1..).zip(text.lines().map(str::trim));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let call = |(number, line): (usize, &str)| {
        let operation = match line.split_once(char::is_whitespace) {
            Some((method, path)) => {
                Target::Http { method: method.to_owned(), path: path.trim_start().to_owned() }
            }
            None => Target::Name(line.to_owned()),
        };
        let found = eval::operation(model, &Request { operation, ..Request::default() });
        found.ok_or_else(|| {
            let near = nearest(line, model.operations.iter().map(|o| o.name.as_str()));
            let hint = near.map_or_else(String::new, |near| format!("; {near}"));
            failed(format!("{name}:{number}: no operation is called or answers to `{line}`{hint}"))
        })
    };
    lines.map(call).collect()
}
