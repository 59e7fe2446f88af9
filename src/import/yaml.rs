//! YAML documents as JSON values: the core schema, aliases and merge keys, one document a file.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

use super::{Document, ImportError, json};

/// Deepest nesting; readers of the value recurse that far.
const MAX_DEPTH: usize = 100;

/// Most values that a document may stand for, so that aliases of aliases cannot fill the memory.
const MAX_VALUES: usize = 1_000_000;

/// Reads a document: JSON if it begins like that, else YAML.
///
/// # Errors
/// Neither; nested too deep; a member named twice; a tag outside of the core schema; an alias of nothing; several
/// documents.
pub(super) fn parse(document: &Document<'_>) -> Result<Value, ImportError> {
    let text = document.text.strip_prefix('\u{feff}').unwrap_or(document.text);
    if text.trim_start().starts_with(['{', '[']) {
        return json::parse(document);
    }
    if text.trim().is_empty() {
        return Err(ImportError::new(document.name, "the document is empty; expected YAML or JSON"));
    }
    let mut reader = Reader { document: document.name, ..Reader::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            let place = format!("{}:{}:{}", document.name, e.marker().line(), e.marker().col() + 1);
            ImportError::new(place, format!("not YAML as expected: {}", e.info()))
        })?;
        reader.event(event, span)?;
    }
    reader
        .whole
        .ok_or_else(|| ImportError::new(document.name, "the document is empty; expected YAML or JSON"))
}

#[derive(Default)]
struct Reader<'d> {
    document: &'d str,
    open: Vec<Open>,
    whole: Option<Value>,
    documents: usize,
    /// What stands at an anchor, and of how many values it is made.
    anchors: BTreeMap<usize, (Value, usize)>,
    values: usize,
}

/// A sequence or mapping whose end was not seen.
struct Open {
    anchor: usize,
    /// How many values there were before it.
    before: usize,
    so_far: Collection,
}

enum Collection {
    Sequence(Vec<Value>),
    Mapping {
        members: Map<String, Value>,
        key: Option<String>,
        /// From `<<`: what the mapping's own members do not say.
        merged: Vec<Value>,
    },
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), ImportError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.error(span, "a second document; expected one in a file"));
                }
            }
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.error(span, "an alias inside of what it stands for"));
                };
                self.count(size, span)?;
                self.value(value, span)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, span)?;
                let value = self.scalar(&text, style, tag.as_deref(), span)?;
                if anchor != 0 {
                    self.anchors.insert(anchor, (value.clone(), 1));
                }
                self.value(value, span)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(anchor, tag.as_deref(), "seq", Collection::Sequence(Vec::new()), span)?;
            }
            Event::MappingStart(anchor, tag) => {
                let mapping = Collection::Mapping { members: Map::new(), key: None, merged: Vec::new() };
                self.start(anchor, tag.as_deref(), "map", mapping, span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.so_far {
                    Collection::Sequence(values) => Value::Array(values),
                    Collection::Mapping { members, merged, .. } => Value::Object(merge(members, merged)),
                };
                if open.anchor != 0 {
                    self.anchors.insert(open.anchor, (value.clone(), self.values - open.before));
                }
                self.value(value, span)?;
            }
        }
        Ok(())
    }

    fn start(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        usual: &str,
        so_far: Collection,
        span: Span,
    ) -> Result<(), ImportError> {
        if tag.is_some_and(|tag| !(tag.is_yaml_core_schema() && tag.suffix == usual)) {
            return Err(self.error(span, "a tag that the core schema does not have"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(span, "nested too deep"));
        }
        if let Some(Open { so_far: Collection::Mapping { key: None, .. }, .. }) = self.open.last() {
            return Err(self.error(span, "a member whose name is no text"));
        }
        self.open.push(Open { anchor, before: self.values, so_far });
        self.count(1, span)
    }

    /// Puts a whole value where it belongs: a member's name, a member, an element or the document.
    fn value(&mut self, value: Value, span: Span) -> Result<(), ImportError> {
        let problem = match self.open.last_mut().map(|open| &mut open.so_far) {
            None => {
                self.whole = Some(value);
                None
            }
            Some(Collection::Sequence(values)) => {
                values.push(value);
                None
            }
            Some(Collection::Mapping { members, key, merged }) => match key.take() {
                None => match plain(&value) {
                    Some(name) => {
                        *key = Some(name);
                        None
                    }
                    None => Some("a member whose name is no text".to_owned()),
                },
                Some(name) if name == "<<" => match value {
                    Value::Array(all) => {
                        merged.extend(all);
                        None
                    }
                    other => {
                        merged.push(other);
                        None
                    }
                },
                Some(name) if members.contains_key(&name) => {
                    Some(format!("member `{name}` stands twice in one mapping"))
                }
                Some(name) => {
                    members.insert(name, value);
                    None
                }
            },
        };
        match problem {
            Some(problem) => Err(self.error(span, &problem)),
            None => Ok(()),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Value, ImportError> {
        let texts = style != ScalarStyle::Plain;
        match tag {
            None if texts => Ok(Value::String(text.to_owned())),
            None => Ok(untagged(text)),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
                Ok(Value::String(text.to_owned()))
            }
            Some(tag) if tag.is_yaml_core_schema() => Ok(untagged(text)),
            Some(_) => Err(self.error(span, "a tag that the core schema does not have")),
        }
    }

    fn count(&mut self, more: usize, span: Span) -> Result<(), ImportError> {
        self.values = self.values.saturating_add(more);
        if self.values > MAX_VALUES {
            return Err(self.error(span, "too many values, aliases counted"));
        }
        Ok(())
    }

    fn error(&self, span: Span, problem: &str) -> ImportError {
        let place = format!("{}:{}:{}", self.document, span.start.line(), span.start.col() + 1);
        ImportError::new(place, format!("not YAML as expected: {problem}"))
    }
}

/// A mapping's own members, then what it merges; earlier ones win.
fn merge(mut members: Map<String, Value>, merged: Vec<Value>) -> Map<String, Value> {
    for (i, value) in merged.into_iter().enumerate() {
        match value {
            Value::Object(more) => {
                for (name, value) in more {
                    members.entry(name).or_insert(value);
                }
            }
            // Nothing that could be merged: it stays where readers tell of it.
            other => _ = members.entry(format!("<<{}", i + 1)).or_insert(other),
        }
    }
    members
}

/// A scalar as a member's name.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Number(n) => Some(n.to_string()),
        Value::String(s) => Some(s.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The core schema's reading of a plain scalar.
fn untagged(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {} // A number or a text.
    }
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let digits = text.trim_start_matches(['+', '-']);
    if number && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        if let Ok(whole) = text.trim_start_matches('+').parse::<i64>() {
            return Value::Number(whole.into());
        }
    } else if number
        && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && let Some(number) = text.parse::<f64>().ok().and_then(Number::from_f64)
    {
        return Value::Number(number);
    }
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        parse(&Document { name: "m.yml", text }).map_err(|e| e.to_string())
    }

    #[test]
    fn documents_become_values() {
        let value =
            read("a: &x [1, yes, 'no', ~, 1.5, v18.x]\nb: *x\nc: {<<: {d: 1, e: 2}, d: 3}\n").unwrap();
        let text =
            r#"{"a":[1,"yes","no",null,1.5,"v18.x"],"b":[1,"yes","no",null,1.5,"v18.x"],"c":{"d":3,"e":2}}"#;
        assert_eq!(value.to_string(), text);
        assert_eq!(read(r#"{"a": 1}"#).unwrap().to_string(), r#"{"a":1}"#);
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for (text, expected) in [
            ("", "m.yml: the document is empty; expected YAML or JSON"),
            ("a: 1\na: 2\n", "m.yml:2:4: not YAML as expected: member `a` stands twice in one mapping"),
            ("--- 1\n--- 2\n", "m.yml:2:1: not YAML as expected: a second document; expected one in a file"),
            ("a: !secret x\n", "m.yml:1:4: not YAML as expected: a tag that the core schema does not have"),
            ("[1]: 2", "m.yml:1:4: not JSON as expected: trailing characters"),
            ("? [1]\n: 2", "m.yml:1:3: not YAML as expected: a member whose name is no text"),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text:?}");
        }
        assert!(read("a: [").unwrap_err().starts_with("m.yml:"));
    }

    #[test]
    fn aliases_cannot_fill_the_memory() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let all = vec![format!("*a{}", i - 1); 10].join(", ");
            text += &format!("a{i}: &a{i} [{all}]\n");
        }
        assert!(read(&text).unwrap_err().ends_with("too many values, aliases counted"));
        assert!(read(&("- ".repeat(5000) + "x")).unwrap_err().ends_with("nested too deep"));
    }
}
