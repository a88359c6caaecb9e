//! The floating-point environment: how the processor rounds, whether it takes subnormal numbers for zeros, and the flags of the
//! exceptions that it has met.
//!
//! Libraries built with -ffast-math switch subnormals off for the whole process, and a program may have its own rounding mode.
//! What promises correct rounding sets the default environment for itself, on each thread that works. A program may also clear the flags,
//! call, and read them: the flags of pieces that other threads work on are brought to the thread that calls.

use core::sync::atomic::{AtomicU32, Ordering};

use super::control::{self, Control};

/// The default environment of this thread: nearest even, subnormals kept, no traps. What it was before is back when this is
/// dropped, flags included: whatever is done meanwhile raises none.
#[derive(Debug)]
pub(crate) struct Environment {
    before: Control,
}

impl Environment {
    /// Sets the default environment, if it is not set.
    pub(crate) fn default_here() -> Self {
        let before = control::read();
        if !control::is_default(before) {
            control::write(control::DEFAULT);
        }
        Self { before }
    }
}

/// Runs `work` in the default floating-point environment: numbers are rounded to nearest even, subnormals are kept, nothing is trapped.
///
/// For programs whose threads have another one, which [`Accuracy::Plain`](crate::Accuracy) would compute in: compilers of neural networks
/// flush subnormals to zero, for example. Threads that are started meanwhile begin in the default environment. Afterwards this thread has its
/// own environment again, with the exception flags that it had.
///
/// On targets other than x86-64 and aarch64 it only runs `work`.
///
/// ```
/// use crosslane::{cross, with_default_environment};
///
/// let (a, b, mut c) = ([[1e-30_f32, 0.0, 0.0]], [[0.0, 1e-9_f32, 0.0]], [[0.0; 3]]);
/// with_default_environment(|| cross(&a, &b, &mut c))?;
/// assert!(c[0][2].is_subnormal());
/// # Ok::<(), crosslane::Error>(())
/// ```
pub fn with_default_environment<R>(work: impl FnOnce() -> R) -> R {
    let _environment = Environment::default_here();
    let (mut work, mut result) = (Some(work), None);
    let mut call = || result = work.take().map(|work| work());
    // What the compiler does not see it cannot move to before or behind.
    core::hint::black_box::<&mut dyn FnMut()>(&mut call)();
    match result {
        Some(result) => result,
        None => unreachable!("it has been called"),
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // (To read the register takes less than to write it, and flags are often set already.)
        if control::read() != self.before {
            control::write(self.before);
        }
    }
}

/// Exceptions of floating-point arithmetic that a thread has met: the flags of IEEE 754 that stay set until somebody clears them.
///
/// A binding clears them, calls, and reports what it reads, as NumPy does for its warnings. [`Operation::signals`](crate::Operation::signals)
/// tells of which operations they mean something, and [`Threads`](crate::Threads) which thread has those of a call.
///
/// On targets other than x86-64 and aarch64 there are never any.
///
/// ```
/// use crosslane::{ExceptionFlags, cross};
///
/// let (a, b, mut c) = ([[1e300, 1.0, 1.0]], [[1.0, 1e300, 1.0]], [[0.0; 3]]);
/// let before = ExceptionFlags::take();
/// cross(&a, &b, &mut c)?;
/// let raised = ExceptionFlags::take();
/// before.raise();
/// if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
///     assert!(raised.overflow && !raised.invalid && !raised.divide_by_zero);
/// }
/// # Ok::<(), crosslane::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExceptionFlags {
    /// An operation had no number for a result: infinity minus infinity, zero times infinity.
    pub invalid: bool,
    /// A number was divided by zero.
    pub divide_by_zero: bool,
    /// A result was too large.
    pub overflow: bool,
    /// A result was so small that it lost digits.
    pub underflow: bool,
}

impl ExceptionFlags {
    /// The flags of this thread, which are cleared.
    pub fn take() -> Self {
        let control = control::read();
        let flags = control::flags(control);
        if flags & control::NAMED != 0 {
            control::write(control::with_flags(control, flags & !control::NAMED));
        }
        let [invalid, divide_by_zero, overflow, underflow] =
            control::EACH.map(|flag| flags & flag != 0);
        Self {
            invalid,
            divide_by_zero,
            overflow,
            underflow,
        }
    }

    /// Sets these flags on this thread, beside those that are set. Nothing is trapped.
    pub fn raise(self) {
        let Self {
            invalid,
            divide_by_zero,
            overflow,
            underflow,
        } = self;
        let set = [invalid, divide_by_zero, overflow, underflow].into_iter();
        let flags = set
            .zip(control::EACH)
            .fold(0, |all, (set, flag)| if set { all | flag } else { all });
        set_flags(control::flags(control::read()) | flags);
    }

    /// Whether none is set.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The exception flags of a call that is split: made before that by the thread that calls, which has them when this is dropped.
#[derive(Debug)]
pub(crate) struct Exceptions {
    /// Those that the thread had before.
    before: u32,
    /// Those of pieces that are done.
    raised: AtomicU32,
}

impl Exceptions {
    /// None yet.
    pub(crate) fn of_pieces() -> Self {
        Self {
            before: control::flags(control::read()),
            raised: AtomicU32::new(0),
        }
    }

    /// Clears the flags of this thread, for a piece. When the result is dropped, what the piece has raised is gathered here, and the
    /// thread has its own flags again.
    pub(crate) fn gather(&self) -> Gather<'_> {
        let before = set_flags(0);
        Gather { to: self, before }
    }
}

impl Drop for Exceptions {
    /// All pieces are done. Tasks of others that this thread ran while it waited leave it none of their flags.
    fn drop(&mut self) {
        set_flags(self.before | *self.raised.get_mut());
    }
}

/// See [`Exceptions::gather`].
#[derive(Debug)]
pub(crate) struct Gather<'a> {
    to: &'a Exceptions,
    before: u32,
}

impl Drop for Gather<'_> {
    fn drop(&mut self) {
        let raised = set_flags(self.before);
        self.to.raised.fetch_or(raised, Ordering::Relaxed);
    }
}

/// Sets the flags of this thread to these, and traps none of them; returns what they were.
fn set_flags(flags: u32) -> u32 {
    let control = control::read();
    let before = control::flags(control);
    if flags != before {
        control::write(control::with_flags(control, flags));
    }
    before
}

#[cfg(all(
    test,
    feature = "rayon",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    fn wait_for(event: &AtomicBool) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !event.load(Ordering::Relaxed) {
            assert!(Instant::now() < patience, "two threads work");
            std::thread::yield_now();
        }
    }

    /// One piece gives the pool a task, and waits until the thread that waits for this piece has run it.
    #[test]
    fn a_task_that_is_run_inside_a_call_leaves_it_no_flags() {
        let [caller, task, piece] = [1, 4, 8];
        let (begun, ran) = (AtomicBool::new(false), AtomicBool::new(false));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
        pool.expect("threads can be started").scope(|scope| {
            set_flags(caller);
            let exceptions = Exceptions::of_pieces();
            let here = || {
                let _gather = exceptions.gather();
                wait_for(&begun);
            };
            let there = || {
                let _gather = exceptions.gather();
                begun.store(true, Ordering::Relaxed);
                scope.spawn(|_| {
                    set_flags(task);
                    ran.store(true, Ordering::Relaxed);
                });
                wait_for(&ran);
                assert_eq!(set_flags(piece), 0, "of the piece, before it raises any");
            };
            rayon::join(here, there);
            assert_eq!(control::flags(control::read()), task, "as the task left it");
            drop(exceptions);
            assert_eq!(set_flags(0), caller | piece, "of the call");
        });
    }
}
