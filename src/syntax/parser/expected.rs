//! What people call the things that the grammar expects.

use super::grammar::Rule;

/// One phrase for each kind of thing expected, without repetition.
pub(super) fn phrases(rules: &[Rule]) -> Vec<String> {
    let mut phrases = Vec::new();
    // What ends the item comes last.
    let (last, first): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| **rule == Rule::next_item);
    for rule in first.into_iter().chain(last) {
        let phrase = phrase(*rule);
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    phrases
}

/// Whether nothing but a name can stand here.
pub(super) fn only_names(rules: &[Rule]) -> bool {
    let is_name = |rule: &Rule| {
        matches!(
            rule,
            Rule::name
                | Rule::path
                | Rule::stage_name
                | Rule::scope
                | Rule::bare_scope
                | Rule::id
                | Rule::bare_id
                | Rule::apps
                | Rule::container_term
                | Rule::operations
                | Rule::operation_term
                | Rule::operation_name
        )
    };
    rules.iter().all(is_name)
}

/// Whether the name can be put in quotes.
pub(super) fn quotable(rules: &[Rule]) -> bool {
    rules.iter().all(|rule| matches!(rule, Rule::scope | Rule::bare_scope | Rule::id | Rule::bare_id))
}

fn phrase(rule: Rule) -> String {
    let text = match rule {
        Rule::item | Rule::EOI => "a declaration",
        Rule::next_item => "the next declaration",
        Rule::name | Rule::path | Rule::stage_name | Rule::call_name | Rule::word | Rule::word_token => {
            "a name"
        }
        Rule::scope | Rule::bare_scope => "a scope or group name",
        Rule::id | Rule::bare_id | Rule::maybe_id | Rule::bare_maybe_id => "an id",
        Rule::apps | Rule::any_apps => "apps",
        Rule::operations
        | Rule::operation_term
        | Rule::operation_name
        | Rule::all_operations
        | Rule::marked_term => "an operation",
        Rule::containers => "`in`",
        Rule::container_term => "a container kind",
        Rule::condition | Rule::conjunction | Rule::negation | Rule::comparison | Rule::call => "a condition",
        Rule::operator | Rule::sign | Rule::operator_word => "an operator",
        Rule::operand | Rule::constant | Rule::boolean => "a value",
        Rule::list => "a list",
        Rule::string | Rule::open_string => "text in quotes",
        Rule::quantity => "a number, duration or instant",
        Rule::time => "a time of day",
        Rule::day => "a day",
        Rule::hours => "days and hours",
        Rule::field | Rule::setting => "an attribute",
        Rule::alternative => "a scope or `[`",
        Rule::letter_case => "`in upper case` or `in lower case`",
        Rule::any_case => "`paths in any case`",
        Rule::containing => "`with`",
        Rule::no_number => "`unless number`",
        Rule::a_word => "`if word`",
        Rule::settings | Rule::open_brace => "`{`",
        Rule::close_brace => "`}`",
        Rule::open_bracket => "`[`",
        Rule::close_bracket => "`]`",
        Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::dash => "`-`",
        Rule::equals => "`=`",
        Rule::principal => "`user`, `group`, `any user` or an app",
        Rule::source => "`policy` or `caller`",
        Rule::stage | Rule::later_stage => "a stage",
        Rule::trigger | Rule::unused | Rule::delay | Rule::count | Rule::success => "a trigger",
        Rule::claim => "`never` or `always`",
        Rule::growth | Rule::easing => "`for`",
        Rule::eased_ratchet => "`ratchet`",
        Rule::eased_step_up => "`step-up of`",
        Rule::eased_paths => "`paths of`",
        Rule::approval => "`approved by`",
        Rule::expiry => "`until`",
        Rule::test_case | Rule::subject => "an app, its key in quotes or `anonymous`",
        Rule::target | Rule::http_target => "an operation or `http`",
        // Keywords carry their own name; the other rules start with one, after which they are named too.
        other => return keyword(other),
    };
    text.to_string()
}

fn keyword(rule: Rule) -> String {
    let name = format!("{rule:?}");
    let word = name.strip_prefix("kw_").unwrap_or(&name);
    let end = ["_item", "_member", "_clause", "_operations", "_name"];
    let word = end.iter().find_map(|e| word.strip_suffix(e)).unwrap_or(word);
    format!("`{}`", word.replace('_', "-"))
}
