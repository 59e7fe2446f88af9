//! What is being done, on standard error, while it takes long: only on a terminal and never with `--quiet`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Context;

/// Few files are read before an eye could follow.
const MANY: usize = 100;

/// Vanishes when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// One more is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// So many of so many parts of something are done.
    pub(crate) fn part(&self, doing: &'static str, done: usize, of: usize) {
        self.0.set_message(doing);
        self.at(done, of);
    }

    /// So many of so many are done.
    pub(crate) fn at(&self, done: usize, of: usize) {
        self.0.set_length(of as u64);
        self.0.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Counts up to `length`, if that is many.
pub(crate) fn bar(cx: &Context, doing: &'static str, length: usize) -> Progress {
    if !cx.progress || length < MANY {
        return Progress(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(length as u64).with_message(doing);
    Progress(bar.with_style(style("{msg} {wide_bar} {pos}/{len}")))
}

/// Turns while something of unknown length is done.
pub(crate) fn spinner(cx: &Context, doing: &'static str) -> Progress {
    if !cx.progress {
        return Progress(ProgressBar::hidden());
    }
    let bar = ProgressBar::new_spinner().with_message(doing).with_style(style("{spinner} {msg} {elapsed}"));
    bar.enable_steady_tick(Duration::from_millis(250));
    Progress(bar)
}

/// Shows what is done and how much of it, as [`Progress::part`] or [`Progress::at`] tells.
pub(crate) fn parts(cx: &Context, doing: &'static str) -> Progress {
    if !cx.progress {
        return Progress(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(0).with_message(doing);
    let bar = bar.with_style(style("{spinner} {msg} {wide_bar} {pos}/{len} {elapsed}"));
    bar.enable_steady_tick(Duration::from_millis(250));
    Progress(bar)
}

/// Shows how many bytes are done, as [`Progress::at`] tells.
pub(crate) fn bytes(cx: &Context, doing: &'static str) -> Progress {
    if !cx.progress {
        return Progress(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(0).with_message(doing);
    Progress(bar.with_style(style("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
