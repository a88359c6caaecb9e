//! Floating-point exceptions: what a call raised is reported as NumPy does it: not at all, as a warning or an error, by `numpy.errstate`.
//!
//! An instruction that overflows sets a flag in a register of its thread. NumPy clears the flags before a loop and looks at them behind it.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::hint::black_box;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;

/// NumPy's own functions for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloatingPoint {
    clear: unsafe extern "C" fn(),
    get: unsafe extern "C" fn() -> c_int,
    give: unsafe extern "C" fn(*const c_char, c_int) -> c_int,
}

// NumPy's numbers of the exceptions.
const DIVIDE_BY_ZERO: c_int = 1;
const OVERFLOW: c_int = 2;
const UNDERFLOW: c_int = 4;
const INVALID: c_int = 8;

impl FloatingPoint {
    /// Looks them up, once.
    pub(crate) fn of_numpy(py: Python<'_>) -> PyResult<Self> {
        static FOUND: PyOnceLock<FloatingPoint> = PyOnceLock::new();
        FOUND.get_or_try_init(py, || Self::find(py)).copied()
    }

    fn find(py: Python<'_>) -> PyResult<Self> {
        // Places in the table of NumPy's interface, which stay what they are; the last is there since NumPy 2.0.
        const CLEAR: usize = 27;
        const GET: usize = 28;
        const GIVE: usize = 46;
        if !numpy::npyffi::is_numpy_2(py) {
            let problem = "crosslane needs NumPy 2.0 or later";
            return Err(PyRuntimeError::new_err(problem));
        }
        let module = py.import("numpy._core.umath")?;
        let table = module.getattr("_UFUNC_API")?.cast_into::<PyCapsule>()?;
        let table = table.pointer_checked(None)?.cast::<*const c_void>();
        let place = |at| {
            // SAFETY: the table of NumPy 2.0 has more than so many places,
            let place = unsafe { table.add(at) };
            // SAFETY: and is never freed.
            unsafe { place.read() }
        };
        let (clear, get, give) = (place(CLEAR), place(GET), place(GIVE));
        Ok(Self {
            // SAFETY: this is `void PyUFunc_clearfperr(void)`.
            clear: unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn()>(clear) },
            // SAFETY: this is `int PyUFunc_getfperr(void)`.
            get: unsafe {
                std::mem::transmute::<*const c_void, unsafe extern "C" fn() -> c_int>(get)
            },
            // SAFETY: this is `int PyUFunc_GiveFloatingpointErrors(const char *, int)`.
            give: unsafe {
                std::mem::transmute::<
                    *const c_void,
                    unsafe extern "C" fn(*const c_char, c_int) -> c_int,
                >(give)
            },
        })
    }

    /// What `work` raised on this thread, beside what it returned. (It needs no interpreter.)
    pub(crate) fn during<R>(self, work: impl FnOnce() -> R) -> (R, c_int) {
        // SAFETY: it writes a register.
        unsafe { (self.clear)() };
        let result = work();
        (result, self.take())
    }

    /// What was raised on this thread since it was last asked.
    pub(crate) fn take(self) -> c_int {
        // SAFETY: it reads a register, and clears it.
        unsafe { (self.get)() }
    }

    /// Tells the caller, as `numpy.errstate` says.
    pub(crate) fn give(self, py: Python<'_>, name: &CStr, raised: c_int) -> PyResult<()> {
        if raised == 0 {
            return Ok(());
        }
        // SAFETY: the name ends with a zero, and the interpreter is attached.
        match unsafe { (self.give)(name.as_ptr(), raised) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }
}

/// Raises on this thread what was raised on another.
pub(crate) fn raise(raised: c_int) {
    let (zero, one) = (black_box(0.0_f32), black_box(1.0_f32));
    if raised & DIVIDE_BY_ZERO != 0 {
        black_box(one / zero);
    }
    if raised & OVERFLOW != 0 {
        black_box(black_box(f32::MAX) * black_box(f32::MAX));
    }
    if raised & UNDERFLOW != 0 {
        black_box(black_box(f32::MIN_POSITIVE) * black_box(f32::MIN_POSITIVE));
    }
    if raised & INVALID != 0 {
        black_box(zero / black_box(zero));
    }
}
