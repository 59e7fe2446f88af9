//! Questions about one app and one operation, asked of few of their clauses.
//!
//! What refuses only ever takes requests away, and so does what says the same as the rule asked about: of these there
//! are just as many as it takes, see [`crate::region::lazily`].
//!
//! What grants and permits only ever adds. So it is asked with one permit after the other, as if everybody had all roles
//! and then with those of a few; and that there is no such request is shown with all of it taken for granted, where that
//! is so.
//!
//! Why there is none is made as small as it can be and remembered: where no layer is among the reasons, the same clauses
//! stand against it at all places about such containers, whatever apps hold; and where no permit is, with any permit.

use std::cell::Cell;
use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use super::cases::{Case, Cases, Place};
use super::questions::Questions;
use super::rules::{Assumed, Parts, own_layer};
use super::{Maker, makers, stages};
use crate::analysis::asking::{self, Spent};
use crate::analysis::privilege::set::Operations;
use crate::eval;
use crate::region::lazily::{Question, Settled};
use crate::region::terms::Term;
use crate::region::{Models, Surveyor, Universe, by_one_of, few_people, reads as reads_of};
use crate::request::Request;
use crate::sema::model::{
    AppId, ClauseId, ClauseKind, Condition, KindId, Model, OperationId, RatchetId, Source,
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum What<'q> {
    /// Whether anything would be answered otherwise without the rule.
    Rule(ClauseId),
    /// Whether anything is permitted where this certainly holds.
    There(&'q Condition),
    /// Whether anything is answered otherwise at this stage than at the one before. No permit, no role of people
    /// and no demand for a person depends on the stage.
    Stage(RatchetId, u32),
}

/// After so many questions it is time to ask what permits do not matter for.
pub(super) const PATIENCE: usize = 8;

/// So many looks at what is known cost as much as a question.
const LOOKS: usize = 256;

/// The answer for one place.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
pub(super) enum Verdict {
    /// This request shows it.
    Shown(Request),
    /// No request does.
    Never,
    /// The engines could not decide; what made it large.
    Undecided(Vec<String>),
}

/// By where they hold, and by the one permit that was there; none: whatever is permitted.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    of: HashMap<(Wherever, Option<ClauseId>), Vec<Proof>>,
    /// What stood against it in the newest.
    newest: BTreeSet<ClauseId>,
}

/// The places at which a proof holds, if the clauses that it needs speak of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wherever {
    /// Those of a frame, since a layer stands against it.
    Frame(u32),
    /// That one alone: frames are those of the whole policy, and some of its roles are taken as gone.
    Place(AppId, OperationId),
    /// Those about such containers, since only clauses do.
    Kinds(KindId, Option<KindId>),
}

/// That no request shows it, wherever these clauses stand.
#[derive(Debug)]
struct Proof {
    /// The app and the operation, where some clause reads them.
    only: [Option<u32>; 2],
    /// What stands against it.
    needs: BTreeSet<ClauseId>,
}

/// Asks about one thing at one place after the other, and remembers why there is nothing.
pub(super) struct Asker<'a, 'm> {
    pub(super) model: &'m Model,
    pub(super) models: &'a Models<'m>,
    pub(super) surveyor: &'a Surveyor<'m>,
    pub(super) what: What<'a>,
    pub(super) cases: &'a Cases,
    pub(super) questions: &'a Questions,
    /// The operations of which it is not known that no request of any app shows it, whatever is permitted.
    pub(super) open: Operations,
    /// Whether all roles are there that the frames were made with.
    pub(super) all_roles: bool,
    pub(super) proofs: Proofs,
    /// What stands against it wherever no request shows it, where a rule is asked about.
    pub(super) makers: BTreeSet<Maker>,
    /// Where the rule asked about matches some requests, whatever they are about besides.
    pub(super) matching: HashSet<Wherever>,
    /// How often it was asked, and how many places it was looked at with one permit.
    pub(super) asked: Cell<usize>,
    pub(super) looked: usize,
    /// Frames in which it was asked with all permits taken for granted.
    pub(super) tried: BTreeSet<u32>,
}

/// What comes of one round of universes.
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
enum Found {
    Shown(Request),
    Never(Why),
    Undecided(Vec<String>),
}

/// Why there is no request.
struct Why {
    /// The clauses that stand against it, with the place's layers unless only they do.
    needs: BTreeSet<ClauseId>,
    only_clauses: bool,
    /// Whether `makers` are all that it takes.
    is_minimal: bool,
    /// What it is, where a rule was asked about.
    makers: BTreeSet<Maker>,
}

impl Asker<'_, '_> {
    /// Asks about one place, whichever rules permit there; its clauses are looked for if need be.
    pub(super) fn ask(&mut self, place: Place, clauses: impl FnOnce() -> Case) -> Verdict {
        if self.is_known(place, None) {
            return Verdict::Never;
        }
        let case = &clauses();
        match self.among(case, &[]) {
            Found::Shown(request) => Verdict::Shown(request),
            Found::Never(why) => self.noted(case.place, None, why),
            Found::Undecided(what) => Verdict::Undecided(what),
        }
    }

    /// Asks about one place, where only this permits.
    pub(super) fn ask_of(&mut self, permit: ClauseId, place: Place, clauses: impl Fn() -> Case) -> Verdict {
        self.looked += 1;
        if self.is_known(place, None) || self.is_known(place, Some(permit)) {
            return Verdict::Never;
        }
        // Of a rule it is told whether the permit is at fault; of anything else that must be asked.
        if let What::There(_) | What::Stage(..) = self.what
            && self.asked.get() > PATIENCE
            && self.is_idle_for_granted(place, &clauses)
        {
            return Verdict::Never;
        }
        match self.among(&clauses(), &[permit]) {
            Found::Shown(request) => Verdict::Shown(request),
            Found::Never(why) if why.makers.contains(&Maker::NoPermit) => {
                if self.is_idle_for_granted(place, clauses) {
                    return Verdict::Never;
                }
                self.noted(place, Some(permit), why)
            }
            Found::Never(why) => {
                // Of a rule nothing that matters here is the permit's then.
                let permit = (!why.is_minimal).then_some(permit);
                self.noted(place, permit, why)
            }
            Found::Undecided(what) => Verdict::Undecided(what),
        }
    }

    /// Whether less was spent so far than it takes to ask about so many places and frames, whatever permits there.
    pub(super) fn is_patient(&self, [places, frames]: [usize; 2]) -> bool {
        self.asked.get() * LOOKS + self.looked < frames * LOOKS + places
    }

    /// Whether any request shows it at one place, whichever rules permit there. Nothing is remembered.
    pub(super) fn is_shown(&self, case: &Case) -> Result<bool, Vec<String>> {
        let all = Assumed { permitted: true, everybody: self.asks_people(case) };
        if let Found::Never(_) = self.lazily(case, &[], &[], all) {
            return Ok(false);
        }
        let mut undecided = None;
        for permit in case.of_kind(self.model, ClauseKind::Permit) {
            match self.among(case, &[permit]) {
                Found::Shown(_) => return Ok(true),
                Found::Never(_) => {}
                Found::Undecided(what) => undecided = Some(what),
            }
        }
        undecided.map_or(Ok(false), Err)
    }

    /// Whether no request shows it, whatever rules permit. If some request would, were it permitted, it is for want of a
    /// permit that there is none. Without `closely` only one place of each frame is asked.
    pub(super) fn is_idle_whatever_permits(
        &mut self,
        place: Place,
        closely: bool,
        clauses: impl FnOnce() -> Case,
    ) -> bool {
        if self.is_known(place, None) {
            return true;
        }
        if closely {
            self.tried.remove(&place.frame);
        }
        self.is_idle_for_granted(place, clauses)
    }

    /// The same, asked once for each frame: mostly it is the same rules that stand against it.
    fn is_idle_for_granted(&mut self, place: Place, clauses: impl FnOnce() -> Case) -> bool {
        if !self.tried.insert(place.frame) {
            return false;
        }
        let case = &clauses();
        let all = Assumed { permitted: true, everybody: self.asks_people(case) };
        match self.lazily(case, &[], &[], all) {
            Found::Never(why) => {
                self.note(place, None, why);
                true
            }
            Found::Shown(_) | Found::Undecided(_) => false,
        }
    }

    /// Forgets what was proved of this permit: it will not be asked about again.
    pub(super) fn forget(&mut self, permit: ClauseId) {
        self.proofs.of.retain(|(_, of), _| *of != Some(permit));
    }

    /// Whether it matters which people have roles.
    fn asks_people(&self, case: &Case) -> bool {
        let own = match self.what {
            What::Rule(clause) => self.kind(clause) == ClauseKind::ContextUserGrant,
            What::There(_) | What::Stage(..) => false,
        };
        !own && self.model.authority.context_user == Source::Policy
            && case.of_kind(self.model, ClauseKind::ContextUserGrant).next().is_some()
    }

    /// Exactly, where these permit. First as if all people had all roles: then somebody who has one is tried.
    fn among(&self, case: &Case, permits: &[ClauseId]) -> Found {
        let nobody = || self.lazily(case, permits, &[], Assumed::default());
        if !self.asks_people(case) {
            return nobody();
        }
        let people: Vec<ClauseId> = case.of_kind(self.model, ClauseKind::ContextUserGrant).collect();
        let place = (case.place.app, case.place.operation);
        let everybody = Assumed { everybody: true, permitted: false };
        let near = match self.lazily(case, permits, &[], everybody) {
            found @ Found::Never(_) => return found,
            Found::Shown(request) => {
                if let Some(request) = self.by_one_of(case, &people, &request) {
                    return Found::Shown(request);
                }
                Some(request)
            }
            Found::Undecided(_) => None,
        };
        if case.place.alone
            && let found @ Found::Shown(_) = nobody()
        {
            return found;
        }
        let few = few_people(self.model, place, &people, near.as_ref());
        let found = self.lazily(case, permits, &few, Assumed::default());
        if matches!(found, Found::Shown(_)) {
            return found;
        }
        self.lazily(case, permits, &people, Assumed::default())
    }

    /// The request, or the same as one of the people makes it who have a role there, if that shows it.
    fn by_one_of(&self, case: &Case, people: &[ClauseId], request: &Request) -> Option<Request> {
        let (model, place) = (self.model, (case.place.app, case.place.operation));
        let without = match self.what {
            What::Rule(clause) => Some(clause),
            What::There(_) => None, // who asks has nothing to do with where
            What::Stage(..) => return None,
        };
        // What people's roles let through is the same with the rule and without it.
        let others = |id: &ClauseId| self.kind(*id) != ClauseKind::ContextUserGrant;
        let others: Vec<ClauseId> = case.clauses.iter().copied().filter(others).collect();
        let shows = |request: &Request, grant: Option<ClauseId>| {
            let all = || others.iter().copied().chain(grant);
            let is_permitted = eval::is_permitted_among(model, place, request, all());
            match without {
                Some(clause) => {
                    let without = all().filter(|id| *id != clause);
                    eval::is_permitted_among(model, place, request, without) != is_permitted
                }
                None => is_permitted,
            }
        };
        by_one_of(model, place, people, request, &shows)
    }

    /// Asks where only these permit and only these people have roles, and of what refuses just as much as it takes.
    fn lazily(&self, case: &Case, permits: &[ClauseId], people: &[ClauseId], assumed: Assumed) -> Found {
        let mut kept: BTreeSet<ClauseId> = permits.iter().chain(people).copied().collect();
        kept.extend(case.of_kind(self.model, ClauseKind::AppUserGrant));
        let mut extra: Vec<(usize, &Condition)> = self.questions.user.iter().map(|user| (0, user)).collect();
        let own = match self.what {
            What::Rule(clause) => {
                kept.insert(clause);
                Some(self.kind(clause))
            }
            What::There(condition) => {
                extra.push((0, condition));
                None
            }
            What::Stage(..) => None,
        };
        let staged =
            |id: &ClauseId| matches!(self.what, What::Stage(..)) && self.questions.staged.contains(id);
        kept.extend(case.clauses.iter().copied().filter(staged));
        let takes = |id: &ClauseId| {
            let kind = self.kind(*id);
            (kind.refuses() || own == Some(kind)) && !staged(id)
        };
        let against: Vec<ClauseId> = case.clauses.iter().copied().filter(takes).collect();
        // What stood against it elsewhere mostly does here.
        kept.extend(self.proofs.newest.iter().filter(|id| against.binary_search(id).is_ok()));
        let Place { app, operation, .. } = case.place;
        let question = Question { app, operation, extra: &extra, against: &against };
        let parts = |universe: &mut Universe<'_>| {
            Parts::new(self.model, universe, self.questions.user.as_ref(), assumed)
        };
        self.asked.set(self.asked.get() + 1);
        let settled = question.ask(self.models, kept, |universe| {
            let parts = parts(universe);
            let term = self.term(&parts, universe);
            asking::ask(universe, term)
        });
        match settled {
            Ok(Settled { found: Some((request, _)), .. }) => Found::Shown(request),
            Ok(Settled { mut universe, needs, .. }) => {
                let parts = parts(&mut universe);
                Found::Never(self.why(&parts, &mut universe, needs))
            }
            Err(Spent { what, .. }) => Found::Undecided(what),
        }
    }

    fn term(&self, parts: &Parts<'_>, universe: &mut Universe<'_>) -> Term {
        match self.what {
            What::Rule(clause) => parts.decisive(universe, clause),
            What::There(condition) => {
                let answered = parts.answered(universe);
                let there = universe.condition(0, condition, super::CERTAINLY);
                universe.terms().and(&[answered, there])
            }
            What::Stage(ratchet, stage) => {
                let answered = parts.answered(universe);
                match stages::classes(self.model, universe, ratchet, stage) {
                    Some((variable, classes)) => stages::changed(universe, answered, variable, classes),
                    None => Term::FALSE,
                }
            }
        }
    }

    /// What makes the rule idle where it is: no more than it takes of `needs`, so that it is known of more places.
    fn why(&self, parts: &Parts<'_>, universe: &mut Universe<'_>, needs: BTreeSet<ClauseId>) -> Why {
        let What::Rule(clause) = self.what else {
            return Why { needs, only_clauses: false, is_minimal: false, makers: BTreeSet::new() };
        };
        let Some(subject) = parts.subject(universe, clause) else {
            let makers = BTreeSet::from([Maker::CallersWord]);
            return Why { needs: BTreeSet::new(), only_clauses: false, is_minimal: true, makers };
        };
        let Some(makers) = makers::minimal(universe, subject, &parts.makers(clause)) else {
            // Decided before, so it is now; were it not, nothing would be said of what makes it so.
            return Why { needs, only_clauses: false, is_minimal: false, makers: BTreeSet::new() };
        };
        let (mut needs, mut only_clauses) = (BTreeSet::new(), true);
        for maker in &makers {
            match maker {
                Maker::Clause(id) => _ = needs.insert(*id),
                Maker::NoPermit => {} // of the permit asked with
                Maker::Layer(_) | Maker::CallersWord | Maker::Exception => only_clauses = false,
            }
        }
        Why { needs, only_clauses, is_minimal: true, makers }
    }

    /// Remembers why no request shows it.
    fn note(&mut self, place: Place, permit: Option<ClauseId>, why: Why) {
        let Why { needs, only_clauses, makers, .. } = why;
        let own = match self.what {
            What::Rule(clause) => Some(clause),
            What::There(_) | What::Stage(..) => None,
        };
        let mut reads = [false; 2];
        for id in needs.iter().copied().chain(permit).chain(own) {
            let more = self.reads(id);
            reads = [reads[0] || more[0], reads[1] || more[1]];
        }
        let only = [reads[0].then_some(place.app.0), reads[1].then_some(place.operation.0)];
        if !makers.is_empty() && own.is_some_and(|own| self.reads(own) == [false; 2]) {
            self.matching.insert(self.kinds(place));
        }
        if only_clauses && permit.is_none() && only == [None; 2] && self.are_about_all_apps(&needs) {
            let (kinds, cases) = (self.operation_kinds(place), self.cases);
            let idle = needs.iter().fold(cases.about(kinds), |idle, id| idle.and(cases.speaking(*id)));
            self.open = self.open.minus(&idle);
        }
        let wherever = if only_clauses { self.kinds(place) } else { self.framed(place) };
        self.proofs.newest.clone_from(&needs);
        let proof = Proof { only, needs };
        self.proofs.of.entry((wherever, permit)).or_default().push(proof);
        self.makers.extend(makers);
    }

    fn noted(&mut self, place: Place, permit: Option<ClauseId>, why: Why) -> Verdict {
        self.note(place, permit, why);
        Verdict::Never
    }

    /// Whether it is known that no request shows it here, where only this permits; none: whatever does.
    fn is_known(&mut self, place: Place, permit: Option<ClauseId>) -> bool {
        if !self.open.contains(place.operation) {
            return true;
        }
        let speaks = |id: &ClauseId| {
            self.surveyor.is_about(*id, place.app) && self.cases.speaking(*id).contains(place.operation)
        };
        let here = [place.app.0, place.operation.0];
        let holds = |proof: &&Proof| {
            proof.only.iter().zip(here).all(|(only, here)| only.is_none_or(|only| only == here))
                && proof.needs.iter().all(speaks)
        };
        let proofs = |wherever: Wherever| self.proofs.of.get(&(wherever, permit)).into_iter().flatten();
        proofs(self.kinds(place)).chain(proofs(self.framed(place))).any(|proof| holds(&proof))
            || self.is_closed(place)
    }

    /// Whether a layer refuses everything there, and the rule asked about matches something there at all.
    fn is_closed(&mut self, place: Place) -> bool {
        let Some(layer) = self.cases.closed(place) else { return false };
        match self.what {
            What::There(_) | What::Stage(..) => true,
            What::Rule(clause) if own_layer(self.kind(clause)) == Some(layer) => false,
            What::Rule(_) => {
                let is_matched = self.matching.contains(&self.kinds(place));
                self.makers.extend(is_matched.then_some(Maker::Layer(layer)));
                is_matched
            }
        }
    }

    /// Whether the clause reads its app, stages among it, and its operation.
    fn reads(&self, clause: ClauseId) -> [bool; 2] {
        reads_of(self.model, &self.model.clauses[clause.index()].condition)
    }

    fn framed(&self, place: Place) -> Wherever {
        if self.all_roles {
            Wherever::Frame(place.frame)
        } else {
            Wherever::Place(place.app, place.operation)
        }
    }

    fn kinds(&self, place: Place) -> Wherever {
        let (kind, lists) = self.operation_kinds(place);
        Wherever::Kinds(kind, lists)
    }

    fn operation_kinds(&self, place: Place) -> (KindId, Option<KindId>) {
        let operation = &self.model.operations[place.operation.index()];
        (operation.kind, operation.lists)
    }

    /// Whether the clauses speak of all apps that are asked about.
    fn are_about_all_apps(&self, clauses: &BTreeSet<ClauseId>) -> bool {
        let apps = |id: ClauseId| &*self.model.clauses[id.index()].apps;
        let asked = match self.what {
            What::Rule(clause) => apps(clause).len(),
            What::There(_) | What::Stage(..) => self.model.apps.len(),
        };
        clauses.iter().all(|id| {
            let of = apps(*id);
            match self.what {
                _ if of.len() == self.model.apps.len() => true,
                What::Rule(clause) => of.len() >= asked && apps(clause).is_subset(of),
                What::There(_) | What::Stage(..) => false,
            }
        })
    }

    fn kind(&self, clause: ClauseId) -> ClauseKind {
        self.model.clauses[clause.index()].kind
    }
}
