//! Chains of calls that gain something, in findings.

use super::Subject;
use crate::analysis::escalation::{Gain, Step};
use crate::analysis::told;
use crate::diag::Diagnostic;
use crate::eval;
use crate::sema::model::{AppId, KindId, Model};

/// What a step gains, after "can get".
pub(crate) fn words(model: &Model, gain: Gain) -> String {
    let kind = |kind: KindId| &model.kinds[kind.index()].name;
    match gain {
        Gain::Roles(of) => format!("any role in every {} that it reaches", kind(of)),
        Gain::Apps(of) => format!("any app into a {}, with any scopes", kind(of)),
        Gain::Anybody => "the name of any person".to_owned(),
        Gain::Accounts => "accounts of its own".to_owned(),
        Gain::Credentials => "credentials that this policy does not see".to_owned(),
        Gain::Events => "word of what happens".to_owned(),
    }
}

/// Where the calls of a chain are declared, one after the other, and what permits the first.
pub(crate) fn told_by(
    subject: &Subject<'_>,
    app: AppId,
    chain: &[Step],
    mut finding: Diagnostic,
) -> Diagnostic {
    let model = subject.model;
    let Some(first) = chain.first() else { return finding };
    if let Some(request) = &subject.standing().request(app, first.operation) {
        for clause in eval::evaluate(model, request).deciding {
            let clause = &model.clauses[clause.index()];
            let name = &model.operations[first.operation.index()].name;
            finding = finding.step(clause.span, format!("permits `{name}`"));
        }
        finding = finding.note(format!("permitted: {}", told::request(model, request)));
    }
    for step in chain {
        let declared = &model.operations[step.operation.index()];
        let by = step.by.map_or_else(String::new, |by| format!("with {}, ", words(model, by)));
        finding =
            finding.step(declared.span, format!("{by}`{}` gives {}", declared.name, words(model, step.gain)));
    }
    finding
}
