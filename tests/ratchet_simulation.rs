//! Several decision points, a store, and everything that goes wrong between them, from a seed.
//!
//! Messages are lost, doubled, delayed and overtake each other; decision points and the store stop at any point, clocks
//! jump, old backups come back. Beside the real thing walks a *shadow* that shares no code with it: it knows what
//! happened, who had heard of it, and by that what could at most be permitted. What a decision point permits, the
//! shadow must permit too, by all that was acknowledged there, however often it crashed since.
//!
//! A longer campaign: `SPRAG_SIMULATIONS=200000 SPRAG_SEED=7 cargo test --release --test ratchet_simulation`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads how long it shall run and tells what it saw"
)]

use std::collections::{BTreeMap, BTreeSet};

use sprag::eval::{self, Decision};
use sprag::ratchet::{
    Approval, Event, Facts, Here, Installation, MAX_SKEW, State, Target, What, advance, effective,
};
use sprag::request::{ContainerFact, Request, Target as Operation};
use sprag_test_support::campaign;
use sprag_test_support::compiled::{self, Compiled};
use sprag_test_support::random::Random;

/// One chain of scopes, each of which implies those before it; stages that leave fewer and fewer of them.
const POLICY: &str = r#"
use demo
group admins { "ann", "bob", "eve" }
role everything { any operation }
app alpha {
  key "app.alpha"
  platform demo.chain
  requests DELETE
  optional ADMIN
  step-up by 2 of group admins for 1d
  user everything
}
permit any app to any operation
ratchet setup on alpha {
  start
  then configured holds WRITE when event "setup-finished"
  then settled holds READ when event "alert" or command
  then final locked holds NONE when command
  reopen start by 2 of group admins for 2h
  reopen configured by 1 of group admins for 2h
  never regrow ADMIN
}
"#;

/// A ratchet besides that time and use turn. Where it is turned everything else that could be taken is taken already, so
/// it is there in every second run only.
const AGE: &str = r#"
ratchet age on alpha {
  young
  then old holds WRITE when 1h after install
  then idle holds READ when WRITE unused for 2h or 4 times demo.issue.edit
}
"#;

/// Scopes by how much they open, with an operation that needs each.
const LEVELS: [(&str, &str, &str); 5] = [
    ("NONE", "demo.site.info", "site"),
    ("READ", "demo.issue.get", "issue"),
    ("WRITE", "demo.issue.edit", "issue"),
    ("DELETE", "demo.issue.delete", "issue"),
    ("ADMIN", "demo.project.admin", "project"),
];
const ADMIN: usize = 4;
/// The highest level that each stage of `setup` leaves.
const STAGES: [(&str, usize); 4] = [("start", 4), ("configured", 2), ("settled", 1), ("final", 0)];
/// The highest levels that the later stages of `age` leave, and after how many seconds.
const OLD: (usize, i64) = (2, 3600);
const IDLE: (usize, i64) = (1, 2 * 3600);
/// So many successes turn `age` too.
const TIMES: usize = 4;

fn runs() -> u64 {
    std::env::var("SPRAG_SIMULATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(3000)
}

fn first_seed() -> u64 {
    std::env::var("SPRAG_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[test]
fn withdrawn_power_is_never_exercised_and_all_converge() {
    let worlds = worlds();
    let each = campaign::over(first_seed()..first_seed() + runs(), |seed| {
        let mut seen = Seen::default();
        if let Err(fault) = run(&worlds, seed, Protocol::default(), &mut seen) {
            panic!("seed {seed}: {fault}");
        }
        seen
    });
    let mut seen = Seen::default();
    each.into_iter().for_each(|one| seen.add(one));
    let mean = seen.converged.iter().sum::<i64>() / seen.converged.len().max(1) as i64;
    let most = seen.converged.iter().max().copied().unwrap_or(0);
    println!(
        "{} runs: all converged, in {mean} s in the mean, {most} s at most; {seen:?}",
        seen.converged.len()
    );
    // Of a few runs, as when one seed is looked at again, nothing can be expected.
    if runs() < 1000 {
        return;
    }
    let rare = [seen.permitted, seen.refused, seen.acknowledged, seen.crashes, seen.jumps, seen.given];
    assert!(rare.iter().all(|count| *count as u64 > runs()), "{seen:?}");
    assert!(seen.aged as u64 * 20 > runs(), "{seen:?}");
    assert!(seen.restored as u64 * 20 > runs() && seen.overridden as u64 * 50 > runs(), "{seen:?}");
}

/// A test of the test: decision points that cut corners are found out.
#[test]
fn cut_corners_are_found() {
    let worlds = worlds();
    // The last one is found in one run of several thousand: it is looked for where it is known to be.
    for (what, protocol, from) in [
        (
            "acknowledged before it was stored",
            Protocol { acknowledges_early: true, ..Protocol::default() },
            0,
        ),
        ("old backups are believed", Protocol { believes_backups: true, ..Protocol::default() }, 0),
        ("messages replace what is known", Protocol { replaces: true, ..Protocol::default() }, 0),
        ("served before the store was asked", Protocol { starts_blind: true, ..Protocol::default() }, 0),
        ("what time it was is forgotten", Protocol { forgets_time: true, ..Protocol::default() }, 0),
        ("answers to another process", Protocol { inherits_answers: true, ..Protocol::default() }, 8000),
    ] {
        let mut seeds = from..from + 3000;
        let found = seeds.find(|seed| run(&worlds, *seed, protocol, &mut Seen::default()).is_err());
        println!("{what}: found by seed {found:?}");
        assert!(found.is_some(), "nobody noticed: {what}");
    }
}

/// Corners to cut.
#[derive(Debug, Clone, Copy, Default)]
struct Protocol {
    acknowledges_early: bool,
    believes_backups: bool,
    replaces: bool,
    starts_blind: bool,
    inherits_answers: bool,
    forgets_time: bool,
}

#[derive(Default)]
struct Seen {
    permitted: usize,
    refused: usize,
    acknowledged: usize,
    given: usize,
    crashes: usize,
    jumps: usize,
    restored: usize,
    /// Decisions that were permitted only because an approval overrode a withdrawal.
    overridden: usize,
    /// Decisions that were refused though only time or use had taken what they need.
    aged: usize,
    converged: Vec<i64>,
}

impl Seen {
    fn add(&mut self, other: Seen) {
        self.permitted += other.permitted;
        self.refused += other.refused;
        self.acknowledged += other.acknowledged;
        self.given += other.given;
        self.crashes += other.crashes;
        self.jumps += other.jumps;
        self.restored += other.restored;
        self.overridden += other.overridden;
        self.aged += other.aged;
        self.converged.extend(other.converged);
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Seen { permitted, refused, acknowledged, given, .. } = self;
        let Seen { crashes, jumps, restored, overridden, aged, .. } = self;
        write!(
            f,
            "{permitted} permitted, {refused} refused, {acknowledged} acknowledged, {given} approvals, "
        )?;
        write!(
            f,
            "{crashes} crashes, {jumps} clock jumps, {restored} old backups, {overridden} by an approval, {aged} refused by age"
        )
    }
}

/// A set of deeds, by number.
type Deeds = u128;

/// What somebody did, as the shadow keeps it.
#[derive(Debug)]
struct Deed {
    what: Kind,
    by: &'static str,
    /// What its doer's decision point knew.
    known: Deeds,
    /// True time.
    at: i64,
    /// What its doer's clock said.
    clock: i64,
}

#[derive(Debug, Clone)]
enum Kind {
    Installed,
    TookAll,
    Removed,
    /// `WRITE` was used at a time, by the clock of who tells.
    Used(i64),
    /// Something that is counted succeeded.
    Succeeded,
    TookScope(usize),
    Unasked(usize),
    Turned(usize),
    Gave {
        id: String,
        levels: BTreeSet<usize>,
        seconds: i64,
    },
    Reopened {
        id: String,
        stage: usize,
        seconds: i64,
    },
}

struct Node {
    name: String,
    /// What it knows in memory; `None` while it is down, or has not heard from the store since it began.
    facts: Option<Facts>,
    known: Deeds,
    /// What is left now, worked out when the facts or the time change.
    state: Option<(State, i64)>,
    /// Not lost in a crash: the last commit of the store that it has seen.
    witness: Option<(usize, u64)>,
    /// Believes that the store forgot something.
    closed: bool,
    /// All that was acknowledged here, ever. The shadow's.
    acknowledged: Deeds,
    /// Not lost in a crash: the highest time by which it has decided.
    highest: i64,
    /// The same, as the shadow keeps it.
    decided: i64,
    up: bool,
    /// Of its clock.
    offset: i64,
    asked: i64,
}

#[derive(Clone)]
struct Store {
    facts: Facts,
    known: Deeds,
    /// A number for each commit, all different.
    commits: Vec<u64>,
}

/// Who asked the store.
#[derive(Clone)]
struct Asker {
    node: usize,
    /// Which of the processes that ran there one after another.
    process: String,
    /// What it had seen when it asked.
    witness: Option<(usize, u64)>,
}

#[derive(Clone)]
enum Message {
    /// Node to store: keep this, and tell me what you know.
    Join { from: Asker, facts: Facts, known: Deeds },
    /// Store to node.
    Answer { to: Asker, facts: Facts, known: Deeds, commits: Vec<u64> },
    /// Store to node, unasked.
    Notice { to: usize, facts: Facts, known: Deeds },
}

struct Run<'w> {
    world: &'w Compiled,
    /// Whether its policy has the ratchet `age`.
    ages: bool,
    installation: Installation,
    probes: Vec<Request>,
    random: Random,
    protocol: Protocol,
    nodes: Vec<Node>,
    store: Store,
    backups: Vec<Store>,
    /// By time of delivery.
    network: BTreeMap<(i64, u64), Message>,
    sent: u64,
    deeds: Vec<Deed>,
    now: i64,
    /// By how much clocks went back, together.
    back: i64,
    faulty: bool,
}

fn worlds() -> [Compiled; 2] {
    [compiled::policy(POLICY), compiled::policy(&format!("{POLICY}{AGE}"))]
}

fn run(worlds: &[Compiled; 2], seed: u64, protocol: Protocol, seen: &mut Seen) -> Result<(), String> {
    let mut random = Random::new(seed);
    let store = Store { facts: Facts::default(), known: 0, commits: Vec::new() };
    let nodes = (0..3).map(|n| Node {
        name: format!("n{n}.0"),
        facts: Some(Facts::default()),
        known: 0,
        state: None,
        witness: None,
        closed: false,
        acknowledged: 0,
        highest: 0,
        decided: 0,
        up: true,
        offset: random.below(200) as i64 - 100,
        asked: 0,
    });
    let nodes = nodes.collect();
    let ages = seed % 2 == 1;
    let mut run = Run {
        world: &worlds[usize::from(ages)],
        ages,
        installation: Installation { app: "app.alpha".to_owned(), site: "s".to_owned() },
        probes: LEVELS.iter().map(probe).collect(),
        random,
        protocol,
        nodes,
        store,
        backups: Vec::new(),
        network: BTreeMap::new(),
        sent: 0,
        deeds: Vec::new(),
        now: 1_790_000_000,
        back: 0,
        faulty: true,
    };
    // Now and then something happens to it before it is known to be installed.
    for _ in 0..if run.random.one_in(4) { run.random.below(30) } else { 0 } {
        run.step(seen)?;
    }
    let node = run.random.below(3);
    run.does(node, "ann", installed(), Kind::Installed, seen);
    for _ in 0..160 {
        run.step(seen)?;
    }
    // Nothing is lost any more, but still late.
    run.faulty = false;
    let begin = run.now;
    for node in 0..run.nodes.len() {
        if !run.nodes[node].up {
            run.start(node);
        }
    }
    for _ in 0..400 {
        run.now += 1;
        run.deliver(seen);
        run.retry();
        if run.nodes.iter().any(|node| node.closed) {
            run.recover();
        }
        for node in 0..run.nodes.len() {
            run.exercise(node, seen)?;
        }
        if run.nodes.iter().all(|node| !node.closed && run.knows_all(node)) {
            seen.converged.push(run.now - begin);
            return Ok(());
        }
    }
    Err("the decision points do not come to know the same".to_owned())
}

fn installed() -> What {
    What::Installed { version: "1".to_owned(), asks: BTreeSet::from(["DELETE".to_owned()]) }
}

/// All that is known but for what time it is.
fn timeless(facts: &Facts) -> impl PartialEq {
    let Facts {
        clock: _,
        installed,
        events,
        reports,
        reached,
        used,
        successes,
        marks,
        votes,
        ended,
        versions,
        running,
        catalogs,
    } = facts;
    let counted = (events, reports, reached, used, successes);
    (installed, counted, marks, votes, ended, versions, running, catalogs)
}

fn probe((_, operation, kind): &(&str, &str, &str)) -> Request {
    let kinds = ["issue", "project", "site"].into_iter().skip_while(|k| k != kind);
    let container = |kind: &str| ContainerFact {
        kind: kind.to_owned(),
        id: Some("x".to_owned()),
        attributes: BTreeMap::new(),
    };
    Request {
        app: Some("app.alpha".to_owned()),
        operation: Operation::Name((*operation).to_owned()),
        containers: kinds.map(container).collect(),
        ..Request::default()
    }
}

impl Run<'_> {
    fn step(&mut self, seen: &mut Seen) -> Result<(), String> {
        self.now += *self.random.pick(&[0, 1, 1, 5, 30, 600]);
        self.deliver(seen);
        self.retry();
        let node = self.random.below(3);
        match self.random.below(40) {
            0..=11 => self.exercise(node, seen)?,
            12..=19 => self.command(node, seen),
            20..=21 => self.stop(node, seen),
            22..=26 => self.start(node),
            27 => {
                let by = *self.random.pick(&[-7200, -400, -100, 100, 4000]);
                self.nodes[node].offset += by;
                self.back += (-by).max(0);
                seen.jumps += 1;
            }
            28 => self.backups.push(self.store.clone()),
            29 if self.random.one_in(3) => {
                if let Some(old) = self.backups.pop() {
                    self.store = old;
                    seen.restored += 1;
                }
            }
            30 if self.nodes.iter().any(|node| node.closed) => self.recover(),
            _ => {}
        }
        Ok(())
    }

    /// Whether the node and the store know the same, but for what time it is.
    fn knows_all(&self, node: &Node) -> bool {
        node.facts.as_ref().is_some_and(|facts| timeless(facts) == timeless(&self.store.facts))
    }

    fn clock(&self, node: usize) -> i64 {
        self.now + self.nodes[node].offset
    }

    /// Somebody does something at a decision point; the shadow notes it if it was done.
    fn does(&mut self, node: usize, by: &'static str, what: What, kind: Kind, seen: &mut Seen) {
        let now = self.clock(node);
        let at = &self.nodes[node];
        let (Some(facts), false, true) = (&at.facts, at.closed, self.deeds.len() < 120) else { return };
        let event = Event { what, by: by.to_owned(), reason: "because".to_owned() };
        let here = Here { writer: &at.name, now };
        let Ok(step) = advance(&self.world.model, &self.installation, facts, &event, here) else { return };
        seen.given += usize::from(matches!(kind, Kind::Gave { .. } | Kind::Reopened { .. }));
        let kinds = match kind {
            // A version that asks for less takes everything above; what is optional, no version asks for.
            Kind::Unasked(from) => (from..ADMIN).map(Kind::Unasked).collect(),
            kind => vec![kind],
        };
        let known = at.known;
        for what in kinds {
            let number = self.deeds.len();
            self.deeds.push(Deed { what, by, known, at: self.now, clock: now });
            self.nodes[node].known |= 1 << number;
        }
        let at = &mut self.nodes[node];
        at.facts = Some(step.facts);
        at.state = None;
        if self.protocol.acknowledges_early {
            at.acknowledged |= at.known;
        }
        self.ask(node);
    }

    fn command(&mut self, node: usize, seen: &mut Seen) {
        let by = *self.random.pick(&["ann", "bob", "eve"]);
        let level = 1 + self.random.below(4);
        let id = format!("a{}", self.random.below(5));
        let (what, kind) = match self.random.below(17) {
            0 if self.random.one_in(4) => (What::Uninstalled, Kind::Removed),
            1 if self.random.one_in(4) => (What::Withdraw(Target::Installation), Kind::TookAll),
            2 | 3 => (What::Withdraw(Target::Scope(LEVELS[level].0.to_owned())), Kind::TookScope(level)),
            4 => {
                let asks = BTreeSet::from([LEVELS[level - 1].0.to_owned()]);
                (What::Version { version: level.to_string(), asks }, Kind::Unasked(level))
            }
            5 => (What::Reported("setup-finished".to_owned()), Kind::Turned(1)),
            6 => (What::Reported("alert".to_owned()), Kind::Turned(2)),
            7 => {
                let stage = 2 + usize::from(self.random.one_in(6));
                let what = What::Turn { ratchet: "setup".to_owned(), stage: STAGES[stage].0.to_owned() };
                (what, Kind::Turned(stage))
            }
            8 if self.random.one_in(2) => (installed(), Kind::Installed),
            9 => {
                let at = self.clock(node) - self.random.below(1000) as i64;
                let scopes = BTreeMap::from([("WRITE".to_owned(), at)]);
                (What::Used { scopes, successes: BTreeMap::new() }, Kind::Used(at))
            }
            10 => {
                let successes = BTreeMap::from([("demo.issue.edit".to_owned(), 1)]);
                (What::Used { scopes: BTreeMap::new(), successes }, Kind::Succeeded)
            }
            8 | 11..=13 => {
                let seconds = *self.random.pick(&[600, 7200]);
                let stage = self.random.below(2);
                let what = What::Reopen {
                    id: id.clone(),
                    ratchet: "setup".to_owned(),
                    stage: STAGES[stage].0.to_owned(),
                    seconds: Some(seconds),
                    groups: BTreeSet::new(),
                };
                (what, Kind::Reopened { id, stage, seconds })
            }
            _ => {
                let seconds = *self.random.pick(&[3600, 86_400]);
                let levels: BTreeSet<usize> = (0..=level).collect();
                let what = What::Approve(Approval {
                    id: id.clone(),
                    scopes: levels.iter().map(|level| LEVELS[*level].0.to_owned()).collect(),
                    operations: BTreeSet::new(),
                    containers: BTreeSet::new(),
                    seconds: Some(seconds),
                    groups: BTreeSet::new(),
                });
                (what, Kind::Gave { id, levels, seconds })
            }
        };
        self.does(node, by, what, kind, seen);
    }

    /// A request is decided, and the shadow asked whether that can be.
    fn exercise(&mut self, node: usize, seen: &mut Seen) -> Result<(), String> {
        let now = self.clock(node);
        let at = &mut self.nodes[node];
        let (Some(facts), false) = (&mut at.facts, at.closed) else { return Ok(()) };
        if at.state.as_ref().is_none_or(|(_, when)| *when != now) {
            // What time it was is kept, so that no jump of the clock gives back what time took: always by whoever
            // decides, and now and then as a fact.
            let mut decides = facts.clone();
            if !self.protocol.forgets_time {
                at.highest = at.highest.max(now);
                decides.clock.tell(at.highest);
            }
            if self.random.one_in(3) && !self.protocol.forgets_time {
                let tick = Event { what: What::Tick, by: "time".to_owned(), reason: String::new() };
                let here = Here { writer: &at.name, now };
                let step = advance(&self.world.model, &self.installation, &decides, &tick, here);
                *facts = step.map_err(|refused| refused.to_string())?.facts;
            }
            at.state = Some((effective(&self.world.model, &decides, &self.installation, now), now));
        }
        at.decided = at.decided.max(now);
        let Some((state, _)) = &at.state else { return Ok(()) };
        let level = self.random.below(LEVELS.len());
        let mut request = self.probes[level].clone();
        state.apply(&mut request);
        if eval::evaluate(&self.world.model, &request).effect != Decision::Permit {
            seen.refused += 1;
            let (known, decided) = (self.nodes[node].known, self.nodes[node].decided);
            let young = self.allows(level, known, known, i64::MIN, true);
            seen.aged += usize::from(young && !self.allows(level, known, known, decided, true));
            return Ok(());
        }
        seen.permitted += 1;
        let taken = self.nodes[node].acknowledged | self.nodes[node].known;
        let (known, decided) = (self.nodes[node].known, self.nodes[node].decided);
        if !self.allows(level, taken, known, decided, true) {
            let all = self.deeds.iter().enumerate().filter(|(number, _)| taken >> number & 1 == 1);
            let all: Vec<_> = all.collect();
            let own = &self.nodes[node];
            return Err(format!(
                "{} permits {} at {} in spite of {all:#?}",
                own.name, LEVELS[level].1, self.now
            ));
        }
        seen.overridden += usize::from(!self.allows(level, taken, known, decided, false));
        Ok(())
    }

    /// Whether the shadow thinks that this much can be permitted, where that was taken and this was given, and it was
    /// so late already when something was decided there.
    fn allows(&self, level: usize, taken: Deeds, known: Deeds, decided: i64, approvals: bool) -> bool {
        let of = |set: Deeds| self.deeds.iter().enumerate().filter(move |(n, _)| set >> n & 1 == 1);
        // So many people, each of whom knew of the deed, gave what is wanted, and not too long ago.
        let given = |of_deed: Option<usize>,
                     people: usize,
                     wanted: &dyn Fn(&Kind) -> Option<(String, i64)>| {
            let mut voters: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
            for (_, vote) in of(known).filter(|_| approvals) {
                let Some((id, seconds)) = wanted(&vote.what) else { continue };
                let slack = self.back + 2 * MAX_SKEW;
                if self.now - vote.at <= seconds + slack && of_deed.is_none_or(|n| vote.known >> n & 1 == 1) {
                    voters.entry(id).or_default().insert(vote.by);
                }
            }
            voters.values().any(|voters| voters.len() >= people)
        };
        let scopes = |wanted: &dyn Fn(&BTreeSet<usize>) -> bool, kind: &Kind| match kind {
            Kind::Gave { id, levels, seconds } if wanted(levels) => Some((id.clone(), *seconds)),
            _ => None,
        };
        let above = |kind: &Kind| scopes(&|levels| levels.iter().any(|l| *l >= level), kind);
        if !of(known).any(|(_, deed)| matches!(deed.what, Kind::Installed)) {
            return false;
        }
        if level == ADMIN && !given(None, 2, &above) {
            return false;
        }
        let installed = of(taken).filter(|(_, deed)| matches!(deed.what, Kind::Installed));
        let installed = installed.map(|(_, deed)| deed.clock).min().unwrap_or(0);
        let used = of(known).filter_map(|(_, deed)| match deed.what {
            Kind::Used(at) => Some(at),
            _ => None,
        });
        let used = used.max().unwrap_or(0).max(installed);
        let successes = of(taken).filter(|(_, deed)| matches!(deed.what, Kind::Succeeded)).count();
        let old = decided >= installed + OLD.1;
        let idle = decided >= used + IDLE.1 || successes >= TIMES;
        if self.ages && ((old && level > OLD.0) || (idle && level > IDLE.0)) {
            return false;
        }
        of(taken).all(|(number, deed)| match &deed.what {
            Kind::Installed | Kind::Used(_) | Kind::Succeeded => true,
            Kind::Gave { .. } | Kind::Reopened { .. } => true,
            // It never regrows.
            Kind::TookAll | Kind::TookScope(_) | Kind::Unasked(_) | Kind::Turned(_) if level == ADMIN => {
                false
            }
            Kind::TookAll | Kind::Removed => given(Some(number), 2, &above),
            Kind::TookScope(scope) if *scope <= level => {
                given(Some(number), 2, &|kind| scopes(&|levels| levels.contains(scope), kind))
            }
            Kind::Unasked(scope) if *scope == level => given(Some(number), 2, &above),
            Kind::TookScope(_) | Kind::Unasked(_) => true,
            Kind::Turned(stage) if STAGES[*stage].1 < level => {
                let back = |to: usize| {
                    move |kind: &Kind| match kind {
                        Kind::Reopened { id, stage, seconds } if *stage == to => Some((id.clone(), *seconds)),
                        _ => None,
                    }
                };
                *stage != 3
                    && (given(Some(number), 2, &back(0))
                        || (level <= STAGES[1].1 && given(Some(number), 1, &back(1))))
            }
            Kind::Turned(_) => true,
        })
    }

    fn send(&mut self, message: Message) {
        let copies = match self.random.below(10) {
            0 | 1 if self.faulty => 0,
            2 if self.faulty => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let late = if self.random.one_in(8) { 900 } else { 5 };
            let late = if self.faulty { late } else { 5 };
            self.sent += 1;
            self.network.insert((self.now + self.random.below(late) as i64, self.sent), message.clone());
        }
    }

    /// Tells the store all that is known, and asks for what it knows.
    fn ask(&mut self, node: usize) {
        let at = &mut self.nodes[node];
        at.asked = self.now;
        let (facts, known) = (at.facts.clone().unwrap_or_default(), at.known);
        let from = Asker { node, process: at.name.clone(), witness: at.witness };
        self.send(Message::Join { from, facts, known });
    }

    /// What was asked and not answered is asked again; and now and then it is asked whether there is news.
    fn retry(&mut self) {
        for node in 0..self.nodes.len() {
            let at = &self.nodes[node];
            let news = !self.knows_all(at);
            if at.up && self.now - at.asked >= if news { 10 } else { 600 } {
                self.ask(node);
            }
        }
    }

    fn deliver(&mut self, seen: &mut Seen) {
        while let Some(entry) = self.network.first_entry().filter(|entry| entry.key().0 <= self.now) {
            match entry.remove() {
                Message::Join { from, facts, known } => self.join(from, &facts, known),
                Message::Answer { to, facts, known, commits } => {
                    self.answer(&to, &facts, known, &commits, seen);
                }
                Message::Notice { to, facts, known } => {
                    let at = &mut self.nodes[to];
                    if let (Some(own), true) = (&mut at.facts, at.up) {
                        match self.protocol.replaces {
                            true => *own = facts,
                            false => drop(own.join(&facts)),
                        }
                        at.known |= known;
                        at.state = None;
                    }
                }
            }
        }
    }

    fn join(&mut self, from: Asker, facts: &Facts, known: Deeds) {
        // The store may stop before it has kept anything, or before it has answered.
        if self.faulty && self.random.one_in(12) {
            return;
        }
        let grew = self.store.facts.join(facts);
        self.store.known |= known;
        if grew {
            self.store.commits.push(self.random.number());
        }
        if self.faulty && self.random.one_in(12) {
            return;
        }
        let Store { facts, known, commits } = self.store.clone();
        let asker = from.node;
        self.send(Message::Answer { to: from, facts: facts.clone(), known, commits });
        for to in (0..self.nodes.len()).filter(|to| grew && *to != asker) {
            self.send(Message::Notice { to, facts: facts.clone(), known });
        }
    }

    fn answer(&mut self, to: &Asker, facts: &Facts, known: Deeds, commits: &[u64], seen: &mut Seen) {
        let at = &mut self.nodes[to.node];
        if !at.up {
            return;
        }
        // An answer comes over the connection of the process that asked, and ends with it. Taken by one that began
        // since, and knows nothing yet, it would say less than was seen here in between; and by what was seen when it
        // was asked for, nobody would notice.
        if at.name != to.process && !self.protocol.inherits_answers {
            return;
        }
        // What was seen before this was asked for must be in the store's chain, at its place.
        if let Some((length, last)) = to.witness
            && commits.get(length - 1) != Some(&last)
            && !self.protocol.believes_backups
        {
            at.closed = true;
            return;
        }
        match (&mut at.facts, self.protocol.replaces) {
            (Some(own), false) => drop(own.join(facts)),
            (own, _) => *own = Some(facts.clone()),
        }
        at.known |= known;
        at.state = None;
        // A late answer takes nothing back.
        if let Some(last) = commits.last()
            && at.witness.is_none_or(|(length, _)| commits.len() >= length)
        {
            at.witness = Some((commits.len(), *last));
        }
        // Everything in the answer is kept by the store.
        seen.acknowledged += (known & !at.acknowledged).count_ones() as usize;
        at.acknowledged |= known;
    }

    fn stop(&mut self, node: usize, seen: &mut Seen) {
        let at = &mut self.nodes[node];
        if at.up {
            (at.up, at.facts, at.known, at.state) = (false, None, 0, None);
            seen.crashes += 1;
        }
    }

    /// Begins anew, under a name of its own, with what the store knows.
    fn start(&mut self, node: usize) {
        let number = self.sent;
        let at = &mut self.nodes[node];
        if at.up {
            return;
        }
        at.up = true;
        at.name = format!("n{node}.{number}");
        if self.protocol.starts_blind {
            // As if the backup it came with were the truth.
            let old = self.backups.first().cloned().unwrap_or_else(|| self.store.clone());
            (at.facts, at.known) = (Some(old.facts), old.known);
        }
        self.ask(node);
    }

    /// The operator takes what all that still run know for the truth, and everything away that somebody may have
    /// taken and nobody remembers.
    fn recover(&mut self) {
        let mut facts = self.store.facts.clone();
        let mut known = self.store.known;
        for node in &self.nodes {
            if let Some(own) = &node.facts {
                facts.join(own);
                known |= node.known;
            }
        }
        let taken = Event {
            what: What::Uninstalled,
            by: "operator".to_owned(),
            reason: "the store was restored".to_owned(),
        };
        let name = format!("recovery{}", self.sent);
        let here = Here { writer: &name, now: self.now };
        if let Ok(step) = advance(&self.world.model, &self.installation, &facts, &taken, here) {
            facts = step.facts;
            if self.deeds.len() < 127 {
                known |= 1 << self.deeds.len();
                let (by, at) = ("operator", self.now);
                self.deeds.push(Deed { what: Kind::Removed, by, known, at, clock: at });
            }
        }
        self.store = Store { facts, known, commits: vec![self.random.number()] };
        self.backups.clear();
        // What is still on its way speaks of the store as it was.
        self.network.clear();
        for node in &mut self.nodes {
            node.closed = false;
            node.witness = None;
            node.asked = 0;
            if node.facts.is_some() {
                (node.facts, node.known, node.state) = (Some(self.store.facts.clone()), known, None);
            }
        }
        // What nobody remembers cannot be held against those who begin anew from here.
        for node in &mut self.nodes {
            node.acknowledged &= known;
        }
    }
}
