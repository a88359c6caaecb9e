//! What the library is to compute of a mesh, and how it is asked to. Knows addresses and strides, and nothing of whose arrays they are.

use crosslane::{Accuracy, Engine, Error, Real, Threads};

use crate::operand::Operand;

/// What is computed of a mesh, or has gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantity {
    FaceNormals,
    FaceAreas,
    VertexNormals,
}

impl Quantity {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::FaceNormals, Self::FaceAreas, Self::VertexNormals];

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "face_normals" => Self::FaceNormals,
            "face_areas" => Self::FaceAreas,
            _ => Self::VertexNormals,
        }
    }

    /// The shape of its values for so many vertices and these faces, which is also that of upstream gradients: one axis for numbers, two for
    /// vectors.
    pub(crate) fn shape(self, vertices: usize, faces: &Faces<'_>) -> ([usize; 2], usize) {
        let (count, axes) = match self {
            Self::FaceNormals => (faces.count(), 2),
            Self::FaceAreas => (faces.count(), 1),
            Self::VertexNormals => (vertices, 2),
        };
        ([count, 3], axes)
    }
}

/// The faces of a mesh: the indices of the corners of triangles, or of polygons that begin at these places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faces<'a> {
    pub(crate) corners: &'a [u32],
    pub(crate) starts: Option<&'a [usize]>,
}

impl Faces<'_> {
    pub(crate) fn count(&self) -> usize {
        self.starts.map_or(self.corners.len() / 3, <[usize]>::len)
    }
}

/// A mesh, and what the library is to compute of it.
pub(crate) struct Work<'a> {
    pub(crate) quantity: Quantity,
    pub(crate) vertices: Operand<1>,
    pub(crate) faces: Faces<'a>,
    /// The upstream gradient, if gradients of the vertices are computed.
    pub(crate) g: Option<Operand<1>>,
    /// The quantity, or the gradients.
    pub(crate) out: Operand<1>,
    pub(crate) accuracy: Accuracy,
}

impl Work<'_> {
    /// Has the library do it; all operands are of this type.
    pub(crate) fn run<T: Real>(&self, threads: Threads) -> Result<(), Error> {
        let engine = Engine::new()
            .with_accuracy(self.accuracy)
            .with_threads(threads);
        match &self.g {
            None => self.values::<T>(engine),
            Some(g) => self.gradients::<T>(engine, g),
        }
    }

    fn values<T: Real>(&self, engine: Engine) -> Result<(), Error> {
        let (vertices, out) = (self.vertices.vectors::<T>(), &self.out);
        let Faces { corners, starts } = self.faces;
        let (triangles, _) = corners.as_chunks::<3>();
        match (self.quantity, starts) {
            (Quantity::FaceNormals, None) => {
                engine.triangle_normals(vertices, triangles, out.vectors_mut())
            }
            (Quantity::FaceNormals, Some(starts)) => {
                engine.face_normals(vertices, corners, starts, out.vectors_mut())
            }
            (Quantity::FaceAreas, None) => {
                engine.triangle_areas(vertices, triangles, out.numbers_mut())
            }
            (Quantity::FaceAreas, Some(starts)) => {
                engine.face_areas(vertices, corners, starts, out.numbers_mut())
            }
            (Quantity::VertexNormals, None) => {
                engine.vertex_normals(vertices, triangles, out.vectors_mut())
            }
            (Quantity::VertexNormals, Some(starts)) => {
                engine.polygon_vertex_normals(vertices, corners, starts, out.vectors_mut())
            }
        }
    }

    fn gradients<T: Real>(&self, engine: Engine, g: &Operand<1>) -> Result<(), Error> {
        let (vertices, out) = (self.vertices.vectors::<T>(), self.out.vectors_mut());
        let Faces { corners, starts } = self.faces;
        let (triangles, _) = corners.as_chunks::<3>();
        match (self.quantity, starts) {
            (Quantity::FaceNormals, None) => {
                engine.triangle_normals_vjp(vertices, triangles, g.vectors(), out)
            }
            (Quantity::FaceNormals, Some(starts)) => {
                engine.face_normals_vjp(vertices, corners, starts, g.vectors(), out)
            }
            (Quantity::FaceAreas, None) => {
                engine.triangle_areas_vjp(vertices, triangles, g.numbers(), out)
            }
            (Quantity::FaceAreas, Some(starts)) => {
                engine.face_areas_vjp(vertices, corners, starts, g.numbers(), out)
            }
            (Quantity::VertexNormals, None) => {
                engine.vertex_normals_vjp(vertices, triangles, g.vectors(), out)
            }
            (Quantity::VertexNormals, Some(starts)) => {
                engine.polygon_vertex_normals_vjp(vertices, corners, starts, g.vectors(), out)
            }
        }
    }
}
