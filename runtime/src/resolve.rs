//! From a request to classes: everything that reads the request's strings.

use crate::classify::{UNDECIDED, address, word};
use crate::decision::Reason;
use crate::format::{
    Attribute, Classifier, FALSE, FIRST, Fact, LISTED, MAX_DEPTH, MAX_NAMED, MISSING, NONE, Operation, Owner,
    Range, Slot, Space, Subject, TRUE, Type, UNREADABLE, Word,
};
use crate::load::Bundle;
use crate::namings::{Room, Said};
use crate::request::{App, AppHandle, Container, OperationHandle, Request, Target, User, Value};
use crate::state::{STRANGE, State, Withdrawn};
use crate::{format, routes, text};

/// A request whose strings were all looked up: deciding it reads only tables, and only those of its own bundle.
#[derive(Debug)]
pub struct Resolved<'s, 'r> {
    /// One class a slot, then the list of element slots of `user.groups` that hold.
    pub(crate) classes: &'s mut [u32],
    /// The bundle whose classes these are.
    pub(crate) bundle: u64,
    pub(crate) fits: bool,
    pub(crate) app: Option<u32>,
    pub(crate) stale_app: bool,
    pub(crate) stale_operation: bool,
    pub(crate) anonymous: bool,
    pub(crate) operation: Option<u32>,
    /// Why the containers do not do, if they do not.
    pub(crate) chain: Option<Reason>,
    pub(crate) user: bool,
    /// Index of the context user among the users that the policy names.
    pub(crate) known_user: Option<u32>,
    pub(crate) groups: usize,
    pub(crate) enabled: Option<bool>,
    pub(crate) on_site: Option<bool>,
    pub(crate) app_user_permitted: Option<bool>,
    pub(crate) user_permitted: Option<bool>,
    /// Which combination of stages, as an index into the app's `held`.
    pub(crate) stages: usize,
    /// Whether the stage reached in some ratchet is locked.
    pub(crate) locked: bool,
    pub(crate) approved: Option<&'r [&'r str]>,
    pub(crate) withdrawn: Withdrawn<'r>,
    pub(crate) state: Option<&'r State<'r>>,
    /// The operation was withdrawn, or all that the request asks for lies in a container that was.
    pub(crate) taken: bool,
    /// Some entries of a list may.
    pub(crate) taken_listed: bool,
}

impl Resolved<'_, '_> {
    fn set(&mut self, slot: u32, class: u32) {
        if let Some(to) = self.classes.get_mut(slot as usize)
            && *to == UNDECIDED
        {
            *to = class;
        }
    }

    fn overwrite(&mut self, slot: u32, class: u32) {
        if let Some(to) = self.classes.get_mut(slot as usize) {
            *to = class;
        }
    }

    fn undecided(&self, slot: u32) -> bool {
        self.classes.get(slot as usize) == Some(&UNDECIDED)
    }
}

/// The containers in effect, by the depth of their kind.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'r> {
    given: &'r [Container<'r>],
    links: [Option<Link<'r>>; MAX_DEPTH],
    /// The kinds that differ from item to item of a list: none, or those with depths in `from..=to`.
    listed: Option<(usize, usize)>,
    /// The kind whose path to the root the links lie on.
    anchor: u32,
}

#[derive(Clone, Copy)]
struct Link<'r> {
    kind: u32,
    /// `None` where the request knows only that there is one.
    id: Option<&'r str>,
    /// Index among the containers that the policy names, or [`NONE`].
    declared: u32,
    /// Index among the containers that the request gives, or [`NONE`].
    given: u32,
    /// Whether the path names it.
    named: bool,
    /// Whether the policy says of a container further in that it lies in this one.
    settled: bool,
}

impl Link<'_> {
    /// Whether nobody but the path speaks of it, so that nothing is known of its attributes.
    fn is_only_named(&self) -> bool {
        self.named && self.given == NONE
    }
}

impl<'a: 'r, 'r> Bundle<'a> {
    /// The handle of an app, for many decisions about it.
    pub fn app(&self, key: &str) -> Option<AppHandle> {
        let index = self.symbol(Space::App.of(0), key)?;
        Some(AppHandle { index, bundle: self.identity() })
    }

    /// The handle of an operation.
    pub fn operation(&self, name: &str) -> Option<OperationHandle> {
        let index = self.symbol(Space::Operation.of(0), name)?;
        Some(OperationHandle { index, bundle: self.identity() })
    }

    /// Looks up everything that a request names. `scratch` must have [`Bundle::scratch_len`] words, else
    /// the answer will be a denial that says so.
    pub fn resolve<'s>(&self, request: &Request<'r>, scratch: &'s mut [u32]) -> Resolved<'s, 'r> {
        let t = &self.tables;
        let fits = scratch.len() >= self.scratch_len();
        let slots = t.slots.len().min(scratch.len());
        if let Some(classes) = scratch.get_mut(..slots) {
            classes.fill(UNDECIDED);
        }
        let mut wire = None;
        let operation = match request.operation {
            Target::Name(name) => self.operation(name),
            Target::Handle(handle) => Some(handle),
            Target::Http { method, path } => {
                wire = routes::plain(path);
                let index = wire.and_then(|path| self.find(method, path));
                index.map(|index| OperationHandle { index, bundle: self.identity() })
            }
        };
        let app = match request.app {
            Some(App::Key(key)) => self.app(key),
            Some(App::Handle(handle)) => Some(handle),
            None => None,
        };
        // Its number means something else here.
        let stale_app = app.is_some_and(|app| app.bundle != self.identity());
        let stale_operation = operation.is_some_and(|operation| operation.bundle != self.identity());
        let app = app.filter(|_| !stale_app).map(|app| app.index);
        let operation = operation.filter(|_| !stale_operation).map(|operation| operation.index);
        let mut r = Resolved {
            classes: scratch,
            bundle: self.identity(),
            fits,
            app,
            stale_app,
            stale_operation,
            anonymous: request.app.is_none(),
            operation,
            chain: None,
            user: request.user.is_some(),
            known_user: None,
            groups: 0,
            enabled: None,
            on_site: None,
            app_user_permitted: None,
            user_permitted: None,
            stages: 0,
            locked: false,
            approved: request.approved,
            withdrawn: request.withdrawn,
            state: request.state,
            taken: false,
            taken_listed: false,
        };
        if let Some(app) = r.app.and_then(|a| t.apps.get(a as usize)) {
            r.set(t.globals.app_slot.get(), app.class.get());
        }
        if let Some(user) = &request.user {
            self.read_user(&mut r, user);
        }
        for (name, value) in request.attributes {
            self.read_attribute(&mut r, name, *value);
        }
        self.read_stages(&mut r, request.stages);
        let mut room = None;
        let mut chain = None;
        if let Some((number, operation)) =
            r.operation.and_then(|number| Some((number, t.operations.get(number as usize)?)))
        {
            let effective =
                self.chain(number, operation, request.containers, wire, &mut room).unwrap_or_else(|reason| {
                    r.chain = Some(reason);
                    // Containers that contradict each other count as none at all.
                    Chain { given: &[], links: [None; MAX_DEPTH], listed: None, anchor: anchor(operation) }
                });
            self.read_chain(&mut r, &effective);
            self.read_withdrawn(&mut r, operation, &effective);
            chain = Some(effective);
        }
        let relations = t.globals.relations;
        for slot in relations.at.get()..relations.at.get().saturating_add(relations.len.get()) {
            if let Some(class) = self.relation(&r, slot, request, chain.as_ref()) {
                r.overwrite(slot, class);
            }
        }
        r
    }

    /// The class of a slot.
    pub(crate) fn class(&self, r: &Resolved<'_, '_>, slot: u32) -> u32 {
        match r.classes.get(slot as usize) {
            Some(&UNDECIDED) => self.class_of_undecided(r, slot),
            Some(class) => *class,
            None => MISSING,
        }
    }

    /// Of a set that was read, only the elements that hold were noted.
    fn class_of_undecided(&self, r: &Resolved<'_, '_>, slot: u32) -> u32 {
        match self.tables.slots.get(slot as usize) {
            Some(slot) if slot.classifier.get() == Classifier::Element.code() => {
                match r.classes.get(slot.a.get() as usize) {
                    Some(&FIRST) => FALSE,
                    Some(&LISTED) => LISTED,
                    _ => MISSING,
                }
            }
            _ => MISSING,
        }
    }

    fn read_user(&self, r: &mut Resolved<'_, 'r>, user: &User<'r>) {
        let t = &self.tables;
        r.known_user = self.symbol(Space::User.of(0), user.id);
        self.read(r, Space::Attribute.of(0), "id", Value::Text(user.id));
        for (name, value) in user.attributes {
            if *name == "permitted" && r.user_permitted.is_none() {
                r.user_permitted = Some(matches!(value, Value::Bool(true)));
            } else if *name != "id" && *name != "groups" {
                self.read(r, Space::Attribute.of(0), name, *value);
            }
        }
        let head = t.globals.groups.get();
        let Some(slot) = t.slots.get(head as usize) else {
            return;
        };
        let (elements, declared) = (slot.a.get(), slot.c.get());
        let given = given_groups(user);
        match given {
            Given::Set(_) => r.set(head, FIRST),
            _ if !t.groups.is_empty() => r.set(head, FIRST),
            Given::Unreadable => r.set(head, UNREADABLE),
            Given::Nothing => {}
        }
        if let Some(known) = r.known_user.and_then(|u| t.users.get(u as usize)) {
            for slot in self.words(known.groups) {
                r.overwrite(slot.get(), TRUE);
                self.note_group(r, slot.get());
            }
        }
        if let Given::Set(given) = given {
            for name in given {
                match self.symbol(Space::Value.of(head), name) {
                    Some(element) if element >= declared && r.undecided(head + 1 + element) => {
                        r.overwrite(head + 1 + element, TRUE);
                        self.note_group(r, head + 1 + element);
                    }
                    _ => {}
                }
            }
        } else {
            // Whether the user is in a group of the caller's is not known.
            for element in declared..elements {
                r.set(head + 1 + element, MISSING);
            }
        }
    }

    /// Remembers a group that the user is in, behind the classes.
    fn note_group(&self, r: &mut Resolved<'_, 'r>, slot: u32) {
        if let Some(to) = r.classes.get_mut(self.tables.slots.len() + r.groups) {
            *to = slot;
            r.groups += 1;
        }
    }

    fn read_attribute(&self, r: &mut Resolved<'_, 'r>, name: &str, value: Value<'r>) {
        match (name, value) {
            ("install.status", Value::Text(status)) if r.enabled.is_none() => {
                r.enabled = Some(status == "enabled");
            }
            ("install.status", _) if r.enabled.is_none() => r.enabled = Some(false),
            ("install.site", _) if r.on_site.is_some() => {}
            ("install.site", Value::Text(site)) => {
                let on = r.app.and_then(|app| self.symbol(Space::Site.of(app), site));
                r.on_site = Some(on.is_some());
            }
            ("install.site", _) => r.on_site = Some(false),
            ("app-user.permitted", value) if r.app_user_permitted.is_none() => {
                r.app_user_permitted = Some(matches!(value, Value::Bool(true)));
                return;
            }
            _ => {}
        }
        self.read(r, Space::Attribute.of(1), name, value);
    }

    /// Feeds one named value to all slots that read it.
    fn read(&self, r: &mut Resolved<'_, 'r>, space: u32, name: &str, value: Value<'r>) {
        let t = &self.tables;
        let Some(attribute) = self.symbol(space, name) else {
            return;
        };
        if let Some(attribute) = t.attributes.get(attribute as usize) {
            self.feed(r, attribute, value);
        }
    }

    fn feed(&self, r: &mut Resolved<'_, '_>, attribute: &Attribute, value: Value<'_>) {
        let t = &self.tables;
        let Some(kind) = Type::from_code(attribute.kind.get()) else {
            return;
        };
        for number in self.words(attribute.feeds) {
            let number = number.get();
            let Some(slot) = t.slots.get(number as usize) else {
                continue;
            };
            if !r.undecided(number) {
                continue;
            }
            match value {
                Value::Set(elements) if kind == Type::Strings => self.feed_set(r, number, slot, elements),
                _ => r.set(number, self.classify(number, slot, kind, value).unwrap_or(UNREADABLE)),
            }
        }
    }

    fn feed_set(&self, r: &mut Resolved<'_, '_>, head: u32, slot: &Slot, elements: &[&str]) {
        r.set(head, FIRST);
        for text in elements {
            if let Some(element) = self.symbol(Space::Value.of(head), text)
                && element < slot.a.get()
            {
                r.overwrite(head + 1 + element, TRUE);
            }
        }
    }

    /// The stage in each of the app's ratchets; the last where it is not known.
    fn read_stages(&self, r: &mut Resolved<'_, 'r>, stages: &[(&str, &str)]) {
        let t = &self.tables;
        let Some(app) = r.app.and_then(|a| t.apps.get(a as usize)) else {
            return;
        };
        for (at, pair) in self.words(app.ratchets).chunks(2).enumerate() {
            let [number, stride] = pair else { continue };
            let Some(ratchet) = t.ratchets.get(number.get() as usize) else {
                continue;
            };
            let given = match r.state {
                Some(state) => state.stages.get(at).copied().filter(|stage| *stage != NONE),
                None => {
                    let name = self.text(ratchet.name);
                    let given = stages.iter().find(|(ratchet, _)| *ratchet == name);
                    given.map(|(_, s)| self.symbol(Space::Stage.of(number.get()), s).unwrap_or(STRANGE))
                }
            };
            let last = ratchet.stages.len.get().saturating_sub(1);
            let reached = given.filter(|s| *s <= last);
            if given.is_some() {
                let class = reached.and_then(|s| word(t, ratchet.stages.at.get() as usize + s as usize));
                r.set(ratchet.slot.get(), class.unwrap_or(UNREADABLE));
            }
            let stage = reached.unwrap_or(last);
            r.locked |= word(t, ratchet.locked.get() as usize + stage as usize) == Some(1);
            r.stages += stage as usize * stride.get() as usize;
        }
    }

    /// Whether the operation or the containers in effect were taken from the installation.
    fn read_withdrawn(&self, r: &mut Resolved<'_, '_>, operation: &Operation, chain: &Chain<'_>) {
        let containers = match r.state {
            Some(state) => {
                r.taken = r.operation.is_some_and(|o| state.operations.binary_search(&o).is_ok());
                state.containers
            }
            None => {
                let name = self.text(operation.name);
                r.taken = r.withdrawn.operations.contains(&name);
                r.withdrawn.containers
            }
        };
        for (at, (kind, id)) in containers.iter().enumerate() {
            let kind = match r.state {
                Some(state) => state.kinds.get(at).copied(),
                None => self.symbol(Space::Kind.of(0), kind),
            };
            let Some(kind) = kind.filter(|kind| *kind != NONE && self.is_within(chain.anchor, *kind)) else {
                continue; // what the operation does happens nowhere in a container of such a kind
            };
            let depth = self.depth(kind);
            if chain.is_listed(depth) {
                r.taken_listed = true;
                continue;
            }
            // Which container it is may not be known: it may be this one.
            let other = chain.links.get(depth).copied().flatten();
            let other = other.and_then(|link| link.id).is_some_and(|known| known != *id);
            r.taken |= !other;
        }
    }

    /// The effective chain of containers: those given, and those that the plain path of a request on the wire names.
    /// Why there is none, if they cannot be consistent with each other, with the operation or with the policy.
    fn chain<'c>(
        &self,
        number: u32,
        operation: &Operation,
        given: &'c [Container<'c>],
        path: Option<&str>,
        room: &'c mut Option<Room>,
    ) -> Result<Chain<'c>, Reason>
    where
        'a: 'c,
    {
        let acts = operation.kind.get();
        let lists = Some(operation.lists.get()).filter(|l| *l != NONE);
        let anchor = anchor(operation);
        let mut chain = Chain { given, links: [None; MAX_DEPTH], listed: None, anchor };
        let path = path.map(|path| self.named(&mut chain, number, path, room));
        let mut contradiction = path == Some(false);
        let mut innermost = chain.links.iter().flatten().next_back().map(|link| link.kind);
        let mut below = None;
        for (number, container) in (0..).zip(given) {
            let kind = self.symbol(Space::Kind.of(0), container.kind).ok_or(Reason::WrongContainer)?;
            match below {
                Some(below) if kind == below || !self.is_within(below, kind) => {
                    return Err(Reason::WrongContainer);
                }
                Some(_) => {}
                None => match innermost {
                    Some(named) if self.is_within(named, kind) => {}
                    Some(named) if !self.is_within(kind, named) => return Err(Reason::WrongContainer),
                    Some(_) | None => innermost = Some(kind),
                },
            }
            below = Some(kind);
            let link = chain.links.get_mut(self.depth(kind)).ok_or(Reason::WrongContainer)?;
            match link {
                Some(link) => {
                    contradiction |= container.id.is_some_and(|id| link.id != Some(id));
                    link.given = number;
                }
                None => *link = Some(self.link(kind, container.id, number, false)),
            }
        }
        if let Some(innermost) = innermost {
            let related = |kind: u32| self.is_within(innermost, kind) || self.is_within(kind, innermost);
            if !related(acts) && !lists.is_some_and(related) {
                return Err(Reason::WrongContainer);
            }
            for depth in (0..=self.depth(innermost)).rev() {
                contradiction |= !self.fill_outwards(&mut chain, depth);
            }
        }
        if contradiction {
            return Err(Reason::ContradictsPath);
        }
        // Only containers of kinds that the operation acts in (or lists), and above, have a say.
        for (depth, link) in chain.links.iter_mut().enumerate() {
            if link.is_some_and(|l| !self.is_within(anchor, l.kind) || self.depth(l.kind) != depth) {
                *link = None;
            }
        }
        if let Some(lists) = lists {
            let deepest = chain.links.iter().rposition(Option::is_some);
            let first = self.depth(acts) + usize::from(lists != acts);
            let from = deepest.map_or(first, |d| first.max(d + 1));
            chain.listed = Some((from, self.depth(lists)));
        }
        Ok(chain)
    }

    /// Links what the path names; whether all of it can be told. If not, nothing is linked.
    fn named<'c>(&self, chain: &mut Chain<'c>, operation: u32, path: &str, room: &'c mut Option<Room>) -> bool
    where
        'a: 'c,
    {
        let namings = self.namings(operation);
        if namings.is_empty() {
            return true;
        }
        let mut free = &mut room.get_or_insert([0; MAX_NAMED])[..];
        for naming in namings {
            let kind = naming.kind.get();
            match self.said(naming, path, &mut free) {
                Said::Id(id) => {
                    if let Some(to) = chain.links.get_mut(self.depth(kind)) {
                        *to = Some(self.link(kind, Some(id), NONE, true));
                    }
                }
                Said::Nothing => {}
                Said::Unclear => {
                    chain.links = [None; MAX_DEPTH];
                    return false;
                }
            }
        }
        true
    }

    fn link<'c>(&self, kind: u32, id: Option<&'c str>, given: u32, named: bool) -> Link<'c> {
        let declared = id.and_then(|id| self.symbol(Space::Container.of(kind), id)).unwrap_or(NONE);
        Link { kind, id, declared, given, named, settled: false }
    }

    /// What the policy says of where a container lies is stronger than what the request says: it stands at those kinds.
    /// Where a container further in lies elsewhere, this one is not where the request says, and is left out. It must be
    /// what the path says, if that says anything.
    fn fill_outwards<'c>(&self, chain: &mut Chain<'c>, depth: usize) -> bool
    where
        'a: 'c,
    {
        let Some(Some(link)) = chain.links.get(depth).copied() else {
            return true;
        };
        if link.settled {
            return true; // and so is what it lies in
        }
        let elsewhere = |(number, record): (u32, &format::Container)| {
            let there = chain.links.get(self.depth(record.kind.get())).copied().flatten();
            there.is_some_and(|there| there.settled && there.declared != number)
        };
        if self.outwards(link.declared).any(elsewhere) {
            if let Some(here) = chain.links.get_mut(depth) {
                *here = None;
            }
            return !link.named;
        }
        let mut fits = true;
        for (declared, record) in self.outwards(link.declared) {
            let (kind, id) = (record.kind.get(), Some(self.text(record.id)));
            match chain.links.get_mut(self.depth(kind)) {
                Some(Some(link)) if link.id == id => link.settled = true,
                Some(link) => {
                    fits &= !link.is_some_and(|link| link.named);
                    *link = Some(Link { kind, id, declared, given: NONE, named: false, settled: true });
                }
                None => {}
            }
        }
        fits
    }

    /// What the policy says that a container lies in, with the numbers, from the inside outwards.
    fn outwards(&self, container: u32) -> impl Iterator<Item = (u32, &'a format::Container)> {
        let containers = self.tables.containers;
        let parent = move |number: u32| containers.get(number as usize).map(|record| record.parent.get());
        let outer = core::iter::successors(parent(container), move |number| parent(*number));
        outer.map_while(move |number| Some((number, containers.get(number as usize)?))).take(MAX_DEPTH)
    }

    /// Reads the containers, innermost first: the first value that a slot meets stays.
    fn read_chain(&self, r: &mut Resolved<'_, '_>, chain: &Chain<'_>) {
        let t = &self.tables;
        let mut kind = chain.anchor;
        while let Some(record) = t.kinds.get(kind as usize) {
            let depth = self.depth(kind);
            let (settled, class) = match chain.links.get(depth).copied().flatten() {
                Some(link) => {
                    self.read_link(r, chain, &link, record.id.get());
                    if link.is_only_named() { (record.reads, UNREADABLE) } else { (record.closes, MISSING) }
                }
                None if chain.is_listed(depth) => (record.reads, LISTED),
                // One that the request does not name may have a value of its own.
                None => (record.reads, UNREADABLE),
            };
            for slot in self.words(settled) {
                r.set(slot.get(), class);
            }
            kind = record.parent.get();
        }
    }

    fn read_link(&self, r: &mut Resolved<'_, '_>, chain: &Chain<'_>, link: &Link<'_>, id_attribute: u32) {
        let t = &self.tables;
        if let (Some(id), Some(attribute)) = (link.id, t.attributes.get(id_attribute as usize)) {
            self.feed(r, attribute, Value::Text(id));
        }
        if let Some(container) = t.containers.get(link.declared as usize) {
            // The elements of a set follow its head, and count only if the set does.
            let mut passed = 0;
            for pair in self.words(container.classes).chunks(2) {
                let [slot, class] = pair else { continue };
                let slot = slot.get();
                if slot < passed {
                    continue;
                }
                if r.undecided(slot) {
                    r.set(slot, class.get());
                } else if let Some(record) = t.slots.get(slot as usize)
                    && record.classifier.get() == Classifier::Set.code()
                {
                    passed = slot.saturating_add(record.a.get()).saturating_add(1);
                }
            }
            for fact in self.facts(container) {
                self.settle(r, fact.attribute.get());
            }
        }
        for (name, value) in chain.attributes(link) {
            let space = Space::Attribute.of(2 + link.kind);
            let Some(number) = self.symbol(space, name) else {
                continue;
            };
            if number == id_attribute || self.fact(link.declared, number).is_some() {
                continue;
            }
            if let Some(attribute) = t.attributes.get(number as usize) {
                self.feed(r, attribute, *value);
            }
        }
    }

    /// Closes the slots that a stated attribute feeds: where it gives no class (an instant of a year of which no
    /// zone is known), what lies outside must not stand in for it.
    fn settle(&self, r: &mut Resolved<'_, '_>, attribute: u32) {
        let t = &self.tables;
        let Some(attribute) = t.attributes.get(attribute as usize) else {
            return;
        };
        for number in self.words(attribute.feeds) {
            r.set(number.get(), UNREADABLE);
        }
    }

    /// Class of a relation between two subjects; `None` leaves it unknown.
    fn relation(
        &self,
        r: &Resolved<'_, 'r>,
        number: u32,
        request: &Request<'r>,
        chain: Option<&Chain<'r>>,
    ) -> Option<u32> {
        let t = &self.tables;
        let slot = t.slots.get(number as usize)?;
        let (left, right) = (t.subjects.get(slot.a.get() as usize)?, t.subjects.get(slot.b.get() as usize)?);
        let classes = (self.class(r, left.slot.get()), self.class(r, right.slot.get()));
        match classes {
            (MISSING | UNREADABLE, _) | (_, MISSING | UNREADABLE) => return None,
            (LISTED, _) | (_, LISTED) => return Some(LISTED),
            _ => {}
        }
        let (kind, left_value) = self.value(left, request, chain)?;
        let holds = if slot.classifier.get() == Classifier::Same.code() {
            let (_, right_value) = self.value(right, request, chain)?;
            left_value.equals(&right_value, kind)
        } else {
            let Raw::Given(Value::Text(element)) = left_value else {
                return None;
            };
            self.contains(r, right, request, chain, element)?
        };
        Some(if holds { TRUE } else { FALSE })
    }

    /// Whether `element` is in the set that `subject` reads; `None` if that is not known.
    fn contains(
        &self,
        r: &Resolved<'_, 'r>,
        subject: &Subject,
        request: &Request<'r>,
        chain: Option<&Chain<'r>>,
        element: &str,
    ) -> Option<bool> {
        let t = &self.tables;
        if subject.slot.get() == t.globals.groups.get() {
            if self.symbol(Space::Group.of(0), element).is_some() {
                let user = r.known_user.and_then(|u| t.users.get(u as usize));
                return Some(user.is_some_and(|u| self.texts(u.names).any(|name| name == element)));
            }
            return match given_groups(request.user.as_ref()?) {
                Given::Set(given) => Some(given.contains(&element)),
                Given::Unreadable | Given::Nothing => None,
            };
        }
        match self.value(subject, request, chain)?.1 {
            Raw::Given(Value::Set(elements)) => Some(elements.contains(&element)),
            Raw::Stated(set) => Some(self.texts(set).any(|text| text == element)),
            Raw::Given(_) => None,
        }
    }

    /// The value behind a subject that is known to have one, with its type.
    fn value(
        &self,
        subject: &Subject,
        request: &Request<'r>,
        chain: Option<&Chain<'r>>,
    ) -> Option<(Type, Raw<'r>)> {
        let t = &self.tables;
        let attributes = self.words(subject.attributes);
        let find = |given: &'r [(&'r str, Value<'r>)], attribute: &Attribute, kind: Type| {
            let name = self.text(attribute.name);
            // As with slots: the first counts. It can be read, for the slot has a class.
            given.iter().find(|(n, _)| *n == name).map(|(_, value)| (kind, Raw::Given(*value)))
        };
        match Owner::from_code(subject.owner.get())? {
            Owner::User => {
                let user = request.user?;
                let attribute = t.attributes.get(attributes.first()?.get() as usize)?;
                if self.text(attribute.name) == "id" {
                    return Some((Type::String, Raw::Given(Value::Text(user.id))));
                }
                find(user.attributes, attribute, Type::from_code(attribute.kind.get())?)
            }
            Owner::Request => {
                let attribute = t.attributes.get(attributes.first()?.get() as usize)?;
                find(request.attributes, attribute, Type::from_code(attribute.kind.get())?)
            }
            Owner::Container => {
                let mut kind = chain?.anchor;
                while let Some(record) = t.kinds.get(kind as usize) {
                    if let Some(link) = chain?.links.get(self.depth(kind)).copied().flatten() {
                        let own = attributes.iter().map(|a| a.get()).find(|a| self.owned_by(*a, kind));
                        if let Some(own) = own {
                            let attribute = t.attributes.get(own as usize)?;
                            let value = if own == record.id.get() {
                                link.id.map(|id| (Type::String, Raw::Given(Value::Text(id))))
                            } else if let Some(fact) = self.fact(link.declared, own) {
                                Some(fact)
                            } else {
                                find(
                                    chain?.attributes(&link),
                                    attribute,
                                    Type::from_code(attribute.kind.get())?,
                                )
                            };
                            if value.is_some() || subject.inherited.get() == 0 {
                                return value;
                            }
                        }
                    }
                    kind = record.parent.get();
                }
                None
            }
        }
    }

    /// What the policy states of a container it names.
    fn fact(&self, container: u32, attribute: u32) -> Option<(Type, Raw<'r>)> {
        let t = &self.tables;
        let facts = self.facts(t.containers.get(container as usize)?);
        let at = facts.binary_search_by_key(&attribute, |f| f.attribute.get()).ok()?;
        let fact = facts.get(at)?;
        let kind = Type::from_code(fact.kind.get())?;
        let value = match kind {
            Type::Strings => Raw::Stated(fact.set),
            Type::Bool => Raw::Given(Value::Bool(fact.int.get() != 0)),
            Type::Int | Type::Instant | Type::Duration => Raw::Given(Value::Int(fact.int.get())),
            Type::String | Type::Enum | Type::Ip | Type::Domain | Type::Origin => {
                Raw::Given(Value::Text(self.text(fact.text)))
            }
        };
        Some((kind, value))
    }

    /// All that the policy states of a container, by attribute.
    fn facts(&self, container: &crate::format::Container) -> &'a [Fact] {
        let (at, len) = (container.facts.at.get(), container.facts.len.get());
        let facts = self.tables.facts.get(at as usize..);
        facts.and_then(|f| f.get(..len as usize)).unwrap_or(&[])
    }

    fn owned_by(&self, attribute: u32, kind: u32) -> bool {
        let t = &self.tables;
        let Some(record) = t.attributes.get(attribute as usize) else {
            return false;
        };
        record.kind_of_container.get() == kind
    }

    fn depth(&self, kind: u32) -> usize {
        let mut depth = 0;
        let mut at = kind;
        while let Some(record) = self.tables.kinds.get(at as usize) {
            at = record.parent.get();
            if at == NONE {
                break;
            }
            depth += 1;
        }
        depth
    }

    /// Whether `kind` is `outer` or lies below it.
    fn is_within(&self, kind: u32, outer: u32) -> bool {
        let mut at = kind;
        while let Some(record) = self.tables.kinds.get(at as usize) {
            if at == outer {
                return true;
            }
            at = record.parent.get();
        }
        false
    }

    pub(crate) fn words(&self, range: Range) -> &'a [Word] {
        let words = self.tables.words.get(range.at.get() as usize..);
        words.and_then(|w| w.get(..range.len.get() as usize)).unwrap_or(&[])
    }

    /// Texts named by pairs of their place and length.
    pub fn texts(&self, pairs: Range) -> impl Iterator<Item = &'a str> {
        self.words(pairs).chunks(2).map(|pair| match pair {
            [at, len] => self.text(crate::format::Text { at: *at, len: *len }),
            _ => "",
        })
    }
}

impl<'r> Chain<'r> {
    fn attributes(&self, link: &Link<'_>) -> &'r [(&'r str, Value<'r>)] {
        self.given.get(link.given as usize).map_or(&[], |c| c.attributes)
    }

    fn is_listed(&self, depth: usize) -> bool {
        self.listed.is_some_and(|(from, to)| (from..=to).contains(&depth))
    }
}

/// A value from the request, or a set that the policy states.
enum Raw<'r> {
    Given(Value<'r>),
    Stated(Range),
}

impl Raw<'_> {
    fn equals(&self, other: &Raw<'_>, kind: Type) -> bool {
        let (Raw::Given(left), Raw::Given(right)) = (self, other) else {
            return false;
        };
        match (left, right) {
            (Value::Text(left), Value::Text(right)) => match kind {
                Type::Ip => address(left) == address(right),
                Type::Domain => match (text::domain(left), text::domain(right)) {
                    (Some(left), Some(right)) => left.as_bytes() == right.as_bytes(),
                    _ => false,
                },
                Type::Origin => match (text::origin(left), text::origin(right)) {
                    (Some(left), Some(right)) => left.as_bytes() == right.as_bytes(),
                    _ => false,
                },
                _ => left == right,
            },
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Int(left), Value::Int(right)) => left == right,
            _ => false,
        }
    }
}

/// The groups that the caller gives for a user.
enum Given<'r> {
    Set(&'r [&'r str]),
    /// Something that is no set.
    Unreadable,
    Nothing,
}

fn given_groups<'r>(user: &User<'r>) -> Given<'r> {
    match user.attributes.iter().find(|(name, _)| *name == "groups") {
        Some((_, Value::Set(groups))) => Given::Set(groups),
        Some(_) => Given::Unreadable,
        None => Given::Nothing,
    }
}

/// The kind at which reading containers begins.
fn anchor(operation: &Operation) -> u32 {
    match operation.lists.get() {
        NONE => operation.kind.get(),
        lists => lists,
    }
}
