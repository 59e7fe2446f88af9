//! From the path to the containers that it names.
//!
//! Strict on purpose, like [`crate::routes`]: where a server might read another container, none can be told.

use core::mem;

use crate::format::{LetterCase, MAX_NAMED, Naming, NamingForm};
use crate::load::Bundle;
use crate::routes::{decoded, plain};

/// Where ids are put together: what the path has, decoded and in the case of the catalog.
pub(crate) type Room = [u8; MAX_NAMED];

/// What a path says of a container.
pub(crate) enum Said<'s> {
    /// Which one it is.
    Id(&'s str),
    /// Nothing: the text is another sort of name.
    Nothing,
    /// Something that servers may read in different ways, or that is too long.
    Unclear,
}

impl<'a> Bundle<'a> {
    /// Tells kind and id of each container that the path of a request names, the outermost first; nothing if no
    /// operation is found, or if one of the containers cannot be told.
    pub fn containers_of(&self, method: &str, path: &str, tell: &mut dyn FnMut(&str, &str)) {
        let Some(path) = plain(path) else { return };
        let Some(operation) = self.find(method, path) else { return };
        let namings = || self.namings(operation).iter();
        let mut room = [0; MAX_NAMED];
        let mut free = &mut room[..];
        if namings().any(|naming| matches!(self.said(naming, path, &mut free), Said::Unclear)) {
            return;
        }
        let mut free = &mut room[..];
        for naming in namings() {
            let kind = self.tables.kinds.get(naming.kind.get() as usize);
            if let (Some(kind), Said::Id(id)) = (kind, self.said(naming, path, &mut free)) {
                tell(self.text(kind.name), id);
            }
        }
    }

    /// Those of an operation, the outermost kind first.
    pub(crate) fn namings(&self, operation: u32) -> &'a [Naming] {
        let all = self.tables.namings;
        let first = all.partition_point(|naming| naming.operation.get() < operation);
        let from = all.get(first..).unwrap_or(&[]);
        let len = from.partition_point(|naming| naming.operation.get() == operation);
        from.get(..len).unwrap_or(&[])
    }

    /// What a plain path says; the text takes its room from the beginning of `room`.
    pub(crate) fn said<'s>(&self, naming: &Naming, path: &str, room: &mut &'s mut [u8]) -> Said<'s> {
        let case = LetterCase::from_code(naming.case.get());
        let mut len = 0;
        for (at, number) in self.words(naming.segments).iter().enumerate() {
            let segment = path.split('/').nth(number.get() as usize);
            let ends = |segment: &&str| {
                let ends = [decoded(segment).next(), decoded(segment).last()];
                !segment.contains('+') && !ends.contains(&Some(b'.'))
            };
            let Some(segment) = segment.filter(ends) else {
                return Said::Unclear;
            };
            let slash = (at > 0).then_some(b'/');
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~@:$+".contains(&byte);
            if !decoded(segment).all(plain) {
                return Said::Unclear;
            }
            for byte in slash.into_iter().chain(decoded(segment)) {
                let Some(to) = room.get_mut(len) else {
                    return Said::Unclear;
                };
                *to = match case {
                    Some(LetterCase::Upper) => byte.to_ascii_uppercase(),
                    Some(LetterCase::Lower) => byte.to_ascii_lowercase(),
                    Some(LetterCase::Kept) | None => byte,
                };
                len += 1;
            }
        }
        let Some((text, rest)) = mem::take(room).split_at_mut_checked(len) else {
            return Said::Unclear;
        };
        *room = rest;
        match core::str::from_utf8(text) {
            Ok(text) => id(naming, text),
            Err(_) => Said::Unclear,
        }
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Letters, digits and `_`, with or without a `~` before them.
fn is_word(text: &str) -> bool {
    let word = text.strip_prefix('~').unwrap_or(text);
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn id<'s>(naming: &Naming, text: &'s str) -> Said<'s> {
    let sign = u8::try_from(naming.sign.get()).map_or('\0', char::from);
    let id = match NamingForm::from_code(naming.form.get()) {
        Some(NamingForm::Whole) | None => Some(text),
        Some(NamingForm::Before) => text.rsplit_once(sign).map(|(id, _)| id).filter(|id| !id.is_empty()),
        Some(NamingForm::With) => Some(text).filter(|text| text.contains(sign)),
        Some(NamingForm::NotNumber) => Some(text).filter(|text| !is_number(text)),
        Some(NamingForm::Word) if !is_word(text) => return Said::Unclear,
        Some(NamingForm::Word) => Some(text).filter(|text| !is_number(text)),
    };
    id.map_or(Said::Nothing, Said::Id)
}
