//! What was written, in source order.

mod cases;
mod widening;

pub use cases::{Expectation, Test, TestCase, TestContainer, TestSubject, TestTarget};
pub use widening::{Eases, Easing, Expiry, Growth, Widening};

use crate::span::Span;

/// One `.sprag` file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// Declarations in source order.
    pub items: Vec<Item>,
    /// Every comment, in source order; the printer weaves them back by place.
    pub comments: Vec<Comment>,
}

/// `// …` to the end of the line.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// With the slashes, without the line end or trailing blanks.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

/// A declaration at the top of a file.
#[expect(
    clippy::large_enum_variant,
    reason = "rules are the largest and the most: boxing them gains nothing"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `catalog …`
    Catalog(CatalogHeader),
    /// `use …`
    Use(Use),
    /// `enum …`
    Enumeration(Enumeration),
    /// `kind …`
    Kind(Kind),
    /// `attributes …`
    Attributes(Attributes),
    /// `model …`
    Model(PermissionModel),
    /// `scope …`
    Scope(Scope),
    /// `mark …`
    Mark(Mark),
    /// `path …`
    Naming(Naming),
    /// `operation …`
    Operation(Operation),
    /// `operation group …`
    OperationGroup(OperationGroup),
    /// `app …`
    App(App),
    /// `role …`
    Role(Role),
    /// `group …`
    Group(Group),
    /// `assign …`
    Assignment(Assignment),
    /// `container …`
    Container(Container),
    /// `window …`
    Window(Window),
    /// `condition …`
    Condition(NamedCondition),
    /// `permit …` or `forbid …`
    Rule(Rule),
    /// `ratchet …`
    Ratchet(Ratchet),
    /// `ensure …`
    Guarantee(Guarantee),
    /// `widen …`
    Widening(Widening),
    /// `authority …`
    Authority(Authority),
    /// `test …`
    Test(Test),
}

impl Item {
    /// Keyword to last token.
    pub fn span(&self) -> Span {
        match self {
            Item::Catalog(item) => item.span,
            Item::Use(item) => item.span,
            Item::Enumeration(item) => item.span,
            Item::Kind(item) => item.span,
            Item::Attributes(item) => item.span,
            Item::Model(item) => item.span,
            Item::Scope(item) => item.span,
            Item::Mark(item) => item.span,
            Item::Naming(item) => item.span,
            Item::Operation(item) => item.span,
            Item::OperationGroup(item) => item.span,
            Item::App(item) => item.span,
            Item::Role(item) => item.span,
            Item::Group(item) => item.span,
            Item::Assignment(item) => item.span,
            Item::Container(item) => item.span,
            Item::Window(item) => item.span,
            Item::Condition(item) => item.span,
            Item::Rule(item) => item.span,
            Item::Ratchet(item) => item.span,
            Item::Guarantee(item) => item.span,
            Item::Widening(item) => item.span,
            Item::Authority(item) => item.span,
            Item::Test(item) => item.span,
        }
    }
}

/// A name as written, with its place: `timesheets`, `atlassian.jira`, `read:jira-work`.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The name's text. Where the grammar allows a quoted name (scopes, container ids), without quotes.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A quoted text, escapes resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The value.
    pub value: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// `catalog atlassian.jira version "2026-07" from "…"`: makes the file a catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogHeader {
    /// Dotted name.
    pub name: Name,
    /// Version, compared for equality only.
    pub version: Text,
    /// Where the facts came from.
    pub from: Option<Text>,
    /// Whether the platform takes the letters of its paths in any case.
    pub any_case: bool,
    /// Keyword to last token.
    pub span: Span,
}

/// `use atlassian.jira`
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// The catalog.
    pub name: Name,
    /// Keyword to last token.
    pub span: Span,
}

/// `enum classification ordered { public, internal }`
#[derive(Debug, Clone, PartialEq)]
pub struct Enumeration {
    /// Its name.
    pub name: Name,
    /// Whether `<` means something; the lowest value comes first.
    pub ordered: bool,
    /// The values in source order.
    pub values: Vec<Name>,
    /// Keyword to last token.
    pub span: Span,
}

/// `kind project in site { category: string }`
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// Its name.
    pub name: Name,
    /// The kind it lies in; the root has none.
    pub parent: Option<Name>,
    /// Its attributes.
    pub fields: Vec<Field>,
    /// Keyword to last token.
    pub span: Span,
}

/// `classification: classification inherited`
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Attribute name.
    pub name: Name,
    /// A built-in type's or an enumeration's name.
    pub type_name: Name,
    /// Whether a container without a value has its parent's.
    pub inherited: bool,
    /// Name to last token.
    pub span: Span,
}

/// `attributes user { department: string }`
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes {
    /// `user`, `request`, `install`, `app` or `operation` (the last two only in the prelude).
    pub owner: Name,
    /// The attributes; a request attribute's name may be dotted (`client.ip`).
    pub fields: Vec<Field>,
    /// Keyword to last token.
    pub span: Span,
}

/// `model connect "Atlassian Connect" demands user`
#[derive(Debug, Clone, PartialEq)]
pub struct PermissionModel {
    /// Its name inside the catalog; elsewhere `catalog.model`.
    pub name: Name,
    /// For people.
    pub title: Option<Text>,
    /// Whether every request in this model is made for a context user (delegated permissions).
    pub demands_user: bool,
    /// Keyword to last token.
    pub span: Span,
}

/// `scope connect WRITE implies READ`
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The model it belongs to.
    pub model: Name,
    /// Its name.
    pub name: Name,
    /// `level 3`: how much the platform says that it weighs.
    pub level: Option<i64>,
    /// What the platform says that it includes.
    pub implies: Vec<Name>,
    /// Keyword to last token.
    pub span: Span,
}

/// `mark app-access-rule-exempt "…"`, `mark grants-roles "…" gives grant-roles`
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Its name.
    pub name: Name,
    /// What it says of an operation.
    pub title: Option<Text>,
    /// The power over privileges that operations with this mark give.
    pub gives: Option<Name>,
    /// Keyword to last token.
    pub span: Span,
}

/// `path "/rest/api/3/issue/{issue}" names project in upper case before "-"`: which container the paths of requests
/// name that begin so.
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// A template. The id stands in its last parameters.
    pub path: Text,
    /// What it is the id of.
    pub kind: Name,
    /// How ids are written, where the platform does not tell case apart.
    pub case: Option<LetterCase>,
    /// Which part of the text is the id, or which texts are one; `None`: any, as a whole.
    pub form: Option<NamingForm>,
    /// Keyword to last token.
    pub span: Span,
}

/// `in upper case`, `in lower case`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LetterCase {
    /// `PAY`
    Upper,
    /// `acme/web`
    Lower,
}

/// What a naming says of the text in the path.
#[derive(Debug, Clone, PartialEq)]
pub enum NamingForm {
    /// `before "-"`: the id is what stands before the last one. Where there is none, nothing is named.
    Before(Text),
    /// `with "@"`: only what has one is an id.
    With(Text),
    /// `unless number`: what is only digits is no id.
    NotNumber,
    /// `if word`: letters, digits and `_` are an id, and a `~` before them; what is only digits is none, and of all else
    /// nobody can tell.
    Word,
}

/// `operation jira.issue.edit { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Dotted name.
    pub name: Name,
    /// Members in source order; the checker wants exactly one `access` and one `in`.
    pub members: Vec<OperationMember>,
    /// Keyword to last token.
    pub span: Span,
}

/// One line of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationMember {
    /// `access write`
    Access(Name),
    /// `in issue`
    In(Name),
    /// `lists project`: the answer is a list of things in containers of this kind.
    Lists(Name),
    /// `http PUT "/rest/api/3/issue/{issueIdOrKey}"`
    Http {
        /// `PUT`
        method: Name,
        /// Template.
        path: Text,
    },
    /// `requires connect WRITE` or `requires atlassian.granular [a, b] or [c]`
    Requires {
        /// The permission model.
        model: Name,
        /// Any of these.
        alternatives: Vec<Alternative>,
    },
    /// `marks experimental, deprecated`
    Marks(Vec<Name>),
}

/// `READ`, `[a, b]` or `least Mail.Read`: one way to satisfy a requirement.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Whether the platform calls it the least privileged way.
    pub least: bool,
    /// All of these are wanted.
    pub scopes: Vec<Name>,
}

/// `operation group webhooks { jira.webhook.* }`
#[derive(Debug, Clone, PartialEq)]
pub struct OperationGroup {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub operations: OperationPattern,
    /// Keyword to last token.
    pub span: Span,
}

/// `app timesheets { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// Its name in the policy.
    pub name: Name,
    /// Members in source order.
    pub members: Vec<AppMember>,
    /// Keyword to last token.
    pub span: Span,
}

/// One line of an app.
#[derive(Debug, Clone, PartialEq)]
pub enum AppMember {
    /// `key "com.acme.timesheets"`: how requests name it.
    Key(Text),
    /// `vendor "Acme GmbH"`
    Vendor(Text),
    /// `kind connector`
    Kind(Name),
    /// `platform atlassian.connect`: one or more permission models.
    Platform(Vec<Name>),
    /// `requests READ, WRITE`
    Requests(Vec<Name>),
    /// `approved READ`: what of it was approved; all of it where the line is missing.
    Approved(Vec<Name>),
    /// `optional WRITE`: what it may be given later, by an approval.
    Optional(Vec<Name>),
    /// `step-up by 2 of group admins for 30d`: who gives more to an installation, and for how long.
    StepUp(StepUp),
    /// `user developer in project where …`: a role of the app user.
    User {
        /// The role.
        role: Name,
        /// Where it is held; everywhere if missing.
        containers: Option<ContainerPattern>,
        /// Keyword to last token.
        span: Span,
    },
    /// `installed on "acme.atlassian.net"`
    Installed(Vec<Text>),
}

/// `role developer { read, jira.issue.* }`
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its name.
    pub name: Name,
    /// What its holders may do. A role's name stands for that role's operations.
    pub operations: OperationPattern,
    /// Keyword to last token.
    pub span: Span,
}

/// `group finance { "ann@acme.com" }`
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// User ids.
    pub members: Vec<Text>,
    /// Keyword to last token.
    pub span: Span,
}

/// `assign developer to group finance in project PAY`
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The role.
    pub role: Name,
    /// Who holds it.
    pub principal: Principal,
    /// Where; everywhere if missing.
    pub containers: Option<ContainerPattern>,
    /// Keyword to last token.
    pub span: Span,
}

/// Who a role is assigned to.
#[derive(Debug, Clone, PartialEq)]
pub enum Principal {
    /// `user "ann@acme.com"`
    User(Text),
    /// `group finance`: declared, or a name of the directory.
    Group(Name),
    /// `any user`
    AnyUser,
    /// `timesheets, planner`: the app users of these apps.
    Apps(AppPattern),
}

/// `container project PAY in site "acme" { category = "Finance" }`
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Its kind.
    pub kind: Name,
    /// Its id, bare or quoted.
    pub id: Name,
    /// What it lies in: kind and id.
    pub parent: Option<(Name, Name)>,
    /// What is known of it.
    pub attributes: Vec<Assign>,
    /// Keyword to last token.
    pub span: Span,
}

/// `category = "Finance"`
#[derive(Debug, Clone, PartialEq)]
pub struct Assign {
    /// The attribute; a dotted path in tests (`user.id`).
    pub name: Name,
    /// Its value.
    pub value: Literal,
    /// Name to last token.
    pub span: Span,
}

/// `window office in "Europe/Berlin" { mon-fri 09:00-17:00 }`
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its name.
    pub name: Name,
    /// IANA time zone.
    pub zone: Text,
    /// The hours.
    pub hours: Vec<Hours>,
    /// Keyword to last token.
    pub span: Span,
}

/// `mon-fri 09:00-17:00`; an end at or before the start lies on the next day.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// `mon`, … `sun`, or `daily`.
    pub first_day: Name,
    /// The last day of a range.
    pub last_day: Option<Name>,
    /// Minutes after midnight, 0 to 1440.
    pub start: u32,
    /// Minutes after midnight, 0 to 1440.
    pub end: u32,
    /// First to last token.
    pub span: Span,
}

/// `condition sensitive = container.classification >= confidential`
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCondition {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub condition: Condition,
    /// Keyword to last token.
    pub span: Span,
}

/// `permit` or `forbid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// May.
    Permit,
    /// May not, whatever permits.
    Forbid,
}

/// `permit <apps> to <operations> [in <containers>] [when …] [unless …] [as name] [because "…"]`
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// May or may not.
    pub effect: Effect,
    /// Which apps.
    pub apps: AppPattern,
    /// Which operations.
    pub operations: OperationPattern,
    /// Where; everywhere if missing.
    pub containers: Option<ContainerPattern>,
    /// Must hold.
    pub when: Option<Condition>,
    /// Must not hold.
    pub unless: Option<Condition>,
    /// `as no-unattended-writes`
    pub name: Option<Name>,
    /// Shown to people who ask why.
    pub because: Option<Text>,
    /// Keyword to last token.
    pub span: Span,
}

/// Which apps.
#[derive(Debug, Clone, PartialEq)]
pub enum AppPattern {
    /// `timesheets, planner`
    Named(Vec<Name>),
    /// `any app where app.vendor == "Acme" except timesheets`; `kind` is `app` for all kinds.
    Any {
        /// `app` (all), or `connector`, `ai-tool`, `agent`.
        kind: Name,
        /// A condition over `app.…` only.
        filter: Option<Condition>,
        /// Left out.
        except: Vec<Name>,
    },
}

/// `read, jira.issue.* except jira.issue.delete`
#[derive(Debug, Clone, PartialEq)]
pub struct OperationPattern {
    /// Any of these.
    pub any: Vec<OperationTerm>,
    /// None of these.
    pub except: Vec<OperationTerm>,
    /// First to last token.
    pub span: Span,
}

/// One way to name operations.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationTerm {
    /// `any operation`
    All(Span),
    /// An access class, operation, operation group, role (inside `role`), or pattern with `*`.
    Named(Name),
    /// `marked app-access-rule-exempt`
    Marked(Name),
}

/// `in project where category == "Delivery"`
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerPattern {
    /// `at` means the container itself, `in` it and everything below it.
    pub exact: bool,
    /// Any of these.
    pub terms: Vec<ContainerTerm>,
    /// Keyword to last token.
    pub span: Span,
}

/// `project PAY where archived == false`
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerTerm {
    /// The container kind.
    pub kind: Name,
    /// One container; any of the kind if missing.
    pub id: Option<Name>,
    /// Bare names in it are attributes of the kind.
    pub filter: Option<Condition>,
    /// First to last token.
    pub span: Span,
}

/// A boolean formula over tests.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `a and b and c`, at least two.
    All(Vec<Condition>),
    /// `a or b`, at least two.
    Any(Vec<Condition>),
    /// `not a`
    Not(Box<Condition>, Span),
    /// `left op right`; which operators exist is the checker's business.
    Compare {
        /// Left side.
        left: Operand,
        /// `==`, `!=`, `<`, `<=`, `>`, `>=`, or a word such as `in`, `like`, `during`; `not in` is one operator.
        operator: Name,
        /// Right side.
        right: Operand,
        /// First to last token.
        span: Span,
    },
    /// `has(user.department)`; which names exist is the checker's business.
    Call {
        /// What is called.
        name: Name,
        /// Its arguments.
        arguments: Vec<Operand>,
        /// First to last token.
        span: Span,
    },
    /// A boolean attribute or a named condition.
    Name(Name),
    /// `true` or `false`
    Constant(bool, Span),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// An attribute, an enumeration's value or a window: `project.category`, `confidential`.
    Path(Name),
    /// A constant that is not a bare word.
    Literal(Literal),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// What it is.
    pub value: LiteralValue,
    /// Where it stands.
    pub span: Span,
}

/// What a constant is.
#[derive(Debug, Clone, PartialEq)]
pub enum LiteralValue {
    /// `"text"`: also addresses, domains and origins, typed by what they are compared with.
    Text(String),
    /// `42`
    Int(i64),
    /// `true`
    Bool(bool),
    /// `90d`; in seconds.
    Duration(i64),
    /// `2026-12-31` or `2026-12-31T08:00:00Z`; seconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// A bare word inside a list or an assignment: an enumeration's value.
    Word(String),
    /// `["a", "b"]`
    List(Vec<Literal>),
}

/// `ratchet setup on timesheets { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Ratchet {
    /// Its name.
    pub name: Name,
    /// The apps it turns for.
    pub apps: AppPattern,
    /// Stages, the widest first.
    pub stages: Vec<Stage>,
    /// Ways back.
    pub reopenings: Vec<Reopening>,
    /// `never regrow ADMIN`: scopes that no approval gives back once they were taken. Empty if missing.
    pub never: Vec<Name>,
    /// Keyword to last token.
    pub span: Span,
}

/// `then configured locked holds READ, WRITE withdraws jira.webhook.* in project PAY when …`
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: Name,
    /// `then`: every stage but the first has it.
    pub then: bool,
    /// Never reopens.
    pub locked: bool,
    /// The scopes still held; no change from the stage before if missing.
    pub holds: Option<Vec<Name>>,
    /// Operations and containers taken away.
    pub withdraws: Vec<Withdrawal>,
    /// Any of these turns the ratchet to this stage.
    pub triggers: Vec<Trigger>,
    /// First to last token.
    pub span: Span,
}

/// `withdraws jira.webhook.* in project PAY`
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawal {
    /// Which operations.
    pub operations: OperationPattern,
    /// Where; everywhere if missing.
    pub containers: Option<ContainerPattern>,
    /// Keyword to last token.
    pub span: Span,
}

/// What turns a ratchet.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// `event "setup-finished"`
    Event(Text),
    /// `24h after install` or `24h after event "x"` or `24h after configured`
    After {
        /// Seconds.
        seconds: i64,
        /// Since what.
        since: Since,
        /// First to last token.
        span: Span,
    },
    /// `WRITE unused for 90d`
    Unused {
        /// The scope.
        scope: Name,
        /// Seconds.
        seconds: i64,
        /// First to last token.
        span: Span,
    },
    /// `success of jira.project.create` or `10 times jira.issue.create`
    Count {
        /// At least 1.
        times: i64,
        /// The operation.
        operation: Name,
        /// First to last token.
        span: Span,
    },
    /// `command`: an administrator's word.
    Command(Span),
}

/// What a delay counts from.
#[derive(Debug, Clone, PartialEq)]
pub enum Since {
    /// `install`
    Install(Span),
    /// `event "x"`
    Event(Text),
    /// A stage's name.
    Stage(Name),
}

/// `reopen configured by 2 of group jira-admins for 2h`
#[derive(Debug, Clone, PartialEq)]
pub struct Reopening {
    /// The stage to return to.
    pub stage: Name,
    /// How many of the group must approve; at least 1.
    pub approvers: i64,
    /// Who approves.
    pub group: Name,
    /// Seconds.
    pub seconds: i64,
    /// Keyword to last token.
    pub span: Span,
}

/// `step-up by 2 of group admins for 30d`
#[derive(Debug, Clone, PartialEq)]
pub struct StepUp {
    /// How many of the group must approve; at least 1.
    pub approvers: i64,
    /// Who approves.
    pub group: Name,
    /// The longest that an approval lasts, in seconds.
    pub seconds: i64,
    /// Keyword to last token.
    pub span: Span,
}

/// `ensure "…" { never any app to admin when install.age > 24h }`
#[derive(Debug, Clone, PartialEq)]
pub struct Guarantee {
    /// The sentence.
    pub title: Text,
    /// `in reachable states`: only of requests whose stages can stand beside the installation's age.
    pub reachable: bool,
    /// All of them must hold.
    pub claims: Vec<Claim>,
    /// Keyword to last token.
    pub span: Span,
}

/// `never` or `always` and a set of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// `always`: every such request is permitted; else none is.
    pub always: bool,
    /// Which apps.
    pub apps: AppPattern,
    /// Which operations.
    pub operations: OperationPattern,
    /// Where.
    pub containers: Option<ContainerPattern>,
    /// Must hold.
    pub when: Option<Condition>,
    /// Must not hold.
    pub unless: Option<Condition>,
    /// Keyword to last token.
    pub span: Span,
}

/// `authority { … }`: whose word decides the layers that need facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Authority {
    /// In source order.
    pub members: Vec<AuthorityMember>,
    /// Keyword to last token.
    pub span: Span,
}

/// One line of `authority`.
#[derive(Debug, Clone, PartialEq)]
pub enum AuthorityMember {
    /// `lifecycle from caller`
    Lifecycle {
        /// `policy` or `caller`.
        from: Name,
    },
    /// `app user from policy except when channel == browser`
    AppUser {
        /// `policy` or `caller`.
        from: Name,
        /// Where the layer does not apply.
        except: Option<Condition>,
    },
    /// `context user from policy required when channel == browser`
    ContextUser {
        /// `policy` or `caller`.
        from: Name,
        /// When a request without a context user is refused.
        required: Option<Condition>,
    },
}
