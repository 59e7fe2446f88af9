//! Many patterns over one attribute, told apart in one pass over its bytes.

use std::collections::HashMap;
use std::sync::Arc;

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
    /// Builds it by subset construction; `None` if it needs more than `limit` transitions.
    pub fn build(patterns: &[Pattern], limit: usize) -> Option<Automaton> {
        let program = Program::new(patterns);
        let (columns, examples) = columns(&program);
        let mut states: HashMap<Arc<[u32]>, u32> = HashMap::new();
        let start = program.close(&program.starts);
        let mut queue = vec![start.clone()];
        states.insert(start, 0);
        let mut transitions = Vec::new();
        let mut at = 0;
        let mut next = Vec::new();
        while at < queue.len() {
            let state = queue[at].clone();
            for byte in &examples {
                next.clear();
                state.iter().for_each(|position| program.advance(*position, *byte, &mut next));
                let closed = program.close(&next);
                let number = match states.get(&closed) {
                    Some(number) => *number,
                    None => {
                        if (queue.len() + 1) * examples.len() > limit {
                            return None;
                        }
                        let number = queue.len() as u32;
                        states.insert(closed.clone(), number);
                        queue.push(closed);
                        number
                    }
                };
                transitions.push(number);
            }
            at += 1;
        }
        let accepts = queue.iter().map(|state| program.ended(state)).collect();
        Some(Automaton { columns, width: examples.len(), transitions, accepts })
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

/// All patterns' steps one after the other; a position is an index into them.
struct Program {
    /// `None` at the end of a pattern.
    steps: Vec<Option<Step>>,
    starts: Vec<u32>,
    /// The pattern that each position belongs to.
    patterns: Vec<u32>,
}

impl Program {
    fn new(patterns: &[Pattern]) -> Program {
        let mut program = Program { steps: Vec::new(), starts: Vec::new(), patterns: Vec::new() };
        for (number, pattern) in (0..).zip(patterns) {
            program.starts.push(program.steps.len() as u32);
            for part in &pattern.0 {
                match part {
                    PatternPart::Text(text) => program.steps.extend(text.bytes().map(|b| Some(Step::Byte(b)))),
                    PatternPart::Any => program.steps.push(Some(Step::Any)),
                    PatternPart::Label => program.steps.push(Some(Step::Some(Set::Label))),
                    PatternPart::Labels => program.steps.push(Some(Step::Some(Set::Labels))),
                    PatternPart::Port => program.steps.push(Some(Step::Some(Set::Digits))),
                }
            }
            program.steps.push(None);
            program.patterns.resize(program.steps.len(), number);
        }
        program
    }

    /// Positions reachable without reading, sorted.
    fn close(&self, positions: &[u32]) -> Arc<[u32]> {
        let mut closed = Vec::with_capacity(2 * positions.len());
        for position in positions {
            let mut at = *position;
            closed.push(at);
            while matches!(self.steps[at as usize], Some(Step::Any)) {
                at += 1;
                closed.push(at);
            }
        }
        closed.sort_unstable();
        closed.dedup();
        closed.into()
    }

    /// Adds the positions after reading `byte` at one.
    fn advance(&self, position: u32, byte: u8, next: &mut Vec<u32>) {
        match self.steps[position as usize] {
            Some(Step::Byte(expected)) if expected == byte => next.push(position + 1),
            Some(Step::Any) => next.push(position),
            Some(Step::Some(set)) if set.has(byte) => next.extend([position, position + 1]),
            Some(Step::Byte(_) | Step::Some(_)) | None => {}
        }
    }

    /// The patterns that match if the text ends here.
    fn ended(&self, state: &[u32]) -> Vec<u32> {
        let ends = state.iter().filter(|position| self.steps[**position as usize].is_none());
        ends.map(|position| self.patterns[*position as usize]).collect()
    }
}

/// Bytes that no pattern tells apart share a column; also an example byte for each column.
fn columns(program: &Program) -> (Vec<u16>, Vec<u8>) {
    let mut own = [false; 256];
    for step in program.steps.iter().flatten() {
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
