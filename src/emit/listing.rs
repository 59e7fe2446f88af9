//! A bundle as text for people: what is in it, and the program that decides.

use std::collections::BTreeMap;
use std::fmt::Write;

use sprag_runtime::format as f;
use sprag_runtime::{Bundle, LoadError};

/// Lists a bundle. What is not in the bundle is not in the listing: it reads nothing else.
///
/// # Errors
/// The bundle is refused, see [`Bundle::load`].
pub fn show(bytes: &[u8]) -> Result<String, LoadError> {
    let bundle = Bundle::load(bytes)?;
    let mut listing = Listing { labels: labels(&bundle), bundle, out: String::new() };
    // Writing to a string does not fail.
    let _ = listing.write(bytes.len());
    Ok(listing.out)
}

struct Listing<'a> {
    bundle: Bundle<'a>,
    /// Texts of each slot's classes.
    labels: BTreeMap<(u32, u32), Vec<&'a str>>,
    out: String,
}

impl<'a> Listing<'a> {
    fn write(&mut self, bytes: usize) -> std::fmt::Result {
        self.head(bytes)?;
        self.apps()?;
        self.slots()?;
        self.program()?;
        self.clauses()
    }

    fn head(&mut self, bytes: usize) -> std::fmt::Result {
        let t = *self.bundle.tables();
        let manifest: serde_json::Value = serde_json::from_slice(t.manifest).unwrap_or_default();
        let said = |key: &str| manifest[key].as_str().unwrap_or("not said").to_owned();
        writeln!(self.out, "package   {}", self.bundle.text(t.globals.package))?;
        writeln!(self.out, "compiler  {}, format {}", said("compiler"), f::FORMAT)?;
        writeln!(self.out, "sources   sha256 {}", said("sources"))?;
        for pin in manifest["catalogs"].as_array().into_iter().flatten() {
            let part = |key: &str| pin[key].as_str().unwrap_or("");
            writeln!(self.out, "catalog   {} {} sha256 {}", part("name"), part("version"), part("digest"))?;
        }
        let place = self.bundle.place();
        let chained = if t.chain.is_empty() { "" } else { ", see `sprag history`" };
        writeln!(self.out, "chain     generation {}{chained}", place.generation)?;
        let sizes = [
            (t.apps.len(), "app", "apps"),
            (t.operations.len(), "operation", "operations"),
            (t.clauses.len(), "clause", "clauses"),
            (t.slots.len(), "slot", "slots"),
            (t.strata.len(), "stratum", "strata"),
            (t.nets.len(), "net", "nets"),
            (t.nodes.len(), "node", "nodes"),
            (t.containers.len(), "container", "containers"),
            (t.users.len(), "user", "users"),
        ];
        let size = |(n, one, many): &(usize, &str, &str)| format!("{n} {}", if *n == 1 { one } else { many });
        let sizes: Vec<String> = sizes.iter().map(size).collect();
        writeln!(self.out, "size      {bytes} bytes: {}", sizes.join(", "))
    }

    fn apps(&mut self) -> std::fmt::Result {
        let t = *self.bundle.tables();
        for app in t.apps {
            let models: Vec<&str> =
                self.words(app.models).map(|m| self.bundle.text(t.models[m as usize].name)).collect();
            let (name, key) = (self.bundle.text(app.name), self.bundle.text(app.key));
            writeln!(self.out, "\napp {name} {key:?}")?;
            writeln!(self.out, "  models {}", models.join(", "))?;
            writeln!(self.out, "  holds {}", self.scopes(app.base.get()))?;
            let held: Vec<u32> = self.words(app.held).collect();
            let ratchets: Vec<u32> = self.words(app.ratchets).collect();
            for pair in ratchets.chunks(2) {
                let [ratchet, stride] = pair else { continue };
                let record = &t.ratchets[*ratchet as usize];
                let name = self.bundle.text(record.name);
                for stage in 0..record.stages.len.get() {
                    let scopes =
                        held.get((stage * stride) as usize).map_or(String::new(), |at| self.scopes(*at));
                    let stage = self.stage(*ratchet, stage);
                    writeln!(self.out, "  in {name} {stage}: holds {scopes}")?;
                }
            }
            let strata: Vec<String> = self.words(app.strata).map(|s| format!("#{s}")).collect();
            writeln!(
                self.out,
                "  strata {}",
                if strata.is_empty() { "none".into() } else { strata.join(" ") }
            )?;
        }
        Ok(())
    }

    fn slots(&mut self) -> std::fmt::Result {
        writeln!(self.out, "\nslots, with the classes of their values:")?;
        let t = *self.bundle.tables();
        for (number, slot) in (0..).zip(t.slots) {
            let kind = f::Classifier::from_code(slot.classifier.get());
            let kind = kind.map_or(String::new(), |k| format!("{k:?}").to_lowercase());
            let name = self.bundle.text(slot.name);
            writeln!(self.out, "  {number} {name}: {kind}, {} classes", slot.classes.get() - f::FIRST)?;
        }
        Ok(())
    }

    fn program(&mut self) -> std::fmt::Result {
        let t = *self.bundle.tables();
        let mut columns: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for operation in t.operations {
            columns.entry(operation.class.get()).or_default().push(self.bundle.text(operation.name));
        }
        let members = self.members();
        for (number, stratum) in (0..).zip(t.strata) {
            let who = members.get(&number).map_or("nobody".to_owned(), |m| some_of(m, 6));
            writeln!(self.out, "\nstratum #{number}: {who}")?;
            for entry in 1..=stratum.len.get() {
                let operations: Vec<&str> = columns
                    .iter()
                    .filter(|(class, _)| {
                        let short = t.shorts.get((stratum.map.get() + **class) as usize);
                        short.is_some_and(|s| u32::from(s.get()) == entry)
                    })
                    .flat_map(|(_, names)| names.iter().copied())
                    .collect();
                let nets = &t.entries[(stratum.entries.get() + entry - 1) as usize];
                writeln!(self.out, "  {}", some_of(&operations, 4))?;
                for (what, net) in [
                    ("forbid", nets.forbid),
                    ("permit", nets.permit),
                    ("app user may", nets.app_user),
                    ("context user may", nets.context_user),
                    ("withdrawn", nets.withdraw),
                    ("app user not asked", nets.except),
                    ("context user wanted", nets.required),
                ] {
                    if net.get() != f::NONE {
                        writeln!(self.out, "    {what}")?;
                        self.net(net.get(), 6)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn net(&mut self, number: u32, indent: usize) -> std::fmt::Result {
        let t = *self.bundle.tables();
        let net = t.nets[number as usize];
        let (at, len) = (net.at.get() as usize, net.len.get() as usize);
        if net.slot.get() == f::NONE {
            for pair in t.words[at..at + 2 * len].chunks(2) {
                let clause =
                    t.clauses.get(pair[0].get() as usize).map_or("authority", |c| self.bundle.text(c.name));
                let formula = self.formula(pair[1].get());
                writeln!(self.out, "{:indent$}{clause} if {formula}", "")?;
            }
            return Ok(());
        }
        let slot = net.slot.get();
        let name = self.bundle.text(t.slots[slot as usize].name);
        writeln!(self.out, "{:indent$}by {name}:", "")?;
        let children: Vec<(u32, u32)> = match net.flags.get() & f::DENSE != 0 {
            true => (f::FIRST..).zip(&t.words[at..at + len]).map(|(class, net)| (class, net.get())).collect(),
            false => t.words[at..at + 2 * len].chunks(2).map(|p| (p[0].get(), p[1].get())).collect(),
        };
        for (class, child) in children.into_iter().filter(|(_, child)| *child != f::NONE) {
            let label = self.class(slot, class);
            writeln!(self.out, "{:indent$}  {label}", "")?;
            self.net(child, indent + 4)?;
        }
        if net.rest.get() != f::NONE {
            writeln!(self.out, "{:indent$}always", "")?;
            self.net(net.rest.get(), indent + 2)?;
        }
        Ok(())
    }

    /// The tests in order, each with where it goes unless it goes on to the next; `…` where there are too many.
    fn formula(&self, node: u32) -> String {
        self.formula_within(node, &mut { LONGEST_FORMULA })
    }

    /// The same, with how many tests may still be shown: branches share their ends, which are written out anew
    /// at each, so that a small formula can have a text without end.
    fn formula_within(&self, node: u32, left: &mut usize) -> String {
        let t = self.bundle.tables();
        if node == f::MATCH {
            return "true".to_owned();
        }
        let Some(node) = t.nodes.get(node as usize) else { return "false".to_owned() };
        let Some(fewer) = left.checked_sub(1) else { return "…".to_owned() };
        *left = fewer;
        let test = self.test(node);
        match (node.yes.get(), node.no.get()) {
            (f::MATCH, f::NO_MATCH) => test,
            (f::NO_MATCH, f::MATCH) => format!("not {test}"),
            (f::MATCH, no) => format!("{test} or ({})", self.formula_within(no, left)),
            (yes, f::NO_MATCH) => format!("{test} and ({})", self.formula_within(yes, left)),
            (yes, no) => {
                let (yes, no) = (self.formula_within(yes, left), self.formula_within(no, left));
                format!("if {test} then ({yes}) else ({no})")
            }
        }
    }

    fn test(&self, node: &f::Node) -> String {
        let t = self.bundle.tables();
        let slot = node.slot.get();
        let record = &t.slots[slot as usize];
        let name = self.bundle.text(record.name);
        let (a, b) = (node.a.get(), node.b.get());
        let holds = |class: u32| match f::Test::from_code(node.test.get() & 0xff) {
            Some(f::Test::Equal) => class == a,
            Some(f::Test::Between) => a <= class && class <= b,
            Some(f::Test::Bits) => t
                .words
                .get((a + class / 32) as usize)
                .is_some_and(|w| class / 32 < b && w.get() >> (class % 32) & 1 == 1),
            None => false,
        };
        let inverted = node.test.get() & f::INVERTED != 0;
        let two_way = matches!(
            f::Classifier::from_code(record.classifier.get()),
            Some(
                f::Classifier::Window
                    | f::Classifier::Element
                    | f::Classifier::Same
                    | f::Classifier::ElementOf
            )
        );
        let unknown = if node.test.get() & f::UNKNOWN_MATCHES != 0 { " (or unknown)" } else { "" };
        let not = if inverted { "not " } else { "" };
        if two_way && (holds(f::TRUE) || a > b) {
            return format!("{not}{name}{unknown}");
        }
        if a == f::FIRST && b == u32::MAX {
            let unreadable = node.test.get() & f::UNREADABLE_MATCHES != 0;
            return format!("{not}has {name}{}", if unreadable { " (or unreadable)" } else { "" });
        }
        let classes: Vec<u32> = (f::FIRST..record.classes.get()).filter(|c| holds(*c)).collect();
        let shown: Vec<String> = classes.iter().take(4).map(|c| self.class(slot, *c)).collect();
        let more = if classes.len() > 4 { format!(" and {} more", classes.len() - 4) } else { String::new() };
        format!("{name} {not}in {{{}{more}}}{unknown}", shown.join(", "))
    }

    /// What stands for a class: its texts, its ranges, or its number.
    fn class(&self, slot: u32, class: u32) -> String {
        if let Some(labels) = self.labels.get(&(slot, class)) {
            return some_of(&labels.iter().map(|l| format!("{l:?}")).collect::<Vec<_>>(), 4);
        }
        let t = self.bundle.tables();
        let record = &t.slots[slot as usize];
        let (a, b, c) = (record.a.get(), record.b.get() as usize, record.c.get());
        let among = |at: u32, len: usize| -> Vec<usize> {
            let words = t.words.get(at as usize..).and_then(|w| w.get(..len)).unwrap_or(&[]);
            words.iter().enumerate().filter(|(_, w)| w.get() == class).map(|(n, _)| n).collect()
        };
        let labels: Vec<String> = match f::Classifier::from_code(record.classifier.get()) {
            Some(f::Classifier::Bool) => among(a, 2).into_iter().map(|n| (n == 1).to_string()).collect(),
            Some(f::Classifier::Number) => {
                let bound = |n: usize| t.ints.get(a as usize + n).map(|i| i.get());
                let range = |n: usize| match (n.checked_sub(1).and_then(bound), bound(n).filter(|_| n < b)) {
                    (None, None) => "any".to_owned(),
                    (None, Some(end)) => format!("below {end}"),
                    (Some(start), None) => format!("{start} and above"),
                    (Some(start), Some(end)) if start == end - 1 => start.to_string(),
                    (Some(start), Some(end)) => format!("{start} to {}", end - 1),
                };
                among(c, b + 1).into_iter().map(range).collect()
            }
            Some(f::Classifier::Ip) => {
                let bound =
                    |n: usize| t.addresses.get(a as usize + n).map(|bytes| u128::from_be_bytes(*bytes));
                let shown = |number: u128| std::net::Ipv6Addr::from_bits(number).to_canonical().to_string();
                let range = |n: usize| {
                    let start = n.checked_sub(1).and_then(bound).unwrap_or(0);
                    let end = bound(n).filter(|_| n < b).map_or(u128::MAX, |next| next - 1);
                    if start == end { shown(start) } else { format!("{} to {}", shown(start), shown(end)) }
                };
                among(c, b + 1).into_iter().map(range).collect()
            }
            Some(f::Classifier::Stage) => {
                let stages =
                    t.ratchets.get(a as usize).map_or(f::Range { at: 0.into(), len: 0.into() }, |r| r.stages);
                let reached = among(stages.at.get(), stages.len.get() as usize);
                reached.into_iter().map(|n| self.stage(a, n as u32).to_owned()).collect()
            }
            Some(f::Classifier::Element | f::Classifier::Window) => vec![(class == f::TRUE).to_string()],
            Some(f::Classifier::Text) if class == record.b.get() => vec!["any other".to_owned()],
            _ => Vec::new(),
        };
        if labels.is_empty() { format!("class {class}") } else { some_of(&labels, 4) }
    }

    fn clauses(&mut self) -> std::fmt::Result {
        writeln!(self.out, "\nclauses:")?;
        for clause in self.bundle.tables().clauses {
            let [name, place, text] = [clause.name, clause.place, clause.text].map(|t| self.bundle.text(t));
            writeln!(self.out, "  {name} at {place}\n    {text}")?;
        }
        Ok(())
    }

    /// Names of the members of each stratum.
    fn members(&self) -> BTreeMap<u32, Vec<String>> {
        let t = self.bundle.tables();
        let mut members: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for app in t.apps {
            for stratum in self.words(app.strata) {
                members.entry(stratum).or_default().push(format!("app {}", self.bundle.text(app.name)));
            }
        }
        for user in t.users {
            members
                .entry(user.stratum.get())
                .or_default()
                .push(format!("user {:?}", self.bundle.text(user.id)));
        }
        members.entry(t.globals.any_user.get()).or_default().push("any user".to_owned());
        let head = t.globals.groups.get();
        if let Some(slot) = t.slots.get(head as usize) {
            for element in 0..slot.a.get() {
                if let Some(stratum) = t.words.get((t.globals.group_strata.get() + element) as usize) {
                    let name = self.bundle.text(t.slots[(head + 1 + element) as usize].name);
                    members.entry(stratum.get()).or_default().push(format!("users with {name}"));
                }
            }
        }
        members
    }

    fn scopes(&self, set: u32) -> String {
        let t = self.bundle.tables();
        let held = (0..).zip(t.scopes).filter(|(n, _): &(u32, _)| {
            t.words.get((set + n / 32) as usize).is_some_and(|w| w.get() >> (n % 32) & 1 == 1)
        });
        let names: Vec<&str> = held.map(|(_, scope)| self.bundle.text(scope.name)).collect();
        if names.is_empty() { "nothing".to_owned() } else { some_of(&names, 12) }
    }

    fn stage(&self, ratchet: u32, stage: u32) -> &'a str {
        let space = f::Space::Stage.of(ratchet);
        let found =
            self.bundle.tables().symbols.iter().find(|s| s.space.get() == space && s.value.get() == stage);
        found.map_or("", |s| self.bundle.text(s.text))
    }

    fn words(&self, range: f::Range) -> impl Iterator<Item = u32> + use<'a> {
        let (at, len) = (range.at.get() as usize, range.len.get() as usize);
        self.bundle.tables().words[at..at + len].iter().map(|w| w.get())
    }
}

/// The most tests of a formula that are shown.
const LONGEST_FORMULA: usize = 100;

/// The first few, and how many more.
fn some_of<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The texts that stand for each class of each slot.
fn labels<'a>(bundle: &Bundle<'a>) -> BTreeMap<(u32, u32), Vec<&'a str>> {
    let mut labels: BTreeMap<(u32, u32), Vec<&str>> = BTreeMap::new();
    let values = f::Space::Value.of(0);
    for symbol in bundle.tables().symbols {
        let space = symbol.space.get();
        if space & 0xff00_0000 == values {
            let key = (space & 0x00ff_ffff, symbol.value.get());
            labels.entry(key).or_default().push(bundle.text(symbol.text));
        }
    }
    labels.values_mut().for_each(|texts| texts.sort_unstable());
    labels
}
