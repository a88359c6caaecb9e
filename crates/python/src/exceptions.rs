//! Floating-point exceptions: what a call raised is reported as NumPy does it: not at all, as a warning or an error, by `numpy.errstate`.

use std::ffi::{CStr, c_char, c_int, c_void};

use crosslane::ExceptionFlags;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;

/// `int PyUFunc_GiveFloatingpointErrors(const char *, int)`, NumPy's own function for it.
type Give = unsafe extern "C" fn(*const c_char, c_int) -> c_int;

/// Looks it up, once.
pub(crate) fn find(py: Python<'_>) -> PyResult<Give> {
    static FOUND: PyOnceLock<Give> = PyOnceLock::new();
    let find = || {
        // Its place in the table of NumPy's interface, which stays what it is, since NumPy 2.0.
        const GIVE: usize = 46;
        if !numpy::npyffi::is_numpy_2(py) {
            let problem = "crosslane needs NumPy 2.0 or later";
            return Err(PyRuntimeError::new_err(problem));
        }
        let module = py.import("numpy._core.umath")?;
        let table = module.getattr("_UFUNC_API")?.cast_into::<PyCapsule>()?;
        let table = table.pointer_checked(None)?.cast::<*const c_void>();
        // SAFETY: the table of NumPy 2.0 has more than so many places,
        let place = unsafe { table.add(GIVE) };
        // SAFETY: and is never freed.
        let give = unsafe { place.read() };
        // SAFETY: this is that function.
        Ok(unsafe { std::mem::transmute::<*const c_void, Give>(give) })
    };
    FOUND.get_or_try_init(py, find).copied()
}

/// What `work` raised on this thread, beside what it returned.
pub(crate) fn during<R>(work: impl FnOnce() -> R) -> (R, ExceptionFlags) {
    ExceptionFlags::take();
    let result = work();
    (result, ExceptionFlags::take())
}

/// Reports them, as `numpy.errstate` says.
pub(crate) fn report(py: Python<'_>, name: &CStr, raised: ExceptionFlags) -> PyResult<()> {
    let numbers = [
        (raised.divide_by_zero, 1),
        (raised.overflow, 2),
        (raised.underflow, 4),
        (raised.invalid, 8),
    ];
    let set = numbers.iter().filter(|(set, _)| *set);
    let numbers = set.fold(0, |all, (_, number)| all | number);
    let give = find(py)?;
    // SAFETY: the name ends with a zero, and the interpreter is attached.
    match unsafe { give(name.as_ptr(), numbers) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(py)),
    }
}
