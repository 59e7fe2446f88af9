//! All requests for one app and one operation, cut into finitely many cells by what policies can tell apart.
//!
//! The variables of a universe are what a request freely says, so that every combination of their classes is a
//! request. What a policy reads (the effective container, an inherited attribute, whether two values are the same)
//! is a function of them, written as a term, and mirrors the reference evaluator.
//!
//! Not all requests are told apart, and none is left out that would be decided otherwise than those that are there:
//!
//! - A declared container has a class of its own only if some formula asks for its id, if it is a parent of such a
//!   one, or if two sides declare it differently. Of any other, what is declared can as well be said of a container
//!   that is not declared, its parent can be named, and so on outwards.
//! - A request may name containers below those that concern the operation: what it says through them, their declared
//!   parents, it can say by naming these; but not where two sides declare them differently: then they are variables.
//! - Containers of wrong kinds or in a wrong order are refused by the catalog whatever else holds.
//! - Users are told apart by the ids and the declared groups that matter here.
//!
//! What the installation's administrator approved is all that can be approved, or the request says nothing of it: then
//! what is optional is not held. That is a variable for apps with something optional. Of one policy any other approvals
//! deny more than all of them, and are left out. Where two are compared that ask different scopes, some of them may be
//! all that one needs and less than the other does: those are further classes (`approvals`).
//!
//! Fixed, and no variables: where a caller vouches for the app user or the context user, it says that they may; but for
//! two policies of which only one believes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::alike::Alike;
use super::approvals::{self, Approved};
use super::ask::{Answer, Engines, Limits, Spent, Undecided};
use super::asked::{Ask, Asked, Test};
use super::cut::{self, Cut, said};
use super::differences::Differences;
use super::index::Index;
use super::layers::Variation;
use super::lower::{Context, Counting, Lowering};
use super::questions::{self, Questions};
use super::sets::ClassSet;
use super::side::Known;
use super::terms::{Term, Terms, Variable};
use super::variables::{Part, Place, What};
use super::vocabulary::Vocabulary;
use super::{Assignment, Weights, witness, words};
use crate::request::{Request, Value};
use crate::sema::model::{
    AppId, Authority, ClauseId, Condition, KindId, Layer, Model, OperationId, Predicate, Source, Type,
};

/// An app and an operation of a model.
#[derive(Debug, Clone, Copy)]
pub struct Side<'m> {
    /// The model.
    pub model: &'m Model,
    /// The app.
    pub app: AppId,
    /// The operation.
    pub operation: OperationId,
}

/// Models to look at together, each looked through once; shared by all universes over them.
#[derive(Debug, Clone)]
pub struct Models<'m> {
    indices: Vec<Arc<Index<'m>>>,
    differences: Arc<Differences>,
}

impl<'m> Models<'m> {
    /// Looks the models through: one, or two that are compared.
    pub fn new(models: &[&'m Model]) -> Models<'m> {
        let indices: Vec<Arc<Index<'m>>> = models.iter().map(|model| Index::new(model)).collect();
        let differences = Arc::new(Differences::between(&indices));
        Models { indices, differences }
    }

    /// What was found of one of them.
    pub fn of(&self, side: usize) -> &Arc<Index<'m>> {
        &self.indices[side]
    }

    /// The universe of one app and one operation, each given as the models number them. `None` for a model that has
    /// not both of them: this side denies everything.
    ///
    /// `extra` are conditions beside those of the models that will be asked for, with the number of their side.
    pub fn universe(
        &self,
        of: &[Option<(AppId, OperationId)>],
        extra: &[(usize, &Condition)],
    ) -> Universe<'m> {
        let sides: Vec<Option<Known<'m>>> = self
            .indices
            .iter()
            .zip(of)
            .map(|(index, of)| of.map(|(app, operation)| Known::new(index, app, operation)))
            .collect();
        let clauses = |known: &Known<'_>| known.index.clauses(known.app, known.operation);
        let clauses = sides.iter().map(|known| known.as_ref().map_or_else(Vec::new, clauses)).collect();
        Universe::new(&sides, &self.differences, extra, clauses, BTreeSet::new())
    }

    /// The universe of one model in which the scopes of each alternative of what the operation requires may be all that
    /// is approved, too: for questions about stages, see [`super::narrows`].
    pub fn by_approvals(
        &self,
        app: AppId,
        operation: OperationId,
        extra: &[(usize, &Condition)],
    ) -> Universe<'m> {
        let known = Known::new(&self.indices[0], app, operation);
        let clauses = vec![known.index.clauses(app, operation)];
        let approvals = approvals::of_alternatives(&known);
        Universe::new(&[Some(known)], &self.differences, extra, clauses, approvals)
    }

    /// A part of the universe of one model: as if only those of its grants and permits were there that are `kept`. What
    /// is permitted there is permitted in the whole one too, since grants and permits only ever add. `extra` as above.
    pub fn part(
        &self,
        app: AppId,
        operation: OperationId,
        extra: &[(usize, &Condition)],
        kept: &dyn Fn(ClauseId) -> bool,
    ) -> Universe<'m> {
        let model = self.indices[0].model;
        self.only(app, operation, extra, &|id| model.clauses[id.index()].kind.refuses() || kept(id))
    }

    /// A universe of one model with only those of its clauses that are `kept`: for questions about these alone.
    pub fn only(
        &self,
        app: AppId,
        operation: OperationId,
        extra: &[(usize, &Condition)],
        kept: &dyn Fn(ClauseId) -> bool,
    ) -> Universe<'m> {
        let mut clauses = self.indices[0].clauses(app, operation);
        clauses.retain(|id| kept(*id));
        self.just(app, operation, extra, clauses)
    }

    /// The same, where these of the clauses that speak of them are kept, in source order.
    pub fn just(
        &self,
        app: AppId,
        operation: OperationId,
        extra: &[(usize, &Condition)],
        kept: Vec<ClauseId>,
    ) -> Universe<'m> {
        let known = Known::new(&self.indices[0], app, operation);
        Universe::new(&[Some(known)], &self.differences, extra, vec![kept], BTreeSet::new())
    }

    /// A universe of one model without any of its grants and rules: for questions about `extra` alone.
    pub fn bare(&self, app: AppId, operation: OperationId, extra: &[(usize, &Condition)]) -> Universe<'m> {
        self.just(app, operation, extra, Vec::new())
    }
}

/// All requests for one app and one operation.
#[derive(Debug)]
pub struct Universe<'m> {
    known: Vec<Option<Known<'m>>>,
    sides: Vec<Option<Lowering<'m>>>,
    clauses: Vec<Vec<ClauseId>>,
    vocabulary: Vocabulary,
    like: HashMap<Variable, Vec<(Variable, Variable)>>,
    /// What was asked of each variable, for words.
    asks: Vec<Ask>,
    groups: Vec<BTreeSet<&'m str>>,
    terms: Terms,
    engines: Engines,
    weights: Weights,
    too_fine: Vec<What>,
}

impl<'m> Universe<'m> {
    /// The universe of one side, or of two that are compared: the variables go by name, since models number things
    /// differently. `extra` are conditions beside those of the models that will be asked for, with the number of
    /// their side.
    ///
    /// Looks each model through; [`Models`] does so once for many universes.
    pub fn of(sides: &[Side<'m>], extra: &[(usize, &'m Condition)]) -> Universe<'m> {
        let models: Vec<&'m Model> = sides.iter().map(|side| side.model).collect();
        let of: Vec<_> = sides.iter().map(|side| Some((side.app, side.operation))).collect();
        Models::new(&models).universe(&of, extra)
    }

    fn new(
        known: &[Option<Known<'m>>],
        differences: &Differences,
        extra: &[(usize, &Condition)],
        clauses: Vec<Vec<ClauseId>>,
        approvals: BTreeSet<Approved>,
    ) -> Universe<'m> {
        let mut asked = Asked::new(known);
        asked.approvals = approvals;
        for ((side, known), clauses) in known.iter().enumerate().zip(&clauses) {
            known.iter().for_each(|known| ask(&mut asked, side, known, clauses));
        }
        extra.iter().for_each(|(side, condition)| asked.condition(*side, condition));
        differences.ask(&mut asked);
        let told_apart = ask_both(&mut asked);
        if told_apart.is_none() || !asked.approvals.is_empty() {
            asked.variable(What::Approval);
        }
        let Cut { parts, mut too_fine } = cut::cut(&mut asked);
        if told_apart.is_none() {
            too_fine.push(What::Approval);
        }
        let groups = std::mem::take(&mut asked.groups);
        let mut like: HashMap<Variable, Vec<(Variable, Variable)>> = HashMap::new();
        let pairs: Vec<(What, What)> = asked
            .all
            .iter()
            .flat_map(|ask| ask.like.iter().map(|other| (ask.what.clone(), asked.all[*other].what.clone())))
            .collect();
        let vocabulary = Vocabulary::new(parts);
        for (set, element) in pairs {
            if let (Some((place, name)), Some((of, attribute))) = (said(&set), said(&element))
                && let Some(has) = vocabulary.find(&What::ElementLike(place, name, of, attribute))
                && let (Some(set), Some(element)) = (vocabulary.find(&set), vocabulary.find(&element))
            {
                like.entry(set).or_default().push((element, has));
            }
        }
        let sizes = vocabulary.list().iter().map(|part| part.classes.len() as u32).collect();
        let mut terms = Terms::new(sizes);
        let weights: Weights = vocabulary.list().iter().map(Part::weights).collect();
        let lightest =
            |of: &Vec<u32>| (0..).zip(of).min_by_key(|(_, weight)| **weight).map_or(0, |(class, _)| class);
        let engines = Engines::new(&terms, weights.iter().map(lightest).collect(), Limits::default());
        let mut cx = Context { terms: &mut terms, vocabulary: &vocabulary, like: &like };
        let mut sides = Vec::new();
        for (known, groups) in known.iter().zip(&groups) {
            sides.push(known.clone().map(|known| Lowering::new(known, groups, &mut cx)));
        }
        let asks = std::mem::take(&mut asked.all);
        Universe {
            known: known.to_vec(),
            sides,
            clauses,
            vocabulary,
            like,
            asks,
            groups,
            terms,
            engines,
            weights,
            too_fine,
        }
    }

    /// Where the side permits.
    pub fn permitted(&mut self, side: usize) -> Term {
        self.varied(side, &Variation::none())
    }

    /// Where the side would permit, had its model other clauses or scopes.
    pub fn varied(&mut self, side: usize, variation: &Variation<'_>) -> Term {
        let mut layers = Vec::new();
        for layer in Layer::ALL {
            if !variation.assume.contains(&layer) {
                let term = self.layer_of(side, layer, variation);
                if term == Term::FALSE {
                    return term;
                }
                layers.push(term);
            }
        }
        self.terms.and(&layers)
    }

    /// Where the layer permits on this side.
    pub fn layer(&mut self, side: usize, layer: Layer) -> Term {
        self.layer_of(side, layer, &Variation::none())
    }

    fn layer_of(&mut self, side: usize, layer: Layer, variation: &Variation<'_>) -> Term {
        let mut cx = Context { terms: &mut self.terms, vocabulary: &self.vocabulary, like: &self.like };
        match &mut self.sides[side] {
            Some(lowering) => lowering.layer(&mut cx, &self.clauses[side], layer, variation),
            None => Term::FALSE,
        }
    }

    /// Where the clause matches, as it counts in the decision: of a list operation, refusals count where they match
    /// all entries, grants and permits where they may match some.
    pub fn clause(&mut self, side: usize, clause: ClauseId) -> Term {
        let mut cx = Context { terms: &mut self.terms, vocabulary: &self.vocabulary, like: &self.like };
        match &mut self.sides[side] {
            Some(lowering) => lowering.clause(&mut cx, clause),
            None => Term::FALSE,
        }
    }

    /// Where the condition counts as true. It is one of the model's, or was given as `extra`: of another one the
    /// universe may not tell apart what it does.
    pub fn condition(&mut self, side: usize, condition: &Condition, counting: Counting) -> Term {
        let mut cx = Context { terms: &mut self.terms, vocabulary: &self.vocabulary, like: &self.like };
        match &mut self.sides[side] {
            Some(lowering) => lowering.condition(&mut cx, condition, counting),
            None => Term::FALSE,
        }
    }

    /// The clauses of the side that can match here, in source order.
    pub fn clauses(&self, side: usize) -> &[ClauseId] {
        &self.clauses[side]
    }

    /// Whether the term is ever true. "Never" is never said where [`Universe::too_fine`] has anything.
    pub fn ask(&mut self, term: Term) -> Answer {
        let answer = self.engines.ask(&self.terms, term);
        match answer {
            Answer::Never if !self.too_fine.is_empty() && term != Term::FALSE => {
                let what = self.too_fine.iter().filter_map(|what| self.vocabulary.find(what)).collect();
                Answer::Undecided(Undecided { nodes: 0, conflicts: 0, what })
            }
            answer => answer,
        }
    }

    /// What could not be cut finely enough: patterns that are too many to be told apart.
    pub fn too_fine(&self) -> &[What] {
        &self.too_fine
    }

    /// The request that the assignment stands for.
    pub fn request(&self, assignment: &Assignment) -> Request {
        witness::request(&self.known, &self.vocabulary, &self.like, assignment)
    }

    /// The variables with their classes, by index.
    pub fn parts(&self) -> &[Part] {
        self.vocabulary.list()
    }

    /// What is asked of a variable, and examples of all that the answers tell apart; `None` where these are too many,
    /// or where nothing is asked.
    pub fn questions(&self, variable: Variable) -> Option<Questions> {
        let part = &self.vocabulary.list()[variable.index()];
        let ask = self.asks.iter().find(|ask| ask.what == part.what)?;
        questions::of(&self.known, ask, part)
    }

    /// The values of a variable that stand for themselves only.
    pub fn exact(&self, variable: Variable) -> &[Value] {
        let what = self.vocabulary.what(variable);
        self.asks.iter().find(|ask| ask.what == *what).map_or(&[], |ask| &ask.exact)
    }

    /// All users whom nothing here tells from this one, who is in a declared group; `None` where they are no other than
    /// those who are in none, or are compared with something.
    pub fn people_like(&self, id: &str) -> Option<BTreeSet<&str>> {
        let user = What::Value(Place::User, "id".to_owned());
        let ask = self.asks.iter().find(|ask| ask.what == user && ask.pool.is_none())?;
        let sides = || {
            self.known.iter().zip(&self.groups).filter_map(|(k, groups)| Some((k.as_ref()?.model, groups)))
        };
        let members =
            || sides().flat_map(|(model, groups)| groups.iter().filter_map(|g| model.groups.get(*g)));
        let of = |id: &str| members().map(|of| of.contains(id)).collect::<Vec<bool>>();
        let wanted = of(id);
        let exact = |id: &&str| ask.exact.contains(&Value::Text((*id).to_owned()));
        let like = members().flatten().map(String::as_str).filter(|other| of(other) == wanted);
        wanted.contains(&true).then(|| like.filter(|id| !exact(id)).collect())
    }

    /// Which cubes are told in the same words.
    pub fn alike(&self) -> Alike {
        Alike::new(&self.known, &self.groups, &self.asks, &self.vocabulary)
    }

    /// What each class of each variable weighs in a witness: the lightest request says least.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// A set of cells, one set of classes for each variable, in the words of the policy.
    pub fn words(&self, cube: &[ClassSet]) -> String {
        words::cube(&self.vocabulary, cube)
    }

    /// A variable as policies write it.
    pub fn name(&self, variable: Variable) -> String {
        words::name(&self.vocabulary, variable)
    }

    /// What was spent in vain, in the words of the policy.
    pub fn spent(&self, why: &Undecided) -> Spent {
        let what = why.what.iter().map(|variable| self.name(*variable)).collect();
        Spent { nodes: why.nodes, conflicts: why.conflicts, what }
    }

    /// All terms.
    pub fn terms(&mut self) -> &mut Terms {
        &mut self.terms
    }

    /// The terms and the engines that answer questions about them.
    pub fn engines(&mut self) -> (&Terms, &mut Engines) {
        (&self.terms, &mut self.engines)
    }
}

/// Asks for what only the difference of two sides makes matter: approvals of some scopes, the caller's word, and
/// containers of kinds that only one of them can name. `None` if the approvals are too many to be told apart.
fn ask_both(asked: &mut Asked<'_, '_>) -> Option<()> {
    let [Some(one), Some(other)] = asked.sides else { return Some(()) };
    let authorities = [&one.model.authority, &other.model.authority];
    let sources = authorities.map(|authority| authority.app_user);
    let by_word = |authority: &&Authority| authority.app_user == Source::Caller;
    let excepts = |authority: &&Authority| authority.app_user_except != Condition::Constant(false);
    if sources[0] != sources[1] || (authorities.iter().any(by_word) && authorities.iter().any(excepts)) {
        asked.variable(What::Word(Layer::AppUser));
        for (side, authority) in authorities.iter().enumerate() {
            asked.condition(side, &authority.app_user_except);
        }
    }
    if authorities[0].context_user != authorities[1].context_user {
        asked.variable(What::Word(Layer::ContextUser));
    }
    let kinds = |known: &Known<'_>| -> BTreeSet<String> {
        let kinds = (0..).map(KindId).zip(&known.model.kinds).filter(|(id, _)| known.can_name(*id));
        kinds.map(|(_, kind)| kind.name.clone()).collect()
    };
    let (one_can, other_can) = (kinds(one), kinds(other));
    for kind in one_can.symmetric_difference(&other_can) {
        asked.variable(What::Container(kind.clone()));
    }
    asked.approvals = approvals::partial(asked.sides)?;
    Some(())
}

/// Asks for all that decides requests on a side, where these are the clauses.
fn ask(asked: &mut Asked<'_, '_>, side: usize, known: &Known<'_>, clauses: &[ClauseId]) {
    let model = known.model;
    asked.variable(What::User);
    asked.variable(What::Value(Place::User, "id".into()));
    let status = asked.variable(What::Value(Place::Request, "install.status".into()));
    let declared = model.attributes.iter().find(|attribute| attribute.name == "install.status");
    let kind = declared.map_or(Type::String, |attribute| attribute.kind);
    asked.ask(status, side, kind, Some(Test::Enabled));
    asked.scalar(What::Value(Place::User, "id".into()), side, Type::String, None);
    let app = &model.apps[known.app.index()];
    if let (Source::Policy, Some(sites)) = (model.authority.lifecycle, &app.installed_on) {
        let sites = sites.iter().cloned().map(crate::sema::model::Constant::String).collect();
        let site = What::Value(Place::Request, "install.site".into());
        asked.scalar(site, side, Type::String, Some(Predicate::Is(sites)));
    }
    if !app.optional.is_empty() {
        asked.variable(What::Approval);
    }
    for clause in clauses {
        let clause = &model.clauses[clause.index()];
        if known.settled(&clause.condition) != Some(false) {
            asked.principal(side, &clause.principal);
            asked.condition(side, &clause.condition);
        }
    }
    if model.authority.app_user == Source::Policy {
        asked.condition(side, &model.authority.app_user_except);
    }
    asked.condition(side, &model.authority.context_user_required);
    for ratchet in known.index.ratchets(known.app) {
        if model.ratchets[ratchet.index()].stages.iter().any(|stage| stage.holds.is_some()) {
            asked.stage(side, *ratchet);
        }
    }
}
