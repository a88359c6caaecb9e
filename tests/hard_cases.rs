//! Correct rounding on cases that are hard to round: at every level, in columns, rows and padded rows, on any number of
//! threads, in any floating-point environment. `crosslane verify` runs more of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Soa, reference};
use crosslane_cases::{Class, case, quadruple, vectors};
use support::{Float, engines, one_in};

const SEED: u64 = 4;
const CLASSES: u64 = Class::ALL.len() as u64;

fn correctly_rounded() -> Vec<Engine> {
    let engines = engines().into_iter();
    engines
        .map(|engine| engine.with_accuracy(Accuracy::CorrectlyRounded))
        .collect()
}

/// The cases from `first` on as vectors, each in a component of its own, with operands of the next one in the other places.
fn batch<T: Float + crosslane_cases::Float>(first: u64, len: u64) -> [Vec<[T; 3]>; 2] {
    let vectors = (first..first + len).map(|index| {
        let ((_, quadruple), (_, [a, _, _, d])) = (case(SEED, index), case(SEED, index + 1));
        vectors(quadruple, (index / CLASSES % 3) as usize, [a, d])
    });
    let (a, b) = vectors.unzip();
    [a, b]
}

fn definition<T: Float>([a, b]: &[Vec<[T; 3]>; 2]) -> Vec<[T; 3]> {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| reference::cross(*a, *b, Accuracy::CorrectlyRounded))
        .collect()
}

#[track_caller]
fn assert_equal<T: Float>(
    [a, b]: &[Vec<[T; 3]>; 2],
    got: &[[T; 3]],
    expected: &[[T; 3]],
    engine: Engine,
) {
    assert_eq!(got.len(), expected.len(), "{engine:?}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let [got, expected] = [got, expected].map(|v| v.map(T::bits));
        assert!(
            got == expected,
            "{:x?} × {:x?} is {got:x?}, expected {expected:x?}: {engine:?}",
            a[i].map(T::bits),
            b[i].map(T::bits),
        );
    }
}

/// Two million cases of each type; all of the first vectors are also multiplied in rows and padded rows.
fn every_class<T: Float + crosslane_cases::Float>() {
    const BLOCK: u64 = 12_501;
    let engines = correctly_rounded();
    let mut cases = 0;
    while cases < 2_000_000 / one_in(100) as u64 {
        let operands @ [a, b] = &batch::<T>(cases, BLOCK);
        let expected = definition(operands);
        let columns = [a, b].map(|rows| Soa::from_aos(rows));
        for engine in &engines {
            let mut out = Soa::zeros(a.len());
            engine.cross(&columns[0], &columns[1], &mut out).unwrap();
            assert_equal(operands, &out.to_aos(), &expected, *engine);
            if cases % 8 == 0 {
                let mut out = vec![[T::default(); 3]; a.len()];
                engine.cross(a, b, &mut out).unwrap();
                assert_equal(operands, &out, &expected, *engine);
                let pad = |v: &[T; 3]| [v[0], v[1], v[2], v[0]];
                let [a, b] = [a, b].map(|rows| rows.iter().map(pad).collect::<Vec<_>>());
                let mut out = a.clone();
                engine.cross(&a, &b, &mut out).unwrap();
                let out: Vec<_> = out.iter().map(|v| [v[0], v[1], v[2]]).collect();
                assert_equal(operands, &out, &expected, *engine);
            }
        }
        cases += BLOCK;
    }
}

#[test]
fn f32_every_class_is_rounded_as_the_reference_says() {
    every_class::<f32>();
}

#[test]
fn f64_every_class_is_rounded_as_the_reference_says() {
    every_class::<f64>();
}

/// Multiplies ordinary vectors, but for one.
fn check_among_ordinary<T: Float + crosslane_cases::Float>(
    engine: Engine,
    lane: usize,
    rare: ([T; 3], [T; 3]),
) {
    let ordinary = (0..48).map(|i| vectors(quadruple(Class::Uniform, 1, i), 0, spare(i)));
    let (a, b): (Vec<[T; 3]>, Vec<_>) = ordinary.unzip();
    let mut operands = [a, b];
    (operands[0][lane], operands[1][lane]) = rare;
    let mut out = Soa::zeros(48);
    let columns = operands.each_ref().map(|rows| Soa::from_aos(rows));
    engine.cross(&columns[0], &columns[1], &mut out).unwrap();
    assert_equal(&operands, &out.to_aos(), &definition(&operands), engine);
}

fn spare<T: Float + crosslane_cases::Float>(index: u64) -> [T; 2] {
    let [a, b, ..] = quadruple(Class::Uniform, 2, index);
    [a, b]
}

/// What needs a second look, in each lane and component; nothing around it asks for one.
fn rare_cases<T: Float + crosslane_cases::Float>() {
    for engine in correctly_rounded() {
        for lane in (0..48).step_by(one_in(7)) {
            for (class, component) in [Class::Subnormal, Class::Overflow, Class::Special]
                .into_iter()
                .flat_map(|class| [(class, 0), (class, 1), (class, 2)])
            {
                for index in 0..20 {
                    let rare = vectors(quadruple(class, 1, index), component, spare(index));
                    check_among_ordinary::<T>(engine, lane, rare);
                }
            }
        }
    }
}

#[test]
fn a_rare_case_is_seen_in_any_lane() {
    rare_cases::<f32>();
    rare_cases::<f64>();
}

/// One number of a vector is special, all others and all other vectors are ordinary.
fn special_numbers<T: Float + crosslane_cases::Float>() {
    for engine in correctly_rounded() {
        for lane in (0..48).step_by(one_in(7)) {
            for &special in T::SPECIAL {
                for place in 0..6 {
                    let mut rare = vectors(quadruple(Class::Uniform, 3, 5), 1, spare(6));
                    match place {
                        0..3 => rare.0[place] = special,
                        _ => rare.1[place - 3] = special,
                    }
                    check_among_ordinary::<T>(engine, lane, rare);
                }
            }
        }
    }
}

#[test]
fn a_special_number_among_ordinary_ones_is_seen_in_any_lane() {
    special_numbers::<f32>();
    special_numbers::<f64>();
}

/// Factors so small that they have few bits, against ones so large that the products are ordinary.
#[test]
fn subnormal_factors_of_ordinary_products_are_rounded_once() {
    let mut random = support::Random(11);
    for engine in correctly_rounded() {
        let mut rows = |small: bool| -> Vec<[f64; 3]> {
            let mut number = |i: usize| {
                let bits = random.bits();
                // Ones at the end are what a wrong error of a product shows in.
                let ones = if bits & 1 == 0 {
                    0x000f_ffff_ffff_ff00
                } else {
                    0
                };
                let huge = f64::from_bits((1023 + 700 + bits % 100) << 52 | ones | bits >> 12);
                let tiny = f64::from_bits((1 << (20 + bits % 20)) | ((bits >> 40) % 5));
                let number = if i.is_multiple_of(2) == small {
                    tiny
                } else {
                    huge
                };
                if bits >> 63 == 0 { number } else { -number }
            };
            (0..20_000).map(|i| [0; 3].map(|_| number(i))).collect()
        };
        let operands = [rows(true), rows(false)];
        let columns = operands.each_ref().map(|rows| Soa::from_aos(rows));
        let mut out = Soa::zeros(20_000);
        engine.cross(&columns[0], &columns[1], &mut out).unwrap();
        assert_equal(&operands, &out.to_aos(), &definition(&operands), engine);
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod environments {
    use super::*;
    #[cfg(feature = "rayon")]
    use crate::support::environment::register;
    use crate::support::environment::{register::OTHERS, within};

    fn every_environment<T: Float + crosslane_cases::Float>() {
        let operands @ [a, b] = &batch::<T>(0, 12_000 / one_in(20) as u64);
        let expected = definition(operands);
        let columns = [a, b].map(|rows| Soa::from_aos(rows));
        for control in OTHERS {
            let (there, after) = within(control, || definition(operands));
            assert_eq!(after, control, "the reference has no environment");
            assert_equal(operands, &there, &expected, Engine::new());
            for engine in correctly_rounded() {
                let mut out = Soa::zeros(a.len());
                let (result, after) =
                    within(control, || engine.cross(&columns[0], &columns[1], &mut out));
                result.unwrap();
                assert_eq!(
                    after, control,
                    "the caller's environment is back: {engine:?}"
                );
                assert_equal(operands, &out.to_aos(), &expected, engine);
            }
        }
    }

    #[test]
    fn the_callers_environment_changes_nothing_and_is_back_afterwards() {
        every_environment::<f32>();
        every_environment::<f64>();
    }

    /// Threads of a pool that has an environment of its own, too.
    #[cfg(feature = "rayon")]
    #[test]
    fn the_environment_of_every_thread_changes_nothing_and_is_back_afterwards() {
        use std::num::NonZeroUsize;

        use crosslane::Threads;

        let operands @ [a, b] = &batch::<f64>(0, 50_000);
        let expected = definition(operands);
        for control in OTHERS {
            for threads in [2, 7] {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .start_handler(move |_| register::write(control))
                    .build()
                    .unwrap();
                let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
                for engine in correctly_rounded() {
                    let engine = engine.with_threads(most);
                    let mut out = vec![[0.0; 3]; a.len()];
                    pool.install(|| engine.cross(a, b, &mut out)).unwrap();
                    assert_equal(operands, &out, &expected, engine);
                    let after = pool.broadcast(|_| register::read());
                    // Exceptions that are noted meanwhile are not of interest.
                    let mode = |control: u64| control & !0x3f;
                    assert!(
                        after.iter().all(|&after| mode(after) == mode(control)),
                        "{after:x?}, expected {control:x}: {engine:?}"
                    );
                }
            }
        }
    }

    /// What is not asked to be rounded once is computed as the caller has it, like the caller's own arithmetic.
    #[test]
    fn plain_follows_the_callers_environment() {
        let (a, b) = ([[3e-310, 1.0, 1.0]; 9], [[1.0, 1.0, 1.0]; 9]);
        let (flushing, upwards) = (OTHERS[0], OTHERS[4]);
        for engine in engines() {
            let mut out = [[0.0; 3]; 9];
            let (result, _) = within(flushing, || engine.cross(&a, &b, &mut out));
            result.unwrap();
            assert_eq!(out[8], [0.0, 1.0, -1.0], "{engine:?}");
            let tenths = [[0.1, 0.3, 0.7]; 9];
            let (result, _) = within(upwards, || engine.cross(&tenths, &a, &mut out));
            result.unwrap();
            let there = out;
            engine.cross(&tenths, &a, &mut out).unwrap();
            assert_ne!(there, out, "{engine:?}");
        }
    }

    /// Half types are rounded once whatever is asked for.
    #[cfg(feature = "half")]
    #[test]
    fn half_types_do_not_know_the_callers_environment() {
        let mut random = support::Random(9);
        let mut rows = || -> Vec<[half::bf16; 3]> {
            (0..5000).map(|_| [0; 3].map(|_| random.value())).collect()
        };
        let operands @ [a, b] = &[rows(), rows()];
        let expected = definition(operands);
        for control in OTHERS {
            for engine in engines() {
                let mut out = a.clone();
                let (result, after) = within(control, || engine.cross(a, b, &mut out));
                result.unwrap();
                assert_eq!(after, control, "{engine:?}");
                assert_equal(operands, &out, &expected, engine);
            }
        }
    }
}
