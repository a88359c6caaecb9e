//! A sample of all that the other tests of this folder compare, in a few seconds also where nothing is optimised: every operation, type,
//! level and accuracy, layouts and lengths at random. Mutation testing (`fuzz/mutants`) begins with it, because most faults are seen here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::io::Write;
#[cfg(feature = "rayon")]
use std::num::NonZeroUsize;

use crosslane::{Accuracy, Engine, Real, Stores, Threads, reference};
use crosslane_cases::{case, nearest, vectors};
use support::cases::Case;
use support::meshes::{OwnedFaces, on_meshes};
use support::operations::{Kind, OnOperands, Operation, all_derived, define, gradients};
#[cfg(feature = "rayon")]
use support::outputs;
use support::shapes::shape;
use support::{Float, Layout, Operand, Random, Tested, any_input, any_output, any_stores, engines};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

/// Who runs thousands of mutants does not wait for the other tests when one has seen a fault.
fn first_fault_ends() {
    if support::under_a_tool() {
        std::panic::set_hook(Box::new(|fault| {
            std::io::stderr()
                .write_all(format!("{fault}\n").as_bytes())
                .unwrap();
            std::process::exit(101);
        }));
    }
}

/// Less than a register, one, two and some; tiles and leaves of sums, and one more or less.
const LENGTHS: [usize; 28] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 23, 31, 33, 47, 64, 65, 95, 127, 129, 143, 193, 257,
    271, 385, 577,
];

/// The lengths in turn, which all have the same share.
fn any_length(random: &mut Random) -> usize {
    LENGTHS[random.below(LENGTHS.len())]
}

/// All levels with either accuracy, serially.
fn every_engine() -> impl Iterator<Item = Engine> {
    let both = |engine: Engine| ACCURACIES.map(|accuracy| engine.with_accuracy(accuracy));
    let engines = engines().into_iter().flat_map(both);
    engines.map(|engine| engine.with_threads(Threads::Serial))
}

/// c = a × b, and a = a × b in place.
fn cross<T: Float>(engine: Engine, layouts: [Layout; 3], len: usize, random: &mut Random) {
    let context = (T::NAME, engine, layouts, len, random.clone());
    let accuracy = engine.accuracy();
    let [a, b, mut out] = layouts.map(|layout| {
        let offset = random.below(16);
        Operand::<T>::new(layout, len, offset, random)
    });
    let before = [a.clone(), b.clone()];
    let expected = out.after_cross(&a, &b, accuracy);
    engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
    out.assert_same(&expected, accuracy, &context);
    a.assert_same(&before[0], accuracy, &context);
    b.assert_same(&before[1], accuracy, &context);

    let expected = out.after_cross(&out, &b, accuracy);
    engine.cross_assign(out.view_mut(), b.view()).unwrap();
    out.assert_same(&expected, accuracy, &context);
}

fn crosses<T: Float>() {
    let mut random = Random(1);
    for engine in every_engine() {
        for len in LENGTHS.into_iter().chain(LENGTHS) {
            let out = any_output(&mut random);
            // Half of the time all alike, or one vector.
            let input = |random: &mut Random| match random.below(4) {
                0 => Layout::Broadcast,
                1 | 2 => out,
                _ => any_input(random),
            };
            let layouts = [input(&mut random), input(&mut random), out];
            let engine = any_stores(engine, &mut random);
            cross::<T>(engine, layouts, len, &mut random);
        }
    }
}

#[test]
fn cross_products_match_reference() {
    first_fault_ends();
    crosses::<f32>();
    crosses::<f64>();
    #[cfg(feature = "half")]
    {
        crosses::<half::f16>();
        crosses::<half::bf16>();
    }
}

/// Compares the whole buffer of every operand.
fn check<T: Float + Real>(
    operation: Operation,
    engine: Engine,
    inputs: &[Operand<T>],
    random: &mut Random,
) {
    let accuracy = engine.accuracy();
    let mut outputs = operation.outputs_for(inputs, random, any_output);
    let expected = operation.expected(inputs, &outputs, accuracy);
    let layouts: Vec<_> = inputs.iter().map(Operand::layout).collect();
    let context = (T::NAME, operation.name(), engine, layouts, random.clone());
    operation.run(engine, inputs, &mut outputs).unwrap();
    for (got, expected) in outputs.iter().zip(&expected) {
        got.assert_same(expected, accuracy, &context);
    }
}

fn derived<T: Float + Real>() {
    let mut random = Random(2);
    for engine in every_engine() {
        for operation in all_derived() {
            for _ in 0..5 {
                let len = any_length(&mut random);
                let engine = any_stores(engine, &mut random);
                let inputs = operation.inputs_of::<T>(len, &mut random, any_input);
                check(operation, engine, &inputs, &mut random);
            }
            // Special values, nothing beside them and a gradient of one.
            let mut inputs = operation.inputs_of::<T>(40, &mut random, |_| Layout::Soa);
            for i in 0..40 {
                for (k, input) in inputs.iter_mut().enumerate() {
                    let mut v = match (k, i % 3) {
                        (2.., 0) => [T::from_single(1.0); 3],
                        (_, 1) => [T::default(); 3],
                        _ => [0; 3].map(|_| T::near_one(random.bits())),
                    };
                    v[random.below(3)] = T::SPECIAL[random.below(T::SPECIAL.len())];
                    input.put(i, v);
                }
            }
            check(operation, engine, &inputs, &mut random);
            // Zeros and ones of either sign beside numbers with all bits: what a sum of zeros is depends on all signs.
            let mut inputs = operation.inputs_of::<T>(200, &mut random, |_| Layout::Soa);
            for input in &mut inputs {
                for i in 0..200 {
                    let v = [0; 3].map(|_| match random.below(5) {
                        4 => T::near_one(random.bits()),
                        k => T::SPECIAL[k],
                    });
                    input.put(i, v);
                }
            }
            check(operation, engine, &inputs, &mut random);
        }
    }
}

#[test]
fn what_is_derived_matches_reference() {
    first_fault_ends();
    derived::<f32>();
    derived::<f64>();
}

fn sums<T: Float + Real>() {
    let mut random = Random(3);
    for engine in every_engine() {
        for operation in gradients() {
            for broadcast in 1..1 << operation.outputs().len() {
                let mut k = 0;
                let len = any_length(&mut random);
                let mut inputs = operation.inputs_of::<T>(len, &mut random, |random| {
                    k += 1;
                    match broadcast >> (k - 1) & 1 {
                        1 => Layout::Broadcast,
                        _ => any_output(random),
                    }
                });
                for input in &mut inputs {
                    input.elements_mut().fill_with(|| random.ordinary());
                }
                let engine = any_stores(engine, &mut random);
                check(operation, engine, &inputs, &mut random);
            }
        }
    }
}

#[test]
fn sums_match_reference() {
    first_fault_ends();
    sums::<f32>();
    sums::<f64>();
}

fn meshes<T: Float + Real>() {
    let mut random = Random(4);
    for engine in every_engine() {
        for operation in on_meshes::<T>() {
            for faces in [0, 1, 7, 16, 33, 65, 129, 257, 300] {
                let count = 1 + random.below(60);
                let mut vertices = Operand::new(any_input(&mut random), count, 3, &mut random);
                if random.below(2) == 0 {
                    vertices.elements_mut().fill_with(|| random.ordinary());
                }
                let faces = OwnedFaces::random(faces, count, &mut random);
                let (layout, offset) = (any_output(&mut random), random.below(16));
                let len = operation.results(count, &faces);
                let mut out = operation.output(len, layout, offset, &mut random);
                let expected = operation.expected(&vertices, &faces, &out, engine.accuracy());
                let engine = any_stores(engine, &mut random);
                operation.run(engine, &vertices, &faces, &mut out).unwrap();
                let context = (T::NAME, operation.name, engine, vertices.layout());
                out.assert_same(&expected, engine.accuracy(), &context);
            }
        }
    }
}

#[test]
fn meshes_match_reference() {
    first_fault_ends();
    meshes::<f32>();
    meshes::<f64>();
}

/// Normals of vertices are normalised in place. Were they streamed from where that can be, there would be a first step by itself. It
/// comes last, and would load what others have stored.
fn in_place<T: Float + Real>() {
    let mut random = Random(6);
    let [.., operation] = on_meshes::<T>();
    for engine in every_engine() {
        let engine = engine.with_stores(Stores::Streaming);
        for layout in [Layout::InStep, Layout::Aos] {
            for (len, offset) in (3..=33).flat_map(|len| [1, 3, 5, 7].map(|i| (len, i))) {
                let mut vertices = Operand::new(Layout::Aos, len, 0, &mut random);
                vertices.elements_mut().fill_with(|| random.ordinary());
                let triangles = (2..len as u32).map(|i| [i - 2, i - 1, i]).collect();
                let faces = OwnedFaces::of_triangles(triangles);
                let mut out = Operand::new(layout, len, offset, &mut random);
                let expected = operation.expected(&vertices, &faces, &out, engine.accuracy());
                operation.run(engine, &vertices, &faces, &mut out).unwrap();
                let context = (T::NAME, engine, layout, len, offset);
                out.assert_same(&expected, engine.accuracy(), &context);
            }
        }
    }
}

#[test]
fn in_place_nothing_is_loaded_that_was_stored() {
    first_fault_ends();
    in_place::<f32>();
    in_place::<f64>();
}

/// The definition against arbitrary precision, and the kernels against the definition.
fn hard<T: Float + crosslane_cases::Float>(cases: u64) {
    let rows = |index: u64| {
        let ((_, quadruple), (_, [a, _, _, d])) = (case(7, index), case(7, index + 1));
        let [p, q, r, s]: [T; 4] = quadruple;
        let k = (index % 3) as usize;
        let (v, w) = vectors([p, q, r, s], k, [a, d]);
        let (expected, got) = (
            nearest(quadruple),
            reference::cross(v, w, Accuracy::CorrectlyRounded)[k],
        );
        assert!(
            expected.bits() == got.bits(),
            "{:x?} is {:x?}, expected {:x?}",
            quadruple.map(T::bits),
            got.bits(),
            expected.bits()
        );
        (v, w)
    };
    let (a, b): (Vec<_>, Vec<_>) = (0..cases).map(rows).unzip();
    let definition =
        |(a, b): (&[T; 3], &[T; 3])| reference::cross(*a, *b, Accuracy::CorrectlyRounded);
    let expected: Vec<_> = a.iter().zip(&b).map(definition).collect();
    for engine in engines() {
        let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
        let mut out = a.clone();
        engine.cross(&a, &b, &mut out).unwrap();
        for (i, (got, expected)) in out.iter().zip(&expected).enumerate() {
            let [got, expected] = [got, expected].map(|v| v.map(T::bits));
            assert_eq!(
                got,
                expected,
                "{:x?} × {:x?}: {engine:?}",
                a[i].map(T::bits),
                b[i].map(T::bits)
            );
        }
    }
}

#[test]
fn hard_cases_are_rounded_once() {
    first_fault_ends();
    hard::<f32>(4000);
    hard::<f64>(4000);
}

/// Half numbers: all sums of a product at a midpoint and another of any size come up among random bits of few exponents.
#[cfg(feature = "half")]
fn half_types<T: Float>() {
    let mut random = Random(5);
    for engine in engines() {
        for layout in [Layout::Soa, Layout::Aos, Layout::Padded] {
            for class in 0..5 {
                let [mut a, mut b, mut out] =
                    [0; 3].map(|_| Operand::<T>::new(layout, 1500, 0, &mut random));
                let mut number = |_| {
                    let integer = random.below(2048) as f32 - 1024.0;
                    let exponent = match class {
                        0 => return T::from_random(random.bits()),
                        1 => -(random.below(20) as i32),
                        // Products that are subnormal or infinite in `f32`.
                        2 => -66 - random.below(8) as i32,
                        3 => 56 - random.below(8) as i32,
                        // Midpoints, and products beside them that are nothing in `f32`.
                        _ => {
                            let odd = 2 * random.below(32) + 1;
                            let scale = [1.0, (-80.0_f32).exp2()][random.below(2)];
                            return T::from_single(odd as f32 * scale);
                        }
                    };
                    T::from_single(integer * (exponent as f32).exp2())
                };
                for i in 0..1500 {
                    a.set(i, [0; 3].map(&mut number));
                    b.set(i, [0; 3].map(&mut number));
                }
                let expected = out.after_cross(&a, &b, engine.accuracy());
                engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
                out.assert_same(&expected, engine.accuracy(), &(T::NAME, engine, layout));
            }
        }
    }
}

#[cfg(feature = "half")]
#[test]
fn half_types_are_rounded_once() {
    first_fault_ends();
    half_types::<half::f16>();
    half_types::<half::bf16>();
}

/// Where nothing cancels, plain results are near those that are accurate: the definition itself is right. (Of components around
/// one, at angles from 60 to 120 degrees, no formula takes more than 30 roundings, each of half a unit of numbers below 32.)
fn near<T: Float + Real + Into<f64>>(unit: f64) {
    let axes = [[3.0, 1.0, -1.0], [-1.0, 3.0, 1.0], [1.0, -1.0, 3.0]];
    let mut random = Random(6);
    for operation in all_derived() {
        for turn in 0..20 {
            let mut vector = |k: usize| {
                let axis = axes[(turn + k) % 3];
                axis.map(|x| {
                    T::from_single(x)
                        * (T::from_single(1.0) + T::near_one(random.bits()) * T::from_single(0.1))
                })
            };
            let place: Vec<[T; 3]> = operation
                .inputs()
                .iter()
                .enumerate()
                .map(|(k, kind)| match kind {
                    Kind::Scalar => [vector(k)[0]; 3],
                    _ => vector(k),
                })
                .collect();
            let [plain, accurate] = ACCURACIES.map(|accuracy| define(operation, &place, accuracy));
            for (plain, accurate) in plain.as_flattened().iter().zip(accurate.as_flattened()) {
                let (plain, accurate): (f64, f64) = ((*plain).into(), (*accurate).into());
                let bound = 30.0 * 32.0 * unit * accurate.abs().max(1.0);
                assert!(
                    (plain - accurate).abs() <= bound,
                    "{} of {place:?} is {plain:e}, not {accurate:e}",
                    operation.name()
                );
            }
        }
    }
}

#[test]
fn plain_definitions_are_near_accurate_ones() {
    first_fault_ends();
    near::<f32>(2.0_f64.powi(-24));
    near::<f64>(2.0_f64.powi(-53));
}

/// Shapes and memory orders at random, in place, and with sums.
#[test]
fn operands_of_any_shapes_match_reference() {
    fn check<T: Tested + Real>(seed: u64) {
        let mut random = Random(seed);
        for (i, operation) in Operation::ALL.iter().cycle().take(300).enumerate() {
            let common = shape(&mut random, 150);
            let mut case = Case::<T>::new(&mut random, *operation, &common, &[]);
            case.fill(&mut random);
            let accuracy = ACCURACIES[i % 2];
            let engines = every_engine().step_by(2);
            let engines: Vec<_> = engines
                .map(|engine| any_stores(engine, &mut random))
                .collect();
            case.check(accuracy, engines.clone(), &i);
            if *operation == Operation::Cross {
                case.check_in_place(accuracy, engines, &i);
            }
        }
    }
    first_fault_ends();
    check::<f32>(9);
    check::<f64>(10);
}

/// Few and many pieces, and the sums of several.
#[cfg(feature = "rayon")]
#[test]
fn threads_match_reference() {
    first_fault_ends();
    let mut random = Random(8);
    for threads in [2, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
        let engine = Engine::new().with_threads(most);
        for layout in outputs() {
            for len in [1, 40, 111, 1000] {
                let engine = any_stores(engine, &mut random);
                pool.install(|| cross::<f32>(engine, [layout; 3], len, &mut random));
                let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
                pool.install(|| cross::<f64>(engine, [layout; 3], len, &mut random));
            }
        }
        let operation = Operation::CrossVjp;
        for len in [1 << 15, (1 << 15) + 1, 70_000] {
            let mut first = true;
            let inputs = operation.inputs_of::<f32>(len, &mut random, |_| {
                match std::mem::take(&mut first) {
                    true => Layout::Broadcast,
                    false => Layout::Aos,
                }
            });
            pool.install(|| check(operation, engine, &inputs, &mut random));
        }
    }
}
