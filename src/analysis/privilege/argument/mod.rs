//! The argument about an app's scopes: for each of them whether it is needed, and for what; only during set-up; or
//! not, and through which other scope the same data would be reached; and what breaks without it.

pub mod evidence;
pub mod setup;

use std::collections::BTreeSet;

use super::enforcement::CONTROLS;
use super::narrower::{self, Narrower};
use super::needs::Needs;
use super::permitted::{self, Permits};
use super::set::{Operations, Scopes};
use super::states;
use super::surplus::{self, Question, Why};
use crate::analysis::grants::{self, Measure, NoAnswer};
use crate::analysis::minimal::Budget;
use crate::sema::model::{AppId, Model, PermissionModelId, RatchetId, ScopeId};
use setup::{Early, SetUp};

/// What is asked.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The model.
    pub model: &'a Model,
    /// The requirements of its operations.
    pub needs: &'a Needs,
    /// What the app needs: what the policy permits, or [`evidence::Evidence`].
    pub permits: &'a dyn Permits,
    /// The app.
    pub app: AppId,
    /// What it needs only during set-up. `None`: nobody says, and what administers is taken for it.
    pub early: Option<&'a Early>,
    /// Permission models of the app of which it is not known what it calls: nothing is said of their scopes.
    pub unheard: &'a BTreeSet<PermissionModelId>,
}

/// What there is to say to the app's vendor and to whoever grants it its scopes.
#[derive(Debug, Clone)]
pub struct Argument {
    /// The app.
    pub app: AppId,
    /// What it needs.
    pub needed: Operations,
    /// Of these, those that its scopes open in no way.
    pub missing: Operations,
    /// What its scopes open, needed or not.
    pub opens: Operations,
    /// Scopes that suffice for all that it needs, and of which none can be spared.
    pub kept: Scopes,
    /// One for each scope that it asks for, in the model's order.
    pub points: Vec<Point>,
    /// What it needs during set-up and later no more, and how to have it shrink by itself.
    pub setup: Option<SetUp>,
    /// The smallest grant of all scopes of its permission models, also of those that it does not ask for, in place of
    /// what it asks for outright.
    pub least: Result<grants::Answer, NoAnswer>,
    /// What it needs and none of its permission models has.
    pub not_callable: Operations,
    /// What its scopes open and the platform's own control of containers does not cover, for each control that a
    /// catalog in use knows.
    pub uncovered: Vec<(&'static str, Operations)>,
}

impl Argument {
    /// Whether nothing is known of some of its scopes.
    pub fn knows_nothing_of_some(&self) -> bool {
        self.points.iter().any(|point| point.verdict == Verdict::Unknown)
    }
}

/// What there is to say of one scope.
#[derive(Debug, Clone)]
pub struct Point {
    /// The scope.
    pub scope: ScopeId,
    /// In a word.
    pub verdict: Verdict,
    /// The needed operations that it opens, alone or with others.
    pub serves: Operations,
    /// The needed operations that are lost as soon as the app does not ask for it, all else equal.
    pub breaks: Operations,
    /// What the platform opens no more then, needed or not.
    pub closes: Operations,
    /// What it opens by itself.
    pub alone: Operations,
    /// Of that, what another scope opens by itself too: the same data through another door.
    pub elsewhere: Vec<(ScopeId, Operations)>,
    /// Another scope that would do in its place and opens less.
    pub narrower: Option<Narrower>,
    /// Ratchets of the app whose last stage does not hold it.
    pub taken_by: Vec<RatchetId>,
}

/// A scope in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Without it something is lost that is needed for good.
    Needed,
    /// Without it something is lost that is needed only during set-up.
    SetUp,
    /// Something narrower would do.
    Replaceable,
    /// Other scopes open all that it is needed for.
    Elsewhere(Why),
    /// What it opens beyond the others is not needed.
    NotNeeded,
    /// Nobody knows what the app calls of its platform.
    Unknown,
}

impl Verdict {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Needed => "needed",
            Verdict::SetUp => "needed only during set-up",
            Verdict::Replaceable => "replaceable by narrower",
            Verdict::Elsewhere(_) => "same data through another scope",
            Verdict::NotNeeded => "not needed",
            Verdict::Unknown => "not known",
        }
    }
}

/// Argues. `None` where the app's ratchets have too many combinations of stages to tell apart.
pub fn argue(asked: &Asked<'_>) -> Option<Argument> {
    let Asked { model, needs, permits, app, .. } = *asked;
    let declared = &model.apps[app.index()];
    let surplus = surplus::of(model, needs, permits, app)?;
    let question = Question::new(model, needs, permits, app)?;
    let requested: Scopes = declared.requested.iter().copied().collect();
    let needed = permitted::operations(permits, app);
    let opens = question.opened(&requested);
    let callable = |id: &_| needs.alternatives(*id, &declared.models).next().is_some();
    let not_callable: Operations = needed.iter().filter(|id| !callable(id)).collect();
    let is_unheard = |scope: &ScopeId| asked.unheard.contains(&model.scopes[scope.index()].model);
    let kept: Scopes = surplus.kept.iter().chain(requested.iter().filter(is_unheard)).collect();
    let setup = setup::find(asked, &kept, &question);
    let narrower = narrower::of(model, needs, permits, &surplus);
    let point = |scope: ScopeId| {
        let others: Scopes = requested.iter().filter(|other| *other != scope).collect();
        let alone = question.opened(&[scope].into_iter().collect());
        let elsewhere =
            others.iter().map(|other| (other, question.opened(&[other].into_iter().collect()).and(&alone)));
        let spared = surplus.spared.iter().find(|spared| spared.scope == scope);
        let narrower = narrower.iter().find(|narrower| narrower.scope == scope).cloned();
        let early = setup.as_ref().is_some_and(|setup| setup.scopes.contains(scope));
        let verdict = match spared {
            _ if is_unheard(&scope) => Verdict::Unknown,
            None if early => Verdict::SetUp,
            None if narrower.is_some() => Verdict::Replaceable,
            None => Verdict::Needed,
            Some(spared) => match &spared.why {
                Why::Unneeded => Verdict::NotNeeded,
                Why::Implied | Why::Covered(_) | Why::Alternative(_) => {
                    Verdict::Elsewhere(spared.why.clone())
                }
            },
        };
        Point {
            scope,
            verdict,
            serves: question.serves(scope, &requested).and(&needed),
            breaks: question.lost(&others),
            closes: opens.minus(&question.opened(&others)),
            elsewhere: elsewhere.filter(|(_, operations)| !operations.is_empty()).collect(),
            alone,
            narrower,
            taken_by: taken_by(model, app, scope),
        }
    };
    let points = requested.iter().map(point).collect();
    let can_need = grants::needed_outright(model, app, needed.minus(&not_callable).iter().collect());
    Some(Argument {
        app,
        missing: needed.minus(&opens).minus(&not_callable),
        points,
        setup,
        least: grants::least(model, app, &can_need, Measure::Surface, Budget::default()),
        uncovered: uncovered(model, &opens),
        kept,
        needed,
        opens,
        not_callable,
    })
}

/// What a control of containers does not cover, for each control that is known here.
fn uncovered(model: &Model, opens: &Operations) -> Vec<(&'static str, Operations)> {
    let of_control = |control: &'static super::enforcement::Control| {
        let mark = model.marks.iter().position(|mark| mark.name == control.exempt)?;
        let marked = |id: &crate::sema::model::OperationId| {
            model.operations[id.index()].marks.iter().any(|m| m.index() == mark)
        };
        Some((control.name, opens.iter().filter(marked).collect()))
    };
    CONTROLS.iter().filter_map(of_control).collect()
}

fn taken_by(model: &Model, app: AppId, scope: ScopeId) -> Vec<RatchetId> {
    let takes = |ratchet: &RatchetId| {
        let last = model.ratchets[ratchet.index()].stages.len().saturating_sub(1);
        states::limit(model, *ratchet, last).is_some_and(|left| !left.contains(scope))
    };
    states::ratchets(model, app).filter(takes).collect()
}
