//! The containers that a path names, by what the catalogs say of the operation it leads to.

use super::routes;
use crate::request::Target;
use crate::sema::model::{KindId, LetterCase, Model, Naming, NamingForm, OperationId};

/// The most bytes that all texts of one path that may be ids have together.
const ROOM: usize = 512;

/// Kind and id of each container that the request's path names, the outermost first. Nothing, if the request names
/// its operation.
///
/// `None` if something of it cannot be told. By definition that is a text with anything but ASCII letters, digits and
/// `-_.~@:$+` (the platform may read it in another case, trimmed, or as several), or one that begins or ends with a `.`, or a `+` as it is (which some servers take for a blank);
/// more than [`ROOM`] bytes; or a text that is no word where the catalog asks for one. A text that the catalog says to be
/// another sort of name names nothing.
pub(super) fn named(model: &Model, operation: OperationId, target: &Target) -> Option<Vec<(KindId, String)>> {
    let Target::Http { path, .. } = target else {
        return Some(Vec::new());
    };
    let path = &path[..path.find('?').unwrap_or(path.len())];
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (mut named, mut length) = (Vec::new(), 0);
    for naming in &model.operations[operation.index()].namings {
        let parts: Option<Vec<String>> =
            naming.segments.iter().map(|number| part(segments.get(*number as usize)?)).collect();
        let text = parts?.join("/");
        length += text.len();
        match id(naming, &text) {
            Said::Id(id) => named.push((naming.kind, id)),
            Said::Nothing => {}
            Said::Unclear => return None,
        }
    }
    (length <= ROOM).then_some(named)
}

/// A segment, decoded, if it can be read in one way only.
fn part(segment: &str) -> Option<String> {
    let text = routes::decoded(segment)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~@:$+".contains(c);
    (!segment.contains('+') && text.chars().all(plain) && !text.starts_with('.') && !text.ends_with('.'))
        .then_some(text)
}

/// What a text says.
enum Said {
    Id(String),
    /// Another sort of name.
    Nothing,
    /// The platform may read an id in it, and nobody can tell which.
    Unclear,
}

/// The id in the text, if there is one.
fn id(naming: &Naming, text: &str) -> Said {
    let text = match naming.case {
        Some(LetterCase::Upper) => text.to_ascii_uppercase(),
        Some(LetterCase::Lower) => text.to_ascii_lowercase(),
        None => text.to_owned(),
    };
    let is_number = text.chars().all(|c| c.is_ascii_digit());
    let id = match naming.form {
        NamingForm::Whole => Some(text),
        NamingForm::Before(sign) => {
            let parts = text.rsplit_once(char::from(sign));
            parts.map(|(id, _)| id.to_owned()).filter(|id| !id.is_empty())
        }
        NamingForm::With(sign) => text.contains(char::from(sign)).then_some(text),
        NamingForm::NotNumber => (!is_number).then_some(text),
        NamingForm::Word => {
            let word = text.strip_prefix('~').unwrap_or(&text);
            if word.is_empty() || !word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Said::Unclear;
            }
            (!is_number).then_some(text)
        }
    };
    id.map_or(Said::Nothing, Said::Id)
}
