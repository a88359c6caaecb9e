//! How fast meshes are: normals and areas of triangles and of polygons, normals of vertices.
//!
//! `cargo bench --bench meshes`: criterion measures a grid whose heights go up and down, for both accuracies and types, vertices
//! and normals in columns and in rows, in L2 and from memory, on one thread and as the engine chooses: some 200 cases of a
//! second each. A vertex has six triangles, and there are twice as many triangles as vertices; the polygons are the squares of the grid
//! as they are, and two triangles of each third of them. Throughput is in triangles, of which a square is two.
//! `-- --test` runs everything once. Every result is compared with the reference, bit for bit, before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use crosslane::{Accuracy, Engine, Real, Soa, Threads, reference};
use support::{
    ACCURACIES, Layout, blank, name_of, name_of_accuracy, ordinary, same_bits, serial_engines,
};

/// Squares along a side of the grid: 8,192 triangles, and a million.
const SIDES: [usize; 2] = [64, 724];

/// A mesh, and what is computed of it.
struct Mesh<L: Layout> {
    vertices: L,
    faces: Vec<[u32; 3]>,
    corners: Vec<u32>,
    starts: Vec<usize>,
    of_faces: L,
    areas: Vec<L::Element>,
    of_polygons: L,
    areas_of_polygons: Vec<L::Element>,
    of_vertices: L,
}

/// An operation: its name, how it is run, and what compares it with the reference.
type Operation<L> = (
    &'static str,
    fn(&mut Mesh<L>, &Engine),
    fn(&Mesh<L>, Accuracy),
);

impl<L: Layout<Element: Real + From<f32>>> Mesh<L> {
    /// Two triangles for each square.
    fn grid(side: usize) -> Self {
        let row = side + 1;
        let vertices = row * row;
        let place = |x: usize, y: usize| (y * row + x) as u32;
        let square = |x, y| {
            let [a, b, c, d] = [
                place(x, y),
                place(x + 1, y),
                place(x + 1, y + 1),
                place(x, y + 1),
            ];
            [[a, b, c], [a, c, d]]
        };
        let squares = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let height = |i| [(i % row) as f32, (i / row) as f32, ordinary(i)].map(L::Element::from);
        let faces: Vec<_> = squares.flat_map(|(x, y)| square(x, y)).collect();
        let (mut corners, mut starts) = (Vec::new(), Vec::new());
        for (i, pair) in faces.chunks_exact(2).enumerate() {
            let [a, b, c] = pair[0];
            starts.push(corners.len());
            if i % 3 == 0 {
                corners.extend([a, b, c]);
                starts.push(corners.len());
                corners.extend(pair[1]);
            } else {
                corners.extend([a, b, c, pair[1][2]]);
            }
        }
        Self {
            of_polygons: L::generate(starts.len(), blank),
            areas_of_polygons: vec![L::Element::default(); starts.len()],
            corners,
            starts,
            vertices: L::generate(vertices, height),
            of_faces: L::generate(faces.len(), blank),
            areas: vec![L::Element::default(); faces.len()],
            of_vertices: L::generate(vertices, blank),
            faces,
        }
    }

    /// What the engine before has written is not the next one's.
    fn clear(&mut self) {
        self.of_faces = L::generate(self.faces.len(), blank);
        self.areas.fill(L::Element::default());
        self.of_polygons = L::generate(self.starts.len(), blank);
        self.areas_of_polygons.fill(L::Element::default());
        self.of_vertices = L::generate(self.vertices.view().len(), blank);
    }

    fn triangle_normals(&mut self, engine: &Engine) {
        let (vertices, out) = (self.vertices.view(), self.of_faces.view_mut());
        engine.triangle_normals(vertices, &self.faces, out).unwrap();
    }

    fn triangle_areas(&mut self, engine: &Engine) {
        let (vertices, out) = (self.vertices.view(), &mut self.areas);
        engine.triangle_areas(vertices, &self.faces, out).unwrap();
    }

    fn vertex_normals(&mut self, engine: &Engine) {
        let (vertices, out) = (self.vertices.view(), self.of_vertices.view_mut());
        engine.vertex_normals(vertices, &self.faces, out).unwrap();
    }

    fn face_normals(&mut self, engine: &Engine) {
        let (vertices, out) = (self.vertices.view(), self.of_polygons.view_mut());
        engine
            .face_normals(vertices, &self.corners, &self.starts, out)
            .unwrap();
    }

    fn face_areas(&mut self, engine: &Engine) {
        let (vertices, out) = (self.vertices.view(), &mut self.areas_of_polygons);
        engine
            .face_areas(vertices, &self.corners, &self.starts, out)
            .unwrap();
    }

    fn polygon_vertex_normals(&mut self, engine: &Engine) {
        let (vertices, out) = (self.vertices.view(), self.of_vertices.view_mut());
        engine
            .polygon_vertex_normals(vertices, &self.corners, &self.starts, out)
            .unwrap();
    }

    /// Triangles, of many some, with their corners.
    fn triangles(&self) -> impl Iterator<Item = (usize, [[L::Element; 3]; 3])> {
        let triangles = self.faces.iter().enumerate();
        let some = triangles.step_by(self.faces.len() / 10_000 + 1);
        some.map(|(i, face)| {
            (
                i,
                face.map(|v| self.vertices.view().get(v as usize).unwrap()),
            )
        })
    }

    fn check_triangle_normals(&self, accuracy: Accuracy) {
        for (i, [p, q, r]) in self.triangles() {
            let got = self.of_faces.view().get(i).unwrap();
            let expected = reference::triangle_normal(p, q, r, accuracy);
            assert!(same_bits(got, expected), "normal of triangle {i}: {got:?}");
        }
    }

    fn check_triangle_areas(&self, accuracy: Accuracy) {
        for (i, [p, q, r]) in self.triangles() {
            let (got, expected) = (self.areas[i], reference::triangle_area(p, q, r, accuracy));
            assert!(
                same_bits([got; 3], [expected; 3]),
                "area of triangle {i}: {got:?}"
            );
        }
    }

    /// Polygons, of many some, with their corners.
    fn polygons(&self) -> impl Iterator<Item = (usize, Vec<[L::Element; 3]>)> {
        let some = (0..self.starts.len()).step_by(self.starts.len() / 10_000 + 1);
        some.map(|i| {
            let end = self.starts.get(i + 1).copied();
            let corners = &self.corners[self.starts[i]..end.unwrap_or(self.corners.len())];
            let corner = |v: &u32| self.vertices.view().get(*v as usize).unwrap();
            (i, corners.iter().map(corner).collect())
        })
    }

    fn check_face_normals(&self, accuracy: Accuracy) {
        for (i, corners) in self.polygons() {
            let got = self.of_polygons.view().get(i).unwrap();
            let expected = reference::face_normal(&corners, accuracy);
            assert!(same_bits(got, expected), "normal of face {i}: {got:?}");
        }
    }

    fn check_face_areas(&self, accuracy: Accuracy) {
        for (i, corners) in self.polygons() {
            let got = [self.areas_of_polygons[i]; 3];
            let expected = [reference::face_area(&corners, accuracy); 3];
            assert!(same_bits(got, expected), "area of face {i}: {got:?}");
        }
    }

    fn check_vertex_normals(&self, accuracy: Accuracy) {
        let expected = reference::vertex_normals(&self.positions(), &self.faces, accuracy);
        self.check_of_vertices(expected);
    }

    fn check_polygon_vertex_normals(&self, accuracy: Accuracy) {
        let (corners, starts) = (&self.corners, &self.starts);
        let expected =
            reference::polygon_vertex_normals(&self.positions(), corners, starts, accuracy);
        self.check_of_vertices(expected);
    }

    fn positions(&self) -> Vec<[L::Element; 3]> {
        let vertices = self.vertices.view();
        (0..vertices.len())
            .map(|i| vertices.get(i).unwrap())
            .collect()
    }

    fn check_of_vertices(&self, expected: Vec<[L::Element; 3]>) {
        for (i, expected) in expected.into_iter().enumerate() {
            let got = self.of_vertices.view().get(i).unwrap();
            assert!(same_bits(got, expected), "normal of vertex {i}: {got:?}");
        }
    }

    const OPERATIONS: [Operation<L>; 6] = [
        (
            "triangle_normals",
            Self::triangle_normals,
            Self::check_triangle_normals,
        ),
        (
            "triangle_areas",
            Self::triangle_areas,
            Self::check_triangle_areas,
        ),
        (
            "vertex_normals",
            Self::vertex_normals,
            Self::check_vertex_normals,
        ),
        ("face_normals", Self::face_normals, Self::check_face_normals),
        ("face_areas", Self::face_areas, Self::check_face_areas),
        (
            "polygon_vertex_normals",
            Self::polygon_vertex_normals,
            Self::check_polygon_vertex_normals,
        ),
    ];
}

/// One grid in one layout and type.
fn measure<L: Layout<Element: Real + From<f32>>>(criterion: &mut Criterion, side: usize) {
    let mut mesh = Mesh::<L>::grid(side);
    let triangles = mesh.faces.len();
    let serial = serial_engines().pop().unwrap();
    for accuracy in ACCURACIES {
        let mut group = criterion.benchmark_group(format!(
            "{} {} {}, {triangles} triangles",
            name_of::<L::Element>(),
            name_of_accuracy(accuracy),
            L::NAME
        ));
        group.throughput(Throughput::Elements(triangles as u64));
        for (threads, engine) in [("1", serial), ("auto", serial.with_threads(Threads::Auto))] {
            let engine = engine.with_accuracy(accuracy);
            for (name, run, check) in Mesh::<L>::OPERATIONS {
                mesh.clear();
                run(&mut mesh, &engine);
                check(&mesh, accuracy);
                group.bench_function(BenchmarkId::new(name, threads), |bencher| {
                    bencher.iter(|| run(black_box(&mut mesh), &engine));
                });
            }
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = support::criterion();
    for side in SIDES {
        measure::<Soa<f32>>(&mut criterion, side);
        measure::<Soa<f64>>(&mut criterion, side);
        measure::<Vec<[f32; 3]>>(&mut criterion, side);
        measure::<Vec<[f64; 3]>>(&mut criterion, side);
    }
    criterion.final_summary();
}
