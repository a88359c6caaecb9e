//! Views of any rank: they are made exactly where all of their places are inside the data and, if they are exclusive, no two are the same
//! element. The set of all places decides.

use std::collections::HashMap;

use crosslane::{Error, Scalars, ScalarsMut, Vectors, VectorsMut};

use super::support::shapes::Choices;
use super::support::{Random, one_in};

/// The arguments of `nd`.
#[derive(Clone, Debug)]
struct Arguments {
    size: usize,
    first: usize,
    components: usize,
    component_stride: isize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl Arguments {
    /// Few elements, and strides that often meet, or just miss each other.
    fn random(random: &mut Random) -> Self {
        let rank = random.below(5);
        let vectors = random.below(4) > 0;
        let mut stride = |lens: &[usize]| match random.below(3) {
            // That of an array in C order, or one more or less.
            0 => lens.iter().product::<usize>() as isize + random.one_of(&[0, 0, 1, -1]),
            _ => random.below(19) as isize - 6,
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
        if len > 0 && random.below(12) == 0 && rank > 0 {
            shape[0] = 0;
        }
        let far = random.below(30) == 0 && rank > 0;
        if far {
            strides[0] = random.one_of(&[isize::MAX, isize::MIN, isize::MAX / 2, 1 << 40]);
        }
        let (size, first) = (random.below(3 * len + 30), random.below(2 * len + 20));
        Self {
            size,
            first,
            components: if vectors { 3 } else { 1 },
            component_stride: if vectors { component_stride } else { 0 },
            shape,
            strides,
        }
    }

    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    fn index(&self, (mut i, k): (usize, usize)) -> i128 {
        let mut index = self.first as i128 + k as i128 * self.component_stride as i128;
        for (len, stride) in self.shape.iter().zip(&self.strides).rev() {
            index += (i % len) as i128 * *stride as i128;
            i /= len;
        }
        index
    }

    fn is_inside(&self, place: (usize, usize)) -> bool {
        (0..self.size as i128).contains(&self.index(place))
    }

    fn model(&self, exclusive: bool) -> Verdict {
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
    fn verdict<V>(&self, result: Result<V, Error>) -> Verdict {
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Verdict {
    Right,
    OutOfBounds,
    Overlap,
}

#[test]
fn views_are_made_exactly_where_the_set_of_their_places_allows_it() {
    let mut random = Random(700);
    let mut counts = HashMap::new();
    for _ in 0..60_000 / one_in(20) {
        let all = Arguments::random(&mut random);
        let Arguments {
            size,
            first,
            component_stride,
            ref shape,
            ref strides,
            ..
        } = all;
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
        *counts.entry(exclusive).or_insert(0) += one_in(20);
    }
    // Each of them often enough to mean something.
    assert!(
        counts.len() == 3 && counts.values().all(|n| *n > 3000),
        "{counts:?}"
    );
}

/// Where strides are such that there is much to try, it is an error, and no time is lost.
#[test]
fn views_whose_places_take_too_long_to_tell_apart_are_errors() {
    let mut data = vec![0_u8; 1 << 22];
    let primes = [
        10_007, 10_009, 10_037, 10_039, 10_061, 10_067, 10_069, 10_079, 10_091, 10_093,
    ];
    let shape = [3; 10];
    let started = std::time::Instant::now();
    let view = ScalarsMut::nd(&mut data, 0, &shape, &primes);
    let error = view.err();
    assert!(
        matches!(error, Some(Error::MayOverlap | Error::Overlap { .. })),
        "{error:?}"
    );
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// What people make is told apart at once, however long: rows, columns of an inner axis, columns as a whole and transposed, rows among which
/// others lie.
#[test]
fn views_of_many_places_are_made() {
    let mut data = vec![0_u8; 2 * 3 * 500 * 400 * 7];
    let all = data.len();
    for (component_stride, shape, strides) in [
        (1, [500, 400, 7], [3 * 2800, 3 * 7, 3]),
        (7, [500, 400, 7], [3 * 2800, 3 * 7, 1]),
        (2800 * 500, [7, 500, 400], [1, 2800, 7]),
        (2800, [400, 7, 500], [7, 1, 2 * 3 * 2800]),
        (-1, [400, 7, 500], [-21, -3, -2 * 3 * 2800]),
    ] {
        let first = if component_stride < 0 { all - 1 } else { 0 };
        let view = VectorsMut::nd(&mut data, first, component_stride, &shape, &strides);
        assert_eq!(view.unwrap().shape(), shape);
    }
}
