//! What a platform offers, before it is a catalog: names are given, templates are merged, everything is sorted.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::build::{Named, ident, is_path, name, namings, text};
use super::names::{self, Earlier, Wish};
use super::{Document, ImportError, Imported, Note, NoteKind, Options};
use crate::span::Span;
use crate::syntax::tree::{
    Alternative, CatalogHeader, File, Item, Kind, Mark, Operation, OperationMember, PermissionModel, Scope,
    Use,
};

/// Any of (all of (scopes)); the value tells whether the platform calls it the least.
pub(super) type Ways = BTreeMap<Vec<String>, bool>;

/// A catalog in the making.
#[derive(Debug, Default)]
pub(super) struct Offer {
    /// Catalogs that it builds on.
    pub uses: Vec<&'static str>,
    /// Kinds of its own, parents first.
    pub kinds: Vec<(&'static str, Option<&'static str>)>,
    /// Models of its own: name, title, whether they demand a user.
    pub models: Vec<(String, String, bool)>,
    /// Whether the platform takes its paths in any case.
    pub any_case: bool,
    /// What the paths name, and what all of them begin with.
    pub namings: (&'static [Named], String),
    /// Level and what it includes, by model and scope.
    pub scopes: BTreeMap<(String, String), (Option<i64>, Vec<String>)>,
    /// Marks of its own, with titles.
    pub marks: BTreeMap<&'static str, &'static str>,
    /// In any order.
    pub operations: Vec<Offered>,
}

/// An operation in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Offered {
    /// The words of its name after the prefix, but for the last.
    pub nouns: Vec<String>,
    /// The last word of its name.
    pub verb: String,
    /// What its name has instead of the nouns where another operation has them too.
    pub longer: Vec<String>,
    /// Method and template of requests for it, if templates can say that.
    pub http: Option<(String, String)>,
    /// Whether the template is left out, for it would take requests for others.
    pub unmapped: bool,
    pub access: &'static str,
    pub kind: &'static str,
    pub lists: Option<&'static str>,
    /// By model.
    pub requires: BTreeMap<String, Ways>,
    pub marks: BTreeSet<&'static str>,
}

/// Name, version and prefix of the catalog to make.
pub(super) struct Title<'o> {
    pub catalog: &'o str,
    pub version: &'o str,
    pub prefix: &'o str,
}

impl<'o> Title<'o> {
    /// What the person who imports said; the name has a default where the format belongs to one platform.
    ///
    /// # Errors
    /// No version, no name, or one that is none.
    pub(super) fn of(
        options: &'o Options,
        usual: &'o str,
        version: Option<&'o str>,
    ) -> Result<Self, ImportError> {
        let catalog = options.catalog.as_deref().unwrap_or(usual);
        let version = options.version.as_deref().or(version).filter(|v| !v.is_empty());
        let version =
            version.ok_or_else(|| ImportError::new("--version", "needed to make a catalog, but missing"))?;
        let prefix = options.prefix.as_deref().unwrap_or(catalog.rsplit('.').next().unwrap_or(catalog));
        for (option, value) in [("--catalog", catalog), ("--prefix", prefix)] {
            if !is_path(value) {
                let message = format!("expected a name like `atlassian.jira`, found `{value}`");
                return Err(ImportError::new(option, message));
            }
        }
        Ok(Title { catalog, version, prefix })
    }
}

/// What was read, and the first 16 hexadecimal digits of each document's SHA-256.
pub(super) fn provenance(what: &str, documents: &[Document<'_>]) -> String {
    let digests = documents.iter().map(|d| {
        let digest = Sha256::digest(d.text.as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    format!("{what}; sha256 {}", digests.collect::<Vec<_>>().join(", "))
}

impl Offer {
    /// The catalog, with what there is to say of it.
    ///
    /// # Errors
    /// An earlier catalog, whose names are to be kept, that cannot be read.
    pub(super) fn imported(
        self,
        title: &Title<'_>,
        from: String,
        options: &Options,
        mut notes: Vec<Note>,
    ) -> Result<Imported, ImportError> {
        let span = Span::default();
        let mut items = vec![Item::Catalog(CatalogHeader {
            name: name(title.catalog),
            version: text(title.version),
            from: Some(text(from)),
            any_case: self.any_case,
            span,
        })];
        items.extend(self.uses.iter().map(|catalog| Item::Use(Use { name: name(*catalog), span })));
        items.extend(self.kinds.iter().map(|(kind, parent)| {
            Item::Kind(Kind { name: name(*kind), parent: parent.map(name), fields: Vec::new(), span })
        }));
        items.extend(self.models.iter().map(|(model, title, demands_user)| {
            let title = Some(text(title));
            Item::Model(PermissionModel { name: name(model), title, demands_user: *demands_user, span })
        }));
        let (named, base) = &self.namings;
        let mapped = self.operations.iter().filter(|operation| !operation.unmapped);
        let paths = mapped.filter_map(|operation| Some(operation.http.as_ref()?.1.as_str()));
        items.extend(namings(named, base, paths));
        items.extend(self.scopes.into_iter().map(|((model, scope), (level, implies))| {
            let implies = implies.into_iter().map(name).collect();
            Item::Scope(Scope { model: name(model), name: name(scope), level, implies, span })
        }));
        items.extend(self.marks.iter().map(|(mark, title)| {
            Item::Mark(Mark { name: name(*mark), title: Some(text(*title)), gives: None, span })
        }));
        let mut unmapped = BTreeMap::new();
        let earlier = options.earlier()?;
        for (own, operation) in
            named_all(title.prefix, self.operations, earlier.as_ref(), self.any_case, &mut notes)
        {
            if let Some(call) = operation.http.as_ref().filter(|_| operation.unmapped) {
                unmapped.insert(own.clone(), call.clone());
            }
            items.push(Item::Operation(operation.tree(own)));
        }
        Ok(Imported { file: File { items, comments: Vec::new() }, notes, unmapped })
    }
}

/// By name, all named differently. A name that several would have is left to the one that comes first by path; the
/// others take their longer one, and a number if that is taken too.
fn named_all(
    prefix: &str,
    mut offered: Vec<Offered>,
    earlier: Option<&Earlier>,
    any_case: bool,
    notes: &mut Vec<Note>,
) -> BTreeMap<String, Offered> {
    offered.sort_by(|a, b| (&a.http, &a.longer, &a.verb).cmp(&(&b.http, &b.longer, &b.verb)));
    let wishes: Vec<Wish<'_>> = offered.iter().map(|operation| operation.wish(prefix)).collect();
    let names = names::give(&wishes, earlier, any_case, notes);
    drop(wishes);
    names.into_iter().zip(offered).collect()
}

impl Offered {
    fn wish(&self, prefix: &str) -> Wish<'_> {
        let full = |nouns: &[String]| {
            let words = nouns.iter().map(String::as_str).chain([self.verb.as_str()]).filter_map(ident);
            std::iter::once(prefix.to_owned()).chain(words).collect::<Vec<_>>().join(".")
        };
        let base = full(&self.longer);
        Wish {
            call: self.http.as_ref().map(|(method, path)| (method.as_str(), path.as_str())),
            mapped: self.http.is_some() && !self.unmapped,
            plain: full(&self.nouns),
            other: Box::new(move |number| match number {
                1 => base.clone(),
                _ => format!("{base}-{number}"), // From the second on.
            }),
        }
    }

    fn tree(self, own: String) -> Operation {
        let mut members =
            vec![OperationMember::Access(name(self.access)), OperationMember::In(name(self.kind))];
        members.extend(self.lists.map(|kind| OperationMember::Lists(name(kind))));
        members.extend(
            self.http
                .filter(|_| !self.unmapped)
                .map(|(method, path)| OperationMember::Http { method: name(method), path: text(path) }),
        );
        for (model, ways) in self.requires {
            let alternatives = ways
                .into_iter()
                .map(|(scopes, least)| Alternative { least, scopes: scopes.into_iter().map(name).collect() });
            members
                .push(OperationMember::Requires { model: name(model), alternatives: alternatives.collect() });
        }
        if !self.marks.is_empty() {
            members.push(OperationMember::Marks(self.marks.into_iter().map(name).collect()));
        }
        Operation { name: name(own), members, span: Span::default() }
    }
}

/// The paths of a platform, with parameters alike.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    all: BTreeSet<String>,
    /// Those that can be read.
    read: BTreeSet<String>,
}

impl Shapes {
    /// One more.
    pub(super) fn add(&mut self, method: &str, shape: &str) {
        self.all.insert(shape.to_owned());
        if method == "GET" {
            self.read.insert(shape.to_owned());
        }
    }
}

/// Nouns and verb of the name of what a method does at a path. A POST to a path that cannot be read, and below which
/// nothing lies, is an action: its last word is the verb.
pub(super) fn rest_words(method: &str, slot: &str, path: &str, shapes: &Shapes) -> (Vec<String>, String) {
    let mut nouns: Vec<String> = path.split('/').filter_map(noun).collect();
    let ends_in_parameter = slot.ends_with("/{}");
    let holds_others = shapes.all.contains(&format!("{slot}/{{}}"));
    let verb = match method {
        "GET" if !ends_in_parameter && holds_others => "list",
        "POST" if !(ends_in_parameter || holds_others || shapes.read.contains(slot)) && nouns.len() > 1 => {
            let verb = nouns.pop().unwrap_or_default();
            return (nouns, verb);
        }
        "POST" => "create",
        "PUT" => "edit",
        other => return (nouns, other.to_lowercase()),
    };
    (nouns, verb.to_owned())
}

/// The word of a segment; none if it is a parameter.
fn noun(segment: &str) -> Option<String> {
    let word = segment.split(['(', '?', '{']).next().unwrap_or_default().trim_matches([':', '$']);
    // `microsoft.graph.evaluateClassificationResults`: the last word is its own.
    word.rsplit('.').next().filter(|w| !w.is_empty()).map(str::to_owned)
}

/// All words of a path, those of its parameters too.
pub(super) fn all_words(path: &str) -> Vec<String> {
    let words = path.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a template of the language says exactly what this path says: each segment is a parameter or has none.
pub(super) fn is_template(path: &str) -> bool {
    let whole = |s: &str| {
        s.strip_prefix('{')
            .and_then(|s| s.strip_suffix('}'))
            .is_some_and(|s| !s.is_empty() && !s.contains(['{', '}']))
    };
    path.strip_prefix('/').is_some_and(|rest| {
        rest.is_empty()
            || !rest.contains(['?', '#', '\\', ';', '%'])
                && rest
                    .split('/')
                    .all(|s| whole(s) || !(s.is_empty() || s.contains(['{', '}']) || s == "." || s == ".."))
    })
}

/// Whether the template would take requests for this path, to which nothing is mapped. Values have no parentheses.
pub(super) fn takes(template: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part.contains('{') => {
                if segment.is_empty() || segment.contains(['(', ')']) {
                    return false;
                }
            }
            (Some(part), Some(segment)) if part.eq_ignore_ascii_case(segment) => {}
            (Some(_), _) | (None, Some(_)) => return false,
        }
    }
}

/// Takes from operations the requests that could be for a path to which nothing is mapped: better none than another's.
pub(super) fn unmap(
    operations: &mut [Offered],
    unmatched: &[(String, String)],
    place: &str,
    notes: &mut Vec<Note>,
) {
    let depth = |path: &str| path.split(['?', '#']).next().unwrap_or_default().matches('/').count();
    let mut others: BTreeMap<(&str, usize), Vec<&str>> = BTreeMap::new();
    for (method, path) in unmatched {
        others.entry((method, depth(path))).or_default().push(path);
    }
    for operation in operations {
        let Some((method, template)) = &operation.http else { continue };
        let near = others.get(&(method.as_str(), depth(template))).into_iter().flatten();
        let Some(taken) = near.copied().find(|path| takes(template, path)) else { continue };
        let message =
            format!("{method} {template}: no request is mapped to it, for it would take those for {taken}");
        notes.push(Note { kind: NoteKind::Unmatched, place: place.to_owned(), message });
        operation.unmapped = true;
    }
}

/// The path with every parameter alike.
pub(super) fn shape(path: &str) -> String {
    path.split('/')
        .map(|s| if s.contains('{') && is_template(&format!("/{s}")) { "{}" } else { s })
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_say_whole_segments() {
        for good in ["/a", "/a/{b}", "/{a}/b:c", "/a.b/$ref"] {
            assert!(is_template(good), "{good}");
        }
        for bad in ["a", "/a/", "/a/{b}:", "/a(b={c})", "/a?b", "/{}", "/{a}{b}", "/a/..", "/%41"] {
            assert!(!is_template(bad), "{bad}");
        }
        assert_eq!(shape("/a/{b}/c({d})"), "/a/{}/c({d})");
    }
}
