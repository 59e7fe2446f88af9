//! What pest makes of `grammar/sprag.pest`.

/// The generated parser.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/sprag.pest"]
pub(in crate::syntax) struct Grammar;
