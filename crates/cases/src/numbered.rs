//! Which cases a digest is of: all classes, at every component, with neighbours that are hard as well.

use crate::{Class, Float, case, vectors};

/// Fixed, so that every run everywhere has the same cases, and digests can be compared.
const SEED: u64 = 1;

/// Vectors of which one component is a case.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<T> {
    /// What makes it hard.
    pub class: Class,
    /// The numbers of a·b − c·d.
    pub quadruple: [T; 4],
    /// Where in the product that difference is.
    pub component: usize,
    /// The first vector.
    pub a: [T; 3],
    /// The second vector.
    pub b: [T; 3],
}

/// The case with this number, the same for all time: those that `crosslane verify` multiplies.
pub fn numbered<T: Float>(index: u64) -> Numbered<T> {
    let (class, quadruple) = case(SEED, index);
    // Every class meets every component: the classes take turns.
    let turn = index / Class::ALL.len() as u64;
    let component = (turn % 3) as usize;
    let (a, b) = vectors(quadruple, component, spare(quadruple, turn / 3));
    Numbered {
        class,
        quadruple,
        component,
        a,
        b,
    }
}

/// Numbers for which the other two components are hard as well.
fn spare<T: Float>([a, b, c, d]: [T; 4], turn: u64) -> [T; 2] {
    match turn % 3 {
        // c·d − a·b, the same with the other sign, and a·d − a·d, where every digit is lost.
        0 => [a, d],
        // The same two in the other order, with c·b for a·d.
        1 => [c, b],
        // c·a − d·b and d·d − a·a: the powers of two are no longer shared between the factors.
        _ => [d, a],
    }
}
