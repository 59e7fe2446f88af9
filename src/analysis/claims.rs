//! Guarantees against one another, whatever the rules say: claims that cannot both hold, and claims about nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Progress;
use super::asking;
use super::cells::Cell;
use super::guarantees::{Asked, asked, in_parallel, work_by};
use crate::eval;
use crate::region::terms::Term;
use crate::region::{Counting, Models};
use crate::request::Request;
use crate::sema::model::{Claim, Model, OperationId};

/// A claim: index into [`Model::guarantees`], and into its claims.
pub type ClaimId = (usize, usize);

/// What claims say of one another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Claims that speak of the same request, of which one says never and the other always.
    pub clashes: Vec<Clash>,
    /// Claims that speak of no request at all.
    pub idle: Vec<ClaimId>,
}

/// Two claims that cannot both hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Says never.
    pub never: ClaimId,
    /// Says always.
    pub always: ClaimId,
    /// A request that both speak of, as the evaluator has confirmed.
    pub request: Request,
}

/// Compares all claims. What the engines do not decide is left out: the proof of the claim itself tells of it.
pub fn claims(model: &Model, progress: Progress<'_>) -> Claims {
    let all: Vec<Asked<'_>> = asked(model).collect();
    let models = Models::new(&[model]);
    // Whatever the rules say: so only the kinds of containers that are concerned tell operations apart.
    let work = work_by(model, &all, &|_| {
        |operation: OperationId| {
            let of = &model.operations[operation.index()];
            (of.kind, of.lists)
        }
    });
    let found = in_parallel(&work, progress, &|work| in_cell(model, &models, &all, &work.cell));
    let mut speaks = BTreeSet::new();
    let mut clashes: BTreeMap<(usize, usize), Request> = BTreeMap::new();
    for found in found {
        speaks.extend(found.speaks);
        for (pair, request) in found.clashes {
            clashes.entry(pair).or_insert(request);
        }
    }
    let id = |number: usize| (all[number].guarantee, all[number].number);
    let clash = |((never, always), request)| Clash { never: id(never), always: id(always), request };
    Claims {
        clashes: clashes.into_iter().map(clash).collect(),
        idle: (0..all.len()).filter(|number| !speaks.contains(number)).map(id).collect(),
    }
}

/// What a cell shows; claims by position.
struct Found {
    /// Those that speak of some request, or may do so.
    speaks: Vec<usize>,
    clashes: Vec<((usize, usize), Request)>,
}

fn in_cell(model: &Model, models: &Models<'_>, all: &[Asked<'_>], cell: &Cell) -> Found {
    let here: Vec<(usize, &Claim)> = all
        .iter()
        .enumerate()
        .map(|(number, asked)| (number, asked.claim))
        .filter(|(_, claim)| claim.apps.contains(&cell.app) && claim.operations.contains(&cell.operation()))
        .collect();
    let conditions: Vec<_> = here.iter().map(|(_, claim)| (0, &claim.condition)).collect();
    // Claims are held against each other, whatever rules say.
    let mut universe = models.bare(cell.app, cell.operation(), &conditions);
    let spoken_of: Vec<Term> = here
        .iter()
        .map(|(_, claim)| {
            let counting = Counting { unknown: !claim.always, listed: false };
            universe.condition(0, &claim.condition, counting)
        })
        .collect();
    let mut found = Found { speaks: Vec::new(), clashes: Vec::new() };
    for ((number, claim), term) in here.iter().zip(&spoken_of) {
        if !matches!(asking::ask(&mut universe, *term), Ok(None)) {
            found.speaks.push(*number);
        }
        if claim.always {
            continue;
        }
        for ((other, always), also) in here.iter().zip(&spoken_of).filter(|((_, other), _)| other.always) {
            let both = universe.terms().and(&[*term, *also]);
            if let Ok(Some((assignment, _))) = asking::lightest(&mut universe, both) {
                let request = universe.request(&assignment);
                if eval::speaks_of(model, claim, &request) && eval::speaks_of(model, always, &request) {
                    found.clashes.push(((*number, *other), request));
                }
            }
        }
    }
    found
}
