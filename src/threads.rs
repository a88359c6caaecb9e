//! How a batch is split over threads: the one place that knows of rayon.

use core::num::NonZeroUsize;

use crate::Element;
use crate::kernel::Batch;

/// On how many threads an operation runs. The result does not depend on it, to the last bit.
///
/// The threads are those of the rayon pool that the caller is in, or of rayon's global pool. Without the
/// feature `rayon` everything is serial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Threads {
    /// All threads of the pool for a large batch, the caller's own for a small one.
    #[default]
    Auto,
    /// The caller's own thread; rayon is not touched.
    Serial,
    /// As many threads as this, or all of the pool if it has fewer, however small the batch is.
    Max(NonZeroUsize),
}

/// Calls `work` with pieces of the batch that together are the batch, which is used up.
pub(crate) fn split<T: Element, const I: usize, const O: usize>(
    batch: &mut Batch<'_, T, I, O>,
    threads: Threads,
    work: &(impl Fn(&Batch<'_, T, I, O>) + Sync),
) {
    match pieces(batch, threads) {
        1 => work(batch),
        pieces => join(batch, pieces, work),
    }
}

/// Below this many bytes read and written, [`Threads::Auto`] stays serial.
///
/// `cargo bench --bench throughput -- --ratios` measures it: waking a worker costs about 20 µs, and data that
/// were in one core's cache move to another's. On a 2-core Zen 4 two threads took 2.3 times as long as one for
/// 2 MiB, as long for 4.5 MiB, and 0.8 of the time for 9 MiB.
const PARALLEL_BYTES: usize = 8 << 20;

/// Into how many pieces; rayon is not asked for its threads unless there is more than one to be used.
fn pieces<T: Element, const I: usize, const O: usize>(
    batch: &Batch<'_, T, I, O>,
    threads: Threads,
) -> usize {
    match threads {
        Threads::Serial => 1,
        Threads::Max(threads) if threads.get() == 1 => 1,
        Threads::Max(threads) => rayon::current_num_threads().min(threads.get()),
        Threads::Auto if batch.bytes() < PARALLEL_BYTES => 1,
        Threads::Auto => rayon::current_num_threads(),
    }
}

/// Halves the batch until there are `pieces`, at cache lines of the output, so that no two threads write
/// to one line.
fn join<T: Element, const I: usize, const O: usize>(
    batch: &mut Batch<'_, T, I, O>,
    pieces: usize,
    work: &(impl Fn(&Batch<'_, T, I, O>) + Sync),
) {
    if pieces == 1 {
        return work(batch);
    }
    let half = pieces / 2;
    // Divided first: a batch of broadcast vectors may be longer than memory.
    let middle = batch.line_boundary(batch.len() / pieces * half);
    let mut tail = batch.split_off(middle);
    rayon::join(
        || join(batch, half, work),
        || join(&mut tail, pieces - half, work),
    );
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
