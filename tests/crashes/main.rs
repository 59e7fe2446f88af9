//! What was acknowledged survives: programs and servers that write are killed at random points, again and again.
//!
//! `SPRAG_KILLS` makes as many kills of each kind, `SPRAG_SEED` other points; without PostgreSQL that part is left
//! out, unless `SPRAG_REQUIRE_POSTGRES=1`. A kill loses what a program has, not what the operating system has: it
//! tells nothing of power cuts.
//!
//! The test starts itself again as the program that is killed: it joins one fact after another and writes a line
//! for each that the store has acknowledged.
#![expect(clippy::disallowed_methods, reason = "programs are started, killed and read")]
#![expect(
    clippy::print_stdout,
    reason = "a test with a main of its own, and a program whose output is its result"
)]
#![cfg(unix)]

#[path = "../server/mod.rs"]
mod server;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use server::Server;
use sprag::ratchet::{Facts, Installation};
use sprag::state::{Address, Error, Head, Store, Verifier, Witness, Witnessed};
use sprag_test_support::random::Random;

const CHILD: &str = "SPRAG_CRASH_CHILD";

fn main() {
    if let Ok(task) = std::env::var(CHILD) {
        write(&task);
        return;
    }
    // As the harness would answer: there is one test.
    if std::env::args().any(|argument| argument == "--list") {
        println!("main: test");
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let kills = number("SPRAG_KILLS").unwrap_or(12);
    let seed = number("SPRAG_SEED").unwrap_or(1);

    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("state.db").display());
    let mut sqlite = Course::new(address, folder.path().join("witness"), seed);
    (0..kills).for_each(|_| sqlite.kill_writers());
    println!("SQLite: {}", sqlite.told(kills, 0));

    let Some(mut server) = Server::start() else { return };
    server.tell("postgres", &["CREATE DATABASE crashes"]);
    let mut postgres = Course::new(server.url("crashes"), folder.path().join("other-witness"), seed);
    // A server that dies takes a second to come back, a program is started at once.
    let servers = kills.div_ceil(3);
    for kill in 0..kills {
        postgres.kill_writers();
        if kill % 3 == 0 {
            postgres.kill_server(&mut server);
        }
    }
    println!("PostgreSQL: {}", postgres.told(kills, servers));
}

/// The program that is killed: `ADDRESS|WITNESS|NAME`.
fn write(task: &str) {
    let [address, witness, name] = task.split('|').collect::<Vec<_>>().try_into().unwrap();
    let store = open(address);
    let store = Witnessed::new(store, Witness::new(witness.into())).unwrap();
    let mut out = std::io::stdout().lock();
    for number in 0.. {
        let fact = format!("{name}-{number}");
        for attempt in 1.. {
            match store.join(&place(&fact), &facts(&fact), &[]) {
                Ok(_) => break,
                // As whoever must be sure would do.
                Err(Error::Uncertain(_) | Error::Unreachable(_)) if attempt < 6 => {}
                Err(e) => panic!("{e}"),
            }
        }
        // A closed pipe: nobody is left to hear of it.
        if writeln!(out, "{fact}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn open(address: &str) -> Box<dyn Store> {
    Address::parse(address, Path::new("/")).unwrap().create().unwrap()
}

/// Few facts for each place, or the entries would grow.
fn place(fact: &str) -> Installation {
    let digits = fact.len().saturating_sub(1);
    Installation { app: "com.acme.crash".to_owned(), site: fact[..digits].to_owned() }
}

fn facts(fact: &str) -> Facts {
    Facts { ended: BTreeSet::from([fact.to_owned()]), ..Facts::default() }
}

/// One store from its beginning through all kills.
struct Course {
    address: String,
    witness: PathBuf,
    random: Random,
    acknowledged: BTreeSet<String>,
    /// How many of them were not found again after some kill.
    lost: BTreeSet<String>,
    head: Option<Head>,
    writers: u64,
}

impl Course {
    fn new(address: String, witness: PathBuf, seed: u64) -> Course {
        open(&address);
        let (acknowledged, lost) = (BTreeSet::new(), BTreeSet::new());
        Course { address, witness, random: Random::new(seed), acknowledged, lost, head: None, writers: 0 }
    }

    fn start(&mut self) -> Writer {
        self.writers += 1;
        let task = format!("{}|{}|{}", self.address, self.witness.display(), self.writers);
        Writer::start(&task)
    }

    /// Two programs write at once; first one is killed, then the other.
    fn kill_writers(&mut self) {
        for writer in [self.start(), self.start()] {
            writer.wait_for(1 + self.random.below(12), &mut self.acknowledged);
            std::thread::sleep(Duration::from_micros(self.random.below(4_000) as u64));
            writer.kill(&mut self.acknowledged);
        }
        self.look();
    }

    /// Two programs write at once, the server is killed under them, and they go on when it is back.
    fn kill_server(&mut self, server: &mut Server) {
        let writers = [self.start(), self.start()];
        for writer in &writers {
            writer.wait_for(1 + self.random.below(40), &mut self.acknowledged);
        }
        std::thread::sleep(Duration::from_micros(self.random.below(8_000) as u64));
        server.kill();
        server.run();
        // All that was acknowledged before the kill, and perhaps something since.
        for writer in &writers {
            writer.hear(&mut self.acknowledged);
        }
        self.look();
        for writer in writers {
            writer.wait_for(3, &mut self.acknowledged);
            writer.kill(&mut self.acknowledged);
        }
        self.look();
    }

    /// Compares what is there with what was acknowledged.
    fn look(&mut self) {
        let acknowledged = self.acknowledged.clone();
        let store = Witnessed::new(open(&self.address), Witness::new(self.witness.clone())).unwrap();
        let snapshot = store.snapshot().unwrap();
        let surviving: BTreeSet<&String> =
            snapshot.installations.values().flat_map(|facts| &facts.ended).collect();
        self.lost.extend(acknowledged.into_iter().filter(|fact| !surviving.contains(fact)));
        let mut verifier = Verifier::new(snapshot.head.store, self.head);
        for entry in store.entries(0, usize::MAX).unwrap() {
            verifier.take(&entry).unwrap();
        }
        self.head = Some(verifier.end(None).unwrap());
    }

    fn told(&self, programs: u64, servers: u64) -> String {
        let store = open(&self.address);
        let snapshot = store.snapshot().unwrap();
        let surviving: BTreeSet<&String> =
            snapshot.installations.values().flat_map(|facts| &facts.ended).collect();
        let kept = self.acknowledged.iter().filter(|fact| surviving.contains(fact)).count();
        let told = format!(
            "{} programs and {servers} servers killed; {} facts acknowledged, {kept} of them survive, and {} more \
             whose acknowledgement was lost",
            2 * (programs + servers),
            self.acknowledged.len(),
            surviving.len() - kept,
        );
        assert!(self.lost.is_empty() && kept == self.acknowledged.len(), "{told}; lost: {:?}", self.lost);
        assert!(kept as u64 > programs, "{told}: too few to tell anything");
        told
    }
}

/// A program that writes, and does not outlive the test.
struct Writer {
    child: Child,
    lines: Receiver<String>,
}

impl Writer {
    fn start(task: &str) -> Writer {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(CHILD, task)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            // A line without an end was cut off by the kill, and acknowledges nothing.
            let mut out = out;
            let mut line = String::new();
            while out.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
                let _ = tell.send(line.trim_end().to_owned()); // nobody may listen any more
                line.clear();
            }
        });
        Writer { child, lines }
    }

    /// Waits for so many acknowledgements.
    fn wait_for(&self, count: usize, heard: &mut BTreeSet<String>) {
        for _ in 0..count {
            let line = self.lines.recv_timeout(Duration::from_secs(60));
            heard.insert(line.expect("the program writes no more"));
        }
    }

    /// Takes what it has acknowledged by now.
    fn hear(&self, heard: &mut BTreeSet<String>) {
        heard.extend(self.lines.try_iter());
    }

    /// Kills it and takes all that it ever acknowledged.
    fn kill(mut self, heard: &mut BTreeSet<String>) {
        self.child.kill().unwrap(); // SIGKILL
        self.child.wait().unwrap();
        heard.extend(self.lines.iter());
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
