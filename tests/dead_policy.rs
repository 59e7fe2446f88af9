//! Packages of which the analysis of dead policy has said something wrong.

use sprag::analysis::dead::{Dead, dead};
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
