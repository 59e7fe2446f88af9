//! `any app except a, b`: a rule about nearly all apps belongs to the stratum of all, and tests for the few.
//!
//! Each app lists its strata. If every such rule had a stratum of its own, a thousand apps with a rule each would
//! make a million entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sprag_runtime::format as f;

use crate::sema::model::{AppId, Model};
use crate::space::{Formula, Literal, Space, Truth};

/// What is said about all but at most so many apps of a kind is said about all, with a test.
const FEW_LEFT_OUT: usize = 16;

/// A set of apps that many rules may share.
pub(super) type Apps = Arc<BTreeSet<AppId>>;

/// The slot that tells apps apart, and what sets of apps become by it.
pub(super) struct Exceptions {
    /// The slot's number: after all others.
    pub(super) slot: u32,
    /// The class of each app that some set leaves out; all others have [`f::FIRST`].
    classes: BTreeMap<AppId, u32>,
    /// For a set of apps the greater one that it is made of, and whom it leaves out.
    sets: HashMap<Apps, (Apps, Vec<AppId>)>,
}

impl Exceptions {
    /// Looks for sets of more than `few` apps that leave few out of all apps, or of all of a kind.
    pub(super) fn find(model: &Model, space: &Space, few: usize) -> Exceptions {
        let all: Apps = Arc::new((0..model.apps.len() as u32).map(AppId).collect());
        let mut kinds: BTreeMap<&str, BTreeSet<AppId>> = BTreeMap::new();
        for (id, app) in all.iter().zip(&model.apps) {
            kinds.entry(&app.kind).or_default().insert(*id);
        }
        let whole: Vec<Apps> = [all].into_iter().chain(kinds.into_values().map(Arc::new)).collect();
        let mut found = Exceptions {
            slot: space.slots.slots.len() as u32,
            classes: BTreeMap::new(),
            sets: HashMap::new(),
        };
        for apps in space.pieces.iter().filter_map(|piece| piece.apps.as_ref()) {
            if apps.len() <= few || found.sets.contains_key(apps) {
                continue;
            }
            let left_out = |whole: &Apps| -> Vec<AppId> { whole.difference(apps).copied().collect() };
            let made_of = whole
                .iter()
                .filter(|whole| whole.len() - apps.len().min(whole.len()) <= FEW_LEFT_OUT)
                .filter(|whole| apps.is_subset(whole))
                .min_by_key(|whole| whole.len());
            if let Some(whole) = made_of {
                found.sets.insert(apps.clone(), (whole.clone(), left_out(whole)));
            }
        }
        let named: BTreeSet<AppId> = found.sets.values().flat_map(|(_, out)| out).copied().collect();
        found.classes = named.into_iter().zip(f::FIRST + 1..).collect();
        found
    }

    /// The set whose stratum speaks of these apps.
    pub(super) fn whole<'a>(&'a self, apps: &'a Apps) -> &'a Apps {
        self.sets.get(apps).map_or(apps, |(whole, _)| whole)
    }

    /// What holds for these apps only, said about all of the whole set.
    pub(super) fn formula(&self, apps: Option<&Apps>, condition: &Formula) -> Formula {
        let left_out = apps.and_then(|apps| self.sets.get(apps)).map_or(&[][..], |(_, out)| out);
        if left_out.is_empty() {
            return condition.clone();
        }
        let mut parts = match condition {
            Formula::All(parts) => parts.clone(),
            Formula::Constant(true) => Vec::new(),
            other => vec![other.clone()],
        };
        let is_not = |app: &AppId| {
            let truth = Truth::Classes(Arc::from([self.class(*app)]));
            Formula::Literal(Literal {
                slot: self.slot,
                truth,
                inverted: true,
                unknown: false,
                unreadable: false,
            })
        };
        parts.extend(left_out.iter().map(is_not));
        if parts.len() > 1 { Formula::All(parts) } else { parts.pop().unwrap_or(Formula::Constant(true)) }
    }

    /// The class of an app in the slot.
    pub(super) fn class(&self, app: AppId) -> u32 {
        self.classes.get(&app).copied().unwrap_or(f::FIRST)
    }

    /// How many classes the slot has; `None` where no set leaves any app out.
    pub(super) fn classes(&self) -> Option<u32> {
        (!self.classes.is_empty()).then_some(f::FIRST + 1 + self.classes.len() as u32)
    }
}
