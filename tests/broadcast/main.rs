//! Operands of any shapes, in any memory order, give the bits of the reference applied index by index: every operation, at every level, on any
//! number of threads, with any stores. What is not a place of an output stays as it is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "../support/mod.rs"]
mod support;

mod alike;
mod errors;
mod gradients;
mod methods;
mod views;

use crosslane::{Accuracy, Engine, Operation, Stores, Threads};
use support::cases::Case;
use support::shapes::{Axis, Choices, shape};
use support::{Random, Tested, engines, one_in};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

/// Calls `work` in a pool of seven threads: which of them work is what the engine says.
fn in_pool(work: impl FnOnce() + Send) {
    #[cfg(not(feature = "rayon"))]
    work();
    #[cfg(feature = "rayon")]
    {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(7);
        pool.build().unwrap().install(work);
    }
}

/// Engines of every level, on one thread, two, and seven.
fn all_engines() -> Vec<Engine> {
    let threads = [1, 2, 7].map(|n| Threads::Max(std::num::NonZeroUsize::new(n).unwrap()));
    let on = |engine: Engine| threads.map(|threads| engine.with_threads(threads));
    engines().into_iter().flat_map(on).collect()
}

/// The same with any stores.
fn with_stores<'a>(
    engines: &'a [Engine],
    random: &mut Random,
) -> impl Iterator<Item = Engine> + use<'a> {
    let stores = random.one_of(&[Stores::Cached, Stores::Streaming, Stores::Auto]);
    let engines = engines.iter();
    engines.map(move |engine| engine.with_stores(stores))
}

/// So many random cases.
fn random_cases<T: Tested>(operation: Operation, accuracy: Accuracy, cases: usize, seed: u64) {
    let mut random = Random(seed);
    let engines = all_engines();
    for i in (0..cases).step_by(one_in(23)) {
        let context = (i, random.clone());
        let most = if i % 64 == 0 { 3000 } else { 300 };
        let common = shape(&mut random, most);
        let mut case = Case::<T>::new(&mut random, operation, &common, &[]);
        case.fill(&mut random);
        let engines = with_stores(&engines, &mut random);
        case.check(accuracy, engines, &context);
    }
}

/// 3,000 cases of each operation and type, half of them of either accuracy.
fn every_operation<T: Tested>(seed: u64) {
    in_pool(|| {
        for (i, operation) in Operation::ALL.iter().enumerate() {
            for accuracy in ACCURACIES {
                random_cases::<T>(*operation, accuracy, 1500, seed + i as u64);
            }
        }
    });
}

#[test]
fn f32_operands_of_any_shapes_match_reference() {
    every_operation::<f32>(100);
}

#[test]
fn f64_operands_of_any_shapes_match_reference() {
    every_operation::<f64>(200);
}

/// Products of types that have nothing else.
#[test]
fn products_of_integers_and_half_types_of_any_shapes_match_reference() {
    macro_rules! products {
        ($($t:ty)*) => {$(
            for (seed, accuracy) in ACCURACIES.into_iter().enumerate() {
                random_cases::<$t>(Operation::Cross, accuracy, 400, 300 + seed as u64);
            }
        )*};
    }
    in_pool(|| {
        products!(i8 i16 i32 i64 u8 u16 u32 u64);
        #[cfg(feature = "half")]
        products!(half::f16 half::bf16 half::f16 half::bf16);
    });
}

fn in_place<T: Tested>(cases: usize, seed: u64) {
    let mut random = Random(seed);
    let engines = all_engines();
    for i in (0..cases).step_by(one_in(23)) {
        let context = (i, random.clone());
        let common = shape(&mut random, if i % 64 == 0 { 3000 } else { 300 });
        let first = vec![Axis::Full; common.len()];
        let mut case = Case::<T>::new(&mut random, Operation::Cross, &common, &[first]);
        case.fill(&mut random);
        let engines = with_stores(&engines, &mut random);
        case.check_in_place(ACCURACIES[i % 2], engines, &context);
    }
}

#[test]
fn products_in_place_of_any_shapes_match_reference() {
    in_pool(|| {
        in_place::<f32>(3000, 400);
        in_place::<f64>(3000, 401);
        in_place::<i32>(400, 402);
        #[cfg(feature = "half")]
        in_place::<half::f16>(400, 403);
    });
}
