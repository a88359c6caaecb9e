//! NumPy's arrays: made of what callers give, cast, allocated, and looked at as operands.
//!
//! What is `unsafe` about NumPy's C interface is here. Nothing here knows an operation.

use std::ffi::c_int;
use std::ptr::null_mut;

use numpy::npyffi::{self, NPY_CASTING, NpyTypes, PY_ARRAY_API, get_type_object};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyList, PyTuple};

use crate::element;
use crate::operand::Operand;

/// An array of any type.
pub(crate) type Array<'py> = Bound<'py, PyUntypedArray>;

/// The type of an array's elements.
pub(crate) type Dtype<'py> = Bound<'py, PyArrayDescr>;

/// The elements of an array of the type of this number, the vectors of which lie along `axis`, if there is one. `None` if the array is not of
/// that type, not [well-behaved](is_behaved) or has no three components there.
///
/// The shape, the strides and the type of an array can be changed by whoever else has it, whenever the interpreter may run other code. So
/// they are looked at once, here, and the library is given what was seen.
pub(crate) fn operand<const N: usize>(
    array: &Array<'_>,
    axis: Option<usize>,
    number: c_int,
) -> Option<Operand<N>> {
    let dtype = array.dtype();
    let (shape, strides) = (array.shape(), array.strides());
    let rank = shape.len() - usize::from(axis.is_some_and(|axis| axis < shape.len()));
    if dtype.num() != number || !is_behaved(array, &dtype) || rank > N {
        return None;
    }
    // A power of two.
    let size = element::size(number)?.trailing_zeros();
    let component = match axis {
        Some(axis) if *shape.get(axis)? == 3 => Some(strides[axis] >> size),
        Some(_) => return None,
        None => None,
    };
    // SAFETY: these are all elements of the array, seen to be of the type and aligned. The caller keeps the array, with which NumPy
    // keeps its memory, and looks for overlap where it is written to.
    let mut operand = unsafe { Operand::new(first(array), component) };
    for (k, (&len, &stride)) in shape.iter().zip(strides).enumerate() {
        if Some(k) != axis {
            operand.push(len, stride >> size);
        }
    }
    if rank == 0 {
        // One vector, or number. The library is faster if that is an axis of one.
        operand.push(1, 0);
    }
    Some(operand)
}

/// The same of an array that the library is to write to while it uses the others; `None` also if that [cannot be](is_direct).
pub(crate) fn output<'a, 'py, const N: usize>(
    array: &Array<'py>,
    axis: Option<usize>,
    number: c_int,
    others: impl Iterator<Item = &'a Array<'py>>,
) -> Option<Operand<N>>
where
    'py: 'a,
{
    operand(array, axis, number).filter(|_| is_direct(array, number, others))
}

/// An array no longer is what it was when it was first looked at.
#[cold]
pub(crate) fn changed() -> PyErr {
    PyRuntimeError::new_err("an array was changed while it was used; nothing was written")
}

/// Where its elements begin.
fn first(array: &Array<'_>) -> *mut u8 {
    // SAFETY: the array is there for as long as it is borrowed.
    unsafe { (*array.as_array_ptr()).fields.data }.cast()
}

/// A reference of ours from one that NumPy gives away, or the error that it has set.
fn owned<'py>(py: Python<'py>, object: *mut pyo3::ffi::PyObject) -> PyResult<Array<'py>> {
    // SAFETY: NumPy returns a reference that is the caller's, or null with an error set.
    let object = unsafe { Bound::from_owned_ptr_or_err(py, object) }?;
    // SAFETY: every function that is called here returns an array.
    Ok(unsafe { object.cast_into_unchecked() })
}

/// Whether it is an array and of no class that is derived from it.
pub(crate) fn is_exact(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: both are objects that live, and the interpreter is attached.
    unsafe { npyffi::PyArray_CheckExact(object.py(), object.as_ptr()) != 0 }
}

/// Whether its class has its own `__array_function__`, by which it wants to answer for functions of arrays.
pub(crate) fn is_foreign(object: &Bound<'_, PyAny>) -> bool {
    static OURS: PyOnceLock<Option<Py<PyAny>>> = PyOnceLock::new();
    if is_exact(object)
        || object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyInt>()
    {
        return false;
    }
    let py = object.py();
    let name = pyo3::intern!(py, "__array_function__");
    let Ok(theirs) = object.get_type().getattr(name) else {
        return false;
    };
    let ours = OURS.get_or_init(py, || {
        let array = py.get_type::<PyUntypedArray>();
        array.getattr(name).ok().map(Bound::unbind)
    });
    !ours.as_ref().is_some_and(|ours| theirs.is(ours))
}

/// What `numpy.asarray` makes of it.
pub(crate) fn as_array<'py>(object: &Bound<'py, PyAny>) -> PyResult<Array<'py>> {
    if is_exact(object) {
        // SAFETY: it was just seen to be an array.
        return Ok(unsafe { object.cast_unchecked::<PyUntypedArray>() }.clone());
    }
    let (py, flags) = (object.py(), npyffi::NPY_ARRAY_ENSUREARRAY);
    // SAFETY: the object lives; no type and no context are allowed.
    let array = unsafe {
        PY_ARRAY_API.PyArray_FromAny(py, object.as_ptr(), null_mut(), 0, 0, flags, null_mut())
    };
    owned(py, array)
}

/// What `numpy.promote_types` gives.
pub(crate) fn promoted<'py>(one: &Dtype<'py>, other: &Dtype<'py>) -> PyResult<Dtype<'py>> {
    let py = one.py();
    // SAFETY: both are types that live.
    let dtype =
        unsafe { PY_ARRAY_API.PyArray_PromoteTypes(py, one.as_dtype_ptr(), other.as_dtype_ptr()) };
    // SAFETY: NumPy returns a reference that is the caller's, or null with an error set.
    let dtype = unsafe { Bound::from_owned_ptr_or_err(py, dtype.cast()) }?;
    // SAFETY: it is a type of elements.
    Ok(unsafe { dtype.cast_into_unchecked() })
}

/// The type of this number, in the byte order of the machine.
pub(crate) fn dtype(py: Python<'_>, number: c_int) -> Dtype<'_> {
    // SAFETY: it is one of NumPy's numbers.
    let dtype = unsafe { PY_ARRAY_API.PyArray_DescrFromType(py, number) };
    // SAFETY: there is a type for each of them, and the reference is the caller's.
    let dtype = unsafe { Bound::from_owned_ptr(py, dtype.cast()) };
    // SAFETY: it is a type of elements.
    unsafe { dtype.cast_into_unchecked() }
}

fn flags(array: &Array<'_>) -> c_int {
    // SAFETY: the array is there for as long as it is borrowed.
    unsafe { (*array.as_array_ptr()).fields.flags }
}

/// Whether elements are where the library can reach them: aligned, in the byte order of the machine, strides whole elements. The type is the
/// array's own.
fn is_behaved(array: &Array<'_>, dtype: &Dtype<'_>) -> bool {
    let Some(bytes) = element::size(dtype.num()) else {
        return false;
    };
    // (Sizes are powers of two, and a division takes as long as all else here.)
    let whole = |stride: &isize| stride & (bytes as isize - 1) == 0;
    flags(array) & npyffi::NPY_ARRAY_ALIGNED != 0
        && dtype.is_native_byteorder() != Some(false) // bytes have none
        && array.strides().iter().all(whole)
}

/// The array as the library can read it, of the type of this number: itself or a copy.
pub(crate) fn cast<'py>(array: Array<'py>, number: c_int) -> PyResult<Array<'py>> {
    let dtype = array.dtype();
    if dtype.num() == number && is_behaved(&array, &dtype) {
        return Ok(array);
    }
    let py = array.py();
    let dtype = self::dtype(py, number).into_dtype_ptr();
    // SAFETY: both live; the reference to the type is given away, as NumPy wants it.
    let copy = unsafe { PY_ARRAY_API.PyArray_CastToType(py, array.as_array_ptr(), dtype, 0) };
    owned(py, copy)
}

/// A new array in C order, with whatever was in its memory.
pub(crate) fn empty<'py>(py: Python<'py>, shape: &[usize], number: c_int) -> PyResult<Array<'py>> {
    let dtype = dtype(py, number).into_dtype_ptr();
    // SAFETY: NumPy's interface is there.
    let class = unsafe { get_type_object(py, NpyTypes::PyArray_Type) };
    // SAFETY: there are as many lengths as is said, which are below `isize::MAX` and not written to; the reference to the type is given away.
    let array = unsafe {
        PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            class,
            dtype,
            shape.len() as c_int,
            shape.as_ptr().cast_mut().cast(),
            null_mut(),
            null_mut(),
            0,
            null_mut(),
        )
    };
    owned(py, array)
}

/// As a function of NumPy returns it: an array without axes as its one element.
pub(crate) fn returned(array: Array<'_>) -> PyResult<Bound<'_, PyAny>> {
    let py = array.py();
    if array.ndim() > 0 {
        return Ok(array.into_any());
    }
    // SAFETY: the reference is given away, as NumPy wants it.
    let object = unsafe { PY_ARRAY_API.PyArray_Return(py, array.into_ptr().cast()) };
    // SAFETY: NumPy returns a reference that is the caller's, or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, object) }
}

/// Writes the elements of `from`, cast, to `to`, which has the same shape.
pub(crate) fn copy(from: &Array<'_>, to: &Array<'_>) -> PyResult<()> {
    // SAFETY: both are arrays that live.
    let status =
        unsafe { PY_ARRAY_API.PyArray_CopyInto(from.py(), to.as_array_ptr(), from.as_array_ptr()) };
    if status == 0 {
        Ok(())
    } else {
        Err(PyErr::fetch(from.py()))
    }
}

pub(crate) fn is_writeable(array: &Array<'_>) -> bool {
    flags(array) & npyffi::NPY_ARRAY_WRITEABLE != 0
}

/// Whether results of this type may be written to the array, by the rule of functions of NumPy.
pub(crate) fn can_store(from: &Dtype<'_>, array: &Array<'_>) -> bool {
    let (py, to) = (array.py(), array.dtype());
    // SAFETY: both are types that live.
    unsafe {
        PY_ARRAY_API.PyArray_CanCastTypeTo(
            py,
            from.as_dtype_ptr(),
            to.as_dtype_ptr(),
            NPY_CASTING::NPY_SAME_KIND_CASTING,
        ) != 0
    }
}

/// Whether the library can write to it while it uses the others: its elements have this type, are where they can be reached, each of them
/// once, and none of them is another array's.
pub(crate) fn is_direct<'a, 'py>(
    array: &Array<'py>,
    number: c_int,
    mut others: impl Iterator<Item = &'a Array<'py>>,
) -> bool
where
    'py: 'a,
{
    let dtype = array.dtype();
    dtype.num() == number
        && is_behaved(array, &dtype)
        && !overlaps_itself(array)
        && others.all(|other| !may_overlap(other, array))
}

/// Whether two of its elements may be one: axes, the fastest first, do not each begin where the one before ends.
fn overlaps_itself(array: &Array<'_>) -> bool {
    let (shape, strides) = (array.shape(), array.strides());
    if shape.contains(&0) {
        return false;
    }
    let mut axes: Vec<_> = shape
        .iter()
        .zip(strides)
        .filter(|(len, _)| **len > 1)
        .collect();
    axes.sort_unstable_by_key(|(_, stride)| stride.unsigned_abs());
    let mut end = array.dtype().itemsize();
    for (len, stride) in axes {
        let stride = stride.unsigned_abs();
        if stride < end {
            return true;
        }
        end = stride.saturating_mul(len - 1).saturating_add(end);
    }
    false
}

/// Whether the memory from the first to the last byte of one has bytes of the other.
fn may_overlap(one: &Array<'_>, other: &Array<'_>) -> bool {
    let ((begin, end), (from, to)) = (bounds(one), bounds(other));
    begin < to && from < end
}

/// The addresses of the first byte and of that behind the last.
fn bounds(array: &Array<'_>) -> (usize, usize) {
    let first = first(array) as usize;
    let (mut begin, mut end) = (first, first + array.dtype().itemsize());
    for (&len, &stride) in array.shape().iter().zip(array.strides()) {
        if len == 0 {
            return (first, first);
        }
        let reach = stride.unsigned_abs() * (len - 1);
        if stride < 0 {
            begin -= reach;
        } else {
            end += reach;
        }
    }
    (begin, end)
}

const _: () = assert!(
    size_of::<npyffi::npy_intp>() == size_of::<usize>(),
    "NumPy's lengths are as large as ours"
);
