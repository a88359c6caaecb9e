//! What views of any rank may be made, as the set of all their places tells.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::collections::HashMap;

use crosslane::{Error, Scalars, ScalarsMut, Vectors, VectorsMut};

use super::shapes::Choices;

/// The arguments of `nd`.
#[derive(Clone, Debug)]
pub struct Arguments {
    pub size: usize,
    pub first: usize,
    /// 3 of vectors, 1 of numbers.
    pub components: usize,
    pub component_stride: isize,
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
}

impl Arguments {
    /// Few elements, and strides that often meet, or just miss each other.
    pub fn random(random: &mut impl Choices) -> Self {
        let rank = random.choose(5);
        let vectors = random.choose(4) > 0;
        let mut stride = |lens: &[usize]| match random.choose(3) {
            // That of an array in C order, or one more or less.
            0 => lens.iter().product::<usize>() as isize + random.one_of(&[0, 0, 1, -1]),
            _ => random.choose(19) as isize - 6,
        };
        let lens = [3, 1, 2, 3, 4, 2, 5];
        let mut shape: Vec<usize> = Vec::new();
        let (mut strides, mut all) = (Vec::new(), vec![]);
        let component_stride = stride(&all);
        all.push(3);
        for i in 0..rank {
            strides.push(stride(&all));
            let len = lens[(strides[i].unsigned_abs() + i) % lens.len()];
            shape.push(len);
            all.push(len);
        }
        let len: usize = shape.iter().product();
        if len > 0 && random.choose(12) == 0 && rank > 0 {
            shape[0] = 0;
        }
        let far = random.choose(30) == 0 && rank > 0;
        if far {
            strides[0] = random.one_of(&[isize::MAX, isize::MIN, isize::MAX / 2, 1 << 40]);
        }
        let (size, first) = (random.choose(3 * len + 30), random.choose(2 * len + 20));
        Self {
            size,
            first,
            components: if vectors { 3 } else { 1 },
            component_stride: if vectors { component_stride } else { 0 },
            shape,
            strides,
        }
    }

    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn index(&self, (mut i, k): (usize, usize)) -> i128 {
        let mut index = self.first as i128 + k as i128 * self.component_stride as i128;
        for (len, stride) in self.shape.iter().zip(&self.strides).rev() {
            index += (i % len) as i128 * *stride as i128;
            i /= len;
        }
        index
    }

    pub fn is_inside(&self, place: (usize, usize)) -> bool {
        (0..self.size as i128).contains(&self.index(place))
    }

    pub fn model(&self, exclusive: bool) -> Verdict {
        let places = || (0..self.len()).flat_map(|i| (0..self.components).map(move |k| (i, k)));
        if !places().all(|place| self.is_inside(place)) {
            return Verdict::OutOfBounds;
        }
        let mut seen = HashMap::new();
        let mut meets = |place| seen.insert(self.index(place), place).is_some();
        match exclusive && places().any(&mut meets) {
            true => Verdict::Overlap,
            false => Verdict::Right,
        }
    }

    /// What was said; that the places which an error names are what it says they are.
    pub fn verdict<V>(&self, result: Result<V, Error>) -> Verdict {
        let is_place = |(i, k): (usize, usize)| i < self.len() && k < self.components;
        match result {
            Ok(_) => Verdict::Right,
            Err(Error::OutOfBounds {
                vector,
                component,
                len,
            }) => {
                let place = (vector, component);
                assert!(
                    is_place(place) && !self.is_inside(place),
                    "{place:?} of {self:?}"
                );
                assert_eq!(len, self.size, "{self:?}");
                Verdict::OutOfBounds
            }
            Err(Error::Overlap { first, second }) => {
                assert!(
                    is_place(first) && is_place(second),
                    "{result:?}",
                    result = (first, second)
                );
                assert!(first < second, "{first:?}, {second:?} of {self:?}");
                assert_eq!(
                    self.index(first),
                    self.index(second),
                    "{first:?}, {second:?} of {self:?}"
                );
                Verdict::Overlap
            }
            Err(other) => panic!("{other:?} of {self:?}"),
        }
    }

    /// Makes the views, shared and exclusive, and looks at all they say. Returns what was to be said of the exclusive one.
    pub fn check(&self) -> Verdict {
        let all = self;
        let Arguments {
            size,
            first,
            component_stride,
            ref shape,
            ref strides,
            ..
        } = *all;
        let mut data: Vec<u32> = (0..size as u32).collect();
        let (shared, exclusive) = if all.components == 3 {
            let shared = Vectors::nd(&data, first, component_stride, shape, strides);
            if let Ok(view) = shared {
                assert_eq!(view.shape(), shape, "{all:?}");
                for i in 0..all.len() {
                    let expected = [0, 1, 2].map(|k| all.index((i, k)) as u32);
                    assert_eq!(view.get(i), Some(expected), "vector {i} of {all:?}");
                }
                assert_eq!(view.get(all.len()), None, "{all:?}");
            }
            let shared = all.verdict(shared);
            let view = VectorsMut::nd(&mut data, first, component_stride, shape, strides);
            (shared, all.verdict(view))
        } else {
            let shared = Scalars::nd(&data, first, shape, strides);
            if let Ok(view) = shared {
                assert_eq!(view.shape(), shape, "{all:?}");
                for i in 0..all.len() {
                    let expected = all.index((i, 0)) as u32;
                    assert_eq!(view.get(i), Some(expected), "number {i} of {all:?}");
                }
            }
            let shared = all.verdict(shared);
            let view = ScalarsMut::nd(&mut data, first, shape, strides);
            (shared, all.verdict(view))
        };
        assert_eq!(shared, all.model(false), "{all:?}, shared");
        assert_eq!(exclusive, all.model(true), "{all:?}, exclusive");
        exclusive
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Right,
    OutOfBounds,
    Overlap,
}
