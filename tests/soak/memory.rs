//! What must not grow: bytes that are allocated, memory that is resident, threads.

#![allow(unreachable_pub, reason = "what is public here is public to the soak")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::{Duration, Instant};
use std::{fmt, fs, thread};

/// Counts what is allocated and not freed.
struct Counting;

static ALLOCATED: AtomicIsize = AtomicIsize::new(0);

// SAFETY: the system's allocator does everything.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as granted by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as granted by the caller.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// At a moment at which nobody works.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// In bytes.
    pub allocated: isize,
    /// In bytes, without what files back (code is loaded as it is used); `None` where the system does not say.
    pub resident: Option<usize>,
    /// `None` where the system does not say.
    pub threads: Option<usize>,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes allocated", self.allocated)?;
        if let Some(resident) = self.resident {
            write!(
                f,
                ", {:.1} MiB resident",
                resident as f64 / (1 << 20) as f64
            )?;
        }
        self.threads
            .map_or(Ok(()), |threads| write!(f, ", {threads} threads"))
    }
}

impl Memory {
    /// When there are as many threads as there were, or a while later: the system counts one that was joined until it is gone.
    pub fn after(threads: Option<usize>) -> Self {
        let until = Instant::now() + Duration::from_secs(5);
        while self::threads() != threads && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
        Self {
            allocated: ALLOCATED.load(Ordering::Relaxed),
            resident: resident(),
            threads: self::threads(),
        }
    }
}

/// How many there are; `None` where the system does not say.
pub fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

fn resident() -> Option<usize> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = pages
        .split(' ')
        .skip(1)
        .map(|pages| pages.parse::<usize>().unwrap());
    let (resident, of_files) = (pages.next()?, pages.next()?);
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(resident.saturating_sub(of_files) * usize::try_from(page).unwrap())
}
