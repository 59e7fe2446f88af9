//! The symbol table's hash: fixed for ever by the format, quick on short names.

/// Hash of a name in a space: 8 bytes a step, multiply and fold; the last 8 may overlap the ones before.
///
/// Not keyed: the table is built from the policy's own names, so a request can be slow only by
/// hitting the longest run of occupied slots, which the policy bounds.
pub fn hash(space: u32, text: &[u8]) -> u64 {
    let mut state = fold(SEED ^ u64::from(space), STEP ^ text.len() as u64);
    let chunks = text.chunks_exact(8);
    let whole = chunks.remainder().is_empty();
    for chunk in chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        state = fold(state ^ u64::from_le_bytes(word), STEP);
    }
    if whole { state } else { fold(state ^ tail(text), LAST) }
}

/// The last 8 bytes, or all of fewer.
fn tail(text: &[u8]) -> u64 {
    if let Some(last) = text.last_chunk() {
        return u64::from_le_bytes(*last);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    // One to three bytes; the length is in the hash already.
    let at = |at: usize| u64::from(text.get(at).copied().unwrap_or(0));
    at(0) | at(text.len() / 2) << 8 | at(text.len().saturating_sub(1)) << 16
}

// Digits of pi and e: numbers with nothing up their sleeves.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
const STEP: u64 = 0x1319_8a2e_0370_7345;
const LAST: u64 = 0xb7e1_5162_8aed_2a6b;

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::hash;

    /// A changed value would make every bundle in the field unreadable.
    #[test]
    fn hashes_never_change() {
        let names: [(u32, &[u8]); 4] =
            [(0, b""), (1, b"jira.issue.get"), (2, b"jira.issue.get"), (1, b"com.acme.timesheets")];
        let expected = [
            16_164_243_175_248_471_210,
            3_144_304_157_095_860_318,
            3_179_750_944_306_433_736,
            6_084_601_580_113_801_517,
        ];
        assert_eq!(names.map(|(space, text)| hash(space, text)), expected);
    }
}
