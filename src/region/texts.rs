//! Example texts: for each way to match some patterns and not the others, the shortest texts that do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use foldhash::{HashMap, HashMapExt};

use crate::sema::model::{Pattern, PatternPart};
use crate::sema::pattern::{normalise_domain, normalise_origin};
use crate::space::{Automaton, MAX_TRANSITIONS};

/// What texts are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// Any.
    String,
    /// Domains in normal form.
    Domain,
    /// Origins in normal form.
    Origin,
}

/// Texts that match the same patterns.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    /// Fresh ones, as many as are wanted, or all there are.
    pub(super) fresh: Vec<String>,
    /// Where there are fewer fresh ones than are wanted: all others.
    pub(super) stale: Vec<String>,
}

/// Patterns that texts of a form are told apart by, and what is found of them whatever is declared.
#[derive(Debug)]
pub(super) struct Patterns {
    form: Form,
    automaton: Automaton,
    alphabet: Alphabet,
    /// Examples wanted of each class.
    wanted: usize,
    /// Texts that read well, with the state that each ends in.
    words: Vec<(String, usize)>,
    /// The classes that there may be.
    reachable: BTreeSet<Vec<u32>>,
}

impl Patterns {
    /// `None` if they are too many to be told apart.
    pub(super) fn new(form: Form, patterns: &[Pattern], wanted: usize) -> Option<Patterns> {
        let automaton = Automaton::build(patterns, MAX_TRANSITIONS)?;
        let alphabet = Alphabet::new(form, patterns, wanted);
        let (words, reachable) = (Vec::new(), BTreeSet::new());
        let mut made = Patterns { form, automaton, alphabet, wanted, words, reachable };
        let words = words_of(form, patterns, wanted).into_iter();
        made.words = words.map(|word| (made.follow(0, &word), word)).map(|(end, word)| (word, end)).collect();
        made.reachable = made.reachable();
        Some(made)
    }

    /// How many bytes they take, about.
    pub(super) fn size(&self) -> usize {
        let states = self.automaton.accepts.iter().map(|accepts| 24 + 4 * accepts.len()).sum::<usize>();
        let words = self.words.iter().map(|(word, _)| 32 + word.len()).sum::<usize>();
        4 * self.automaton.transitions.len() + 2 * states + words
    }

    /// Examples for each way to match some of the patterns and not the others. `None` if they are too many to be told
    /// apart.
    pub(super) fn examples(&self, is_fresh: &dyn Fn(&str) -> bool) -> Option<Vec<Class>> {
        let mut most = self.wanted + 2;
        while most < MAX_VISITS {
            // Each time twice as many texts are looked at, so it ends once there are more than stale ones.
            if let Some(classes) = self.run(is_fresh, most) {
                return Some(classes);
            }
            most *= 2;
        }
        None
    }
}

/// More stale texts than any package declares.
const MAX_VISITS: usize = 1 << 20;

/// What texts are made of: one of each sort that no pattern tells apart.
#[derive(Debug)]
struct Alphabet {
    characters: Vec<char>,
    /// Whole schemes, hosts in brackets and ports: of these only a few are worth trying.
    schemes: Vec<String>,
    brackets: Vec<String>,
    ports: Vec<String>,
}

impl Alphabet {
    fn new(form: Form, patterns: &[Pattern], wanted: usize) -> Alphabet {
        let literals = || {
            patterns.iter().flat_map(|Pattern(parts)| parts).filter_map(|part| match part {
                PatternPart::Text(text) => Some(text.as_str()),
                PatternPart::Any | PatternPart::Label | PatternPart::Labels | PatternPart::Port => None,
            })
        };
        let own: BTreeSet<char> = literals().flat_map(str::chars).collect();
        let mut characters: BTreeSet<char> = own.iter().copied().filter(|c| allowed(form, *c)).collect();
        let letters = ('a'..='z').chain('A'..='Z').chain('\u{100}'..='\u{17f}').filter(|c| allowed(form, *c));
        characters.extend(letters.filter(|c| !own.contains(c)).take(1));
        characters.extend(('0'..='9').find(|c| !own.contains(c)));
        characters.extend("-_".chars().filter(|c| allowed(form, *c) && !own.contains(c)).take(1));
        characters.extend(".:/".chars().filter(|c| allowed(form, *c)));
        let (mut schemes, mut brackets, mut ports) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for text in literals() {
            schemes.extend(text.split_once("://").map(|(scheme, _)| scheme.to_owned()));
            let bracket = text.find('[').zip(text.find(']'));
            brackets
                .extend(bracket.filter(|(from, to)| from < to).map(|(from, to)| text[from..=to].to_owned()));
            let digits = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            ports.extend(text.rsplit(':').next().filter(digits).map(|port| format!(":{port}")));
        }
        schemes.extend(["http", "https"].map(str::to_owned));
        // A star for a scheme stands for schemes without a dot only.
        schemes.extend((0..wanted).flat_map(|n| [format!("app{n}"), format!("app.{n}")]));
        brackets.extend((0..wanted).map(|n| format!("[::{:x}]", 0xa0 + n)));
        ports.extend((0..wanted + 2).map(|n| format!(":{}", 8080 + n)));
        let list = |set: BTreeSet<String>| set.into_iter().collect();
        Alphabet {
            characters: characters.into_iter().collect(),
            schemes: list(schemes),
            brackets: list(brackets),
            ports: list(ports),
        }
    }
}

fn allowed(form: Form, c: char) -> bool {
    match form {
        Form::String => true,
        Form::Domain | Form::Origin => matches!(c, 'a'..='z' | '0'..='9' | '_' | '-' | '.'),
    }
}

/// Where in a text of a form one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum At {
    /// In a string.
    Anywhere,
    /// Before an origin's scheme.
    Scheme,
    /// Before its host.
    Host,
    /// In a label of a domain, after so many bytes.
    Label(u8),
    /// After its host in brackets.
    Bracket,
    /// After its port.
    End,
}

const MAX_LABEL: u8 = 63;
const MAX_DOMAIN: usize = 253;

impl At {
    fn first(form: Form) -> At {
        match form {
            Form::String => At::Anywhere,
            Form::Domain => At::Label(0),
            Form::Origin => At::Scheme,
        }
    }

    fn may_end(self) -> bool {
        match self {
            At::Anywhere | At::Bracket | At::End => true,
            At::Label(length) => length > 0,
            At::Scheme | At::Host => false,
        }
    }

    /// What may come next, and where that leads.
    fn steps(self, form: Form, alphabet: &Alphabet) -> Vec<(String, At)> {
        let characters = || alphabet.characters.iter().copied();
        let label = |length: u8| {
            characters().filter_map(move |c| match c {
                '.' if length == 0 => None,
                '.' => Some((c.to_string(), At::Label(0))),
                _ if length == MAX_LABEL => None,
                _ => Some((c.to_string(), At::Label(length + 1))),
            })
        };
        let ports = || match form {
            Form::Origin => alphabet.ports.iter().map(|port| (port.clone(), At::End)).collect(),
            Form::String | Form::Domain => Vec::new(),
        };
        match self {
            At::Anywhere => characters().map(|c| (c.to_string(), At::Anywhere)).collect(),
            At::Scheme => alphabet.schemes.iter().map(|scheme| (format!("{scheme}://"), At::Host)).collect(),
            At::Host => {
                let brackets = alphabet.brackets.iter().map(|host| (host.clone(), At::Bracket));
                brackets.chain(label(0)).collect()
            }
            At::Label(0) => label(0).collect(),
            At::Label(length) => label(length).chain(ports()).collect(),
            At::Bracket => ports(),
            At::End => Vec::new(),
        }
    }
}

/// The pattern with these for its stars. The first time, nothing stands where nothing need stand.
fn fill(Pattern(parts): &Pattern, number: usize, name: &str) -> String {
    let part = |part: &PatternPart| match part {
        PatternPart::Text(text) => text.clone(),
        PatternPart::Any if number == 0 => String::new(),
        PatternPart::Any | PatternPart::Label | PatternPart::Labels => name.to_owned(),
        PatternPart::Port => (8080 + number).to_string(),
    };
    parts.iter().map(part).collect()
}

impl Patterns {
    /// Follows the shortest `most` texts to each place. `None` if a class wants more, and there may be more.
    fn run(&self, is_fresh: &dyn Fn(&str) -> bool, most: usize) -> Option<Vec<Class>> {
        let wanted = self.wanted;
        let mut classes: BTreeMap<Vec<u32>, Class> = BTreeMap::new();
        let mut cut: BTreeSet<(usize, At)> = BTreeSet::new();
        for (word, end) in self.words.iter().filter(|(word, _)| is_fresh(word)) {
            let class = classes.entry(self.automaton.accepts[*end].clone()).or_default();
            if class.fresh.len() < wanted && !class.fresh.contains(word) {
                class.fresh.push(word.clone());
            }
        }
        let mut steps: HashMap<At, Vec<(String, At)>> = HashMap::new();
        let mut open = self.reachable.clone();
        open.retain(|accepts| classes.get(accepts).is_none_or(|class| class.fresh.len() < wanted));
        let mut visits: HashMap<(usize, At), usize> = HashMap::new();
        let mut queue = BinaryHeap::from([Reverse((0, String::new(), 0, At::first(self.form)))]);
        // Once each class has what is wanted, nothing more is.
        while let Some(Reverse((_, text, state, at))) = queue.pop().filter(|_| !open.is_empty()) {
            let visited = visits.entry((state, at)).or_default();
            if *visited == most {
                cut.insert((state, at));
                continue;
            }
            *visited += 1;
            if at.may_end() && self.fits(&text) {
                let class = classes.entry(self.automaton.accepts[state].clone()).or_default();
                if is_fresh(&text) {
                    if class.fresh.len() < wanted && !class.fresh.contains(&text) {
                        class.fresh.push(text.clone());
                        if class.fresh.len() == wanted {
                            open.remove(&self.automaton.accepts[state]);
                        }
                    }
                } else {
                    class.stale.push(text.clone());
                }
            }
            for (part, next) in steps.entry(at).or_insert_with(|| at.steps(self.form, &self.alphabet)) {
                let longer = format!("{text}{part}");
                if self.form == Form::Domain && longer.len() > MAX_DOMAIN {
                    continue;
                }
                queue.push(Reverse((longer.chars().count(), longer, self.follow(state, part), *next)));
            }
        }
        // Whatever lies behind a place that was left early may have more texts than were looked at.
        let mut behind: BTreeSet<(usize, At)> = BTreeSet::new();
        let mut unfinished: BTreeSet<&[u32]> = BTreeSet::new();
        let mut left: Vec<(usize, At)> = cut.into_iter().collect();
        while let Some((state, at)) = left.pop() {
            if behind.insert((state, at)) {
                if at.may_end() {
                    unfinished.insert(&self.automaton.accepts[state]);
                }
                let next = at.steps(self.form, &self.alphabet).into_iter();
                left.extend(next.map(|(part, next)| (self.follow(state, &part), next)));
            }
        }
        for (accepts, class) in &mut classes {
            if class.fresh.len() >= wanted {
                class.stale.clear();
            } else if unfinished.contains(accepts.as_slice()) {
                return None;
            }
        }
        Some(classes.into_values().collect())
    }

    /// The classes that texts of the form may have, whatever their length; some perhaps that none has.
    fn reachable(&self) -> BTreeSet<Vec<u32>> {
        let mut reachable = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut left = vec![(0, At::first(self.form))];
        while let Some((state, at)) = left.pop() {
            let at = match at {
                At::Label(length) => At::Label(length.min(1)),
                At::Anywhere | At::Scheme | At::Host | At::Bracket | At::End => at,
            };
            if seen.insert((state, at)) {
                if at.may_end() {
                    reachable.insert(self.automaton.accepts[state].clone());
                }
                let next = at.steps(self.form, &self.alphabet).into_iter();
                left.extend(next.map(|(part, next)| (self.follow(state, &part), next)));
            }
        }
        reachable
    }

    fn follow(&self, state: usize, part: &str) -> usize {
        part.bytes().fold(state, |state, byte| {
            let column = usize::from(self.automaton.columns[usize::from(byte)]);
            self.automaton.transitions[state * self.automaton.width + column] as usize
        })
    }

    /// Whether the text is of the form, where the places do not settle that.
    fn fits(&self, text: &str) -> bool {
        match self.form {
            Form::String => true,
            Form::Domain => text.len() <= MAX_DOMAIN,
            // The default port of a scheme is left out in normal form.
            Form::Origin => normalise_origin(text).as_deref() == Some(text),
        }
    }
}

/// Texts that read better than the shortest of their class, and that are found without a search: plain words, and
/// each pattern with words for its stars.
fn words_of(form: Form, patterns: &[Pattern], wanted: usize) -> Vec<String> {
    let names: Vec<String> = (0..wanted + 4)
        .map(|n| match n {
            0 => "other".to_owned(),
            1 => "another".to_owned(),
            n => format!("other{n}"),
        })
        .collect();
    let mut words: Vec<String> = match form {
        Form::String => names.clone(),
        Form::Domain => names.iter().map(|name| format!("{name}.example")).collect(),
        Form::Origin => names.iter().map(|name| format!("https://{name}.example")).collect(),
    };
    for pattern in patterns {
        let filled = names.iter().enumerate().map(|(n, name)| fill(pattern, n, name));
        words.extend(filled.filter(|text| match form {
            Form::String => true,
            Form::Domain => normalise_domain(text).as_deref() == Some(text),
            Form::Origin => normalise_origin(text).as_deref() == Some(text),
        }));
    }
    words
}
