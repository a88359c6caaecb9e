//! The definition of every operation, one vector at a time, plain enough to be read as such.
//!
//! The kernels are compared with these functions bit for bit (any NaN equals any NaN, where it is not the canonical one). They are meant
//! for reading and for tests; for speed use [`crate::cross`].

use core::marker::PhantomData;

use crate::element::{PerElement, PerReal, integers};
use crate::exact;
use crate::formula::{self, FaceFormula, Formula};
use crate::operation::table;
use crate::{Element, Error, Kind, Operation, Real};

mod mesh_gradients;

pub use mesh_gradients::*;

/// How the components are rounded.
///
/// When the two products of a component nearly cancel, as those of thin triangles, nearly parallel vectors and orbits do, what
/// is left of it with `Plain` is the rounding of the products. Measured on real data, and on cases made for it:
///
/// | data | components that are not the nearest number, `Plain` | worst error, `Plain` | `CorrectlyRounded` |
/// |---|---|---|---|
/// | r × v of the Moon, `f64`, 100,000 vectors (JPL DE421) | 37 % | 13,440 ulp | 0, 0.5 ulp |
/// | e₁ × e₂ of the Stanford dragon's triangles, `f32`, 47,794 | 33 % | 1,032 ulp | 0, 0.5 ulp |
/// | cases that are hard to round (`crosslane verify`) | up to all | all digits | 0, 0.5 ulp |
///
/// (An ulp is a unit in the last place of the exact result.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Accuracy {
    /// Two rounded products and one rounded difference, never fused: what `numpy.cross` computes, bit for bit.
    #[default]
    Plain,
    /// The exact difference of the exact products, rounded once, to nearest even: the nearest number that there is. What is derived from a cross
    /// product (lengths, angles, normals, gradients) is accurate to a few units in the last place, which each method of
    /// [`Engine`](crate::Engine) states; `cargo test --release -p crosslane --test accuracy -- --nocapture` measures it.
    ///
    /// - The result is infinite only if the rounded exact value exceeds the greatest number; products may overflow. An infinite
    ///   product is infinite whatever a finite one is; 0·∞ and ∞ − ∞ are NaN.
    /// - NaN is the canonical one, quiet and positive: `0x7fc00000` or `0x7ff8000000000000`.
    /// - An exact zero is +0, except (−0) − (+0) of two zero products, which is −0. Subnormals are numbers like any other.
    /// - The caller's floating-point environment (rounding mode, flush-to-zero, denormals-are-zero, traps) makes no difference: the
    ///   default one is set on each thread for as long as it works, and the caller's is back afterwards (on x86-64 and aarch64; on
    ///   targets whose environment is not known here it has to be the default one).
    ///
    /// From memory with AVX-512 it takes as long as `Plain`, but for `f64` on one thread, which takes 1.2 times as long (Zen 4); with AVX2
    /// 1.8 (`f32`) and 2.4 (`f64`) times. In L1 it takes 4 to 5 times as long with AVX-512, 8 and 10 times with AVX2, 11 and 21 times
    /// where there is no fused multiply-add. Zeros among `f64` cost up to half as much again, and what overflows, underflows or is
    /// infinite 40 ns a component. `cargo bench --bench rounding` measures it.
    CorrectlyRounded,
}

/// The cross product of two vectors.
///
/// c = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁)
///
/// With [`Accuracy::Plain`] every product is rounded once and so is their difference, to nearest even.
/// A product that overflows is infinite; 0·∞ and ∞ − ∞ are NaN; subnormals are kept; an exact zero
/// difference of equal finite products is +0.
///
/// With [`Accuracy::CorrectlyRounded`] the arithmetic is that of integers: no floating-point operation takes part, and no
/// environment can alter a result.
///
/// ```
/// use crosslane::{Accuracy, reference::cross};
///
/// assert_eq!(cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], Accuracy::Plain), [-3.0, 6.0, -3.0]);
/// assert_eq!(cross([4.0, 5.0, 6.0], [1.0, 2.0, 3.0], Accuracy::Plain), [3.0, -6.0, 3.0]);
///
/// // (1 + 2⁻³⁰)·(1 − 2⁻³⁰) is 1 − 2⁻⁶⁰, which is rounded to 1 before 1 is subtracted.
/// let (a, b) = ([0.0, 1.0 + 2.0_f64.powi(-30), 1.0], [0.0, 1.0, 1.0 - 2.0_f64.powi(-30)]);
/// assert_eq!(cross(a, b, Accuracy::Plain)[0], 0.0);
/// assert_eq!(cross(a, b, Accuracy::CorrectlyRounded)[0], -(2.0_f64.powi(-60)));
/// ```
pub fn cross<T: Element>(a: [T; 3], b: [T; 3], accuracy: Accuracy) -> [T; 3] {
    let difference = match accuracy {
        Accuracy::Plain => T::difference_of_products,
        Accuracy::CorrectlyRounded => T::rounded_difference_of_products,
    };
    [
        difference(a[1], b[2], a[2], b[1]),
        difference(a[2], b[0], a[0], b[2]),
        difference(a[0], b[1], a[1], b[0]),
    ]
}

/// Evaluates a formula for one place.
fn evaluate<F, T, const I: usize, const O: usize>(
    formula: F,
    inputs: [[T; 3]; I],
    accuracy: Accuracy,
) -> [[T; 3]; O]
where
    F: Formula<I, O>,
    T: Real,
    Accurate<F>: for<'a> PerReal<Input<'a, T> = (F, [[T; 3]; I], &'a mut [[T; 3]; O])>,
{
    match accuracy {
        Accuracy::Plain => T::plainly(formula, inputs),
        Accuracy::CorrectlyRounded => {
            let mut results = [[T::default(); 3]; O];
            T::select_real::<Accurate<F>>((formula, inputs, &mut results));
            results
        }
    }
}

/// A formula with accurate numbers: hundreds of operations that are compiled once for each type, here.
struct Accurate<F>(PhantomData<F>);

#[inline]
fn accurately<T: Real, F: Formula<I, O>, const I: usize, const O: usize>(
    formula: F,
    inputs: [[T; 3]; I],
) -> [[T; 3]; O] {
    T::accurately(formula, inputs)
}

#[inline]
fn accurately_of_face<T: Real, F: FaceFormula>(formula: F, corners: &[[T; 3]]) -> [T; 3] {
    T::accurately_of_face(formula, corners)
}

/// Compiles them.
macro_rules! accurate {
    ($formula:ident: $inputs:expr, $outputs:expr) => {
        impl PerReal for Accurate<formula::$formula> {
            type Input<'a, T: Real> = (
                formula::$formula,
                [[T; 3]; $inputs],
                &'a mut [[T; 3]; $outputs],
            );

            fn f32((formula, inputs, results): Self::Input<'_, f32>) {
                *results = accurately::<f32, _, _, _>(formula, inputs);
            }

            fn f64((formula, inputs, results): Self::Input<'_, f64>) {
                *results = accurately::<f64, _, _, _>(formula, inputs);
            }
        }
    };
    (face $formula:ident) => {
        impl PerReal for Accurate<formula::$formula> {
            type Input<'a, T: Real> = (formula::$formula, &'a [[T; 3]], &'a mut [T; 3]);

            fn f32((formula, corners, result): Self::Input<'_, f32>) {
                *result = accurately_of_face::<f32, _>(formula, corners);
            }

            fn f64((formula, corners, result): Self::Input<'_, f64>) {
                *result = accurately_of_face::<f64, _>(formula, corners);
            }
        }
    };
}
accurate! { Direction: 1, 1 }
accurate! { DirectionVjp: 2, 1 }
accurate! { face FaceNormal }
accurate! { face FaceArea }
accurate! { face WeightedNormal }

/// Defines a function for each formula of the table, and what evaluates the one that is asked for.
macro_rules! defined {
    ($($variant:ident, $name:ident($($input:ident: $in:ident),+) -> ($($output:ident: $out:ident),+) $(of $source:ident)?;)+) => {
        $(
            #[doc = concat!("What [`Engine::", stringify!($name), "`](crate::Engine::", stringify!($name), ") computes of one place.")]
            pub fn $name<T: Real>(
                $($input: defined!(type $in),)+
                accuracy: Accuracy,
            ) -> defined!(result [$($out)+] $(of $source)?) {
                let results = evaluate(formula::$variant, [$(defined!($in $input)),+], accuracy);
                defined!(results [$($out)+] $(of $source)?)
            }

            accurate! { $variant: [$(Kind::$in),+].len(), [$(Kind::$out),+].len() }
        )+

        fn evaluate_formula<T: Real>(
            operation: Operation,
            inputs: &[[T; 3]],
            accuracy: Accuracy,
            outputs: &mut [[T; 3]],
        ) {
            match operation {
                Operation::Cross => product(inputs, accuracy, outputs),
                $(Operation::$variant => {
                    let inputs = inputs.first_chunk().expect("they are counted before");
                    let results = evaluate(formula::$variant, *inputs, accuracy);
                    outputs.copy_from_slice(&results);
                })+
            }
        }
    };
    (type Scalar) => { T };
    (type Vector) => { [T; 3] };
    (Scalar $x:ident) => { [$x; 3] };
    (Vector $v:ident) => { $v };
    (result [Scalar]) => { T };
    (result [Vector]) => { [T; 3] };
    (result [$($out:ident)+] of $source:ident) => { [[T; 3]; [$(Kind::$out),+].len()] };
    ($results:ident [Scalar]) => {{ let [[x, ..]] = $results; x }};
    ($results:ident [Vector]) => {{ let [v] = $results; v }};
    ($results:ident [$($out:ident)+] of $source:ident) => { $results };
}
table! { defined }

/// An operation that is given as a value, for one place. Of a number all three components are the same.
///
/// ```
/// use crosslane::{Accuracy, Operation, reference};
///
/// let mut out = [[0.0; 3]];
/// reference::apply(Operation::Dot, &[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], Accuracy::Plain, &mut out)?;
/// assert_eq!(out[0][0], 32.0);
/// # Ok::<(), crosslane::Error>(())
/// ```
///
/// # Errors
/// [`Error::OperandCount`] if there are more or fewer operands than the operation has, [`Error::Unsupported`] if there is no such operation for
/// this element.
pub fn apply<T: Element>(
    operation: Operation,
    inputs: &[[T; 3]],
    accuracy: Accuracy,
    outputs: &mut [[T; 3]],
) -> Result<(), Error> {
    operation.check_count("inputs", operation.inputs().len(), inputs.len())?;
    operation.check_count("outputs", operation.outputs().len(), outputs.len())?;
    operation.check_element::<T>()?;
    T::select::<Apply>((operation, inputs, accuracy, outputs));
    Ok(())
}

fn product<T: Element>(inputs: &[[T; 3]], accuracy: Accuracy, outputs: &mut [[T; 3]]) {
    outputs[0] = cross(inputs[0], inputs[1], accuracy);
}

/// [`apply`], compiled here.
struct Apply;

macro_rules! apply {
    ($evaluate:ident: $($element:ident: $type:ty),+) => {
        $(fn $element(input: Self::Input<'_, $type>) {
            apply! { $evaluate input }
        })+
    };
    (product $input:ident) => {
        let (_, inputs, accuracy, outputs) = $input;
        product(inputs, accuracy, outputs);
    };
    (evaluate_formula $input:ident) => {
        let (operation, inputs, accuracy, outputs) = $input;
        evaluate_formula(operation, inputs, accuracy, outputs);
    };
    ($($element:ident),+) => {
        apply! { product: $($element: $element),+ }
    };
}

impl PerElement for Apply {
    type Input<'a, T: Element> = (Operation, &'a [[T; 3]], Accuracy, &'a mut [[T; 3]]);

    apply! { evaluate_formula: f32: f32, f64: f64 }
    #[cfg(feature = "half")]
    apply! { product: f16: half::f16, bf16: half::bf16 }
    integers! { apply }
}

/// Evaluates a formula for one face; fewer than three corners have no area.
fn evaluate_face<F, T>(formula: F, corners: &[[T; 3]], accuracy: Accuracy) -> [T; 3]
where
    F: FaceFormula,
    T: Real,
    Accurate<F>: for<'a> PerReal<Input<'a, T> = (F, &'a [[T; 3]], &'a mut [T; 3])>,
{
    match accuracy {
        _ if corners.len() < 3 => [T::default(); 3],
        Accuracy::Plain => T::plainly_of_face(formula, corners),
        Accuracy::CorrectlyRounded => {
            let mut result = [T::default(); 3];
            T::select_real::<Accurate<F>>((formula, corners, &mut result));
            result
        }
    }
}

/// The normal of the triangle p, q, r: see [`Engine::triangle_normals`](crate::Engine::triangle_normals).
pub fn triangle_normal<T: Real>(p: [T; 3], q: [T; 3], r: [T; 3], accuracy: Accuracy) -> [T; 3] {
    face_normal(&[p, q, r], accuracy)
}

/// The area of the triangle p, q, r: see [`Engine::triangle_areas`](crate::Engine::triangle_areas).
pub fn triangle_area<T: Real>(p: [T; 3], q: [T; 3], r: [T; 3], accuracy: Accuracy) -> T {
    face_area(&[p, q, r], accuracy)
}

/// The normal of a polygon: see [`Engine::face_normals`](crate::Engine::face_normals).
pub fn face_normal<T: Real>(corners: &[[T; 3]], accuracy: Accuracy) -> [T; 3] {
    evaluate_face(formula::FaceNormal, corners, accuracy)
}

/// The area of a polygon: see [`Engine::face_areas`](crate::Engine::face_areas).
pub fn face_area<T: Real>(corners: &[[T; 3]], accuracy: Accuracy) -> T {
    let [area, ..] = evaluate_face(formula::FaceArea, corners, accuracy);
    area
}

/// The sum of the gradients of an operand that was repeated: see [`Engine::cross_vjp`](crate::Engine::cross_vjp). Those to be added come in C order
/// of the axes along which it was repeated.
///
/// Vectors in blocks of 64 (`f32`) or 32 (`f64`), the last one filled up with −0, are folded: the first half of a block and the
/// second are added, and so on to one vector. The sums of blocks are added in pairs, of which there are as many as a power of two on
/// the left of each. NaN is the canonical one, and the sum of nothing is +0.
pub fn sum<T: Real>(gradients: &[[T; 3]]) -> [T; 3] {
    if gradients.is_empty() {
        return [T::default(); 3];
    }
    tree(gradients).map(exact::canonical)
}

fn tree<T: Real>(gradients: &[[T; 3]]) -> [T; 3] {
    let block = 256 / size_of::<T>();
    let plus = |x: [T; 3], y: [T; 3]| [x[0] + y[0], x[1] + y[1], x[2] + y[2]];
    if gradients.len() > block {
        let left = block * (gradients.len().div_ceil(block).next_power_of_two() / 2);
        return plus(tree(&gradients[..left]), tree(&gradients[left..]));
    }
    let mut folded = vec![[T::from_bits(T::SIGN); 3]; block];
    folded[..gradients.len()].copy_from_slice(gradients);
    while folded.len() > 1 {
        let half = folded.split_off(folded.len() / 2);
        for (x, y) in folded.iter_mut().zip(half) {
            *x = plus(*x, y);
        }
    }
    folded[0]
}

/// The normals of vertices: see [`Engine::vertex_normals`](crate::Engine::vertex_normals).
///
/// # Panics
/// If a corner of a face is no vertex.
pub fn vertex_normals<T: Real>(
    vertices: &[[T; 3]],
    faces: &[[u32; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    normals_of_vertices(vertices, faces.iter().map(|face| &face[..]), accuracy)
}

/// The normals of vertices of polygons: see [`Engine::polygon_vertex_normals`](crate::Engine::polygon_vertex_normals).
///
/// # Panics
/// If a corner of a face is no vertex, or a face begins where it cannot.
pub fn polygon_vertex_normals<T: Real>(
    vertices: &[[T; 3]],
    corners: &[u32],
    starts: &[usize],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    normals_of_vertices(vertices, polygons(corners, starts), accuracy)
}

/// The corners of each polygon.
fn polygons<'a>(
    corners: &'a [u32],
    starts: &'a [usize],
) -> impl Iterator<Item = &'a [u32]> + Clone {
    let first = starts.first().copied();
    assert_eq!(first.unwrap_or(0), 0, "the first face begins at corner 0");
    let ends = starts.iter().skip(1).copied().chain([corners.len()]);
    let faces = starts.iter().zip(ends);
    faces.map(|(&from, to)| &corners[from..to])
}

/// The directions of the sums of areas.
fn normals_of_vertices<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]> + Clone,
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    let (sums, _) = sums_of_areas(vertices, faces, accuracy);
    let direction = |v| {
        let [n] = evaluate(formula::Direction, [v], accuracy);
        n
    };
    sums.into_iter().map(direction).collect()
}

/// The sums of the vector areas around each vertex, of the mesh multiplied by a power of two so that its greatest coordinate is neither
/// large nor small, and the exponent of that power.
fn sums_of_areas<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]> + Clone,
    accuracy: Accuracy,
) -> (Vec<[T; 3]>, i32) {
    let e = exponent_of_mesh(vertices, faces.clone());
    let area = formula::WeightedNormal::of_exponent(e);
    let mut sums = vec![[T::default(); 3]; vertices.len()];
    for face in faces {
        let corners: Vec<_> = corners_of(vertices, face).collect();
        let sum = evaluate_face(area, &corners, accuracy);
        for &i in face {
            add(&mut sums, i, sum);
        }
    }
    (sums, e)
}

fn exponent_of_mesh<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]>,
) -> i32 {
    let corners = faces.flat_map(|face| corners_of(vertices, face));
    formula::exponent_of_mesh::<T>(formula::greatest_magnitude(corners))
}

fn corners_of<T: Real>(vertices: &[[T; 3]], face: &[u32]) -> impl Iterator<Item = [T; 3]> {
    face.iter().map(|&i| vertices[i as usize])
}

/// Adds v to the place of vertex `i`.
fn add<T: Real>(sums: &mut [[T; 3]], i: u32, [x, y, z]: [T; 3]) {
    let [sx, sy, sz] = sums[i as usize];
    sums[i as usize] = [sx + x, sy + y, sz + z];
}
