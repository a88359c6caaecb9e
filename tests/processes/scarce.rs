//! Threads that are busy, that wait for a lock, or that cannot be started.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use crosslane::{Engine, Threads};

use super::{Data, GLOBAL, LARGE, PATIENCE, in_a_fork, is_serial, pool};

/// Not before a worker is idle is work split over it.
pub(crate) fn while_all_workers_are_busy(data: &Data) {
    rayon::join(|| (), || ());
    let (begun, ends) = (Barrier::new(GLOBAL + 1), AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            rayon::broadcast(|_| {
                begun.wait();
                while !ends.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            });
        });
        begun.wait();
        data.multiply_in_every_way();
        is_serial();
        assert!(!Threads::denied(), "they will be there");
        ends.store(true, Ordering::Relaxed);
    });
    let begun = Instant::now();
    while Threads::available() == 1 && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert_eq!(Threads::available(), GLOBAL, "threads");
    data.multiply_in_every_way();
}

/// One task holds a lock around a product, others of the pool want it: with another engine than a serial one this hangs, as documented.
pub(crate) fn under_a_lock(data: &Data) {
    let engine = Engine::new().with_threads(Threads::Serial);
    let out = Mutex::new(vec![[0.0; 3]; LARGE]);
    let wanted = AtomicUsize::new(0);
    let pool = pool();
    for _ in 0..20 {
        let multiplies = AtomicBool::new(false);
        let task = || {
            let mut out = out.lock().unwrap();
            multiplies.store(true, Ordering::SeqCst);
            engine.cross(&data.a, &data.b, &mut out[..]).unwrap();
        };
        pool.install(|| {
            rayon::scope(|tasks| {
                tasks.spawn(|_| task());
                tasks.spawn(|tasks| {
                    while !multiplies.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                    for _ in 0..4 {
                        tasks.spawn(|_| {
                            assert!(*out.lock().unwrap() == data.expected, "products");
                            wanted.fetch_add(1, Ordering::SeqCst);
                        });
                    }
                });
            });
        });
    }
    assert_eq!(wanted.into_inner(), 80, "tasks that had the lock");
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(crate) fn without_threads(data: &Data) {
    if let Err(error) = super::no_threads::forbid_threads() {
        return println!("NOT TESTED: the system forbids no threads: {error}");
    }
    data.multiply_some(Engine::new(), 1000);
    assert!(!Threads::denied(), "nobody has asked");
    data.multiply_in_every_way();
    is_serial();
    assert!(Threads::denied(), "none can be started");
    in_a_fork(|| data.multiply_in_every_way());
}

/// Room for some of the threads of a pool, not for all.
#[cfg(target_os = "linux")]
pub(crate) fn with_too_few_threads(data: &Data) {
    let tasks = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = tasks();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size: u64 = size.unwrap().replace("kB", "").trim().parse().unwrap();
    if size > 1 << 30 {
        return println!("NOT TESTED: a sanitizer's memory of terabytes has no limit");
    }
    let room = (size << 10) + (600 << 20);
    let limit = libc::rlimit {
        rlim_cur: room,
        rlim_max: room,
    };
    // SAFETY: a limit of this process, which has no other purpose than this.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(failed, 0, "{}", std::io::Error::last_os_error());
    if Vec::<u8>::new().try_reserve_exact(1 << 30).is_ok() {
        return println!("NOT TESTED: memory is not limited here, nor threads with it");
    }
    data.multiply_in_every_way();
    is_serial();
    assert!(Threads::denied(), "all could be started");
    // Those that were started end.
    let begun = Instant::now();
    while tasks() > before && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(tasks(), before, "threads");
}
