//! The apps that a command is asked about.

use std::io;

use super::{Context, failed, progress};
use crate::analysis::privilege::needs::Needs;
use crate::analysis::privilege::regions::Regions;
use crate::diag::nearest;
use crate::sema::model::{AppId, Model};

/// The app of this name; all, where none is named.
pub(super) fn chosen(model: &Model, name: Option<&str>) -> io::Result<Vec<AppId>> {
    let all = (0..model.apps.len() as u32).map(AppId);
    let Some(name) = name else { return Ok(all.collect()) };
    match all.clone().find(|app| model.apps[app.index()].name == name) {
        Some(app) => Ok(vec![app]),
        None => {
            let near = nearest(name, model.apps.iter().map(|app| app.name.as_str()));
            let hint = near.map_or_else(String::new, |near| format!("; {near}"));
            Err(failed(format!("there is no app `{name}`{hint}")))
        }
    }
}

/// What is permitted all of them, shown as it is found.
pub(super) fn permitted<'m>(model: &'m Model, needs: &Needs, cx: &Context<'_>) -> Regions<'m> {
    let bar = progress::bar(cx, "asking what is permitted", model.apps.len());
    Regions::new(model, needs, &|_, _| bar.step())
}
