//! Where a rule decides: the requests that would be answered otherwise without it, as a conjunction of what is said
//! against each thing that could make it idle.

use std::collections::BTreeMap;

use super::Maker;
use crate::region::terms::Term;
use crate::region::{Counting, Universe};
use crate::sema::model::{ClauseId, ClauseKind, Condition, Layer, Model, Source};

/// The layers that no rule is part of: they stand as they are.
const FIXED: [Layer; 5] =
    [Layer::Lifecycle, Layer::Catalog, Layer::Scope, Layer::AppUser, Layer::ContextUser];

/// What is taken for granted, so that more is permitted than really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Assumed {
    /// That all people have all roles.
    pub(super) everybody: bool,
    /// That some rule permits.
    pub(super) permitted: bool,
}

/// What the clauses and layers of a universe say, made once for all of its clauses.
pub(super) struct Parts<'m> {
    model: &'m Model,
    /// Where each clause matches, in source order.
    clauses: BTreeMap<ClauseId, Term>,
    layers: Vec<(Layer, Term)>,
    permitted: Term,
    forbidden: Term,
    withdrawn: Term,
    exception: Term,
    user: Term,
}

impl<'m> Parts<'m> {
    /// As if some of what grants and permits did so always, where `assumed` says so.
    pub(super) fn new(
        model: &'m Model,
        universe: &mut Universe<'_>,
        user: Option<&Condition>,
        assumed: Assumed,
    ) -> Parts<'m> {
        let here: Vec<ClauseId> = universe.clauses(0).to_vec();
        let clauses: BTreeMap<ClauseId, Term> =
            here.iter().map(|clause| (*clause, universe.clause(0, *clause))).collect();
        let alone = |layer: Layer| {
            if assumed.everybody && layer == Layer::ContextUser {
                return (layer, Term::TRUE);
            }
            (layer, universe.layer(0, layer))
        };
        let layers = FIXED.map(alone).to_vec();
        let certainly = Counting { unknown: false, listed: false };
        let user = user.map_or(Term::FALSE, |user| universe.condition(0, user, certainly));
        let exception = match model.authority.app_user {
            Source::Policy => universe.condition(0, &model.authority.app_user_except, certainly),
            Source::Caller => Term::FALSE,
        };
        let mut any = |kind: ClauseKind| {
            let terms: Vec<Term> = clauses
                .iter()
                .filter(|(clause, _)| model.clauses[clause.index()].kind == kind)
                .map(|(_, term)| *term)
                .collect();
            universe.terms().or(&terms)
        };
        let permitted = if assumed.permitted { Term::TRUE } else { any(ClauseKind::Permit) };
        let forbidden = any(ClauseKind::Forbid);
        let withdrawn = any(ClauseKind::Withdrawal);
        Parts { model, clauses, layers, permitted, forbidden, withdrawn, exception, user }
    }

    /// The requests that are permitted.
    pub(super) fn answered(&self, universe: &mut Universe<'_>) -> Term {
        let mut parts: Vec<Term> = self.layers.iter().map(|(_, term)| *term).collect();
        parts.extend([self.permitted, self.forbidden.not(), self.withdrawn.not()]);
        universe.terms().and(&parts)
    }

    /// The requests that would be answered otherwise without the clause.
    pub(super) fn decisive(&self, universe: &mut Universe<'_>, clause: ClauseId) -> Term {
        let kind = self.kind(clause);
        let Some(subject) = self.subject(universe, clause) else {
            return Term::FALSE;
        };
        let mut parts = vec![subject];
        for (layer, term) in &self.layers {
            if own_layer(kind) != Some(*layer) {
                parts.push(*term);
            }
        }
        match kind {
            ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => {
                parts.extend([self.permitted, self.forbidden.not(), self.withdrawn.not()]);
            }
            ClauseKind::Permit => parts.extend([self.forbidden.not(), self.withdrawn.not()]),
            ClauseKind::Forbid => parts.extend([self.permitted, self.withdrawn.not()]),
            ClauseKind::Withdrawal => parts.extend([self.permitted, self.forbidden.not()]),
        }
        if parts.contains(&Term::FALSE) {
            return Term::FALSE;
        }
        match kind {
            ClauseKind::AppUserGrant => parts.push(self.exception.not()),
            ClauseKind::ContextUserGrant
            | ClauseKind::Permit
            | ClauseKind::Forbid
            | ClauseKind::Withdrawal => {}
        }
        let others = self.of_kind(kind).filter(|(other, _)| *other != clause);
        parts.extend(others.map(|(_, term)| term.not()));
        universe.terms().and(&parts)
    }

    /// Where the clause speaks at all; `None` where the caller's word is taken instead.
    pub(super) fn subject(&self, universe: &mut Universe<'_>, clause: ClauseId) -> Option<Term> {
        let term = self.clauses.get(&clause).copied()?;
        let authority = &self.model.authority;
        match self.kind(clause) {
            ClauseKind::AppUserGrant => (authority.app_user == Source::Policy).then_some(term),
            ClauseKind::ContextUserGrant if authority.context_user == Source::Caller => None,
            // Without a person, nobody asks for their roles.
            ClauseKind::ContextUserGrant => Some(universe.terms().and(&[term, self.user])),
            ClauseKind::Permit | ClauseKind::Forbid | ClauseKind::Withdrawal => Some(term),
        }
    }

    /// Everything that can make the clause idle, each with where it does *not*: what certainly does first.
    pub(super) fn makers(&self, clause: ClauseId) -> Vec<(Maker, Term)> {
        let kind = self.kind(clause);
        let mut makers: Vec<(Maker, Term)> = Vec::new();
        for (layer, term) in &self.layers {
            if own_layer(kind) != Some(*layer) {
                makers.push((Maker::Layer(*layer), *term));
            }
        }
        if kind != ClauseKind::Permit {
            makers.push((Maker::NoPermit, self.permitted));
        }
        if kind == ClauseKind::AppUserGrant {
            makers.push((Maker::Exception, self.exception.not()));
        }
        let refusing = [ClauseKind::Forbid, ClauseKind::Withdrawal];
        for of in [kind].into_iter().chain(refusing.into_iter().filter(|refusing| *refusing != kind)) {
            for (other, term) in self.of_kind(of).filter(|(other, _)| *other != clause) {
                makers.push((Maker::Clause(other), term.not()));
            }
        }
        makers
    }

    fn kind(&self, clause: ClauseId) -> ClauseKind {
        self.model.clauses[clause.index()].kind
    }

    fn of_kind(&self, kind: ClauseKind) -> impl Iterator<Item = (ClauseId, Term)> {
        let of = move |(clause, _): &(&ClauseId, &Term)| self.kind(**clause) == kind;
        self.clauses.iter().filter(of).map(|(clause, term)| (*clause, *term))
    }
}

/// The layer that a grant is part of, where it is not the rules' or the ratchets'.
pub(super) fn own_layer(kind: ClauseKind) -> Option<Layer> {
    match kind {
        ClauseKind::AppUserGrant => Some(Layer::AppUser),
        ClauseKind::ContextUserGrant => Some(Layer::ContextUser),
        ClauseKind::Permit | ClauseKind::Forbid | ClauseKind::Withdrawal => None,
    }
}
