//! Views of numbers: one for each vector.

use core::fmt;

use super::axes::{Shape, product};
use super::check::{check_bounds_of_axes, check_overlap_of_axes};
use super::{Vectors, VectorsMut};
use crate::{Element, Error};

/// Numbers to read, one for each vector of a batch: a slice, or any layout of any rank.
///
/// ```
/// use crosslane::Scalars;
///
/// let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// assert_eq!(Scalars::new(&data).get(5), Some(6.0));
/// let transposed = Scalars::nd(&data, 0, &[3, 2], &[1, 3])?;
/// assert_eq!(transposed.get(1), Some(4.0));
/// # Ok::<(), crosslane::Error>(())
/// ```
pub struct Scalars<'a, T>(Vectors<'a, T>);

/// Numbers to write; no two of its places are the same element. The constructors are those of [`Scalars`].
pub struct ScalarsMut<'a, T>(VectorsMut<'a, T>);

impl<T> Clone for Scalars<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Scalars<'_, T> {}

impl<'a, T: Element> Scalars<'a, T> {
    /// A slice.
    #[inline(always)]
    pub fn new(numbers: &'a [T]) -> Self {
        let (p, len) = (numbers.as_ptr(), numbers.len());
        Self(Vectors::new([p; 3], 1, len))
    }

    /// The number `x`, `len` times.
    #[inline(always)]
    pub fn broadcast(x: &'a T, len: usize) -> Self {
        Self(Vectors::new([x as *const T; 3], 0, len))
    }

    /// Any stride: number i is `data[first + i * stride]`.
    ///
    /// # Errors
    /// As [`Vectors::strided`], where a number counts as a vector.
    pub fn strided(data: &'a [T], first: usize, stride: isize, len: usize) -> Result<Self, Error> {
        Self::nd(data, first, &[len], &[stride])
    }

    /// Any number of axes: the number at index (i₁ … iₙ) is `data[first + Σ iⱼ * strides[j]]`.
    ///
    /// # Errors
    /// As [`Vectors::nd`], where a number counts as a vector.
    pub fn nd(
        data: &'a [T],
        first: usize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self, Error> {
        let len = product(shape, strides)?;
        check_bounds_of_axes(data.len(), first, (1, 0), shape, strides)?;
        let p = data.as_ptr().wrapping_add(first);
        Ok(Self(Vectors::of_axes([p; 3], shape, strides, len)))
    }

    /// A view of any number of axes from its parts.
    ///
    /// # Safety
    /// As [`Vectors::nd_from_raw`], for the one place of each number.
    ///
    /// # Panics
    /// As [`Vectors::nd_from_raw`].
    pub unsafe fn nd_from_raw(first: *const T, shape: &[usize], strides: &[isize]) -> Self {
        // SAFETY: as granted by the caller.
        Self(unsafe { Vectors::nd_from_raw([first; 3], shape, strides) })
    }

    /// The length of each axis.
    pub fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// How many numbers there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number `i` in C order, if there is one.
    pub fn get(&self, i: usize) -> Option<T> {
        self.0.get(i).map(|[x, ..]| x)
    }

    /// As vectors whose three components are in one place.
    #[inline(always)]
    pub(crate) fn as_vectors(&self) -> &Vectors<'a, T> {
        &self.0
    }
}

impl<'a, T: Element> ScalarsMut<'a, T> {
    /// A slice.
    #[inline(always)]
    pub fn new(numbers: &'a mut [T]) -> Self {
        let (p, len) = (numbers.as_mut_ptr(), numbers.len());
        Self(VectorsMut::new([p; 3], 1, len))
    }

    /// Any stride, as [`Scalars::strided`].
    ///
    /// # Errors
    /// As [`VectorsMut::strided`], where a number counts as a vector.
    pub fn strided(
        data: &'a mut [T],
        first: usize,
        stride: isize,
        len: usize,
    ) -> Result<Self, Error> {
        Self::nd(data, first, &[len], &[stride])
    }

    /// Any number of axes, as [`Scalars::nd`].
    ///
    /// # Errors
    /// As [`VectorsMut::nd`], where a number counts as a vector.
    pub fn nd(
        data: &'a mut [T],
        first: usize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self, Error> {
        let len = product(shape, strides)?;
        check_bounds_of_axes(data.len(), first, (1, 0), shape, strides)?;
        check_overlap_of_axes((1, 0), shape, strides)?;
        let p = data.as_mut_ptr().wrapping_add(first);
        Ok(Self(VectorsMut::of_axes([p; 3], shape, strides, len)))
    }

    /// A view of any number of axes from its parts.
    ///
    /// # Safety
    /// As [`VectorsMut::nd_from_raw`], for the one place of each number.
    ///
    /// # Panics
    /// As [`Vectors::nd_from_raw`].
    pub unsafe fn nd_from_raw(first: *mut T, shape: &[usize], strides: &[isize]) -> Self {
        // SAFETY: as granted by the caller; the three components are one place, and are written the same.
        Self(unsafe { VectorsMut::nd_from_raw([first; 3], shape, strides) })
    }

    /// The length of each axis.
    pub fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// How many numbers there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number `i` in C order, if there is one.
    pub fn get(&self, i: usize) -> Option<T> {
        self.0.get(i).map(|[x, ..]| x)
    }

    /// The same view for a shorter time, as [`VectorsMut::reborrow`].
    pub fn reborrow(&mut self) -> ScalarsMut<'_, T> {
        ScalarsMut(self.0.reborrow())
    }

    /// As vectors whose three components are in one place, and are written the same.
    #[inline(always)]
    pub(crate) fn into_vectors(self) -> VectorsMut<'a, T> {
        self.0
    }

    /// The same for a shorter time.
    #[inline(always)]
    pub(crate) fn as_vectors_mut(&mut self) -> &mut VectorsMut<'a, T> {
        &mut self.0
    }
}

/// From everything that is a slice.
macro_rules! from_slices {
    ($([$($n:ident)?] $numbers:ty;)+) => {
        $(impl<'a, T: Element $(, const $n: usize)?> From<&'a $numbers> for Scalars<'a, T> {
            #[inline(always)]
            fn from(numbers: &'a $numbers) -> Self {
                Self::new(numbers)
            }
        }

        impl<'a, T: Element $(, const $n: usize)?> From<&'a mut $numbers> for ScalarsMut<'a, T> {
            #[inline(always)]
            fn from(numbers: &'a mut $numbers) -> Self {
                Self::new(numbers)
            }
        })+
    };
}
from_slices! {
    [] [T];
    [] Vec<T>;
    [N] [T; N];
}

impl<'a, T: Element> From<&'a ScalarsMut<'_, T>> for Scalars<'a, T> {
    fn from(numbers: &'a ScalarsMut<'_, T>) -> Self {
        Self(numbers.0.to_read())
    }
}

impl<T> fmt::Debug for Scalars<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scalars").field(&self.0).finish()
    }
}

impl<T> fmt::Debug for ScalarsMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScalarsMut").field(&self.0).finish()
    }
}
