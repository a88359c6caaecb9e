//! Lanes: the few vector operations that the kernels need, one file per instruction set.
//!
//! Separate because everything that depends on the target lives here and nothing else may: no
//! algorithm, no decision, no detection policy. A [`Simd`] value is the proof that the running CPU has
//! the instruction set, and [`Lanes`] are made only from such a value.
//!
//! Every function between [`Simd::vectorize`] and an instruction must be inlined: it has no target features of its own, and what
//! is not inlined into the entry becomes a call per instruction. `tests/machine_code.rs` watches over it. What is a few
//! instructions long is `#[inline]`, everything else `#[inline(always)]`: that is expanded first of all, as it was
//! written, while the compiler simplifies the short ones before it copies them to a thousand places. (All of them
//! `#[inline(always)]`: 39 s of CPU for a release build instead of 26, and 1.6 GB instead of 0.9.)

use core::fmt::Debug;

use bytemuck::{Pod, Zeroable};

use crate::unrolled::for_each;

mod baseline;
pub(crate) use baseline::Baseline;

mod environment;
#[cfg(feature = "half")]
mod half;
mod reals;
mod rounded;
mod shuffles;
pub(crate) use environment::{Environment, Exceptions};
pub use environment::{ExceptionFlags, with_default_environment};
pub(crate) use reals::Reals;

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

/// What the target has and `wide` does not offer: shuffles, stores past the caches, what it says of its caches.
#[cfg(not(target_arch = "x86_64"))]
mod portable;
#[cfg(not(target_arch = "x86_64"))]
use portable as target;
#[cfg(target_arch = "x86_64")]
use x86 as target;

/// The registers that say how numbers are rounded, and which exceptions there were.
#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "aarch64")]
use aarch64 as control;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
use portable::control;
#[cfg(target_arch = "x86_64")]
use x86 as control;

/// The bytes of an L3 that is nearly as fast as L2, where the CPU is known to have one: AMD's.
pub(crate) fn fast_l3() -> Option<usize> {
    target::amd_l3()
}

/// Asks for the cache line here, which loads will want in a while; it may be none.
#[inline]
pub(crate) fn prefetch<T>(from: *const T) {
    target::prefetch(from);
}

/// An instruction set that the running CPU has been seen to have.
pub trait Simd: Copy + Debug + Send + Sync + 'static {
    /// Its widest vector of `f32`.
    type F32: Rows<Element = f32, Simd = Self>;
    /// Its widest vector of `f64`.
    type F64: Rows<Element = f64, Simd = Self>;
    /// Its vector of `f16`.
    #[cfg(feature = "half")]
    type F16: Rows<Element = ::half::f16, Simd = Self>;
    /// Its vector of `bf16`.
    #[cfg(feature = "half")]
    type Bf16: Rows<Element = ::half::bf16, Simd = Self>;
    /// An instruction set with narrower vectors, which every CPU that has this one has.
    type Narrower: Simd;

    /// The proof for narrower vectors.
    fn narrower(self) -> Self::Narrower;

    /// Runs `work` inside a function that is compiled for this instruction set.
    fn vectorize<W: Work>(self, work: W);

    /// Runs `work` on the widest vectors that it can fill.
    #[inline]
    fn vectorize_fitting<W: Work>(self, work: W) {
        if work.fills::<Self>() {
            self.vectorize(work);
        } else {
            self.narrower().vectorize_fitting(work);
        }
    }

    /// The same where the baseline's vectors need not be filled.
    #[inline]
    fn vectorize_long<W: Work>(self, work: W) {
        if work.fills::<Self>() {
            self.vectorize(work);
        } else {
            self.narrower().vectorize_long(work);
        }
    }
}

/// Other threads see what this thread has streamed before they see anything that it stores afterwards.
#[inline]
pub(crate) fn fence() {
    target::fence();
}

/// Something to run at any level. A trait and not a closure, because a closure does not inherit the
/// target features of the function that calls it, and cannot be told to be inlined.
pub trait Work {
    /// Whether there is enough to do for one vector of this instruction set. One lane is always filled.
    fn fills<S: Simd>(&self) -> bool;

    /// Does the work, which `fills` vectors of `S`, or need not; must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S);
}

/// One vector register of elements.
pub trait Lanes: Copy {
    /// What one lane holds.
    type Element: Pod;
    /// The instruction set that these lanes need.
    type Simd: Simd;
    /// The number of lanes, a power of two.
    const LEN: usize;

    /// What these lanes prove by being there.
    fn proof(self) -> Self::Simd;

    /// a·b − c·d in each lane, rounded as [`crate::Accuracy::Plain`] says for the element.
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self;

    /// The same in each of several registers, for lanes that ask about all of them at once whether they are right: of all a, all
    /// b, all c and all d.
    #[inline(always)]
    fn differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
        let [mut a, b, c, d] = factors;
        for_each! { i of N {
            a[i] = Self::difference_of_products(a[i], b[i], c[i], d[i]);
        }}
        a
    }

    /// a·b − c·d in each lane of several registers, exactly and then rounded once, as
    /// [`crate::Accuracy::CorrectlyRounded`] says.
    fn rounded_differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N];

    /// Loads `LEN` elements.
    ///
    /// # Safety
    /// `LEN` elements at `from` are valid for reads.
    unsafe fn load(simd: Self::Simd, from: *const Self::Element) -> Self;

    /// Stores all lanes.
    ///
    /// # Safety
    /// `LEN` elements at `to` are valid for writes.
    unsafe fn store(self, to: *mut Self::Element);

    /// Stores all lanes past the caches. Before another thread may read them, this one must [`fence`].
    ///
    /// # Safety
    /// `LEN` elements at `to` are valid for writes, and `to` is aligned to `LEN` elements.
    unsafe fn stream(self, to: *mut Self::Element);
}

/// Lanes that are numbers themselves.
macro_rules! numbers {
    () => {
        type Numbers = Self;

        #[inline(always)]
        fn numbers(self) -> Self {
            self
        }

        #[inline(always)]
        fn from_numbers(numbers: Self) -> Self {
            numbers
        }
    };
}
use numbers;

/// `LEN` vectors of three components in registers: as three columns (x, y, z), as three registers of rows
/// (x y z x y z ...), or as four of padded rows (x y z _ x y z _ ...), and the ways between them.
pub trait Rows: Lanes {
    /// Whether `rotate_rows` costs less than to go to columns and back.
    const ROTATES: bool = false;

    /// The same lanes, as numbers of formulas.
    type Numbers: Reals;

    /// To numbers.
    fn numbers(self) -> Self::Numbers;

    /// From numbers.
    fn from_numbers(numbers: Self::Numbers) -> Self;

    /// Rows to columns.
    fn rows_to_columns(rows: [Self; 3]) -> [Self; 3];

    /// Columns to rows.
    fn columns_to_rows(columns: [Self; 3]) -> [Self; 3];

    /// The register that begins one element behind the second of rows. `rotate_rows` may need it, and from memory it
    /// is one load; this is for rows that come from an operation. What does not need it returns anything.
    #[inline(always)]
    fn window([_, middle, _]: [Self; 3]) -> Self {
        middle
    }

    /// (x, y, z) to (y, z, x) in each row.
    #[inline(always)]
    fn rotate_rows(rows: [Self; 3], _window: Self) -> [Self; 3] {
        let [x, y, z] = Self::rows_to_columns(rows);
        Self::columns_to_rows([y, z, x])
    }

    /// Padded rows to columns.
    fn padded_to_columns(rows: [Self; 4]) -> [Self; 3];

    /// Columns to padded rows; the padding may be anything.
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4];

    /// (x, y, z) to (y, z, x) in each padded row; the padding may be anything.
    fn rotate_padded(rows: [Self; 4]) -> [Self; 4];

    /// Loads `LEN` rows that begin `stride` elements apart, as padded rows. What is between them is not read.
    ///
    /// # Safety
    /// Three elements are valid for reads at `from`, `from + stride`, and so on.
    #[inline(always)]
    unsafe fn load_spread(
        simd: Self::Simd,
        from: *const Self::Element,
        stride: isize,
    ) -> [Self; 4] {
        let mut rows = [[Self::Element::zeroed(); 4]; MOST_LANES];
        for (i, row) in rows[..Self::LEN].iter_mut().enumerate() {
            let from = from.wrapping_offset(stride.wrapping_mul(i as isize));
            // SAFETY: as granted by the caller.
            let [x, y, z] = unsafe { from.cast::<[Self::Element; 3]>().read() };
            *row = [x, y, z, z];
        }
        let from = rows.as_ptr().cast::<Self::Element>();
        // SAFETY: `LEN` rows are four registers.
        let mut registers = [unsafe { Self::load(simd, from) }; 4];
        for (i, register) in registers.iter_mut().enumerate().skip(1) {
            // SAFETY: as above.
            *register = unsafe { Self::load(simd, from.wrapping_add(i * Self::LEN)) };
        }
        registers
    }

    /// Stores `LEN` padded rows so that they begin `stride` elements apart. What is between them is not written.
    ///
    /// # Safety
    /// Three elements are valid for writes at `to`, `to + stride`, and so on.
    #[inline(always)]
    unsafe fn store_spread(registers: [Self; 4], to: *mut Self::Element, stride: isize) {
        let mut rows = [[Self::Element::zeroed(); 4]; MOST_LANES];
        for (i, register) in registers.into_iter().enumerate() {
            let to = rows.as_mut_ptr().cast::<Self::Element>();
            // SAFETY: `LEN` rows are four registers.
            unsafe { register.store(to.wrapping_add(i * Self::LEN)) };
        }
        for (i, [x, y, z, _]) in rows[..Self::LEN].iter().enumerate() {
            let to = to.wrapping_offset(stride.wrapping_mul(i as isize));
            // SAFETY: as granted by the caller.
            unsafe { to.cast::<[Self::Element; 3]>().write([*x, *y, *z]) };
        }
    }

    /// Loads `LEN` padded rows. The padding is not read.
    ///
    /// # Safety
    /// The first three of every four of the `4 * LEN` elements at `from` are valid for reads.
    #[inline(always)]
    unsafe fn load_padded(simd: Self::Simd, from: *const Self::Element) -> [Self; 4] {
        // SAFETY: as granted by the caller.
        unsafe { Self::load_spread(simd, from, 4) }
    }

    /// Stores `LEN` padded rows. The padding is not written.
    ///
    /// # Safety
    /// The first three of every four of the `4 * LEN` elements at `to` are valid for writes.
    #[inline(always)]
    unsafe fn store_padded(rows: [Self; 4], to: *mut Self::Element) {
        // SAFETY: as granted by the caller.
        unsafe { Self::store_spread(rows, to, 4) };
    }
}

/// No level has more lanes of any type.
pub(crate) const MOST_LANES: usize = 16;
