//! Bytes as a .npy file: an error, or the vectors that are in it.
//!
//! Any bytes, or a header put together of the ways to write one, right or wrong in one place, and bytes behind it. What a
//! header says is known where it was put together (`npy/written.rs`), and where it is as NumPy writes it, which is read here without
//! a parser; of every other header it is known that whatever is made of it is within the file. Many thousand headers and what
//! NumPy makes of them are compared in the tests of the reader (`crates/npy/tests`). How much memory it may take,
//! libFuzzer watches (`fuzz/run`).

use core::ops::Range;

use crosslane_npy::{Array, Component, Dtype, PerComponent};

use crate::source::Source;

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

/// The elements of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Element {
    dtype: Dtype,
    /// Whether the first byte of a number is the most significant.
    big: bool,
    /// The bytes before each of the three fields of a record, and in all.
    record: Option<[usize; 4]>,
}

impl Element {
    const fn number(dtype: Dtype, big: bool) -> Option<Self> {
        let record = None;
        Some(Self { dtype, big, record })
    }

    fn size(&self) -> usize {
        self.record.map_or(self.dtype.size(), |record| record[3])
    }

    /// The number that is in these bytes.
    fn read(&self, bytes: &[u8]) -> f64 {
        let mut bytes = bytes[..self.dtype.size()].to_vec();
        if self.big {
            bytes.reverse();
        }
        let unused = 64 - 8 * bytes.len();
        bytes.resize(8, 0);
        let bits = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        match self.dtype {
            Dtype::Float16 => half::f16::from_bits(bits as u16).into(),
            Dtype::Float32 => f32::from_bits(bits as u32).into(),
            Dtype::Float64 => f64::from_bits(bits),
            dtype if dtype.name().starts_with('u') => bits as f64,
            _ => ((bits << unused) as i64 >> unused) as f64,
        }
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    element: Element,
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
        let all = lengths.try_fold(self.element.size() as u64, u64::checked_mul);
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
    let code = |(dtype, order): &(Dtype, char)| {
        let order = if dtype.size() == 1 { '|' } else { *order };
        format!("{order}{}{}", &dtype.name()[..1], dtype.size()) == descr
    };
    let all = Dtype::ALL
        .iter()
        .flat_map(|dtype| [(*dtype, '<'), (*dtype, '>')]);
    let (dtype, order) = all.into_iter().find(code)?;
    let element = Element::number(dtype, order == '>')?;
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
        element,
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
    let axis = [-1, 0, 1, -2, 2][usize::from(choice % 5)];
    let Some(Some(said)) = known else {
        return within(&array, axis, file.len());
    };
    let shape: Vec<usize> = said.shape.iter().map(|len| *len as usize).collect();
    assert_eq!(array.shape(), shape, "lengths");
    assert_eq!(array.dtype(), said.element.dtype, "type");
    assert_eq!(
        array.fields().is_some(),
        said.element.record.is_some(),
        "records"
    );
    let case = Case {
        array: &array,
        data: &file[said.start..],
        shape: &shape,
        said: &said,
        axis,
        step: [usize::MAX, 1, 2, 7][usize::from(choice / 5 % 4)],
    };
    // As it is, and converted.
    said.element.dtype.with(case);
    case.run::<f64>();
}

/// The header says what it may: all of it is within the file, and can be had.
fn within(array: &Array<'_>, axis: isize, file: usize) {
    let len: usize = array.shape().iter().product();
    let numbers = if array.fields().is_some() { 3 } else { 1 };
    let bytes = len * numbers * array.dtype().size();
    assert!(bytes <= file, "{bytes} bytes of {file}");
    if let Ok(vectors) = array.vectors(axis) {
        assert_eq!(vectors.len(), len * numbers / 3, "vectors");
        let mut buffer = Vec::new();
        let all: Vec<_> = vectors.shape().into_iter().map(|len| 0..len).collect();
        let block = vectors.block::<f64>(&all, &mut buffer);
        assert_eq!(block.expect("a block").len(), vectors.len(), "all of them");
    }
}

/// An array, and what is known of it.
#[derive(Clone, Copy)]
struct Case<'a> {
    array: &'a Array<'a>,
    data: &'a [u8],
    shape: &'a [usize],
    said: &'a Said,
    axis: isize,
    /// Places along the first axis in a block.
    step: usize,
}

impl PerComponent for Case<'_> {
    type Output = ();

    /// Every vector is made of the elements that it should be.
    fn run<T: Component>(self) {
        let along = self.along();
        let vectors = self.array.vectors(self.axis);
        let shape = self.shape;
        assert_eq!(
            vectors.is_ok(),
            along.is_some(),
            "{shape:?} along {}",
            self.axis
        );
        let (Ok(vectors), Some(along)) = (vectors, along) else {
            return;
        };
        let mut lengths = shape.to_vec();
        if let Some(along) = along {
            lengths.remove(along);
        }
        assert_eq!(vectors.shape(), lengths, "lengths without the components");
        let mut buffer = Vec::<T>::new();
        for ranges in blocks(&lengths, self.step) {
            let block = vectors.block(&ranges, &mut buffer).expect("a block");
            let len = ranges.iter().map(Range::len).product();
            assert_eq!(block.len(), len, "vectors in a block");
            for i in 0..len {
                let got = block.get(i).expect("there is such a vector");
                let got = got.map(|x| x.to_f64().expect("a number"));
                let expected = self.vector(place(&ranges, i), along);
                let same =
                    |k: usize| got[k] == expected[k] || got[k].is_nan() && expected[k].is_nan();
                assert!(
                    (0..3).all(same),
                    "vector {i} of {ranges:?} is {got:?}, expected {expected:?}"
                );
            }
        }
    }
}

impl Case<'_> {
    /// The axis of the components, if there is one; `Some(None)`: they are fields.
    fn along(&self) -> Option<Option<usize>> {
        if self.said.element.record.is_some() {
            return Some(None);
        }
        let from = if self.axis < 0 {
            self.shape.len() as isize
        } else {
            0
        };
        let along = usize::try_from(from + self.axis).ok()?;
        (self.shape.get(along) == Some(&3)).then_some(Some(along))
    }

    /// The vector at a place of the other axes.
    fn vector(&self, place: Vec<usize>, along: Option<usize>) -> [f64; 3] {
        let Said {
            element, fortran, ..
        } = self.said;
        [0, 1, 2].map(|k| {
            let mut place = place.clone();
            if let Some(along) = along {
                place.insert(along, k);
            }
            let mut axes: Vec<usize> = (0..place.len()).collect();
            if *fortran {
                axes.reverse();
            }
            let at = axes
                .into_iter()
                .fold(0, |at, axis| at * self.shape[axis] + place[axis]);
            let field = element.record.map_or(0, |record| record[k]);
            element.read(&self.data[at * element.size() + field..])
        })
    }
}

/// All places: in blocks of so many along the first axis, or at once where there are none.
fn blocks(shape: &[usize], step: usize) -> Vec<Vec<Range<usize>>> {
    let whole: Vec<_> = shape.iter().map(|len| 0..*len).collect();
    let block = |start: usize, first: usize| {
        let mut block = whole.clone();
        block[0] = start..start.saturating_add(step).min(first);
        block
    };
    match shape.first() {
        Some(first) if !shape.contains(&0) => {
            let starts = (0..*first).step_by(step);
            starts.map(|start| block(start, *first)).collect()
        }
        _ => vec![whole],
    }
}

/// The place of vector `i` of a block.
fn place(ranges: &[Range<usize>], mut i: usize) -> Vec<usize> {
    let mut place = Vec::new();
    for range in ranges.iter().rev() {
        place.insert(0, range.start + i % range.len());
        i /= range.len();
    }
    place
}
