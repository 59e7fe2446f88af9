//! Answers for people and for callers, the same from the evaluator and from the runtime.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::eval::{Answer, Decision, Reason};
use crate::reasons;
use crate::sema::model::{Clause, ClauseId, Model};
use crate::span::{SourceMap, Span};

/// An answer in names: nothing in it needs a model to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Explained {
    /// Permitted.
    pub decision: bool,
    /// Why not: for every layer that refuses one line, or one for each clause that refuses. In layer order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonLine>,
    /// The permits that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permitted_by: Vec<PermitLine>,
    /// What a permitted list must pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ExplainedFilter>,
    /// Names of all scopes whose approval would lift the denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<Vec<String>>,
    /// The containers that the path names, the outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<ExplainedContainer>,
}

/// One reason for a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonLine {
    /// `rules`
    pub layer: String,
    /// `forbidden`
    pub reason: String,
    /// Name of the clause or ratchet that refuses, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// `path:line:column` of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What its `because` says, else the sentence of the reason.
    pub text: String,
}

/// One permit that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitLine {
    /// Its name.
    pub rule: String,
    /// `path:line:column`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What its `because` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What every entry of a permitted list must pass: a clause of each layer in `only` must match it, and none of
/// `except` may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedFilter {
    /// The kind of the entries.
    pub kind: String,
    /// The layers that permit some entries, in order.
    pub only: Vec<ExplainedLayer>,
    /// Names of forbids and withdrawals.
    pub except: Vec<String>,
    /// Containers in which no entry may lie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<ExplainedContainer>,
}

/// A container by kind and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedContainer {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl ExplainedContainer {
    /// From kind and id.
    pub fn new((kind, id): &(String, String)) -> ExplainedContainer {
        ExplainedContainer { kind: kind.clone(), id: id.clone() }
    }
}

/// A layer that permits some entries of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedLayer {
    /// `rules`
    pub layer: String,
    /// Names of its grants or permits, of which one must match the entry.
    pub any: Vec<String>,
}

/// The AuthZEN evaluation response: `decision`, and in `context` whatever there is of `reasons`,
/// `permitted_by`, `advice.filter`, `advice.step_up.scopes` and `path.containers`.
pub fn response(explained: &Explained) -> Json {
    let mut advice = Map::new();
    if let Some(filter) = &explained.filter {
        advice.insert("filter".into(), json!(filter));
    }
    if let Some(scopes) = &explained.step_up {
        advice.insert("step_up".into(), json!({ "scopes": scopes }));
    }
    let mut context = Map::new();
    if !explained.reasons.is_empty() {
        context.insert("reasons".into(), json!(explained.reasons));
    }
    if !explained.permitted_by.is_empty() {
        context.insert("permitted_by".into(), json!(explained.permitted_by));
    }
    if !advice.is_empty() {
        context.insert("advice".into(), Json::Object(advice));
    }
    if !explained.named.is_empty() {
        context.insert("path".into(), json!({ "containers": explained.named }));
    }
    let mut response = json!({ "decision": explained.decision });
    if !context.is_empty() {
        response["context"] = Json::Object(context);
    }
    response
}

/// Puts the evaluator's answer into names. Places are left out where `sources` does not hold them.
pub fn explain(model: &Model, sources: &SourceMap, answer: &Answer) -> Explained {
    let name = |id: &ClauseId| clause(model, *id).name.clone();
    let names = |ids: &[ClauseId]| ids.iter().map(name).collect();
    let permit = |id: &ClauseId| {
        let clause = clause(model, *id);
        PermitLine { rule: clause.name.clone(), at: place(sources, clause.span), text: because(clause) }
    };
    let mut reasons = Vec::new();
    for refusal in &answer.refusals {
        let sentence = reasons::sentence(refusal.reason.code()).unwrap_or_default();
        let line = |rule: Option<String>, at: Option<String>, text: Option<String>| ReasonLine {
            layer: refusal.layer.name().into(),
            reason: refusal.reason.code().into(),
            rule,
            at,
            text: text.unwrap_or_else(|| sentence.into()),
        };
        for id in &refusal.clauses {
            let clause = clause(model, *id);
            reasons.push(line(Some(clause.name.clone()), place(sources, clause.span), because(clause)));
        }
        if let Reason::ScopesWithdrawn(id) = refusal.reason {
            let ratchet = &model.ratchets[id.index()];
            reasons.push(line(Some(ratchet.name.clone()), place(sources, ratchet.span), None));
        } else if refusal.clauses.is_empty() {
            reasons.push(line(None, None, None));
        }
    }
    Explained {
        decision: answer.effect == Decision::Permit,
        reasons,
        permitted_by: answer.deciding.iter().map(permit).collect(),
        filter: answer.filter.as_ref().map(|filter| ExplainedFilter {
            kind: model.kinds[filter.kind.index()].name.clone(),
            only: filter
                .only
                .iter()
                .map(|group| ExplainedLayer { layer: group.layer.name().into(), any: names(&group.any) })
                .collect(),
            except: names(&filter.except),
            withdrawn: filter.withdrawn.iter().map(ExplainedContainer::new).collect(),
        }),
        step_up: answer
            .step_up
            .as_ref()
            .map(|scopes| scopes.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect()),
        named: answer
            .named
            .iter()
            .map(|(kind, id)| ExplainedContainer::new(&(model.kinds[kind.index()].name.clone(), id.clone())))
            .collect(),
    }
}

fn clause(model: &Model, id: ClauseId) -> &Clause {
    &model.clauses[id.index()]
}

fn because(clause: &Clause) -> Option<String> {
    (!clause.because.is_empty()).then(|| clause.because.clone())
}

fn place(sources: &SourceMap, span: Span) -> Option<String> {
    ((span.source as usize) < sources.sources().len()).then(|| sources.at(span))
}
