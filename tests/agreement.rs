//! Every kernel gives the bits of the reference: at every level, for every layout of every operand, at
//! every length around a boundary, at every offset, for every special value, on any number of threads.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::num::NonZeroUsize;

use crosslane::{Engine, Threads};
use proptest::prelude::*;
use support::{Float, INPUTS, Layout, Operand, Random, engines, outputs};

/// 0 to 4 registers of the widest level and one more; then the boundaries of one, two and
/// three tiles (512 bytes a column: 128 `f32` or 64 `f64`).
fn lengths() -> impl Iterator<Item = usize> {
    (0..=4 * 16 + 1).chain([
        127, 128, 129, 191, 192, 193, 255, 256, 257, 383, 384, 385, 511, 512, 513,
    ])
}

/// Multiplies and compares the whole buffer of every operand.
fn check<T: Float>(
    engine: Engine,
    layouts: [Layout; 3],
    len: usize,
    offsets: [usize; 3],
    random: &mut Random,
) {
    let context = (T::NAME, engine, layouts, len, offsets, random.clone());
    let [a, b, mut out] = [0, 1, 2].map(|k| Operand::<T>::new(layouts[k], len, offsets[k], random));
    let (a_before, b_before, expected) = (a.clone(), b.clone(), out.after_cross(&a, &b));
    engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
    out.assert_same(&expected, &context);
    a.assert_same(&a_before, &context);
    b.assert_same(&b_before, &context);
}

/// As `check`, in place.
fn check_assign<T: Float>(
    engine: Engine,
    layouts: [Layout; 2],
    len: usize,
    offset: usize,
    random: &mut Random,
) {
    let context = (T::NAME, engine, layouts, len, offset, random.clone());
    let [mut a, b] = [0, 1].map(|k| Operand::<T>::new(layouts[k], len, offset, random));
    let (b_before, expected) = (b.clone(), a.after_cross(&a, &b));
    engine.cross_assign(a.view_mut(), b.view()).unwrap();
    a.assert_same(&expected, &context);
    b.assert_same(&b_before, &context);
}

fn every_layout<T: Float>() {
    let mut random = Random(1);
    for engine in engines() {
        let engine = engine.with_threads(Threads::Serial);
        for a in INPUTS {
            for b in INPUTS {
                for out in outputs() {
                    for len in lengths() {
                        let offsets = [0; 3].map(|_| random.below(16));
                        check::<T>(engine, [a, b, out], len, offsets, &mut random);
                    }
                }
            }
        }
    }
}

#[test]
fn f32_every_triple_of_layouts_at_every_length_matches_reference() {
    every_layout::<f32>();
}

#[test]
fn f64_every_triple_of_layouts_at_every_length_matches_reference() {
    every_layout::<f64>();
}

fn every_offset<T: Float>() {
    let mut random = Random(2);
    for engine in engines() {
        let engine = engine.with_threads(Threads::Serial);
        for a in 0..16 {
            for b in 0..16 {
                for out in 0..16 {
                    for len in [3, 17, 37] {
                        check::<T>(engine, [Layout::Soa; 3], len, [a, b, out], &mut random);
                    }
                }
            }
        }
        for layout in outputs() {
            for offset in 0..16 {
                for len in lengths() {
                    check::<T>(engine, [layout; 3], len, [offset; 3], &mut random);
                }
            }
        }
    }
}

#[test]
fn f32_every_offset_within_a_register_matches_reference() {
    every_offset::<f32>();
}

#[test]
fn f64_every_offset_within_a_register_matches_reference() {
    every_offset::<f64>();
}

fn in_place<T: Float>() {
    let mut random = Random(3);
    for engine in engines() {
        let engine = engine.with_threads(Threads::Serial);
        for a in outputs() {
            for b in INPUTS {
                for len in lengths() {
                    let offset = random.below(16);
                    check_assign::<T>(engine, [a, b], len, offset, &mut random);
                }
            }
        }
    }
}

#[test]
fn in_place_every_pair_of_layouts_at_every_length_matches_reference() {
    in_place::<f32>();
    in_place::<f64>();
}

/// A component is made of four numbers: all quadruples of special values, in each of the three components.
fn special_values<T: Float>() {
    let (values, mut random) = (T::SPECIAL, Random(4));
    let quadruples = values.len().pow(4);
    let digit = |q: usize, place: u32| values[q / values.len().pow(place) % values.len()];
    for engine in engines() {
        for turn in 0..3 {
            let turned = |mut v: [T; 3]| {
                v.rotate_right(turn);
                v
            };
            let [mut a, mut b, mut out] =
                [0; 3].map(|_| Operand::<T>::new(Layout::Soa, quadruples, 0, &mut random));
            for q in 0..quadruples {
                a.set(q, turned([random.value(), digit(q, 0), digit(q, 1)]));
                b.set(q, turned([random.value(), digit(q, 2), digit(q, 3)]));
            }
            let expected = out.after_cross(&a, &b);
            engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
            out.assert_same(&expected, &(engine, turn));
        }
    }
}

#[test]
fn every_quadruple_of_special_values_matches_reference() {
    special_values::<f32>();
    special_values::<f64>();
}

/// Lengths at which pieces begin and end at, before and after cache lines, some shorter than the number of
/// threads, and one long enough for `Threads::Auto` to split it (8 MiB).
#[cfg(feature = "rayon")]
#[test]
fn every_number_of_threads_matches_reference() {
    let mut random = Random(5);
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        for engine in engines() {
            let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
            for layout in outputs() {
                for len in (0..40).chain([63, 64, 65, 100, 111, 112, 113, 224, 333, 1000, 4099]) {
                    let (offset, engine) = (random.below(16), engine.with_threads(most));
                    pool.install(|| {
                        check::<f32>(engine, [layout; 3], len, [offset; 3], &mut random)
                    });
                    pool.install(|| {
                        check_assign::<f64>(engine, [layout; 2], len, offset, &mut random)
                    });
                }
            }
        }
        for layout in [Layout::Soa, Layout::Aos] {
            let engine = Engine::new().with_threads(Threads::Auto);
            pool.install(|| check::<f32>(engine, [layout; 3], 260_001, [3; 3], &mut random));
            pool.install(|| check::<f64>(engine, [layout; 3], 130_001, [5; 3], &mut random));
        }
    }
}

#[test]
fn outside_a_pool_the_global_one_is_used_and_matches_reference() {
    let mut random = Random(6);
    for engine in engines() {
        for threads in [
            Threads::Auto,
            Threads::Serial,
            Threads::Max(NonZeroUsize::MAX),
        ] {
            let engine = engine.with_threads(threads);
            for layout in outputs() {
                check::<f32>(engine, [layout; 3], 250_007, [1, 2, 3], &mut random);
            }
        }
    }
}

fn input() -> impl Strategy<Value = Layout> {
    prop_oneof![
        prop::sample::select(INPUTS.to_vec()),
        (-9..9_isize, -9..9_isize).prop_map(|(c, v)| Layout::Strided(c, v)),
    ]
}

/// What can be written: components and vectors that never meet.
fn output() -> impl Strategy<Value = Layout> {
    let strided =
        (1..5_isize, 0..9_isize, any::<bool>(), any::<bool>()).prop_map(|(c, gap, down, back)| {
            let (c, v) = (if down { -c } else { c }, 2 * c + 1 + gap);
            Layout::Strided(c, if back { -v } else { v })
        });
    prop_oneof![prop::sample::select(outputs().collect::<Vec<_>>()), strided]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batch_matches_reference(
        a in input(), b in input(), out in output(), len in 0..700_usize,
        offsets in prop::array::uniform3(0..16_usize), threads in 0..5_usize, seed in any::<u64>(),
    ) {
        let threads = NonZeroUsize::new(threads).map_or(Threads::Auto, Threads::Max);
        for engine in engines() {
            let engine = engine.with_threads(threads);
            check::<f32>(engine, [a, b, out], len, offsets, &mut Random(seed));
            check::<f64>(engine, [a, b, out], len, offsets, &mut Random(seed));
            check_assign::<f32>(engine, [out, b], len, offsets[0], &mut Random(seed));
        }
    }
}
