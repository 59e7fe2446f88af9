//! Which cubes are told in the same words as another one: where there is no user or container, what is demanded of it
//! does not matter; where attributes are compared, all values are as good as the example.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{Ask, Asked};
use super::cut::Cutter;
use super::sets::ClassSet;
use super::side::Known;
use super::terms::Variable;
use super::variables::{Class, Place, What};
use super::vocabulary::Vocabulary;
use crate::request::Value;
use crate::sema::model::Type;

/// What is demanded of some variables.
pub type Sets = BTreeMap<Variable, ClassSet>;

/// Comparisons of more values than these are told by examples.
const MOST_VALUES: usize = 256;

/// The places and comparisons of a universe.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    places: Vec<Absent>,
    pools: Vec<Pool>,
    /// Whether there is a user, and who it is.
    user: Option<(Variable, Variable)>,
    /// What containers are named.
    named: Vec<Variable>,
}

/// What does not matter where something is not there.
#[derive(Debug, Clone)]
struct Absent {
    /// Whether it is there: not by its first class.
    guard: Variable,
    /// What is said of it.
    of: Vec<Variable>,
    /// Of these, what is told together with that there may be none.
    told: Vec<Variable>,
}

/// Variables that are compared with each other.
#[derive(Debug, Clone)]
struct Pool {
    /// For each of them the classes of the values, in one order.
    members: Vec<(Variable, Vec<u32>)>,
    /// For each value a number that it shares with those that only comparisons tell from it.
    kinds: Vec<usize>,
    /// The values that stand for themselves only.
    exact: Vec<Option<String>>,
}

/// A cube that demands that variables have the same value, or another one than these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pivot {
    /// The one that the others are compared with: the user's id, or one that has a value in any case.
    pub anchor: Variable,
    /// Those that have its value.
    pub equal: Vec<Variable>,
    /// Those that have another one.
    pub unequal: Vec<Variable>,
    /// Values that stand for themselves and are not meant, unless the cube holds of them too; `None` where what the
    /// value stands for cannot be told in this way.
    pub others: Option<Vec<String>>,
    /// Whether, but for the comparison, the cube demands nothing of compared variables that tells values apart.
    pub even: bool,
    pool: usize,
    value: usize,
}

impl Alike {
    pub(super) fn new<'m>(
        known: &[Option<Known<'m>>],
        groups: &[BTreeSet<&'m str>],
        asks: &[Ask],
        vocabulary: &Vocabulary,
    ) -> Alike {
        let mut alike = Alike::default();
        for (guard, part) in vocabulary.parts() {
            let place = match &part.what {
                What::User => Place::User,
                What::Container(kind) => Place::Container(kind.clone()),
                What::Value(..)
                | What::Element(..)
                | What::ElementLike(..)
                | What::Stage(_)
                | What::Approval
                | What::Word(_) => continue,
            };
            let is_of = |what: &What| match what {
                What::Value(of, _) | What::Element(of, ..) => *of == place,
                What::ElementLike(of, _, other, _) => *of == place || *other == place,
                What::User | What::Container(_) | What::Stage(_) | What::Approval | What::Word(_) => false,
            };
            let of: Vec<Variable> =
                vocabulary.parts().filter(|(_, part)| is_of(&part.what)).map(|(v, _)| v).collect();
            let is_told = |variable: &Variable| match vocabulary.what(*variable) {
                What::Value(Place::User, name) => name == "id",
                What::Value(..) => true,
                What::Element(of, ..) => *of != Place::User,
                What::ElementLike(..)
                | What::User
                | What::Container(_)
                | What::Stage(_)
                | What::Approval
                | What::Word(_) => false,
            };
            let told = of.iter().copied().filter(is_told).collect();
            alike.places.push(Absent { guard, of, told });
            alike.named.extend(matches!(part.what, What::Container(_)).then_some(guard));
        }
        let id = vocabulary.find(&What::Value(Place::User, "id".to_owned()));
        alike.user = vocabulary.find(&What::User).zip(id);
        let pools: BTreeSet<usize> = asks.iter().filter_map(|ask| ask.pool).collect();
        let mut asked = Asked::new(known);
        groups.clone_into(&mut asked.groups);
        if !pools.is_empty() {
            asks.clone_into(&mut asked.all);
        }
        alike.pools.extend(pools.into_iter().filter_map(|pool| Pool::new(&asked, pool, vocabulary)));
        alike
    }

    /// Lists of cubes. Where all of a list hold, the words of this one may be meant of them too. The last two lists are
    /// of the pivot, if there is one: values like that of the example, and all others.
    pub fn sets(&self, cube: &Sets) -> Vec<Vec<Sets>> {
        let mut lists = Vec::new();
        let mut none = cube.clone();
        let mut many = 0;
        for Absent { guard, of, told } in &self.places {
            let absent = cube.get(guard).is_none_or(|set| set.contains(0));
            let mut asked = of.iter().filter(|variable| cube.contains_key(variable)).peekable();
            if absent && asked.peek().is_some() && asked.all(|variable| told.contains(variable)) {
                let mut one = cube.clone();
                for sets in [&mut one, &mut none] {
                    of.iter().for_each(|variable| drop(sets.remove(variable)));
                    sets.insert(*guard, ClassSet::one(0));
                }
                lists.push(vec![one]);
                many += 1;
            }
        }
        if many > 1 {
            lists.push(vec![none]);
        }
        if let Some(pivot) = self.pivot(cube) {
            let pool = &self.pools[pivot.pool];
            let (mut like, mut others) = (Vec::new(), Vec::new());
            for value in (0..pool.kinds.len()).filter(|value| *value != pivot.value) {
                let swapped = pool.swapped(cube, pivot.value, value);
                if pool.kinds[value] == pool.kinds[pivot.value] {
                    like.push(swapped);
                } else if pivot.even {
                    others.push(swapped);
                }
            }
            lists.extend([like, others]);
        }
        lists
    }

    /// The comparison that a cube is of.
    pub fn pivot(&self, cube: &Sets) -> Option<Pivot> {
        (0..self.pools.len()).find_map(|pool| {
            let values = 0..self.pools[pool].kinds.len();
            values.into_iter().find_map(|value| self.pivot_at(cube, pool, value))
        })
    }

    fn pivot_at(&self, cube: &Sets, pool: usize, value: usize) -> Option<Pivot> {
        let mut pivot = self.pools[pool].pivot(cube, pool, value)?;
        let mut compared = pivot.equal.iter().chain(&pivot.unequal);
        if compared.any(|variable| self.named.contains(variable)) {
            return None; // it goes by its id
        }
        let id = self.user.filter(|(_, id)| pivot.equal.contains(id) || pivot.unequal.contains(id));
        if id.is_some_and(|(user, _)| cube.get(&user) != Some(&ClassSet::one(1))) {
            return None; // there may be none
        }
        let id = id.map(|(_, id)| id).filter(|id| pivot.equal.contains(id));
        let given = || pivot.equal.iter().copied().find(|variable| cube[variable].len() == 1);
        pivot.anchor = id.or_else(given)?;
        pivot.equal.retain(|variable| *variable != pivot.anchor);
        Some(pivot)
    }
}

impl Pool {
    fn new(asked: &Asked<'_, '_>, pool: usize, vocabulary: &Vocabulary) -> Option<Pool> {
        let asks = &asked.all;
        let numbers: Vec<usize> = (0..asks.len()).filter(|at| asks[*at].pool == Some(pool)).collect();
        let is_scalar = |ask: &Ask| !ask.types.iter().any(|(_, kind)| *kind == Type::Strings);
        let variables: Vec<Variable> = numbers
            .iter()
            .filter(|at| is_scalar(&asks[**at]))
            .filter_map(|at| vocabulary.find(&asks[*at].what))
            .collect();
        let classes = |variable: Variable| (0..).zip(vocabulary.classes(variable));
        let values: Vec<&Value> = classes(*variables.first()?)
            .filter_map(|(_, class)| match class {
                Class::Value(value) => Some(value),
                Class::Missing | Class::Some | Class::Odd(_) | Class::Set | Class::No | Class::Yes => None,
            })
            .collect();
        if values.len() > MOST_VALUES {
            return None;
        }
        let cutter = Cutter::new(asked, &numbers);
        let exact = &asks[*numbers.first()?].exact;
        let mut known: Vec<Option<Vec<u32>>> = Vec::new();
        let mut kinds = Vec::new();
        for value in &values {
            let signature = (!exact.contains(value)).then(|| cutter.signature(Some(value)));
            let same = known.iter().position(|other| signature.is_some() && *other == signature);
            kinds.push(same.unwrap_or(known.len()));
            known.push(signature);
        }
        let mut members = Vec::new();
        for variable in variables {
            let class = |value: &&Value| vocabulary.class(variable, value);
            members.push((variable, values.iter().map(class).collect::<Option<Vec<u32>>>()?));
        }
        let told = |value: &&Value| match value {
            Value::Text(text) if exact.contains(value) => Some(text.clone()),
            _ => None, // only texts are told
        };
        let exact = values.iter().map(told).collect();
        Some(Pool { members, kinds, exact })
    }

    fn pivot(&self, cube: &Sets, pool: usize, value: usize) -> Option<Pivot> {
        let (mut equal, mut unequal, mut even) = (Vec::new(), Vec::new(), true);
        for (variable, classes) in &self.members {
            let Some(set) = cube.get(variable) else { continue };
            let held: Vec<bool> = classes.iter().map(|class| set.contains(*class)).collect();
            let but_it = |truth: bool| (0..held.len()).all(|at| held[at] == ((at == value) == truth));
            if held.len() > 1 && but_it(true) {
                equal.push(*variable);
            } else if held.len() > 1 && but_it(false) {
                unequal.push(*variable);
            } else {
                let mut like = (0..held.len()).filter(|at| self.kinds[*at] == self.kinds[value]);
                if like.any(|at| held[at] != held[value]) {
                    return None;
                }
                even &= held.iter().all(|one| *one == held[0]);
            }
        }
        let anchor = *equal.first()?;
        if equal.len() + unequal.len() < 2 {
            return None;
        }
        let others = (0..self.kinds.len()).filter(|at| self.kinds[*at] != self.kinds[value]);
        let others = if self.exact[value].is_some() {
            None
        } else {
            others.map(|at| self.exact[at].clone()).collect()
        };
        Some(Pivot { anchor, equal, unequal, others, even, pool, value })
    }

    /// The cube with two values in each other's place.
    fn swapped(&self, cube: &Sets, one: usize, other: usize) -> Sets {
        let mut sets = cube.clone();
        for (variable, classes) in &self.members {
            if let Some(set) = sets.get_mut(variable) {
                let (a, b) = (classes[one], classes[other]);
                let swap = |class: u32| match class {
                    class if class == a => b,
                    class if class == b => a,
                    class => class,
                };
                *set = set.iter().map(swap).collect::<BTreeSet<u32>>().into_iter().collect();
            }
        }
        sets
    }
}
