//! Trees to the checked model.
pub mod model;
