//! The bundle's layout: what the compiler writes and this crate reads, byte for byte.
//!
//! ```text
//! Header                     64 bytes
//! Entry × Header::sections   64 bytes each: the directory
//! sections                   each an array of one record type, at the offset its entry says
//! ```
//!
//! All numbers are little-endian and nothing needs alignment. Records point at each other by index;
//! [`NONE`] means "nothing". Every entry carries the SHA-256 of its section, the header that of
//! itself (with the digest zeroed) and the directory, so that any changed byte is noticed.
//!
//! A record that changes makes a new version of the format, which readers of the old one refuse. Never changed are
//! [`Header`], [`Entry`], [`Chain`], and what [`Kind::Manifest`] and [`Kind::Spent`] hold: so a chain of bundles can go
//! on after such a change, see [`crate::Outline`].

use zerocopy::little_endian::{I64, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// First bytes of every bundle. The line end and the high byte catch transfers that mangle text.
pub const MAGIC: [u8; 8] = *b"\x89SPRAG\r\n";
/// The version this crate writes and reads.
pub const FORMAT: u32 = 6;
/// The oldest version it reads: before, nothing told what an app holds without approval on its site.
pub const OLDEST: u32 = 3;
/// An index that points nowhere.
pub const NONE: u32 = u32::MAX;
/// Set in [`Entry::flags`] for sections that a reader must know.
pub const CRITICAL: u32 = 1;
/// The deepest container kind tree, and the most containers in one request's chain.
pub const MAX_DEPTH: usize = 16;
/// The deepest discrimination net and the longest route.
pub const MAX_NESTING: u32 = 64;

/// The most bytes that the texts of one path from which containers get their ids have together.
pub const MAX_NAMED: usize = 512;

/// The most steps through nets and formulas that one decision may take.
pub const MAX_STEPS: u32 = 1 << 26;

/// Class of a slot whose value is missing: tests on it are unknown, and it certainly is not present.
pub const MISSING: u32 = 0;
/// Class of a slot of which something is given that cannot be read, or of a container that is not named: tests
/// on it are unknown, that of its presence too.
pub const UNREADABLE: u32 = 1;
/// Class of a slot that differs from item to item of a list operation.
pub const LISTED: u32 = 2;
/// The first class that stands for values.
pub const FIRST: u32 = 3;
/// Class of a two-way slot (window, element, relation, bool) that is false.
pub const FALSE: u32 = 3;
/// Class of a two-way slot that is true.
pub const TRUE: u32 = 4;

/// Formula edge: the clause matches.
pub const MATCH: u32 = u32::MAX;
/// Formula edge: the clause does not match.
pub const NO_MATCH: u32 = u32::MAX - 1;

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, PartialEq, Eq, Hash)]
        #[repr(C)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }
    };
}

record! {
    /// Start of the file.
    Header {
        /// [`MAGIC`]
        magic: [u8; 8],
        /// [`FORMAT`] of the writer.
        format: U32,
        /// A reader of a lower version must refuse.
        min_reader: U32,
        /// How many directory entries follow.
        sections: U32,
        /// Zero.
        reserved: U32,
        /// Bytes of the whole file.
        length: U64,
        /// SHA-256 of the header with this field zeroed, followed by the directory.
        digest: [u8; 32],
    }
}

record! {
    /// One section of the file.
    Entry {
        /// A [`Kind`].
        kind: U32,
        /// [`CRITICAL`] or 0.
        flags: U32,
        /// From the start of the file.
        offset: U64,
        /// In bytes.
        length: U64,
        /// Zero.
        reserved: U64,
        /// SHA-256 of the section.
        digest: [u8; 32],
    }
}

record! {
    /// UTF-8 in the strings section.
    Text {
        /// First byte.
        at: U32,
        /// Bytes.
        len: U32,
    }
}

record! {
    /// Consecutive records of some section.
    Range {
        /// First.
        at: U32,
        /// How many.
        len: U32,
    }
}

record! {
    /// One slot of the symbol table: open addressing, linear probing, a power of two slots.
    Symbol {
        /// Low half of [`crate::hash::hash`].
        hash: U32,
        /// A [`Space`] with its number; [`NONE`] for an empty slot.
        space: U32,
        /// The name.
        text: Text,
        /// What it stands for.
        value: U32,
    }
}

record! {
    /// Numbers that concern the whole bundle.
    Globals {
        /// Name of the package.
        package: Text,
        /// Slot words a decision needs, see [`crate::Bundle::scratch_len`].
        scratch: U32,
        /// Slot of the app's class, or [`NONE`].
        app_slot: U32,
        /// Slot of `user.groups`' head, or [`NONE`].
        groups: U32,
        /// Word of the first group's stratum, one word for each element of `groups`.
        group_strata: U32,
        /// Stratum of the grants that any context user has, or [`NONE`].
        any_user: U32,
        /// Slots of relations between two subjects: consecutive.
        relations: Range,
        /// 1 if layer 2 follows the caller's word.
        lifecycle_from_caller: U32,
        /// 1 if layer 5 follows the caller's word.
        app_user_from_caller: U32,
        /// 1 if layer 6 follows the caller's word.
        context_user_from_caller: U32,
    }
}

record! {
    /// An app.
    App {
        /// Name in the policy.
        name: Text,
        /// How requests name it.
        key: Text,
        /// Words: permission models.
        models: Range,
        /// Words: strata that this app belongs to.
        strata: Range,
        /// Words: pairs of a ratchet and its stride in `held`.
        ratchets: Range,
        /// Words: first word of the scope set held in each combination of stages.
        held: Range,
        /// First word of the scope set held without ratchets.
        base: U32,
        /// First word of the set of requested scopes.
        requested: U32,
        /// First word of the set of scopes held without any approval on the site, or [`NONE`]: all.
        outright: U32,
        /// 1 if `installed on` limits its sites.
        sites: U32,
        /// Its class in [`Globals::app_slot`].
        class: U32,
    }
}

record! {
    /// An operation.
    Operation {
        /// Name.
        name: Text,
        /// The container kind it acts in.
        kind: U32,
        /// The kind it lists, or [`NONE`].
        lists: U32,
        /// Column in the strata's maps.
        class: U32,
        /// 0 read, 1 write, 2 delete, 3 admin.
        access: U32,
        /// [`Requirement`]s, by model.
        requirements: Range,
    }
}

record! {
    /// One alternative of an operation's requirement.
    Requirement {
        /// The permission model.
        model: U32,
        /// Words: scopes, all needed.
        scopes: Range,
    }
}

record! {
    /// A permission model.
    Model {
        /// Name.
        name: Text,
        /// 1 if every request needs a context user.
        demands_user: U32,
    }
}

record! {
    /// A scope.
    Scope {
        /// Its model.
        model: U32,
        /// Its name.
        name: Text,
        /// Words: the scopes that include it, sorted, itself too.
        implied_by: Range,
    }
}

record! {
    /// A container kind.
    ContainerKind {
        /// Name.
        name: Text,
        /// The kind above, a smaller index, or [`NONE`].
        parent: U32,
        /// Words: slots that are settled (missing, if nothing else) once a container of this kind was read.
        closes: Range,
        /// Words: slots that may read a container of this kind.
        reads: Range,
        /// Attribute `id`.
        id: U32,
    }
}

record! {
    /// An attribute of requests.
    Attribute {
        /// Name below its owner.
        name: Text,
        /// A [`Type`].
        kind: U32,
        /// The container kind that owns it, or [`NONE`].
        kind_of_container: U32,
        /// Words: slots that read it (for sets, their heads).
        feeds: Range,
    }
}

record! {
    /// A reading of a request: a value's class among those that the policy can tell apart.
    Slot {
        /// A [`Classifier`].
        classifier: U32,
        /// See [`Classifier`].
        a: U32,
        /// See [`Classifier`].
        b: U32,
        /// See [`Classifier`].
        c: U32,
        /// How many classes there are, the three below [`FIRST`] too.
        classes: U32,
        /// What is read, as policies write it. For listings.
        name: Text,
    }
}

record! {
    /// Where a relation reads its values.
    Subject {
        /// [`Owner`]
        owner: U32,
        /// Its main slot: tells whether there is a value.
        slot: U32,
        /// Words: attributes, at most one for each kind.
        attributes: Range,
        /// 1 if a container without a value has the one above it.
        inherited: U32,
    }
}

record! {
    /// A multi-pattern automaton over bytes.
    Automaton {
        /// First of 256 shorts: the column of each byte.
        columns: U32,
        /// How many columns.
        width: U32,
        /// First word of the transitions: `states × width`, some with [`SETTLED`].
        transitions: U32,
        /// First word of the classes, one a state.
        classes: U32,
        /// How many states; the first is the start.
        states: U32,
    }
}

/// In a transition: the state is not left again, whatever follows.
pub const SETTLED: u32 = 1 << 31;

record! {
    /// Local hours in a time zone.
    Window {
        /// Name.
        name: Text,
        /// Ints: instants at which the offset from UTC changes.
        transitions: Range,
        /// First int of the offsets in seconds, one more than transitions.
        offsets: U32,
        /// Words: pairs of minutes after Monday 00:00, half-open, sorted.
        minutes: Range,
    }
}

record! {
    /// A test in a formula.
    Node {
        /// What is read.
        slot: U32,
        /// A [`Test`], plus [`UNKNOWN_MATCHES`], [`UNREADABLE_MATCHES`] and [`INVERTED`].
        test: U32,
        /// First operand.
        a: U32,
        /// Second operand.
        b: U32,
        /// Next node if it holds: a smaller index, [`MATCH`] or [`NO_MATCH`].
        yes: U32,
        /// Next node if it does not.
        no: U32,
    }
}

/// In [`Node::test`]: a missing value satisfies it. In [`Net::flags`]: it satisfies the tests dispatched on, and
/// so does one that cannot be read.
pub const UNKNOWN_MATCHES: u32 = 0x100;
/// In [`Node::test`]: it holds where the test does not.
pub const INVERTED: u32 = 0x200;
/// In [`Node::test`]: a value that cannot be read satisfies it.
pub const UNREADABLE_MATCHES: u32 = 0x400;

record! {
    /// A discrimination net: which clauses can match.
    Net {
        /// Slot to dispatch on, or [`NONE`] for a leaf.
        slot: U32,
        /// Leaf: word of the first (clause, node) pair. Sparse: word of the first (class, net) pair, sorted.
        /// Dense: word of the net for class [`FIRST`].
        at: U32,
        /// Leaf, sparse: how many pairs. Dense: how many classes.
        len: U32,
        /// Net of the clauses that do not test the slot: a smaller index, or [`NONE`].
        rest: U32,
        /// [`DENSE`], [`UNKNOWN_MATCHES`]
        flags: U32,
        /// More than the depth of every net below, no less than that of the rest; at most [`MAX_NESTING`].
        depth: U32,
    }
}

/// In [`Net::flags`]: `at` points at one net for each class, not at pairs.
pub const DENSE: u32 = 1;

record! {
    /// A set of apps (or one context user, or one group) that the same clauses speak about.
    Stratum {
        /// First short of the map from operation class to entry; 0 there means none.
        map: U32,
        /// First [`Nets`] record minus one.
        entries: U32,
        /// How many entries.
        len: U32,
    }
}

record! {
    /// The nets for one stratum and class of operations; each an index or [`NONE`].
    Nets {
        /// Layer 7, forbids.
        forbid: U32,
        /// Layer 7, permits.
        permit: U32,
        /// Layer 5, grants.
        app_user: U32,
        /// Layer 6, grants.
        context_user: U32,
        /// Layer 8, withdrawals.
        withdraw: U32,
        /// Layer 5 does not apply.
        except: U32,
        /// Layer 6 wants a context user.
        required: U32,
    }
}

record! {
    /// What a person is told about a clause.
    Clause {
        /// Name.
        name: Text,
        /// `path:line:column`.
        place: Text,
        /// `because`, or empty.
        because: Text,
        /// The source text.
        text: Text,
        /// 0 app user grant, 1 context user grant, 2 permit, 3 forbid, 4 withdrawal.
        kind: U32,
    }
}

record! {
    /// A ratchet.
    Ratchet {
        /// Name.
        name: Text,
        /// Slot of its stage, or [`NONE`] if no condition reads it.
        slot: U32,
        /// Words: one a stage; its class in the slot.
        stages: Range,
        /// First of one word a stage: 1 if it is locked and limits scopes.
        locked: U32,
        /// First of one word a stage: first word of the set of scopes that it leaves, or [`NONE`] for all.
        limits: U32,
        /// `path:line:column`
        place: Text,
    }
}

record! {
    /// A container that the policy names.
    Container {
        /// Kind.
        kind: U32,
        /// Id.
        id: Text,
        /// What it lies in, or [`NONE`].
        parent: U32,
        /// Words: pairs of slot and class.
        classes: Range,
        /// [`Fact`]s, sorted by attribute.
        facts: Range,
    }
}

record! {
    /// A value that the policy states, for relations.
    Fact {
        /// The attribute.
        attribute: U32,
        /// A [`Type`].
        kind: U32,
        /// Text of strings, enumerations, domains, origins and addresses.
        text: Text,
        /// Numbers and truth values.
        int: I64,
        /// Words: pairs (at, len) of texts, for sets.
        set: Range,
    }
}

record! {
    /// A user that the policy names.
    User {
        /// Id.
        id: Text,
        /// Stratum of the roles assigned to this user, or [`NONE`].
        stratum: U32,
        /// Words: element slots of `user.groups` that hold.
        groups: Range,
        /// Words: pairs (at, len) of the names of all declared groups, sorted.
        names: Range,
    }
}

record! {
    /// A node of the route tree.
    Route {
        /// [`Edge`]s for literal segments, sorted by bytes.
        edges: Range,
        /// Next node for any other segment: a smaller index, or [`NONE`].
        parameter: U32,
        /// [`Edge`]s from a method to an operation.
        methods: Range,
        /// More than the depth of every node below; at most [`MAX_NESTING`].
        depth: U32,
    }
}

record! {
    /// A literal segment or a method.
    Edge {
        /// Percent-decoded segment, or the method.
        text: Text,
        /// Route of a smaller index, or operation.
        target: U32,
    }
}

record! {
    /// Scope of the symbol table's declared groups.
    Group {
        /// Name.
        name: Text,
    }
}

record! {
    /// Where a bundle stands that was built after another. The first of a chain has none.
    Chain {
        /// SHA-256 of the chain's first bundle, the whole file.
        first: [u8; 32],
        /// SHA-256 of the bundle before this one, the whole file.
        previous: [u8; 32],
        /// The first bundle is generation 1, this one at least 2.
        generation: U32,
        /// 1 if there is a date.
        dated: U32,
        /// When it was built, as its builder says: seconds since 1970.
        date: I64,
        /// [`Growth`]s in the other direction: what the bundle before permitted and this one does not.
        lost: Range,
    }
}

record! {
    /// An approval of something that this bundle permits and the one before did not.
    Widening {
        /// Why.
        reason: Text,
        /// Words: pairs (at, len) of the texts that say who approved it.
        approvers: Range,
        /// When the approval ends, in seconds since 1970.
        until: I64,
        /// SHA-256 of what the block in the policy says: its lines in canonical layout, sorted.
        block: [u8; 32],
        /// [`Growth`]s: what grew and is covered.
        growths: Range,
    }
}

record! {
    /// Requests of one app, for people in words and for the loader by the names of app and operations.
    Growth {
        /// The app's key.
        app: Text,
        /// Words: pairs (at, len) of the names of operations, sorted.
        operations: Range,
        /// Words: pairs (at, len) of texts: which requests for each of them, the largest part first.
        told: Range,
        /// How many cells there are in all, in decimal digits; empty where they could not be counted.
        cells: Text,
        /// How many of them lie in none of the parts told, likewise.
        remaining: Text,
    }
}

record! {
    /// An app and an operation that this bundle never permits, whatever its other sections say.
    Closed {
        /// The app.
        app: U32,
        /// The operation.
        operation: U32,
    }
}

record! {
    /// A container that the path of requests for an operation names.
    Naming {
        /// The operation.
        operation: U32,
        /// Kind of the container.
        kind: U32,
        /// Words: the segments of the path (the first is 0) that are the text, joined by `/`.
        segments: Range,
        /// A [`LetterCase`].
        case: U32,
        /// A [`NamingForm`].
        form: U32,
        /// The sign that the form speaks of, in ASCII; else 0.
        sign: U32,
    }
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum $name { $($(#[$item_doc])* $item = $code),* }
        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$item),*];
            /// By number.
            pub fn from_code(code: u32) -> Option<$name> {
                match code { $($code => Some($name::$item),)* _ => None }
            }
            /// The number.
            pub const fn code(self) -> u32 { self as u32 }
        }
    };
}

codes! {
    /// What a section holds. Numbers are never used again.
    Kind {
        /// JSON for people and tools: compiler version, source digest, catalog pins. Not read here.
        Manifest = 1,
        /// UTF-8 text.
        Strings = 2,
        /// `u32` lists.
        Words = 3,
        /// `u16` lists.
        Shorts = 4,
        /// `i64` lists.
        Ints = 5,
        /// [`Symbol`]s
        Symbols = 6,
        /// One [`Globals`].
        Globals = 7,
        /// [`App`]s
        Apps = 8,
        /// [`Operation`]s
        Operations = 9,
        /// [`Requirement`]s
        Requirements = 10,
        /// [`Model`]s
        Models = 11,
        /// [`Scope`]s
        Scopes = 12,
        /// [`ContainerKind`]s
        Kinds = 13,
        /// [`Attribute`]s
        Attributes = 14,
        /// [`Slot`]s
        Slots = 15,
        /// [`Subject`]s
        Subjects = 16,
        /// [`Automaton`]s
        Automata = 17,
        /// [`Window`]s
        Windows = 18,
        /// [`Node`]s
        Nodes = 19,
        /// [`Net`]s
        Nets = 20,
        /// [`Stratum`]s
        Strata = 21,
        /// [`Nets`] records
        Entries = 22,
        /// [`Clause`]s
        Clauses = 23,
        /// [`Ratchet`]s
        Ratchets = 24,
        /// [`Container`]s
        Containers = 25,
        /// [`Fact`]s
        Facts = 26,
        /// [`User`]s
        Users = 27,
        /// [`Route`]s; the last is the root of those whose letters are compared by case.
        Routes = 28,
        /// [`Edge`]s
        Edges = 29,
        /// IP range starts: 16 bytes each, big-endian.
        Addresses = 30,
        /// [`Group`]s that the policy declares.
        Groups = 31,
        /// `u32` each: for every node, net, stratum and route, in this order, the most steps that a walk from
        /// there takes. Loading checks the sums, so that no decision can take more than [`MAX_STEPS`].
        Steps = 32,
        /// At most one [`Chain`].
        Chain = 33,
        /// [`Widening`]s
        Widenings = 34,
        /// [`Growth`]s
        Growths = 35,
        /// [`Closed`] records, sorted.
        Closed = 36,
        /// Digests of 32 bytes, sorted: all blocks by which this chain ever grew.
        Spent = 37,
        /// [`Naming`]s, sorted by operation, then kind.
        Namings = 38,
        /// At most one `u32`: the [`Route`] that is the root of those which are taken in any case. Their texts are in
        /// small letters.
        AnyCase = 39,
    }
}

impl Kind {
    /// The format version from which on every bundle has this section; in older ones it is taken to be empty.
    pub fn since(self) -> u32 {
        match self {
            Kind::AnyCase => 6,
            Kind::Namings => 5,
            Kind::Chain | Kind::Widenings | Kind::Growths | Kind::Closed | Kind::Spent => 4,
            _ => 1, // there from the beginning
        }
    }
}

codes! {
    /// Families of names in the symbol table; a space is `code << 24 | number`.
    Space {
        /// App key → app.
        App = 1,
        /// Name → operation.
        Operation = 2,
        /// Name → container kind.
        Kind = 3,
        /// Id → user.
        User = 4,
        /// Number: kind. Id → container.
        Container = 5,
        /// Number: 0 user, 1 request, 2 + kind. Name → attribute.
        Attribute = 6,
        /// Number: slot. Text → class; for set heads: element → which one.
        Value = 7,
        /// Number: model. Name → scope.
        Scope = 8,
        /// Name → ratchet.
        Ratchet = 9,
        /// Number: ratchet. Name → stage.
        Stage = 10,
        /// Number: app. Site → 1.
        Site = 11,
        /// Name → declared group.
        Group = 12,
    }
}

impl Space {
    /// The key of one family member.
    pub const fn of(self, number: u32) -> u32 {
        (self as u32) << 24 | (number & 0x00ff_ffff)
    }
}

codes! {
    /// Types of attributes.
    Type {
        /// Text.
        String = 0,
        /// Truth value.
        Bool = 1,
        /// Number.
        Int = 2,
        /// Enumeration.
        Enum = 3,
        /// Set of texts.
        Strings = 4,
        /// Address.
        Ip = 5,
        /// Domain.
        Domain = 6,
        /// Origin.
        Origin = 7,
        /// Seconds since 1970.
        Instant = 8,
        /// Seconds.
        Duration = 9,
    }
}

codes! {
    /// The case of ASCII letters in an id.
    LetterCase {
        /// As in the path.
        Kept = 0,
        /// Upper.
        Upper = 1,
        /// Lower.
        Lower = 2,
    }
}

codes! {
    /// What of the text in a path is a container's id.
    NamingForm {
        /// All of it.
        Whole = 0,
        /// What stands before the last sign; nothing is named if nothing does.
        Before = 1,
        /// All of it if it has the sign; else nothing is named.
        With = 2,
        /// All of it, unless it is only digits; then nothing is named.
        NotNumber = 3,
        /// All of it if it is ASCII letters, digits and `_`, which one `~` may stand before; another text cannot be told.
        /// If it is only digits, nothing is named.
        Word = 4,
    }
}

codes! {
    /// Whom a subject is read from.
    Owner {
        /// The context user.
        User = 0,
        /// The request or the installation.
        Request = 1,
        /// A container of the chain.
        Container = 2,
    }
}

codes! {
    /// How a slot gets its class.
    Classifier {
        /// Text: symbol in [`Space::Value`], else the class that automaton `a` gives, else `b`.
        Text = 0,
        /// Enumeration: symbol in [`Space::Value`], else unreadable.
        Enum = 1,
        /// Words `a..a+2`: the classes of false and true.
        Bool = 2,
        /// Ints `a..a+b` are sorted bounds; word `c + how many bounds are ≤ value` is the class.
        Number = 3,
        /// Addresses `a..a+b` are sorted starts; word `c + how many starts are ≤ value` is the class.
        Ip = 4,
        /// In window `a` or not.
        Window = 5,
        /// Set: present, followed by `a` element slots. The first `c` are groups whose members the policy declares.
        Set = 6,
        /// Element number `b` of the set with head `a`.
        Element = 7,
        /// Subjects `a` and `b` have the same value.
        Same = 8,
        /// Subject `a` is an element of subject `b`.
        ElementOf = 9,
        /// Stage of ratchet `a`.
        Stage = 10,
        /// The class that the app states.
        App = 11,
    }
}

codes! {
    /// What a node asks of a class.
    Test {
        /// `class == a`
        Equal = 0,
        /// `a <= class <= b`
        Between = 1,
        /// Bit `class` in `b` words from `a`.
        Bits = 2,
    }
}

/// What the pools hold.
pub type Word = U32;
/// What the shorts section holds.
pub type Short = U16;
/// What the ints section holds.
pub type Int = I64;
