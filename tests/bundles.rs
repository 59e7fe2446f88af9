//! Damaged and forged bundles are refused, or harmless: no panic, no endless walk, no read out of bounds.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]
#![expect(
    clippy::disallowed_methods,
    reason = "a watchdog looks at the clock, a campaign is set by the environment"
)]

use std::sync::mpsc;
use std::time::{Duration, Instant};

use sprag::decision_point::DecisionPoint;
use sprag::request::Request;
use sprag_runtime::format::{self as f, CRITICAL, DENSE, Entry, Header, Kind, NONE};
use sprag_runtime::{Bundle, LoadError, header_digest};
use sprag_test_support::compiled;
use sprag_test_support::parts::{Parts, Section};
use sprag_test_support::random::Random;
use sprag_test_support::worlds;
use zerocopy::{FromBytes, IntoBytes};

/// No honest load with its requests takes more than a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Forged mutants of each base. A longer campaign: `SPRAG_FORGED=100000 cargo test --release --test bundles`.
fn forgeries() -> usize {
    std::env::var("SPRAG_FORGED").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

#[test]
fn what_was_damaged_on_the_way_is_refused() {
    let mut refused = 0;
    for (base, _) in bases(6) {
        let mut random = Random::new(base.len() as u64);
        for _ in 0..300 {
            let mut bytes = base.clone();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            assert!(Bundle::load(&bytes).is_err(), "bit flip in byte {at}");
            refused += 1;
        }
        for _ in 0..50 {
            let (from, to) = (random.below(base.len()), random.below(base.len()));
            let mut bytes = base.clone();
            bytes.copy_within(from..(from + 16).min(base.len()), to.min(base.len() - 16));
            assert!(bytes == base || Bundle::load(&bytes).is_err(), "copied {from} to {to}");
        }
        let mut longer = base.clone();
        longer.push(0);
        assert_eq!(Bundle::load(&longer).unwrap_err(), LoadError::Truncated);
    }
    assert_eq!(refused, 7 * 300);
}

#[test]
fn what_was_cut_off_is_refused_at_every_length() {
    let base = compiled::policy("").bytes;
    let parts = Parts::open(&base);
    for length in 0..base.len() {
        assert!(Bundle::load(&base[..length]).is_err(), "the first {length} bytes");
    }
    // The same with a header that knows: sections end where the file ends.
    let start = base.len() - parts.sections.iter().map(|s| s.bytes.len()).sum::<usize>();
    for length in start..base.len() {
        let mut bytes = base[..length].to_vec();
        rehash(&mut bytes);
        assert!(Bundle::load(&bytes).is_err(), "the first {length} bytes with a fresh digest");
    }
    let mut longer = [base.clone(), vec![0; 3]].concat();
    rehash(&mut longer);
    let entries = parts.sections.len() as u32;
    assert_eq!(Bundle::load(&longer).unwrap_err(), LoadError::BadDirectory(entries));
}

#[test]
fn sections_may_stand_in_any_order_but_not_for_each_other() {
    let mut random = Random::new(7);
    for (base, requests) in bases(4) {
        let honest = answers(&base, &requests).unwrap();
        for _ in 0..40 {
            let mut parts = Parts::open(&base);
            for at in (1..parts.sections.len()).rev() {
                parts.sections.swap(at, random.below(at + 1));
            }
            assert_eq!(answers(&parts.seal(), &requests).unwrap(), honest);
            let (one, other) = (random.below(parts.sections.len()), random.below(parts.sections.len()));
            let kind = parts.sections[one].kind;
            parts.sections[one].kind = parts.sections[other].kind;
            let twice = parts.seal();
            assert!(one == other || matches!(Bundle::load(&twice).unwrap_err(), LoadError::SectionCount(_)));
            parts.sections[other].kind = kind;
            let _ = answers(&parts.seal(), &requests);
        }
    }
}

#[test]
fn a_section_that_is_not_known_here_is_skipped_only_if_it_may_be() {
    let base = compiled::policy("use demo\npermit any app to read\n").bytes;
    let mut parts = Parts::open(&base);
    parts.sections.insert(3, Section { kind: 4711, flags: CRITICAL, bytes: vec![1, 2, 3] });
    assert_eq!(Bundle::load(&parts.seal()).unwrap_err(), LoadError::UnknownSection(4711));
    parts.sections[3].flags = 0;
    let optional = parts.seal();
    assert!(Bundle::load(&optional).is_ok());
    // Its bytes are under a digest all the same.
    let at = optional.windows(3).rposition(|w| w == [1, 2, 3]).unwrap();
    let mut damaged = optional.clone();
    damaged[at] ^= 0x80;
    assert_eq!(Bundle::load(&damaged).unwrap_err(), LoadError::OptionalDamaged(4711));
    parts.sections[3].flags = 2;
    assert_eq!(Bundle::load(&parts.seal()).unwrap_err(), LoadError::BadDirectory(3));
    let mut parts = Parts::open(&base);
    parts.sections.retain(|s| s.kind != Kind::Steps.code());
    assert_eq!(Bundle::load(&parts.seal()).unwrap_err(), LoadError::SectionCount(Kind::Steps));
}

#[test]
fn a_bundle_for_newer_readers_is_refused_as_such() {
    let base = compiled::policy("").bytes;
    let mut parts = Parts::open(&base);
    parts.min_reader = f::FORMAT + 1;
    assert_eq!(Bundle::load(&parts.seal()).unwrap_err(), LoadError::TooNew(f::FORMAT + 1));
    // A newer writer that says that this reader can read it may be believed.
    let mut bytes = base.clone();
    let (header, _) = Header::mut_from_prefix(&mut bytes).unwrap();
    header.format = (f::FORMAT + 5).into();
    rehash(&mut bytes);
    assert!(Bundle::load(&bytes).is_ok());
    // Before format 2 the classes had other numbers.
    for old in 0..f::OLDEST {
        let (header, _) = Header::mut_from_prefix(&mut bytes).unwrap();
        header.format = old.into();
        rehash(&mut bytes);
        assert_eq!(Bundle::load(&bytes).unwrap_err(), LoadError::TooOld(old));
    }
    assert_eq!(Bundle::load(b"\x89SPRAG\n\n........").unwrap_err(), LoadError::NotABundle);
    assert_eq!(Bundle::load(b"").unwrap_err(), LoadError::Truncated);
}

/// Forgers know how to hash. Each section of each base is edited, digests are made fresh, and in half of the
/// cases the stated steps as well; whatever loads then answers 20 requests.
#[test]
fn what_was_forged_is_refused_or_harmless() {
    let bases = bases(20);
    let count = bases.len();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for (number, (base, requests)) in (0..).zip(&bases) {
            let mut random = Random::new(number);
            for mutant in 0..forgeries() {
                let (forged, what) = forge(base, &mut random);
                let _ = told.send(Message::Begins(format!("base {number}, mutant {mutant}: {what}")));
                let loaded = answers(&forged, requests).is_ok();
                let _ = told.send(Message::Ends(loaded));
            }
        }
    });
    let (mut loaded, mut all) = (0, 0);
    let mut last = String::new();
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(Message::Begins(what)) => last = what,
            Ok(Message::Ends(ok)) => {
                all += 1;
                loaded += usize::from(ok);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no end in sight: {last}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    println!("{all} forged bundles, {loaded} of them loaded");
    assert_eq!(all, count * forgeries(), "stopped at {last}");
    // Else the edits are too coarse to reach what stands behind the checks.
    assert!(loaded * 10 > all, "{loaded} of {all}");
}

enum Message {
    Begins(String),
    Ends(bool),
}

/// Sixty nets, each with the one below it twice: 2⁶⁰ paths for a request that says nothing.
#[test]
fn nets_with_more_paths_than_time_are_refused() {
    let base = heavy();
    let slot = some_slot(&base);
    for (dense, by_rest) in [(true, false), (false, false), (true, true)] {
        let mut parts = Parts::open(&base);
        let first = parts.records::<f::Net>(Kind::Nets).len() as u32;
        let words = parts.records::<f::Word>(Kind::Words).len() as u32;
        let (mut nets, mut lists) = (Vec::new(), Vec::<f::Word>::new());
        let leaf = net(NONE, words, 0, NONE, 0, 0);
        nets.push(leaf);
        for depth in 1..60 {
            let below = first + depth - 1;
            let at = words + lists.len() as u32;
            let list: &[u32] = if dense { &[below, below] } else { &[2, below, 3, below] };
            lists.extend(list.iter().map(|n| f::Word::new(*n)));
            let flags = f::UNKNOWN_MATCHES | if dense { DENSE } else { 0 };
            let (len, rest) = if by_rest { (1, below) } else { (2, NONE) };
            nets.push(net(slot, at, len, rest, flags, depth));
        }
        parts.extend(Kind::Nets, &nets);
        parts.extend(Kind::Words, &lists);
        let top = first + 59;
        parts.edit::<f::Nets>(Kind::Entries, |_, entry| entry.forbid = top.into());
        // Whatever it says of its steps.
        assert_refused(&mut parts, Kind::Nets, first);
    }
}

/// A rest may not nest deeper than the net it belongs to: recursion would have no bound but the nets' number.
#[test]
fn nets_that_nest_through_their_rests_are_refused() {
    let base = heavy();
    let slot = some_slot(&base);
    let mut parts = Parts::open(&base);
    let first = parts.records::<f::Net>(Kind::Nets).len() as u32;
    let words = parts.records::<f::Word>(Kind::Words).len() as u32;
    let (mut nets, mut lists) = (vec![net(NONE, words, 0, NONE, 0, 0)], Vec::<f::Word>::new());
    for n in 0..100_000u32 {
        // A shallow net whose rest is the deep one before, and a deep one above the shallow one.
        let before = first + 2 * n;
        nets.push(net(slot, words, 0, before, DENSE | f::UNKNOWN_MATCHES, 0));
        lists.push((before + 1).into());
        nets.push(net(slot, words + n, 1, NONE, DENSE | f::UNKNOWN_MATCHES, 1));
    }
    let top = first + nets.len() as u32 - 1;
    parts.extend(Kind::Nets, &nets);
    parts.extend(Kind::Words, &lists);
    parts.edit::<f::Nets>(Kind::Entries, |_, entry| entry.forbid = top.into());
    assert_refused(&mut parts, Kind::Nets, first);
}

/// Sixty segments, each a literal and a parameter with the same continuation.
#[test]
fn routes_with_more_paths_than_time_are_refused() {
    let base = heavy();
    let mut parts = Parts::open(&base);
    let first = parts.records::<f::Route>(Kind::Routes).len() as u32;
    let edges = parts.records::<f::Edge>(Kind::Edges).len() as u32;
    let strings = parts.section(Kind::Strings).bytes.len() as u32;
    parts.section(Kind::Strings).bytes.push(b'a');
    let nothing = f::Range { at: 0.into(), len: 0.into() };
    let (mut routes, mut added) = (Vec::new(), Vec::new());
    routes.push(f::Route { edges: nothing, parameter: NONE.into(), methods: nothing, depth: 0.into() });
    for depth in 1..60 {
        let below = first + depth - 1;
        let text = f::Text { at: strings.into(), len: 1.into() };
        added.push(f::Edge { text, target: below.into() });
        let edges = f::Range { at: (edges + depth - 1).into(), len: 1.into() };
        routes.push(f::Route { edges, parameter: below.into(), methods: nothing, depth: depth.into() });
    }
    parts.extend(Kind::Routes, &routes);
    parts.extend(Kind::Edges, &added);
    assert_refused(&mut parts, Kind::Routes, first);
}

/// Names lead to records, and values of attributes to slots that can read them.
#[test]
fn names_of_nothing_and_values_of_another_type_are_refused() {
    let base = heavy();
    let refused = |parts: &Parts, kind: Kind| {
        let loaded = Bundle::load(&parts.seal()).map(|_| ());
        assert!(matches!(loaded, Err(LoadError::Malformed(of, _)) if of == kind), "{kind:?}: {loaded:?}");
    };
    let mut parts = Parts::open(&base);
    parts.edit::<f::Symbol>(Kind::Symbols, |_, symbol| {
        if symbol.space.get() >> 24 == f::Space::App.code() {
            symbol.value = 1_000_000.into();
        }
    });
    refused(&parts, Kind::Symbols);
    let mut parts = Parts::open(&base);
    let types = parts.records::<f::Attribute>(Kind::Attributes);
    parts.edit::<f::Attribute>(Kind::Attributes, |number, attribute| {
        // Some attribute is a text and another a number: each as the other.
        attribute.kind = types[types.len() - 1 - number].kind;
    });
    refused(&parts, Kind::Attributes);
}

/// What paths name is sorted, is there, and is of a form that is known.
#[test]
fn paths_that_name_nothing_that_is_there_are_refused() {
    let base = compiled::policy("use demo\npermit any app to read\n").bytes;
    type Edit = fn(&mut f::Naming);
    let wrong: [(&str, Edit); 9] = [
        ("operation", |n| n.operation = 1000.into()),
        ("kind", |n| n.kind = 1000.into()),
        ("words", |n| n.segments.at = NONE.into()),
        ("no segment", |n| n.segments.len = 0.into()),
        ("case", |n| n.case = 3.into()),
        ("form", |n| n.form = 4.into()),
        ("sign", |n| (n.form, n.sign) = (1.into(), u32::from(b'A').into())),
        ("no sign", |n| (n.form, n.sign) = (2.into(), 0.into())),
        ("sign of nothing", |n| (n.form, n.sign) = (3.into(), 45.into())),
    ];
    let refused = |parts: &Parts, what: &str, record: u32| {
        let loaded = Bundle::load(&parts.seal()).map(|_| ());
        assert_eq!(loaded, Err(LoadError::Malformed(Kind::Namings, record)), "{what}");
    };
    for (what, edit) in wrong {
        let mut parts = Parts::open(&base);
        parts.edit::<f::Naming>(Kind::Namings, |number, naming| {
            if number == 1 {
                edit(naming)
            }
        });
        refused(&parts, what, 1);
    }
    let mut parts = Parts::open(&base);
    let far = parts.count(Kind::Words) as u32;
    parts.extend(Kind::Words, &[f::Word::new(f::MAX_NESTING)]);
    parts.edit::<f::Naming>(Kind::Namings, |_, n| n.segments = f::Range { at: far.into(), len: 1.into() });
    refused(&parts, "a segment of no route", 0);
    // One operation names a kind once.
    let mut parts = Parts::open(&base);
    let first = parts.records::<f::Naming>(Kind::Namings)[0];
    parts.edit::<f::Naming>(Kind::Namings, |number, naming| {
        if number == 1 {
            *naming = first
        }
    });
    refused(&parts, "twice", 1);
}

/// The tree of paths in any case has one root, which is there, and does not make walks longer than is allowed.
#[test]
fn a_second_tree_of_routes_is_checked() {
    let base = compiled::policy("use demo\npermit any app to read\n").bytes;
    let routes = Parts::open(&base).count(Kind::Routes) as u32;
    let refused = |roots: &[u32], kind: Kind, record: u32, what: &str| {
        let mut parts = Parts::open(&base);
        let roots: Vec<f::Word> = roots.iter().map(|root| f::Word::new(*root)).collect();
        parts.extend(Kind::AnyCase, &roots);
        let loaded = Bundle::load(&parts.seal()).map(|_| ());
        assert_eq!(loaded, Err(LoadError::Malformed(kind, record)), "{what}");
    };
    refused(&[routes], Kind::AnyCase, 0, "no route");
    refused(&[0, 0], Kind::AnyCase, 1, "two roots");
    refused(&[routes - 1], Kind::Routes, 0, "the other tree once more");
    // Format 5 knew no such tree.
    let mut parts = Parts::open(&base);
    parts.sections.retain(|s| s.kind != Kind::AnyCase.code());
    let mut old = parts.seal();
    assert_eq!(Bundle::load(&old).unwrap_err(), LoadError::SectionCount(Kind::AnyCase));
    let (header, _) = Header::mut_from_prefix(&mut old).unwrap();
    (header.format, header.min_reader) = (5.into(), 5.into());
    rehash(&mut old);
    let old = Bundle::load(&old).unwrap();
    assert!(old.route("GET", "/issue/I-1").is_some() && old.route("GET", "/ISSUE/I-1").is_none());
}

/// Format 4 knew no names in paths: there requests by path have the containers that they give.
#[test]
fn a_bundle_of_the_format_before_is_read_as_it_was_meant() {
    let base = compiled::policy("use demo\npermit any app to read\n").bytes;
    let named = |bundle: &Bundle<'_>| {
        let mut named = Vec::new();
        bundle.containers_of("GET", "/issue/PAY-1", &mut |kind, id| named.push(format!("{kind} {id}")));
        named
    };
    assert_eq!(named(&Bundle::load(&base).unwrap()), ["project PAY", "issue PAY-1"]);
    let mut parts = Parts::open(&base);
    parts.sections.retain(|s| s.kind != Kind::Namings.code());
    assert_eq!(Bundle::load(&parts.seal()).unwrap_err(), LoadError::SectionCount(Kind::Namings));
    let mut old = parts.seal();
    let (header, _) = Header::mut_from_prefix(&mut old).unwrap();
    (header.format, header.min_reader) = (4.into(), 4.into());
    rehash(&mut old);
    assert_eq!(named(&Bundle::load(&old).unwrap()), Vec::<String>::new());
}

/// A list of strata that names a costly one over and over.
#[test]
fn an_app_in_one_stratum_too_often_is_refused() {
    let base = heavy();
    let mut parts = Parts::open(&base);
    let words = parts.records::<f::Word>(Kind::Words).len() as u32;
    let stratum = parts.records::<f::App>(Kind::Apps)[0].strata.at.get();
    let stratum = parts.records::<f::Word>(Kind::Words)[stratum as usize];
    let before = parts.count(Kind::Nodes) + parts.count(Kind::Nets) + stratum.get() as usize;
    let cost = parts.records::<f::Word>(Kind::Steps)[before].get();
    // Just more than is allowed, and a number that can be stated.
    let many = f::MAX_STEPS / cost + 1;
    parts.extend(Kind::Words, &vec![stratum; many as usize]);
    parts.edit::<f::App>(Kind::Apps, |_, app| app.strata = f::Range { at: words.into(), len: many.into() });
    parts.prove();
    assert_eq!(Bundle::load(&parts.seal()).unwrap_err(), LoadError::Malformed(Kind::Steps, 0));
}

/// Refused, if the steps that it states are the true ones, if all are 1, and if the records of a kind from `first` on lie
/// and all others tell what follows from that.
#[track_caller]
fn assert_refused(parts: &mut Parts, of: Kind, first: u32) {
    for lie in ["none", "all", "these"] {
        match lie {
            "none" => parts.prove(),
            "all" => {
                let kinds = [Kind::Nodes, Kind::Nets, Kind::Strata, Kind::Routes];
                let all: usize = kinds.map(|kind| parts.count(kind)).iter().sum();
                parts.section(Kind::Steps).bytes = vec![f::Word::new(1); all].as_bytes().to_vec();
            }
            _ => parts.prove_but(|kind, number| kind == of && number >= first as usize),
        }
        let begun = Instant::now();
        let bytes = parts.seal();
        let loaded = Bundle::load(&bytes);
        assert!(matches!(loaded, Err(LoadError::Malformed(..))), "{of:?}, lies: {lie}: {loaded:?}");
        assert!(begun.elapsed() < PATIENCE);
    }
}

fn net(slot: u32, at: u32, len: u32, rest: u32, flags: u32, depth: u32) -> f::Net {
    let [slot, at, len, rest, flags, depth] = [slot, at, len, rest, flags, depth].map(f::Word::new);
    f::Net { slot, at, len, rest, flags, depth }
}

fn some_slot(bundle: &[u8]) -> u32 {
    assert!(!Bundle::load(bundle).unwrap().tables().slots.is_empty());
    0
}

/// Honest bundles, and requests that each answers.
fn bases(count: u64) -> Vec<(Vec<u8>, Vec<Request>)> {
    let random_worlds = (0..count).map(|seed| {
        let mut random = Random::new(seed);
        let bytes = compiled::policy(&worlds::policy(&mut random)).bytes;
        (bytes, (0..20).map(|_| worlds::request(&mut random)).collect())
    });
    let mut random = Random::new(99);
    let requests = (0..20).map(|_| worlds::request(&mut random)).collect();
    random_worlds.chain([(heavy(), requests)]).collect()
}

/// Many rules over few slots: nets with wide lists, rests and sparse pairs.
fn heavy() -> Vec<u8> {
    let mut text = String::from("use demo\ngroup staff { \"ann\", \"bob\" }\nrole reader { read }\n");
    text += "app alpha {\n  key \"app.alpha\"\n  platform demo.chain\n  requests WRITE\n  user reader\n}\n";
    for n in 0..200 {
        let effect = if n % 5 == 0 { "forbid" } else { "permit" };
        text += &format!(
            "{effect} any app to read, write in project where category in [\"c{n}\", \"c{}\"] when user.id == \"u{}\"\n",
            n / 2,
            n % 7
        );
        text += &format!("permit any app to read in site s{} when purpose like \"p{}*\"\n", n % 11, n % 3);
        text += &format!("container project P{n} {{ category = \"c{n}\" labels = [\"l{}\"] }}\n", n % 4);
        text += &format!("assign reader to user \"u{n}\" in project P{n}\n");
    }
    compiled::policy(&text).bytes
}

/// Every answer to the requests, with all that can be asked about it; or why it was refused.
fn answers(bytes: &[u8], requests: &[Request]) -> Result<Vec<String>, LoadError> {
    let bundle = Bundle::load(bytes)?;
    let mut point = DecisionPoint::new(bundle);
    let mut answers = Vec::new();
    for request in requests {
        let decision = point.decide(request);
        let explained = point.explain(request);
        assert_eq!(decision.permitted(), explained.decision);
        answers.push(format!("{explained:?}"));
    }
    let long = "/a".repeat(200);
    for path in ["/issue/I-1", "/issue/I-1/comment", "/a/a/a/a", "/", &long] {
        // By name: a handle says which bundle it is of.
        let found = bundle.route("GET", path);
        let names = bundle.tables().operations.iter().map(|o| bundle.text(o.name));
        let name = names.take(100).find(|name| found.is_some() && bundle.operation(name) == found);
        answers.push(format!("{name:?}"));
    }
    Ok(answers)
}

/// An edit of one section, or of two, with fresh digests.
fn forge(base: &[u8], random: &mut Random) -> (Vec<u8>, String) {
    let mut parts = Parts::open(base);
    let mut what = String::new();
    for _ in 0..1 + random.below(2) {
        let at = random.below(parts.sections.len());
        let words = parts.count(Kind::Words) as u32;
        let section = &mut parts.sections[at];
        let edit = edit(&mut section.bytes, words, random);
        what += &format!("{:?}: {edit}; ", Kind::from_code(section.kind));
    }
    if random.one_in(2) {
        parts.prove();
        what += "proved";
    }
    (parts.seal(), what)
}

fn edit(bytes: &mut Vec<u8>, words: u32, random: &mut Random) -> String {
    if bytes.is_empty() {
        bytes.extend([0; 32]);
        return "was empty".to_string();
    }
    let at = random.below(bytes.len());
    let word = at / 4 * 4;
    match random.below(10) {
        0 => {
            bytes[at] = random.number() as u8;
            format!("byte {at} is {}", bytes[at])
        }
        1 => {
            let to = random.below(bytes.len());
            let len = random.below(64).min(bytes.len() - at.max(to));
            bytes.copy_within(at..at + len, to);
            format!("{len} bytes of {at} at {to}")
        }
        2 if random.one_in(4) => {
            bytes.truncate(word);
            format!("ends at {word}")
        }
        3 if random.one_in(4) => {
            bytes.extend_from_within(..word);
            format!("again up to {word}")
        }
        _ if word + 4 <= bytes.len() => {
            let old = u32::from_le_bytes([bytes[word], bytes[word + 1], bytes[word + 2], bytes[word + 3]]);
            let other = random.below(bytes.len() / 4) * 4;
            let other =
                bytes.get(other..other + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let new = match random.below(14) {
                0 => 0,
                1 => 1,
                2 => NONE,
                3 => NONE - 1,
                4 => old.wrapping_add(1),
                5 | 6 => old.wrapping_sub(1),
                7 => i32::MAX as u32,
                8 => i32::MIN as u32,
                9 => words,
                10 => words.wrapping_sub(1),
                11 => old ^ (1 << random.below(32)),
                _ => other,
            };
            bytes[word..word + 4].copy_from_slice(&new.to_le_bytes());
            format!("word {} was {old}, is {new}", word / 4)
        }
        _ => {
            bytes[at] ^= 1 << random.below(8);
            format!("bit in byte {at}")
        }
    }
}

/// Makes the header fit the bytes that follow it.
fn rehash(bytes: &mut [u8]) {
    let length = bytes.len() as u64;
    let (header, rest) = Header::mut_from_prefix(bytes).unwrap();
    header.length = length.into();
    let (directory, _) = <[Entry]>::ref_from_prefix_with_elems(rest, header.sections.get() as usize).unwrap();
    header.digest = header_digest(header, directory);
}
