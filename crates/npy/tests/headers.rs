//! Headers are read as NumPy reads them: `data/headers.json` is what it says to each, which `data/headers.py` asked it.

use core::ops::Range;
use std::collections::BTreeMap;

use crosslane_npy::Array;
use half::f16;
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

/// What NumPy says of an array: "<f4 C 2,3", for records "<f4 C 2 x,y,z 0,4,8,12".
struct Answer<'a> {
    big: bool,
    code: &'a str,
    fortran: bool,
    shape: Vec<usize>,
    /// Names, and the bytes before each and in all.
    record: Option<(&'a str, Vec<usize>)>,
}

impl<'a> Answer<'a> {
    fn parse(text: &'a str) -> Self {
        let numbers = |text: &str| -> Vec<usize> {
            let numbers = text.split(',').filter(|number| !number.is_empty());
            numbers.map(|n| n.parse().expect("a number")).collect()
        };
        let (dtype, rest) = text.split_once(' ').expect("a type");
        let (order, rest) = rest.split_once(' ').expect("an order");
        let (shape, record) = rest.split_once(' ').unwrap_or((rest, ""));
        let record = record.rsplit_once(' ');
        Self {
            big: dtype.starts_with('>'),
            code: &dtype[1..],
            fortran: order == "F",
            shape: numbers(shape),
            record: record.map(|(names, bytes)| (names, numbers(bytes))),
        }
    }

    /// The byte where the element at this place begins.
    fn at(&self, place: &[usize]) -> usize {
        let size = self.code[1..].parse().expect("a size");
        let size = self.record.as_ref().map_or(size, |(_, bytes)| bytes[3]);
        let mut axes: Vec<usize> = (0..place.len()).collect();
        if self.fortran {
            axes.reverse();
        }
        let add = |at, axis: usize| at * self.shape[axis] + place[axis];
        size * axes.into_iter().fold(0, add)
    }

    /// The number that begins with this byte.
    fn number(&self, at: usize) -> f64 {
        let size = self.code[1..].parse().expect("a size");
        let mut bytes: Vec<u8> = DATA.skip(at).take(size).collect();
        if self.big {
            bytes.reverse();
        }
        bytes.resize(8, 0);
        let bits = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let unused = 64 - 8 * size;
        match self.code {
            "f2" => f16::from_bits(bits as u16).into(),
            "f4" => f32::from_bits(bits as u32).into(),
            "f8" => f64::from_bits(bits),
            code if code.starts_with('u') => bits as f64,
            _ => ((bits << unused) as i64 >> unused) as f64,
        }
    }

    /// Whether the array is this, each of its vectors too, where it has any.
    fn is(&self, array: &Array<'_>) -> bool {
        let dtype = array.dtype();
        let code = format!("{}{}", &dtype.name()[..1], dtype.size());
        let names = array.fields().map(|names| names.join(","));
        let said = self.record.as_ref().map(|(names, _)| (*names).to_owned());
        if code != self.code || array.shape() != self.shape || names != said {
            return false;
        }
        let axis = array.shape().iter().position(|len| *len == 3);
        let axis = if said.is_some() { None } else { axis };
        if said.is_none() && axis.is_none() {
            return true;
        }
        let vectors = array.vectors(axis.unwrap_or(0) as isize).expect("vectors");
        let ranges: Vec<_> = vectors.shape().into_iter().map(|len| 0..len).collect();
        let mut buffer = Vec::new();
        let block = vectors.block::<f64>(&ranges, &mut buffer).expect("a block");
        (0..vectors.len()).all(|i| {
            let got = block.get(i).expect("a vector");
            let expected = [0, 1, 2].map(|k| self.number(self.component(i, k, axis)));
            (0..3).all(|k| {
                got[k].to_bits() == expected[k].to_bits() || got[k].is_nan() && expected[k].is_nan()
            })
        })
    }

    /// The byte where component `k` of vector `i` begins: of records a field, otherwise a place of `axis`.
    fn component(&self, mut i: usize, k: usize, axis: Option<usize>) -> usize {
        let mut place = vec![0; self.shape.len()];
        for at in (0..place.len()).rev() {
            if Some(at) == axis {
                place[at] = k;
            } else {
                place[at] = i % self.shape[at];
                i /= self.shape[at];
            }
        }
        self.at(&place) + self.record.as_ref().map_or(0, |(_, bytes)| bytes[k])
    }
}

/// Whether a header is read as NumPy reads it; otherwise, what is made of it.
fn compare(version: u8, header: &str, expected: &str) -> Result<bool, String> {
    let file = file(version, header);
    match Array::from_bytes("name", &file) {
        Ok(array) if expected != "refused" && Answer::parse(expected).is(&array) => Ok(true),
        Ok(array) => Err(format!(
            "{} {:?} {:?}",
            array.dtype(),
            array.shape(),
            array.fields()
        )),
        Err(error) => {
            let error = format!("{error:#}");
            assert!(error.starts_with("name: "), "{error}");
            if expected == "refused" {
                Ok(false)
            } else {
                Err(error)
            }
        }
    }
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
        match compare(version, &header, &expected) {
            Ok(is_array) => read += usize::from(is_array),
            Err(got) if differs(&header) => drop(got),
            Err(got) => wrong.push(format!(
                "{version} {header:?}: {got}, NumPy says {expected}"
            )),
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
