//! Lanes: the few vector operations that the kernels need, one file per instruction set.
//!
//! Separate because everything that depends on the target lives here and nothing else may: no
//! algorithm, no layout, no detection policy. A [`Simd`] value is the proof that the running CPU has
//! the instruction set, and [`Lanes`] are made only from such a value.
//!
//! Every function between [`Simd::vectorize`] and an instruction must be `#[inline(always)]`: it has
//! no target features of its own, and what is not inlined into the entry becomes a call per
//! instruction. `tests/machine_code.rs` watches over it.

use core::fmt::Debug;
use core::ops::{Mul, Sub};

mod baseline;
pub(crate) use baseline::Baseline;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;

/// An instruction set that the running CPU has been seen to have.
pub trait Simd: Copy + Debug + Send + Sync + 'static {
    /// Its widest vector of `f32`.
    type F32: Lanes<Element = f32, Simd = Self>;
    /// Its widest vector of `f64`.
    type F64: Lanes<Element = f64, Simd = Self>;

    /// Runs `work` inside a function that is compiled for this instruction set.
    fn vectorize<W: Work>(self, work: W);
}

/// Something to run at any level. A trait and not a closure, because a closure does not inherit the
/// target features of the function that calls it, and cannot be told to be inlined.
pub trait Work {
    /// Does the work; must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S);
}

/// One vector register of elements. `*` and `-` round each lane once and are never fused.
pub trait Lanes: Copy + Mul<Output = Self> + Sub<Output = Self> {
    /// What one lane holds.
    type Element: Copy;
    /// The instruction set that these lanes need.
    type Simd: Simd;
    /// The number of lanes.
    const LEN: usize;

    /// Loads `LEN` elements.
    ///
    /// # Safety
    /// `LEN` elements at `from` are valid for reads.
    unsafe fn load(simd: Self::Simd, from: *const Self::Element) -> Self;

    /// Loads the first `count` lanes and sets the others to zero.
    ///
    /// # Safety
    /// `count <= LEN`, and `count` elements at `from` are valid for reads. Nothing behind them is touched.
    unsafe fn load_first(simd: Self::Simd, from: *const Self::Element, count: usize) -> Self;

    /// Stores all lanes.
    ///
    /// # Safety
    /// `LEN` elements at `to` are valid for writes.
    unsafe fn store(self, to: *mut Self::Element);

    /// Stores the first `count` lanes.
    ///
    /// # Safety
    /// `count <= LEN`, and `count` elements at `to` are valid for writes. Nothing behind them is touched.
    unsafe fn store_first(self, to: *mut Self::Element, count: usize);
}
