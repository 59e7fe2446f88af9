//! Handles belong to one bundle.

use sprag_runtime::{App, Bundle, Decision, Layer, Reason, Request, Target, Value};
use sprag_test_support::compiled;

/// A number that means one app before a reload means another one after it.
#[test]
fn what_was_looked_up_in_another_bundle_is_denied() {
    let app = |name: &str| {
        format!("app {name} {{\n  key \"app.{name}\"\n  platform demo.chain\n  requests ADMIN\n}}\n")
    };
    let policy = |apps: &[&str]| {
        let apps: String = apps.iter().map(|name| app(name)).collect();
        let rest = "authority { app user from caller }\npermit able to any operation\n";
        compiled::policy(&format!("use demo\n{apps}{rest}")).bytes
    };
    let (before, after) = (policy(&["able"]), policy(&["able", "aaron", "baker"]));
    let [old, same, new] = [&before, &before, &after].map(|bytes| Bundle::load(bytes).unwrap());
    assert!(old.identity() == same.identity() && old.identity() != new.identity());
    let attributes = [("app-user.permitted", Value::Bool(true))];
    let request =
        |app, operation| Request { app: Some(app), operation, attributes: &attributes, ..Request::default() };
    let name = "demo.project.get";
    let by_name = request(App::Key("app.able"), Target::Name(name));
    let (app, operation) =
        (App::Handle(old.app("app.able").unwrap()), Target::Handle(old.operation(name).unwrap()));
    let mut scratch = [0; 256];
    let told = |decision: Decision| decision.refusals().collect::<Vec<_>>();
    for bundle in [&old, &same] {
        assert_eq!(told(bundle.decide(&request(app, operation), &mut scratch)), []);
    }
    assert_eq!(told(new.decide(&by_name, &mut scratch)), []);
    let stale = (Layer::Identity, Reason::StaleHandle);
    let stale_operation = (Layer::Catalog, Reason::StaleHandle);
    assert_eq!(told(new.decide(&request(app, Target::Name(name)), &mut scratch)), [stale]);
    assert_eq!(told(new.decide(&request(App::Key("app.able"), operation), &mut scratch)), [stale_operation]);
    assert_eq!(told(new.decide(&request(app, operation), &mut scratch)), [stale, stale_operation]);
    // What was resolved by the one is nothing to the other.
    let resolved = old.resolve(&by_name, &mut scratch);
    assert_eq!(told(old.decide_resolved(&resolved)), []);
    assert_eq!(told(new.decide_resolved(&resolved)), [stale]);
    let mut clauses = 0;
    new.explain(&resolved, &mut |_, _, _| clauses += 1);
    assert_eq!(clauses, 0);
}
