//! What ratchets would have made of real apps: each version of their manifests, in order, with nobody approving.
//!
//! The histories lie in `../shared/data` (or the folder in `SPRAG_DATA`); where they are missing, only the one that
//! stands here is replayed. The table: `cargo test --test ratchet_history -- --nocapture`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its data and shows what came of it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use sprag::eval::{self, Decision};
use sprag::ratchet::{Event, Facts, Here, Installation, What, advance};
use sprag::request::{Request, Target};
use sprag_test_support::compiled;

type Scopes = BTreeSet<String>;

/// What came of one app's versions.
#[derive(Debug, Default, PartialEq, Eq)]
struct Replay {
    versions: usize,
    /// Versions that ask for nothing that is not held.
    passed: usize,
    /// Versions of which something waits for an approval.
    pending: usize,
    /// Operations that new code would call and that are refused, over all versions.
    refused: usize,
    /// Held at the end.
    held: usize,
}

#[test]
fn a_small_history() {
    let versions = [&["a", "b"][..], &["a", "b", "c"], &["a"], &["a", "b"], &["a"]];
    let versions: Vec<Scopes> =
        versions.iter().map(|scopes| scopes.iter().map(|s| (*s).to_owned()).collect()).collect();
    let replay = replay("small", &versions);
    assert_eq!(replay, Replay { versions: 5, passed: 3, pending: 2, refused: 2, held: 1 });
}

#[test]
fn real_histories_never_grow() {
    let near = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SPRAG_DATA").map_or(near, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("scope_history.tsv")) else {
        println!("no histories in {}: not replayed", folder.display());
        return;
    };
    let mut apps: BTreeMap<String, Vec<(String, Scopes)>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, repository, path, _, date, scopes, ..] = fields.as_slice() else { continue };
        let scopes = scopes.split_whitespace().map(str::to_owned).collect();
        apps.entry(format!("{kind} {repository}/{path}")).or_default().push(((*date).to_owned(), scopes));
    }
    assert!(apps.len() > 100, "{} apps", apps.len());
    println!("{:>8} {:>6} {:>7} {:>7} {:>4}  app", "versions", "passed", "pending", "refused", "held");
    let mut all = Replay::default();
    let mut grew = 0;
    for (app, mut versions) in apps {
        versions.sort_by(|a, b| a.0.cmp(&b.0));
        let versions: Vec<Scopes> = versions.into_iter().map(|(_, scopes)| scopes).collect();
        let one = replay(&app, &versions);
        println!(
            "{:>8} {:>6} {:>7} {:>7} {:>4}  {app}",
            one.versions, one.passed, one.pending, one.refused, one.held
        );
        grew += usize::from(one.pending > 0);
        all.versions += one.versions;
        all.passed += one.passed;
        all.pending += one.pending;
        all.refused += one.refused;
        all.held += one.held;
    }
    println!("{all:?}; {grew} apps asked for more at some time");
    assert_eq!(all.passed + all.pending, all.versions);
    assert!(all.pending > 50 && all.passed > 100 && all.refused > 50, "{all:?}");
}

/// Every scope that was ever asked for opens one operation of its own; the policy would let the app have all.
fn replay(app: &str, versions: &[Scopes]) -> Replay {
    let ever: Vec<&String> = versions.iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
    let mut catalog = String::from(
        "catalog demo version \"1\"\nkind site\nmodel real\noperation demo.closed { access read in site }\n",
    );
    for (number, scope) in ever.iter().enumerate() {
        let _ = write!(
            catalog,
            "scope real {scope:?}\noperation demo.call{number} {{\n  access read\n  in site\n"
        );
        let _ = writeln!(catalog, "  requires real {scope:?}\n}}");
    }
    let requests = ever.iter().map(|scope| format!("{scope:?}")).collect::<Vec<_>>().join(", ");
    let requests = if ever.is_empty() { String::new() } else { format!("  requests {requests}\n") };
    let policy = format!(
        "use demo\nrole all {{ any operation }}\nauthority {{ app user from caller }}\npermit any app to any operation\n\
         app a {{\n  key \"a\"\n  platform demo.real\n{requests}}}\n"
    );
    let world = compiled::files(vec![policy], &catalog);
    let installation = Installation { app: "a".to_owned(), site: "here".to_owned() };
    let mut facts = Facts::default();
    let mut replay = Replay { versions: versions.len(), ..Replay::default() };
    // What can be held with nobody approving: what every version so far asked for.
    let mut always = versions.first().cloned().unwrap_or_default();
    for (number, asks) in versions.iter().enumerate() {
        let (version, asks) = (number.to_string(), asks.clone());
        let what = match number {
            0 => What::Installed { version, asks: asks.clone() },
            _ => What::Version { version, asks: asks.clone() },
        };
        let event = Event { what, by: "vendor".to_owned(), reason: "a commit".to_owned() };
        let here = Here { writer: "replay", now: 1_700_000_000 + number as i64 };
        let step = advance(&world.model, &installation, &facts, &event, here)
            .unwrap_or_else(|e| panic!("{app}: {e}"));
        assert!(number == 0 || step.granted.is_empty(), "{app}: {:?}", step.granted);
        facts = step.facts;
        always.retain(|scope| asks.contains(scope));
        assert_eq!(step.state.holds, always, "{app}, version {number}");
        let waits: Scopes = asks.difference(&always).cloned().collect();
        assert_eq!(step.state.pending, waits, "{app}, version {number}");
        match waits.is_empty() {
            true => replay.passed += 1,
            false => replay.pending += 1,
        }
        for (operation, scope) in ever.iter().enumerate().filter(|(_, scope)| asks.contains(**scope)) {
            let mut request = Request {
                app: Some("a".to_owned()),
                operation: Target::Name(format!("demo.call{operation}")),
                ..Request::default()
            };
            request.attributes.insert("app-user.permitted".to_owned(), sprag::request::Value::Bool(true));
            step.state.apply(&mut request);
            let permitted = eval::evaluate(&world.model, &request).effect == Decision::Permit;
            assert_eq!(permitted, always.contains(*scope), "{app}, version {number}: {scope}");
            replay.refused += usize::from(!permitted);
        }
        replay.held = always.len();
    }
    replay
}
