//! Proof that every walk is short: a bundle states what each walk costs, and loading checks the sums.
//!
//! Nets and routes are graphs whose parts may be shared, so a small one can have more paths than there are
//! atoms in the world. An honest compiler knows the cost of each part; checking that it told the truth takes
//! one look at each edge and no memory, after which decisions need no counter.

use crate::format::{DENSE, MAX_STEPS, NONE, Net, Nets, Node, Route, Stratum, Word};
use crate::load::Tables;

/// The stated costs, and the rules they must keep.
pub(crate) struct Steps<'t, 'a>(pub(crate) &'t Tables<'a>);

impl Steps<'_, '_> {
    /// One entry for each node, net, stratum and route.
    pub(crate) fn are_complete(&self) -> bool {
        let t = self.0;
        t.steps.len() == t.nodes.len() + t.nets.len() + t.strata.len() + t.routes.len()
    }

    /// One step, and the longer way on.
    pub(crate) fn node(&self, number: u32, node: &Node) -> Option<()> {
        let further = self.of_node(node.yes)?.max(self.of_node(node.no)?);
        is(self.of_node(number.into())?, further.checked_add(1)?)
    }

    /// One step, everything below and the rest: a missing value may satisfy all tests at once.
    pub(crate) fn net(&self, number: u32, net: &Net) -> Option<()> {
        let (at, len) = (net.at.get() as usize, net.len.get() as usize);
        let words = self.0.words.get(at..)?;
        let mut sum = 1u32;
        if net.slot.get() == NONE {
            for pair in words.get(..len.checked_mul(2)?)?.chunks(2) {
                sum = sum.checked_add(self.of_node(*pair.get(1)?)?)?.checked_add(1)?;
            }
        } else if net.flags.get() & DENSE != 0 {
            for child in words.get(..len)? {
                sum = sum.checked_add(self.of_net(*child)?)?;
            }
        } else {
            for pair in words.get(..len.checked_mul(2)?)?.chunks(2) {
                sum = sum.checked_add(self.of_net(*pair.get(1)?)?)?;
            }
        }
        is(self.of_net(number.into())?, sum.checked_add(self.of_net(net.rest)?)?)
    }

    /// The costliest of its entries.
    pub(crate) fn stratum(&self, number: u32, stratum: &Stratum) -> Option<()> {
        let entries = self.0.entries.get(stratum.entries.get() as usize..)?;
        let mut most = 0;
        for entry in entries.get(..stratum.len.get() as usize)? {
            most = most.max(self.entry(entry)?);
        }
        is(self.of_stratum(number.into())?, most)
    }

    fn entry(&self, entry: &Nets) -> Option<u32> {
        let nets = [
            entry.forbid,
            entry.permit,
            entry.app_user,
            entry.context_user,
            entry.withdraw,
            entry.except,
            entry.required,
        ];
        nets.into_iter().try_fold(0u32, |sum, net| sum.checked_add(self.of_net(net)?))
    }

    /// One step and everything below: a path may match literals and parameters alike.
    pub(crate) fn route(&self, number: u32, route: &Route) -> Option<()> {
        let edges = self.0.edges.get(route.edges.at.get() as usize..)?;
        let mut sum = 1u32.checked_add(self.of_route(route.parameter)?)?;
        for edge in edges.get(..route.edges.len.get() as usize)? {
            sum = sum.checked_add(self.of_route(edge.target)?)?;
        }
        is(self.of_route(number.into())?, sum)
    }

    /// No path costs more than there are routes: what is shared is paid for as often as it is reached. Both trees are
    /// walked.
    pub(crate) fn routes(&self) -> Option<()> {
        let root = (self.0.routes.len() as u32).checked_sub(1)?;
        let any_case = self.0.any_case.first().map_or(Some(0), |root| self.of_route(*root))?;
        let sum = self.of_route(root.into())?.checked_add(any_case)?;
        (sum as usize <= self.0.routes.len()).then_some(())
    }

    /// No decision costs more than [`MAX_STEPS`]: the costliest app's strata with those of the costliest user
    /// who is in every group.
    pub(crate) fn decision(&self) -> Option<()> {
        let (t, g) = (self.0, self.0.globals);
        let mut app = 0;
        for record in t.apps {
            let strata = t.words.get(record.strata.at.get() as usize..)?;
            app = app.max(self.sum(strata.get(..record.strata.len.get() as usize)?)?);
        }
        let mut user = 0;
        for record in t.users {
            user = user.max(self.of_stratum(record.stratum)?);
        }
        let groups = match t.slots.get(g.groups.get() as usize) {
            Some(head) => t.words.get(g.group_strata.get() as usize..)?.get(..head.a.get() as usize)?,
            None => &[],
        };
        let all = [app, user, self.of_stratum(g.any_user)?, self.sum(groups)?];
        let sum = all.into_iter().try_fold(0u32, u32::checked_add)?;
        (sum <= MAX_STEPS).then_some(())
    }

    fn sum(&self, strata: &[Word]) -> Option<u32> {
        strata.iter().try_fold(0u32, |sum, stratum| sum.checked_add(self.of_stratum(*stratum)?))
    }

    /// The ends of a formula cost nothing.
    fn of_node(&self, node: Word) -> Option<u32> {
        match self.0.nodes.get(node.get() as usize) {
            Some(_) => self.stated(0, node),
            None => Some(0),
        }
    }

    fn of_net(&self, net: Word) -> Option<u32> {
        self.stated(self.0.nodes.len(), net)
    }

    fn of_stratum(&self, stratum: Word) -> Option<u32> {
        self.stated(self.0.nodes.len() + self.0.nets.len(), stratum)
    }

    fn of_route(&self, route: Word) -> Option<u32> {
        self.stated(self.0.nodes.len() + self.0.nets.len() + self.0.strata.len(), route)
    }

    fn stated(&self, first: usize, number: Word) -> Option<u32> {
        if number.get() == NONE {
            return Some(0);
        }
        self.0.steps.get(first.checked_add(number.get() as usize)?).map(|steps| steps.get())
    }
}

fn is(stated: u32, due: u32) -> Option<()> {
    (stated == due).then_some(())
}
