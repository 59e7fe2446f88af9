//! One app and one operation: what the layers and conditions say of the request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;

use sprag::sema::model::{
    Access, AppId, Atom, AttributeId, ClauseKind, Condition, Constant, KindId, Model, Operation, OperationId,
    Ordering, Owner, Pattern, Predicate, Principal, ScopeId, Source, Subject, Type,
};

use super::{
    Counting, DOMAIN, Encoder, ORIGIN, Reading, STRING, Smt, Truth, address_bits, and, certainly_missing,
    closure, ite, not, or, years,
};

/// One app and one operation.
pub(super) struct At<'e, 'm> {
    to: &'e mut Encoder<'m>,
    app: AppId,
    operation: OperationId,
}

impl<'e, 'm> At<'e, 'm> {
    pub(super) fn new(to: &'e mut Encoder<'m>, app: AppId, operation: OperationId) -> Self {
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
    pub(super) fn fits(&mut self) -> Smt {
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

    pub(super) fn permitted(&mut self) -> Smt {
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
        let outright = closure(model, &(&app.requested - &app.optional));
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
                    if !outright.contains(scope) {
                        // All that is optional is approved, or nothing is said of it.
                        all.push(self.to.said("install.approved", Type::Bool).given);
                    }
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

    pub(super) fn holds(&mut self, condition: &Condition, negated: bool, counting: Counting) -> Smt {
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
