//! What belongs to one process: the pool that it keeps.
//!
//! Separate from the pool, because this is about `fork`. A forked process has one thread, the one that called `fork`, and a copy of the
//! parent's memory as it was at that moment. The other threads of the parent may have been anywhere, also here, and a lock that one of
//! them held stays locked in the child for ever. So a child must not touch what the parent had locks in:
//!
//! - A counter is advanced in every child: the generation. It is the same as long as a process lives.
//! - What a process keeps has the generation of that process, and is never freed. A child that finds the parent's leaves it alone, and makes
//!   its own. So every lock here belongs to one process.
//! - Outside of that there are atomics only, which are never half written.

use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::pool::Kept;

/// A process, as told by its generation, and what it keeps.
struct Process {
    generation: usize,
    kept: Mutex<Kept>,
}

/// Null, or a `Process` that is never freed: that of this process, or of the one which forked it.
static LATEST: AtomicPtr<Process> = AtomicPtr::new(ptr::null_mut());

/// What this process keeps; `None` if the system cannot tell it from its children.
pub(crate) fn kept() -> Option<&'static Mutex<Kept>> {
    if !fork::is_noticed() {
        return None;
    }
    let generation = generation();
    let mut latest = LATEST.load(Ordering::Acquire);
    loop {
        // SAFETY: `LATEST` is null or was made by `Box::into_raw` below, from where it is shared and never freed or written.
        let process = unsafe { latest.as_ref() };
        match process {
            Some(process) if process.generation == generation => return Some(&process.kept),
            _ => latest = replace(latest, generation),
        }
    }
}

/// Has `LATEST` point to a new process of this generation, unless it no longer is what the caller has seen. Returns what it is then.
fn replace(seen: *mut Process, generation: usize) -> *mut Process {
    let new = Box::into_raw(Box::new(Process {
        generation,
        kept: Mutex::default(),
    }));
    match LATEST.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => new,
        Err(other) => {
            // SAFETY: made above, and nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
            other
        }
    }
}

/// How many forks this process is away from the one that first noticed them, or more.
pub(crate) fn generation() -> usize {
    fork::GENERATION.load(Ordering::Acquire)
}

#[cfg(all(unix, not(target_family = "wasm")))]
mod fork {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    pub(super) static GENERATION: AtomicUsize = AtomicUsize::new(0);

    static NOTICED: AtomicBool = AtomicBool::new(false);

    extern "C" fn advance() {
        GENERATION.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the generation is advanced in children from now on.
    ///
    /// No thread waits for another one here, because a child could wait for ever. So two threads may both ask for it, and then a child is
    /// two generations further, which is as good.
    pub(super) fn is_noticed() -> bool {
        if NOTICED.load(Ordering::Acquire) {
            return true;
        }
        // SAFETY: `advance` adds to an atomic, which is allowed in a child of many threads.
        let failed = unsafe { libc::pthread_atfork(None, None, Some(advance)) };
        NOTICED.fetch_or(failed == 0, Ordering::AcqRel) || failed == 0
    }
}

#[cfg(not(all(unix, not(target_family = "wasm"))))]
mod fork {
    use std::sync::atomic::AtomicUsize;

    pub(super) static GENERATION: AtomicUsize = AtomicUsize::new(0);

    /// There is no `fork`.
    pub(super) fn is_noticed() -> bool {
        true
    }
}
