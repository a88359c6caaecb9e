//! Threads that cannot be started.

#![cfg(target_os = "linux")]

use super::support::{Data, in_a_fork, number, workers_become};

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn without_threads(data: &Data) {
    if let Err(error) = super::no_threads::forbid_threads() {
        return println!("NOT TESTED: the system forbids no threads: {error}");
    }
    for n in [3, 3, 2, 1, 100] {
        crosslane_pool::set_threads(number(n));
        data.is_serial();
        data.is_serial();
    }
    workers_become(0);
    in_a_fork(|| data.is_serial());
    data.is_serial();
}

/// Room for some of the threads of a pool, not for all.
pub(crate) fn with_too_few_threads(data: &Data) {
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
    crosslane_pool::set_threads(number(5000));
    data.is_serial();
    data.is_serial();
    // Those that were started end.
    workers_become(0);
    crosslane_pool::set_threads(number(2));
    data.is_split_over(2);
}
