//! The axes of a view: how long each is, and how far apart its vectors are in memory.

use core::fmt;
use core::ops::Deref;

use crate::Error;

/// A view holds no more axes: as many lengths above 1 multiply to 65,536 vectors at least.
pub(crate) const MOST_AXES: usize = 16;

/// The axes of a view.
#[derive(Clone, Copy)]
#[expect(
    clippy::large_enum_variant,
    reason = "views are `Copy`, so that nothing can be on the heap"
)]
pub(crate) enum Axes {
    /// One, whose length and stride the view itself has.
    One,
    /// Two, the slower one first. (Apart, because writing all that others have takes as long as a small batch.)
    Two([Axis; 2]),
    /// Others.
    Many(Many),
}

/// Axes, the last of which is the fastest in C order. None is joined.
#[derive(Clone, Copy)]
pub(crate) struct Many {
    count: u8,
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

impl Axis {
    fn new(len: usize, stride: isize) -> Self {
        Self {
            len,
            stride,
            joined: false,
        }
    }
}

/// The number of vectors, of axes that a view can have.
pub(super) fn product(shape: &[usize], strides: &[isize]) -> Result<usize, Error> {
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
    if shape.contains(&0) {
        return Ok(0);
    }
    let mut lens = shape.iter();
    let product = lens.try_fold(1_usize, |n, len| n.checked_mul(*len));
    product.ok_or(Error::TooManyVectors)
}

impl Axes {
    /// Axes that a view can have, and the stride of its vectors if it is one axis.
    #[inline]
    pub(super) fn new(shape: &[usize], strides: &[isize]) -> (Self, isize) {
        match (shape, strides) {
            ([_], [stride]) => (Self::One, *stride),
            ([slow, fast], [far, near]) => {
                let axes = [Axis::new(*slow, *far), Axis::new(*fast, *near)];
                (Self::Two(axes), 0)
            }
            _ => {
                let (mut lens, mut all) = ([1; MOST_AXES], [0; MOST_AXES]);
                lens[..shape.len()].copy_from_slice(shape);
                all[..shape.len()].copy_from_slice(strides);
                let many = Many {
                    count: shape.len() as u8,
                    lens,
                    strides: all,
                };
                (Self::Many(many), 0)
            }
        }
    }

    /// Blocks of `lanes` vectors, as one axis.
    #[inline]
    pub(super) fn blocks(blocks: usize, lanes: usize) -> Self {
        Self::Two([
            Axis::new(blocks, (3 * lanes) as isize),
            Axis {
                joined: true,
                ..Axis::new(lanes, 1)
            },
        ])
    }

    /// The same, without copying what is not there.
    #[inline]
    pub(super) fn copied(&self) -> Self {
        match self {
            Self::One => Self::One,
            Self::Two(axes) => Self::Two(*axes),
            Self::Many(axes) => Self::Many(*axes),
        }
    }

    /// How many axes there are in memory.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::One => 1,
            Self::Two(_) => 2,
            Self::Many(axes) => axes.count.into(),
        }
    }

    /// Axis `i` in memory, the slowest being the first; `len` and `stride` are those of the view if it is the only one.
    #[inline]
    pub(crate) fn axis(&self, i: usize, len: usize, stride: isize) -> Axis {
        match self {
            Self::One => Axis::new(len, stride),
            Self::Two(axes) => axes[i],
            Self::Many(axes) => Axis::new(axes.lens[i], axes.strides[i]),
        }
    }

    /// The axes, the last one first.
    pub(super) fn fastest_first(
        &self,
        len: usize,
        stride: isize,
    ) -> impl Iterator<Item = Axis> + Clone + '_ {
        (0..self.count())
            .rev()
            .map(move |i| self.axis(i, len, stride))
    }

    /// The shape of a view of `len` vectors.
    pub(super) fn shape(&self, len: usize) -> Shape {
        match self {
            Self::One => Shape::of(&[len]),
            Self::Two([_, fast]) if fast.joined => Shape::of(&[len]),
            Self::Two([slow, fast]) => Shape::of(&[slow.len, fast.len]),
            Self::Many(axes) => Shape::of(&axes.lens[..self.count()]),
        }
    }

    /// How far vector `i` in C order is from the first, in elements. There must be such a vector.
    pub(super) fn offset(&self, mut i: usize, len: usize, stride: isize) -> isize {
        let mut offset = 0_isize;
        for axis in self.fastest_first(len, stride) {
            let index = (i % axis.len) as isize;
            offset = offset.wrapping_add(index.wrapping_mul(axis.stride));
            i /= axis.len;
        }
        offset
    }

    /// The one stride at which all vectors lie in C order, if there is one.
    pub(super) fn one_stride(&self, len: usize, stride: isize) -> Option<isize> {
        let mut found: Option<(usize, isize)> = None;
        let axes = self.fastest_first(len, stride);
        if axes.clone().any(|axis| axis.len == 0) {
            return Some(1);
        }
        for axis in axes.filter(|axis| axis.len != 1) {
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
    /// The shape that operands of these shapes are broadcast to, as those of NumPy are: they are aligned at the last axis, and an axis that
    /// has length 1 or is missing is repeated.
    ///
    /// That is the shape of the output of every operation that is no gradient, and the shape of the upstream gradient of those that are.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if they do not go together, [`Error::Rank`] if a view cannot have so many axes,
    /// [`Error::TooManyVectors`] if the product of the lengths is more than `usize::MAX`.
    ///
    /// # Examples
    /// ```
    /// use crosslane::Shape;
    ///
    /// assert_eq!(Shape::broadcast([[7, 1].as_slice(), &[5]])?, [7, 5]);
    /// assert!(Shape::broadcast([[7, 4].as_slice(), &[5]]).is_err());
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn broadcast<'s>(shapes: impl IntoIterator<Item = &'s [usize]>) -> Result<Self, Error> {
        let mut all = Self::of(&[]);
        for shape in shapes {
            all = all.broadcast_with(shape)?;
        }
        product(&all, &[0; MOST_AXES][..all.len()])?;
        Ok(all)
    }

    fn broadcast_with(&self, shape: &[usize]) -> Result<Self, Error> {
        let (longer, shorter) = if shape.len() > self.len() {
            (shape, &**self)
        } else {
            (&**self, shape)
        };
        if longer.len() > MOST_AXES {
            return Err(Error::Rank {
                got: longer.len(),
                most: MOST_AXES,
            });
        }
        let mut both = Self::of(longer);
        let (rank, first) = (longer.len(), longer.len() - shorter.len());
        for (k, (len, &other)) in both.lens[first..rank].iter_mut().zip(shorter).enumerate() {
            if *len == 1 {
                *len = other;
            } else if other != 1 && other != *len {
                return Err(Error::ShapeMismatch {
                    what: "an operand",
                    axis: shorter.len() - k,
                    expected: self[self.len() + k - shorter.len()],
                    got: shape[shape.len() + k - shorter.len()],
                });
            }
        }
        Ok(both)
    }

    fn of(lens: &[usize]) -> Self {
        let mut all = [1; MOST_AXES];
        all[..lens.len()].copy_from_slice(lens);
        Self {
            rank: lens.len() as u8,
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
