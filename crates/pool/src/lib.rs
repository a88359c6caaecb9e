//! The private thread pool that the boundaries of crosslane split large calls over.
//!
//! A crate of its own, because C and Python callers have no rayon pool that the library could run in, and the boundaries in one shared
//! library must share one pool. It decides where a call runs and on how many threads. It knows no operations: the boundary calls
//! [`run`] with the size of a call and a closure that makes the call.
//!
//! ```
//! use crosslane::Engine;
//!
//! let (a, b, mut c) = ([[1.0, 2.0, 3.0]; 100], [[4.0, 5.0, 6.0]; 100], [[0.0; 3]; 100]);
//! let bytes = size_of_val(&a) + size_of_val(&b) + size_of_val(&c);
//! crosslane_pool::run(bytes, |threads| Engine::new().with_threads(threads).cross(&a, &b, &mut c))?;
//! assert_eq!(c[99], [-3.0, 6.0, -3.0]);
//! # Ok::<(), crosslane::Error>(())
//! ```
//!
//! # Number of threads
//!
//! The number for the process is the last one given to [`set_threads`]. Before the first, it is the environment variable
//! `CROSSLANE_NUM_THREADS`, else `RAYON_NUM_THREADS`, else what the system says is available. A variable that is not a positive number is
//! ignored. The variables are read once. [`limit_this_thread`] allows the calls of one thread fewer.
//!
//! # When threads are started
//!
//! The first large call starts the pool. The first large call after [`set_threads`] starts another if the number has changed. Calls in the
//! old pool finish there, and then its threads end.
//!
//! # Processes
//!
//! A process made by `fork` starts a pool of its own at its first large call. The parent's pool stays in its memory, unused. A
//! worker that calls `fork` stays serial in the child. (There, `work` must not use what it borrows from the stack of its caller if the child
//! starts threads: the caller's thread is gone, and the system gives its stack to a new one.)
//!
//! # Without threads
//!
//! Where the system starts no threads, or started threads do not run, large calls are serial. Later calls try again, and spend at most
//! about 1 % of the time on it. There are no threads on WebAssembly.

mod number;
mod pool;
mod process;

use std::num::NonZeroUsize;

use crosslane::Threads;

pub use number::{limit_this_thread, limited, set_threads, threads};

/// Calls `work` where it can be split over threads, and tells it over how many.
///
/// If `bytes`, read and written, are [`Threads::SPLIT_BYTES`] or more, and more than one thread is allowed, `work` is called on a thread of the private pool
/// with [`Threads::Auto`], or with [`Threads::Max`] where the calling thread has a lower limit than the pool has threads. Otherwise
/// `work` is called on the calling thread with [`Threads::Serial`].
///
/// A large call on a thread of a rayon pool, this one or another, stays on that thread and is split over that pool. So calls may be nested.
///
/// # Panics
///
/// If `work` panics, `run` panics with the same payload, and the pool stays usable.
#[inline]
pub fn run<R: Send>(bytes: usize, work: impl FnOnce(Threads) -> R + Send) -> R {
    if bytes < Threads::SPLIT_BYTES {
        return work(Threads::Serial);
    }
    run_large(bytes, work)
}

fn run_large<R: Send>(bytes: usize, work: impl FnOnce(Threads) -> R + Send) -> R {
    if pool::is_forked_worker() {
        return work(Threads::Serial);
    }
    // Before the call moves to a worker, which has a limit of its own.
    let allowed = number::allowed();
    if rayon::current_thread_index().is_some() {
        return work(in_this_pool(bytes, allowed));
    }
    // A thread that is limited to itself starts no pool.
    let pool = match number::limit() {
        Some(NonZeroUsize::MIN) => None,
        _ => pool::current(),
    };
    match pool {
        Some(pool) => pool.install(|| work(in_this_pool(bytes, allowed))),
        None => work(Threads::Serial),
    }
}

/// Over how many threads a large call on a thread of a rayon pool is split.
fn in_this_pool(bytes: usize, allowed: NonZeroUsize) -> Threads {
    if allowed.get() >= rayon::current_num_threads() {
        return Threads::Auto;
    }
    // `Threads::Max` splits into pieces of any size.
    let most = NonZeroUsize::new(bytes / Threads::PIECE_BYTES).unwrap_or(NonZeroUsize::MIN);
    Threads::Max(allowed.min(most))
}
