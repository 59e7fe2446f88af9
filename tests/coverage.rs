//! What tests reach, against a slower way to the same answer: the rule taken out of the text.

use std::collections::BTreeSet;

use sprag::eval::{self, Answer, Decision};
use sprag::request::Request;
use sprag::sema::model::Model;
use sprag::suite::coverage::{self, Reach};
use sprag::suite::mutation;
use sprag_test_support::compiled::{Compiled, files};

const CATALOG: &str = include_str!("../docs/demo.sprag");

const POLICY: &str = r#"use demo

role viewer { read }
role editor { read, write }

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests READ, WRITE
  user viewer
  user editor in project where category == "Delivery"
}

app reports { key "com.acme.reports" platform demo.classic requests READ user viewer }

assign viewer to any user
assign editor to group "staff" in project where size < 10

permit timesheets to read as reading
permit timesheets to read in issue as reading-issues
permit timesheets to write in project where category == "Delivery" and size <= 20 as writing
permit reports to demo.issue.get, demo.page.get as reporting
forbid any app to write unless user.mfa as second-factor
forbid any app to read in project PAY as payroll
forbid reports to demo.page.edit as never-asked

ratchet setup on timesheets {
  start
  then settled withdraws delete when 24h after install
}

test "reading" {
  timesheets to demo.issue.get in issue W-1 in project WEB
  expect permit
  timesheets to demo.issue.get in project PAY
  expect deny by rules
  reports to demo.page.get in page P-1
  expect permit
}

test "writing" {
  timesheets to demo.issue.edit in issue W-1 in project WEB { category = "Delivery" size = 3 }
    with user.id = "ann", user.groups = ["staff"], user.mfa = true
  expect permit
  timesheets to demo.issue.edit in issue W-1 in project WEB { category = "Delivery" size = 3 }
    with user.id = "ann", user.groups = ["staff"], user.mfa = false
  expect deny
  timesheets to demo.issue.edit in issue W-1 in project WEB { category = "Finance" size = 3 }
    with user.id = "ann", user.groups = ["staff"], user.mfa = true
  expect deny
}
"#;

fn compiled(text: &str) -> Compiled {
    files(vec![text.to_owned()], CATALOG)
}

/// What each case gets from the layers, in order.
fn verdicts(model: &Model) -> Vec<BTreeSet<String>> {
    let verdict =
        |a: Answer| a.refusals.iter().map(|r| format!("{:?} {}", r.layer, r.reason.code())).collect();
    let cases = model.tests.iter().flat_map(|t| &t.cases);
    cases.map(|c| verdict(eval::evaluate(model, &c.request))).collect()
}

/// The policy with blanks where the clause stood.
fn without(policy: &Compiled, clause: usize) -> String {
    let span = policy.model.clauses[clause].span;
    let (start, end) = (span.start as usize, span.end as usize);
    format!("{}{}{}", &POLICY[..start], " ".repeat(end - start), &POLICY[end..])
}

#[test]
fn a_rule_is_decisive_if_the_answers_change_when_its_text_is_gone() {
    let policy = compiled(POLICY);
    let found = coverage::measure(&policy.model);
    let before = verdicts(&policy.model);
    let mut seen = BTreeSet::new();
    for (index, rule) in found.rules.iter().enumerate() {
        if rule.name.starts_with("setup.") {
            continue; // its text is the whole stage
        }
        let gone = verdicts(&compiled(&without(&policy, index)).model);
        assert_eq!(rule.reach == Reach::Decisive, gone != before, "{}", rule.name);
        seen.insert(rule.reach);
    }
    assert_eq!(seen.len(), 3, "the policy shows all degrees: {:#?}", found.rules);
}

#[test]
fn layers_are_counted_where_they_refuse_alone() {
    let layers = coverage::measure(&compiled(POLICY).model).layers;
    let alone: Vec<_> = layers.iter().filter(|(_, n)| *n > 0).map(|(l, n)| (l.name(), *n)).collect();
    assert_eq!(alone, [("rules", 2)]);
}

#[test]
fn a_dropped_rule_is_noticed_if_some_test_fails_when_its_text_is_gone() {
    let policy = compiled(POLICY);
    let score = mutation::run(&policy.model, &policy.sources, &|_, _| {});
    let survived: BTreeSet<_> = score.survivors.iter().map(|s| s.title.as_str()).collect();
    let expected: Vec<bool> =
        policy.model.tests.iter().flat_map(|t| &t.cases).map(|c| c.expect.permit).collect();
    for (index, clause) in policy.model.clauses.iter().enumerate() {
        if clause.name.starts_with("setup.") {
            continue; // its text is the whole stage
        }
        let gone = compiled(&without(&policy, index)).model;
        let cases: Vec<_> = gone.tests.iter().flat_map(|t| &t.cases).collect();
        let effects: Vec<bool> =
            cases.iter().map(|c| eval::evaluate(&gone, &c.request).refusals.is_empty()).collect();
        let refused = eval::evaluate(&gone, &cases[1].request).refusals;
        let red = effects != expected || !refused.iter().any(|r| r.layer.name() == "rules");
        // Without one of these, no request is decided otherwise: it is no mistake to leave it out.
        let none = ["reading-issues", "never-asked"].contains(&clause.name.as_str());
        let noticed = !survived.contains(format!("drop `{}`", clause.name).as_str());
        assert_eq!(noticed, red || none, "{}", clause.name);
    }
}

#[test]
fn a_planted_mistake_is_taken_out_again() {
    let policy = compiled(POLICY);
    let mut model = Model::clone(&policy.model);
    let before = format!("{model:?}");
    let mutants = mutation::mutants(&model.clone(), &policy.sources);
    let kinds = ["drop", "without the condition", "with `<` for `<=`", "no longer to", "instead of", "holds"];
    for kind in kinds {
        assert!(mutants.iter().any(|m| m.title.contains(kind)), "no mutant `{kind}`");
    }
    for mutant in mutants {
        let planted = mutant.planted(&mut model, |m| format!("{m:?}"));
        assert_ne!(planted, before, "{}", mutant.title);
        assert_eq!(format!("{model:?}"), before, "{}", mutant.title);
    }
}

#[test]
fn a_survivor_is_told_by_its_request_and_by_no_other_way_equal() {
    let policy = compiled(POLICY);
    let score = mutation::run(&policy.model, &policy.sources, &|_, _| {});
    assert!(score.equal > 0, "`reading-issues` says nothing that `reading` does not say");
    let mut model = Model::clone(&policy.model);
    let permits =
        |model: &Model, request: &Request| eval::evaluate(model, request).effect == Decision::Permit;
    for survivor in &score.survivors {
        let telling = survivor.telling.as_ref().unwrap_or_else(|| panic!("{}", survivor.title));
        assert_eq!(permits(&policy.model, &telling.request), telling.permit, "{}", survivor.title);
        let mutants = mutation::mutants(&policy.model, &policy.sources);
        let mut same = mutants.iter().filter(|m| m.title == survivor.title && m.span == survivor.span);
        let told = |m: &mutation::Mutant, model: &mut Model| {
            m.planted(model, |m| permits(m, &telling.request) != telling.permit)
        };
        assert!(same.any(|m| told(m, &mut model)), "{}", survivor.title);
        // What the report shows can be pasted into a test, and then the mistake is noticed.
        let word = if telling.permit { "permit" } else { "deny" };
        let test = format!("{POLICY}\ntest \"pasted\" {{\n  {}\n  expect {word}\n}}\n", telling.words);
        let more = compiled(&test);
        let again = mutation::run(&more.model, &more.sources, &|_, _| {});
        assert!(again.survivors.len() < score.survivors.len(), "{}: {}", survivor.title, telling.words);
    }
}

#[test]
fn cells_are_reached_by_their_own_witnesses() {
    let policy = compiled(POLICY);
    let found = coverage::cells(&policy.model, &|_, _| {});
    assert!(!found.missed.is_empty() && found.missed.len() < found.total);
    let mut more = POLICY.to_owned();
    for (number, cell) in found.missed.iter().enumerate() {
        let word = if cell.permit { "permit" } else { "deny" };
        more += &format!("\ntest \"cell {number}\" {{\n  {}\n  expect {word}\n}}\n", cell.words);
    }
    let full = compiled(&more);
    let (again, results) = (coverage::cells(&full.model, &|_, _| {}), &full.model.tests);
    assert!(again.missed.is_empty() && again.total == found.total, "{:#?}", again.missed);
    for case in results.iter().flat_map(|t| &t.cases) {
        let permit = eval::evaluate(&full.model, &case.request).effect == Decision::Permit;
        assert_eq!(permit, case.expect.permit);
    }
}
