//! What is checked where a view is made: lengths, bounds, overlap, and the types of other crates.

use bytemuck::{Pod, PodCastError};

use crate::Error;

pub(super) fn check_columns(x: usize, y: usize, z: usize) -> Result<(), Error> {
    check_len("column y", x, y)?;
    check_len("column z", x, z)
}

/// `Err` unless `what` has the length that came before it.
#[inline]
pub(crate) fn check_len(what: &'static str, expected: usize, got: usize) -> Result<(), Error> {
    #[cold]
    fn mismatch(what: &'static str, expected: usize, got: usize) -> Error {
        Error::LengthMismatch {
            what,
            expected,
            got,
        }
    }
    if expected == got {
        Ok(())
    } else {
        Err(mismatch(what, expected, got))
    }
}

/// Every index of the view is an index of the data. Indices are linear in k and i, so the corners tell.
pub(super) fn check_bounds(
    data_len: usize,
    first: usize,
    component_stride: isize,
    vector_stride: isize,
    len: usize,
) -> Result<(), Error> {
    let Some(last) = len.checked_sub(1) else {
        return Ok(());
    };
    for vector in [0, last] {
        for component in 0..3 {
            // i128 holds any product of a stride and a length; saturating covers the last bit of the sum.
            let index = (first as i128)
                .saturating_add(component as i128 * component_stride as i128)
                .saturating_add(vector as i128 * vector_stride as i128);
            if index < 0 || index >= data_len as i128 {
                return Err(Error::OutOfBounds {
                    vector,
                    component,
                    len: data_len,
                });
            }
        }
    }
    Ok(())
}

/// No two (vector, component) of a view are the same element: d·component_stride = j·vector_stride
/// has no solution with |d| ≤ 2, |j| < len but d = j = 0.
pub(super) fn check_overlap(
    component_stride: isize,
    vector_stride: isize,
    len: usize,
) -> Result<(), Error> {
    let overlap = |first, second| Err(Error::Overlap { first, second });
    if len > 1 && vector_stride == 0 {
        return overlap((0, 0), (1, 0));
    }
    if len > 0 && component_stride == 0 {
        return overlap((0, 0), (0, 1));
    }
    if len > 1 {
        for d in [1, 2] {
            let (distance, step) = (d as i128 * component_stride as i128, vector_stride as i128);
            let j = distance / step;
            if distance % step == 0 && j.unsigned_abs() < len as u128 {
                // Component d of vector i is component 0 of vector i + j.
                let (from, to) = if j > 0 {
                    (0, j as usize)
                } else {
                    (j.unsigned_abs() as usize, 0)
                };
                return overlap((from, d), (to, 0));
            }
        }
    }
    Ok(())
}

/// The elements of a slice of another crate's vectors, and how many each vector has.
pub(super) fn elements<V: Pod, T: Pod>(v: &[V]) -> Result<(&[T], isize), Error> {
    let width = width_of::<V, T>()?;
    // Where there are none, nothing needs to be aligned.
    let elements = if v.is_empty() {
        Ok(&[][..])
    } else {
        bytemuck::try_cast_slice(v)
    };
    Ok((elements.map_err(misaligned::<T>)?, width))
}

/// As [`elements`], to be written.
pub(super) fn elements_mut<V: Pod, T: Pod>(v: &mut [V]) -> Result<(&mut [T], isize), Error> {
    let width = width_of::<V, T>()?;
    let elements = if v.is_empty() {
        Ok(&mut [][..])
    } else {
        bytemuck::try_cast_slice_mut(v)
    };
    Ok((elements.map_err(misaligned::<T>)?, width))
}

/// How many `T` a `V` is: 3 or 4.
fn width_of<V, T>() -> Result<isize, Error> {
    let (element, got) = (size_of::<T>(), size_of::<V>());
    let width = [3, 4].into_iter().find(|width| width * element == got);
    width
        .map(|width| width as isize)
        .ok_or(Error::NotThreeOrFourElements { element, got })
}

/// Sizes were checked before, so that only the alignment can be wrong.
#[cold]
fn misaligned<T>(_: PodCastError) -> Error {
    Error::Misaligned {
        expected: align_of::<T>(),
    }
}
