//! The extension module of the Python package: arrays go in, the library's work comes out.
//!
//! There is no arithmetic here, no loop over vectors and no list of operations: these are the library's. What is here is what NumPy wants:
//! types, shapes and axes, arrays for results, warnings, gufuncs. What PyTorch and JAX want is in the modules of these names.

use pyo3::prelude::*;

mod array;
mod call;
mod element;
mod exceptions;
mod functions;
mod jax;
mod mesh;
mod operand;
mod pages;
mod pair;
mod program;
mod target;
mod threads;
mod torch;
mod ufunc;
mod work;

/// The compiled part of the package `crosslane`.
#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::functions::{apply, cross, is_foreign, table};
    #[pymodule_export]
    use crate::jax::jax_handler;
    #[pymodule_export]
    use crate::mesh::mesh;
    #[pymodule_export]
    use crate::program::program;
    #[pymodule_export]
    use crate::threads::{available_threads, limit_this_thread, set_threads};
    #[pymodule_export]
    use crate::torch::{install, register, uninstall};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // Before anything puts another function in its place.
        crate::functions::numpy_cross(py)?;
        crate::exceptions::find(py)?;
        Ok(())
    }

    /// The operations as generalized ufuncs.
    #[pymodule(gil_used = false)]
    mod ufuncs {
        use pyo3::prelude::*;

        #[pymodule_init]
        fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
            crate::ufunc::add(module)
        }
    }
}
