//! How many threads a large call may use.
//!
//! Separate from the pool, which has one size for all, because a thread may be allowed fewer. Nothing here starts a thread.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number for the process; 0 while nobody has asked for it. An atomic, so that a fork cannot leave it locked.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static LIMIT: Cell<Option<NonZeroUsize>> = const { Cell::new(None) };
}

/// How many threads a large call made on this thread may use: the number for the process, or the limit of this thread if that is lower.
///
/// Starts nothing. Where no threads can be started, one thread does all the work, whatever this number is.
pub fn threads() -> usize {
    allowed().get()
}

/// Sets how many threads large calls in this process may use; 1 makes all calls serial. There are never more than four for each core, or 16
/// where there are fewer than four cores.
///
/// Calls that have begun are not affected. A process made by `fork` later has the number of its parent.
pub fn set_threads(n: NonZeroUsize) {
    NUMBER.store(n.get().min(most()), Ordering::Relaxed);
}

/// Limits the large calls made on the calling thread, and returns its previous limit; `None` is no limit.
///
/// A limit above the number for the process has no effect. A new thread has no limit. The thread that calls `fork` keeps its limit in the
/// child.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// let previous = crosslane_pool::limit_this_thread(NonZeroUsize::new(1));
/// assert_eq!(crosslane_pool::threads(), 1);
/// crosslane_pool::limit_this_thread(previous);
/// ```
pub fn limit_this_thread(limit: Option<NonZeroUsize>) -> Option<NonZeroUsize> {
    LIMIT.replace(limit)
}

/// Calls `work` with the calling thread limited to so many threads, or to fewer where it is limited already.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// let one = NonZeroUsize::MIN;
/// assert_eq!(crosslane_pool::limited(one, crosslane_pool::threads), 1);
/// ```
pub fn limited<R>(most: NonZeroUsize, work: impl FnOnce() -> R) -> R {
    /// Gives the thread its limit back, also when `work` panics.
    struct Before(Option<NonZeroUsize>);
    impl Drop for Before {
        fn drop(&mut self) {
            limit_this_thread(self.0);
        }
    }
    let lower = limit().map_or(most, |limit| limit.min(most));
    let _before = Before(limit_this_thread(Some(lower)));
    work()
}

/// The limit of this thread.
pub(crate) fn limit() -> Option<NonZeroUsize> {
    LIMIT.get()
}

/// The number for the process, or the limit of this thread if that is lower.
pub(crate) fn allowed() -> NonZeroUsize {
    let number = of_process();
    limit().map_or(number, |limit| limit.min(number))
}

/// The number for the process.
pub(crate) fn of_process() -> NonZeroUsize {
    if let Some(number) = NonZeroUsize::new(NUMBER.load(Ordering::Relaxed)) {
        return number;
    }
    let default = default_number().min(NonZeroUsize::MIN.saturating_add(most() - 1));
    // `set_threads` may have been called meanwhile.
    let known = NUMBER.compare_exchange(0, default.get(), Ordering::Relaxed, Ordering::Relaxed);
    known.err().and_then(NonZeroUsize::new).unwrap_or(default)
}

/// No more threads are started: a number that is a mistake would take all that the system has.
fn most() -> usize {
    let cores = std::thread::available_parallelism();
    cores.map_or(1, NonZeroUsize::get).saturating_mul(4).max(16)
}

fn default_number() -> NonZeroUsize {
    let variable = |name| std::env::var(name).ok()?.parse().ok();
    variable("CROSSLANE_NUM_THREADS")
        .or_else(|| variable("RAYON_NUM_THREADS"))
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}
