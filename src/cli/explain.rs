//! `sprag explain`

use std::io;

use super::{Context, Exit, docs, failed};
use crate::diag::nearest;

/// Explain a finding by its code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code in a finding's headline, such as E0101; all codes are listed if missing.
    code: Option<String>,
}

/// 0, or 2 where there is no such code.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let Some(code) = &args.code else {
        for (code, page) in docs::PAGES {
            writeln!(cx.out, "{code}  {}", docs::title(page))?;
        }
        return Ok(Exit::Clean);
    };
    let wanted = code.to_uppercase();
    let Some((_, page)) = docs::PAGES.iter().find(|(known, _)| *known == wanted) else {
        let near = nearest(&wanted, docs::PAGES.iter().map(|(known, _)| *known));
        let hint = near.unwrap_or_else(|| "`sprag explain` lists them all".to_owned());
        return Err(failed(format!("there is no finding with code `{code}`; {hint}")));
    };
    write!(cx.out, "{page}")?;
    Ok(Exit::Clean)
}
