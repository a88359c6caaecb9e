//! What the header of a .npy file says, checked before anything is done with it.
//!
//! Separate because nothing in a file is to be trusted: a size is compared with the file before it is
//! used, and no arithmetic on it can overflow. What `numpy.load` takes as an array of numbers that are not complex is taken,
//! however it is spelt. npyz reads and writes the elements, but its own reader of headers allocates what the length field says,
//! multiplies the shape unchecked, and knows few spellings.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};

use crate::literal::{Entry, Value};
use crate::record::Record;
use crate::spelling::{self, Elements};

/// NumPy refuses longer headers too, in characters; that of an array of numbers has some hundred.
const LONGEST: usize = 10_000;
/// NumPy has no arrays with more axes.
const MOST_AXES: usize = 64;
const AGAIN: &str = "write the file again with numpy.save";

/// An array of numbers, or of records of three equal fields.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) elements: Elements,
    /// Where the components are, if the elements are records.
    pub(crate) record: Option<Record>,
    pub(crate) shape: Vec<usize>,
    /// How many bytes further the next place along each axis is.
    pub(crate) strides: Vec<usize>,
    /// Where the elements begin in the file.
    pub(crate) start: u64,
    /// How many bytes they take.
    pub(crate) bytes: usize,
}

impl Header {
    /// Reads the header at the beginning of a file, and not a byte more.
    pub(crate) fn read(file: &mut impl Read) -> Result<Self> {
        let (version, text, start) = text(file)?;
        let shown = || format!("it begins {:?}", text.chars().take(80).collect::<String>());
        let long = version < 3;
        let Some(Value::Dict(entries)) = Value::parse(&text, long) else {
            bail!("the header cannot be read, {AGAIN}; {}", shown());
        };
        let entry = |key: &str| {
            let has = |entry: &&Entry| matches!(&entry.key, Value::Text(text) if text == key);
            // As in Python, where it is there twice the last one counts.
            let found = entries.iter().rfind(has);
            found.with_context(|| format!("the header has no '{key}', {AGAIN}"))
        };
        let [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map(entry);
        let (descr, fortran, shape) = (descr?, fortran?, shape?);
        for Entry { key, .. } in &entries {
            let known = [descr, fortran, shape].map(|entry| &entry.key);
            ensure!(
                known.contains(&key),
                "the header has other entries than 'descr', 'fortran_order' and 'shape', {AGAIN}; {}",
                shown()
            );
        }
        let record = Record::parse(&descr.value);
        let plain = || spelling::elements(&descr.value);
        let Some(elements) = record.as_ref().map(|r| r.elements).or_else(plain) else {
            let descr: String = text[descr.place.clone()].chars().take(80).collect();
            bail!(
                "dtype {descr}, expected integers, float16, float32, float64 or records of three equal ones; convert it with .astype('f8')"
            );
        };
        let Value::Bool(fortran) = fortran.value else {
            bail!("'fortran_order' in the header is neither True nor False");
        };
        let shape = lengths(&shape.value)?;
        let size = record.as_ref().map_or(elements.dtype.size(), |r| r.size);
        let (strides, bytes) = strides(&shape, fortran, size)
            .with_context(|| format!("shape {shape:?} is larger than any memory"))?;
        Ok(Self {
            elements,
            record,
            shape,
            strides,
            start,
            bytes,
        })
    }

    /// Refuses a file that has less than the elements take after its header.
    pub(crate) fn fits(&self, found: u64) -> Result<()> {
        let Self { shape, bytes, .. } = self;
        ensure!(
            *bytes as u64 <= found,
            "truncated: shape {shape:?} needs {bytes} bytes of data, the file has {found}"
        );
        Ok(())
    }
}

/// The version, the text of the header, and where it ends.
fn text(file: &mut impl Read) -> Result<(u8, String, u64)> {
    let start = bytes(file, 8)?;
    let [0x93, b'N', b'U', b'M', b'P', b'Y', version, minor] = *start else {
        ensure!(!start.is_empty(), "empty, expected a .npy file");
        bail!("not a .npy file");
    };
    ensure!(
        (1..=3).contains(&version) && minor == 0,
        "format version {version}.{minor}, expected 1.0, 2.0 or 3.0"
    );
    let count = bytes(file, if version == 1 { 2 } else { 4 })?;
    let len = match *count {
        [a, b] if version == 1 => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        _ => bail!("not a .npy file: it ends before its header"),
    };
    // A character is up to four bytes in version 3. No more than that is read, whatever the number says.
    let most = if version == 3 { 4 * LONGEST } else { LONGEST };
    let text = bytes(file, most.min(len as usize))?;
    ensure!(
        text.len() == most.min(len as usize),
        "truncated: the header has {len} bytes, the file {} after their number",
        text.len()
    );
    let decoded = match version {
        3 => String::from_utf8(text)
            .ok()
            .context("the header is not text")?,
        _ => text.into_iter().map(char::from).collect(),
    };
    ensure!(
        len as usize <= most && decoded.chars().count() <= LONGEST,
        "a header of {len} bytes, expected at most {LONGEST}"
    );
    let start = 8 + count.len() as u64 + u64::from(len);
    Ok((
        version,
        decoded.replace("\r\n", "\n").replace('\r', "\n"),
        start,
    ))
}

/// So many bytes; fewer where the file ends.
fn bytes(file: &mut impl Read, len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lengths(value: &Value) -> Result<Vec<usize>> {
    let Value::Tuple(lengths) = value else {
        bail!("'shape' in the header is not a tuple");
    };
    let length = |value: &Value| match value {
        Value::Integer { size, .. } => *size,
        _ => None,
    };
    let lengths: Option<Vec<usize>> = lengths.iter().map(length).collect();
    let lengths = lengths.context("'shape' in the header has a length that is not a size")?;
    ensure!(
        lengths.len() <= MOST_AXES,
        "'shape' in the header has {} axes, expected at most {MOST_AXES}",
        lengths.len()
    );
    Ok(lengths)
}

/// The strides and the number of bytes; `None` if the bytes, empty axes left aside, cannot be counted.
fn strides(shape: &[usize], fortran: bool, size: usize) -> Option<(Vec<usize>, usize)> {
    let mut strides = vec![0; shape.len()];
    let mut bytes = size;
    for i in 0..shape.len() {
        let axis = if fortran { i } else { shape.len() - 1 - i };
        strides[axis] = bytes;
        bytes = bytes.checked_mul(shape[axis].max(1))?;
    }
    // Strides and offsets are counted with a sign from here on.
    isize::try_from(bytes).ok()?;
    Some((strides, if shape.contains(&0) { 0 } else { bytes }))
}
