//! The variables of a universe: what a request freely says, each in finitely many classes.

use crate::request::Value;
use crate::sema::model::Layer;

/// What a part of a request is said of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The moment, or the installation; attributes have their full names.
    Request,
    /// The context user.
    User,
    /// The container of this kind that the request names.
    Container(String),
}

/// What a variable stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// Whether there is a context user.
    User,
    /// Which container of the kind is named.
    Container(String),
    /// What the request says of an attribute, the context user's `id` among them. Of sets, whether there is one.
    Value(Place, String),
    /// Whether a set has this element.
    Element(Place, String, String),
    /// Whether a set has the value of the other attribute as an element, where no [`What::Element`] tells.
    ElementLike(Place, String, Place, String),
    /// The stage that the ratchet has reached.
    Stage(String),
    /// Whether the request says that everything is approved that can be: only then what is optional is held. Where two
    /// policies are compared, also whether these scopes are all that is.
    Approval,
    /// Whether the caller says that the app user, or the context user, may, by the layer that asks.
    Word(Layer),
}

/// What a request says of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Missing,
    /// That there is one: a context user; a container of unknown id.
    Some,
    /// This, for all values that no formula tells from it. Of containers the id, of ratchets the name of the stage.
    Value(Value),
    /// This, which is of no type that the attribute has: all tests of it are unknown.
    Odd(Value),
    /// A set; which elements it has is said by variables of their own.
    Set,
    /// The set has not the element.
    No,
    /// The set has the element.
    Yes,
}

/// A variable and its classes.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it stands for.
    pub what: What,
    /// Its classes, those that say least first.
    pub classes: Vec<Class>,
}

impl Part {
    /// What each class weighs in a witness: the lightest says least.
    pub fn weights(&self) -> Vec<u32> {
        self.classes.iter().map(|class| self.weight(class)).collect()
    }

    fn weight(&self, class: &Class) -> u32 {
        match class {
            Class::Missing | Class::No => 0,
            Class::Some if self.what == What::User => 4,
            // To know that there is a container and not which is rarer than to know it.
            Class::Some => 6,
            Class::Value(_) => match &self.what {
                // Nothing is odd about the user's id, once there is a user.
                What::Value(Place::User, name) if name == "id" => 0,
                What::Container(_) => 3,
                What::Value(_, name) if name == "install.status" => 4,
                What::User
                | What::Value(..)
                | What::Element(..)
                | What::ElementLike(..)
                | What::Stage(_)
                | What::Approval
                | What::Word(_) => 2,
            },
            Class::Odd(_) => 9,
            Class::Set => 2,
            Class::Yes => 1,
        }
    }
}
