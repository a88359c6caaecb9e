//! What an engine decides: on which lanes it runs, and what it takes a batch to cost.

use core::any::type_name;
use std::sync::Mutex;

use super::*;
use crate::Soa;
use crate::formula::{self, Formula};
use crate::kernel::{Accurately, Batch, Operation as _, Plainly};
use crate::simd::Rows;

/// Writes down on which lanes it was run, and copies the first operand.
#[derive(Clone, Copy)]
struct Probe<'a>(&'a Mutex<Vec<&'static str>>);

impl kernel::Operation<2, 1> for Probe<'_> {
    fn cost<T: Float>(self, _rank: usize) -> usize {
        0
    }

    fn rounds_once<T: Float>(self) -> bool {
        false
    }

    fn lanes<L: Rows>(self, [a, _]: [[L; 3]; 2]) -> [[L; 3]; 1] {
        self.0
            .lock()
            .expect("nobody panics")
            .push(type_name::<L::Simd>());
        [a]
    }
}

/// On which lanes an engine runs `len` vectors, of each shape that a batch can have.
fn seen(engine: Engine, len: usize) -> Vec<&'static str> {
    let seen = Mutex::default();
    let a = vec![[1.0, 2.0, 3.0]; len];
    let columns = Soa::from_aos(&a);
    let (mut rows, mut padded, mut soa) = (a.clone(), vec![[0.0; 4]; len], Soa::zeros(len));
    let wide = vec![1.0; 7 * len];
    let wide = Vectors::strided(&wide, 0, 2, 7, len).expect("inside");
    let run = |a: Vectors<'_, f64>, out: VectorsMut<'_, f64>| {
        let mut batch = Batch::of([a.flat(); 2], [out.into_flat()]);
        engine.run(Probe(&seen), Call::Batch(&mut batch));
    };
    run(columns.view(), soa.view_mut());
    run(Vectors::from(&a), (&mut rows).into());
    run(Vectors::from(&padded.clone()), (&mut padded).into());
    run(columns.view(), (&mut rows).into());
    run(wide, soa.view_mut());
    seen.into_inner().expect("nobody panics")
}

#[test]
fn an_engine_runs_at_its_level_in_every_layout() {
    for level in Level::available() {
        let engine = Engine::new().with_level(level).expect("available");
        let seen = seen(engine, 64);
        assert!(seen.len() >= 5, "{seen:?}");
        let name = |token: &&str| {
            let token = token.rsplit("::").next();
            token.is_some_and(|token| token.eq_ignore_ascii_case(level.name()))
        };
        assert!(seen.iter().all(name), "{level} ran as {seen:?}");
    }
}

#[test]
fn an_engine_is_as_it_was_but_for_what_is_asked_for() {
    let level = Level::Baseline;
    let engine = Engine::new().with_level(level).expect("available");
    let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
    let engine = engine.with_threads(Threads::Serial);
    let engine = engine.with_stores(Stores::Streaming);
    let others = (engine.accuracy, engine.threads, engine.stores);
    let asked = (
        Accuracy::CorrectlyRounded,
        Threads::Serial,
        Stores::Streaming,
    );
    assert_eq!((engine.level(), others), (level, asked));
}

#[test]
fn levels_are_ranked_from_zero() {
    for (rank, level) in Level::available().enumerate() {
        let engine = Engine::new().with_level(level).expect("available");
        assert_eq!(engine.level.rank(), rank, "{level}");
    }
}

/// What threads are for depends on it: arithmetic that takes longer than memory is worth them sooner.
#[test]
fn a_cross_product_costs_three_differences_and_more_where_they_are_rounded_once() {
    fn check<T: Float>() {
        let difference = T::DIFFERENCE_COST;
        for (rank, rounded) in T::ROUNDED_COST.into_iter().enumerate() {
            assert_eq!(Cross.cost::<T>(rank), 3 * difference);
            assert_eq!(RoundedCross.cost::<T>(rank), 3 * rounded);
            let of = |cost: usize| cost * <formula::Angle as Formula<2, 1>>::COST;
            assert_eq!(Plainly(formula::Angle).cost::<T>(rank), of(difference));
            assert_eq!(Accurately(formula::Angle).cost::<T>(rank), of(rounded));
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn what_does_not_fill_a_register_goes_to_a_narrower_one() {
    for (len, narrowest) in [(1, "Scalar"), (2, "Baseline"), (3, "Baseline")] {
        for token in seen(Engine::new(), len) {
            // One vector is columns in every layout.
            assert!(token.ends_with(narrowest), "{len} vectors ran as {token}");
        }
    }
}

/// Notes the thread that it is run on, and waits until there are so many.
#[cfg(feature = "rayon")]
#[derive(Clone, Copy)]
struct OnThreads<'a> {
    seen: &'a Mutex<std::collections::HashSet<std::thread::ThreadId>>,
    expected: usize,
}

#[cfg(feature = "rayon")]
impl kernel::Operation<3, 2> for OnThreads<'_> {
    const EVERY_FORM: bool = false;

    fn cost<T: Float>(self, _rank: usize) -> usize {
        0
    }

    fn rounds_once<T: Float>(self) -> bool {
        false
    }

    fn lanes<L: Rows>(self, [a, b, _]: [[L; 3]; 3]) -> [[L; 3]; 2] {
        use std::time::{Duration, Instant};

        let here = std::thread::current().id();
        let count = || self.seen.lock().expect("nobody panics").len();
        self.seen.lock().expect("nobody panics").insert(here);
        let patience = Instant::now() + Duration::from_secs(20);
        while count() < self.expected {
            assert!(Instant::now() < patience, "threads wait for each other");
            std::thread::yield_now();
        }
        [a, b]
    }
}

/// Of more than there are, of one sum and of many, of an odd number of pieces.
#[cfg(feature = "rayon")]
#[test]
fn sums_are_made_on_as_many_threads_as_asked_for() {
    for threads in [1, 2, 3, 4, 9] {
        for (len, sums) in [(6 * 1024 + 1, 1), (1025, 40), (100, 3000)] {
            let zero = vec![[0.0_f32; 3]; len * sums];
            let shape = [len, sums];
            let view = |shape: &[usize]| {
                let strides = [3 * sums as isize, 3];
                Vectors::nd(zero.as_flattened(), 0, 1, shape, &strides).expect("inside")
            };
            let (mut grad_a, mut grad_b) = (vec![[0.0; 3]; sums], zero.clone());
            let strides = [3 * sums as isize, 3];
            let full = VectorsMut::nd(grad_b.as_flattened_mut(), 0, 1, &shape, &strides);
            let sum = VectorsMut::nd(grad_a.as_flattened_mut(), 0, 1, &[1, sums], &strides);
            let mut outputs = [sum.expect("inside"), full.expect("inside")];
            let inputs = [view(&[1, sums]), view(&shape), view(&shape)];

            let most = core::num::NonZeroUsize::new(threads).expect("one or more");
            let engine = Engine::new().with_threads(Threads::Max(most));
            let (seen, expected) = (Mutex::default(), threads.min(4));
            let probe = OnThreads {
                seen: &seen,
                expected,
            };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build();
            pool.expect("threads can be started").install(|| {
                let gradients = Operation::CrossVjp;
                call(
                    gradients,
                    inputs.each_ref(),
                    outputs.each_mut(),
                    false,
                    &engine,
                    |engine, call| {
                        engine.run(probe, call);
                    },
                )
                .expect("shapes that go together");
            });
            let seen = seen.into_inner().expect("nobody panics").len();
            assert_eq!(seen, expected, "{threads} asked for, {sums} sums of {len}");
        }
    }
}
