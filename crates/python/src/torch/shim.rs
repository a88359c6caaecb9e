//! The functions of torch's stable C interface, found in the library that the process has loaded.
//!
//! torch keeps this interface (torch/csrc/inductor/aoti_torch/c/shim.h and torch/csrc/stable/c/shim.h) for later versions. What is used here is
//! there from version 2.13 on. One extension module serves all these versions, and needs neither torch's headers nor its C++ libraries when
//! it is built.

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::OnceLock;

use libloading::Library;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// A tensor of torch.
pub(super) type TensorHandle = *mut c_void;

/// A set of registrations with torch's dispatcher.
pub(super) type LibraryHandle = *mut c_void;

/// What the dispatcher calls: arguments lie on a stack, and results take their places.
pub(super) type Kernel = unsafe extern "C-unwind" fn(*mut u64, u64, u64);

/// The version of torch whose schemas and conversions this module is written for: 2.13. Later versions convert.
pub(super) const VERSION: u64 = 2 << 56 | 13 << 48;

/// No error.
pub(super) const SUCCESS: i32 = 0;

macro_rules! shim {
    ($($(#[$attribute:meta])* $field:ident: $symbol:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        #[derive(Debug)]
        pub(super) struct Shim {
            $($(#[$attribute])* pub(super) $field: unsafe extern "C-unwind" fn($($argument),*) $(-> $result)?,)*
        }

        impl Shim {
            fn find(library: &Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    $($field: {
                        // SAFETY: torch declares the function so.
                        *unsafe { library.get(stringify!($symbol).as_bytes()) }?
                    },)*
                })
            }
        }
    };
}
shim! {
    /// The numbers of types.
    float16: aoti_torch_dtype_float16() -> i32;
    bfloat16: aoti_torch_dtype_bfloat16() -> i32;
    float32: aoti_torch_dtype_float32() -> i32;
    float64: aoti_torch_dtype_float64() -> i32;
    int64: aoti_torch_dtype_int64() -> i32;
    /// The number of the CPU among devices, and that of ordinary tensors among layouts.
    cpu: aoti_torch_device_type_cpu() -> i32;
    strided: aoti_torch_layout_strided() -> i32;
    /// What a tensor is.
    dtype: aoti_torch_get_dtype(TensorHandle, *mut i32) -> i32;
    device: aoti_torch_get_device_type(TensorHandle, *mut i32) -> i32;
    layout: aoti_torch_get_layout(TensorHandle, *mut i32) -> i32;
    rank: aoti_torch_get_dim(TensorHandle, *mut i64) -> i32;
    sizes: aoti_torch_get_sizes(TensorHandle, *mut *const i64) -> i32;
    strides: aoti_torch_get_strides(TensorHandle, *mut *const i64) -> i32;
    data: aoti_torch_get_data_ptr(TensorHandle, *mut *mut c_void) -> i32;
    /// Makes and frees tensors.
    empty: aoti_torch_empty_strided(i64, *const i64, *const i64, i32, i32, i32, *mut TensorHandle) -> i32;
    clone: aoti_torch_clone(TensorHandle, *mut TensorHandle) -> i32;
    delete: aoti_torch_delete_tensor_object(TensorHandle) -> i32;
    /// Throws an error of torch, if the condition is false.
    check: aoti_torch_check(bool, *const c_char, *const c_char, u32, *const c_char);
    /// Calls any operator.
    call: torch_call_dispatcher(*const c_char, *const c_char, *mut u64, u64) -> i32;
    /// Registers operators and kernels.
    fragment: aoti_torch_library_init_fragment(*const c_char, *const c_char, u32, *mut LibraryHandle) -> i32;
    kernels: aoti_torch_library_init_impl(*const c_char, *const c_char, *const c_char, u32, *mut LibraryHandle) -> i32;
    define: aoti_torch_library_def(LibraryHandle, *const c_char) -> i32;
    implement: torch_library_impl(LibraryHandle, *const c_char, Kernel, u64) -> i32;
    forget: aoti_torch_delete_library_object(LibraryHandle) -> i32;
    /// The message of the last error of this thread.
    last_error: torch_exception_get_what_without_backtrace() -> *const c_char;
    /// How many threads torch may use.
    threads: torch_get_num_threads(*mut u32) -> i32;
}

static SHIM: OnceLock<Shim> = OnceLock::new();

/// Finds the functions in torch's library, which is at this path and loaded already.
pub(super) fn find(path: &str) -> PyResult<&'static Shim> {
    if let Some(shim) = SHIM.get() {
        return Ok(shim);
    }
    let missing = |error: libloading::Error| {
        PyImportError::new_err(format!(
            "crosslane.torch needs torch 2.13 or newer: {error}"
        ))
    };
    // SAFETY: the package gives the path of the library that `import torch` has loaded.
    let library = unsafe { Library::new(path) }.map_err(missing)?;
    let shim = Shim::find(&library).map_err(missing)?;
    // It is never unloaded.
    std::mem::forget(library);
    Ok(SHIM.get_or_init(|| shim))
}

/// The functions, in code that torch calls.
#[inline]
pub(super) fn shim() -> &'static Shim {
    SHIM.get()
        .expect("torch calls what has been registered with it")
}

/// The number that torch has for a type, a device or a layout.
#[inline]
pub(super) fn number(function: unsafe extern "C-unwind" fn() -> i32) -> i32 {
    // SAFETY: torch's functions of this kind return a constant.
    unsafe { function() }
}

/// Throws an error of torch, which Python sees as a `RuntimeError`. Nothing that is to be dropped may be alive in the caller.
pub(super) fn throw(message: String) {
    thread_local! {
        static MESSAGE: std::cell::Cell<*mut c_char> = const { std::cell::Cell::new(std::ptr::null_mut()) };
    }
    let message = CString::new(message).unwrap_or_default().into_raw();
    // The message of the last error is kept until the next: what throws never comes back to free it.
    let last = MESSAGE.replace(message);
    if !last.is_null() {
        // SAFETY: it came from `into_raw`, and torch has copied it.
        drop(unsafe { CString::from_raw(last) });
    }
    let (name, file) = (c"crosslane".as_ptr(), c"crosslane".as_ptr());
    // SAFETY: all strings end with a zero. It throws through frames that have nothing to drop.
    unsafe { (shim().check)(false, name, file, 0, message) };
}

/// What torch says of the error that it has just returned.
pub(super) fn last_message() -> String {
    // SAFETY: as torch declares it.
    let message = unsafe { (shim().last_error)() };
    if message.is_null() {
        return "torch.linalg.cross refuses these tensors".into();
    }
    // SAFETY: it is a string of C, which stays until the next error of this thread.
    let message = unsafe { CStr::from_ptr(message) };
    message.to_string_lossy().into_owned()
}
