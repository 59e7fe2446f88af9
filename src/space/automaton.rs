//! Many patterns over one attribute, told apart in one pass over its bytes.

use std::collections::{BTreeSet, HashMap};

use crate::sema::model::{Pattern, PatternPart};

/// A deterministic automaton over bytes; the end state tells which patterns match the whole text.
#[derive(Debug, Clone)]
pub struct Automaton {
    /// The column of each byte.
    pub columns: Vec<u16>,
    /// How many columns.
    pub width: usize,
    /// `states × width`; the start is state 0.
    pub transitions: Vec<u32>,
    /// For each state the patterns that match when the text ends there, sorted.
    pub accepts: Vec<Vec<u32>>,
}

/// One step of a pattern.
#[derive(Clone, Copy)]
enum Step {
    Byte(u8),
    /// Any bytes, also none.
    Any,
    /// One or more bytes of a set.
    Some(Set),
}

#[derive(Clone, Copy)]
enum Set {
    Label,
    Labels,
    Digits,
}

impl Set {
    fn has(self, byte: u8) -> bool {
        match self {
            Set::Label => !matches!(byte, b'.' | b':' | b'/'),
            Set::Labels => !matches!(byte, b':' | b'/'),
            Set::Digits => byte.is_ascii_digit(),
        }
    }
}

impl Automaton {
    /// Builds it by subset construction; `None` if it needs more than `limit` states.
    pub fn build(patterns: &[Pattern], limit: usize) -> Option<Automaton> {
        let patterns: Vec<Vec<Step>> = patterns.iter().map(steps).collect();
        let (columns, examples) = columns(&patterns);
        let mut states: HashMap<Vec<(u32, u32)>, u32> = HashMap::new();
        let mut queue = vec![close(&patterns, (0..patterns.len() as u32).map(|p| (p, 0)))];
        states.insert(queue[0].clone(), 0);
        let mut transitions = Vec::new();
        let mut at = 0;
        while at < queue.len() {
            for byte in &examples {
                let next = close(
                    &patterns,
                    queue[at].iter().flat_map(|p| advance(&patterns, *p, *byte)),
                );
                let number = match states.get(&next) {
                    Some(number) => *number,
                    None => {
                        let number = queue.len() as u32;
                        if queue.len() >= limit {
                            return None;
                        }
                        states.insert(next.clone(), number);
                        queue.push(next);
                        number
                    }
                };
                transitions.push(number);
            }
            at += 1;
        }
        let accepts = queue
            .iter()
            .map(|state| {
                let ended = state
                    .iter()
                    .filter(|(p, i)| *i as usize == patterns[*p as usize].len());
                ended
                    .map(|(p, _)| *p)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect()
            })
            .collect();
        Some(Automaton {
            columns,
            width: examples.len(),
            transitions,
            accepts,
        })
    }

    /// The patterns that match the whole text.
    pub fn accepts(&self, text: &[u8]) -> &[u32] {
        &self.accepts[self.end(text)]
    }

    /// Whether each state is left never again, whatever follows.
    pub fn settled(&self) -> Vec<bool> {
        let stays = |(state, row): (u32, &[u32])| row.iter().all(|next| *next == state);
        (0..).zip(self.transitions.chunks(self.width)).map(stays).collect()
    }

    /// The state at the end of a text.
    pub fn end(&self, text: &[u8]) -> usize {
        let mut state = 0;
        for byte in text {
            let column = usize::from(self.columns[usize::from(*byte)]);
            state = self.transitions[state * self.width + column] as usize;
        }
        state
    }
}

fn steps(pattern: &Pattern) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in &pattern.0 {
        match part {
            PatternPart::Text(text) => steps.extend(text.bytes().map(Step::Byte)),
            PatternPart::Any => steps.push(Step::Any),
            PatternPart::Label => steps.push(Step::Some(Set::Label)),
            PatternPart::Labels => steps.push(Step::Some(Set::Labels)),
            PatternPart::Port => steps.push(Step::Some(Set::Digits)),
        }
    }
    steps
}

/// Bytes that no pattern tells apart share a column; also an example byte for each column.
fn columns(patterns: &[Vec<Step>]) -> (Vec<u16>, Vec<u8>) {
    let mut own = [false; 256];
    for step in patterns.iter().flatten() {
        if let Step::Byte(byte) = step {
            own[usize::from(*byte)] = true;
        }
    }
    let sets = [Set::Label, Set::Labels, Set::Digits];
    let mut columns = Vec::with_capacity(256);
    let mut examples: Vec<u8> = Vec::new();
    let mut known: HashMap<(Option<u8>, [bool; 3]), u16> = HashMap::new();
    for byte in 0..=255u8 {
        let key = (
            own[usize::from(byte)].then_some(byte),
            sets.map(|s| s.has(byte)),
        );
        let column = *known.entry(key).or_insert_with(|| {
            examples.push(byte);
            examples.len() as u16 - 1
        });
        columns.push(column);
    }
    (columns, examples)
}

/// Positions reachable without reading, sorted.
fn close(patterns: &[Vec<Step>], positions: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut closed = BTreeSet::new();
    for (pattern, mut at) in positions {
        while closed.insert((pattern, at))
            && matches!(patterns[pattern as usize].get(at as usize), Some(Step::Any))
        {
            at += 1;
        }
    }
    closed.into_iter().collect()
}

/// Positions after reading `byte` at a position.
fn advance(
    patterns: &[Vec<Step>],
    (pattern, at): (u32, u32),
    byte: u8,
) -> impl Iterator<Item = (u32, u32)> {
    let (stay, go) = match patterns[pattern as usize].get(at as usize) {
        Some(Step::Byte(expected)) => (false, *expected == byte),
        Some(Step::Any) => (true, false),
        Some(Step::Some(set)) => (set.has(byte), set.has(byte)),
        None => (false, false),
    };
    [
        stay.then_some((pattern, at)),
        go.then_some((pattern, at + 1)),
    ]
    .into_iter()
    .flatten()
}
