//! The hash of a line that GitHub follows a finding by, from one commit to the next.
//!
//! It is the one that GitHub's upload action computes (`github/codeql-action`, `src/fingerprints.ts`) where a file
//! brings none, and compares with where it does: a rolling hash of the 100 UTF-16 code units from the line's start
//! on, blanks and tabs left out, every line end counted as one line feed.

use std::collections::HashMap;

/// How many code units a hash looks at.
const WINDOW: usize = 100;

/// What the hash is multiplied with for each of them.
const FACTOR: u64 = 37;

/// Stands behind the last code unit.
const END: u16 = u16::MAX;

/// The hash of every line, first line first: `hash:n`, where n counts equal hashes in the text.
pub(super) fn line_hashes(text: &str) -> Vec<String> {
    let (units, starts) = units(text);
    let first = (0..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
    // The hash of the window that begins at each unit; the zeros before the text and behind it count for nothing.
    let at = |i: usize| u64::from(units.get(i).copied().unwrap_or(0));
    let mut hash = (0..WINDOW).fold(0_u64, |hash, i| hash.wrapping_mul(FACTOR).wrapping_add(at(i)));
    let mut seen: HashMap<u64, usize> = HashMap::new();
    let (mut hashes, mut position) = (Vec::with_capacity(starts.len()), 0);
    for start in starts {
        while position < start {
            hash = hash
                .wrapping_mul(FACTOR)
                .wrapping_add(at(position + WINDOW))
                .wrapping_sub(first.wrapping_mul(at(position)));
            position += 1;
        }
        let nth = seen.entry(hash).or_default();
        *nth += 1;
        hashes.push(format!("{hash:x}:{nth}"));
    }
    hashes
}

/// The code units that count, [`END`] behind them, and at which of them each line starts.
fn units(text: &str) -> (Vec<u16>, Vec<usize>) {
    let [tab, lf, cr, blank] = [b'\t', b'\n', b'\r', b' '].map(u16::from);
    let (mut units, mut starts) = (Vec::with_capacity(text.len() + 1), Vec::new());
    let (mut line_start, mut after_cr) = (true, false);
    for unit in text.encode_utf16().chain([END]) {
        if unit == blank || unit == tab || (after_cr && unit == lf) {
            after_cr = false;
            continue;
        }
        after_cr = unit == cr;
        let unit = if unit == cr { lf } else { unit };
        if line_start {
            starts.push(units.len());
        }
        line_start = unit == lf;
        units.push(unit);
    }
    (units, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the action's own test, `src/fingerprints.test.ts`.
    #[test]
    fn hashes_are_those_of_github() {
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            line_hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
        let lines = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for text in [
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
            " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r",
            " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
        ] {
            assert_eq!(line_hashes(text), lines, "{text:?}");
        }
    }

    #[test]
    fn equal_lines_are_counted() {
        let hashes = line_hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(
            hashes,
            [
                "a7f2ff13bc495cf2:1",
                "a7f2ff13bc495cf2:2",
                "a7f2ff13bc495cf2:3",
                "a7f2ff13bc495cf2:4",
                "a7f2ff13bc495cf2:5",
                "a7f2ff13bc495cf2:6",
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1",
            ]
        );
    }
}
