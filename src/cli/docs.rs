//! The pages of `docs/diagnostics` and of the lint rules, built in.

use crate::lint::RULES;

macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", $code, ".md")))),*]
    };
}

/// Code and page of every finding, sorted. `tests/house.rs` compares the list with the folder.
pub(crate) const PAGES: &[(&str, &str)] = pages![
    "E0101", "E0102", "E0103", "E0104", "E0105", "E0106", "E0107", "E0108", "E0109", "E0110", "E0111",
    "E0112", "E0113", "E0114", "E0199", "E0201", "E0202", "E0203", "E0204", "E0205", "E0206", "E0207",
    "E0208", "E0209", "E0210", "E0301", "E0302", "E0303", "E0304", "E0305", "E0306", "E0307", "E0308",
    "E0309", "E0310", "E0311", "E0312", "E0313", "E0314", "E0315", "E0316", "E0401", "E0402", "E0403",
    "E0404", "E0405", "E0406", "E0407", "E0408", "E0409", "E0410", "E0411", "E0501", "E0502", "E0503",
    "E0504", "E0505", "E0506", "E0507", "E0508", "E0509", "E0601", "E0602", "E0603", "E0604", "E0605",
    "E0606", "E0607", "E0801", "E0802", "E0803", "E0804", "E0901", "E0902", "E0913", "E0914", "W0701",
    "W0702", "W0703", "W0704", "W0911", "W0912", "W0915", "W0916", "W0917", "W0918",
];

/// The page of a code: of a diagnostic, or of a lint rule.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    all().find(|(known, _)| *known == code).map(|(_, page)| page)
}

/// Code and page of everything that can be found.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGES.iter().copied().chain(RULES.iter().map(|r| (r.code, r.page)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page_title;

    #[test]
    fn pages_are_sorted_and_have_titles() {
        assert!(PAGES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PAGES.iter().all(|(_, page)| page.starts_with("# ") && !page_title(page).is_empty()));
    }
}
