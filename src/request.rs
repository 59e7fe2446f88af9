//! A request with owned values, as tests, the reference evaluator and the command line see it.

use std::collections::{BTreeMap, BTreeSet};

/// What is asked. The runtime's borrowed twin is [`sprag_runtime::Request`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The app's key; `None` for an unauthenticated request.
    pub app: Option<String>,
    /// What it wants to do.
    pub operation: Target,
    /// The container and its ancestors, innermost first; may be empty or lack links.
    pub containers: Vec<ContainerFact>,
    /// Whom it is made for.
    pub user: Option<User>,
    /// Attributes of the moment and of the installation by full name: `channel`, `client.ip`,
    /// `install.age`. `app-user.permitted` is the caller's word on layer 5.
    pub attributes: BTreeMap<String, Value>,
    /// Ratchet name to the stage reached.
    pub stages: BTreeMap<String, String>,
    /// Names of the scopes that this installation's administrator approved; no further limit if `None`.
    pub approved: Option<BTreeSet<String>>,
    /// What was taken from this installation besides.
    pub withdrawn: Withdrawn,
}

/// What was taken from an installation, beyond what the stages of its ratchets say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Withdrawn {
    /// Names of scopes, each with all that imply it.
    pub scopes: BTreeSet<String>,
    /// Those of them that no approval gives back.
    pub forever: BTreeSet<String>,
    /// Names of operations.
    pub operations: BTreeSet<String>,
    /// Kind and id of containers, each with all that lies in it.
    pub containers: BTreeSet<(String, String)>,
}

/// An operation by name, or a request on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `jira.issue.get`
    Name(String),
    /// Method and path as on the wire.
    Http {
        /// `GET`
        method: String,
        /// `/rest/api/3/issue/PAY-1`, percent-encoded, perhaps with a query.
        path: String,
    },
}

impl Default for Target {
    fn default() -> Self {
        Target::Name(String::new())
    }
}

/// A container of the request with what the caller knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerFact {
    /// Kind name.
    pub kind: String,
    /// Its id; `None` where the caller knows only that there is one.
    pub id: Option<String>,
    /// By attribute name.
    pub attributes: BTreeMap<String, Value>,
}

/// The context user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// Who.
    pub id: String,
    /// By attribute name without `user.`; `permitted` is the caller's word on layer 6.
    pub attributes: BTreeMap<String, Value>,
}

/// A value before it meets the type of its attribute.
///
/// Text serves strings, enumerations, IP addresses, domains and origins; an instant is seconds since
/// 1970-01-01T00:00:00Z, a duration is seconds and not negative. A value that does not fit the attribute's type is
/// given and cannot be read: every test of it is unknown, also whether there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A number, an instant or a duration.
    Int(i64),
    /// A set of texts.
    Set(BTreeSet<String>),
}
