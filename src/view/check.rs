//! What is checked where a view is made: lengths, bounds, overlap, and the types of other crates.

use bytemuck::{Pod, PodCastError};

use super::axes::MOST_AXES;
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

/// Every index of a view of these axes is an index of the data. `components` are how many there are, and how far apart.
pub(super) fn check_bounds_of_axes(
    data_len: usize,
    first: usize,
    components: (usize, isize),
    shape: &[usize],
    strides: &[isize],
) -> Result<(), Error> {
    if shape.contains(&0) {
        return Ok(());
    }
    // Indices are linear in all of theirs: the least and the greatest are at corners.
    for least in [true, false] {
        let farthest = |len: usize, stride: isize| match (stride < 0) == least {
            true => len - 1,
            false => 0,
        };
        let moved = |index: i128, at: usize, stride: isize| {
            index.saturating_add((at as i128).saturating_mul(stride as i128))
        };
        let component = farthest(components.0, components.1);
        let mut index = moved(first as i128, component, components.1);
        let (mut vector, mut inner) = (0, 1);
        for (len, stride) in shape.iter().zip(strides).rev() {
            let at = farthest(*len, *stride);
            index = moved(index, at, *stride);
            (vector, inner) = (vector + at * inner, inner * len);
        }
        if index < 0 || index >= data_len as i128 {
            return Err(Error::OutOfBounds {
                vector,
                component,
                len: data_len,
            });
        }
    }
    Ok(())
}

/// No two (vector, component) of a view of these axes are the same element.
pub(super) fn check_overlap_of_axes(
    components: (usize, isize),
    shape: &[usize],
    strides: &[isize],
) -> Result<(), Error> {
    if shape.contains(&0) || are_nested(components, shape, strides) {
        return Ok(());
    }
    find_overlap(components, shape, strides)
}

/// Whether each axis goes farther than all those with smaller strides together, as it does in layouts that people make.
fn are_nested(components: (usize, isize), shape: &[usize], strides: &[isize]) -> bool {
    let mut all = [(0_usize, 0_usize); MOST_AXES + 1];
    let mut count = 0;
    let axes = shape.iter().copied().zip(strides.iter().copied());
    for (len, stride) in axes.chain([components]) {
        if len > 1 {
            let mut at = count;
            while at > 0 && all[at - 1].0 > stride.unsigned_abs() {
                all[at] = all[at - 1];
                at -= 1;
            }
            all[at] = (stride.unsigned_abs(), len - 1);
            count += 1;
        }
    }
    let mut reach = 0_usize;
    all[..count].iter().all(|(stride, most)| {
        let beyond = *stride > reach;
        reach = reach.saturating_add(stride.saturating_mul(*most));
        beyond
    })
}

fn find_overlap(
    components: (usize, isize),
    shape: &[usize],
    strides: &[isize],
) -> Result<(), Error> {
    // Where two places coincide, the strides, each times the difference of two indices, add up to zero.
    let mut all = [Difference::default(); MOST_AXES + 1];
    let mut inner = 1;
    let mut count = 0;
    let mut add = |len: usize, stride: isize, vectors: usize| {
        if len > 1 {
            all[count] = Difference {
                stride: stride.unsigned_abs() as i128,
                most: len as i128 - 1,
                backwards: stride < 0,
                vectors,
                found: 0,
            };
            count += 1;
        }
    };
    add(components.0, components.1, 0);
    for (len, stride) in shape.iter().zip(strides).rev() {
        add(*len, *stride, inner);
        inner *= len;
    }
    let all = &mut all[..count];
    all.sort_unstable_by_key(|axis| core::cmp::Reverse(axis.stride));
    let mut budget = MOST_STEPS;
    match add_up_to_zero(all, 0, true, &mut budget) {
        Some(false) => Ok(()),
        None => Err(Error::MayOverlap),
        Some(true) => {
            // One place has all differences that are positive, the other the rest.
            let mut places = [(0, 0); 2];
            for axis in &*all {
                let forwards = (axis.found > 0) != axis.backwards;
                let place = &mut places[usize::from(forwards)];
                match axis.vectors {
                    0 => place.1 += axis.found.unsigned_abs() as usize,
                    vectors => place.0 += vectors * axis.found.unsigned_abs() as usize,
                }
            }
            Err(Error::Overlap {
                first: places[0].min(places[1]),
                second: places[0].max(places[1]),
            })
        }
    }
}

/// How many differences are tried at most. Layouts that people make take one or two for each axis.
const MOST_STEPS: usize = 1 << 20;

/// An axis of more than one index, and a difference of two of them.
#[derive(Clone, Copy, Default)]
struct Difference {
    stride: i128,
    most: i128,
    backwards: bool,
    /// How many vectors in C order an index is; 0 for that of the components.
    vectors: usize,
    found: i128,
}

/// Whether there are differences, not all zero, that add up to zero together with `sum`: those `found`. The greatest stride comes first. `None` if
/// the budget does not last.
fn add_up_to_zero(
    axes: &mut [Difference],
    sum: i128,
    all_zero: bool,
    budget: &mut usize,
) -> Option<bool> {
    *budget = budget.checked_sub(1)?;
    let Some((axis, rest)) = axes.split_first_mut() else {
        return Some(sum == 0 && !all_zero);
    };
    if axis.stride == 0 {
        // So are all that follow: any difference will do.
        axis.found = 1;
        rest.iter_mut().for_each(|axis| axis.found = 0);
        return Some(sum == 0);
    }
    let reach = rest.iter().fold(0_i128, |reach, axis| {
        reach.saturating_add(axis.most.saturating_mul(axis.stride))
    });
    // The rest can make up for no more than its reach. Of two opposite differences one is enough.
    let least = if all_zero { 0 } else { -axis.most };
    let from = (-sum - reach).div_euclid(axis.stride).max(least);
    let to = (reach - sum).div_euclid(axis.stride).min(axis.most);
    for difference in from..=to {
        let sum = sum + difference * axis.stride;
        if sum.abs() > reach {
            continue;
        }
        axis.found = difference;
        if add_up_to_zero(rest, sum, all_zero && difference == 0, budget)? {
            return Some(true);
        }
    }
    Some(false)
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
