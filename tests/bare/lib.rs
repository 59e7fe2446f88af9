//! A decision point for a machine without operating system, allocator or standard library.
//!
//! The panic handler is the proof: where anything links `std`, there are two and the build fails.

#![no_std]
#![forbid(unsafe_code)]

use sprag_runtime::{App, Bundle, Request, Target};

/// Whether the app may call the operation, with all that a decision needs on the stack.
pub fn may(bundle: &[u8], app: &str, operation: &str) -> bool {
    let mut scratch = [0; 1024];
    let Ok(bundle) = Bundle::load(bundle) else { return false };
    let request = Request {
        app: Some(App::Key(app)),
        operation: Target::Name(operation),
        attributes: &[],
        ..Request::default()
    };
    bundle.decide(&request, &mut scratch).permitted()
}

#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
