//! The control register of floating-point arithmetic, as far as the tests change it.

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
