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

/// A batch of 3-vectors that owns its memory: three columns, each aligned to 64 bytes.
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
    columns: [Vec<Line>; 3],
    len: usize,
    element: PhantomData<T>,
}

impl<T: Element> Soa<T> {
    /// `len` vectors of zeros.
    ///
    /// # Panics
    /// As `Vec`: if a column would take more than `isize::MAX` bytes. If memory runs out, the process is
    /// aborted by [`std::alloc::handle_alloc_error`].
    pub fn zeros(len: usize) -> Self {
        let lines = len.div_ceil(size_of::<Line>() / size_of::<T>());
        let column = || try_zeroed_vec(lines).unwrap_or_else(|()| no_memory(lines));
        Self {
            columns: [column(), column(), column()],
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
        let len = self.len;
        self.columns
            .each_mut()
            .map(|lines| &mut bytemuck::cast_slice_mut(lines)[..len])
    }

    /// All vectors, to be read.
    pub fn view(&self) -> Vectors<'_, T> {
        Vectors::columns([self.x(), self.y(), self.z()])
    }

    /// All vectors, to be written.
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

    fn column(&self, k: usize) -> &[T] {
        &bytemuck::cast_slice(&self.columns[k])[..self.len]
    }
}

/// What `Vec` does when it cannot have its memory.
#[cold]
fn no_memory(lines: usize) -> ! {
    match Layout::array::<Line>(lines) {
        Ok(layout) => handle_alloc_error(layout),
        Err(_) => panic!("capacity overflow: a column of {lines} cache lines"),
    }
}

impl<'a, T: Element> From<&'a Soa<T>> for Vectors<'a, T> {
    fn from(soa: &'a Soa<T>) -> Self {
        soa.view()
    }
}

impl<'a, T: Element> From<&'a mut Soa<T>> for VectorsMut<'a, T> {
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
