//! Vectors in registers as they lie in rows. Separate because it says once what rows of three and padded
//! rows have in common; it does no arithmetic of its own.

use crate::simd::{Lanes, Rows};
use crate::unrolled::for_each;

/// Rows on which an operation can work without knowing which lane holds which component.
pub(crate) trait Rotate: Copy {
    /// (x, y, z) to (y, z, x) in each row.
    fn rotate(self) -> Self;
    /// a·b − c·d, component by component.
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self;
    /// The same rounded once, where columns would not be the better way: padding would be rounded, too, and what is rotated
    /// has to be widened once more.
    fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Option<Self>;
}

/// `L::LEN` rows in registers.
pub(crate) trait Row<L: Rows>: Rotate {
    /// The elements from row to row.
    const WIDTH: usize;
    /// Whether an operation on rows costs less than one on columns, and the ways there and back.
    const ROTATES: bool;

    /// Loads what begins here, and of rows of three [the window](Rows::window) that begins so many elements behind it.
    ///
    /// # Safety
    /// Valid for reads: the components of the `LEN` rows that begin at `from`, and the window.
    unsafe fn load(simd: L::Simd, from: *const L::Element, window: usize) -> Self;

    /// The window, as [`Rows::window`].
    fn window(self) -> L;

    /// # Safety
    /// The components of `LEN` rows at `to` are valid for writes; to stream, `to` is aligned to a register.
    unsafe fn store(self, to: *mut L::Element, stream: bool);

    fn to_columns(self) -> [L; 3];

    fn from_columns(columns: [L; 3]) -> Self;
}

/// Rows of three.
#[derive(Clone, Copy)]
pub(crate) struct Tight<L> {
    rows: [L; 3],
    /// As [`Rows::window`]; the compiler drops it where nothing is rotated.
    window: L,
}

/// Rows of four, of which the last is padding.
#[derive(Clone, Copy)]
pub(crate) struct Padded<L>([L; 4]);

impl<L: Rows> Rotate for Tight<L> {
    #[inline(always)]
    fn rotate(self) -> Self {
        Self::new(L::rotate_rows(self.rows, self.window))
    }

    #[inline(always)]
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
        Self::new(L::differences_of_products([a.rows, b.rows, c.rows, d.rows]))
    }

    #[inline(always)]
    fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Option<Self> {
        (size_of::<L::Element>() == size_of::<f64>()).then_some(())?;
        let rows = L::rounded_differences_of_products([a.rows, b.rows, c.rows, d.rows]);
        Some(Self::new(rows))
    }
}

impl<L: Rows> Tight<L> {
    #[inline(always)]
    fn new(rows: [L; 3]) -> Self {
        Self {
            rows,
            window: L::window(rows),
        }
    }
}

impl<L: Rows> Rotate for Padded<L> {
    #[inline(always)]
    fn rotate(self) -> Self {
        Self(L::rotate_padded(self.0))
    }

    #[inline(always)]
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
        Self(L::differences_of_products([a.0, b.0, c.0, d.0]))
    }

    #[inline(always)]
    fn rounded_difference_of_products(_: Self, _: Self, _: Self, _: Self) -> Option<Self> {
        None
    }
}

impl<L: Rows> Row<L> for Tight<L> {
    const WIDTH: usize = 3;
    const ROTATES: bool = L::ROTATES;

    #[inline(always)]
    unsafe fn load(simd: L::Simd, from: *const L::Element, window: usize) -> Self {
        // SAFETY: the caller grants `3 * LEN` elements.
        let first = unsafe { L::load(simd, from) };
        // SAFETY: as above.
        let second = unsafe { L::load(simd, from.wrapping_add(L::LEN)) };
        // SAFETY: as above.
        let third = unsafe { L::load(simd, from.wrapping_add(2 * L::LEN)) };
        // SAFETY: as above.
        let window = unsafe { L::load(simd, from.wrapping_add(window)) };
        Self {
            rows: [first, second, third],
            window,
        }
    }

    #[inline(always)]
    fn window(self) -> L {
        self.window
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut L::Element, stream: bool) {
        for_each! { i of 3 {
            // SAFETY: the caller grants `3 * LEN` elements, and to stream their alignment.
            unsafe { store(self.rows[i], to.wrapping_add(i * L::LEN), stream) };
        }}
    }

    #[inline(always)]
    fn to_columns(self) -> [L; 3] {
        L::rows_to_columns(self.rows)
    }

    #[inline(always)]
    fn from_columns(columns: [L; 3]) -> Self {
        Self::new(L::columns_to_rows(columns))
    }
}

impl<L: Rows> Row<L> for Padded<L> {
    const WIDTH: usize = 4;
    const ROTATES: bool = true;

    #[inline(always)]
    unsafe fn load(simd: L::Simd, from: *const L::Element, _: usize) -> Self {
        // SAFETY: the caller grants the components of `LEN` rows.
        Self(unsafe { L::load_padded(simd, from) })
    }

    #[inline(always)]
    fn window(self) -> L {
        self.0[0]
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut L::Element, stream: bool) {
        debug_assert!(!stream, "what leaves gaps cannot be streamed");
        // SAFETY: the caller grants the components of `LEN` rows.
        unsafe { L::store_padded(self.0, to) };
    }

    #[inline(always)]
    fn to_columns(self) -> [L; 3] {
        L::padded_to_columns(self.0)
    }

    #[inline(always)]
    fn from_columns(columns: [L; 3]) -> Self {
        Self(L::columns_to_padded(columns))
    }
}

/// # Safety
/// As [`Lanes::store`] or [`Lanes::stream`].
#[inline(always)]
pub(super) unsafe fn store<L: Lanes>(lanes: L, to: *mut L::Element, stream: bool) {
    if stream {
        // SAFETY: as granted by the caller.
        unsafe { lanes.stream(to) };
    } else {
        // SAFETY: as granted by the caller.
        unsafe { lanes.store(to) };
    }
}
