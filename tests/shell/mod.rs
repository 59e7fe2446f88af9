//! The command line on folders, in this process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sprag::cli::{self, Context, Exit};
use sprag::report::Look;

/// What came out of one command.
pub(crate) struct Said {
    pub(crate) exit: Exit,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

/// Runs `sprag ARGS` in the folder.
pub(crate) fn sprag(folder: &Path, args: &[&str]) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder).unwrap(),
        input: &mut &b""[..],
        out: &mut out,
        err: &mut err,
        look: Look::PLAIN,
        quiet: false,
        progress: false,
    };
    let exit = cli::run(["sprag"].iter().chain(args), &mut cx);
    Said { exit, out, err: String::from_utf8(err).unwrap() }
}

/// Runs `sprag ARGS` in the repository; nothing may be found.
#[track_caller]
pub(crate) fn clean(args: &[&str]) -> Said {
    let said = sprag(&root(), args);
    assert_eq!(said.exit, Exit::Clean, "{args:?}\n{}{}", String::from_utf8_lossy(&said.out), said.err);
    said
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What is in the folder.
pub(crate) fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

/// The folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}
