//! Forked processes.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use crosslane::Threads;
use rayon::ThreadPoolBuilder;

use super::support::{Data, NUMBER, in_a_fork, large, number, workers_become};

pub(crate) fn after_a_call(data: &Data) {
    data.is_split_over(NUMBER);
    in_a_fork(|| {
        workers_become(0);
        data.is_split_over(NUMBER);
        workers_become(NUMBER);
        std::thread::scope(|threads| {
            threads.spawn(|| data.is_split_over(NUMBER));
        });
        crosslane_pool::set_threads(number(2));
        data.is_split_over(2);
        workers_become(2);
    });
    data.is_split_over(NUMBER);
    workers_become(NUMBER);
}

pub(crate) fn before_any_call(data: &Data) {
    in_a_fork(|| data.is_split_over(NUMBER));
    data.is_split_over(NUMBER);
}

pub(crate) fn fifty_times(data: &Data) {
    let fork = || {
        for _ in 0..25 {
            in_a_fork(|| {
                data.is_split_over(NUMBER);
                data.is_split_over(NUMBER);
            });
        }
    };
    data.is_split_over(NUMBER);
    fork();
    data.multiply_during(fork);
    data.is_split_over(NUMBER);
    workers_become(NUMBER);
}

/// Anywhere in the start of the first pool. Threads that are started then may hang in the child, but calls do not.
pub(crate) fn during_the_first_call(data: &Data) {
    for delay in 0..50 {
        // Its own first call.
        in_a_fork(|| {
            let barrier = Barrier::new(2);
            std::thread::scope(|threads| {
                threads.spawn(|| {
                    barrier.wait();
                    data.is_split_over(NUMBER);
                });
                barrier.wait();
                for _ in 0..200 * delay {
                    std::hint::spin_loop();
                }
                in_a_fork(|| {
                    // If there is a pool, all of its threads answer.
                    large(|how| (how == Threads::Auto).then(|| rayon::broadcast(|_| ())));
                    data.multiply();
                });
            });
            data.is_split_over(NUMBER);
        });
    }
}

/// Threads start and end all the time.
pub(crate) fn while_pools_are_replaced(data: &Data) {
    let ends = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for n in (2..6).cycle() {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                crosslane_pool::set_threads(number(n));
                large(|_| ());
            }
        });
        for _ in 0..50 {
            in_a_fork(|| {
                data.multiply();
                data.multiply();
            });
        }
        ends.store(true, Ordering::Relaxed);
    });
    crosslane_pool::set_threads(number(NUMBER));
    data.is_split_over(NUMBER);
}

pub(crate) fn in_a_child(data: &Data) {
    data.is_split_over(NUMBER);
    in_a_fork(|| {
        // The parent's pool is two generations away.
        in_a_fork(|| data.is_split_over(NUMBER));
        data.is_split_over(NUMBER);
        in_a_fork(|| {
            data.is_split_over(NUMBER);
            in_a_fork(|| data.is_split_over(NUMBER));
        });
        data.multiply_during(|| in_a_fork(|| data.is_split_over(NUMBER)));
        data.is_split_over(NUMBER);
    });
    data.is_split_over(NUMBER);
}

/// In the child the thread that was a worker is serial. Others are not.
///
/// What the closures use is theirs: the thread that has called does not exist in the child, and its stack is that of a new thread there.
pub(crate) fn from_a_worker(data: &'static Data) {
    let child = move || {
        data.is_serial();
        std::thread::spawn(move || data.is_split_over(NUMBER))
            .join()
            .unwrap();
        data.is_serial();
        in_a_fork(|| data.is_serial());
    };
    // Before that worker has split anything, and after.
    large(move |_| in_a_fork(child));
    large(move |_| {
        data.multiply();
        in_a_fork(child);
        rayon::join(|| in_a_fork(child), || data.multiply());
    });
    data.is_split_over(NUMBER);
}

pub(crate) fn from_a_worker_of_another_pool(data: &'static Data) {
    data.is_split_over(NUMBER);
    let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(move || {
        data.multiply();
        in_a_fork(move || {
            data.multiply();
            assert_eq!(large(|how| how), Threads::Auto, "the library decides");
            std::thread::spawn(move || data.is_split_over(NUMBER))
                .join()
                .unwrap();
        });
    });
    data.is_split_over(NUMBER);
}

/// No number of threads in the child makes up for those that are not there.
pub(crate) fn beside_many_threads(data: &Data) {
    data.is_split_over(NUMBER);
    in_a_fork(|| {
        for _ in 0..2 * NUMBER {
            std::thread::spawn(std::thread::park);
        }
        data.is_split_over(NUMBER);
    });
}
