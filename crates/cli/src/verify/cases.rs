//! Hard cases as vectors, each with what is right for it.

use std::ops::Range;

use crosslane::{Accuracy, reference};
use crosslane_cases::{Class, Float, Numbered, error_in_ulps, nearest, numbered};
use crosslane_npy::Component;
use rayon::prelude::*;

/// Vectors of which one component is the case, and the results that they should have.
#[derive(Clone, Debug)]
pub(super) struct Case<T> {
    pub(super) index: u64,
    pub(super) class: Class,
    /// The numbers of a·b − c·d.
    pub(super) quadruple: [T; 4],
    /// Where in the product that difference is.
    pub(super) component: usize,
    pub(super) a: [T; 3],
    pub(super) b: [T; 3],
    /// The product by the library's definition, correctly rounded.
    pub(super) definition: [T; 3],
    /// The case's component as the judge has it, which shares no code with the library.
    pub(super) nearest: T,
    /// The case's component, plain.
    pub(super) plain: T,
    /// The errors in ulp of the plain component and of the correctly rounded one.
    pub(super) errors: [f64; 2],
}

/// The cases of a range, in order, made on all threads of the pool that this is called in.
pub(super) fn cases<T: Component + Float>(range: Range<u64>) -> Vec<Case<T>> {
    let len = (range.end - range.start) as usize;
    let made = (0..len).into_par_iter();
    made.map(|i| Case::new(range.start + i as u64)).collect()
}

/// The same on the caller's own thread; rayon is not touched.
pub(super) fn serial<T: Component + Float>(range: Range<u64>) -> Vec<Case<T>> {
    range.map(Case::new).collect()
}

impl<T: Component + Float> Case<T> {
    fn new(index: u64) -> Self {
        let Numbered {
            class,
            quadruple,
            component,
            a,
            b,
        } = numbered(index);
        let definition = reference::cross(a, b, Accuracy::CorrectlyRounded);
        let plain = reference::cross(a, b, Accuracy::Plain)[component];
        let of_definition = error_in_ulps(quadruple, definition[component]);
        let of_plain = if same(plain, definition[component]) {
            of_definition
        } else {
            error_in_ulps(quadruple, plain)
        };
        Self {
            index,
            class,
            quadruple,
            component,
            a,
            b,
            definition,
            nearest: nearest(quadruple),
            plain,
            errors: [of_plain, of_definition],
        }
    }

    /// Whether plain arithmetic gives the nearest number, or any NaN where NaN is right.
    pub(super) fn plain_is_nearest(&self) -> bool {
        same(self.plain, self.nearest) || (is_nan(self.plain) && is_nan(self.nearest))
    }

    /// The numbers of the difference that is this component: `[a, b, c, d]` of a·b − c·d.
    pub(super) fn operands(&self, component: usize) -> [T; 4] {
        let (i, j) = ((component + 1) % 3, (component + 2) % 3);
        [self.a[i], self.b[j], self.a[j], self.b[i]]
    }
}

fn is_nan<T: Float>(x: T) -> bool {
    x.to_bits64() & !T::SIGN > T::INFINITY
}

/// Whether the bits are the same.
pub(super) fn same<T: Float>(x: T, y: T) -> bool {
    x.to_bits64() == y.to_bits64()
}

/// The bits of numbers, as many digits as the type has.
pub(super) fn hex<T: Float>(numbers: &[T]) -> String {
    let digits = 2 + 2 * size_of::<T>();
    let one = |x: &T| format!("{:#0digits$x}", x.to_bits64());
    numbers.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_meets_every_component_and_its_numbers_are_there() {
        let cases = cases::<f64>(0..360);
        for class in Class::ALL {
            for component in 0..3 {
                let met = |case: &&Case<f64>| case.class == class && case.component == component;
                assert_eq!(cases.iter().filter(met).count(), 10, "{class} {component}");
            }
        }
        for case in &cases {
            let operands = case.operands(case.component);
            assert_eq!(hex(&operands), hex(&case.quadruple), "case {}", case.index);
        }
    }

    #[test]
    fn a_block_is_a_part_of_the_whole() {
        let whole = cases::<f32>(0..100);
        for (case, expected) in cases::<f32>(37..59).iter().zip(&whole[37..]) {
            assert_eq!(format!("{case:?}"), format!("{expected:?}"));
        }
    }

    #[test]
    fn hex_has_the_digits_of_the_type() {
        assert_eq!(hex(&[1.0_f32, 0.0]), "0x3f800000 0x00000000");
        assert_eq!(hex(&[-0.0_f64]), "0x8000000000000000");
    }
}
