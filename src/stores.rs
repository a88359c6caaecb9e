//! How results are stored: through the caches or past them.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::simd::fast_l3;

/// How an operation stores its results. The result does not depend on it.
///
/// An ordinary store first reads the cache line that it writes into, and pushes something else out of the
/// cache. A streaming (non-temporal) store does neither, which saves a quarter of the memory traffic of a cross
/// product; but what it has written is in memory and not in a cache. What is computed of the faces of meshes is stored through the caches,
/// whatever this says: fetching corners takes several times as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stores {
    /// Streaming for a batch larger than the caches that are worth being kept in; cached for a smaller one.
    ///
    /// The limit is 2 MiB read and written; on CPUs of AMD's, whose L3 is near, a third of that L3, if that is more (of 32 MiB
    /// at most: what a virtual machine reports may be more than there is). The environment variable `CROSSLANE_STREAMING_BYTES` sets
    /// another (a number of bytes, at least 65536; read once, at the first use; what is no
    /// number, `2MiB` say, changes nothing, and is an error in the program). Where
    /// results are read again at once, from a large shared cache, a higher limit may be better: that
    /// depends on the program, and no measurement of the operation alone can tell.
    #[default]
    Auto,
    /// Through the caches.
    Cached,
    /// Past the caches, where this is possible: never where the output is also an input, never to padded
    /// rows or other strides that leave gaps (a streaming store writes all of a register), beside a sum over the batch only where
    /// the output starts a whole register, and only where the CPU
    /// has such stores (x86-64 here).
    Streaming,
}

/// From so many bytes up [`Stores::Auto`] streams, if nothing else is known.
///
/// `cargo bench --bench parallel -- --auto` measures it. On a 2-core cloud Xeon (Emerald Rapids, 2 MiB of L2 a core)
/// streaming took 1.5 to 1.7 times as long at 0.6 MB, 0.8 to 0.95 of the time at 2.4 MB, and 0.6 to 0.8 of it from 9 MB up,
/// although its reported 260 MiB of L3 would hold all that.
const STREAMING_BYTES: usize = 2 << 20;

/// The same where there is an L3 of so many bytes that is worth being kept in.
///
/// On a 2-core cloud EPYC (Zen 4, 1 MiB of L2, 32 MiB of L3) streaming took 1.0 to 1.25 times as long at 2.4 MB, 0.9 to
/// 1.6 times at 9.4 MB, depending on the pages that the operands were in; 0.75 to 0.8 of the time at 14 MB, 0.7 at 38 MB.
fn streaming_bytes(l3: usize) -> usize {
    const MEASURED: usize = 32 << 20;
    (l3.min(MEASURED) / 3).max(STREAMING_BYTES)
}

impl Stores {
    /// Whether to stream the results of a batch that moves so many bytes.
    #[inline]
    pub(crate) fn stream(self, bytes: usize) -> bool {
        match self {
            Self::Cached => false,
            Self::Streaming => true,
            // Asked first, because it is the cheaper question for a small batch.
            Self::Auto => bytes >= LEAST && bytes >= limit(),
        }
    }
}

/// No limit is lower: what is smaller is in a cache, and has no time for questions.
const LEAST: usize = 64 << 10;

#[cold]
fn limit() -> usize {
    // 0 before the first use. No lock: a process that is forked while another thread holds one could never have it. Threads that
    // come at the same time find the same.
    static LIMIT: AtomicUsize = AtomicUsize::new(0);
    match LIMIT.load(Ordering::Relaxed) {
        0 => {
            let variable = std::env::var("CROSSLANE_STREAMING_BYTES").ok();
            let limit = limit_of(variable.as_deref());
            LIMIT.store(limit, Ordering::Relaxed);
            limit
        }
        limit => limit,
    }
}

fn limit_of(variable: Option<&str>) -> usize {
    let bytes = variable.and_then(|bytes| bytes.parse().ok());
    let bytes = bytes.unwrap_or_else(|| fast_l3().map_or(STREAMING_BYTES, streaming_bytes));
    bytes.max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_what_the_environment_says_if_it_is_a_number() {
        assert_eq!(limit_of(Some("1000000")), 1_000_000);
        assert_eq!(limit_of(Some("0")), 65_536); // as documented
        for nonsense in [
            None,
            Some(""),
            Some("-1"),
            Some("64M"),
            Some("99999999999999999999"),
        ] {
            let limit = fast_l3().map_or(STREAMING_BYTES, streaming_bytes);
            assert_eq!(limit_of(nonsense), limit, "{nonsense:?}");
        }
    }

    #[test]
    fn the_limit_is_a_third_of_a_near_l3_but_neither_tiny_nor_more_than_was_measured() {
        let limits = [0, 4, 12, 32, 256].map(|l3| streaming_bytes(l3 << 20));
        let [mib, most] = [1 << 20, (32 << 20) / 3];
        assert_eq!(limits, [2 * mib, 2 * mib, 4 * mib, most, most]);
    }

    #[test]
    fn automatic_stores_stream_from_the_limit_up() {
        assert!(!Stores::Auto.stream(limit() - 1));
        assert!(Stores::Auto.stream(limit()));
        assert!(!Stores::Cached.stream(usize::MAX));
        assert!(Stores::Streaming.stream(0));
    }
}
