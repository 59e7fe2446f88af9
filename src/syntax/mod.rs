//! Text to tree, and tree to text.

pub mod doc;
pub mod parser;
pub mod printer;
pub mod tree;

mod characters;
mod errors;

pub(crate) use characters::{is_bidirectional, is_hidden};
pub use parser::parse;
pub use printer::{format, print, print_item, print_scope};
