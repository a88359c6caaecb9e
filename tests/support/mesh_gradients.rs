//! The gradients of what is computed of meshes: a table, with operands of the tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use crosslane::{Accuracy, Engine, Error, Real, Scalars, Vectors, VectorsMut, reference};

use super::meshes::{Faces, OwnedFaces};
use super::operations::{Kind, Read};
use super::{Float, Layout, NUMBERS, Operand, Random};

type Call<T> = for<'a> fn(
    &Engine,
    Vectors<'a, T>,
    Faces<'a>,
    Read<'a, T>,
    VectorsMut<'a, T>,
) -> Result<(), Error>;

type Define<T> = fn(&[[T; 3]], Faces<'_>, &[[T; 3]], Accuracy) -> Vec<[T; 3]>;

/// The vector-Jacobian product of what is computed of a mesh.
pub struct MeshGradient<T> {
    pub name: &'static str,
    /// What the upstream gradient is.
    pub g: Kind,
    /// Whether there is an upstream gradient for each vertex, and not for each face.
    pub of_vertices: bool,
    /// Whether faces are polygons, and not triangles.
    pub polygons: bool,
    /// The method of the engine.
    pub call: Call<T>,
    /// The function of the reference. Of upstream gradients that are numbers all three components are the same.
    pub define: Define<T>,
}

fn vectors<'a, T>(read: Read<'a, T>) -> Vectors<'a, T> {
    match read {
        Read::Vectors(vectors) => vectors,
        Read::Scalars(_) => panic!("vectors, not numbers"),
    }
}

fn numbers<'a, T>(read: Read<'a, T>) -> Scalars<'a, T> {
    match read {
        Read::Scalars(numbers) => numbers,
        Read::Vectors(_) => panic!("numbers, not vectors"),
    }
}

fn first<T: Real>(g: &[[T; 3]]) -> Vec<T> {
    g.iter().map(|[x, ..]| *x).collect()
}

/// All gradients of what is computed of meshes.
pub fn mesh_gradients<T: Real>() -> [MeshGradient<T>; 6] {
    [
        MeshGradient {
            name: "triangle_normals_vjp",
            g: Kind::Vector,
            of_vertices: false,
            polygons: false,
            call: |engine, vertices, faces, g, grad| {
                engine.triangle_normals_vjp(vertices, faces.triangles, vectors(g), grad)
            },
            define: |vertices, faces, g, accuracy| {
                reference::triangle_normals_vjp(vertices, faces.triangles, g, accuracy)
            },
        },
        MeshGradient {
            name: "triangle_areas_vjp",
            g: Kind::Scalar,
            of_vertices: false,
            polygons: false,
            call: |engine, vertices, faces, g, grad| {
                engine.triangle_areas_vjp(vertices, faces.triangles, numbers(g), grad)
            },
            define: |vertices, faces, g, accuracy| {
                reference::triangle_areas_vjp(vertices, faces.triangles, &first(g), accuracy)
            },
        },
        MeshGradient {
            name: "vertex_normals_vjp",
            g: Kind::Vector,
            of_vertices: true,
            polygons: false,
            call: |engine, vertices, faces, g, grad| {
                engine.vertex_normals_vjp(vertices, faces.triangles, vectors(g), grad)
            },
            define: |vertices, faces, g, accuracy| {
                reference::vertex_normals_vjp(vertices, faces.triangles, g, accuracy)
            },
        },
        MeshGradient {
            name: "face_normals_vjp",
            g: Kind::Vector,
            of_vertices: false,
            polygons: true,
            call: |engine, vertices, faces, g, grad| {
                engine.face_normals_vjp(vertices, faces.corners, faces.starts, vectors(g), grad)
            },
            define: |vertices, faces, g, accuracy| {
                reference::face_normals_vjp(vertices, faces.corners, faces.starts, g, accuracy)
            },
        },
        MeshGradient {
            name: "face_areas_vjp",
            g: Kind::Scalar,
            of_vertices: false,
            polygons: true,
            call: |engine, vertices, faces, g, grad| {
                engine.face_areas_vjp(vertices, faces.corners, faces.starts, numbers(g), grad)
            },
            define: |vertices, faces, g, accuracy| {
                let Faces {
                    corners, starts, ..
                } = faces;
                reference::face_areas_vjp(vertices, corners, starts, &first(g), accuracy)
            },
        },
        MeshGradient {
            name: "polygon_vertex_normals_vjp",
            g: Kind::Vector,
            of_vertices: true,
            polygons: true,
            call: |engine, vertices, faces, g, grad| {
                let Faces {
                    corners, starts, ..
                } = faces;
                engine.polygon_vertex_normals_vjp(vertices, corners, starts, vectors(g), grad)
            },
            define: |vertices, faces, g, accuracy| {
                let Faces {
                    corners, starts, ..
                } = faces;
                reference::polygon_vertex_normals_vjp(vertices, corners, starts, g, accuracy)
            },
        },
    ]
}

impl<T: Real> MeshGradient<T> {
    /// How long the upstream gradient is for so many vertices, and these faces.
    pub fn len(&self, vertices: usize, faces: &OwnedFaces) -> usize {
        match (self.of_vertices, self.polygons) {
            (true, _) => vertices,
            (_, true) => faces.starts.len(),
            _ => faces.triangles.len(),
        }
    }

    /// The gradients of these vertices in rows, for an upstream gradient in rows.
    pub fn of(
        &self,
        engine: Engine,
        vertices: &[[T; 3]],
        faces: &OwnedFaces,
        g: &[[T; 3]],
    ) -> Vec<[T; 3]> {
        let mut grad = vec![[T::default(); 3]; vertices.len()];
        let numbers = first(g);
        let g = match self.g {
            Kind::Scalar => Scalars::new(&numbers).into(),
            _ => Vectors::aos(g).into(),
        };
        let (vertices, out) = (Vectors::aos(vertices), VectorsMut::aos(&mut grad));
        (self.call)(&engine, vertices, faces.view(), g, out).unwrap();
        grad
    }
}

impl<T: Real + Float> MeshGradient<T> {
    /// An upstream gradient of this length; numbers have a layout of their own.
    pub fn upstream(&self, len: usize, layout: Layout, random: &mut Random) -> Operand<T> {
        let layout = match self.g {
            Kind::Scalar => NUMBERS,
            _ => layout,
        };
        let mut g = Operand::new(layout, len, random.below(16), random);
        if random.below(2) == 0 {
            g.elements_mut().fill_with(|| random.ordinary());
        }
        g
    }

    /// Calls the method of the engine.
    pub fn run(
        &self,
        engine: Engine,
        vertices: &Operand<T>,
        faces: &OwnedFaces,
        g: &Operand<T>,
        grad: &mut Operand<T>,
    ) -> Result<(), Error> {
        let (g, grad) = (g.read(self.g), grad.view_mut());
        (self.call)(&engine, vertices.view(), faces.view(), g, grad)
    }

    /// The gradients as the reference has them.
    pub fn expected(
        &self,
        vertices: &Operand<T>,
        faces: &OwnedFaces,
        g: &Operand<T>,
        grad: &Operand<T>,
        accuracy: Accuracy,
    ) -> Operand<T> {
        let vectors = |operand: &Operand<T>| -> Vec<[T; 3]> {
            (0..operand.len()).map(|i| operand.get(i)).collect()
        };
        let gradients = (self.define)(&vectors(vertices), faces.view(), &vectors(g), accuracy);
        let mut expected = grad.clone();
        for (i, v) in gradients.into_iter().enumerate() {
            expected.set(i, v);
        }
        expected
    }
}
