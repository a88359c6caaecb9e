//! Views: a batch of vectors in the caller's memory is three pointers and a stride for each axis, whatever its layout.
//!
//! Every address is checked here, where a view is made, so that the kernels check nothing. The
//! invariant of all types: `components[k]` moved by the strides times the indices below the lengths is valid
//! for reads (and, in a [`VectorsMut`], for writes that nothing else observes) for the lifetime `'a`.

use core::fmt;

use bytemuck::Pod;

use crate::{Element, Error};

mod axes;
mod check;
mod convert;
mod flat;
mod nd;
mod scalars;

pub use axes::Shape;
pub(crate) use axes::{Axes, Axis, MOST_AXES};
pub(crate) use check::check_len;
use check::{check_bounds, check_columns, check_overlap, elements, elements_mut};
pub(crate) use flat::{Flat, FlatMut};
pub use scalars::{Scalars, ScalarsMut};

/// A batch of 3-vectors to read, in any layout.
///
/// Component k of vector i lies at `components[k] + i * stride`, counted in elements; where there are several axes, each has its
/// own length and stride.
///
/// | what you have | constructor | stride |
/// |---|---|---|
/// | three columns; NumPy (3, N) | [`Vectors::soa`] | 1 |
/// | `[[T; 3]]`; NumPy (N, 3) | [`Vectors::aos`] or `From` | 3 |
/// | `[[T; 4]]`, float4 | [`Vectors::padded`] or `From` | 4 |
/// | a slice of another crate's vectors | [`Vectors::from_pod`] | 3 or 4 |
/// | one vector against many | `From<&[[T; 3]; 1]>`, [`Vectors::broadcast`] | 0 |
/// | a field of a record, reversed | [`Vectors::strided`] | any |
/// | any array of NumPy or torch: (N, M, 3), (N, 3, F) | [`Vectors::nd`] | one for each axis |
/// | blocks of 8, say: `Vec3x8` of ultraviolet, `soa<8>` of ISPC | [`Vectors::blocks`] | 1 and 24 |
///
/// # Broadcasting
///
/// Operations give every vector of the output a value. Inputs that have another shape are broadcast to that of the output by
/// NumPy's rule: shapes are aligned at the last axis, and an axis that is missing, or of length 1, is repeated.
///
/// ```
/// use crosslane::Vectors;
///
/// let (x, y, z) = ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]);
/// let columns = Vectors::soa(&x, &y, &z)?;
/// let rows = Vectors::aos(&[[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]);
/// assert_eq!(columns.get(1), Some([2.0, 4.0, 6.0]));
/// assert_eq!(columns.get(1), rows.get(1));
/// assert_eq!(columns.get(2), None);
/// # Ok::<(), crosslane::Error>(())
/// ```
pub struct Vectors<'a, T> {
    /// All of the view if it has one axis; otherwise where it begins, and how many vectors it has.
    flat: Flat<'a, T>,
    axes: Axes,
}

/// A batch of 3-vectors to write, in any layout; no two of its places are the same element.
///
/// The constructors are those of [`Vectors`], without `broadcast`.
pub struct VectorsMut<'a, T> {
    /// As that of [`Vectors`].
    flat: FlatMut<'a, T>,
    axes: Axes,
}

impl<T> Clone for Vectors<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Vectors<'_, T> {}

impl<'a, T: Element> Vectors<'a, T> {
    /// Structure of arrays: one column per component.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if the columns are not equally long.
    #[inline]
    pub fn soa(x: &'a [T], y: &'a [T], z: &'a [T]) -> Result<Self, Error> {
        check_columns(x.len(), y.len(), z.len())?;
        Ok(Self::columns([x, y, z]))
    }

    /// Array of structures: `v[i]` is vector i.
    #[inline(always)]
    pub fn aos(v: &'a [[T; 3]]) -> Self {
        Self::rows(v.as_flattened(), 3, v.len())
    }

    /// Padded array of structures: the first three elements of `v[i]` are vector i, the fourth is never
    /// read for its value.
    #[inline(always)]
    pub fn padded(v: &'a [[T; 4]]) -> Self {
        Self::rows(v.as_flattened(), 4, v.len())
    }

    /// The vector `v`, `len` times.
    #[inline(always)]
    pub fn broadcast(v: &'a [T; 3], len: usize) -> Self {
        Self::rows(v, 0, len)
    }

    /// Any strides: component k of vector i is `data[first + k * component_stride + i * vector_stride]`.
    ///
    /// Strides count elements and may be zero or negative.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] if any of these indices is not an index of `data`, however far outside it
    /// is. A view of no vectors has no indices and is always right.
    ///
    /// # Examples
    /// ```
    /// use crosslane::Vectors;
    ///
    /// // Records of (id, x, y, z), last one first.
    /// let records = [0.0, 1.0, 2.0, 3.0, 1.0, 4.0, 5.0, 6.0];
    /// let reversed = Vectors::strided(&records, 5, 1, -4, 2)?;
    /// assert_eq!(reversed.get(0), Some([4.0, 5.0, 6.0]));
    /// assert_eq!(reversed.get(1), Some([1.0, 2.0, 3.0]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    #[inline]
    pub fn strided(
        data: &'a [T],
        first: usize,
        component_stride: isize,
        vector_stride: isize,
        len: usize,
    ) -> Result<Self, Error> {
        check_bounds(data.len(), first, component_stride, vector_stride, len)?;
        let components = components_at(data.as_ptr().cast_mut(), first, component_stride);
        Ok(Self::new(
            components.map(<*mut T>::cast_const),
            vector_stride,
            len,
        ))
    }

    /// A slice of another crate's vectors: any plain type that is three or four `T` in memory, the first
    /// three being the components. `glam::Vec3`, `nalgebra::Vector3<f64>`, `[f32; 4]` ... The type of the
    /// elements cannot be guessed from `V` and is to be said once; only sizes are compared, so that
    /// `[f32; 6]` passes for three `f64`.
    ///
    /// # Errors
    /// [`Error::NotThreeOrFourElements`] if `V` has another size, [`Error::Misaligned`] if the slice is
    /// not aligned for `T`.
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Vectors, VectorsMut, cross};
    ///
    /// let a = [glam::Vec3::X, glam::Vec3::Y];
    /// let b = [nalgebra::Vector3::<f32>::y(), nalgebra::Vector3::z()];
    /// let mut c = [glam::Vec3::ZERO; 2];
    /// cross::<f32>(Vectors::from_pod(&a)?, Vectors::from_pod(&b)?, VectorsMut::from_pod(&mut c)?)?;
    /// assert_eq!(c, [glam::Vec3::Z, glam::Vec3::X]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    #[inline]
    pub fn from_pod<V: Pod>(v: &'a [V]) -> Result<Self, Error> {
        let (data, width) = elements(v)?;
        Ok(Self::rows(data, width, v.len()))
    }

    /// A view from its parts: component k of vector i is at `components[k]` moved by `i * stride` elements.
    ///
    /// # Safety
    /// For every `i < len` and each k that place is aligned, inside one allocation together with
    /// `components[k]`, and valid for reads of `T` for the lifetime `'a`, during which nobody writes
    /// to it. If `len` is zero the pointers may be anything.
    #[inline]
    pub unsafe fn from_raw(components: [*const T; 3], stride: isize, len: usize) -> Self {
        debug_assert_usable(components, len);
        Self::new(components, stride, len)
    }

    #[inline(always)]
    fn new(components: [*const T; 3], stride: isize, len: usize) -> Self {
        Self {
            flat: Flat::new(components, stride, len),
            axes: Axes::One,
        }
    }

    /// Columns that are known to be equally long.
    #[inline(always)]
    pub(crate) fn columns(columns: [&'a [T]; 3]) -> Self {
        Self::new(columns.map(<[T]>::as_ptr), 1, columns[0].len())
    }

    /// Components side by side, the vectors `stride` elements apart; an empty `data` needs an empty view.
    #[inline(always)]
    fn rows(data: &'a [T], stride: isize, len: usize) -> Self {
        let components = row(data.as_ptr().cast_mut());
        Self::new(components.map(<*mut T>::cast_const), stride, len)
    }
}

impl<'a, T: Element> VectorsMut<'a, T> {
    /// Structure of arrays: one column per component.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if the columns are not equally long.
    #[inline]
    pub fn soa(x: &'a mut [T], y: &'a mut [T], z: &'a mut [T]) -> Result<Self, Error> {
        check_columns(x.len(), y.len(), z.len())?;
        Ok(Self::columns([x, y, z]))
    }

    /// Array of structures: `v[i]` is vector i.
    #[inline(always)]
    pub fn aos(v: &'a mut [[T; 3]]) -> Self {
        let len = v.len();
        Self::rows(v.as_flattened_mut(), 3, len)
    }

    /// Padded array of structures: the first three elements of `v[i]` are vector i, the fourth stays as
    /// it is.
    #[inline(always)]
    pub fn padded(v: &'a mut [[T; 4]]) -> Self {
        let len = v.len();
        Self::rows(v.as_flattened_mut(), 4, len)
    }

    /// Any strides, as in [`Vectors::strided`].
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] as there, and [`Error::Overlap`] if two places of the view would be the same
    /// element.
    #[inline]
    pub fn strided(
        data: &'a mut [T],
        first: usize,
        component_stride: isize,
        vector_stride: isize,
        len: usize,
    ) -> Result<Self, Error> {
        check_bounds(data.len(), first, component_stride, vector_stride, len)?;
        check_overlap(component_stride, vector_stride, len)?;
        Ok(Self::new(
            components_at(data.as_mut_ptr(), first, component_stride),
            vector_stride,
            len,
        ))
    }

    /// A slice of another crate's vectors, as in [`Vectors::from_pod`]; a fourth element stays as it is.
    ///
    /// # Errors
    /// As [`Vectors::from_pod`].
    #[inline]
    pub fn from_pod<V: Pod>(v: &'a mut [V]) -> Result<Self, Error> {
        let len = v.len();
        let (data, width) = elements_mut(v)?;
        Ok(Self::rows(data, width, len))
    }

    /// A view from its parts, as in [`Vectors::from_raw`].
    ///
    /// # Safety
    /// As there, and every place is also valid for writes, no two places are the same element, and nobody
    /// else reads or writes them during `'a`.
    #[inline]
    pub unsafe fn from_raw(components: [*mut T; 3], stride: isize, len: usize) -> Self {
        debug_assert_usable(components.map(<*mut T>::cast_const), len);
        Self::new(components, stride, len)
    }

    #[inline(always)]
    fn new(components: [*mut T; 3], stride: isize, len: usize) -> Self {
        Self {
            flat: FlatMut::new(components, stride, len),
            axes: Axes::One,
        }
    }

    /// Columns that are known to be equally long.
    #[inline(always)]
    pub(crate) fn columns(columns: [&'a mut [T]; 3]) -> Self {
        let len = columns[0].len();
        Self::new(columns.map(<[T]>::as_mut_ptr), 1, len)
    }

    #[inline(always)]
    fn rows(data: &'a mut [T], stride: isize, len: usize) -> Self {
        Self::new(row(data.as_mut_ptr()), stride, len)
    }
}

/// What of a caller's promise about raw parts can be seen.
fn debug_assert_usable<T>(components: [*const T; 3], len: usize) {
    let usable = |p: &*const T| !p.is_null() && p.is_aligned();
    debug_assert!(
        len == 0 || components.iter().all(usable),
        "{components:?} are aligned and not null"
    );
}

/// Component k at `data[first + k * component_stride]`. Where the view is empty these may point anywhere.
fn components_at<T>(data: *mut T, first: usize, component_stride: isize) -> [*mut T; 3] {
    [0, 1, 2].map(|k: isize| {
        data.wrapping_offset((first as isize).wrapping_add(k.wrapping_mul(component_stride)))
    })
}

/// Components side by side, from the first of them.
#[inline(always)]
pub(crate) fn row<T>(x: *mut T) -> [*mut T; 3] {
    [x, x.wrapping_add(1), x.wrapping_add(2)]
}

/// The same component `vectors` further. Wrapping, because the end of a view need not be inside the allocation.
#[inline(always)]
pub(crate) fn moved<T>(component: *mut T, vectors: usize, stride: isize) -> *mut T {
    component.wrapping_offset((vectors as isize).wrapping_mul(stride))
}

impl<T> fmt::Debug for Vectors<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flat = &self.flat;
        describe(f, "Vectors", (flat.len(), flat.stride()), &self.axes)
    }
}

impl<T> fmt::Debug for VectorsMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flat = &self.flat;
        describe(f, "VectorsMut", (flat.len(), flat.stride()), &self.axes)
    }
}

fn describe(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    (len, stride): (usize, isize),
    axes: &Axes,
) -> fmt::Result {
    let mut view = f.debug_struct(name);
    match axes {
        Axes::One => view.field("stride", &stride).field("len", &len),
        _ => {
            let axes = (0..axes.count()).map(|i| axes.axis(i, len, stride));
            let (lens, strides): (Vec<_>, Vec<_>) =
                axes.map(|axis| (axis.len, axis.stride)).unzip();
            view.field("strides", &strides).field("lens", &lens)
        }
    };
    view.finish_non_exhaustive()
}
