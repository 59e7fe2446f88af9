//! The checked model: resolved, typed, indices only. Everything after the checker reads this.
//!
//! Only [`crate::sema::check`] makes a [`Checked`] model; every index in it is in range, every
//! value has the type of its attribute, and every formula is well typed.

mod declared;
mod growth;
mod naming;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::span::Span;
pub use crate::syntax::tree::{Effect, LetterCase};
pub use declared::Containers;
pub use growth::{Eases, Easing, Growth, Widening};
pub use naming::{Naming, NamingForm};

/// Proof that the checker found no error.
#[derive(Debug, Clone)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// Only for the checker.
    pub(super) fn new(inner: T) -> Checked<T> {
        Checked(inner)
    }
}

impl<T> std::ops::Deref for Checked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into its list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// Index into [`Model::enumerations`].
    EnumId,
    /// Index into [`Model::kinds`].
    KindId,
    /// Index into [`Model::attributes`].
    AttributeId,
    /// Index into [`Model::permission_models`].
    PermissionModelId,
    /// Index into [`Model::scopes`].
    ScopeId,
    /// Index into [`Model::marks`].
    MarkId,
    /// Index into [`Model::operations`].
    OperationId,
    /// Index into [`Model::apps`].
    AppId,
    /// Index into [`Model::roles`].
    RoleId,
    /// Index into [`Model::containers`].
    ContainerId,
    /// Index into [`Model::windows`].
    WindowId,
    /// Index into [`Model::ratchets`].
    RatchetId,
    /// Index into [`Model::clauses`].
    ClauseId,
}

/// Everything a package says, resolved.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Name of the package, from `sprag.toml`.
    pub package: String,
    /// Catalogs in use, sorted by name.
    pub catalogs: Vec<CatalogPin>,
    /// Enumerations.
    pub enumerations: Vec<Enumeration>,
    /// Container kinds; a parent stands before its children.
    pub kinds: Vec<Kind>,
    /// Every attribute that a condition can read.
    pub attributes: Vec<Attribute>,
    /// Permission models.
    pub permission_models: Vec<PermissionModel>,
    /// Scopes of all models.
    pub scopes: Vec<Scope>,
    /// Coverage marks.
    pub marks: Vec<Mark>,
    /// Operations, sorted by name.
    pub operations: Vec<Operation>,
    /// Apps in source order.
    pub apps: Vec<App>,
    /// Declared user groups with their members: the only members they have.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Containers named in the policy.
    pub containers: Containers,
    /// Time windows.
    pub windows: Vec<Window>,
    /// Ratchets, sorted by name.
    pub ratchets: Vec<Ratchet>,
    /// Everything that says "these apps, these operations, when": rules, role assignments and withdrawals.
    pub clauses: Vec<Clause>,
    /// Whose word decides.
    pub authority: Authority,
    /// Guarantees, proved by the analysis.
    pub guarantees: Vec<Guarantee>,
    /// Approved growths, compared by the analysis with what grew.
    pub widenings: Vec<Widening>,
    /// Tests.
    pub tests: Vec<Test>,
}

/// A catalog and the version in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPin {
    /// Dotted name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of its text, lower-case hexadecimal.
    pub digest: String,
}

/// A closed list of values.
#[derive(Debug, Clone)]
pub struct Enumeration {
    /// Name.
    pub name: String,
    /// Whether order means something; lowest first.
    pub ordered: bool,
    /// Values.
    pub values: Vec<String>,
}

/// A kind of container.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Name.
    pub name: String,
    /// What it lies in.
    pub parent: Option<KindId>,
    /// Declared attributes, and `id` (a string) first.
    pub attributes: Vec<AttributeId>,
}

/// Where an attribute is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The app: known when compiling.
    App,
    /// The operation: known when compiling.
    Operation,
    /// A container of this kind.
    Kind(KindId),
    /// The context user.
    User,
    /// The request or the installation; the attribute's name is the full path (`client.ip`, `install.age`).
    Request,
}

/// Something a condition can test.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Where it is read.
    pub owner: Owner,
    /// Name below the owner: `category`, `groups`, `client.ip`.
    pub name: String,
    /// Type.
    pub kind: Type,
    /// A container without a value has the value of the nearest container above it that has one.
    pub inherited: bool,
}

/// The types of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Exact text.
    String,
    /// True or false.
    Bool,
    /// 64-bit signed.
    Int,
    /// One of an enumeration's values.
    Enum(EnumId),
    /// A set of texts.
    Strings,
    /// IPv4 or IPv6 address. An IPv4-mapped IPv6 address is the IPv4 address.
    Ip,
    /// Domain name, compared without case and without a final dot.
    Domain,
    /// `scheme://host[:port]`, compared in lower case without the scheme's default port.
    Origin,
    /// Seconds since 1970-01-01T00:00:00Z.
    Instant,
    /// Seconds.
    Duration,
}

/// How a platform words its scopes.
#[derive(Debug, Clone)]
pub struct PermissionModel {
    /// `atlassian.connect`
    pub name: String,
    /// Whether every request needs a context user.
    pub demands_user: bool,
}

/// A scope of one model.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Its model.
    pub model: PermissionModelId,
    /// Name inside the model.
    pub name: String,
    /// How much the platform says that it weighs; more is more. `None`: it does not say.
    pub level: Option<u32>,
    /// Everything it includes, itself too; transitively closed, sorted.
    pub implies: Vec<ScopeId>,
}

/// A coverage mark.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Name.
    pub name: String,
    /// What it says of an operation.
    pub title: String,
    /// The power that operations with this mark give to who may call them.
    pub gives: Option<Power>,
}

/// What an operation can do to privileges themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Power {
    /// Roles or group memberships to users, app users too.
    GrantRoles,
    /// What roles and groups are permitted to do.
    EditPermissions,
    /// Accounts of people.
    CreateUsers,
    /// Credentials that work without the app.
    CreateTokens,
    /// Apps, with scopes of their own.
    InstallApps,
    /// Whatever happens, told to an address outside.
    RegisterWebhooks,
    /// Requests in the name of a person.
    ActAsUsers,
}

impl Power {
    /// All.
    pub const ALL: [Power; 7] = [
        Power::GrantRoles,
        Power::EditPermissions,
        Power::CreateUsers,
        Power::CreateTokens,
        Power::InstallApps,
        Power::RegisterWebhooks,
        Power::ActAsUsers,
    ];

    /// The word after `gives`.
    pub fn name(self) -> &'static str {
        match self {
            Power::GrantRoles => "grant-roles",
            Power::EditPermissions => "edit-permissions",
            Power::CreateUsers => "create-users",
            Power::CreateTokens => "create-tokens",
            Power::InstallApps => "install-apps",
            Power::RegisterWebhooks => "register-webhooks",
            Power::ActAsUsers => "act-as-users",
        }
    }
}

/// What an operation does to data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Looks.
    Read,
    /// Creates or changes.
    Write,
    /// Removes.
    Delete,
    /// Changes configuration or permissions.
    Admin,
}

impl Access {
    /// The word for it, for people. Evaluator, table and regions read the attribute `access` each for themselves.
    pub fn name(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Delete => "delete",
            Access::Admin => "admin",
        }
    }
}

/// One callable thing.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `jira.issue.edit`
    pub name: String,
    /// Access class.
    pub access: Access,
    /// The container kind it acts in.
    pub kind: KindId,
    /// For list operations, the kind whose contents are listed: `kind` itself or a kind below it.
    pub lists: Option<KindId>,
    /// `PUT` and `/rest/api/3/issue/{issueIdOrKey}`
    pub http: Option<(String, String)>,
    /// Whether the platform takes the letters of the path's literal segments in any case.
    pub any_case: bool,
    /// The containers that the path of a request for it names; at most one of a kind, kinds of one branch, the
    /// outermost first.
    pub namings: Vec<Naming>,
    /// For each model in which it is callable: any of (all of (scopes)); never an empty list of alternatives.
    pub requirements: BTreeMap<PermissionModelId, Vec<Vec<ScopeId>>>,
    /// Sorted.
    pub marks: Vec<MarkId>,
    /// Where it is declared.
    pub span: Span,
}

/// A third-party app, connector, AI tool or agent.
#[derive(Debug, Clone)]
pub struct App {
    /// Its name in the policy.
    pub name: String,
    /// How requests name it.
    pub key: String,
    /// Vendor; empty if not said.
    pub vendor: String,
    /// `app`, `connector`, `ai-tool` or `agent`: a value of the prelude's `app-kind`.
    pub kind: String,
    /// Its permission models, in source order.
    pub models: Vec<PermissionModelId>,
    /// What it can ever hold: what the vendor asks for, and what is optional; as written, sorted.
    pub requested: BTreeSet<ScopeId>,
    /// Those of them that an installation holds only once they were approved for it.
    pub optional: BTreeSet<ScopeId>,
    /// Who gives more to an installation; `None`: anybody who gives a name and a reason.
    pub step_up: Option<StepUp>,
    /// What was approved, as written; `None`: all that is requested.
    pub approved: Option<BTreeSet<ScopeId>>,
    /// Sites; `None`: wherever this policy applies.
    pub installed_on: Option<BTreeSet<String>>,
    /// Where it is declared.
    pub span: Span,
}

/// Who may give more to an installation, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUp {
    /// How many must approve.
    pub approvers: u32,
    /// Group of the approvers.
    pub group: String,
    /// The longest that an approval lasts, in seconds.
    pub seconds: i64,
}

/// A named set of operations.
#[derive(Debug, Clone)]
pub struct Role {
    /// Name.
    pub name: String,
    /// What holders may do, sorted.
    pub operations: BTreeSet<OperationId>,
}

/// A container named in the policy.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its kind.
    pub kind: KindId,
    /// Its id.
    pub id: String,
    /// What it lies in, if said: of the kind's parent kind or a kind above that.
    pub parent: Option<ContainerId>,
    /// What the policy knows of it; stronger than what a request says.
    pub attributes: BTreeMap<AttributeId, Constant>,
    /// Where it is declared.
    pub span: Span,
}

/// Hours of the week in a time zone.
#[derive(Debug, Clone)]
pub struct Window {
    /// Name.
    pub name: String,
    /// IANA name, known to the time zone database.
    pub zone: String,
    /// Half-open intervals of local minutes since Monday 00:00, `0..10080`, sorted, disjoint, not touching
    /// (a window over Sunday's midnight is two intervals).
    pub minutes: Vec<(u32, u32)>,
}

/// Which layer a clause speaks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClauseKind {
    /// Layer 5: the app user may. From `user ROLE …` in an app, and from `app user … except when`.
    AppUserGrant,
    /// Layer 6: the context user may. Its `principal` says which.
    ContextUserGrant,
    /// Layer 7: permitted.
    Permit,
    /// Layer 7: forbidden.
    Forbid,
    /// Layer 8: a stage takes it away. Its condition tests the stage.
    Withdrawal,
}

impl ClauseKind {
    /// All of them.
    pub const ALL: [ClauseKind; 5] = [
        ClauseKind::AppUserGrant,
        ClauseKind::ContextUserGrant,
        ClauseKind::Permit,
        ClauseKind::Forbid,
        ClauseKind::Withdrawal,
    ];

    /// Whether a match speaks against the app, so that an unknown condition counts as a match.
    pub fn refuses(self) -> bool {
        matches!(self, ClauseKind::Forbid | ClauseKind::Withdrawal)
    }
}

/// "These apps, these operations, under this condition" — with what that means given by its kind.
///
/// Container patterns, `when` and `unless` are all in the one condition, see [`Condition`].
#[derive(Debug, Clone)]
pub struct Clause {
    /// Its layer and direction.
    pub kind: ClauseKind,
    /// Unique among clauses: `as` name, or `permit@rules.sprag:12`.
    pub name: String,
    /// Which apps; all of them for a `ContextUserGrant`.
    pub apps: Arc<BTreeSet<AppId>>,
    /// Which operations.
    pub operations: Arc<BTreeSet<OperationId>>,
    /// Which context users; only for a `ContextUserGrant`, else `Principal::Any`.
    pub principal: Principal,
    /// When.
    pub condition: Condition,
    /// The reason given in `because`; empty if none.
    pub because: String,
    /// Where it stands.
    pub span: Span,
}

/// Which context users hold a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// All.
    Any,
    /// The one with this id.
    User(String),
    /// The members of this group, see [`Model::groups`].
    Group(String),
}

/// A formula in Kleene's three-valued logic.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// True or false, certainly.
    Constant(bool),
    /// Certainly true iff every part is; certainly false iff some part is. Empty: true.
    All(Vec<Condition>),
    /// Certainly true iff some part is; certainly false iff every part is. Empty: false.
    Any(Vec<Condition>),
    /// Unknown stays unknown.
    Not(Box<Condition>),
    /// One test.
    Test(Atom),
    /// The operation happens in (at, or below) a container of this kind: true iff the operation's
    /// container kind, or the kind it lists, is this kind or lies below it. Never unknown.
    InKind(KindId),
    /// The operation acts in (or lists) exactly this kind. Never unknown.
    AtKind(KindId),
}

/// One subject against constants, or against another subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Atom {
    /// What is read.
    pub subject: Subject,
    /// What is asked of it.
    pub predicate: Predicate,
    /// Where it is written.
    pub span: Span,
}

/// What a test reads from a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// An attribute of the user, the request or the installation; or of the app or operation (constants).
    Attribute(AttributeId),
    /// A container attribute: walk the request's effective container chain from the innermost container
    /// outwards to the first container whose kind owns one of these attributes. Its value is the answer;
    /// if it has none and `inherited` holds, walk on; else the answer is missing.
    Container {
        /// At most one per kind, sorted. `project.category` has one; `container.classification` one for each
        /// kind that declares it; the id of a container (`project.id`) is an attribute like any other.
        attributes: Vec<AttributeId>,
        /// Whether to walk on past a container without a value.
        inherited: bool,
    },
    /// The stage that the installation has reached in this ratchet: ordered, the widest stage first.
    Stage(RatchetId),
}

/// What is asked of a subject. A missing subject makes every predicate but `Present` unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// Has a value (of the right type). Never unknown.
    Present,
    /// Equals one of these; not for sets.
    Is(Vec<Constant>),
    /// `subject < constant` and so on: integers, instants, durations, ordered enumerations, stages.
    Order(Ordering, Constant),
    /// Matches one of these patterns: strings, domains, origins.
    Like(Vec<Pattern>),
    /// Lies in one of these networks.
    InNetworks(Vec<Network>),
    /// The instant lies in the window.
    During(WindowId),
    /// The set has one of these as an element.
    HasAny(Vec<String>),
    /// Both subjects have the same value; they have the same type, not sets.
    Same(Subject),
    /// The subject (a string) is an element of that one (a set).
    ElementOf(Subject),
}

/// How two ordered values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A typed value written in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Constant {
    /// String.
    String(String),
    /// Truth value.
    Bool(bool),
    /// Integer, instant (seconds since 1970) or duration (seconds).
    Int(i64),
    /// Index into the values of the attribute's enumeration, or into a ratchet's stages.
    Index(u32),
    /// Set of texts (only as a container's attribute).
    Strings(BTreeSet<String>),
    /// Address.
    Ip(std::net::IpAddr),
    /// Normalised domain.
    Domain(String),
    /// Normalised origin.
    Origin(String),
}

/// A pattern in its normal form, matched over the whole (normalised) value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(pub Vec<PatternPart>);

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PatternPart {
    /// Exactly this; never empty, never two in a row.
    Text(String),
    /// Any characters, also none: `*` in a string pattern.
    Any,
    /// One or more characters other than `.`, `:` and `/`: `*` for one label of a domain.
    Label,
    /// One or more characters other than `:` and `/`: `**`, or a leading `*.`, in a domain.
    Labels,
    /// One or more digits: `*` for a port.
    Port,
}

/// An address range in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(pub ipnet::IpNet);

/// How an installation's privilege shrinks.
#[derive(Debug, Clone)]
pub struct Ratchet {
    /// Name.
    pub name: String,
    /// The apps it turns for.
    pub apps: BTreeSet<AppId>,
    /// The widest first; at least one.
    pub stages: Vec<Stage>,
    /// Ways back.
    pub reopenings: Vec<Reopening>,
    /// Scopes that no approval gives back once they were taken; as written.
    pub never: BTreeSet<ScopeId>,
    /// Where it is declared.
    pub span: Span,
}

impl Ratchet {
    /// How long after the installation each stage is reached at the latest, by time alone, in seconds; `None` where
    /// that takes something else, or where the stage can be reopened.
    pub fn latest(&self) -> Vec<Option<i64>> {
        let mut latest: Vec<Option<i64>> = vec![Some(0)];
        for stage in self.stages.iter().skip(1) {
            let due = stage.triggers.iter().filter_map(|trigger| match trigger {
                Trigger::After(seconds, Since::Install) => Some(*seconds),
                Trigger::After(seconds, Since::Stage(earlier)) => {
                    // Whoever stands further on has reached it too.
                    let reached = latest.iter().skip(*earlier as usize).filter_map(|at| *at).min()?;
                    Some(reached.saturating_add(*seconds))
                }
                Trigger::After(_, Since::Event(_))
                | Trigger::Event(_)
                | Trigger::Unused(..)
                | Trigger::Count(..)
                | Trigger::Command => None,
            });
            latest.push(due.min());
        }
        latest
    }

    /// Whether a reopening leads back over the stage.
    pub fn reopens(&self, stage: usize) -> bool {
        self.reopenings.iter().any(|way| (way.stage as usize) < stage)
    }
}

/// One stage. What it withdraws is in [`Model::clauses`] (a stage's withdrawals hold in later stages too).
#[derive(Debug, Clone)]
pub struct Stage {
    /// Name.
    pub name: String,
    /// Never left again.
    pub locked: bool,
    /// Scopes still held here, as written; never wider than the stage before (closed under implication).
    /// `None`: this and all earlier stages limit no scope.
    pub holds: Option<BTreeSet<ScopeId>>,
    /// What turns the ratchet to this stage; empty for the first.
    pub triggers: Vec<Trigger>,
}

/// What turns a ratchet.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// A named event.
    Event(String),
    /// Seconds after something.
    After(i64, Since),
    /// The scope was not needed for so many seconds.
    Unused(ScopeId, i64),
    /// The operation succeeded so many times.
    Count(i64, OperationId),
    /// An administrator's command.
    Command,
}

/// What a delay counts from.
#[derive(Debug, Clone, PartialEq)]
pub enum Since {
    /// Installation.
    Install,
    /// An event.
    Event(String),
    /// Reaching an earlier stage of the same ratchet (index).
    Stage(u32),
}

/// A way back to a wider stage.
#[derive(Debug, Clone)]
pub struct Reopening {
    /// Index of the stage to return to.
    pub stage: u32,
    /// How many must approve.
    pub approvers: u32,
    /// Group of the approvers.
    pub group: String,
    /// Seconds until it closes again.
    pub seconds: i64,
}

/// Where a layer's facts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// This policy.
    #[default]
    Policy,
    /// The request.
    Caller,
}

/// Whose word decides the layers that need facts.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Layer 2.
    pub lifecycle: Source,
    /// Layer 5.
    pub app_user: Source,
    /// Layer 5 permits where this is certainly true.
    pub app_user_except: Condition,
    /// Layer 6.
    pub context_user: Source,
    /// Layer 6 refuses a request without a context user unless this is certainly false.
    pub context_user_required: Condition,
}

impl Default for Authority {
    fn default() -> Authority {
        Authority {
            lifecycle: Source::Policy,
            app_user: Source::Policy,
            app_user_except: Condition::Constant(false),
            context_user: Source::Policy,
            context_user_required: Condition::Constant(false),
        }
    }
}

/// A sentence about all requests.
#[derive(Debug, Clone)]
pub struct Guarantee {
    /// The sentence.
    pub title: String,
    /// All must hold.
    pub claims: Vec<Claim>,
    /// Where it is declared.
    pub span: Span,
}

/// A set of requests, all or none of which are permitted.
#[derive(Debug, Clone)]
pub struct Claim {
    /// All; else none.
    pub always: bool,
    /// Which apps.
    pub apps: Arc<BTreeSet<AppId>>,
    /// Which operations.
    pub operations: Arc<BTreeSet<OperationId>>,
    /// Which requests.
    pub condition: Condition,
    /// Where it is written.
    pub span: Span,
}

/// A `test` block.
#[derive(Debug, Clone)]
pub struct Test {
    /// What it shows.
    pub title: String,
    /// Requests and what must come out.
    pub cases: Vec<TestCase>,
    /// Where it is declared.
    pub span: Span,
}

/// A request and what must come out.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// The request.
    pub request: crate::request::Request,
    /// What must come out.
    pub expect: Expectation,
    /// Where it is written.
    pub span: Span,
}

/// The eight layers, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The app is known.
    Identity,
    /// Its installation on the site is enabled.
    Lifecycle,
    /// The operation is known and callable in the app's permission models.
    Catalog,
    /// The scopes held now satisfy the requirement.
    Scope,
    /// The app user's roles reach the operation there.
    AppUser,
    /// The context user's do.
    ContextUser,
    /// Some permit and no forbid.
    Rules,
    /// No stage reached withdraws it.
    Ratchet,
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

/// What a test wants.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Permitted or denied.
    pub permit: bool,
    /// Must be among the layers that refuse.
    pub layers: BTreeSet<Layer>,
    /// And no other layer refuses.
    pub only: bool,
    /// Name of a clause that must be among the deciding ones.
    pub rule: Option<String>,
    /// The permitted list must be filtered.
    pub filter: bool,
    /// Exactly the scope names that the step-up advice names.
    pub step_up: Option<BTreeSet<String>>,
}
