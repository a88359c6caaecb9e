//! The gradients of what is computed of meshes: they have the bits of the reference, at every level, in every layout, on any number of
//! threads; they are derivatives; neither scale nor what no face uses changes them; and errors are found before anything is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod bits;
mod derivatives;
mod errors;
mod special;
#[path = "../support/mod.rs"]
mod support;

use crosslane::{Accuracy, Engine, Real};
use support::{Float, Layout, Operand, Random, engines};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

fn every_engine() -> impl Iterator<Item = Engine> {
    let engines = engines().into_iter();
    engines.flat_map(|engine| ACCURACIES.map(|accuracy| engine.with_accuracy(accuracy)))
}

/// Vertices in any layout, half of the time with special values among them.
fn vertices<T: Float + Real>(len: usize, layout: Layout, random: &mut Random) -> Operand<T> {
    let mut vertices = Operand::new(layout, len, random.below(16), random);
    if random.below(2) == 0 {
        vertices.elements_mut().fill_with(|| random.ordinary());
    }
    vertices
}

/// Vectors of numbers near one.
fn near_one<T: Float>(len: usize, random: &mut Random) -> Vec<[T; 3]> {
    let vectors = (0..len).map(|_| [0; 3].map(|_| T::near_one(random.bits())));
    vectors.collect()
}

/// Whether all numbers have the same bits, or are NaN.
fn same<T: Float>(got: &[[T; 3]], expected: &[[T; 3]]) -> bool {
    let (got, expected) = (got.as_flattened(), expected.as_flattened());
    got.len() == expected.len() && got.iter().zip(expected).all(|(x, y)| x.same(*y))
}
