//! How long ago something was, by clocks that may jump.

/// How far the clocks of those who write facts may differ, in seconds.
pub const MAX_SKEW: i64 = 300;

/// The time, and the highest that was ever seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) now: i64,
    pub(super) mark: i64,
}

impl Clock {
    pub(super) fn new(now: i64, seen: Option<i64>) -> Clock {
        Clock { now, mark: seen.map_or(now, |seen| seen.max(now)) }
    }

    /// Whether a delay since then is over: by the highest time that was seen.
    ///
    /// A time further in the future than clocks may differ was told by another clock than this one, or the clock
    /// was set back: how much has passed since is not known, and counts as enough.
    pub(super) fn turns(self, since: i64, seconds: i64) -> bool {
        self.mark >= since.saturating_add(seconds) || self.unknown(since)
    }

    /// Whether an approval given at a time, when the highest time seen was `mark`, is over after so many seconds.
    ///
    /// The clock and the highest time seen are asked apart: a clock that once ran ahead and was corrected stands
    /// still by the highest time seen, and would never end anything.
    pub(super) fn over(self, at: i64, mark: i64, seconds: i64) -> bool {
        self.now >= at.saturating_add(seconds)
            || self.mark >= mark.saturating_add(seconds)
            || self.unknown(at)
    }

    /// When an approval ends at the latest, by this clock.
    pub(super) fn end(self, at: i64, mark: i64, seconds: i64) -> Option<i64> {
        let by_mark = mark.saturating_add(seconds).saturating_sub(self.mark).saturating_add(self.now);
        Some(at.saturating_add(seconds).min(by_mark))
    }

    fn unknown(self, since: i64) -> bool {
        since > self.now.saturating_add(MAX_SKEW)
    }
}
