//! What a guarantee claims, said to an SMT solver: SMT-LIB text straight from the model.
//!
//! Written from the reference evaluator's rules, without any code of `space` or `region`, and in another way: nothing
//! is cut into classes. Texts are numbers, with a predicate for each pattern that is as true of them as texts allow;
//! addresses are bit vectors, sets arrays, instants numbers with the transitions of their zones; the effective chain
//! of containers is computed by terms. The formula is satisfiable iff some request breaks the claim.

mod at;
mod chain;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::net::IpAddr;

use sprag::sema::model::{
    Atom, Claim, Condition, Constant, Model, Pattern, Predicate, ScopeId, Type, Window,
};

use super::likeness::{Likeness, is_text, matches};
use at::At;

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
