//! Arrays for results: those that callers give, if they fit, or new ones.

use std::ffi::c_int;

use numpy::{PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{self, Array, Dtype};

/// No function has more outputs.
pub(crate) const MOST_OUTPUTS: usize = 3;

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
            name,
            shape,
            computed,
            given,
        } = results;
        if let Some(out) = out {
            check(name, shape, &array::dtype(py, given), out)?;
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

/// Whether results of the function of this name, of this shape and type, can be written to `out`.
pub(crate) fn check(
    name: &str,
    shape: &[usize],
    from: &Dtype<'_>,
    out: &Array<'_>,
) -> PyResult<()> {
    if out.shape() != shape {
        return Err(PyValueError::new_err(format!(
            "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
            tuple(out.shape()),
            tuple(shape)
        )));
    }
    if !array::can_store(from, out) {
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

/// The arrays that were given for the outputs of a function: one array, or a tuple with one or None for each output.
pub(crate) fn given<'py>(
    name: &str,
    out: Option<&Bound<'py, PyAny>>,
    count: usize,
) -> PyResult<[Option<Array<'py>>; MOST_OUTPUTS]> {
    let mut all = [const { None }; MOST_OUTPUTS];
    let Some(out) = out else {
        return Ok(all);
    };
    let Ok(tuple) = out.cast::<PyTuple>() else {
        if count > 1 {
            return Err(PyTypeError::new_err(format!(
                "{name} has {count} outputs: 'out' must be a tuple of {count} arrays"
            )));
        }
        all[0] = Some(as_output(out)?);
        return Ok(all);
    };
    if tuple.len() != count {
        let (arrays, got) = (if count == 1 { "array" } else { "arrays" }, tuple.len());
        return Err(PyValueError::new_err(format!(
            "the 'out' tuple must have exactly {count} {arrays}, got {got}"
        )));
    }
    for (to, out) in all.iter_mut().zip(tuple.iter()) {
        if !out.is_none() {
            *to = Some(as_output(&out)?);
        }
    }
    Ok(all)
}

fn as_output<'py>(out: &Bound<'py, PyAny>) -> PyResult<Array<'py>> {
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
