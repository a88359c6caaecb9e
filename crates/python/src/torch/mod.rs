//! torch: the operations of the library as its operators, and the product in place of its own.
//!
//! torch's dispatcher calls Rust functions through torch's stable C interface. What differentiates, traces and batches operators is
//! Python code of the package.

use std::ffi::{CStr, CString};
use std::ptr::null_mut;
use std::sync::Mutex;

use crosslane::Operation;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use self::shim::{Kernel, LibraryHandle, SUCCESS, Shim, VERSION};

mod kernels;
mod mesh;
mod shim;
mod tensor;

/// A set of registrations, which stay until it is dropped.
struct Registrations {
    handle: LibraryHandle,
    shim: &'static Shim,
}

// SAFETY: torch's registrations belong to no thread, and are changed under a lock.
unsafe impl Send for Registrations {}

impl Registrations {
    fn new(shim: &'static Shim, make: impl FnOnce(&mut LibraryHandle) -> i32) -> PyResult<Self> {
        let mut handle = null_mut();
        succeeded(make(&mut handle), "no library of operators")?;
        Ok(Self { handle, shim })
    }

    /// For new operators.
    fn operators(shim: &'static Shim) -> PyResult<Self> {
        let (name, file) = (c"crosslane".as_ptr(), c"crosslane".as_ptr());
        // SAFETY: both strings end with a zero, and there is a place for the handle.
        Self::new(shim, |handle| unsafe {
            (shim.fragment)(name, file, 0, handle)
        })
    }

    /// For kernels of operators that there are.
    fn kernels(shim: &'static Shim, namespace: &CStr) -> PyResult<Self> {
        let (name, key) = (namespace.as_ptr(), c"CPU".as_ptr());
        let file = c"crosslane".as_ptr();
        // SAFETY: all strings end with a zero, and there is a place for the handle.
        Self::new(shim, |handle| unsafe {
            (shim.kernels)(name, key, file, 0, handle)
        })
    }

    fn define(&self, schema: &str) -> PyResult<()> {
        let schema = CString::new(schema)?;
        // SAFETY: the handle is that of a library, and the string ends with a zero.
        let status = unsafe { (self.shim.define)(self.handle, schema.as_ptr()) };
        succeeded(status, "an operator is defined already")
    }

    fn implement(&self, name: &str, kernel: Kernel) -> PyResult<()> {
        let name = CString::new(name)?;
        // SAFETY: as above, and the kernel takes what the schema says.
        let status = unsafe { (self.shim.implement)(self.handle, name.as_ptr(), kernel, VERSION) };
        succeeded(status, "a kernel is registered already")
    }
}

impl Drop for Registrations {
    fn drop(&mut self) {
        // SAFETY: it is the handle of a library, which is not used any more.
        unsafe { (self.shim.forget)(self.handle) };
    }
}

fn succeeded(status: i32, message: &'static str) -> PyResult<()> {
    match status {
        SUCCESS => Ok(()),
        _ => Err(PyRuntimeError::new_err(format!("torch: {message}"))),
    }
}

/// What is registered for as long as the process lives.
static OPERATORS: Mutex<Vec<Registrations>> = Mutex::new(Vec::new());

/// The product in place of torch's own.
static INSTALLED: Mutex<Option<Registrations>> = Mutex::new(None);

/// Registers the operators with the torch whose library is at this path.
#[pyfunction]
pub(crate) fn register(path: &str) -> PyResult<()> {
    let mut operators = OPERATORS.lock().unwrap_or_else(|lock| lock.into_inner());
    if !operators.is_empty() {
        return Ok(());
    }
    let shim = shim::find(path)?;
    let definitions = Registrations::operators(shim)?;
    let kernels = Registrations::kernels(shim, c"crosslane")?;
    for (operation, kernel) in Operation::ALL.iter().zip(&kernels::KERNELS) {
        definitions.define(&schema(*operation))?;
        kernels.implement(operation.name(), *kernel)?;
    }
    for schema in mesh::SCHEMAS {
        definitions.define(schema)?;
    }
    kernels.implement("mesh", mesh::mesh)?;
    kernels.implement("mesh_vjp", mesh::mesh_vjp)?;
    operators.extend([definitions, kernels]);
    Ok(())
}

/// What torch is told of an operation.
fn schema(operation: Operation) -> String {
    let names = operation.input_names().iter();
    let inputs: Vec<_> = names.map(|name| format!("Tensor {name}")).collect();
    let outputs = vec!["Tensor"; operation.outputs().len()].join(", ");
    let name = operation.name();
    format!(
        "{name}({}, int dim, bool rounded) -> ({outputs})",
        inputs.join(", ")
    )
}

/// Puts the product in place of torch's own on CPUs; returns whether it was not there before.
#[pyfunction]
pub(crate) fn install(path: &str) -> PyResult<bool> {
    let mut installed = INSTALLED.lock().unwrap_or_else(|lock| lock.into_inner());
    if installed.is_some() {
        return Ok(false);
    }
    let kernels = Registrations::kernels(shim::find(path)?, c"aten")?;
    kernels.implement("linalg_cross", kernels::linalg_cross)?;
    *installed = Some(kernels);
    Ok(true)
}

/// Gives torch its own back; returns whether there was anything to give back.
#[pyfunction]
pub(crate) fn uninstall() -> bool {
    let mut installed = INSTALLED.lock().unwrap_or_else(|lock| lock.into_inner());
    installed.take().is_some()
}
