//! The laws of ratchets' state: facts join, and without an approval nothing ever gives power.

use std::collections::BTreeSet;

use sprag::ratchet::{Event, Facts, Here, Refused, What, advance, effective};
use sprag_test_support::compiled::Compiled;
use sprag_test_support::installations::{self as world, installation};
use sprag_test_support::random::Random;

const START: i64 = 1_790_000_000;

/// What three writers come to know that do not always hear of each other.
fn diverged(random: &mut Random, world: &Compiled, growth: bool) -> ([Facts; 3], i64) {
    let mut now = START;
    let here = |now| Here { writer: "first", now };
    let first = advance(&world.model, &installation(), &Facts::default(), &world::install(), here(now));
    let facts =
        if random.one_in(8) { Facts::default() } else { first.expect("the first installation").facts };
    let mut copies = [facts.clone(), facts.clone(), facts];
    for _ in 0..random.below(14) {
        now += *random.pick(&[0, 1, 60, 3600, 86_400, 8_640_000]);
        let at = random.below(3);
        let event = world::random_event(random, growth, now);
        // A clock of its own, a little off.
        let here = Here { writer: ["one", "two", "three"][at], now: now + random.below(60) as i64 };
        if let Ok(step) = advance(&world.model, &installation(), &copies[at], &event, here) {
            assert!(step.facts.includes(&copies[at]), "a step forgets nothing");
            copies[at] = step.facts;
        }
        if random.one_in(4) {
            let other = copies[random.below(3)].clone();
            copies[at].join(&other);
        }
    }
    (copies, now + 60)
}

#[test]
fn joining_is_associative_commutative_idempotent_and_monotone() {
    let world = world::world();
    let mut different = 0;
    for seed in 0..3000 {
        let ([a, b, c], _) = diverged(&mut Random::new(seed), &world, true);
        let join = |one: &Facts, other: &Facts| {
            let mut joined = one.clone();
            let grew = joined.join(other);
            assert_eq!(grew, joined != *one, "seed {seed}: whether it grew");
            assert_eq!(grew, !one.includes(other), "seed {seed}: what is included adds nothing");
            assert!(joined.includes(one) && joined.includes(other), "seed {seed}: nothing is lost");
            joined
        };
        assert_eq!(join(&a, &b), join(&b, &a), "seed {seed}");
        assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)), "seed {seed}");
        assert_eq!(join(&a, &a), a, "seed {seed}");
        assert_eq!(join(&Facts::default(), &a), a, "seed {seed}");
        different += usize::from(a != b && b != c && join(&a, &b) != a);
    }
    assert!(different > 1000, "only {different} of the worlds diverged");
}

#[test]
fn facts_are_read_as_they_were_written() {
    let world = world::world();
    for seed in 0..500 {
        let ([facts, ..], _) = diverged(&mut Random::new(seed), &world, true);
        let json = facts.to_json();
        assert_eq!(Facts::from_json(json.as_bytes()).as_ref(), Ok(&facts), "seed {seed}: {json}");
    }
    for bad in [
        r#"{}"#,
        r#"{"version":2}"#,
        r#"{"version":1,"scopes":{}}"#,
        r#"{"version":1,"clock":1,"clock":2}"#,
        r#"{"version":1,"marks":{"what":{}}}"#,
        "[]",
        "",
    ] {
        assert!(Facts::from_json(bad.as_bytes()).is_err(), "{bad}");
    }
    assert_eq!(Facts::from_json(br#"{"version":1}"#), Ok(Facts::default()));
}

/// However events, time and merges follow upon another: without an approval or a reopening nothing is permitted that
/// was not before, and what two know together permits no more than each of them.
#[test]
fn nothing_gives_power_but_an_approval() {
    let world = world::world();
    let probes = world::probes(&world.model);
    let (mut steps, mut lost) = (0, 0);
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let mut now = START;
        // As far as approvals brought it, from where on there are none.
        let ([mut facts, other, _], later) = diverged(&mut random, &world, true);
        now = now.max(later);
        let settled = |facts: &Facts, now| {
            let here = Here { writer: "clock", now };
            advance(&world.model, &installation(), facts, &world::event(What::Tick), here)
                .expect("time goes on")
                .facts
        };
        facts = settled(&facts, now);
        // The other's approvals are taken in before, its further turns later.
        facts.join(&settled(&other, now));
        let mut before = world::power(&world.model, &probes, &facts, now);
        for _ in 0..12 {
            now += *random.pick(&[0, 1, 60, 3600, 86_400, 8_640_000]);
            // A clock that jumps back now and then.
            let clock = if random.one_in(5) { now - *random.pick(&[10, 4000, 90_000_000]) } else { now };
            let event = world::random_event(&mut random, false, now);
            // To be known to be installed for the first time is to be given what was agreed to.
            if facts.installed.0.is_none() && matches!(event.what, What::Installed { .. }) {
                continue;
            }
            let here = Here { writer: "one", now: clock };
            let Ok(step) = advance(&world.model, &installation(), &facts, &event, here) else { continue };
            facts = step.facts;
            let after = world::power(&world.model, &probes, &facts, clock);
            let gained: BTreeSet<_> = after.difference(&before).collect();
            assert!(
                gained.is_empty(),
                "seed {seed}: {event:?} permits {:#?}",
                probes[**gained.first().unwrap()]
            );
            assert!(step.granted.is_empty(), "seed {seed}: {event:?} grants {:?}", step.granted);
            lost += before.len() - after.len();
            steps += 1;
            before = after;
        }
    }
    assert!(steps > 3000 && lost > 3000, "{steps} steps took {lost}");
}

#[test]
fn together_nobody_may_more_than_alone() {
    let world = world::world();
    let probes = world::probes(&world.model);
    let mut narrower = 0;
    for seed in 0..1200 {
        let ([a, b, _], now) = diverged(&mut Random::new(seed), &world, false);
        if a.installed != b.installed {
            continue;
        }
        let mut both = a.clone();
        both.join(&b);
        let [of_a, of_b, of_both] =
            [&a, &b, &both].map(|facts| world::power(&world.model, &probes, facts, now));
        assert!(of_both.is_subset(&of_a) && of_both.is_subset(&of_b), "seed {seed}");
        narrower += usize::from(of_both.len() < of_a.len().min(of_b.len()));
    }
    assert!(narrower > 10, "{narrower}");
}

/// What an acknowledged withdrawal took stays away, whatever approvals of others cross it.
#[test]
fn an_approval_overrides_only_what_its_giver_had_seen() {
    let world = world::world();
    let probes = world::probes(&world.model);
    let mut crossed = 0;
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let ([here_facts, other, _], now) = diverged(&mut random, &world, true);
        let taking = world::random_event(&mut random, false, now);
        if !matches!(taking.what, What::Withdraw(_) | What::Turn { .. } | What::Uninstalled) {
            continue;
        }
        let here = Here { writer: "here", now };
        let Ok(step) = advance(&world.model, &installation(), &here_facts, &taking, here) else { continue };
        let acknowledged = world::power(&world.model, &probes, &step.facts, now);
        // Elsewhere, without hearing of it, approvals are given.
        let mut elsewhere = other;
        for _ in 0..8 {
            let giving = world::random_event(&mut random, true, now);
            let there = Here { writer: "elsewhere", now };
            if let Ok(step) = advance(&world.model, &installation(), &elsewhere, &giving, there) {
                elsewhere = step.facts;
            }
        }
        let target = match &taking.what {
            What::Withdraw(target) => target.clone(),
            What::Turn { ratchet, stage } => sprag::ratchet::Target::Stage(ratchet.clone(), stage.clone()),
            _ => sprag::ratchet::Target::Installation,
        };
        let mut merged = step.facts.clone();
        merged.join(&elsewhere);
        let state = effective(&world.model, &merged, &installation(), now);
        let stands = match &target {
            sprag::ratchet::Target::Installation => state.holds.is_empty(),
            sprag::ratchet::Target::Scope(name) => !state.holds.contains(name),
            sprag::ratchet::Target::Operation(name) => state.withdrawn.operations.contains(name),
            sprag::ratchet::Target::Container(kind, id) => {
                state.withdrawn.containers.contains(&(kind.clone(), id.clone()))
            }
            sprag::ratchet::Target::Stage(ratchet, stage) => {
                let ratchet = world.model.ratchets.iter().find(|r| r.name == *ratchet).unwrap();
                let number = |name: &str| ratchet.stages.iter().position(|s| s.name == name);
                number(&state.stages[&ratchet.name]) >= number(stage)
            }
            other => panic!("{other:?}"),
        };
        assert!(stands, "seed {seed}: {target:?} came back: {state:#?}");
        crossed += usize::from(elsewhere.votes.len() > here_facts.votes.len());
        drop(acknowledged);
    }
    assert!(crossed > 20, "{crossed}");
}

#[test]
fn who_acts_says_who_and_why() {
    let world = world::world();
    let here = Here { writer: "one", now: START };
    let installed =
        advance(&world.model, &installation(), &Facts::default(), &world::install(), here).unwrap();
    let facts = installed.facts;
    let refused = |event: Event| advance(&world.model, &installation(), &facts, &event, here).unwrap_err();
    let turn = What::Turn { ratchet: "setup".to_owned(), stage: "settled".to_owned() };
    let event =
        |by: &str, reason: &str| Event { what: turn.clone(), by: by.to_owned(), reason: reason.to_owned() };
    assert_eq!(refused(event(" ", "because")), Refused::NoActor);
    assert_eq!(refused(event("ann", "")), Refused::NoReason);
    let (version, asks) = ("2".to_owned(), world::asks());
    let others = [
        What::Installed { version: version.clone(), asks: asks.clone() },
        What::Uninstalled,
        What::Version { version, asks },
        What::Catalogs { opened: BTreeSet::new() },
    ];
    for what in others {
        let by = "ann".to_owned();
        assert_eq!(refused(Event { what, by, reason: "  ".to_owned() }), Refused::NoReason);
    }
    let step = advance(&world.model, &installation(), &facts, &event("ann", "enough"), here).unwrap();
    let told: Vec<_> =
        step.records.iter().map(|r| (r.what.as_str(), r.who.as_str(), r.why.as_str())).collect();
    assert_eq!(told, [("turn", "ann", "enough"), ("turned", "ann", "enough")]);
    assert!(step.records.iter().all(|r| r.before != r.after && r.when == START), "{:#?}", step.records);
    // Nothing is written down of a time at which nothing happens.
    let tick = advance(&world.model, &installation(), &step.facts, &world::event(What::Tick), here).unwrap();
    assert_eq!(tick.records, []);
}

/// What guarantees in reachable states count upon: what time alone has turned, and nothing reopens, has turned.
#[test]
fn no_installation_is_older_than_its_stage() {
    let world = world::world();
    let (mut young, mut old) = (0, 0);
    for seed in 0..3000 {
        let ([facts, ..], now) = diverged(&mut Random::new(seed), &world, true);
        let now = now + *Random::new(!seed).pick(&[0, -90_000_000, -200, 1_000_000, 2_592_000, 4_000_000]);
        let state = effective(&world.model, &facts, &installation(), now);
        let Some(age) = state.age else { continue };
        for ratchet in &world.model.ratchets {
            let reached = ratchet.stages.iter().position(|stage| stage.name == state.stages[&ratchet.name]);
            for (stage, latest) in ratchet.latest().into_iter().enumerate().skip(1) {
                let Some(latest) = latest.filter(|_| !ratchet.reopens(stage)) else { continue };
                assert!(age < latest || reached >= Some(stage), "seed {seed}: {age} s old: {state:#?}");
                young += usize::from(age < latest);
                old += usize::from(age >= latest);
            }
        }
    }
    assert!(young > 500 && old > 500, "{young} {old}");
}
