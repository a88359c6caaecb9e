//! What the header of a .npy file says, checked before anything is done with it.
//!
//! Separate because nothing in a file is to be trusted: a size is compared with the file before it is
//! used, and no arithmetic on it can overflow. npyz reads and writes the elements, but its own reader of
//! headers allocates what the length field says and multiplies the shape unchecked.

use anyhow::{Context, Result, bail, ensure};
use npyz::{DType, TypeChar, TypeStr};
use py_literal::Value;

/// NumPy refuses longer headers too; that of an array of numbers has some hundred bytes.
const LONGEST: usize = 10_000;

/// The parser of Python literals takes time exponential in the nesting; an array of numbers has 2 brackets, one of them curly.
const MOST_BRACKETS: usize = 4;
const MOST_CURLY: usize = 1;

/// An array of `f32` or `f64` in a file that holds all of it.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    /// How many elements further the next place along each axis is.
    pub(crate) strides: Vec<usize>,
    /// Where the elements are in the file.
    pub(crate) data: core::ops::Range<usize>,
}

impl Header {
    /// Reads the header of a file that is given as a whole.
    pub(crate) fn parse(file: &[u8]) -> Result<Self> {
        let (text, start) = text(file)?;
        let Ok(Value::Dict(entries)) = text.parse() else {
            bail!("the header cannot be read; write the file again with numpy.save");
        };
        let entry = |key: &str| {
            let mut entries = entries.iter();
            let found = entries.find(|(k, _)| k.as_string().is_some_and(|k| k == key));
            let (_, value) = found.with_context(|| {
                format!("the header has no '{key}', write the file again with numpy.save")
            })?;
            anyhow::Ok(value)
        };
        let (dtype, size) = dtype(entry("descr")?)?;
        let shape = shape(entry("shape")?)?;
        let fortran = entry("fortran_order")?.as_boolean();
        let fortran = fortran.context("'fortran_order' in the header is neither True nor False")?;
        // As NumPy has it; with more, one of them might be there twice.
        ensure!(
            entries.len() == 3,
            "the header has {} entries, expected 3",
            entries.len()
        );
        let (strides, len) = strides(&shape, fortran, size)
            .with_context(|| format!("shape {shape:?} is larger than any memory"))?;
        let (expected, found) = (len * size, file.len() - start);
        ensure!(
            expected <= found,
            "truncated: shape {shape:?} needs {expected} bytes of data, the file has {found}"
        );
        let data = start..start + expected;
        Ok(Self {
            dtype,
            shape,
            strides,
            data,
        })
    }
}

/// The text of the header, and where it ends.
fn text(file: &[u8]) -> Result<(String, usize)> {
    let (start, len) = match *file {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0, a, b, ..] => {
            (10, u16::from_le_bytes([a, b]).into())
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, 0, a, b, c, d, ..] => {
            (12, u32::from_le_bytes([a, b, c, d]) as usize)
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', major, minor, ..]
            if !(1..=3).contains(&major) || minor != 0 =>
        {
            bail!("format version {major}.{minor}, expected 1.0, 2.0 or 3.0")
        }
        _ => bail!("not a .npy file"),
    };
    let found = file.len() - start;
    ensure!(
        len <= found,
        "truncated: the header has {len} bytes, the file {found} after their number"
    );
    ensure!(
        len <= LONGEST,
        "a header of {len} bytes, expected at most {LONGEST}"
    );
    // A copy, because text that is in a map would have to stay text, whoever writes to the file meanwhile.
    let text = String::from_utf8(file[start..start + len].to_vec());
    let mut text = text.context("the header is not text")?;
    let brackets = text.matches(['(', '[', '{']).count();
    let curly = text.matches('{').count();
    ensure!(
        brackets <= MOST_BRACKETS && curly <= MOST_CURLY,
        "not a plain array of float32 or float64, convert it; the header begins {:?}",
        text.chars().take(80).collect::<String>()
    );
    text.truncate(text.trim_end().len());
    Ok((text, start + len))
}

/// The type of the elements, and its size in bytes.
fn dtype(descr: &Value) -> Result<(DType, usize)> {
    let plain = descr.as_string().and_then(|s| s.parse::<TypeStr>().ok());
    match plain {
        Some(plain) if plain.type_char() == TypeChar::Float => match plain.size_field() {
            4 => return Ok((DType::new_scalar(plain), 4)),
            8 => return Ok((DType::new_scalar(plain), 8)),
            _ => {}
        },
        _ => {}
    }
    bail!(
        "dtype {}, expected float32 or float64; convert it with .astype('f4') or .astype('f8')",
        descr.format_ascii().unwrap_or_default()
    )
}

fn shape(value: &Value) -> Result<Vec<usize>> {
    let lengths = value.as_tuple().or(value.as_list());
    let lengths = lengths.context("'shape' in the header is not a tuple")?;
    let length = |value: &Value| usize::try_from(value.as_integer()?).ok();
    let lengths: Option<Vec<usize>> = lengths.iter().map(length).collect();
    lengths.context("'shape' in the header has a length that is not a size")
}

/// The strides and the number of elements; `None` if the bytes, empty axes left aside, cannot be counted.
fn strides(shape: &[usize], fortran: bool, size: usize) -> Option<(Vec<usize>, usize)> {
    let mut strides = vec![0; shape.len()];
    let mut product = 1_usize;
    for i in 0..shape.len() {
        let axis = if fortran { i } else { shape.len() - 1 - i };
        strides[axis] = product;
        product = product.checked_mul(shape[axis].max(1))?;
    }
    // Strides and offsets are counted with a sign from here on.
    isize::try_from(product.checked_mul(size)?).ok()?;
    Some((strides, if shape.contains(&0) { 0 } else { product }))
}
