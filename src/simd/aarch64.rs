//! The register FPCR of aarch64.

use core::arch::asm;

pub(super) type Control = u64;

/// Round to nearest even, keep subnormals, no traps, no alternative half precision.
pub(super) const DEFAULT: Control = 0;

pub(super) fn is_default(control: Control) -> bool {
    control == DEFAULT
}

pub(super) fn read() -> Control {
    let control;
    // SAFETY: every aarch64 has the register, and reading it changes nothing.
    unsafe { asm!("mrs {}, fpcr", out(reg) control) };
    control
}

/// Sets the default, or what the caller of this crate had set before.
pub(super) fn write(control: Control) {
    // SAFETY: the default environment is what Rust expects; another is the caller's own.
    unsafe { asm!("msr fpcr, {}", in(reg) control) };
}
