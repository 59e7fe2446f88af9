//! Scopes of today for methods of which the description of 2021 knows the classic ones only.
//!
//! Apps have asked for granular scopes since 2020, and classic apps are at their end: scopes with `:user` or `:bot` at
//! their end are replaced by those without ("Differences between classic apps and granular Slack apps" of
//! docs.slack.dev), and channels are managed by scopes of their own.

/// Method; scopes that open it for bots, and those that open it for people, besides what the description lists. Sorted.
///
/// From the pages of the methods (docs.slack.dev/reference/methods), which list scopes for both sorts of tokens, as of
/// 2026.
static GRANULAR: &[(&str, &[&str], &[&str])] = &[
    ("chat.delete", CHAT, CHAT),
    ("chat.deleteScheduledMessage", CHAT, CHAT),
    ("chat.meMessage", CHAT, CHAT),
    ("chat.postEphemeral", CHAT, CHAT),
    ("chat.postMessage", CHAT, CHAT),
    ("chat.scheduleMessage", CHAT, CHAT),
    ("chat.update", CHAT, CHAT),
    ("conversations.archive", MANAGE, &[]),
    ("conversations.close", MANAGE, &[]),
    ("conversations.create", MANAGE, &[]),
    ("conversations.invite", &["channels:manage", "channels:write.invites", "groups:write.invites"], INVITES),
    ("conversations.join", &["channels:join"], &[]),
    ("conversations.kick", MANAGE, &[]),
    ("conversations.leave", MANAGE, &[]),
    ("conversations.mark", MANAGE, &[]),
    ("conversations.open", MANAGE, &[]),
    ("conversations.rename", MANAGE, &[]),
    ("conversations.setPurpose", MANAGE_TOPIC, TOPIC),
    ("conversations.setTopic", MANAGE_TOPIC, TOPIC),
    ("conversations.unarchive", MANAGE, &[]),
    ("files.comments.delete", FILES, FILES),
    ("files.delete", FILES, FILES),
    ("files.revokePublicURL", FILES, FILES),
    // No bot makes a file public.
    ("files.sharedPublicURL", &[], FILES),
    ("files.upload", FILES, FILES),
];

const CHAT: &[&str] = &["chat:write"];
const FILES: &[&str] = &["files:write"];
const INVITES: &[&str] = &["channels:write.invites", "groups:write.invites"];
const MANAGE: &[&str] = &["channels:manage"];
const MANAGE_TOPIC: &[&str] =
    &["channels:manage", "channels:write.topic", "groups:write.topic", "im:write.topic", "mpim:write.topic"];
const TOPIC: &[&str] = &["channels:write.topic", "groups:write.topic", "im:write.topic", "mpim:write.topic"];

/// Scopes that open the method besides those of the description: for bots, and for people.
pub(super) fn of(method: &str) -> [&'static [&'static str]; 2] {
    match GRANULAR.binary_search_by(|(known, _, _)| (*known).cmp(method)) {
        Ok(at) => GRANULAR.get(at).map_or([&[], &[]], |(_, bot, person)| [bot, person]),
        Err(_) => [&[], &[]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(GRANULAR.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(GRANULAR.iter().all(|(method, ..)| of(method).iter().any(|scopes| !scopes.is_empty())));
        assert_eq!(of("conversations.history"), [&[] as &[&str]; 2]);
    }
}
