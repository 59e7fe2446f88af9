//! Whether anything is permitted, where more grants and permits only ever permit more.
//!
//! What is permitted is so by one of the permits. So they are asked about one after another, each first as if everybody
//! had all roles. Where something is permitted then, one who has a role is tried, then nobody, a few of those who have
//! roles, and all of them. After the first permit it is asked whether anything would be permitted if something else
//! always did.

use std::collections::BTreeSet;

use super::Variation;
use super::ask::{Answer, Spent};
use super::lazily::{Question, Settled};
use super::lower::Counting;
use super::terms::Term;
use super::universe::{Models, Universe};
use crate::eval;
use crate::request::Request;
use crate::sema::model::{
    AppId, ClauseId, ClauseKind, Condition, Layer, Model, OperationId, Principal, Source,
};

/// Whether any request is permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
pub enum Reach {
    /// None.
    Never,
    /// This one.
    Somewhere(Request),
    /// No engine could tell.
    Undecided(Spent),
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Growing<'a> {
    /// Layers that are taken as permitting.
    pub assume: Option<&'a BTreeSet<Layer>>,
    /// A condition that must hold besides, and how it counts.
    pub when: Option<(&'a Condition, Counting)>,
    /// Whether requests without a context user are worth a try.
    pub alone: bool,
}

impl Default for Growing<'_> {
    fn default() -> Self {
        Growing { assume: None, when: None, alone: true }
    }
}

/// How many grants to people are tried first.
const FEW: usize = 6;

/// Some of these grants to people: those to all of them, and the first that give somebody a role in a request that
/// would be permitted if everybody had one.
pub fn few_people(
    model: &Model,
    place: (AppId, OperationId),
    people: &[ClauseId],
    request: Option<&Request>,
) -> Vec<ClauseId> {
    let of_all = |id: &&ClauseId| model.clauses[id.index()].principal == Principal::Any;
    let near = request.map(|request| eval::matching_whoever(model, place, request, people.iter().copied()));
    let near = near.filter(|near| !near.is_empty());
    let first = near.as_deref().unwrap_or(people).iter().take(FEW);
    people.iter().filter(of_all).take(FEW).chain(first).copied().collect()
}

/// So many people are tried with a request that needs one.
const PEOPLE: usize = 4;

/// The request, or the same as one of those makes it to whom these grants give a role in it, if that is what is looked
/// for: which is told with the one grant that counts then.
pub fn by_one_of(
    model: &Model,
    place: (AppId, OperationId),
    people: &[ClauseId],
    request: &Request,
    is_it: &dyn Fn(&Request, Option<ClauseId>) -> bool,
) -> Option<Request> {
    if is_it(request, None) {
        return Some(request.clone());
    }
    let near = eval::matching_whoever(model, place, request, people.iter().copied());
    near.into_iter().take(PEOPLE).find_map(|grant| {
        let id = match &model.clauses[grant.index()].principal {
            Principal::User(id) => Some(id),
            Principal::Group(group) => Some(model.groups.get(group)?.first()?),
            Principal::Any => None,
        };
        let mut request = request.clone();
        if let Some(id) = id {
            request.user.get_or_insert_default().id.clone_from(id);
        }
        is_it(&request, Some(grant)).then_some(request)
    })
}

/// Whether any request of the app for the operation is permitted.
pub fn reach(models: &Models<'_>, app: AppId, operation: OperationId, asked: &Growing<'_>) -> Reach {
    let asking = Asking::new(models, app, operation, asked);
    let permits: Vec<Option<ClauseId>> = match asking.assumed(Layer::Rules) {
        true => vec![None],
        false => asking.of_kind(ClauseKind::Permit).map(Some).collect(),
    };
    let mut open = None;
    for (number, permit) in permits.iter().enumerate() {
        match asking.among(*permit) {
            Among::Somewhere(request) => return Reach::Somewhere(request),
            Among::Never(_) => {}
            Among::Undecided(spent) => open = Some(spent),
        }
        if number == 0 && permits.len() > 1 && matches!(asking.whatever_permits(), Among::Never(_)) {
            return Reach::Never;
        }
    }
    open.map_or(Reach::Never, Reach::Undecided)
}

/// What comes of a question about one permit.
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
pub(super) enum Among {
    /// This is permitted.
    Somewhere(Request),
    /// Nothing is: these refuse it, where anything does.
    Never(BTreeSet<ClauseId>),
    /// No engine could tell.
    Undecided(Spent),
}

/// Questions about one app and one operation.
pub(super) struct Asking<'a, 'm> {
    models: &'a Models<'m>,
    model: &'m Model,
    asked: &'a Growing<'a>,
    place: (AppId, OperationId),
    /// All clauses that speak of them.
    clauses: Vec<ClauseId>,
    /// Those that refuse, in layers that are asked for.
    against: Vec<ClauseId>,
    /// The grants to people, where these are asked for.
    people: Vec<ClauseId>,
}

impl<'a, 'm> Asking<'a, 'm> {
    pub(super) fn new(
        models: &'a Models<'m>,
        app: AppId,
        operation: OperationId,
        asked: &'a Growing<'a>,
    ) -> Asking<'a, 'm> {
        let (clauses, model) = (models.of(0).clauses(app, operation), models.of(0).model);
        let place = (app, operation);
        let mut asking =
            Asking { models, model, asked, place, clauses, against: Vec::new(), people: Vec::new() };
        let layers = [(ClauseKind::Forbid, Layer::Rules), (ClauseKind::Withdrawal, Layer::Ratchet)];
        let kinds = layers.into_iter().filter(|(_, layer)| !asking.assumed(*layer));
        asking.against = kinds.flat_map(|(kind, _)| asking.of_kind(kind)).collect();
        asking.against.sort_unstable();
        if model.authority.context_user == Source::Policy && !asking.assumed(Layer::ContextUser) {
            asking.people = asking.of_kind(ClauseKind::ContextUserGrant).collect();
        }
        asking
    }

    fn assumed(&self, layer: Layer) -> bool {
        self.asked.assume.is_some_and(|assume| assume.contains(&layer))
    }

    fn of_kind(&self, kind: ClauseKind) -> impl Iterator<Item = ClauseId> {
        self.clauses.iter().copied().filter(move |id| self.model.clauses[id.index()].kind == kind)
    }

    /// Exactly, where only this permits.
    pub(super) fn among(&self, permit: Option<ClauseId>) -> Among {
        if self.people.is_empty() {
            return self.settled(permit, &[]);
        }
        let everybody = self.of(permit, &[], &[ClauseKind::ContextUserGrant]);
        let near = match everybody {
            Ok(Settled { found: None, needs, .. }) => return Among::Never(needs),
            Ok(Settled { found: Some((request, _)), .. }) => {
                let is_permitted =
                    |request: &Request, grant: Option<ClauseId>| self.is_permitted([permit, grant], request);
                if let Some(request) =
                    by_one_of(self.model, self.place, &self.people, &request, &is_permitted)
                {
                    return Among::Somewhere(request);
                }
                Some(request)
            }
            Err(_) => None,
        };
        if self.asked.alone
            && let among @ Among::Somewhere(_) = self.settled(permit, &[])
        {
            return among;
        }
        let few = few_people(self.model, self.place, &self.people, near.as_ref());
        match self.settled(permit, &few) {
            among @ Among::Somewhere(_) => among,
            Among::Never(_) | Among::Undecided(_) => self.settled(permit, &self.people),
        }
    }

    /// Whether the request is permitted where nothing is taken for granted, only this permits, and only this gives people
    /// roles.
    fn is_permitted(&self, only: [Option<ClauseId>; 2], request: &Request) -> bool {
        let adds = |id: ClauseId| match self.model.clauses[id.index()].kind {
            ClauseKind::Permit | ClauseKind::ContextUserGrant => true,
            ClauseKind::AppUserGrant | ClauseKind::Forbid | ClauseKind::Withdrawal => false,
        };
        let there = |id: &ClauseId| only.contains(&Some(*id)) || !adds(*id);
        let clauses = self.clauses.iter().copied().filter(there);
        self.asked.assume.is_none()
            && eval::is_permitted_among(self.model, self.place, request, clauses)
            && self.asked.when.is_none_or(|(condition, Counting { unknown, listed })| {
                eval::counts_as_true(self.model, self.place, request, condition, [unknown, listed])
            })
    }

    /// Exactly, where only this permits and only these people have roles.
    fn settled(&self, permit: Option<ClauseId>, people: &[ClauseId]) -> Among {
        match self.of(permit, people, &[]) {
            Ok(Settled { found: Some((request, _)), .. }) => Among::Somewhere(request),
            Ok(Settled { needs, .. }) => Among::Never(needs),
            Err(spent) => Among::Undecided(spent),
        }
    }

    /// As if something always permitted, and everybody had all roles.
    pub(super) fn whatever_permits(&self) -> Among {
        match self.of(None, &[], &[ClauseKind::Permit, ClauseKind::ContextUserGrant]) {
            Ok(Settled { found: Some((request, _)), .. }) => Among::Somewhere(request),
            Ok(Settled { needs, .. }) => Among::Never(needs),
            Err(spent) => Among::Undecided(spent),
        }
    }

    /// Where only this permits and only these people have roles, with more granted.
    fn of(
        &self,
        permit: Option<ClauseId>,
        people: &[ClauseId],
        granted: &[ClauseKind],
    ) -> Result<Settled<'m>, Spent> {
        let extra: Vec<(usize, &Condition)> =
            self.asked.when.iter().map(|(condition, _)| (0, *condition)).collect();
        let (app, operation) = self.place;
        let question = Question { app, operation, extra: &extra, against: &self.against };
        let people = people.iter().copied().chain(permit);
        let kept = self.of_kind(ClauseKind::AppUserGrant).chain(people).collect();
        question.ask(self.models, kept, |universe| {
            let term = self.term(universe, granted);
            match universe.ask(term) {
                Answer::Never => Ok(None),
                Answer::Sometimes(assignment) => Ok(Some(assignment)),
                Answer::Undecided(why) => Err(universe.spent(&why)),
            }
        })
    }

    /// Where it is permitted and the condition holds.
    fn term(&self, universe: &mut Universe<'m>, granted: &[ClauseKind]) -> Term {
        let plain = Variation::none();
        let assume = self.asked.assume.unwrap_or(plain.assume);
        let permitted = universe.varied(0, &Variation { assume, granted, ..plain });
        match self.asked.when {
            Some((condition, counting)) if permitted != Term::FALSE => {
                let holds = universe.condition(0, condition, counting);
                universe.terms().and(&[permitted, holds])
            }
            Some(_) | None => permitted,
        }
    }
}
