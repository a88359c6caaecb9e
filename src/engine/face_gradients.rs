//! How the gradients of normals and areas come to the vertices. Separate from the methods by name, which are mostly documentation.
//!
//! ```text
//! for each block of faces:
//!     kernels: vector areas or normals, and from them the gradients of the vector areas (see `formula::mesh_gradient`)
//!     for each corner: add (next corner − corner before) × gradient of the vector area to the gradient of its vertex
//! multiply every gradient by the power of two by which the mesh was multiplied
//! ```
//!
//! The additions are in the order of faces and corners, on one thread: no result depends on how many threads there are.

use super::call::Call;
use super::faces::{self, BLOCK, add_to, blocks, clear, prefetch};
use super::{Engine, Evaluate};
use crate::formula::{self, DirectionVjp, FaceNormal, WeightedNormal, powers_of_two, times_powers};
use crate::kernel::{Batch, Faces, plus};
use crate::view::{Flat, FlatMut, check_len};
use crate::{Error, Real, Threads, Vectors, VectorsMut, exact};

/// A mesh whose gradients are computed, and where they are written.
pub(super) struct Gradients<'a, T: Real> {
    engine: &'a Engine,
    vertices: Flat<'a, T>,
    faces: Faces<'a>,
    grad: FlatMut<'a, T>,
}

impl<'a, T: Real> Gradients<'a, T> {
    /// Of triangles, if each corner is a vertex, and there is a gradient for each vertex.
    pub(super) fn of_triangles(
        engine: &'a Engine,
        vertices: Vectors<'a, T>,
        faces: &'a [[u32; 3]],
        grad: VectorsMut<'a, T>,
    ) -> Result<Self, Error> {
        Self::of(engine, vertices, grad, |len| faces::triangles(faces, len))
    }

    /// Of polygons, likewise.
    pub(super) fn of_polygons(
        engine: &'a Engine,
        vertices: Vectors<'a, T>,
        corners: &'a [u32],
        starts: &'a [usize],
        grad: VectorsMut<'a, T>,
    ) -> Result<Self, Error> {
        Self::of(engine, vertices, grad, |len| {
            faces::polygons(corners, starts, len)
        })
    }

    fn of(
        engine: &'a Engine,
        vertices: Vectors<'a, T>,
        grad: VectorsMut<'a, T>,
        faces: impl FnOnce(usize) -> Result<Faces<'a>, Error>,
    ) -> Result<Self, Error> {
        let vertices = vertices.flattened("vertices")?;
        let grad = grad.into_flattened("grad")?;
        check_len("grad", vertices.len(), grad.len())?;
        let faces = faces(vertices.len())?;
        Ok(Self {
            engine,
            vertices,
            faces,
            grad,
        })
    }

    /// Of the normals of faces, with an upstream gradient for each face.
    pub(super) fn of_normals(mut self, mut g: Flat<'_, T>) {
        let _environment = self.engine.environment();
        let exponent = faces::exponent(self.vertices, self.faces);
        let formula = WeightedNormal::of_exponent(exponent);
        let serial = self.engine.with_threads(Threads::Serial);
        let [mut areas, mut results] = [[[T::default(); 3]; BLOCK]; 2];
        clear(&mut self.grad);
        for block in blocks(self.faces) {
            prefetch(block, &self.grad.to_read());
            let tail = g.split_off(block.len());
            let (areas, results) = (&mut areas[..block.len()], &mut results[..block.len()]);
            let out = VectorsMut::aos(areas).into_flat();
            serial.face(formula, self.vertices, block, out);
            direction_vjp(&serial, Vectors::aos(areas).flat(), g, results);
            self.add(exponent, block, |i, _| results[i]);
            g = tail;
        }
        self.finish(exponent - T::EXPONENT_OF_GRADIENTS);
    }

    /// Of the areas of faces, with an upstream gradient for each face, a number.
    pub(super) fn of_areas(mut self, mut g: Flat<'_, T>) {
        let _environment = self.engine.environment();
        let serial = self.engine.with_threads(Threads::Serial);
        let mut normals = [[T::default(); 3]; BLOCK];
        clear(&mut self.grad);
        for block in blocks(self.faces) {
            prefetch(block, &self.grad.to_read());
            let tail = g.split_off(block.len());
            let normals = &mut normals[..block.len()];
            let out = VectorsMut::aos(normals).into_flat();
            serial.face(FaceNormal, self.vertices, block, out);
            self.add(0, block, |i, _| {
                let [g, ..] = g.get(i).unwrap_or_default();
                formula::area_vjp(normals[i], g)
            });
            g = tail;
        }
        self.finish(0);
    }

    /// Of the normals of vertices, with an upstream gradient for each vertex. The sums of areas are where the gradients will be; theirs need
    /// memory of their own, since they are used until the last face is done.
    pub(super) fn of_vertex_normals(mut self, g: Flat<'_, T>) {
        let Self {
            engine,
            vertices,
            faces,
            ..
        } = self;
        let _environment = engine.environment();
        let exponent = faces::exponent(vertices, faces);
        faces::add_areas(engine, exponent, vertices, faces, &mut self.grad);
        let mut of_sums = vec![[T::default(); 3]; vertices.len()];
        direction_vjp(engine, self.grad.to_read(), g, &mut of_sums);
        clear(&mut self.grad);
        let mut rest = blocks(faces).peekable();
        while let Some(block) = rest.next() {
            // There are no kernels here during whose work they could come.
            if let Some(next) = rest.peek() {
                prefetch(*next, &vertices);
                prefetch(*next, &Vectors::aos(&of_sums).flat());
                prefetch(*next, &self.grad.to_read());
            }
            self.add(exponent, block, |_, corners| {
                let of_corners = corners.iter().map(|&i| of_sums[i as usize]);
                of_corners.fold([T::default(); 3], plus)
            });
        }
        self.finish(exponent - T::EXPONENT_OF_GRADIENTS);
    }

    /// Adds what each face of a block gives to its corners. `area` has the gradient of twice the vector area of face i of the block, whose
    /// corners these are, in the mesh multiplied by this power of two.
    #[inline]
    fn add(&mut self, exponent: i32, block: Faces<'_>, area: impl Fn(usize, &[u32]) -> [T; 3]) {
        if let Some(triangles) = block.as_triangles() {
            for (i, triangle) in triangles.iter().enumerate() {
                self.add_face(exponent, triangle, area(i, triangle));
            }
        } else {
            for i in 0..block.len() {
                let corners = block.get(i);
                if corners.len() >= 3 {
                    self.add_face(exponent, corners, area(i, corners));
                }
            }
        }
    }

    /// Adds what one face gives to its corners, of which there must be one or more.
    #[inline(always)] // three corners are written out
    fn add_face(&mut self, exponent: i32, corners: &[u32], area: [T; 3]) {
        let scale = powers_of_two(exponent);
        let vertex = |i: u32| {
            let v = self.vertices.get(i as usize).unwrap_or_default();
            times_powers(v, scale)
        };
        let last = corners.len() - 1;
        let (mut before, mut this) = (vertex(corners[last]), vertex(corners[0]));
        for (k, &corner) in corners.iter().enumerate() {
            let after = vertex(corners[if k == last { 0 } else { k + 1 }]);
            let gradient = formula::corner_vjp(before, after, area);
            add_to(&mut self.grad, corner, gradient);
            (before, this) = (this, after);
        }
    }

    /// Multiplies all gradients by this power of two. NaN becomes the canonical one.
    fn finish(&mut self, exponent: i32) {
        let scale = powers_of_two(exponent);
        for i in 0..self.grad.len() {
            let gradient = self.grad.to_read().get(i).unwrap_or_default();
            let gradient = times_powers(gradient, scale).map(exact::canonical);
            self.grad.set(i, gradient);
        }
    }
}

/// The gradients of the directions of vectors, with upstream gradients g, multiplied by the power of two of gradients (`EXPONENT_OF_GRADIENTS`).
fn direction_vjp<T: Real>(
    engine: &Engine,
    vectors: Flat<'_, T>,
    g: Flat<'_, T>,
    out: &mut [[T; 3]],
) {
    let scale = powers_of_two(T::EXPONENT_OF_GRADIENTS);
    for (i, to) in out.iter_mut().enumerate() {
        *to = times_powers(g.get(i).unwrap_or_default(), scale);
    }
    let out = VectorsMut::aos(out).into_flat();
    DirectionVjp::evaluate(engine, Call::Batch(&mut Batch::over(out, &[vectors])));
}
