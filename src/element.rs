//! What a component of a vector can be. Separate because views, kernels and the reference all speak of
//! it; it knows which lanes carry an element, and nothing of layouts or algorithms.

use core::fmt::Debug;
use core::ops::{Add, Mul, Sub};

use bytemuck::Pod;

/// The type of a component: `f32` or `f64`, with the feature `half` also `half::f16` and `half::bf16`, and the integers of 8 to 64 bits.
/// Sealed: the kernels are compiled for these types.
///
/// Of integers there are cross products alone. They wrap, as those of NumPy do, whatever the accuracy.
pub trait Element:
    Pod
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Mul<Output = Self>
    + Sub<Output = Self>
    + sealed::Compiled
{
}

impl Element for f32 {}
impl Element for f64 {}
impl Float for f32 {}
impl Float for f64 {}
#[cfg(feature = "half")]
impl Element for half::f16 {}
#[cfg(feature = "half")]
impl Element for half::bf16 {}
#[cfg(feature = "half")]
impl Float for half::f16 {}
#[cfg(feature = "half")]
impl Float for half::bf16 {}

/// An element that there are lanes of: everything but integers.
pub trait Float: Element + sealed::Laned {}

/// Calls a macro with the integers.
macro_rules! integers {
    ($call:ident) => {
        $call! { i8, i16, i32, i64, u8, u16, u32, u64 }
    };
}
pub(crate) use integers;

/// An element that the processor computes with: `f32` or `f64`. What is derived from a cross product (gradients, lengths, angles,
/// meshes) is for these. Sealed, as [`Element`] is.
pub trait Real: Float + sealed::Computed {}

impl Real for f32 {}
impl Real for f64 {}

/// Code that exists once per type of real numbers, as [`PerElement`].
pub trait PerReal {
    /// What the code works on.
    type Input<'a, T: Real>;
    /// The instance for `f32`; must not be generic.
    fn f32(input: Self::Input<'_, f32>);
    /// The instance for `f64`; must not be generic.
    fn f64(input: Self::Input<'_, f64>);
}

/// Code that exists once per element type, in this crate: a generic function would be compiled again in
/// every crate that calls it, and without optimisation where that crate has none.
pub trait PerElement {
    /// What the code works on.
    type Input<'a, T: Element>;
    /// The instance for `f32`; must not be generic.
    fn f32(input: Self::Input<'_, f32>);
    /// The instance for `f64`; must not be generic.
    fn f64(input: Self::Input<'_, f64>);
    /// The instance for `f16`; must not be generic.
    #[cfg(feature = "half")]
    fn f16(input: Self::Input<'_, half::f16>);
    /// The instance for `bf16`; must not be generic.
    #[cfg(feature = "half")]
    fn bf16(input: Self::Input<'_, half::bf16>);
    /// The instance for `i8`; must not be generic.
    fn i8(input: Self::Input<'_, i8>);
    /// The instance for `i16`; must not be generic.
    fn i16(input: Self::Input<'_, i16>);
    /// The instance for `i32`; must not be generic.
    fn i32(input: Self::Input<'_, i32>);
    /// The instance for `i64`; must not be generic.
    fn i64(input: Self::Input<'_, i64>);
    /// The instance for `u8`; must not be generic.
    fn u8(input: Self::Input<'_, u8>);
    /// The instance for `u16`; must not be generic.
    fn u16(input: Self::Input<'_, u16>);
    /// The instance for `u32`; must not be generic.
    fn u32(input: Self::Input<'_, u32>);
    /// The instance for `u64`; must not be generic.
    fn u64(input: Self::Input<'_, u64>);
}

mod sealed {
    use super::{Element, PerElement, PerReal, Real};
    use crate::exact::{self, Format};
    use crate::formula::{Corners, Double, FaceFormula, Floats, Formula, Plain, Single};
    use crate::simd::{Rows, Simd};

    pub trait Laned: Format {
        /// The lanes that carry this element at level `S`.
        type Lanes<S: Simd>: Rows<Element = Self, Simd = S>;
    }

    pub trait Compiled: Sized {
        /// So many vectors are done before lanes would have been chosen, as long as nothing is rounded once.
        const FEW: usize = 0;

        /// Whether it is a [`Real`].
        const IS_REAL: bool = false;

        /// Runs the instance of `P` for this type.
        fn select<P: PerElement>(input: P::Input<'_, Self>)
        where
            Self: Element;

        /// What a difference of products costs: the bytes that could be moved from memory meanwhile.
        const DIFFERENCE_COST: usize;

        /// The same of one that is rounded once, at each level, lowest first. (`cargo bench --bench rounding` measures it.)
        const ROUNDED_COST: [usize; 3] = [Self::DIFFERENCE_COST; 3];

        /// a·b − c·d as [`Accuracy::Plain`](crate::Accuracy::Plain) has it for this type.
        fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self;

        /// Whether that is rounded once already.
        const ALWAYS_ROUNDED_ONCE: bool = false;

        /// a·b − c·d as [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) has it.
        fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self;
    }

    pub trait Computed: Floats {
        /// Runs the instance of `P` for this type.
        fn select_real<P: PerReal>(input: P::Input<'_, Self>)
        where
            Self: Real;

        /// A formula evaluated with [`Accuracy::Plain`](crate::Accuracy::Plain), for one vector.
        fn plainly<F, const I: usize, const O: usize>(
            formula: F,
            inputs: [[Self; 3]; I],
        ) -> [[Self; 3]; O]
        where
            F: Formula<I, O>,
        {
            each(formula.of(each(inputs, Plain)), plain_number)
        }

        /// A formula of faces evaluated with [`Accuracy::Plain`](crate::Accuracy::Plain), for one face.
        fn plainly_of_face<F: FaceFormula>(formula: F, corners: &[[Self; 3]]) -> [Self; 3] {
            formula.of_face(corners.map(Plain)).map(plain_number)
        }

        /// The same with [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded).
        fn accurately_of_face<F: FaceFormula>(formula: F, corners: &[[Self; 3]]) -> [Self; 3];

        /// The bits of the magnitude, which are in the order of magnitudes.
        fn magnitude(self) -> u64;

        /// The magnitude of infinity; those of NaN are greater.
        const INFINITE: u64;

        /// The exponent of a magnitude that is finite; that of subnormal numbers is one less than that of the least normal one.
        fn exponent_of(magnitude: u64) -> i32;

        /// The exponent that the greatest coordinate of a mesh gets before areas are added to its vertices. A product of two edges is
        /// then below 2^84 (`f32`) or 2^964 (`f64`), so that 2^40 of them can be added, and what is 2^-200 or 2^-1980 of that is normal.
        const EXPONENT_OF_MESHES: i32;

        /// The exponent that upstream gradients of normals get, in a mesh with a greatest coordinate as above: gradients of areas, which
        /// are smaller than those by the square of that coordinate, are then numbers of the type.
        const EXPONENT_OF_GRADIENTS: i32;

        /// A formula evaluated with [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded), for one vector.
        fn accurately<F, const I: usize, const O: usize>(
            formula: F,
            inputs: [[Self; 3]; I],
        ) -> [[Self; 3]; O]
        where
            F: Formula<I, O>;
    }

    /// Every component, as another kind of number. (By functions, not closures: each formula would have closures of its own to compile.)
    #[inline]
    fn each<X: Copy, Y, const N: usize>(vectors: [[X; 3]; N], number: fn(X) -> Y) -> [[Y; 3]; N] {
        vectors.map(|[x, y, z]| [number(x), number(y), number(z)])
    }

    #[inline(always)]
    fn plain_number<T>(Plain(x): Plain<T>) -> T {
        x
    }

    #[inline(always)]
    fn single(x: f32) -> Single<f64> {
        Single(x.into())
    }

    #[inline(always)]
    fn rounded_single(Single(x): Single<f64>) -> f32 {
        exact::canonical(x as f32)
    }

    #[inline(always)]
    fn rounded_double(Double(x): Double<f64>) -> f64 {
        exact::canonical(x)
    }

    impl Computed for f32 {
        fn select_real<P: PerReal>(input: P::Input<'_, Self>) {
            P::f32(input);
        }

        fn accurately<F: Formula<I, O>, const I: usize, const O: usize>(
            formula: F,
            inputs: [[Self; 3]; I],
        ) -> [[Self; 3]; O] {
            each(formula.of(each(inputs, single)), rounded_single)
        }

        fn accurately_of_face<F: FaceFormula>(formula: F, corners: &[[Self; 3]]) -> [Self; 3] {
            formula.of_face(corners.map(single)).map(rounded_single)
        }

        #[inline]
        fn magnitude(self) -> u64 {
            self.abs().to_bits().into()
        }

        const INFINITE: u64 = Self::INFINITY.to_bits() as u64;

        fn exponent_of(magnitude: u64) -> i32 {
            (magnitude >> 23) as i32 - 127
        }

        const EXPONENT_OF_MESHES: i32 = 40;
        const EXPONENT_OF_GRADIENTS: i32 = 20;
    }

    impl Computed for f64 {
        fn select_real<P: PerReal>(input: P::Input<'_, Self>) {
            P::f64(input);
        }

        fn accurately<F: Formula<I, O>, const I: usize, const O: usize>(
            formula: F,
            inputs: [[Self; 3]; I],
        ) -> [[Self; 3]; O] {
            each(formula.of(each(inputs, Double)), rounded_double)
        }

        fn accurately_of_face<F: FaceFormula>(formula: F, corners: &[[Self; 3]]) -> [Self; 3] {
            formula.of_face(corners.map(Double)).map(rounded_double)
        }

        #[inline]
        fn magnitude(self) -> u64 {
            self.abs().to_bits()
        }

        const INFINITE: u64 = Self::INFINITY.to_bits();

        fn exponent_of(magnitude: u64) -> i32 {
            (magnitude >> 52) as i32 - 1023
        }

        const EXPONENT_OF_MESHES: i32 = 480;
        const EXPONENT_OF_GRADIENTS: i32 = 480;
    }

    impl Laned for f32 {
        type Lanes<S: Simd> = S::F32;
    }

    impl Compiled for f32 {
        const IS_REAL: bool = true;
        const FEW: usize = 8;
        const DIFFERENCE_COST: usize = 3;
        const ROUNDED_COST: [usize; 3] = [40, 19, 9];

        fn select<P: PerElement>(input: P::Input<'_, Self>) {
            P::f32(input);
        }

        fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            a * b - c * d
        }

        fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            exact::difference_of_products(a, b, c, d)
        }
    }

    impl Laned for f64 {
        type Lanes<S: Simd> = S::F64;
    }

    impl Compiled for f64 {
        const IS_REAL: bool = true;
        const FEW: usize = 8;
        const DIFFERENCE_COST: usize = 6;
        const ROUNDED_COST: [usize; 3] = [150, 51, 26];

        fn select<P: PerElement>(input: P::Input<'_, Self>) {
            P::f64(input);
        }

        fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            a * b - c * d
        }

        fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            exact::difference_of_products(a, b, c, d)
        }
    }

    #[cfg(feature = "half")]
    impl Laned for half::f16 {
        type Lanes<S: Simd> = S::F16;
    }

    #[cfg(feature = "half")]
    impl Compiled for half::f16 {
        const DIFFERENCE_COST: usize = 12;
        const ALWAYS_ROUNDED_ONCE: bool = true;

        fn select<P: PerElement>(input: P::Input<'_, Self>) {
            P::f16(input);
        }

        fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            exact::difference_of_products(a, b, c, d)
        }

        fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            exact::difference_of_products(a, b, c, d)
        }
    }

    #[cfg(feature = "half")]
    impl Laned for half::bf16 {
        type Lanes<S: Simd> = S::Bf16;
    }

    #[cfg(feature = "half")]
    impl Compiled for half::bf16 {
        const DIFFERENCE_COST: usize = 12;
        const ALWAYS_ROUNDED_ONCE: bool = true;

        fn select<P: PerElement>(input: P::Input<'_, Self>) {
            P::bf16(input);
        }

        fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            exact::difference_of_products(a, b, c, d)
        }

        fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
            exact::difference_of_products(a, b, c, d)
        }
    }

    macro_rules! compiled {
        ($($integer:ident),+) => {
            $(impl Compiled for $integer {
                const DIFFERENCE_COST: usize = 6;

                fn select<P: PerElement>(input: P::Input<'_, Self>) {
                    P::$integer(input);
                }

                #[inline]
                fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
                    a.wrapping_mul(b).wrapping_sub(c.wrapping_mul(d))
                }

                #[inline]
                fn rounded_difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
                    Self::difference_of_products(a, b, c, d)
                }
            }

            impl Element for $integer {})+
        };
    }
    super::integers! { compiled }
}
