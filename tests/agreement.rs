//! Every kernel gives the bits of the reference: at every level, for every layout of every operand, at
//! every length around a boundary, at every offset, for every special value, with either kind of stores, on
//! any number of threads.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::num::NonZeroUsize;

use crosslane::{Accuracy, Engine, Stores, Threads};
use proptest::prelude::*;
use support::{
    Float, INPUTS, Layout, Operand, Random, any_stores, engines, one_in, one_in_asserted, outputs,
};

/// 0 to 4 registers of the widest level and one more; then the boundaries of one, two and three tiles (512 bytes
/// a column: 64 `f64`, 128 `f32` or 256 half numbers), also where the last block is cut to fill a register; 256
/// is also the length from which the widest level aligns its stores.
fn lengths() -> impl Iterator<Item = usize> + Clone {
    (0..=4 * 16 + 1).chain([
        127, 128, 129, 143, 144, 145, 191, 192, 193, 255, 256, 257, 271, 273, 383, 384, 385, 511,
        512, 513, 767, 769,
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
    let accuracy = engine.accuracy();
    let (a_before, b_before) = (a.clone(), b.clone());
    let expected = out.after_cross(&a, &b, accuracy);
    engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
    out.assert_same(&expected, accuracy, &context);
    a.assert_same(&a_before, accuracy, &context);
    b.assert_same(&b_before, accuracy, &context);
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
    let accuracy = engine.accuracy();
    let (b_before, expected) = (b.clone(), a.after_cross(&a, &b, accuracy));
    engine.cross_assign(a.view_mut(), b.view()).unwrap();
    a.assert_same(&expected, accuracy, &context);
    b.assert_same(&b_before, accuracy, &context);
}

/// Some of them, for what takes its time: a register of each level and its neighbours, the boundaries of tiles.
fn some_lengths() -> impl Iterator<Item = usize> + Clone {
    (0..=17).chain([31, 32, 33, 63, 64, 65, 127, 128, 129, 145, 257, 385, 769])
}

fn every_layout<T: Float>(accuracy: Accuracy, lengths: impl Iterator<Item = usize> + Clone) {
    let (mut random, step) = (Random(1), one_in(11) * one_in_asserted(3));
    for engine in engines() {
        let engine = engine.with_accuracy(accuracy).with_threads(Threads::Serial);
        for a in INPUTS {
            for b in INPUTS {
                for out in outputs() {
                    for len in lengths.clone().skip(random.below(step)).step_by(step) {
                        let offsets = [0; 3].map(|_| random.below(16));
                        let engine = any_stores(engine, &mut random);
                        check::<T>(engine, [a, b, out], len, offsets, &mut random);
                    }
                }
            }
        }
    }
}

#[test]
fn f32_every_triple_of_layouts_at_every_length_matches_reference() {
    every_layout::<f32>(Accuracy::Plain, lengths());
}

#[test]
fn f64_every_triple_of_layouts_at_every_length_matches_reference() {
    every_layout::<f64>(Accuracy::Plain, lengths());
}

#[test]
fn f32_every_triple_of_layouts_is_correctly_rounded() {
    every_layout::<f32>(Accuracy::CorrectlyRounded, some_lengths());
}

#[test]
fn f64_every_triple_of_layouts_is_correctly_rounded() {
    every_layout::<f64>(Accuracy::CorrectlyRounded, some_lengths());
}

#[cfg(feature = "half")]
#[test]
fn f16_every_triple_of_layouts_at_every_length_matches_reference() {
    every_layout::<half::f16>(Accuracy::Plain, lengths());
}

#[cfg(feature = "half")]
#[test]
fn bf16_every_triple_of_layouts_at_every_length_matches_reference() {
    every_layout::<half::bf16>(Accuracy::Plain, lengths());
}

fn every_offset<T: Float>() {
    let mut random = Random(2);
    for engine in engines() {
        let engine = engine.with_threads(Threads::Serial);
        for a in (0..16).step_by(one_in(5)) {
            for b in (0..16).step_by(one_in(5)) {
                for out in (0..16).step_by(one_in(3)) {
                    for len in [3, 17, 37] {
                        let engine = any_stores(engine, &mut random);
                        check::<T>(engine, [Layout::Soa; 3], len, [a, b, out], &mut random);
                    }
                }
            }
        }
        for layout in outputs() {
            for offset in 0..16 {
                for len in lengths().step_by(one_in(11)) {
                    for stores in [Stores::Cached, Stores::Streaming] {
                        let engine = engine.with_stores(stores);
                        check::<T>(engine, [layout; 3], len, [offset; 3], &mut random);
                    }
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

#[cfg(feature = "half")]
#[test]
fn half_types_every_offset_within_a_register_matches_reference() {
    every_offset::<half::f16>();
    every_offset::<half::bf16>();
}

fn in_place<T: Float>(accuracy: Accuracy, lengths: impl Iterator<Item = usize> + Clone) {
    let (mut random, step) = (Random(3), one_in(11) * one_in_asserted(3));
    for engine in engines() {
        let engine = engine.with_accuracy(accuracy).with_threads(Threads::Serial);
        for a in outputs() {
            for b in INPUTS {
                for len in lengths.clone().skip(random.below(step)).step_by(step) {
                    let offset = random.below(16);
                    let engine = any_stores(engine, &mut random);
                    check_assign::<T>(engine, [a, b], len, offset, &mut random);
                }
            }
        }
    }
}

#[test]
fn in_place_every_pair_of_layouts_at_every_length_matches_reference() {
    in_place::<f32>(Accuracy::Plain, lengths());
    in_place::<f64>(Accuracy::Plain, lengths());
}

#[test]
fn in_place_every_pair_of_layouts_is_correctly_rounded() {
    in_place::<f32>(Accuracy::CorrectlyRounded, some_lengths());
    in_place::<f64>(Accuracy::CorrectlyRounded, some_lengths());
}

/// A component is made of four numbers: all quadruples of special values, in each of the three components.
fn special_values<T: Float>(accuracy: Accuracy) {
    let (values, mut random) = (T::SPECIAL, Random(4));
    // A prime, so that all values are among those that are left in every place.
    let step = one_in(61);
    let quadruples = values.len().pow(4) / step;
    let digit = |q: usize, place: u32| values[q * step / values.len().pow(place) % values.len()];
    for engine in engines() {
        let engine = engine.with_accuracy(accuracy);
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
            let expected = out.after_cross(&a, &b, engine.accuracy());
            engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
            out.assert_same(&expected, engine.accuracy(), &(engine, turn));
        }
    }
}

#[test]
fn every_quadruple_of_special_values_matches_reference() {
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        special_values::<f32>(accuracy);
        special_values::<f64>(accuracy);
    }
}

/// Cases where rounding twice goes wrong: a midpoint of two half numbers, and a product beside it that is
/// tiny, of either sign, or zero. Integers, whose results are exact, and everything that a half number can be.
#[cfg(feature = "half")]
fn hard_to_round<T: Float>(midpoint_bits: u32) {
    let (mut random, len) = (Random(7), 1 << 16);
    let exact = |x: i64, exponent: i32| T::from_single(x as f32 * 2.0_f32.powi(exponent));
    for engine in engines() {
        for class in 0..4 {
            let [mut a, mut b, mut out] =
                [0; 3].map(|_| Operand::<T>::new(Layout::Soa, len, 0, &mut random));
            for i in 0..len {
                let mut number = |bits: u32| 1 + (random.bits() >> (64 - bits)) as i64;
                // An odd number of one bit more than the type has is a product of two that fit.
                let half = midpoint_bits / 2;
                let (p, q) = (
                    number(half) | 1,
                    number(midpoint_bits - half) | 1 << (midpoint_bits - half) | 1,
                );
                let (r, s) = (number(3), number(3));
                let sign = if i % 2 == 0 { 1 } else { -1 };
                let down = -(random.below(12) as i32);
                let (x, y) = match class {
                    0 => (
                        [exact(p, down), exact(sign * r, down - 2)],
                        [exact(q, 0), exact(s, down)],
                    ),
                    1 => ([exact(p, 0), T::default()], [exact(q, down), exact(s, 0)]),
                    2 => (
                        [exact(sign * r, 0), exact(s, 0)],
                        [exact(s, 0), exact(r, 0)],
                    ),
                    _ => (
                        [0; 2].map(|_| T::from_random(random.bits())),
                        [0; 2].map(|_| T::from_random(random.bits())),
                    ),
                };
                // One component has the product first, the next one second, the third has neither.
                a.set(i, [exact(1, 0), x[0], x[1]]);
                b.set(i, [exact(1, 0), y[1], y[0]]);
            }
            let expected = out.after_cross(&a, &b, engine.accuracy());
            engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
            out.assert_same(&expected, engine.accuracy(), &(T::NAME, engine, class));
        }
    }
}

#[cfg(feature = "half")]
#[test]
fn half_types_are_rounded_once() {
    hard_to_round::<half::f16>(12);
    hard_to_round::<half::bf16>(9);
}

/// Products below what is normal in `f32` beside a midpoint of any size, and products above its range that cancel: all
/// vectors, or one of 16 or 48 among ordinary ones, whose lane alone has to be noticed.
#[cfg(feature = "half")]
#[test]
fn bf16_products_that_f32_cannot_hold_are_noticed_in_any_lane() {
    use half::bf16;
    let (mut random, len) = (Random(8), 1 << 12);
    for engine in engines() {
        for layout in [Layout::Soa, Layout::Aos, Layout::Padded] {
            for (every, class) in [1, 16, 48]
                .into_iter()
                .flat_map(|n| [(n, 0), (n, 1), (n, 2)])
            {
                let [mut a, mut b, mut out] =
                    [0; 3].map(|_| Operand::<bf16>::new(layout, len, 0, &mut random));
                for i in 0..len {
                    // 128 to 255, an eight-bit integer, and a power of two.
                    let mut number = |exponent: i32| {
                        let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
                        let bits = sign * (128 + random.below(128)) as f64;
                        bf16::from_f64(bits * 2.0_f64.powi(exponent - 7))
                    };
                    let (mut u, mut v) = ([0; 3].map(|_| number(0)), [0; 3].map(|_| number(0)));
                    if i % every == i / every % every {
                        let e = (i % 61) as i32;
                        let [y, z] = match class {
                            0 => [[number(-e), number(-e)], [number(-70), number(-60 - e)]],
                            1 => [[number(-60), number(-60 - e)], [number(-66), number(-66)]],
                            _ => [[number(100), number(30 + e)], [number(30 + e), number(100)]],
                        };
                        // Products y[0]·y[1] and z[0]·z[1], in one of the three components.
                        let k = i / 7 % 3;
                        (u[(k + 1) % 3], v[(k + 2) % 3]) = (y[0], y[1]);
                        (u[(k + 2) % 3], v[(k + 1) % 3]) = (z[0], z[1]);
                    }
                    a.set(i, u);
                    b.set(i, v);
                }
                let expected = out.after_cross(&a, &b, engine.accuracy());
                engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
                out.assert_same(
                    &expected,
                    engine.accuracy(),
                    &(engine, layout, every, class),
                );
            }
        }
    }
}

#[cfg(feature = "half")]
#[test]
fn half_types_every_quadruple_of_special_values_in_place_and_rows() {
    special_values::<half::f16>(Accuracy::Plain);
    special_values::<half::bf16>(Accuracy::Plain);
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        in_place::<half::f16>(accuracy, some_lengths());
        in_place::<half::bf16>(accuracy, some_lengths());
    }
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
                for len in (0..40)
                    .chain([63, 64, 65, 100, 111, 112, 113, 224, 333, 1000, 4099])
                    .step_by(one_in(7))
                {
                    let offset = random.below(16);
                    let engine = any_stores(engine.with_threads(most), &mut random);
                    pool.install(|| {
                        check::<f32>(engine, [layout; 3], len, [offset; 3], &mut random)
                    });
                    pool.install(|| {
                        check_assign::<f64>(engine, [layout; 2], len, offset, &mut random)
                    });
                    let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
                    pool.install(|| {
                        check::<f64>(engine, [layout; 3], len, [offset; 3], &mut random)
                    });
                }
            }
        }
        for layout in [Layout::Soa, Layout::Aos] {
            for stores in [Stores::Auto, Stores::Streaming] {
                let engine = Engine::new().with_stores(stores);
                pool.install(|| check::<f32>(engine, [layout; 3], 260_001, [3; 3], &mut random));
                pool.install(|| check::<f64>(engine, [layout; 3], 130_001, [5; 3], &mut random));
            }
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
    #![proptest_config(ProptestConfig { cases: 3000 / one_in(50) as u32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batch_matches_reference(
        a in input(), b in input(), out in output(), len in 0..700_usize,
        offsets in prop::array::uniform3(0..16_usize), threads in 0..5_usize, seed in any::<u64>(),
        exactly in any::<bool>(),
    ) {
        let threads = NonZeroUsize::new(threads).map_or(Threads::Auto, Threads::Max);
        for engine in engines() {
            let accuracy = if exactly { Accuracy::CorrectlyRounded } else { Accuracy::Plain };
            let engine = engine.with_threads(threads).with_accuracy(accuracy);
            let engine = any_stores(engine, &mut Random(seed));
            check::<f32>(engine, [a, b, out], len, offsets, &mut Random(seed));
            check::<f64>(engine, [a, b, out], len, offsets, &mut Random(seed));
            check_assign::<f32>(engine, [out, b], len, offsets[0], &mut Random(seed));
        }
    }
}
