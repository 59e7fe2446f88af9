//! All apps and all operations: where anything is permitted at all, with a witness.
//!
//! Operations that an app's clauses treat alike are one group, and apps whose clauses say the same of a group share
//! its answer. What is permitted one app is mostly permitted others too, to whom the same is granted: a witness for one
//! is tried on them, and where they are forbidden more, the evaluator says whether this is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::index::Index;
use super::layers::{callable, closure};
use super::reach::{Growing, Reach, reach_by};
use super::universe::Models;
use crate::eval;
use crate::parallel;
use crate::request::{Request, Target};
use crate::sema::model::{
    AppId, Atom, ClauseId, ClauseKind, Condition, KindId, Model, OperationId, Owner, Predicate, Principal,
    RatchetId, ScopeId, Subject,
};

/// What all apps may do at all.
#[derive(Debug)]
pub struct Survey<'m> {
    /// The model, looked through.
    pub models: Models<'m>,
    /// One for each app, in order.
    pub apps: Vec<AppSurvey>,
}

/// What one app may do at all.
#[derive(Debug)]
pub struct AppSurvey {
    /// The app.
    pub app: AppId,
    /// All operations, grouped.
    pub groups: Vec<Group>,
}

/// Operations that all of an app's clauses treat alike.
#[derive(Debug)]
pub struct Group {
    /// The operations, in order; at least one.
    pub operations: Vec<OperationId>,
    /// What was found of them.
    reach: Arc<Reach>,
}

impl Group {
    /// Whether any request of one of its operations is permitted.
    pub fn is_permitted(&self) -> bool {
        matches!(*self.reach, Reach::Somewhere(_))
    }

    /// What was found, with the witness for this app and the first of the operations.
    pub fn reach(&self, model: &Model, app: AppId) -> Reach {
        match self.operations.first() {
            Some(operation) => of(model, &self.reach, app, *operation),
            None => Reach::Never, // a group is never empty
        }
    }
}

/// What was found, with the witness as that of another app and operation, for which the same is permitted.
fn of(model: &Model, reach: &Reach, app: AppId, operation: OperationId) -> Reach {
    match reach {
        Reach::Somewhere(request) => {
            let mut request = request.clone();
            request.app = Some(model.apps[app.index()].key.clone());
            request.operation = Target::Name(model.operations[operation.index()].name.clone());
            Reach::Somewhere(request)
        }
        other => other.clone(),
    }
}

/// Looks at all apps and operations, on all cores. `progress` is told how many of the apps are done.
pub fn survey<'m>(model: &'m Model, progress: &(dyn Fn(usize, usize) + Sync)) -> Survey<'m> {
    let models = Models::new(&[model]);
    let surveyor = Surveyor::new(&models);
    surveyor.look_at_all(progress);
    let apps: Vec<AppId> = (0..model.apps.len() as u32).map(AppId).collect();
    let apps =
        parallel::map(&apps, &|app: &AppId| AppSurvey { app: *app, groups: surveyor.of(*app).groups() });
    Survey { models, apps }
}

/// What the answer for a group depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    frame: Frame,
    /// What the clauses say, grants to context users left out: these depend on the operation alone. Those that grant
    /// or permit, and those that refuse.
    clauses: [Vec<u32>; 2],
}

/// What it depends on besides clauses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Frame {
    kind: KindId,
    lists: Option<KindId>,
    grants: u32,
    /// Whether the scopes suffice without a context user, and with one.
    suffices: [bool; 2],
    demanded: bool,
    /// Whether it is callable at all.
    callable: bool,
    /// With ratchets, the scopes too.
    ratchets: Vec<(RatchetId, Vec<ScopeId>, Vec<Vec<ScopeId>>)>,
    sites: Option<BTreeSet<String>>,
    /// Where some clause reads it: what the app is, and what the operation is.
    app: Option<AppId>,
    operation: Option<OperationId>,
}

/// A request that is permitted where these grant and permit, and no more than those refuse.
#[derive(Debug)]
struct Precedent {
    request: Request,
    /// What grants and permits it.
    needs: Vec<u32>,
    /// What refused others there.
    refusing: Vec<u32>,
}

/// Apps in a round.
const ROUND: usize = 64;

/// Precedents that are tried before a new one is looked for.
const PRECEDENTS: usize = 8;

/// Answers for apps and operations one by one, and remembers.
#[derive(Debug)]
pub struct Surveyor<'m> {
    index: Arc<Index<'m>>,
    models: Models<'m>,
    /// For each clause what it says, alike for clauses that say the same.
    contents: Vec<u32>,
    /// For each clause its set of operations, alike for clauses with the same.
    sets: Vec<u32>,
    /// For each set of operations its elements, as bits.
    members: Vec<Vec<u64>>,
    /// For each operation which grants to context users speak of it, alike for operations with the same.
    grants: Vec<u32>,
    /// Whether a clause reads its app, or its operation.
    reads: Vec<[bool; 2]>,
    /// Whether the authority or some grant does.
    common: [bool; 2],
    answers: Mutex<HashMap<Question, Arc<Reach>>>,
    /// The newest last.
    precedents: Mutex<HashMap<Frame, Vec<Arc<Precedent>>>>,
    numbers: Mutex<HashMap<Question, u32>>,
}

/// One app, looked through.
#[derive(Debug)]
pub struct OfApp<'s, 'm> {
    surveyor: &'s Surveyor<'m>,
    app: AppId,
    /// Clauses with the same set of operations come and go together.
    by_set: BTreeMap<u32, Vec<ClauseId>>,
    held: BTreeSet<ScopeId>,
}

impl<'m> Surveyor<'m> {
    /// Looks the first of the models through.
    pub fn new(models: &Models<'m>) -> Surveyor<'m> {
        let index = models.of(0).clone();
        let model = index.model;
        let mut known: HashMap<(ClauseKind, &Principal, String), u32> = HashMap::new();
        let mut known_sets: HashMap<&BTreeSet<OperationId>, u32> = HashMap::new();
        let words = model.operations.len().div_ceil(64);
        let (mut contents, mut sets, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        let mut members: Vec<Vec<u64>> = Vec::new();
        for clause in &model.clauses {
            let mut said = String::new();
            let mut read = [false; 2];
            say(model, &clause.condition, &mut said, &mut read);
            let next = known.len() as u32;
            contents.push(*known.entry((clause.kind, &clause.principal, said)).or_insert(next));
            let next = known_sets.len() as u32;
            sets.push(*known_sets.entry(&clause.operations).or_insert_with(|| {
                let mut bits = vec![0u64; words];
                clause.operations.iter().for_each(|id| bits[id.index() / 64] |= 1 << (id.index() % 64));
                members.push(bits);
                next
            }));
            reads.push(read);
        }
        let mut common = [false; 2];
        for condition in [&model.authority.app_user_except, &model.authority.context_user_required] {
            say(model, condition, &mut String::new(), &mut common);
        }
        for grant in index.grants() {
            let read = reads[grant.index()];
            common = [common[0] || read[0], common[1] || read[1]];
        }
        let mut known: HashMap<Vec<ClauseId>, u32> = HashMap::new();
        let mut grants = Vec::new();
        for operation in (0..model.operations.len() as u32).map(OperationId) {
            let speaks = |id: &&ClauseId| has(&members[sets[id.index()] as usize], operation);
            let some: Vec<ClauseId> = index.grants().iter().filter(speaks).copied().collect();
            let next = known.len() as u32;
            grants.push(*known.entry(some).or_insert(next));
        }
        let (answers, precedents, numbers) = (Mutex::default(), Mutex::default(), Mutex::default());
        let models = models.clone();
        Surveyor {
            index,
            models,
            contents,
            sets,
            members,
            grants,
            reads,
            common,
            answers,
            precedents,
            numbers,
        }
    }

    /// Whether the clause speaks of the operation.
    pub fn speaks(&self, clause: ClauseId, operation: OperationId) -> bool {
        has(&self.members[self.sets[clause.index()] as usize], operation)
    }

    /// Whether the clause reads what its app is, and what the operation is.
    pub fn reads(&self, clause: ClauseId) -> [bool; 2] {
        self.reads[clause.index()]
    }

    /// The models, the first of which is looked at.
    pub fn models(&self) -> &Models<'m> {
        &self.models
    }

    /// One of its apps.
    pub fn of(&self, app: AppId) -> OfApp<'_, 'm> {
        let model = self.index.model;
        let mut by_set: BTreeMap<u32, Vec<ClauseId>> = BTreeMap::new();
        for clause in self.index.of_app(app) {
            by_set.entry(self.sets[clause.index()]).or_default().push(*clause);
        }
        let requested = &model.apps[app.index()];
        let held = closure(model, &requested.requested);
        let held = match &requested.approved {
            Some(approved) => &held & &closure(model, approved),
            None => held,
        };
        OfApp { surveyor: self, app, by_set, held }
    }

    fn question<'c>(
        &self,
        app: AppId,
        operation: OperationId,
        held: &BTreeSet<ScopeId>,
        clauses: impl Iterator<Item = &'c ClauseId>,
    ) -> Question {
        let model = self.index.model;
        let of = &model.apps[app.index()];
        let mut reads = self.common;
        let mut said: [Vec<u32>; 2] = Default::default();
        for clause in clauses {
            let read = self.reads[clause.index()];
            reads = [reads[0] || read[0], reads[1] || read[1]];
            let refuses = model.clauses[clause.index()].kind.refuses();
            said[usize::from(refuses)].push(self.contents[clause.index()]);
        }
        for said in &mut said {
            said.sort_unstable();
            said.dedup();
        }
        let models = callable(model, &of.models, operation);
        let demands =
            |id: &crate::sema::model::PermissionModelId| model.permission_models[id.index()].demands_user;
        let operations = &model.operations[operation.index()];
        let alternatives = |user: bool| -> Vec<Vec<ScopeId>> {
            let usable = models.iter().filter(|id| user || !demands(id));
            let all = usable.flat_map(|id| operations.requirements.get(id).into_iter().flatten());
            all.filter(|scopes| scopes.iter().all(|scope| held.contains(scope))).cloned().collect()
        };
        let ratchets = self.index.ratchets(app).iter().map(|ratchet| {
            let held = held.iter().copied().collect();
            (*ratchet, held, alternatives(true))
        });
        let frame = Frame {
            kind: operations.kind,
            lists: operations.lists,
            grants: self.grants[operation.index()],
            suffices: [!alternatives(false).is_empty(), !alternatives(true).is_empty()],
            demanded: models.iter().all(demands),
            callable: !models.is_empty(),
            ratchets: ratchets.collect(),
            sites: of.installed_on.clone(),
            app: reads[0].then_some(app),
            operation: reads[1].then_some(operation),
        };
        Question { frame, clauses: said }
    }

    fn answer(&self, app: AppId, operation: OperationId, question: Question) -> Arc<Reach> {
        if !question.frame.suffices[1] {
            return Arc::new(Reach::Never);
        }
        let known = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reach) = known().get(&question) {
            return reach.clone();
        }
        // Two threads may ask the same at once, and find the same.
        let reach = Arc::new(self.ask(app, operation, &question).0);
        known().insert(question, reach.clone());
        reach
    }
}

impl Surveyor<'_> {
    /// Answers for all apps and operations ahead, on all cores: what is asked later is known. `progress` is told how
    /// many of the apps are done.
    ///
    /// In rounds, each of which takes the precedents of those before, so that the same is found whichever thread is
    /// the faster. The first rounds are small ones.
    pub fn look_at_all(&self, progress: &(dyn Fn(usize, usize) + Sync)) {
        let all = self.index.model.apps.len();
        let (mut from, mut size) = (0, 1);
        while from < all {
            let apps: Vec<AppId> = (from..all.min(from + size)).map(|app| AppId(app as u32)).collect();
            let asked = parallel::map(&apps, &|app: &AppId| self.open(*app));
            let mut seen = HashSet::new();
            let asked: Vec<(AppId, OperationId, Question)> = asked
                .into_iter()
                .flatten()
                .filter(|(_, _, question)| seen.insert(question.clone()))
                .collect();
            let answers =
                parallel::map(&asked, &|(app, operation, question)| self.ask(*app, *operation, question));
            let mut known = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let mut precedents = self.precedents.lock().unwrap_or_else(PoisonError::into_inner);
            for ((_, _, question), (reach, precedent)) in asked.into_iter().zip(answers) {
                if let Some(precedent) = precedent {
                    let of_frame = precedents.entry(question.frame.clone()).or_default();
                    of_frame.push(Arc::new(precedent));
                    if of_frame.len() > PRECEDENTS {
                        of_frame.remove(0);
                    }
                }
                known.insert(question, Arc::new(reach));
            }
            from += apps.len();
            size = (size * 2).min(ROUND);
            progress(from, all);
        }
    }

    /// What is not answered yet of an app, each once.
    fn open(&self, app: AppId) -> Vec<(AppId, OperationId, Question)> {
        let of_app = self.of(app);
        let mut seen = HashSet::new();
        let mut open = Vec::new();
        for operation in (0..self.index.model.operations.len() as u32).map(OperationId) {
            let (_, question) = of_app.question(operation);
            if question.frame.suffices[1] && seen.insert(question.clone()) {
                open.push((app, operation, question));
            }
        }
        let known = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, _, question)| !known.contains_key(question));
        open
    }

    /// What is found, and a precedent where it is new.
    fn ask(&self, app: AppId, operation: OperationId, question: &Question) -> (Reach, Option<Precedent>) {
        let model = self.index.model;
        let precedents = self.precedents.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<Arc<Precedent>> = precedents.get(&question.frame).cloned().unwrap_or_default();
        drop(precedents);
        let here = self.index.clauses(app, operation);
        let contents = |id: &ClauseId| self.contents[id.index()];
        for precedent in known.iter().rev() {
            if !precedent.needs.iter().all(|need| question.clauses[0].binary_search(need).is_ok()) {
                continue;
            }
            let new = here.iter().copied().filter(|id| {
                model.clauses[id.index()].kind.refuses()
                    && precedent.refusing.binary_search(&contents(id)).is_err()
            });
            let found = of(model, &Reach::Somewhere(precedent.request.clone()), app, operation);
            if let Reach::Somewhere(request) = &found
                && eval::matching_of(model, (app, operation), request, new).is_empty()
            {
                return (found, None);
            }
        }
        let alone = question.frame.suffices[0] && !question.frame.demanded;
        let growing = Growing { alone, ..Growing::default() };
        let (found, needs) = reach_by(&self.models, app, operation, &growing);
        let precedent = match &found {
            Reach::Somewhere(request) => {
                let is_grant =
                    |id: &&ClauseId| model.clauses[id.index()].kind == ClauseKind::ContextUserGrant;
                let mut needs: Vec<u32> = needs.iter().filter(|id| !is_grant(id)).map(contents).collect();
                needs.sort_unstable();
                needs.dedup();
                Some(Precedent { request: request.clone(), needs, refusing: question.clauses[1].clone() })
            }
            Reach::Never | Reach::Undecided(_) => None,
        };
        (found, precedent)
    }
}

impl OfApp<'_, '_> {
    /// Whether any request for the operation is permitted.
    pub fn reach(&self, operation: OperationId) -> Reach {
        let (_, question) = self.question(operation);
        let reach = self.surveyor.answer(self.app, operation, question);
        of(self.surveyor.index.model, &reach, self.app, operation)
    }

    /// A number for what decides requests of the app for the operation: where it is the same for two pairs of them,
    /// so is what is permitted, but for the names of app and operation.
    pub fn alike(&self, operation: OperationId) -> u32 {
        let (_, question) = self.question(operation);
        let mut known = self.surveyor.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = known.len() as u32;
        *known.entry(question).or_insert(next)
    }

    /// A number for what decides requests besides permits and refusals, grants to context users included: where it is
    /// the same for two pairs of app and operation, a clause that reads neither means the same for both.
    pub fn frame(&self, operation: OperationId) -> u32 {
        let model = self.surveyor.index.model;
        let app_users =
            self.speaking(operation).filter(|id| model.clauses[id.index()].kind == ClauseKind::AppUserGrant);
        let app_users: Vec<ClauseId> = app_users.collect();
        let question = self.surveyor.question(self.app, operation, &self.held, app_users.iter());
        let mut known = self.surveyor.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = known.len() as u32;
        *known.entry(question).or_insert(next)
    }

    /// The clauses that can match a request for the operation, in source order.
    pub fn clauses(&self, operation: OperationId) -> Vec<ClauseId> {
        let surveyor = self.surveyor;
        let speaks = |id: &ClauseId| surveyor.speaks(*id, operation);
        let grants = surveyor.index.grants().iter().copied().filter(speaks);
        let mut clauses: Vec<ClauseId> = self.speaking(operation).chain(grants).collect();
        clauses.sort_unstable();
        clauses
    }

    /// Those of the app's own clauses that speak of the operation.
    fn speaking(&self, operation: OperationId) -> impl Iterator<Item = ClauseId> {
        let sets =
            self.by_set.iter().filter(move |(set, _)| has(&self.surveyor.members[**set as usize], operation));
        sets.flat_map(|(_, clauses)| clauses).copied()
    }

    /// All operations, grouped.
    fn groups(&self) -> Vec<Group> {
        let mut groups: HashMap<(Vec<u32>, Question), Vec<OperationId>> = HashMap::new();
        for operation in (0..self.surveyor.index.model.operations.len() as u32).map(OperationId) {
            groups.entry(self.question(operation)).or_default().push(operation);
        }
        let mut groups: Vec<Group> = groups
            .into_iter()
            .map(|((_, question), operations)| {
                let reach = self.surveyor.answer(self.app, operations[0], question);
                Group { operations, reach }
            })
            .collect();
        groups.sort_by_key(|group| group.operations[0]);
        groups
    }

    /// The sets of operations, among those of the app's clauses, in which it lies; and what the answer depends on.
    fn question(&self, operation: OperationId) -> (Vec<u32>, Question) {
        let spoken = |set: &&u32| has(&self.surveyor.members[**set as usize], operation);
        let sets: Vec<u32> = self.by_set.keys().filter(spoken).copied().collect();
        let clauses = sets.iter().flat_map(|set| &self.by_set[set]);
        let question = self.surveyor.question(self.app, operation, &self.held, clauses);
        (sets, question)
    }
}

fn has(bits: &[u64], operation: OperationId) -> bool {
    bits[operation.index() / 64] >> (operation.index() % 64) & 1 == 1
}

/// Whether a condition reads what its app is, stages of its ratchets among it, and what the operation is.
pub fn reads(model: &Model, condition: &Condition) -> [bool; 2] {
    let (mut said, mut reads) = (String::new(), [false; 2]);
    say(model, condition, &mut said, &mut reads);
    // Another app's ratchet has no stage.
    [reads[0] || said.contains("Stage("), reads[1]]
}

/// What a condition says, without where it is written; and whether it reads its app or operation.
fn say(model: &Model, condition: &Condition, said: &mut String, reads: &mut [bool; 2]) {
    use std::fmt::Write;
    let mut read = |subject: &Subject| {
        if let Subject::Attribute(id) = subject {
            match model.attributes[id.index()].owner {
                Owner::App => reads[0] = true,
                Owner::Operation => reads[1] = true,
                Owner::Kind(_) | Owner::User | Owner::Request => {}
            }
        }
    };
    // Writing to a string cannot fail.
    let _ = match condition {
        Condition::Constant(truth) => write!(said, "{truth}"),
        Condition::InKind(kind) => write!(said, "in {}", kind.0),
        Condition::AtKind(kind) => write!(said, "at {}", kind.0),
        Condition::Test(Atom { subject, predicate, .. }) => {
            read(subject);
            if let Predicate::Same(other) | Predicate::ElementOf(other) = predicate {
                read(other);
            }
            write!(said, "{subject:?}{predicate:?}")
        }
        Condition::Not(inner) => {
            said.push('!');
            say(model, inner, said, reads);
            Ok(())
        }
        Condition::All(parts) | Condition::Any(parts) => {
            said.push_str(if matches!(condition, Condition::All(_)) { "&(" } else { "|(" });
            for part in parts {
                say(model, part, said, reads);
                said.push(',');
            }
            said.push(')');
            Ok(())
        }
    };
}
