//! Cross products of integers, which wrap: one at a time, whatever the level. Separate because integers have no lanes: what the compiler makes
//! of this loop is 5 to 10 times as fast as NumPy, and it is small.

use super::Batch;
use crate::Element;
use crate::simd::{Baseline, Simd, Work};

/// The batch, whose operands can lie in any way.
#[derive(Debug)]
pub(crate) struct Whole<'a, T>(pub(crate) &'a Batch<'a, T, 2, 1>);

impl<T: Element> Whole<'_, T> {
    /// Multiplies.
    pub(crate) fn run(self) {
        Baseline.vectorize(self);
    }
}

impl<T: Element> Work for Whole<'_, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Batch {
            inputs: [a, b],
            outputs: [out],
            rows,
            ..
        } = self.0;
        let (mut a_row, mut b_row) = (a.components(), b.components());
        let mut out_row = out.components();
        for _ in 0..rows.count {
            for i in 0..out.len() as isize {
                let at = |p: *const T, stride: isize| p.wrapping_offset(i.wrapping_mul(stride));
                // SAFETY: the views say that their vectors are valid for reads.
                let a = a_row.map(|p| unsafe { at(p, a.stride()).read() });
                // SAFETY: as above.
                let b = b_row.map(|p| unsafe { at(p, b.stride()).read() });
                let product = [
                    T::difference_of_products(a[1], b[2], a[2], b[1]),
                    T::difference_of_products(a[2], b[0], a[0], b[2]),
                    T::difference_of_products(a[0], b[1], a[1], b[0]),
                ];
                for (x, p) in product.into_iter().zip(out_row) {
                    // SAFETY: as above, for writes.
                    unsafe { p.wrapping_offset(i.wrapping_mul(out.stride())).write(x) };
                }
            }
            a_row = a_row.map(|p| p.wrapping_offset(rows.from[0]));
            b_row = b_row.map(|p| p.wrapping_offset(rows.from[1]));
            out_row = out_row.map(|p| p.wrapping_offset(rows.to[0]));
        }
    }
}
