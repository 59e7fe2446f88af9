//! Everything but the table: apps, operations, scopes, attributes, slots, containers, users, reasons.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sprag_runtime::format as f;

use super::errors;
use super::pools::Writer;
use super::strata::Table;
use crate::diag::Diagnostic;
use crate::sema::model::{
    Access, App, AppId, AttributeId, ClauseKind, Constant, KindId, Model, Owner, Predicate, ScopeId, Source,
    Subject, Type,
};
use crate::space::{Classifier, Slot, Space, user_groups};
use crate::span::SourceMap;

/// The most combinations of stages that one app's ratchets may have.
const MAX_COMBINATIONS: usize = 4096;

/// Writes all sections that are not laid out by [`super::strata`] and [`super::routes`].
pub(super) fn write(
    model: &Model,
    space: &Space,
    sources: &SourceMap,
    table: &Table,
    writer: &mut Writer,
) -> Result<(), Vec<Diagnostic>> {
    catalog(model, table, writer);
    let mut problems = Vec::new();
    for (number, app) in (0..).zip(&model.apps) {
        if let Err(problem) = write_app(model, AppId(number), app, table, writer) {
            problems.push(problem);
        }
    }
    let mut attributes = Attributes { model, space, subjects: BTreeMap::new() };
    attributes.write(writer);
    attributes.slots(writer);
    app_slot(model, table, writer);
    kinds(model, space, writer, &mut problems);
    ratchets(model, space, sources, writer);
    windows(model, writer);
    containers(model, space, writer);
    users(model, space, table, writer);
    clauses(model, sources, writer);
    globals(model, space, table, writer);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn catalog(model: &Model, table: &Table, writer: &mut Writer) {
    for permission_model in &model.permission_models {
        let name = writer.text(&permission_model.name);
        writer.models.push(f::Model { name, demands_user: u32::from(permission_model.demands_user).into() });
    }
    let mut implied_by = vec![Vec::new(); model.scopes.len()];
    for (number, scope) in (0..).zip(&model.scopes) {
        scope.implies.iter().for_each(|s| implied_by[s.index()].push(number));
    }
    for ((number, scope), implied_by) in (0..).zip(&model.scopes).zip(implied_by) {
        let name = writer.text(&scope.name);
        writer.name(f::Space::Scope.of(scope.model.0), &scope.name, number);
        let implied_by = writer.list(implied_by);
        writer.scopes.push(f::Scope { model: scope.model.0.into(), name, implied_by });
    }
    for ((number, operation), class) in (0..).zip(&model.operations).zip(&table.classes) {
        let at = writer.requirements.len() as u32;
        for (permission_model, alternatives) in &operation.requirements {
            for scopes in alternatives {
                let scopes = writer.list(scopes.iter().map(|s| s.0).collect());
                writer.requirements.push(f::Requirement { model: permission_model.0.into(), scopes });
            }
        }
        let len = writer.requirements.len() as u32 - at;
        let name = writer.text(&operation.name);
        writer.name(f::Space::Operation.of(0), &operation.name, number);
        let access = match operation.access {
            Access::Read => 0,
            Access::Write => 1,
            Access::Delete => 2,
            Access::Admin => 3,
        };
        writer.operations.push(f::Operation {
            name,
            kind: operation.kind.0.into(),
            lists: operation.lists.map_or(f::NONE, |k| k.0).into(),
            class: (*class).into(),
            access: access.into(),
            requirements: f::Range { at: at.into(), len: len.into() },
        });
    }
}

fn write_app(
    model: &Model,
    id: AppId,
    app: &App,
    table: &Table,
    writer: &mut Writer,
) -> Result<(), Diagnostic> {
    let requested = closure(model, &app.requested);
    let base: BTreeSet<ScopeId> = match &app.approved {
        Some(approved) => requested.intersection(&closure(model, approved)).copied().collect(),
        None => requested,
    };
    let ratchets: Vec<usize> =
        (0..model.ratchets.len()).filter(|r| model.ratchets[*r].apps.contains(&id)).collect();
    let stages = |r: &usize| model.ratchets[*r].stages.len();
    let combinations =
        ratchets.iter().try_fold(1usize, |n, r| n.checked_mul(stages(r))).unwrap_or(usize::MAX);
    if combinations > MAX_COMBINATIONS {
        let named: Vec<_> =
            ratchets.iter().map(|r| (model.ratchets[*r].name.as_str(), model.ratchets[*r].span)).collect();
        return Err(errors::too_many_stages(&app.name, combinations, app.span, &named));
    }
    let mut held = Vec::new();
    for combination in 0..combinations {
        let mut scopes = base.clone();
        let mut left = combination;
        for r in &ratchets {
            let stage = left % stages(r);
            left /= stages(r);
            if let Some(holds) =
                model.ratchets[*r].stages[..=stage].iter().rev().find_map(|s| s.holds.as_ref())
            {
                let holds = closure(model, holds);
                scopes.retain(|s| holds.contains(s));
            }
        }
        held.push(scope_set(model, &scopes, writer));
    }
    let outright = match app.optional.is_empty() {
        true => f::NONE,
        false => {
            let outright = app.requested.difference(&app.optional).copied().collect();
            scope_set(model, &closure(model, &outright), writer)
        }
    };
    let mut stride = 1;
    let mut strides = Vec::new();
    for r in &ratchets {
        strides.extend([*r as u32, stride]);
        stride *= stages(r) as u32;
    }
    writer.name(f::Space::App.of(0), &app.key, id.0);
    for site in app.installed_on.iter().flatten() {
        writer.name(f::Space::Site.of(id.0), site, 1);
    }
    let record = f::App {
        name: writer.text(&app.name),
        key: writer.text(&app.key),
        models: writer.list(app.models.iter().map(|m| m.0).collect()),
        strata: writer.list(table.apps[id.index()].clone()),
        ratchets: writer.list(strides),
        held: writer.list(held),
        base: scope_set(model, &base, writer).into(),
        // What the policy did not approve is given by nobody.
        requested: scope_set(model, &base, writer).into(),
        outright: outright.into(),
        sites: u32::from(app.installed_on.is_some()).into(),
        class: table.exceptions.class(id).into(),
    };
    writer.apps.push(record);
    Ok(())
}

/// Scopes with everything that they include.
fn closure(model: &Model, scopes: &BTreeSet<ScopeId>) -> BTreeSet<ScopeId> {
    scopes.iter().flat_map(|s| &model.scopes[s.index()].implies).copied().collect()
}

fn scope_set(model: &Model, scopes: &BTreeSet<ScopeId>, writer: &mut Writer) -> u32 {
    let mut bits = vec![0u32; model.scopes.len().div_ceil(32)];
    scopes.iter().for_each(|s| bits[s.index() / 32] |= 1 << (s.0 % 32));
    writer.words(bits)
}

/// The slot by which rules about all apps but a few know them.
fn app_slot(model: &Model, table: &Table, writer: &mut Writer) {
    let Some(classes) = table.exceptions.classes() else {
        return;
    };
    for (number, app) in (0..).zip(&model.apps) {
        let class = table.exceptions.class(AppId(number));
        if class != f::FIRST {
            // For listings: no request is looked up by it.
            writer.name(f::Space::Value.of(table.exceptions.slot), &app.name, class);
        }
    }
    let (classifier, nothing) = (f::Classifier::App.code().into(), 0.into());
    let name = writer.text("app");
    let record = f::Slot { classifier, a: nothing, b: nothing, c: nothing, classes: classes.into(), name };
    writer.slots.push(record);
}

struct Attributes<'m> {
    model: &'m Model,
    space: &'m Space,
    /// Number of each subject that a relation reads.
    subjects: BTreeMap<Subject, u32>,
}

impl Attributes<'_> {
    fn write(&self, writer: &mut Writer) {
        for (number, attribute) in (0..).zip(&self.model.attributes) {
            let owner = match attribute.owner {
                Owner::User => Some(0),
                Owner::Request => Some(1),
                Owner::Kind(kind) => Some(2 + kind.0),
                Owner::App | Owner::Operation => None,
            };
            if let Some(owner) = owner {
                writer.name(f::Space::Attribute.of(owner), &attribute.name, number);
            }
            let feeds = feeds(self.space, AttributeId(number));
            let record = f::Attribute {
                name: writer.text(&attribute.name),
                kind: type_code(attribute.kind).code().into(),
                kind_of_container: match attribute.owner {
                    Owner::Kind(kind) => kind.0,
                    _ => f::NONE,
                }
                .into(),
                feeds: writer.list(feeds),
            };
            writer.attributes.push(record);
        }
    }

    fn slots(&mut self, writer: &mut Writer) {
        for (number, slot) in (0..).zip(&self.space.slots.slots) {
            let (classifier, a, b, c) = self.classifier(number, slot, writer);
            let name = writer.text(&slot.name(self.model, &self.space.slots));
            writer.slots.push(f::Slot {
                classifier: classifier.code().into(),
                a: a.into(),
                b: b.into(),
                c: c.into(),
                classes: slot.classes.into(),
                name,
            });
        }
    }

    fn classifier(
        &mut self,
        number: u32,
        slot: &Slot,
        writer: &mut Writer,
    ) -> (f::Classifier, u32, u32, u32) {
        match &slot.classifier {
            Classifier::Text { exact, automaton, other } => {
                exact.iter().for_each(|(text, class)| writer.name(f::Space::Value.of(number), text, *class));
                let automaton = automaton.as_ref().map_or(f::NONE, |(automaton, classes)| {
                    let settled = automaton.settled();
                    let transition = |next: &u32| next | if settled[*next as usize] { f::SETTLED } else { 0 };
                    let transitions = automaton.transitions.iter().map(transition).collect();
                    let record = f::Automaton {
                        columns: writer.shorts(automaton.columns.clone()).into(),
                        width: (automaton.width as u32).into(),
                        transitions: writer.words(transitions).into(),
                        classes: writer.words(classes.clone()).into(),
                        states: (classes.len() as u32).into(),
                    };
                    writer.automata.push(record);
                    writer.automata.len() as u32 - 1
                });
                (f::Classifier::Text, automaton, *other, 0)
            }
            Classifier::Enum(values) => {
                values.iter().for_each(|(text, class)| writer.name(f::Space::Value.of(number), text, *class));
                (f::Classifier::Enum, 0, 0, 0)
            }
            Classifier::Bool(classes) => (f::Classifier::Bool, writer.words(classes.to_vec()), 0, 0),
            Classifier::Number { bounds, classes } => {
                let stored = writer.ints(bounds.iter().copied());
                (f::Classifier::Number, stored.at.get(), stored.len.get(), writer.words(classes.clone()))
            }
            Classifier::Ip { starts, classes } => {
                let at = writer.addresses.len() as u32;
                writer.addresses.extend(starts.iter().map(|s| s.to_be_bytes()));
                (f::Classifier::Ip, at, starts.len() as u32, writer.words(classes.clone()))
            }
            Classifier::Window(window) => (f::Classifier::Window, window.0, 0, 0),
            Classifier::Set { elements, declared } => {
                for (index, element) in (0..).zip(elements) {
                    writer.name(f::Space::Value.of(number), element, index);
                }
                (f::Classifier::Set, elements.len() as u32, 0, *declared)
            }
            Classifier::Element { head, index } => (f::Classifier::Element, *head, *index, 0),
            Classifier::Relation(predicate) => {
                let left = self.subject(&slot.subject, writer);
                match predicate {
                    Predicate::ElementOf(right) => {
                        (f::Classifier::ElementOf, left, self.subject(right, writer), 0)
                    }
                    Predicate::Same(right) => (f::Classifier::Same, left, self.subject(right, writer), 0),
                    // Slots make relations of these two only.
                    _ => (f::Classifier::Same, left, left, 0),
                }
            }
            Classifier::Stage(ratchet, _) => (f::Classifier::Stage, ratchet.0, 0, 0),
        }
    }

    fn subject(&mut self, subject: &Subject, writer: &mut Writer) -> u32 {
        if let Some(known) = self.subjects.get(subject) {
            return *known;
        }
        let (owner, attributes, inherited) = match subject {
            Subject::Attribute(id) => {
                let owner = match self.model.attributes[id.index()].owner {
                    Owner::User => f::Owner::User,
                    _ => f::Owner::Request,
                };
                (owner, vec![id.0], false)
            }
            Subject::Container { attributes, inherited } => {
                (f::Owner::Container, attributes.iter().map(|a| a.0).collect(), *inherited)
            }
            Subject::Stage(_) => (f::Owner::Request, Vec::new(), false),
        };
        let record = f::Subject {
            owner: owner.code().into(),
            slot: self.space.slots.main(subject).into(),
            attributes: writer.list(attributes),
            inherited: u32::from(inherited).into(),
        };
        writer.subjects.push(record);
        let number = writer.subjects.len() as u32 - 1;
        self.subjects.insert(subject.clone(), number);
        number
    }
}

/// The slots that read an attribute: not elements, which their set feeds, and not relations.
fn feeds(space: &Space, attribute: AttributeId) -> Vec<u32> {
    let reads = |slot: &Slot| match &slot.subject {
        Subject::Attribute(id) => *id == attribute,
        Subject::Container { attributes, .. } => attributes.contains(&attribute),
        Subject::Stage(_) => false,
    };
    let direct =
        |slot: &Slot| !matches!(slot.classifier, Classifier::Element { .. } | Classifier::Relation(_));
    (0..).zip(&space.slots.slots).filter(|(_, s)| direct(s) && reads(s)).map(|(n, _)| n).collect()
}

fn type_code(kind: Type) -> f::Type {
    match kind {
        Type::String => f::Type::String,
        Type::Bool => f::Type::Bool,
        Type::Int => f::Type::Int,
        Type::Enum(_) => f::Type::Enum,
        Type::Strings => f::Type::Strings,
        Type::Ip => f::Type::Ip,
        Type::Domain => f::Type::Domain,
        Type::Origin => f::Type::Origin,
        Type::Instant => f::Type::Instant,
        Type::Duration => f::Type::Duration,
    }
}

fn kinds(model: &Model, space: &Space, writer: &mut Writer, problems: &mut Vec<Diagnostic>) {
    for (number, kind) in (0..).zip(&model.kinds) {
        let depth = std::iter::successors(Some(KindId(number)), |k| model.kinds[k.index()].parent).count();
        if depth > f::MAX_DEPTH {
            problems.push(errors::too_deep(
                &format!("kind `{}`", kind.name),
                depth,
                f::MAX_DEPTH,
                Default::default(),
            ));
        }
        writer.name(f::Space::Kind.of(0), &kind.name, number);
        let (mut reads, mut closes) = (Vec::new(), Vec::new());
        for (slot_number, slot) in (0..).zip(&space.slots.slots) {
            let Subject::Container { attributes, inherited } = &slot.subject else {
                continue;
            };
            let owned =
                attributes.iter().any(|a| model.attributes[a.index()].owner == Owner::Kind(KindId(number)));
            let derived = matches!(slot.classifier, Classifier::Relation(_) | Classifier::Element { .. });
            if derived || !owned {
                continue;
            }
            reads.push(slot_number);
            if !inherited && attributes.len() > 1 {
                closes.push(slot_number);
            }
        }
        let id = kind.attributes.first().map_or(0, |a| a.0);
        let record = f::ContainerKind {
            name: writer.text(&kind.name),
            parent: kind.parent.map_or(f::NONE, |p| p.0).into(),
            closes: writer.list(closes),
            reads: writer.list(reads),
            id: id.into(),
        };
        writer.kinds.push(record);
    }
}

fn ratchets(model: &Model, space: &Space, sources: &SourceMap, writer: &mut Writer) {
    for (number, ratchet) in (0..).zip(&model.ratchets) {
        writer.name(f::Space::Ratchet.of(0), &ratchet.name, number);
        for (stage, record) in (0..).zip(&ratchet.stages) {
            writer.name(f::Space::Stage.of(number), &record.name, stage);
        }
        let slot = space.slots.find(&Subject::Stage(crate::sema::model::RatchetId(number)));
        let classes = slot.map(|s| match &space.slots.slots[s as usize].classifier {
            Classifier::Stage(_, classes) => classes.clone(),
            _ => Vec::new(),
        });
        let holds = |stage: usize| ratchet.stages[..=stage].iter().rev().find_map(|s| s.holds.as_ref());
        let limits: Vec<u32> = (0..ratchet.stages.len())
            .map(|stage| holds(stage).map_or(f::NONE, |h| scope_set(model, &closure(model, h), writer)))
            .collect();
        let locked =
            ratchet.stages.iter().zip(&limits).map(|(s, l)| u32::from(s.locked && *l != f::NONE)).collect();
        let record = f::Ratchet {
            name: writer.text(&ratchet.name),
            slot: slot.unwrap_or(f::NONE).into(),
            stages: writer.list(classes.unwrap_or_else(|| vec![f::MISSING; ratchet.stages.len()])),
            locked: writer.words(locked).into(),
            limits: writer.words(limits).into(),
            place: writer.text(&sources.at(ratchet.span)),
        };
        writer.ratchets.push(record);
    }
}

fn windows(model: &Model, writer: &mut Writer) {
    for window in &model.windows {
        // The checker accepts only zones that the database knows.
        let zone = TimeZone::get(&window.zone).unwrap_or(TimeZone::UTC);
        let offset = |t: Timestamp| i64::from(zone.to_offset(t).seconds());
        let start = Timestamp::from_second(sprag_runtime::FIRST_INSTANT).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut offsets = vec![offset(start)];
        let mut transitions = Vec::new();
        for transition in zone.following(start) {
            if transition.timestamp().as_second() >= sprag_runtime::LAST_INSTANT {
                break;
            }
            let after = i64::from(transition.offset().seconds());
            if offsets.last() != Some(&after) {
                transitions.push(transition.timestamp().as_second());
                offsets.push(after);
            }
        }
        let transitions = writer.ints(transitions);
        let offsets = writer.ints(offsets).at;
        let minutes = writer.list(window.minutes.iter().flat_map(|(s, e)| [*s, *e]).collect());
        let name = writer.text(&window.name);
        writer.windows.push(f::Window { name, transitions, offsets, minutes });
    }
}

fn containers(model: &Model, space: &Space, writer: &mut Writer) {
    let mut feeds_of: BTreeMap<AttributeId, Vec<u32>> = BTreeMap::new();
    for (number, container) in (0..).zip(&model.containers) {
        writer.name(f::Space::Container.of(container.kind.0), &container.id, number);
        let mut classes = BTreeMap::new();
        let facts_at = writer.facts.len() as u32;
        for (attribute, value) in &container.attributes {
            for slot in feeds_of.entry(*attribute).or_insert_with(|| feeds(space, *attribute)).iter() {
                classify(model, space, *slot, value, &mut classes);
            }
            let fact = fact(model, *attribute, value, writer);
            writer.facts.push(fact);
        }
        let len = writer.facts.len() as u32 - facts_at;
        let record = f::Container {
            kind: container.kind.0.into(),
            id: writer.text(&container.id),
            parent: container.parent.map_or(f::NONE, |p| p.0).into(),
            classes: writer.list(classes.into_iter().flat_map(|(slot, class)| [slot, class]).collect()),
            facts: f::Range { at: facts_at.into(), len: len.into() },
        };
        writer.containers.push(record);
    }
}

/// The classes that a stated value gives to a slot (and, for a set, to its elements).
fn classify(model: &Model, space: &Space, number: u32, value: &Constant, classes: &mut BTreeMap<u32, u32>) {
    let slot = &space.slots.slots[number as usize];
    let truth = |truth: bool| if truth { f::TRUE } else { f::FALSE };
    let class = match (&slot.classifier, value) {
        (
            Classifier::Text { exact, automaton, other },
            Constant::String(t) | Constant::Domain(t) | Constant::Origin(t),
        ) => match exact.binary_search_by(|(text, _)| text.as_str().cmp(t)) {
            Ok(at) => Some(exact[at].1),
            Err(_) => Some(automaton.as_ref().map_or(*other, |(a, ends)| ends[a.end(t.as_bytes())])),
        },
        (Classifier::Enum(values), Constant::Index(index)) => {
            values.get(*index as usize).map(|(_, class)| *class)
        }
        (Classifier::Bool(pair), Constant::Bool(truth)) => Some(pair[usize::from(*truth)]),
        (Classifier::Number { bounds, classes }, Constant::Int(n)) => {
            Some(classes[bounds.partition_point(|b| b <= n)])
        }
        (Classifier::Ip { starts, classes }, Constant::Ip(ip)) => {
            let number = match ip {
                std::net::IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
                std::net::IpAddr::V6(v6) => v6.to_bits(),
            };
            Some(classes[starts.partition_point(|s| *s <= number)])
        }
        (Classifier::Window(window), Constant::Int(instant)) => {
            let window = &model.windows[window.index()];
            in_window(&window.zone, &window.minutes, *instant).map(truth)
        }
        (Classifier::Set { elements, .. }, Constant::Strings(set)) => {
            // An element that is not told does not hold: so says the class of the head.
            for (index, _) in (0..).zip(elements).filter(|(_, element)| set.contains(*element)) {
                classes.insert(number + 1 + index, f::TRUE);
            }
            Some(f::FIRST)
        }
        _ => None,
    };
    if let Some(class) = class {
        classes.insert(number, class);
    }
}

fn in_window(zone: &str, minutes: &[(u32, u32)], instant: i64) -> Option<bool> {
    if !(sprag_runtime::FIRST_INSTANT..sprag_runtime::LAST_INSTANT).contains(&instant) {
        return None;
    }
    let local = Timestamp::from_second(instant).ok()?.to_zoned(TimeZone::get(zone).ok()?);
    let day = u32::try_from(local.weekday().to_monday_zero_offset()).ok()?;
    let minute = day * 1440 + u32::try_from(local.hour()).ok()? * 60 + u32::try_from(local.minute()).ok()?;
    Some(minutes.iter().any(|(start, end)| (*start..*end).contains(&minute)))
}

fn fact(model: &Model, attribute: AttributeId, value: &Constant, writer: &mut Writer) -> f::Fact {
    let kind = model.attributes[attribute.index()].kind;
    let mut record = f::Fact {
        attribute: attribute.0.into(),
        kind: type_code(kind).code().into(),
        text: writer.text(""),
        int: 0.into(),
        set: f::Range { at: 0.into(), len: 0.into() },
    };
    match value {
        Constant::String(text) | Constant::Domain(text) | Constant::Origin(text) => {
            record.text = writer.text(text)
        }
        Constant::Ip(ip) => record.text = writer.text(&ip.to_string()),
        Constant::Bool(truth) => record.int = i64::from(*truth).into(),
        Constant::Int(number) => record.int = (*number).into(),
        Constant::Index(index) => {
            if let Type::Enum(e) = kind {
                record.text = writer.text(&model.enumerations[e.index()].values[*index as usize]);
            }
        }
        Constant::Strings(set) => record.set = writer.texts(set.iter().map(String::as_str)),
    }
    record
}

fn users(model: &Model, space: &Space, table: &Table, writer: &mut Writer) {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (group, members) in &model.groups {
        members.iter().for_each(|m| groups.entry(m).or_default().push(group));
        let name = writer.text(group);
        writer.name(f::Space::Group.of(0), group, writer.groups.len() as u32);
        writer.groups.push(f::Group { name });
    }
    for id in table.users.keys() {
        groups.entry(id).or_default();
    }
    let head = user_groups(model).and_then(|s| space.slots.find(&s));
    let elements = head.map(|head| match &space.slots.slots[head as usize].classifier {
        Classifier::Set { elements, .. } => (head, elements),
        _ => (head, const { &Vec::new() }),
    });
    let slots: BTreeMap<&str, u32> = elements
        .iter()
        .flat_map(|(head, elements)| {
            (head + 1..).zip(elements.iter()).map(|(slot, name)| (name.as_str(), slot))
        })
        .collect();
    for (number, (id, groups)) in (0..).zip(groups) {
        writer.name(f::Space::User.of(0), id, number);
        let record = f::User {
            id: writer.text(id),
            stratum: table.users.get(id).copied().unwrap_or(f::NONE).into(),
            groups: writer.list(groups.iter().filter_map(|g| slots.get(g).copied()).collect()),
            names: writer.texts(groups.iter().copied()),
        };
        writer.users.push(record);
    }
}

fn clauses(model: &Model, sources: &SourceMap, writer: &mut Writer) {
    for clause in &model.clauses {
        let kind = match clause.kind {
            ClauseKind::AppUserGrant => 0,
            ClauseKind::ContextUserGrant => 1,
            ClauseKind::Permit => 2,
            ClauseKind::Forbid => 3,
            ClauseKind::Withdrawal => 4,
        };
        // One line: what stood on several is joined by single blanks.
        let text = sources.text(clause.span).split_whitespace().collect::<Vec<_>>().join(" ");
        let record = f::Clause {
            name: writer.text(&clause.name),
            place: writer.text(&sources.at(clause.span)),
            because: writer.text(&clause.because),
            text: writer.text(&text),
            kind: kind.into(),
        };
        writer.clauses.push(record);
    }
}

fn globals(model: &Model, space: &Space, table: &Table, writer: &mut Writer) {
    let slots = space.slots.slots.len() as u32;
    let head = user_groups(model).and_then(|s| space.slots.find(&s));
    let elements = head.map(|head| match &space.slots.slots[head as usize].classifier {
        Classifier::Set { elements, .. } => elements.clone(),
        _ => Vec::new(),
    });
    let strata: Vec<u32> =
        elements.iter().flatten().map(|group| table.groups.get(group).copied().unwrap_or(f::NONE)).collect();
    let scratch = writer.slots.len() as u32 + head.map_or(0, |_| strata.len() as u32 + 1);
    let from_caller = |source: Source| u32::from(source == Source::Caller).into();
    let globals = f::Globals {
        package: writer.text(&model.package),
        scratch: scratch.into(),
        app_slot: table.exceptions.classes().map_or(f::NONE, |_| table.exceptions.slot).into(),
        groups: head.unwrap_or(f::NONE).into(),
        group_strata: writer.words(strata).into(),
        any_user: table.any_user.into(),
        relations: f::Range { at: space.slots.relations.into(), len: (slots - space.slots.relations).into() },
        lifecycle_from_caller: from_caller(model.authority.lifecycle),
        app_user_from_caller: from_caller(model.authority.app_user),
        context_user_from_caller: from_caller(model.authority.context_user),
    };
    writer.globals = Some(globals);
}
