//! Findings: facts of the analysis as diagnostics, each with a code, a page and, where one is unique, a fix.
