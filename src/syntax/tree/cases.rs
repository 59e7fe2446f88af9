//! `test` blocks as they are written.

use super::{Assign, Name, Text};
use crate::span::Span;

/// `test "…" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What it shows.
    pub title: Text,
    /// Requests with what is expected.
    pub cases: Vec<TestCase>,
    /// Keyword to last token.
    pub span: Span,
}

/// One request and its expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCase {
    /// Who asks.
    pub subject: TestSubject,
    /// For what.
    pub target: TestTarget,
    /// The container and its ancestors, innermost first.
    pub containers: Vec<TestContainer>,
    /// `with user.id = "ann", setup.stage = configured`
    pub with: Vec<Assign>,
    /// What must come out.
    pub expect: Expectation,
    /// First to last token.
    pub span: Span,
}

/// Who asks in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestSubject {
    /// `anonymous`
    Anonymous(Span),
    /// A declared app.
    App(Name),
    /// `"com.unknown.app"`: the key of an app that the policy need not know.
    Key(Text),
}

/// What is asked for in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestTarget {
    /// `jira.issue.get`
    Operation(Name),
    /// `"jira.unheard.of"`: an operation that no catalog need know.
    Unknown(Text),
    /// `http GET "/rest/api/3/issue/PAY-1"`
    Http {
        /// `GET`
        method: Name,
        /// As on the wire.
        path: Text,
    },
}

/// `project PAY { category = "Finance" }`
#[derive(Debug, Clone, PartialEq)]
pub struct TestContainer {
    /// Its kind.
    pub kind: Name,
    /// Its id.
    pub id: Name,
    /// What the caller says of it.
    pub attributes: Vec<Assign>,
    /// First to last token.
    pub span: Span,
}

/// `expect deny by rules, scope because rule no-writes step-up WRITE`
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// `permit` or `deny`.
    pub permit: bool,
    /// `by`: layers that must be among those that refuse.
    pub layers: Vec<Name>,
    /// `only`: no other layer refuses.
    pub only: bool,
    /// `rule`: a rule that must be among the deciding ones.
    pub rule: Option<Name>,
    /// `filter`: a permitted list must be filtered.
    pub filter: bool,
    /// `step-up`: exactly the scopes that the advice must name; none of `without step-up`.
    pub step_up: Option<Vec<Name>>,
    /// Keyword to last token.
    pub span: Span,
}
