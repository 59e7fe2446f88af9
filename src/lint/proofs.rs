//! What came of proving the guarantees, as diagnostics: for `check`, `build` and `lint` alike.

use crate::analysis::asking::Spent;
use crate::analysis::guarantees::{Open, Proof, Refutation, Verdict};
use crate::analysis::told;
use crate::authzen;
use crate::diag::Diagnostic;
use crate::eval::{Decision, Refusal};
use crate::reasons;
use crate::sema::model::{Claim, ClauseId, Guarantee, Model};

/// An error for every claim that does not hold or could not be decided, in the order of the proofs.
pub fn diagnostics(model: &Model, proofs: &[Proof]) -> Vec<Diagnostic> {
    proofs.iter().filter_map(|proof| diagnostic(model, proof)).collect()
}

fn diagnostic(model: &Model, proof: &Proof) -> Option<Diagnostic> {
    let guarantee = model.guarantees.get(proof.guarantee)?;
    let claim = guarantee.claims.get(proof.claim)?;
    match &proof.verdict {
        Verdict::Holds => None,
        Verdict::Refuted(refutation) => Some(refuted(model, guarantee, claim, refutation)),
        Verdict::Undecided(open) => Some(undecided(model, guarantee, claim, open)),
    }
}

fn refuted(model: &Model, guarantee: &Guarantee, claim: &Claim, refutation: &Refutation) -> Diagnostic {
    let says = match refutation.answer.effect {
        Decision::Permit => "a request that it speaks of is permitted",
        Decision::Deny => "a request that it speaks of is refused",
    };
    let mut diagnostic =
        Diagnostic::error("E0901", format!("the guarantee `{}` does not hold", guarantee.title))
            .at(claim.span, says);
    for clause in &refutation.answer.deciding {
        diagnostic = at(model, diagnostic, *clause, "permits it");
    }
    for refusal in &refutation.answer.refusals {
        for clause in &refusal.clauses {
            diagnostic = at(model, diagnostic, *clause, "refuses it");
        }
    }
    diagnostic = diagnostic.note(format!("the request: `{}`", told::request(model, &refutation.request)));
    let refusals = refutation.answer.refusals.iter().map(|refusal| why(model, refusal)).collect::<Vec<_>>();
    if !refusals.is_empty() {
        diagnostic = diagnostic.note(format!("refused: {}", refusals.join("; ")));
    }
    if refutation.places > 1 {
        let others = refutation.places - 1;
        let plural = if others == 1 { "pair" } else { "pairs" };
        let among = match refutation.compared {
            all if all == refutation.places => "of all".to_owned(),
            some => format!("for the first {some}"),
        };
        diagnostic = diagnostic.note(format!(
            "and {others} more {plural} of app and operation have such a request; this is the smallest {among}"
        ));
    }
    let json = authzen::request_json(&refutation.request);
    let json = match authzen::request(&json, &authzen::types(model)) {
        Ok(_) => format!("for `sprag decide`: {json}"),
        Err(_) => "in JSON there is no such request: a value in it is not of its attribute's type, as a program that \
                   embeds the runtime can send it"
            .to_owned(),
    };
    let help = match refutation.answer.effect {
        Decision::Permit => "forbid it, permit less, or say in the guarantee what it leaves out",
        Decision::Deny => "permit it, or say in the guarantee what it leaves out",
    };
    diagnostic.note(json).help(help.to_owned())
}

fn at(model: &Model, diagnostic: Diagnostic, clause: ClauseId, says: &str) -> Diagnostic {
    diagnostic.at(model.clauses[clause.index()].span, says)
}

fn why(model: &Model, refusal: &Refusal) -> String {
    let rules: Vec<String> =
        refusal.clauses.iter().map(|clause| format!("`{}`", model.clauses[clause.index()].name)).collect();
    let by = if rules.is_empty() { String::new() } else { format!(" by {}", rules.join(", ")) };
    let code = refusal.reason.code();
    format!("in {}{by}, {}", refusal.layer.name(), reasons::sentence(code).unwrap_or(code))
}

fn undecided(model: &Model, guarantee: &Guarantee, claim: &Claim, open: &[Open]) -> Diagnostic {
    let message = format!("the guarantee `{}` is not decided", guarantee.title);
    let mut diagnostic = Diagnostic::error("E0902", message)
        .at(claim.span, "neither proved nor refuted: both engines gave up");
    for Open { app, operation, spent: Spent { nodes, conflicts, what } } in open.iter().take(SHOWN) {
        let (app, operation) = (&model.apps[app.index()].name, &model.operations[operation.index()].name);
        let what: Vec<String> = what.iter().map(|name| format!("`{name}`")).collect();
        let large = if what.is_empty() { String::new() } else { format!("; largest by {}", what.join(", ")) };
        diagnostic = diagnostic.note(format!(
            "`{app}` to `{operation}`: {nodes} nodes of decision diagrams, {conflicts} conflicts of the SAT solver{large}"
        ));
    }
    if open.len() > SHOWN {
        diagnostic = diagnostic.note(format!("and {} more pairs of app and operation", open.len() - SHOWN));
    }
    diagnostic.help(
        "claim less at once: fewer apps, operations or containers; or test fewer attributes in the rules that meet there"
            .to_owned(),
    )
}

/// Pairs of app and operation that are shown of those that are not decided.
const SHOWN: usize = 3;
