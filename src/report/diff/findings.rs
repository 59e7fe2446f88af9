//! What differs as findings in the new version, for reports that are made of findings.

use super::catalogs::calls;
use super::{Comparison, cells_of};
use crate::analysis::diff::Delta;
use crate::diag::{Diagnostic, Severity};
use crate::span::Span;

impl Comparison<'_> {
    /// What is permitted now and was not, what is no longer, what names mean something else, and what is wrong with the
    /// approvals, if that was asked.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for delta in &self.diff.gained {
            found.push(self.finding(
                delta,
                1,
                Diagnostic::warning("W0911", self.headline(delta, 1, "gains")),
            ));
        }
        for delta in &self.diff.lost {
            let headline = self.headline(delta, 0, "loses");
            found.push(self.finding(delta, 0, Diagnostic::new(Severity::Note, "W0912", headline)));
        }
        for open in &self.diff.undecided {
            let operations = self.operations(1, &open.key, &open.operations, 5);
            let message = format!("not decided what changes for `{}`: {operations}", self.app(1, &open.key));
            let mut finding = Diagnostic::error("E0913", message).at(self.span_of(&open.key), "");
            for what in &open.spent.what {
                finding = finding.note(format!("it is large because of {what}"));
            }
            found.push(finding);
        }
        for moved in &self.diff.catalogs.moved {
            let message = format!("`{}` means another method and path: {}", moved.name, calls(moved));
            found.push(Diagnostic::warning("W0916", message).at(self.span_of_operation(&moved.name), ""));
        }
        for (span, sentence, code) in self.eased() {
            found.push(Diagnostic::warning(code, sentence).at(span, ""));
        }
        for (span, sentence) in self.forgotten() {
            found.push(Diagnostic::warning("W0915", sentence).at(span, ""));
        }
        for (span, objection) in self.objections() {
            found.push(Diagnostic::error("E0914", objection).at(span, ""));
        }
        found
    }

    fn headline(&self, delta: &Delta, side: usize, verb: &str) -> String {
        format!("`{}` {verb} {}", delta.app, self.operations(side, &delta.key, &delta.operations, 5))
    }

    /// The places are those of the causes in the new version; there is none in it for what was only taken out.
    fn finding(&self, delta: &Delta, side: usize, mut finding: Diagnostic) -> Diagnostic {
        let here = delta.witness.causes.iter().filter(|cause| cause.side == 1);
        for cause in here {
            if let Some(span) = cause.span {
                finding = finding.at(span, &*cause.what);
            }
        }
        if finding.labels.is_empty() {
            finding = finding.at(self.span_of(&delta.key), "");
        }
        for cube in &delta.cubes {
            finding = finding.note(if cube.is_empty() { "everywhere".to_owned() } else { cube.clone() });
        }
        let cells = delta.cells.as_ref().map_or("too many cells to count".to_owned(), cells_of);
        let request = self.request(side, &delta.witness.request);
        finding.note(format!("{cells}, for example `{request}`"))
    }

    /// The operation in the new version, or its beginning.
    pub(super) fn span_of_operation(&self, name: &str) -> Span {
        let operations = &self.sides[1].model.operations;
        operations.iter().find(|operation| operation.name == name).map(|o| o.span).unwrap_or_default()
    }

    /// The app in the new version, or its beginning.
    pub(super) fn span_of(&self, key: &str) -> Span {
        let apps = &self.sides[1].model.apps;
        apps.iter().find(|app| app.key == key).map(|app| app.span).unwrap_or_default()
    }
}
