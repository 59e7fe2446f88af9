//! What stands inside operations, apps, ratchets, guarantees, widenings, authority and tests.

use super::conditions::condition;
use super::items::{member, setting};
use super::patterns::{Clauses, apps, containers, list, operations};
use super::{Member, Printer, words};
use crate::span::Span;
use crate::syntax::doc::Doc;
use crate::syntax::tree::{
    Alternative, App, AppMember, Authority, AuthorityMember, Condition, Eases, Easing, Expectation,
    Guarantee, Name, Operation, OperationMember, Ratchet, Reopening, Since, Stage, Test, TestCase,
    TestSubject, TestTarget, Text, Trigger, Widening,
};

impl Printer<'_> {
    pub(super) fn operation(&mut self, operation: &Operation) -> Doc {
        let header = Doc::Text(format!("operation {}", operation.name.text));
        let members = operation.members.iter().map(|line| {
            let span = match line {
                OperationMember::Access(name) | OperationMember::In(name) | OperationMember::Lists(name) => {
                    name.span
                }
                OperationMember::Http { method, .. } => method.span,
                OperationMember::Requires { model, .. } => model.span,
                OperationMember::Marks(names) => first_span(names),
            };
            member(span, move |_| operation_line(line))
        });
        let members = members.collect();
        self.block(header, members, operation.span)
    }

    pub(super) fn app(&mut self, app: &App) -> Doc {
        let members = app.members.iter().map(|line| {
            let span = match line {
                AppMember::Key(text) | AppMember::Vendor(text) => text.span,
                AppMember::Kind(name) => name.span,
                AppMember::Platform(names)
                | AppMember::Requests(names)
                | AppMember::Approved(names)
                | AppMember::Optional(names) => first_span(names),
                AppMember::StepUp(step_up) => step_up.span,
                AppMember::User { span, .. } => *span,
                AppMember::Installed(texts) => texts.first().map(|t| t.span).unwrap_or_default(),
            };
            member(span, move |_| app_line(line))
        });
        let members = members.collect();
        self.block(Doc::Text(format!("app {}", app.name.text)), members, app.span)
    }

    pub(super) fn guarantee(&mut self, guarantee: &Guarantee) -> Doc {
        let claims = guarantee.claims.iter().map(|claim| {
            member(claim.span, move |printer: &mut Printer<'_>| {
                let clauses = Clauses {
                    containers: claim.containers.as_ref(),
                    when: claim.when.as_ref(),
                    unless: claim.unless.as_ref(),
                    name: None,
                    because: None,
                };
                let verb = if claim.always { "always" } else { "never" };
                printer.rule(verb, &claim.apps, &claim.operations, &clauses)
            })
        });
        let claims = claims.collect();
        let reachable = if guarantee.reachable { " in reachable states" } else { "" };
        self.block(
            Doc::Text(format!("ensure {}{reachable}", words::quoted(&guarantee.title.value))),
            claims,
            guarantee.span,
        )
    }

    pub(super) fn widening(&mut self, widening: &Widening) -> Doc {
        let growths = widening.growths.iter().map(|growth| {
            member(growth.span, move |printer: &mut Printer<'_>| {
                let clauses = Clauses {
                    containers: growth.containers.as_ref(),
                    when: growth.when.as_ref(),
                    unless: growth.unless.as_ref(),
                    name: None,
                    because: None,
                };
                printer.rule("for", &growth.apps, &growth.operations, &clauses)
            })
        });
        let approvers = widening.approvers.iter().map(|t| words::quoted(&t.value));
        let approval = keyword_list("approved by ", approvers);
        let first = widening.approvers.first().map(|t| t.span).unwrap_or_default();
        let expiry = Doc::Text(format!("until {}", words::instant(widening.until.at)));
        let last = [member(first, move |_| approval), member(widening.until.span, move |_| expiry)];
        let easings = widening.easings.iter().map(|easing| member(easing.span, move |_| easing_line(easing)));
        let mut lines: Vec<Member<'_, '_>> = growths.chain(easings).collect();
        lines.sort_by_key(|line| line.at);
        let members = lines.into_iter().chain(last).collect();
        let header = Doc::Text(format!("widen {}", words::quoted(&widening.reason.value)));
        self.block(header, members, widening.span)
    }

    pub(super) fn authority(&mut self, authority: &Authority) -> Doc {
        let members = authority.members.iter().map(|line| {
            let (from, text, clause) = match line {
                AuthorityMember::Lifecycle { from } => (from, "lifecycle from", None),
                AuthorityMember::AppUser { from, except } => {
                    (from, "app user from", except.as_ref().map(|c| ("except when ", c)))
                }
                AuthorityMember::ContextUser { from, required } => {
                    (from, "context user from", required.as_ref().map(|c| ("required when ", c)))
                }
            };
            member(from.span, move |_| authority_line(text, from, clause))
        });
        let members = members.collect();
        self.block(Doc::text("authority"), members, authority.span)
    }

    pub(super) fn test(&mut self, test: &Test) -> Doc {
        let mut members: Vec<Member<'_, '_>> = Vec::new();
        for (index, case) in test.cases.iter().enumerate() {
            let request = member(case.span, move |_| request(case));
            // An empty line between cases.
            members.push(Member { spaced: index > 0, ..request });
            members.push(member(case.expect.span, move |_| expectation(&case.expect)));
        }
        self.block(Doc::Text(format!("test {}", words::quoted(&test.title.value))), members, test.span)
    }
}

/// The stages, then the ways back, then what has none.
pub(super) fn stages<'t, 'f>(ratchet: &'t Ratchet) -> Vec<Member<'t, 'f>> {
    let stages = ratchet.stages.iter().map(|stage| member(stage.span, move |_| stage_line(stage)));
    let reopenings = ratchet.reopenings.iter().map(|way| member(way.span, move |_| reopening_line(way)));
    let never = (!ratchet.never.is_empty()).then(|| {
        member(first_span(&ratchet.never), move |_| {
            keyword_list("never regrow ", ratchet.never.iter().map(words::scope))
        })
    });
    stages.chain(reopenings).chain(never).collect()
}

fn operation_line(line: &OperationMember) -> Doc {
    match line {
        OperationMember::Access(name) => Doc::Text(format!("access {}", name.text)),
        OperationMember::In(name) => Doc::Text(format!("in {}", name.text)),
        OperationMember::Lists(name) => Doc::Text(format!("lists {}", name.text)),
        OperationMember::Http { method, path } => {
            Doc::Text(format!("http {} {}", method.text, words::quoted(&path.value)))
        }
        OperationMember::Requires { model, alternatives } => {
            let mut parts = vec![Doc::Text(format!("requires {} ", model.text))];
            for (index, Alternative { least, scopes }) in alternatives.iter().enumerate() {
                if index > 0 {
                    parts.push(Doc::Concat(vec![Doc::Line, Doc::text("or ")]).group());
                }
                if *least {
                    parts.push(Doc::text("least "));
                }
                match scopes.as_slice() {
                    // Bare, it would be read as the keyword before the next word.
                    [one] if one.text == "least" => parts.push(Doc::Text(words::quoted(&one.text))),
                    [one] => parts.push(Doc::Text(words::scope(one))),
                    many => {
                        parts.extend([Doc::text("["), list(many.iter().map(words::scope)), Doc::text("]")])
                    }
                }
            }
            Doc::Concat(parts).nest()
        }
        OperationMember::Marks(names) => keyword_list("marks ", names.iter().map(|n| n.text.clone())),
    }
}

fn app_line(line: &AppMember) -> Doc {
    match line {
        AppMember::Key(text) => Doc::Text(format!("key {}", words::quoted(&text.value))),
        AppMember::Vendor(text) => Doc::Text(format!("vendor {}", words::quoted(&text.value))),
        AppMember::Kind(name) => Doc::Text(format!("kind {}", name.text)),
        AppMember::Platform(names) => keyword_list("platform ", names.iter().map(|n| n.text.clone())),
        AppMember::Requests(names) => keyword_list("requests ", names.iter().map(words::scope)),
        AppMember::Approved(names) => keyword_list("approved ", names.iter().map(words::scope)),
        AppMember::Optional(names) => keyword_list("optional ", names.iter().map(words::scope)),
        AppMember::StepUp(step_up) => {
            let (group, time) = (words::scope(&step_up.group), words::duration(step_up.seconds));
            Doc::Text(format!("step-up by {} of group {group} for {time}", step_up.approvers))
        }
        AppMember::User { role, containers: pattern, .. } => {
            let mut parts = vec![Doc::Text(format!("user {}", role.text))];
            if let Some(pattern) = pattern {
                parts.push(Doc::Line);
                parts.push(containers(pattern));
            }
            Doc::Concat(parts).nest().group()
        }
        AppMember::Installed(texts) => {
            keyword_list("installed on ", texts.iter().map(|t: &Text| words::quoted(&t.value)))
        }
    }
}

fn stage_line(stage: &Stage) -> Doc {
    let then = if stage.then { "then " } else { "" };
    let locked = if stage.locked { " locked" } else { "" };
    let head = Doc::Text(format!("{then}{}{locked}", stage.name.text));
    let mut lines = Vec::new();
    if let Some(scopes) = &stage.holds {
        lines.push(Doc::Line);
        lines.push(keyword_list("holds ", scopes.iter().map(words::scope)));
    }
    for withdrawal in &stage.withdraws {
        lines.push(Doc::Line);
        let mut parts = vec![Doc::text("withdraws "), operations(&withdrawal.operations)];
        if let Some(pattern) = &withdrawal.containers {
            parts.push(Doc::Line);
            parts.push(containers(pattern));
        }
        lines.push(Doc::Concat(parts).nest().group());
    }
    if !stage.triggers.is_empty() {
        lines.push(Doc::Line);
        lines.push(triggers(&stage.triggers));
    }
    Doc::Concat(vec![head, Doc::Concat(lines).nest()]).group()
}

fn triggers(triggers: &[Trigger]) -> Doc {
    let mut parts = vec![Doc::text("when ")];
    for (index, trigger) in triggers.iter().enumerate() {
        let word = if index > 0 { "or " } else { "" };
        let text = match trigger {
            Trigger::Event(name) => format!("event {}", words::quoted(&name.value)),
            Trigger::After { seconds, since, .. } => {
                let since = match since {
                    Since::Install(_) => "install".to_string(),
                    Since::Event(name) => format!("event {}", words::quoted(&name.value)),
                    Since::Stage(name) => name.text.clone(),
                };
                format!("{} after {since}", words::duration(*seconds))
            }
            Trigger::Unused { scope, seconds, .. } => {
                format!("{} unused for {}", words::scope(scope), words::duration(*seconds))
            }
            Trigger::Count { times: 1, operation, .. } => format!("success of {}", operation.text),
            Trigger::Count { times, operation, .. } => format!("{times} times {}", operation.text),
            Trigger::Command(_) => "command".to_string(),
        };
        let text = Doc::Text(format!("{word}{text}"));
        parts.push(if index > 0 { Doc::Concat(vec![Doc::Line, text]).group() } else { text });
    }
    Doc::Concat(parts).nest()
}

fn easing_line(easing: &Easing) -> Doc {
    match &easing.what {
        Eases::Ratchet(name) => Doc::Text(format!("for ratchet {}", name.text)),
        Eases::StepUp(pattern) => Doc::Concat(vec![Doc::text("for step-up of "), apps(pattern)]).nest(),
        Eases::Paths(pattern) => Doc::Concat(vec![Doc::text("for paths of "), operations(pattern)]).nest(),
    }
}

fn reopening_line(way: &Reopening) -> Doc {
    let (group, time) = (words::scope(&way.group), words::duration(way.seconds));
    Doc::Text(format!("reopen {} by {} of group {group} for {time}", way.stage.text, way.approvers))
}

fn authority_line(text: &str, from: &Name, clause: Option<(&str, &Condition)>) -> Doc {
    let mut parts = vec![Doc::Text(format!("{text} {}", from.text))];
    if let Some((word, clause)) = clause {
        parts.push(Doc::Line);
        parts.push(Doc::text(word));
        parts.push(condition(clause));
    }
    Doc::Concat(parts).nest().group()
}

fn request(case: &TestCase) -> Doc {
    let subject = match &case.subject {
        TestSubject::Anonymous(_) => "anonymous".to_string(),
        TestSubject::App(name) => name.text.clone(),
        TestSubject::Key(key) => words::quoted(&key.value),
    };
    let target = match &case.target {
        TestTarget::Operation(name) => name.text.clone(),
        TestTarget::Unknown(name) => words::quoted(&name.value),
        TestTarget::Http { method, path } => {
            format!("http {} {}", method.text, words::quoted(&path.value))
        }
    };
    let mut lines = Vec::new();
    for container in &case.containers {
        lines.push(Doc::Line);
        lines.push(Doc::Text(format!("in {} {}", container.kind.text, words::id(&container.id))));
        if container.attributes.is_empty() {
            continue;
        }
        let settings = container.attributes.iter().flat_map(|assign| [Doc::Line, setting(assign)]).collect();
        let body = vec![Doc::text(" {"), Doc::Concat(settings).nest(), Doc::Line, Doc::text("}")];
        lines.push(Doc::Concat(body).group());
    }
    for (index, assign) in case.with.iter().enumerate() {
        let (before, word) = if index == 0 { (Doc::Line, "with ") } else { (Doc::text(","), "") };
        lines.push(before);
        let both = Doc::Concat(vec![Doc::text(word), setting(assign)]);
        lines.push(if index == 0 { both } else { Doc::Concat(vec![Doc::Line, both]).group().nest() });
    }
    Doc::Concat(vec![Doc::Text(format!("{subject} to {target}")), Doc::Concat(lines).nest()]).group()
}

fn expectation(expect: &Expectation) -> Doc {
    let mut parts = vec![Doc::text(if expect.permit { "expect permit" } else { "expect deny" })];
    if !expect.layers.is_empty() {
        parts.push(Doc::text(" by "));
        parts.push(list(expect.layers.iter().map(|n| n.text.clone())));
        if expect.only {
            parts.push(Doc::text(" only"));
        }
    }
    if let Some(rule) = &expect.rule {
        parts.push(Doc::Text(format!(" rule {}", words::scope(rule))));
    }
    if expect.filter {
        parts.push(Doc::text(" filter"));
    }
    if expect.step_up.as_ref().is_some_and(Vec::is_empty) {
        parts.push(Doc::text(" without step-up"));
    } else if let Some(scopes) = &expect.step_up {
        parts.push(Doc::text(" step-up "));
        parts.push(list(scopes.iter().map(words::scope)));
    }
    Doc::Concat(parts).nest()
}

fn keyword_list(keyword: &str, words: impl Iterator<Item = String>) -> Doc {
    Doc::Concat(vec![Doc::text(keyword), list(words)]).nest()
}

fn first_span(names: &[Name]) -> Span {
    names.first().map(|name| name.span).unwrap_or_default()
}
