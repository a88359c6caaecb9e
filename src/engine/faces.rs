//! Faces of meshes: what is checked of them, and how formulas of faces are run. Separate from the methods by name, which are mostly
//! documentation.

use super::Engine;
use super::runner::{Kernel, Runner};
use crate::element::{Float, PerReal};
use crate::formula::{self, FaceFormula, WeightedNormal};
use crate::kernel::{Accurately, Batch, EachFace, FaceOperation, Faces, Plainly, plus};
use crate::level::Proof;
use crate::simd::{self, Environment};
use crate::view::{Flat, FlatMut, check_len, moved};
use crate::{Accuracy, Error, Real, Threads, VectorsMut};

/// So many faces are worked on before they are added to their vertices: enough for the kernel, little enough for the stack.
pub(super) const BLOCK: usize = 256;

/// Triangles, if every corner is one of `len` vertices.
pub(super) fn triangles(faces: &[[u32; 3]], len: usize) -> Result<Faces<'_>, Error> {
    checked(Faces::triangles(faces), len)
}

/// Polygons, if faces begin one behind the other, and every corner is one of `len` vertices.
pub(super) fn polygons<'a>(
    corners: &'a [u32],
    starts: &'a [usize],
    len: usize,
) -> Result<Faces<'a>, Error> {
    let mut least = 0;
    for (face, &got) in starts.iter().enumerate() {
        let most = if face == 0 { 0 } else { corners.len() };
        if !(least..=most).contains(&got) {
            return Err(face_start(face, got, least, most));
        }
        least = got;
    }
    if starts.is_empty() {
        // Corners of no face would be lost without a word.
        check_len("corners", 0, corners.len())?;
    }
    checked(Faces::polygons(corners, starts), len)
}

fn checked(faces: Faces<'_>, len: usize) -> Result<Faces<'_>, Error> {
    let inside = |&i: &u32| (i as usize) < len;
    if faces.all_corners().iter().all(inside) {
        Ok(faces)
    } else {
        Err(index_out_of_range(faces, len))
    }
}

#[cold]
fn face_start(face: usize, got: usize, least: usize, most: usize) -> Error {
    Error::FaceStart {
        face,
        got,
        least,
        most,
    }
}

/// The first corner that is none of `len` vertices, of which there must be one.
#[cold]
fn index_out_of_range(faces: Faces<'_>, len: usize) -> Error {
    let outside = |i: &u32| *i as usize >= len;
    let face = (0..faces.len()).find(|&face| faces.get(face).iter().any(outside));
    let face = face.unwrap_or_default();
    let corners = faces.get(face);
    let corner = corners.iter().position(outside).unwrap_or_default();
    Error::IndexOutOfRange {
        face,
        corner,
        index: corners[corner] as usize,
        len,
    }
}

/// A formula of faces that is compiled for every type of real numbers, here.
pub(super) trait EvaluateFaces: FaceFormula {
    /// Evaluates it for each face of a batch.
    fn evaluate<'a, T: Real>(self, engine: &'a Engine, batch: &'a mut Batch<'a, T, 1, 1>);
}

/// Compiles formulas of faces.
macro_rules! formulas {
    ($($formula:ident),*) => {
        $(
            formulas! { Plainly of $formula }
            formulas! { Accurately of $formula }

            impl EvaluateFaces for formula::$formula {
                fn evaluate<'a, T: Real>(
                    self,
                    engine: &'a Engine,
                    batch: &'a mut Batch<'a, T, 1, 1>,
                ) {
                    match engine.accuracy {
                        Accuracy::Plain => {
                            T::select_real::<Plainly<Self>>((engine, Plainly(self), batch));
                        }
                        Accuracy::CorrectlyRounded => {
                            T::select_real::<Accurately<Self>>((engine, Accurately(self), batch));
                        }
                    }
                }
            }
        )*
    };
    ($how:ident of $formula:ident) => {
        impl PerReal for $how<formula::$formula> {
            type Input<'a, T: Real> = (&'a Engine, Self, &'a mut Batch<'a, T, 1, 1>);

            fn f32((engine, operation, batch): Self::Input<'_, f32>) {
                engine.run_faces(operation, batch);
            }

            fn f64((engine, operation, batch): Self::Input<'_, f64>) {
                engine.run_faces(operation, batch);
            }
        }
    };
}
formulas! { FaceNormal, FaceArea, WeightedNormal }

impl Engine {
    /// The environment of what is not plain, for what is done on this thread beside formulas, for as long as it is kept.
    pub(super) fn environment(&self) -> Option<Environment> {
        let rounded = self.accuracy == Accuracy::CorrectlyRounded;
        rounded.then(Environment::default_here)
    }

    /// Evaluates a formula for each face, on as many threads as it is worth; everything has been checked.
    pub(super) fn face<'a, T: Real, F: EvaluateFaces>(
        &'a self,
        formula: F,
        vertices: Flat<'a, T>,
        faces: Faces<'a>,
        out: FlatMut<'a, T>,
    ) {
        formula.evaluate(self, &mut Batch::of_faces(vertices, faces, out));
    }

    fn run_faces<T: Float, Op: FaceOperation>(
        &self,
        operation: Op,
        batch: &mut Batch<'_, T, 1, 1>,
    ) {
        let Some(faces) = batch.faces().filter(|faces| faces.len() > 0) else {
            return;
        };
        let corners = faces.all_corners().len();
        let bytes = corners.saturating_mul(size_of::<[T; 3]>() + size_of::<u32>());
        let triangles = corners.saturating_sub(2 * faces.len());
        let level = self.level;
        let runner = Runner {
            engine: self,
            kernel: &FacesAtLevel { operation, level },
            cost: operation.cost::<T>(level.rank()),
            rounds_once: Op::ROUNDS_ONCE,
            sums: Runner::no_sums,
        };
        // (What is computed of faces is not streamed.)
        let (pieces, _) = runner.plan(bytes, triangles);
        runner.pieces(batch, pieces, false);
    }
}

/// An operation of faces at a level.
struct FacesAtLevel<Op> {
    operation: Op,
    level: Proof,
}

impl<T: Float, Op: FaceOperation> Kernel<T, 1, 1> for FacesAtLevel<Op> {
    fn run(&self, batch: &Batch<'_, T, 1, 1>, _stream: bool) {
        let operation = self.operation;
        self.level.vectorize_long(EachFace { operation, batch });
    }
}

/// By which power of two the mesh is brought into a range in which the areas of its faces can be added.
pub(super) fn exponent<T: Real>(vertices: Flat<'_, T>, faces: Faces<'_>) -> i32 {
    // The vertices come one after the other, corners do not. If some face has the vertex with the greatest coordinate, it is enough to have
    // looked at the vertices.
    let vertex = |i: usize| vertices.get(i).unwrap_or_default();
    let (mut greatest, mut of) = (0, 0);
    for i in 0..vertices.len() {
        let magnitude = formula::magnitude(vertex(i));
        if magnitude > greatest {
            (greatest, of) = (magnitude, i as u32);
        }
    }
    let corners = faces.all_corners();
    if greatest >= T::INFINITE || !corners.contains(&of) {
        greatest = formula::greatest_magnitude(corners.iter().map(|&i| vertex(i as usize)));
    }
    formula::exponent_of_mesh::<T>(greatest)
}

/// Adds the vector area of each face, doubled, to each of its corners, in the order of faces, of the mesh multiplied by this power of two.
pub(super) fn add_areas<T: Real>(
    engine: &Engine,
    exponent: i32,
    vertices: Flat<'_, T>,
    faces: Faces<'_>,
    out: &mut FlatMut<'_, T>,
) {
    let _environment = engine.environment();
    let formula = WeightedNormal::of_exponent(exponent);
    clear(out);
    let serial = engine.with_threads(Threads::Serial);
    let mut areas = [[T::default(); 3]; BLOCK];
    for block in blocks(faces) {
        prefetch(block, &out.to_read());
        let areas = &mut areas[..block.len()];
        serial.face(formula, vertices, block, VectorsMut::aos(areas).into_flat());
        let mut add = |corner: u32, area: [T; 3]| add_to(out, corner, area);
        if let Some(triangles) = block.as_triangles() {
            for (triangle, area) in triangles.iter().zip(&*areas) {
                triangle.iter().for_each(|&corner| add(corner, *area));
            }
        } else {
            for (i, area) in areas.iter().enumerate() {
                block.get(i).iter().for_each(|&corner| add(corner, *area));
            }
        }
    }
}

/// Zero in every place.
pub(super) fn clear<T: Real>(out: &mut FlatMut<'_, T>) {
    for i in 0..out.len() {
        out.set(i, [T::default(); 3]);
    }
}

/// Adds v to the place of a vertex, which there must be.
#[inline]
pub(super) fn add_to<T: Real>(out: &mut FlatMut<'_, T>, vertex: u32, v: [T; 3]) {
    let before = out.to_read().get(vertex as usize).unwrap_or_default();
    out.set(vertex as usize, plus(before, v));
}

/// Asks for what belongs to the vertices of a block of faces, so that it is in the cache when it is wanted.
pub(super) fn prefetch<T: Real>(block: Faces<'_>, of_vertices: &Flat<'_, T>) {
    let ([x, y, z], stride) = (of_vertices.components(), of_vertices.stride());
    // The second component of a row is in the cache line of the first or of the third.
    let is_row = x.wrapping_add(1) == y && y.wrapping_add(1) == z;
    for &i in block.all_corners() {
        let here = |component: *const T| moved(component.cast_mut(), i as usize, stride);
        simd::prefetch(here(x));
        if !is_row {
            simd::prefetch(here(y));
        }
        simd::prefetch(here(z));
    }
}

/// Faces in blocks of [`BLOCK`].
pub(super) fn blocks(faces: Faces<'_>) -> impl Iterator<Item = Faces<'_>> {
    let mut rest = faces;
    std::iter::from_fn(move || {
        let (block, tail) = rest.split_at(BLOCK.min(rest.len()));
        rest = tail;
        (block.len() > 0).then_some(block)
    })
}
