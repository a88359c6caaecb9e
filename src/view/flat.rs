//! What the kernels work on: vectors or numbers at one stride, or rows of them at another.

use core::fmt;
use core::marker::PhantomData;

use super::moved;
use crate::Element;

/// Vectors to read, `stride` elements apart. Of numbers all three components are in one place.
pub(crate) struct Flat<'a, T> {
    components: [*const T; 3],
    stride: isize,
    len: usize,
    lifetime: PhantomData<&'a [T]>,
}

/// The same to write; no two of its places are the same element. The three components of a number are one place, and are
/// written the same.
pub(crate) struct FlatMut<'a, T> {
    components: [*mut T; 3],
    stride: isize,
    len: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: a view is a shared slice in all but name.
unsafe impl<T: Sync> Send for Flat<'_, T> {}
// SAFETY: as above; nothing can be changed through it.
unsafe impl<T: Sync> Sync for Flat<'_, T> {}
// SAFETY: an exclusive view is an exclusive slice in all but name.
unsafe impl<T: Send> Send for FlatMut<'_, T> {}
// SAFETY: through a shared reference it can only be read, but for parts of it, which are made by `unsafe` functions whose callers see to
// it that no two threads have the same.
unsafe impl<T: Send + Sync> Sync for FlatMut<'_, T> {}

impl<T> Clone for Flat<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Flat<'_, T> {}

/// What both have.
macro_rules! flat {
    ($name:ident, $($pointer:tt)+) => {
        impl<T> $name<'_, T> {
            /// The caller sees to it that these places are valid for the lifetime, to read or to write.
            #[inline(always)]
            pub(super) const fn new(components: [$($pointer)+ T; 3], stride: isize, len: usize) -> Self {
                Self {
                    components,
                    stride,
                    len,
                    lifetime: PhantomData,
                }
            }

            /// No vectors: to have something to overwrite. (Arrays that are filled in a loop are compiled in half the time of those that closures
            /// make.)
            pub(crate) const NONE: Self = Self::new([core::ptr::null::<T>() as $($pointer)+ T; 3], 0, 0);

            #[inline(always)]
            pub(crate) fn len(&self) -> usize {
                self.len
            }

            #[inline(always)]
            pub(crate) fn components(&self) -> [$($pointer)+ T; 3] {
                self.components
            }

            #[inline(always)]
            pub(crate) fn stride(&self) -> isize {
                self.stride
            }

            /// Whether these can only be numbers, or vectors that are read as if they were.
            #[inline(always)]
            pub(crate) fn is_scalars(&self) -> bool {
                let [x, y, z] = self.components;
                x == y && y == z
            }

            /// The last vector becomes the first.
            pub(crate) fn reverse(&mut self) {
                let last = self.len.saturating_sub(1);
                self.components = self.moved(last as isize, self.stride);
                self.stride = self.stride.wrapping_neg();
            }

            /// Takes the vectors from `at` on away; `at` must not exceed the length.
            pub(crate) fn split_off(&mut self, at: usize) -> Self {
                let tail = self.moved(at as isize, self.stride);
                Self::new(tail, self.stride, take_tail(&mut self.len, at))
            }

            /// The components `steps` times `stride` elements further.
            #[inline(always)]
            fn moved(&self, steps: isize, stride: isize) -> [$($pointer)+ T; 3] {
                let ([x, y, z], by) = (self.components, steps.wrapping_mul(stride));
                [x.wrapping_offset(by), y.wrapping_offset(by), z.wrapping_offset(by)]
            }

            /// `len` vectors at another stride, the first of them `by` elements further.
            ///
            /// # Safety
            /// They are vectors of the view that this is part of; of those to be written, no other part is used meanwhile.
            #[inline(always)]
            pub(crate) unsafe fn part(&self, by: isize, stride: isize, len: usize) -> Self {
                Self::new(self.moved(1, by), stride, len)
            }
        }

        impl<T> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("stride", &self.stride)
                    .field("len", &self.len)
                    .finish_non_exhaustive()
            }
        }
    };
}
flat! { Flat, *const }
flat! { FlatMut, *mut }

impl<T: Element> Flat<'_, T> {
    /// Vector `i`, if there is one.
    pub(crate) fn get(&self, i: usize) -> Option<[T; 3]> {
        (i < self.len).then(|| {
            self.components.map(|p| {
                // SAFETY: `i < len`, and every such place is readable.
                unsafe { moved(p.cast_mut(), i, self.stride).read() }
            })
        })
    }
}

impl<'a, T: Element> FlatMut<'a, T> {
    /// The same vectors to read while this view writes them.
    ///
    /// # Safety
    /// No vector is read through the result after it was written through `self`, nor while it is.
    #[inline(always)]
    pub(crate) unsafe fn to_read_in_place(&self) -> Flat<'a, T> {
        Flat::new(
            self.components.map(<*mut T>::cast_const),
            self.stride,
            self.len,
        )
    }

    /// The same vectors to read while nobody writes them.
    pub(crate) fn to_read(&self) -> Flat<'_, T> {
        // SAFETY: the result borrows this.
        unsafe { self.to_read_in_place() }
    }

    /// Vectors in columns.
    ///
    /// # Safety
    /// `len` elements from each of these places on are valid for writes that nothing else observes.
    pub(crate) unsafe fn of_columns(columns: [*mut T; 3], len: usize) -> Self {
        Self::new(columns, 1, len)
    }

    /// The same view for a shorter time.
    pub(crate) fn reborrow(&mut self) -> FlatMut<'_, T> {
        FlatMut::new(self.components, self.stride, self.len)
    }

    /// Writes vector `i`, which there must be.
    pub(crate) fn set(&mut self, i: usize, v: [T; 3]) {
        assert!(i < self.len, "vector {i} of {}", self.len);
        for (component, p) in v.into_iter().zip(self.components) {
            // SAFETY: `i < len`, and every such place is writable.
            unsafe { moved(p, i, self.stride).write(component) };
        }
    }
}

/// Shortens `len` to `at`, and returns by how much.
fn take_tail(len: &mut usize, at: usize) -> usize {
    let tail = len
        .checked_sub(at)
        .expect("a view is split inside its length");
    *len = at;
    tail
}
