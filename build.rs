//! Packs the catalogs in `policies/catalogs`, so that the program has them wherever it is installed.
#![expect(clippy::disallowed_methods, reason = "a build script reads and writes files")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const CATALOGS: &str = "policies/catalogs";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CATALOGS}");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_CATALOGS").is_none() {
        return Ok(());
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo says where to write")?);
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo says where it is")?);
    let mut files = Vec::new();
    collect(&root.join(CATALOGS), &mut files)?;
    let shown = |file: &PathBuf| file.to_string_lossy().replace('\\', "/");
    files.sort_by_key(shown);
    let mut index = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let text = fs::read_to_string(file)?;
        let (name, version) = header(&text).ok_or_else(|| format!("{} is no catalog", file.display()))?;
        let path = file.strip_prefix(root.join(CATALOGS))?.to_string_lossy().replace('\\', "/");
        let digest: String = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        let uses: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("use ")).collect();
        let packed = out.join(format!("{number}.deflate"));
        fs::write(&packed, miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 8))?;
        writeln!(
            index,
            "    Packed {{ name: {name:?}, version: {version:?}, path: {path:?}, digest: {digest:?}, uses: &{uses:?}, \
             size: {}, bytes: include_bytes!({packed:?}) }},",
            text.len()
        )?;
    }
    index.push_str("]\n");
    fs::write(out.join("catalogs.rs"), index)?;
    Ok(())
}

/// Every `*.sprag` below the folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "sprag") {
            files.push(path);
        }
    }
    Ok(())
}

/// Name and version of `catalog NAME version "VERSION"`, which stands at the beginning.
fn header(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix("catalog ")?.split_once(' ')?;
    Some((name, rest.strip_prefix("version \"")?.split_once('"')?.0))
}
