//! Endurance: many callers at once, inside and outside of pools, in pools within pools, on tiny stacks, beside neighbours that panic,
//! for as long as one likes. Every result has the bits of the reference, and nothing grows: bytes, resident memory, threads.
//!
//! A few seconds under `cargo test`; `CROSSLANE_SOAK_SECONDS=300 cargo test --release -p crosslane --all-features --test soak -- --nocapture`,
//! which is `fuzz/soak`, for five minutes and the line that says what was done. Callers meet by chance, but what they choose depends on
//! `CROSSLANE_SOAK_SEED` alone, which a failure prints.

#![cfg(all(unix, feature = "rayon"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod cases;
mod memory;
#[path = "../support/mod.rs"]
mod support;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use cases::{Case, Place, cases};
use crosslane::{Engine, Stores, Threads};
use memory::{Memory, threads};
use rayon::{ThreadPool, ThreadPoolBuilder};
use support::program::runner;
use support::{Random, engines, under_a_tool};

/// Threads that call the library all the time.
const CALLERS: usize = 8;

/// Those of pools: one that is alone, two that have a neighbour, and more than there are processors.
const POOLS: [usize; 4] = [1, 2, 3, 7];

/// Rayon's global pool.
const GLOBAL: usize = 3;

/// The stack of all these.
const STACK: usize = 1 << 20;

/// The least stack that callers have: twice what was enough on x86-64, 128 KiB (96 were not), with assertions. Of that, sums of three gradients
/// have 36 KiB of columns.
const TINY: usize = 256 << 10;

/// What a neighbour panics with.
struct Neighbour;

struct Soak {
    engines: Vec<Engine>,
    cases: Vec<Box<dyn Case>>,
    pools: Vec<ThreadPool>,
    seed: u64,
    failed: AtomicBool,
    calls: AtomicUsize,
    vectors: AtomicUsize,
}

impl Soak {
    fn new(seed: u64) -> Self {
        let builder = |threads| {
            ThreadPoolBuilder::new()
                .num_threads(threads)
                .stack_size(STACK)
        };
        builder(GLOBAL)
            .build_global()
            .expect("this is the only test of its process");
        Self {
            engines: engines(),
            cases: cases(&mut Random(seed)),
            pools: POOLS
                .map(|threads| builder(threads).build().unwrap())
                .into(),
            seed,
            failed: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            vectors: AtomicUsize::new(0),
        }
    }

    /// All callers until then. Returns when their threads have ended.
    fn run(&self, from: u64, until: Instant) {
        thread::scope(|scope| {
            let caller = |number: u64| {
                let builder = thread::Builder::new().stack_size(STACK);
                let caller = move || self.caller(Random(from + number), until);
                builder.spawn_scoped(scope, caller).unwrap()
            };
            let callers: Vec<_> = (0..CALLERS as u64).map(caller).collect();
            let ends: Vec<_> = callers.into_iter().map(|caller| caller.join()).collect();
            ends.into_iter()
                .for_each(|end| end.unwrap_or_else(|why| resume_unwind(why)));
        });
    }

    fn caller(&self, mut random: Random, until: Instant) {
        while Instant::now() < until && !self.failed.load(Ordering::Relaxed) {
            let seed = random.bits();
            let turn = || self.call(seed, &|work| self.somewhere(&mut Random(!seed), work));
            if let Err(why) = catch_unwind(AssertUnwindSafe(turn)) {
                self.failed.store(true, Ordering::Relaxed);
                resume_unwind(why);
            }
        }
    }

    /// Any case that is free, by any engine.
    fn call(&self, seed: u64, place: Place<'_>) {
        let mut random = Random(seed);
        let threads = match random.below(3) {
            0 => Threads::Auto,
            1 => Threads::Serial,
            _ => Threads::Max(NonZeroUsize::new(1 + random.below(8)).unwrap()),
        };
        let stores = [Stores::Auto, Stores::Cached, Stores::Streaming][random.below(3)];
        let engine = self.engines[random.below(self.engines.len())];
        let engine = engine.with_threads(threads).with_stores(stores);
        let context = format_args!("CROSSLANE_SOAK_SEED={}, turn {seed:#x}", self.seed);
        let first = random.below(self.cases.len());
        let mut cases = self.cases[first..].iter().chain(&self.cases[..first]);
        if let Some(vectors) = cases.find_map(|case| case.run(engine, place, &context)) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            self.vectors.fetch_add(vectors, Ordering::Relaxed);
        }
    }

    /// Does the work as callers do it, beside others who do what they do.
    fn somewhere(&self, random: &mut Random, work: &mut (dyn FnMut() + Send)) {
        let [one, other] = [0; 2].map(|_| &self.pools[random.below(POOLS.len())]);
        let seeds = [0; 3].map(|_| random.bits());
        let neighbour = |i: usize| self.call(seeds[i], &|work| work());
        let panics = || resume_unwind(Box::new(Neighbour));
        match random.below(10) {
            0 => work(),
            1 => one.install(work),
            2 => one.install(|| other.install(work)),
            3 => _ = one.install(|| rayon::join(work, || other.install(|| neighbour(0)))),
            4 => _ = rayon::join(|| neighbour(0), work),
            5 => one.scope(|scope| {
                scope.spawn(|_| work());
                (0..3).for_each(|i| scope.spawn(move |_| neighbour(i)));
            }),
            6 => on_a_tiny_stack(work),
            7 => beside_a_panic(|| _ = one.install(|| rayon::join(work, panics))),
            8 => beside_a_panic(|| _ = one.install(|| rayon::join(panics, work))),
            _ => beside_a_panic(|| {
                one.scope(|scope| {
                    scope.spawn(|_| panics());
                    scope.spawn(|_| work());
                    scope.spawn(|_| panics());
                });
            }),
        }
    }
}

/// The work is done, although others panic: what it wrote is compared afterwards.
fn beside_a_panic(work: impl FnOnce()) {
    let why = catch_unwind(AssertUnwindSafe(work)).expect_err("the neighbour panics");
    if !why.is::<Neighbour>() {
        resume_unwind(why);
    }
}

fn on_a_tiny_stack(work: &mut (dyn FnMut() + Send)) {
    // What a tool adds to a function needs its own part of the stack.
    let size = if under_a_tool() { STACK } else { TINY };
    let end = thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(size);
        builder.spawn_scoped(scope, work).unwrap().join()
    });
    end.unwrap_or_else(|why| resume_unwind(why));
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    let parsed = value.parse().ok();
    assert!(parsed.is_some(), "{name}={value}");
    parsed
}

/// Rayon keeps blocks of its queues, and frees some of them late.
const ALLOCATED_MORE: isize = 64 << 10;

/// All stacks may once have been used to their ends, and each of glibc's arenas, of which there are 8 for each processor, may keep
/// 128 KiB of what was freed.
fn resident_more() -> usize {
    let threads = CALLERS + GLOBAL + POOLS.iter().sum::<usize>();
    let arenas = 8 * thread::available_parallelism().map_or(1, NonZeroUsize::get);
    threads * STACK + arenas * (128 << 10)
}

#[test]
fn everything_stays_right_and_nothing_grows() {
    let seconds = variable("CROSSLANE_SOAK_SECONDS").unwrap_or(2.0);
    let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    let seed = variable("CROSSLANE_SOAK_SEED").unwrap_or_else(clock);
    let soak = Soak::new(seed);
    let threads = threads();

    let (start, duration) = (Instant::now(), Duration::from_secs_f64(seconds));
    soak.run(seed, start + duration / 4);
    let before = Memory::after(threads);
    let calls_before = soak.calls.load(Ordering::Relaxed);
    soak.run(!seed, start + duration);
    let after = Memory::after(threads);
    soak.cases.iter().for_each(|case| case.assert_inputs());

    let (calls, vectors) = (soak.calls.into_inner(), soak.vectors.into_inner());
    println!(
        "soak: {seconds} s, {calls} calls, {vectors} vectors, {CALLERS} callers, seed {seed}; \
         before: {before}; after: {after}; {} MiB more may be resident",
        resident_more() >> 20,
    );
    let more = after.allocated - before.allocated;
    assert!(
        more <= ALLOCATED_MORE,
        "{more} bytes were allocated and not freed in {} calls, seed {seed}",
        calls - calls_before,
    );
    assert_eq!(
        (before.threads, after.threads),
        (threads, threads),
        "threads are left, seed {seed}"
    );
    let tool = under_a_tool() || !runner().is_empty();
    match (before.resident, after.resident, tool) {
        (_, _, true) => println!("NOT TESTED: resident memory, which is in part that of the tool"),
        (Some(before), Some(after), false) => {
            let most = before + resident_more();
            assert!(
                after <= most,
                "{after} bytes are resident, at most {most} should be, seed {seed}"
            );
        }
        _ => println!("NOT TESTED: resident memory and threads, which this system does not say"),
    }
}
