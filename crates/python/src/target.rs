//! Arrays for results: those that callers give, if they fit, or new ones.

use std::ffi::c_int;

use numpy::{PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::{self, Array};

/// An array for results.
pub(crate) struct Target<'py> {
    /// What the library writes to.
    pub(crate) written: Array<'py>,
    /// What the caller gave, if that is another one: it receives a copy.
    given: Option<Array<'py>>,
}

/// Results as their caller wants them.
#[derive(Clone, Copy)]
pub(crate) struct Results<'a> {
    /// The function that was called.
    pub(crate) name: &'a str,
    pub(crate) shape: &'a [usize],
    /// The type in which they are computed, and that which they have in the end, by their numbers.
    pub(crate) computed: c_int,
    pub(crate) given: c_int,
}

impl<'py> Target<'py> {
    /// `out`, if it is given and fits, or a new array. Where the library cannot write to `out` while it reads `others`, it writes to a new
    /// one.
    pub(crate) fn new<'a>(
        py: Python<'py>,
        results: Results<'_>,
        out: Option<&Array<'py>>,
        others: impl Iterator<Item = &'a Array<'py>>,
    ) -> PyResult<Self>
    where
        'py: 'a,
    {
        let Results {
            shape,
            computed,
            given,
            ..
        } = results;
        if let Some(out) = out {
            results.check(out)?;
            if array::is_direct(out, computed, others) {
                return Ok(Self {
                    written: out.clone(),
                    given: None,
                });
            }
        }
        let given = match out {
            Some(out) => Some(out.clone()),
            None if computed == given => None,
            None => Some(array::empty(py, shape, given)?),
        };
        let written = array::empty(py, shape, computed)?;
        Ok(Self { written, given })
    }

    /// What the caller sees of it.
    pub(crate) fn finish(self) -> PyResult<Array<'py>> {
        let Some(given) = self.given else {
            return Ok(self.written);
        };
        array::copy(&self.written, &given)?;
        Ok(given)
    }
}

impl Results<'_> {
    /// Whether they can be written to `out`.
    fn check(&self, out: &Array<'_>) -> PyResult<()> {
        if out.shape() != self.shape {
            return Err(PyValueError::new_err(format!(
                "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
                tuple(out.shape()),
                tuple(self.shape)
            )));
        }
        if !array::can_store(self.given, out) {
            let (name, from) = (self.name, array::dtype(out.py(), self.given));
            return Err(PyTypeError::new_err(format!(
                "Cannot cast ufunc '{name}' output from {from:?} to {:?} with casting rule 'same_kind'",
                out.dtype()
            )));
        }
        if !array::is_writeable(out) {
            return Err(PyValueError::new_err("output array is read-only"));
        }
        Ok(())
    }
}

/// An array that a caller gave for results.
pub(crate) fn as_output<'py>(out: &Bound<'py, PyAny>) -> PyResult<Array<'py>> {
    match out.cast::<PyUntypedArray>() {
        Ok(array) => Ok(array.clone()),
        Err(_) => Err(PyTypeError::new_err("return arrays must be of ArrayType")),
    }
}

/// A shape as Python writes it.
pub(crate) fn tuple(shape: &[usize]) -> String {
    match shape {
        [only] => format!("({only},)"),
        _ => {
            let lens: Vec<_> = shape.iter().map(usize::to_string).collect();
            format!("({})", lens.join(", "))
        }
    }
}
