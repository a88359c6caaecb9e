//! Bytes as a .npy file: an error, or the vectors that are in it.
//!
//! Any bytes, or a header put together of the ways to write one, right or wrong in one place, and bytes behind it. What a
//! header says is known where it was put together (`npy/written.rs`), and where it is as NumPy writes it, which is read here without
//! a parser; of every other header it is known that whatever is made of it is within the file. Many thousand headers and what
//! NumPy makes of them are compared in the tests of the reader (`crates/npy/tests`). How much memory it may take,
//! libFuzzer watches (`fuzz/run`).

use crosslane::Vectors;
use crosslane_npy::{Array, Axis, Component};

use crate::source::Source;
use crate::support::Float;

mod written;

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    if kind % 2 == 0 {
        check(rest, kind / 2, plain(rest));
    } else {
        let (file, known) = written::file(Source::new(rest));
        check(&file, kind / 2, known);
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    /// Bytes of an element, and whether the first is the most significant.
    size: usize,
    big: bool,
    fortran: bool,
    shape: Vec<u64>,
    /// Where the elements begin.
    start: usize,
}

impl Said {
    /// Whether a file of this length has all of it, and numbers count it. Empty axes count as if they had one place: those are
    /// strides, too, and bytes are counted with a sign.
    fn is_within(&self, file: usize) -> bool {
        let mut lengths = self.shape.iter().map(|len| (*len).max(1));
        let all = lengths.try_fold(self.size as u64, u64::checked_mul);
        let counted = all.filter(|n| isize::try_from(*n).is_ok());
        counted.is_some_and(|n| self.shape.contains(&0) || n <= (file - self.start) as u64)
    }
}

/// What is known of a file: nothing, that it is refused, or what its header says.
type Known = Option<Option<Said>>;

/// A header that is to the byte as NumPy writes it, read without a parser.
fn plain(file: &[u8]) -> Known {
    let rest = file.strip_prefix(b"\x93NUMPY\x01\x00")?;
    let (len, rest) = rest.split_at_checked(2)?;
    let len = usize::from(u16::from_le_bytes([len[0], len[1]]));
    let text = str::from_utf8(rest.get(..len)?).ok()?;
    let text = text.strip_suffix('\n')?.trim_end_matches(' ');
    let text = text.strip_prefix("{'descr': '")?.strip_suffix("), }")?;
    let (descr, text) = text.split_once("', 'fortran_order': ")?;
    let (fortran, shape) = text.split_once(", 'shape': (")?;
    let (size, big) = match descr {
        "<f4" => (4, false),
        ">f4" => (4, true),
        "<f8" => (8, false),
        ">f8" => (8, true),
        _ => return None,
    };
    let fortran = match fortran {
        "True" => true,
        "False" => false,
        _ => return None,
    };
    let mut lengths: Vec<&str> = shape.split(", ").collect();
    match *lengths {
        [""] => lengths.clear(),
        // As Python writes a tuple of one.
        [one] => lengths = vec![one.strip_suffix(',')?],
        _ => {}
    }
    let number = |text: &&str| {
        let digits = (1..19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        (digits && (*text == "0" || !text.starts_with('0'))).then(|| text.parse().ok())?
    };
    let shape = lengths.iter().map(number).collect::<Option<Vec<u64>>>()?;
    let said = Said {
        size,
        big,
        fortran,
        shape,
        start: 10 + len,
    };
    Some(said.is_within(file.len()).then_some(said))
}

fn check(file: &[u8], choice: u8, known: Known) {
    let array = match Array::from_bytes("file", file) {
        Ok(array) => array,
        Err(error) => {
            let message = format!("{error:#}");
            assert!(message.starts_with("file: "), "{message}");
            return assert!(!matches!(known, Some(Some(_))), "{message}: {known:?}");
        }
    };
    assert_ne!(known, Some(None), "{file:02x?} is read");
    let axis = [None, Some(Axis::First), Some(Axis::Last)][usize::from(choice % 3)];
    let Some(Some(said)) = known else {
        return within(&array, axis, file.len());
    };
    let shape: Vec<usize> = said.shape.iter().map(|len| *len as usize).collect();
    assert_eq!(array.shape(), shape, "lengths");
    let len: usize = shape.iter().product();
    let data = &file[said.start..][..len * said.size];
    let elements = data.chunks_exact(said.size).map(|bytes| {
        let mut bytes = bytes.to_vec();
        if said.big {
            bytes.reverse();
        }
        bytes
    });
    if said.size == 4 {
        let single = elements.map(|bytes| f32::from_le_bytes(bytes.try_into().expect("4 bytes")));
        let single: Vec<f32> = single.collect();
        let double: Vec<f64> = single.iter().copied().map(f64::from).collect();
        vectors(&array, axis, &shape, said.fortran, &single, true, choice);
        vectors(&array, axis, &shape, said.fortran, &double, false, choice);
    } else {
        let double = elements.map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes")));
        let double: Vec<f64> = double.collect();
        vectors(&array, axis, &shape, said.fortran, &double, true, choice);
    }
}

/// The header says what it may: all of it is within the file, and can be had.
fn within(array: &Array<'_>, axis: Option<Axis>, file: usize) {
    let len: usize = array.shape().iter().product();
    assert!(len * 4 <= file, "{len} elements in {file} bytes");
    if let Ok(vectors) = array.vectors(axis) {
        assert_eq!(vectors.len(), len / 3, "vectors");
        let mut buffer = Vec::new();
        let block = vectors.block::<f64>(0..vectors.len(), &mut buffer);
        assert_eq!(block.expect("a block").len(), len / 3, "vectors of a block");
    }
}

/// Every vector is made of the elements that it should be; `is`: those of the file are of this type.
fn vectors<T: Component + Float>(
    array: &Array<'_>,
    axis: Option<Axis>,
    shape: &[usize],
    fortran: bool,
    data: &[T],
    is: bool,
    choice: u8,
) {
    let last = shape.len().wrapping_sub(1);
    let three = |axis: usize| shape.get(axis) == Some(&3);
    let along = match axis {
        _ if shape.len() == 1 => Some(0).filter(|_| three(0)),
        Some(Axis::First) => Some(0).filter(|_| three(0)),
        Some(Axis::Last) => Some(last).filter(|_| three(last)),
        None => [0, last]
            .into_iter()
            .find(|axis| three(*axis))
            .filter(|_| three(0) != three(last)),
    };
    let along = along.filter(|_| !shape.is_empty());
    let vectors = array.vectors(axis);
    assert_eq!(vectors.is_ok(), along.is_some(), "{shape:?} along {axis:?}");
    let (Ok(vectors), Some(along)) = (vectors, along) else {
        return;
    };
    assert_eq!(vectors.len(), data.len() / 3, "vectors of {shape:?}");
    assert_eq!(vectors.is::<T>(), is, "whether elements need no conversion");
    // In one block, or in several.
    let step = [usize::MAX, 1, 2, 7][usize::from(choice / 3 % 4)].min(vectors.len().max(1));
    let mut buffer = Vec::new();
    for start in (0..vectors.len()).step_by(step) {
        let range = start..vectors.len().min(start + step);
        let block: Vectors<'_, T> = vectors.block(range.clone(), &mut buffer).expect("a block");
        assert_eq!(block.len(), range.len(), "vectors in a block");
        for (k, i) in range.enumerate() {
            let expected =
                [0, 1, 2].map(|component| data[element(shape, fortran, along, i, component)]);
            let got = block.get(k).expect("there is such a vector");
            let same = (0..3).all(|k| got[k].same(expected[k]));
            assert!(
                same,
                "vector {i} of {shape:?} is {got:?}, expected {expected:?}"
            );
        }
    }
}

/// Where a component of vector i is among the elements: i counts the places of all other axes, the last fastest.
fn element(shape: &[usize], fortran: bool, along: usize, mut i: usize, component: usize) -> usize {
    let mut place = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        if axis == along {
            place[axis] = component;
        } else {
            place[axis] = i % shape[axis];
            i /= shape[axis];
        }
    }
    let mut axes: Vec<usize> = (0..shape.len()).collect();
    if fortran {
        axes.reverse();
    }
    axes.into_iter()
        .fold(0, |at, axis| at * shape[axis] + place[axis])
}
