//! A sentence for every reason code: what people read when an app is refused.

/// What the code means, without a full stop; `None` for a code that is in no table.
pub fn sentence(code: &str) -> Option<&'static str> {
    SENTENCES.iter().find(|(known, _)| *known == code).map(|(_, sentence)| *sentence)
}

/// Codes and sentences, in the order of the layers.
pub const SENTENCES: [(&str, &str); 21] = [
    ("anonymous", "the request is not authenticated as an app"),
    ("unknown-app", "the policy knows no app with this key"),
    ("not-enabled", "the app's installation on this site is not enabled"),
    ("status-unknown", "nobody said whether the app's installation on this site is enabled"),
    ("not-installed-here", "the app is not installed on this site"),
    ("unknown-operation", "no catalog in use knows this operation"),
    ("wrong-container", "the containers are unknown, out of order, or not where this operation acts"),
    ("contradicts-path", "the path names another container, or one that cannot be told"),
    ("not-callable", "the operation is not callable in the app's permission models"),
    ("missing-scopes", "the scopes that the app holds now do not suffice for this operation"),
    ("app-user-without-role", "no role of the app user reaches this operation in this container"),
    ("app-user-refused", "the caller did not confirm that the app user may do this"),
    ("user-required", "the operation needs a user for whom it is done, and there is none"),
    ("context-user-without-role", "no role of the user reaches this operation in this container"),
    ("context-user-refused", "the caller did not confirm that the user may do this"),
    ("forbidden", "a rule forbids it, or cannot be shown not to"),
    ("no-permit", "no rule certainly permits it"),
    ("withdrawn", "a ratchet withdrew the operation, or cannot be shown not to have"),
    ("withdrawn-here", "the operation or the container was withdrawn from this installation"),
    ("scopes-withdrawn", "a ratchet withdrew scopes that this operation needs"),
    ("scopes-withdrawn-here", "scopes that this operation needs were withdrawn from this installation"),
];
