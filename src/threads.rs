//! How a batch is split over threads: the one place that knows of rayon.

use core::num::NonZeroUsize;

use crate::Element;
use crate::kernel::{Batch, SUMMED};

/// On how many threads an operation runs. The result does not depend on it, to the last bit.
///
/// The threads are those of the rayon pool that the caller is in, or of rayon's global pool. Without the
/// feature `rayon` everything is serial.
///
/// Where the system lets no thread be started, rayon panics when its global pool is first used; a program
/// that expects this builds the pool itself, or stays serial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Threads {
    /// All threads of the pool for a large batch, the caller's own for a small one.
    #[default]
    Auto,
    /// The caller's own thread; rayon is not touched.
    Serial,
    /// As many threads as this, or all of the pool if it has fewer, however small the batch is. (Sums over a batch are made in pieces
    /// of 32,768 vectors.)
    Max(NonZeroUsize),
}

/// Below this, [`Threads::Auto`] stays serial: in bytes moved, or what takes as long.
///
/// `cargo bench --bench parallel -- --auto` measures it: waking a worker costs about 20 µs, and data that
/// were in one core's cache move to another's. On a 2-core Zen 4 two threads took 1.9 times as long as one for
/// 2 MiB, 1.2 to 1.5 times for 4.5 MiB, and 0.7 to 0.8 of the time for 9 MiB.
const PARALLEL: usize = 8 << 20;

/// No piece is smaller, so that many threads do not share what is worth the while of a few.
const PIECE: usize = PARALLEL / 2;

/// Into how many pieces a batch of this cost is split. Rayon is not asked for its threads unless there is more
/// than one to be used.
#[inline]
pub(crate) fn pieces(threads: Threads, cost: usize) -> usize {
    match threads {
        Threads::Serial => 1,
        Threads::Max(threads) if threads.get() == 1 => 1,
        Threads::Max(threads) => rayon::current_num_threads().min(threads.get()),
        Threads::Auto if cost < PARALLEL => 1,
        Threads::Auto => rayon::current_num_threads().min(cost / PIECE),
    }
}

/// Calls `work` with pieces of the batch that together are the batch, which is used up.
///
/// Halves it until there are `pieces`, where vectors of the output start cache lines, so that two
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
    // Divided first, so that nothing can overflow.
    let middle = batch.line_boundary(batch.len() / pieces * half);
    if middle == 0 {
        return work(batch);
    }
    let mut tail = batch.split_off(middle);
    rayon::join(
        || split(batch, half, work),
        || split(&mut tail, pieces - half, work),
    );
}

/// Adds more to the sums of a batch.
type Add<'a, T, const I: usize, const O: usize> =
    dyn Fn(&mut Batch<'_, T, I, O>, &[[T; 3]; O]) + Sync + 'a;

/// Calls `work` with pieces of the batch as [`split`], for outputs that receive a sum, and `add` with what is to be added to the sums
/// of one. The pieces, and the order of additions, depend on the length of the batch alone.
pub(crate) fn split_to_sum<T: Element, const I: usize, const O: usize>(
    batch: &mut Batch<'_, T, I, O>,
    pieces: usize,
    work: &(dyn Fn(&Batch<'_, T, I, O>) + Sync),
    add: &Add<'_, T, I, O>,
) {
    let len = batch.len();
    if len <= SUMMED {
        return work(batch);
    }
    let middle = 1 << (len - 1).ilog2(); // less than `len`, half of it or more
    let mut sums = batch.sums();
    let mut tail: Batch<'_, T, I, O> = batch.split_off(middle);
    tail.sum_to(&mut sums);
    // As many for each as it has of the length, and one at least.
    let share = (pieces as u128 * middle as u128 / len as u128) as usize;
    if pieces > 1 {
        let share = share.clamp(1, pieces - 1);
        rayon::join(
            || split_to_sum(batch, share, work, add),
            || split_to_sum(&mut tail, pieces - share, work, add),
        );
    } else {
        split_to_sum(batch, 1, work, add);
        split_to_sum(&mut tail, 1, work, add);
    }
    let more = tail.sums();
    add(batch, &more);
}

/// A pool of one thread.
#[cfg(not(feature = "rayon"))]
mod rayon {
    pub(super) fn current_num_threads() -> usize {
        1
    }

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
    use crate::{Soa, VectorsMut};

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
                    assert_eq!(pieces(most(n), 5), n.min(threads), "{n} of {threads}");
                }
                assert_eq!(pieces(Threads::Serial, 1 << 40), 1);
                assert_eq!(pieces(Threads::Auto, 1 << 40), threads);
            });
        }
    }

    #[test]
    fn automatic_threads_begin_where_the_cost_says_and_no_piece_is_small() {
        pool(7).install(|| {
            assert_eq!(pieces(Threads::Auto, PARALLEL - 1), 1);
            assert_eq!(pieces(Threads::Auto, PARALLEL), 2);
            assert_eq!(pieces(Threads::Auto, 3 * PIECE), 3);
            assert_eq!(pieces(Threads::Auto, 100 * PIECE), 7);
        });
    }

    #[test]
    fn pieces_are_worked_on_at_the_same_time_and_are_the_whole_in_equal_parts() {
        for threads in [2, 3, 7] {
            let (a, mut out) = (Soa::<f32>::zeros(10_007), Soa::zeros(10_007));
            let mut batch = Batch::new(a.view(), a.view(), out.view_mut()).expect("equal lengths");
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

    /// On two threads of four, and of an odd number of pieces.
    #[test]
    fn sums_are_made_on_as_many_threads_as_asked_for() {
        let len = 6 * SUMMED + 1;
        let (a, mut sum) = (Soa::<f32>::zeros(len), [0.0; 3]);
        let out = VectorsMut::summed(&mut sum, len);
        let mut batch = Batch::new(a.view(), a.view(), out).expect("equal lengths");
        let (active, most, seen) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let work = |piece: &Batch<'_, f32, 2, 1>| {
            most.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // The first waits for another, and all others long enough to be seen by one that should not be there.
            let patience = Instant::now() + Duration::from_secs(20);
            while most.load(Ordering::SeqCst) < 2 {
                assert!(Instant::now() < patience, "pieces wait for each other");
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(20));
            seen.fetch_add(piece.len(), Ordering::SeqCst);
            active.fetch_sub(1, Ordering::SeqCst);
        };
        pool(4).install(|| split_to_sum(&mut batch, 2, &work, &|_, _| {}));
        assert_eq!(most.into_inner(), 2, "threads at a time");
        assert_eq!(seen.into_inner(), len);
    }

    #[test]
    fn what_is_shorter_than_a_cache_line_stays_whole() {
        let (a, mut out) = (Soa::<f32>::zeros(15), Soa::zeros(15));
        let mut batch = Batch::new(a.view(), a.view(), out.view_mut()).expect("equal lengths");
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
