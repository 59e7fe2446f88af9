//! The pages of `docs/diagnostics`, built in.

macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", $code, ".md")))),*]
    };
}

/// Code and page of every finding, sorted. `tests/house.rs` compares the list with the folder.
pub(crate) const PAGES: &[(&str, &str)] = pages![];

/// The page's first line without its mark.
pub(crate) fn title(page: &str) -> &str {
    page.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_sorted_and_have_titles() {
        assert!(PAGES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PAGES.iter().all(|(_, page)| page.starts_with("# ") && !title(page).is_empty()));
    }
}
