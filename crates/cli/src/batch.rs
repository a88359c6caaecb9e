//! Generated batches in every layout: for the check and the table that `crosslane` shows without a command,
//! for `crosslane bench` and for `crosslane verify`.

use core::fmt;

use anyhow::Result;
use crosslane::{Element, Real, Scalars, ScalarsMut, Vectors, VectorsMut};
use fastrand::Rng;

/// Vectors in a row of [`Layout::Rank2`].
const ROW: usize = 64;
/// Vectors in a block of [`Layout::Blocks`].
const BLOCK: usize = 8;
/// Bytes of a cache line, at which rows and blocks begin.
const LINE: usize = 64;

/// How vectors lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Soa,
    Aos,
    Padded,
    Broadcast,
    Strided,
    Reversed,
    /// Features (N, 3, 64) of networks: N rows of 64 vectors, a view of two axes.
    Rank2,
    /// Blocks of 8 vectors, as `ultraviolet::Vec3x8` is: a view of one axis.
    Blocks,
}

impl Layout {
    pub(crate) const ALL: [Self; 8] = [
        Self::Soa,
        Self::Aos,
        Self::Padded,
        Self::Broadcast,
        Self::Strided,
        Self::Reversed,
        Self::Rank2,
        Self::Blocks,
    ];

    /// The vectors of a row or of a block: every batch is a multiple of so many.
    pub(crate) fn unit(self) -> usize {
        match self {
            Self::Rank2 => ROW,
            Self::Blocks => BLOCK,
            _ => 1,
        }
    }

    /// The length of a batch that has at least `len` vectors.
    pub(crate) fn whole(self, len: usize) -> usize {
        len.next_multiple_of(self.unit())
    }

    /// First element, component stride and vector stride of `len` vectors, one or more; of rows and blocks those of the
    /// first one.
    fn geometry(self, len: usize) -> (usize, isize, isize) {
        match self {
            Self::Soa => (0, len as isize, 1),
            Self::Aos => (0, 1, 3),
            Self::Padded => (0, 1, 4),
            Self::Broadcast => (0, 1, 0),
            Self::Strided => (0, 1, 5),
            Self::Reversed => (3 * (len - 1), 1, -3),
            Self::Rank2 | Self::Blocks => (0, self.unit() as isize, 1),
        }
    }

    /// Where vector `i` of `len` begins.
    fn place(self, len: usize, i: usize) -> usize {
        match self {
            Self::Rank2 | Self::Blocks => {
                let unit = self.unit();
                i / unit * self.elements(unit) + i % unit
            }
            _ => {
                let (first, _, vector) = self.geometry(len);
                first.wrapping_add_signed(i as isize * vector)
            }
        }
    }

    /// Elements of memory for `len` vectors, a multiple of the unit.
    pub(crate) fn elements(self, len: usize) -> usize {
        match self {
            Self::Soa | Self::Aos | Self::Reversed | Self::Rank2 | Self::Blocks => 3 * len,
            Self::Padded => 4 * len,
            Self::Broadcast => 3,
            Self::Strided => 5 * len,
        }
    }

    /// Numbers, one for each vector of a batch, in the shape that the batch has.
    pub(crate) fn numbers<T: Element>(self, numbers: &[T]) -> Result<Scalars<'_, T>> {
        Ok(match self {
            Self::Rank2 => Scalars::nd(numbers, 0, &rows(numbers.len()), &[ROW as isize, 1])?,
            _ => Scalars::new(numbers),
        })
    }

    /// The same, to be written.
    pub(crate) fn numbers_mut<T: Element>(self, numbers: &mut [T]) -> Result<ScalarsMut<'_, T>> {
        Ok(match self {
            Self::Rank2 => {
                let shape = rows(numbers.len());
                ScalarsMut::nd(numbers, 0, &shape, &[ROW as isize, 1])?
            }
            _ => ScalarsMut::new(numbers),
        })
    }
}

/// The shape of so many vectors in rows.
fn rows(len: usize) -> [usize; 2] {
    [len / ROW, ROW]
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Soa => "soa",
            Self::Aos => "aos",
            Self::Padded => "padded",
            Self::Broadcast => "broadcast",
            Self::Strided => "strided",
            Self::Reversed => "reversed",
            Self::Rank2 => "rank2",
            Self::Blocks => "blocks",
        })
    }
}

/// One or more vectors in memory of their own.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    layout: Layout,
    len: usize,
    elements: Vec<T>,
    /// Where among the elements the memory of the layout begins.
    start: usize,
}

impl<T: Element> Batch<T> {
    /// `len` vectors, or as many as are whole rows or blocks, whose elements come from `element`.
    pub(crate) fn new(layout: Layout, len: usize, element: impl FnMut() -> T) -> Result<Self> {
        let len = layout.whole(len);
        let line = match layout {
            // As memory of torch and types of whole registers do.
            Layout::Rank2 | Layout::Blocks => LINE,
            _ => 1,
        };
        let size = layout.elements(len) + line / size_of::<T>();
        let mut elements = Vec::new();
        elements.try_reserve_exact(size)?;
        elements.resize_with(size, element);
        let start = elements.as_ptr().align_offset(line.max(align_of::<T>()));
        Ok(Self {
            layout,
            len,
            elements,
            start,
        })
    }

    /// These vectors, one or more; what is missing to a whole row or block is zero.
    pub(crate) fn of(
        layout: Layout,
        vectors: impl ExactSizeIterator<Item = [T; 3]>,
    ) -> Result<Self> {
        let mut batch = Self::new(layout, vectors.len(), T::default)?;
        let (_, component, _) = layout.geometry(batch.len);
        for (i, components) in vectors.enumerate() {
            let at = batch.start + layout.place(batch.len, i);
            for (k, x) in components.into_iter().enumerate() {
                batch.elements[at + k * component as usize] = x;
            }
        }
        Ok(batch)
    }

    /// Makes every element this one, gaps too.
    pub(crate) fn fill(&mut self, element: T) {
        self.elements.fill(element);
    }

    pub(crate) fn view(&self) -> Result<Vectors<'_, T>> {
        let (first, component, vector) = self.layout.geometry(self.len);
        let data = &self.elements[self.start..];
        Ok(match self.layout {
            Layout::Rank2 => {
                let strides = [3 * ROW as isize, vector];
                Vectors::nd(data, first, component, &rows(self.len), &strides)?
            }
            Layout::Blocks => {
                let (lanes, _) = data[..3 * self.len].as_chunks::<BLOCK>();
                Vectors::blocks(lanes.as_chunks().0)
            }
            _ => Vectors::strided(data, first, component, vector, self.len)?,
        })
    }

    pub(crate) fn view_mut(&mut self) -> Result<VectorsMut<'_, T>> {
        let (first, component, vector) = self.layout.geometry(self.len);
        let data = &mut self.elements[self.start..];
        Ok(match self.layout {
            Layout::Rank2 => {
                let strides = [3 * ROW as isize, vector];
                VectorsMut::nd(data, first, component, &rows(self.len), &strides)?
            }
            Layout::Blocks => {
                let (lanes, _) = data[..3 * self.len].as_chunks_mut::<BLOCK>();
                VectorsMut::blocks(lanes.as_chunks_mut().0)
            }
            _ => VectorsMut::strided(data, first, component, vector, self.len)?,
        })
    }
}

/// What the generator needs to know of a component.
pub(crate) trait Sample: Real + From<f32> {
    const NAME: &'static str;
    /// Values at which arithmetic changes its behaviour.
    const SPECIAL: &'static [Self];
    /// A value with these bits, or with as many of them as it has.
    fn from_random(bits: u64) -> Self;
    /// From -1 to 1, with as many random bits as it holds: products of these have to be rounded.
    fn full(random: &mut Rng) -> Self;
}

macro_rules! sample {
    ($t:ident, $bits:ident, $huge:expr) => {
        impl Sample for $t {
            const NAME: &'static str = stringify!($t);
            const SPECIAL: &'static [Self] = &[
                0.0,
                -0.0,
                1.0,
                1.0 + $t::EPSILON,
                $t::from_bits(1),
                -$t::from_bits(1),
                $t::MIN_POSITIVE,
                $t::MIN_POSITIVE - $t::from_bits(1),
                $huge,
                -1.0 / $huge,
                $t::MAX,
                $t::MIN,
                $t::INFINITY,
                $t::NEG_INFINITY,
                $t::NAN,
            ];

            fn from_random(bits: u64) -> Self {
                $t::from_bits(bits as $bits)
            }

            fn full(random: &mut Rng) -> Self {
                2.0 * random.$t() - 1.0
            }
        }
    };
}
sample!(f32, u32, 1e30);
sample!(f64, u64, 1e200);

/// A number near one.
pub(crate) fn ordinary<T: Sample>(random: &mut Rng) -> T {
    T::from(2.0 * random.f32() - 1.0)
}

/// Ordinary numbers, values at which arithmetic changes its behaviour, and any bits at all.
pub(crate) fn any<T: Sample>(random: &mut Rng) -> T {
    match random.u8(..8) {
        0 => random.choice(T::SPECIAL).copied().unwrap_or_default(),
        1 => T::from_random(random.u64(..)),
        _ => ordinary(random),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_where_the_view_of_their_layout_has_them() {
        for layout in Layout::ALL.into_iter().filter(|l| *l != Layout::Broadcast) {
            for len in [1, 7, 8, 9, 63, 64, 65, 200] {
                let vector = |i: usize| [1, 2, 3].map(|k| (10 * i + k) as f64);
                let batch = Batch::of(layout, (0..len).map(vector)).expect("memory");
                let view = batch.view().expect("a view");
                assert_eq!(view.len(), layout.whole(len), "{layout}, {len}");
                for i in 0..view.len() {
                    let expected = if i < len { vector(i) } else { [0.0; 3] };
                    assert_eq!(view.get(i), Some(expected), "{layout}, {len}, vector {i}");
                }
            }
        }
    }

    #[test]
    fn rows_are_a_view_of_two_axes_and_blocks_of_one() {
        let mut rows = Batch::<f32>::new(Layout::Rank2, 65, || 1.0).expect("memory");
        assert_eq!(*rows.view().expect("a view").shape(), [2, 64]);
        assert_eq!(*rows.view_mut().expect("a view").shape(), [2, 64]);
        let mut numbers = [0.0; 128];
        let shape = |numbers: Scalars<'_, f64>| numbers.shape().to_vec();
        assert_eq!(
            shape(Layout::Rank2.numbers(&numbers).expect("a view")),
            [2, 64]
        );
        assert_eq!(
            shape(Layout::Blocks.numbers(&numbers).expect("a view")),
            [128]
        );
        let written = Layout::Rank2.numbers_mut(&mut numbers).expect("a view");
        assert_eq!(*written.shape(), [2, 64]);
        let mut blocks = Batch::<f32>::new(Layout::Blocks, 65, || 1.0).expect("memory");
        assert_eq!(*blocks.view().expect("a view").shape(), [72]);
        assert_eq!(*blocks.view_mut().expect("a view").shape(), [72]);
    }
}
