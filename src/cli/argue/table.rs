//! `sprag argue --table`: a row for each app of many files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::foreign::{self, Refused};
use super::{ask, open};
use crate::analysis::privilege::argument::evidence::Evidence;
use crate::analysis::privilege::needs::Needs;
use crate::cli::{Context, calls, failed, files, import, progress};
use crate::report::argument::table::{Described, Row, Rows};
use crate::sema::model::AppId;

/// What there is to say of the apps in these folders, and which files were left out for what reason.
///
/// # Errors
///
/// A sentence: nothing to look at, a list of calls that cannot be read, or no folder where they should be.
pub(super) fn rows(folders: &[PathBuf], lists: Option<&Path>, cx: &mut Context<'_>) -> io::Result<Rows> {
    if let Some(lists) = lists
        && !fs::metadata(cx.cwd.join(lists)).is_ok_and(|m| m.is_dir())
    {
        return Err(failed(format!(
            "{} is no folder with a list for each app",
            files::shown(&cx.cwd, lists)
        )));
    }
    let found = import::files_to_look_at(folders, cx)?;
    let Rows { mut rows, mut left_out } = Rows::default();
    let bar = progress::parts(cx, "arguing");
    for (number, path) in found.iter().enumerate() {
        bar.at(number, found.len());
        let shown = files::shown(&cx.cwd, path);
        let text = match files::read_document(&cx.cwd, path) {
            Ok(text) => text,
            Err(e) => {
                left_out.push((shown, e.to_string()));
                continue;
            }
        };
        let foreign = match foreign::compile(path, &text) {
            Ok(found) => found,
            Err(Refused::Sentence(why)) => {
                left_out.push((shown, why));
                continue;
            }
            Err(Refused::Errors(..)) => {
                left_out
                    .push((shown, "what comes in of it has errors, which is a fault of sprag".to_owned()));
                continue;
            }
        };
        let needs = Needs::of(&foreign.model);
        let model = &foreign.model;
        let list = calls_of(path, lists, cx);
        let list = list.map(|list| calls::read(model, &list, cx)).transpose()?;
        for app in (0..model.apps.len() as u32).map(AppId) {
            let evidence = match &list {
                Some(list) => Evidence::new(model, app, list.operations.clone()),
                None => open(model, &needs, app),
            };
            let argument = ask(model, &needs, &evidence, app, None, &BTreeSet::new())?;
            let outside =
                list.as_ref().map(|list| list.outside.iter().map(|(_, call)| call.clone()).collect());
            rows.push(Row::of(Described {
                file: &shown,
                model,
                needs: &needs,
                argument: &argument,
                outside,
                all_products: foreign.all_products,
                unknown: foreign.unknown.iter().map(ToString::to_string).collect(),
            }));
        }
    }
    if rows.is_empty() {
        return Err(failed(
            "there is no app in any of the files; `sprag import --check FOLDER` tells of each",
        ));
    }
    Ok(Rows { rows, left_out })
}

/// The list of calls of an app, in its folder or in the one that is named for them. It is named for the file, or for what
/// is compressed in it.
fn calls_of(path: &Path, folder: Option<&Path>, cx: &Context<'_>) -> Option<PathBuf> {
    let inside = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")).then(|| path.file_stem());
    [path.file_name(), inside.flatten()].into_iter().flatten().find_map(|of| {
        let mut name = of.to_owned();
        name.push(".calls");
        let list = match folder {
            Some(folder) => cx.cwd.join(folder).join(name),
            None => path.with_file_name(name),
        };
        fs::metadata(&list).is_ok_and(|m| m.is_file()).then_some(list)
    })
}
