//! What is correctly rounded, and what is derived from it, does not depend on the floating-point environment of the caller or
//! of the threads that work, and changes none. (The cross product itself: `tests/hard_cases.rs`.)

#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Error, Real, cross, with_default_environment};
#[cfg(feature = "rayon")]
use support::environment::register;
use support::environment::{register::OTHERS, within};
use support::meshes::{OwnedFaces, on_meshes};
use support::operations::{Kind, OnOperands, Operation, all_derived, gradients};
use support::{Float, INPUTS, Layout, Operand, Random, engines, one_in, outputs};

/// Under a tool every third: subnormals are flushed or taken for 0, rounding is as always or towards 0, and all exceptions are trapped.
fn others() -> impl Iterator<Item = u64> {
    OTHERS.into_iter().step_by(one_in(3))
}

fn correctly_rounded() -> Vec<Engine> {
    let engines = engines().into_iter();
    engines
        .map(|engine| engine.with_accuracy(Accuracy::CorrectlyRounded))
        .collect()
}

type Call<T> = dyn Fn(Engine, &mut [Operand<T>]) -> Result<(), Error> + Send + Sync;

/// A call that is made again and again, with what it has to give. What is expected is found out here, in the environment of the
/// tests: the reference of most operations has no other.
struct Case<T> {
    name: &'static str,
    outputs: Vec<Operand<T>>,
    expected: Vec<Operand<T>>,
    call: Box<Call<T>>,
}

/// Special values and subnormals in short batches; ordinary numbers where they are summed, or nothing but NaN is left.
fn batch<T: Float + Real>(
    operation: Operation,
    len: usize,
    sums: bool,
    random: &mut Random,
) -> Case<T> {
    let any = |random: &mut Random| match sums {
        true => Layout::Broadcast,
        false => INPUTS[random.below(INPUTS.len())],
    };
    let mut inputs = operation.inputs_of::<T>(len, random, any);
    if sums {
        for input in &mut inputs {
            input.elements_mut().fill_with(|| random.ordinary());
        }
        // One of many, or all gradients would be the same.
        let last = inputs.len() - 1;
        if operation.inputs()[last] == Kind::Vector {
            inputs[last] = Operand::new(Layout::Aos, len, 3, random);
            inputs[last].elements_mut().fill_with(|| random.ordinary());
        }
    }
    let output = outputs().nth(random.below(outputs().count())).unwrap();
    let outputs = operation.outputs_for(&inputs, random, |_| output);
    let expected = operation.expected(&inputs, &outputs, Accuracy::CorrectlyRounded);
    let name = operation.name();
    let call = Box::new(move |engine, outputs: &mut [_]| operation.run(engine, &inputs, outputs));
    Case {
        name,
        outputs,
        expected,
        call,
    }
}

fn cases<T: Float + Real>() -> Vec<Case<T>> {
    let mut random = Random(1);
    let mut cases = Vec::new();
    for operation in all_derived() {
        cases.push(batch(operation, 700 / one_in(10), false, &mut random));
    }
    for operation in gradients() {
        cases.push(batch(operation, 1000 / one_in(5), true, &mut random));
    }
    // Sums of several pieces.
    for operation in [Operation::CrossVjp, Operation::ScalarTripleVjp]
        .into_iter()
        .step_by(one_in(2))
    {
        cases.push(batch(operation, (1 << 16) + 1234, true, &mut random));
    }
    for operation in on_meshes::<T>() {
        let mut vertices = Operand::new(Layout::Aos, 100, 1, &mut random);
        vertices.elements_mut().fill_with(|| random.ordinary());
        let faces = OwnedFaces::random(2000 / one_in(5), 100, &mut random);
        let len = operation.results(100, &faces);
        let outputs = vec![operation.output(len, Layout::Soa, 2, &mut random)];
        let accuracy = Accuracy::CorrectlyRounded;
        let expected = vec![operation.expected(&vertices, &faces, &outputs[0], accuracy)];
        let name = operation.name;
        let call = Box::new(move |engine, outputs: &mut [_]| {
            operation.run(engine, &vertices, &faces, &mut outputs[0])
        });
        cases.push(Case {
            name,
            outputs,
            expected,
            call,
        });
    }
    cases
}

impl<T: Float + Real> Case<T> {
    #[track_caller]
    fn assert_expected(&self, got: &[Operand<T>], engine: Engine, control: u64) {
        for (got, expected) in got.iter().zip(&self.expected) {
            let context = format!("{} in environment {control:x}: {engine:?}", self.name);
            got.assert_same(expected, Accuracy::CorrectlyRounded, &context);
        }
    }
}

fn every_environment<T: Float + Real>() {
    for case in cases::<T>() {
        for control in others() {
            for engine in correctly_rounded() {
                let mut outputs = case.outputs.clone();
                let (result, after) = within(control, || (case.call)(engine, &mut outputs));
                result.unwrap();
                assert_eq!(
                    after, control,
                    "the caller's is back: {}, {engine:?}",
                    case.name
                );
                case.assert_expected(&outputs, engine, control);
            }
        }
    }
}

#[test]
fn the_callers_environment_changes_nothing_and_is_back_afterwards() {
    every_environment::<f32>();
    every_environment::<f64>();
}

#[test]
fn the_default_environment_is_set_for_plain_products_and_the_callers_is_back_afterwards() {
    let mut random = Random(7);
    let mut vectors = || [(); 9].map(|()| [(); 3].map(|()| 1e-20_f32 * random.ordinary::<f32>()));
    let (a, b) = (vectors(), vectors());
    let multiply = || {
        let mut c = [[0.0_f32; 3]; 9];
        cross(&a, &b, &mut c).unwrap();
        c.map(|vector| vector.map(f32::to_bits))
    };
    let expected = multiply();
    for control in OTHERS {
        let (got, after) = within(control, || with_default_environment(multiply));
        assert_eq!(got, expected, "in environment {control:x}");
        assert_eq!(after, control, "the caller's is back");
    }
    let flushed = within(OTHERS[0], multiply).0;
    assert_ne!(
        flushed, expected,
        "products are subnormal, or this shows nothing"
    );
}

/// Threads of a pool that has an environment of its own.
#[cfg(feature = "rayon")]
fn every_environment_of_threads<T: Float + Real>() {
    use crosslane::Threads;

    let cases = cases::<T>();
    for control in others() {
        for threads in [2, 7] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .start_handler(move |_| register::write(control))
                .build()
                .unwrap();
            let most = Threads::Max(std::num::NonZeroUsize::new(threads).unwrap());
            for case in &cases {
                for engine in correctly_rounded() {
                    let engine = engine.with_threads(most);
                    let mut outputs = case.outputs.clone();
                    pool.install(|| (case.call)(engine, &mut outputs)).unwrap();
                    case.assert_expected(&outputs, engine, control);
                    // Exceptions that are noted meanwhile are not of interest.
                    let mode = |control: u64| control & !0x3f;
                    let after = pool.broadcast(|_| mode(register::read()));
                    assert!(
                        after.iter().all(|after| *after == mode(control)),
                        "{after:x?}, expected {control:x}: {}, {engine:?}",
                        case.name
                    );
                }
            }
        }
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_environment_of_every_thread_changes_nothing_and_is_back_afterwards() {
    every_environment_of_threads::<f32>();
    every_environment_of_threads::<f64>();
}
