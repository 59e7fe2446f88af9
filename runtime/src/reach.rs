//! What an app could ever be permitted: an upper bound that can be read off the tables at a glance.

use crate::format::{App, MATCH, NONE, Net, Nets, Operation, Space};
use crate::load::Bundle;

impl<'a> Bundle<'a> {
    /// Calls `tell` with the key of each app and the name of each operation that some request could be permitted,
    /// as far as a glance at the tables tells. What is not told is permitted to nobody: either
    ///
    /// - in no stage does the app hold all scopes of any way to call the operation,
    /// - no permit speaks of the two, or no role of the app's account where those count,
    /// - a forbid or a withdrawal without a condition speaks of them, or
    /// - the bundle closes them.
    ///
    /// What is told may still be refused always: conditions are not looked at.
    pub fn reach(&self, tell: &mut dyn FnMut(&'a str, &'a str)) {
        for (app, record) in (0..).zip(self.tables.apps) {
            for (operation, _) in self.within(app, record) {
                if let Some(known) = self.tables.operations.get(operation as usize) {
                    tell(self.text(record.key), self.text(known.name));
                }
            }
        }
    }

    /// Whether some request for the two could be permitted, see [`Bundle::reach`].
    pub fn reaches(&self, app: &str, operation: &str) -> bool {
        let app = self.symbol(Space::App.of(0), app);
        let operation = self.symbol(Space::Operation.of(0), operation);
        app.zip(operation).is_some_and(|(app, operation)| self.may(app, operation))
    }

    /// Whether names lead to what bears them: else an app or an operation could be asked for by a name under which
    /// it was never looked at.
    pub(crate) fn names_are_true(&self) -> bool {
        let t = &self.tables;
        t.symbols.iter().all(|symbol| {
            let (space, value) = (symbol.space.get(), symbol.value.get() as usize);
            let name = match Space::from_code(space >> 24) {
                Some(Space::App) => t.apps.get(value).map(|app| app.key),
                Some(Space::Operation) => t.operations.get(value).map(|operation| operation.name),
                _ => return true, // other names, and empty slots
            };
            name.is_some_and(|name| self.text(name) == self.text(symbol.text))
        })
    }

    /// Whether the chain closes the two for good.
    pub(crate) fn is_closed(&self, app: u32, operation: u32) -> bool {
        let closed = self.tables.closed;
        !closed.is_empty()
            && closed.binary_search_by_key(&(app, operation), |c| (c.app.get(), c.operation.get())).is_ok()
    }

    fn within<'b>(&'b self, app: u32, record: &'b App) -> impl Iterator<Item = (u32, &'a Operation)> + 'b {
        let operations = (0..).zip(self.tables.operations);
        operations
            .filter(move |(number, operation)| !self.is_closed(app, *number) && self.could(record, operation))
    }

    fn may(&self, app: u32, operation: u32) -> bool {
        let t = &self.tables;
        let records = t.apps.get(app as usize).zip(t.operations.get(operation as usize));
        records.is_some_and(|(app, operation)| self.could(app, operation)) && !self.is_closed(app, operation)
    }

    fn could(&self, app: &App, operation: &Operation) -> bool {
        let nets = || self.app_nets(app, operation);
        let granted = |pick: fn(&Nets) -> u32| nets().any(|n| pick(n) != NONE);
        granted(|n| n.permit.get())
            && !nets().any(|n| self.always(n.forbid.get()) || self.always(n.withdraw.get()))
            && (self.tables.globals.app_user_from_caller.get() != 0
                || granted(|n| n.app_user.get())
                || granted(|n| n.except.get()))
            && self.callable(app, operation)
    }

    /// Whether in some stage the app holds all scopes of some way to call the operation.
    fn callable(&self, app: &App, operation: &Operation) -> bool {
        self.alternatives(app, operation).any(|(_, way)| {
            let scopes = self.words(way.scopes);
            let in_stage = |held: u32| scopes.iter().all(|scope| self.in_set(scope.get(), held));
            self.words(app.held).iter().any(|held| in_stage(held.get()))
        })
    }

    /// Whether some clause of the net matches every request: it stands in a leaf that no slot leads to.
    fn always(&self, net: u32) -> bool {
        let t = &self.tables;
        let mut number = net;
        while let Some(Net { slot, at, len, rest, .. }) = t.nets.get(number as usize) {
            if slot.get() == NONE {
                let pairs = t.words.get(at.get() as usize..).and_then(|w| w.get(..2 * len.get() as usize));
                return pairs
                    .unwrap_or(&[])
                    .chunks(2)
                    .any(|pair| pair.get(1).is_some_and(|n| n.get() == MATCH));
            }
            number = rest.get();
        }
        false
    }
}
