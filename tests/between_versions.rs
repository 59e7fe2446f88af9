//! What only the difference of two versions makes matter: approvals of some scopes, what a ratchet's stage leaves of
//! them, and the word of the caller. Within one version more approvals never permit less, and so neither all nor none
//! of them need be told apart from the rest; between two, any of them may be what one asks and the other does not.
//!
//! The oracle is brute force: all requests of small random packages are asked of both versions.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::collections::{BTreeMap, BTreeSet};

use sprag::analysis::compare::{self, Relation, Verdict};
use sprag::analysis::diff;
use sprag::driver::{self, Inputs};
use sprag::eval::{self, Decision};
use sprag::request::{Request, Target, User, Value};
use sprag::sema::model::{Checked, Model};
use sprag::span::Source;
use sprag_test_support::campaign;
use sprag_test_support::random::Random;

const SCOPES: [&str; 4] = ["A", "B", "C", "D"];

const OPERATIONS: [&str; 2] = ["desk.look", "desk.change"];

/// What a version says, so that another one can say a little else.
#[derive(Clone)]
struct Version {
    /// For each scope what it implies: only of later ones, so that there are no circles.
    implies: Vec<BTreeSet<usize>>,
    /// For each operation and model, alternatives; none: it is not callable.
    requires: Vec<[Vec<BTreeSet<usize>>; 2]>,
    demands_user: bool,
    requested: BTreeSet<usize>,
    optional: BTreeSet<usize>,
    approved: Option<BTreeSet<usize>>,
    /// What the second stage leaves, if there is a ratchet.
    leaves: Option<BTreeSet<usize>>,
    app_user_by_caller: bool,
    app_user_except: bool,
    context_user_by_caller: bool,
    app_user_role: bool,
    permits: Vec<bool>,
}

fn some(random: &mut Random) -> BTreeSet<usize> {
    (0..SCOPES.len()).filter(|_| random.one_in(2)).collect()
}

fn alternatives(random: &mut Random) -> Vec<BTreeSet<usize>> {
    let one = |random: &mut Random| -> BTreeSet<usize> {
        (0..1 + random.below(2)).map(|_| random.below(SCOPES.len())).collect()
    };
    (0..random.below(3)).map(|_| one(random)).collect()
}

impl Version {
    fn new(random: &mut Random) -> Version {
        let later = |random: &mut Random, of: usize| {
            (of + 1..SCOPES.len()).filter(|_| random.one_in(4)).collect::<BTreeSet<usize>>()
        };
        Version {
            implies: (0..SCOPES.len()).map(|of| later(random, of)).collect(),
            requires: OPERATIONS.iter().map(|_| [alternatives(random), alternatives(random)]).collect(),
            demands_user: random.one_in(2),
            requested: some(random),
            optional: some(random),
            approved: random.one_in(4).then(|| some(random)),
            leaves: random.one_in(2).then(|| some(random)),
            app_user_by_caller: random.one_in(3),
            app_user_except: random.one_in(4),
            context_user_by_caller: random.one_in(3),
            app_user_role: !random.one_in(4),
            permits: OPERATIONS.iter().map(|_| !random.one_in(5)).collect(),
        }
    }

    /// The same with something else.
    fn edited(&self, random: &mut Random) -> Version {
        let (mut edited, other) = (self.clone(), Version::new(random));
        for _ in 0..1 + random.below(2) {
            match random.below(11) {
                0 => edited.implies = other.implies.clone(),
                1 | 2 => {
                    let at = random.below(OPERATIONS.len());
                    edited.requires[at].clone_from(&other.requires[at]);
                }
                3 => edited.demands_user = !self.demands_user,
                4 => edited.requested.clone_from(&other.requested),
                5 => edited.optional.clone_from(&other.optional),
                6 => edited.approved.clone_from(&other.approved),
                7 => edited.leaves.clone_from(&other.leaves),
                8 => edited.app_user_by_caller = !self.app_user_by_caller,
                9 => edited.context_user_by_caller = !self.context_user_by_caller,
                _ => edited.app_user_except = !self.app_user_except,
            }
        }
        edited
    }

    fn catalog(&self) -> String {
        let demands = if self.demands_user { " demands user" } else { "" };
        let mut text = format!("catalog desk version \"1\"\nkind site\nmodel own\nmodel person{demands}\n");
        for model in ["own", "person"] {
            for (name, implied) in SCOPES.iter().zip(&self.implies) {
                let implied: Vec<&str> = implied.iter().map(|at| SCOPES[*at]).collect();
                let implies = if implied.is_empty() {
                    String::new()
                } else {
                    format!(" implies {}", implied.join(", "))
                };
                text += &format!("scope {model} {name}{implies}\n");
            }
        }
        for (name, requires) in OPERATIONS.iter().zip(&self.requires) {
            text += &format!("operation {name} {{ access read in site");
            for (model, alternatives) in ["own", "person"].iter().zip(requires) {
                if !alternatives.is_empty() {
                    let one = |all: &BTreeSet<usize>| {
                        let names = all.iter().map(|at| SCOPES[*at]).collect::<Vec<_>>().join(", ");
                        if all.len() > 1 { format!("[{names}]") } else { names }
                    };
                    let all = alternatives.iter().map(one).collect::<Vec<_>>().join(" or ");
                    text += &format!(" requires {model} {all}");
                }
            }
            text += " }\n";
        }
        text
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.catalog(), self.policy())
    }

    /// Nothing for what is no package, such as a stage that holds what is not requested.
    fn compiled(&self) -> Option<Checked<Model>> {
        let source = |path: &str, text: String| Source { path: path.to_owned(), text };
        let own = vec![source("policy.sprag", self.policy())];
        let shelf = vec![source("catalog.sprag", self.catalog())];
        driver::compile(Inputs { package: "world".to_owned(), own, shelf, lock: None }).model
    }

    fn policy(&self) -> String {
        let names =
            |scopes: &BTreeSet<usize>| scopes.iter().map(|at| SCOPES[*at]).collect::<Vec<_>>().join(", ");
        let member = |word: &str, scopes: &BTreeSet<usize>| {
            if scopes.is_empty() { String::new() } else { format!("  {word} {}\n", names(scopes)) }
        };
        let mut text =
            "use desk\nrole everything { any operation }\nassign everything to any user\n".to_owned();
        text += "app alpha {\n  key \"app.alpha\"\n  platform desk.own, desk.person\n";
        text += &member("requests", &self.requested);
        text += &member("optional", &(&self.optional - &self.requested));
        if let Some(approved) = &self.approved {
            text += &member("approved", &(approved & &(&self.requested | &self.optional)));
        }
        text += if self.app_user_role { "  user everything\n}\n" } else { "}\n" };
        text += "authority {\n";
        let source = |by_caller: bool| if by_caller { "caller" } else { "policy" };
        text += &format!("  app user from {}", source(self.app_user_by_caller));
        text += if self.app_user_except { " except when has(user)\n" } else { "\n" };
        text += &format!("  context user from {}\n}}\n", source(self.context_user_by_caller));
        for (operation, permitted) in OPERATIONS.iter().zip(&self.permits) {
            if *permitted {
                text += &format!("permit alpha to {operation}\n");
            }
        }
        if let Some(leaves) = &self.leaves {
            let held: BTreeSet<usize> = leaves & &(&self.requested | &self.optional);
            if !held.is_empty() {
                text += &format!(
                    "ratchet setup on alpha {{ start then later holds {} when command }}\n",
                    names(&held)
                );
            }
        }
        text
    }
}

/// All requests for the operation.
fn requests(operation: &str) -> Vec<Request> {
    let subset = |bits: usize| -> BTreeSet<String> {
        let names = SCOPES.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        names.map(|(_, name)| (*name).to_owned()).collect()
    };
    let approvals = std::iter::once(None).chain((0..1 << SCOPES.len()).map(|bits| Some(subset(bits))));
    let mut all = Vec::new();
    for approved in approvals {
        for stage in [None, Some("start"), Some("later")] {
            for app_user in [None, Some(true), Some(false)] {
                for user in [None, Some(None), Some(Some(true)), Some(Some(false))] {
                    let word = |word: Option<bool>, name: &str| {
                        word.map(|word| (name.to_owned(), Value::Bool(word)))
                            .into_iter()
                            .collect::<BTreeMap<_, _>>()
                    };
                    all.push(Request {
                        app: Some("app.alpha".to_owned()),
                        operation: Target::Name(operation.to_owned()),
                        user: user
                            .map(|said| User { id: "ann".to_owned(), attributes: word(said, "permitted") }),
                        attributes: word(app_user, "app-user.permitted"),
                        stages: stage
                            .map(|stage| ("setup".to_owned(), stage.to_owned()))
                            .into_iter()
                            .collect(),
                        approved: approved.clone(),
                        ..Request::default()
                    });
                }
            }
        }
    }
    all
}

#[test]
fn no_approval_stage_or_word_of_the_caller_lets_through_what_a_comparison_does_not_tell() {
    let each = campaign::over(0..2_500, |seed| {
        let (mut gained, mut partial, mut worded) = (0, 0, 0);
        let random = &mut Random::new(seed);
        let old = Version::new(random);
        let new = old.edited(random);
        let worlds = [&old, &new].map(Version::compiled);
        let [Some(before), Some(after)] = &worlds else { return None };
        let models: [&Model; 2] = [before, after];
        let text = || format!("seed {seed}\n{}\n// new\n{}", old.text(), new.text());
        let (told, _) = diff::compare(models, None, &|_, _| ());
        assert_eq!(told.undecided, [], "{}", text());
        for (side, deltas) in [(0, &told.lost), (1, &told.gained)] {
            let says: BTreeSet<&str> =
                deltas.iter().flat_map(|delta| &delta.operations).map(String::as_str).collect();
            let mut is = BTreeSet::new();
            for operation in OPERATIONS {
                let permits = |model: &Model, request: &Request| {
                    eval::evaluate(model, request).effect == Decision::Permit
                };
                let grown =
                    |request: &Request| permits(models[side], request) && !permits(models[1 - side], request);
                let grown: Vec<Request> = requests(operation).into_iter().filter(grown).collect();
                if grown.is_empty() {
                    continue;
                }
                is.insert(operation);
                let by_ends = |request: &&Request| {
                    request.approved.as_ref().is_none_or(|approved| approved.len() == SCOPES.len())
                };
                partial += usize::from(!grown.iter().any(|request| by_ends(&request)));
                let vouched = |request: &&Request| {
                    let no = |attributes: &BTreeMap<String, Value>, name| {
                        attributes.get(name) != Some(&Value::Bool(true))
                    };
                    no(&request.attributes, "app-user.permitted")
                        || request.user.as_ref().is_some_and(|user| no(&user.attributes, "permitted"))
                };
                worded += usize::from(grown.iter().all(|request| vouched(&request)));
            }
            assert_eq!(says, is, "side {side} of {}", text());
            gained += is.len();
        }
        let implied = compare::compare(models, Relation::Implies, &|_, _| ());
        let holds = implied.iter().all(|compared| compared.verdict == Verdict::Holds);
        assert_eq!(holds, told.lost.is_empty(), "{}", text());
        let equal = told.lost.is_empty() && told.gained.is_empty();
        Some([gained, partial, worded, usize::from(equal), 1])
    });
    let sum = |at: usize| each.iter().flatten().map(|counts| counts[at]).sum::<usize>();
    let [gained, partial, worded, equal, pairs] = [0, 1, 2, 3, 4].map(sum);
    println!(
        "{pairs} pairs of versions, {equal} equal; {gained} operations grew, {partial} of them by some approvals only, \
         {worded} against the caller's word only"
    );
    assert!(
        pairs > 1_500 && gained > 200 && partial > 20 && worded > 20 && equal > 100,
        "{gained} {partial} {worded} {equal}"
    );
}
