//! The one place where the command line meets bundles.

use serde_json::Value;

use super::decide::Malformed;
use crate::diag::Diagnostic;
use crate::driver::Compilation;

/// The bundle of a compiled package, or what stands in the way; nothing to add where the package has errors.
pub(super) fn build(compilation: &Compilation) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let _ = compilation;
    Err(Vec::new())
}

/// A loaded bundle.
pub(super) struct Bundle;

impl Bundle {
    /// Loads it, or says why it is refused.
    pub(super) fn load(bytes: &[u8]) -> Result<Bundle, String> {
        let _ = bytes;
        Err("not a bundle".to_owned())
    }

    /// The answer to an AuthZEN evaluation request.
    pub(super) fn answer(&self, request: &Value, explain: bool) -> Result<Value, Malformed> {
        let _ = (request, explain);
        Err(Malformed("not a request".to_owned()))
    }
}

/// What is in the bundle, for people.
pub(super) fn listing(bytes: &[u8]) -> Result<String, String> {
    Bundle::load(bytes).map(|_| String::new())
}
