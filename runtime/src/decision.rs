//! Answers.

/// The eight layers, in order; every one must permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Layer {
    /// The app is known.
    Identity = 0,
    /// Its installation is enabled.
    Lifecycle = 1,
    /// The operation is known and callable.
    Catalog = 2,
    /// The scopes held now suffice.
    Scope = 3,
    /// The app user's roles reach it.
    AppUser = 4,
    /// The context user's do.
    ContextUser = 5,
    /// Some permit and no forbid.
    Rules = 6,
    /// No stage reached withdraws it.
    Ratchet = 7,
}

impl Layer {
    /// All, in order.
    pub const ALL: [Layer; 8] = [
        Layer::Identity,
        Layer::Lifecycle,
        Layer::Catalog,
        Layer::Scope,
        Layer::AppUser,
        Layer::ContextUser,
        Layer::Rules,
        Layer::Ratchet,
    ];

    /// The word in policies and answers: `app-user`.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Identity => "identity",
            Layer::Lifecycle => "lifecycle",
            Layer::Catalog => "catalog",
            Layer::Scope => "scope",
            Layer::AppUser => "app-user",
            Layer::ContextUser => "context-user",
            Layer::Rules => "rules",
            Layer::Ratchet => "ratchet",
        }
    }
}

/// Why a layer refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The request names no app.
    Anonymous,
    /// The policy does not know the app.
    UnknownApp,
    /// The scratch space was too small to decide.
    NoScratch,
    /// The app, the operation or the whole resolved request was looked up in another bundle.
    StaleHandle,
    /// The installation's status is another than `enabled`.
    NotEnabled,
    /// The caller must say the status and did not.
    StatusUnknown,
    /// The app is not installed on this site, or the request does not name the site.
    NotInstalledHere,
    /// No catalog has the operation.
    UnknownOperation,
    /// The containers contradict each other, or the operation does not act in such a container.
    WrongContainer,
    /// The path names another container than the request or the policy does, or one that cannot be told.
    ContradictsPath,
    /// No permission model of the app lists the operation.
    NotCallable,
    /// The scopes held now do not satisfy the requirement.
    MissingScopes,
    /// No role of the app user reaches the operation there.
    AppUserWithoutRole,
    /// The caller did not confirm that the app user may.
    AppUserRefused,
    /// A context user is needed.
    UserRequired,
    /// No role of the context user reaches the operation there.
    ContextUserWithoutRole,
    /// The caller did not confirm that the context user may.
    ContextUserRefused,
    /// A forbid matches.
    Forbidden,
    /// No permit matches.
    NoPermit,
    /// A stage withdraws the operation or container.
    Withdrawn,
    /// The operation or the container was withdrawn from the installation.
    WithdrawnHere,
    /// A stage withdrew a scope that the operation needs.
    ScopesWithdrawn,
    /// A scope that the operation needs was withdrawn from the installation.
    ScopesWithdrawnHere,
}

impl Reason {
    /// Stable word for machines: `no-permit`.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Anonymous => "anonymous",
            Reason::UnknownApp => "unknown-app",
            Reason::NoScratch => "no-scratch",
            Reason::StaleHandle => "stale-handle",
            Reason::NotEnabled => "not-enabled",
            Reason::StatusUnknown => "status-unknown",
            Reason::NotInstalledHere => "not-installed-here",
            Reason::UnknownOperation => "unknown-operation",
            Reason::WrongContainer => "wrong-container",
            Reason::ContradictsPath => "contradicts-path",
            Reason::NotCallable => "not-callable",
            Reason::MissingScopes => "missing-scopes",
            Reason::AppUserWithoutRole => "app-user-without-role",
            Reason::AppUserRefused => "app-user-refused",
            Reason::UserRequired => "user-required",
            Reason::ContextUserWithoutRole => "context-user-without-role",
            Reason::ContextUserRefused => "context-user-refused",
            Reason::Forbidden => "forbidden",
            Reason::NoPermit => "no-permit",
            Reason::Withdrawn => "withdrawn",
            Reason::WithdrawnHere => "withdrawn-here",
            Reason::ScopesWithdrawn => "scopes-withdrawn",
            Reason::ScopesWithdrawnHere => "scopes-withdrawn-here",
        }
    }
}

/// The answer to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub(crate) reasons: [Option<Reason>; 8],
    /// A clause that decided: a permit that matches, or the forbid or withdrawal of the first layer that
    /// refuses by one. [`crate::Bundle::explain`] tells all.
    pub clause: Option<ClauseHandle>,
    /// The operation lists things, and not all of them may be shown: decide each one, or see the filter
    /// that [`crate::Bundle::explain`] tells.
    pub filter: bool,
    /// An approval could lift the denial; [`crate::Bundle::step_up`] names the scopes.
    pub step_up: Option<StepUp>,
}

impl Decision {
    /// Whether the request may go ahead (with the filter, if there is one).
    pub fn permitted(&self) -> bool {
        self.reasons.iter().all(Option::is_none)
    }

    /// Why this layer refuses; `None` if it permits.
    pub fn reason(&self, layer: Layer) -> Option<Reason> {
        self.reasons.get(layer as usize).copied().flatten()
    }

    /// Every layer that refuses, in order, with its reason.
    pub fn refusals(&self) -> impl Iterator<Item = (Layer, Reason)> + '_ {
        Layer::ALL.into_iter().filter_map(|layer| self.reason(layer).map(|reason| (layer, reason)))
    }
}

/// A clause of one bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClauseHandle(pub(crate) u32);

impl ClauseHandle {
    /// Its number in the bundle.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The alternative of the requirement that an approval should open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUp(pub(crate) u32);

/// What [`crate::Bundle::explain`] tells about a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A permit or a grant that matches.
    Permits,
    /// A forbid or withdrawal that matches.
    Refuses,
    /// A permit or grant that some items of the list match.
    FilterOnly,
    /// A forbid or withdrawal that some items of the list match.
    FilterExcept,
}
