//! What the situations share: a large call, where it ran, and processes with a bound on their time.

use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crosslane::{Accuracy, Engine, Threads, reference};

pub(crate) use super::fork::{PATIENCE, in_a_fork};
use super::program::this_program;

/// Threads for the process, whatever the machine has.
pub(crate) const NUMBER: usize = 3;

/// 9 MiB are read and written.
const VECTORS: usize = 1 << 18;

/// The smallest large call.
pub(crate) const LARGE: usize = Threads::SPLIT_BYTES;

pub(crate) struct Data {
    a: Vec<[f32; 3]>,
    b: Vec<[f32; 3]>,
    /// By the definition.
    expected: Vec<[f32; 3]>,
}

impl Data {
    pub(crate) fn new() -> Self {
        let vector = |i: usize| [1, 7, 13].map(|k| (i * k % 1013) as f32 - 500.0);
        let a: Vec<_> = (0..VECTORS).map(vector).collect();
        let b: Vec<_> = (0..VECTORS).map(|i| vector(i + 5 * i / 3)).collect();
        let product = |(a, b): (&_, &_)| reference::cross(*a, *b, Accuracy::Plain);
        let expected = a.iter().zip(&b).map(product).collect();
        Self { a, b, expected }
    }

    /// A large call.
    #[track_caller]
    pub(crate) fn multiply(&self) {
        let mut c = vec![[0.0; 3]; VECTORS];
        let result = crosslane_pool::run(3 * size_of_val(&c[..]), |threads| {
            let engine = Engine::new().with_threads(threads);
            engine.cross(&self.a, &self.b, &mut c)
        });
        result.unwrap();
        assert!(c == self.expected, "products");
    }

    /// Large calls on another thread, while this one does something else.
    pub(crate) fn multiply_during(&self, what: impl FnOnce()) {
        let ends = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    self.multiply();
                }
            });
            // Otherwise a panic of this thread would wait for the other one.
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what));
            ends.store(true, Ordering::Relaxed);
            done.unwrap();
        });
    }

    /// A large call is right, and in a pool of so many threads, all of which work.
    #[track_caller]
    pub(crate) fn is_split_over(&self, threads: usize) {
        let (how, thread) = large(|how| {
            // All of them answer.
            let all = rayon::broadcast(|_| ()).len();
            assert_eq!(all, threads, "threads of the pool");
            (how, this_thread())
        });
        assert_eq!(how, Threads::Auto, "threads");
        assert_ne!(thread, this_thread(), "a thread of the pool");
        self.multiply();
    }

    /// A large call is right, and on this thread alone.
    #[track_caller]
    pub(crate) fn is_serial(&self) {
        let (how, thread) = large(|how| (how, this_thread()));
        assert_eq!(how, Threads::Serial, "threads");
        assert_eq!(thread, this_thread(), "the calling thread");
        self.multiply();
    }
}

/// A call with so many bytes that it is large.
pub(crate) fn large<R: Send>(work: impl FnOnce(Threads) -> R + Send) -> R {
    crosslane_pool::run(LARGE, work)
}

pub(crate) fn this_thread() -> ThreadId {
    std::thread::current().id()
}

pub(crate) fn number(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// How many threads of our pools there are, as their names say.
#[cfg(target_os = "linux")]
pub(crate) fn workers() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    // A thread may end meanwhile.
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    let names = tasks.filter_map(|task| name(task.ok()?));
    names.filter(|name| name.starts_with("crosslane ")).count()
}

/// There are so many threads of our pools, perhaps after some have ended.
#[track_caller]
pub(crate) fn workers_become(threads: usize) {
    #[cfg(target_os = "linux")]
    {
        let begun = Instant::now();
        while workers() != threads && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(workers(), threads, "threads named crosslane");
    }
    #[cfg(not(target_os = "linux"))]
    println!("NOT TESTED: whether {threads} threads are there");
}

/// What a test prints in a process of its own, with these variables and none of those that set the number of threads. It must pass, in
/// time, and print nothing on standard error.
#[track_caller]
pub(crate) fn child(test: &str, variables: &[(&str, &str)]) -> String {
    let mut child = this_program()
        .args(["--exact", test, "--nocapture"])
        .env_remove("CROSSLANE_NUM_THREADS")
        .env_remove("RAYON_NUM_THREADS")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = child.id() as libc::pid_t;
    let begun = Instant::now();
    // It prints less than a pipe holds.
    while child.try_wait().unwrap().is_none() && begun.elapsed() < 3 * PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Also what it has forked and left behind, which would keep the pipes open.
    // SAFETY: a group of processes that was made for the child.
    unsafe { libc::killpg(group, libc::SIGKILL) };
    let output = child.wait_with_output().unwrap();
    let (text, error) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let passed = output.status.success() && error.is_empty();
    assert!(
        passed,
        "{variables:?}: {:?}: {text}\n{error}",
        output.status
    );
    text.into_owned()
}
