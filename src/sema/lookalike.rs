//! Text that people read differently from the machine: reordering, invisible and lookalike characters.

use std::collections::HashMap;

use unicode_security::{MixedScript, skeleton};

use super::context::{Context, source_of};
use super::errors;
use super::names::Items;
use crate::span::Span;
use crate::syntax::tree::{AppMember, File};
use crate::syntax::{is_bidirectional, is_hidden};

/// Looks through the strings of a file for characters that hide or reorder and for words of mixed scripts.
pub(super) fn scan(cx: &mut Context, file: &File) {
    let Some(number) = source_of(file) else { return };
    let Some(source) = cx.sources.sources().get(number as usize) else { return };
    let text = source.text.as_str();
    if text.is_ascii() && !text.contains("\\u{") {
        return;
    }
    let mut found = Vec::new();
    for (start, end) in strings(text) {
        let inside = &text[start..end];
        // The parser has reported what reorders text as it stands, but not what an escape writes.
        for (at, c) in inside.char_indices() {
            if let Some(what) = hidden(c).filter(|_| !is_bidirectional(c)) {
                let span = Span::new(number, start + at, start + at + c.len_utf8());
                found.push(errors::names::hidden_character(span, c, what));
            }
        }
        for (at, _) in inside.match_indices("\\u{") {
            // An even number of backslashes before it would make it text.
            let before = inside[..at].bytes().rev().take_while(|b| *b == b'\\').count();
            let Some(close) = inside[at..].find('}') else { continue };
            let digits = &inside[at + 3..at + close];
            let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            if let (true, Some(c)) = (before % 2 == 0, c)
                && let Some(what) = hidden(c)
            {
                let span = Span::new(number, start + at, start + at + close + 1);
                found.push(errors::names::hidden_character(span, c, what));
            }
        }
        if !inside.is_ascii() {
            let words = inside.split(|c: char| !c.is_alphanumeric());
            for word in words.filter(|w| !w.is_ascii() && !w.is_single_script()) {
                let at = word.as_ptr() as usize - text.as_ptr() as usize;
                found.push(errors::warnings::mixed_scripts(Span::new(number, at, at + word.len()), word));
            }
        }
    }
    cx.diagnostics.extend(found);
}

/// What a character does that no reader sees.
fn hidden(c: char) -> Option<&'static str> {
    match is_bidirectional(c) {
        true => Some("changes the order in which text is shown"),
        false => is_hidden(c).then_some("is not visible"),
    }
}

/// The insides of all strings: from quote to quote, comments left out.
fn strings(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at);
            }
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let end = at.min(bytes.len());
                if text.is_char_boundary(end) {
                    found.push((start, end));
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Compares names that an attacker could imitate: app keys strictly, others where letters beyond ASCII occur.
pub(super) fn compare(cx: &mut Context, items: &Items) {
    let mut keys = Vec::new();
    let mut vendors = Vec::new();
    for member in items.apps.iter().flat_map(|a| &a.members) {
        match member {
            AppMember::Key(text) => keys.push((text.value.as_str(), text.span)),
            AppMember::Vendor(text) => vendors.push((text.value.as_str(), text.span)),
            // Nothing that is compared as text.
            AppMember::Kind(_)
            | AppMember::Platform(_)
            | AppMember::Requests(_)
            | AppMember::Approved(_)
            | AppMember::Optional(_)
            | AppMember::StepUp(_)
            | AppMember::User { .. }
            | AppMember::Installed(_) => {}
        }
    }
    for (one, other) in alike(&keys, true) {
        cx.report(errors::names::lookalike_key(one, other));
    }
    let members = items.groups.iter().flat_map(|g| &g.members).map(|m| (m.value.as_str(), m.span)).collect();
    let containers = items.containers.iter().map(|c| (c.id.text.as_str(), c.id.span)).collect();
    for (what, names) in [("vendor", vendors), ("group member", members), ("container id", containers)] {
        for (one, other) in alike(&names, false) {
            cx.report(errors::warnings::lookalike(what, one, other));
        }
    }
}

type Place<'t> = (&'t str, Span);

/// Pairs of different texts that look the same, the later one first.
fn alike<'t>(names: &[Place<'t>], ascii_too: bool) -> Vec<(Place<'t>, Place<'t>)> {
    if !ascii_too && names.iter().all(|(text, _)| text.is_ascii()) {
        return Vec::new();
    }
    let mut seen: HashMap<String, Place> = HashMap::with_capacity(names.len());
    let mut pairs = Vec::new();
    for name in names {
        let first = *seen.entry(skeleton(name.0).collect()).or_insert(*name);
        if first.0 != name.0 && (ascii_too || !first.0.is_ascii() || !name.0.is_ascii()) {
            pairs.push((*name, first));
        }
    }
    pairs
}
