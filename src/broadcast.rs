//! How operands of any shapes go together: the axes that they have in common, by NumPy's rule, and the order in which to go along
//! them. Separate because it is about shapes and strides alone, whatever the operation, the elements and the number of operands.
//!
//! The order is that of NumPy's and torch's iterators: the axis along which the output's vectors are nearest comes first, and axes that
//! lie one behind the other become one. What differs is that a long axis comes before a short one that would be the first.

use crate::Error;
use crate::view::{Axes, Axis, MOST_AXES};

/// No operation has more operands, inputs and outputs together.
pub(crate) const MOST_OPERANDS: usize = 8;

/// A row of so many vectors is not short.
pub(crate) const SHORT: usize = 4;

/// No alignment has more axes: each operand can have blocks, which divide one more axis.
pub(crate) const MOST_ALIGNED: usize = MOST_AXES + MOST_OPERANDS;

/// An operand, as far as it is known here.
#[derive(Clone, Copy)]
pub(crate) struct Shaped<'a> {
    pub(crate) what: &'static str,
    /// Length and stride, if there is one axis.
    pub(crate) len: usize,
    pub(crate) stride: isize,
    pub(crate) axes: &'a Axes,
}

impl Shaped<'_> {
    /// To have something to overwrite.
    pub(crate) const NONE: Self = Self {
        what: "",
        len: 1,
        stride: 0,
        axes: &Axes::One,
    };
}

/// What is asked of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outputs {
    /// They have the common shape.
    Full,
    /// Output k is the gradient of input k: where that is repeated along an axis it may have one place, for the sum.
    Gradients,
}

/// An axis that all operands have, or are repeated along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aligned {
    pub(crate) len: usize,
    /// Of each operand, in elements.
    pub(crate) strides: [isize; MOST_OPERANDS],
    /// Bit k: operand k receives the sum along this axis.
    pub(crate) summed: u8,
}

impl Aligned {
    /// One place.
    pub(crate) const ONE: Self = Self {
        len: 1,
        ..Self::NONE
    };

    /// To have something to overwrite.
    pub(crate) const NONE: Self = Self {
        len: 0,
        strides: [0; MOST_OPERANDS],
        summed: 0,
    };
}

/// How far each operand is from where it begins, in elements.
pub(crate) type Offsets = [isize; MOST_OPERANDS];

/// Goes on by so many steps along an axis.
pub(crate) fn go(offsets: &mut Offsets, axis: &Aligned, steps: usize) {
    for (offset, stride) in offsets.iter_mut().zip(&axis.strides) {
        *offset = offset.wrapping_add(stride.wrapping_mul(steps as isize));
    }
}

/// Goes on to place `i`, counted along all axes, the first one first.
#[inline(never)] // into what is compiled for each type and number of operands
pub(crate) fn go_along(offsets: &mut Offsets, axes: &[Aligned], mut i: usize) {
    for axis in axes {
        go(offsets, axis, i % axis.len);
        i /= axis.len;
    }
}

/// How many vectors of operand `k` there are along these axes, each counted once.
#[inline(never)] // into what is compiled for each type and number of operands
pub(crate) fn different(axes: &[Aligned], k: usize) -> usize {
    let moved = axes.iter().filter(|axis| axis.strides[k] != 0);
    moved.map(|axis| axis.len).product()
}

/// How many places there are along these axes.
#[inline(never)] // as above
pub(crate) fn places(axes: &[Aligned]) -> usize {
    axes.iter().map(|axis| axis.len).product()
}

/// The axes that operands have in common, the fastest in C order first, none of length 1. The caller has room for them.
#[derive(Debug)]
pub(crate) struct Alignment<'r> {
    axes: &'r mut [Aligned],
    rank: usize,
    /// Whether an axis has the length 0.
    pub(crate) empty: bool,
}

/// An axis of the shape of one operand, which may be divided in memory: the parts `first..first + count`, the last of which is the
/// fastest.
#[derive(Clone, Copy, Default)]
struct Part {
    first: usize,
    count: usize,
    len: usize,
}

impl Shaped<'_> {
    /// How many axes it has in memory.
    fn count(&self) -> usize {
        self.axes.count()
    }

    fn axis(&self, i: usize) -> Axis {
        self.axes.axis(i, self.len, self.stride)
    }

    /// The axis of the shape that ends before axis `end` in memory; of length 1 if there is none.
    fn part_before(&self, end: usize) -> Part {
        let mut part = Part {
            first: end,
            count: 0,
            len: 1,
        };
        while part.first > 0 {
            part.first -= 1;
            part.count += 1;
            let axis = self.axis(part.first);
            part.len *= axis.len;
            if !axis.joined {
                break;
            }
        }
        part
    }

    /// The fastest of the `count` axes from `first` on in memory that has more than one vector: its length and stride, and how many axes are
    /// before it.
    fn enter(&self, first: usize, mut count: usize) -> (usize, isize, usize) {
        while count > 0 {
            count -= 1;
            let axis = self.axis(first + count);
            if axis.len > 1 {
                return (axis.len, axis.stride, count);
            }
        }
        (1, 0, 0)
    }

    /// Whether its shape has one axis, however that is divided in memory.
    fn has_one_axis(&self) -> bool {
        let count = self.count();
        count > 0 && self.part_before(count).first == 0
    }

    /// Whether all vectors along this axis are the same one.
    fn repeats(&self, part: Part) -> bool {
        let mut axes = (part.first..part.first + part.count).map(|i| self.axis(i));
        part.len == 1 || axes.all(|axis| axis.len == 1 || axis.stride == 0)
    }
}

/// How many axes these operands can have in common.
pub(crate) fn most_axes(operands: &[Shaped<'_>]) -> usize {
    let mut most = 0;
    let mut divided = 0;
    for operand in operands {
        most = most.max(operand.count());
        divided += usize::from(matches!(operand.axes, Axes::Two([_, fast]) if fast.joined));
    }
    most + divided
}

/// The axes that `operands` have in common: those of operand `common`. The first `inputs` of them are read, and there is room for
/// [as many as they can have](most_axes).
///
/// # Errors
/// [`Error::ShapeMismatch`], or [`Error::LengthMismatch`] where all have one axis, if an operand is not broadcast to the common
/// shape; [`Error::Blocks`].
#[inline(never)] // into what is compiled for each type and number of operands
pub(crate) fn align<'r>(
    operands: &[Shaped<'_>],
    inputs: usize,
    common: usize,
    outputs: Outputs,
    room: &'r mut [Aligned],
) -> Result<Alignment<'r>, Error> {
    let mut alignment = Alignment {
        axes: room,
        rank: 0,
        empty: false,
    };
    let mut parts = [Part::default(); MOST_OPERANDS];
    let parts = &mut parts[..operands.len()];
    for (part, operand) in parts.iter_mut().zip(operands) {
        part.first = operand.count();
    }
    let mut axis = 0; // counted from the last, which is 1
    while parts.iter().any(|part| part.first > 0) {
        axis += 1;
        for (part, operand) in parts.iter_mut().zip(operands) {
            *part = operand.part_before(part.first);
        }
        let len = parts[common].len;
        let mut summed = 0;
        for (k, part) in parts.iter().enumerate() {
            if part.len == len {
                continue;
            }
            if part.len != 1 || !may_be_one(operands, parts, inputs, outputs, k) {
                return Err(mismatch(operands, parts, inputs, common, axis, outputs));
            }
            if k >= inputs {
                summed |= 1 << k;
            }
        }
        match len {
            0 => alignment.empty = true,
            1 => {}
            _ => alignment.divide(operands, parts, len, summed)?,
        }
    }
    Ok(alignment)
}

/// Whether operand `k` may have the length 1 where others are longer: an input is repeated there, and the gradient of one that is
/// can be a sum.
fn may_be_one(
    operands: &[Shaped<'_>],
    parts: &[Part],
    inputs: usize,
    outputs: Outputs,
    k: usize,
) -> bool {
    match k.checked_sub(inputs) {
        None => true,
        Some(input) => outputs == Outputs::Gradients && operands[input].repeats(parts[input]),
    }
}

/// Which operand is wrong along this axis.
#[cold]
fn mismatch(
    operands: &[Shaped<'_>],
    parts: &[Part],
    inputs: usize,
    common: usize,
    axis: usize,
    outputs: Outputs,
) -> Error {
    let mut read = parts[..inputs].iter().map(|part| part.len);
    let expected = read.find(|len| *len != 1).unwrap_or(1);
    let wrong = |k: &usize| {
        let len = parts[*k].len;
        len != expected && (len != 1 || !may_be_one(operands, parts, inputs, outputs, *k))
    };
    // Where inputs go together, and outputs with them, it is the one that has the common shape.
    let k = (0..operands.len()).find(wrong).unwrap_or(common);
    let (what, got) = (operands[k].what, parts[k].len);
    if operands.iter().all(Shaped::has_one_axis) {
        return Error::LengthMismatch {
            what,
            expected,
            got,
        };
    }
    Error::ShapeMismatch {
        what,
        axis,
        expected,
        got,
    }
}

impl<'r> Alignment<'r> {
    /// An axis of the shape, divided wherever an operand divides it.
    fn divide(
        &mut self,
        operands: &[Shaped<'_>],
        parts: &[Part],
        len: usize,
        summed: u8,
    ) -> Result<(), Error> {
        // What is left of the axis in memory that each operand is in, its stride, and how many axes of the part come before it.
        let mut left = [(len, 0_isize, 0); MOST_OPERANDS];
        let left = &mut left[..parts.len()];
        for ((left, part), operand) in left.iter_mut().zip(parts).zip(operands) {
            if part.len == len {
                *left = operand.enter(part.first, part.count);
            }
        }
        let (whole, mut rest) = (len, len);
        while rest > 1 {
            let len = left.iter().map(|(len, ..)| *len).min().unwrap_or(rest);
            let axis = &mut self.axes[self.rank];
            (axis.len, axis.summed) = (len, summed);
            for (k, (left, stride, before)) in left.iter_mut().enumerate() {
                if *left % len != 0 {
                    // What is left is counted in what was gone through already.
                    let each = whole / rest;
                    return Err(Error::Blocks {
                        first: each * len,
                        second: each * *left,
                    });
                }
                axis.strides[k] = *stride;
                (*left, *stride) = (*left / len, stride.wrapping_mul(len as isize));
                if *left == 1 && rest > len {
                    (*left, *stride, *before) = operands[k].enter(parts[k].first, *before);
                }
            }
            self.rank += 1;
            rest /= len;
        }
        Ok(())
    }

    pub(crate) fn axes(&self) -> &[Aligned] {
        &self.axes[..self.rank]
    }

    /// Whether an operand receives a sum.
    pub(crate) fn has_sums(&self) -> bool {
        self.axes().iter().any(|axis| axis.summed != 0)
    }

    /// The axes for which this is so, in other room.
    #[inline(never)] // into what is compiled for each type and number of operands
    pub(crate) fn filtered<'o>(
        &self,
        room: &'o mut [Aligned],
        keep: &dyn Fn(&Aligned) -> bool,
    ) -> Alignment<'o> {
        let mut rank = 0;
        for axis in self.axes().iter().filter(|axis| keep(axis)) {
            room[rank] = *axis;
            rank += 1;
        }
        Alignment {
            axes: room,
            rank,
            empty: self.empty,
        }
    }

    /// Orders the axes for operands that meet place by place, and returns where each operand then begins: the first vector, or the
    /// last along an axis that is gone along backwards. The operands from `first_output` on decide before the others.
    #[inline(never)] // into what is compiled for each type and number of operands
    pub(crate) fn arrange(
        &mut self,
        operands: usize,
        first_output: usize,
    ) -> [isize; MOST_OPERANDS] {
        let mut begin = [0_isize; MOST_OPERANDS];
        for axis in &mut self.axes[..self.rank] {
            if axis.strides[first_output] < 0 {
                for (begin, stride) in begin.iter_mut().zip(&mut axis.strides) {
                    *begin = begin.wrapping_add(stride.wrapping_mul(axis.len as isize - 1));
                    *stride = stride.wrapping_neg();
                }
            }
        }
        let order = (first_output..operands).chain(0..first_output);
        // Not a sort of the standard library: that some pairs are undecided is no order.
        for i in 1..self.rank {
            let mut at = i;
            for other in (0..i).rev() {
                match nearer(&self.axes[at], &self.axes[other], order.clone()) {
                    Some(true) => {
                        self.axes.swap(at, other);
                        at = other;
                    }
                    Some(false) => break,
                    None => {}
                }
            }
        }
        self.merge();
        begin
    }

    /// Makes one axis of two that lie one behind the other in every operand.
    #[inline(never)] // into what is compiled for each type and number of operands
    pub(crate) fn merge(&mut self) {
        let mut merged = 0;
        for i in 1..self.rank {
            let (axis, next) = (self.axes[merged], self.axes[i]);
            let far = |stride: isize| stride.wrapping_mul(axis.len as isize);
            if next.summed == axis.summed && next.strides == axis.strides.map(far) {
                self.axes[merged].len *= next.len;
            } else {
                merged += 1;
                self.axes[merged] = next;
            }
        }
        self.rank = self.rank.min(merged + 1);
    }

    /// Has the longest axis be the first, if that is a short one.
    #[inline(never)] // into what is compiled for each type and number of operands
    pub(crate) fn lengthen(&mut self) {
        let Some(first) = self.axes().first().map(|axis| axis.len) else {
            return;
        };
        let longest = (1..self.rank).max_by_key(|i| self.axes[*i].len);
        if let Some(i) = longest
            && first < SHORT
            && self.axes[i].len / 4 >= first
        {
            self.axes[..=i].rotate_right(1);
        }
    }
}

/// Whether vectors along the one axis are nearer than those along the other: the first operand, in this order, that moves along both and
/// by different strides says so.
pub(crate) fn nearer(
    one: &Aligned,
    other: &Aligned,
    order: impl Iterator<Item = usize>,
) -> Option<bool> {
    for k in order {
        let [one, other] = [one, other].map(|axis| axis.strides[k].unsigned_abs());
        if one != 0 && other != 0 && one != other {
            return Some(one < other);
        }
    }
    None
}
