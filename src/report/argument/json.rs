//! Arguments for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Basis, Case};
use crate::analysis::privilege::argument::setup::{From, Ground, SetUp};
use crate::analysis::privilege::argument::{Point, Verdict};
use crate::analysis::privilege::set::{Operations, Scopes};
use crate::analysis::privilege::surplus::Why;
use crate::sema::model::ScopeId;
use crate::syntax::printer;
use crate::usage::tally::{Calls, Usage};

/// One document for all of them.
pub fn json(cases: &[Case<'_>]) -> Value {
    json!({ "apps": cases.iter().map(Case::json).collect::<Vec<_>>() })
}

impl Case<'_> {
    fn json(&self) -> Value {
        let (model, argument) = (self.model, self.argument);
        let app = &model.apps[argument.app.index()];
        let least = argument.least.as_ref().ok().map(|answer| {
            json!({
                "requests": self.list(answer.least.requested.iter().copied()),
                "proved": answer.proved(),
                "beyond": answer.least.beyond.len(),
                "beyond_now": answer.now.beyond.len(),
                "goes": self.list(answer.goes().iter().copied()),
                "comes": self.list(answer.comes().iter().copied()),
            })
        });
        let uncovered: BTreeMap<&str, Vec<&str>> =
            argument.uncovered.iter().map(|(control, o)| (*control, self.named(o))).collect();
        json!({
            "app": app.name,
            "key": app.key,
            "basis": match self.basis {
                Basis::Permitted => "permitted",
                Basis::Open => "open",
                Basis::Listed { .. } => "listed",
                Basis::Logged { .. } => "logged",
            },
            "needed": self.basis.silent().is_none().then(|| self.named(&argument.needed)),
            "missing": self.basis.silent().is_none().then(|| self.named(&argument.missing)),
            "not_callable": self.named(&argument.not_callable),
            "opens": self.named(&argument.opens),
            "kept": self.basis.silent().is_none().then(|| self.set(&argument.kept)),
            "scopes": argument.points.iter().map(|point| self.point(point)).collect::<Vec<_>>(),
            "setup": argument.setup.as_ref().filter(|_| self.basis.silent().is_none()).map(|setup| self.setup(setup)),
            "smallest": least.filter(|_| !argument.knows_nothing_of_some()),
            "uncovered": uncovered,
            "unknown": self.unknown.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "log": self.basis.usage().map(|usage| self.usage(usage)),
        })
    }

    fn point(&self, point: &Point) -> Value {
        let why = match &point.verdict {
            Verdict::Elsewhere(why) => Some(match why {
                Why::Implied => json!({ "implied": true }),
                Why::Covered(by) => json!({ "covered_by": self.list(by.iter().copied()) }),
                Why::Alternative(other) => json!({ "alternative_to": self.list([*other]) }),
                Why::Unneeded => json!({}),
            }),
            Verdict::Needed
            | Verdict::SetUp
            | Verdict::Replaceable
            | Verdict::NotNeeded
            | Verdict::Unknown => None,
        };
        let silent = matches!(point.verdict, Verdict::Unknown);
        let verdict = match point.verdict {
            Verdict::Unknown => None,
            Verdict::Needed => Some("needed"),
            Verdict::SetUp => Some("setup"),
            Verdict::Replaceable => Some("replaceable"),
            Verdict::Elsewhere(_) => Some("elsewhere"),
            Verdict::NotNeeded => Some("not-needed"),
        };
        let narrower = point.narrower.as_ref().map(|narrower| {
            json!({
                "instead": self.list([narrower.instead]),
                "closes": self.named(&narrower.shuts),
                "included": narrower.included,
            })
        });
        let elsewhere = point.elsewhere.iter().map(|(scope, operations)| {
            json!({ "scope": self.model.scopes[scope.index()].name, "operations": operations.len() })
        });
        let ratchets = point.taken_by.iter().map(|id| &self.model.ratchets[id.index()].name);
        json!({
            "scope": self.model.scopes[point.scope.index()].name,
            "model": self.model.permission_models[self.model.scopes[point.scope.index()].model.index()].name,
            "verdict": verdict,
            "why": why.filter(|_| !silent),
            "serves": self.named(&point.serves),
            "breaks": self.named(&point.breaks),
            "closes": self.named(&point.closes),
            "opens_alone": point.alone.len(),
            "same_through": elsewhere.collect::<Vec<_>>(),
            "narrower": narrower.filter(|_| !silent),
            "taken_by": ratchets.collect::<Vec<_>>(),
        })
    }

    fn setup(&self, setup: &SetUp) -> Value {
        let (ground, at) = match setup.ground {
            Ground::Seen(at, From::Said) => ("seen since the installation that was said", Some(at)),
            Ground::Seen(at, From::Grant) => ("seen since the first grant", Some(at)),
            Ground::Seen(at, From::FirstCall) => ("seen since the first call", Some(at)),
            Ground::Said => ("said", None),
            Ground::Administrative => ("guessed", None),
        };
        json!({
            "ground": ground,
            "since": at,
            "scopes": self.set(&setup.scopes),
            "operations": self.named(&setup.operations),
            "later": self.set(&setup.later),
            "ratchet": printer::print_item(&setup.ratchet),
        })
    }

    fn usage(&self, usage: &Usage) -> Value {
        let calls = |calls: &Calls| {
            json!({
                "total": calls.total, "refused": calls.refused, "failed": calls.failed,
                "person": calls.person, "alone": calls.alone, "first": calls.first, "last": calls.last,
            })
        };
        let name = |id: &crate::sema::model::OperationId| self.model.operations[id.index()].name.as_str();
        let operations: BTreeMap<&str, Value> =
            usage.operations.iter().map(|(id, counted)| (name(id), calls(counted))).collect();
        let one_of: BTreeMap<&str, Value> = usage
            .one_of
            .iter()
            .map(|(words, one)| {
                let names: Vec<&str> = one.operations.iter().map(name).collect();
                (words.as_str(), json!({ "calls": calls(&one.calls), "operations": names }))
            })
            .collect();
        let remarks = usage.remarks.iter().map(|((remark, kind), count)| {
            json!({ "kind": remark.name(), "what": kind, "times": count.times, "first": count.first })
        });
        json!({
            "records": usage.records,
            "formats": usage.formats,
            "calls": usage.calls,
            "silent": usage.is_silent(),
            "others": usage.most_others().into_iter().collect::<BTreeMap<_, _>>(),
            "from": usage.period.from,
            "until": usage.period.until,
            "installed": usage.installed,
            "granted": usage.granted,
            "tokens": usage.tokens,
            "operations": operations,
            "one_of": one_of,
            "remarks": remarks.collect::<Vec<_>>(),
        })
    }

    fn named(&self, operations: &Operations) -> Vec<&str> {
        operations.iter().map(|id| self.model.operations[id.index()].name.as_str()).collect()
    }

    fn set(&self, scopes: &Scopes) -> Vec<&str> {
        self.list(scopes.iter())
    }

    fn list(&self, scopes: impl IntoIterator<Item = ScopeId>) -> Vec<&str> {
        scopes.into_iter().map(|id| self.model.scopes[id.index()].name.as_str()).collect()
    }
}
