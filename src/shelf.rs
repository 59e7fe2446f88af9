//! The catalogs that come with the program, packed when it was built.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// A catalog that comes with the program.
#[derive(Debug)]
pub struct Packed {
    /// Dotted name.
    pub name: &'static str,
    /// As its header says.
    pub version: &'static str,
    /// Where its file lies among those of the others.
    pub path: &'static str,
    /// SHA-256 of its text, as a lock has it.
    pub digest: &'static str,
    /// The catalogs that it uses.
    pub uses: &'static [&'static str],
    size: usize,
    bytes: &'static [u8],
}

/// All of them, by path.
pub static ALL: &[Packed] = include!(concat!(env!("OUT_DIR"), "/catalogs.rs"));

/// The one of that name.
pub fn find(name: &str) -> Option<&'static Packed> {
    ALL.iter().find(|packed| packed.name == name)
}

/// Those that the texts may use, and those that these use in turn, each once: whose names stand in some text.
///
/// A name that stands there for another reason does no harm: what no `use` reaches counts for nothing.
pub fn mentioned<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<&'static Packed> {
    let texts: Vec<&str> = texts.into_iter().collect();
    let mut wanted: Vec<&'static Packed> =
        ALL.iter().filter(|packed| texts.iter().any(|text| text.contains(packed.name))).collect();
    let mut at = 0;
    while let Some(packed) = wanted.get(at) {
        for used in packed.uses.iter().filter_map(|name| find(name)) {
            if !wanted.iter().any(|w| w.name == used.name) {
                wanted.push(used);
            }
        }
        at += 1;
    }
    wanted
}

impl Packed {
    /// Its text.
    pub fn text(&self) -> String {
        // What was packed when the program was built unpacks; were it damaged, its digest would not be the lock's.
        let bytes = decompress_to_vec_with_limit(self.bytes, self.size).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// What messages call its file, which lies in no folder.
    pub fn shown(&self) -> String {
        format!("<sprag>/{}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver;

    #[test]
    fn every_catalog_unpacks_to_what_was_packed() {
        assert!(ALL.len() >= 15 && ALL.windows(2).all(|w| w[0].path < w[1].path));
        for packed in ALL {
            let text = packed.text();
            assert_eq!(driver::digest(text.as_bytes()), packed.digest, "{}", packed.name);
            assert_eq!(driver::catalog_name(&text), Some(packed.name));
            assert!(packed.uses.iter().all(|used| find(used).is_some()), "{}", packed.name);
        }
    }

    #[test]
    fn what_is_mentioned_brings_what_it_uses() {
        let names = |text: &'static str| -> Vec<&str> {
            let mut names: Vec<_> = mentioned([text]).iter().map(|p| p.name).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names("use microsoft.graph"), ["common", "microsoft", "microsoft.graph"]);
        assert_eq!(names("nothing at all"), [] as [&str; 0]);
    }
}
