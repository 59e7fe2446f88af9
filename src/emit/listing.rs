//! A bundle as text for people.

/// Being written.
pub fn show(_: &[u8]) -> Result<String, sprag_runtime::LoadError> {
    Ok(String::new())
}
