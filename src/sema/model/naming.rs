//! The containers that paths name.

use super::{KindId, LetterCase};

/// A container that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// Of this kind.
    pub kind: KindId,
    /// The segments (the first is 0) that are its id, joined by `/`; never empty.
    pub segments: Vec<u32>,
    /// The case in which the id is written, whatever the path has.
    pub case: Option<LetterCase>,
    /// What of the text is the id.
    pub form: NamingForm,
}

/// What of the text in a path is a container's id. A sign is printable ASCII, and no letter, digit, `/` or `%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamingForm {
    /// All of it.
    Whole,
    /// What stands before the last of this sign; a text in which nothing does is no id.
    Before(u8),
    /// All of it, if it has this sign; else it is no id.
    With(u8),
    /// All of it, unless it is only digits, which are no id.
    NotNumber,
    /// All of it, if it is ASCII letters, digits and `_`, which a `~` may stand before; of another text nobody can tell
    /// what the platform reads in it. Only digits are no id.
    Word,
}
