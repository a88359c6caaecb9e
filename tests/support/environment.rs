//! The control register of floating-point arithmetic, and the flags of its exceptions, as far as the tests change them.

#[cfg(target_arch = "x86_64")]
pub mod register {
    use std::arch::asm;

    /// Flush to zero and denormals are zeros, in each rounding mode; a rounding mode alone; exceptions that were noted
    /// before; either way with subnormals alone; some and all exceptions trapped.
    pub const OTHERS: [u64; 10] = [
        0x9fc0, 0xbfc0, 0xdfc0, 0xffc0, 0x5f80, 0x9fd5, 0x1fc0, 0x9f80, 0x1f00, 0x0000,
    ];

    pub fn read() -> u64 {
        let mut control = 0_u32;
        // SAFETY: a place of the register's size.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut control) };
        control.into()
    }

    pub fn write(control: u64) {
        let control = control as u32;
        // SAFETY: a valid value; what is computed until it is back, the tests say.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const control) };
    }

    pub const INVALID: u64 = 1;
    pub const DIVIDE: u64 = 1 << 2;
    pub const OVERFLOW: u64 = 1 << 3;
    pub const UNDERFLOW: u64 = 1 << 4;
    pub const INEXACT: u64 = 1 << 5;
    const FLAGS: u64 = 0x3f;

    pub fn flags() -> u64 {
        read() & FLAGS
    }

    pub fn set_flags(flags: u64) {
        write(read() & !FLAGS | flags);
    }
}

#[cfg(target_arch = "aarch64")]
pub mod register {
    use std::arch::asm;

    /// Flush to zero in each rounding mode, and a rounding mode alone.
    pub const OTHERS: [u64; 5] = [1 << 24, 5 << 22, 6 << 22, 7 << 22, 2 << 22];

    pub fn read() -> u64 {
        let control;
        // SAFETY: every aarch64 has the register.
        unsafe { asm!("mrs {}, fpcr", out(reg) control) };
        control
    }

    pub fn write(control: u64) {
        // SAFETY: a valid value; what is computed until it is back, the tests say.
        unsafe { asm!("msr fpcr, {}", in(reg) control) };
    }

    pub const INVALID: u64 = 1;
    pub const DIVIDE: u64 = 1 << 1;
    pub const OVERFLOW: u64 = 1 << 2;
    pub const UNDERFLOW: u64 = 1 << 3;
    pub const INEXACT: u64 = 1 << 4;

    pub fn flags() -> u64 {
        let flags: u64;
        // SAFETY: every aarch64 has the register.
        unsafe { asm!("mrs {}, fpsr", out(reg) flags) };
        flags & 0x9f
    }

    pub fn set_flags(flags: u64) {
        // SAFETY: a valid value, which changes no result.
        unsafe { asm!("msr fpsr, {}", in(reg) flags) };
    }
}

/// What a caller is told: that a result is no number, infinite, or too small for its digits. (The others say that it was rounded, and
/// that an operand was subnormal.)
pub const TOLD: u64 =
    register::INVALID | register::DIVIDE | register::OVERFLOW | register::UNDERFLOW;

/// The exception flags that `work` raises, of which this thread keeps none.
pub fn raised<R>(work: impl FnOnce() -> R) -> u64 {
    let before = register::flags();
    register::set_flags(0);
    std::hint::black_box(std::hint::black_box(work)());
    let raised = register::flags();
    register::set_flags(before);
    raised
}

/// Runs `work` in another environment, and returns what it returns and the environment that it left.
pub fn within<R>(control: u64, work: impl FnOnce() -> R) -> (R, u64) {
    let before = register::read();
    register::write(control);
    let result = work();
    let after = register::read();
    register::write(before);
    (result, after)
}
