//! Bytes as a .npy file: an error, or the vectors that are in it, which another reader of such files decides.
//!
//! Any bytes, or a header put together of what headers have, right or wrong in one place, and bytes behind it. How much memory
//! it may take, libFuzzer watches (`fuzz/run`).

use crosslane::Vectors;
use crosslane_npy::{Array, Axis, Component};
use npyz::{NpyFile, Order};

use crate::source::Source;
use crate::support::Float;

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    if kind % 2 == 0 {
        check(rest, kind / 2, None);
    } else {
        let (file, right) = file(Source::new(rest));
        check(&file, kind / 2, right);
    }
}

/// A file, and whether it has to be read or refused, where that is known.
fn file(mut source: Source<'_>) -> (Vec<u8>, Option<bool>) {
    let descr = source.one_of(&[
        "<f4", ">f4", "<f8", ">f8", "=f4", "|f8", "<f2", "<i4", "f8", "<f16", "<c8", "",
    ]);
    let version = source.one_of(&[1, 1, 2, 3, 0, 4]);
    let fortran = source.one_of(&["True", "False", "False", "0", "None"]);
    let length = |source: &mut Source<'_>| match source.byte() {
        0..100 => 3,
        100..200 => u64::from(source.byte() % 6),
        200..240 => u64::from(source.byte()),
        _ => source.bits(),
    };
    let shape: Vec<u64> = (0..source.byte() % 5)
        .map(|_| length(&mut source))
        .collect();
    let spaces = " ".repeat(usize::from(source.byte() % 64));
    let shown: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!(
        "{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': ({shown}), }}{spaces}\n"
    );
    if shape.is_empty() {
        header = header.replace("(), ", "()");
    }
    let change = source.byte();
    if change >= 200 {
        // One character is another.
        let at = source.below(header.len());
        let character = char::from(32 + source.byte() % 95);
        header.replace_range(at..=at, character.encode_utf8(&mut [0; 4]));
    }
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    match version {
        1 => file.extend((header.len() as u16).to_le_bytes()),
        _ => file.extend((header.len() as u32).to_le_bytes()),
    }
    file.extend(header.bytes());

    let size = match descr {
        "<f4" | ">f4" => Some(4),
        "<f8" | ">f8" => Some(8),
        _ => None,
    };
    // As if empty axes had one place: those are strides, too, and bytes are counted with a sign.
    let all = shape.iter().try_fold(size.unwrap_or(1), |n: u64, len| {
        n.checked_mul((*len).max(1))
    });
    let fits = all.is_some_and(|bytes| isize::try_from(bytes).is_ok());
    let bytes = if shape.contains(&0) {
        0
    } else {
        all.unwrap_or(u64::MAX)
    };
    let data = source.rest();
    // Mostly as many as it says, repeated as need be; sometimes one less, or what there is.
    let given = match change % 4 {
        0 => data.len() as u64,
        1 => bytes.saturating_sub(1),
        _ => bytes,
    };
    let given = given.min(4096);
    let data = data.iter().copied().chain((0..=u8::MAX).cycle());
    file.extend(data.take(given as usize));
    let right = size.is_some()
        && (1..=3).contains(&version)
        && ["True", "False"].contains(&fortran)
        && fits
        && bytes <= given;
    (file, (change < 200).then_some(right))
}

/// `right`: whether it is an array of `f32` or `f64`, all of which is there, if somebody knows.
fn check(file: &[u8], choice: u8, right: Option<bool>) {
    let array = match Array::from_bytes("file", file) {
        Ok(array) => array,
        Err(error) => {
            let message = format!("{error:#}");
            assert!(message.starts_with("file: "), "{message}");
            return assert_ne!(right, Some(true), "{message}");
        }
    };
    assert_ne!(right, Some(false), "{file:02x?} is read");
    let file = with_plain_spaces(file);
    let other = NpyFile::new(&*file).expect("what one reader accepts the other does");
    let shape: Vec<usize> = other.shape().iter().map(|len| *len as usize).collect();
    assert_eq!(array.shape(), shape, "lengths");
    let order = other.order();
    let axis = [None, Some(Axis::First), Some(Axis::Last)][usize::from(choice % 3)];
    match other.dtype() {
        dtype if dtype.descr().ends_with("f4'") => {
            let data: Vec<f32> = other.into_vec().expect("all elements are there");
            let double: Vec<f64> = data.iter().copied().map(f64::from).collect();
            vectors(&array, axis, &shape, order, &data, true, choice);
            vectors(&array, axis, &shape, order, &double, false, choice);
        }
        _ => {
            let data: Vec<f64> = other.into_vec().expect("all elements are there");
            vectors(&array, axis, &shape, order, &data, true, choice);
        }
    }
}

/// The file with the white space at the end of its header made spaces: the other reader knows no other there, NumPy does.
fn with_plain_spaces(file: &[u8]) -> Vec<u8> {
    let (start, len) = match file[6] {
        1 => (10, u16::from_le_bytes([file[8], file[9]]).into()),
        _ => (
            12,
            u32::from_le_bytes([file[8], file[9], file[10], file[11]]),
        ),
    };
    let header = start..start + len as usize;
    let text = str::from_utf8(&file[header.clone()]).expect("a header that is read is text");
    let mut plain = file.to_vec();
    plain[start + text.trim_end().len()..header.end].fill(b' ');
    plain
}

/// Every vector is made of the elements that it should be; `is`: those of the file are of this type.
fn vectors<T: Component + Float>(
    array: &Array<'_>,
    axis: Option<Axis>,
    shape: &[usize],
    order: Order,
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
                [0, 1, 2].map(|component| data[element(shape, order, along, i, component)]);
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
fn element(shape: &[usize], order: Order, along: usize, mut i: usize, component: usize) -> usize {
    let mut place = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        if axis == along {
            place[axis] = component;
        } else {
            place[axis] = i % shape[axis];
            i /= shape[axis];
        }
    }
    let axes: Vec<usize> = match order {
        Order::C => (0..shape.len()).collect(),
        Order::Fortran => (0..shape.len()).rev().collect(),
    };
    axes.into_iter()
        .fold(0, |at, axis| at * shape[axis] + place[axis])
}
