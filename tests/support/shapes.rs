//! Shapes, and how arrays of them lie in memory, chosen by random numbers or by the bytes of a fuzz target.

use super::Random;

/// Where choices come from.
pub trait Choices {
    /// A number less than `n`. What comes first is what there is most of, because bytes that are used up are zeros.
    fn choose(&mut self, n: usize) -> usize;

    /// Once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.choose(n) == n - 1
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.choose(choices.len())]
    }
}

impl Choices for Random {
    fn choose(&mut self, n: usize) -> usize {
        self.below(n)
    }
}

/// A shape of rank 0 to 6, of `most` places at most.
pub fn shape(choices: &mut impl Choices, most: usize) -> Vec<usize> {
    let rank = choices.one_of(&[2, 1, 3, 2, 1, 3, 2, 4, 5, 6, 0]);
    let (mut left, mut shape) = (most, Vec::new());
    // One axis may be long.
    let long = choices.choose(6);
    for i in 0..rank {
        let len = match choices.choose(16) {
            _ if i == long => 1 + choices.choose(300),
            0..4 => 2 + choices.choose(2),
            4..7 => 5,
            7..9 => 4 + choices.choose(20),
            9..13 => choices.one_of(&[16, 8, 32, 64, 4]),
            13..15 => 1,
            _ => usize::from(!choices.once_in(4)),
        };
        let len = if len > left { 1 } else { len };
        left /= len.max(1);
        shape.push(len);
    }
    let by = choices.choose(rank.max(1));
    shape.rotate_left(by.min(rank));
    shape
}

/// An axis of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// As long as the common shape.
    Full,
    /// As long, with the stride 0.
    Zero,
    /// Of length 1 where the common shape may be longer.
    One,
}

/// How an operand that is read takes part in a shape of this rank; the last axis comes last. Leading axes may be missing, or be more.
pub fn input_axes(choices: &mut impl Choices, rank: usize) -> Vec<Axis> {
    let count = match choices.choose(12) {
        0..9 => rank,
        9 | 10 => choices.choose(rank + 1),
        _ => rank + 1,
    };
    let all_full = choices.choose(3) == 1;
    let mut axes: Vec<_> = (0..count)
        .map(|_| match choices.choose(8) {
            _ if all_full => Axis::Full,
            0..5 => Axis::Full,
            5 | 6 => Axis::One,
            _ => Axis::Zero,
        })
        .collect();
    axes[..count.saturating_sub(rank)].fill(Axis::One);
    axes
}

/// The shape of an operand with these axes.
pub fn shape_of(axes: &[Axis], common: &[usize]) -> Vec<usize> {
    let missing = common.len() as isize - axes.len() as isize;
    let len = |(i, axis): (usize, &Axis)| match axis {
        Axis::One => 1,
        Axis::Full | Axis::Zero => common[(i as isize + missing) as usize],
    };
    axes.iter().enumerate().map(len).collect()
}

/// The axes of the gradient of an operand: those along which that is repeated may be full, or be summed; those in front may be missing.
pub fn gradient_axes(choices: &mut impl Choices, input: &[Axis], rank: usize) -> Vec<Axis> {
    let missing = rank.saturating_sub(input.len());
    let mut axes = vec![Axis::One; missing];
    axes.extend_from_slice(input);
    let way = choices.choose(4);
    let extra = axes.len() - rank;
    for (i, axis) in axes.iter_mut().enumerate() {
        *axis = match (*axis, way) {
            _ if i < extra => Axis::One,
            (Axis::Full, _) => Axis::Full,
            // Its own shape, or summed wherever that can be, or nowhere.
            (Axis::One, 0) | (_, 1) => Axis::One,
            (_, 0 | 2) => Axis::Full,
            _ => choices.one_of(&[Axis::One, Axis::Full]),
        };
    }
    let front = axes.iter().take_while(|axis| **axis == Axis::One).count();
    let fewer = match choices.choose(3) {
        0 => missing.min(front),
        1 => choices.choose(front + 1),
        _ => extra,
    };
    axes.split_off(fewer)
}

/// How the places of an array lie in memory, as its view is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `nd`.
    Nd,
    /// `strided`.
    Strided,
    /// `soa`, or a slice of numbers.
    Columns,
    /// `aos`.
    Rows,
    /// `padded`.
    Padded,
    /// `broadcast`.
    One,
    /// `blocks` of so many.
    Blocks(usize),
}

/// An array: where component k of the vector at each index is.
#[derive(Clone, Debug)]
pub struct Geometry {
    pub how: How,
    pub first: usize,
    pub component_stride: isize,
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
}

impl Geometry {
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where component `k` of the vector `i`, in C order, is.
    pub fn index(&self, k: usize, mut i: usize) -> usize {
        let mut index = self.first as isize + k as isize * self.component_stride;
        if let How::Blocks(lanes) = self.how {
            return index as usize + i / lanes * 3 * lanes + i % lanes;
        }
        for (len, stride) in self.shape.iter().zip(&self.strides).rev() {
            // What has one index has any stride.
            index += match i % len {
                0 => 0,
                at => at as isize * stride,
            };
            i /= len;
        }
        index as usize
    }

    /// All places.
    pub fn indices(&self, components: usize) -> impl Iterator<Item = usize> {
        (0..self.len()).flat_map(move |i| (0..components).map(move |k| self.index(k, i)))
    }
}

/// How many components numbers and vectors have here.
const COMPONENTS: [usize; 2] = [1, 3];

/// Memory for an array of this shape, of which `repeated` axes have the stride 0. Begins at 0 or behind; the number of elements from
/// there on comes with it.
pub fn geometry(
    choices: &mut impl Choices,
    vectors: bool,
    shape: &[usize],
    repeated: &[bool],
) -> (Geometry, usize) {
    let len: usize = shape.iter().product();
    if let ([_], false) = (shape, repeated.contains(&true))
        && choices.choose(2) == 1
    {
        return flat(choices, vectors, len);
    }
    if len > 0 && shape.len() == 1 && repeated[0] && choices.choose(2) == 1 {
        let one = Geometry {
            how: How::One,
            first: 0,
            component_stride: 1,
            shape: shape.to_vec(),
            strides: vec![0],
        };
        return (one, 3);
    }
    let mut strides = vec![0; shape.len()];
    let mut component_stride = 0_isize;
    let components = COMPONENTS[usize::from(vectors)];
    // The axes from the fastest on, the components among them. Those of NumPy are in C order more often than not.
    let mut order: Vec<_> = (0..shape.len()).rev().map(Some).collect();
    if choices.choose(2) == 1 {
        for i in (1..order.len()).rev() {
            order.swap(i, choices.choose(i + 1));
        }
    }
    let among = match choices.choose(3) {
        0 => 0,
        1 => 1.min(order.len()),
        _ => choices.choose(order.len() + 1),
    };
    order.insert(among, None);
    let dense = choices.choose(2) == 0;
    let (mut extent, mut first) = (1, 0);
    for axis in order {
        let (len, is_repeated) = axis.map_or((components, false), |i| (shape[i], repeated[i]));
        if is_repeated {
            continue;
        }
        let step = if dense {
            1
        } else {
            choices.one_of(&[1, 1, 2, 3])
        };
        let stride = (extent * step) as isize;
        let last = len.saturating_sub(1) * extent * step;
        extent += last
            + if dense {
                0
            } else {
                choices.one_of(&[0, 0, 1, 5])
            };
        let backwards = choices.once_in(if dense { 12 } else { 4 });
        if backwards {
            first += last;
        }
        let stride = if backwards { -stride } else { stride };
        match axis {
            None => component_stride = stride,
            // Nobody looks at the stride of one.
            Some(i) if len == 1 && choices.once_in(3) => {
                strides[i] = choices.one_of(&[0, 7, -1, isize::MAX, isize::MIN]);
            }
            Some(i) => strides[i] = stride,
        }
    }
    let array = Geometry {
        how: How::Nd,
        first,
        component_stride,
        shape: shape.to_vec(),
        strides,
    };
    (array, extent)
}

/// The layouts that have one axis.
fn flat(choices: &mut impl Choices, vectors: bool, len: usize) -> (Geometry, usize) {
    let lanes = [4, 8, 16].map(How::Blocks);
    let fits = |how: &How| matches!(how, How::Blocks(lanes) if len.is_multiple_of(*lanes));
    let mut all = vec![How::Columns, How::Strided];
    if vectors {
        all.extend([How::Rows, How::Padded]);
        for how in lanes.into_iter().filter(fits) {
            all.extend([how; 2]);
        }
    }
    let how = choices.one_of(&all);
    let n = len as isize;
    let (first, component_stride, stride, total) = match how {
        How::Rows => (0, 1, 3, 3 * len),
        How::Padded => (0, 1, 4, 4 * len),
        How::Blocks(lanes) => (0, lanes as isize, 1, 3 * len),
        How::Columns => (0, n + 3, 1, 3 * len + 6),
        _ => match choices.choose(4) {
            0 => (0, 1, 6, 6 * len),
            1 => (3 * len.saturating_sub(1), 1, -3, 3 * len),
            2 => (len.saturating_sub(1), n + 2, -1, 3 * len + 4),
            _ => (4, -2, 7, 7 * len + 4),
        },
    };
    let array = Geometry {
        how,
        first,
        component_stride,
        shape: vec![len],
        strides: vec![stride],
    };
    (array, total)
}
