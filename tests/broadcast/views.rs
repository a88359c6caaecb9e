//! Views of any rank: they are made exactly where all of their places are inside the data and, if they are exclusive, no two are the same
//! element. The set of all places decides.

use std::collections::HashMap;

use crosslane::{Accuracy, Error, ScalarsMut, Shape, Vectors, VectorsMut, cross, reference};

use super::support::places::Arguments;
use super::support::{Random, Tested, one_in};

#[test]
fn views_are_made_exactly_where_the_set_of_their_places_allows_it() {
    let mut random = Random(700);
    let mut counts = HashMap::new();
    for _ in 0..60_000 / one_in(20) {
        let exclusive = Arguments::random(&mut random).check();
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

/// As many axes as a view can have, in two orders, so that none can be merged; and four axes with blocks, which divide the last.
#[test]
fn operands_can_have_all_axes_that_there_are() {
    let mut random = Random(701);
    for (shape, in_blocks) in [(&[2; 16][..], false), (&[2, 2, 2, 16], true)] {
        let len = shape.iter().product();
        let mut vector = |_| [0; 3].map(|_| f32::ordinary(&mut random));
        let [a, b] = [0; 2].map(|_| (0..len).map(&mut vector).collect::<Vec<_>>());
        let mut out = vec![[0.0; 3]; len];
        // C order, and the opposite.
        let stride = |lens: &[usize]| 3 * lens.iter().product::<usize>() as isize;
        let rank = 0..shape.len();
        let slowest_first: Vec<_> = rank.clone().map(|i| stride(&shape[i + 1..])).collect();
        let fastest_first: Vec<_> = rank.map(|i| stride(&shape[..i])).collect();
        let view = |v| Vectors::nd(v, 0, 1, shape, &fastest_first).unwrap();
        let blocks =
            [0, 1].map(|k| [0, 1, 2].map(|j| [0, 1, 2, 3, 4, 5, 6, 7].map(|i| b[8 * k + i][j])));
        let (a, b) = match in_blocks {
            true => (view(a.as_flattened()), Vectors::blocks(&blocks)),
            false => (
                view(a.as_flattened()),
                Vectors::nd(b.as_flattened(), 0, 1, shape, &slowest_first).unwrap(),
            ),
        };
        let written = out.as_flattened_mut();
        cross(
            a,
            b,
            VectorsMut::nd(written, 0, 1, shape, &slowest_first).unwrap(),
        )
        .unwrap();
        for (i, got) in out.into_iter().enumerate() {
            let (a, b) = (a.get(i).unwrap(), b.get(i % b.len()).unwrap());
            assert_eq!(
                got,
                reference::cross(a, b, Accuracy::Plain),
                "{shape:?}, vector {i}"
            );
        }
    }
}

/// Blocks of one vector are rows, and axes of length 1 in memory.
#[test]
fn blocks_can_be_of_one_vector() {
    let rows = [[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 10.0]];
    let blocks = rows.map(|row| row.map(|x| [x]));
    let others = [[[2.0, 3.0, 5.0], [7.0, 11.0, 13.0], [17.0, 19.0, 23.0]]];
    let (mut out, mut expected) = ([[0.0; 3]; 3], [[0.0; 3]; 3]);
    cross(Vectors::blocks(&blocks), Vectors::blocks(&others), &mut out).unwrap();
    let [x, y, z] = &others[0];
    cross(&rows, Vectors::soa(x, y, z).unwrap(), &mut expected).unwrap();
    assert_eq!(out, expected);
}

/// The shapes of up to `rank` axes of these lengths.
fn shapes(rank: usize, lens: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    let mut last = all.clone();
    for _ in 0..rank {
        let longer = |shape: &Vec<usize>| {
            let shape = shape.clone();
            lens.iter()
                .map(move |len| [shape.clone(), vec![*len]].concat())
        };
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// By NumPy's rule, said in another way: at each place, counted from the last, all lengths but 1 are the same.
fn broadcast_by_definition(shapes: &[&[usize]]) -> Option<Vec<usize>> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap();
    let place = |place: usize| {
        let lens = shapes
            .iter()
            .filter_map(|shape| shape.iter().rev().nth(place));
        let mut others: Vec<_> = lens.filter(|len| **len != 1).collect();
        others.sort();
        others.dedup();
        match others[..] {
            [] => Some(1),
            [only] => Some(*only),
            _ => None,
        }
    };
    (0..rank).rev().map(place).collect()
}

#[test]
fn shapes_are_broadcast_by_the_rule_of_numpy() {
    let shapes = shapes(3, &[0, 1, 2, 3]);
    let (mut together, mut apart) = (0, 0);
    for a in &shapes {
        for b in &shapes {
            for c in [&[][..], &[1], &[2], &[3, 1], &[2, 1, 1, 1]] {
                let all = [a.as_slice(), b.as_slice(), c];
                let expected = broadcast_by_definition(&all);
                match (Shape::broadcast(all), expected) {
                    (Ok(got), Some(expected)) => {
                        assert_eq!(got, expected, "{all:?}");
                        together += 1;
                    }
                    (Err(Error::ShapeMismatch { expected, got, .. }), None) => {
                        assert!(expected != got && expected != 1 && got != 1, "{all:?}");
                        apart += 1;
                    }
                    (got, expected) => panic!("{all:?}: {got:?} for {expected:?}"),
                }
            }
        }
    }
    assert!(together > 1000 && apart > 1000, "{together} and {apart}");
    let long = [2; 17];
    assert_eq!(
        Shape::broadcast([&long[..]]),
        Err(Error::Rank { got: 17, most: 16 })
    );
    assert_eq!(
        Shape::broadcast([[usize::MAX, 2].as_slice()]),
        Err(Error::TooManyVectors)
    );
    let mismatch = Error::ShapeMismatch {
        what: "an operand",
        axis: 2,
        expected: 7,
        got: 5,
    };
    assert_eq!(
        Shape::broadcast([[7, 1].as_slice(), &[5, 4]]),
        Err(mismatch)
    );
}
