//! `sprag explain`

use std::io;

use super::{Context, Exit, docs, failed};
use crate::diag::nearest;
use crate::lint::{RULES, Rule};
use crate::report::{page_title, rule_name};

/// Explain a finding by its code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code in a finding's headline, such as E0101, or the name of a lint rule; all codes are listed if missing.
    code: Option<String>,
}

/// 0, or 2 where there is no such code.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let Some(code) = &args.code else {
        for (code, page) in docs::all() {
            let name = rule_name(code).map(|name| format!("{name}: ")).unwrap_or_default();
            writeln!(cx.out, "{code}  {name}{}", page_title(page))?;
        }
        return Ok(Exit::Clean);
    };
    let named = Rule::named(code).map(|rule| rule.page);
    let Some(page) = named.or_else(|| docs::page(&code.to_uppercase())) else {
        let known = docs::all().map(|(known, _)| known);
        let near = nearest(&code.to_uppercase(), known)
            .or_else(|| nearest(code, RULES.iter().map(|rule| rule.name)))
            .unwrap_or_else(|| "`sprag explain` lists them all".to_owned());
        return Err(failed(format!("there is no finding with code `{code}`; {near}")));
    };
    write!(cx.out, "{page}")?;
    Ok(Exit::Clean)
}
