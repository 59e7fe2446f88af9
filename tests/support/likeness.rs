//! Which of several patterns a text can match at once: all of their automata side by side, over every text.

use std::collections::{BTreeSet, HashMap, HashSet};

use sprag::sema::model::{Pattern, PatternPart, Type};

/// What a place in a pattern takes: one character, or any number of them.
#[derive(Debug, Clone)]
enum Step {
    One(Characters),
    Many(Characters),
}

#[derive(Debug, Clone)]
enum Characters {
    Only(char),
    All,
    AllBut(&'static str),
    Digits,
    Host,
    Letters,
}

impl Characters {
    fn take(&self, character: char) -> bool {
        match self {
            Characters::Only(only) => *only == character,
            Characters::All => true,
            Characters::AllBut(but) => !but.contains(character),
            Characters::Digits => character.is_ascii_digit(),
            Characters::Host => !matches!(character, ':' | '/'),
            Characters::Letters => character.is_ascii_lowercase(),
        }
    }
}

/// Remembers what it found: many packages have the same patterns.
#[derive(Debug, Default)]
pub struct Likeness {
    known: HashMap<(u8, Vec<Pattern>), BTreeSet<Vec<bool>>>,
}

impl Likeness {
    /// All rows of truths that a text of this type can have. A row that any text has, many have, so long as each
    /// pattern has a part that matches many texts.
    pub fn rows(&mut self, kind: Type, patterns: &[Pattern]) -> BTreeSet<Vec<bool>> {
        let tag = match kind {
            Type::Domain => 1,
            Type::Origin => 2,
            _ => 0, // strings
        };
        self.known.entry((tag, patterns.to_vec())).or_insert_with(|| rows(tag, patterns)).clone()
    }
}

/// Whether the text matches, by trying everything.
pub fn matches(pattern: &Pattern, text: &str) -> bool {
    let steps = steps(pattern);
    let mut at = closed(&steps, BTreeSet::from([0]));
    for character in text.chars() {
        at = step(&steps, &at, character);
    }
    at.contains(&steps.len())
}

/// Whether the pattern is one text.
pub fn is_text(pattern: &Pattern) -> Option<String> {
    match pattern.0.as_slice() {
        [] => Some(String::new()),
        [PatternPart::Text(text)] => Some(text.clone()),
        _ => None,
    }
}

fn rows(tag: u8, patterns: &[Pattern]) -> BTreeSet<Vec<bool>> {
    let mut all: Vec<Vec<Step>> = patterns.iter().map(steps).collect();
    let mut alphabet: BTreeSet<char> = "q7".chars().collect();
    for pattern in patterns {
        for part in &pattern.0 {
            if let PatternPart::Text(text) = part {
                alphabet.extend(text.chars());
            }
        }
    }
    let text = |text: &str| text.chars().map(|c| Step::One(Characters::Only(c))).collect::<Vec<_>>();
    let some = |of: Characters| vec![Step::One(of.clone()), Step::Many(of)];
    match tag {
        0 => alphabet.extend(".:/Q é".chars()),
        1 => alphabet.extend(['.', '-']),
        _ => {
            alphabet.extend(".:/-0123456789htps".chars());
            let host = || [text("://"), some(Characters::Host)].concat();
            let port = [text(":"), some(Characters::Digits)].concat();
            all.push([some(Characters::Letters), host()].concat());
            all.push([some(Characters::Letters), host(), port].concat());
            all.push([text("http"), host(), text(":80")].concat());
            all.push([text("https"), host(), text(":443")].concat());
        }
    }
    let start: Vec<BTreeSet<usize>> = all.iter().map(|steps| closed(steps, BTreeSet::from([0]))).collect();
    let mut seen = HashSet::from([(start.clone(), ' ')]);
    let mut todo = vec![(start, ' ')];
    let mut rows = BTreeSet::new();
    while let Some((at, last)) = todo.pop() {
        let ends: Vec<bool> = all.iter().zip(&at).map(|(steps, at)| at.contains(&steps.len())).collect();
        let (row, rest) = ends.split_at(patterns.len());
        let valid = match tag {
            0 => true,
            1 => !matches!(last, ' ' | '.'),
            _ => last != '.' && (rest[0] || rest[1]) && !rest[2] && !rest[3],
        };
        if valid {
            rows.insert(row.to_vec());
        }
        for character in &alphabet {
            // No label is empty; no port begins with 0.
            let empty = *character == '.' && matches!(last, ' ' | '.' | '/' | ':')
                || matches!(character, ':' | '/') && last == '.'
                || *character == '0' && last == ':';
            if tag > 0 && empty {
                continue;
            }
            let next: Vec<BTreeSet<usize>> =
                all.iter().zip(&at).map(|(steps, at)| step(steps, at, *character)).collect();
            // Only whether it is a dot, a slash or a colon matters of the last character.
            let last = if matches!(character, '.' | '/' | ':') && tag > 0 { *character } else { 'x' };
            if tag == 2 && next[patterns.len()].is_empty() && next[patterns.len() + 1].is_empty() {
                continue;
            }
            if seen.insert((next.clone(), last)) {
                todo.push((next, last));
            }
        }
    }
    rows
}

fn steps(pattern: &Pattern) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in &pattern.0 {
        let (least, characters) = match part {
            PatternPart::Text(text) => {
                steps.extend(text.chars().map(|c| Step::One(Characters::Only(c))));
                continue;
            }
            PatternPart::Any => (false, Characters::All),
            PatternPart::Label => (true, Characters::AllBut(".:/")),
            PatternPart::Labels => (true, Characters::AllBut(":/")),
            PatternPart::Port => (true, Characters::Digits),
        };
        if least {
            steps.push(Step::One(characters.clone()));
        }
        steps.push(Step::Many(characters));
    }
    steps
}

/// With the places behind what takes any number.
fn closed(steps: &[Step], mut places: BTreeSet<usize>) -> BTreeSet<usize> {
    for (place, step) in steps.iter().enumerate() {
        if places.contains(&place) && matches!(step, Step::Many(_)) {
            places.insert(place + 1);
        }
    }
    places
}

fn step(steps: &[Step], at: &BTreeSet<usize>, character: char) -> BTreeSet<usize> {
    let mut next = BTreeSet::new();
    for place in at {
        match steps.get(*place) {
            Some(Step::One(characters)) if characters.take(character) => next.insert(place + 1),
            Some(Step::Many(characters)) if characters.take(character) => next.insert(*place),
            Some(Step::One(_) | Step::Many(_)) | None => false,
        };
    }
    closed(steps, next)
}
