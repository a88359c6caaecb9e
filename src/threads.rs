//! How a batch is split over threads: the one place that knows of rayon.

use core::num::NonZeroUsize;

use crate::Element;
use crate::kernel::Batch;

#[cfg(feature = "rayon")]
mod pool;

/// On how many threads an operation runs. The result does not depend on it, to the last bit.
///
/// The threads are those of the rayon pool that the caller is in, or of rayon's global pool, which is started when a batch is first
/// split over it. Without the feature `rayon` everything is serial.
///
/// # Locks
///
/// While a call is split, the calling thread waits for pieces that other threads work on. In a rayon pool a thread that waits runs
/// other tasks of that pool, **inside the call**. If the caller holds a lock and one of these tasks wants that lock, both wait for ever. So
/// hold no lock around a call that tasks of the same pool want, or use [`Threads::Serial`], which runs nothing but the operation:
///
/// ```
/// use crosslane::{Engine, Threads};
/// use std::sync::Mutex;
///
/// let (a, b) = ([[1.0, 2.0, 3.0]; 100], [[4.0, 5.0, 6.0]; 100]);
/// let shared = Mutex::new([[0.0; 3]; 100]);
/// let mut c = shared.lock().expect("nobody panics");
/// Engine::new().with_threads(Threads::Serial).cross(&a, &b, &mut *c)?;
/// assert_eq!(c[99], [-3.0, 6.0, -3.0]);
/// # Ok::<(), crosslane::Error>(())
/// ```
///
/// Anything else that a task keeps for its thread alone has the same fate: thread-local state that is borrowed, a transaction that is open.
///
/// # The floating-point environment
///
/// For the same reason a task of a pool that changes the rounding mode or flush-to-zero of its thread, and then waits (in `rayon::join`,
/// or in a call that is split), may run pieces of other tasks' calls in that environment. [`Accuracy::CorrectlyRounded`](crate::Accuracy)
/// and half types compute in the default environment, whatever the caller's is. [`Accuracy::Plain`](crate::Accuracy) computes in
/// that of the thread that runs the piece: products of other tasks may be rounded otherwise or lose their subnormals. Workers keep the
/// environment of the thread that started them.
///
/// With [`Accuracy::Plain`](crate::Accuracy::Plain) a call leaves the exception flags that its arithmetic raises (overflow, say) on the thread that makes it, the
/// same on any number of threads (x86-64 and aarch64); [`Operation::signals`](crate::Operation::signals) tells of which operations they are those of the formula.
/// What is correctly rounded, and half types, leave none. Other threads keep the flags that they had.
///
/// # Processes
///
/// A process made by `fork` has no workers of its parent's pools. A call there is serial instead of waiting for them: on the thread that
/// called `fork` if that was a worker, and outside pools if the global pool was started before. In pools that the new process starts
/// itself calls are split as ever (but not on the thread that called `fork`, if that was a worker and is made one again). (What needs other threads of the parent in some other way, a lock of theirs say, is not this crate's.)
///
/// # Without threads
///
/// Where the system starts no thread, calls are serial, and stay so in this process. [`Threads::available`] and [`Threads::denied`] tell.
/// If the workers of the global pool are all busy with other work when a batch is first to be split over it, calls are serial until
/// one of them was idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Threads {
    /// All threads of the pool for a large batch, the caller's own for a small one.
    #[default]
    Auto,
    /// The caller's own thread; rayon is not touched.
    Serial,
    /// As many threads as this, or all of the pool if it has fewer, for every batch of more than a few cache lines. (Of sums no piece has
    /// less than some 1,000 vectors.)
    Max(NonZeroUsize),
}

impl Threads {
    /// From how many bytes, read and written, [`Threads::Auto`] splits a call; what takes longer than to move them counts as more. Who
    /// keeps a pool of its own need not enter it for less.
    ///
    /// (`cargo bench --bench parallel -- --auto` measures it: waking a worker costs about 20 µs, and data that were in one core's cache
    /// move to another's. On a 2-core Zen 4 two threads took 1.9 times as long as one for 2 MiB, 1.2 to 1.5 times for 4.5 MiB, and 0.7
    /// to 0.8 of the time for 9 MiB.)
    pub const SPLIT_BYTES: usize = 8 << 20;

    /// No piece of a call that [`Threads::Auto`] splits has fewer bytes, so that many threads do not share what is worth the while of a few.
    pub const PIECE_BYTES: usize = Self::SPLIT_BYTES / 2;

    /// On how many threads a large batch is worked on if a call is made here with [`Threads::Auto`]: all of the pool that the caller is
    /// in, or of rayon's global pool, which is started; 1 where there are none.
    ///
    /// ```
    /// use crosslane::Threads;
    ///
    /// println!("large batches are split over {} threads", Threads::available());
    /// assert!(Threads::available() >= 1);
    /// ```
    pub fn available() -> usize {
        pool::threads()
    }

    /// Whether work outside any pool was to be split, and this process has no threads for it: none could be started, or the process
    /// was forked from one in which the global pool was used.
    ///
    /// Starts nothing: `false` as long as no batch was large enough. A program can ask in the end, and tell its user.
    ///
    /// ```
    /// if crosslane::Threads::denied() {
    ///     eprintln!("no threads could be started: one did all of the work");
    /// }
    /// ```
    pub fn denied() -> bool {
        pool::are_denied()
    }
}

/// Below this a batch is a few cache lines and stays whole. To ask whether workers are there takes less than 1 µs, and to wake one takes 20.
const WHOLE: usize = 1 << 10;

/// Into how many pieces a batch of this cost is split. Neither the system nor rayon is asked unless there is more than one thread
/// to be used.
#[inline]
pub(crate) fn pieces(threads: Threads, cost: usize) -> usize {
    match threads {
        Threads::Serial => 1,
        Threads::Max(threads) if threads.get() == 1 || cost < WHOLE => 1,
        Threads::Max(threads) => pool::threads().min(threads.get()),
        Threads::Auto if cost < Threads::SPLIT_BYTES => 1,
        Threads::Auto => pool::threads().min(cost / Threads::PIECE_BYTES),
    }
}

/// Calls `work` with pieces of the batch that together are the batch, which is used up.
///
/// Halves it until there are `pieces`: rows, or vectors where those of the output start cache lines, so that two
/// threads do not write to one line. What is too short for that stays whole.
pub(crate) fn split<T: Element, const I: usize, const O: usize>(
    batch: &mut Batch<'_, T, I, O>,
    pieces: usize,
    work: &(dyn Fn(&Batch<'_, T, I, O>) + Sync),
) {
    if pieces == 1 {
        return work(batch);
    }
    let half = pieces / 2;
    let Some(mut tail) = batch.split(half, pieces) else {
        return work(batch);
    };
    join(&mut || split(batch, half, work), &mut || {
        split(&mut tail, pieces - half, work)
    });
}

/// Runs both, on two threads where there is one to spare. Not generic, so that what it takes is compiled once.
pub(crate) fn join(one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
    rayon::join(one, other);
}

/// The pool without rayon.
#[cfg(not(feature = "rayon"))]
mod pool {
    pub(super) fn threads() -> usize {
        1
    }

    pub(super) fn are_denied() -> bool {
        false
    }
}

#[cfg(not(feature = "rayon"))]
mod rayon {
    pub(super) fn join(one: impl FnOnce(), other: impl FnOnce()) {
        one();
        other();
    }
}

#[cfg(all(test, feature = "rayon"))]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::Soa;

    fn pool(threads: usize) -> rayon::ThreadPool {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started")
    }

    fn most(threads: usize) -> Threads {
        Threads::Max(NonZeroUsize::new(threads).expect("one thread or more"))
    }

    #[test]
    fn pieces_are_as_many_as_threads_may_work() {
        for threads in [1, 2, 3, 7] {
            pool(threads).install(|| {
                for n in [1, 2, 3, 7, 100] {
                    assert_eq!(pieces(most(n), WHOLE), n.min(threads), "{n} of {threads}");
                    assert_eq!(pieces(most(n), WHOLE - 1), 1, "{n} of {threads}");
                }
                assert_eq!(pieces(Threads::Serial, 1 << 40), 1);
                assert_eq!(pieces(Threads::Auto, 1 << 40), threads);
            });
        }
    }

    #[test]
    fn automatic_threads_begin_where_the_cost_says_and_no_piece_is_small() {
        pool(7).install(|| {
            assert_eq!(pieces(Threads::Auto, Threads::SPLIT_BYTES - 1), 1);
            assert_eq!(pieces(Threads::Auto, Threads::SPLIT_BYTES), 2);
            assert_eq!(pieces(Threads::Auto, 3 * Threads::PIECE_BYTES), 3);
            assert_eq!(pieces(Threads::Auto, 100 * Threads::PIECE_BYTES), 7);
        });
    }

    #[test]
    fn pieces_are_worked_on_at_the_same_time_and_are_the_whole_in_equal_parts() {
        for threads in [2, 3, 7] {
            let (a, mut out) = (Soa::<f32>::zeros(10_007), Soa::zeros(10_007));
            let mut batch = Batch::of([a.view().flat(); 2], [out.view_mut().into_flat()]);
            let (arrived, seen) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
            pool(threads).install(|| {
                split(&mut batch, threads, &|piece| {
                    seen.lock().expect("nobody panics").push(piece.len());
                    arrived.fetch_add(1, Ordering::Relaxed);
                    // Nobody goes on before all have come, which takes a thread for each.
                    let patience = Instant::now() + Duration::from_secs(20);
                    while arrived.load(Ordering::Relaxed) < threads {
                        assert!(Instant::now() < patience, "pieces wait for each other");
                        std::thread::yield_now();
                    }
                });
            });
            let seen = seen.into_inner().expect("nobody panics");
            assert_eq!(seen.len(), threads, "{seen:?}");
            assert_eq!(seen.iter().sum::<usize>(), 10_007, "{seen:?}");
            // A cut is less than a line from where it should be, and there are three one after the other.
            let equal = |len: &usize| len.abs_diff(10_007 / threads) <= 3 * 16;
            assert!(seen.iter().all(equal), "{seen:?}");
        }
    }

    #[test]
    fn what_is_shorter_than_a_cache_line_stays_whole() {
        let (a, mut out) = (Soa::<f32>::zeros(15), Soa::zeros(15));
        let mut batch = Batch::of([a.view().flat(); 2], [out.view_mut().into_flat()]);
        let calls = AtomicUsize::new(0);
        pool(2).install(|| {
            split(&mut batch, 2, &|piece| {
                assert_eq!(piece.len(), 15);
                calls.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(calls.into_inner(), 1);
    }
}
