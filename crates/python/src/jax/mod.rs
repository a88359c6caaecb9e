//! The handler that XLA calls for the operations of the library in programs of JAX.
//!
//! XLA's interface for foreign functions is plain C, so neither C++ nor anything of jaxlib is needed to build this. Python gets the address,
//! registers it with JAX, and says how operations are differentiated. XLA calls without the interpreter, so nothing here uses it.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null_mut};

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use self::frame::Frame;
use self::problem::Problem;

mod ffi;
mod frame;
mod operation;
mod problem;

/// The address of the handler, for `jax.ffi.register_ffi_target`.
#[pyfunction]
pub(crate) fn jax_handler(py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
    // SAFETY: no function is at null.
    let address = unsafe { NonNull::new_unchecked(handle as *mut c_void) };
    // SAFETY: a function is there for ever.
    unsafe { PyCapsule::new_with_pointer(py, address, c"xla._CUSTOM_CALL_TARGET") }
}

/// What XLA calls. Returns null, or an error, which XLA frees.
///
/// # Safety
/// As [`Frame::new`].
unsafe extern "C" fn handle(frame: *mut ffi::CallFrame) -> *mut ffi::Error {
    // SAFETY: XLA keeps the frame, and what it points to, until this returns.
    let Some(frame) = (unsafe { Frame::new(frame) }) else {
        return null_mut();
    };
    if frame.is_question() {
        return null_mut();
    }
    let done = catch_unwind(AssertUnwindSafe(|| operation::run(&frame)));
    match done.unwrap_or(Err(Problem::Panic)) {
        Ok(()) => null_mut(),
        Err(problem) => frame.error(&problem),
    }
}
