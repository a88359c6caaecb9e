//! Bytes that nobody's NumPy wrote: an error or the vectors that they hold, at once, without a panic.

use crosslane_npy::{Array, Component, Dtype, PerComponent};

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
    numbers_of(Dtype::Float32, len, big)
}

/// The same in any type.
fn numbers_of(dtype: Dtype, len: u8, big: bool) -> Vec<u8> {
    struct Bytes(u8);
    impl PerComponent for Bytes {
        type Output = Vec<u8>;
        fn run<T: Component>(self) -> Vec<u8> {
            let number: T = num_traits::cast(self.0).expect("a small number");
            bytemuck::bytes_of(&number).to_vec()
        }
    }
    let bytes = |x| {
        let mut bytes = dtype.with(Bytes(x));
        if big != cfg!(target_endian = "big") {
            bytes.reverse();
        }
        bytes
    };
    (1..=len).flat_map(bytes).collect()
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let array = Array::from_bytes("the name", bytes);
    let vectors = array.and_then(|array| array.vectors(-1).map(|vectors| vectors.len()));
    let error = format!("{:#}", vectors.expect_err("hostile"));
    assert!(error.starts_with("the name: "), "{error}");
    assert!(
        error.contains(expected),
        "{error} does not mention {expected}"
    );
}

/// All vectors, each component a small whole number.
#[track_caller]
fn read(bytes: &[u8], axis: isize) -> Vec<[f64; 3]> {
    let array = Array::from_bytes("the name", bytes).expect("an array");
    let vectors = array.vectors(axis).expect("vectors");
    let all: Vec<_> = vectors.shape().into_iter().map(|len| 0..len).collect();
    let mut buffer = Vec::new();
    let block = vectors.block::<f64>(&all, &mut buffer).expect("a block");
    let got: Vec<_> = (0..vectors.len())
        .map(|i| block.get(i).expect("all"))
        .collect();
    assert_eq!(block.len(), got.len(), "all of them");
    assert_eq!(
        array.dtype().with(Own(&array, axis)),
        got,
        "in the own type, one by one"
    );
    got
}

/// Reads every vector alone, in the type that it has.
struct Own<'a>(&'a Array<'a>, isize);

impl PerComponent for Own<'_> {
    type Output = Vec<[f64; 3]>;

    fn run<T: Component>(self) -> Vec<[f64; 3]> {
        let vectors = self.0.vectors(self.1).expect("vectors");
        let mut buffer = Vec::<T>::new();
        let place = |mut i: usize| {
            let mut place = Vec::new();
            for len in vectors.shape().into_iter().rev() {
                place.insert(0, i % len..i % len + 1);
                i /= len;
            }
            place
        };
        let mut one = |i| {
            let block = vectors.block(&place(i), &mut buffer).expect("a vector");
            assert_eq!(
                (block.len(), block.shape().len()),
                (1, 0),
                "one vector without axes"
            );
            block
                .get(0)
                .expect("a vector")
                .map(|x| x.to_f64().expect("a number"))
        };
        (0..vectors.len()).map(&mut one).collect()
    }
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
                assert_eq!(read(&bytes, -1), rows, "version {version}");
            } else {
                refused(&bytes, "expected at most 10000");
            }
        }
    }
}

#[test]
fn axes_without_length() {
    for fortran in ["False", "True"] {
        for (shape, axis) in [
            ("(0, 3)", 1),
            ("(3, 0)", 0),
            ("(0, 0, 3)", -1),
            ("(1000000000000, 0, 3)", 2),
            ("(3, 1000000000000, 0)", -3),
        ] {
            let bytes = file(1, header("'<f4'", fortran, shape).as_bytes(), &[]);
            // Whether or not the end of the file is aligned for elements.
            for pad in 0..8 {
                let padded = [vec![0; pad], bytes.clone()].concat();
                assert_eq!(read(&padded[pad..], axis), [[0.0; 3]; 0], "{shape}");
            }
        }
        for shape in ["(0,)", "()", "[]", "(0, 4)", "(3, 0, 2)"] {
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
fn values_in_every_type_order_version_and_alignment() {
    let (rows, columns) = (
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],
    );
    for (dtype, big) in Dtype::ALL
        .iter()
        .flat_map(|dtype| [(*dtype, false), (*dtype, true)])
    {
        for version in 1..=3 {
            for pad in 0..9 {
                let read = |fortran, shape, axis| {
                    let order = if big { '>' } else { '<' };
                    let code = format!("'{order}{}{}'", &dtype.name()[..1], dtype.size());
                    let header = header(&code, fortran, shape);
                    let text = " \t".repeat(pad) + &header + &" ".repeat(pad % 2);
                    let numbers = numbers_of(dtype, 6, big);
                    read(&file(version, text.as_bytes(), &numbers), axis)
                };
                assert_eq!(read("False", "(2, 3)", -1), rows);
                assert_eq!(read("True", "(2, 3)", 1), columns);
                assert_eq!(read("False", "(3, 2)", 0), columns);
                assert_eq!(read("True", "(3, 2)", -2), rows);
                assert_eq!(read("False", "(2, 1, 3)", 2), rows);
                assert_eq!(read("True", "(1, 3, 2)", 1), rows);
            }
        }
    }
    for dtype in [
        "'|b1'",
        "'<f16'",
        "'<c8'",
        "'<m8'",
        "'<i16'",
        "'>float32'",
        "'<f44444444444444444444444'",
        "'é'",
        "''",
        "[('x', '<f4')]",
        "[('x', '<f4'), ('y', '<f8'), ('z', '<f4')]",
        "[('x', '<f4'), ('x', '<f4'), ('z', '<f4')]",
        "[('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('w', '<f4')]",
        "[('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('', '|V99999999999999999999')]",
        "[('x', '<f4'), ('y', '<f4'), ('\\x1b', '<f4')]",
        "b'<f4'",
        "None",
    ] {
        refused(
            &file(3, header(dtype, "False", "(2, 3)").as_bytes(), &[0; 99]),
            "dtype",
        );
    }
    let giant = "[('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('', '|V9223372036854775807')]";
    refused(
        &file(1, header(giant, "False", "(1,)").as_bytes(), &[0; 99]),
        "larger than any memory",
    );
}

/// Of 5 bytes, then a field, 1 byte, a field, 1 + `second` bytes, a field, and `end` bytes.
fn record(dtype: Dtype, big: bool, second: usize, end: usize, shape: &str) -> Vec<u8> {
    let size = dtype.size();
    let order = if big { '>' } else { '<' };
    let code = format!("'{order}{}{size}'", &dtype.name()[..1]);
    let descr = format!(
        "[('', '|V5'), ('u', {code}), ('', '|V1'), ('v', {code}), ('', '|V1'), ('', '|V{second}'), ('w', {code}), ('', '|V{end}')]"
    );
    let mut data = Vec::new();
    for field in numbers_of(dtype, 6, big).chunks(3 * size) {
        let (u, rest) = field.split_at(size);
        let (v, w) = rest.split_at(size);
        let pad = |len| vec![0xff; len];
        data.extend([&pad(5)[..], u, &pad(1), v, &pad(1 + second), w, &pad(end)].concat());
    }
    file(1, header(&descr, "False", shape).as_bytes(), &data)
}

#[test]
fn fields_anywhere_in_records() {
    let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    for (dtype, big) in Dtype::ALL
        .iter()
        .flat_map(|dtype| [(*dtype, false), (*dtype, true)])
    {
        // At equal distances and not, in records as long as some elements and not.
        for (second, end) in [(0, 0), (0, 1), (0, 7), (2, 0), (2, 9)] {
            for shape in ["(2,)", "(1, 2)", "(2, 1)"] {
                let bytes = record(dtype, big, second, end, shape);
                assert_eq!(read(&bytes, 0), rows, "{dtype}, {second}, {end}");
                let array = Array::from_bytes("the name", &bytes).expect("an array");
                let names = array.fields().expect("records");
                assert_eq!(names, &["u", "v", "w"], "names");
                refused(&bytes[..bytes.len() - 1], "truncated");
            }
        }
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
            header(dtype, "False", "(3, 2, 1)").as_bytes(),
            &numbers(60, false),
        );
        let array = Array::from_bytes("the name", &bytes).expect("an array");
        let vectors = array.vectors(0).expect("vectors");
        let mut buffer = Vec::new();
        #[expect(
            clippy::reversed_empty_ranges,
            reason = "one of the ranges to be refused"
        )]
        for range in [1..3, 2..3, 0..usize::MAX, usize::MAX - 1..usize::MAX, 2..1] {
            let error = vectors.block::<f32>(&[range, 0..1], &mut buffer);
            let error = error.expect_err("not there").to_string();
            assert!(error.starts_with("the name: "), "{error}");
            assert!(error.contains("expected some of [2, 1]"), "{error}");
        }
        assert!(vectors.block(&[], &mut buffer).is_err(), "axes are lacking");
        assert_eq!(buffer.capacity(), 0, "no memory for what is refused");
        // An axis that is lacking, or of length 1, is repeated: any range of it will do.
        let block = vectors.block(&[5..9, 0..2, 3..8], &mut buffer);
        assert_eq!(
            *block.expect("a block").shape(),
            [2, 1],
            "repeated in the end by whoever computes"
        );
        for axis in [1, 2, 3, -1, -4, isize::MAX, isize::MIN] {
            assert!(array.vectors(axis).is_err(), "no components along {axis}");
        }
    }
}
