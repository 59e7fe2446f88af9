//! Sections while they grow: every list of numbers and every text is stored once.

use std::collections::HashMap;

use sprag_runtime::format as f;

/// All sections under construction.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) strings: String,
    known_strings: HashMap<String, f::Text>,
    pub(super) words: Vec<f::Word>,
    known_words: HashMap<Vec<u32>, u32>,
    pub(super) shorts: Vec<f::Short>,
    known_shorts: HashMap<Vec<u16>, u32>,
    pub(super) ints: Vec<f::Int>,
    pub(super) addresses: Vec<[u8; 16]>,
    /// Space, name and meaning; laid out as a hash table at the end.
    pub(super) names: Vec<(u32, String, u32)>,
    pub(super) globals: Option<f::Globals>,
    pub(super) apps: Vec<f::App>,
    pub(super) operations: Vec<f::Operation>,
    pub(super) requirements: Vec<f::Requirement>,
    pub(super) models: Vec<f::Model>,
    pub(super) scopes: Vec<f::Scope>,
    pub(super) kinds: Vec<f::ContainerKind>,
    pub(super) attributes: Vec<f::Attribute>,
    pub(super) slots: Vec<f::Slot>,
    pub(super) subjects: Vec<f::Subject>,
    pub(super) automata: Vec<f::Automaton>,
    pub(super) windows: Vec<f::Window>,
    pub(super) nodes: Vec<f::Node>,
    pub(super) nets: Vec<f::Net>,
    pub(super) strata: Vec<f::Stratum>,
    pub(super) entries: Vec<f::Nets>,
    pub(super) clauses: Vec<f::Clause>,
    pub(super) ratchets: Vec<f::Ratchet>,
    pub(super) containers: Vec<f::Container>,
    pub(super) facts: Vec<f::Fact>,
    pub(super) users: Vec<f::User>,
    pub(super) routes: Vec<f::Route>,
    pub(super) edges: Vec<f::Edge>,
    pub(super) groups: Vec<f::Group>,
    pub(super) steps: Vec<f::Word>,
    pub(super) chain: Vec<f::Chain>,
    pub(super) widenings: Vec<f::Widening>,
    pub(super) growths: Vec<f::Growth>,
    pub(super) closed: Vec<f::Closed>,
    pub(super) spent: Vec<[u8; 32]>,
    pub(super) namings: Vec<f::Naming>,
    pub(super) any_case: Vec<f::Word>,
}

impl Writer {
    pub(super) fn text(&mut self, text: &str) -> f::Text {
        if let Some(known) = self.known_strings.get(text) {
            return *known;
        }
        let stored = f::Text { at: (self.strings.len() as u32).into(), len: (text.len() as u32).into() };
        self.strings.push_str(text);
        self.known_strings.insert(text.to_string(), stored);
        stored
    }

    /// Stores a list and tells where.
    pub(super) fn list(&mut self, list: Vec<u32>) -> f::Range {
        let len = (list.len() as u32).into();
        f::Range { at: self.words(list).into(), len }
    }

    pub(super) fn words(&mut self, list: Vec<u32>) -> u32 {
        if let Some(known) = self.known_words.get(&list) {
            return *known;
        }
        let at = self.words.len() as u32;
        self.words.extend(list.iter().map(|w| f::Word::new(*w)));
        self.known_words.insert(list, at);
        at
    }

    pub(super) fn shorts(&mut self, list: Vec<u16>) -> u32 {
        if let Some(known) = self.known_shorts.get(&list) {
            return *known;
        }
        let at = self.shorts.len() as u32;
        self.shorts.extend(list.iter().map(|w| f::Short::new(*w)));
        self.known_shorts.insert(list, at);
        at
    }

    pub(super) fn ints(&mut self, list: impl IntoIterator<Item = i64>) -> f::Range {
        let at = self.ints.len() as u32;
        self.ints.extend(list.into_iter().map(f::Int::new));
        f::Range { at: at.into(), len: (self.ints.len() as u32 - at).into() }
    }

    /// Pairs of position and length, one for each text.
    pub(super) fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> f::Range {
        let stored: Vec<f::Text> = texts.into_iter().map(|t| self.text(t)).collect();
        self.list(stored.iter().flat_map(|t| [t.at.get(), t.len.get()]).collect())
    }

    pub(super) fn name(&mut self, space: u32, name: &str, value: u32) {
        self.names.push((space, name.to_string(), value));
    }
}
