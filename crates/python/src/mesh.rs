//! Normals and areas of meshes.
//!
//! Python code of the package has looked at the indices and copied them, so that nobody changes them while they are used. The library looks
//! at them again.

use std::ffi::c_int;

use crosslane::{Accuracy, Engine, Error, Operation, Real, Threads};
use numpy::{PyArrayDescrMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::{self, Array};
use crate::functions::accuracy;
use crate::operand::Operand;
use crate::target::{self, Results, Target, tuple};

/// What is computed of a mesh.
#[derive(Clone, Copy)]
enum Quantity {
    FaceNormals,
    FaceAreas,
    VertexNormals,
}

impl Quantity {
    fn of(name: &str) -> Self {
        match name {
            "face_normals" => Self::FaceNormals,
            "face_areas" => Self::FaceAreas,
            _ => Self::VertexNormals,
        }
    }

    /// How many results there are for so many vertices and these faces.
    fn count(self, vertices: usize, faces: &Faces<'_>) -> usize {
        match self {
            Self::FaceNormals | Self::FaceAreas => faces.count(),
            Self::VertexNormals => vertices,
        }
    }
}

/// The types, by their numbers, in which results are computed and which they have in the end: those of every operation on real numbers.
fn types(vertices: &Array<'_>) -> PyResult<(c_int, c_int)> {
    let types = crate::element::computed_in(Operation::UnitNormal, vertices.dtype().num());
    types.ok_or_else(|| {
        let got = vertices.dtype();
        PyTypeError::new_err(format!(
            "vertices are of the type {got}, expected real numbers of at most 64 bits"
        ))
    })
}

/// The faces of a mesh: the indices of the corners of triangles, or of polygons that begin at these places.
#[derive(Clone, Copy)]
struct Faces<'a> {
    corners: &'a [u32],
    starts: Option<&'a [usize]>,
}

impl Faces<'_> {
    fn count(&self) -> usize {
        self.starts.map_or(self.corners.len() / 3, <[usize]>::len)
    }
}

/// What `quantity` says of the mesh: `"face_normals"`, `"face_areas"` or `"vertex_normals"`.
#[pyfunction]
pub(crate) fn mesh<'py>(
    vertices: Bound<'py, PyAny>,
    corners: PyReadonlyArray1<'py, u32>,
    starts: Option<PyReadonlyArray1<'py, usize>>,
    quantity: &str,
    name: &str,
    out: Option<Bound<'py, PyAny>>,
    accuracy: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, accuracy) = (vertices.py(), self::accuracy(accuracy)?);
    let quantity = Quantity::of(quantity);
    let vertices = array::as_array(&vertices)?;
    let [count, 3] = *vertices.shape() else {
        let got = tuple(vertices.shape());
        return Err(PyValueError::new_err(format!(
            "vertices have the shape {got}, expected (n, 3)"
        )));
    };
    let (computed, given) = types(&vertices)?;
    let vertices = array::cast(vertices, computed)?;
    let starts = starts
        .as_ref()
        .map(PyReadonlyArray1::as_slice)
        .transpose()?;
    let faces = Faces {
        corners: corners.as_slice()?,
        starts,
    };
    let shape = [quantity.count(count, &faces), 3];
    let vectors = !matches!(quantity, Quantity::FaceAreas);
    let shape = if vectors { &shape[..] } else { &shape[..1] };
    let [out, ..] = target::given(name, out.as_ref(), 1)?;
    let results = Results {
        name,
        shape,
        computed,
        given,
    };
    let target = Target::new(py, results, out.as_ref(), std::iter::once(&vertices))?;
    // Nothing that could run other code comes between this look at the arrays and the work.
    let work = Work {
        quantity,
        vertices: array::operand(&vertices, Some(1), computed).ok_or_else(array::changed)?,
        faces,
        out: array::output(
            &target.written,
            vectors.then_some(1),
            computed,
            std::iter::once(&vertices),
        )
        .ok_or_else(array::changed)?,
        accuracy,
    };
    let bytes = bytes(&vertices) + bytes(&target.written) + size_of_val(faces.corners);
    let done = py.detach(|| crosslane_pool::run(bytes, |threads| work.run(computed, threads)));
    done.map_err(error)?;
    Ok(target.finish()?.into_any())
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

/// A mesh, and what the library is to compute of it.
struct Work<'a> {
    quantity: Quantity,
    vertices: Operand<1>,
    faces: Faces<'a>,
    out: Operand<1>,
    accuracy: Accuracy,
}

impl Work<'_> {
    fn run(&self, number: c_int, threads: Threads) -> Result<(), Error> {
        let engine = Engine::new()
            .with_accuracy(self.accuracy)
            .with_threads(threads);
        if number == numpy::npyffi::NPY_TYPES::NPY_FLOAT as c_int {
            self.compute::<f32>(engine)
        } else {
            self.compute::<f64>(engine)
        }
    }

    fn compute<T: Real>(&self, engine: Engine) -> Result<(), Error> {
        let vertices = self.vertices.vectors::<T>();
        let Faces { corners, starts } = self.faces;
        let (triangles, _) = corners.as_chunks::<3>();
        match (self.quantity, starts) {
            (Quantity::FaceNormals, None) => {
                engine.triangle_normals(vertices, triangles, self.out.vectors_mut())
            }
            (Quantity::FaceNormals, Some(starts)) => {
                engine.face_normals(vertices, corners, starts, self.out.vectors_mut())
            }
            (Quantity::FaceAreas, None) => {
                engine.triangle_areas(vertices, triangles, self.out.numbers_mut())
            }
            (Quantity::FaceAreas, Some(starts)) => {
                engine.face_areas(vertices, corners, starts, self.out.numbers_mut())
            }
            (Quantity::VertexNormals, None) => {
                engine.vertex_normals(vertices, triangles, self.out.vectors_mut())
            }
            (Quantity::VertexNormals, Some(starts)) => {
                engine.polygon_vertex_normals(vertices, corners, starts, self.out.vectors_mut())
            }
        }
    }
}
