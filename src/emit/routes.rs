//! Path templates as a tree of segments, and the containers that paths name.

use std::collections::BTreeMap;

use sprag_runtime::format as f;

use super::errors;
use super::pools::Writer;
use crate::diag::Diagnostic;
use crate::sema::model::{LetterCase, Model, NamingForm};
use crate::span::Span;

#[derive(Default)]
struct Tree {
    literals: BTreeMap<String, Tree>,
    parameter: Option<Box<Tree>>,
    methods: BTreeMap<String, u32>,
}

/// Writes the trees of all operations' templates: that of those that are taken in any case, in small letters, if there
/// are any; then that of the others, whose root comes last.
pub(super) fn write(model: &Model, writer: &mut Writer) -> Result<(), Vec<Diagnostic>> {
    let mut exact = Tree::default();
    let mut any_case: Option<Tree> = None;
    let mut problems = Vec::new();
    for (number, operation) in (0..).zip(&model.operations) {
        let Some((method, path)) = &operation.http else {
            continue;
        };
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if segments.len() >= f::MAX_NESTING as usize {
            let what = format!("the path of `{}`", operation.name);
            problems.push(errors::too_deep(
                &what,
                segments.len(),
                f::MAX_NESTING as usize - 1,
                Span::default(),
            ));
            continue;
        }
        let mut at = if operation.any_case { any_case.get_or_insert_default() } else { &mut exact };
        for segment in segments {
            at = match segment.contains('{') {
                true => at.parameter.get_or_insert_default(),
                false if operation.any_case => at.literals.entry(segment.to_ascii_lowercase()).or_default(),
                false => at.literals.entry(segment.to_string()).or_default(),
            };
        }
        // Operations are sorted: of two with the same template the first by name counts.
        at.methods.entry(method.clone()).or_insert(number);
    }
    writer.any_case = any_case.iter().map(|root| store(root, writer).0.into()).collect();
    store(&exact, writer);
    namings(model, writer);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Operations and the kinds of each are in order.
fn namings(model: &Model, writer: &mut Writer) {
    for (number, operation) in (0..).zip(&model.operations) {
        for naming in &operation.namings {
            let case = match naming.case {
                None => f::LetterCase::Kept,
                Some(LetterCase::Upper) => f::LetterCase::Upper,
                Some(LetterCase::Lower) => f::LetterCase::Lower,
            };
            let (form, sign) = match naming.form {
                NamingForm::Whole => (f::NamingForm::Whole, 0),
                NamingForm::Before(sign) => (f::NamingForm::Before, sign),
                NamingForm::With(sign) => (f::NamingForm::With, sign),
                NamingForm::NotNumber => (f::NamingForm::NotNumber, 0),
                NamingForm::Word => (f::NamingForm::Word, 0),
            };
            let segments = writer.list(naming.segments.clone());
            writer.namings.push(f::Naming {
                operation: u32::into(number),
                kind: naming.kind.0.into(),
                segments,
                case: case.code().into(),
                form: form.code().into(),
                sign: u32::from(sign).into(),
            });
        }
    }
}

/// The number and the depth of the stored node.
fn store(tree: &Tree, writer: &mut Writer) -> (u32, u32) {
    let mut depth = 0;
    let mut literals = Vec::new();
    for (segment, child) in &tree.literals {
        let (target, below) = store(child, writer);
        depth = depth.max(below + 1);
        literals.push(f::Edge { text: writer.text(segment), target: target.into() });
    }
    let parameter = tree.parameter.as_ref().map_or(f::NONE, |child| {
        let (target, below) = store(child, writer);
        depth = depth.max(below + 1);
        target
    });
    let edges = edges(writer, literals);
    let methods = tree.methods.iter().map(|(m, o)| (m.clone(), *o)).collect::<Vec<_>>();
    let methods =
        methods.iter().map(|(m, o)| f::Edge { text: writer.text(m), target: (*o).into() }).collect();
    let methods = self::edges(writer, methods);
    writer.routes.push(f::Route { edges, parameter: parameter.into(), methods, depth: depth.into() });
    (writer.routes.len() as u32 - 1, depth)
}

fn edges(writer: &mut Writer, edges: Vec<f::Edge>) -> f::Range {
    let at = writer.edges.len() as u32;
    let len = edges.len() as u32;
    writer.edges.extend(edges);
    f::Range { at: at.into(), len: len.into() }
}
