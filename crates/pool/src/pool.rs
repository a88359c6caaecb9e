//! The pool of this process: when it is started, replaced and given up.
//!
//! Separate from what a fork means for it, and from how many threads a call may use.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{number, process};

/// How long new threads may take until they run. They take less than 1 ms, unless the machine is very busy.
///
/// They may never run: if another thread of the parent was about to start or end a thread when it was forked, the child has the lock for
/// that, of Rust's standard library or of crossbeam, and it is locked for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// After a try in vain, the next one waits this many times as long as the try took.
const PAUSE: u32 = 100;

/// The pool that a process keeps. Everybody who runs something in it has a share of it, too.
#[derive(Default)]
pub(crate) struct Kept {
    /// How many threads the pool is for; 0 before the first large call.
    size: usize,
    pool: Option<Arc<ThreadPool>>,
    /// When to try again, if the pool could not be started.
    again: Option<Instant>,
}

impl Kept {
    /// The pool for this many threads, which `start` starts if it is not there.
    fn pool<S>(&mut self, size: NonZeroUsize, start: S) -> Option<Arc<ThreadPool>>
    where
        S: FnOnce(NonZeroUsize) -> Option<ThreadPool>,
    {
        if self.size != size.get() {
            *self = Self {
                size: size.get(),
                ..Self::default()
            };
        }
        if self.pool.is_none() && size.get() > 1 {
            let begun = Instant::now();
            if self.again.is_some_and(|again| begun < again) {
                return None;
            }
            self.pool = start(size).map(Arc::new);
            let ended = Instant::now();
            self.again = Some(ended + (ended - begun) * PAUSE);
        }
        self.pool.clone()
    }
}

/// The pool of this process; `None` if it is to have no threads besides its own, or can have none.
pub(crate) fn current() -> Option<Arc<ThreadPool>> {
    // There are neither threads nor clocks.
    if cfg!(target_family = "wasm") {
        return None;
    }
    let kept = process::kept()?.lock();
    let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
    kept.pool(number::of_process(), start)
}

thread_local! {
    /// The generation of the process in which this thread was started, if it is a worker of ours.
    static HOME: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Whether this thread was a worker in the process that forked this one: it has called `fork`. The other workers of its pool are not here.
pub(crate) fn is_forked_worker() -> bool {
    HOME.get().is_some_and(|home| home != process::generation())
}

/// A pool all of whose threads run, or `None`.
fn start(size: NonZeroUsize) -> Option<ThreadPool> {
    let home = process::generation();
    let builder = ThreadPoolBuilder::new()
        .num_threads(size.get())
        .thread_name(|i| format!("crosslane {i}"))
        .start_handler(move |_| HOME.set(Some(home)));
    let pool = builder.build().ok()?;
    all_run(&pool, PATIENCE).then_some(pool)
}

/// Whether all threads of a pool do something within this time.
fn all_run(pool: &ThreadPool, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    let (sender, receiver) = mpsc::channel();
    pool.spawn_broadcast(move |_| {
        // The other side may have lost patience.
        let _ = sender.send(());
    });
    let one_runs = |_| {
        let left = until.saturating_duration_since(Instant::now());
        receiver.recv_timeout(left).is_ok()
    };
    (0..pool.current_num_threads()).all(one_runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> NonZeroUsize {
        NonZeroUsize::MIN.saturating_add(1)
    }

    #[test]
    fn a_start_in_vain_is_not_tried_again_until_a_hundred_times_as_long_has_passed() {
        let mut kept = Kept::default();
        let took = Duration::from_millis(20);
        let begun = Instant::now();
        let in_vain = |_| {
            std::thread::sleep(took);
            None
        };
        assert!(kept.pool(two(), in_vain).is_none(), "none was started");
        let mut tries = 0;
        while begun.elapsed() < took * PAUSE {
            let pool = kept.pool(two(), |_| {
                tries += 1;
                None
            });
            assert!(pool.is_none(), "none was started");
        }
        assert_eq!(tries, 0, "tries within the pause");
        let again = kept.again.expect("there was a try");
        std::thread::sleep(again.saturating_duration_since(Instant::now()));
        assert!(kept.pool(two(), start).is_some(), "a later try");
    }

    #[test]
    fn threads_of_which_one_does_not_run_are_not_waited_for_for_ever() {
        let pool = start(two()).expect("threads can be started");
        let (sender, receiver) = mpsc::channel::<()>();
        let (begins, has_begun) = mpsc::channel();
        pool.spawn(move || {
            let _ = begins.send(());
            let _ = receiver.recv();
        });
        has_begun.recv().expect("a thread waits");
        assert!(!all_run(&pool, Duration::from_millis(50)), "one waits");
        drop(sender);
        assert!(all_run(&pool, PATIENCE * 10), "both run");
    }

    #[test]
    fn another_number_is_tried_at_once() {
        let mut kept = Kept::default();
        let in_vain = |_| {
            std::thread::sleep(Duration::from_millis(100));
            None
        };
        assert!(kept.pool(two(), in_vain).is_none(), "none was started");
        let three = two().saturating_add(1);
        let pool = kept.pool(three, start).expect("threads can be started");
        assert_eq!(pool.current_num_threads(), 3);
    }

    #[test]
    fn a_pool_is_kept_until_the_number_changes() {
        let mut kept = Kept::default();
        let pool = kept.pool(two(), start).expect("threads can be started");
        let same = kept.pool(two(), |_| panic!("there is one"));
        assert!(same.is_some_and(|same| Arc::ptr_eq(&pool, &same)), "kept");
        assert_eq!(Arc::strong_count(&pool), 2);
        assert!(kept.pool(NonZeroUsize::MIN, start).is_none(), "serial");
        assert_eq!(Arc::strong_count(&pool), 1, "only the user has it");
    }
}
