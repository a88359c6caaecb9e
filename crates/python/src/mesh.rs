//! Normals and areas of meshes, and their gradients, of NumPy's arrays. What the library is asked to do with them is in [`work`].
//!
//! Python code of the package has looked at the indices and copied them, so that nobody changes them while they are used. The library looks
//! at them again.

use std::ffi::c_int;

use crosslane::{Error, Operation};
use numpy::{PyArrayDescrMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::{self, Array};
use crate::functions::accuracy;
use crate::target::{self, Results, Target, tuple};

mod work;

pub(crate) use work::{Faces, Quantity, Work};

/// The types, by their numbers, in which results are computed and which they have in the end: those of every operation on real numbers.
fn types(vertices: &Array<'_>, g: Option<&Array<'_>>) -> PyResult<(c_int, c_int)> {
    let dtype = match g {
        None => vertices.dtype(),
        Some(g) => array::promoted(&vertices.dtype(), &g.dtype())?,
    };
    let types = crate::element::computed_in(Operation::UnitNormal, dtype.num());
    types.ok_or_else(|| {
        let what = if g.is_some() {
            "vertices and g"
        } else {
            "vertices"
        };
        PyTypeError::new_err(format!(
            "{what} are of the type {dtype}, expected real numbers of at most 64 bits"
        ))
    })
}

/// What `quantity` says of the mesh: `"face_normals"`, `"face_areas"` or `"vertex_normals"`. With an upstream gradient `g` of that, the gradients
/// of the vertices.
#[pyfunction]
#[expect(
    clippy::too_many_arguments,
    reason = "Python code calls it, by the name of what users called"
)]
pub(crate) fn mesh<'py>(
    vertices: Bound<'py, PyAny>,
    corners: PyReadonlyArray1<'py, u32>,
    starts: Option<PyReadonlyArray1<'py, usize>>,
    g: Option<Bound<'py, PyAny>>,
    quantity: &str,
    name: &str,
    out: Option<Bound<'py, PyAny>>,
    accuracy: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, accuracy) = (vertices.py(), self::accuracy(accuracy)?);
    let quantity = Quantity::of(quantity);
    let vertices = array::as_array(&vertices)?;
    let [count, 3] = *vertices.shape() else {
        return Err(shape_error("vertices have", vertices.shape(), "(n, 3)"));
    };
    let starts = starts
        .as_ref()
        .map(PyReadonlyArray1::as_slice)
        .transpose()?;
    let faces = Faces {
        corners: corners.as_slice()?,
        starts,
    };
    let (shape, axes) = quantity.shape(count, &faces);
    let shape = &shape[..axes];
    let g = g.as_ref().map(array::as_array).transpose()?;
    if let Some(g) = g.as_ref().filter(|g| g.shape() != shape) {
        return Err(shape_error("g has", g.shape(), &tuple(shape)));
    }
    let (computed, given) = types(&vertices, g.as_ref())?;
    let vertices = array::cast(vertices, computed)?;
    let g = g.map(|g| array::cast(g, computed)).transpose()?;
    let [out, ..] = target::given(name, out.as_ref(), 1)?;
    let results = Results {
        name,
        shape: if g.is_some() { &[count, 3] } else { shape },
        computed,
        given,
    };
    let inputs = || std::iter::once(&vertices).chain(&g);
    let target = Target::new(py, results, out.as_ref(), inputs())?;
    // Nothing that could run other code comes between this look at the arrays and the work.
    let axis = |vectors: bool| vectors.then_some(1);
    let read = |array, vectors| {
        let operand = array::operand(array, axis(vectors), computed);
        operand.ok_or_else(array::changed)
    };
    let vectors = axes == 2;
    let written = array::output(
        &target.written,
        axis(vectors || g.is_some()),
        computed,
        inputs(),
    );
    let work = Work {
        quantity,
        vertices: read(&vertices, true)?,
        faces,
        g: g.as_ref().map(|g| read(g, vectors)).transpose()?,
        out: written.ok_or_else(array::changed)?,
        accuracy,
    };
    let bytes = inputs().chain([&target.written]).map(bytes).sum::<usize>();
    let bytes = bytes + size_of_val(faces.corners);
    let done = py.detach(|| {
        crosslane_pool::run(bytes, |threads| {
            if computed == numpy::npyffi::NPY_TYPES::NPY_FLOAT as c_int {
                work.run::<f32>(threads)
            } else {
                work.run::<f64>(threads)
            }
        })
    });
    done.map_err(error)?;
    Ok(target.finish()?.into_any())
}

#[cold]
fn shape_error(what: &str, got: &[usize], expected: &str) -> PyErr {
    let got = tuple(got);
    PyValueError::new_err(format!("{what} the shape {got}, expected {expected}"))
}

#[cold]
fn error(error: Error) -> PyErr {
    match error {
        Error::IndexOutOfRange { index, len, .. } => PyIndexError::new_err(format!(
            "index {index} is out of bounds for axis 0 with size {len}"
        )),
        error => PyValueError::new_err(error.to_string()),
    }
}

fn bytes(array: &Array<'_>) -> usize {
    array.len() * array.dtype().itemsize()
}
