//! Revisions of a git repository as folders, made by the program `git`.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::failed;
use super::manifest::{LOCK, MANIFEST};

/// Sources, manifests and locks of a revision, in a folder that goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Checkout {
    folder: PathBuf,
}

impl Checkout {
    /// The folder that stands for the root of the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // What is left behind lies in a folder for such things.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Takes out of the repository around `cwd` what a package can consist of, as it was in the revision.
///
/// # Errors
///
/// A sentence: no git, no repository, no such revision, a file that cannot be written.
pub(crate) fn checkout(cwd: &Path, revision: &str) -> io::Result<Checkout> {
    if revision.starts_with('-') || revision.is_empty() {
        return Err(failed(format!("`{revision}` is not a git revision")));
    }
    let top = root(cwd)?;
    let name = format!("{revision}^{{commit}}");
    let commit = git(&top, ["rev-parse", "--verify", "--quiet", "--end-of-options", &name])
        .map_err(|e| if e.to_string().is_empty() { unknown(revision) } else { e })?;
    let commit = text(commit).trim().to_owned();
    let listed = git(&top, ["ls-tree", "-r", "-z", "--full-tree", &commit])?;
    let mut files = Vec::new();
    for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        // `100644 blob HASH\tPATH`; links and other repositories are left out, as they are on disk.
        let line = text(line.to_vec());
        let Some((head, path)) = line.split_once('\t') else { continue };
        let [mode, "blob", hash] = head.split(' ').collect::<Vec<_>>()[..] else { continue };
        if mode != "120000" && is_part(path) {
            files.push((hash.to_owned(), path.to_owned()));
        }
    }
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("sprag-{}-{number}", std::process::id()));
    let sentence =
        |e: io::Error| failed(format!("cannot write {}: {}", folder.display(), super::files::reason(&e)));
    // Not where somebody else prepared something.
    fs::create_dir(&folder).map_err(sentence)?;
    let folder = fs::canonicalize(&folder).map_err(sentence)?;
    let checkout = Checkout { folder: folder.clone() };
    let contents = contents(&top, &files)?;
    for ((_, path), bytes) in files.iter().zip(contents) {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes)).map_err(sentence)?;
    }
    Ok(checkout)
}

/// The root of the repository around the folder.
///
/// # Errors
///
/// A sentence: no git, no repository.
pub(crate) fn root(cwd: &Path) -> io::Result<PathBuf> {
    let found = git(cwd, ["rev-parse", "--show-toplevel"])?;
    let path = PathBuf::from(text(found).trim_end_matches(['\r', '\n']));
    fs::canonicalize(&path)
        .map_err(|e| failed(format!("cannot read {}: {}", path.display(), super::files::reason(&e))))
}

fn unknown(revision: &str) -> io::Error {
    failed(format!("git knows no revision `{revision}`; in a shallow clone it may have to be fetched first"))
}

/// Whether a compiler would read it; nothing that leads out of the folder.
fn is_part(path: &str) -> bool {
    let path = Path::new(path);
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    inside && (name == MANIFEST || name == LOCK || name.ends_with(".sprag"))
}

/// The contents of files by their hashes, in order.
fn contents(top: &Path, files: &[(String, String)]) -> io::Result<Vec<Vec<u8>>> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(top)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| no_git(&e))?;
    let asked: String = files.iter().map(|(hash, _)| format!("{hash}\n")).collect();
    let mut input = child.stdin.take();
    // Written from beside, so that neither waits for the other.
    let writer = std::thread::spawn(move || match &mut input {
        Some(input) => input.write_all(asked.as_bytes()),
        None => Ok(()),
    });
    let output = child.wait_with_output()?;
    // A pipe that broke shows in the answer.
    let _ = writer.join();
    let broken = || failed("git does not give the files of the revision".to_owned());
    let mut rest = output.stdout.as_slice();
    let mut contents = Vec::with_capacity(files.len());
    for (hash, _) in files {
        // `HASH blob SIZE\n`, the bytes, and a line end.
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
        let head = text(rest[..end].to_vec());
        let size = head.strip_prefix(&format!("{hash} blob ")).and_then(|size| size.parse::<usize>().ok());
        let size = size.ok_or_else(broken)?;
        let bytes = rest.get(end + 1..end + 1 + size).ok_or_else(broken)?;
        contents.push(bytes.to_vec());
        rest = rest.get(end + 2 + size..).ok_or_else(broken)?;
    }
    Ok(contents)
}

/// What git says; where it fails, its own words, which may be none.
fn git<'a>(folder: &Path, args: impl IntoIterator<Item = &'a str>) -> io::Result<Vec<u8>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| no_git(&e))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = text(output.stderr);
    let said = said.trim().trim_start_matches("fatal: ");
    Err(failed(if said.is_empty() { String::new() } else { format!("git: {said}") }))
}

fn no_git(error: &io::Error) -> io::Error {
    failed(format!("cannot run git: {}", super::files::reason(error)))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
