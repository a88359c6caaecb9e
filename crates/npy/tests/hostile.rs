//! Bytes that nobody's NumPy wrote: an error or the vectors that they hold, at once, without a panic.

use core::ops::Range;

use crosslane_npy::{Array, Axis};

/// A file of this version with this header, before these data.
fn file(version: u8, header: &[u8], data: &[u8]) -> Vec<u8> {
    let len = (header.len() as u32).to_le_bytes();
    let len = if version == 1 { &len[..2] } else { &len };
    [b"\x93NUMPY", &[version, 0][..], len, header, data].concat()
}

fn header(dtype: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': {dtype}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

/// 1, 2, 3 ... as big-endian or little-endian `f32`.
fn numbers(len: u8, big: bool) -> Vec<u8> {
    let bytes = |x: f32| {
        if big {
            x.to_be_bytes()
        } else {
            x.to_le_bytes()
        }
    };
    (1..=len).flat_map(|x| bytes(x.into())).collect()
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let array = Array::from_bytes("the name", bytes);
    let vectors = array.and_then(|array| array.vectors(None).map(|vectors| vectors.len()));
    let error = format!("{:#}", vectors.expect_err("hostile"));
    assert!(error.starts_with("the name: "), "{error}");
    assert!(
        error.contains(expected),
        "{error} does not mention {expected}"
    );
}

/// The vectors of a range, each component a small whole number.
#[track_caller]
fn read(bytes: &[u8], axis: Option<Axis>, range: Range<usize>) -> Vec<[f64; 3]> {
    let array = Array::from_bytes("the name", bytes).expect("an array");
    let vectors = array.vectors(axis).expect("vectors");
    let (mut single, mut double) = (Vec::new(), Vec::new());
    let single = vectors.block::<f32>(range.clone(), &mut single);
    let double = vectors.block::<f64>(range.clone(), &mut double);
    let (single, double) = (single.expect("as they are"), double.expect("wider"));
    let get = |i| {
        let single = single.get(i).expect("all of the range").map(f64::from);
        assert_eq!(double.get(i), Some(single), "vector {i} in both types");
        single
    };
    let len = range.len();
    assert_eq!([single.len(), double.len()], [len; 2], "all of the range");
    (0..len).map(get).collect()
}

#[test]
fn nesting_neither_overflows_the_stack_nor_takes_forever() {
    for bracket in [
        "(", "[", "{", "[(", "{(", "([{", "{1:", "(1,", "-(", "{'':(",
    ] {
        for count in [5, 100, 3_000] {
            let open = bracket.repeat(count.min(9_000 / bracket.len()));
            refused(&file(1, open.as_bytes(), &[]), "begins");
            refused(
                &file(1, header("'<f4'", "False", &open).as_bytes(), &[]),
                "begins",
            );
        }
        let giant = bracket.repeat(60_000);
        refused(&file(2, giant.as_bytes(), &[]), "expected at most 10000");
    }
    // What the parser may repeat for every bracket that it is given.
    for inside in [
        "9", "1+", "-", "1,", "9e", "9_", ".9", "1:1,", "''", "True,", "\\'",
    ] {
        for (open, expected) in [
            ("{[([", "header cannot be read"),
            ("[[[[", "header cannot be read"),
            ("((((", "header cannot be read"),
            ("{{", "begins"),
            ("{'': ", "header cannot be read"),
            (
                "((((((((((((((((((((((((((((((((((((((((",
                "header cannot be read",
            ),
        ] {
            let text = format!("{open}{}", inside.repeat(9_900 / inside.len()));
            refused(&file(1, text.as_bytes(), &[]), expected);
        }
    }
}

#[test]
fn numbers_that_are_no_sizes() {
    let digits = "9".repeat(9_000);
    let hexadecimal = format!("0x{}", "f".repeat(9_000));
    for length in [
        &digits,
        &hexadecimal,
        "18446744073709551616",
        "-1",
        "0 - 1",
        "1e999",
        "3j",
        "True",
    ] {
        for shape in [format!("({length}, 3)"), format!("(3, {length})")] {
            refused(
                &file(1, header("'<f4'", "False", &shape).as_bytes(), &[0; 99]),
                "shape",
            );
        }
    }
    for sum in [format!("1e999 + {digits}"), format!("{digits} - 1j")] {
        refused(
            &file(1, header(&sum, "False", "(3,)").as_bytes(), &[0; 99]),
            "header cannot be read",
        );
    }
}

#[test]
fn a_header_is_within_the_file_and_short() {
    for version in [2, 3] {
        for len in [200_u32, 1 << 31, u32::MAX] {
            let mut bytes = file(version, &[b' '; 100], &[]);
            bytes[8..12].copy_from_slice(&len.to_le_bytes());
            refused(&bytes, "truncated: the header has");
        }
    }
    refused(&file(1, &[], &[]), "header cannot be read");
    refused(&file(4, &[], &[0; 99]), "version 4");
    refused(
        &file(3, b"{'descr': '<f4\xff'}", &[]),
        "the header is not text",
    );
    refused(
        &file(1, "\u{a0}{\u{2003}}".as_bytes(), &[]),
        "header cannot be read",
    );
    let whole = file(
        2,
        header("'<f4'", "False", "(2, 3)").as_bytes(),
        &numbers(6, false),
    );
    for len in 0..whole.len() {
        refused(&whole[..len], "");
    }
}

#[test]
fn the_longest_header_is_counted_in_characters() {
    for version in 1..=3 {
        for (len, fits) in [(10_000, true), (10_001, false)] {
            let text = header("'<f4'", "False", "(2, 3)");
            let comment = "\u{e9}".repeat(len - text.len() - 2);
            let text = format!("#{comment}\n{text}");
            let bytes = match version {
                3 => text.into_bytes(),
                _ => text.chars().map(|c| c as u8).collect(),
            };
            let bytes = file(version, &bytes, &numbers(6, false));
            if fits {
                let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
                assert_eq!(read(&bytes, None, 0..2), rows, "version {version}");
            } else {
                refused(&bytes, "expected at most 10000");
            }
        }
    }
}

#[test]
fn axes_without_length() {
    for fortran in ["False", "True"] {
        for shape in [
            "(0, 3)",
            "(3, 0)",
            "(0, 0, 3)",
            "(1000000000000, 0, 3)",
            "(3, 1000000000000, 0)",
        ] {
            let bytes = file(1, header("'<f4'", fortran, shape).as_bytes(), &[]);
            // Whether or not the end of the file is aligned for elements.
            for pad in 0..8 {
                let padded = [vec![0; pad], bytes.clone()].concat();
                assert_eq!(read(&padded[pad..], None, 0..0), [[0.0; 3]; 0], "{shape}");
            }
        }
        for shape in ["(0,)", "()", "[]", "(0, 4)", "(3, 0, 3)"] {
            refused(
                &file(1, header("'<f4'", fortran, shape).as_bytes(), &[0; 99]),
                "shape",
            );
        }
        for shape in [
            "(0, 4611686018427387904, 3)",
            "(4294967296, 4294967296, 3)",
            "(3, 9223372036854775807)",
        ] {
            refused(
                &file(1, header("'<f4'", fortran, shape).as_bytes(), &[0; 99]),
                "larger than any memory",
            );
        }
    }
}

#[test]
fn values_in_every_order_version_and_alignment() {
    for (dtype, big) in [("'<f4'", false), ("'>f4'", true)] {
        for version in 1..=3 {
            for pad in 0..5 {
                let read = |fortran, shape, axis| {
                    let text =
                        " \t".repeat(pad) + &header(dtype, fortran, shape) + &" ".repeat(pad);
                    read(
                        &file(version, text.as_bytes(), &numbers(6, big)),
                        axis,
                        0..2,
                    )
                };
                let (rows, columns) = (
                    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
                    [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],
                );
                assert_eq!(read("False", "(2, 3)", None), rows);
                assert_eq!(read("True", "(2, 3)", None), columns);
                assert_eq!(read("False", "(3, 2)", None), columns);
                assert_eq!(read("True", "(3, 2)", Some(Axis::First)), rows);
                assert_eq!(read("False", "(2, 1, 3)", Some(Axis::Last)), rows);
            }
        }
    }
    for dtype in [
        "'<f2'",
        "'>float32'",
        "'<f44444444444444444444444'",
        "'é'",
        "''",
        "[('x', '<f4')]",
        "b'<f4'",
        "None",
    ] {
        refused(
            &file(3, header(dtype, "False", "(2, 3)").as_bytes(), &[0; 99]),
            "dtype",
        );
    }
}

#[test]
fn only_vectors_that_are_there_are_given() {
    let (native, foreign) = if cfg!(target_endian = "big") {
        ("'>f4'", "'<f4'")
    } else {
        ("'<f4'", "'>f4'")
    };
    for dtype in [native, foreign] {
        // More data than the shape says, which is no part of the array.
        let bytes = file(
            1,
            header(dtype, "False", "(3, 2)").as_bytes(),
            &numbers(60, false),
        );
        let array = Array::from_bytes("the name", &bytes).expect("an array");
        let vectors = array.vectors(None).expect("vectors");
        #[expect(
            clippy::reversed_empty_ranges,
            reason = "one of the ranges to be refused"
        )]
        for range in [1..3, 2..3, 0..usize::MAX, usize::MAX - 1..usize::MAX, 2..1] {
            let mut buffer = Vec::new();
            let error = vectors
                .block::<f32>(range.clone(), &mut buffer)
                .expect_err("not there");
            let error = error.to_string();
            assert!(error.contains("expected some of 0..2"), "{error}");
            assert_eq!(buffer.capacity(), 0, "no memory for {range:?}");
        }
        let mut two = array.vectors(None).expect("vectors");
        assert!(two.broadcast_to(&vectors).is_err(), "two are not one");
    }
}
