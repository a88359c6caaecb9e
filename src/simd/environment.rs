//! The floating-point environment: how the processor rounds, and whether it takes subnormal numbers for zeros.
//!
//! Libraries built with -ffast-math switch subnormals off for the whole process, and a program may have its own rounding mode.
//! What promises correct rounding sets the default environment for itself, on each thread that works.

use super::control;

/// The default environment of this thread: nearest even, subnormals kept, no traps. What it was before is back when this is
/// dropped, exceptions that were noted included.
#[derive(Debug)]
pub(crate) struct Environment {
    /// `None` if it was the default one.
    before: Option<control::Control>,
}

impl Environment {
    /// Sets the default environment, if it is not set.
    pub(crate) fn default_here() -> Self {
        let before = control::read();
        let before = (!control::is_default(before)).then_some(before);
        if before.is_some() {
            control::write(control::DEFAULT);
        }
        Self { before }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            control::write(before);
        }
    }
}
