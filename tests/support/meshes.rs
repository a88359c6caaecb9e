//! What is computed of meshes of triangles and of polygons: a table, with operands of the tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use crosslane::{Accuracy, Engine, Error, Real, Vectors, reference};

use super::operations::{Kind, Write, numbers, vectors};
use super::{Float, Layout, NUMBERS, Operand, Random};

/// As many triangles as polygons: an operation takes either.
#[derive(Clone, Copy, Debug)]
pub struct Faces<'a> {
    pub triangles: &'a [[u32; 3]],
    pub corners: &'a [u32],
    pub starts: &'a [usize],
}

/// The same in memory of its own.
#[derive(Clone, Debug)]
pub struct OwnedFaces {
    pub triangles: Vec<[u32; 3]>,
    pub corners: Vec<u32>,
    pub starts: Vec<usize>,
}

impl OwnedFaces {
    /// Any vertices, some of them twice in a face. Most polygons have three to six corners, some fewer, some more than there are tiles in
    /// the kernel; half of the time all have the same number. Where there are no vertices, polygons have no corners, and there are no
    /// triangles.
    pub fn random(len: usize, vertices: usize, random: &mut Random) -> Self {
        let all = (random.below(2) == 0).then(|| Self::count(random));
        let mut faces = Self {
            triangles: Vec::new(),
            corners: Vec::new(),
            starts: Vec::new(),
        };
        for _ in 0..len {
            let count = all.unwrap_or_else(|| Self::count(random));
            faces.starts.push(faces.corners.len());
            if vertices > 0 {
                let mut corner = || random.below(vertices) as u32;
                faces.triangles.push([corner(), corner(), corner()]);
                faces.corners.extend((0..count).map(|_| corner()));
            }
        }
        faces
    }

    /// How many corners a polygon has.
    pub fn count(random: &mut Random) -> usize {
        match random.below(16) {
            few @ 0..3 => few,
            3..6 => 3,
            6..10 => 4,
            10..15 => 5 + random.below(4),
            _ => 9 + random.below(12),
        }
    }

    /// Triangles, as polygons, too.
    pub fn of_triangles(triangles: Vec<[u32; 3]>) -> Self {
        Self {
            corners: triangles.as_flattened().to_vec(),
            starts: (0..triangles.len()).map(|i| 3 * i).collect(),
            triangles,
        }
    }

    pub fn view(&self) -> Faces<'_> {
        Faces {
            triangles: &self.triangles,
            corners: &self.corners,
            starts: &self.starts,
        }
    }

    /// The corners of polygon `i`.
    pub fn polygon(&self, i: usize) -> &[u32] {
        self.view().polygon(i)
    }
}

impl<'a> Faces<'a> {
    /// The corners of polygon `i`.
    pub fn polygon(&self, i: usize) -> &'a [u32] {
        let end = self.starts.get(i + 1).copied();
        &self.corners[self.starts[i]..end.unwrap_or(self.corners.len())]
    }
}

type CallOnMesh<T> =
    for<'a> fn(&Engine, Vectors<'a, T>, Faces<'a>, &'a mut Write<'_, T>) -> Result<(), Error>;

type DefineOnMesh<T> = fn(&[[T; 3]], Faces<'_>, Accuracy) -> Vec<[T; 3]>;

/// What is computed of a mesh.
pub struct OnMesh<T> {
    pub name: &'static str,
    pub output: Kind,
    /// Whether there is a result for each vertex, and not for each face.
    pub of_vertices: bool,
    /// Whether faces are polygons, and not triangles.
    pub polygons: bool,
    /// The method of the engine.
    pub call: CallOnMesh<T>,
    /// The functions of the reference, for the whole mesh.
    pub define: DefineOnMesh<T>,
}

/// The coordinates of the corners of each triangle.
fn triangles<T: Real>(vertices: &[[T; 3]], faces: Faces<'_>) -> impl Iterator<Item = [[T; 3]; 3]> {
    let triangles = faces.triangles.iter();
    triangles.map(|face| face.map(|i| vertices[i as usize]))
}

/// The same of each polygon.
fn polygons<T: Real>(vertices: &[[T; 3]], faces: Faces<'_>) -> impl Iterator<Item = Vec<[T; 3]>> {
    let polygons = (0..faces.starts.len()).map(move |i| faces.polygon(i));
    polygons.map(|face| face.iter().map(|&i| vertices[i as usize]).collect())
}

/// All that is computed of meshes.
pub fn on_meshes<T: Real>() -> [OnMesh<T>; 6] {
    [
        OnMesh {
            name: "triangle_normals",
            output: Kind::Vector,
            of_vertices: false,
            polygons: false,
            call: |engine, vertices, faces, out| {
                engine.triangle_normals(vertices, faces.triangles, vectors(out))
            },
            define: |vertices, faces, accuracy| {
                let normal = |[p, q, r]: [_; 3]| reference::triangle_normal(p, q, r, accuracy);
                triangles(vertices, faces).map(normal).collect()
            },
        },
        OnMesh {
            name: "triangle_areas",
            output: Kind::Scalar,
            of_vertices: false,
            polygons: false,
            call: |engine, vertices, faces, out| {
                engine.triangle_areas(vertices, faces.triangles, numbers(out))
            },
            define: |vertices, faces, accuracy| {
                let area = |[p, q, r]: [_; 3]| [reference::triangle_area(p, q, r, accuracy); 3];
                triangles(vertices, faces).map(area).collect()
            },
        },
        OnMesh {
            name: "face_normals",
            output: Kind::Vector,
            of_vertices: false,
            polygons: true,
            call: |engine, vertices, faces, out| {
                engine.face_normals(vertices, faces.corners, faces.starts, vectors(out))
            },
            define: |vertices, faces, accuracy| {
                let normal = |corners: Vec<_>| reference::face_normal(&corners, accuracy);
                polygons(vertices, faces).map(normal).collect()
            },
        },
        OnMesh {
            name: "face_areas",
            output: Kind::Scalar,
            of_vertices: false,
            polygons: true,
            call: |engine, vertices, faces, out| {
                engine.face_areas(vertices, faces.corners, faces.starts, numbers(out))
            },
            define: |vertices, faces, accuracy| {
                let area = |corners: Vec<_>| [reference::face_area(&corners, accuracy); 3];
                polygons(vertices, faces).map(area).collect()
            },
        },
        OnMesh {
            name: "polygon_vertex_normals",
            output: Kind::Vector,
            of_vertices: true,
            polygons: true,
            call: |engine, vertices, faces, out| {
                let Faces {
                    corners, starts, ..
                } = faces;
                engine.polygon_vertex_normals(vertices, corners, starts, vectors(out))
            },
            define: |vertices, faces, accuracy| {
                let Faces {
                    corners, starts, ..
                } = faces;
                reference::polygon_vertex_normals(vertices, corners, starts, accuracy)
            },
        },
        OnMesh {
            name: "vertex_normals",
            output: Kind::Vector,
            of_vertices: true,
            polygons: false,
            call: |engine, vertices, faces, out| {
                engine.vertex_normals(vertices, faces.triangles, vectors(out))
            },
            define: |vertices, faces, accuracy| {
                reference::vertex_normals(vertices, faces.triangles, accuracy)
            },
        },
    ]
}

impl<T: Real + Float> OnMesh<T> {
    /// How many results there are for so many vertices, and these faces.
    pub fn results(&self, vertices: usize, faces: &OwnedFaces) -> usize {
        match (self.of_vertices, self.polygons) {
            (true, _) => vertices,
            (_, true) => faces.starts.len(),
            _ => faces.triangles.len(),
        }
    }

    /// An output of so many results; numbers have a layout of their own.
    pub fn output(
        &self,
        len: usize,
        layout: Layout,
        offset: usize,
        random: &mut Random,
    ) -> Operand<T> {
        let layout = match self.output {
            Kind::Scalar => NUMBERS,
            _ => layout,
        };
        Operand::new(layout, len, offset, random)
    }

    /// Calls the method of the engine.
    pub fn run(
        &self,
        engine: Engine,
        vertices: &Operand<T>,
        faces: &OwnedFaces,
        out: &mut Operand<T>,
    ) -> Result<(), Error> {
        let out = &mut out.write(self.output);
        (self.call)(&engine, vertices.view(), faces.view(), out)
    }

    /// The output as the reference has it.
    pub fn expected(
        &self,
        vertices: &Operand<T>,
        faces: &OwnedFaces,
        out: &Operand<T>,
        accuracy: Accuracy,
    ) -> Operand<T> {
        let vertices: Vec<_> = (0..vertices.len()).map(|i| vertices.get(i)).collect();
        let mut expected = out.clone();
        for (i, v) in (self.define)(&vertices, faces.view(), accuracy)
            .into_iter()
            .enumerate()
        {
            expected.set(i, v);
        }
        expected
    }
}
