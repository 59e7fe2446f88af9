//! `sprag new`

use std::fs;
use std::io;
use std::path::PathBuf;

use super::manifest::{self, LANGUAGE, LOCK};
use super::package::Package;
use super::{Context, Exit, check, failed, files};

/// Make a package with a small catalog, a policy and its tests, to start from.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make; its last part is the package's name.
    path: PathBuf,
}

/// What a new package consists of; `{name}` and `{language}` are filled in.
const FILES: &[(&str, &str)] = &[
    ("sprag.toml", include_str!("template/sprag.toml")),
    ("README.md", include_str!("template/README.md")),
    ("catalogs/helpdesk.sprag", include_str!("template/catalog.sprag")),
    ("policy.sprag", include_str!("template/policy.sprag")),
    ("tests.sprag", include_str!("template/tests.sprag")),
    (".gitignore", "*.spragb\n"),
];

/// 0 when made; 2 where the name does not do or something is there already.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let root = cx.cwd.join(&args.path);
    let shown = files::shown(&cx.cwd, &root);
    let name = root.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
    if !manifest::is_identifier(&name) {
        let rule = "a letter, then letters, digits, `_` or single `-`";
        return Err(failed(format!("`{name}` does not do as a package name: it needs {rule}")));
    }
    if root.exists() {
        return Err(failed(format!("{shown} exists already")));
    }
    for (path, text) in FILES {
        let path = root.join(path);
        let folder = path.parent().unwrap_or(&root);
        let sentence = |e: io::Error| failed(format!("cannot make folder {shown}: {}", files::reason(&e)));
        fs::create_dir_all(folder).map_err(sentence)?;
        let text = text.replace("{name}", &name).replace("{language}", LANGUAGE);
        files::write_whole(&cx.cwd, &path, text.as_bytes())?;
    }
    let mut package = Package::load(Some(&root), cx)?;
    package.inputs.lock = None;
    let compiled = package.compile(cx);
    if compiled.compilation.failed() {
        check::show_errors(&compiled, cx)?;
        return Err(failed("the new package has errors, which is a fault of sprag"));
    }
    let lock = manifest::lock_text(&compiled.compilation.catalogs);
    files::write_whole(&cx.cwd, &root.join(LOCK), lock.as_bytes())?;
    if !cx.quiet {
        writeln!(cx.out, "made package `{name}` in {shown}; next: `cd {shown}`, `sprag test`")?;
    }
    Ok(Exit::Clean)
}
