//! Microsoft Graph's `permissions.json` becomes a catalog.
//!
//! The file lists permissions; each has path sets: schemes × methods × paths. Turned around, every method and
//! path has for each scheme the permissions of which any one will do. `least` marks are kept. A permission that
//! `AlsoRequires` others needs one of them at the same time. What is said in other words of a path may be such a
//! condition, and then the permission opens nothing there.
//!
//! Graph's paths do not tell case apart, and the file writes some in both; one method on paths that differ only in
//! case or in the names of parameters is one operation. Paths with a parameter inside of a segment
//! (`/range(address={address})`), a query or other characters that templates do not have are operations without
//! `http`: a request for them is a request for an operation that is not known.

mod places;

use std::collections::{BTreeMap, BTreeSet};

use super::build::all_named;
use super::json::{self, Node};
use super::offer::{
    Offer, Offered, Shapes, Title, Ways, all_words, is_template, provenance, rest_words, shape, unmap,
};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "graph",
    summary: "Microsoft Graph's permissions.json: a catalog of operations and the permissions that open them",
    makes: Makes::Catalog,
    recognises: |value| {
        let permissions = value.get("permissions").and_then(serde_json::Value::as_object);
        permissions.and_then(|p| p.values().next()).is_some_and(|first| first.get("pathSets").is_some())
    },
    part: |_| None,
    run: import,
};

/// Schemes of the file and the models that they become.
const SCHEMES: [(&str, &str, &str, bool); 3] = [
    ("Application", "application", "Microsoft Graph, the app alone", false),
    ("DelegatedPersonal", "personal", "Microsoft Graph, for a person with an account of their own", true),
    ("DelegatedWork", "delegated", "Microsoft Graph, for a person of an organisation", true),
];

/// Members of a permission that are read, or say nothing of what it opens: who looks after it.
const OF_PERMISSION: [&str; 3] = ["ownerInfo", "pathSets", "schemes"];

/// Members of a scheme that are read, or say nothing of what it opens: what people see, and who has to consent.
const OF_SCHEME: [&str; 6] = [
    "adminDescription",
    "adminDisplayName",
    "privilegeLevel",
    "requiresAdminConsent",
    "userDescription",
    "userDisplayName",
];

/// Members of a path set, all of which are read.
const OF_SET: [&str; 3] = ["methods", "paths", "schemeKeys"];

/// Permissions that Exchange's application access policies bind, by the word before the first point.
const EXCHANGE: [&str; 4] = ["Calendars", "Contacts", "Mail", "MailboxSettings"];

/// Makes one catalog of one document.
///
/// # Errors
/// Not such a file; a scheme that Graph does not have; no `--version`.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let title = Title::of(options, "microsoft.graph", None)?;
    let [document] = documents else {
        return Err(ImportError::new(all_named(documents), "expected one permissions.json"));
    };
    let value = json::parse(document)?;
    let root = Node::root(document.name, &value);
    let permissions = root.get("permissions").ok_or_else(|| {
        root.error("expected member `permissions`; this is no permissions.json of Microsoft Graph")
    })?;
    let mut odd = Odd::default();
    for (member, node) in root.members()? {
        if member != "permissions" {
            odd.look("the file", &["$schema"], member, &node);
        }
    }
    let mut reader = Reader {
        odd,
        base: options.base.as_deref().unwrap_or("/v1.0").trim_end_matches('/'),
        ..Reader::default()
    };
    for (name, node) in permissions.members()? {
        reader.declared.insert(name, schemes_of(&node)?);
    }
    for (name, node) in permissions.members()? {
        reader.permission(name, &node)?;
    }
    let (scopes, mut notes) = (std::mem::take(&mut reader.scopes), std::mem::take(&mut reader.notes));
    notes.extend(std::mem::take(&mut reader.odd).notes());
    let operations = reader.operations(document.name, &mut notes);
    if operations.is_empty() {
        return Err(permissions.error("expected at least one permission with a path"));
    }
    let offer = Offer {
        uses: vec!["common", "microsoft"],
        models: SCHEMES
            .iter()
            .map(|(_, model, title, user)| ((*model).into(), (*title).into(), *user))
            .collect(),
        // Microsoft's own documentation spells paths otherwise than its table of permissions, and both are answered.
        any_case: true,
        scopes,
        operations,
        ..Offer::default()
    };
    let from = provenance("Microsoft Graph permissions.json, devx-content, MIT", documents);
    offer.imported(&title, from, options, notes)
}

/// The models that a permission exists in.
fn schemes_of(node: &Node<'_>) -> Result<BTreeSet<&'static str>, ImportError> {
    let schemes = node.get("schemes").ok_or_else(|| node.error("expected member `schemes`"))?;
    schemes.members()?.map(|(key, scheme)| model(key).ok_or_else(|| unknown_scheme(&scheme, key))).collect()
}

fn model(scheme: &str) -> Option<&'static str> {
    SCHEMES.iter().find(|(key, ..)| *key == scheme).map(|(_, model, ..)| *model)
}

fn unknown_scheme(node: &Node<'_>, key: &str) -> ImportError {
    node.error(format!("expected scheme Application, DelegatedWork or DelegatedPersonal, found `{key}`"))
}

#[derive(Default)]
struct Reader<'a> {
    base: &'a str,
    /// Which models each permission exists in.
    declared: BTreeMap<&'a str, BTreeSet<&'static str>>,
    scopes: BTreeMap<(String, String), (Option<i64>, Vec<String>)>,
    /// By method and path in one spelling.
    endpoints: BTreeMap<(String, String), Endpoint<'a>>,
    notes: Vec<Note>,
    odd: Odd,
}

/// Members that are not read, each told once with how often it stands there.
#[derive(Default)]
struct Odd(BTreeMap<(&'static str, String), (usize, Note)>);

impl Odd {
    /// Counts a member that is not among those known; `of` is what it is a member of.
    fn look(&mut self, of: &'static str, known: &[&str], member: &str, node: &Node<'_>) {
        if !known.contains(&member) && !node.value.is_null() {
            self.count(of, format!("`{member}`"), node);
        }
    }

    fn count(&mut self, of: &'static str, what: String, node: &Node<'_>) {
        let first = || (0, node.note(NoteKind::Member, String::new()));
        self.0.entry((of, what)).or_insert_with(first).0 += 1;
    }

    fn notes(self) -> impl Iterator<Item = Note> {
        self.0.into_iter().map(|((of, what), (many, note))| {
            let times = if many > 1 { format!(" ({many} times)") } else { String::new() };
            Note { message: format!("{what} of {of} is not expressed{times}"), ..note }
        })
    }
}

#[derive(Default)]
struct Endpoint<'a> {
    /// As the file writes it; of several spellings the first by order, which has the most capitals.
    path: &'a str,
    requires: BTreeMap<String, Ways>,
}

impl<'a> Reader<'a> {
    fn permission(&mut self, name: &'a str, node: &Node<'a>) -> Result<(), ImportError> {
        for (member, node) in node.members()? {
            match (member, node.value.as_str()) {
                ("authorizationType", Some("oAuth2")) => {}
                // Consent to `RSC` is given for one team or chat.
                ("authorizationType", Some(other)) => {
                    self.odd.count("a permission", format!("`{member}` {other}"), &node);
                }
                _ => self.odd.look("a permission", &OF_PERMISSION, member, &node),
            }
        }
        for (key, scheme) in node.get("schemes").map(|s| s.members()).transpose()?.into_iter().flatten() {
            let model = model(key).ok_or_else(|| unknown_scheme(&scheme, key))?;
            for (member, node) in scheme.members()? {
                self.odd.look("a scheme", &OF_SCHEME, member, &node);
            }
            let level = scheme.get("privilegeLevel");
            let weight = level.as_ref().and_then(|l| l.value.as_i64()).filter(|l| *l > 0);
            if let Some(level) = level.filter(|_| weight.is_none()) {
                return Err(level.expected("a whole number from 1"));
            }
            self.scopes.insert((model.to_owned(), name.to_owned()), (weight, Vec::new()));
        }
        for set in node.get("pathSets").map(|s| s.elements()).transpose()?.into_iter().flatten() {
            let narrowed = self.narrowed(name, &set)?;
            let list = |key: &str| -> Result<Vec<&'a str>, ImportError> {
                set.get(key).ok_or_else(|| set.error(format!("expected member `{key}`")))?.strings()
            };
            let (keys, methods) = (list("schemeKeys")?, list("methods")?);
            let paths = set.get("paths").ok_or_else(|| set.error("expected member `paths`"))?;
            for (path, options) in paths.members()? {
                if !path.starts_with('/') {
                    return Err(
                        options.error(format!("expected a path that begins with `/`, found `{path}`"))
                    );
                }
                if let Some(example) = example(path) {
                    let message = format!(
                        "`{example}` is an identifier from an example and no word of the API: the path was left out"
                    );
                    self.notes.push(options.note(NoteKind::Assumed, message));
                    continue;
                }
                let place = options;
                let mut options = PathOptions::read(name, &place, &mut self.notes)?;
                options.unclear |= narrowed;
                for least in options.least.iter().filter(|least| !keys.contains(least)) {
                    let what = match model(least) {
                        Some(_) => "a scheme in which the permission has not this path",
                        None => "no scheme",
                    };
                    let message = format!("`{name}` is marked least of `{least}`, which is {what}: left out");
                    self.notes.push(place.note(NoteKind::Unknown, message));
                }
                for also in options.also.iter().filter(|also| !self.declared.contains_key(**also)) {
                    let message =
                        format!("`{name}` also requires `{also}`, which is no permission: left out");
                    self.notes.push(place.note(NoteKind::Unknown, message));
                }
                for key in &keys {
                    let model = model(key).ok_or_else(|| unknown_scheme(&set, key))?;
                    if !self.declared.get(name).is_some_and(|models| models.contains(model)) {
                        self.notes.push(set.note(
                            NoteKind::Unknown,
                            format!("`{name}` has paths in scheme {key}, but does not exist there: left out"),
                        ));
                        continue;
                    }
                    let ways = self.ways(name, model, &options, &set);
                    for method in &methods {
                        let slot = (method.to_uppercase(), shape(path).to_lowercase());
                        let endpoint = self.endpoints.entry(slot).or_default();
                        if endpoint.path.is_empty() || path < endpoint.path {
                            endpoint.path = path;
                        }
                        let all = endpoint.requires.entry(model.to_owned()).or_default();
                        let least = options.least.contains(key);
                        for way in &ways {
                            *all.entry(way.clone()).or_default() |= least;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a path set says something that is not read: it may be a condition for all its paths.
    fn narrowed(&mut self, name: &str, set: &Node<'_>) -> Result<bool, ImportError> {
        let mut odd = Vec::new();
        for (member, node) in set.members()? {
            if !OF_SET.contains(&member) && !node.value.is_null() {
                odd.push(format!("`{member}`"));
                self.odd.look("a path set", &[], member, &node);
            }
        }
        if !odd.is_empty() {
            let message = format!(
                "what stands in {} may be a condition and is not understood: `{name}` opens nothing by this path set",
                odd.join(", ")
            );
            self.notes.push(set.note(NoteKind::NotCallable, message));
        }
        Ok(!odd.is_empty())
    }

    /// The permission alone, or with one of those that it also requires.
    fn ways(
        &mut self,
        name: &str,
        model: &str,
        options: &PathOptions<'_>,
        set: &Node<'_>,
    ) -> Vec<Vec<String>> {
        if options.unclear {
            return Vec::new(); // noted where it was read
        }
        if options.also.is_empty() {
            return vec![vec![name.to_owned()]];
        }
        let exists = |other: &&&str| self.declared.get(**other).is_some_and(|models| models.contains(model));
        let ways: Vec<Vec<String>> = (options.also.iter().filter(exists))
            .map(|other| BTreeSet::from([name.to_owned(), (*other).to_owned()]).into_iter().collect())
            .collect();
        if ways.is_empty() {
            self.notes.push(set.note(
                NoteKind::NotCallable,
                format!("`{name}` also requires what does not exist in model {model}: opens nothing there"),
            ));
        }
        ways
    }

    fn operations(self, document: &str, notes: &mut Vec<Note>) -> Vec<Offered> {
        let mut shapes = Shapes::default();
        self.endpoints.keys().for_each(|(method, path)| shapes.add(method, path));
        let (mut operations, mut unmatched) = (Vec::new(), Vec::new());
        for ((method, path), endpoint) in &self.endpoints {
            let mut requires = endpoint.requires.clone();
            requires.retain(|_, ways| !ways.is_empty());
            let reads = method == "GET" || (method == "POST" && only_reads(&requires));
            let (kind, lists) = places::place(method, path);
            let access = match method.as_str() {
                _ if reads || lists.is_some() => "read",
                _ if places::administers(path) => "admin",
                "DELETE" => "delete",
                _ => "write", // POST, PATCH, PUT.
            };
            let template = format!("{}{}", self.base, endpoint.path);
            let http = if is_template(&template) {
                Some((method.clone(), template))
            } else {
                // With a query, a fragment, a brace too many or another key it is the same resource.
                if !template.contains(['?', '#']) && !["}}", "={"].iter().any(|odd| template.contains(odd)) {
                    unmatched.push((method.clone(), template));
                }
                notes.push(Note {
                    kind: NoteKind::Unmatched,
                    place: document.to_owned(),
                    message: format!("{method} {}: no request is mapped to it", endpoint.path),
                });
                None
            };
            let mut marks: BTreeSet<&'static str> = places::power(method, path).into_iter().collect();
            if bound_by_exchange(&requires) {
                marks.insert("application-access-policy-binds");
            }
            let (nouns, verb) = rest_words(method, path, endpoint.path, &shapes);
            let longer = all_words(endpoint.path);
            operations.push(Offered {
                nouns,
                verb,
                longer,
                http,
                unmapped: false,
                access,
                kind,
                lists,
                requires,
                marks,
            });
        }
        unmap(&mut operations, &unmatched, document, notes);
        operations
    }
}

/// A segment that stands for a parameter in an example: an identifier of something, or somebody's address.
fn example(path: &str) -> Option<&str> {
    let identifier = |segment: &&str| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let digits = segment.bytes().filter(u8::is_ascii_digit).count();
        // `57dab8b1894c409ab240bd8beae78896`, and what people write who make one up.
        !segment.contains('{')
            && (segment.contains('@') || segment.len() >= 24 && digits >= 8 && segment.chars().all(word))
    };
    path.split('/').find(identifier)
}

/// What a path's text says: `least=Application;AlsoRequires=User.Read.All`.
struct PathOptions<'a> {
    least: Vec<&'a str>,
    also: Vec<&'a str>,
    /// Whether something else is said, which may be a condition.
    unclear: bool,
}

impl<'a> PathOptions<'a> {
    fn read(name: &str, node: &Node<'a>, notes: &mut Vec<Note>) -> Result<PathOptions<'a>, ImportError> {
        let mut options = PathOptions { least: Vec::new(), also: Vec::new(), unclear: false };
        for part in node.string()?.split(';').map(str::trim).filter(|p| !p.is_empty()) {
            let (key, values) = part.split_once('=').unwrap_or((part, ""));
            let mut values = values.split(',').map(str::trim).filter(|v| !v.is_empty()).peekable();
            match key.trim_end() {
                "least" => options.least.extend(values),
                "AlsoRequires" if values.peek().is_some() => options.also.extend(values),
                _ => {
                    options.unclear = true;
                    let message = format!(
                        "`{part}` may be a condition and is not understood: `{name}` opens nothing here"
                    );
                    notes.push(node.note(NoteKind::NotCallable, message));
                }
            }
        }
        if options.also.len() > 1 {
            let message = "also requires several permissions: read as one of them";
            notes.push(node.note(NoteKind::Assumed, message));
        }
        Ok(options)
    }
}

fn only_reads(requires: &BTreeMap<String, Ways>) -> bool {
    let mut scopes = requires.values().flat_map(BTreeMap::keys).flatten().peekable();
    let reads = |scope: &str| scope.split('.').any(|word| word == "Read" || word == "ReadBasic");
    scopes.peek().is_some() && scopes.all(|scope| reads(scope))
}

/// Whether all that opens it to an app alone are permissions that an application access policy binds.
fn bound_by_exchange(requires: &BTreeMap<String, Ways>) -> bool {
    let exchange = |scope: &String| EXCHANGE.contains(&scope.split('.').next().unwrap_or_default());
    requires.get("application").is_some_and(|ways| ways.keys().flatten().all(exchange))
}
