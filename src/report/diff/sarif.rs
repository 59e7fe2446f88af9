//! For code scanning: each growth is a result at the line that caused it.

use std::io::{self, Write};

use super::{Comparison, DiffFormat};
use crate::report::{Look, Report, sarif};

/// The one for code scanning.
pub(super) static FORMAT: DiffFormat =
    DiffFormat { name: "sarif", title: "SARIF 2.1.0, for code scanning and editors", write };

fn write(of: &Comparison<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let new = &of.sides[1];
    let diagnostics = of.findings();
    let report = Report { page: of.page, subject: "diff", ..Report::new(new.sources, &diagnostics) };
    (sarif::FORMAT.write)(&report, look, out)
}
