//! Clauses, split until each piece means the same for all of its apps and operations.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::expression::{Expression, acts_within, fixed, fold};
use super::formula::{Formula, lower};
use super::slots::Slots;
use crate::sema::model::{
    AppId, Atom, AttributeId, Clause, ClauseKind, Condition, Constant, KindId, Model, OperationId, Owner,
    Predicate, Principal, Subject,
};

/// What a piece says when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PieceKind {
    /// As its clause says.
    Clause(ClauseKind),
    /// Layer 5 does not apply.
    AppUserExcept,
    /// Layer 6 wants a context user.
    UserRequired,
}

impl PieceKind {
    /// Whether an unknown test counts as satisfied.
    pub fn refuses(self) -> bool {
        match self {
            PieceKind::Clause(kind) => kind.refuses(),
            PieceKind::AppUserExcept => false,
            PieceKind::UserRequired => true,
        }
    }
}

/// A set of operations that pieces share.
pub type Part = Arc<BTreeSet<OperationId>>;

/// Part of a clause.
#[derive(Debug, Clone)]
pub struct Piece<C = Formula> {
    /// What it says.
    pub kind: PieceKind,
    /// Number of the clause in the model, if it comes from one.
    pub clause: Option<u32>,
    /// Which apps; `None`: all.
    pub apps: Option<Arc<BTreeSet<AppId>>>,
    /// Which context users.
    pub principal: Principal,
    /// Index into [`super::Space::parts`].
    pub part: u32,
    /// When.
    pub condition: C,
}

impl Piece<Expression> {
    pub(super) fn lower(self, model: &Model, slots: &Slots) -> Piece {
        let condition = lower(model, slots, &self.condition, true, self.kind.refuses());
        let Piece { kind, clause, apps, principal, part, .. } = self;
        Piece { kind, clause, apps, principal, part, condition }
    }
}

/// Splits all clauses; also gives the distinct parts.
pub(super) fn split(model: &Model) -> (Vec<Part>, Vec<Piece<Expression>>) {
    let mut splitter = Splitter { model, parts: Vec::new(), known: HashMap::new(), groups: HashMap::new() };
    let mut pieces = Vec::new();
    for (number, clause) in (0..).zip(&model.clauses) {
        splitter.clause(number, clause, &mut pieces);
    }
    let everything = Arc::new((0..model.operations.len() as u32).map(OperationId).collect());
    let except = (PieceKind::AppUserExcept, &model.authority.app_user_except);
    let required = (PieceKind::UserRequired, &model.authority.context_user_required);
    let all_apps: Arc<BTreeSet<AppId>> = Arc::new((0..model.apps.len() as u32).map(AppId).collect());
    for (kind, condition) in [except, required] {
        let source = Source {
            kind,
            clause: None,
            apps: &all_apps,
            operations: &everything,
            principal: &Principal::Any,
        };
        splitter.split(&source, condition, &mut pieces);
    }
    (splitter.parts, pieces)
}

/// What is split.
struct Source<'m> {
    kind: PieceKind,
    clause: Option<u32>,
    apps: &'m Arc<BTreeSet<AppId>>,
    operations: &'m Part,
    principal: &'m Principal,
}

/// The constants that a condition reads.
#[derive(Default, PartialEq, Eq, Hash, Clone)]
struct Reads {
    kinds: BTreeSet<(KindId, bool)>,
    app: BTreeSet<Subject>,
    operation: BTreeSet<Subject>,
}

/// Operations grouped by what a condition reads of them: a part, and an operation of it.
type OperationGroups = Vec<(u32, OperationId)>;
/// Apps grouped likewise, where the condition reads anything of them.
type AppGroups = Vec<(Option<Arc<BTreeSet<AppId>>>, Option<AppId>)>;

struct Splitter<'m> {
    model: &'m Model,
    parts: Vec<Part>,
    known: HashMap<Part, u32>,
    /// Operations of a set, grouped by what a condition reads of them.
    groups: HashMap<(*const BTreeSet<OperationId>, Reads), OperationGroups>,
}

impl<'m> Splitter<'m> {
    fn clause(&mut self, number: u32, clause: &'m Clause, pieces: &mut Vec<Piece<Expression>>) {
        let source = Source {
            kind: PieceKind::Clause(clause.kind),
            clause: Some(number),
            apps: &clause.apps,
            operations: &clause.operations,
            principal: &clause.principal,
        };
        self.split(&source, &clause.condition, pieces);
    }

    fn split(&mut self, source: &Source<'m>, condition: &Condition, pieces: &mut Vec<Piece<Expression>>) {
        if source.operations.is_empty() {
            return; // a package without operations still has an authority
        }
        let mut reads = Reads::default();
        read(self.model, condition, &mut reads);
        let apps = self.app_groups(source, &reads);
        for (part, example) in self.operation_groups(source.operations, &reads) {
            let operation = &self.model.operations[example.index()];
            for (apps, example) in &apps {
                let app = example.map(|a| &self.model.apps[a.index()]);
                let condition = fold(self.model, condition, app, operation);
                // An unknown condition still matches if the piece refuses, so only false is dropped.
                if condition != Expression::Constant(false) {
                    let (kind, clause) = (source.kind, source.clause);
                    let (principal, condition) = match apps {
                        // A grant that depends on the app is found by the app, so it must test the user itself.
                        Some(_) => (Principal::Any, self.with_principal(source.principal, condition)),
                        None => (source.principal.clone(), condition),
                    };
                    pieces.push(Piece { kind, clause, apps: apps.clone(), principal, part, condition });
                }
            }
        }
    }

    fn with_principal(&self, principal: &Principal, condition: Expression) -> Expression {
        let named = |name: &str| {
            let at = self.model.attributes.iter().position(|a| a.owner == Owner::User && a.name == name);
            at.map(|at| Subject::Attribute(AttributeId(at as u32)))
        };
        let test = match principal {
            Principal::Any => return condition,
            Principal::User(id) => {
                named("id").map(|s| Expression::Test(s, Predicate::Is(vec![Constant::String(id.clone())])))
            }
            Principal::Group(group) => {
                named("groups").map(|s| Expression::Test(s, Predicate::HasAny(vec![group.clone()])))
            }
        };
        Expression::All(test.into_iter().chain([condition]).collect())
    }

    /// The apps, grouped by what the condition reads of them, each group with an example.
    fn app_groups(&self, source: &Source<'_>, reads: &Reads) -> AppGroups {
        let grant = source.kind == PieceKind::Clause(ClauseKind::ContextUserGrant);
        if reads.app.is_empty() {
            return vec![((!grant).then(|| source.apps.clone()), None)];
        }
        let mut groups: BTreeMap<Vec<Option<Constant>>, BTreeSet<AppId>> = BTreeMap::new();
        let everything: Arc<BTreeSet<AppId>> =
            Arc::new((0..self.model.apps.len() as u32).map(AppId).collect());
        for id in if grant { &everything } else { source.apps }.iter() {
            let app = &self.model.apps[id.index()];
            let operation = &self.model.operations[0];
            let value = |s: &Subject| fixed(self.model, s, Some(app), operation).flatten();
            groups.entry(reads.app.iter().map(value).collect()).or_default().insert(*id);
        }
        groups
            .into_values()
            .map(|apps| (apps.first().copied(), apps))
            .map(|(e, a)| (Some(Arc::new(a)), e))
            .collect()
    }

    fn operation_groups(&mut self, operations: &Part, reads: &Reads) -> OperationGroups {
        let read = Reads { app: BTreeSet::new(), ..reads.clone() };
        let key = (Arc::as_ptr(operations), read);
        if let Some(groups) = self.groups.get(&key) {
            return groups.clone();
        }
        type Read = (Vec<bool>, Vec<Option<Constant>>);
        let mut groups: BTreeMap<Read, BTreeSet<OperationId>> = BTreeMap::new();
        for id in operations.iter() {
            let operation = &self.model.operations[id.index()];
            let kinds = reads.kinds.iter().map(|(kind, exact)| match exact {
                true => operation.kind == *kind || operation.lists == Some(*kind),
                false => acts_within(self.model, operation, *kind),
            });
            let value = |s: &Subject| fixed(self.model, s, None, operation).flatten();
            let values = reads.operation.iter().map(value);
            groups.entry((kinds.collect(), values.collect())).or_default().insert(*id);
        }
        let mut found = Vec::new();
        for part in groups.into_values() {
            let Some(example) = part.first().copied() else {
                continue;
            };
            found.push((self.part(Arc::new(part)), example));
        }
        self.groups.insert(key, found.clone());
        found
    }

    fn part(&mut self, part: Part) -> u32 {
        if let Some(number) = self.known.get(&part) {
            return *number;
        }
        let number = self.parts.len() as u32;
        self.parts.push(part.clone());
        self.known.insert(part, number);
        number
    }
}

fn read(model: &Model, condition: &Condition, reads: &mut Reads) {
    let mut subject = |s: &Subject| {
        if let Subject::Attribute(id) = s {
            match model.attributes[id.index()].owner {
                Owner::App => drop(reads.app.insert(s.clone())),
                Owner::Operation => drop(reads.operation.insert(s.clone())),
                Owner::Kind(_) | Owner::User | Owner::Request => {}
            }
        }
    };
    match condition {
        Condition::Constant(_) => {}
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|p| read(model, p, reads)),
        Condition::Not(inner) => read(model, inner, reads),
        Condition::InKind(kind) => drop(reads.kinds.insert((*kind, false))),
        Condition::AtKind(kind) => drop(reads.kinds.insert((*kind, true))),
        Condition::Test(Atom { subject: left, predicate, .. }) => {
            subject(left);
            if let Predicate::Same(right) | Predicate::ElementOf(right) = predicate {
                subject(right);
            }
        }
    }
}
