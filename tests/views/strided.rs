//! Strided views against a plain model that goes through every place: what is accepted lies inside its data, what is rejected is
//! rejected for the stated reason.

use std::collections::HashMap;

use crosslane::{Error, Vectors, VectorsMut, cross};
use proptest::prelude::*;

use crate::support;

/// Where (component, vector) lies, in arithmetic that cannot overflow.
fn place(first: usize, component_stride: isize, vector_stride: isize, k: usize, i: usize) -> i128 {
    first as i128 + k as i128 * component_stride as i128 + i as i128 * vector_stride as i128
}

/// What `strided` should say, by going through every place.
fn model(
    data: usize,
    first: usize,
    c: isize,
    v: isize,
    len: usize,
    exclusive: bool,
) -> Result<(), &'static str> {
    let mut seen = HashMap::new();
    let mut overlap = false;
    for i in 0..len {
        for k in 0..3 {
            let index = place(first, c, v, k, i);
            if index < 0 || index >= data as i128 {
                return Err("out of bounds");
            }
            overlap |= seen.insert(index, (i, k)).is_some();
        }
    }
    if exclusive && overlap {
        Err("overlap")
    } else {
        Ok(())
    }
}

fn name(error: Error) -> &'static str {
    match error {
        Error::OutOfBounds { .. } => "out of bounds",
        Error::Overlap { .. } => "overlap",
        other => panic!("no such error is expected: {other}"),
    }
}

/// Both constructors say what the model says, accepted views read and write what they should, and an error
/// names places that are what it says they are.
fn check_strided(data: &mut [f64], first: usize, c: isize, v: isize, len: usize) {
    let size = data.len();
    for (i, element) in data.iter_mut().enumerate() {
        *element = i as f64;
    }
    let shared = Vectors::strided(data, first, c, v, len);
    assert_eq!(
        shared.as_ref().map(|_| ()).map_err(|&e| name(e)),
        model(size, first, c, v, len, false),
        "shared"
    );
    if let Ok(view) = shared {
        assert_eq!((view.len(), view.is_empty()), (len, len == 0), "length");
        for i in 0..len {
            let expected = [0, 1, 2].map(|k| place(first, c, v, k, i) as f64);
            assert_eq!(view.get(i), Some(expected), "vector {i}");
        }
        assert_eq!(view.get(len), None, "behind the last");
    }
    let exclusive = VectorsMut::strided(data, first, c, v, len);
    let result = exclusive.as_ref().map(|_| ()).map_err(|&e| name(e));
    assert_eq!(result, model(size, first, c, v, len, true), "exclusive");
    match exclusive {
        Ok(out) => {
            assert_eq!((out.len(), out.is_empty()), (len, len == 0), "length");
            let [a, b] = [[[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]]].map(|v: [[f64; 3]; 1]| v);
            let (a, b) = (
                Vectors::broadcast(&a[0], len),
                Vectors::broadcast(&b[0], len),
            );
            cross(a, b, out).unwrap();
            let written: Vec<i128> = (0..len)
                .flat_map(|i| (0..3).map(move |k| place(first, c, v, k, i)))
                .collect();
            for (i, element) in data.iter().enumerate() {
                let expected = match written.iter().position(|&index| index == i as i128) {
                    Some(at) => [-1.0, 0.0, 0.0][at % 3],
                    None => i as f64,
                };
                assert_eq!(*element, expected, "element {i}");
            }
        }
        Err(Error::OutOfBounds {
            vector,
            component,
            len: elements,
        }) => {
            let index = place(first, c, v, component, vector);
            assert!(
                vector < len && (index < 0 || index >= size as i128),
                "({vector}, {component}) is outside"
            );
            assert_eq!(elements, size, "elements");
        }
        Err(Error::Overlap {
            first: one,
            second: other,
        }) => {
            assert!(
                one != other && one.0 < len && other.0 < len,
                "{one:?} and {other:?} are two places"
            );
            let index = |(i, k): (usize, usize)| place(first, c, v, k, i);
            assert_eq!(index(one), index(other), "{one:?} and {other:?} coincide");
        }
        Err(other) => panic!("no such error is expected: {other}"),
    }
}

#[test]
fn every_small_strided_view_is_what_the_model_says() {
    let mut data = [0.0; 13];
    for size in [0, 1, 3, 7, 13] {
        for first in 0..=size + 1 {
            for c in -5..=5 {
                for v in -7..=7 {
                    for len in 0..=5 {
                        check_strided(&mut data[..size], first, c, v, len);
                    }
                }
            }
        }
    }
}

/// Numbers at which index arithmetic wraps round, and small ones.
fn extreme() -> impl Strategy<Value = isize> {
    let edges = vec![
        isize::MIN,
        isize::MIN + 1,
        isize::MIN / 2,
        isize::MAX / 2,
        isize::MAX / 2 + 1,
        isize::MAX - 1,
        isize::MAX,
        1 << (isize::BITS / 2),
        -(1 << (isize::BITS / 2)),
        (1 << (isize::BITS - 2)) + 1,
    ];
    prop_oneof![prop::sample::select(edges), -9..9_isize]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000 / support::one_in(50) as u32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strided_views_with_extreme_numbers_are_what_the_model_says(
        size in 0..20_usize, first in extreme(), c in extreme(), v in extreme(), len in 0..6_usize,
    ) {
        check_strided(&mut vec![0.0; size], first as usize, c, v, len);
    }

    #[test]
    fn no_length_makes_an_index_wrap_round(
        size in 0..20_usize, first in 0..20_usize, c in extreme(), v in extreme(),
        len in extreme().prop_map(|len| (len as usize).max(21)),
    ) {
        let data = vec![0.0_f32; size];
        let accepted = Vectors::strided(&data, first, c, v, len).is_ok();
        // More places than elements fit only if all vectors are one.
        let fits = v == 0 && model(size, first, c, v, 1, false).is_ok();
        prop_assert_eq!(accepted, fits);
        prop_assert!(VectorsMut::strided(&mut vec![0.0_f32; size], first, c, v, len).is_err());
    }
}
