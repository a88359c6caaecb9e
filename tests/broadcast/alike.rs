//! Rows of columns and rows of rows that all operands have in common: what has loops of its own, and what is streamed. Every length of a row
//! around a register.

use crosslane::{Kind, Operation, Stores, Threads};

use super::ACCURACIES;
use super::support::cases::Case;
use super::support::nd::Array;
use super::support::shapes::{Choices, Geometry, How};
use super::support::{Random, Tested, engines, one_in};

/// What lies in memory as `rows` rows of `len` vectors.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// (N, 3, F), with so many elements behind each column.
    Columns(isize),
    /// The same, the last row first.
    Backwards,
    /// (3, N, F), with one element behind each row.
    Apart,
    /// (N, F, 3), with so many elements behind each row.
    Rows(isize),
    /// (N, F, 4), with four.
    Padded,
}

impl Layout {
    const ALL: [Self; 7] = [
        Self::Columns(0),
        Self::Columns(16),
        Self::Columns(3),
        Self::Backwards,
        Self::Apart,
        Self::Rows(5),
        Self::Padded,
    ];

    fn array<T: Tested>(self, kind: Kind, [n, f]: [usize; 2], offset: usize) -> Array<T> {
        let [rows, len] = [n as isize, f as isize];
        let (component_stride, row, stride) = match (self, kind) {
            (Self::Backwards, Kind::Scalar) => (0, -len, 1),
            (_, Kind::Scalar) => (0, len + 1, 1),
            (Self::Columns(gap), _) => (len + gap, 3 * (len + gap), 1),
            (Self::Backwards, _) => (len, -3 * len, 1),
            (Self::Apart, _) => (rows * (len + 1), len + 1, 1),
            (Self::Rows(gap), _) => (1, 3 * len + gap, 3),
            (Self::Padded, _) => (1, 4 * len + 4, 4),
        };
        let first = if row < 0 { (1 - rows) * row } else { 0 };
        let extent = match self {
            Self::Apart => 3 * rows * (len + 1),
            _ => rows * row.abs().max(3 * component_stride),
        };
        let geometry = Geometry {
            how: How::Nd,
            first: first as usize,
            component_stride,
            shape: vec![n, f],
            strides: vec![row, stride],
        };
        Array::of(kind, geometry, extent as usize, offset)
    }
}

/// 1 to 4 registers and one more, and around tiles.
fn lengths() -> impl Iterator<Item = usize> {
    let lengths = (1..=66).chain([80, 95, 96, 97, 127, 128, 129, 130, 256, 257]);
    lengths.step_by(one_in(9))
}

fn every_row<T: Tested>(operations: impl Iterator<Item = Operation> + Clone, seed: u64) {
    let mut random = Random(seed);
    let engines: Vec<_> = engines()
        .into_iter()
        .map(|engine| engine.with_threads(Threads::Serial))
        .flat_map(|engine| [Stores::Cached, Stores::Streaming].map(|s| engine.with_stores(s)))
        .collect();
    for len in lengths() {
        for (i, layout) in Layout::ALL.into_iter().enumerate() {
            for operation in operations.clone() {
                let shape = [2 + random.below(3), len];
                let offset = random.one_of(&[0, 0, 0, 1]);
                let array = |kind: &Kind| layout.array(*kind, shape, offset);
                let mut case = Case::<T> {
                    operation,
                    common: shape.to_vec(),
                    inputs: operation.inputs().iter().map(array).collect(),
                    outputs: operation.outputs().iter().map(array).collect(),
                };
                case.fill(&mut random);
                let accuracy = ACCURACIES[(len + i) % 2];
                case.check(accuracy, engines.iter().copied(), &layout);
                if operation == Operation::Cross {
                    case.check_in_place(accuracy, engines.iter().copied(), &layout);
                }
            }
        }
    }
}

#[test]
fn rows_of_every_length_match_reference() {
    let all = Operation::ALL.iter().copied();
    every_row::<f32>(all.clone(), 900);
    every_row::<f64>(all, 901);
}

#[test]
fn rows_of_every_length_of_products_match_reference() {
    for seed in 910..914 {
        let cross = [Operation::Cross].into_iter();
        every_row::<f32>(cross.clone(), seed);
        every_row::<f64>(cross.clone(), seed);
        every_row::<i16>(cross.clone(), seed);
        #[cfg(feature = "half")]
        every_row::<half::f16>(cross, seed);
    }
}
