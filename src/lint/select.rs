//! Rules as people name them: by code, by name, by the beginning of codes, or `all`.

use std::collections::BTreeMap;

use super::{Level, RULES, Rule, Threshold};
use crate::diag::nearest;

/// The rules that this word names; at least one.
///
/// # Errors
///
/// A sentence with the nearest known word.
pub fn rules(word: &str) -> Result<Vec<&'static Rule>, String> {
    if word == "all" {
        return Ok(RULES.to_vec());
    }
    let upper = word.to_uppercase();
    let is_code = upper.strip_prefix("SPR").is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let named = |r: &&Rule| r.name == word || (is_code && r.code.starts_with(&upper));
    let found: Vec<_> = RULES.iter().copied().filter(named).collect();
    if found.is_empty() { Err(unknown(word)) } else { Ok(found) }
}

/// The sentence about a word that names no rule.
pub fn unknown(word: &str) -> String {
    let known = RULES.iter().flat_map(|r| [r.name, r.code]);
    let hint = nearest(word, known).unwrap_or_else(|| "`sprag explain` lists them all".to_owned());
    format!("there is no lint rule `{word}`; {hint}")
}

/// The threshold with this name.
///
/// # Errors
///
/// A sentence with the nearest known name.
pub fn threshold(name: &str) -> Result<&'static Threshold, String> {
    let mut all = RULES.iter().flat_map(|r| r.thresholds.iter().copied());
    all.find(|t| t.name == name).ok_or_else(|| {
        let known = RULES.iter().flat_map(|r| r.thresholds.iter().map(|t| t.name));
        let hint = nearest(name, known).map(|h| format!("; {h}")).unwrap_or_default();
        format!("no lint rule has a threshold `{name}`{hint}")
    })
}

/// The level of every rule, by code.
#[derive(Debug, Clone)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Default for Levels {
    fn default() -> Levels {
        Levels(RULES.iter().map(|r| (r.code, r.default)).collect())
    }
}

impl Levels {
    /// The level of a rule.
    pub fn of(&self, rule: &Rule) -> Level {
        self.0.get(rule.code).copied().unwrap_or(rule.default)
    }

    /// Sets the level of these rules.
    pub fn set(&mut self, rules: &[&'static Rule], level: Level) {
        self.0.extend(rules.iter().map(|r| (r.code, level)));
    }

    /// Runs these and no others. Rules that are off become warnings.
    pub fn select(&mut self, rules: &[&'static Rule]) {
        for (code, level) in &mut self.0 {
            if !rules.iter().any(|r| r.code == *code) {
                *level = Level::Off;
            }
        }
        self.extend(rules);
    }

    /// Runs these too. Rules that are off become warnings.
    pub fn extend(&mut self, rules: &[&'static Rule]) {
        let off = rules.iter().filter(|r| self.of(r) == Level::Off).map(|r| r.code);
        self.0.extend(off.collect::<Vec<_>>().into_iter().map(|code| (code, Level::Warning)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_one_rule_a_family_or_all() {
        let names = |word: &str| rules(word).map(|found| found.len());
        assert_eq!(names("unheld-role"), Ok(1));
        assert_eq!(names("SPR0251"), Ok(1));
        assert_eq!(names("spr0251"), Ok(1));
        assert_eq!(names("SPR09"), Ok(RULES.iter().filter(|r| r.code.starts_with("SPR09")).count()));
        assert_eq!(names("all"), Ok(RULES.len()));
    }

    #[test]
    fn what_is_not_known_has_its_nearest() {
        let said = rules("unhold-role").unwrap_err();
        assert_eq!(said, "there is no lint rule `unhold-role`; did you mean `unheld-role`?");
        assert!(rules("SPR77").is_err() && rules("").is_err() && rules("S").is_err());
    }

    #[test]
    fn selecting_switches_on_and_off() {
        let (one, other) = (rules("SPR0251").unwrap(), rules("SPR0252").unwrap());
        let mut levels = Levels::default();
        levels.set(&one, Level::Off);
        levels.set(&other, Level::Error);
        levels.select(&[one[0], other[0]]);
        assert_eq!((levels.of(one[0]), levels.of(other[0])), (Level::Warning, Level::Error));
        assert_eq!(levels.of(rules("SPR0253").unwrap()[0]), Level::Off);
    }
}
