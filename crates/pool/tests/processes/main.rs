//! Nothing hangs, and nothing is wrong: in forked processes, where no thread can be started, while the number of threads changes.
//!
//! Every situation has a process of its own, which this program starts, because the pool and the number of threads belong to a process. A
//! process that does not end in time hangs, and is killed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[path = "../../../../tests/support/no_threads.rs"]
mod no_threads;

#[path = "../../../../tests/support/fork.rs"]
mod fork;
#[path = "../../../../tests/support/program.rs"]
mod program;

mod calls;
mod forked;
mod numbers;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod scarce;
mod support;

use std::time::Instant;

use support::{Data, NUMBER, child};

/// The data are on no stack. In a child, new threads have the stacks of threads that are not there.
type Situation = fn(&'static Data);

const SITUATIONS: &[(&str, Situation)] = &[
    ("small_calls", calls::small_calls_start_nothing),
    ("large_calls", calls::large_calls_share_one_pool),
    ("first_calls_at_once", calls::first_calls_at_once),
    ("nested_calls", calls::nested_calls_stay_in_the_pool),
    ("in_another_pool", calls::in_another_pool),
    ("panics", calls::panics_reach_the_caller),
    ("fork_after_a_call", forked::after_a_call),
    ("fork_before_any_call", forked::before_any_call),
    ("fork_fifty_times", forked::fifty_times),
    ("fork_during_the_first_call", forked::during_the_first_call),
    (
        "fork_while_pools_are_replaced",
        forked::while_pools_are_replaced,
    ),
    ("fork_in_a_child", forked::in_a_child),
    ("fork_from_a_worker", forked::from_a_worker),
    (
        "fork_from_a_worker_of_another_pool",
        forked::from_a_worker_of_another_pool,
    ),
    ("fork_beside_many_threads", forked::beside_many_threads),
    ("number_is_set", numbers::is_set_while_calls_run),
    ("number_is_one", numbers::one_ends_the_threads),
    ("limits", numbers::limits_are_of_one_thread),
    #[cfg(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))]
    ("without_threads", scarce::without_threads),
];

/// Which situation this process is to be in.
const VARIABLE: &str = "CROSSLANE_SITUATION";

#[test]
fn child_is_in_a_situation() {
    if let Ok(name) = std::env::var(VARIABLE) {
        let (_, situation) = SITUATIONS.iter().find(|(known, _)| *known == name).unwrap();
        situation(Box::leak(Box::new(Data::new())));
        println!("{name} is done");
    }
}

#[test]
fn every_process_ends_with_the_right_bits() {
    for (name, _) in SITUATIONS {
        let begun = Instant::now();
        let number = NUMBER.to_string();
        let variables = [(VARIABLE, *name), ("CROSSLANE_NUM_THREADS", &number)];
        let text = child("child_is_in_a_situation", &variables);
        for line in text.lines().filter(|line| line.starts_with("NOT TESTED")) {
            println!("{line}");
        }
        assert!(text.contains(&format!("{name} is done")), "{name}: {text}");
        println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    }
}
