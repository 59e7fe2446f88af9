//! Runs every stage once on a workload and tells how long it took: for profilers, and for sizes of one's own.
//!
//! `cargo run --release -p sprag-test-support --example stages -- large`, or four numbers: apps, rules, containers, users.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a tool that measures and tells")]

use std::hint::black_box;
use std::time::Instant;

use sprag::{driver, emit, space};
use sprag_runtime::{App, Bundle, Target};
use sprag_test_support::workload::{Size, lend, workload};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = Size::named(&arguments);
    let timed =
        |what: &str, start: Instant| println!("{what:<12} {:9.2} ms", start.elapsed().as_secs_f64() * 1e3);

    let start = Instant::now();
    let made = workload(size);
    timed("generate", start);
    if let Some(folder) = std::env::var_os("SPRAG_WRITE") {
        let folder = std::path::Path::new(&folder);
        for (path, text) in made.policy.iter().chain([&("catalog.sprag".to_string(), made.catalog.clone())]) {
            std::fs::create_dir_all(folder.join("policies")).ok();
            std::fs::write(folder.join(path), text).ok();
        }
    }
    println!("{:<12} {:9} KiB", "text", made.text() / 1024);
    let start = Instant::now();
    for (number, (path, text)) in (0..).zip(&made.policy) {
        let (_, broken) = sprag::syntax::parser::parse(number, text);
        assert!(broken.is_empty(), "{path}: {broken:?}");
    }
    timed("parse alone", start);
    let inputs = made.inputs();
    let start = Instant::now();
    let compilation = driver::compile(inputs);
    timed("parse, check", start);
    let Some(model) = &compilation.model else {
        let shown = compilation.diagnostics.iter().take(10);
        shown.for_each(|d| println!("{} {} {}", compilation.sources.at(d.span()), d.code, d.message));
        return;
    };
    println!("{:<12} {:9}", "clauses", model.clauses.len());
    let start = Instant::now();
    let survey = sprag::region::survey(model, &|_, _| {});
    timed("survey", start);
    let groups = || survey.apps.iter().flat_map(|app| &app.groups);
    println!(
        "{:<12} {:9} {} permitted",
        "groups",
        groups().count(),
        groups().filter(|g| g.is_permitted()).count()
    );
    if std::env::var_os("SPRAG_SURVEY").is_some() {
        return;
    }
    drop(survey);
    let start = Instant::now();
    let cut = space::cut(model);
    timed("cut alone", start);
    if let Ok(cut) = &cut {
        println!("{:<12} {:9}", "pieces", cut.pieces.len());
        println!("{:<12} {:9}", "slots", cut.slots.slots.len());
    }
    drop(cut);
    let start = Instant::now();
    let built = emit::build(model, &compilation.sources);
    timed("cut, emit", start);
    let Ok(bytes) = built else {
        println!("{built:?}");
        return;
    };
    println!("{:<12} {:9} KiB", "bundle", bytes.len() / 1024);
    let start = Instant::now();
    let bundle = Bundle::load(&bytes);
    timed("load", start);
    let Ok(bundle) = bundle else {
        println!("{bundle:?}");
        return;
    };
    let t = bundle.tables();
    for (name, count, bytes) in [
        ("strings", t.strings.len(), t.strings.len()),
        ("words", t.words.len(), size_of_val(t.words)),
        ("shorts", t.shorts.len(), size_of_val(t.shorts)),
        ("symbols", t.symbols.len(), size_of_val(t.symbols)),
        ("apps", t.apps.len(), size_of_val(t.apps)),
        ("slots", t.slots.len(), size_of_val(t.slots)),
        ("nodes", t.nodes.len(), size_of_val(t.nodes)),
        ("nets", t.nets.len(), size_of_val(t.nets)),
        ("strata", t.strata.len(), size_of_val(t.strata)),
        ("entries", t.entries.len(), size_of_val(t.entries)),
        ("clauses", t.clauses.len(), size_of_val(t.clauses)),
        ("containers", t.containers.len(), size_of_val(t.containers)),
        ("facts", t.facts.len(), size_of_val(t.facts)),
        ("users", t.users.len(), size_of_val(t.users)),
    ] {
        println!("  {name:<10} {count:9} {:9} KiB", bytes / 1024);
    }
    println!("{:<12} {:9}", "scratch", bundle.scratch_len());

    let count = std::env::var("SPRAG_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(262_144);
    let requests = lend(&made.requests(count));
    let mut scratch = vec![0; bundle.scratch_len()];
    // On a busy machine: blocks shorter than a time slice, and of each the quickest of several rounds.
    const BLOCK: usize = 1024;
    let each = |what: &str, one: &mut dyn FnMut(usize)| {
        let mut quickest = vec![f64::MAX; count / BLOCK];
        for _ in 0..5 {
            for (block, quickest) in quickest.iter_mut().enumerate() {
                let start = Instant::now();
                (block * BLOCK..(block + 1) * BLOCK).for_each(&mut *one);
                *quickest = quickest.min(start.elapsed().as_secs_f64());
            }
        }
        println!("{what:<22} {:7.0} ns", quickest.iter().sum::<f64>() * 1e9 / count as f64);
    };
    let (mut permitted, mut reasons) = (0, std::collections::BTreeMap::<_, usize>::new());
    for request in &requests {
        let decision = bundle.decide(request, &mut scratch);
        permitted += usize::from(decision.permitted());
        decision.refusals().for_each(|(_, reason)| *reasons.entry(reason.code()).or_default() += 1);
    }
    println!("{:<12} {:9.3} {reasons:?}", "permitted", permitted as f64 / count as f64);
    each("decide", &mut |n| {
        black_box(bundle.decide(&requests[n], &mut scratch));
    });
    each("resolve", &mut |n| {
        black_box(bundle.resolve(&requests[n], &mut scratch));
    });
    each("decide, one request", &mut |_| {
        black_box(bundle.decide(&requests[7], &mut scratch));
    });
    let resolved = bundle.resolve(&requests[7], &mut scratch);
    each("resolved, one request", &mut |_| {
        black_box(bundle.decide_resolved(black_box(&resolved)));
    });
    let mut handles = requests.clone();
    for request in &mut handles {
        if let Some(App::Key(key)) = request.app
            && let Some(handle) = bundle.app(key)
        {
            request.app = Some(App::Handle(handle));
        }
        let operation = match request.operation {
            Target::Name(name) => bundle.operation(name),
            Target::Http { method, path } => bundle.route(method, path),
            Target::Handle(handle) => Some(handle),
        };
        request.operation = operation.map_or(request.operation, Target::Handle);
    }
    each("decide, handles", &mut |n| {
        black_box(bundle.decide(&handles[n], &mut scratch));
    });
}
