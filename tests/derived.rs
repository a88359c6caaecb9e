//! Everything that is derived from a cross product gives the bits of the reference: at every level, for layouts of all
//! operands mixed and alike, at every length around a boundary, at every offset, for every special value, with either kind of
//! stores, on any number of threads; and if a length is wrong, nothing is written. Sums of many: `tests/sums.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Error, Real, Stores, Threads};
use support::operations::{Kind, OnOperands, Operation, all_derived};
use support::{
    Float, Layout, Operand, Random, any_input, any_output, any_stores, engines, one_in, outputs,
};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

/// 0 to 4 registers of the widest level and one more. Then the boundaries of one to three leaves of sums, which are half a
/// tile, and of tiles (512 bytes a column: 64 `f64`, 128 `f32`), also where the last block is cut to fill a register.
fn lengths() -> impl Iterator<Item = usize> + Clone {
    (0..=4 * 16 + 1).chain([
        79, 80, 81, 95, 96, 97, 127, 128, 129, 143, 144, 145, 191, 192, 193, 255, 256, 257, 271,
        273, 383, 384, 385,
    ])
}

/// Runs the operation and compares the whole buffer of every operand.
fn check<T: Float + Real>(
    operation: Operation,
    engine: Engine,
    inputs: Vec<Operand<T>>,
    mut outputs: Vec<Operand<T>>,
    random: &Random,
) {
    let (accuracy, before) = (engine.accuracy(), inputs.clone());
    let expected = operation.expected(&inputs, &outputs, accuracy);
    operation.run(engine, &inputs, &mut outputs).unwrap();
    let layouts: Vec<_> = inputs.iter().map(Operand::layout).collect();
    let context = (T::NAME, operation.name(), engine, layouts, random);
    for (got, expected) in outputs.iter().zip(&expected) {
        got.assert_same(expected, accuracy, &context);
    }
    for (got, before) in inputs.iter().zip(&before) {
        got.assert_same(before, accuracy, &context);
    }
}

/// Everything at random but the length.
fn check_any<T: Float + Real>(
    operation: Operation,
    engine: Engine,
    len: usize,
    random: &mut Random,
) {
    let engine = any_stores(engine, random);
    let inputs = operation.inputs_of::<T>(len, random, any_input);
    let outputs = operation.outputs_for(&inputs, random, any_output);
    check(operation, engine, inputs, outputs, random);
}

fn mixed_layouts<T: Float + Real>(accuracy: Accuracy, times: usize) {
    let mut random = Random(1);
    for engine in engines() {
        let engine = engine.with_accuracy(accuracy).with_threads(Threads::Serial);
        for operation in all_derived() {
            for len in lengths().step_by(one_in(11)) {
                for _ in 0..times {
                    check_any::<T>(operation, engine, len, &mut random);
                }
            }
        }
    }
}

#[test]
fn f32_layouts_mixed_at_every_length_match_reference() {
    mixed_layouts::<f32>(Accuracy::Plain, 6);
}

#[test]
fn f64_layouts_mixed_at_every_length_match_reference() {
    mixed_layouts::<f64>(Accuracy::Plain, 6);
}

#[test]
fn f32_layouts_mixed_at_every_length_match_accurate_reference() {
    mixed_layouts::<f32>(Accuracy::CorrectlyRounded, 6);
}

#[test]
fn f64_layouts_mixed_at_every_length_match_accurate_reference() {
    mixed_layouts::<f64>(Accuracy::CorrectlyRounded, 6);
}

/// Operands that are all of one layout have the fewest tiles, and are what is streamed.
fn layouts_alike<T: Float + Real>() {
    let mut random = Random(2);
    for (engine, accuracy) in engines()
        .into_iter()
        .flat_map(|e| ACCURACIES.map(|a| (e, a)))
    {
        let engine = engine.with_accuracy(accuracy).with_threads(Threads::Serial);
        for operation in all_derived() {
            for layout in outputs() {
                for len in lengths().step_by(3 * one_in(7)) {
                    let engine = any_stores(engine, &mut random);
                    let inputs = operation.inputs_of::<T>(len, &mut random, |_| layout);
                    let outputs = operation.outputs_for(&inputs, &mut random, |_| layout);
                    check(operation, engine, inputs, outputs, &random);
                }
            }
        }
    }
}

#[test]
fn layouts_alike_match_reference() {
    layouts_alike::<f32>();
    layouts_alike::<f64>();
}

/// Columns and rows all of whose operands start at the same offset, so that whole registers are streamed from each.
fn every_offset<T: Float + Real>() {
    let mut random = Random(3);
    for (engine, accuracy) in engines()
        .into_iter()
        .flat_map(|e| ACCURACIES.map(|a| (e, a)))
    {
        let engine = engine.with_accuracy(accuracy).with_threads(Threads::Serial);
        for operation in all_derived() {
            for offset in 0..16 {
                for layout in [Layout::Soa, Layout::InStep, Layout::Aos] {
                    for (len, stores) in [
                        (17, Stores::Streaming),
                        (37, Stores::Streaming),
                        (75, Stores::Streaming),
                        (41, Stores::Cached),
                    ] {
                        let mut at = |kind: &Kind| {
                            let layout = match kind {
                                Kind::Scalar => support::NUMBERS,
                                _ => layout,
                            };
                            Operand::<T>::new(layout, len, offset, &mut random)
                        };
                        let inputs = operation.inputs().iter().map(&mut at).collect();
                        let outputs = operation.outputs().iter().map(&mut at).collect();
                        check(
                            operation,
                            engine.with_stores(stores),
                            inputs,
                            outputs,
                            &random,
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_offset_within_a_register_matches_reference() {
    every_offset::<f32>();
    every_offset::<f64>();
}

/// Every pair of special values, in vectors that are otherwise ordinary, special, or zero.
fn special_values<T: Float + Real>(accuracy: Accuracy) {
    let mut random = Random(4);
    for engine in engines() {
        let engine = engine.with_accuracy(accuracy);
        for operation in all_derived() {
            let len = T::SPECIAL.len() * T::SPECIAL.len() * 6;
            let mut inputs = operation.inputs_of(len, &mut random, |_| Layout::Soa);
            for i in 0..len {
                let (pair, class) = (i / 6, i % 6);
                let special = [pair % T::SPECIAL.len(), pair / T::SPECIAL.len()];
                for (k, input) in inputs.iter_mut().enumerate() {
                    let mut v = [0; 3].map(|_| match class % 3 {
                        0 => T::near_one(random.bits()),
                        1 => T::default(),
                        _ => T::SPECIAL[random.below(T::SPECIAL.len())],
                    });
                    v[(i + k) % 3] = T::SPECIAL[special[k % 2]];
                    let v = if support::NUMBERS == input.layout() {
                        [v[0]; 3]
                    } else {
                        v
                    };
                    // A gradient of one leaves the rest to be seen.
                    let v = if k > 1 && class > 2 {
                        [T::from_single(1.0); 3]
                    } else {
                        v
                    };
                    input.set(i, v);
                }
            }
            let outputs = operation.outputs_for(&inputs, &mut random, |_| Layout::Soa);
            check(operation, engine, inputs, outputs, &random);
        }
    }
}

#[test]
fn every_pair_of_special_values_matches_reference() {
    for accuracy in ACCURACIES {
        special_values::<f32>(accuracy);
        special_values::<f64>(accuracy);
    }
}

/// Lengths at which pieces begin and end at, before and after cache lines, some shorter than the number of threads.
#[cfg(feature = "rayon")]
#[test]
fn every_number_of_threads_matches_reference() {
    use std::num::NonZeroUsize;

    let mut random = Random(5);
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
        for (engine, accuracy) in engines()
            .into_iter()
            .flat_map(|e| ACCURACIES.map(|a| (e, a)))
        {
            let engine = engine.with_accuracy(accuracy).with_threads(most);
            for len in [1, 2, 5, 17, 63, 64, 111, 113, 224, 1000, 4099]
                .into_iter()
                .step_by(one_in(3))
            {
                for operation in all_derived() {
                    pool.install(|| check_any::<f32>(operation, engine, len, &mut random));
                    pool.install(|| check_any::<f64>(operation, engine, len, &mut random));
                }
            }
        }
    }
}

/// Each operand in turn is too short or too long. The first that is not of length 1 is what the others are compared with: if it is wrong, it is
/// the second that is named. An input of length 1 is repeated.
fn wrong_lengths<T: Float + Real>() {
    let mut random = Random(6);
    for operation in all_derived() {
        let (inputs, outputs) = (operation.inputs().len(), operation.outputs().len());
        let names = [operation.input_names(), operation.output_names()].concat();
        for (len, wrong) in [(5, 4), (5, 6), (5, 0), (0, 2), (100, 99), (2, 3)] {
            for broadcast in [false, true] {
                let layout = |random: &mut Random| match (broadcast, any_input(random)) {
                    (true, _) => Layout::Broadcast,
                    (false, Layout::Broadcast) => Layout::Aos,
                    (false, other) => other,
                };
                for bad in 0..inputs + outputs {
                    let mut reads = operation.inputs_of::<T>(len, &mut random, layout);
                    let mut writes = operation.outputs_for(&reads, &mut random, any_output);
                    let operand = match bad.checked_sub(inputs) {
                        None => &mut reads[bad],
                        Some(k) => &mut writes[k],
                    };
                    *operand = Operand::new(operand.layout(), wrong, 0, &mut random);
                    let (what, expected, got) = match bad {
                        0 => (names[1], wrong, len),
                        _ => (names[bad], len, wrong),
                    };
                    let before = writes.clone();
                    assert_eq!(
                        operation.run(Engine::new(), &reads, &mut writes),
                        Err(Error::LengthMismatch {
                            what,
                            expected,
                            got
                        }),
                        "{operation} with a wrong operand {bad}: {random:?}"
                    );
                    for (after, before) in writes.iter().zip(&before) {
                        after.assert_same(before, Accuracy::CorrectlyRounded, &operation.name());
                    }
                }
            }
        }
    }
}

#[test]
fn a_wrong_length_is_an_error_that_names_the_operand_and_nothing_is_written() {
    wrong_lengths::<f32>();
    wrong_lengths::<f64>();
}

/// An input of one vector, or number, is repeated, also where there are no others; nothing else may be of length 1.
fn lengths_of_one<T: Float + Real>() {
    let mut random = Random(9);
    for operation in all_derived() {
        let is_gradient = operation.gradient_of().is_some();
        for len in [0, 2, 100] {
            for (k, name) in operation.input_names().iter().enumerate() {
                let mut reads = operation.inputs_of::<T>(len, &mut random, |_| Layout::Aos);
                let mut writes = operation.outputs_for(&reads, &mut random, any_output);
                reads[k] = Operand::new(reads[k].layout(), 1, 0, &mut random);
                let (accuracy, before) = (Accuracy::Plain, writes.clone());
                let result = operation.run(Engine::new(), &reads, &mut writes);
                if is_gradient && *name == "g" {
                    // What has the common shape is not repeated.
                    let expected = Error::LengthMismatch {
                        what: "g",
                        expected: len,
                        got: 1,
                    };
                    assert_eq!(result, Err(expected), "{operation}, {len}");
                } else {
                    assert_eq!(result, Ok(()), "{operation} with one {name}, {len}");
                    let one = reads[k].get(0);
                    reads[k] = Operand::new(reads[k].layout(), len, 0, &mut random);
                    (0..len).for_each(|i| reads[k].put(i, one));
                    let expected = operation.expected(&reads, &before, accuracy);
                    for (got, expected) in writes.iter().zip(&expected) {
                        got.assert_same(expected, accuracy, &(operation, name, len));
                    }
                    continue;
                }
                for (after, before) in writes.iter().zip(&before) {
                    after.assert_same(before, Accuracy::CorrectlyRounded, &operation);
                }
            }
            for (k, name) in operation.output_names().iter().enumerate() {
                let reads = operation.inputs_of::<T>(len, &mut random, |_| Layout::Aos);
                let mut writes = operation.outputs_for(&reads, &mut random, any_output);
                writes[k] = Operand::new(writes[k].layout(), 1, 0, &mut random);
                let before = writes.clone();
                let expected = Error::LengthMismatch {
                    what: name,
                    expected: len,
                    got: 1,
                };
                let result = operation.run(Engine::new(), &reads, &mut writes);
                assert_eq!(result, Err(expected), "{operation}, {len}");
                for (after, before) in writes.iter().zip(&before) {
                    after.assert_same(before, Accuracy::CorrectlyRounded, &operation);
                }
            }
        }
    }
}

#[test]
fn one_vector_is_repeated_where_it_is_read_and_an_error_where_it_is_written() {
    lengths_of_one::<f32>();
    lengths_of_one::<f64>();
}
