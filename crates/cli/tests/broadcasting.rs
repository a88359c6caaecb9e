//! Shapes and axes: for every rank, axis of components and broadcast, the product is the one that the definition gives.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::process::Command;

use crosslane::{Accuracy, reference};
use fastrand::Rng;
use support::grid::{Grid, Grid3, Order};
use support::{Directory, refuses, succeeds};

/// Two arrays of `f32` in a directory.
fn files(a: &Grid<f32>, b: &Grid<f32>, random: &mut Rng) -> Directory {
    let directory = Directory::new();
    for (name, grid) in [("a.npy", a), ("b.npy", b)] {
        let order = random.choice(Order::ALL).unwrap();
        directory.write(name, &grid.bytes(order));
    }
    directory
}

fn product(a: &Grid3<f32>, b: &Grid3<f32>, shape: &[usize]) -> Grid3<f32> {
    let cross = |v: &[[f32; 3]]| reference::cross(v[0], v[1], Accuracy::Plain);
    Grid3::each(&[a, b], shape, cross)
}

fn cross(directory: &Directory, options: &[String]) -> Command {
    let mut command = directory.cross("a.npy", "b.npy", "out.npy");
    command.args(options);
    command
}

/// `a.npy` of one shape, `b.npy` of another, with these axes, gives the definition's product.
#[track_caller]
fn check(shapes: [&[usize]; 2], shape: &[usize], axes: [isize; 3], options: &[String], seed: u64) {
    let [a, b] = [(shapes[0], seed), (shapes[1], seed + 1)].map(|(s, n)| Grid::fractions(s, n));
    let directory = files(&a, &b, &mut Rng::with_seed(seed));
    succeeds(&mut cross(&directory, options));
    let expected = product(&a.vectors(axes[0]), &b.vectors(axes[1]), shape).along(axes[2]);
    let got = Grid::read(&directory.path("out.npy"));
    assert!(got == expected, "{shapes:?} {options:?}, seed {seed}");
}

fn options(named: &[(&str, isize)]) -> Vec<String> {
    let option = |(name, axis): &(&str, isize)| [(*name).to_owned(), axis.to_string()];
    named.iter().flat_map(option).collect()
}

#[test]
fn any_axes_of_any_rank() {
    for seed in 0..150 {
        let mut random = Rng::with_seed(seed);
        let lengths = [0, 1, 2, 2, 3, 4];
        let rank = seed as usize % 9;
        let shape: Vec<usize> = (0..rank).map(|_| random.choice(lengths).unwrap()).collect();
        // One array has all axes; the other has length 1 along some, and lacks some.
        let lacking = random.usize(..=rank) * random.usize(..2);
        let own = shape.iter().skip(lacking);
        let own = own.map(|len| if random.u8(..4) == 0 { 1 } else { *len });
        let own: Vec<usize> = own.collect();
        let mut shapes = [shape.clone(), own];
        if random.bool() {
            shapes.reverse();
        }
        let mut axes = [-1; 3];
        for (axis, rank) in axes
            .iter_mut()
            .zip([shapes[0].len(), shapes[1].len(), rank])
        {
            let rank = rank as isize + 1;
            *axis = random.isize(-rank..rank);
        }
        for (shape, axis) in shapes.iter_mut().zip(axes) {
            let len = shape.len() as isize + 1;
            shape.insert(axis.rem_euclid(len) as usize, 3);
        }
        let named = [
            ("--axisa", axes[0]),
            ("--axisb", axes[1]),
            ("--axisc", axes[2]),
        ];
        check(
            [&shapes[0], &shapes[1]],
            &shape,
            axes,
            &options(&named),
            seed,
        );
    }
}

#[test]
fn axis_overrides_the_other_three() {
    let named = [
        ("--axisa", 0),
        ("--axisb", 5),
        ("--axisc", 7),
        ("--axis", 1),
    ];
    check(
        [&[4, 3, 2], &[1, 3, 2]],
        &[4, 2],
        [1, 1, 1],
        &options(&named),
        1,
    );
    check(
        [&[4, 2, 3], &[3]],
        &[4, 2],
        [-1, -1, -1],
        &options(&[("--axis", -1)]),
        2,
    );
}

#[test]
fn without_options_the_last_axis_is_that_of_the_components() {
    check([&[3, 3], &[3, 3]], &[3], [-1; 3], &[], 1);
    check([&[3, 5, 3], &[3]], &[3, 5], [-1; 3], &[], 2);
    check([&[5, 1, 3], &[4, 3]], &[5, 4], [-1; 3], &[], 3);
    // An option for one array leaves the others at their last axis.
    check(
        [&[3, 5], &[5, 3]],
        &[5],
        [0, -1, -1],
        &options(&[("--axisa", 0)]),
        4,
    );
    check(
        [&[5, 3], &[5, 3]],
        &[5],
        [-1, -1, 0],
        &options(&[("--axisc", 0)]),
        5,
    );
}

#[test]
fn without_options_the_first_axis_is_taken_where_no_last_one_can_be() {
    check([&[3, 5], &[3, 5]], &[5], [0; 3], &[], 1);
    check([&[3, 4, 5], &[3, 1, 5]], &[4, 5], [0; 3], &[], 2);
    check([&[3, 4, 5], &[3]], &[4, 5], [0; 3], &[], 3);
    let directory = files(
        &Grid::small(&[3, 3], 1),
        &Grid::small(&[3, 5], 2),
        &mut Rng::with_seed(1),
    );
    // NumPy takes (3, 3) along its last axis, so that is the axis of both.
    let expected = [
        "b.npy: shape [3, 5], expected length 3 along axis -1",
        "a.npy has [3, 3]",
    ];
    refuses(&mut cross(&directory, &[]), &expected);
}

#[test]
fn blocks_of_a_broadcast_product() {
    // Blocks have at most 2^18 vectors. The components come last, between the axes, and first.
    check([&[600, 1, 3], &[601, 3]], &[600, 601], [-1; 3], &[], 1);
    let many = (1 << 18) + 7;
    for axis in [0, 1, 2] {
        let named = options(&[("--axisc", axis)]);
        check(
            [&[2, 1, 3], &[many, 3]],
            &[2, many],
            [-1, -1, axis],
            &named,
            2,
        );
    }
}

#[test]
fn axes_that_are_not_there() {
    let directory = files(
        &Grid::small(&[5, 3], 1),
        &Grid::small(&[5, 3], 2),
        &mut Rng::with_seed(1),
    );
    for (named, expected) in [
        ([("--axis", 2)], ["a.npy: shape [5, 3] has no axis 2", ""]),
        (
            [("--axisb", -3)],
            ["b.npy: shape [5, 3] has no axis -3", ""],
        ),
        (
            [("--axisa", 0)],
            [
                "a.npy: shape [5, 3], expected length 3 along axis 0",
                "b.npy has [5, 3]",
            ],
        ),
        (
            [("--axisc", 2)],
            ["out.npy: a result of 2 axes has no axis 2", ""],
        ),
        (
            [("--axisc", isize::MIN)],
            ["out.npy: a result of 2 axes has no axis", ""],
        ),
    ] {
        directory.refuses(&mut cross(&directory, &options(&named)), &expected);
    }
}

#[test]
fn results_that_are_too_large() {
    let directory = Directory::new();
    // Neither has elements, and the product would have 2^62 · 0 vectors.
    let empty = |shape: &[usize]| support::npy(&support::header("<f8", false, shape), None, &[]);
    directory.write("a.npy", &empty(&[1 << 31, 1, 0, 3]));
    directory.write("b.npy", &empty(&[1 << 31, 0, 3]));
    let expected =
        ["out.npy: a result of shape [2147483648, 2147483648, 0, 3] is larger than any file"];
    directory.refuses(&mut cross(&directory, &[]), &expected);
}
