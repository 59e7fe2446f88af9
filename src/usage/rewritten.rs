//! Other ways in which platforms write one path: what a log has, as the catalogs have it. A decision takes none of that.

/// GitHub's own routes by number, as the documented ones by name: `/repositories/{}/…` is `/repos/{}/{}/…`,
/// `/organizations/{}/…` is `/orgs/{}/…`, and `/user/{}/…` is `/users/{}/…` where a number or a parameter stands.
pub fn of_github(path: &str) -> Option<String> {
    let mut segments = path.trim_start_matches('/').splitn(3, '/');
    let (first, second) = (segments.next()?, segments.next().filter(|second| !second.is_empty())?);
    let rest = segments.next().map_or(String::new(), |rest| format!("/{rest}"));
    let is_number = second.bytes().all(|b| b.is_ascii_digit());
    let is_parameter = second.starts_with([':', '{']);
    match first {
        "repositories" => Some(format!("/repos/{{owner}}/{{repo}}{rest}")),
        "organizations" => Some(format!("/orgs/{second}{rest}")),
        "user" if is_number || is_parameter => Some(format!("/users/{second}{rest}")),
        _ => None, // The same by name, or no other way is known.
    }
}

/// A path of Graph in which sites, and things in drives, are named by their own paths
/// (`/drives/7/root:/Docs/a.txt:/content`), as the same by identifiers (`/drives/7/items/{id}/content`). Such a path
/// begins behind a segment that ends with a colon and goes to the next one, or to the end.
pub fn by_identifier(path: &str) -> Option<String> {
    let mut out: Vec<&str> = Vec::new();
    let mut segments = path.split('/');
    let mut is_changed = false;
    while let Some(segment) = segments.next() {
        let holder = out.last().copied().unwrap_or_default().to_ascii_lowercase();
        let begins = segment.strip_suffix(':').filter(|name| !name.is_empty() && !name.ends_with(':'));
        let Some(name) = begins.filter(|name| {
            matches!(holder.as_str(), "items" | "sites" | "special") || name.eq_ignore_ascii_case("root")
        }) else {
            out.push(segment);
            continue;
        };
        is_changed = true;
        let mut inside = 0;
        for part in segments.by_ref() {
            // What that comes to is for the platform to say.
            if matches!(part.trim_end_matches(':'), "." | "..") {
                return None;
            }
            inside += usize::from(!part.trim_end_matches(':').is_empty());
            if part.ends_with(':') {
                break;
            }
        }
        match holder.as_str() {
            "items" | "sites" => out.push(name),
            // Nothing below it is named: it is the folder itself.
            _ if inside == 0 => out.push(name),
            "special" => {
                out.pop();
                out.extend(["items", "{id}"]);
            }
            _ => out.extend(["items", "{id}"]),
        }
    }
    is_changed.then(|| out.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_github_are_names() {
        for (path, named) in [
            ("/repositories/:repository_id/issues", Some("/repos/{owner}/{repo}/issues")),
            ("/repositories/7", Some("/repos/{owner}/{repo}")),
            ("/repositories/", None),
            ("/organizations/7/teams/8", Some("/orgs/7/teams/8")),
            ("/user/:user_id/repos", Some("/users/:user_id/repos")),
            ("/user/7", Some("/users/7")),
            ("/user/repos", None),
            ("/repos/o/r/issues", None),
        ] {
            assert_eq!(of_github(path).as_deref(), named, "{path}");
        }
    }

    #[test]
    fn what_a_path_names_has_an_identifier() {
        for (path, named) in [
            ("/v1.0/drives/7/root:/Docs/a.txt:/content", Some("/v1.0/drives/7/items/{id}/content")),
            ("/v1.0/me/drive/root:/a/b", Some("/v1.0/me/drive/items/{id}")),
            ("/v1.0/me/drive/root:/a/b:", Some("/v1.0/me/drive/items/{id}")),
            ("/v1.0/me/drive/root:/a/b:/", Some("/v1.0/me/drive/items/{id}/")),
            ("/v1.0/me/drive/root:/a:b%3A/c.txt:/content", Some("/v1.0/me/drive/items/{id}/content")),
            ("/v1.0/me/drive/root:/a%2Fb%3A:/content", Some("/v1.0/me/drive/items/{id}/content")),
            ("/v1.0/me/drive/root:", Some("/v1.0/me/drive/root")),
            ("/v1.0/me/drive/root:/:/children", Some("/v1.0/me/drive/root/children")),
            ("/v1.0/me/drive/special/approot:/a.txt:/content", Some("/v1.0/me/drive/items/{id}/content")),
            ("/v1.0/drives/7/items/8:/name.txt:/content", Some("/v1.0/drives/7/items/8/content")),
            ("/v1.0/sites/host:/sites/x:/lists", Some("/v1.0/sites/host/lists")),
            ("/v1.0/sites/host:/sites/x", Some("/v1.0/sites/host")),
            (
                "/v1.0/sites/h:/sites/x:/drive/root:/a/b:/content",
                Some("/v1.0/sites/h/drive/items/{id}/content"),
            ),
            ("/v1.0/me/drive/items/7/content", None),
            ("/v1.0/users/a:b/messages", None),
            ("/v1.0/teams/x:/channels", None),
            ("/v1.0/drives/7/items/8::/permissions/9", None),
            ("/v1.0/sites/h::/lists", None),
            ("/v1.0/me/drive/root::/children", None),
            ("/v1.0/drives/7/root:/a/../../../users:/content", None),
        ] {
            assert_eq!(by_identifier(path).as_deref(), named, "{path}");
        }
    }
}
