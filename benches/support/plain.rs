//! The loops that people write themselves, one for each layout.
//!
//! Separate because two benches compare with them. The compiler vectorises the one over columns, and does with the
//! others what it can; which instructions it has is settled by the flags that it is called with.

use std::hint::black_box;

use crosslane::{Element, Soa};

use super::{Layout, Operands};

/// The loop that people write over a layout.
pub(crate) trait Plain: Layout {
    /// What it is called in reports.
    const LOOP: &'static str;
    fn plain(a: &Self, b: &Self, out: &mut Self);
}

impl<T: Element> Plain for Soa<T> {
    const LOOP: &'static str = "plain loop over columns (autovectorised)";

    fn plain(a: &Self, b: &Self, out: &mut Self) {
        let [x, y, z] = out.columns_mut();
        plain_columns(a.x(), a.y(), a.z(), b.x(), b.y(), b.z(), x, y, z);
    }
}

impl<T: Element> Plain for Vec<[T; 3]> {
    const LOOP: &'static str = "plain loop over rows";

    fn plain(a: &Self, b: &Self, out: &mut Self) {
        plain_rows(a, b, out);
    }
}

impl<T: Element> Plain for Vec<[T; 4]> {
    const LOOP: &'static str = "plain loop over padded rows";

    fn plain(a: &Self, b: &Self, out: &mut Self) {
        plain_rows(a, b, out);
    }
}

/// The loop over columns, autovectorised by the compiler: slices as arguments, so that it knows that they
/// do not overlap, all cut to one length, so that it needs no bounds checks.
#[inline(never)]
#[expect(
    clippy::too_many_arguments,
    reason = "this is what gives the compiler the most to work with"
)]
fn plain_columns<T: Element>(
    ax: &[T],
    ay: &[T],
    az: &[T],
    bx: &[T],
    by: &[T],
    bz: &[T],
    x: &mut [T],
    y: &mut [T],
    z: &mut [T],
) {
    let n = x.len();
    let (ax, ay, az, bx, by, bz) = (&ax[..n], &ay[..n], &az[..n], &bx[..n], &by[..n], &bz[..n]);
    let (y, z) = (&mut y[..n], &mut z[..n]);
    for i in 0..n {
        x[i] = ay[i] * bz[i] - az[i] * by[i];
        y[i] = az[i] * bx[i] - ax[i] * bz[i];
        z[i] = ax[i] * by[i] - ay[i] * bx[i];
    }
}

/// The loop over rows of three or four, as the compiler likes it; a fourth element stays as it is.
#[inline(never)]
fn plain_rows<T: Element, const W: usize>(a: &[[T; W]], b: &[[T; W]], out: &mut [[T; W]]) {
    for ((a, b), c) in a.iter().zip(b).zip(out) {
        let x = a[1] * b[2] - a[2] * b[1];
        let y = a[2] * b[0] - a[0] * b[2];
        let z = a[0] * b[1] - a[1] * b[0];
        [c[0], c[1], c[2]] = [x, y, z];
    }
}

impl<L: Plain> Operands<L> {
    /// What is timed, as [`Operands::run`].
    pub(crate) fn run_plain(&mut self) {
        L::plain(
            black_box(&self.a),
            black_box(&self.b),
            black_box(&mut self.out),
        );
    }
}
