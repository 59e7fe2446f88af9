//! Patterns of apps, operations and containers, and the clauses of rules.

use super::conditions::condition;
use super::{Element, Printer, words};
use crate::span::Span;
use crate::syntax::doc::Doc;
use crate::syntax::tree::{
    AppPattern, Condition, ContainerPattern, Name, OperationPattern, OperationTerm, Text,
};

/// What may follow the operations of a rule or claim.
pub(super) struct Clauses<'t> {
    pub(super) containers: Option<&'t ContainerPattern>,
    pub(super) when: Option<&'t Condition>,
    pub(super) unless: Option<&'t Condition>,
    pub(super) name: Option<&'t Name>,
    pub(super) because: Option<&'t Text>,
}

impl Printer<'_> {
    /// `<verb> <apps> to <operations>` and the clauses, on one line or on a line each.
    pub(super) fn rule(
        &mut self,
        verb: &str,
        who: &AppPattern,
        what: &OperationPattern,
        clauses: &Clauses<'_>,
    ) -> Doc {
        let mut lines = Vec::new();
        if let Some(pattern) = clauses.containers {
            lines.push(self.gap(pattern.span.start, Doc::Line));
            lines.push(containers(pattern));
        }
        for (word, clause) in [("when ", clauses.when), ("unless ", clauses.unless)] {
            if let Some(clause) = clause {
                lines.push(self.gap(first_span(clause).start, Doc::Line));
                lines.push(Doc::Concat(vec![Doc::text(word), condition(clause)]).nest());
            }
        }
        if let Some(name) = clauses.name {
            lines.push(self.gap(name.span.start, Doc::Line));
            lines.push(Doc::Text(format!("as {}", name.text)));
        }
        if let Some(text) = clauses.because {
            lines.push(self.gap(text.span.start, Doc::Line));
            lines.push(Doc::Text(format!("because {}", words::quoted(&text.value))));
        }
        let head = vec![Doc::Text(format!("{verb} ")), apps(who), Doc::text(" to "), operations(what)];
        Doc::Concat(vec![Doc::Concat(head).nest(), Doc::Concat(lines).nest()]).group()
    }

    /// `{ read, write except x }`
    pub(super) fn operations_body(&mut self, header: Doc, pattern: &OperationPattern, end: Span) -> Doc {
        let mut elements = Vec::new();
        for (index, term) in pattern.any.iter().enumerate() {
            let comma = if index + 1 < pattern.any.len() { "," } else { "" };
            elements.push(Element {
                at: term_span(term).start,
                doc: Doc::Text(format!("{}{comma}", term_text(term))),
            });
        }
        for (index, term) in pattern.except.iter().enumerate() {
            let word = if index == 0 { "except " } else { "" };
            let comma = if index + 1 < pattern.except.len() { "," } else { "" };
            let doc = Doc::Text(format!("{word}{}{comma}", term_text(term)));
            elements.push(Element { at: term_span(term).start, doc });
        }
        self.braced(header, elements, true, end)
    }
}

/// `any app where … except a, b` or `a, b`
pub(super) fn apps(pattern: &AppPattern) -> Doc {
    apps_before(pattern, false)
}

/// The same; `place` says that `in` comes next, which a bare name or constant would take for its operator.
pub(super) fn apps_before(pattern: &AppPattern, place: bool) -> Doc {
    match pattern {
        AppPattern::Named(names) => list(names.iter().map(|n| n.text.clone())),
        AppPattern::Any { kind, filter, except } => {
            let mut parts = vec![Doc::Text(format!("any {}", kind.text))];
            if let Some(filter) = filter {
                parts.push(Doc::text(" where "));
                let takes_in = place && except.is_empty() && ends_with_operand(filter);
                let (open, close) = if takes_in { ("(", ")") } else { ("", "") };
                parts.extend([Doc::text(open), condition(filter), Doc::text(close)]);
            }
            if !except.is_empty() {
                parts.push(Doc::text(" except "));
                parts.push(list(except.iter().map(|n| n.text.clone())));
            }
            Doc::Concat(parts)
        }
    }
}

/// Whether the last token could also begin a comparison.
fn ends_with_operand(condition: &Condition) -> bool {
    match condition {
        Condition::Name(_) | Condition::Constant(..) => true,
        Condition::Not(inner, _) => ends_with_operand(inner),
        // A link in parentheses needs none around it, but does not mind them.
        Condition::All(links) | Condition::Any(links) => links.last().is_some_and(ends_with_operand),
        Condition::Compare { .. } | Condition::Call { .. } => false,
    }
}

/// `read, write except x`
pub(super) fn operations(pattern: &OperationPattern) -> Doc {
    let any = list(pattern.any.iter().map(term_text));
    if pattern.except.is_empty() {
        return any;
    }
    let except = Doc::Concat(vec![Doc::Line, Doc::text("except ")]).group();
    Doc::Concat(vec![any, except, list(pattern.except.iter().map(term_text))])
}

/// `in project PAY where …`
pub(super) fn containers(pattern: &ContainerPattern) -> Doc {
    let mut parts = vec![Doc::text(if pattern.exact { "at " } else { "in " })];
    for (index, term) in pattern.terms.iter().enumerate() {
        let mut text = term.kind.text.clone();
        if let Some(id) = &term.id {
            text.push(' ');
            text.push_str(&words::id(id));
        }
        let mut doc = vec![Doc::Text(text)];
        if let Some(filter) = &term.filter {
            doc.push(Doc::text(" where "));
            doc.push(condition(filter));
        }
        if index > 0 {
            parts.push(Doc::text(","));
            parts.push(Doc::Concat(vec![Doc::Line, Doc::Concat(doc)]).group());
        } else {
            parts.push(Doc::Concat(doc));
        }
    }
    Doc::Concat(parts).nest()
}

/// `a, b, c` on as many lines as it takes.
pub(super) fn list(words: impl Iterator<Item = String>) -> Doc {
    let mut parts = Vec::new();
    for (index, word) in words.enumerate() {
        if index > 0 {
            parts.push(Doc::text(","));
            parts.push(Doc::Concat(vec![Doc::Line, Doc::Text(word)]).group());
        } else {
            parts.push(Doc::Text(word));
        }
    }
    Doc::Concat(parts)
}

/// Where the condition's first token stands, near enough for comments.
fn first_span(condition: &Condition) -> Span {
    match condition {
        Condition::All(links) | Condition::Any(links) => links.first().map(first_span).unwrap_or_default(),
        Condition::Not(_, span) | Condition::Compare { span, .. } | Condition::Call { span, .. } => *span,
        Condition::Name(name) => name.span,
        Condition::Constant(_, span) => *span,
    }
}

fn term_text(term: &OperationTerm) -> String {
    match term {
        OperationTerm::All(_) => "any operation".to_string(),
        OperationTerm::Named(name) => name.text.clone(),
        OperationTerm::Marked(name) => format!("marked {}", name.text),
    }
}

fn term_span(term: &OperationTerm) -> Span {
    match term {
        OperationTerm::All(span) => *span,
        OperationTerm::Named(name) | OperationTerm::Marked(name) => name.span,
    }
}
