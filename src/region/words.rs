//! Cells in the words of the policy.

use super::sets::ClassSet;
use super::terms::Variable;
use super::variables::{Class, Part, Place, What};
use super::vocabulary::Vocabulary;
use crate::request::Value;
use crate::sema::model::Layer;

/// What is said of the variables whose classes are restricted, joined by "and"; nothing is said of the others.
pub(super) fn cube(vocabulary: &Vocabulary, cube: &[ClassSet]) -> String {
    let mut said = Vec::new();
    for ((_, part), set) in vocabulary.parts().zip(cube) {
        if set.len() < part.classes.len() as u32 {
            said.push(restriction(part, set));
        }
    }
    if said.is_empty() { "always".to_owned() } else { said.join(" and ") }
}

/// A variable as policies write it.
pub(super) fn name(vocabulary: &Vocabulary, variable: Variable) -> String {
    what(vocabulary.what(variable))
}

fn what(what: &What) -> String {
    match what {
        What::User => "user".to_owned(),
        What::Container(kind) => kind.clone(),
        What::Value(place, name) => attribute(place, name),
        What::Element(place, name, element) => format!("{element:?} in {}", attribute(place, name)),
        What::ElementLike(place, name, of, like) => {
            format!("{} in {}", attribute(of, like), attribute(place, name))
        }
        What::Stage(ratchet) => format!("{ratchet}.stage"),
        What::Approval => "install.approved".to_owned(),
        What::Word(Layer::AppUser) => "app-user.permitted".to_owned(),
        What::Word(_) => "user.permitted".to_owned(),
    }
}

fn attribute(place: &Place, name: &str) -> String {
    match place {
        Place::Request => name.to_owned(),
        Place::User => format!("user.{name}"),
        Place::Container(kind) => format!("{kind}.{name}"),
    }
}

/// The shorter of "is one of" and "is none of".
fn restriction(part: &Part, set: &ClassSet) -> String {
    let name = what(&part.what);
    let others = set.complement(part.classes.len() as u32);
    let short = |set: &ClassSet| set.iter().map(|class| class_of(part, class)).collect::<Vec<_>>();
    match &part.what {
        What::User | What::Element(..) | What::ElementLike(..) | What::Word(_) => {
            if set.contains(1) {
                name
            } else {
                format!("not {name}")
            }
        }
        What::Container(_) | What::Value(..) | What::Stage(_) | What::Approval
            if set.len() > others.len() =>
        {
            format!("{name} is not {}", short(&others).join(" or "))
        }
        What::Container(_) | What::Value(..) | What::Stage(_) | What::Approval => {
            format!("{name} is {}", short(set).join(" or "))
        }
    }
}

fn class_of(part: &Part, class: u32) -> String {
    match &part.classes[class as usize] {
        Class::Missing => "missing".to_owned(),
        Class::Some => "unknown".to_owned(),
        Class::Odd(_) => "unreadable".to_owned(),
        Class::Set => "given".to_owned(),
        Class::No => "no".to_owned(),
        Class::Yes => "yes".to_owned(),
        Class::Value(Value::Text(text)) => format!("{text:?}"),
        Class::Value(Value::Bool(truth)) => truth.to_string(),
        Class::Value(Value::Int(number)) => number.to_string(),
        Class::Value(Value::Set(set)) => format!("{set:?}"),
    }
}
