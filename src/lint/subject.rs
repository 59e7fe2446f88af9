//! What rules look at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::privilege::Privilege;
use super::suppressions::{self, Suppressions};
use super::{Threshold, edits};
use crate::analysis::claims::{self, Claims};
use crate::analysis::dead::{self, Dead};
use crate::analysis::escalation::Landscape;
use crate::analysis::powers;
use crate::analysis::standing::Standing;
use crate::diag::Edit;
use crate::region::{Models, Surveyor};
use crate::sema::model::{AppId, Checked, Model, OperationId};
use crate::span::{SourceMap, Span};
use crate::syntax::tree::{self, File, Item};
use crate::target::gap::{self, Found, Set};
use crate::target::{Note, Options, Plan, Policy, Target};

/// A checked package, and the facts about it, each computed when a rule first asks for it.
pub struct Subject<'a> {
    /// What it means. The catalogs in use are in it too, with versions and digests.
    pub model: &'a Checked<Model>,
    /// Every text; also those of the catalogs in use.
    pub sources: &'a SourceMap,
    /// The trees of the package's own files: the first ones of `sources`, in their order.
    pub files: &'a [File],
    /// The day on which the question is asked. End dates are judged by it and never by a clock.
    pub today: Date,
    /// Told what is being done, and how much of how much is done.
    progress: Progress<'a>,
    thresholds: &'a BTreeMap<String, u64>,
    /// The platforms' own controls that are set from the package.
    targets: &'a [&'static dyn Target],
    enforced: OnceLock<Enforced>,
    declared: OnceLock<HashMap<&'a str, &'a tree::App>>,
    suppressions: OnceLock<Suppressions>,
    surveyor: OnceLock<Arc<Surveyor<'a>>>,
    standing: OnceLock<Standing<'a>>,
    permitted: OnceLock<Vec<BTreeSet<OperationId>>>,
    landscape: OnceLock<Landscape>,
    /// See [`super::privilege`].
    pub(super) privilege: Privilege<'a>,
    dead: OnceLock<Dead>,
    claims: OnceLock<Claims>,
}

/// What the controls in use enforce together, and what not.
#[derive(Debug, Default)]
pub(crate) struct Enforced {
    /// What passes all of them though the policy denies it.
    pub(crate) found: Found,
    /// What they have no room for, with the target's name.
    pub(crate) notes: Vec<(&'static str, Note)>,
}

/// Told a step's name, and how many of how many parts are done.
pub type Progress<'a> = &'a (dyn Fn(&'static str, usize, usize) + Sync);

impl<'a> Subject<'a> {
    /// Nothing is computed yet.
    pub fn new(
        model: &'a Checked<Model>,
        sources: &'a SourceMap,
        files: &'a [File],
        today: Date,
        thresholds: &'a BTreeMap<String, u64>,
        progress: Progress<'a>,
    ) -> Subject<'a> {
        Subject {
            model,
            sources,
            files,
            today,
            progress,
            thresholds,
            targets: &[],
            enforced: OnceLock::new(),
            declared: OnceLock::new(),
            suppressions: OnceLock::new(),
            surveyor: OnceLock::new(),
            standing: OnceLock::new(),
            permitted: OnceLock::new(),
            landscape: OnceLock::new(),
            privilege: Privilege::default(),
            dead: OnceLock::new(),
            claims: OnceLock::new(),
        }
    }

    /// The same package, where these controls of platforms are set from it.
    #[must_use]
    pub fn with_targets(mut self, targets: &'a [&'static dyn Target]) -> Subject<'a> {
        self.targets = targets;
        self
    }

    /// Whether the control of that name is set from the package.
    pub(crate) fn uses_target(&self, name: &str) -> bool {
        self.targets.iter().any(|target| target.about().name == name)
    }

    /// What the controls in use enforce together, and what not.
    pub(crate) fn enforced(&self) -> &Enforced {
        self.enforced.get_or_init(|| {
            if self.targets.is_empty() {
                return Enforced::default();
            }
            let policy = Policy::surveyed(self.model, self.surveyor().clone());
            let options = Options::default();
            let plans: Vec<(&'static dyn Target, Plan)> =
                self.targets.iter().map(|target| (*target, target.plan(&policy, &options))).collect();
            let sets: Vec<Set<'_>> = plans
                .iter()
                .map(|(target, plan)| Set { target: *target, settings: &*plan.settings })
                .collect();
            let progress = |done, of| (self.progress)("looking for gaps of targets", done, of);
            let found = gap::find(&policy, &sets, &options, &progress);
            let notes = plans
                .iter()
                .flat_map(|(target, plan)| plan.notes.iter().map(|note| (target.about().name, note.clone())));
            Enforced { found, notes: notes.collect() }
        })
    }

    /// For work that takes long: the callback that shows it.
    pub fn progress(&self) -> Progress<'a> {
        self.progress
    }

    /// The package's value of this threshold, or its default.
    pub fn threshold(&self, threshold: &Threshold) -> u64 {
        self.thresholds.get(threshold.name).copied().unwrap_or(threshold.default)
    }

    /// What comments in the package's own files allow.
    pub fn suppressions(&self) -> &Suppressions {
        self.suppressions.get_or_init(|| suppressions::read(self.sources, self.files))
    }

    /// Whom all ask whether an app may do a thing at all.
    pub(super) fn surveyor(&self) -> &Arc<Surveyor<'a>> {
        self.surveyor.get_or_init(|| Arc::new(Surveyor::new(&Models::new(&[&**self.model]))))
    }

    /// Whom to ask what apps may do.
    pub fn standing(&self) -> &Standing<'a> {
        self.standing.get_or_init(|| Standing::surveyed(self.model, self.surveyor().clone()))
    }

    /// What each app may do, by its id.
    pub fn permitted(&self) -> &[BTreeSet<OperationId>] {
        self.permitted.get_or_init(|| {
            self.regions(); // asks for all apps at once
            let apps = (0..self.model.apps.len())
                .map(|app| self.standing().may(AppId(app as u32), &BTreeSet::new()));
            apps.collect()
        })
    }

    /// What apps can climb on.
    pub fn landscape(&self) -> &Landscape {
        self.landscape.get_or_init(|| powers::landscape(self.model, self.standing(), self.permitted()))
    }

    /// What could go without any request being answered otherwise.
    pub fn dead(&self) -> &Dead {
        self.dead.get_or_init(|| {
            let progress = |done, of| (self.progress)("looking for dead policy", done, of);
            dead::surveyed(self.surveyor(), self.model, &progress)
        })
    }

    /// What the guarantees say of one another.
    pub fn claims(&self) -> &Claims {
        self.claims.get_or_init(|| {
            let progress = |done, of| (self.progress)("comparing guarantees", done, of);
            claims::claims(self.model, &progress)
        })
    }

    /// The edits that remove a declaration or a member together with the comments that allow findings of it and of nothing else.
    pub(crate) fn removal(&self, span: Span) -> Vec<Edit> {
        let text = &self.sources.source(span).text;
        let blank = |from: u32, to: u32| text[from as usize..to as usize].trim().is_empty();
        let (mut whole, mut others) = (span, Vec::new());
        let above = self.suppressions().all.iter().filter(|comment| comment.is_above(text, span));
        // The nearest first: what stands between it and the declaration stays.
        for comment in above.rev() {
            if blank(comment.span.end, whole.start) {
                whole.start = comment.span.start;
            } else {
                others.push(edits::remove(self.sources, comment.span));
            }
        }
        // A comment at the end of the line, if nothing else stands on that.
        let line = text[..span.end as usize].rfind('\n').map_or(0, |at| at + 1) as u32;
        let behind = |comment: &Span| {
            comment.source == span.source
                && comment.start >= span.end
                && !text[span.end as usize..comment.start as usize].contains('\n')
                && blank(span.end, comment.start)
        };
        if (line >= span.start || blank(line, span.start))
            && let Some(comment) = self.suppressions().all.iter().find(|comment| behind(&comment.span))
        {
            whole.end = comment.span.end;
        }
        others.reverse();
        others.push(edits::remove(self.sources, whole));
        others
    }

    /// The items of all of the package's own files.
    pub fn items(&self) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.files.iter().flat_map(|f| &f.items)
    }

    /// The declaration of an app as written. None if it stands outside of the package's own files.
    pub fn app(&self, app: AppId) -> Option<&'a tree::App> {
        let declared = self.declared.get_or_init(|| {
            let mut apps = HashMap::new();
            for item in self.items() {
                if let Item::App(declared) = item {
                    apps.entry(declared.name.text.as_str()).or_insert(declared);
                }
            }
            apps
        });
        declared.get(self.model.apps[app.index()].name.as_str()).copied()
    }

    /// Whether the place lies in one of the package's own files, and not in a catalog.
    pub fn is_own(&self, span: Span) -> bool {
        (span.source as usize) < self.files.len()
    }
}
