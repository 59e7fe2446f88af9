//! Guarantees made from rules: what a `forbid` says is never permitted, so that many of them hold.

use super::random::Random;

/// A claim about what one of the rules speaks of: the same requests, more, or fewer.
pub fn of_rule(random: &mut Random, rules: &[&str]) -> String {
    let rule = random.pick(rules);
    let (effect, rest) = rule.split_once(' ').expect("a rule");
    let mut rest =
        [" as rule-", " because "].iter().fold(rest, |rest, end| rest.split(end).next().unwrap_or(rest));
    let kind = match effect {
        "forbid" => "never",
        _ => *random.pick(&["never", "always", "always"]),
    };
    if random.one_in(4) {
        // Without its condition it speaks of more; what a `where` says stays.
        rest = rest.split(" when ").next().unwrap_or(rest).split(" unless ").next().unwrap_or(rest);
    }
    let mut claim = format!("{kind} {rest}");
    if random.one_in(4) && !claim.contains(" unless ") {
        claim += *random.pick(&[" unless user.mfa", " unless channel == browser", " unless not has(user)"]);
    }
    claim
}
