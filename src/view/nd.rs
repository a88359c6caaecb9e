//! Views of any rank, of blocks, and what can be asked of every view.

use super::axes::{Axes, Shape, product};
use super::check::{check_bounds_of_axes, check_overlap_of_axes};
use super::{Flat, FlatMut, Vectors, VectorsMut, components_at, debug_assert_usable};
use crate::{Element, Error};

impl<'a, T: Element> Vectors<'a, T> {
    /// Any number of axes, as arrays of NumPy and torch have: component k of the vector at index (i₁ … iₙ) is
    /// `data[first + k * component_stride + Σ iⱼ * strides[j]]`.
    ///
    /// Strides count elements and may be zero or negative. The axis of the components is not in `shape`: it may have been anywhere.
    /// A view holds up to 16 axes. No axis at all is one vector.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] if any of these indices is not an index of `data`, [`Error::LengthMismatch`] if there is not a stride for
    /// each axis, [`Error::Rank`] if there are too many axes, [`Error::TooManyVectors`] if the product of the lengths is more than
    /// `usize::MAX`. A view of no vectors has no indices.
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Vectors, VectorsMut};
    ///
    /// // Features of an equivariant network, (N, 3, F), against one vector for each node, (N, 3, 1).
    /// let (n, f) = (2, 4);
    /// let features = vec![1.0_f32; n * 3 * f];
    /// let (directions, mut out) = ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], vec![0.0; n * 3 * f]);
    /// let shape = [n, f];
    /// let (a, b) = (
    ///     Vectors::nd(&features, 0, f as isize, &shape, &[3 * f as isize, 1])?,
    ///     Vectors::nd(directions.as_flattened(), 0, 1, &[n, 1], &[3, 0])?,
    /// );
    /// crosslane::cross(a, b, VectorsMut::nd(&mut out, 0, f as isize, &shape, &[3 * f as isize, 1])?)?;
    /// assert_eq!(out[3 * f..][..2 * f], [-1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn nd(
        data: &'a [T],
        first: usize,
        component_stride: isize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self, Error> {
        let len = product(shape, strides)?;
        check_bounds_of_axes(data.len(), first, (3, component_stride), shape, strides)?;
        let components = components_at(data.as_ptr().cast_mut(), first, component_stride);
        let components = components.map(<*mut T>::cast_const);
        Ok(Self::of_axes(components, shape, strides, len))
    }

    /// Blocks of `N` vectors, each of which has N first components, N second ones and N third ones side by side: vector i is lane `i % N` of
    /// block `i / N`.
    ///
    /// That is how `ultraviolet::Vec3x8` (N = 8), ISPC's `soa<8>` and Embree's `Vec3<vfloat8>` lie; `bytemuck::cast_slice` makes
    /// such arrays of types that are `Pod`. (`Vec3x8` is not: the cast is its user's, as in `benches/support/wide.rs`.) It is a view of one
    /// axis, N times as long as the slice, which goes with every other view of that length but blocks of another size where neither
    /// size is a multiple of the other.
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Vectors, VectorsMut};
    ///
    /// let a = [[[1.0_f32; 8], [0.0; 8], [0.0; 8]]; 2];
    /// let b = [[0.0, 1.0, 0.0]; 16];
    /// let mut c = [[[0.0; 8]; 3]; 2];
    /// crosslane::cross(Vectors::blocks(&a), &b, VectorsMut::blocks(&mut c))?;
    /// assert_eq!(c, [[[0.0; 8], [0.0; 8], [1.0; 8]]; 2]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn blocks<const N: usize>(v: &'a [[[T; N]; 3]]) -> Self {
        let first = v.as_ptr().cast::<T>().cast_mut();
        let components = components_of_block(first, N).map(<*mut T>::cast_const);
        Self {
            flat: Flat::new(components, 0, v.len() * N),
            axes: Axes::blocks(v.len(), N),
        }
    }

    /// A view of any number of axes from its parts, as [`Vectors::nd`]: component k of the vector at index (i₁ … iₙ) is at
    /// `components[k]` moved by Σ iⱼ · `strides[j]` elements.
    ///
    /// Strides count elements, so elements that are not aligned to their type cannot be reached: views are slices of `T` in all but name.
    /// Data whose strides are no multiples of `size_of::<T>()`, packed records for example, have to be copied.
    ///
    /// # Safety
    /// Each such place is aligned, inside one allocation together with `components[k]`, and valid for reads of `T` for the
    /// lifetime `'a`, during which nobody writes to it. If there are no vectors the pointers may be anything.
    ///
    /// # Panics
    /// Where [`Vectors::nd`] has an error that is not about `data`.
    pub unsafe fn nd_from_raw(
        components: [*const T; 3],
        shape: &[usize],
        strides: &[isize],
    ) -> Self {
        let len = product(shape, strides).expect("axes that a view can have");
        debug_assert_usable(components, len);
        Self::of_axes(components, shape, strides, len)
    }

    /// The length of each axis.
    pub fn shape(&self) -> Shape {
        self.axes.shape(self.len())
    }

    /// The number of vectors, the product of the lengths of all axes.
    #[inline]
    pub fn len(&self) -> usize {
        self.flat.len()
    }

    /// Whether there are no vectors.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Vector `i`, if there is one. Vectors are counted in C order, along the last axis first.
    pub fn get(&self, i: usize) -> Option<[T; 3]> {
        get(&self.flat, &self.axes, i)
    }

    #[inline]
    pub(super) fn of_axes(
        components: [*const T; 3],
        shape: &[usize],
        strides: &[isize],
        len: usize,
    ) -> Self {
        let (axes, stride) = Axes::new(shape, strides);
        Self {
            flat: Flat::new(components, stride, len),
            axes,
        }
    }

    /// The same, without copying axes that are not there.
    #[inline]
    pub(crate) fn copied(&self) -> Self {
        Self {
            flat: self.flat,
            axes: self.axes.copied(),
        }
    }

    /// Where it begins, and the number of vectors; all of it if it has one axis.
    #[inline(always)]
    pub(crate) fn flat(&self) -> Flat<'a, T> {
        self.flat
    }

    #[inline(always)]
    pub(crate) fn axes(&self) -> &Axes {
        &self.axes
    }

    /// Whether it has one axis, of this length.
    #[inline(always)]
    pub(crate) fn is_flat(&self, len: usize) -> bool {
        matches!(self.axes, Axes::One) && self.len() == len
    }

    /// All vectors in C order at one stride.
    ///
    /// # Errors
    /// [`Error::NotOneStride`] if they do not lie so.
    pub(crate) fn flattened(&self, what: &'static str) -> Result<Flat<'a, T>, Error> {
        let stride = one_stride(&self.flat, &self.axes, what)?;
        // SAFETY: these are all vectors of the view.
        Ok(unsafe { self.flat.part(0, stride, self.flat.len()) })
    }
}

impl<'a, T: Element> VectorsMut<'a, T> {
    /// Any number of axes, as in [`Vectors::nd`].
    ///
    /// # Errors
    /// As there; [`Error::Overlap`] if two places of the view would be the same element, [`Error::MayOverlap`] if it takes too long to
    /// find out (none of the layouts that people make does).
    pub fn nd(
        data: &'a mut [T],
        first: usize,
        component_stride: isize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self, Error> {
        let len = product(shape, strides)?;
        check_bounds_of_axes(data.len(), first, (3, component_stride), shape, strides)?;
        check_overlap_of_axes((3, component_stride), shape, strides)?;
        let components = components_at(data.as_mut_ptr(), first, component_stride);
        Ok(Self::of_axes(components, shape, strides, len))
    }

    /// Blocks of `N` vectors, as in [`Vectors::blocks`].
    pub fn blocks<const N: usize>(v: &'a mut [[[T; N]; 3]]) -> Self {
        let len = v.len() * N;
        let components = components_of_block(v.as_mut_ptr().cast::<T>(), N);
        Self {
            flat: FlatMut::new(components, 0, len),
            axes: Axes::blocks(len / N.max(1), N),
        }
    }

    /// A view of any number of axes from its parts, as in [`Vectors::nd_from_raw`].
    ///
    /// # Safety
    /// As there, and every place is also valid for writes, no two places are the same element, and nobody
    /// else reads or writes them during `'a`.
    ///
    /// # Panics
    /// As there.
    pub unsafe fn nd_from_raw(components: [*mut T; 3], shape: &[usize], strides: &[isize]) -> Self {
        let len = product(shape, strides).expect("axes that a view can have");
        debug_assert_usable(components.map(<*mut T>::cast_const), len);
        Self::of_axes(components, shape, strides, len)
    }

    /// The length of each axis.
    pub fn shape(&self) -> Shape {
        self.axes.shape(self.len())
    }

    /// The number of vectors, the product of the lengths of all axes.
    #[inline]
    pub fn len(&self) -> usize {
        self.flat.len()
    }

    /// Whether there are no vectors.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Vector `i`, if there is one, as [`Vectors::get`].
    pub fn get(&self, i: usize) -> Option<[T; 3]> {
        get(&self.flat.to_read(), &self.axes, i)
    }

    /// The same view for a shorter time, so that it can be given away more than once.
    ///
    /// ```
    /// use crosslane::{VectorsMut, cross};
    ///
    /// let mut out = [[0.0; 3]];
    /// let mut view = VectorsMut::aos(&mut out);
    /// cross(&[[1.0, 2.0, 3.0]], &[[4.0, 5.0, 6.0]], view.reborrow())?;
    /// assert_eq!(view.get(0), Some([-3.0, 6.0, -3.0]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn reborrow(&mut self) -> VectorsMut<'_, T> {
        VectorsMut {
            flat: self.flat.reborrow(),
            axes: self.axes.copied(),
        }
    }

    pub(super) fn to_read(&self) -> Vectors<'_, T> {
        Vectors {
            flat: self.flat.to_read(),
            axes: self.axes,
        }
    }

    #[inline]
    pub(super) fn of_axes(
        components: [*mut T; 3],
        shape: &[usize],
        strides: &[isize],
        len: usize,
    ) -> Self {
        let (axes, stride) = Axes::new(shape, strides);
        Self {
            flat: FlatMut::new(components, stride, len),
            axes,
        }
    }

    /// Where it begins, and the number of vectors; all of it if it has one axis.
    #[inline(always)]
    pub(crate) fn into_flat(self) -> FlatMut<'a, T> {
        self.flat
    }

    /// The same for a shorter time.
    #[inline(always)]
    pub(crate) fn flat_mut(&mut self) -> FlatMut<'_, T> {
        self.flat.reborrow()
    }

    /// Its stride, if it has one axis.
    #[inline(always)]
    pub(crate) fn stride(&self) -> isize {
        self.flat.stride()
    }

    /// The same vectors to read while this view writes them.
    ///
    /// # Safety
    /// No vector is read through the result after it was written through `self`, nor while it is.
    #[inline(always)]
    pub(crate) unsafe fn to_read_in_place(&self) -> Vectors<'a, T> {
        Vectors {
            // SAFETY: as granted by the caller.
            flat: unsafe { self.flat.to_read_in_place() },
            axes: self.axes,
        }
    }

    /// Writes `v` to every place.
    pub(crate) fn fill(&mut self, v: [T; 3]) {
        for i in 0..self.len() {
            match &self.axes {
                Axes::One => self.flat.set(i, v),
                // SAFETY: there is such a vector.
                axes => unsafe { self.flat.part(axes.offset(i, 0, 0), 0, 1) }.set(0, v),
            }
        }
    }

    #[inline(always)]
    pub(crate) fn axes(&self) -> &Axes {
        &self.axes
    }

    /// Whether it has one axis, of this length.
    #[inline(always)]
    pub(crate) fn is_flat(&self, len: usize) -> bool {
        matches!(self.axes, Axes::One) && self.len() == len
    }

    /// All vectors in C order at one stride.
    ///
    /// # Errors
    /// [`Error::NotOneStride`] if they do not lie so.
    pub(crate) fn into_flattened(self, what: &'static str) -> Result<FlatMut<'a, T>, Error> {
        let stride = one_stride(&self.flat.to_read(), &self.axes, what)?;
        // SAFETY: these are all vectors of the view, which is used up.
        Ok(unsafe { self.flat.part(0, stride, self.flat.len()) })
    }
}

fn get<T: Element>(flat: &Flat<'_, T>, axes: &Axes, i: usize) -> Option<[T; 3]> {
    match axes {
        Axes::One => flat.get(i),
        _ if i < flat.len() => {
            // SAFETY: there is such a vector.
            unsafe { flat.part(axes.offset(i, 0, 0), 0, 1) }.get(0)
        }
        _ => None,
    }
}

fn one_stride<T>(flat: &Flat<'_, T>, axes: &Axes, what: &'static str) -> Result<isize, Error> {
    let stride = axes.one_stride(flat.len(), flat.stride());
    stride.ok_or(Error::NotOneStride { what })
}

/// The components of the first vector of a block.
fn components_of_block<T>(first: *mut T, lanes: usize) -> [*mut T; 3] {
    [0, 1, 2].map(|k| first.wrapping_add(k * lanes))
}
