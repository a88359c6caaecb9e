//! Views of any rank: they are made exactly where all of their places are inside the data and, if they are exclusive, no two are the same
//! element. The set of all places decides.

use std::collections::HashMap;

use crosslane::{Error, ScalarsMut, VectorsMut};

use super::support::places::Arguments;
use super::support::{Random, one_in};

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
