//! Rules about all apps but a few, in packages with many apps.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use sprag::authzen;
use sprag::request::{Request, Target, Value};
use sprag_runtime::Bundle;
use sprag_runtime::format::NONE;
use sprag_test_support::compiled::{self, Compiled};
use sprag_test_support::random::Random;

const CATALOG: &str = r#"catalog many version "1"
kind project { category: string }
model plain
scope plain READ
operation get { access read in project requires plain READ }
operation edit { access write in project requires plain READ }
"#;

/// Apps of several kinds, and whatever else is said.
fn package(apps: usize, rest: &str) -> Compiled {
    let kinds = ["app", "connector", "connector", "agent"];
    let mut text = String::from("use many\nauthority { app user from caller }\n");
    for n in 0..apps {
        let kind = kinds[n % kinds.len()];
        text += &format!(
            "app a{n} {{ key \"a{n}\" vendor \"V{}\" kind {kind} platform many.plain requests READ }}\n",
            n % 7
        );
    }
    compiled::files(vec![text + rest], CATALOG)
}

#[test]
fn evaluator_and_runtime_agree_where_rules_leave_apps_out() {
    let (mut told_apart, mut permitted, mut asked) = (0, 0, 0);
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let apps = 20 + random.below(60);
        let mut rest = String::new();
        for _ in 0..12 {
            let effect = random.pick(&["permit", "permit", "permit", "forbid"]);
            let kind = random.pick(&["app", "app", "connector", "agent"]);
            let left_out: Vec<String> =
                (0..random.below(4)).map(|_| format!("a{}", random.below(apps))).collect();
            let except = match left_out.is_empty() {
                true => String::new(),
                false => format!(" except {}", left_out.join(", ")),
            };
            let filter = random.pick(&["", "", " where app.vendor != \"V3\""]);
            let operations = random.pick(&["get", "edit", "any operation"]);
            let place = random.pick(&["", " in project P", " in project where category == \"A\""]);
            let when = random.pick(&["", " when channel == server", " unless app.vendor == \"V1\""]);
            rest += &format!("{effect} any {kind}{filter}{except} to {operations}{place}{when}\n");
        }
        let world = package(apps, &rest);
        let bundle = Bundle::load(&world.bytes).unwrap();
        told_apart += usize::from(bundle.tables().globals.app_slot.get() != NONE);
        let mut point = world.point();
        for _ in 0..400 {
            let mut request = Request {
                app: Some(format!("a{}", random.below(apps))),
                operation: Target::Name(random.pick(&["get", "edit"]).to_string()),
                ..Request::default()
            };
            request.attributes.insert("app-user.permitted".to_string(), Value::Bool(true));
            if random.one_in(2) {
                request.attributes.insert("channel".to_string(), Value::Text("server".to_string()));
            }
            let id = random.pick(&["P", "Q"]).to_string();
            request.containers.push(sprag::request::ContainerFact {
                kind: "project".to_string(),
                id: Some(id),
                attributes: [("category".to_string(), Value::Text(random.pick(&["A", "B"]).to_string()))]
                    .into(),
            });
            let defined = authzen::explain(&world.model, &world.sources, &world.evaluate(&request));
            assert_eq!(defined, point.explain(&request), "seed {seed}: {request:#?}\n{rest}");
            permitted += usize::from(defined.decision);
            asked += 1;
        }
    }
    println!("{told_apart} packages tell apps apart; {permitted} of {asked} permitted");
    assert!(told_apart > 30 && permitted > 1000 && asked - permitted > 1000);
}

/// Every rule once had a stratum of its own, which every app listed.
#[test]
fn a_bundle_grows_with_its_rules_and_not_with_rules_times_apps() {
    let bytes = |apps: usize| {
        let rule = |n: usize| format!("forbid any app except a{n} to edit in project P{n}\n");
        package(apps, &(0..apps).map(rule).collect::<String>()).bytes.len()
    };
    let (some, twice) = (bytes(150), bytes(300));
    assert!(twice < some * 5 / 2, "{some} bytes, and {twice} for twice as many");
}
