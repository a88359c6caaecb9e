//! How fast meshes are: normals and areas of triangles, normals of vertices.
//!
//! `cargo bench --bench meshes`: criterion measures a grid whose heights go up and down, for both accuracies and types, vertices
//! and normals in columns and in rows, in L2 and from memory, on one thread and as the engine chooses: some 100 cases of a
//! second each. A vertex has six triangles, and there are twice as many triangles as vertices; throughput is in triangles.
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
    of_faces: L,
    areas: Vec<L::Element>,
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
        Self {
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

    fn check_vertex_normals(&self, accuracy: Accuracy) {
        let vertices = self.vertices.view();
        let vertices: Vec<_> = (0..vertices.len())
            .map(|i| vertices.get(i).unwrap())
            .collect();
        let expected = reference::vertex_normals(&vertices, &self.faces, accuracy);
        for (i, expected) in expected.into_iter().enumerate() {
            let got = self.of_vertices.view().get(i).unwrap();
            assert!(same_bits(got, expected), "normal of vertex {i}: {got:?}");
        }
    }

    const OPERATIONS: [Operation<L>; 3] = [
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
