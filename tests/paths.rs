//! Paths name containers, and nobody gets past the rules about them: neither by how he writes the path, nor by what he
//! says beside it. Each answer is the evaluator's and the runtime's.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use sprag::authzen::{self, Explained, ExplainedContainer};
use sprag::request::{ContainerFact, Request, Target, Value, Withdrawn};
use sprag_runtime::Bundle;
use sprag_test_support::compiled::{self, Compiled};
use sprag_test_support::random::Random;
use sprag_test_support::{wire, worlds};

const CATALOG: &str = r#"
catalog desk version "1"

kind site { level: string inherited }
kind project in site { category: string level: string inherited }
kind issue in project { level: string inherited }
kind space in site
kind repository in site
kind mailbox in site
kind file in site

model keys

path "/issue/{key}" names project in upper case before "-"
path "/issue/{key}/of/{part}/{site}" names site
path "/project/{key}" names project in upper case unless number
path "/board/{key}" names project in upper case if word
path "/repos/{owner}/{name}" names repository in lower case
path "/users/{user}" names mailbox in lower case with "@"
path "/files/{file}" names file

scope keys ALL

operation desk.issue.get { access read in issue http GET "/issue/{key}" requires keys ALL }
operation desk.issue.of { access read in issue http GET "/issue/{key}/of/{part}/{site}" requires keys ALL }
operation desk.issue.mine { access read in issue http GET "/issue/mine" requires keys ALL }
operation desk.issue.cast { access read in issue http GET "/issue/acme.cast()" requires keys ALL }
operation desk.issue.list { access read in project lists issue http GET "/project/{key}/issues" requires keys ALL }
operation desk.project.get { access read in project http GET "/project/{any}" requires keys ALL }
operation desk.board.get { access read in project http GET "/board/{any}" requires keys ALL }
operation desk.repository.get { access read in repository http GET "/repos/{owner}/{name}" requires keys ALL }
operation desk.mail.list { access read in mailbox http GET "/users/{id}/messages" requires keys ALL }
operation desk.file.get { access read in file http GET "/files/{file}" requires keys ALL }
operation desk.space.get { access read in space http GET "/files/{space}/spaces" requires keys ALL }
"#;

/// An app that may do whatever the rules let it.
const APP: &str = r#"
use desk

role everything { any operation }

app a {
  key "a"
  platform desk.keys
  requests ALL
  user everything
}
"#;

const RULES: &str = r#"
container issue WEB-9 in project PAY

permit a to any operation

// A container that is not known may be the forbidden one, so each is forbidden only where a path can name it.
forbid a to desk.issue.*, desk.project.get, desk.board.get in project PAY
forbid a to desk.issue.of in site "eu/secret"
forbid a to desk.repository.get in repository "acme/payroll"
forbid a to desk.mail.list in mailbox "ceo@acme.example"
forbid a to desk.file.get in file F1
forbid a to desk.space.get in space S1
"#;

/// What comes out for a path alone, and who is told to be named by it.
#[track_caller]
fn check(desk: &Compiled, path: &str, outcome: &str, named: &[(&str, &str)]) {
    check_with(desk, path, Vec::new(), outcome, named);
}

#[track_caller]
fn check_with(
    desk: &Compiled,
    path: &str,
    containers: Vec<ContainerFact>,
    outcome: &str,
    named: &[(&str, &str)],
) {
    let answer = both(desk, &ask("a", path, containers));
    let told = match answer.reasons.as_slice() {
        [] => "permit",
        [reason, ..] => reason.reason.as_str(),
    };
    assert_eq!(told, outcome, "{path}: {answer:#?}");
    let pair = |(kind, id): &(&str, &str)| ExplainedContainer::new(&(kind.to_string(), id.to_string()));
    assert_eq!(answer.named, named.iter().map(pair).collect::<Vec<_>>(), "{path}");
}

/// The answer of both, which must be one.
#[track_caller]
fn both(desk: &Compiled, request: &Request) -> Explained {
    let defined = authzen::explain(&desk.model, &desk.sources, &desk.evaluate(request));
    assert_eq!(defined, desk.point().explain(request), "{request:#?}");
    defined
}

fn ask(app: &str, path: &str, containers: Vec<ContainerFact>) -> Request {
    let operation = Target::Http { method: "GET".to_string(), path: path.to_string() };
    Request { app: Some(app.to_string()), operation, containers, ..Request::default() }
}

fn container(kind: &str, id: &str) -> ContainerFact {
    ContainerFact { kind: kind.to_string(), id: Some(id.to_string()), ..ContainerFact::default() }
}

fn desk() -> Compiled {
    with_rules(RULES)
}

fn with_rules(rules: &str) -> Compiled {
    compiled::files(vec![format!("{APP}{rules}")], CATALOG)
}

#[test]
fn however_it_is_written_it_is_the_same_container_or_none() {
    let desk = desk();
    let pay: &[(&str, &str)] = &[("project", "PAY")];
    let unclear: &[(&str, &str)] = &[];
    for same in [
        "PAY-1",
        "pay-1",
        "PaY-1",
        "%50AY-1",
        "%70ay-1",
        "PAY%2D1",
        "PAY%2d1",
        "PAY-",
        "PAY-x",
        "PAY-1?x=/WEB-1",
    ] {
        check(&desk, &format!("/issue/{same}"), "forbidden", pay);
    }
    // The last sign counts.
    check(&desk, "/issue/PAY-1-2", "permit", &[("project", "PAY-1")]);
    // What may be read in another way after all.
    let blank = ["PAY%20-1", "%20PAY-1", "PAY%09-1", "PAY-1%20"];
    for other in ["PAY+-1", "+PAY-1", "PAY-1+", "PAY.-1.", ".PAY-1", "PAY%3B-1", "'PAY'-1", "PAY,WEB-1"] {
        check(&desk, &format!("/issue/{other}"), "contradicts-path", unclear);
    }
    // Beside a name it is no value; elsewhere it names nothing that could be told.
    for other in ["PA%C5%BF-1", "PA\u{17f}-1", "P%C4%B1-1", "\u{212a}-1"] {
        check(&desk, &format!("/issue/{other}"), "unknown-operation", unclear);
        check(&desk, &format!("/project/{other}"), "contradicts-path", unclear);
    }
    for other in blank {
        let why = if other.contains("%09") { "unknown-operation" } else { "contradicts-path" };
        check(&desk, &format!("/issue/{other}"), why, unclear);
    }
    // What is no path of any operation.
    for none in [
        "PAY%2F-1",
        "PAY%2f-1",
        "PAY%5C-1",
        "PAY%252D1",
        "PAY%00-1",
        "PAY%7F-1",
        "PAY%C0%AD1",
        "PAY%ED%A0%80-1",
        "PAY%-1",
        "PAY%2",
        "PAY;v=1-1",
        "PAY-1;v=1",
        "PAY\\-1",
        "PAY -1",
        ".",
        "..",
        "%2E%2E",
        "%2e.",
        "",
        "PAY-1/",
        "/PAY-1",
        "./PAY-1",
        "../issue/PAY-1",
    ] {
        check(&desk, &format!("/issue/{none}"), "unknown-operation", unclear);
    }
    check(&desk, "/Issue/PAY-1", "unknown-operation", unclear);
}

#[test]
fn what_is_another_sort_of_name_leaves_the_container_unknown() {
    let desk = desk();
    // A forbid that cannot be shown not to match does match.
    for open in [
        "/issue/10042",
        "/issue/-1",
        "/issue/PAY",
        "/project/10042",
        "/project/%31%30",
        "/users/1b2c/messages",
        "/issue/mine",
    ] {
        check(&desk, open, "forbidden", &[]);
    }
    check_with(&desk, "/issue/10042", vec![container("project", "WEB")], "permit", &[]);
    check_with(&desk, "/issue/10042", vec![container("project", "PAY")], "forbidden", &[]);
    check(&desk, "/project/1a", "permit", &[("project", "1A")]);
}

#[test]
fn what_a_server_could_take_off_a_word_makes_it_none() {
    let desk = desk();
    check(&desk, "/board/pay", "forbidden", &[("project", "PAY")]);
    check(&desk, "/board/10042", "forbidden", &[]);
    check_with(&desk, "/board/10042", vec![container("project", "WEB")], "permit", &[]);
    for unclear in
        ["PAY.json", "pay.xml", "PAY:x", "PAY~", "PAY%2bx", "PAY-1", "PAY@x", "~", "~~PAY", "W.json"]
    {
        let path = format!("/board/{unclear}");
        check(&desk, &path, "contradicts-path", &[]);
        check_with(&desk, &path, vec![container("project", "WEB")], "contradicts-path", &[]);
    }
    for (word, id) in
        [("web", "WEB"), ("W_2", "W_2"), ("2w", "2W"), ("~ann", "~ANN"), ("~1", "~1"), ("_", "_")]
    {
        check(&desk, &format!("/board/{word}"), "permit", &[("project", id)]);
    }
}

#[test]
fn every_form_says_what_it_says() {
    let desk = desk();
    check(&desk, "/project/web", "permit", &[("project", "WEB")]);
    check(&desk, "/project/pay/issues", "forbidden", &[("project", "PAY")]);
    check(&desk, "/repos/Acme/Payroll", "forbidden", &[("repository", "acme/payroll")]);
    check(&desk, "/repos/acme/web", "permit", &[("repository", "acme/web")]);
    check(&desk, "/repos/acme%2Fpayroll/x", "unknown-operation", &[]);
    check(&desk, "/users/CEO%40acme.example/messages", "forbidden", &[("mailbox", "ceo@acme.example")]);
    check(
        &desk,
        "/users/ann%2bnews@acme.example/messages",
        "permit",
        &[("mailbox", "ann+news@acme.example")],
    );
    check(&desk, "/files/F1", "forbidden", &[("file", "F1")]);
    check(&desk, "/files/f1", "permit", &[("file", "f1")]);
    check(&desk, "/issue/web-1/of/eu/secret", "forbidden", &[("site", "eu/secret"), ("project", "WEB")]);
    check(&desk, "/issue/web-1/of/eu/open", "permit", &[("site", "eu/open"), ("project", "WEB")]);
    // A space is no file: nothing is named where the operation happens elsewhere.
    check(&desk, "/files/F1/spaces", "forbidden", &[]);
}

#[test]
fn names_have_room_for_so_many_bytes_and_no_more() {
    let desk = desk();
    let (fits, more) = ("x".repeat(512), "x".repeat(513));
    check(&desk, &format!("/files/{fits}"), "permit", &[("file", &fits)]);
    check(&desk, &format!("/files/{more}"), "contradicts-path", &[]);
    // Escapes do not count, and all names of a path together do.
    let escaped = "%78".repeat(512);
    check(&desk, &format!("/files/{escaped}"), "permit", &[("file", &fits)]);
    let site = format!("eu/{}", "x".repeat(512 - 3 - 5));
    check(&desk, &format!("/issue/WEB-1/of/{site}"), "permit", &[("site", &site), ("project", "WEB")]);
    check(&desk, &format!("/issue/WEB-12/of/{site}"), "contradicts-path", &[]);
}

#[test]
fn nobody_says_another_container_than_the_path() {
    let desk = desk();
    let web: &[(&str, &str)] = &[("project", "WEB")];
    let with = |path: &str, containers: &[(&str, &str)], outcome: &str, named: &[(&str, &str)]| {
        let containers = containers.iter().map(|(kind, id)| container(kind, id)).collect();
        check_with(&desk, path, containers, outcome, named);
    };
    with("/issue/PAY-1", &[("project", "WEB")], "contradicts-path", &[("project", "PAY")]);
    with("/issue/WEB-1", &[("project", "PAY")], "contradicts-path", web);
    with("/issue/WEB-1", &[("project", "web")], "contradicts-path", web);
    with("/issue/WEB-1", &[("project", "WEB")], "permit", web);
    with("/issue/WEB-1", &[("issue", "WEB-1")], "permit", web);
    with("/issue/WEB-1", &[("issue", "WEB-1"), ("site", "s")], "permit", web);
    with("/issue/WEB-1", &[("issue", "WEB-1"), ("project", "WEB"), ("site", "s")], "permit", web);
    // The policy knows where WEB-9 lies; a path that says something else is not believed, nor overruled.
    with("/issue/WEB-1", &[("issue", "WEB-9")], "contradicts-path", web);
    with("/issue/PAY-1", &[("issue", "WEB-9")], "forbidden", &[("project", "PAY")]);
    with("/issue/PAY-1", &[("project", "PAY"), ("issue", "WEB-1")], "wrong-container", &[("project", "PAY")]);
    with("/issue/WEB-1", &[("space", "S")], "wrong-container", web);
    with("/issue/WEB-1", &[("galaxy", "G")], "wrong-container", web);
    with("/issue/PAY+-1", &[("project", "WEB")], "contradicts-path", &[]);
    with("/issue/WEB-1", &[("project", "WEB"), ("project", "PAY")], "wrong-container", web);
    with(
        "/repos/acme/payroll",
        &[("repository", "acme/web")],
        "contradicts-path",
        &[("repository", "acme/payroll")],
    );
    // Whoever knows only that there is one is told which.
    let some = || ContainerFact { kind: "project".to_string(), ..ContainerFact::default() };
    check_with(&desk, "/issue/WEB-1", vec![some()], "permit", web);
    check_with(&desk, "/issue/PAY-1", vec![some()], "forbidden", &[("project", "PAY")]);
}

/// A mailbox answers to every address that it has, and Graph takes each of them in a path; so the path tells neither the
/// mailbox nor whose it is, and the caller has to.
#[test]
fn no_address_in_a_path_of_graph_tells_a_mailbox() {
    let policy = r#"
use microsoft.graph

role everything { any operation }

app m { key "a" platform microsoft.graph.application requests Mail.ReadWrite user everything }
app p { key "p" platform microsoft.graph.application requests Mail.ReadWrite user everything }

permit m to any operation
forbid m to any operation in mailbox "ceo@acme.example" as no-ceo
permit p to any operation in mailbox "ann@acme.example"
"#;
    let catalogs = ["common", "microsoft", "microsoft.graph"]
        .iter()
        .map(|name| sprag::shelf::find(name).expect("it comes with the program").text());
    let graph = compiled::files([policy.to_string()].into_iter().chain(catalogs).collect(), "");
    let ceo = || vec![container("mailbox", "ceo@acme.example")];
    let ann = || vec![container("mailbox", "ann@acme.example")];
    let addresses = [
        "ceo@acme.example",
        "CEO@Acme.example",
        "boss@acme.example",
        "ceo@acme.onmicrosoft.com",
        "smtp:ceo@acme.example",
    ];
    for address in addresses {
        let path = format!("/v1.0/users/{address}/messages");
        let answer = |app: &str, containers| both(&graph, &ask(app, &path, containers));
        let alone = answer("a", Vec::new());
        assert!(!alone.decision && alone.named.is_empty(), "{path}: {alone:#?}");
        assert!(!answer("a", ceo()).decision, "{path}");
        assert!(answer("a", ann()).decision, "{path}");
        assert!(!answer("p", Vec::new()).decision, "{path}");
        assert!(answer("p", ann()).decision, "{path}");
    }
}

/// By name nothing changes: containers are what the caller says.
#[test]
fn who_names_the_operation_names_the_containers() {
    let desk = desk();
    let request = |containers| Request {
        app: Some("a".to_string()),
        operation: Target::Name("desk.issue.get".to_string()),
        containers,
        ..Request::default()
    };
    let answer = both(&desk, &request(vec![container("project", "WEB")]));
    assert!(answer.decision && answer.named.is_empty());
    assert!(!both(&desk, &request(Vec::new())).decision);
}

/// To name a container without its level is to say that it has none of its own; a path does not say that.
#[test]
fn a_path_says_nothing_of_attributes() {
    let rules = r#"
container project OPEN { category = "Public" }
container site S { level = "public" }

permit a to desk.project.get in project where category == "Public"
permit a to desk.project.get when project.level == "public"
permit a to desk.project.get when not has(project.category)
"#;
    let desk = with_rules(rules);
    let site = || container("site", "S");
    let web: &[(&str, &str)] = &[("project", "WEB")];
    check(&desk, "/project/OPEN", "permit", &[("project", "OPEN")]);
    check(&desk, "/project/WEB", "no-permit", web);
    check_with(&desk, "/project/WEB", vec![site()], "no-permit", web);
    check_with(&desk, "/project/WEB", vec![container("project", "WEB"), site()], "permit", web);
    check_with(&desk, "/project/WEB", vec![container("project", "WEB")], "permit", web);
    let closed = ContainerFact {
        attributes: [("category".to_string(), Value::Text("Finance".to_string()))].into(),
        ..container("project", "WEB")
    };
    check_with(&desk, "/project/WEB", vec![closed], "no-permit", web);
}

/// What is permitted by path is permitted by name with the containers that the path names, or those the caller says.
#[test]
fn a_path_never_gets_more_than_a_name() {
    let (mut by_path, mut permitted, mut named) = (0, 0, 0);
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let world = compiled::policy(&worlds::plain_policy(&mut random));
        let bundle = Bundle::load(&world.bytes).unwrap();
        let mut point = world.point();
        for _ in 0..300 {
            let mut request = worlds::request(&mut random);
            request.operation = wire::request(&mut random);
            request.attributes.insert("install.status".to_string(), Value::Text("enabled".to_string()));
            request.attributes.insert("app-user.permitted".to_string(), Value::Bool(true));
            request.withdrawn = Withdrawn::default();
            // What is not known of the moment keeps most policies from permitting anything.
            request.stages.clear();
            let answer = both_at(&world, &mut point, &request);
            by_path += 1;
            if !answer.decision {
                continue;
            }
            permitted += 1;
            named += usize::from(!answer.named.is_empty());
            let by_name = Request {
                operation: Target::Name(operation(&bundle, &request.operation)),
                containers: merged(&world, &request.containers, &answer.named),
                ..request.clone()
            };
            assert!(world.permits(&mut point, &by_name), "seed {seed}: {request:#?}\nand not {by_name:#?}");
        }
    }
    println!("{by_path} requests by path, {permitted} permitted, {named} of them name containers");
    assert!(named > 300, "{named} of {by_path}");
}

/// `/issue/mine` is an operation of its own: what somebody reads as its name is no issue's key.
#[test]
fn what_a_server_could_read_as_a_name_is_no_value() {
    let desk = desk();
    let rules = "permit a to any operation\nforbid a to desk.issue.mine, desk.issue.cast";
    let open = with_rules(rules);
    check(&open, "/issue/mine", "forbidden", &[]);
    check(&open, "/issue/acme.cast()", "forbidden", &[]);
    for like in ["cast", "acme.cast", "Cast()", "x.acme.cast", "cast(a=1)", ".cast", "acme%2Ecast"] {
        check(&open, &format!("/issue/{like}"), "unknown-operation", &[]);
    }
    let like =
        ["Mine", "MINE", "%4dine", "mine()", "Mine(a='b')", "acme.mine", "acme.x.MINE(a=1.5)", "mine%28%29"];
    for like in like {
        check(&open, &format!("/issue/{like}"), "unknown-operation", &[]);
        // Below it nothing has the name, so that there it is a value like any other; but no value is called.
        let below = format!("/issue/{like}/of/x/s");
        match like.contains(['(', '%']) {
            true => check(&desk, &below.replace("%4d", "("), "unknown-operation", &[]),
            false => check(&desk, &below, "forbidden", &[("site", "x/s")]),
        }
    }
    // What a server may take off before or behind it, and what may be its letters elsewhere.
    for like in [
        "mine.json",
        "mine.",
        ".mine",
        "mine%20",
        "%20mine",
        "mine%3Bx=1",
        "mine%3Fa=b",
        "mine%23",
        "'mine'",
        "mine:x",
        "mine.acme",
        "mine(",
        "(mine)",
        "mine)",
        "()",
        "mine()x",
        "m%C4%B1ne",
        "mi%C2%ADne",
        "%EF%BD%8Dine",
        "mine%C2%A0",
        "mine::$DATA",
        "mine,1",
        "a=mine",
    ] {
        check(&open, &format!("/issue/{like}"), "unknown-operation", &[]);
    }
    for value in ["mines", "mine-1", "mine_", "mine@acme", "~mine", "WEB-1", "min.e"] {
        let answer = both(&open, &ask("a", &format!("/issue/{value}"), Vec::new()));
        assert!(answer.decision, "{value}: {answer:#?}");
    }
}

/// `$count` is the number of issues, and no issue's key; `FOLDER:` begins a path in a drive. Elsewhere in a key both
/// signs are as good as any.
#[test]
fn what_begins_with_a_dollar_or_ends_with_a_colon_is_no_value() {
    let desk = desk();
    let paths = ["/issue/WEB-1:", "/issue/WEB-1%3A", "/users/x:/messages"];
    for path in paths {
        check(&desk, path, "unknown-operation", &[]);
    }
    for path in ["/issue/$count", "/issue/%24count", "/project/$ref/issues", "/users/$batch/messages"] {
        check(&desk, path, "unknown-operation", &[]);
    }
    check(&desk, "/project/WEB$", "permit", &[("project", "WEB$")]);
    check(&desk, "/project/:WEB", "permit", &[("project", ":WEB")]);
}

/// No browser sends a `#`, and who keeps it reads another path than who cuts it off.
#[test]
fn a_fragment_leads_nowhere() {
    let desk = desk();
    for path in ["/issue/WEB-1#/../PAY-1", "/issue/WEB-1#", "/users/x#/messages", "/project/WEB#/issues"] {
        check(&desk, path, "unknown-operation", &[]);
    }
    check(&desk, "/project/WEB?a=#b", "permit", &[("project", "WEB")]);
}

#[track_caller]
fn both_at(
    world: &Compiled,
    point: &mut sprag::decision_point::DecisionPoint<'_>,
    request: &Request,
) -> Explained {
    let defined = authzen::explain(&world.model, &world.sources, &world.evaluate(request));
    assert_eq!(defined, point.explain(request), "{request:#?}");
    defined
}

fn operation(bundle: &Bundle<'_>, target: &Target) -> String {
    let Target::Http { method, path } = target else { panic!("no path") };
    let found = bundle.route(method, path);
    let mut names = bundle.tables().operations.iter().map(|o| bundle.text(o.name));
    names
        .find(|name| found.is_some() && bundle.operation(name) == found)
        .expect("it was permitted")
        .to_string()
}

/// The caller's containers with the named ones among them, innermost first.
fn merged(world: &Compiled, given: &[ContainerFact], named: &[ExplainedContainer]) -> Vec<ContainerFact> {
    // Kinds stand after those that they lie in.
    let place = |kind: &str| world.model.kinds.iter().position(|k| k.name == kind);
    let mut all = given.to_vec();
    for one in named {
        match all.iter_mut().find(|container| container.kind == one.kind) {
            Some(container) => container.id = Some(one.id.clone()),
            None => all.push(container(&one.kind, &one.id)),
        }
    }
    all.sort_by_key(|container| std::cmp::Reverse(place(&container.kind)));
    all
}
