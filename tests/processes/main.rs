//! Nothing hangs, and nothing is wrong: in forked processes, where no thread can be started, and under a lock.
//!
//! Every situation has a process of its own, which this program starts, because a pool belongs to a process. A forked process that does not end
//! in time hangs, and is ended.

#![cfg(all(unix, feature = "rayon"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[path = "../support/no_threads.rs"]
mod no_threads;

#[path = "../support/fork.rs"]
mod fork;

mod forked;
mod scarce;

use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::time::Instant;

use crosslane::{Accuracy, Engine, Threads, Vectors, reference};
use fork::{PATIENCE, in_a_fork};
use rayon::{ThreadPool, ThreadPoolBuilder};
use support::Random;
use support::program::this_program;

/// Threads of the global pool, whatever the machine has.
const GLOBAL: usize = 3;

/// Large enough for `Threads::Auto` to split.
const LARGE: usize = 1 << 18;

// What every process does.

struct Data {
    a: Vec<[f32; 3]>,
    b: Vec<[f32; 3]>,
    /// By the definition.
    expected: Vec<[f32; 3]>,
}

impl Data {
    fn new() -> Self {
        let mut random = Random(1);
        let mut vector = || [0; 3].map(|_| random.below(1 << 20) as f32 - 5e5);
        let (a, b): (Vec<_>, Vec<_>) = (0..LARGE).map(|_| (vector(), vector())).unzip();
        let product = |(a, b): (&_, &_)| reference::cross(*a, *b, Accuracy::Plain);
        let expected = a.iter().zip(&b).map(product).collect();
        Self { a, b, expected }
    }

    fn multiply(&self, engine: Engine) {
        self.multiply_some(engine, LARGE);
    }

    fn multiply_some(&self, engine: Engine, n: usize) {
        let mut c = vec![[0.0; 3]; n];
        engine.cross(&self.a[..n], &self.b[..n], &mut c).unwrap();
        assert!(c == self.expected[..n], "{n} products of {engine:?}");
    }

    /// Large, small, few on threads that are asked for, and a sum.
    fn multiply_in_every_way(&self) {
        let two = Threads::Max(NonZeroUsize::new(2).unwrap());
        self.multiply(Engine::new());
        self.multiply(Engine::new().with_threads(Threads::Serial));
        self.multiply(Engine::new().with_threads(two));
        self.multiply_some(Engine::new().with_threads(two), 100);
        self.multiply_some(Engine::new(), 1);
        let sum = |threads| {
            let (mut sum, mut rest) = ([[0.0; 3]], vec![[0.0; 3]; LARGE]);
            let engine = Engine::new().with_threads(threads);
            let one = Vectors::broadcast(&self.a[0], LARGE);
            let outputs = (&mut sum, &mut rest);
            engine
                .cross_vjp(one, &self.b, &self.a, outputs.0, outputs.1)
                .unwrap();
            (sum, rest)
        };
        assert!(sum(Threads::Auto) == sum(Threads::Serial), "sums differ");
    }
}

fn pool() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(4).build().unwrap()
}

fn is_serial() {
    assert_eq!(Threads::available(), 1, "threads");
}

type Situation = fn(&Data);

const SITUATIONS: &[(&str, Situation)] = &[
    ("after_a_split", forked::after_a_split),
    (
        "after_others_used_the_pool",
        forked::after_others_used_the_pool,
    ),
    (
        "with_other_threads_in_the_child",
        forked::with_other_threads_in_the_child,
    ),
    (
        "while_another_thread_splits",
        forked::while_another_thread_splits,
    ),
    ("from_a_worker", forked::from_a_worker),
    ("from_a_worker_of_others", forked::from_a_worker_of_others),
    ("in_a_child_of_a_child", forked::in_a_child_of_a_child),
    ("in_a_pool_of_the_child", forked::in_a_pool_of_the_child),
    (
        "with_the_global_pool_in_the_child_alone",
        forked::with_the_global_pool_in_the_child_alone,
    ),
    (
        "with_another_program_in_the_child",
        forked::with_another_program_in_the_child,
    ),
    (
        "while_all_workers_are_busy",
        scarce::while_all_workers_are_busy,
    ),
    ("under_a_lock", scarce::under_a_lock),
    #[cfg(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))]
    ("without_threads", scarce::without_threads),
    #[cfg(target_os = "linux")]
    ("with_too_few_threads", scarce::with_too_few_threads),
];

/// Which situation this process is to be in.
const VARIABLE: &str = "CROSSLANE_SITUATION";

/// Has a process of its own go through a situation. It must say that it did, and nothing on standard error.
#[track_caller]
fn starts(name: &str) {
    let threads = match name {
        "with_too_few_threads" => 5000,
        _ => GLOBAL,
    };
    let mut command: Command = this_program();
    let output = command
        .args(["--exact", "child_is_in_a_situation", "--nocapture"])
        .env(VARIABLE, name)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (text, error) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    for line in text.lines().filter(|line| line.starts_with("NOT TESTED")) {
        println!("{line}");
    }
    let done = output.status.success() && text.contains(&format!("{name} is done"));
    assert!(done, "{name}: {:?}: {text}\n{error}", output.status);
    assert!(error.is_empty(), "{name}: {error}");
}

#[test]
fn child_is_in_a_situation() {
    if let Ok(name) = std::env::var(VARIABLE) {
        let (_, situation) = SITUATIONS.iter().find(|(known, _)| *known == name).unwrap();
        situation(&Data::new());
        println!("{name} is done");
    }
}

#[test]
fn every_process_ends_with_the_right_bits() {
    for (name, _) in SITUATIONS {
        let begun = Instant::now();
        starts(name);
        println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    }
}
