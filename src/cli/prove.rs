//! Guarantees on the command line: proved after the checks, told as errors among the others.

use std::io;

use super::package::Compiled;
use super::{Context, bundle, failed, progress};
use crate::analysis::guarantees::{self, Proof, Verdict};
use crate::diag::Diagnostic;
use crate::emit;
use crate::eval::Decision;
use crate::lint::proofs;
use crate::report;
use crate::sema::model::{Checked, Model};

/// What proving the guarantees of a sound package finds; nothing where it is to be left out, which is said.
///
/// # Errors
///
/// A refutation on which evaluator and runtime disagree.
pub(super) fn prove(
    compiled: &Compiled,
    leave_out: bool,
    cx: &mut Context<'_>,
) -> io::Result<Vec<Diagnostic>> {
    let Some(model) = &compiled.compilation.model else {
        return Ok(Vec::new());
    };
    if model.guarantees.is_empty() {
        return Ok(Vec::new());
    }
    if leave_out {
        if !cx.quiet {
            let were = if model.guarantees.len() == 1 { "was" } else { "were" };
            let count = report::count(model.guarantees.len(), "guarantee");
            writeln!(cx.err, "package `{}`: {count} {were} not proved (--no-prove)", compiled.name)?;
        }
        return Ok(Vec::new());
    }
    let found = {
        let bar = progress::parts(cx, "proving guarantees");
        guarantees::prove(model, &|done, of| bar.at(done, of))
    };
    confirm(compiled, model, &found)?;
    Ok(proofs::diagnostics(model, &found))
}

/// The bundle must answer the requests that refute as the evaluator does. Without a bundle, because its tables
/// would be too large, there is none to ask; the build says so itself.
fn confirm(compiled: &Compiled, model: &Checked<Model>, found: &[Proof]) -> io::Result<()> {
    let refutations: Vec<_> = found
        .iter()
        .filter_map(|proof| match &proof.verdict {
            Verdict::Refuted(refutation) => Some(refutation),
            Verdict::Holds | Verdict::Undecided(_) => None,
        })
        .collect();
    if refutations.is_empty() {
        return Ok(());
    }
    let Ok(bytes) = emit::build(model, &compiled.compilation.sources) else {
        return Ok(());
    };
    let fault = |why: &str| failed(format!("{why}, which is a fault of sprag"));
    let mut point =
        bundle::open(&bytes).map_err(|why| fault(&format!("the bundle just built is refused: {why}")))?;
    for refutation in refutations {
        let defined = refutation.answer.effect == Decision::Permit;
        if point.decide(&refutation.request).permitted() != defined {
            return Err(fault("evaluator and runtime disagree on the request that refutes a guarantee"));
        }
    }
    Ok(())
}
