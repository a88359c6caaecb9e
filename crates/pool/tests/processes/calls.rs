//! Where calls run.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering};

use crosslane::Threads;
use rayon::ThreadPoolBuilder;

use super::support::{Data, LARGE, NUMBER, in_a_fork, large, this_thread, workers_become};

pub(crate) fn small_calls_start_nothing(data: &Data) {
    for bytes in [0, 1, LARGE - 1] {
        let (how, thread) = crosslane_pool::run(bytes, |how| (how, this_thread()));
        assert_eq!(how, Threads::Serial, "{bytes} bytes");
        assert_eq!(thread, this_thread(), "{bytes} bytes");
    }
    workers_become(0);
    data.is_split_over(NUMBER);
    workers_become(NUMBER);
}

pub(crate) fn large_calls_share_one_pool(data: &Data) {
    for bytes in [LARGE, LARGE + 1, usize::MAX] {
        let how = crosslane_pool::run(bytes, |how| how);
        assert_eq!(how, Threads::Auto, "{bytes} bytes");
    }
    for _ in 0..20 {
        data.is_split_over(NUMBER);
        workers_become(NUMBER);
    }
}

pub(crate) fn first_calls_at_once(data: &Data) {
    // In each child some calls are the first ones again.
    for callers in [2, 3, 4, 32].into_iter().cycle().take(60) {
        in_a_fork(|| {
            let missing = AtomicUsize::new(callers);
            std::thread::scope(|threads| {
                for _ in 0..callers {
                    threads.spawn(|| {
                        missing.fetch_sub(1, Ordering::SeqCst);
                        // A barrier would let one go after the other.
                        while missing.load(Ordering::SeqCst) > 0 {
                            std::hint::spin_loop();
                        }
                        data.is_split_over(NUMBER);
                    });
                }
            });
            // Those of a second pool would stay, too.
            workers_become(NUMBER);
        });
    }
}

pub(crate) fn nested_calls_stay_in_the_pool(data: &Data) {
    // More callers than threads, so that all workers are in nested calls.
    std::thread::scope(|threads| {
        for _ in 0..4 * NUMBER {
            threads.spawn(|| {
                large(|_| {
                    let outer = this_thread();
                    let inner = large(|how| {
                        assert_eq!(how, Threads::Auto, "threads");
                        data.multiply();
                        large(|_| this_thread())
                    });
                    assert_eq!(inner, outer, "the same worker");
                    rayon::join(|| data.multiply(), || data.multiply());
                });
            });
        }
    });
    workers_become(NUMBER);
}

pub(crate) fn in_another_pool(data: &Data) {
    let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(|| {
        let (how, thread, threads) =
            large(|how| (how, this_thread(), rayon::current_num_threads()));
        assert_eq!(how, Threads::Auto, "threads");
        assert_eq!(thread, this_thread(), "the calling thread");
        assert_eq!(threads, 2, "threads of the caller's pool");
        data.multiply();
    });
    workers_become(0);
    data.is_split_over(NUMBER);
}

pub(crate) fn panics_reach_the_caller(data: &Data) {
    // No message on standard error.
    std::panic::set_hook(Box::new(|_| ()));
    for i in 0..10 {
        let panics = AssertUnwindSafe(|| large(|_| panic_any(i)));
        let payload = catch_unwind(panics).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&i), "payload");
        let nested = AssertUnwindSafe(|| large(|_| large(|_| panic_any(i))));
        assert!(catch_unwind(nested).is_err(), "of a nested call");
        data.is_split_over(NUMBER);
    }
    workers_become(NUMBER);
    let _ = std::panic::take_hook();
}
