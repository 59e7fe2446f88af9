//! The two tables of GitHub's file, read as one.
//!
//! `paths` has one permission for each endpoint, which is the last one that was written. `permissions` has
//! endpoints under each permission that suffices. Where they differ, any of what either says is taken: what that
//! permits too much, GitHub itself still refuses, while a permission left out would be reach that nobody sees.

use std::collections::{BTreeMap, BTreeSet};

use super::super::json::Node;
use super::super::{ImportError, Note, NoteKind};
use super::{LEVELS, level};

/// Permissions that an endpoint is listed under, each with the lowest level that suffices.
type Listed = BTreeMap<String, usize>;

/// Any of (all of (permission and level)).
pub(super) type Ways = Vec<Vec<(String, usize)>>;

/// An endpoint with what opens it.
pub(super) struct Endpoint {
    pub place: String,
    pub method: String,
    /// As the file has it, without a base.
    pub path: String,
    pub ways: Ways,
}

/// Permissions with their levels, all of which are needed.
type Together = &'static [(&'static str, usize)];

/// Endpoints for which the file lists permissions apart, and which need all of these; sorted by path.
///
/// From "REST API endpoints for forks", "… for GitHub Pages" and "… for teams" of docs.github.com (version
/// 2022-11-28), which give one permission set for each of these. `metadata: read`, which belongs to some of the sets,
/// comes with every permission for repositories and is left out. Of `DELETE …/teams/{}/projects/{}`, which is gone
/// from the newest pages, the earlier ones say "read access to both the team and project".
///
/// "Rename a branch" has one permission, `contents: write`; only for the default branch `administration: write` is
/// asked besides. A catalog cannot tell branches apart: what `contents: write` reaches must not be hidden, and
/// administration alone renames none.
static CORRECTED: &[(&str, &str, Together)] = &[
    ("POST", "/repos/{}/{}/branches/{}/rename", &[("contents", WRITE)]),
    ("POST", "/repos/{}/{}/forks", &[("administration", WRITE), ("contents", READ)]),
    ("GET", "/repos/{}/{}/pages/health", &[("administration", WRITE), ("pages", WRITE)]),
    ("DELETE", "/teams/{}/projects/{}", &[("members", READ), ("repository_projects", READ)]),
    ("DELETE", "/teams/{}/repos/{}/{}", &[("administration", WRITE), ("members", READ)]),
    ("PUT", "/teams/{}/repos/{}/{}", &[("administration", WRITE), ("members", READ)]),
];

/// Places in [`LEVELS`].
const READ: usize = 0;
const WRITE: usize = 1;

/// An endpoint as both tables have it.
#[derive(Default)]
struct Both {
    place: String,
    paths: Listed,
    permissions: Listed,
}

/// All endpoints, those of `paths` first; `None` if the document has neither table. Levels of permissions that the
/// tables have are added to those known.
///
/// # Errors
/// Not such tables; a level that GitHub does not have.
pub(super) fn endpoints(
    root: &Node<'_>,
    levels: &mut BTreeMap<String, BTreeSet<usize>>,
    notes: &mut Vec<Note>,
) -> Result<Option<Vec<Endpoint>>, ImportError> {
    let (paths, permissions) = (root.get("paths"), root.get("permissions"));
    let mut order: Vec<(String, String)> = Vec::new();
    let mut all: BTreeMap<(String, String), Both> = BTreeMap::new();
    let mut seen = |key: (String, String), node: &Node<'_>, list: fn(&mut Both) -> &mut Listed, what| {
        let both = all.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            Both { place: node.place(), ..Both::default() }
        });
        let (permission, level): (String, usize) = what;
        list(both).entry(permission).and_modify(|known| *known = level.min(*known)).or_insert(level);
    };
    if let Some(paths) = &paths {
        for (path, methods) in paths.members()? {
            if !path.starts_with('/') {
                return Err(methods.error(format!("expected a path that begins with `/`, found `{path}`")));
            }
            for (method, node) in methods.members()? {
                let member =
                    |key: &str| node.get(key).ok_or_else(|| node.error(format!("expected member `{key}`")));
                let what = (member("permission")?.string()?.to_owned(), level(&member("access")?)?);
                levels.entry(what.0.clone()).or_default().insert(what.1);
                seen((method.to_uppercase(), path.to_owned()), &node, |both| &mut both.paths, what);
            }
        }
    }
    if let Some(permissions) = &permissions {
        for (permission, lists) in permissions.members()? {
            for (key, list) in lists.members()? {
                let Some(level) = LEVELS.iter().position(|level| *level == key) else {
                    // Where people read of it.
                    if key != "url" {
                        let message = format!("`{key}` of a permission is not expressed");
                        notes.push(list.note(NoteKind::Member, message));
                    }
                    continue;
                };
                levels.entry(permission.to_owned()).or_default().insert(level);
                for node in list.elements()? {
                    let written = node.string()?;
                    let (method, path) = written
                        .split_once(' ')
                        .filter(|(_, path)| path.starts_with('/'))
                        .ok_or_else(|| {
                            let expected = "expected a method and a path like `GET /user`";
                            node.error(format!("{expected}, found `{written}`"))
                        })?;
                    let key = (method.to_uppercase(), path.to_owned());
                    seen(key, &node, |both| &mut both.permissions, (permission.to_owned(), level));
                }
            }
        }
    }
    let tables = match (&paths, &permissions) {
        (None, None) => return Ok(None),
        (Some(_), Some(permissions)) => Some(permissions),
        (Some(_), None) | (None, Some(_)) => None, // There is nothing to compare.
    };
    let mut several = 0;
    let mut out = Vec::new();
    for key in order {
        let Some(both) = all.remove(&key) else { continue };
        let (method, path) = key;
        if tables.is_some()
            && let Some(message) = disagreement(&both)
        {
            let place = both.place.clone();
            notes.push(Note {
                kind: NoteKind::Assumed,
                place,
                message: format!("{method} {path} {message}"),
            });
        }
        let mut listed = both.paths;
        for (permission, level) in both.permissions {
            listed.entry(permission).and_modify(|known| *known = level.min(*known)).or_insert(level);
        }
        let shape = super::shape(&path);
        let corrected = CORRECTED.iter().find(|(m, p, _)| *m == method && *p == shape);
        let ways = match corrected {
            None => listed.into_iter().map(|one| vec![one]).collect::<Ways>(),
            Some((_, _, all)) => {
                let all: Listed = all.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
                let message = format!(
                    "{method} {path} is listed under {}; GitHub's documentation asks for {}: read so",
                    said(&listed, ", "),
                    said(&all, " together with ")
                );
                notes.push(Note { kind: NoteKind::Assumed, place: both.place.clone(), message });
                for (permission, level) in &all {
                    levels.entry(permission.clone()).or_default().insert(*level);
                }
                vec![all.into_iter().collect()]
            }
        };
        several += usize::from(ways.len() > 1);
        out.push(Endpoint { place: both.place, method, path, ways });
    }
    if let Some(permissions) = permissions.filter(|_| several > 0) {
        let message = match several {
            1 => "an endpoint is listed under several permissions: read as any of them".to_owned(),
            _ => format!("{several} endpoints are listed under several permissions: read as any of them"),
        };
        notes.push(permissions.note(NoteKind::Assumed, message));
    }
    Ok(Some(out))
}

/// What is said of an endpoint of which the second table does not say what the first one does, and perhaps more.
fn disagreement(both: &Both) -> Option<String> {
    match (both.paths.is_empty(), both.permissions.is_empty()) {
        (false, true) => {
            Some("stands in `paths` and not in `permissions`: taken as it stands there".to_owned())
        }
        (true, false) => {
            Some("stands in `permissions` and not in `paths`: taken as it stands there".to_owned())
        }
        _ if both.paths.iter().all(|(name, level)| both.permissions.get(name) == Some(level)) => None,
        _ => Some(format!(
            "stands in `paths` with {} and in `permissions` under {}: the lowest level of any of them is taken",
            said(&both.paths, ", "),
            said(&both.permissions, ", ")
        )),
    }
}

/// The permissions with their levels.
fn said(listed: &Listed, between: &str) -> String {
    let all: Vec<String> =
        listed.iter().map(|(name, level)| format!("`{name}:{}`", LEVELS[*level])).collect();
    all.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(CORRECTED.windows(2).all(|w| (w[0].1, w[0].0) < (w[1].1, w[1].0)));
        assert_eq!((LEVELS[READ], LEVELS[WRITE]), ("read", "write"));
        for (_, _, all) in CORRECTED {
            assert!(all.windows(2).all(|w| w[0].0 < w[1].0));
        }
    }
}
