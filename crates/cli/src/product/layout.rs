//! The layout of a result in its file, and the blocks in which it is computed: boxes of places, in C order.
//!
//! Separate because it is geometry alone: it knows neither files nor operations. Positions are counted in 64 bits, because a
//! result may be larger than what can be mapped.

use core::ops::Range;

use anyhow::{Context, Result, ensure};
use crosslane::{Element, Error, OperandMut, ScalarsMut, VectorsMut};
use crosslane_npy::Dtype;

/// Vectors per block: enough to be worth several threads, little enough to be in a cache until they are written.
const BLOCK: usize = 1 << 18;

/// The places of a block along every axis.
type Ranges = Vec<Range<usize>>;

/// A result in C order: vectors or numbers.
#[derive(Debug)]
pub(super) struct Layout {
    /// Without the axis of the components.
    shape: Vec<usize>,
    /// How many of these axes come before the axis of the components.
    axis: usize,
    /// Numbers at every place.
    components: usize,
}

/// A block to compute, and the parts of it to write.
#[derive(Debug, PartialEq)]
pub(super) struct Step {
    pub(super) ranges: Ranges,
    pub(super) parts: Range<usize>,
}

impl Layout {
    /// Vectors whose components are along `axis` of the result, which has one axis more than `shape`.
    pub(super) fn vectors(shape: Vec<usize>, axis: isize) -> Result<Self> {
        let rank = shape.len() + 1;
        let place = if axis < 0 {
            rank.checked_add_signed(axis)
        } else {
            axis.try_into().ok()
        };
        let axis = place.filter(|place| *place < rank).with_context(|| {
            format!("a result of {rank} axes has no axis {axis} for its components")
        })?;
        Ok(Self {
            shape,
            axis,
            components: 3,
        })
    }

    /// Numbers.
    pub(super) fn scalars(shape: Vec<usize>) -> Self {
        Self {
            axis: shape.len(),
            shape,
            components: 1,
        }
    }

    /// Refuses a result that has more bytes than a file can.
    pub(super) fn check(self, dtype: Dtype) -> Result<Self> {
        let numbers = [self.components, dtype.size()];
        let lengths = self.shape.iter().map(|len| (*len).max(1));
        let bytes = lengths.chain(numbers).try_fold(1_i64, |bytes, len| {
            bytes.checked_mul(i64::try_from(len).ok()?)
        });
        let shape = self.shape(false);
        ensure!(
            bytes.is_some(),
            "a result of shape {shape:?} is larger than any file"
        );
        Ok(self)
    }

    /// The shape in the file, in which `records` have no axis of components.
    pub(super) fn shape(&self, records: bool) -> Vec<u64> {
        let mut shape: Vec<u64> = self.shape.iter().map(|len| *len as u64).collect();
        if self.components > 1 && !records {
            shape.insert(self.axis, self.components as u64);
        }
        shape
    }

    /// The numbers of the result.
    pub(super) fn len(&self) -> u64 {
        count(&self.shape) * self.components as u64
    }

    /// The numbers of the largest block.
    pub(super) fn block_len(&self) -> usize {
        self.components * count(&self.shape).min(BLOCK as u64) as usize
    }

    /// How many pieces of the file a block fills: one, or one for each component.
    fn parts(&self) -> usize {
        if count(&self.shape[self.axis..]) <= BLOCK as u64 {
            1
        } else {
            self.components
        }
    }

    /// The blocks in turn. A stream is written in the order of the file, so a block of several parts is computed again for each
    /// of them.
    pub(super) fn steps(&self, is_stream: bool) -> Box<dyn Iterator<Item = Step> + '_> {
        if self.parts() == 1 {
            let step = |ranges| Step {
                ranges,
                parts: 0..1,
            };
            return Box::new(boxes(&self.shape, BLOCK).map(step));
        }
        let (outer, inner) = self.shape.split_at(self.axis);
        let (passes, parts) = if is_stream {
            (self.components, 1)
        } else {
            (1, self.components)
        };
        let pass = move |(outer, pass): (Ranges, usize)| {
            boxes(inner, BLOCK).map(move |inner| Step {
                ranges: [&outer[..], &inner].concat(),
                parts: pass * parts..(pass + 1) * parts,
            })
        };
        let outer = boxes(outer, 1);
        let all = outer.flat_map(move |outer| (0..passes).map(move |pass| (outer.clone(), pass)));
        Box::new(all.flat_map(pass))
    }

    /// Where a part of a block begins in the file.
    pub(super) fn position(&self, ranges: &[Range<usize>], part: usize) -> u64 {
        let (outer, inner) = ranges.split_at(self.axis);
        let (outer_shape, inner_shape) = self.shape.split_at(self.axis);
        let first = place(outer_shape, outer) * self.components as u64 + part as u64;
        first * count(inner_shape) + place(inner_shape, inner)
    }

    /// The view through which a block is written to `numbers`, its parts one after another, and the length of a part.
    pub(super) fn view<'a, T: Element>(
        &self,
        ranges: &[Range<usize>],
        numbers: &'a mut [T],
    ) -> Result<(OperandMut<'a, T>, usize), Error> {
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        let (mut stride, mut component) = (1, 1);
        for axis in (0..=ranges.len()).rev() {
            if axis < ranges.len() && ranges[axis].len() != 1 {
                shape.insert(0, ranges[axis].len());
                strides.insert(0, stride as isize);
                stride *= ranges[axis].len();
            }
            if axis == self.axis {
                component = stride as isize;
                stride *= self.components;
            }
        }
        let view = if self.components > 1 {
            VectorsMut::nd(numbers, 0, component, &shape, &strides)?.into()
        } else {
            ScalarsMut::nd(numbers, 0, &shape, &strides)?.into()
        };
        Ok((view, stride / self.parts()))
    }
}

/// Cuts a shape into boxes of at most `most` places, in C order: the last axes are whole, the axis before them is cut into ranges,
/// and each axis before that has one place.
fn boxes(shape: &[usize], most: usize) -> impl Iterator<Item = Ranges> {
    let (mut whole, mut len) = (shape.len(), 1_usize);
    while whole > 0 && len.saturating_mul(shape[whole - 1]) <= most {
        whole -= 1;
        len *= shape[whole];
    }
    let cut = whole.checked_sub(1);
    let step = (most / len.max(1)).max(1);
    let cuts = move |axis: usize| match shape[axis] {
        len if Some(axis) == cut => len.div_ceil(step),
        len => len,
    };
    let number = (0..whole).map(|axis| cuts(axis) as u64).product();
    let number = if shape.contains(&0) { 0 } else { number };
    (0..number).map(move |mut i: u64| {
        let mut ranges: Ranges = shape.iter().map(|len| 0..*len).collect();
        for axis in (0..whole).rev() {
            let at = (i % cuts(axis) as u64) as usize;
            i /= cuts(axis) as u64;
            ranges[axis] = match shape[axis] {
                len if Some(axis) == cut => at * step..len.min((at + 1) * step),
                _ => at..at + 1,
            };
        }
        ranges
    })
}

/// The number of places.
fn count(shape: &[usize]) -> u64 {
    shape.iter().map(|len| *len as u64).product()
}

/// The number of the first place of a block in C order.
fn place(shape: &[usize], ranges: &[Range<usize>]) -> u64 {
    let axes = shape.iter().zip(ranges);
    axes.fold(0, |at, (len, range)| at * *len as u64 + range.start as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: usize = BLOCK + 5;

    /// Every number of the result is written once; into a stream in order.
    fn check(shape: &[usize], axis: Option<isize>) {
        let shape = shape.to_vec();
        let layout = match axis {
            Some(axis) => Layout::vectors(shape, axis).expect("there is such an axis"),
            None => Layout::scalars(shape),
        };
        for is_stream in [false, true] {
            let mut written = Vec::new();
            for Step { ranges, parts } in layout.steps(is_stream) {
                let len: usize = ranges.iter().map(Range::len).product();
                assert!(0 < len && len <= BLOCK, "{len} vectors in a block");
                let part = (layout.components * len / layout.parts()) as u64;
                written.extend(parts.map(|k| (layout.position(&ranges, k), part)));
            }
            if !is_stream {
                written.sort_unstable();
            }
            let mut end = 0;
            for (start, len) in written {
                assert_eq!(start, end, "{layout:?}, is a stream: {is_stream}");
                end += len;
            }
            assert_eq!(end, layout.len(), "{layout:?} is written to its end");
        }
    }

    #[test]
    fn every_place_is_written_once_and_in_order() {
        for shape in [
            &[][..],
            &[1],
            &[0],
            &[MANY],
            &[3 * BLOCK],
            &[2, MANY],
            &[MANY, 2],
            &[2, 3, MANY],
            &[700, 801],
            &[5, 1, 700, 801],
            &[2, 0, MANY],
            &[BLOCK, 1],
            &[1, BLOCK],
            &[70, 7, 11, 5, 3, 2, 2],
        ] {
            check(shape, None);
            for axis in 0..=shape.len() {
                check(shape, Some(axis as isize));
                check(shape, Some(axis as isize - shape.len() as isize - 1));
            }
        }
    }

    #[test]
    fn axes_that_are_not_there_are_refused() {
        for axis in [3, -4, isize::MAX, isize::MIN] {
            assert!(
                Layout::vectors(vec![2, 5], axis).is_err(),
                "axis {axis} of 3"
            );
        }
    }
}
