//! Policy text through parser and checker: what its `test` blocks expect, the evaluator must answer.

use std::collections::BTreeSet;

use sprag::diag::Diagnostic;
use sprag::eval::{Answer, Decision, evaluate};
use sprag::sema::model::{Expectation, Layer, Model};
use sprag::sema::{CatalogFile, Input, PRELUDE, check};
use sprag::span::SourceMap;
use sprag::syntax::parser::parse;

#[test]
fn the_languages_own_example_answers_as_its_tests_expect() {
    let mut sources = SourceMap::default();
    let mut file = |path: &str, text: &str| {
        let (file, diagnostics) = parse(sources.add(path, text), text);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        file
    };
    let (prelude, catalog) = (file("<prelude>", PRELUDE), file("catalog.sprag", CATALOG));
    let policy = file("policy.sprag", POLICY);
    let input = Input {
        package: "example",
        prelude: &prelude,
        policy: vec![&policy],
        catalogs: vec![CatalogFile { file: &catalog, digest: String::new() }],
        lock: None,
        syntax: &[],
    };
    let (model, diagnostics) = check(&input, &sources);
    let model = model.unwrap_or_else(|| panic!("{}", lines(&sources, &diagnostics)));
    let mut cases = 0;
    for test in &model.tests {
        for case in &test.cases {
            let answer = evaluate(&model, &case.request);
            let place = sources.at(case.span);
            if let Some(problem) = mismatch(&model, &answer, &case.expect) {
                panic!("{place}: {}: {problem}\n{answer:#?}\n{:#?}", test.title, case.request);
            }
            cases += 1;
        }
    }
    assert!(cases > 25, "{cases} cases only");
}

fn mismatch(model: &Model, answer: &Answer, expect: &Expectation) -> Option<String> {
    let layers: BTreeSet<Layer> = answer.refusals.iter().map(|refusal| refusal.layer).collect();
    let deciding = answer.refusals.iter().flat_map(|refusal| &refusal.clauses).chain(&answer.deciding);
    let rules: Vec<&str> = deciding.map(|id| model.clauses[id.index()].name.as_str()).collect();
    let step_up: Option<BTreeSet<String>> = answer
        .step_up
        .as_ref()
        .map(|scopes| scopes.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect());
    if (answer.effect == Decision::Permit) != expect.permit {
        return Some("the other effect".into());
    }
    if !layers.is_superset(&expect.layers) || (expect.only && layers != expect.layers) {
        return Some(format!("layers {layers:?}"));
    }
    if let Some(rule) = &expect.rule
        && !rules.contains(&rule.as_str())
    {
        return Some(format!("rules {rules:?}"));
    }
    if expect.filter && answer.filter.is_none() {
        return Some("no filter".into());
    }
    (expect.step_up.is_some() && expect.step_up != step_up).then(|| format!("step-up {step_up:?}"))
}

const CATALOG: &str = r#"
catalog acme.jira version "1"
enum classification ordered { public, internal, confidential }
kind site { classification: classification inherited }
kind project in site { category: string classification: classification inherited }
kind issue in project { classification: classification inherited owner: string watchers: strings }
model connect "Connect"
model delegated "Delegated" demands user
scope connect READ
scope connect WRITE implies READ
scope connect ADMIN implies WRITE, READ
scope delegated write-as
operation jira.issue.get {
  access read in issue http GET "/rest/issue/{id}" requires connect READ
}
operation jira.issue.edit {
  access write in issue http PUT "/rest/issue/{id}" requires connect WRITE requires delegated write-as
}
operation jira.issue.search { access read in project lists issue http GET "/rest/search" requires connect READ }
operation jira.webhook.add { access admin in site http POST "/rest/webhook" requires connect ADMIN }
"#;

const POLICY: &str = r#"
use acme.jira

app timesheets {
  key "com.acme.timesheets"
  vendor "Acme GmbH"
  platform acme.jira.connect
  requests ADMIN
  user worker in project where category == "Delivery"
  user installer in site
}
app copilot {
  key "ai.copilot"
  kind ai-tool
  platform acme.jira.delegated
  requests write-as
  user worker
}
role worker { read, write }
role installer { admin }
group finance { "ann", "bob" }
assign worker to group finance
assign worker to user "eve" in project OPEN
window office in "Europe/Berlin" { mon-fri 09:00-17:00 }
container project PAY { category = "Delivery" classification = confidential }
container issue PAY-1 in project PAY

permit any app to any operation as everything
forbid any app to any operation when container.classification >= confidential unless "finance" in user.groups as secrets
forbid any ai-tool to write unless time during office and client.ip in "10.0.0.0/8" as office-only
permit copilot to write when user.id == issue.owner or user.id in issue.watchers

ratchet setup on timesheets {
  start holds ADMIN
  then configured holds WRITE withdraws jira.webhook.* when event "done"
  then settled holds READ when WRITE unused for 90d
}

authority { context user from policy required when channel == browser }

test "identity and catalog" {
  anonymous to jira.issue.get expect deny by identity only
  "com.unknown" to jira.issue.get expect deny by identity only
  timesheets to "jira.unheard.of" expect deny by catalog only
  timesheets to http GET "/rest/issue/../webhook" expect deny by catalog only
  copilot to jira.issue.get in issue X in project PAY expect deny by catalog
}

test "roles, scopes and stages" {
  timesheets to jira.issue.edit in issue X in project OPEN { category = "Delivery" classification = public }
    with channel = server, setup.stage = start
    expect permit rule everything
  timesheets to http PUT "/rest/issue/X" in issue X in project OPEN { category = "Delivery" classification = public }
    with channel = server, setup.stage = configured
    expect permit rule everything
  timesheets to jira.issue.edit in issue X in project OPEN { category = "Delivery" classification = public }
    with channel = server
    expect deny by scope, ratchet only step-up WRITE
  timesheets to jira.issue.get in issue X in project OPEN { category = "Delivery" classification = public }
    with channel = server
    expect permit
  timesheets to jira.issue.get in issue X in project OPEN { category = "Other" classification = public }
    with channel = server
    expect deny by app-user only
  timesheets to jira.webhook.add in site acme { classification = public }
    with channel = server, setup.stage = start
    expect permit
  timesheets to jira.webhook.add in site acme { classification = public }
    with channel = server, setup.stage = configured
    expect deny by scope, ratchet only
  timesheets to jira.webhook.add in site acme { classification = public }
    with channel = server, setup.stage = start, install.approved = [WRITE]
    expect deny by scope only step-up ADMIN
  timesheets to jira.webhook.add in site acme { classification = public }
    with channel = server, setup.stage = start, install.status = disabled
    expect deny by lifecycle only
}

test "users" {
  timesheets to jira.issue.get in issue X in project OPEN { category = "Delivery" classification = public }
    expect deny by context-user only
  timesheets to jira.issue.get in issue X in project OPEN { category = "Delivery" classification = public }
    with channel = browser
    expect deny by context-user only
  timesheets to jira.issue.get in issue PAY-1 with channel = server expect deny by rules only rule secrets
  timesheets to jira.issue.get in issue PAY-1 in project OPEN { category = "Delivery" classification = public }
    with channel = server
    expect deny by rules only rule secrets
  timesheets to jira.issue.get in issue PAY-1 with user.id = "ann" expect permit
  timesheets to jira.issue.get in issue PAY-1 with user.id = "eve", user.groups = ["finance"]
    expect deny by context-user, rules only rule secrets
  timesheets to jira.issue.get in issue X in project OPEN { category = "Delivery" classification = public }
    with user.id = "eve"
    expect permit
  copilot to jira.issue.edit in issue X in project OPEN { classification = public }
    with channel = server, time = 2026-11-02T09:30:00Z, client.ip = "10.1.2.3"
    expect deny by scope, context-user only
}

test "lists" {
  timesheets to jira.issue.search in project OPEN { category = "Delivery" classification = public }
    with channel = server
    expect permit filter
  timesheets to jira.issue.search in issue X { classification = public } in project OPEN { category = "Delivery" }
    with channel = server
    expect permit
  timesheets to jira.issue.search with channel = server expect deny by app-user only
}

test "tools in the office" {
  copilot to jira.issue.edit in issue X { owner = "ann" classification = internal }
    with user.id = "ann", time = 2026-11-02T09:30:00Z, client.ip = "::ffff:10.1.2.3"
    expect permit
  copilot to jira.issue.edit in issue X { owner = "ann" classification = internal }
    with user.id = "ann", time = 2026-11-01T09:30:00Z, client.ip = "10.1.2.3"
    expect deny by rules only rule office-only
  copilot to jira.issue.edit in issue X { owner = "ann" classification = internal }
    with user.id = "ann", time = 2026-11-02T16:00:00Z, client.ip = "10.1.2.3"
    expect deny by rules only rule office-only
  copilot to jira.issue.edit in issue X { owner = "ann" classification = internal }
    with user.id = "ann", time = 2026-11-02T09:30:00Z
    expect deny by rules only rule office-only
}
"#;

/// What the diagnostics say, one a line.
fn lines(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let line = |one: &Diagnostic| format!("{}: {}: {}\n", sources.at(one.span()), one.code, one.message);
    diagnostics.iter().map(line).collect()
}
