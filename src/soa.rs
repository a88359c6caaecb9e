//! Owned columns, for those who have none yet: the layout that the kernels run straight from.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use std::alloc::handle_alloc_error;

use bytemuck::allocation::try_zeroed_vec;
use wide::f32x16;

use crate::{Element, Vectors, VectorsMut};

/// What the columns are made of: a cache line of plain bits, chosen for its alignment.
type Line = f32x16;
const _: () = assert!(
    size_of::<Line>() == 64 && align_of::<Line>() == 64,
    "columns start at cache lines"
);

/// Cache lines from the start of one column to that of the next.
///
/// What is read and written at the same time should not be where a cache or a processor's store queue takes it for the
/// same, which is where addresses agree modulo 4 KiB: columns of a whole number of pages, one after the other, took 1.1 times
/// as long from L3 and 1.2 times from L2 (Zen 4). So columns begin a third of a page apart, or two. Nor should the numbers of
/// the pages agree in many bits: correct rounding took 1.3 times as long for 2^24 `f64` from memory. Shorter ones are packed, to
/// fill L1 without gaps.
fn stride(lines: usize) -> usize {
    const PAGE: usize = 4096 / size_of::<Line>();
    const THIRD: usize = PAGE / 3;
    /// Numbers of pages that are multiples of this agree in too many bits.
    const PAGES: usize = 16;
    if lines < PAGE {
        return lines;
    }
    let up_to = |place: usize| place.wrapping_sub(lines) % PAGE;
    let stride = lines + up_to(THIRD).min(up_to(PAGE - THIRD));
    if (stride / PAGE).is_multiple_of(PAGES) {
        stride + PAGE
    } else {
        stride
    }
}

/// A batch of 3-vectors that owns its memory: three columns, each aligned to 64 bytes.
///
/// Columns begin where the processor can read and write all three at the same time; that is not always one right behind the
/// other.
///
/// ```
/// use crosslane::{Soa, cross};
///
/// let a = Soa::from_aos(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// let b = Soa::from_aos(&[[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]);
/// let mut c = Soa::zeros(2);
/// cross(&a, &b, &mut c)?;
/// assert_eq!(c.x(), [-3.0, 3.0]);
/// assert_eq!(c.to_aos(), [[-3.0, 6.0, -3.0], [3.0, -6.0, 3.0]]);
/// # Ok::<(), crosslane::Error>(())
/// ```
#[derive(Clone)]
pub struct Soa<T> {
    /// All three columns, each beginning a [`stride`] behind the one before.
    lines: Vec<Line>,
    /// That stride, in elements.
    stride: usize,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Element> Soa<T> {
    /// `len` vectors of zeros.
    ///
    /// # Panics
    /// As `Vec`: if the columns would take more than `isize::MAX` bytes. If memory runs out, the process is
    /// aborted by [`std::alloc::handle_alloc_error`].
    pub fn zeros(len: usize) -> Self {
        let elements = size_of::<Line>() / size_of::<T>();
        let column = len.div_ceil(elements);
        let stride = stride(column);
        let all = stride.saturating_mul(2).saturating_add(column);
        let lines = try_zeroed_vec(all).unwrap_or_else(|()| no_memory(all));
        Self {
            lines,
            stride: stride * elements,
            len,
            element: PhantomData,
        }
    }

    /// The vectors of an array of structures, copied.
    ///
    /// # Panics
    /// As [`Soa::zeros`].
    pub fn from_aos(v: &[[T; 3]]) -> Self {
        let mut soa = Self::zeros(v.len());
        let [x, y, z] = soa.columns_mut();
        for (i, vector) in v.iter().enumerate() {
            [x[i], y[i], z[i]] = *vector;
        }
        soa
    }

    /// The vectors as an array of structures, copied.
    pub fn to_aos(&self) -> Vec<[T; 3]> {
        let (x, y, z) = (self.x(), self.y(), self.z());
        (0..self.len).map(|i| [x[i], y[i], z[i]]).collect()
    }

    /// The first components.
    pub fn x(&self) -> &[T] {
        self.column(0)
    }

    /// The second components.
    pub fn y(&self) -> &[T] {
        self.column(1)
    }

    /// The third components.
    pub fn z(&self) -> &[T] {
        self.column(2)
    }

    /// The columns x, y and z, to be written.
    pub fn columns_mut(&mut self) -> [&mut [T]; 3] {
        let (x, rest) = bytemuck::cast_slice_mut(&mut self.lines).split_at_mut(self.stride);
        let (y, z) = rest.split_at_mut(self.stride);
        [x, y, z].map(|column| &mut column[..self.len])
    }

    /// All vectors, to be read.
    #[inline(always)] // what is returned through memory costs as much as a small batch
    pub fn view(&self) -> Vectors<'_, T> {
        Vectors::columns([self.x(), self.y(), self.z()])
    }

    /// All vectors, to be written.
    #[inline(always)] // as `view`
    pub fn view_mut(&mut self) -> VectorsMut<'_, T> {
        VectorsMut::columns(self.columns_mut())
    }

    /// The number of vectors.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no vectors.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn column(&self, k: usize) -> &[T] {
        &bytemuck::cast_slice(&self.lines)[k * self.stride..][..self.len]
    }
}

/// What `Vec` does when it cannot have its memory.
#[cold]
fn no_memory(lines: usize) -> ! {
    match Layout::array::<Line>(lines) {
        Ok(layout) => handle_alloc_error(layout),
        Err(_) => panic!("capacity overflow: columns of {lines} cache lines"),
    }
}

impl<'a, T: Element> From<&'a Soa<T>> for Vectors<'a, T> {
    #[inline(always)]
    fn from(soa: &'a Soa<T>) -> Self {
        soa.view()
    }
}

impl<'a, T: Element> From<&'a mut Soa<T>> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(soa: &'a mut Soa<T>) -> Self {
        soa.view_mut()
    }
}

impl<T> fmt::Debug for Soa<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Soa")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_begin_a_third_of_a_page_apart_or_two() {
        for lines in (0..3000).chain([1 << 20, 1 << 21, 3 << 20]) {
            let stride = stride(lines);
            if lines < 64 {
                assert_eq!(stride, lines, "packed");
            } else {
                let pages = stride / 64;
                let least = stride - if pages % 16 == 1 { 64 } else { 0 }; // one page more than it needs, or not
                let fits = [least, stride]
                    .iter()
                    .any(|x| (lines..lines + 43).contains(x));
                assert!(fits, "{lines}: {stride}");
                assert!([21, 43].contains(&(stride % 64)), "{lines}: {stride}");
                assert_ne!(pages % 16, 0, "{lines}: {stride}");
            }
        }
    }

    #[test]
    fn columns_are_apart_and_aligned() {
        for len in [0, 1, 7, 8, 9, 200, 1024, 5000] {
            let mut soa = Soa::<f64>::zeros(len);
            for (k, column) in soa.columns_mut().into_iter().enumerate() {
                assert_eq!(column.len(), len, "column {k}");
                assert!(column.as_ptr().addr().is_multiple_of(64), "column {k}");
                column.fill(k as f64);
            }
            assert_eq!(soa.to_aos(), vec![[0.0, 1.0, 2.0]; len]);
        }
    }
}
