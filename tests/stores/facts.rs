//! Random facts.

use sprag::ratchet::{Earliest, Facts, Installation, Latest, Record};
use sprag_test_support::random::Random;

/// How many random cases, and from which seed.
pub(crate) fn rounds(usually: u64) -> impl Iterator<Item = Random> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("SPRAG_SEED").unwrap_or(1);
    let count = number("SPRAG_ROUNDS").unwrap_or(usually);
    (first..first + count).map(|seed| {
        // Shown where a law fails.
        #[expect(clippy::print_stdout, reason = "the harness keeps it back while all goes well")]
        {
            println!("SPRAG_SEED={seed} SPRAG_ROUNDS=1");
        }
        Random::new(seed)
    })
}

/// One of a few.
pub(crate) fn installation(random: &mut Random) -> Installation {
    let app = *random.pick(&["com.acme.timesheets", "com.acme.caf\u{e9} \"1\""]);
    let site = *random.pick(&["acme", "globex"]);
    Installation { app: app.to_owned(), site: site.to_owned() }
}

/// A few facts, of which any two have something in common often.
pub(crate) fn facts(random: &mut Random) -> Facts {
    let mut facts = Facts::default();
    let time = |random: &mut Random| random.below(50) as i64 - 5;
    for _ in 0..random.below(4) {
        let (at, name) = (time(random), random.pick(&["setup-finished", "alert \\ \u{1}", "x"]).to_string());
        match random.below(6) {
            0 => facts.clock = Latest(Some(at)),
            1 => facts.installed = Earliest(Some(at)),
            2 => {
                facts.events.entry(name).or_default().tell(at);
            }
            3 => {
                facts.used.entry(name).or_default().tell(at);
            }
            4 => {
                facts.reached.entry("setup".to_owned()).or_default().entry(name).or_default().tell(at);
            }
            _ => {
                facts.ended.insert(format!("{name}{}", random.below(3)));
            }
        }
    }
    facts
}

/// Random joins.
pub(crate) fn joins(random: &mut Random, most: usize) -> Vec<(Installation, Facts)> {
    random.some(0, most, |random| (installation(random), facts(random)))
}

/// What somebody did.
pub(crate) fn record(why: &str) -> Record {
    Record {
        who: "ann".to_owned(),
        what: "turn".to_owned(),
        on: "setup.configured".to_owned(),
        before: "start".to_owned(),
        after: "configured".to_owned(),
        why: why.to_owned(),
        when: 1_790_000_000,
    }
}
