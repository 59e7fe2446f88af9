//! Deciding: walks over tables, one for each layer.

use crate::classify::word;
use crate::decision::{ClauseHandle, Decision, Layer, Reason, Role, StepUp};
use crate::format::{
    DENSE, FIRST, INVERTED, LISTED, MATCH, MISSING, NO_MATCH, NONE, Nets, Node, Operation, Requirement, Test,
    UNKNOWN_MATCHES, UNREADABLE, UNREADABLE_MATCHES, Word,
};
use crate::load::Bundle;
use crate::request::Request;
use crate::resolve::Resolved;

impl<'a: 'r, 'r> Bundle<'a> {
    /// Decides a request. Cannot fail: what is not known is denied, with its reason.
    ///
    /// `scratch` needs [`Bundle::scratch_len`] words; what stands in it does not matter.
    pub fn decide(&self, request: &Request<'r>, scratch: &mut [u32]) -> Decision {
        self.decide_resolved(&self.resolve(request, scratch))
    }

    /// Decides a request that was resolved before.
    pub fn decide_resolved(&self, r: &Resolved<'_, '_>) -> Decision {
        let mut decision = Decision { reasons: [None; 8], clause: None, filter: false, step_up: None };
        if !r.fits {
            decision.refuse(Layer::Identity, Reason::NoScratch);
            return decision;
        }
        let stale_state = r
            .state
            .is_some_and(|state| state.bundle != self.identity() || r.app.is_some_and(|a| a != state.app));
        if r.bundle != self.identity() || stale_state {
            decision.refuse(Layer::Identity, Reason::StaleHandle);
            return decision;
        }
        let t = &self.tables;
        let app = r.app.and_then(|a| t.apps.get(a as usize));
        let operation = r.operation.and_then(|o| t.operations.get(o as usize));
        if operation.is_none() {
            let stale = r.stale_operation;
            let reason = if stale { Reason::StaleHandle } else { Reason::UnknownOperation };
            decision.refuse(Layer::Catalog, reason);
        } else if let Some(reason) = r.chain {
            decision.refuse(Layer::Catalog, reason);
        }
        let Some(app) = app else {
            let reason = match (r.anonymous, r.stale_app) {
                (true, _) => Reason::Anonymous,
                (false, true) => Reason::StaleHandle,
                (false, false) => Reason::UnknownApp,
            };
            decision.refuse(Layer::Identity, reason);
            return decision;
        };
        if let Some(reason) = self.lifecycle(r, app) {
            decision.refuse(Layer::Lifecycle, reason);
        }
        let Some(operation) = operation else {
            return decision;
        };
        self.clause_layers(r, app, operation, &mut decision);
        self.scope_layers(r, app, operation, &mut decision);
        if r.app.zip(r.operation).is_some_and(|(app, operation)| self.is_closed(app, operation)) {
            decision.refuse(Layer::Rules, Reason::NoPermit);
        }
        if !decision.permitted() {
            decision.filter = false;
            // A permit that matches does not decide a denial.
            if decision.reason(Layer::Rules) != Some(Reason::Forbidden)
                && decision.reason(Layer::Ratchet) != Some(Reason::Withdrawn)
            {
                decision.clause = None;
            }
            decision.step_up = self.find_step_up(r, app, operation, &decision);
        }
        decision
    }

    fn lifecycle(&self, r: &Resolved<'_, '_>, app: &crate::format::App) -> Option<Reason> {
        let from_caller = self.tables.globals.lifecycle_from_caller.get() != 0;
        match r.enabled {
            Some(false) => Some(Reason::NotEnabled),
            None if from_caller => Some(Reason::StatusUnknown),
            _ if !from_caller && app.sites.get() != 0 && r.on_site != Some(true) => {
                Some(Reason::NotInstalledHere)
            }
            _ => None,
        }
    }

    /// Layers 3, 4, and 8 as far as it withdraws scopes; layer 6 as far as permission models want a user.
    fn scope_layers(
        &self,
        r: &Resolved<'_, '_>,
        app: &crate::format::App,
        operation: &Operation,
        decision: &mut Decision,
    ) {
        let (mut callable, mut usable, mut by_stages, mut satisfied) = (false, false, false, false);
        let held = self.held(r, app);
        for (_, requirement) in self.alternatives(app, operation) {
            callable = true;
            if self.usable(r, requirement) {
                usable = true;
                by_stages |= self.all_held(r, app, requirement, held);
                satisfied |= self.all_left(r, app, requirement, held);
            }
        }
        if !callable {
            if decision.reason(Layer::Catalog).is_none() {
                decision.refuse(Layer::Catalog, Reason::NotCallable);
            }
            return;
        }
        if !usable {
            decision.refuse(Layer::ContextUser, Reason::UserRequired);
        }
        if !satisfied {
            decision.refuse(Layer::Scope, Reason::MissingScopes);
            if by_stages {
                decision.refuse(Layer::Ratchet, Reason::ScopesWithdrawnHere);
            } else if app.ratchets.len.get() != 0 && self.satisfied(r, app, operation, app.base.get()) {
                decision.refuse(Layer::Ratchet, Reason::ScopesWithdrawn);
            }
        }
    }

    /// The alternatives of the requirement in the app's models, in the app's order of models.
    pub(crate) fn alternatives<'b>(
        &'b self,
        app: &'b crate::format::App,
        operation: &'b Operation,
    ) -> impl Iterator<Item = (u32, &'a Requirement)> + 'b {
        let requirements = operation.requirements;
        let t = &self.tables;
        self.words(app.models).iter().flat_map(move |model| {
            (requirements.at.get()..requirements.at.get().saturating_add(requirements.len.get()))
                .filter_map(|number| t.requirements.get(number as usize).map(|r| (number, r)))
                .filter(move |(_, requirement)| requirement.model == *model)
        })
    }

    fn usable(&self, r: &Resolved<'_, '_>, requirement: &Requirement) -> bool {
        let model = self.tables.models.get(requirement.model.get() as usize);
        r.user || model.is_some_and(|m| m.demands_user.get() == 0)
    }

    /// First word of the set of scopes held in the stages reached.
    fn held(&self, r: &Resolved<'_, '_>, app: &crate::format::App) -> u32 {
        self.words(app.held).get(r.stages).map_or(NONE, |w| w.get())
    }

    fn satisfied(
        &self,
        r: &Resolved<'_, '_>,
        app: &crate::format::App,
        operation: &Operation,
        held: u32,
    ) -> bool {
        self.alternatives(app, operation)
            .any(|(_, requirement)| self.usable(r, requirement) && self.all_held(r, app, requirement, held))
    }

    fn all_held(
        &self,
        r: &Resolved<'_, '_>,
        app: &crate::format::App,
        requirement: &Requirement,
        held: u32,
    ) -> bool {
        let scopes = self.words(requirement.scopes);
        scopes.iter().all(|s| self.holds(r, app, s.get(), held))
    }

    fn holds(&self, r: &Resolved<'_, '_>, app: &crate::format::App, scope: u32, held: u32) -> bool {
        self.in_set(scope, held) && self.approved(r, app, scope)
    }

    /// Whether all of its scopes are held, and none was withdrawn.
    fn all_left(
        &self,
        r: &Resolved<'_, '_>,
        app: &crate::format::App,
        requirement: &Requirement,
        held: u32,
    ) -> bool {
        let scopes = self.words(requirement.scopes);
        scopes.iter().all(|s| self.has(r, app, s.get(), held))
    }

    /// Whether the scope is held, and was not withdrawn.
    fn has(&self, r: &Resolved<'_, '_>, app: &crate::format::App, scope: u32, held: u32) -> bool {
        self.holds(r, app, scope, held)
            && match r.state {
                Some(state) => state.left(scope),
                None => {
                    let withdrawn = &r.withdrawn;
                    !self.is_taken(app, scope, withdrawn.scopes)
                        && !self.is_taken(app, scope, withdrawn.forever)
                }
            }
    }

    /// Whether no approval gives the scope back.
    fn gone(&self, r: &Resolved<'_, '_>, app: &crate::format::App, scope: u32) -> bool {
        match r.state {
            Some(state) => state.gone(scope),
            None => self.is_taken(app, scope, r.withdrawn.forever),
        }
    }

    /// Whether the scope is approved on the site, as far as anything is said about that.
    fn approved(&self, r: &Resolved<'_, '_>, app: &crate::format::App, scope: u32) -> bool {
        match r.state {
            Some(state) => state.approved(scope),
            None => self.is_approved(app, scope, r.approved),
        }
    }

    /// Layers 5 to 8: nets of clauses.
    fn clause_layers(
        &self,
        r: &Resolved<'_, '_>,
        app: &crate::format::App,
        operation: &Operation,
        decision: &mut Decision,
    ) {
        let t = &self.tables;
        let lists = operation.lists.get() != NONE;
        let [mut forbid, mut permit, mut app_user, mut context_user, mut withdraw, mut except, mut required] =
            [Found::default(); 7];
        for nets in self.app_nets(app, operation) {
            self.look(r, nets.forbid.get(), lists, &mut forbid);
            self.look(r, nets.permit.get(), lists, &mut permit);
            self.look(r, nets.app_user.get(), lists, &mut app_user);
            self.look(r, nets.withdraw.get(), lists, &mut withdraw);
            self.look(r, nets.except.get(), false, &mut except);
            if r.user {
                self.look(r, nets.context_user.get(), lists, &mut context_user);
            } else {
                self.look(r, nets.required.get(), lists, &mut required);
            }
        }

        // Grants: enough that some item of a list may match; unless all do, the list is filtered.
        decision.filter = forbid.on_some() || withdraw.on_some() || permit.on_some() || r.taken_listed;
        if forbid.all.is_some() {
            decision.refuse(Layer::Rules, Reason::Forbidden);
        } else if permit.some.is_none() {
            decision.refuse(Layer::Rules, Reason::NoPermit);
        }
        if withdraw.all.is_some() {
            decision.refuse(Layer::Ratchet, Reason::Withdrawn);
        } else if r.taken {
            decision.refuse(Layer::Ratchet, Reason::WithdrawnHere);
        }
        let refused = forbid.all.or(withdraw.all);
        decision.clause = refused.or(permit.some).filter(|clause| clause.0 != NONE);

        if except.all.is_none() {
            if t.globals.app_user_from_caller.get() != 0 {
                if r.app_user_permitted != Some(true) {
                    decision.refuse(Layer::AppUser, Reason::AppUserRefused);
                }
            } else {
                decision.filter |= app_user.on_some();
                if app_user.some.is_none() {
                    decision.refuse(Layer::AppUser, Reason::AppUserWithoutRole);
                }
            }
        }
        if !r.user {
            if required.some.is_some() {
                decision.refuse(Layer::ContextUser, Reason::UserRequired);
            }
        } else if t.globals.context_user_from_caller.get() != 0 {
            if r.user_permitted != Some(true) {
                decision.refuse(Layer::ContextUser, Reason::ContextUserRefused);
            }
        } else {
            for nets in self.own_nets(r, operation) {
                if context_user.all.is_some() {
                    break;
                }
                self.look(r, nets.context_user.get(), lists, &mut context_user);
            }
            decision.filter |= context_user.on_some();
            if context_user.some.is_none() {
                decision.refuse(Layer::ContextUser, Reason::ContextUserWithoutRole);
            }
        }
        if refused.is_none() && !decision.permitted() {
            decision.clause = None;
        }
    }

    /// Notes what matches in a net, unless something was found before.
    fn look(&self, r: &Resolved<'_, '_>, net: u32, lists: bool, found: &mut Found) {
        if net == NONE || found.all.is_some() {
            return;
        }
        found.all = self.first(r, net, false);
        if found.some.is_none() {
            found.some = if lists && found.all.is_none() { self.first(r, net, true) } else { found.all };
        }
    }

    /// The nets of each of the app's strata for an operation.
    pub(crate) fn app_nets<'b>(
        &'b self,
        app: &crate::format::App,
        operation: &'b Operation,
    ) -> impl Iterator<Item = &'a Nets> + 'b {
        self.words(app.strata).iter().filter_map(|s| self.nets(s.get(), operation.class.get()))
    }

    /// The nets for the context user: anybody's, the user's own, the user's groups', the app's.
    fn user_nets<'b>(
        &'b self,
        r: &'b Resolved<'_, '_>,
        app: &crate::format::App,
        operation: &'b Operation,
    ) -> impl Iterator<Item = &'a Nets> + 'b {
        self.own_nets(r, operation).chain(self.app_nets(app, operation))
    }

    /// The same without the app's.
    fn own_nets<'b>(
        &'b self,
        r: &'b Resolved<'_, '_>,
        operation: &'b Operation,
    ) -> impl Iterator<Item = &'a Nets> + 'b {
        let t = &self.tables;
        let own = r.known_user.and_then(|u| t.users.get(u as usize)).map_or(NONE, |u| u.stratum.get());
        let groups = r.classes.get(t.slots.len()..).and_then(|g| g.get(..r.groups)).unwrap_or(&[]);
        let strata = groups.iter().filter_map(|slot| {
            let element = slot.checked_sub(t.globals.groups.get())?.checked_sub(1)?;
            word(t, t.globals.group_strata.get() as usize + element as usize)
        });
        [t.globals.any_user.get(), own]
            .into_iter()
            .chain(strata)
            .filter_map(|stratum| self.nets(stratum, operation.class.get()))
    }

    fn nets(&self, stratum: u32, class: u32) -> Option<&'a Nets> {
        let t = &self.tables;
        let stratum = t.strata.get(stratum as usize)?;
        let entry = t.shorts.get(stratum.map.get() as usize + class as usize)?.get();
        t.entries.get(
            (stratum.entries.get() as usize + usize::from(entry)).checked_sub(1).filter(|_| entry != 0)?,
        )
    }

    /// Some clause of the net that matches.
    fn first(&self, r: &Resolved<'_, '_>, net: u32, listed: bool) -> Option<ClauseHandle> {
        let mut found = None;
        self.visit(r, net, listed, &mut |clause| {
            found = Some(ClauseHandle(clause));
            true
        });
        found
    }

    /// Calls `stop` for each clause of the net that matches, until it returns true.
    fn visit(&self, r: &Resolved<'_, '_>, net: u32, listed: bool, stop: &mut dyn FnMut(u32) -> bool) -> bool {
        let t = &self.tables;
        let mut number = net;
        while let Some(net) = t.nets.get(number as usize) {
            let (at, len) = (net.at.get() as usize, net.len.get() as usize);
            if net.slot.get() == NONE {
                let pairs = t.words.get(at..).and_then(|w| w.get(..2 * len)).unwrap_or(&[]);
                return pairs.chunks(2).any(|pair| match pair {
                    [clause, node] => self.matches(r, node.get(), listed) && stop(clause.get()),
                    _ => false,
                });
            }
            let class = self.class(r, net.slot.get());
            let dense = net.flags.get() & DENSE != 0;
            let children =
                t.words.get(at..).and_then(|w| w.get(..if dense { len } else { 2 * len })).unwrap_or(&[]);
            let stopped = match class {
                // All tests dispatched on hold, or none.
                MISSING | UNREADABLE if net.flags.get() & UNKNOWN_MATCHES == 0 => false,
                LISTED if !listed => false,
                MISSING | UNREADABLE | LISTED if dense => {
                    children.iter().any(|c| self.visit(r, c.get(), listed, stop))
                }
                MISSING | UNREADABLE | LISTED => {
                    children.chunks(2).filter_map(|c| c.get(1)).any(|c| self.visit(r, c.get(), listed, stop))
                }
                _ => {
                    let child = match dense {
                        true => children.get((class - FIRST) as usize).map(|c| c.get()),
                        false => search(children, class),
                    };
                    child.is_some_and(|child| self.visit(r, child, listed, stop))
                }
            };
            if stopped {
                return true;
            }
            number = net.rest.get();
        }
        false
    }

    /// Whether the formula that starts at a node holds.
    fn matches(&self, r: &Resolved<'_, '_>, node: u32, listed: bool) -> bool {
        let t = &self.tables;
        let mut at = node;
        loop {
            match at {
                MATCH => return true,
                NO_MATCH => return false,
                _ => {}
            }
            let Some(node) = t.nodes.get(at as usize) else {
                return false;
            };
            let holds = match self.class(r, node.slot.get()) {
                MISSING => node.test.get() & UNKNOWN_MATCHES != 0,
                UNREADABLE => node.test.get() & UNREADABLE_MATCHES != 0,
                LISTED => listed,
                class => self.test(node, class) != (node.test.get() & INVERTED != 0),
            };
            at = if holds { node.yes.get() } else { node.no.get() };
        }
    }

    fn test(&self, node: &Node, class: u32) -> bool {
        let (a, b) = (node.a.get(), node.b.get());
        match Test::from_code(node.test.get() & 0xff) {
            Some(Test::Equal) => class == a,
            Some(Test::Between) => a <= class && class <= b,
            Some(Test::Bits) => {
                class / 32 < b
                    && word(&self.tables, a as usize + class as usize / 32).unwrap_or(0) >> (class % 32) & 1
                        == 1
            }
            None => false,
        }
    }

    /// Tells every clause that has a part in the decision, in no particular order; a clause may be told
    /// more than once.
    pub fn explain(&self, r: &Resolved<'_, '_>, tell: &mut dyn FnMut(Layer, Role, ClauseHandle)) {
        if r.bundle != self.identity() {
            return;
        }
        let t = &self.tables;
        let decision = self.decide_resolved(r);
        let (Some(app), Some(operation)) = (
            r.app.and_then(|a| t.apps.get(a as usize)),
            r.operation.and_then(|o| t.operations.get(o as usize)),
        ) else {
            return;
        };
        let mut all = |layer, role, nets: &mut dyn Iterator<Item = u32>, listed| {
            for net in nets {
                self.visit(r, net, listed, &mut |clause| {
                    if clause != NONE {
                        tell(layer, role, ClauseHandle(clause));
                    }
                    false
                });
            }
        };
        let nets = |pick: fn(&Nets) -> u32| self.app_nets(app, operation).map(pick);
        all(Layer::Rules, Role::Refuses, &mut nets(|n| n.forbid.get()), false);
        all(Layer::Ratchet, Role::Refuses, &mut nets(|n| n.withdraw.get()), false);
        if decision.permitted() {
            all(Layer::Rules, Role::Permits, &mut nets(|n| n.permit.get()), operation.lists.get() != NONE);
        }
        if !decision.filter {
            return;
        }
        let some = |pick: fn(&Nets) -> u32| !nets(pick).any(|net| self.first(r, net, false).is_some());
        all(Layer::Rules, Role::FilterExcept, &mut nets(|n| n.forbid.get()), true);
        all(Layer::Ratchet, Role::FilterExcept, &mut nets(|n| n.withdraw.get()), true);
        if some(|n| n.permit.get()) {
            all(Layer::Rules, Role::FilterOnly, &mut nets(|n| n.permit.get()), true);
        }
        let caller = &t.globals;
        if caller.app_user_from_caller.get() == 0 && some(|n| n.except.get()) && some(|n| n.app_user.get()) {
            all(Layer::AppUser, Role::FilterOnly, &mut nets(|n| n.app_user.get()), true);
        }
        if r.user && caller.context_user_from_caller.get() == 0 {
            let user = || self.user_nets(r, app, operation).map(|n| n.context_user.get());
            if !user().any(|net| self.first(r, net, false).is_some()) {
                all(Layer::ContextUser, Role::FilterOnly, &mut user(), true);
            }
        }
    }

    fn find_step_up(
        &self,
        r: &Resolved<'_, '_>,
        app: &crate::format::App,
        operation: &Operation,
        decision: &Decision,
    ) -> Option<StepUp> {
        let liftable = decision.refusals().all(|(layer, reason)| match layer {
            Layer::Scope => true,
            Layer::Ratchet => {
                matches!(reason, Reason::ScopesWithdrawn | Reason::ScopesWithdrawnHere) && !r.locked
            }
            _ => false,
        });
        if !liftable {
            return None;
        }
        let held = self.held(r, app);
        self.alternatives(app, operation)
            .filter(|(_, requirement)| {
                self.usable(r, requirement)
                    && self
                        .words(requirement.scopes)
                        .iter()
                        .all(|s| self.in_set(s.get(), app.requested.get()) && !self.gone(r, app, s.get()))
            })
            .min_by_key(|(_, requirement)| {
                self.words(requirement.scopes).iter().filter(|s| !self.has(r, app, s.get(), held)).count()
            })
            .map(|(number, _)| StepUp(number))
    }

    /// Whether entries of the list may lie in containers that were withdrawn from the installation.
    pub fn lists_withdrawn(&self, r: &Resolved<'_, '_>) -> bool {
        r.taken_listed
    }

    /// Name of the kind that the operation lists.
    pub fn listed_kind(&self, r: &Resolved<'_, '_>) -> Option<&'a str> {
        let t = &self.tables;
        let kind = t.operations.get(r.operation? as usize)?.lists.get();
        t.kinds.get(kind as usize).map(|kind| self.text(kind.name))
    }

    /// Name of the ratchet that withdrew the scopes, where the reason is [`Reason::ScopesWithdrawn`]: the first at
    /// which, limiting by one ratchet after another, the scopes no longer suffice.
    pub fn withdrawing_ratchet(&self, r: &Resolved<'_, '_>) -> Option<&'a str> {
        let t = &self.tables;
        let app = t.apps.get(r.app? as usize)?;
        let operation = t.operations.get(r.operation? as usize)?;
        let ratchets = self.words(app.ratchets);
        let limit = |pair: &[Word]| {
            let [ratchet, stride] = pair else { return None };
            let ratchet = t.ratchets.get(ratchet.get() as usize)?;
            let stage =
                r.stages.checked_div(stride.get() as usize)?.checked_rem(ratchet.stages.len.get() as usize)?;
            word(t, ratchet.limits.get() as usize + stage).filter(|limit| *limit != NONE)
        };
        let suffice = |first: usize| {
            let limits = || ratchets.chunks(2).take(first).filter_map(limit);
            self.alternatives(app, operation).any(|(_, requirement)| {
                self.usable(r, requirement)
                    && self.words(requirement.scopes).iter().map(|s| s.get()).all(|scope| {
                        self.holds(r, app, scope, app.base.get())
                            && limits().all(|limit| self.in_set(scope, limit))
                    })
            })
        };
        let first = (1..=ratchets.len() / 2).find(|first| !suffice(*first))?;
        let ratchet = ratchets.get(2 * (first - 1))?.get();
        t.ratchets.get(ratchet as usize).map(|ratchet| self.text(ratchet.name))
    }

    /// Names of all scopes that an approval must add to lift the denial.
    pub fn step_up<'b>(
        &'b self,
        r: &'b Resolved<'_, '_>,
        step_up: StepUp,
    ) -> impl Iterator<Item = &'a str> + 'b {
        let t = &self.tables;
        let app = r.app.and_then(|a| t.apps.get(a as usize));
        let held = app.map_or(NONE, |app| self.held(r, app));
        let scopes = t.requirements.get(step_up.0 as usize).map_or(&[][..], |q| self.words(q.scopes));
        scopes
            .iter()
            .filter(move |s| !app.is_some_and(|app| self.has(r, app, s.get(), held)))
            .filter_map(|s| t.scopes.get(s.get() as usize).map(|s| self.text(s.name)))
    }
}

/// A clause that matches for every item of a list, and one that does for some.
#[derive(Default, Clone, Copy)]
struct Found {
    all: Option<ClauseHandle>,
    some: Option<ClauseHandle>,
}

impl Found {
    fn on_some(self) -> bool {
        self.all.is_none() && self.some.is_some()
    }
}

impl Decision {
    /// The first reason of a layer stays.
    fn refuse(&mut self, layer: Layer, reason: Reason) {
        if let Some(slot) = self.reasons.get_mut(layer as usize)
            && slot.is_none()
        {
            *slot = Some(reason);
        }
    }
}

/// The second of the pair whose first is `class`.
fn search(pairs: &[crate::format::Word], class: u32) -> Option<u32> {
    let (mut low, mut high) = (0, pairs.len() / 2);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = pairs.get(2 * middle)?.get();
        match found.cmp(&class) {
            core::cmp::Ordering::Equal => return pairs.get(2 * middle + 1).map(|w| w.get()),
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}
