//! Packages of which the analysis of dead policy has said something wrong.

use sprag::analysis::dead::{Dead, DeadRule, dead};
use sprag::sema::model::ClauseKind;
use sprag_test_support::compiled;

/// What is dead, of a package over the catalog of the documentation.
fn of(policy: &str) -> Dead {
    dead(&compiled::files(vec![policy.to_owned()], include_str!("../docs/demo.sprag")).model, &|_, _| {})
}

/// More permits than are tried at first, and only the last is of use to nobody in particular.
#[test]
fn a_stage_that_only_demands_a_person_is_another_stage() {
    let permits: String = (0..8)
        .map(|purpose| format!("permit t to demo.issue.get when has(user) and purpose == \"{purpose}\"\n"))
        .collect();
    let policy = format!(
        r#"use demo
role everything {{ any operation }}
group admins {{ "ann" }}
app t {{
  key "t"
  platform demo.classic
  requests ADMIN
  user everything
}}
assign everything to user "ann"
authority {{ context user from policy required when setup.stage != start }}
ratchet setup on t {{
  start
  then done when event "setup-finished"
}}
{permits}permit t to demo.issue.get when purpose == "other"
"#
    );
    assert_eq!(of(&policy).stages, []);
}

/// A project that is declared to lie in another site than the issue gives way, so that nothing of that site matters.
#[test]
fn what_is_declared_to_lie_elsewhere_is_not_what_a_request_names() {
    let policy = r#"use demo
role everything { any operation }
app t {
  key "t"
  platform demo.classic
  requests ADMIN
  user everything
}
container issue I in site S
container project X in site T
permit t to demo.issue.get in issue I when project.id == "X" or purpose == "a"
forbid t to demo.issue.get in site T
"#;
    let dead: Vec<u32> = of(policy).rules.iter().map(|rule| rule.clause.0).collect();
    assert_eq!(dead, [2]);
}

/// Frames are those of the whole policy: once the role of `a` is gone, what makes it idle there does not at `b`.
#[test]
fn of_two_roles_that_say_the_same_only_one_can_go_beside_others() {
    let catalog = r#"catalog tiny version "1"
kind site {}
kind project in site {}
model plain
scope plain READ
operation get { access read  in project  requires plain READ }
operation list { access read  in site  lists project  requires plain READ }
"#;
    let policy = r#"use tiny
group staff { "ann" }
role reader { read }
role all { any operation }
app a { key "a" platform tiny.plain requests READ user all }
app b { key "b" platform tiny.plain requests READ user reader }
assign reader to group staff
assign all to user "ann" in project
permit any app to list when channel == server
forbid a to list when channel == server
"#;
    let made = compiled::files(vec![policy.to_owned()], catalog);
    let found = dead(&made.model, &|_, _| {});
    let of_people: Vec<&DeadRule> = (found.rules.iter())
        .filter(|rule| made.model.clauses[rule.clause.index()].kind == ClauseKind::ContextUserGrant)
        .collect();
    assert_eq!(of_people.len(), 2, "{found:#?}");
    assert_eq!(of_people.iter().filter(|rule| rule.removable).count(), 1, "{found:#?}");
}
