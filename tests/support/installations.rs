//! A policy with ratchets of every kind, events that could happen to an installation, and what it then may do.

use std::collections::{BTreeMap, BTreeSet};

use sprag::eval::{self, Decision};
use sprag::ratchet::{Approval, Event, Facts, Installation, State, Target, What, effective};
use sprag::request::{ContainerFact, Request, User};
use sprag::sema::model::{KindId, Model};

use super::compiled::{self, Compiled};
use super::random::Random;

/// One app of two permission models, with every kind of trigger, two ratchets, and ways back.
pub const POLICY: &str = r#"
use demo

group admins { "ann", "bob", "eve" }

role everything { any operation }

app alpha {
  key "app.alpha"
  platform demo.chain, demo.fine
  requests DELETE, "read:issue", "write:issue"
  optional ADMIN, "manage:hook"
  step-up by 2 of group admins for 30d
  user everything
}

assign everything to any user

permit any app to any operation

ratchet setup on alpha {
  start
  then configured
    holds WRITE, "read:issue", "write:issue"
    when event "setup-finished" or 1d after install
  then settled
    holds READ, "read:issue"
    withdraws demo.issue.search
    when WRITE unused for 90d or event "alert" or 3 times demo.issue.delete or command
  then final locked
    holds READ
    when 400d after settled or command
  reopen start by 2 of group admins for 2h
  reopen configured by 1 of group admins for 1d
  never regrow DELETE
}

ratchet age on alpha {
  young
  then old
    withdraws demo.page.get
    when 30d after install
  then ancient
    withdraws demo.page.search
    when event "alert" or 20d after old
}

ratchet trust on any app {
  open
  then closed
    withdraws write in project PAY
    when event "alert" or success of demo.project.admin or 10d after event "setup-finished"
  reopen open by 1 of group security for 1h
}
"#;

/// The policy, compiled.
pub fn world() -> Compiled {
    compiled::policy(POLICY)
}

/// The installation that all is about.
pub fn installation() -> Installation {
    Installation { app: "app.alpha".to_owned(), site: "acme.example".to_owned() }
}

/// What its first version asks for.
pub fn asks() -> BTreeSet<String> {
    names(&["DELETE", "read:issue", "write:issue"])
}

/// A set of names.
pub fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// An event with who and why.
pub fn event(what: What) -> Event {
    Event { what, by: "ann".to_owned(), reason: "because".to_owned() }
}

/// The first installation.
pub fn install() -> Event {
    event(What::Installed { version: "1".to_owned(), asks: asks() })
}

const SCOPES: [&str; 6] = ["READ", "WRITE", "DELETE", "ADMIN", "read:issue", "manage:hook"];

/// Something that could happen. Without `growth` nothing that may give: no approval, no reopening.
pub fn random_event(random: &mut Random, growth: bool, now: i64) -> Event {
    let person = *random.pick(&["ann", "bob", "eve", "mallory"]);
    let what = match random.below(if growth { 16 } else { 11 }) {
        0 => What::Tick,
        1 => What::Uninstalled,
        2 | 3 => {
            let version = random.below(4).to_string();
            let asks = random.subset(&SCOPES, 5).into_iter().map(str::to_owned).collect();
            match random.one_in(2) {
                true => What::Version { version, asks },
                false => What::Installed { version, asks },
            }
        }
        4 | 5 => What::Reported((*random.pick(&["setup-finished", "alert", "unheard"])).to_owned()),
        6 | 7 => What::Used {
            scopes: BTreeMap::from([((*random.pick(&SCOPES)).to_owned(), now - random.below(1000) as i64)]),
            successes: BTreeMap::from([(
                (*random.pick(&["demo.issue.delete", "demo.project.admin", "demo.issue.get"])).to_owned(),
                1 + random.below(2) as u64,
            )]),
        },
        8 => {
            let stages =
                [("setup", "configured"), ("setup", "settled"), ("setup", "final"), ("trust", "closed")];
            let (ratchet, stage) = *random.pick(&stages);
            What::Turn { ratchet: ratchet.to_owned(), stage: stage.to_owned() }
        }
        9 => What::Withdraw(match random.below(6) {
            0 => Target::Operation("demo.issue.edit".to_owned()),
            1 => Target::Container("project".to_owned(), (*random.pick(&["PAY", "HR"])).to_owned()),
            2 => Target::Installation,
            _ => Target::Scope((*random.pick(&SCOPES)).to_owned()),
        }),
        10 => What::Catalogs { opened: names(&["demo.page.get"]) },
        11 | 12 => {
            let (ratchet, stage) =
                *random.pick(&[("setup", "start"), ("setup", "configured"), ("trust", "open")]);
            What::Reopen {
                id: format!("r{}", random.below(4)),
                ratchet: ratchet.to_owned(),
                stage: stage.to_owned(),
                seconds: Some(*random.pick(&[600, 3600, 7200])),
                groups: names(&["security"]),
            }
        }
        _ => What::Approve(Approval {
            id: format!("a{}", random.below(6)),
            scopes: random.subset(&SCOPES, 3).into_iter().map(str::to_owned).collect(),
            operations: random.maybe(|_| "demo.issue.edit".to_owned()).into_iter().collect(),
            containers: random.maybe(|_| ("project".to_owned(), "PAY".to_owned())).into_iter().collect(),
            seconds: Some(*random.pick(&[3600, 86_400, 2_592_000])),
            groups: BTreeSet::new(),
        }),
    };
    Event { what, by: person.to_owned(), reason: "because".to_owned() }
}

/// Requests that between them see every operation in two projects.
pub fn probes(model: &Model) -> Vec<Request> {
    let mut probes = Vec::new();
    for operation in &model.operations {
        for project in ["PAY", "HR"] {
            for user in [None, Some(User { id: "ann".to_owned(), attributes: BTreeMap::new() })] {
                let mut containers = Vec::new();
                let mut next = Some(operation.kind);
                while let Some(KindId(kind)) = next {
                    let kind = &model.kinds[kind as usize];
                    let id = if kind.name == "project" { project } else { "x" };
                    containers.push(ContainerFact {
                        kind: kind.name.clone(),
                        id: Some(id.to_owned()),
                        attributes: BTreeMap::new(),
                    });
                    next = kind.parent;
                }
                probes.push(Request {
                    app: Some("app.alpha".to_owned()),
                    operation: sprag::request::Target::Name(operation.name.clone()),
                    containers,
                    user,
                    ..Request::default()
                });
            }
        }
    }
    probes
}

/// Which of the requests are permitted in a state, by the evaluator.
pub fn permitted(model: &Model, probes: &[Request], state: &State) -> BTreeSet<usize> {
    let permits = |(_, probe): &(usize, &Request)| {
        let mut request = (*probe).clone();
        state.apply(&mut request);
        eval::evaluate(model, &request).effect == Decision::Permit
    };
    probes.iter().enumerate().filter(permits).map(|(number, _)| number).collect()
}

/// Which of the requests are permitted with these facts.
pub fn power(model: &Model, probes: &[Request], facts: &Facts, now: i64) -> BTreeSet<usize> {
    permitted(model, probes, &effective(model, facts, &installation(), now))
}
