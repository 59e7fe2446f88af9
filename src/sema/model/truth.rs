//! The truth of conditions, in Kleene's logic.

use super::Condition;

impl Condition {
    /// Its truth where `known` says that of its tests, and of those for kinds; `None` is unknown.
    pub fn truth(&self, known: &dyn Fn(&Condition) -> Option<bool>) -> Option<bool> {
        // Of several parts one that is `decisive` settles it.
        let several = |parts: &[Condition], decisive: bool| {
            let mut truth = Some(!decisive);
            for part in parts {
                match part.truth(known) {
                    Some(is) if is == decisive => return Some(decisive),
                    Some(_) => {}
                    None => truth = None,
                }
            }
            truth
        };
        match self {
            Condition::Constant(is) => Some(*is),
            Condition::All(parts) => several(parts, false),
            Condition::Any(parts) => several(parts, true),
            Condition::Not(inner) => inner.truth(known).map(|is| !is),
            Condition::Test(_) | Condition::InKind(_) | Condition::AtKind(_) => known(self),
        }
    }
}
