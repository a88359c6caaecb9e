//! Whether the workers of a rayon pool are there: asked before work is split over them.
//!
//! This is apart from the splitting because it is about processes. A forked process has one thread, the one that called
//! `fork`. It has the memory of the parent's pools but none of their workers, and whoever waits for one of these waits for ever. A lock that
//! a worker held at that moment stays locked. So nothing here touches a pool that may be such a copy, and nothing here blocks.

use std::cell::Cell;
use std::error::Error;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use std::{fs, process, thread};

/// How many threads share work that is split here: those of the pool whose worker calls, or of rayon's global pool; 1 if there are none.
pub(super) fn threads() -> usize {
    // There are no processes, and rayon copes by itself where there are no threads.
    if cfg!(target_family = "wasm") {
        return rayon::current_num_threads();
    }
    let here = this_process();
    let there = match rayon::current_thread_index() {
        Some(_) => worker_is_of(here),
        None => global_pool_is_of(here),
    };
    if there {
        rayon::current_num_threads()
    } else {
        1
    }
}

/// What distinguishes this process from the one that forked it: its number, and the number by which the file system of processes knows it,
/// where there is one. In a new namespace of processes the first number begins again at 1, the second does not until that file system is
/// mounted anew. It takes 0.5 µs, and is never 0.
fn this_process() -> u64 {
    let known_as = fs::read_link("/proc/self").ok();
    let known_as = known_as.and_then(|name| name.to_str()?.parse::<u32>().ok());
    u64::from(known_as.unwrap_or(0)) << 32 | u64::from(process::id())
}

/// Whether it is certain that this process has no threads that work outside a pool could be split over.
pub(super) fn are_denied() -> bool {
    match ASKED.load(Ordering::Acquire) {
        0 => false,
        asked => asked != this_process() || ANSWER.load(Ordering::Acquire) == DENIED,
    }
}

/// The process in which a thread first asked for the global pool; 0 before. A forked process has its parent's.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// The answer there.
static ANSWER: AtomicU8 = AtomicU8::new(NONE_YET);
const NONE_YET: u8 = 0;
const THERE: u8 = 1;
const DENIED: u8 = 2;

/// How long the first call waits for the answer. An idle pool gives it within 0.1 ms. Where all workers are busy, this call and
/// those after it are serial until one has come to it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Whether rayon's global pool has its workers in this process.
fn global_pool_is_of(here: u64) -> bool {
    match ASKED.compare_exchange(0, here, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => ask(),
        Err(asked) if asked != here => return false,
        Err(_) => {}
    }
    ANSWER.load(Ordering::Acquire) == THERE
}

/// Starts the global pool, or has one of its workers answer if it was started before.
///
/// A thread does this that nobody needs to wait for. If others started that pool before this process was forked, no worker answers,
/// and even the question may block: on what a worker or another thread of the parent had locked.
fn ask() {
    let (sender, receiver) = sync_channel(1);
    let say = move |answer| {
        ANSWER.store(answer, Ordering::Release);
        // The caller may have lost patience.
        let _ = sender.send(());
    };
    let question = move || match rayon::ThreadPoolBuilder::new().build_global() {
        Ok(()) => say(THERE),
        // No thread could be started. Rayon does not try again.
        Err(error) if error.source().is_some() => say(DENIED),
        // It was started before. If that was tried in vain, rayon panics here, on a thread that nobody waits for.
        Err(_) => {
            let deny = say.clone();
            if catch_unwind(|| rayon::spawn(move || say(THERE))).is_err() {
                deny(DENIED);
            }
        }
    };
    match thread::Builder::new().spawn(question) {
        Ok(_) => {
            let answered = receiver.recv_timeout(PATIENCE).is_ok();
            if !answered && process_is_forked() == Some(true) {
                // Its workers are those of the process that forked this one. If they are here after all, one of them says so later.
                let _ =
                    ANSWER.compare_exchange(NONE_YET, DENIED, Ordering::AcqRel, Ordering::Acquire);
            }
        }
        Err(_) => ANSWER.store(DENIED, Ordering::Release),
    }
}

/// Whether the calling worker was started in this process, as the other workers of its pool then were.
fn worker_is_of(here: u64) -> bool {
    // No process has this number.
    const ANOTHER: u64 = u64::MAX;
    thread_local! {
        /// The process in which this worker was started; 0 while nobody has looked.
        static HOME: Cell<u64> = const { Cell::new(0) };
    }
    if HOME.get() == 0 {
        HOME.set(if called_fork() { ANOTHER } else { here });
    }
    HOME.get() == here
}

/// Whether this thread is the one that a forked process began with, as far as the system says. (Linux does. Elsewhere a worker that forks
/// before it has split any work is not recognised; it then finds its own work where it put it, but may wait for a lock.)
fn called_fork() -> bool {
    is_first_thread() == Some(true) && process_is_forked() == Some(true)
}

fn is_first_thread() -> Option<bool> {
    // "process/task/thread"
    let thread = fs::read_link("/proc/thread-self").ok()?;
    Some(thread.iter().next()? == thread.file_name()?)
}

/// Whether this process was forked, and did not begin anew with `exec`: the flag 1 of `ps -o f`, proc_pid_stat(5).
fn process_is_forked() -> Option<bool> {
    const FORKED_WITHOUT_EXEC: u64 = 0x40;
    let stat = fs::read("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may contain anything.
    let name = stat.iter().rposition(|byte| *byte == b')')?;
    let facts = str::from_utf8(&stat[name + 1..]).ok()?;
    let flags: u64 = facts.split_whitespace().nth(6)?.parse().ok()?;
    Some(flags & FORKED_WITHOUT_EXEC != 0)
}
