//! The product of one pair of vectors, as short as it can be: what costs nothing of a batch is most of a pair.
//!
//! It takes what is plain, and leaves everything else, errors included, to [`Call`](crate::call::Call), which gives the same results.

use std::ffi::c_int;

use crosslane::{Accuracy, Operation};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::array::{self, Array};
use crate::element;
use crate::work::Work;

/// The product, if both are arrays of three components of the same type.
pub(crate) fn cross<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    accuracy: Accuracy,
) -> Option<PyResult<Bound<'py, PyAny>>> {
    let (a, b) = (vector(a)?, vector(b)?);
    let dtype = a.dtype();
    if !dtype.is(b.dtype()) {
        return None;
    }
    let number = dtype.num();
    element::size(number)?;
    multiply(a, b, number, accuracy).transpose()
}

/// An array of three components.
fn vector<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Array<'py>> {
    if !array::is_exact(object) {
        return None;
    }
    // SAFETY: it was just seen to be an array.
    let array = unsafe { object.cast_unchecked::<PyUntypedArray>() };
    matches!(array.shape(), [3]).then_some(array)
}

fn multiply<'py>(
    a: &Array<'py>,
    b: &Array<'py>,
    number: c_int,
    accuracy: Accuracy,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let out = array::empty(a.py(), &[3], number)?;
    let operand = |array| array::operand::<1>(array, Some(0), number);
    let (Some(a_), Some(b_), Some(out_)) = (operand(a), operand(b), operand(&out)) else {
        return Ok(None);
    };
    let work = Work {
        operation: Operation::Cross,
        accuracy,
        inputs: &[a_, b_],
        outputs: &[out_],
    };
    work.run_here(a.py(), number)?;
    Ok(Some(out.into_any()))
}
