//! Loads a Sprag bundle and decides requests.
//!
//! ```no_run
//! # fn main() -> Result<(), sprag_runtime::LoadError> {
//! # let bytes: &[u8] = &[];
//! use sprag_runtime::{App, Bundle, Container, Request, Target, Value};
//!
//! let bundle = Bundle::load(bytes)?; // verifies everything once
//! let mut scratch = [0; 1024]; // at least `bundle.scratch_len()` words
//! let decision = bundle.decide(
//!     &Request {
//!         app: Some(App::Key("com.acme.timesheets")),
//!         operation: Target::Name("jira.issue.get"),
//!         containers: &[Container { kind: "project", id: Some("PAY"), attributes: &[] }],
//!         user: None,
//!         attributes: &[("channel", Value::Text("server"))],
//!         stages: &[("setup", "configured")],
//!         ..Request::default()
//!     },
//!     &mut scratch,
//! );
//! if !decision.permitted() {
//!     for (layer, reason) in decision.refusals() {
//!         // tell the administrator; the app gets a bare 403
//! #       let _ = (layer, reason);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The promises, each with a test: a bundle loads whole or is refused; a loaded one cannot fail, panic,
//! allocate or loop for ever; what a request does not say never helps the app.

#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chain;
mod classify;
mod decide;
mod decision;
pub mod format;
pub mod hash;
mod load;
mod outline;
mod reach;
mod request;
mod resolve;
mod routes;
mod state;
mod steps;
mod text;

pub use chain::{NotNext, Place};
pub use classify::{FIRST_INSTANT, LAST_INSTANT};
pub use decision::{ClauseHandle, Decision, Layer, Reason, Role, StepUp};
pub use load::{Bundle, LoadError, Tables, header_digest};
pub use outline::Outline;
pub use request::{App, AppHandle, Container, OperationHandle, Request, Target, User, Value};
pub use resolve::Resolved;
pub use state::{State, Withdrawn};
