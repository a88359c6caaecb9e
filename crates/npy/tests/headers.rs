//! Headers are read as NumPy reads them: `data/headers.json` is what it says to each, which `data/headers.py` asked it.

use core::ops::Range;
use std::collections::BTreeMap;

use crosslane_npy::{Array, Axis};
use serde::Deserialize;

/// What NumPy says to headers.
#[derive(Deserialize)]
struct Answers {
    types: BTreeMap<String, Vec<String>>,
    headers: Vec<(u8, String, String)>,
}

/// 1, 2, 3 ...: the data behind every header.
const DATA: Range<u8> = 1..200;

fn file(version: u8, header: &str) -> Vec<u8> {
    let text: Vec<u8> = match version {
        3 => header.as_bytes().to_vec(),
        _ => header
            .chars()
            .map(|c| u8::try_from(c).expect("Latin-1"))
            .collect(),
    };
    let len = (text.len() as u32).to_le_bytes();
    let len = if version == 1 { &len[..2] } else { &len };
    [
        b"\x93NUMPY",
        &[version, 0][..],
        len,
        &text,
        &DATA.collect::<Vec<u8>>(),
    ]
    .concat()
}

/// What is made of it, in the words of the list.
fn answer(version: u8, header: &str) -> String {
    let file = file(version, header);
    let array = match Array::from_bytes("name", &file) {
        Ok(array) => array,
        Err(error) => {
            let error = format!("{error:#}");
            assert!(error.starts_with("name: "), "{error}");
            return "refused".to_owned();
        }
    };
    let shape: Vec<String> = array.shape().iter().map(usize::to_string).collect();
    format!("{} {}", types_and_order(&array), shape.join(","))
}

/// Found out from the elements: those of an array whose second vector tells them.
fn types_and_order(array: &Array<'_>) -> String {
    let axis = match array.shape() {
        [3, ..] => Axis::First,
        [.., 3] => Axis::Last,
        // There are no vectors to be seen, and the list says no more than the type.
        _ => return "?".to_owned(),
    };
    let vectors = array.vectors(Some(axis)).expect("vectors");
    if vectors.is_empty() {
        return "?".to_owned();
    }
    let (mut single, mut double) = (Vec::new(), Vec::new());
    let (size, first) = if vectors.is::<f32>() {
        let block = vectors.block::<f32>(0..1, &mut single).expect("a block");
        (4, block.get(0).expect("a vector").map(f64::from))
    } else {
        let block = vectors.block::<f64>(0..1, &mut double).expect("a block");
        (8, block.get(0).expect("a vector"))
    };
    let bytes: Vec<u8> = DATA.collect();
    let element = |at: usize, big: bool| {
        let mut bytes = bytes[at * size..][..size].to_vec();
        if big {
            bytes.reverse();
        }
        match *bytes {
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).into(),
            _ => f64::from_le_bytes(bytes.try_into().expect("eight bytes")),
        }
    };
    let len: usize = array.shape().iter().product();
    let mut fitting = Vec::new();
    for (name, big) in [("<", false), (">", true)] {
        for (order, stride) in [("C", [len / 3, 1]), ("F", [1, len / 3])] {
            let stride = stride[usize::from(axis == Axis::Last)];
            if first == [0, 1, 2].map(|k| element(k * stride, big)) {
                fitting.push(format!("{name}f{size} {order}"));
            }
        }
    }
    assert!(!fitting.is_empty(), "{first:?} are no elements of the file");
    fitting.swap_remove(0)
}

/// What NumPy takes and this does not, or the other way about.
fn differs(header: &str) -> bool {
    // Names of characters.
    header.contains("\\N{")
        // Pairs of types. NumPy takes the first for the elements if the second has its size.
        || header.contains("', '") && header.contains("'descr': ('") && !header.contains("''")
        || header.contains(", None)")
        // White space alone in a last line that has no end: some versions of Python take it, some do not.
        || header.trim_end_matches([' ', '\t', '\x0c']).ends_with(['\n', '\r'])
        // Form feeds and lone carriage returns where numbers have `L`: the same.
        || header.contains('L') && header.contains(['\x0c', '\r'])
        // NumPy multiplies lengths until they overflow to 0.
        || header.contains("-4294967296") || header.contains("- 4294967296")
}

#[test]
fn every_header_is_read_as_numpy_reads_it() {
    let stored = include_str!("data/headers.json").to_owned();
    let text = std::env::var("CROSSLANE_HEADERS").map_or(stored, |path| {
        std::fs::read_to_string(path).expect("the file of CROSSLANE_HEADERS")
    });
    let answers: Answers = serde_json::from_str(&text).expect("JSON");
    let types = answers.types.iter().flat_map(|(answer, descrs)| {
        let header = |descr: &String| {
            format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2, 3), }}")
        };
        descrs
            .iter()
            .map(move |descr| (1, header(descr), answer.clone()))
    });
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (version, header, expected) in types.chain(answers.headers) {
        let got = answer(version, &header);
        read += usize::from(got != "refused");
        // Elements that tell no order, and shapes without elements.
        let same = match got.strip_prefix("? ") {
            Some(shape) => expected != "refused" && expected.split(' ').nth(2) == Some(shape),
            None => got == expected,
        };
        if !same && !differs(&header) {
            wrong.push(format!(
                "{version} {header:?}: {got}, NumPy says {expected}"
            ));
        }
    }
    println!("{read} read");
    assert!(
        wrong.is_empty(),
        "{} of them: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(60)]
    );
    assert!(read > 300, "{read} headers are read");
}
