//! Text to tree, and tree to text.

pub mod parser;

pub mod tree;

mod characters;
mod errors;

pub use parser::parse;
