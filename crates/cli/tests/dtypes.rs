//! Every type of elements, and every pair of them: the result has the type that NumPy promotes to, and wraps or rounds as that does.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use crosslane::{Accuracy, reference};
use crosslane_npy::{Component, Dtype, PerComponent};
use half::f16;
use support::grid::{Grid, Grid3, Order};
use support::{Directory, succeeds};

/// What `numpy.result_type` says (NumPy 2.4): rows and columns are i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8.
const PROMOTED: [[&str; 11]; 11] = [
    [
        "i1", "i2", "i4", "i8", "i2", "i4", "i8", "f8", "f2", "f4", "f8",
    ],
    [
        "i2", "i2", "i4", "i8", "i2", "i4", "i8", "f8", "f4", "f4", "f8",
    ],
    [
        "i4", "i4", "i4", "i8", "i4", "i4", "i8", "f8", "f8", "f8", "f8",
    ],
    [
        "i8", "i8", "i8", "i8", "i8", "i8", "i8", "f8", "f8", "f8", "f8",
    ],
    [
        "i2", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8",
    ],
    [
        "i4", "i4", "i4", "i8", "u2", "u2", "u4", "u8", "f4", "f4", "f8",
    ],
    [
        "i8", "i8", "i8", "i8", "u4", "u4", "u4", "u8", "f8", "f8", "f8",
    ],
    [
        "f8", "f8", "f8", "f8", "u8", "u8", "u8", "u8", "f8", "f8", "f8",
    ],
    [
        "f2", "f4", "f8", "f8", "f2", "f4", "f8", "f8", "f2", "f4", "f8",
    ],
    [
        "f4", "f4", "f8", "f8", "f4", "f4", "f8", "f8", "f4", "f4", "f8",
    ],
    [
        "f8", "f8", "f8", "f8", "f8", "f8", "f8", "f8", "f8", "f8", "f8",
    ],
];

fn code(dtype: Dtype) -> String {
    format!("{}{}", &dtype.name()[..1], dtype.size())
}

/// An array of small numbers, which every type holds.
struct Small(Order, u64);

impl PerComponent for Small {
    type Output = (Vec<u8>, Grid3<f64>);

    fn run<T: Component>(self) -> (Vec<u8>, Grid3<f64>) {
        let grid = Grid::<T>::small(&[4, 3], self.1);
        let values = grid.values.iter().map(|x| x.to_f64().unwrap()).collect();
        let shape = grid.shape.clone();
        (grid.bytes(self.0), Grid { shape, values }.vectors(-1))
    }
}

/// Whether the file holds these numbers in a type: integers modulo its width.
struct Holds<'a>(&'a Directory, Grid<f64>);

impl PerComponent for Holds<'_> {
    type Output = bool;

    fn run<T: Component>(self) -> bool {
        let got = Grid::<T>::read(&self.0.path("out.npy"));
        let modulus = match T::DTYPE.is_integer() {
            true => 256_f64.powi(size_of::<T>() as i32),
            false => f64::INFINITY,
        };
        let wrapped = |(x, y): (&T, &f64)| {
            let difference = x.to_f64().unwrap() - y;
            // As f64, a wrapped u64 differs by exactly the modulus.
            difference == 0.0 || difference == modulus
        };
        got.shape == self.1.shape && got.values.iter().zip(&self.1.values).all(wrapped)
    }
}

#[test]
fn every_pair_of_types_promotes_as_in_numpy() {
    let mut orders = Order::ALL.into_iter().cycle();
    for (a_dtype, row) in Dtype::ALL.iter().zip(PROMOTED) {
        for (b_dtype, expected) in Dtype::ALL.iter().zip(row) {
            let (a, a_vectors) = a_dtype.with(Small(orders.next().unwrap(), 1));
            let (b, b_vectors) = b_dtype.with(Small(orders.next().unwrap(), 2));
            orders.next();
            let directory = Directory::new();
            directory.write("a.npy", &a);
            directory.write("b.npy", &b);
            succeeds(&mut directory.cross("a.npy", "b.npy", "out.npy"));
            let dtype = Dtype::ALL.iter().find(|dtype| code(**dtype) == expected);
            let cross = |v: &[[f64; 3]]| reference::cross(v[0], v[1], Accuracy::Plain);
            let product = Grid3::each(&[&a_vectors, &b_vectors], &[4], cross).along(-1);
            let holds = dtype.unwrap().with(Holds(&directory, product));
            assert!(holds, "{a_dtype} with {b_dtype} is {expected}");
        }
    }
}

/// An integer that can be computed in 128 bits and wrapped.
trait Integer: Component + Into<i128> {
    fn wrapping(value: i128) -> Self;
    fn from_bits(bits: u64) -> Self;
}

macro_rules! integer {
    ($($t:ty)*) => {$(
        impl Integer for $t {
            fn wrapping(value: i128) -> Self {
                value as Self
            }
            fn from_bits(bits: u64) -> Self {
                bits as Self
            }
        }
    )*};
}
integer!(i8 i16 i32 i64 u8 u16 u32 u64);

fn wraps<T: Integer>() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut number = || T::from_bits(random.u64(..) >> random.u32(..64));
    let [a, b] = [&[50, 1, 3][..], &[7, 3]].map(|shape| Grid::new(shape, &mut number));
    let cross = |v: &[[T; 3]]| {
        let [a, b] = [v[0], v[1]].map(|v| v.map(Into::<i128>::into));
        let difference = |i: usize, k: usize| {
            T::wrapping(
                a[i].wrapping_mul(b[k])
                    .wrapping_sub(a[k].wrapping_mul(b[i])),
            )
        };
        [difference(1, 2), difference(2, 0), difference(0, 1)]
    };
    let expected = Grid3::each(&[&a.vectors(-1), &b.vectors(-1)], &[50, 7], cross).along(-1);
    for order in Order::ALL {
        let directory = Directory::new();
        directory.write("a.npy", &a.bytes(order));
        directory.write("b.npy", &b.bytes(order));
        succeeds(&mut directory.cross("a.npy", "b.npy", "out.npy"));
        let got = Grid::read(&directory.path("out.npy"));
        assert!(got == expected, "{} {order:?}", T::DTYPE);
    }
}

#[test]
fn integers_of_every_width_wrap() {
    wraps::<i8>();
    wraps::<i16>();
    wraps::<i32>();
    wraps::<i64>();
    wraps::<u8>();
    wraps::<u16>();
    wraps::<u32>();
    wraps::<u64>();
}

#[test]
fn integers_of_64_bits_become_the_nearest_float64() {
    let big = (1_i64 << 53) + 1;
    let a = Grid {
        shape: vec![3],
        values: vec![big, 0, 0],
    };
    let b = Grid {
        shape: vec![3],
        values: vec![0_u64, 1, u64::MAX],
    };
    let directory = Directory::new();
    directory.write("a.npy", &a.bytes(Order::ALL[0]));
    directory.write("b.npy", &b.bytes(Order::ALL[2]));
    succeeds(&mut directory.cross("a.npy", "b.npy", "out.npy"));
    let got = Grid::<f64>::read(&directory.path("out.npy"));
    let (big, most) = (big as f64, u64::MAX as f64);
    assert_eq!(
        got.values,
        [0.0, -(big * most), big],
        "rounded before it is multiplied"
    );
}

/// The nearest number, the even one of two that are equally near. (`f16::from_f64` ignores the lowest bits.)
fn nearest(x: f64) -> f16 {
    let near = f16::from_f64(x).to_bits();
    let numbers = [near.saturating_sub(1), near, near + 1].map(f16::from_bits);
    let order = |number: &f16| ((f64::from(*number) - x).abs(), number.to_bits() & 1);
    let nearest = numbers
        .into_iter()
        .min_by(|a, b| order(a).partial_cmp(&order(b)).unwrap());
    nearest.unwrap()
}

/// Where NumPy rounds three times.
#[test]
fn float16_is_rounded_once() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut number = || f16::from_f32(16.0 * random.f32() - 8.0);
    let [a, b] = [&[300, 3], &[300, 3]].map(|shape| Grid::new(shape, &mut number));
    let cross = |v: &[[f16; 3]]| {
        // Exact in f64, but for the last step.
        let [a, b] = [v[0], v[1]].map(|v| v.map(f64::from));
        let difference = |i: usize, k: usize| nearest(a[i] * b[k] - a[k] * b[i]);
        [difference(1, 2), difference(2, 0), difference(0, 1)]
    };
    let expected = Grid3::each(&[&a.vectors(-1), &b.vectors(-1)], &[300], cross).along(-1);
    for options in [&[][..], &["--accuracy", "correctly-rounded"]] {
        for order in Order::ALL {
            let directory = Directory::new();
            directory.write("a.npy", &a.bytes(order));
            directory.write("b.npy", &b.bytes(order));
            succeeds(directory.cross("a.npy", "b.npy", "out.npy").args(options));
            let got = Grid::read(&directory.path("out.npy"));
            assert!(got == expected, "{order:?} {options:?}");
        }
    }
}

#[test]
fn integers_are_not_rounded() {
    let directory = Directory::new();
    directory.write(
        "a.npy",
        &Grid::<i32>::small(&[5, 3], 1).bytes(Order::ALL[0]),
    );
    directory.write(
        "b.npy",
        &Grid::<f32>::small(&[5, 3], 1).bytes(Order::ALL[0]),
    );
    let rounded = ["--accuracy", "correctly-rounded"];
    let mut integers = directory.cross("a.npy", "a.npy", "out.npy");
    let expected = [
        "--accuracy correctly-rounded: ",
        "int32",
        "integers are not rounded",
    ];
    directory.refuses(integers.args(rounded), &expected);
    succeeds(
        directory
            .cross("a.npy", "a.npy", "out.npy")
            .args(["--accuracy", "plain"]),
    );
    // Together with float32 they are float64.
    succeeds(
        directory
            .cross("a.npy", "b.npy", "out.npy")
            .args(rounded)
            .arg("--force"),
    );
}
