//! The reference evaluator on one small world: each test changes what it is about and asks.

#[path = "eval/text.rs"]
mod text;
#[path = "eval/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sprag::eval::{Decision, Filter, evaluate};
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::sema::model::{
    Access, Attribute, AttributeId, ClauseId, ClauseKind, Condition, Constant, ContainerId, KindId, Layer,
    Model, Network, OperationId, Ordering, Owner, Pattern, PatternPart, PermissionModelId, Predicate,
    Principal, RatchetId, ScopeId, Source, Subject, Type, Window, WindowId,
};
use world::*;

// ---- default deny, forbid overrides, unknown never helps ----

#[test]
fn the_open_world_permits() {
    let answer = permits(&open(), &edit());
    assert_eq!(answer.deciding, [ClauseId(2)]);
    assert_eq!((answer.filter, answer.step_up), (None, None));
}

#[test]
fn without_clauses_every_layer_that_needs_one_denies() {
    let user = Request { user: Some(ann()), ..edit() };
    denies(&world(), &edit(), &["app-user app-user-without-role", "rules no-permit"]);
    denies(
        &world(),
        &user,
        &["app-user app-user-without-role", "context-user context-user-without-role", "rules no-permit"],
    );
}

#[test]
fn an_anonymous_or_unknown_app_meets_identity_only() {
    denies(&open(), &Request { app: None, ..edit() }, &["identity anonymous"]);
    let unknown = Request { app: Some("com.unknown".into()), ..edit() };
    denies(&open(), &unknown, &["identity unknown-app"]);
    let both = Request { operation: name("jira.unheard.of"), ..unknown.clone() };
    denies(&open(), &both, &["identity unknown-app", "catalog unknown-operation"]);
    let lost = Request { containers: vec![at("planet", "mars")], ..unknown };
    denies(&open(), &lost, &["identity unknown-app", "catalog wrong-container"]);
    denies(&open(), &Request { operation: name(""), ..edit() }, &["catalog unknown-operation"]);
}

#[test]
fn forbid_overrides_permit_in_either_order() {
    let forbid = clause(ClauseKind::Forbid, &["issue.edit"], Condition::Constant(true));
    let mut after = open();
    after.clauses.push(forbid.clone());
    let mut before = open();
    before.clauses.insert(0, forbid);
    let answer = denies(&after, &edit(), &["rules forbidden"]);
    assert_eq!(answer.refusals[0].clauses, [ClauseId(3)]);
    assert!(answer.deciding.is_empty());
    denies(&before, &edit(), &["rules forbidden"]);
}

#[test]
fn unknown_never_helps_the_app_in_either_polarity() {
    let mcp = || test(channel(), Predicate::Is(vec![Constant::Index(1)]));
    let with = |kind, condition| {
        let mut model = open();
        model.clauses.retain(|clause| clause.kind != ClauseKind::Permit || kind != ClauseKind::Permit);
        model.clauses.push(clause(kind, &["issue.edit"], condition));
        model
    };
    let say = |channel: Value| Request { attributes: attributes([("channel", channel)]), ..edit() };
    for condition in [mcp(), not(mcp())] {
        denies(&with(ClauseKind::Permit, condition.clone()), &edit(), &["rules no-permit"]);
        denies(&with(ClauseKind::Forbid, condition.clone()), &edit(), &["rules forbidden"]);
        denies(&with(ClauseKind::Withdrawal, condition.clone()), &edit(), &["ratchet withdrawn"]);
        // Not one of the enumeration's values, not of its type: as good as missing.
        denies(
            &with(ClauseKind::Permit, condition.clone()),
            &say(text("carrier-pigeon")),
            &["rules no-permit"],
        );
        denies(&with(ClauseKind::Forbid, condition), &say(Value::Int(1)), &["rules forbidden"]);
    }
    permits(&with(ClauseKind::Permit, mcp()), &say(text("mcp")));
    permits(&with(ClauseKind::Permit, not(mcp())), &say(text("server")));
    permits(&with(ClauseKind::Forbid, mcp()), &say(text("server")));
    // A certain part settles the whole, as Kleene has it.
    let settled = Condition::Any(vec![mcp(), Condition::Constant(true)]);
    permits(&with(ClauseKind::Permit, settled), &edit());
    let settled = Condition::All(vec![mcp(), Condition::Constant(false)]);
    permits(&with(ClauseKind::Forbid, settled), &edit());
    permits(&with(ClauseKind::Permit, not(test(channel(), Predicate::Present))), &edit());
    // The law of the excluded middle does not hold for what is not known.
    let middle = Condition::Any(vec![mcp(), not(mcp())]);
    denies(&with(ClauseKind::Permit, middle), &edit(), &["rules no-permit"]);
}

/// What is given and cannot be read is neither present nor absent: a permit that asks for either does not match,
/// a forbid that asks for either does.
#[test]
fn presence_of_what_cannot_be_read_is_unknown() {
    let present = |subject: Subject| test(subject, Predicate::Present);
    let is_unknown = |subject: Subject, request: &Request| {
        for condition in [present(subject.clone()), not(present(subject))] {
            let mut model = open();
            only_permit(&mut model, condition.clone());
            denies(&model, request, &["rules no-permit"]);
            let mut model = open();
            let all: Vec<String> = model.operations.iter().map(|o| o.name.clone()).collect();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            model.clauses.push(clause(ClauseKind::Forbid, &all, condition));
            denies(&model, request, &["rules forbidden"]);
        }
    };
    let is = |truth: bool, subject: Subject, request: &Request| {
        let condition = if truth { present(subject) } else { not(present(subject)) };
        let mut model = open();
        only_permit(&mut model, condition);
        permits(&model, request);
    };
    let say = |name: &str, value: Value| Request { attributes: attributes([(name, value)]), ..edit() };
    let (channel, groups) = (Subject::Attribute(AttributeId(0)), Subject::Attribute(AttributeId(2)));
    is_unknown(channel.clone(), &say("channel", text("pigeon")));
    is_unknown(channel.clone(), &say("channel", Value::Int(1)));
    is(true, channel.clone(), &say("channel", text("mcp")));
    is(false, channel, &edit());
    is_unknown(Subject::Attribute(AttributeId(4)), &say("client.ip", text("nowhere")));

    let ann = |given: Value| Request {
        user: Some(User { id: "ann".into(), attributes: attributes([("groups", given)]) }),
        ..edit()
    };
    is_unknown(groups.clone(), &ann(text("staff")));
    is(true, groups, &ann(Value::Set(texts(["staff"]))));

    let within = |container: ContainerFact| Request { containers: vec![container], ..edit() };
    let category = Subject::Container { attributes: vec![CATEGORY], inherited: false };
    let mut garbled = project("P");
    garbled.attributes.insert("category".into(), Value::Int(1));
    is_unknown(category.clone(), &within(garbled));
    // Which project it is, nobody said.
    is_unknown(category.clone(), &within(at("issue", "P-1")));
    is(true, category.clone(), &within(with_category(project("P"), "")));
    is(false, category, &within(project("P")));
    // The issue may have a level of its own; what the project has does not count.
    let level = Subject::Container { attributes: CLASSIFICATIONS.to_vec(), inherited: true };
    let mut secret = project("P");
    secret.attributes.insert("classification".into(), text("secret"));
    is_unknown(level, &within(secret));

    let mut model = setup(false);
    let ratchet = Subject::Stage(RatchetId(0));
    for (condition, stage, permitted) in [
        (present(ratchet.clone()), "start", true),
        (present(ratchet.clone()), "never heard of", false),
        (not(present(ratchet)), "never heard of", false),
    ] {
        only_permit(&mut model, condition);
        let request = staged(Request { operation: name("issue.get"), ..edit() }, stage);
        assert_eq!(evaluate(&model, &request).effect == Decision::Permit, permitted, "{stage}");
    }
}

#[test]
fn no_duration_is_less_than_none() {
    let mut model = open();
    let age = AttributeId(model.attributes.len() as u32);
    model.attributes.push(Attribute {
        owner: Owner::Request,
        name: "install.age".into(),
        kind: Type::Duration,
        inherited: false,
    });
    let young = Predicate::Order(Ordering::Less, Constant::Int(60));
    only_permit(&mut model, test(Subject::Attribute(age), young));
    let aged = |age| Request { attributes: attributes([("install.age", Value::Int(age))]), ..edit() };
    permits(&model, &aged(0));
    denies(&model, &aged(60), &["rules no-permit"]);
    for negative in [-1, i64::MIN] {
        denies(&model, &aged(negative), &["rules no-permit"]);
    }
}

// ---- lifecycle, app user, context user ----

#[test]
fn the_policy_knows_where_an_app_is_installed() {
    let mut model = open();
    model.apps[0].installed_on = Some(texts(["acme"]));
    let from = |site: &str| Request { attributes: attributes([("install.site", text(site))]), ..edit() };
    denies(&model, &edit(), &["lifecycle not-installed-here"]);
    denies(&model, &from("evil"), &["lifecycle not-installed-here"]);
    permits(&model, &from("acme"));
    model.authority.lifecycle = Source::Caller;
    denies(&model, &edit(), &["lifecycle status-unknown"]);
}

#[test]
fn only_an_enabled_installation_passes() {
    let mut model = open();
    let is = |status: Value| Request { attributes: attributes([("install.status", status)]), ..edit() };
    permits(&model, &edit());
    permits(&model, &is(text("enabled")));
    for status in [text("disabled"), text("Enabled"), text(""), Value::Bool(true)] {
        denies(&model, &is(status), &["lifecycle not-enabled"]);
    }
    model.authority.lifecycle = Source::Caller;
    permits(&model, &is(text("enabled")));
    denies(&model, &is(text("pending")), &["lifecycle not-enabled"]);
}

#[test]
fn the_callers_word_decides_only_where_the_policy_says_so() {
    let mut model = open();
    let word = |app: bool, user: bool| Request {
        attributes: attributes([("app-user.permitted", Value::Bool(app))]),
        user: Some(User { id: "ann".into(), attributes: attributes([("permitted", Value::Bool(user))]) }),
        ..edit()
    };
    permits(&model, &word(false, false));
    model.authority.app_user = Source::Caller;
    model.authority.context_user = Source::Caller;
    permits(&model, &word(true, true));
    denies(&model, &word(false, true), &["app-user app-user-refused"]);
    denies(&model, &word(true, false), &["context-user context-user-refused"]);
    denies(&model, &edit(), &["app-user app-user-refused"]);
    model.authority.app_user_except = test(channel(), Predicate::Is(vec![Constant::Index(0)]));
    denies(&model, &word(false, true), &["app-user app-user-refused"]);
    let mut browser = word(false, true);
    browser.attributes.insert("channel".into(), text("server"));
    permits(&model, &browser);
}

#[test]
fn a_user_holds_a_role_by_id_by_group_or_as_anybody() {
    let holds = |principal: Principal| {
        let mut model = open();
        model.groups.insert("finance".into(), texts(["ann"]));
        model.clauses[1].principal = principal;
        model
    };
    let asks = |id: &str, groups: Option<&str>| Request {
        user: Some(User {
            id: id.into(),
            attributes: groups
                .map(|group| attributes([("groups", Value::Set(texts([group])))]))
                .unwrap_or_default(),
        }),
        ..edit()
    };
    let refused = ["context-user context-user-without-role"];
    permits(&holds(Principal::Any), &asks("bob", None));
    permits(&holds(Principal::User("ann".into())), &asks("ann", None));
    denies(&holds(Principal::User("ann".into())), &asks("Ann", None), &refused);
    // A declared group has the declared members, whatever the request says.
    let finance = || holds(Principal::Group("finance".into()));
    permits(&finance(), &asks("ann", None));
    permits(&finance(), &asks("ann", Some("other")));
    denies(&finance(), &asks("bob", Some("finance")), &refused);
    // Of any other the request decides.
    let staff = || holds(Principal::Group("staff".into()));
    permits(&staff(), &asks("bob", Some("staff")));
    denies(&staff(), &asks("bob", Some("finance")), &refused);
    denies(&staff(), &asks("bob", None), &refused);
    // No user, no layer.
    permits(&staff(), &edit());
}

#[test]
fn group_tests_are_certain_for_declared_groups() {
    let groups = Subject::Attribute(AttributeId(2));
    let forbids = |predicate: Predicate| {
        let mut model = open();
        model.groups.insert("finance".into(), texts(["ann"]));
        model.clauses.push(clause(ClauseKind::Forbid, &["issue.edit"], test(groups.clone(), predicate)));
        model
    };
    let bob = Request { user: Some(User { id: "bob".into(), ..User::default() }), ..edit() };
    let in_any = |names: &[&str]| Predicate::HasAny(names.iter().map(|name| name.to_string()).collect());
    permits(&forbids(in_any(&["finance"])), &bob);
    denies(&forbids(in_any(&["finance", "staff"])), &bob, &["rules forbidden"]);
    denies(&forbids(in_any(&["finance"])), &edit(), &["rules forbidden"]); // unknown without a user
    denies(&forbids(Predicate::Present), &bob, &["rules forbidden"]);
    permits(&forbids(Predicate::Present), &edit());
    // `project.category in user.groups`
    let mut model = forbids(Predicate::Present);
    let category = Subject::Container { attributes: vec![CATEGORY], inherited: false };
    model.clauses[3].condition = test(category, Predicate::ElementOf(groups));
    permits(&model, &in_project(bob.clone(), "finance"));
    denies(&model, &in_project(Request { user: Some(ann()), ..edit() }, "finance"), &["rules forbidden"]);
    denies(&model, &in_project(bob, "staff"), &["rules forbidden"]);
}

#[test]
fn a_user_is_required_unless_certainly_not() {
    let mut model = open();
    model.authority.context_user_required = test(channel(), Predicate::Is(vec![Constant::Index(1)]));
    let say = |channel: &str| Request { attributes: attributes([("channel", text(channel))]), ..edit() };
    denies(&model, &edit(), &["context-user user-required"]);
    denies(&model, &say("mcp"), &["context-user user-required"]);
    permits(&model, &say("server"));
    permits(&model, &Request { user: Some(ann()), ..say("mcp") });
}

#[test]
fn a_model_that_demands_a_user_counts_only_with_one() {
    let mut model = open();
    model.operations[1].requirements = BTreeMap::from([(PermissionModelId(1), vec![vec![ScopeId(4)]])]);
    denies(&model, &edit(), &["catalog not-callable"]);
    model.apps[0].models.push(PermissionModelId(1));
    model.apps[0].requested.insert(ScopeId(4));
    permits(&model, &Request { user: Some(ann()), ..edit() });
    let answer = denies(&model, &edit(), &["scope missing-scopes", "context-user user-required"]);
    assert_eq!(answer.step_up, None);
}

// ---- scopes, ratchets, step-up ----

#[test]
fn scopes_are_closed_under_what_they_imply_before_they_meet() {
    let mut model = open();
    model.apps[0].requested = BTreeSet::from([ADMIN]);
    permits(&model, &edit());
    model.apps[0].approved = Some(BTreeSet::from([WRITE]));
    permits(&model, &edit());
    let answer = denies(&model, &hook(), &["scope missing-scopes"]);
    assert_eq!(answer.step_up, None, "the policy never gives it");
    // What the installation's administrator approved narrows further; other names say nothing.
    let approved = |names: &[&str]| Request {
        approved: Some(names.iter().map(|name| name.to_string()).collect()),
        ..edit()
    };
    permits(&model, &approved(&["ADMIN"]));
    denies(&model, &approved(&["READ", "USER", "FLY"]), &["scope missing-scopes"]);
    denies(&model, &approved(&[]), &["scope missing-scopes"]);
}

#[test]
fn a_stage_holds_what_the_nearest_stage_before_it_says() {
    let model = setup(false);
    permits(&model, &staged(hook(), "start"));
    permits(&model, &staged(hook(), "pause"));
    permits(&model, &staged(edit(), "settled"));
    let answer =
        denies(&model, &staged(hook(), "settled"), &["scope missing-scopes", "ratchet scopes-withdrawn"]);
    assert_eq!(answer.step_up, Some(vec![ADMIN]));
    denies(&model, &staged(hook(), "done"), &["scope missing-scopes", "ratchet scopes-withdrawn"]);
}

#[test]
fn a_missing_stage_counts_as_the_last() {
    let model = setup(false);
    let refused = ["scope missing-scopes", "ratchet scopes-withdrawn"];
    denies(&model, &hook(), &refused);
    denies(&model, &staged(hook(), "no-such-stage"), &refused);
    // For another app's ratchet there is no stage.
    let mut other = setup(false);
    other.ratchets[0].apps = BTreeSet::new();
    permits(&other, &hook());
}

#[test]
fn a_locked_stage_gives_no_advice_and_a_ratchet_is_blamed_only_for_what_it_took() {
    assert_eq!(evaluate(&setup(true), &staged(hook(), "settled")).step_up, None);
    let mut unapproved = setup(true);
    unapproved.apps[0].approved = Some(BTreeSet::from([WRITE]));
    let answer = denies(&unapproved, &staged(hook(), "settled"), &["scope missing-scopes"]);
    assert_eq!(answer.step_up, None, "the policy never gives it");
    let here = Request { approved: Some(["WRITE".to_owned()].into()), ..staged(hook(), "settled") };
    let answer = denies(&setup(true), &here, &["scope missing-scopes"]);
    assert_eq!(answer.step_up, Some(vec![ADMIN]));
}

#[test]
fn withdrawals_match_from_their_stage_on() {
    let mut model = setup(false);
    let from =
        test(Subject::Stage(RatchetId(0)), Predicate::Order(Ordering::GreaterOrEqual, Constant::Index(2)));
    model.clauses.push(clause(ClauseKind::Withdrawal, &["issue.edit"], from));
    permits(&model, &staged(edit(), "start"));
    let answer = denies(&model, &staged(edit(), "settled"), &["ratchet withdrawn"]);
    assert_eq!((answer.refusals[0].clauses.as_slice(), answer.step_up), (&[ClauseId(3)][..], None));
    denies(&model, &staged(edit(), "done"), &["ratchet withdrawn"]);
    denies(&model, &edit(), &["ratchet withdrawn"]);
}

#[test]
fn step_up_names_the_alternative_that_misses_fewest() {
    let mut model = open();
    let require = |model: &mut Model, alternatives: Vec<Vec<ScopeId>>| {
        model.operations[1].requirements = BTreeMap::from([(PermissionModelId(0), alternatives)]);
    };
    let advice = |model: &Model| {
        let here = model.scopes[NONE.index()].name.clone();
        evaluate(model, &Request { approved: Some([here].into()), ..edit() }).step_up
    };
    require(&mut model, vec![vec![READ, WRITE], vec![NONE, READ], vec![ADMIN]]);
    assert_eq!(advice(&model), Some(vec![READ]));
    require(&mut model, vec![vec![WRITE, NONE], vec![READ, NONE]]);
    assert_eq!(advice(&model), Some(vec![WRITE]));
    // Nothing beyond what the vendor asks for and the policy gives, and nothing where another layer refuses as well.
    model.apps[0].requested = BTreeSet::from([READ]);
    assert_eq!(advice(&model), Some(vec![READ]));
    require(&mut model, vec![vec![ADMIN]]);
    assert_eq!(advice(&model), None);
    require(&mut model, vec![vec![READ]]);
    model.apps[0].approved = Some(BTreeSet::from([NONE]));
    assert_eq!(advice(&model), None);
    model.apps[0].approved = None;
    model.clauses.retain(|clause| clause.kind != ClauseKind::Permit);
    assert_eq!(advice(&model), None);
}

// ---- containers ----

#[test]
fn a_container_chain_goes_up_the_tree() {
    let model = open();
    let ask = |containers: &[ContainerFact]| Request { containers: containers.to_vec(), ..edit() };
    let issue = at("issue", "PAY-1");
    permits(&model, &ask(&[]));
    permits(&model, &ask(&[issue.clone(), site()])); // a gap
    permits(&model, &ask(&[project("x")])); // lacks the innermost
    for wrong in [
        vec![at("planet", "mars")],
        vec![issue.clone(), at("planet", "mars")],
        vec![site(), project("x")],
        vec![issue.clone(), issue.clone()],
        vec![issue, at("space", "S")],
        vec![at("space", "S"), site()],
    ] {
        denies(&model, &ask(&wrong), &["catalog wrong-container"]);
    }
}

#[test]
fn declared_parents_stand_above_what_the_request_says() {
    let mut model = open();
    declare(&mut model, SITE, "acme", None);
    declare(&mut model, PROJECT, "PAY", Some(ContainerId(0)));
    declare(&mut model, ISSUE, "PAY-1", Some(ContainerId(1)));
    model
        .containers
        .attributes_mut(ContainerId(1))
        .unwrap()
        .insert(CATEGORY, Constant::String("Finance".into()));
    only_permit(&mut model, category_is("Delivery"));
    // The caller says Delivery; the policy knows better, by id …
    let pay = |kind, id| with_category(at(kind, id), "Delivery");
    denies(&model, &Request { containers: vec![pay("project", "PAY")], ..edit() }, &["rules no-permit"]);
    // … and by the declared parent of what lies in it, although the caller names another project.
    let lie = vec![at("issue", "PAY-1"), with_category(at("project", "OPEN"), "Delivery")];
    denies(&model, &Request { containers: lie, ..edit() }, &["rules no-permit"]);
    let truth = vec![at("issue", "OPEN-1"), with_category(at("project", "OPEN"), "Delivery")];
    permits(&model, &Request { containers: truth, ..edit() });

    // Attributes of the request stay where it named the declared container.
    model.containers.attributes_mut(ContainerId(1)).unwrap().clear();
    permits(&model, &Request { containers: vec![at("issue", "PAY-1"), pay("project", "PAY")], ..edit() });
    denies(
        &model,
        &Request { containers: vec![at("issue", "PAY-1"), pay("project", "X")], ..edit() },
        &["rules no-permit"],
    );
    // The chain is filled up to the root.
    let site_id = Subject::Container { attributes: vec![AttributeId(5)], inherited: false };
    only_permit(&mut model, test(site_id, Predicate::Is(vec![Constant::String("acme".into())])));
    permits(&model, &Request { containers: vec![at("issue", "PAY-1")], ..edit() });
}

#[test]
fn what_is_declared_to_lie_elsewhere_gives_way() {
    let mut model = open();
    declare(&mut model, SITE, "acme", None);
    declare(&mut model, SITE, "other", None);
    declare(&mut model, ISSUE, "I", Some(ContainerId(0)));
    declare(&mut model, PROJECT, "X", Some(ContainerId(1)));
    declare(&mut model, PROJECT, "Y", Some(ContainerId(0)));
    let site = |id: &str| {
        let site_id = Subject::Container { attributes: vec![AttributeId(5)], inherited: false };
        test(site_id, Predicate::Is(vec![Constant::String(id.into())]))
    };
    let delivery = |id| with_category(at("project", id), "Delivery");
    let named = |project| Request { containers: vec![at("issue", "I"), project], ..edit() };
    // The issue's own site stands; whoever names a project of another one names none.
    only_permit(&mut model, site("acme"));
    permits(&model, &named(delivery("X")));
    only_permit(&mut model, site("other"));
    denies(&model, &named(delivery("X")), &["rules no-permit"]);
    only_permit(&mut model, category_is("Delivery"));
    denies(&model, &named(delivery("X")), &["rules no-permit"]);
    // A project of the same site, or of which the policy knows nothing, stays.
    permits(&model, &named(delivery("Y")));
    permits(&model, &named(delivery("Z")));
    // And so does the other project without the issue.
    permits(&model, &Request { containers: vec![delivery("X")], ..edit() });
}

#[test]
fn inherited_attributes_are_lifted_from_the_nearest_container_with_a_value() {
    let mut model = open();
    let classification = Subject::Container { attributes: CLASSIFICATIONS.to_vec(), inherited: true };
    only_permit(
        &mut model,
        test(classification, Predicate::Order(Ordering::LessOrEqual, Constant::Index(1))),
    );
    let classified = |kind: &str, level: &str| ContainerFact {
        attributes: attributes([("classification", text(level))]),
        ..at(kind, "x")
    };
    let ask = |containers: Vec<ContainerFact>| Request { containers, ..edit() };
    permits(&model, &ask(vec![at("issue", "x"), at("project", "x"), classified("site", "internal")]));
    permits(
        &model,
        &ask(vec![at("issue", "x"), classified("project", "public"), classified("site", "secret")]),
    );
    let secret = vec![classified("issue", "secret"), classified("project", "public")];
    denies(&model, &ask(secret), &["rules no-permit"]);
    denies(&model, &ask(vec![at("issue", "x")]), &["rules no-permit"]);
    // Of a value that is none of the enumeration's nothing is known: the project's must not stand in for it.
    let unheard_of = vec![classified("issue", "top"), classified("project", "public")];
    denies(&model, &ask(unheard_of), &["rules no-permit"]);
    // Nor of what the request leaves out: a project in between, or the issue itself, may be stricter.
    denies(&model, &ask(vec![at("issue", "x"), classified("site", "public")]), &["rules no-permit"]);
    denies(&model, &ask(vec![classified("project", "public")]), &["rules no-permit"]);
    // An issue that has no level of its own has its project's, also if its id is not known.
    let some_issue = ContainerFact { id: None, ..at("issue", "x") };
    permits(&model, &ask(vec![some_issue, classified("project", "public")]));
}

#[test]
fn what_lies_below_the_operations_kind_is_dropped_after_its_parents_were_filled_in() {
    let mut model = open();
    declare(&mut model, PROJECT, "PAY", None);
    declare(&mut model, ISSUE, "PAY-1", Some(ContainerId(0)));
    model
        .containers
        .attributes_mut(ContainerId(0))
        .unwrap()
        .insert(CATEGORY, Constant::String("Delivery".into()));
    only_permit(&mut model, category_is("Delivery"));
    let get = Request { operation: name("project.get"), ..edit() };
    permits(&model, &Request { containers: vec![at("issue", "PAY-1")], ..get.clone() });
    denies(&model, &Request { containers: vec![at("issue", "X-1")], ..get }, &["rules no-permit"]);
}

// ---- lists ----

/// The layers of a filter, each with its clauses.
fn only(filter: Option<Filter>) -> Vec<(Layer, Vec<ClauseId>)> {
    filter.unwrap().only.into_iter().map(|group| (group.layer, group.any)).collect()
}

#[test]
fn a_list_is_filtered_by_what_depends_on_its_entries() {
    let search = Request { operation: name("issue.search"), containers: vec![project("P")], ..edit() };
    let secret = || {
        let classification = Subject::Container { attributes: CLASSIFICATIONS.to_vec(), inherited: true };
        test(classification, Predicate::Order(Ordering::Greater, Constant::Index(1)))
    };
    let mut model = open();
    assert_eq!(permits(&model, &search).filter, None);
    model.clauses.push(clause(ClauseKind::Forbid, &["issue.search"], secret()));
    let filter = permits(&model, &search).filter.unwrap();
    assert_eq!((filter.kind, filter.only, filter.except), (ISSUE, vec![], vec![ClauseId(3)]));
    // Not of the issue, so certain: refused outright, unknown or not.
    model.clauses[3].condition = category_is("Finance");
    denies(&model, &search, &["rules forbidden"]);
    // The entry at hand: nothing left to filter.
    model.clauses[3].condition = secret();
    let known = vec![
        ContainerFact { attributes: attributes([("classification", text("public"))]), ..at("issue", "1") },
        project("P"),
    ];
    assert_eq!(permits(&model, &Request { containers: known, ..search.clone() }).filter, None);

    // Grants of which none is certain narrow the list, in each layer for itself.
    let mut model = open();
    model.clauses[0].condition = not(secret());
    model.clauses[2].condition = secret();
    model.clauses.push(clause(ClauseKind::AppUserGrant, &["issue.search"], Condition::Constant(true)));
    let answer = permits(&model, &search);
    assert_eq!(only(answer.filter), [(Layer::Rules, vec![ClauseId(2)])]);
    assert_eq!(answer.deciding, [ClauseId(2)]);
    // An entry must pass each of the layers, so they are told apart.
    model.clauses.pop();
    let groups = [(Layer::AppUser, vec![ClauseId(0)]), (Layer::Rules, vec![ClauseId(2)])];
    assert_eq!(only(permits(&model, &search).filter), groups);
    // `may` needs all parts: a certain falsehood beside a listed test refuses.
    model.clauses[2].condition = Condition::All(vec![secret(), Condition::Constant(false)]);
    denies(&model, &search, &["rules no-permit"]);
}

#[test]
fn a_kind_that_lists_itself_is_listed_while_it_is_not_given() {
    let mut model = open();
    only_permit(&mut model, category_is("Delivery"));
    let search = Request { operation: name("project.search"), containers: vec![], ..edit() };
    assert_eq!(only(permits(&model, &search).filter), [(Layer::Rules, vec![ClauseId(2)])]);
    permits(&model, &Request { containers: vec![site()], ..search.clone() });
    denies(&model, &Request { containers: vec![project("P")], ..search.clone() }, &["rules no-permit"]);
    let given = with_category(project("P"), "Delivery");
    assert_eq!(permits(&model, &Request { containers: vec![given], ..search }).filter, None);
}

#[test]
fn a_relation_to_an_entry_is_listed_only_if_the_other_side_is_known() {
    let mut model = open();
    let owner = Subject::Container { attributes: vec![OWNER], inherited: false };
    only_permit(&mut model, test(Subject::Attribute(AttributeId(1)), Predicate::Same(owner)));
    let search = Request { operation: name("issue.search"), containers: vec![project("P")], ..edit() };
    denies(&model, &search, &["rules no-permit"]);
    assert!(permits(&model, &Request { user: Some(ann()), ..search }).filter.is_some());
}

#[test]
fn kinds_are_those_that_the_operation_acts_in_or_lists() {
    let forbidden = |operation: &str, condition: Condition| {
        let mut model = open();
        model.clauses.push(clause(ClauseKind::Forbid, &[operation], condition));
        evaluate(&model, &Request { operation: name(operation), containers: vec![], ..edit() }).effect
            == Decision::Deny
    };
    assert!(forbidden("issue.edit", Condition::InKind(SITE)));
    assert!(!forbidden("project.get", Condition::InKind(ISSUE)));
    assert!(forbidden("issue.search", Condition::InKind(ISSUE)));
    assert!(forbidden("issue.search", Condition::AtKind(PROJECT)));
    assert!(forbidden("issue.search", Condition::AtKind(ISSUE)));
    assert!(!forbidden("issue.search", Condition::AtKind(SITE)));
    assert!(forbidden("issue.edit", not(Condition::InKind(KindId(3)))));
}

// ---- the wire ----

#[test]
fn routes_lead_to_the_most_literal_template() {
    let mut model = open();
    for (name, method, template) in [
        ("a.mine", "GET", "/rest/issue/mine/{part}"),
        ("a.part", "GET", "/rest/issue/{id}/part"),
        ("a.file", "GET", "/files/report-{id}.pdf"),
        ("a.twin", "GET", "/twin/{a}"),
        ("b.twin", "GET", "/twin/{b}"),
    ] {
        model.operations.push(operation(name, Access::Read, ISSUE, None, Some((method, template)), READ));
    }
    let all: BTreeSet<OperationId> = (0..model.operations.len() as u32).map(OperationId).collect();
    for clause in &mut model.clauses {
        clause.operations = Arc::new(all.clone());
    }
    let all_names: Vec<String> = model.operations.iter().map(|operation| operation.name.clone()).collect();
    let leads = |method: &str, path: &str| {
        let request = Request {
            operation: Target::Http { method: method.into(), path: path.into() },
            containers: vec![],
            ..edit()
        };
        let found = all_names.iter().enumerate().find(|(index, _)| {
            let mut model = model.clone();
            model.clauses.push(clause(ClauseKind::Forbid, &[], Condition::Constant(true)));
            model.clauses[3].operations = Arc::new(BTreeSet::from([OperationId(*index as u32)]));
            let answer = evaluate(&model, &request);
            answer.refusals.iter().any(|refusal| refusal.reason.code() == "forbidden")
        });
        found.map(|(_, name)| name.as_str())
    };
    assert_eq!(leads("GET", "/rest/issue/PAY-1"), Some("issue.get"));
    assert_eq!(leads("GET", "/rest/issue/PAY-1?expand=/../..;x#%zz"), Some("issue.get"));
    assert_eq!(leads("GET", "/rest/issue/PAY%2D1"), Some("issue.get"));
    assert_eq!(leads("GET", "/rest/%69ssue/a%20%C3%BC.%2e"), Some("issue.get"));
    assert_eq!(leads("PUT", "/rest/issue/PAY-1"), Some("issue.edit"));
    assert_eq!(leads("GET", "/rest/issue/mine/part"), Some("a.mine"));
    assert_eq!(leads("GET", "/rest/issue/yours/part"), Some("a.part"));
    assert_eq!(leads("GET", "/files/anything"), Some("a.file"));
    assert_eq!(leads("GET", "/twin/x"), None);
    for attack in [
        "",
        "/",
        "rest/issue/1",
        "https://x/rest/issue/1",
        "/rest/issue/",
        "/rest/issue/1/",
        "//rest/issue/1",
        "/rest//issue/1",
        "/rest/./issue/1",
        "/rest/issue/.",
        "/rest/issue/..",
        "/rest/issue/...",
        "/rest/x/../issue/1",
        "/rest/issue/%2e%2e",
        "/rest/issue/.%2E",
        "/rest/issue/1%2f2",
        "/rest/issue/1%2F2",
        "/rest/issue/1%5c2",
        "/rest/issue/1\\2",
        "/rest/issue/1;x=y",
        "/rest/issue/%252e",
        "/rest/issue/%25",
        "/rest/issue/%",
        "/rest/issue/%4",
        "/rest/issue/%zz",
        "/rest/issue/%+4",
        "/rest/issue/%00",
        "/rest/issue/a%0d%0a",
        "/rest/issue/a\nb",
        "/rest/issue/a b",
        "/rest/issue/ ",
        "/rest/issue/%7f",
        "/rest/issue/%C2%85",
        "/rest/issue/%ff",
        "/rest/issue/%c0%af",
        "/rest/issue/%C3",
        "/REST/issue/1",
        "/rest/Issue/1",
        "/rest/issue",
        "?/rest/issue/1",
        "/rest/issue/?x",
    ] {
        assert_eq!(leads("GET", attack), None, "{attack:?}");
    }
    assert_eq!(leads("get", "/rest/issue/1"), None);
    assert_eq!(leads("POST", "/rest/issue/1"), None);
}

// ---- time and addresses ----

#[test]
fn a_window_follows_the_clocks_of_its_zone() {
    let mut model = open();
    model.windows.push(Window {
        name: "night".into(),
        zone: "Europe/Berlin".into(),
        // Sunday 02:00-03:00 and Monday 00:00-00:01.
        minutes: vec![(0, 1), (6 * 1440 + 120, 6 * 1440 + 180)],
    });
    only_permit(&mut model, test(Subject::Attribute(AttributeId(3)), Predicate::During(WindowId(0))));
    let at = |instant: &str| {
        let seconds = instant.parse::<jiff::Timestamp>().unwrap().as_second();
        evaluate(&model, &Request { attributes: attributes([("time", Value::Int(seconds))]), ..edit() })
            .effect
            == Decision::Permit
    };
    // Winter, UTC+1: the ends are half open.
    assert!(!at("2026-01-11T00:59:59Z") && at("2026-01-11T01:00:00Z"));
    assert!(at("2026-01-11T01:59:59Z") && !at("2026-01-11T02:00:00Z"));
    // Summer, UTC+2.
    assert!(at("2026-07-12T00:00:00Z") && !at("2026-07-12T01:00:00Z"));
    // In spring the hour does not exist.
    assert!(!at("2026-03-29T00:59:59Z") && !at("2026-03-29T01:00:00Z"));
    // In autumn it comes twice.
    assert!(!at("2026-10-24T23:59:59Z") && at("2026-10-25T00:00:00Z") && at("2026-10-25T01:59:59Z"));
    assert!(!at("2026-10-25T02:00:00Z"));
    // Sunday's midnight.
    assert!(!at("2026-01-11T22:59:59Z") && at("2026-01-11T23:00:59Z") && !at("2026-01-11T23:01:00Z"));
}

#[test]
fn instants_beyond_the_known_years_are_unknown() {
    let mut model = open();
    model.windows.push(Window { name: "always".into(), zone: "UTC".into(), minutes: vec![(0, 10080)] });
    let during = || test(Subject::Attribute(AttributeId(3)), Predicate::During(WindowId(0)));
    let say = |seconds| Request { attributes: attributes([("time", Value::Int(seconds))]), ..edit() };
    for (condition, denial) in [(during(), ["rules no-permit"]), (not(during()), ["rules no-permit"])] {
        only_permit(&mut model, condition);
        for seconds in [-1, 4_102_444_800, i64::MIN, i64::MAX] {
            denies(&model, &say(seconds), &denial);
        }
    }
    only_permit(&mut model, during());
    permits(&model, &say(0));
    permits(&model, &say(4_102_444_799));
}

#[test]
fn a_mapped_address_is_the_address_it_maps() {
    let mut model = open();
    let networks = vec![Network("10.0.0.0/8".parse().unwrap()), Network("2001:db8::/32".parse().unwrap())];
    only_permit(&mut model, test(Subject::Attribute(AttributeId(4)), Predicate::InNetworks(networks)));
    let from = |ip: &str| Request { attributes: attributes([("client.ip", text(ip))]), ..edit() };
    for ip in ["10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203", "2001:db8::1"] {
        permits(&model, &from(ip));
    }
    for ip in
        ["11.0.0.1", "::ffff:11.0.0.1", "::10.1.2.3", "10.1", "010.1.2.3", "10.1.2.3/8", " 10.1.2.3", ""]
    {
        denies(&model, &from(ip), &["rules no-permit"]);
    }
}

#[test]
fn patterns_match_the_whole_value() {
    let mut model = open();
    let category = || Subject::Container { attributes: vec![CATEGORY], inherited: false };
    let mut matches = |parts: &[PatternPart], value: &str| {
        only_permit(&mut model, test(category(), Predicate::Like(vec![Pattern(parts.to_vec())])));
        let containers = vec![with_category(project("P"), value)];
        evaluate(&model, &Request { containers, ..edit() }).effect == Decision::Permit
    };
    let literal = |text: &str| PatternPart::Text(text.into());
    let below = [PatternPart::Labels, literal(".example.com")];
    assert!(matches(&below, "a.example.com") && matches(&below, "b.a.example.com"));
    assert!(!matches(&below, "example.com") && !matches(&below, ".example.com"));
    assert!(!matches(&below, "evil.com/.example.com") && !matches(&below, "a.example.com.evil"));
    let label = [PatternPart::Label, literal(".com")];
    assert!(matches(&label, "a.com") && !matches(&label, "a.b.com"));
    let any = [literal("a"), PatternPart::Any, literal("b"), PatternPart::Any, literal("b")];
    assert!(
        matches(&any, "abb") && matches(&any, "axbyüb") && !matches(&any, "ab") && !matches(&any, "abbc")
    );
    let port = [literal("http://h:"), PatternPart::Port];
    assert!(matches(&port, "http://h:80") && !matches(&port, "http://h:") && !matches(&port, "http://h:8a"));
    assert!(matches(&[], "") && !matches(&[], "a"));
}
