//! Methods and paths, as people write them who mean it, or who mean harm.

use sprag::request::Target;

use super::random::Random;
use super::worlds::{ISSUES, PAGES, PROJECTS, SITES, SPACES};

/// A request on the wire that names containers, in ways that platforms read alike, in others, and not at all.
pub fn request(random: &mut Random) -> Target {
    let which = random.below(9);
    let mut id = |ids: &[&str]| {
        let id = *random.pick(ids);
        spelled(random, id)
    };
    let (method, path) = match which {
        0 => ("GET", format!("/issue/{}", id(&ISSUES))),
        1 => ("POST", format!("/issue/{}/comment", id(&ISSUES))),
        2 => ("GET", format!("/project/{}", id(&PROJECTS))),
        3 => ("GET", format!("/spaces/{}/pages/{}", id(&SPACES), id(&PAGES))),
        4 => ("GET", format!("/spaces/{}/pages", id(&SPACES))),
        5 => ("GET", format!("/sites/{}/projects", id(&SITES))),
        6 | 7 => ("GET", "/issue/search".to_string()),
        _ => ("POST", format!("/orgs/{}/{}/hooks", id(&["Acme", "acme"]), id(&["Web", "web"]))),
    };
    Target::Http { method: method.to_string(), path }
}

/// The id as somebody may write it who means it, or who means harm.
fn spelled(random: &mut Random, id: &str) -> String {
    let escaped = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
    match random.below(24) {
        0 => id.to_lowercase(),
        1 => escaped(id),
        2 => format!("{}{}", escaped(&id[..1]), &id[1..]),
        3 => "10042".to_string(),
        4 => format!("{id}%20"),
        5 => format!("{id}+"),
        6 => format!("{id}%2b"),
        7 => format!("{id}%2525"),
        8 => format!("{id}%2F.."),
        9 => format!("{id}%C5%BF"),
        10 => format!("{id}-{}", "9".repeat(490 + random.below(30))),
        11 => format!("-{id}"),
        12 => format!("{id}?x={}", escaped(id)),
        13 => format!("${id}"),
        14 => format!("%24{id}"),
        15 => format!("{id}:"),
        _ => id.to_string(),
    }
}
