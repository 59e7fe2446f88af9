//! Cutting one attribute's domain into the classes that the policy's constants can tell apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use sprag_runtime::format::FIRST;

use super::automaton::Automaton;
use super::expression::ordered;
use super::slots::type_of;
use super::{MAX_TRANSITIONS, errors};
use crate::diag::Diagnostic;
use crate::sema::model::{
    Constant, Model, Network, Ordering, Pattern, PatternPart, Predicate, RatchetId, Subject, Type, WindowId,
};
use crate::span::Span;

/// How a value becomes a class.
#[derive(Debug, Clone)]
pub enum Classifier {
    /// Exact texts first, then what the automaton says, then `other`.
    Text {
        /// Texts that some test names, sorted, with their classes.
        exact: Vec<(String, u32)>,
        /// Patterns, and the class for each of its states.
        automaton: Option<(Automaton, Vec<u32>)>,
        /// Class of any other text.
        other: u32,
    },
    /// Class of each value of the enumeration.
    Enum(Vec<(String, u32)>),
    /// Classes of false and true.
    Bool([u32; 2]),
    /// Sorted bounds; the class of a number is the one at "how many bounds are ≤ it".
    Number {
        /// Bounds.
        bounds: Vec<i64>,
        /// One more than bounds.
        classes: Vec<u32>,
    },
    /// Sorted starts of address ranges, IPv4 as IPv4-mapped.
    Ip {
        /// Starts.
        starts: Vec<u128>,
        /// One more than starts.
        classes: Vec<u32>,
    },
    /// False and true.
    Window(WindowId),
    /// Present or not; its elements follow.
    Set {
        /// The elements that tests name, the declared groups first.
        elements: Vec<String>,
        /// How many of them are groups whose members the policy declares.
        declared: u32,
    },
    /// False and true.
    Element {
        /// Slot of the set.
        head: u32,
        /// Which element.
        index: u32,
    },
    /// `Same` or `ElementOf`: false and true.
    Relation(Predicate),
    /// Class of each stage.
    Stage(RatchetId, Vec<u32>),
}

/// Classifier, number of classes, and for each predicate the classes that satisfy it.
type Built = (Classifier, u32, Vec<Vec<u32>>);

/// Numbers classes by signature: the set of predicates that a value satisfies.
#[derive(Default)]
struct Signatures {
    known: BTreeMap<Vec<u32>, u32>,
}

impl Signatures {
    fn class(&mut self, signature: Vec<u32>) -> u32 {
        let next = FIRST + self.known.len() as u32;
        *self.known.entry(signature).or_insert(next)
    }

    fn finish(self, classifier: Classifier, predicates: usize) -> Built {
        let mut satisfied = vec![Vec::new(); predicates];
        let classes = FIRST + self.known.len() as u32;
        for (signature, class) in self.known {
            for predicate in signature {
                satisfied[predicate as usize].push(class);
            }
        }
        satisfied.iter_mut().for_each(|classes| classes.sort_unstable());
        (classifier, classes, satisfied)
    }
}

/// Cuts the domain of a subject that is not a set.
pub(super) fn build(model: &Model, subject: &Subject, predicates: &[Predicate]) -> Result<Built, Diagnostic> {
    let mut signatures = Signatures::default();
    let by = |satisfied: &dyn Fn(&Predicate) -> bool| -> Vec<u32> {
        (0..).zip(predicates).filter(|(_, p)| satisfied(p)).map(|(n, _)| n).collect()
    };
    let classifier = match (subject, type_of(model, subject)) {
        (Subject::Stage(ratchet), _) => {
            let stages = model.ratchets[ratchet.index()].stages.len() as u32;
            let class = |stage: u32| signatures.class(by(&|p| is_index(p, stage)));
            Classifier::Stage(*ratchet, (0..stages).map(class).collect())
        }
        (_, Some(Type::Enum(e))) => {
            let values = &model.enumerations[e.index()].values;
            let class = |(index, value): (u32, &String)| {
                (value.clone(), signatures.class(by(&|p| is_index(p, index))))
            };
            Classifier::Enum((0..).zip(values).map(class).collect())
        }
        (_, Some(Type::Bool)) => {
            let mut class = |truth: bool| signatures.class(by(&|p| is_constant(p, &Constant::Bool(truth))));
            Classifier::Bool([class(false), class(true)])
        }
        (_, Some(Type::Int | Type::Instant | Type::Duration)) => {
            let bounds = number_bounds(predicates);
            let examples = std::iter::once(i64::MIN).chain(bounds.iter().copied());
            let class = |n: i64| signatures.class(by(&|p| is_number(p, n)));
            Classifier::Number { classes: examples.map(class).collect(), bounds }
        }
        (_, Some(Type::Ip)) => {
            let starts = address_starts(predicates);
            let examples = std::iter::once(0).chain(starts.iter().copied());
            let class = |n: u128| signatures.class(by(&|p| is_address(p, n)));
            Classifier::Ip { classes: examples.map(class).collect(), starts }
        }
        _ => text(subject, predicates, &mut signatures).map_err(|patterns| {
            let name = describe(model, subject);
            errors::too_many_transitions(
                &name,
                patterns.len(),
                widest(model, subject, &patterns),
                MAX_TRANSITIONS,
            )
        })?,
    };
    Ok(signatures.finish(classifier, predicates.len()))
}

/// Strings, domains and origins.
fn text(
    _: &Subject,
    predicates: &[Predicate],
    signatures: &mut Signatures,
) -> Result<Classifier, Vec<Pattern>> {
    let mut exact: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let mut patterns: BTreeMap<&Pattern, Vec<u32>> = BTreeMap::new();
    for (number, predicate) in (0..).zip(predicates) {
        match predicate {
            Predicate::Is(constants) => {
                for constant in constants {
                    if let Constant::String(t) | Constant::Domain(t) | Constant::Origin(t) = constant {
                        exact.entry(t).or_default().insert(number);
                    }
                }
            }
            Predicate::Like(any) => any.iter().for_each(|p| patterns.entry(p).or_default().push(number)),
            _ => {}
        }
    }
    let other = signatures.class(Vec::new());
    let automaton = match patterns.is_empty() {
        true => None,
        false => {
            let list: Vec<Pattern> = patterns.keys().map(|p| (*p).clone()).collect();
            Some(Automaton::build(&list, MAX_TRANSITIONS).ok_or(list)?)
        }
    };
    let asked: Vec<&Vec<u32>> = patterns.values().collect();
    let of = |accepted: &[u32]| -> BTreeSet<u32> {
        accepted.iter().flat_map(|p| asked[*p as usize]).copied().collect()
    };
    let ends: Option<Vec<u32>> = automaton.as_ref().map(|automaton| {
        automaton
            .accepts
            .iter()
            .map(|accepted| signatures.class(of(accepted).into_iter().collect()))
            .collect()
    });
    let exact = exact
        .into_iter()
        .map(|(text, mut signature)| {
            if let Some(automaton) = &automaton {
                signature.extend(of(automaton.accepts(text.as_bytes())));
            }
            (text.to_string(), signatures.class(signature.into_iter().collect()))
        })
        .collect();
    Ok(Classifier::Text { exact, automaton: automaton.zip(ends), other })
}

fn is_constant(predicate: &Predicate, value: &Constant) -> bool {
    matches!(predicate, Predicate::Is(constants) if constants.contains(value))
}

fn is_index(predicate: &Predicate, index: u32) -> bool {
    match predicate {
        Predicate::Order(ordering, Constant::Index(bound)) => ordered(*ordering, &index, bound),
        other => is_constant(other, &Constant::Index(index)),
    }
}

fn is_number(predicate: &Predicate, number: i64) -> bool {
    match predicate {
        Predicate::Order(ordering, Constant::Int(bound)) => ordered(*ordering, &number, bound),
        other => is_constant(other, &Constant::Int(number)),
    }
}

fn is_address(predicate: &Predicate, number: u128) -> bool {
    let address = from_number(number);
    match predicate {
        Predicate::InNetworks(networks) => networks.iter().any(|Network(n)| n.contains(&address)),
        Predicate::Is(constants) => {
            constants.iter().any(|c| matches!(c, Constant::Ip(ip) if to_number(*ip) == number))
        }
        _ => false,
    }
}

/// Where the truth of some test can change.
fn number_bounds(predicates: &[Predicate]) -> Vec<i64> {
    let mut bounds = BTreeSet::new();
    for predicate in predicates {
        match predicate {
            Predicate::Is(constants) => {
                for constant in constants {
                    if let Constant::Int(n) = constant {
                        bounds.insert(*n);
                        bounds.extend(n.checked_add(1));
                    }
                }
            }
            Predicate::Order(Ordering::Less | Ordering::GreaterOrEqual, Constant::Int(n)) => {
                bounds.insert(*n);
            }
            Predicate::Order(_, Constant::Int(n)) => bounds.extend(n.checked_add(1)),
            _ => {}
        }
    }
    bounds.into_iter().collect()
}

fn address_starts(predicates: &[Predicate]) -> Vec<u128> {
    let mut starts = BTreeSet::new();
    let mut range = |first: u128, last: u128| {
        starts.insert(first);
        starts.extend(last.checked_add(1));
    };
    for predicate in predicates {
        match predicate {
            Predicate::InNetworks(networks) => {
                for Network(network) in networks {
                    range(to_number(network.network()), to_number(network.broadcast()));
                }
            }
            Predicate::Is(constants) => {
                for constant in constants {
                    if let Constant::Ip(ip) = constant {
                        range(to_number(*ip), to_number(*ip));
                    }
                }
            }
            _ => {}
        }
    }
    if !starts.is_empty() {
        // IPv4 lives inside IPv6's numbers, but no IPv6 network contains it.
        starts.insert(MAPPED);
        starts.insert(MAPPED + (1 << 32));
    }
    starts.into_iter().collect()
}

/// `::ffff:0:0`
const MAPPED: u128 = 0xffff_0000_0000;

fn to_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn from_number(number: u128) -> IpAddr {
    Ipv6Addr::from_bits(number).to_canonical()
}

/// A subject as policies write it.
pub(super) fn describe(model: &Model, subject: &Subject) -> String {
    use crate::sema::model::Owner;
    match subject {
        Subject::Attribute(id) => {
            let attribute = &model.attributes[id.index()];
            match attribute.owner {
                Owner::App => format!("app.{}", attribute.name),
                Owner::Operation => format!("operation.{}", attribute.name),
                Owner::User => format!("user.{}", attribute.name),
                Owner::Request => attribute.name.clone(),
                Owner::Kind(kind) => {
                    format!("{}.{}", model.kinds[kind.index()].name, attribute.name)
                }
            }
        }
        Subject::Container { attributes, inherited } => {
            let attribute = &model.attributes[attributes[0].index()];
            // With several owners, all but an inherited attribute of one kind are `container.…`.
            let deepest = attributes.iter().filter_map(|a| match model.attributes[a.index()].owner {
                Owner::Kind(kind) => Some(kind),
                _ => None,
            });
            let owners: Vec<_> = deepest.collect();
            match owners.iter().max_by_key(|k| depth(model, **k)) {
                Some(kind) if owners.len() == 1 || (*inherited && is_path(model, &owners)) => {
                    format!("{}.{}", model.kinds[kind.index()].name, attribute.name)
                }
                _ => format!("container.{}", attribute.name),
            }
        }
        Subject::Stage(ratchet) => format!("{}.stage", model.ratchets[ratchet.index()].name),
    }
}

fn depth(model: &Model, kind: crate::sema::model::KindId) -> usize {
    std::iter::successors(Some(kind), |k| model.kinds[k.index()].parent).count()
}

/// Whether all kinds lie on one path to the root.
fn is_path(model: &Model, kinds: &[crate::sema::model::KindId]) -> bool {
    let Some(deepest) = kinds.iter().max_by_key(|k| depth(model, **k)) else {
        return true;
    };
    let path: BTreeSet<_> =
        std::iter::successors(Some(*deepest), |k| model.kinds[k.index()].parent).collect();
    kinds.iter().all(|k| path.contains(k))
}

/// Where the pattern with the most wildcards stands.
fn widest(model: &Model, subject: &Subject, patterns: &[Pattern]) -> Span {
    let wildcards = |p: &Pattern| p.0.iter().filter(|part| !matches!(part, PatternPart::Text(_))).count();
    let Some(widest) = patterns.iter().max_by_key(|p| wildcards(p)) else {
        return Span::default();
    };
    let mut found = Span::default();
    let mut look = |atom: &crate::sema::model::Atom| {
        if atom.subject == *subject && matches!(&atom.predicate, Predicate::Like(any) if any.contains(widest))
        {
            found = atom.span;
        }
    };
    for clause in &model.clauses {
        visit(&clause.condition, &mut look);
    }
    visit(&model.authority.app_user_except, &mut look);
    visit(&model.authority.context_user_required, &mut look);
    found
}

fn visit(condition: &crate::sema::model::Condition, look: &mut dyn FnMut(&crate::sema::model::Atom)) {
    use crate::sema::model::Condition;
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|p| visit(p, look)),
        Condition::Not(inner) => visit(inner, look),
        Condition::Test(atom) => look(atom),
    }
}
