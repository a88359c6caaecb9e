//! Forked processes.

use std::sync::atomic::{AtomicBool, Ordering};

use crosslane::{Engine, Threads};

use super::{Data, GLOBAL, in_a_fork, is_serial, pool, starts};
use crate::support::program::runner;

pub(crate) fn after_a_split(data: &Data) {
    data.multiply(Engine::new());
    assert_eq!(Threads::available(), GLOBAL, "threads");
    assert!(!Threads::denied(), "threads are there");
    in_a_fork(|| {
        data.multiply_in_every_way();
        is_serial();
        assert!(Threads::denied(), "no workers are here");
    });
    data.multiply(Engine::new());
    assert_eq!(Threads::available(), GLOBAL, "still");
}

/// The pool was never used for products.
pub(crate) fn after_others_used_the_pool(data: &Data) {
    rayon::join(|| (), || ());
    in_a_fork(|| {
        data.multiply_in_every_way();
        is_serial();
    });
    data.multiply(Engine::new());
    assert_eq!(Threads::available(), GLOBAL, "threads of the parent");
}

/// No number of threads in the child makes up for those that are not there.
pub(crate) fn with_other_threads_in_the_child(data: &Data) {
    rayon::join(|| (), || ());
    in_a_fork(|| {
        for _ in 0..2 * GLOBAL {
            std::thread::spawn(std::thread::park);
        }
        data.multiply_in_every_way();
        is_serial();
    });
}

pub(crate) fn while_another_thread_splits(data: &Data) {
    let ends = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                data.multiply(Engine::new());
            }
        });
        // From before it has begun.
        for _ in 0..20 {
            in_a_fork(|| data.multiply_in_every_way());
        }
        ends.store(true, Ordering::Relaxed);
    });
}

pub(crate) fn from_a_worker(data: &Data) {
    let pool = pool();
    pool.install(|| {
        data.multiply(Engine::new());
        assert_eq!(Threads::available(), 4, "threads of the pool");
        in_a_fork(|| {
            data.multiply_in_every_way();
            is_serial();
            in_a_fork(is_serial);
        });
        data.multiply(Engine::new());
    });
}

/// A worker that has never split a product.
pub(crate) fn from_a_worker_of_others(data: &Data) {
    pool().install(|| {
        rayon::join(|| (), || ());
        in_a_fork(|| {
            data.multiply_in_every_way();
            if cfg!(target_os = "linux") && runner().is_empty() {
                is_serial();
            }
        });
    });
    rayon::scope(|tasks| tasks.spawn(|_| in_a_fork(|| data.multiply_in_every_way())));
}

pub(crate) fn in_a_child_of_a_child(data: &Data) {
    data.multiply(Engine::new());
    in_a_fork(|| {
        in_a_fork(|| {
            data.multiply_in_every_way();
            is_serial();
        });
        data.multiply_in_every_way();
        in_a_fork(|| data.multiply_in_every_way());
    });
}

/// What the child starts itself is there.
pub(crate) fn in_a_pool_of_the_child(data: &Data) {
    data.multiply(Engine::new());
    in_a_fork(|| {
        let pool = pool();
        pool.install(|| {
            data.multiply_in_every_way();
            assert_eq!(Threads::available(), 4, "threads of the child's pool");
        });
        is_serial();
    });
    pool().install(|| {
        data.multiply(Engine::new());
        in_a_fork(|| {
            is_serial();
            let threads = pool().install(|| {
                data.multiply_in_every_way();
                Threads::available()
            });
            assert_eq!(threads, 4, "threads of the child's pool");
        });
    });
}

/// Where only the child uses the global pool, it is the child's.
pub(crate) fn with_the_global_pool_in_the_child_alone(data: &Data) {
    data.multiply_some(Engine::new(), 1000);
    pool().install(|| data.multiply(Engine::new()));
    in_a_fork(|| {
        data.multiply_in_every_way();
        assert_eq!(Threads::available(), GLOBAL, "threads of the child");
        in_a_fork(|| {
            data.multiply_in_every_way();
            is_serial();
        });
        data.multiply_in_every_way();
    });
    assert!(!Threads::denied(), "nobody has asked here");
    data.multiply_in_every_way();
    assert_eq!(Threads::available(), GLOBAL, "threads of the parent");
}

/// A program begins anew.
pub(crate) fn with_another_program_in_the_child(data: &Data) {
    data.multiply(Engine::new());
    in_a_fork(|| starts("after_a_split"));
}
