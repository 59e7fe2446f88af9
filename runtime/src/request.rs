//! What is asked, in borrowed strings.

use crate::state::{State, Withdrawn};

/// A request. Build it from what the enforcement point knows; leave out what it does not know:
/// a missing fact never helps the app.
/// The default asks for nothing, as nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'r> {
    /// The app; `None` for an unauthenticated request.
    pub app: Option<App<'r>>,
    /// What it wants to do.
    pub operation: Target<'r>,
    /// The container and what it lies in, innermost first; may be empty or lack links.
    /// More than [`crate::format::MAX_DEPTH`] of them cannot be consistent and are denied.
    pub containers: &'r [Container<'r>],
    /// Whom it is made for.
    pub user: Option<User<'r>>,
    /// Attributes of the moment and the installation, by full name: `channel`, `client.ip`, `install.age`;
    /// also `app-user.permitted`, the caller's word on layer 5. A name given twice: the first counts.
    pub attributes: &'r [(&'r str, Value<'r>)],
    /// Ratchet and the stage that the installation has reached.
    pub stages: &'r [(&'r str, &'r str)],
    /// Scopes approved for this installation; no further limit if `None`.
    pub approved: Option<&'r [&'r str]>,
    /// What was taken from this installation besides.
    pub withdrawn: Withdrawn<'r>,
    /// All that is known of the installation, looked up before: it stands for `stages`, `approved` and `withdrawn`,
    /// which are not read then.
    pub state: Option<&'r State<'r>>,
}

impl Default for Target<'_> {
    fn default() -> Self {
        Target::Name("")
    }
}

/// An app by key, or by the handle that [`crate::Bundle::app`] gave for it.
#[derive(Debug, Clone, Copy)]
pub enum App<'r> {
    /// Looked up.
    Key(&'r str),
    /// Used as it is.
    Handle(AppHandle),
}

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub enum Target<'r> {
    /// `jira.issue.get`, looked up.
    Name(&'r str),
    /// From [`crate::Bundle::operation`] or [`crate::Bundle::route`].
    Handle(OperationHandle),
    /// A request on the wire.
    Http {
        /// `GET`
        method: &'r str,
        /// As on the wire, with or without a query.
        path: &'r str,
    },
}

/// An app of one bundle; with any other, such as the one that a reload brought, it is denied as
/// [`crate::Reason::StaleHandle`]. Look handles up again when the bundle changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppHandle {
    pub(crate) index: u32,
    /// See [`crate::Bundle::identity`].
    pub(crate) bundle: u64,
}

/// An operation of one bundle; as with [`AppHandle`], no other bundle takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationHandle {
    pub(crate) index: u32,
    /// See [`crate::Bundle::identity`].
    pub(crate) bundle: u64,
}

/// A container with what the caller knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Container<'r> {
    /// Name of its kind.
    pub kind: &'r str,
    /// Its id, if known.
    pub id: Option<&'r str>,
    /// By attribute name. What the policy itself says of a container counts first.
    pub attributes: &'r [(&'r str, Value<'r>)],
}

/// The context user.
#[derive(Debug, Clone, Copy)]
pub struct User<'r> {
    /// Who.
    pub id: &'r str,
    /// By name without `user.`; also `permitted`, the caller's word on layer 6.
    pub attributes: &'r [(&'r str, Value<'r>)],
}

/// A value. One that does not fit its attribute's type is given and cannot be read: every test of it is unknown,
/// also whether there is one.
#[derive(Debug, Clone, Copy)]
pub enum Value<'r> {
    /// Strings, enumerations, addresses, domains, origins.
    Text(&'r str),
    /// Truth values.
    Bool(bool),
    /// Numbers; instants in seconds since 1970-01-01T00:00:00Z; durations in seconds, not negative.
    Int(i64),
    /// Sets of texts.
    Set(&'r [&'r str]),
}
