//! The gradient of an operand that was one vector for all is the sum that the reference makes, bit for bit: whichever operands
//! are broadcast, whatever the length, the level, the layouts of the others and the number of threads.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Error, Real, Stores, Threads, Vectors, reference};
use support::operations::{Kind, OnOperands, Operation, gradients};
use support::{Float, INPUTS, Layout, NUMBERS, Operand, Random, engines, one_in};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

/// Calls `work` in pools of several sizes, with as many threads asked for.
fn in_pools(work: impl Fn(Threads) + Sync) {
    #[cfg(not(feature = "rayon"))]
    work(Threads::Serial);
    #[cfg(feature = "rayon")]
    for threads in [1, 2, 3, 7].into_iter().step_by(one_in(2)) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let most = Threads::Max(std::num::NonZeroUsize::new(threads).unwrap());
        pool.build().unwrap().install(|| work(most));
    }
}

/// An input of any layout but one vector, or one vector.
fn layout(broadcast: bool, random: &mut Random) -> Layout {
    let many = INPUTS
        .into_iter()
        .filter(|layout| *layout != Layout::Broadcast);
    match broadcast {
        true => Layout::Broadcast,
        false => many.clone().nth(random.below(many.count())).unwrap(),
    }
}

/// An output of any layout.
fn output<T: Float>(kind: Kind, len: usize, random: &mut Random) -> Operand<T> {
    let layout = match kind {
        Kind::Scalar => NUMBERS,
        Kind::Vector => layout(false, random),
    };
    Operand::new(layout, len, 0, random)
}

/// Inputs of which those are broadcast whose bit is set.
fn inputs<T: Float + Real>(
    operation: Operation,
    len: usize,
    broadcast: usize,
    random: &mut Random,
) -> Vec<Operand<T>> {
    let mut k = 0;
    let mut inputs = operation.inputs_of(len, random, |random| {
        k += 1;
        layout(broadcast >> (k - 1) & 1 == 1, random)
    });
    for input in &mut inputs {
        input.elements_mut().fill_with(|| random.ordinary());
    }
    inputs
}

/// Compares the whole buffer of every output, at every level, on any number of threads, with either kind of stores.
fn check<T: Float + Real>(
    operation: Operation,
    accuracy: Accuracy,
    len: usize,
    broadcast: usize,
    random: &mut Random,
) {
    let context = (
        T::NAME,
        operation.name(),
        accuracy,
        len,
        broadcast,
        random.clone(),
    );
    let inputs = inputs::<T>(operation, len, broadcast, random);
    let before = operation.outputs_for(&inputs, random, |random| layout(false, random));
    let expected = operation.expected(&inputs, &before, accuracy);
    let stores = [Stores::Cached, Stores::Streaming][random.below(2)];
    in_pools(|threads| {
        for engine in engines() {
            let engine = engine.with_accuracy(accuracy).with_threads(threads);
            let engine = engine.with_stores(stores);
            let mut outputs = before.clone();
            operation.run(engine, &inputs, &mut outputs).unwrap();
            for (got, expected) in outputs.iter().zip(&expected) {
                got.assert_same(expected, Accuracy::CorrectlyRounded, &(&context, engine));
            }
        }
    });
}

/// Every operation with each set of operands that can be broadcast, none left out, at every length.
fn every_set<T: Float + Real>(lengths: impl Iterator<Item = usize> + Clone, seed: u64) {
    let mut random = Random(seed);
    for operation in gradients() {
        for broadcast in 1..1 << operation.outputs().len() {
            for (i, len) in lengths.clone().step_by(one_in(9)).enumerate() {
                let accuracy = ACCURACIES[(i + broadcast) % 2];
                check::<T>(operation, accuracy, len, broadcast, &mut random);
            }
        }
    }
}

/// The same at one of the long lengths, another for each operation and each set.
fn every_set_in_pieces<T: Float + Real>(seed: u64) {
    let (mut random, mut turn) = (Random(seed), 0);
    for operation in gradients() {
        for broadcast in 1..1 << operation.outputs().len() {
            let (accuracy, len) = (ACCURACIES[turn % 2], LONG[turn % LONG.len()]);
            if turn % one_in(7) == 0 {
                check::<T>(operation, accuracy, len, broadcast, &mut random);
            }
            turn += 1;
        }
    }
}

/// Leaves are 32 (`f64`) or 64 (`f32`) vectors; blocks of one leaf, of two, and of one and some; trees of one to nine leaves.
fn short() -> impl Iterator<Item = usize> + Clone {
    (0..=5).chain([
        8, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 79, 80, 81, 95, 96, 97, 127, 128, 129,
        159, 161, 191, 192, 193, 255, 256, 257, 321, 448, 513, 1000,
    ])
}

#[test]
fn f32_sums_of_every_short_length_are_those_of_the_reference() {
    every_set::<f32>(short(), 1);
    every_set::<f32>(short().skip(1), 2);
}

#[test]
fn f64_sums_of_every_short_length_are_those_of_the_reference() {
    every_set::<f64>(short(), 3);
    every_set::<f64>(short().skip(1), 4);
}

/// Pieces for threads are 2^15 vectors: one, just two, and several of which the last is short or shorter than a register.
/// (An odd number of lengths, so that each has either accuracy.)
const LONG: [usize; 5] = [
    (1 << 15) - 1,
    1 << 15,
    (1 << 15) + 1,
    100_003,
    (1 << 17) + 77,
];

#[test]
fn f32_sums_in_several_pieces_are_those_of_the_reference() {
    every_set_in_pieces::<f32>(5);
}

#[test]
fn f64_sums_in_several_pieces_are_those_of_the_reference() {
    every_set_in_pieces::<f64>(6);
}

/// What fills a leaf up must not change it.
#[test]
fn a_sum_of_negative_zeros_is_negative_zero() {
    let (a, b, g) = ([1.0_f32, 2.0, 3.0], [0.0; 3], [1.0, 1.0, -1.0]);
    let gradient = reference::cross_vjp(a, b, g, Accuracy::Plain)[0];
    assert_eq!(gradient[0].to_bits(), (-0.0_f32).to_bits(), "0·(−1) − 0·1");
    for len in (1..130).chain([(1 << 15) + 1, 100_000]).step_by(one_in(13)) {
        let (g, many) = (vec![g; len], vec![b; len]);
        in_pools(|threads| {
            for engine in engines() {
                let engine = engine.with_threads(threads);
                let (mut grad_a, mut grad_b) = ([[1.0_f32; 3]], many.clone());
                let a = Vectors::broadcast(&a, len);
                engine
                    .cross_vjp(a, &many, &g, &mut grad_a, &mut grad_b)
                    .unwrap();
                assert_eq!(
                    grad_a[0][0].to_bits(),
                    (-0.0_f32).to_bits(),
                    "{len}: {engine:?}"
                );
            }
        });
    }
}

/// Where there is nothing to be added up, the sum is zero, and of one vector it is that vector.
#[test]
fn a_sum_of_none_is_zero_and_of_one_is_itself() {
    for engine in engines() {
        let (one, mut grad_a) = ([1.0, 2.0, 3.0], [[5.0; 3]]);
        let (none, a) = ([[0.0; 3]; 0], Vectors::broadcast(&one, 0));
        engine
            .cross_vjp(a, &none, &none, &mut grad_a, &mut none.clone())
            .unwrap();
        assert_eq!(grad_a[0].map(f64::to_bits), [0; 3], "{engine:?}");

        let (b, g, mut grad_b) = ([[4.0, 5.0, 6.0]], [[1.0, 0.0, -1.0]], [[5.0; 3]]);
        let a = Vectors::broadcast(&one, 1);
        engine
            .cross_vjp(a, &b, &g, &mut grad_a, &mut grad_b)
            .unwrap();
        let expected = reference::cross_vjp(one, b[0], g[0], Accuracy::Plain);
        assert_eq!([grad_a[0], grad_b[0]], expected, "{engine:?}");
    }
}

/// Each addition of f32 is off by half a unit in the last place at most: log₂ n of them are on the way of each vector, and one
/// more for the −0 of a short leaf. That of f64, with which it is compared, is 2²⁹ times better.
#[test]
fn the_error_of_a_sum_is_within_what_is_promised() {
    let mut random = Random(7);
    for len in [2, 3, 64, 65, 1000, 32_769, 131_149] {
        let mut rows = || -> Vec<[f32; 3]> {
            (0..len)
                .map(|_| [0; 3].map(|_| random.ordinary()))
                .collect()
        };
        let (a, b, g) = ([1.0, 2.0, 3.0], rows(), rows());
        let (mut grad_a, mut grad_b) = ([[0.0; 3]], rows());
        let engine = Engine::new();
        let one = Vectors::broadcast(&a, len);
        engine
            .cross_vjp(one, &b, &g, &mut grad_a, &mut grad_b)
            .unwrap();
        for (k, got) in grad_a[0].into_iter().enumerate() {
            let pairs = b.iter().zip(&g);
            let terms = pairs.map(|(b, g)| reference::cross_vjp(a, *b, *g, Accuracy::Plain)[0][k]);
            let (mut sum, mut magnitudes) = (0.0, 0.0);
            for term in terms {
                sum += f64::from(term);
                magnitudes += f64::from(term.abs());
            }
            let error = (f64::from(got) - sum).abs();
            let bound = ((len as f64).log2() + 1.0) * 2.0_f64.powi(-24) * magnitudes;
            assert!(error <= bound, "{len}: {error:e} of at most {bound:e}");
        }
    }
}

/// A gradient of another length than the batch, and one of length 1 where its operand is not one vector for all.
fn wrong_lengths<T: Float + Real>() {
    let mut random = Random(8);
    for operation in gradients() {
        for broadcast in 0..1 << operation.outputs().len() {
            for len in [0, 2, 100] {
                for bad in 0..operation.outputs().len() {
                    let is_sum = broadcast >> bad & 1 == 1;
                    let inputs = inputs::<T>(operation, len, broadcast, &mut random);
                    let mut outputs =
                        operation.outputs_for(&inputs, &mut random, |random| layout(false, random));
                    let got = if is_sum { len + 2 } else { 1 };
                    outputs[bad] = output(operation.outputs()[bad], got, &mut random);
                    let before = outputs.clone();
                    let expected = Error::LengthMismatch {
                        what: operation.output_names()[bad],
                        expected: len,
                        got,
                    };
                    let result = operation.run(Engine::new(), &inputs, &mut outputs);
                    assert_eq!(result, Err(expected), "{operation} of {len}, {broadcast:b}");
                    for (after, before) in outputs.iter().zip(&before) {
                        after.assert_same(before, Accuracy::CorrectlyRounded, &operation.name());
                    }
                }
            }
        }
    }
}

#[test]
fn a_gradient_of_the_wrong_length_is_an_error_and_nothing_is_written() {
    wrong_lengths::<f32>();
    wrong_lengths::<f64>();
}

/// Who asks for a gradient as long as the batch gets it, also of one vector for all.
fn in_full<T: Float + Real>() {
    let mut random = Random(9);
    for operation in gradients() {
        for len in [2, 100] {
            let inputs = inputs::<T>(operation, len, usize::MAX, &mut random);
            let outputs = operation.outputs().iter();
            let outputs = outputs.map(|kind| output(*kind, len, &mut random));
            let mut outputs: Vec<_> = outputs.collect();
            for accuracy in ACCURACIES {
                let expected = operation.expected(&inputs, &outputs, accuracy);
                let engine = Engine::new().with_accuracy(accuracy);
                operation.run(engine, &inputs, &mut outputs).unwrap();
                for (got, expected) in outputs.iter().zip(&expected) {
                    got.assert_same(expected, accuracy, &(operation, len));
                }
            }
        }
    }
}

#[test]
fn full_gradients_of_one_vector_for_all_are_those_of_the_reference() {
    in_full::<f32>();
    in_full::<f64>();
}

/// A view of one vector many times is one, whichever way it was made.
#[test]
fn a_stride_of_zero_is_broadcast() {
    let (data, g) = ([1.0, 9.0, 2.0, 9.0, 3.0], vec![[0.5, 1.0, -2.0]; 77]);
    let (mut grad_b, mut expected) = (g.clone(), [[0.0; 3]]);
    let one = Vectors::broadcast(&[1.0, 2.0, 3.0], 77);
    let engine = Engine::new();
    engine
        .cross_vjp(one, &g, &g, &mut expected, &mut grad_b)
        .unwrap();
    let mut grad_a = [[0.0; 3]];
    let a = Vectors::strided(&data, 0, 2, 0, 77).unwrap();
    engine
        .cross_vjp(a, &g, &g, &mut grad_a, &mut grad_b)
        .unwrap();
    assert_eq!(grad_a, expected);
}
