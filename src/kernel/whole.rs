//! Cross products one at a time, whatever the level: of integers, which wrap and have no lanes, and of the few vectors that are done before
//! lanes would have been chosen.

use super::Batch;
use crate::Element;
use crate::unrolled::for_each;
use crate::view::{Flat, FlatMut};

/// The products of vectors that lie in any way. What the compiler makes of it is 5 to 10 times as fast as NumPy for integers.
pub(crate) fn multiply_each<T: Element>(a: &Flat<'_, T>, b: &Flat<'_, T>, out: &FlatMut<'_, T>) {
    debug_assert!(
        a.len() == out.len() && b.len() == out.len(),
        "lengths are checked before"
    );
    let (mut from, strides) = ([a.components(), b.components()], [a.stride(), b.stride()]);
    let mut to = out.components();
    for _ in 0..out.len() {
        let mut vectors = [[T::default(); 3]; 2];
        for_each! { k of 2 {
            for_each! { j of 3 {
                // SAFETY: the views are as long as the output, and say that their vectors are valid for reads.
                vectors[k][j] = unsafe { from[k][j].read() };
                from[k][j] = from[k][j].wrapping_offset(strides[k]);
            }}
        }}
        let [[ax, ay, az], [bx, by, bz]] = vectors;
        let product = [
            T::difference_of_products(ay, bz, az, by),
            T::difference_of_products(az, bx, ax, bz),
            T::difference_of_products(ax, by, ay, bx),
        ];
        for_each! { j of 3 {
            // SAFETY: as above, for writes.
            unsafe { to[j].write(product[j]) };
            to[j] = to[j].wrapping_offset(out.stride());
        }}
    }
}

/// The same for every row of a batch.
pub(crate) fn multiply_rows<T: Element>(batch: &Batch<'_, T, 2, 1>) {
    let Batch {
        inputs: [a, b],
        outputs: [out],
        rows,
        row,
        ..
    } = batch;
    for i in 0..*rows as isize {
        let by = |k: usize| i.wrapping_mul(row.strides[k]);
        // SAFETY: these are vectors of the operands.
        let a = unsafe { a.part(by(0), a.stride(), a.len()) };
        // SAFETY: as above.
        let b = unsafe { b.part(by(1), b.stride(), b.len()) };
        // SAFETY: as above, and no two rows have one in common.
        let out = unsafe { out.part(by(2), out.stride(), out.len()) };
        multiply_each(&a, &b, &out);
    }
}
