//! Loading: every byte is checked once, then nothing can go wrong.
//!
//! Lists may be shared, so checking takes at most as many looks as there are records times the longest list;
//! deciding is bounded much more tightly, see [`crate::format::MAX_STEPS`].

use core::fmt;

use sha2::{Digest, Sha256};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::format::{
    App, Attribute, Automaton, CRITICAL, Chain, Classifier, Clause, Closed, Container, ContainerKind, DENSE,
    Edge, Entry, FIRST, FORMAT, Fact, Globals, Group, Growth, Header, Int, Kind, LetterCase, MAGIC, MATCH,
    MAX_DEPTH, MAX_NESTING, Model, NO_MATCH, NONE, Naming, NamingForm, Net, Nets, Node, OLDEST, Operation,
    Owner, Range, Ratchet, Requirement, Route, SETTLED, Scope, Short, Slot, Space, Stratum, Subject, Symbol,
    Test, Text, Type, User, Widening, Window, Word,
};
use crate::steps::Steps;

/// Why bytes are not a bundle that this crate accepts. Nothing of a refused bundle is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadError {
    /// The file is shorter than it says, or than a bundle can be.
    Truncated,
    /// The first bytes are not a bundle's.
    NotABundle,
    /// Written for readers of at least this format version; this crate reads [`FORMAT`].
    TooNew(u32),
    /// Written in this format version; this crate reads none before [`OLDEST`].
    TooOld(u32),
    /// The digest of the header and directory does not match.
    DirectoryDamaged,
    /// The directory is not laid out as the format demands (entry number).
    BadDirectory(u32),
    /// This critical section is not known here (its number).
    UnknownSection(u32),
    /// This section is missing or stands twice.
    SectionCount(Kind),
    /// The digest of this section does not match.
    SectionDamaged(Kind),
    /// The digest of an optional section that is not known here does not match (its number).
    OptionalDamaged(u32),
    /// This section breaks a rule of the format (record number).
    Malformed(Kind, u32),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Truncated => f.write_str("the file is incomplete"),
            LoadError::NotABundle => f.write_str("this is not a Sprag bundle"),
            LoadError::TooNew(version) => {
                write!(f, "the bundle needs a reader of format {version}, this one reads format {FORMAT}")
            }
            LoadError::TooOld(version) => {
                write!(
                    f,
                    "the bundle is of format {version}, and the oldest that can be read is {OLDEST}: build it again"
                )
            }
            LoadError::DirectoryDamaged => {
                f.write_str("the bundle is damaged: its directory has the wrong digest")
            }
            LoadError::BadDirectory(entry) => {
                write!(f, "the bundle is malformed: directory entry {entry}")
            }
            LoadError::UnknownSection(kind) => {
                write!(
                    f,
                    "the bundle has a critical section of unknown kind {kind}: a newer reader is needed"
                )
            }
            LoadError::SectionCount(kind) => {
                write!(f, "the bundle must have exactly one section {kind:?}")
            }
            LoadError::SectionDamaged(kind) => {
                write!(f, "the bundle is damaged: section {kind:?} has the wrong digest")
            }
            LoadError::OptionalDamaged(kind) => {
                write!(f, "the bundle is damaged: optional section {kind} has the wrong digest")
            }
            LoadError::Malformed(kind, record) => {
                write!(f, "the bundle is malformed: section {kind:?}, record {record}")
            }
        }
    }
}

impl core::error::Error for LoadError {}

/// A verified bundle, borrowing its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bundle<'a> {
    pub(crate) tables: Tables<'a>,
    identity: u64,
    bytes: &'a [u8],
}

impl<'a> Bundle<'a> {
    /// Verifies `bytes` and takes them as a bundle.
    ///
    /// Costs one pass over the bytes for the digests and one over the records.
    ///
    /// # Errors
    /// The first fault found; the bytes must then not be used.
    pub fn load(bytes: &'a [u8]) -> Result<Bundle<'a>, LoadError> {
        let tables = read_sections(bytes)?;
        let classes =
            tables.operations.iter().map(|o| (o.class.get() as usize).saturating_add(1)).max().unwrap_or(0);
        Verifier { t: &tables, classes }.verify()?;
        Ok(Bundle { tables, identity: identity(bytes), bytes })
    }

    /// What tells this bundle from others: the beginning of its digest. The same bytes, loaded again, have the
    /// same.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// SHA-256 of the whole file, by which bundles that are built after this one name it. Computed when asked for.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.bytes).into()
    }

    /// The raw tables, for listings and tools.
    pub fn tables(&self) -> &Tables<'a> {
        &self.tables
    }

    /// How many `u32` a decision needs as scratch space.
    pub fn scratch_len(&self) -> usize {
        self.tables.globals.scratch.get() as usize
    }
}

/// The first bytes of the header's digest, which covers everything.
fn identity(bytes: &[u8]) -> u64 {
    let header = Header::ref_from_prefix(bytes).ok();
    let start = header.and_then(|(header, _)| header.digest.first_chunk::<8>());
    start.map_or(0, |start| u64::from_le_bytes(*start))
}

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $record:ty = $kind:ident),* $(,)?) => {
        /// The sections of a bundle as arrays.
        #[derive(Debug, Clone, Copy)]
        pub struct Tables<'a> {
            /// JSON for people; not interpreted here.
            pub manifest: &'a [u8],
            /// All text.
            pub strings: &'a str,
            /// Numbers that concern the whole bundle.
            pub globals: &'a Globals,
            $($(#[$doc])* pub $field: &'a [$record],)*
        }

        fn tables<'a>(section: &dyn Fn(Kind) -> Result<&'a [u8], LoadError>) -> Result<Tables<'a>, LoadError> {
            let strings = core::str::from_utf8(section(Kind::Strings)?)
                .map_err(|_| LoadError::Malformed(Kind::Strings, 0))?;
            let globals = records::<Globals>(section(Kind::Globals)?, Kind::Globals)?;
            let [globals] = globals else { return Err(LoadError::Malformed(Kind::Globals, 0)) };
            Ok(Tables {
                manifest: section(Kind::Manifest)?,
                strings,
                globals,
                $($field: records(section(Kind::$kind)?, Kind::$kind)?,)*
            })
        }
    };
}

tables! {
    /// See [`Kind::Words`].
    words: Word = Words,
    /// See [`Kind::Shorts`].
    shorts: Short = Shorts,
    /// See [`Kind::Ints`].
    ints: Int = Ints,
    /// See [`Kind::Addresses`].
    addresses: [u8; 16] = Addresses,
    /// See [`Kind::Symbols`].
    symbols: Symbol = Symbols,
    /// See [`Kind::Apps`].
    apps: App = Apps,
    /// See [`Kind::Operations`].
    operations: Operation = Operations,
    /// See [`Kind::Requirements`].
    requirements: Requirement = Requirements,
    /// See [`Kind::Models`].
    models: Model = Models,
    /// See [`Kind::Scopes`].
    scopes: Scope = Scopes,
    /// See [`Kind::Kinds`].
    kinds: ContainerKind = Kinds,
    /// See [`Kind::Attributes`].
    attributes: Attribute = Attributes,
    /// See [`Kind::Slots`].
    slots: Slot = Slots,
    /// See [`Kind::Subjects`].
    subjects: Subject = Subjects,
    /// See [`Kind::Automata`].
    automata: Automaton = Automata,
    /// See [`Kind::Windows`].
    windows: Window = Windows,
    /// See [`Kind::Nodes`].
    nodes: Node = Nodes,
    /// See [`Kind::Nets`].
    nets: Net = Nets,
    /// See [`Kind::Strata`].
    strata: Stratum = Strata,
    /// See [`Kind::Entries`].
    entries: Nets = Entries,
    /// See [`Kind::Clauses`].
    clauses: Clause = Clauses,
    /// See [`Kind::Ratchets`].
    ratchets: Ratchet = Ratchets,
    /// See [`Kind::Containers`].
    containers: Container = Containers,
    /// See [`Kind::Facts`].
    facts: Fact = Facts,
    /// See [`Kind::Users`].
    users: User = Users,
    /// See [`Kind::Routes`].
    routes: Route = Routes,
    /// See [`Kind::Edges`].
    edges: Edge = Edges,
    /// See [`Kind::Groups`].
    groups: Group = Groups,
    /// See [`Kind::Steps`].
    steps: Word = Steps,
    /// See [`Kind::Chain`].
    chain: Chain = Chain,
    /// See [`Kind::Widenings`].
    widenings: Widening = Widenings,
    /// See [`Kind::Growths`].
    growths: Growth = Growths,
    /// See [`Kind::Closed`].
    closed: Closed = Closed,
    /// See [`Kind::Spent`].
    spent: [u8; 32] = Spent,
    /// See [`Kind::Namings`].
    namings: Naming = Namings,
    /// See [`Kind::AnyCase`].
    any_case: Word = AnyCase,
}

pub(crate) fn records<T: FromBytes + KnownLayout + Immutable + Unaligned>(
    bytes: &[u8],
    kind: Kind,
) -> Result<&[T], LoadError> {
    let records = <[T]>::ref_from_bytes(bytes).map_err(|_| LoadError::Malformed(kind, 0))?;
    // Indices are 32-bit, with the highest two values taken.
    if records.len() >= NO_MATCH as usize { Err(LoadError::Malformed(kind, 0)) } else { Ok(records) }
}

fn read_sections(bytes: &[u8]) -> Result<Tables<'_>, LoadError> {
    let header = header(bytes)?;
    if header.min_reader.get() > FORMAT {
        return Err(LoadError::TooNew(header.min_reader.get()));
    }
    if header.format.get() < OLDEST {
        return Err(LoadError::TooOld(header.format.get()));
    }
    let directory = directory(bytes, header)?;
    for entry in directory.iter().filter(|entry| Kind::from_code(entry.kind.get()).is_none()) {
        if entry.flags.get() & CRITICAL != 0 {
            return Err(LoadError::UnknownSection(entry.kind.get()));
        }
        if Sha256::digest(section(bytes, entry)?)[..] != entry.digest {
            return Err(LoadError::OptionalDamaged(entry.kind.get()));
        }
    }
    tables(&|kind| found(bytes, header, directory, kind))
}

/// The header of a bundle of whatever format.
pub(crate) fn header(bytes: &[u8]) -> Result<&Header, LoadError> {
    if !bytes.starts_with(&MAGIC) {
        return Err(if MAGIC.starts_with(bytes) { LoadError::Truncated } else { LoadError::NotABundle });
    }
    let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| LoadError::Truncated)?;
    Ok(header)
}

/// What lies where, with all digests but those of the sections compared.
pub(crate) fn directory<'a>(bytes: &'a [u8], header: &Header) -> Result<&'a [Entry], LoadError> {
    if header.length.get() != bytes.len() as u64 {
        return Err(LoadError::Truncated);
    }
    let count = header.sections.get();
    let rest = bytes.get(size_of::<Header>()..).unwrap_or(&[]);
    let (directory, _) =
        <[Entry]>::ref_from_prefix_with_elems(rest, count as usize).map_err(|_| LoadError::Truncated)?;
    if header_digest(header, directory) != header.digest {
        return Err(LoadError::DirectoryDamaged);
    }
    // Sections follow one another without gaps: no byte of the file is outside some digest.
    let mut next = (size_of::<Header>() + size_of_val(directory)) as u64;
    for (number, entry) in (0..).zip(directory) {
        let end = next.checked_add(entry.length.get()).filter(|end| *end <= bytes.len() as u64);
        let flags_known = entry.flags.get() & !CRITICAL == 0;
        match end {
            Some(end) if entry.offset.get() == next && flags_known && entry.reserved.get() == 0 => next = end,
            _ => return Err(LoadError::BadDirectory(number)),
        }
    }
    if next != bytes.len() as u64 || header.reserved.get() != 0 {
        return Err(LoadError::BadDirectory(count));
    }
    Ok(directory)
}

/// The section of this kind, with its digest compared.
pub(crate) fn found<'a>(
    bytes: &'a [u8],
    header: &Header,
    directory: &[Entry],
    kind: Kind,
) -> Result<&'a [u8], LoadError> {
    let mut found = directory.iter().filter(|e| e.kind.get() == kind.code());
    let entry = match (found.next(), found.next()) {
        (Some(entry), None) => entry,
        // Its writer did not know of it.
        (None, _) if header.format.get() < kind.since() => return Ok(&[]),
        (Some(_), Some(_)) | (None, _) => return Err(LoadError::SectionCount(kind)),
    };
    let section = section(bytes, entry)?;
    if Sha256::digest(section)[..] != entry.digest {
        Err(LoadError::SectionDamaged(kind))
    } else {
        Ok(section)
    }
}

fn section<'a>(bytes: &'a [u8], entry: &Entry) -> Result<&'a [u8], LoadError> {
    let (start, length) = (entry.offset.get() as usize, entry.length.get() as usize);
    bytes.get(start..).and_then(|b| b.get(..length)).ok_or(LoadError::Truncated)
}

/// The digest that [`Header::digest`] must have.
pub fn header_digest(header: &Header, directory: &[Entry]) -> [u8; 32] {
    use zerocopy::IntoBytes;
    let blank = Header { digest: [0; 32], ..*header };
    let mut digest = Sha256::new();
    digest.update(blank.as_bytes());
    digest.update(directory.as_bytes());
    digest.finalize().into()
}

/// Checks every index of every record, and that every walk ends.
struct Verifier<'t, 'a> {
    t: &'t Tables<'a>,
    /// How many classes of operations there are.
    classes: usize,
}

/// Whether one record keeps the rules.
type Verdict = Option<()>;

fn hold(condition: bool) -> Verdict {
    condition.then_some(())
}

fn each<T>(kind: Kind, records: &[T], check: impl Fn(u32, &T) -> Verdict) -> Result<(), LoadError> {
    for (number, record) in (0..).zip(records) {
        check(number, record).ok_or(LoadError::Malformed(kind, number))?;
    }
    Ok(())
}

impl Verifier<'_, '_> {
    fn verify(&self) -> Result<(), LoadError> {
        let t = self.t;
        self.globals().ok_or(LoadError::Malformed(Kind::Globals, 0))?;
        let steps = Steps(t);
        hold(steps.are_complete()).ok_or(LoadError::Malformed(Kind::Steps, 0))?;
        hold(t.symbols.len().is_power_of_two()).ok_or(LoadError::Malformed(Kind::Symbols, 0))?;
        each(Kind::Symbols, t.symbols, |_, s| self.symbol(s))?;
        each(Kind::Apps, t.apps, |_, a| self.app(a))?;
        each(Kind::Operations, t.operations, |_, o| self.operation(o))?;
        each(Kind::Requirements, t.requirements, |_, r| {
            below(r.model, t.models)?;
            self.words(r.scopes)?.iter().try_for_each(|s| below(*s, t.scopes))
        })?;
        each(Kind::Models, t.models, |_, m| self.text(m.name))?;
        each(Kind::Scopes, t.scopes, |_, s| {
            below(s.model, t.models)?;
            self.text(s.name)?;
            let implied_by = self.words(s.implied_by)?;
            hold(implied_by.is_sorted_by(|a, b| a.get() < b.get()))?;
            implied_by.iter().try_for_each(|s| below(*s, t.scopes))
        })?;
        each(Kind::Kinds, t.kinds, |n, k| self.kind(n, k))?;
        each(Kind::Attributes, t.attributes, |_, a| self.attribute(a))?;
        each(Kind::Slots, t.slots, |n, s| self.slot(n, s))?;
        each(Kind::Subjects, t.subjects, |_, s| {
            Owner::from_code(s.owner.get())?;
            below(s.slot, t.slots)?;
            self.words(s.attributes)?.iter().try_for_each(|a| below(*a, t.attributes))
        })?;
        each(Kind::Automata, t.automata, |_, a| self.automaton(a))?;
        each(Kind::Windows, t.windows, |_, w| {
            self.text(w.name)?;
            let transitions = range(w.transitions, t.ints)?;
            hold(transitions.is_sorted_by(|a, b| a.get() < b.get()))?;
            t.ints.get(w.offsets.get() as usize..)?.get(..transitions.len() + 1)?;
            hold(self.words(w.minutes)?.len() % 2 == 0)
        })?;
        each(Kind::Nodes, t.nodes, |n, node| self.node(n, node).and_then(|()| steps.node(n, node)))?;
        each(Kind::Nets, t.nets, |n, net| self.net(n, net).and_then(|()| steps.net(n, net)))?;
        each(Kind::Entries, t.entries, |_, e| {
            let nets = [e.forbid, e.permit, e.app_user, e.context_user, e.withdraw, e.except, e.required];
            nets.into_iter().try_for_each(|net| below_or_none(net, t.nets))
        })?;
        each(Kind::Strata, t.strata, |n, s| self.stratum(s).and_then(|()| steps.stratum(n, s)))?;
        each(Kind::Clauses, t.clauses, |_, c| {
            [c.name, c.place, c.because, c.text].into_iter().try_for_each(|text| self.text(text))?;
            hold(c.kind.get() <= 4)
        })?;
        each(Kind::Ratchets, t.ratchets, |n, r| self.ratchet(n, r))?;
        each(Kind::Containers, t.containers, |_, c| self.container(c))?;
        each(Kind::Facts, t.facts, |_, f| {
            below(f.attribute, t.attributes)?;
            Type::from_code(f.kind.get())?;
            self.text(f.text)?;
            self.texts(f.set)
        })?;
        each(Kind::Users, t.users, |_, u| {
            self.text(u.id)?;
            below_or_none(u.stratum, t.strata)?;
            self.words(u.groups)?.iter().try_for_each(|s| self.declared_group(s.get()))?;
            self.texts(u.names)
        })?;
        hold(!t.routes.is_empty()).ok_or(LoadError::Malformed(Kind::Routes, 0))?;
        each(Kind::Routes, t.routes, |n, r| self.route(n, r).and_then(|()| steps.route(n, r)))?;
        each(Kind::Namings, t.namings, |n, naming| self.naming(n, naming))?;
        hold(t.any_case.len() <= 1).ok_or(LoadError::Malformed(Kind::AnyCase, 1))?;
        each(Kind::AnyCase, t.any_case, |_, root| below(*root, t.routes))?;
        each(Kind::Edges, t.edges, |_, e| self.text(e.text))?;
        each(Kind::Groups, t.groups, |_, g| self.text(g.name))?;
        hold(t.chain.len() <= 1).ok_or(LoadError::Malformed(Kind::Chain, 1))?;
        each(Kind::Chain, t.chain, |_, c| {
            hold(c.generation.get() >= 2 && c.dated.get() <= 1)?;
            range(c.lost, t.growths).map(|_| ())
        })?;
        each(Kind::Widenings, t.widenings, |_, w| {
            self.text(w.reason)?;
            self.texts(w.approvers)?;
            range(w.growths, t.growths).map(|_| ())
        })?;
        each(Kind::Growths, t.growths, |_, g| {
            [g.app, g.cells, g.remaining].into_iter().try_for_each(|text| self.text(text))?;
            self.texts(g.told)?;
            self.texts(g.operations)
        })?;
        each(Kind::Closed, t.closed, |_, c| {
            below(c.app, t.apps)?;
            below(c.operation, t.operations)
        })?;
        let sorted = t.closed.is_sorted_by_key(|c| (c.app.get(), c.operation.get()));
        hold(sorted).ok_or(LoadError::Malformed(Kind::Closed, 0))?;
        hold(t.spent.is_sorted()).ok_or(LoadError::Malformed(Kind::Spent, 0))?;
        steps.routes().ok_or(LoadError::Malformed(Kind::Routes, 0))?;
        steps.decision().ok_or(LoadError::Malformed(Kind::Steps, 0))
    }

    /// What a name stands for is there: decisions trust it.
    fn symbol(&self, symbol: &Symbol) -> Verdict {
        let t = self.t;
        if symbol.space.get() == NONE {
            return Some(());
        }
        self.text(symbol.text)?;
        let (number, value) = (symbol.space.get() & 0x00ff_ffff, symbol.value.get());
        let index = value as usize;
        match Space::from_code(symbol.space.get() >> 24)? {
            Space::App => below(symbol.value, t.apps),
            Space::Operation => below(symbol.value, t.operations),
            Space::Kind => below(symbol.value, t.kinds),
            Space::User => below(symbol.value, t.users),
            Space::Container => hold(t.containers.get(index)?.kind.get() == number),
            Space::Attribute => below(symbol.value, t.attributes),
            Space::Value => {
                let slot = t.slots.get(number as usize)?;
                let is_set = slot.classifier.get() == Classifier::Set.code();
                hold(value < if is_set { slot.a.get() } else { slot.classes.get() })
            }
            Space::Scope => hold(t.scopes.get(index)?.model.get() == number),
            Space::Ratchet => below(symbol.value, t.ratchets),
            Space::Stage => hold(value < t.ratchets.get(number as usize)?.stages.len.get()),
            Space::Site => Some(()),
            Space::Group => below(symbol.value, t.groups),
        }
    }

    /// A value of the attribute's type is what the slots it feeds can read.
    fn attribute(&self, attribute: &Attribute) -> Verdict {
        self.text(attribute.name)?;
        let kind = Type::from_code(attribute.kind.get())?;
        self.words(attribute.feeds)?.iter().try_for_each(|slot| {
            let slot = self.t.slots.get(slot.get() as usize)?;
            hold(matches!(
                (Classifier::from_code(slot.classifier.get())?, kind),
                (Classifier::Text, Type::String | Type::Domain | Type::Origin)
                    | (Classifier::Enum, Type::Enum)
                    | (Classifier::Bool, Type::Bool)
                    | (Classifier::Number, Type::Int | Type::Instant | Type::Duration)
                    | (Classifier::Window, Type::Instant)
                    | (Classifier::Ip, Type::Ip)
                    | (Classifier::Set, Type::Strings)
            ))
        })
    }

    fn ratchet(&self, number: u32, ratchet: &Ratchet) -> Verdict {
        let t = self.t;
        self.text(ratchet.name)?;
        self.text(ratchet.place)?;
        let classes = self.words(ratchet.stages)?;
        hold(!classes.is_empty())?;
        if ratchet.slot.get() != NONE {
            let slot = t.slots.get(ratchet.slot.get() as usize)?;
            hold(slot.classifier.get() == Classifier::Stage.code() && slot.a.get() == number)?;
            classes.iter().try_for_each(|class| hold(class.get() < slot.classes.get()))?;
        }
        t.words.get(ratchet.locked.get() as usize..)?.get(..classes.len())?;
        let limits = t.words.get(ratchet.limits.get() as usize..)?.get(..classes.len())?;
        limits.iter().filter(|at| at.get() != NONE).try_for_each(|at| self.scope_set(*at))
    }

    /// A slot that says whether the user is in a group whose members the policy declares.
    fn declared_group(&self, slot: u32) -> Verdict {
        let head = self.t.globals.groups.get();
        let declared = self.t.slots.get(head as usize)?.c.get();
        hold(slot.checked_sub(head)?.checked_sub(1)? < declared)
    }

    fn globals(&self) -> Verdict {
        let (t, g) = (self.t, self.t.globals);
        self.text(g.package)?;
        let mut scratch = t.slots.len();
        if g.groups.get() != NONE {
            let head = t.slots.get(g.groups.get() as usize)?;
            hold(head.classifier.get() == Classifier::Set.code() && head.c.get() <= head.a.get())?;
            scratch = scratch.checked_add(head.a.get() as usize)?.checked_add(1)?;
            let strata = t.words.get(g.group_strata.get() as usize..)?.get(..head.a.get() as usize)?;
            strata.iter().try_for_each(|s| below_or_none(*s, t.strata))?;
        }
        below_or_none(g.any_user, t.strata)?;
        if g.app_slot.get() != NONE {
            let slot = t.slots.get(g.app_slot.get() as usize)?;
            hold(slot.classifier.get() == Classifier::App.code())?;
            t.apps.iter().try_for_each(|app| hold(app.class.get() < slot.classes.get()))?;
        }
        for slot in range(g.relations, t.slots)? {
            let kind = Classifier::from_code(slot.classifier.get())?;
            hold(matches!(kind, Classifier::Same | Classifier::ElementOf))?;
        }
        hold(scratch == g.scratch.get() as usize)
    }

    fn app(&self, app: &App) -> Verdict {
        let t = self.t;
        self.text(app.name)?;
        self.text(app.key)?;
        self.words(app.models)?.iter().try_for_each(|m| below(*m, t.models))?;
        self.words(app.strata)?.iter().try_for_each(|s| below(*s, t.strata))?;
        let ratchets = self.words(app.ratchets)?;
        let mut last = 0usize;
        for pair in ratchets.chunks(2) {
            let [ratchet, stride] = pair else { return None };
            let stages = t.ratchets.get(ratchet.get() as usize)?.stages.len.get() as usize;
            last = last.checked_add((stride.get() as usize).checked_mul(stages.checked_sub(1)?)?)?;
        }
        let held = self.words(app.held)?;
        hold(last < held.len())?;
        held.iter().try_for_each(|at| self.scope_set(*at))?;
        self.scope_set(app.base)?;
        self.scope_set(app.requested)?;
        if app.outright.get() == NONE { Some(()) } else { self.scope_set(app.outright) }
    }

    fn scope_set(&self, at: Word) -> Verdict {
        let words = self.t.scopes.len().div_ceil(32);
        self.t.words.get(at.get() as usize..)?.get(..words).map(|_| ())
    }

    fn operation(&self, operation: &Operation) -> Verdict {
        self.text(operation.name)?;
        below(operation.kind, self.t.kinds)?;
        below_or_none(operation.lists, self.t.kinds)?;
        hold(operation.access.get() < 4)?;
        range(operation.requirements, self.t.requirements).map(|_| ())
    }

    fn kind(&self, number: u32, kind: &ContainerKind) -> Verdict {
        self.text(kind.name)?;
        hold(kind.parent.get() == NONE || kind.parent.get() < number)?;
        hold(self.depth(number)? <= MAX_DEPTH)?;
        let slots = self.words(kind.closes)?.iter().chain(self.words(kind.reads)?);
        slots.into_iter().try_for_each(|s| below(*s, self.t.slots))?;
        below(kind.id, self.t.attributes)
    }

    /// How many kinds there are from this one to its root; parents were checked to be smaller.
    fn depth(&self, number: u32) -> Option<usize> {
        let mut depth = 1;
        let mut at = self.t.kinds.get(number as usize)?.parent.get();
        while at != NONE {
            let parent = self.t.kinds.get(at as usize)?.parent.get();
            hold(parent == NONE || parent < at)?;
            (at, depth) = (parent, depth + 1);
        }
        Some(depth)
    }

    fn slot(&self, number: u32, slot: &Slot) -> Verdict {
        let t = self.t;
        let (a, b, c, classes) = (slot.a.get(), slot.b.get(), slot.c.get(), slot.classes.get());
        let class = |class: u32| hold(class < classes);
        hold(classes >= FIRST)?;
        self.text(slot.name)?;
        match Classifier::from_code(slot.classifier.get())? {
            Classifier::Text => {
                below_or_none(slot.a, t.automata)?;
                class(b)?;
                match t.automata.get(a as usize) {
                    Some(automaton) => {
                        let at = automaton.classes.get() as usize;
                        let ends = t.words.get(at..)?.get(..automaton.states.get() as usize)?;
                        ends.iter().try_for_each(|c| class(c.get()))
                    }
                    None => Some(()),
                }
            }
            Classifier::Enum => Some(()),
            Classifier::Bool => t.words.get(a as usize..)?.get(..2)?.iter().try_for_each(|c| class(c.get())),
            Classifier::Number => {
                let bounds = t.ints.get(a as usize..)?.get(..b as usize)?;
                hold(bounds.is_sorted_by(|x, y| x.get() < y.get()))?;
                t.words.get(c as usize..)?.get(..b as usize + 1)?.iter().try_for_each(|c| class(c.get()))
            }
            Classifier::Ip => {
                let starts = t.addresses.get(a as usize..)?.get(..b as usize)?;
                hold(starts.is_sorted_by(|x, y| x < y))?;
                t.words.get(c as usize..)?.get(..b as usize + 1)?.iter().try_for_each(|c| class(c.get()))
            }
            Classifier::Window => below(slot.a, t.windows),
            Classifier::Set => {
                let elements = t.slots.get(number as usize + 1..)?.get(..a as usize)?;
                (0..).zip(elements).try_for_each(|(n, element)| {
                    hold(element.classifier.get() == Classifier::Element.code())?;
                    hold(element.a.get() == number && element.b.get() == n)
                })
            }
            Classifier::Element => {
                let head = t.slots.get(a as usize)?;
                hold(head.classifier.get() == Classifier::Set.code() && b < head.a.get())?;
                hold(number.checked_sub(a)?.checked_sub(1)? == b)
            }
            Classifier::Same | Classifier::ElementOf => {
                below(slot.a, t.subjects)?;
                below(slot.b, t.subjects)
            }
            Classifier::Stage => below(slot.a, t.ratchets),
            Classifier::App => Some(()),
        }
    }

    fn automaton(&self, automaton: &Automaton) -> Verdict {
        let (width, states) = (automaton.width.get() as usize, automaton.states.get() as usize);
        let columns = self.t.shorts.get(automaton.columns.get() as usize..)?.get(..256)?;
        hold(states > 0 && columns.iter().all(|c| usize::from(c.get()) < width))?;
        let cells = states.checked_mul(width)?;
        let transitions = self.t.words.get(automaton.transitions.get() as usize..)?.get(..cells)?;
        hold(transitions.iter().all(|s| ((s.get() & !SETTLED) as usize) < states))?;
        self.t.words.get(automaton.classes.get() as usize..)?.get(..states).map(|_| ())
    }

    fn node(&self, number: u32, node: &Node) -> Verdict {
        below(node.slot, self.t.slots)?;
        let edge = |to: u32| hold(to == MATCH || to == NO_MATCH || to < number);
        edge(node.yes.get())?;
        edge(node.no.get())?;
        match Test::from_code(node.test.get() & 0xff)? {
            Test::Equal | Test::Between => hold(node.test.get() < 0x800),
            Test::Bits => {
                hold(node.test.get() < 0x800)?;
                self.t.words.get(node.a.get() as usize..)?.get(..node.b.get() as usize).map(|_| ())
            }
        }
    }

    fn net(&self, number: u32, net: &Net) -> Verdict {
        let t = self.t;
        let (at, len, depth) = (net.at.get() as usize, net.len.get() as usize, net.depth.get());
        hold(depth <= MAX_NESTING)?;
        let child = |child: u32| hold(child < number && t.nets.get(child as usize)?.depth.get() < depth);
        if net.slot.get() == NONE {
            let pairs = t.words.get(at..)?.get(..len.checked_mul(2)?)?;
            return pairs.chunks(2).try_for_each(|pair| {
                let [clause, node] = pair else { return None };
                below_or_none(*clause, t.clauses)?;
                hold(node.get() == MATCH || (node.get() as usize) < t.nodes.len())
            });
        }
        below(net.slot, t.slots)?;
        // The rest is walked in a loop, not by recursion: its index must fall, its depth need not.
        if net.rest.get() != NONE {
            hold(net.rest.get() < number && t.nets.get(net.rest.get() as usize)?.depth.get() <= depth)?;
        }
        if net.flags.get() & DENSE != 0 {
            let children = t.words.get(at..)?.get(..len)?;
            children.iter().filter(|c| c.get() != NONE).try_for_each(|c| child(c.get()))
        } else {
            let pairs = t.words.get(at..)?.get(..len.checked_mul(2)?)?;
            hold(pairs.chunks(2).map(|p| p.first().map(|c| c.get())).is_sorted())?;
            pairs.chunks(2).try_for_each(|pair| child(pair.get(1)?.get()))
        }
    }

    fn stratum(&self, stratum: &Stratum) -> Verdict {
        let t = self.t;
        let map = t.shorts.get(stratum.map.get() as usize..)?.get(..self.classes)?;
        let len = stratum.len.get() as usize;
        t.entries.get(stratum.entries.get() as usize..)?.get(..len)?;
        hold(map.iter().all(|entry| usize::from(entry.get()) <= len))
    }

    fn container(&self, container: &Container) -> Verdict {
        let t = self.t;
        below(container.kind, t.kinds)?;
        self.text(container.id)?;
        if container.parent.get() != NONE {
            let parent = t.containers.get(container.parent.get() as usize)?.kind.get();
            let mut at = t.kinds.get(container.kind.get() as usize)?.parent.get();
            while at != parent {
                at = t.kinds.get(at as usize)?.parent.get();
            }
        }
        let pairs = self.words(container.classes)?;
        hold(pairs.len() % 2 == 0)?;
        for pair in pairs.chunks(2) {
            let [slot, class] = pair else { return None };
            hold(class.get() < t.slots.get(slot.get() as usize)?.classes.get())?;
        }
        hold(range(container.facts, t.facts)?.is_sorted_by_key(|f| f.attribute.get()))
    }

    fn route(&self, number: u32, route: &Route) -> Verdict {
        let t = self.t;
        hold(route.depth.get() <= MAX_NESTING)?;
        let child = |child: u32| {
            hold(child < number && t.routes.get(child as usize)?.depth.get() < route.depth.get())
        };
        let edges = range(route.edges, t.edges)?;
        edges.iter().try_for_each(|e| child(e.target.get()))?;
        hold(edges.is_sorted_by(|a, b| match (self.str(a.text), self.str(b.text)) {
            (Some(a), Some(b)) => a < b,
            _ => false,
        }))?;
        if route.parameter.get() != NONE {
            child(route.parameter.get())?;
        }
        range(route.methods, t.edges)?.iter().try_for_each(|e| below(e.target, t.operations))
    }

    /// Sorted, so that those of an operation are found, and none of its kinds is named twice.
    fn naming(&self, number: u32, naming: &Naming) -> Verdict {
        below(naming.operation, self.t.operations)?;
        below(naming.kind, self.t.kinds)?;
        let key = |n: &Naming| (n.operation.get(), n.kind.get());
        let before = number.checked_sub(1).and_then(|n| self.t.namings.get(n as usize));
        hold(before.is_none_or(|before| key(before) < key(naming)))?;
        let segments = self.words(naming.segments)?;
        hold(!segments.is_empty() && segments.iter().all(|s| s.get() < MAX_NESTING))?;
        LetterCase::from_code(naming.case.get())?;
        let sign = naming.sign.get();
        match NamingForm::from_code(naming.form.get())? {
            NamingForm::Whole | NamingForm::NotNumber | NamingForm::Word => hold(sign == 0),
            NamingForm::Before | NamingForm::With => {
                hold(u8::try_from(sign).is_ok_and(|sign| sign.is_ascii_punctuation()))
            }
        }
    }

    fn texts(&self, pairs: Range) -> Verdict {
        self.words(pairs)?.chunks(2).try_for_each(|pair| {
            let [at, len] = pair else { return None };
            self.text(Text { at: *at, len: *len })
        })
    }

    fn text(&self, text: Text) -> Verdict {
        self.str(text).map(|_| ())
    }

    fn str(&self, text: Text) -> Option<&str> {
        self.t.strings.get(text.at.get() as usize..)?.get(..text.len.get() as usize)
    }

    fn words(&self, words: Range) -> Option<&[Word]> {
        range(words, self.t.words)
    }
}

fn range<T>(range: Range, records: &[T]) -> Option<&[T]> {
    records.get(range.at.get() as usize..)?.get(..range.len.get() as usize)
}

fn below<T>(index: Word, records: &[T]) -> Verdict {
    hold((index.get() as usize) < records.len())
}

fn below_or_none<T>(index: Word, records: &[T]) -> Verdict {
    if index.get() == NONE { Some(()) } else { below(index, records) }
}
