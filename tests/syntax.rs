//! Laws of the syntax: printing and parsing are inverse, formatting is idempotent and keeps comments, and
//! no text makes the parser panic or stay silent.

#![expect(clippy::disallowed_methods, reason = "reads the policies of this repository")]

use std::path::Path;

use sprag::diag::Diagnostic;
use sprag::syntax::tree::File;
use sprag::syntax::{format, parse, print, print_item};
use sprag_test_support::random::Random;
use sprag_test_support::trees;

#[test]
fn print_then_parse_is_the_identity() {
    for seed in 0..3000 {
        let file = trees::file(&mut Random::new(seed), 12);
        let text = print(&file);
        let again = parsed(seed, &text);
        for (expected, found) in file.items.iter().zip(&again.items) {
            assert_eq!(expected, found, "seed {seed}\n{}", print_item(expected));
        }
        assert_eq!(file.items.len(), again.items.len(), "seed {seed}\n{text}");
        assert_eq!(print(&again), text, "seed {seed}: spans change the layout");
        let ends_in_blanks = text.lines().any(|line| line.ends_with(' '));
        assert!(!ends_in_blanks && (text.is_empty() || text.ends_with('\n')), "seed {seed}\n{text}");
    }
}

#[test]
fn formatting_is_idempotent_and_keeps_comments() {
    for seed in 0..3000 {
        let r = &mut Random::new(seed);
        let file = trees::file(r, 6);
        let text = with_comments(r, &print(&file));
        let before = parsed(seed, &text);
        assert_eq!(before.items, file.items, "seed {seed}\n{text}");
        let formatted = format(&text).unwrap_or_else(|d| panic!("seed {seed}\n{text}\n{d:#?}"));
        let after = parsed(seed, &formatted);
        assert_eq!(after.items, file.items, "seed {seed}\n{text}\nbecame\n{formatted}");
        assert_eq!(comments(&after), comments(&before), "seed {seed}\n{text}\nbecame\n{formatted}");
        assert_eq!(print(&after), formatted, "seed {seed}: not idempotent\n{text}");
    }
}

#[test]
fn every_text_parses_or_says_why_not() {
    let samples = policies();
    for seed in 0..100_000 {
        let r = &mut Random::new(seed);
        let text = match samples.as_slice() {
            [_, ..] if r.one_in(10) => excerpt(r, &samples),
            _ => print(&trees::file(r, 3)),
        };
        let text = mutated(r, text);
        let (file, diagnostics) = parse(7, &text);
        for diagnostic in &diagnostics {
            assert_inside(seed, &text, diagnostic);
        }
        if diagnostics.is_empty() {
            assert_eq!(unread(&file, &text), "", "seed {seed}: left out in silence\n{text}");
            let again = print(&file);
            assert_eq!(
                parsed(seed, &again),
                file_without_spans(file),
                "seed {seed}\n{text}\nbecame\n{again}"
            );
        }
    }
}

#[test]
fn a_broken_item_hides_no_other() {
    for seed in 0..2000 {
        let r = &mut Random::new(seed);
        let items = r.some(1, 10, trees::item);
        let (mut text, mut broken, mut whole) = (String::new(), 0, Vec::new());
        for item in &items {
            let printed = print_item(item);
            let blanks = blanks(&printed);
            // Outside of braces a later line can start with a name that is also a keyword.
            let one_place = printed.ends_with('}') || !printed.contains('\n');
            if r.one_in(2) && one_place && !blanks.is_empty() {
                let at = *r.pick(&blanks);
                text.push_str(&format!("{} % {}\n", &printed[..at], &printed[at..]));
                broken += 1;
            } else {
                text.push_str(&format!("{printed}\n"));
                whole.push(item.clone());
            }
        }
        let (file, diagnostics) = parse(0, &text);
        assert_eq!(diagnostics.len(), broken, "seed {seed}\n{text}\n{diagnostics:#?}");
        assert_eq!(file.items, whole, "seed {seed}\n{text}");
    }
}

#[test]
fn each_error_has_its_code() {
    check("permit a b", "E0101", "b");
    check("app x { key \"abc\n}", "E0102", "\"abc");
    check("mark x \"a\\qb\"", "E0103", "\\q");
    check("mark x \"\\u{110000}\"", "E0103", "\\u{110000}");
    check("permit a to b when x < 99999999999999999999d", "E0104", "99999999999999999999d");
    check("permit a to b when x < 2026-02-30", "E0104", "2026-02-30");
    check("window w in \"UTC\" { mon 09:00-24:01 }", "E0104", "24:01");
    check(&format!("permit a to b when {}x", "(".repeat(129)), "E0105", "(");
    check(&format!("permit a to b when {}x", "not ".repeat(129)), "E0105", "not");
    check("permit a to b when c when d", "E0106", "when d");
    check("app when { }", "E0107", "when");
    check("app time\u{455}heets { }", "E0108", "\u{455}");
    check("use a // \u{202e}", "E0109", "\u{202e}");
    check("mark x \"\0\"", "E0110", "\0");
    check("mark x \"\t\"", "E0110", "\t");
    check(&"use x\0\n".repeat(2000), "E0110", "\0");
    check("window w in \"UTC\" { mo 09:00-17:00 }", "E0112", "mo");
    check("permt a to b", "E0114", "permt");
}

#[test]
fn too_many_errors_are_cut_and_said_so() {
    let (_, diagnostics) = parse(0, &"use %\n".repeat(5000));
    assert_eq!(diagnostics.len(), 1001);
    assert_eq!(diagnostics.last().map(|d| d.code), Some("E0111"));
}

#[test]
fn depth_up_to_the_limit_is_fine() {
    let text = format!("permit a to b when {}x{}", "(".repeat(128), ")".repeat(128));
    assert_eq!(parsed(0, &text).items.len(), 1);
    let text = format!("condition c = {}x", "not ".repeat(128));
    assert_eq!(parsed(0, &print(&parsed(0, &text))).items.len(), 1);
    // What is too deep hides nothing behind it, however deep.
    let text = format!("permit a to b when {}x\nuse b\n", "not (".repeat(200_000));
    let (file, diagnostics) = parse(0, &text);
    assert_eq!((file.items.len(), diagnostics.len()), (1, 1));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_blanks() {
    let file = parsed(0, "\u{feff}// hello\r\nuse a // b\r\n");
    assert_eq!(comments(&file), ["// hello", "// b"]);
    assert_eq!(format("// hello\r\nuse a // b\r\n").as_deref(), Ok("// hello\nuse a // b\n"));
}

#[test]
fn six_mebibytes_parse_in_linear_time() {
    let line = "permit a, b to read, jira.* in project PAY where x == \"y\" when (a or b) and time > 2026-01-01 // c\n";
    let text = line.repeat(6 * 1024 * 1024 / line.len());
    assert_eq!(parsed(0, &text).items.len(), text.len() / line.len());
    let list = format!("enum a {{ {} }}", "b, ".repeat(2 * 1024 * 1024));
    assert_eq!(parsed(0, &list).items.len(), 1);
}

#[track_caller]
fn check(text: &str, code: &str, place: &str) {
    let (_, diagnostics) = parse(0, text);
    let Some(first) = diagnostics.first() else { panic!("{text} has no error") };
    let found = &text[first.span().start as usize..first.span().end as usize];
    assert_eq!((first.code, found), (code, place), "{text}");
}

#[track_caller]
fn parsed(seed: u64, text: &str) -> File {
    let (file, diagnostics) = parse(0, text);
    assert!(diagnostics.is_empty(), "seed {seed}\n{text}\n{:#?}", diagnostics.first());
    file
}

#[track_caller]
fn assert_inside(seed: u64, text: &str, diagnostic: &Diagnostic) {
    for label in &diagnostic.labels {
        let range = label.span.start as usize..label.span.end as usize;
        let inside = text.get(range).is_some_and(|covered| !covered.is_empty());
        assert!(inside && label.span.source == 7, "seed {seed}\n{text}\n{diagnostic:#?}");
    }
    assert!(!diagnostic.labels.is_empty(), "seed {seed}: no place\n{diagnostic:#?}");
}

fn comments(file: &File) -> Vec<&str> {
    file.comments.iter().map(|c| c.text.as_str()).collect()
}

/// What stands neither in an item nor in a comment, without blanks.
fn unread(file: &File, text: &str) -> String {
    let mut bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes().to_vec();
    let mark = text.len() - bytes.len();
    let spans = file.items.iter().map(|item| item.span()).chain(file.comments.iter().map(|c| c.span));
    for span in spans {
        bytes[span.start as usize - mark..span.end as usize - mark].fill(b' ');
    }
    String::from_utf8_lossy(&bytes).split_whitespace().collect()
}

/// Comments compare by text only here: where they stand may move.
fn file_without_spans(file: File) -> File {
    let text = print(&file);
    let (again, _) = parse(0, &text);
    File { items: file.items, comments: again.comments }
}

/// Where blanks stand outside of quotes.
fn blanks(text: &str) -> Vec<usize> {
    let (mut quoted, mut escaped) = (false, false);
    let mut found = Vec::new();
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\n' if !quoted => found.push(index),
            _ => {}
        }
    }
    found
}

/// Comments at random places between tokens, some at the end of a line and some on their own.
fn with_comments(r: &mut Random, text: &str) -> String {
    let mut out = String::new();
    let (mut last, mut number) = (0, 0);
    for at in blanks(text) {
        out.push_str(&text[last..at]);
        last = at;
        let many = if r.one_in(8) { 1 + r.below(3) } else { 0 };
        for _ in 0..many {
            out.push_str(r.pick::<&str>(&[" ", "\n", "\n\n  ", "\n\t"]));
            out.push_str(&format!("// {number} \"{{\n"));
            number += 1;
        }
    }
    out.push_str(&text[last..]);
    if r.one_in(4) {
        out.push_str("\n\n// the end");
    }
    out
}

/// The text with a few things wrong.
fn mutated(r: &mut Random, text: String) -> String {
    let mut bytes = text.into_bytes();
    for _ in 0..1 + r.below(4) {
        let length = bytes.len();
        if length == 0 {
            bytes = r.some(0, 12, |r| r.number() as u8);
            continue;
        }
        let (a, b) = (r.below(length), r.below(length));
        match r.below(8) {
            0 => bytes[a] = r.number() as u8,
            1 => bytes[a] ^= 1 << r.below(8),
            2 => bytes.truncate(a),
            3 => drop(bytes.drain(a..(a + r.below(12)).min(length))),
            4 => {
                let copy = bytes[a..(a + r.below(40)).min(length)].to_vec();
                bytes.splice(b..b, copy);
            }
            5 => drop(bytes.splice(a..a, r.pick(&PIECES).bytes())),
            6 => {
                let blanks = blanks(&String::from_utf8_lossy(&bytes));
                if let [.., _] = blanks.as_slice() {
                    let at = (*r.pick(&blanks)).min(length);
                    bytes.splice(at..at, r.pick(&PIECES).bytes());
                }
            }
            _ => {
                // One word less.
                let end = bytes[a..].iter().position(|b| *b == b' ').map_or(length, |end| a + end);
                bytes.drain(a..end);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const PIECES: [&str; 24] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "(((((((((",
    "not not not ",
    "\u{202e}",
    "\u{feff}",
    "\0",
    "\r",
    "\n",
    "//",
    ",",
    " permit ",
    "\npermit ",
    "\u{430}",
    "“",
    "=",
    "99999999999999999999",
    " when ",
    " in ",
    "\u{2028}",
];

/// Some lines of one of the texts.
fn excerpt(r: &mut Random, texts: &[String]) -> String {
    let text = r.pick(texts);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let start = r.below(lines.len().max(1));
    lines.iter().skip(start).take(60).copied().collect()
}

/// All `.sprag` files of the repository.
fn policies() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("policies"), root.join("src/sema")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "sprag") {
                texts.extend(std::fs::read_to_string(path));
            }
        }
    }
    texts
}
