//! A decision point over a loaded bundle: requests and answers with owned values.

use std::collections::BTreeSet;

use sprag_runtime::format::{Space, Type};
use sprag_runtime::{self as runtime, Bundle, ClauseHandle, Decision, Layer, Reason, Resolved, Role};

use crate::authzen::{
    Explained, ExplainedContainer, ExplainedFilter, ExplainedLayer, Namespace, PermitLine, ReasonLine,
    ValueType,
};
use crate::reasons;
use crate::request::{Request, Target, Value};

/// Answers requests from a bundle, with room to work in.
#[derive(Debug)]
pub struct DecisionPoint<'b> {
    bundle: Bundle<'b>,
    scratch: Vec<u32>,
}

impl<'b> DecisionPoint<'b> {
    /// Over a loaded bundle.
    pub fn new(bundle: Bundle<'b>) -> DecisionPoint<'b> {
        DecisionPoint { bundle, scratch: vec![0; bundle.scratch_len()] }
    }

    /// Decides.
    pub fn decide(&mut self, request: &Request) -> Decision {
        let (bundle, scratch) = (self.bundle, &mut self.scratch);
        borrowed(request, |request| bundle.decide(request, scratch))
    }

    /// Decides, and says why in names.
    pub fn explain(&mut self, request: &Request) -> Explained {
        let (bundle, scratch) = (self.bundle, &mut self.scratch);
        borrowed(request, |lent| explained(&bundle, &bundle.resolve(lent, scratch), request))
    }

    /// The type of an attribute that the bundle's policy declares.
    pub fn value_type(&self, namespace: Namespace<'_>, name: &str) -> Option<ValueType> {
        let space = match namespace {
            Namespace::User => Space::Attribute.of(0),
            Namespace::Request => Space::Attribute.of(1),
            Namespace::Container(kind) => {
                Space::Attribute.of(2 + self.bundle.symbol(Space::Kind.of(0), kind)?)
            }
            Namespace::Ratchet => {
                return self.bundle.symbol(Space::Ratchet.of(0), name).map(|_| ValueType::Text);
            }
        };
        let number = self.bundle.symbol(space, name)?;
        let attribute = self.bundle.tables().attributes.get(number as usize)?;
        Some(match Type::from_code(attribute.kind.get())? {
            Type::String | Type::Enum | Type::Ip | Type::Domain | Type::Origin => ValueType::Text,
            Type::Bool => ValueType::Bool,
            Type::Int => ValueType::Int,
            Type::Strings => ValueType::Set,
            Type::Instant => ValueType::Instant,
            Type::Duration => ValueType::Duration,
        })
    }
}

/// Lends a request to the runtime.
pub fn borrowed<T>(request: &Request, use_it: impl FnOnce(&runtime::Request<'_>) -> T) -> T {
    type Attributes = std::collections::BTreeMap<String, Value>;
    // Sets must live as slices before values can borrow them.
    fn sets(attributes: &Attributes) -> Vec<Vec<&str>> {
        attributes
            .values()
            .map(|value| match value {
                Value::Set(set) => set.iter().map(String::as_str).collect(),
                Value::Text(_) | Value::Bool(_) | Value::Int(_) => Vec::new(),
            })
            .collect()
    }
    fn values<'r>(
        attributes: &'r Attributes,
        sets: &'r [Vec<&'r str>],
    ) -> Vec<(&'r str, runtime::Value<'r>)> {
        let value = |(value, set): (&'r Value, &'r Vec<&'r str>)| match value {
            Value::Text(text) => runtime::Value::Text(text),
            Value::Bool(truth) => runtime::Value::Bool(*truth),
            Value::Int(number) => runtime::Value::Int(*number),
            Value::Set(_) => runtime::Value::Set(set),
        };
        attributes.iter().zip(sets).map(|((name, v), set)| (name.as_str(), value((v, set)))).collect()
    }
    let container_sets: Vec<_> = request.containers.iter().map(|c| sets(&c.attributes)).collect();
    let container_values: Vec<_> =
        request.containers.iter().zip(&container_sets).map(|(c, sets)| values(&c.attributes, sets)).collect();
    let containers: Vec<_> = request
        .containers
        .iter()
        .zip(&container_values)
        .map(|(c, attributes)| runtime::Container { kind: &c.kind, id: c.id.as_deref(), attributes })
        .collect();
    let user_sets = request.user.as_ref().map(|u| sets(&u.attributes)).unwrap_or_default();
    let user_values = request.user.as_ref().map(|u| values(&u.attributes, &user_sets)).unwrap_or_default();
    let attribute_sets = sets(&request.attributes);
    let stages: Vec<_> = request.stages.iter().map(|(r, s)| (r.as_str(), s.as_str())).collect();
    let approved: Option<Vec<&str>> =
        request.approved.as_ref().map(|names| names.iter().map(String::as_str).collect());
    fn names(names: &BTreeSet<String>) -> Vec<&str> {
        names.iter().map(String::as_str).collect()
    }
    let taken = &request.withdrawn;
    let [scopes, forever, operations] = [&taken.scopes, &taken.forever, &taken.operations].map(names);
    let withdrawn_containers: Vec<_> =
        taken.containers.iter().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
    use_it(&runtime::Request {
        app: request.app.as_deref().map(runtime::App::Key),
        operation: match &request.operation {
            Target::Name(name) => runtime::Target::Name(name),
            Target::Http { method, path } => runtime::Target::Http { method, path },
        },
        containers: &containers,
        user: request.user.as_ref().map(|u| runtime::User { id: &u.id, attributes: &user_values }),
        attributes: &values(&request.attributes, &attribute_sets),
        stages: &stages,
        approved: approved.as_deref(),
        withdrawn: runtime::Withdrawn {
            scopes: &scopes,
            forever: &forever,
            operations: &operations,
            containers: &withdrawn_containers,
        },
        state: None,
    })
}

/// Lends a request to the runtime with all that it says of the installation looked up before, as those do that decide
/// many requests of one. Of an app that the bundle does not know nothing can be looked up.
pub fn prepared<T>(
    bundle: &Bundle<'_>,
    request: &Request,
    use_it: impl FnOnce(&runtime::Request<'_>) -> T,
) -> T {
    borrowed(request, |request| {
        let Some(runtime::App::Key(key)) = request.app else { return use_it(request) };
        let Some(app) = bundle.app(key) else { return use_it(request) };
        let mut words = vec![0; bundle.state_len(app, &request.withdrawn)];
        let state =
            bundle.state(app, request.stages, request.approved, request.withdrawn, words.as_mut_slice());
        use_it(&runtime::Request {
            stages: &[],
            approved: None,
            withdrawn: runtime::Withdrawn::default(),
            state: state.as_ref(),
            ..*request
        })
    })
}

/// Everything the bundle can tell about a decision, as [`crate::authzen::explain`] tells it from the model.
fn explained(bundle: &Bundle<'_>, resolved: &Resolved<'_, '_>, request: &Request) -> Explained {
    let decision = bundle.decide_resolved(resolved);
    let mut told: BTreeSet<(Layer, Role, ClauseHandle)> = BTreeSet::new();
    bundle.explain(resolved, &mut |layer, role, clause| {
        told.insert((layer, role, clause));
    });
    let of = |layer: Option<Layer>, role: Role| {
        told.iter()
            .filter(move |(l, r, _)| *r == role && layer.is_none_or(|layer| layer == *l))
            .map(|(_, _, c)| *c)
    };
    let clause = |handle: ClauseHandle| {
        let record = bundle.tables().clauses[handle.index()];
        let [name, place, because] =
            [record.name, record.place, record.because].map(|t| bundle.text(t).to_string());
        (name, Some(place).filter(|p| !p.is_empty()), Some(because).filter(|b| !b.is_empty()))
    };
    let names = |layer: Option<Layer>, role: Role| -> Vec<String> {
        let mut clauses: Vec<ClauseHandle> = of(layer, role).collect();
        clauses.sort();
        clauses.into_iter().map(|c| clause(c).0).collect()
    };
    let only = |layer: Layer| {
        let any = names(Some(layer), Role::FilterOnly);
        (!any.is_empty()).then(|| ExplainedLayer { layer: layer.name().into(), any })
    };
    let mut reasons = Vec::new();
    for (layer, reason) in decision.refusals() {
        let sentence = reasons::sentence(reason.code()).unwrap_or_default();
        let line = |rule: Option<String>, at: Option<String>, text: Option<String>| ReasonLine {
            layer: layer.name().into(),
            reason: reason.code().into(),
            rule,
            at,
            text: text.unwrap_or_else(|| sentence.into()),
        };
        match reason {
            Reason::Forbidden | Reason::Withdrawn => {
                for (name, place, because) in of(Some(layer), Role::Refuses).map(clause) {
                    reasons.push(line(Some(name), place, because));
                }
            }
            Reason::ScopesWithdrawn => {
                let name = bundle.withdrawing_ratchet(resolved);
                let ratchets = bundle.tables().ratchets.iter();
                let place = ratchets
                    .filter(|r| Some(bundle.text(r.name)) == name)
                    .map(|r| bundle.text(r.place))
                    .next();
                reasons.push(line(name.map(str::to_owned), place.map(str::to_owned), None));
            }
            _ => reasons.push(line(None, None, None)),
        }
    }
    let mut named = Vec::new();
    if let Target::Http { method, path } = &request.operation {
        bundle.containers_of(method, path, &mut |kind, id| {
            named.push(ExplainedContainer::new(&(kind.to_owned(), id.to_owned())));
        });
    }
    let permit = |(rule, at, text)| PermitLine { rule, at, text };
    Explained {
        decision: decision.permitted(),
        reasons,
        permitted_by: of(None, Role::Permits).map(clause).map(permit).collect(),
        filter: decision.filter.then(|| ExplainedFilter {
            kind: bundle.listed_kind(resolved).unwrap_or_default().to_string(),
            only: Layer::ALL.into_iter().filter_map(only).collect(),
            except: names(None, Role::FilterExcept),
            withdrawn: match bundle.lists_withdrawn(resolved) {
                true => request.withdrawn.containers.iter().map(ExplainedContainer::new).collect(),
                false => Vec::new(),
            },
        }),
        step_up: decision
            .step_up
            .map(|step_up| bundle.step_up(resolved, step_up).map(str::to_owned).collect()),
        named,
    }
}
