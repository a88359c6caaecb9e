//! Arrays of any type and rank, and what the program should make of them: computed place by place, from the definition of one vector.

#![allow(dead_code, reason = "every test binary uses another part")]

use std::fs;
use std::path::Path;

use crosslane_npy::{Component, Dtype};
use fastrand::Rng;

use super::npy;

/// An array with its elements in C order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid<T> {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<T>,
}

/// How an array is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) big: bool,
    pub(crate) fortran: bool,
}

impl Order {
    pub(crate) const ALL: [Self; 4] = [
        Self::new(false, false),
        Self::new(false, true),
        Self::new(true, false),
        Self::new(true, true),
    ];

    const fn new(big: bool, fortran: bool) -> Self {
        Self { big, fortran }
    }
}

/// `<f4`, as NumPy writes it.
pub(crate) fn code(dtype: Dtype, big: bool) -> String {
    let order = match (dtype.size(), big) {
        (1, _) => '|',
        (_, true) => '>',
        (_, false) => '<',
    };
    format!("{order}{}{}", &dtype.name()[..1], dtype.size())
}

/// Every place of a shape, in C order.
pub(crate) fn places(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..shape.iter().product()).map(move |mut i: usize| {
        let mut place = vec![0; shape.len()];
        for (place, len) in place.iter_mut().zip(shape).rev() {
            *place = i % len;
            i /= len;
        }
        place
    })
}

impl<T: Component> Grid<T> {
    pub(crate) fn new(shape: &[usize], mut value: impl FnMut() -> T) -> Self {
        let shape = shape.to_vec();
        let values = (0..shape.iter().product()).map(|_| value()).collect();
        Self { shape, values }
    }

    /// Whole numbers from 1 to 9.
    pub(crate) fn small(shape: &[usize], seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        Self::new(shape, || num_traits::cast(random.u8(1..10)).unwrap())
    }

    /// Numbers from -1 to 1.
    pub(crate) fn fractions(shape: &[usize], seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        Self::new(shape, || {
            num_traits::cast(2.0 * random.f64() - 1.0).unwrap()
        })
    }

    pub(crate) fn at(&self, place: &[usize]) -> T {
        let axes = self.shape.iter().zip(place);
        self.values[axes.fold(0, |at, (len, place)| at * len + place)]
    }

    /// The elements as they are in a file.
    pub(crate) fn data(&self, order: Order) -> Vec<u8> {
        let element = |x: T| {
            let mut bytes = bytemuck::bytes_of(&x).to_vec();
            if order.big != cfg!(target_endian = "big") {
                bytes.reverse();
            }
            bytes
        };
        if !order.fortran {
            return self.values.iter().flat_map(|x| element(*x)).collect();
        }
        let reversed: Vec<_> = self.shape.iter().rev().copied().collect();
        let transposed = places(&reversed).map(|mut place| {
            place.reverse();
            element(self.at(&place))
        });
        transposed.flatten().collect()
    }

    /// A file of it.
    pub(crate) fn bytes(&self, order: Order) -> Vec<u8> {
        let code = code(T::DTYPE, order.big);
        npy(
            &super::header(&code, order.fortran, &self.shape),
            None,
            &self.data(order),
        )
    }

    /// A file that must have elements of this type, native and in C order.
    #[track_caller]
    pub(crate) fn read(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let npy = npyz::NpyFile::new(&*bytes).unwrap();
        assert_eq!(npy.dtype(), T::default_dtype(), "type of the result");
        assert_eq!(npy.order(), npyz::Order::C, "order of the result");
        let shape = npy.shape().iter().map(|len| *len as usize).collect();
        let values = npy.into_vec().unwrap();
        Self { shape, values }
    }

    /// The vectors along an axis: a shape without it, and what is at each place of it.
    pub(crate) fn vectors(&self, axis: isize) -> Grid3<T> {
        let axis = if axis < 0 {
            self.shape.len() as isize + axis
        } else {
            axis
        } as usize;
        let mut shape = self.shape.clone();
        assert_eq!(shape.remove(axis), 3, "components of {:?}", self.shape);
        let vector = |place: Vec<usize>| {
            [0, 1, 2].map(|k| {
                let mut place = place.clone();
                place.insert(axis, k);
                self.at(&place)
            })
        };
        let vectors = places(&shape).map(vector).collect();
        Grid3 { shape, vectors }
    }
}

/// Vectors at every place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid3<T> {
    pub(crate) shape: Vec<usize>,
    pub(crate) vectors: Vec<[T; 3]>,
}

impl<T: Component> Grid3<T> {
    /// Vectors, components along an axis of the array.
    pub(crate) fn along(&self, axis: isize) -> Grid<T> {
        let rank = self.shape.len() + 1;
        let axis = if axis < 0 { rank as isize + axis } else { axis } as usize;
        let mut shape = self.shape.clone();
        shape.insert(axis, 3);
        let component = |mut place: Vec<usize>| {
            let k = place.remove(axis);
            self.at(&place)[k]
        };
        let values = places(&shape).map(component).collect();
        Grid { shape, values }
    }

    /// The first component at every place.
    pub(crate) fn numbers(&self) -> Grid<T> {
        let shape = self.shape.clone();
        let values = self.vectors.iter().map(|v| v[0]).collect();
        Grid { shape, values }
    }

    /// What is at a place; of an axis of length 1, or of a lacking one, whatever the place.
    pub(crate) fn at(&self, place: &[usize]) -> [T; 3] {
        let own = &place[place.len() - self.shape.len()..];
        let axes = self.shape.iter().zip(own);
        let step =
            |at, (len, place): (&usize, &usize)| at * len + if *len == 1 { 0 } else { *place };
        self.vectors[axes.fold(0, step)]
    }

    /// An operation of each vector of a shape that all of these broadcast to.
    pub(crate) fn each(
        inputs: &[&Self],
        shape: &[usize],
        operation: impl Fn(&[[T; 3]]) -> [T; 3],
    ) -> Self {
        let at = |place: Vec<usize>| {
            let vectors: Vec<_> = inputs.iter().map(|input| input.at(&place)).collect();
            operation(&vectors)
        };
        let vectors = places(shape).map(at).collect();
        Self {
            shape: shape.to_vec(),
            vectors,
        }
    }
}
