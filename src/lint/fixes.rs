//! Which fixes can be applied together, and the texts that come out.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Edit, Fix, Safety};
use crate::span::{SourceMap, Span};

/// Whether a fix may be applied where fixes up to this safety are asked for. One that is only for display never is.
pub fn applicable(fix: &Fix, most: Safety) -> bool {
    fix.safety != Safety::Display && fix.safety <= most && !fix.edits.is_empty()
}

/// What one round of fixing does.
#[derive(Debug, Default)]
pub struct Round {
    /// The new text of each source that changes.
    pub texts: BTreeMap<u32, String>,
    /// The findings, by position, whose fixes are in it.
    pub applied: Vec<usize>,
}

/// Applies as many fixes as do not touch one another and take nothing for given that another one changes, those of
/// earlier findings first. What is left out may be applied in another round, when all has been looked at anew.
pub fn round(sources: &SourceMap, findings: &[Diagnostic], most: Safety) -> Round {
    let mut taken: BTreeMap<u32, Vec<&Edit>> = BTreeMap::new();
    let (mut applied, mut given) = (Vec::new(), BTreeSet::new());
    for (i, finding) in findings.iter().enumerate() {
        let Some(fix) = finding.fix.as_ref().filter(|f| applicable(f, most)) else { continue };
        let free = fix.edits.iter().all(|edit| {
            let others = taken.get(&edit.span.source);
            others.is_none_or(|others| others.iter().all(|other| !touch(edit.span, other.span)))
        });
        let place = fix.given.map(|of| (of.source, of.start));
        if free && place.is_none_or(|place| given.insert(place)) {
            for edit in &fix.edits {
                taken.entry(edit.span.source).or_default().push(edit);
            }
            applied.push(i);
        }
    }
    let text = |source: u32, edits: &[&Edit]| {
        let before = &sources.source(Span { source, start: 0, end: 0 }).text;
        (source, edited(before, edits))
    };
    Round { texts: taken.iter().map(|(source, edits)| text(*source, edits)).collect(), applied }
}

/// The text after these edits, which do not overlap.
pub fn edited(text: &str, edits: &[&Edit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|e| (e.span.start, e.span.end));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        out += text.get(at..start).unwrap_or_default();
        out += &edit.text;
        at = end.max(at);
    }
    out + text.get(at..).unwrap_or_default()
}

/// Whether they overlap or meet: two edits that meet may part what the other one joins.
fn touch(a: Span, b: Span) -> bool {
    a.start <= b.end && b.start <= a.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(safety: Safety, edits: &[(usize, usize, &str)]) -> Diagnostic {
        let edit = |(start, end, text): &(usize, usize, &str)| Edit {
            span: Span::new(0, *start, *end),
            text: (*text).to_owned(),
        };
        let edits = edits.iter().map(edit).collect();
        Diagnostic::warning("SPR0000", "x").fix(Fix { title: String::new(), safety, edits, given: None })
    }

    #[track_caller]
    fn check(most: Safety, findings: &[Diagnostic], text: &str, applied: &[usize]) {
        let mut sources = SourceMap::default();
        sources.add("a.sprag", "one two three four");
        let round = round(&sources, findings, most);
        assert_eq!(round.applied, applied);
        assert_eq!(round.texts.get(&0).map_or("one two three four", String::as_str), text);
    }

    #[test]
    fn fixes_that_touch_wait_for_the_next_round() {
        let findings = [
            finding(Safety::Safe, &[(0, 3, "1"), (8, 13, "3")]),
            finding(Safety::Safe, &[(10, 12, ""), (14, 18, "4")]),
            finding(Safety::Safe, &[(4, 7, "2")]),
            finding(Safety::Safe, &[(13, 13, "!")]),
        ];
        check(Safety::Safe, &findings, "1 2 3 four", &[0, 2]);
    }

    #[test]
    fn fixes_with_the_same_given_wait_for_the_next_round() {
        let mut findings = [
            finding(Safety::Safe, &[(0, 3, "1")]),
            finding(Safety::Safe, &[(8, 13, "3")]),
            finding(Safety::Safe, &[(14, 18, "4")]),
        ];
        for (finding, at) in findings.iter_mut().zip([4, 4, 9]) {
            finding.fix.as_mut().unwrap().given = Some(Span::new(0, at, at + 1));
        }
        check(Safety::Safe, &findings, "1 two three 4", &[0, 2]);
    }

    #[test]
    fn what_may_widen_is_never_applied_and_what_changes_only_when_asked_for() {
        let findings = [
            finding(Safety::Safe, &[(0, 3, "1")]),
            finding(Safety::Unsafe, &[(4, 7, "2")]),
            finding(Safety::Display, &[(8, 13, "3")]),
        ];
        check(Safety::Safe, &findings, "1 two three four", &[0]);
        check(Safety::Unsafe, &findings, "1 2 three four", &[0, 1]);
        check(Safety::Display, &findings, "1 2 three four", &[0, 1]);
    }
}
