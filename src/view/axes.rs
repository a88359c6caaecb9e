//! The axes of a view: how long each is, and how far apart its vectors are in memory.

use core::fmt;
use core::ops::Deref;

use crate::Error;

/// A view holds no more axes: as many lengths above 1 multiply to 65,536 vectors at least.
pub(crate) const MOST_AXES: usize = 16;

/// The axes of a view.
#[derive(Clone, Copy)]
pub(crate) enum Axes {
    /// One, whose length and stride the view itself has.
    One,
    /// Others.
    Many(Many),
}

/// Axes, the last of which is the fastest in C order.
#[derive(Clone, Copy)]
pub(crate) struct Many {
    count: u8,
    /// Bit i: axis i and the one before it are one axis of the shape.
    joined: u16,
    lens: [usize; MOST_AXES],
    strides: [isize; MOST_AXES],
}

/// An axis as it lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) len: usize,
    pub(crate) stride: isize,
    /// Whether this and the axis before it are one axis of the shape.
    pub(crate) joined: bool,
}

impl Many {
    /// Axes of these lengths and strides, and the number of vectors.
    pub(super) fn new(shape: &[usize], strides: &[isize]) -> Result<(Self, usize), Error> {
        if shape.len() != strides.len() {
            return Err(Error::LengthMismatch {
                what: "strides",
                expected: shape.len(),
                got: strides.len(),
            });
        }
        if shape.len() > MOST_AXES {
            return Err(Error::Rank {
                got: shape.len(),
                most: MOST_AXES,
            });
        }
        let mut axes = Self {
            count: shape.len() as u8,
            joined: 0,
            lens: [1; MOST_AXES],
            strides: [0; MOST_AXES],
        };
        axes.lens[..shape.len()].copy_from_slice(shape);
        axes.strides[..shape.len()].copy_from_slice(strides);
        let product = if shape.contains(&0) {
            Some(0)
        } else {
            shape.iter().try_fold(1_usize, |n, len| n.checked_mul(*len))
        };
        product.map(|len| (axes, len)).ok_or(Error::TooManyVectors)
    }

    /// Blocks of `lanes` vectors, as one axis.
    pub(super) fn blocks(blocks: usize, lanes: usize) -> Self {
        let (mut lens, mut strides) = ([1; MOST_AXES], [0; MOST_AXES]);
        lens[..2].copy_from_slice(&[blocks, lanes]);
        strides[..2].copy_from_slice(&[(3 * lanes) as isize, 1]);
        Self {
            count: 2,
            joined: 0b10,
            lens,
            strides,
        }
    }

    /// As the axes of a view, and the stride of its vectors if it has one axis.
    pub(super) fn simplest(self) -> (Axes, isize) {
        match self.count {
            1 => (Axes::One, self.strides[0]),
            _ => (Axes::Many(self), 0),
        }
    }

    /// How many axes there are in memory.
    pub(crate) fn count(&self) -> usize {
        self.count.into()
    }

    /// Axis `i` in memory.
    #[inline]
    pub(crate) fn axis(&self, i: usize) -> Axis {
        Axis {
            len: self.lens[i],
            stride: self.strides[i],
            joined: self.joined >> i & 1 == 1,
        }
    }

    /// The axes, the last one first.
    pub(crate) fn fastest_first(&self) -> impl Iterator<Item = Axis> + '_ {
        (0..self.count()).rev().map(|i| self.axis(i))
    }

    pub(super) fn shape(&self) -> Shape {
        let mut shape = Shape::of([]);
        for i in 0..usize::from(self.count) {
            if self.joined >> i & 1 == 1 {
                shape.lens[usize::from(shape.rank) - 1] *= self.lens[i];
            } else {
                shape.lens[usize::from(shape.rank)] = self.lens[i];
                shape.rank += 1;
            }
        }
        shape
    }

    /// How far vector `i` in C order is from the first, in elements. There must be such a vector.
    pub(super) fn offset(&self, mut i: usize) -> isize {
        let mut offset = 0_isize;
        for axis in self.fastest_first() {
            let index = (i % axis.len) as isize;
            offset = offset.wrapping_add(index.wrapping_mul(axis.stride));
            i /= axis.len;
        }
        offset
    }

    /// The one stride at which all vectors lie in C order, if there is one.
    pub(super) fn one_stride(&self) -> Option<isize> {
        let mut found: Option<(usize, isize)> = None;
        for axis in self.fastest_first().filter(|axis| axis.len != 1) {
            let (len, stride) = *found.get_or_insert((1, axis.stride));
            if axis.stride != stride.wrapping_mul(len as isize) {
                return None;
            }
            found = Some((len.wrapping_mul(axis.len), stride));
        }
        Some(found.map_or(1, |(_, stride)| stride))
    }
}

/// The shape of a view: the lengths of its axes, as a slice.
///
/// ```
/// use crosslane::Vectors;
///
/// let data = [0.0; 60];
/// let v = Vectors::nd(&data, 0, 5, &[4, 5], &[15, 1])?; // (4, 3, 5) along its middle axis
/// assert_eq!(v.shape(), [4, 5]);
/// assert_eq!(v.shape().len(), 2);
/// assert_eq!(v.len(), 20);
/// # Ok::<(), crosslane::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Shape {
    rank: u8,
    lens: [usize; MOST_AXES],
}

impl Shape {
    pub(super) fn of<const N: usize>(lens: [usize; N]) -> Self {
        let mut all = [1; MOST_AXES];
        all[..N].copy_from_slice(&lens);
        Self {
            rank: N as u8,
            lens: all,
        }
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.lens[..usize::from(self.rank)]
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<S: AsRef<[usize]> + ?Sized> PartialEq<S> for Shape {
    fn eq(&self, other: &S) -> bool {
        **self == *other.as_ref()
    }
}

impl AsRef<[usize]> for Shape {
    fn as_ref(&self) -> &[usize] {
        self
    }
}

impl Eq for Shape {}
