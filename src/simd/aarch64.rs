//! The registers FPCR and FPSR of aarch64.

use core::arch::asm;

/// What they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control {
    /// FPCR: how to round, which exceptions are trapped, whether subnormals are zeros.
    mode: u64,
    /// FPSR: which exceptions there have been.
    status: u64,
}

/// Round to nearest even, keep subnormals, no traps, no alternative half precision; no exceptions.
pub(super) const DEFAULT: Control = Control { mode: 0, status: 0 };

/// The flags of exceptions: invalid, divide by zero, overflow, underflow, inexact, and subnormal inputs taken for zeros.
const FLAGS: u64 = 0x9f;

/// The flags of invalid operations, divisions by zero, overflow and underflow.
pub(super) const EACH: [u32; 4] = [0x01, 0x02, 0x04, 0x08];

/// All of these.
pub(super) const NAMED: u32 = EACH[0] | EACH[1] | EACH[2] | EACH[3];

pub(super) fn is_default(control: Control) -> bool {
    control.mode == DEFAULT.mode
}

/// The exceptions that there have been.
pub(super) fn flags(control: Control) -> u32 {
    (control.status & FLAGS) as u32
}

/// The same with these exceptions and no others.
pub(super) fn with_flags(control: Control, flags: u32) -> Control {
    let status = control.status & !FLAGS | u64::from(flags);
    Control { status, ..control }
}

pub(super) fn read() -> Control {
    let status;
    // SAFETY: every aarch64 has the register, and reading it changes nothing.
    unsafe { asm!("mrs {}, fpsr", out(reg) status) };
    Control {
        mode: read_mode(),
        status,
    }
}

fn read_mode() -> u64 {
    let mode;
    // SAFETY: every aarch64 has the register, and reading it changes nothing.
    unsafe { asm!("mrs {}, fpcr", out(reg) mode) };
    mode
}

/// Sets the default, or what the caller of this crate had set before. (Where only flags differ the mode stays as it is: to write it may
/// take as long as a small batch.)
pub(super) fn write(control: Control) {
    let Control { mode, status } = control;
    if mode != read_mode() {
        // SAFETY: the default environment is what Rust expects; another is the caller's own.
        unsafe { asm!("msr fpcr, {}", in(reg) mode) };
    }
    // SAFETY: flags trap nothing, and change no result.
    unsafe { asm!("msr fpsr, {}", in(reg) status) };
}
