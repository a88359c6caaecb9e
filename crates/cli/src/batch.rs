//! Generated batches in every layout: for the check and the table that `crosslane` shows without a command,
//! for `crosslane bench` and for `crosslane verify`.

use core::fmt;

use anyhow::Result;
use crosslane::{Element, Real, Vectors, VectorsMut};
use fastrand::Rng;

/// How vectors lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Soa,
    Aos,
    Padded,
    Broadcast,
    Strided,
    Reversed,
}

impl Layout {
    pub(crate) const ALL: [Self; 6] = [
        Self::Soa,
        Self::Aos,
        Self::Padded,
        Self::Broadcast,
        Self::Strided,
        Self::Reversed,
    ];

    /// First element, component stride and vector stride of `len` vectors, one or more.
    fn geometry(self, len: usize) -> (usize, isize, isize) {
        match self {
            Self::Soa => (0, len as isize, 1),
            Self::Aos => (0, 1, 3),
            Self::Padded => (0, 1, 4),
            Self::Broadcast => (0, 1, 0),
            Self::Strided => (0, 1, 5),
            Self::Reversed => (3 * (len - 1), 1, -3),
        }
    }

    /// Elements of memory for `len` vectors.
    pub(crate) fn elements(self, len: usize) -> usize {
        match self {
            Self::Soa | Self::Aos | Self::Reversed => 3 * len,
            Self::Padded => 4 * len,
            Self::Broadcast => 3,
            Self::Strided => 5 * len,
        }
    }
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
        })
    }
}

/// One or more vectors in memory of their own.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    layout: Layout,
    len: usize,
    elements: Vec<T>,
}

impl<T: Element> Batch<T> {
    /// `len` vectors whose elements come from `element`.
    pub(crate) fn new(layout: Layout, len: usize, element: impl FnMut() -> T) -> Result<Self> {
        let mut elements = Vec::new();
        elements.try_reserve_exact(layout.elements(len))?;
        elements.resize_with(layout.elements(len), element);
        Ok(Self {
            layout,
            len,
            elements,
        })
    }

    /// These vectors, one or more.
    pub(crate) fn of(
        layout: Layout,
        vectors: impl ExactSizeIterator<Item = [T; 3]>,
    ) -> Result<Self> {
        let len = vectors.len();
        let mut batch = Self::new(layout, len, T::default)?;
        let (first, component, vector) = layout.geometry(len);
        for (i, components) in vectors.enumerate() {
            for (k, x) in components.into_iter().enumerate() {
                let at = first as isize + k as isize * component + i as isize * vector;
                batch.elements[at as usize] = x;
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
        let data = &self.elements;
        Ok(Vectors::strided(data, first, component, vector, self.len)?)
    }

    pub(crate) fn view_mut(&mut self) -> Result<VectorsMut<'_, T>> {
        let (first, component, vector) = self.layout.geometry(self.len);
        let data = &mut self.elements;
        Ok(VectorsMut::strided(
            data, first, component, vector, self.len,
        )?)
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
