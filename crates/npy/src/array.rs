//! A .npy file: what its header says, and where its elements are.

use std::fs::File;
use std::io::{IsTerminal, Seek};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::dtype::Dtype;
use crate::header::Header;
use crate::operand::Operand;
use crate::record::Names;
use crate::source::Source;

/// A .npy file of integers, `f16`, `f32` or `f64`, or of records of three equal fields of these, of either byte order and either
/// memory order.
///
/// The shape is any, and every length of it can be 0; where the vectors are in it is the question of
/// [`vectors`](Self::vectors).
///
/// ```
/// use crosslane_npy::Array;
///
/// let header = "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}\n";
/// let mut file = b"\x93NUMPY\x01\x00".to_vec();
/// file.extend((header.len() as u16).to_le_bytes());
/// file.extend(header.bytes());
/// file.extend((1..=6).flat_map(|x| (x as f32).to_be_bytes()));
///
/// let array = Array::from_bytes("two vectors", &file)?;
/// assert_eq!(array.shape(), [2, 3]);
/// let (vectors, mut buffer) = (array.vectors(-1)?, Vec::new());
/// let block = vectors.block::<f32>(&[1..2], &mut buffer)?;
/// assert_eq!(block.get(0), Some([4.0, 5.0, 6.0]));
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct Array<'a> {
    name: String,
    header: Header,
    source: Source<'a>,
}

impl Array<'static> {
    /// Opens a file, as [`read`](Array::read) says. Errors begin with the path.
    ///
    /// # Errors
    /// It cannot be opened, or is refused by [`read`](Array::read).
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| name.clone())?;
        Self::read(name, file)
    }

    /// Takes a file from where it is; errors call it `name`.
    ///
    /// A regular file is mapped into memory, which may be smaller than the file; if another program truncates it while the
    /// array exists, the system ends this one (SIGBUS). Where it cannot be mapped, pieces of it are read as they are needed.
    /// From everything else (a pipe, say) the array is copied, and what comes after it is not read: up to 16 MiB
    /// are copied into memory, more into a temporary file that has no name, in the directory for such files ([`std::env::temp_dir`]).
    ///
    /// # Errors
    /// It is a directory or a terminal, it cannot be read or copied, or what is in it is refused by
    /// [`from_bytes`](Array::from_bytes).
    pub fn read(name: impl Into<String>, file: File) -> Result<Self> {
        let name = name.into();
        let read = read(file);
        let (header, source) = read.with_context(|| name.clone())?;
        Ok(Self {
            name,
            header,
            source,
        })
    }
}

/// What the beginning of a file says, and the elements after it.
fn read(mut file: File) -> Result<(Header, Source<'static>)> {
    let metadata = file.metadata()?;
    ensure!(!metadata.is_dir(), "a directory, expected a file");
    ensure!(!file.is_terminal(), "a terminal, expected a file or a pipe");
    let first = if metadata.is_file() {
        file.stream_position()?
    } else {
        0
    };
    let header = Header::read(&mut file)?;
    // Some file systems say that files are empty which are not.
    if metadata.is_file() && metadata.len() > 0 {
        let start = first + header.start;
        header.fits(metadata.len().saturating_sub(start))?;
        let source = Source::of_file(file, start, header.bytes);
        return Ok((header, source));
    }
    let (source, found) = Source::copy_of(&mut file, header.bytes)?;
    header.fits(found)?;
    Ok((header, source))
}

impl<'a> Array<'a> {
    /// Takes bytes in memory as a file; errors call it `name`.
    ///
    /// Every header is read that `numpy.load` takes for an array of these numbers, however it is spelt, but for two kinds
    /// of spelling that nothing writes: characters by their names (`\N{DIGIT FOUR}`), and pairs of types. Records are read
    /// as `numpy.save` writes them. Bytes after the last element are left aside, as NumPy leaves them. The data may begin anywhere.
    ///
    /// # Errors
    /// The bytes are not a .npy file of format 1, 2 or 3; its header is longer than any array of numbers has, or cannot
    /// be read; the elements are something else; or some of them are missing.
    pub fn from_bytes(name: impl Into<String>, bytes: &'a [u8]) -> Result<Self> {
        let name = name.into();
        let given = || {
            let mut rest = bytes;
            let header = Header::read(&mut rest)?;
            header.fits(rest.len() as u64)?;
            anyhow::Ok((header, Source::Given(rest)))
        };
        let (header, source) = given().with_context(|| name.clone())?;
        Ok(Self {
            name,
            header,
            source,
        })
    }

    /// What errors call the file: its path, or the name that was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The length of every axis.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// The type of a component.
    pub fn dtype(&self) -> Dtype {
        self.header.elements.dtype
    }

    /// The names of the fields, if the elements are records.
    pub fn fields(&self) -> Option<&Names> {
        self.header.record.as_ref().map(|record| &record.names)
    }

    /// The vectors whose components are along `axis`; a negative one counts from the end. The components of a record are its fields,
    /// and `axis` is ignored.
    ///
    /// # Errors
    /// There is no such axis, or it is not 3 long.
    pub fn vectors(&self, axis: isize) -> Result<Operand<'_>> {
        self.operand(axis).with_context(|| self.name.clone())
    }

    fn operand(&self, axis: isize) -> Result<Operand<'_>> {
        let Header {
            shape,
            strides,
            record,
            ..
        } = &self.header;
        let mut axes: Vec<_> = shape.iter().copied().zip(strides.iter().copied()).collect();
        let components = match record {
            Some(record) => record.offsets,
            None => {
                let (_, stride) = axes.remove(component_axis(shape, axis)?);
                [0, stride, 2 * stride]
            }
        };
        Ok(Operand {
            name: &self.name,
            data: self.source.data(self.header.bytes),
            elements: self.header.elements,
            components,
            axes,
        })
    }
}

/// The index in the shape of this axis, which must have length 3.
fn component_axis(shape: &[usize], axis: isize) -> Result<usize> {
    let from_end = shape.len().checked_add_signed(axis);
    let place = if axis < 0 {
        from_end
    } else {
        axis.try_into().ok()
    };
    let found = place.and_then(|place| Some((place, *shape.get(place)?)));
    match found {
        Some((place, 3)) => Ok(place),
        Some((_, 2)) => bail!(
            "shape {shape:?}, expected length 3 along axis {axis}; vectors of two components need a third, 0"
        ),
        Some(_) => bail!("shape {shape:?}, expected length 3 along axis {axis}"),
        None => {
            bail!("shape {shape:?} has no axis {axis}, along which the components are expected")
        }
    }
}
