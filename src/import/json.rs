//! JSON documents with the places of their values.

use serde_json::Value;

use super::{Document, ImportError, Note, NoteKind};

/// A value with the place it has in its document.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    document: &'a str,
    pointer: String,
    pub(super) value: &'a Value,
}

/// Reads a document.
///
/// # Errors
/// Not JSON, nested too deep, or a member named twice: of two `scopes` members no reader can say
/// which one the platform believes.
pub(super) fn parse(document: &Document<'_>) -> Result<Value, ImportError> {
    let text = document.text.strip_prefix('\u{feff}').unwrap_or(document.text);
    if text.trim().is_empty() {
        return Err(ImportError::new(document.name, "the document is empty; expected JSON"));
    }
    crate::json::parse(text.as_bytes()).map_err(|e| {
        let said = e.to_string();
        let what = said.split(" at line ").next().unwrap_or_default();
        ImportError::new(
            format!("{}:{}:{}", document.name, e.line(), e.column()),
            format!("not JSON as expected: {what}"),
        )
    })
}

impl<'a> Node<'a> {
    /// The whole document.
    pub(super) fn root(document: &'a str, value: &'a Value) -> Node<'a> {
        Node { document, pointer: String::new(), value }
    }

    /// `document#/pointer`
    pub(super) fn place(&self) -> String {
        format!("{}#{}", self.document, self.pointer)
    }

    /// A remark about this place.
    pub(super) fn note(&self, kind: NoteKind, message: impl Into<String>) -> Note {
        Note { kind, place: self.place(), message: message.into() }
    }

    /// The mistake of this place.
    pub(super) fn error(&self, message: impl Into<String>) -> ImportError {
        ImportError::new(self.place(), message)
    }

    /// A member, if there is one and it is not `null`.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.as_object()?.get(key)?;
        (!value.is_null()).then(|| self.child(key, value))
    }

    /// What a JSON pointer below this place leads to (RFC 6901), if it leads anywhere.
    pub(super) fn at(&self, pointer: &str) -> Option<Node<'a>> {
        let value = self.value.pointer(pointer)?;
        Some(Node { document: self.document, pointer: format!("{}{pointer}", self.pointer), value })
    }

    /// All members in document order.
    ///
    /// # Errors
    /// Not an object.
    pub(super) fn members(&self) -> Result<impl Iterator<Item = (&'a str, Node<'a>)> + use<'a>, ImportError> {
        let object = self.value.as_object().ok_or_else(|| self.expected("an object"))?;
        let node = self.clone();
        Ok(object.iter().map(move |(key, value)| (key.as_str(), node.child(key, value))))
    }

    /// All elements.
    ///
    /// # Errors
    /// Not an array.
    pub(super) fn elements(&self) -> Result<impl Iterator<Item = Node<'a>> + use<'a>, ImportError> {
        let array = self.value.as_array().ok_or_else(|| self.expected("an array"))?;
        let node = self.clone();
        Ok(array.iter().enumerate().map(move |(i, value)| node.child(&i.to_string(), value)))
    }

    /// The text.
    ///
    /// # Errors
    /// Not a string.
    pub(super) fn string(&self) -> Result<&'a str, ImportError> {
        self.value.as_str().ok_or_else(|| match self.value {
            // YAML takes `3.1` and `yes` for what they look like.
            Value::Number(_) | Value::Bool(_) => self.expected("a string (in quotes)"),
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => self.expected("a string"),
        })
    }

    /// All elements, which must be strings.
    ///
    /// # Errors
    /// Not an array of strings.
    pub(super) fn strings(&self) -> Result<Vec<&'a str>, ImportError> {
        self.elements()?.map(|e| e.string()).collect()
    }

    /// All texts here and below with their places, names of members too.
    pub(super) fn strings_below(&self, found: &mut Vec<(String, &'a str)>) {
        match self.value {
            Value::String(text) => found.push((self.place(), text)),
            Value::Array(all) => {
                all.iter()
                    .enumerate()
                    .for_each(|(i, value)| self.child(&i.to_string(), value).strings_below(found));
            }
            Value::Object(all) => {
                for (key, value) in all {
                    let child = self.child(key, value);
                    found.push((child.place(), key));
                    child.strings_below(found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// The error "expected … here".
    pub(super) fn expected(&self, what: &str) -> ImportError {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.error(format!("expected {what}, found {found}"))
    }

    fn child(&self, key: &str, value: &'a Value) -> Node<'a> {
        let step = key.replace('~', "~0").replace('/', "~1");
        Node { document: self.document, pointer: format!("{}/{step}", self.pointer), value }
    }
}
