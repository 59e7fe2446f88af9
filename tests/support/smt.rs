//! What a guarantee claims, said to an SMT solver: SMT-LIB text straight from the model.
//!
//! Written from the reference evaluator's rules, without any code of `space` or `region`, and in another way: nothing
//! is cut into classes. Texts are numbers, with a predicate for each pattern that is as true of them as texts allow;
//! addresses are bit vectors, sets arrays, instants numbers with the transitions of their zones; the effective chain
//! of containers is computed by terms. The formula is satisfiable iff some request breaks the claim.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::net::IpAddr;

use sprag::sema::model::{
    Access, AppId, Atom, AttributeId, Claim, ClauseKind, Condition, Constant, ContainerId, KindId, Model,
    Operation, OperationId, Ordering, Owner, Pattern, Predicate, Principal, ScopeId, Source, Subject, Type,
    Window,
};

use super::likeness::{Likeness, is_text, matches};

/// Declarations and assertions that are satisfiable iff some request breaks the claim.
pub fn breaks(model: &Model, claim: &Claim, likeness: &mut Likeness) -> String {
    let mut encoder = Encoder::new(model);
    let mut ways = Vec::new();
    for app in claim.apps.iter() {
        for operation in claim.operations.iter() {
            let mut at = At::new(&mut encoder, *app, *operation);
            let counting = Counting { unknown: !claim.always, listed: false };
            let speaks = at.holds(&claim.condition, false, counting);
            let fits = at.fits();
            let permitted = at.permitted();
            let wrong = if claim.always { not(permitted) } else { permitted };
            let way = and([fits, speaks, wrong]);
            ways.push(encoder.named("Bool", way));
        }
    }
    let broken = or(ways);
    let _ = writeln!(encoder.out, "(assert {broken})");
    encoder.texts(likeness);
    encoder.out
}

/// Numbers of texts that the policy does not name begin here.
const OTHERS: usize = 1_000_000;

const STRING: &str = "string";
const DOMAIN: &str = "domain";
const ORIGIN: &str = "origin";

/// A term of SMT-LIB.
type Smt = String;

/// What a subject is: exactly one of the four is true.
#[derive(Clone)]
struct Reading {
    given: Smt,
    missing: Smt,
    unreadable: Smt,
    listed: Smt,
    /// If given.
    value: Smt,
}

/// What a test says: at most one is true; none where it is unknown.
#[derive(Clone)]
struct Truth {
    yes: Smt,
    no: Smt,
    listed: Smt,
}

#[derive(Clone, Copy)]
struct Counting {
    unknown: bool,
    listed: bool,
}

/// A container of the effective chain.
#[derive(Clone)]
struct Element {
    there: Smt,
    has_id: Smt,
    id: Smt,
    /// What the request says of it counts.
    told: Smt,
}

struct Encoder<'m> {
    model: &'m Model,
    out: String,
    declared: BTreeSet<String>,
    names: HashMap<String, Smt>,
    /// Numbers of texts; those of strings, domains and origins are not compared.
    texts: BTreeMap<(&'static str, String), usize>,
    /// Terms that stand for texts.
    variables: Vec<(&'static str, Smt)>,
    patterns: BTreeMap<(&'static str, Pattern), usize>,
    /// The effective chain.
    chain: Vec<Element>,
}

impl<'m> Encoder<'m> {
    fn new(model: &'m Model) -> Self {
        let mut encoder = Encoder {
            model,
            out: String::new(),
            declared: BTreeSet::new(),
            names: HashMap::new(),
            texts: BTreeMap::new(),
            variables: Vec::new(),
            patterns: BTreeMap::new(),
            chain: Vec::new(),
        };
        encoder.chain();
        encoder
    }

    fn declare(&mut self, name: &str, sort: &str) -> Smt {
        let name = format!("|{name}|");
        if self.declared.insert(name.clone()) {
            let _ = writeln!(self.out, "(declare-const {name} {sort})");
        }
        name
    }

    fn assert(&mut self, term: Smt) {
        if term != "true" {
            let _ = writeln!(self.out, "(assert {term})");
        }
    }

    /// A name for a long term; equal terms have the same.
    fn named(&mut self, sort: &str, term: Smt) -> Smt {
        if term.len() < 24 {
            return term;
        }
        if let Some(name) = self.names.get(&term) {
            return name.clone();
        }
        let name = format!("d{}", self.names.len());
        let _ = writeln!(self.out, "(define-fun {name} () {sort} {term})");
        self.names.insert(term, name.clone());
        name
    }

    fn text(&mut self, text: &str) -> Smt {
        self.text_of(STRING, text)
    }

    fn text_of(&mut self, sort: &'static str, text: &str) -> Smt {
        let next = self.texts.len();
        self.texts.entry((sort, text.to_owned())).or_insert(next).to_string()
    }

    /// That the texts are texts of their types: named ones match what they match, others any row of patterns that
    /// some text matches.
    fn texts(&mut self, likeness: &mut Likeness) {
        for (sort, pattern) in self.patterns.clone().into_keys() {
            if let Some(text) = is_text(&pattern) {
                self.text_of(sort, &text);
            }
        }
        for ((sort, pattern), number) in &self.patterns {
            for ((_, text), code) in self.texts.iter().filter(|((of, _), _)| of == sort) {
                let truth = matches(pattern, text);
                let like = format!("(like{number} {code})");
                let _ = writeln!(self.out, "(assert {})", if truth { like } else { not(like) });
            }
        }
        for (sort, kind) in [(STRING, Type::String), (DOMAIN, Type::Domain), (ORIGIN, Type::Origin)] {
            let of_sort = || self.patterns.iter().filter(|((of, _), _)| *of == sort);
            let wild: Vec<(Pattern, usize)> = of_sort()
                .filter(|((_, pattern), _)| is_text(pattern).is_none())
                .map(|((_, pattern), number)| (pattern.clone(), *number))
                .collect();
            let single: Vec<usize> =
                of_sort().filter(|((_, pattern), _)| is_text(pattern).is_some()).map(|(_, n)| *n).collect();
            let patterns: Vec<Pattern> = wild.iter().map(|(pattern, _)| pattern.clone()).collect();
            let rows = likeness.rows(kind, &patterns);
            let codes: Vec<usize> =
                self.texts.iter().filter(|((of, _), _)| *of == sort).map(|(_, code)| *code).collect();
            for (_, term) in self.variables.iter().filter(|(of, _)| *of == sort) {
                let named = codes.iter().map(|code| format!("(= {term} {code})"));
                let row = |row: &Vec<bool>| {
                    let truths = row.iter().zip(&wild).map(|(truth, (_, number))| {
                        let like = format!("(like{number} {term})");
                        if *truth { like } else { not(like) }
                    });
                    and(truths)
                };
                let one_of_rows = or(rows.iter().map(row));
                let no_single = and(single.iter().map(|number| format!("(not (like{number} {term}))")));
                let other = and([format!("(<= {OTHERS} {term})"), one_of_rows, no_single]);
                let _ = writeln!(self.out, "(assert {})", or(named.chain([other])));
            }
        }
    }

    fn sort(kind: Type) -> String {
        match kind {
            Type::Bool => "Bool".to_owned(),
            Type::String
            | Type::Domain
            | Type::Origin
            | Type::Int
            | Type::Instant
            | Type::Duration
            | Type::Enum(_) => "Int".to_owned(),
            Type::Strings => "(Array Int Bool)".to_owned(),
            Type::Ip => "(_ BitVec 129)".to_owned(),
        }
    }

    /// Something that a request may say, may not say, or say so that it cannot be read.
    fn said(&mut self, name: &str, kind: Type) -> Reading {
        let sort = Self::sort(kind);
        let new = !self.declared.contains(&format!("|{name}|"));
        let value = self.declare(name, &sort);
        let tag = self.declare(&format!("{name}?"), "Int");
        if new {
            self.assert(format!("(and (<= 0 {tag}) (<= {tag} 2))"));
            let valid = self.valid(&value, kind);
            self.assert(valid);
        }
        Reading {
            given: format!("(= {tag} 2)"),
            missing: format!("(= {tag} 0)"),
            unreadable: format!("(= {tag} 1)"),
            listed: "false".to_owned(),
            value,
        }
    }

    /// That the value is one of its type.
    fn valid(&mut self, value: &str, kind: Type) -> Smt {
        match kind {
            Type::Int | Type::Instant => {
                format!("(and (<= (- 9223372036854775808) {value}) (<= {value} 9223372036854775807))")
            }
            Type::Duration => format!("(and (<= 0 {value}) (<= {value} 9223372036854775807))"),
            Type::Enum(id) => {
                let count = self.model.enumerations[id.index()].values.len();
                format!("(and (<= 0 {value}) (< {value} {count}))")
            }
            // No IPv6 address is a mapped IPv4 address: that is the IPv4 address.
            Type::Ip => format!(
                "(ite (= ((_ extract 128 128) {value}) #b1) (= ((_ extract 127 32) {value}) (_ bv0 96)) \
                 (distinct ((_ extract 127 32) {value}) (_ bv65535 96)))"
            ),
            Type::String => self.is_text(STRING, value),
            Type::Domain => self.is_text(DOMAIN, value),
            Type::Origin => self.is_text(ORIGIN, value),
            Type::Bool | Type::Strings => "true".to_owned(),
        }
    }

    fn is_text(&mut self, sort: &'static str, term: &str) -> Smt {
        self.variables.push((sort, term.to_owned()));
        "true".to_owned()
    }

    fn constant(&mut self, constant: &Constant) -> Smt {
        match constant {
            Constant::String(text) => self.text_of(STRING, text),
            Constant::Domain(text) => self.text_of(DOMAIN, text),
            Constant::Origin(text) => self.text_of(ORIGIN, text),
            Constant::Bool(truth) => truth.to_string(),
            Constant::Int(number) => int(*number),
            Constant::Index(index) => index.to_string(),
            Constant::Strings(set) => {
                let empty = "((as const (Array Int Bool)) false)".to_owned();
                set.iter().fold(empty, |set, element| format!("(store {set} {} true)", self.text(element)))
            }
            Constant::Ip(address) => address_bits(*address),
        }
    }

    /// The containers of the request, and what the policy's declared parents make of them.
    fn chain(&mut self) {
        let model = self.model;
        let kinds: Vec<KindId> = (0..model.kinds.len() as u32).map(KindId).collect();
        for kind in &kinds {
            let name = &model.kinds[kind.index()].name;
            let there = self.declare(&format!("in {name}"), "Bool");
            let has_id = self.declare(&format!("in {name} id?"), "Bool");
            let id = self.declare(&format!("in {name} id"), "Int");
            self.is_text(STRING, &id);
            self.chain.push(Element { told: there.clone(), there, has_id, id });
        }
        // Each lies strictly above the one before.
        for (at, one) in kinds.iter().enumerate() {
            for other in &kinds[at + 1..] {
                if !self.below(*one, *other) && !self.below(*other, *one) {
                    let both =
                        and([self.chain[one.index()].there.clone(), self.chain[other.index()].there.clone()]);
                    self.assert(not(both));
                }
            }
        }
        // From the innermost kinds outwards; each declared parent takes the place of what stood there.
        let mut inner_first = kinds.clone();
        inner_first.sort_by_key(|kind| std::cmp::Reverse(self.path(*kind).len()));
        for kind in &inner_first {
            let mut element = self.chain[kind.index()].clone();
            let inners: Vec<KindId> =
                inner_first.iter().copied().filter(|inner| self.below(*inner, *kind)).collect();
            for inner in inners {
                let mut children: BTreeMap<ContainerId, Vec<&str>> = BTreeMap::new();
                for container in model.containers.iter().filter(|container| container.kind == inner) {
                    if let Some(parent) = container.parent
                        && model.containers[parent.index()].kind == *kind
                    {
                        children.entry(parent).or_default().push(&container.id);
                    }
                }
                let inside = self.chain[inner.index()].clone();
                for (parent, children) in children {
                    let named = self.one_of(&inside.id, &children);
                    let forced = and([inside.there.clone(), inside.has_id.clone(), named]);
                    let forced = self.named("Bool", forced);
                    let id = self.text(&model.containers[parent.index()].id);
                    let same = and([
                        element.there.clone(),
                        element.has_id.clone(),
                        format!("(= {} {id})", element.id),
                    ]);
                    let told = and([element.told.clone(), or([not(forced.clone()), same])]);
                    element = Element {
                        there: self.named("Bool", or([forced.clone(), element.there])),
                        has_id: self.named("Bool", or([forced.clone(), element.has_id])),
                        id: self.named("Int", ite(&forced, &id, &element.id)),
                        told: self.named("Bool", told),
                    };
                }
            }
            self.chain[kind.index()] = element;
        }
    }

    fn one_of(&mut self, term: &str, texts: &[&str]) -> Smt {
        let equal: Vec<Smt> = texts.iter().map(|text| format!("(= {term} {})", self.text(text))).collect();
        or(equal)
    }

    /// The kind and what it lies in.
    fn path(&self, kind: KindId) -> Vec<KindId> {
        std::iter::successors(Some(kind), |kind| self.model.kinds[kind.index()].parent).collect()
    }

    /// Strictly.
    fn below(&self, inner: KindId, outer: KindId) -> bool {
        inner != outer && self.path(inner).contains(&outer)
    }

    fn user(&mut self) -> Smt {
        self.declare("user", "Bool")
    }

    fn user_id(&mut self) -> Smt {
        let new = !self.declared.contains("|user.id|");
        let id = self.declare("user.id", "Int");
        if new {
            self.is_text(STRING, &id);
        }
        id
    }

    /// Whether the user is in the group that the term names.
    fn in_group(&mut self, group: &str, names: &BTreeMap<String, BTreeSet<String>>) -> Truth {
        let user = self.user();
        let id = self.user_id();
        let said = self.said("user.groups", Type::Strings);
        let mut declared = Vec::new();
        let mut member = Vec::new();
        for (name, members) in names {
            let is = format!("(= {group} {})", self.text(name));
            declared.push(is.clone());
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            let among = self.one_of(&id, &members);
            member.push(and([is, among]));
        }
        let declared = or(declared);
        let member = or(member);
        let elsewhere = and([not(declared.clone()), said.given]);
        let has = format!("(select {} {group})", said.value);
        Truth {
            yes: and([user.clone(), or([member.clone(), and([elsewhere.clone(), has.clone()])])]),
            no: and([user, or([and([declared, not(member)]), and([elsewhere, not(has)])])]),
            listed: "false".to_owned(),
        }
    }
}

/// One app and one operation.
struct At<'e, 'm> {
    to: &'e mut Encoder<'m>,
    app: AppId,
    operation: OperationId,
}

impl<'e, 'm> At<'e, 'm> {
    fn new(to: &'e mut Encoder<'m>, app: AppId, operation: OperationId) -> Self {
        At { to, app, operation }
    }

    fn model(&self) -> &'m Model {
        self.to.model
    }

    fn what(&self) -> &'m Operation {
        &self.model().operations[self.operation.index()]
    }

    /// The kinds that concern the operation, innermost first.
    fn concerned(&self) -> Vec<KindId> {
        self.to.path(self.what().lists.unwrap_or(self.what().kind))
    }

    /// That the request's innermost container is where the operation acts, or above or below it.
    fn fits(&mut self) -> Smt {
        let mut terms = Vec::new();
        for index in 0..self.model().kinds.len() as u32 {
            let kind = KindId(index);
            let related =
                |other: KindId| other == kind || self.to.below(kind, other) || self.to.below(other, kind);
            if related(self.what().kind) || self.what().lists.is_some_and(related) {
                continue;
            }
            let name = |kind: KindId| format!("|in {}|", self.model().kinds[kind.index()].name);
            let inner = (0..self.model().kinds.len() as u32).map(KindId).filter(|k| self.to.below(*k, kind));
            let innermost = and(std::iter::once(name(kind)).chain(inner.map(|inner| not(name(inner)))));
            terms.push(not(innermost));
        }
        and(terms)
    }

    fn permitted(&mut self) -> Smt {
        let layers = [
            self.lifecycle(),
            self.scope(),
            self.app_user(),
            self.context_user(),
            self.some(ClauseKind::Permit),
            self.none(ClauseKind::Forbid),
            self.none(ClauseKind::Withdrawal),
        ];
        let permitted = and(layers);
        self.to.named("Bool", permitted)
    }

    fn lifecycle(&mut self) -> Smt {
        let model = self.model();
        let status =
            model.attributes.iter().find(|a| a.owner == Owner::Request && a.name == "install.status");
        let kind = status.map_or(Type::String, |attribute| attribute.kind);
        let said = self.to.said("install.status", kind);
        let enabled = match kind {
            Type::Enum(id) => {
                let values = &model.enumerations[id.index()].values;
                values.iter().position(|value| value == "enabled").map_or("(- 1)".into(), |at| at.to_string())
            }
            _ => self.to.text("enabled"),
        };
        let enabled = and([said.given, format!("(= {} {enabled})", said.value)]);
        match model.authority.lifecycle {
            Source::Caller => enabled,
            Source::Policy => {
                let here = match &model.apps[self.app.index()].installed_on {
                    None => "true".to_owned(),
                    Some(sites) => {
                        let site = self.to.said("install.site", Type::String);
                        let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
                        and([site.given, self.to.one_of(&site.value, &sites)])
                    }
                };
                and([or([said.missing, enabled]), here])
            }
        }
    }

    /// The scopes held satisfy an alternative of a model that this request can use.
    fn scope(&mut self) -> Smt {
        let model = self.model();
        let app = &model.apps[self.app.index()];
        let held = closure(model, &app.requested);
        let approved = app.approved.as_ref().map(|approved| closure(model, approved));
        let mut ways = Vec::new();
        for of in &app.models {
            let user = self.to.user();
            let usable = if model.permission_models[of.index()].demands_user { user } else { "true".into() };
            for alternative in self.what().requirements.get(of).into_iter().flatten() {
                let mut all = vec![usable.clone()];
                for scope in alternative {
                    let there = held.contains(scope)
                        && approved.as_ref().is_none_or(|approved| approved.contains(scope));
                    all.push(there.to_string());
                    all.extend(self.left(*scope));
                }
                ways.push(and(all));
            }
        }
        or(ways)
    }

    /// For each ratchet of the app, that the stage reached leaves the scope.
    fn left(&mut self, scope: ScopeId) -> Vec<Smt> {
        let model = self.model();
        let mut all = Vec::new();
        let app = self.app;
        for ratchet in model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app)) {
            let said = self.stage(&ratchet.name, ratchet.stages.len());
            let last = ratchet.stages.len() - 1;
            let mut holds: Option<BTreeSet<ScopeId>> = None;
            let mut leaving = Vec::new();
            for (index, stage) in ratchet.stages.iter().enumerate() {
                if let Some(some) = &stage.holds {
                    holds = Some(closure(model, some));
                }
                if holds.as_ref().is_none_or(|holds| holds.contains(&scope)) {
                    leaving.push(and([said.given.clone(), format!("(= {} {index})", said.value)]));
                    if index == last {
                        leaving.push(not(said.given.clone()));
                    }
                }
            }
            all.push(or(leaving));
        }
        all
    }

    fn stage(&mut self, ratchet: &str, stages: usize) -> Reading {
        let name = format!("{ratchet}.stage");
        let new = !self.to.declared.contains(&format!("|{name}|"));
        let reading = self.to.said(&name, Type::Int);
        if new {
            self.to.assert(format!("(and (<= 0 {0}) (< {0} {stages}))", reading.value));
        }
        reading
    }

    fn app_user(&mut self) -> Smt {
        let model = self.model();
        let certainly = Counting { unknown: false, listed: false };
        let except = self.holds(&model.authority.app_user_except, false, certainly);
        match model.authority.app_user {
            Source::Caller => "true".to_owned(), // guarantees speak of those only for whom the caller vouches
            Source::Policy => or([except, self.some(ClauseKind::AppUserGrant)]),
        }
    }

    fn context_user(&mut self) -> Smt {
        let model = self.model();
        let possibly = Counting { unknown: true, listed: true };
        let required = self.holds(&model.authority.context_user_required, false, possibly);
        let granted = match model.authority.context_user {
            Source::Caller => "true".to_owned(),
            Source::Policy => self.some(ClauseKind::ContextUserGrant),
        };
        let user = self.to.user();
        ite(&user, &granted, &not(required))
    }

    /// Some grant of this kind may match.
    fn some(&mut self, kind: ClauseKind) -> Smt {
        or(self.matching(kind, Counting { unknown: false, listed: true }))
    }

    /// No refusal of this kind must match.
    fn none(&mut self, kind: ClauseKind) -> Smt {
        not(or(self.matching(kind, Counting { unknown: true, listed: false })))
    }

    fn matching(&mut self, kind: ClauseKind, counting: Counting) -> Vec<Smt> {
        let mut matching = Vec::new();
        for clause in self.model().clauses.iter().filter(|clause| clause.kind == kind) {
            if clause.apps.contains(&self.app) && clause.operations.contains(&self.operation) {
                let whom = match &clause.principal {
                    Principal::Any => "true".to_owned(),
                    Principal::User(id) => {
                        let (user, is) = (self.to.user(), self.to.user_id());
                        and([user, format!("(= {is} {})", self.to.text(id))])
                    }
                    Principal::Group(group) => self.in_named_group(group).yes,
                };
                let holds = self.holds(&clause.condition, false, counting);
                let matches = and([whom, holds]);
                matching.push(self.to.named("Bool", matches));
            }
        }
        matching
    }

    fn in_named_group(&mut self, group: &str) -> Truth {
        let model = self.model();
        let names = model.groups.get(group).map(|members| (group.to_owned(), members.clone()));
        let name = self.to.text(group);
        self.to.in_group(&name, &names.into_iter().collect())
    }

    fn holds(&mut self, condition: &Condition, negated: bool, counting: Counting) -> Smt {
        let term = match condition {
            Condition::Constant(truth) => (*truth != negated).to_string(),
            Condition::All(parts) | Condition::Any(parts) => {
                let parts: Vec<Smt> = parts.iter().map(|part| self.holds(part, negated, counting)).collect();
                let all = matches!(condition, Condition::All(_)) != negated;
                if all { and(parts) } else { or(parts) }
            }
            Condition::Not(inner) => self.holds(inner, !negated, counting),
            Condition::InKind(kind) => {
                let within = |at: KindId| at == *kind || self.to.below(at, *kind);
                let inside = within(self.what().kind) || self.what().lists.is_some_and(within);
                (inside != negated).to_string()
            }
            Condition::AtKind(kind) => {
                let at = self.what().kind == *kind || self.what().lists == Some(*kind);
                (at != negated).to_string()
            }
            Condition::Test(atom) => {
                let truth = self.truth(atom);
                let certain = if negated { truth.no.clone() } else { truth.yes.clone() };
                let mut ways = vec![certain];
                if counting.listed {
                    ways.push(truth.listed.clone());
                }
                if counting.unknown {
                    ways.push(not(or([truth.yes, truth.no, truth.listed])));
                }
                or(ways)
            }
        };
        self.to.named("Bool", term)
    }

    fn truth(&mut self, atom: &Atom) -> Truth {
        match &atom.predicate {
            Predicate::Present => self.present(&atom.subject),
            Predicate::HasAny(elements) => {
                let truths: Vec<Truth> = elements
                    .iter()
                    .map(|element| {
                        let element = self.to.text(element);
                        self.has_element(&atom.subject, &element)
                    })
                    .collect();
                let yes = or(truths.iter().map(|truth| truth.yes.clone()));
                let listed = or(truths.iter().map(|truth| truth.listed.clone()));
                let no = and(truths.iter().map(|truth| truth.no.clone()));
                Truth { listed: and([not(yes.clone()), listed]), yes, no }
            }
            Predicate::ElementOf(set) => {
                let element = self.read(&atom.subject);
                let has = self.has_element(set, &element.value);
                let there = self.present(set);
                let in_doubt = and([element.listed, or([there.yes, there.listed])]);
                Truth {
                    yes: and([element.given.clone(), has.yes]),
                    no: and([element.given.clone(), has.no]),
                    listed: or([and([element.given, has.listed]), in_doubt]),
                }
            }
            Predicate::Same(other) => {
                let (left, right) = (self.read(&atom.subject), self.read(other));
                let equal = format!("(= {} {})", left.value, right.value);
                let both = and([left.given.clone(), right.given.clone()]);
                let neither_fails =
                    and([or([left.given, left.listed.clone()]), or([right.given, right.listed.clone()])]);
                Truth {
                    yes: and([both.clone(), equal.clone()]),
                    no: and([both, not(equal)]),
                    listed: and([neither_fails, or([left.listed, right.listed])]),
                }
            }
            Predicate::Is(_)
            | Predicate::Order(..)
            | Predicate::Like(_)
            | Predicate::InNetworks(_)
            | Predicate::During(_) => {
                let reading = self.read(&atom.subject);
                let kind = self.kind(&atom.subject);
                let (known, satisfied) = self.satisfied(kind, &reading.value, &atom.predicate);
                let satisfied = self.to.named("Bool", satisfied);
                Truth {
                    yes: and([reading.given.clone(), known.clone(), satisfied.clone()]),
                    no: and([reading.given, known, not(satisfied)]),
                    listed: reading.listed,
                }
            }
        }
    }

    /// Whether the test of a value against constants is known, and what it says then.
    fn satisfied(&mut self, kind: Type, value: &str, predicate: &Predicate) -> (Smt, Smt) {
        let satisfied = match predicate {
            Predicate::Is(constants) => {
                let equal: Vec<Smt> = constants
                    .iter()
                    .map(|constant| format!("(= {value} {})", self.to.constant(constant)))
                    .collect();
                or(equal)
            }
            Predicate::Order(ordering, constant) => {
                let sign = match ordering {
                    Ordering::Less => "<",
                    Ordering::LessOrEqual => "<=",
                    Ordering::Greater => ">",
                    Ordering::GreaterOrEqual => ">=",
                };
                format!("({sign} {value} {})", self.to.constant(constant))
            }
            Predicate::Like(patterns) => {
                let sort = match kind {
                    Type::Domain => DOMAIN,
                    Type::Origin => ORIGIN,
                    _ => STRING, // no other is like a pattern
                };
                let like: Vec<Smt> = patterns
                    .iter()
                    .map(|pattern| format!("(like{} {value})", self.pattern(sort, pattern)))
                    .collect();
                or(like)
            }
            Predicate::InNetworks(networks) => or(networks.iter().map(|network| {
                let bits = match network.0.addr() {
                    IpAddr::V4(_) => 128 - 32 + u32::from(network.0.prefix_len()),
                    IpAddr::V6(_) => u32::from(network.0.prefix_len()),
                };
                // The family's bit and the prefix; what stands between them in an IPv4 address is 0.
                let low = 128 - bits;
                let address = address_bits(network.0.network());
                format!("(= ((_ extract 128 {low}) {value}) ((_ extract 128 {low}) {address}))")
            })),
            Predicate::During(window) => {
                let known = format!("(and (<= 0 {value}) (< {value} 4102444800))");
                let window = &self.model().windows[window.index()];
                let years = years(self.model());
                let second = self.to.second_of_week(window, value, &years);
                let inside = window.minutes.iter().map(|(start, end)| {
                    format!("(and (<= {} {second}) (< {second} {}))", start * 60, end * 60)
                });
                return (known, or(inside));
            }
            Predicate::Present | Predicate::HasAny(_) | Predicate::Same(_) | Predicate::ElementOf(_) => {
                unreachable!("a test of more than one value")
            }
        };
        ("true".to_owned(), satisfied)
    }

    fn pattern(&mut self, sort: &'static str, pattern: &Pattern) -> usize {
        let next = self.to.patterns.len();
        let number = *self.to.patterns.entry((sort, pattern.clone())).or_insert(next);
        if number == next {
            let _ = writeln!(self.to.out, "(declare-fun like{number} (Int) Bool)");
        }
        number
    }

    fn kind(&self, subject: &Subject) -> Type {
        let of = |id: &AttributeId| self.model().attributes[id.index()].kind;
        match subject {
            Subject::Attribute(id) => of(id),
            Subject::Container { attributes, .. } => attributes.first().map_or(Type::String, of),
            Subject::Stage(_) => Type::Int,
        }
    }

    fn present(&mut self, subject: &Subject) -> Truth {
        let reading = self.read(subject);
        let declares = self.is_groups(subject) && !self.model().groups.is_empty();
        let certainly = if declares { self.to.user() } else { "false".to_owned() };
        Truth {
            yes: or([certainly.clone(), reading.given]),
            no: and([not(certainly), reading.missing]),
            listed: reading.listed,
        }
    }

    fn has_element(&mut self, subject: &Subject, element: &str) -> Truth {
        if self.is_groups(subject) {
            let names = self.model().groups.clone();
            return self.to.in_group(element, &names);
        }
        let reading = self.read(subject);
        let has = format!("(select {} {element})", reading.value);
        Truth {
            yes: and([reading.given.clone(), has.clone()]),
            no: and([reading.given, not(has)]),
            listed: reading.listed,
        }
    }

    fn is_groups(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Attribute(id) => {
                let attribute = &self.model().attributes[id.index()];
                attribute.owner == Owner::User && attribute.name == "groups"
            }
            Subject::Container { .. } | Subject::Stage(_) => false,
        }
    }

    fn read(&mut self, subject: &Subject) -> Reading {
        let model = self.model();
        match subject {
            Subject::Stage(id) => {
                let ratchet = &model.ratchets[id.index()];
                if ratchet.apps.contains(&self.app) {
                    self.stage(&ratchet.name, ratchet.stages.len())
                } else {
                    certainly_missing("0")
                }
            }
            Subject::Container { attributes, inherited } => self.of_container(attributes, *inherited),
            Subject::Attribute(id) => {
                let attribute = &model.attributes[id.index()];
                match attribute.owner {
                    Owner::App | Owner::Operation => self.fixed(*id),
                    Owner::Kind(_) => unreachable!("read through `Subject::Container`"),
                    Owner::Request => self.to.said(&attribute.name, attribute.kind),
                    Owner::User => {
                        let user = self.to.user();
                        let said = if attribute.name == "id" {
                            let id = self.to.user_id();
                            Reading { given: "true".into(), ..certainly_missing(&id) }
                        } else {
                            self.to.said(&format!("user.{}", attribute.name), attribute.kind)
                        };
                        let missing = if attribute.name == "id" { "false".into() } else { said.missing };
                        Reading {
                            given: and([user.clone(), said.given]),
                            missing: or([not(user.clone()), missing]),
                            unreadable: and([user, said.unreadable]),
                            ..said
                        }
                    }
                }
            }
        }
    }

    /// What is known of the app and the operation.
    fn fixed(&mut self, id: AttributeId) -> Reading {
        let model = self.model();
        let attribute = &model.attributes[id.index()];
        let (app, operation) = (&model.apps[self.app.index()], self.what());
        let text = match (attribute.owner, attribute.name.as_str()) {
            (Owner::App, "name") => Some(app.name.as_str()),
            (Owner::App, "key") => Some(app.key.as_str()),
            (Owner::App, "vendor") => Some(app.vendor.as_str()).filter(|vendor| !vendor.is_empty()),
            (Owner::App, "kind") => Some(app.kind.as_str()),
            (Owner::Operation, "name") => Some(operation.name.as_str()),
            (Owner::Operation, "method") => operation.http.as_ref().map(|http| http.0.as_str()),
            (Owner::Operation, "access") => Some(match operation.access {
                Access::Read => "read",
                Access::Write => "write",
                Access::Delete => "delete",
                Access::Admin => "admin",
            }),
            (Owner::Operation, "marks") => {
                let marks = operation.marks.iter().map(|mark| model.marks[mark.index()].name.clone());
                let set = self.to.constant(&Constant::Strings(marks.collect()));
                let known = certainly_missing(&set);
                return Reading { given: "true".into(), missing: "false".into(), ..known };
            }
            (owner, name) => unreachable!("{owner:?} {name}"),
        };
        let (there, value) = match (text, attribute.kind) {
            (Some(text), Type::Enum(of)) => {
                let at = model.enumerations[of.index()].values.iter().position(|value| value == text);
                (true, at.expect("a value of the enumeration").to_string())
            }
            (Some(text), _) => (true, self.to.text(text)),
            (None, Type::Enum(_)) => (false, "0".to_owned()),
            (None, _) => (false, self.to.text("")),
        };
        let known = certainly_missing(&value);
        Reading { given: there.to_string(), missing: (!there).to_string(), ..known }
    }

    /// From the innermost kind that concerns the operation outwards.
    fn of_container(&mut self, attributes: &[AttributeId], inherited: bool) -> Reading {
        let model = self.model();
        let owner = |kind: KindId| {
            attributes.iter().copied().find(|id| model.attributes[id.index()].owner == Owner::Kind(kind))
        };
        let concerned = self.concerned();
        let mut listed = Vec::new();
        if let Some(lists) = self.what().lists {
            let acts = self.what().kind;
            for (at, kind) in concerned.iter().enumerate() {
                if lists != acts && *kind == acts {
                    break;
                }
                if owner(*kind).is_some() {
                    // Nothing at it or below it is named.
                    let named = concerned[..=at].iter().map(|kind| self.to.chain[kind.index()].there.clone());
                    listed.push(not(or(named)));
                }
                if lists == acts {
                    break;
                }
            }
        }
        let kind = attributes.first().map_or(Type::String, |id| model.attributes[id.index()].kind);
        let owners: Vec<(KindId, AttributeId)> =
            concerned.iter().filter_map(|kind| Some((*kind, owner(*kind)?))).collect();
        let mut outer: Option<Reading> = None;
        for (at, attribute) in owners.into_iter().rev() {
            let there = self.to.chain[at.index()].there.clone();
            let here = self.of_element(at, attribute);
            let given = and([there.clone(), here.given]);
            let missing = and([there.clone(), here.missing]);
            let unreadable = or([not(there), here.unreadable]);
            outer = Some(match outer.filter(|_| inherited) {
                None => Reading { given, missing, unreadable, ..here },
                Some(outer) => Reading {
                    value: ite(&given, &here.value, &outer.value),
                    given: or([given, and([missing.clone(), outer.given])]),
                    unreadable: or([unreadable, and([missing.clone(), outer.unreadable])]),
                    missing: and([missing, outer.missing]),
                    ..here
                },
            });
            if let Some(reading) = &mut outer {
                let sort = Encoder::sort(kind);
                reading.value = self.to.named(&sort, reading.value.clone());
                reading.given = self.to.named("Bool", reading.given.clone());
                reading.missing = self.to.named("Bool", reading.missing.clone());
                reading.unreadable = self.to.named("Bool", reading.unreadable.clone());
            }
        }
        let reading = outer.unwrap_or_else(|| {
            let any = format!("any {kind:?}");
            let sort = Encoder::sort(kind);
            let any = self.to.declare(&any, &sort); // of no kind that concerns the operation
            certainly_missing(&any)
        });
        let listed = or(listed);
        let decided = not(listed.clone());
        Reading {
            given: and([decided.clone(), reading.given]),
            missing: and([decided.clone(), reading.missing]),
            unreadable: and([decided, reading.unreadable]),
            listed,
            ..reading
        }
    }

    /// An attribute of one container of the effective chain.
    fn of_element(&mut self, kind: KindId, id: AttributeId) -> Reading {
        let model = self.model();
        let attribute = &model.attributes[id.index()];
        let element = self.to.chain[kind.index()].clone();
        if attribute.name == "id" {
            let known = certainly_missing(&element.id);
            return Reading { given: element.has_id.clone(), missing: not(element.has_id), ..known };
        }
        let mut ids: BTreeMap<&Constant, Vec<&str>> = BTreeMap::new();
        for container in model.containers.iter().filter(|container| container.kind == kind) {
            if let Some(value) = container.attributes.get(&id) {
                ids.entry(value).or_default().push(&container.id);
            }
        }
        let said =
            self.to.said(&format!("{}.{}", model.kinds[kind.index()].name, attribute.name), attribute.kind);
        let mut value = said.value.clone();
        let mut declared = Vec::new();
        for (constant, ids) in ids {
            let one = self.to.one_of(&element.id, &ids);
            let is = and([element.has_id.clone(), one]);
            let is = self.to.named("Bool", is);
            value = ite(&is, &self.to.constant(constant), &value);
            declared.push(is);
        }
        let declared = or(declared);
        let told = and([not(declared.clone()), element.told.clone()]);
        Reading {
            given: or([declared.clone(), and([told.clone(), said.given])]),
            missing: and([not(declared), or([not(element.told), said.missing])]),
            unreadable: and([told, said.unreadable]),
            listed: "false".to_owned(),
            value,
        }
    }
}

fn certainly_missing(value: &str) -> Reading {
    Reading {
        given: "false".to_owned(),
        missing: "true".to_owned(),
        unreadable: "false".to_owned(),
        listed: "false".to_owned(),
        value: value.to_owned(),
    }
}

fn closure(model: &Model, scopes: &BTreeSet<ScopeId>) -> BTreeSet<ScopeId> {
    scopes
        .iter()
        .flat_map(|scope| model.scopes[scope.index()].implies.iter().copied().chain([*scope]))
        .collect()
}

/// Around all instants that the policy names. Elsewhere weeks only repeat those that are here, so the solver need not
/// look there.
fn years(model: &Model) -> std::ops::Range<i64> {
    fn named(condition: &Condition, found: &mut Vec<i64>) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| named(part, found));
            }
            Condition::Not(inner) => named(inner, found),
            Condition::Test(Atom { predicate: Predicate::Order(_, Constant::Int(number)), .. }) => {
                found.push(*number);
            }
            Condition::Test(_) | Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        }
    }
    const YEAR: i64 = 366 * 86_400;
    const RECENT: i64 = 1_767_225_600; // 2026-01-01; what lies decades before is no instant here
    let mut found = vec![RECENT];
    let claims = model.guarantees.iter().flat_map(|guarantee| &guarantee.claims);
    model.clauses.iter().for_each(|clause| named(&clause.condition, &mut found));
    claims.for_each(|claim| named(&claim.condition, &mut found));
    named(&model.authority.app_user_except, &mut found);
    named(&model.authority.context_user_required, &mut found);
    for container in &model.containers {
        let ints = container.attributes.values().filter_map(|value| match value {
            Constant::Int(number) => Some(*number),
            _ => None, // no instants
        });
        found.extend(ints);
    }
    found.retain(|number| (RECENT - 20 * YEAR..RECENT + 20 * YEAR).contains(number));
    let (first, last) = (found.iter().min(), found.iter().max());
    first.map_or(0, |first| first - YEAR)..last.map_or(0, |last| last + YEAR)
}

impl Encoder<'_> {
    /// The local second of the week, for instants in the years that zones are trusted for.
    fn second_of_week(&mut self, window: &Window, value: &str, years: &std::ops::Range<i64>) -> Smt {
        let value = self.named("Int", value.to_owned());
        let name = format!("second of {} in {}", value.replace('|', ""), window.zone);
        let new = !self.declared.contains(&format!("|{name}|"));
        let second = self.declare(&name, "Int");
        if new {
            let week = self.declare(&format!("week, {name}"), "Int");
            let zone = jiff::tz::TimeZone::get(&window.zone).expect("a known zone");
            let start = jiff::Timestamp::from_second(years.start).expect("a year of ours");
            let mut offsets = vec![(years.start, i64::from(zone.to_offset(start).seconds()))];
            for transition in zone.following(start) {
                let at = transition.timestamp().as_second();
                if at >= years.end {
                    break;
                }
                offsets.push((at, i64::from(transition.offset().seconds())));
            }
            offsets.dedup_by_key(|(_, offset)| *offset);
            let offset = offset_at(&offsets, &value);
            // 1970-01-01 was a Thursday.
            self.assert(format!(
                "(or (< {value} 0) (<= 4102444800 {value}) (and (<= {} {value}) (< {value} {}) (<= 0 {second}) \
                 (< {second} 604800) (= (+ {value} {offset} {}) (+ {second} (* 604800 {week})))))",
                years.start,
                years.end,
                3 * 86_400
            ));
        }
        second
    }
}

fn offset_at(offsets: &[(i64, i64)], value: &str) -> Smt {
    match offsets {
        [] => "0".to_owned(),
        [(_, offset)] => int(*offset),
        _ => {
            let (before, after) = offsets.split_at(offsets.len() / 2);
            ite(&format!("(< {value} {})", after[0].0), &offset_at(before, value), &offset_at(after, value))
        }
    }
}

fn int(number: i64) -> Smt {
    if number < 0 { format!("(- {})", number.unsigned_abs()) } else { number.to_string() }
}

/// The family (1 for IPv4) and 128 bits.
fn address_bits(address: IpAddr) -> Smt {
    match address {
        IpAddr::V4(address) => format!("(concat #b1 (_ bv{} 128))", u32::from(address)),
        IpAddr::V6(address) => format!("(concat #b0 (_ bv{} 128))", u128::from(address)),
    }
}

fn and(terms: impl IntoIterator<Item = Smt>) -> Smt {
    joined("and", "true", "false", terms)
}

fn or(terms: impl IntoIterator<Item = Smt>) -> Smt {
    joined("or", "false", "true", terms)
}

fn joined(word: &str, none: &str, all: &str, terms: impl IntoIterator<Item = Smt>) -> Smt {
    let mut kept: Vec<Smt> = Vec::new();
    for term in terms {
        if term == all {
            return term;
        }
        if term != none {
            kept.push(term);
        }
    }
    match kept.len() {
        0 => none.to_owned(),
        1 => kept.remove(0),
        _ => format!("({word} {})", kept.join(" ")),
    }
}

fn not(term: Smt) -> Smt {
    match term.as_str() {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        _ => format!("(not {term})"),
    }
}

fn ite(condition: &str, then: &str, otherwise: &str) -> Smt {
    match condition {
        "true" => then.to_owned(),
        "false" => otherwise.to_owned(),
        _ if then == otherwise => then.to_owned(),
        _ => format!("(ite {condition} {then} {otherwise})"),
    }
}
