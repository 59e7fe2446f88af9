//! Reading, finding and writing files, with errors that are sentences.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use flate2::read::MultiGzDecoder;

use super::failed;

/// The largest text that is read: spans count bytes in 32 bits, and no policy comes near this.
const LARGEST: u64 = 256 << 20;

/// The file's text.
///
/// # Errors
///
/// A sentence that names the file as shown from `cwd`: missing, unreadable, a folder, too large, not UTF-8.
pub(crate) fn read_text(cwd: &Path, path: &Path) -> io::Result<String> {
    text(cwd, path, read_bytes(cwd, path)?)
}

/// The text of a list that other programs write: in UTF-8, or in UTF-16 if its first two bytes say so.
///
/// # Errors
///
/// As [`read_text`].
pub(crate) fn read_decoded(cwd: &Path, path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    decoded(&*read_bytes(cwd, path)?).read_to_end(&mut bytes)?;
    text(cwd, path, bytes)
}

/// The same in UTF-8, for what a mark at the beginning says to be in UTF-16, as the shell of Windows writes it. All else
/// passes as it is, also what is no UTF-8.
pub(crate) fn decoded<R: Read>(input: R) -> DecodeReaderBytes<R, Vec<u8>> {
    DecodeReaderBytesBuilder::new().bom_sniffing(true).utf8_passthru(true).build(input)
}

/// The text of a foreign file, compressed with gzip or not.
///
/// # Errors
///
/// As [`read_text`], of what is in it too; one that is compressed and broken.
pub(crate) fn read_document(cwd: &Path, path: &Path) -> io::Result<String> {
    let mut bytes = read_bytes(cwd, path)?;
    if bytes.starts_with(&GZIP) {
        let mut inside = Vec::new();
        MultiGzDecoder::new(&*bytes)
            .take(LARGEST + 1)
            .read_to_end(&mut inside)
            .map_err(|e| failed(format!("cannot read {}: {}", shown(cwd, path), reason(&e))))?;
        bytes = limited(cwd, path, inside)?;
        if bytes.starts_with(&GZIP) {
            let shown = shown(cwd, path);
            return Err(failed(format!(
                "cannot read {shown}: it is compressed twice; run gunzip on it once"
            )));
        }
    }
    text(cwd, path, bytes)
}

/// How what gzip compressed begins (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn text(cwd: &Path, path: &Path, bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
        failed(format!("{}:{line}: the text is not UTF-8 (byte {at} of the file)", shown(cwd, path)))
    })
}

/// The file's bytes.
///
/// # Errors
///
/// As [`read_text`], without the last.
pub(crate) fn read_bytes(cwd: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let sentence = |e: io::Error| failed(format!("cannot read {}: {}", shown(cwd, path), reason(&e)));
    let data = fs::metadata(path).map_err(sentence)?;
    if data.is_dir() {
        return Err(failed(format!("cannot read {}: it is a folder", shown(cwd, path))));
    }
    // A pipe (`<(…)`) does not say how much will come.
    let mut bytes = Vec::with_capacity(data.len().min(LARGEST) as usize);
    fs::File::open(path).and_then(|f| f.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(sentence)?;
    limited(cwd, path, bytes)
}

fn limited(cwd: &Path, path: &Path, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > LARGEST {
        return Err(failed(format!(
            "cannot read {}: it is larger than {} MiB",
            shown(cwd, path),
            LARGEST >> 20
        )));
    }
    Ok(bytes)
}

/// The bundles that are meant, with their names as shown from `cwd`: files, and of folders all files that end in
/// `.spragb`, in the order of their names.
///
/// # Errors
///
/// A sentence that names the file or folder; a folder without bundles too.
pub(crate) fn bundles(cwd: &Path, paths: &[PathBuf]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for path in paths {
        let whole = cwd.join(path);
        if !whole.is_dir() {
            found.push(whole);
            continue;
        }
        let sentence = |e: io::Error| failed(format!("{} cannot be read: {}", path.display(), reason(&e)));
        let mut inside = Vec::new();
        for entry in fs::read_dir(&whole).map_err(sentence)? {
            inside.push(entry.map_err(sentence)?.path());
        }
        inside.retain(|path| path.extension().is_some_and(|e| e == "spragb") && path.is_file());
        if inside.is_empty() {
            return Err(failed(format!("there is no bundle in {}", path.display())));
        }
        inside.sort();
        found.append(&mut inside);
    }
    found.into_iter().map(|path| Ok((shown(cwd, &path), read_bytes(cwd, &path)?))).collect()
}

/// Writes the whole file or leaves it as it was: a new file beside it takes its place at the end.
///
/// # Errors
///
/// A sentence that names the file.
pub(crate) fn write_whole(cwd: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let sentence = |e: io::Error| failed(format!("cannot write {}: {}", shown(cwd, path), reason(&e)));
    // A link stays a link: what it points at is replaced. What is not a file (a pipe, `/dev/null`) is written to.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|m| !m.is_file()) {
        return fs::OpenOptions::new()
            .write(true)
            .open(&target)
            .and_then(|mut f| f.write_all(bytes))
            .map_err(sentence);
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let beside = target.with_file_name(name);
    let written = fs::write(&beside, bytes)
        .and_then(|()| before.map_or(Ok(()), |m| fs::set_permissions(&beside, m.permissions())))
        .and_then(|()| fs::rename(&beside, &target));
    written.map_err(|e| {
        // The first error is the one to report; the half-made file may not even exist.
        let _ = fs::remove_file(&beside);
        sentence(e)
    })
}

/// Every `*.sprag` file below the folder, sorted by path; hidden folders, `target` and linked folders are left
/// out, and so is every folder for which `skip` holds.
///
/// # Errors
///
/// A sentence that names the folder that cannot be read.
pub(crate) fn sprag_files(
    cwd: &Path,
    folder: &Path,
    skip: &dyn Fn(&Path) -> bool,
) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let sentence =
            |e: io::Error| failed(format!("cannot read folder {}: {}", shown(cwd, &folder), reason(&e)));
        for entry in fs::read_dir(&folder).map_err(sentence)? {
            let entry = entry.map_err(sentence)?;
            let (path, name) = (entry.path(), entry.file_name());
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type().map_err(sentence)?.is_dir() {
                if name != "target" && !skip(&path) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "sprag") {
                if path.to_str().is_none() {
                    return Err(failed(format!("the file name {} is not UTF-8", shown(cwd, &path))));
                }
                found.push(path);
            }
        }
    }
    found.sort_by_cached_key(|p| slashed(p));
    Ok(found)
}

/// The folders in a folder that may hold files of ours: neither hidden nor `target` nor a link.
///
/// # Errors
///
/// A sentence that names the folder.
pub(crate) fn folders(cwd: &Path, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let sentence =
        |e: io::Error| failed(format!("cannot read folder {}: {}", shown(cwd, folder), reason(&e)));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(sentence)? {
        let entry = entry.map_err(sentence)?;
        let name = entry.file_name();
        let ours = name != "target" && !name.as_encoded_bytes().starts_with(b".");
        if ours && entry.file_type().map_err(sentence)?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The top of the repository that the folder lies in; the folder itself if it lies in none.
pub(crate) fn repository(folder: &Path) -> &Path {
    // In a worktree `.git` is a file.
    folder.ancestors().find(|f| f.join(".git").exists()).unwrap_or(folder)
}

/// The path as people see it: from `cwd` where there is a way, with `/`.
pub(crate) fn shown(cwd: &Path, path: &Path) -> String {
    let path = if path.is_absolute() { path.to_owned() } else { cwd.join(path) };
    relative(cwd, &path)
}

/// The way from one absolute folder to a path, with `/`; the whole path if they have nothing in common.
pub(crate) fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (tidy(from), tidy(to));
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let only_root = from.components().take(common).all(|c| !matches!(c, Component::Normal(_)));
    if only_root && from != to {
        return slashed(&to);
    }
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(common)).collect();
    if way.as_os_str().is_empty() { ".".to_owned() } else { slashed(&way) }
}

/// Without `.` and, as far as names tell, without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                tidied.push(part)
            }
        }
    }
    tidied
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

/// Why, without the number that the standard library adds.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        // The operating system's own words for everything rarer.
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, way: &str) {
        assert_eq!(relative(Path::new(from), Path::new(to)), way);
    }

    #[test]
    fn paths_are_shown_from_where_one_stands() {
        check("/a/b", "/a/b/c/d.sprag", "c/d.sprag");
        check("/a/b", "/a/c/d.sprag", "../c/d.sprag");
        check("/a/b", "/a/b/../c/./d.sprag", "../c/d.sprag");
        check("/a/b", "/a/b", ".");
        check("/a/b", "/x/y", "/x/y");
        check("/", "/x/y", "/x/y");
    }
}
