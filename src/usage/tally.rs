//! Uses of one app, counted by operation. What is kept does not grow with the log: by operation, by scope and by
//! kind of record, and of names that the log invents only so many.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::routes::{Routes, path_of};
use super::{Call, Grant, Likely, Other, Outcome, Told, Use};
use crate::sema::model::{AppId, Model, OperationId, PermissionModelId};

/// Of names that come from the log, so many different ones are kept; the others are counted together.
const MOST_NAMES: usize = 1000;

/// What the rest of the names is counted under.
pub const REST: &str = "(others)";

/// How often an operation was called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// All.
    pub total: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Of these, let through and failed.
    pub failed: u64,
    /// Of these, for a person.
    pub person: u64,
    /// Of these, for nobody.
    pub alone: u64,
    /// The first one; seconds since 1970. `None`: no record says when.
    pub first: Option<i64>,
    /// The last one.
    pub last: Option<i64>,
    /// Whether some record does not say when.
    pub undated: bool,
}

impl Calls {
    fn add(&mut self, told: &Use<'_>) {
        self.total += 1;
        match told.outcome {
            Outcome::Done => {}
            Outcome::Failed => self.failed += 1,
            Outcome::Refused => self.refused += 1,
        }
        match told.person {
            Some(true) => self.person += 1,
            Some(false) => self.alone += 1,
            None => {}
        }
        span(&mut self.first, &mut self.last, told.at);
        self.undated |= told.at.is_none();
    }

    /// Whether some call was not refused.
    pub fn went_through(&self) -> bool {
        self.total > self.refused
    }

    /// Whether some call was made for a person, or may have been.
    pub fn for_person(&self) -> bool {
        self.person > 0 || self.total > self.person + self.alone
    }

    /// Whether some call was made for nobody, or may have been.
    pub fn for_nobody(&self) -> bool {
        self.alone > 0 || self.total > self.person + self.alone
    }
}

/// An entry that one of several operations made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOf {
    /// The operations that match, also those that the app cannot call.
    pub operations: Vec<OperationId>,
    /// How often.
    pub calls: Calls,
}

/// A span of time: the first and the last that some record names, in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub from: Option<i64>,
    /// The last.
    pub until: Option<i64>,
}

impl Period {
    fn add(&mut self, at: Option<i64>) {
        span(&mut self.from, &mut self.until, at);
    }
}

/// How often a kind of record came, and where first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub times: u64,
    /// File and line, or record, of the first.
    pub first: String,
}

/// Kinds of things that are counted besides uses of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// A call of the app that is no operation of the catalogs in use.
    Unmatched,
    /// A record of the app of which it is known that no call made it.
    NoCall,
    /// A record that names no app, or another one.
    Elsewhere,
    /// A record of the app that a call may have made, or one of no known format.
    Unknown,
    /// Something that is no record: not JSON, or not an object.
    Unreadable,
    /// A call that counts as the operation that it is nearest to.
    Near,
    /// A record without a time that can be read, whatever else it counts as.
    Undated,
}

impl Remark {
    /// All.
    pub const ALL: [Remark; 7] = [
        Remark::Unmatched,
        Remark::NoCall,
        Remark::Elsewhere,
        Remark::Unknown,
        Remark::Unreadable,
        Remark::Near,
        Remark::Undated,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Remark::Unmatched => "unmatched",
            Remark::NoCall => "no-call",
            Remark::Elsewhere => "elsewhere",
            Remark::Unknown => "unknown",
            Remark::Unreadable => "unreadable",
            Remark::Near => "near",
            Remark::Undated => "undated",
        }
    }

    /// Whether a conclusion that something is not used may be wrong because of it.
    pub fn casts_doubt(self) -> bool {
        match self {
            Remark::Unmatched | Remark::Unknown | Remark::Unreadable => true,
            Remark::NoCall | Remark::Elsewhere | Remark::Near | Remark::Undated => false,
        }
    }
}

/// What logs say of one app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Records read, of whatever kind.
    pub records: u64,
    /// Records by format.
    pub formats: BTreeMap<&'static str, u64>,
    /// Calls of the app.
    pub calls: u64,
    /// The time of all records.
    pub period: Period,
    /// From when on the logs in which the app calls show what it calls: each format's own records say when it begins,
    /// and of several the last counts. That a log of another platform goes on says nothing of this app. `None`: the
    /// app calls in none, or there is no time.
    pub from: Option<i64>,
    /// Until when they do; of several the first that ends counts.
    pub until: Option<i64>,
    /// When the app was installed or first granted something, where a record says it.
    pub installed: Option<i64>,
    /// Scopes in what was granted, and how often.
    pub granted: BTreeMap<String, u64>,
    /// Scopes in tokens, and how often.
    pub tokens: BTreeMap<String, u64>,
    /// What was called.
    pub operations: BTreeMap<OperationId, Calls>,
    /// What was called and is one of several operations, by the log's words.
    pub one_of: BTreeMap<String, OneOf>,
    /// Everything else, by kind.
    pub remarks: BTreeMap<(Remark, String), Count>,
    /// Other apps, by the first of their names.
    pub others: BTreeMap<String, u64>,
}

impl Usage {
    /// Whether no call of the app went through that is known to be an operation of the catalogs in use, so that nothing
    /// follows from what it does not call: the logs are not about it, or those of another platform.
    pub fn is_silent(&self) -> bool {
        self.shown().next().is_none()
    }

    /// The operations that calls went through to, or to one of which.
    fn shown(&self) -> impl Iterator<Item = OperationId> + '_ {
        let certain = self.operations.iter().filter(|(_, calls)| calls.went_through()).map(|(id, _)| *id);
        let one_of = self.one_of.values().filter(|one| one.calls.went_through());
        certain.chain(one_of.flat_map(|one| one.operations.iter().copied()))
    }

    /// The permission models of the app of whose platform the logs show no call that went through: a log of GitHub says
    /// nothing of what an app needs of Microsoft. A platform is what names of models begin with.
    pub fn unheard(&self, model: &Model, app: AppId) -> BTreeSet<PermissionModelId> {
        let platform = |id: &PermissionModelId| {
            let name = model.permission_models[id.index()].name.as_str();
            name.split_once('.').map_or(name, |(first, _)| first)
        };
        let operations = self.shown().map(|id| &model.operations[id.index()]);
        let heard: BTreeSet<&str> = operations.flat_map(|of| of.requirements.keys()).map(platform).collect();
        let of_app = model.apps[app.index()].models.iter();
        of_app.filter(|id| !heard.contains(platform(id))).copied().collect()
    }

    /// The apps that the logs name most, the first five of others, and how often.
    pub fn most_others(&self) -> Vec<(&str, u64)> {
        let mut others: Vec<(&str, u64)> =
            self.others.iter().map(|(name, times)| (name.as_str(), *times)).collect();
        others.sort_by_key(|(name, times)| (std::cmp::Reverse(*times), *name));
        others.truncate(5);
        others
    }

    /// How many there are of a kind.
    pub fn remarked(&self, remark: Remark) -> u64 {
        self.remarks.iter().filter(|((kind, _), _)| *kind == remark).map(|(_, count)| count.times).sum()
    }
}

/// Counts records.
#[derive(Debug)]
pub struct Tally<'m> {
    model: &'m Model,
    routes: Routes,
    by_name: HashMap<&'m str, OperationId>,
    /// Names of the app, in lower case.
    names: BTreeSet<String>,
    /// What matches a row of a format's table.
    likely: HashMap<*const Likely, Vec<OperationId>>,
    /// The time of each format's records, and whether the app calls in them.
    formats: BTreeMap<&'static str, (Period, bool)>,
    usage: Usage,
}

impl<'m> Tally<'m> {
    /// Nothing is counted yet. In the log the app is named by its key, or by one of the other names.
    pub fn new(model: &'m Model, app: AppId, names: &[String]) -> Tally<'m> {
        let key = &model.apps[app.index()].key;
        // The second app of one identifier, see the importers.
        let plain = key.rsplit_once('#').map_or(key.as_str(), |(plain, _)| plain);
        let names = [key.as_str(), plain].into_iter().chain(names.iter().map(String::as_str));
        Tally {
            model,
            routes: Routes::of(model),
            by_name: (0..)
                .map(OperationId)
                .zip(&model.operations)
                .map(|(id, o)| (o.name.as_str(), id))
                .collect(),
            names: names.map(str::to_lowercase).collect(),
            likely: HashMap::new(),
            formats: BTreeMap::new(),
            usage: Usage::default(),
        }
    }

    /// Counts a record; `place` says where it stands.
    pub fn record(&mut self, record: &Value, place: &dyn Fn() -> String) {
        self.usage.records += 1;
        let wrapped = super::wrapped(record);
        let record = wrapped.as_ref().unwrap_or(record);
        let Some((format, all)) = super::read(record) else {
            let members = record.as_object().into_iter().flat_map(|o| o.keys()).take(3);
            let members: Vec<&str> = members.map(String::as_str).collect();
            let kind = match record.is_object() {
                true => format!("record with members {}", members.join(", ")),
                false => "no object".to_owned(),
            };
            return self.remark(Remark::Unknown, &kind, place);
        };
        *self.usage.formats.entry(format.name).or_default() += 1;
        if all.iter().any(|told| told.at().is_none()) {
            self.remark(Remark::Undated, &format!("{} without a time that can be read", format.name), place);
        }
        let (period, calls) = self.formats.entry(format.name).or_default();
        for told in &all {
            period.add(told.at());
            self.usage.period.add(told.at());
            *calls |= matches!(told, Told::Use(used) if is_own(&self.names, &used.apps));
        }
        for told in &all {
            match told {
                Told::Use(used) => self.used(used, format.name, place),
                Told::Grant(grant) => self.grant(grant, format.name, place),
                Told::Other(other) => self.other(other, format.name, place),
            }
        }
    }

    /// Counts something that is no record.
    pub fn unreadable(&mut self, why: &str, place: &dyn Fn() -> String) {
        self.usage.records += 1;
        self.remark(Remark::Unreadable, why, place);
    }

    /// What was counted.
    pub fn finish(mut self) -> Usage {
        let own = || self.formats.values().filter(|(_, calls)| *calls).map(|(period, _)| *period);
        self.usage.from = own().filter_map(|period| period.from).max();
        self.usage.until = own().filter_map(|period| period.until).min();
        self.usage
    }

    fn used(&mut self, told: &Use<'_>, format: &str, place: &dyn Fn() -> String) {
        if !self.is_own(&told.apps) {
            return self.elsewhere(&told.apps, format, place);
        }
        self.usage.calls += 1;
        for scope in &told.scopes {
            bounded(&mut self.usage.tokens, scope);
        }
        match &told.call {
            Call::Http(method, address) => {
                let words = || {
                    let path = shape(path_of(address));
                    // A request that holds others, whatever they are.
                    let held =
                        if path.ends_with("/$batch") { ": holds calls that it does not tell" } else { "" };
                    format!("{} {path}{held}", method.to_uppercase())
                };
                match self.route(method, told, address, place).as_slice() {
                    [] => self.remark(Remark::Unmatched, &words(), place),
                    [operation] => self.usage.operations.entry(*operation).or_default().add(told),
                    several => self.one_of(cut(&words()), several.to_vec(), told),
                }
            }
            Call::Named(names) => match names.iter().find_map(|name| self.by_name.get(name.as_str())) {
                Some(operation) => self.usage.operations.entry(*operation).or_default().add(told),
                None => {
                    let name = names.first().map(String::as_str).unwrap_or("a call without a name");
                    self.remark(Remark::Unmatched, name, place);
                }
            },
            Call::OneOf(words, likely) => match self.matching(likely) {
                operations if operations.is_empty() => self.remark(Remark::Unmatched, words, place),
                operations => self.one_of(words, operations, told),
            },
        }
    }

    /// The operations that the call may be, by its own path or else by another one of the same request.
    fn route(
        &mut self,
        method: &str,
        told: &Use<'_>,
        address: &str,
        place: &dyn Fn() -> String,
    ) -> Vec<OperationId> {
        let (found, kind) = self.by_path(method, address);
        if !found.is_empty() {
            kind.into_iter().for_each(|kind| self.remark(Remark::Near, kind, place));
            return found;
        }
        for (address, words) in &told.near {
            let (found, kind) = self.by_path(method, address);
            if !found.is_empty() {
                for kind in [Some(*words), kind].into_iter().flatten() {
                    self.remark(Remark::Near, kind, place);
                }
                return found;
            }
        }
        Vec::new()
    }

    /// What answers there; where nothing does, what is nearest, and words for that.
    fn by_path(&self, method: &str, address: &str) -> (Vec<OperationId>, Option<&'static str>) {
        let found = self.routes.find(method, address);
        if !found.is_empty() {
            return (found, None);
        }
        // Graph's preview mostly asks for what its released version asks for, and only that is catalogued. The
        // content of an object, and how many there are, ask for what the object asks for.
        let path = path_of(address).trim_matches('/');
        let released = path.strip_prefix("beta/").map(|rest| format!("v1.0/{rest}"));
        let path = released.as_deref().unwrap_or(path);
        let whole = path.rsplit_once('/').filter(|(_, last)| last.starts_with('$')).map(|(before, _)| before);
        let jira = super::routes::of_jira_3(path);
        let near = [
            (Some(path), "beta call counted as v1.0"),
            (jira.as_deref(), "version 2 call counted as version 3"),
            (whole, "part counted as its object"),
        ];
        for (path, kind) in near {
            let found = path.map(|path| self.routes.find(method, path)).unwrap_or_default();
            if !found.is_empty() {
                return (found, Some(kind));
            }
        }
        (Vec::new(), None)
    }

    /// The operations that match some row.
    fn matching(&mut self, likely: &'static [Likely]) -> Vec<OperationId> {
        let mut operations = Vec::new();
        for row in likely {
            let model = self.model;
            let matching = self.likely.entry(std::ptr::from_ref(row)).or_insert_with(|| {
                let ids = (0..).map(OperationId).zip(&model.operations);
                let of_row = ids.filter(|(_, o)| {
                    row.access.is_none_or(|access| access == o.access) && matches(row.name, &o.name)
                });
                of_row.map(|(id, _)| id).collect()
            });
            operations.extend(matching.iter().copied());
        }
        operations.sort_unstable();
        operations.dedup();
        operations
    }

    /// Counts a call that was one of these, which are sorted.
    fn one_of(&mut self, words: &str, operations: Vec<OperationId>, told: &Use<'_>) {
        // The words may be a path of the log.
        let known = self.usage.one_of.contains_key(words) || self.usage.one_of.len() < MOST_NAMES;
        let words = if known { words } else { REST };
        let entry = self.usage.one_of.entry(words.to_owned());
        let entry = entry.or_insert_with(|| OneOf { operations: Vec::new(), calls: Calls::default() });
        if entry.operations != operations {
            entry.operations.extend(operations);
            entry.operations.sort_unstable();
            entry.operations.dedup();
        }
        entry.calls.add(told);
    }

    fn grant(&mut self, grant: &Grant<'_>, format: &str, place: &dyn Fn() -> String) {
        let by_itself = self.is_own(&grant.by);
        if by_itself {
            self.remark(Remark::Unknown, &format!("{format}: a grant that the app made"), place);
        }
        if !self.is_own(&grant.apps) {
            if !by_itself {
                self.elsewhere(&grant.apps, format, place);
            }
            return;
        }
        if let Some(at) = grant.at {
            self.usage.installed = Some(self.usage.installed.map_or(at, |known| known.min(at)));
        }
        for scope in &grant.scopes {
            bounded(&mut self.usage.granted, scope);
        }
    }

    fn other(&mut self, other: &Other<'_>, format: &str, place: &dyn Fn() -> String) {
        let own = self.is_own(&other.apps);
        match (own, other.no_call) {
            (true, true) => self.remark(Remark::NoCall, &other.kind, place),
            (true, false) => self.remark(Remark::Unknown, &other.kind, place),
            (false, _) => self.elsewhere(&other.apps, format, place),
        }
    }

    fn is_own(&self, names: &[&str]) -> bool {
        is_own(&self.names, names)
    }

    fn elsewhere(&mut self, apps: &[&str], format: &str, place: &dyn Fn() -> String) {
        let kind = match apps.first() {
            Some(name) => {
                bounded(&mut self.usage.others, name);
                format!("{format} of another app or person")
            }
            None => format!("{format} without an app"),
        };
        self.remark(Remark::Elsewhere, &kind, place);
    }

    fn remark(&mut self, remark: Remark, kind: &str, place: &dyn Fn() -> String) {
        let kind = cut(kind);
        let key = (remark, kind.to_owned());
        let known = self.usage.remarks.contains_key(&key) || self.usage.remarks.len() < MOST_NAMES;
        let key = if known { key } else { (remark, REST.to_owned()) };
        let count = self.usage.remarks.entry(key).or_insert_with(|| Count { times: 0, first: place() });
        count.times += 1;
    }
}

/// Whether one of these is among the app's own, which are in lower case.
fn is_own(own: &BTreeSet<String>, names: &[&str]) -> bool {
    names.iter().any(|name| own.contains(&name.to_lowercase()))
}

/// Widens a span of time.
fn span(from: &mut Option<i64>, until: &mut Option<i64>, at: Option<i64>) {
    if let Some(at) = at {
        *from = Some(from.map_or(at, |known| known.min(at)));
        *until = Some(until.map_or(at, |known| known.max(at)));
    }
}

fn bounded(counts: &mut BTreeMap<String, u64>, name: &str) {
    let name = cut(name);
    let known = counts.contains_key(name) || counts.len() < MOST_NAMES;
    *counts.entry(if known { name } else { REST }.to_owned()).or_default() += 1;
}

/// A name is not as long as somebody makes it.
fn cut(name: &str) -> &str {
    name.char_indices().nth(200).map_or(name, |(end, _)| &name[..end])
}

/// The path with `{}` for segments that look like an identifier, so that calls of one kind count as one.
fn shape(path: &str) -> String {
    let segment = |segment: &str| match segment.bytes().any(|b| b.is_ascii_digit() || b == b'@' || b == b'%')
        && !matches!(segment, "v1.0" | "v1" | "v2" | "v3" | "1" | "2" | "3")
    {
        true => "{}".to_owned(),
        false => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Whether the name matches; each `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => {
            let Some(rest) = name.strip_prefix(before) else { return false };
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(after, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, yes) in [
            ("a.b", "a.b", true),
            ("a.b", "a.bc", false),
            ("a.*", "a.", true),
            ("a.*", "a.b.c", true),
            ("*.send", "graph.me.messages.send", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(matches(pattern, name), yes, "{pattern} {name}");
        }
    }

    #[test]
    fn paths_of_one_kind_have_one_shape() {
        assert_eq!(shape("/v1.0/users/7ef3-1/messages"), "/v1.0/users/{}/messages");
        assert_eq!(shape("/rest/api/3/issue/PAY-1"), "/rest/api/3/issue/{}");
    }
}
