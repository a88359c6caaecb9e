//! Forked processes, for tests of what is not there in them.

use std::io::Write;
use std::time::{Duration, Instant};

/// Enough for what a forked process does, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A forked process that does this must end in time, and must not panic.
#[track_caller]
pub(crate) fn in_a_fork(what: impl FnOnce()) {
    std::io::stdout().flush().unwrap();
    // SAFETY: the child calls what is under test here, and then ends without returning.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what));
        // SAFETY: ends the process, and nothing of the parent's that is in its memory.
        unsafe { libc::_exit(i32::from(done.is_err())) };
    }
    let begun = Instant::now();
    let mut status = 0;
    // SAFETY: a child of this process and a place for its status.
    while unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == 0 {
        if begun.elapsed() > PATIENCE {
            // SAFETY: this process's child, for which nobody has waited.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let hangs = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
    assert!(!hangs, "the forked process hangs");
    assert_eq!(status, 0, "status of the forked process");
}
