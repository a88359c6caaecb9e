//! The bytes of a .npy file as a batch of vectors: the geometry worked out once, given out block by block.
//!
//! A block is a view of the file where the file holds what the CPU reads; otherwise it is decoded
//! into a buffer. Nothing here is as large as the file.

use std::fs::File;
use std::io::{IsTerminal, Seek};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use crosslane::{Element, Vectors};
use npyz::{AutoSerialize, DType, Deserialize, TypeRead};

use crate::header::Header;
use crate::source::{Data, Pieces, Source};

/// Vectors that are looked up together in a file that is not mapped: what they need is 12 MiB.
const AT_ONCE: usize = 1 << 18;

/// What a component can be, in the library and in a file: `f32` or `f64`.
pub trait Component: Element + Deserialize + AutoSerialize + From<f32> {}
impl Component for f32 {}
impl Component for f64 {}

/// The axis along which the three components lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Axis 0, as in (3, N).
    First,
    /// Axis -1, as in (N, 3).
    Last,
}

/// A .npy file of `f32` or `f64`, of either byte order and either memory order.
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
/// let (vectors, mut buffer) = (array.vectors(None)?, Vec::new());
/// let block = vectors.block::<f32>(1..2, &mut buffer)?;
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
    /// Every header is read that `numpy.load` takes for an array of `f32` or `f64`, however it is spelt, but for two kinds
    /// of spelling that nothing writes: characters by their names (`\N{DIGIT FOUR}`), and pairs of types. Bytes after the last
    /// element are left aside, as NumPy leaves them. The data may begin anywhere.
    ///
    /// # Errors
    /// The bytes are not a .npy file of format 1, 2 or 3; its header is longer than any array of numbers has, or cannot
    /// be read; the elements are not `f32` or `f64`; or some of them are missing.
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

    /// The vectors, their components being along `axis` or, without one, along the axis that is 3 long.
    ///
    /// The components of an array with one axis are along that.
    ///
    /// # Errors
    /// The axis is not 3 long; or, without one, neither the first nor the last is, or both are.
    pub fn vectors(&self, axis: Option<Axis>) -> Result<Operand<'_>> {
        self.operand(axis).with_context(|| self.name.clone())
    }

    fn operand(&self, axis: Option<Axis>) -> Result<Operand<'_>> {
        let Header {
            dtype,
            shape,
            strides,
            bytes,
            ..
        } = &self.header;
        let axis = component_axis(shape, axis)?;
        let k = match axis {
            Axis::First => 0,
            Axis::Last => shape.len() - 1,
        };
        let axes = shape.iter().copied().zip(strides.iter().copied());
        let axes = axes.enumerate().filter(|(i, _)| *i != k);
        Ok(Operand {
            name: &self.name,
            data: self.source.data(*bytes),
            dtype,
            axis,
            component_stride: strides[k],
            axes: merged(axes.map(|(_, axis)| axis)),
        })
    }
}

/// Where the components are, if that can be told.
fn component_axis(shape: &[usize], axis: Option<Axis>) -> Result<Axis> {
    let (first, last) = (shape.first() == Some(&3), shape.last() == Some(&3));
    match (shape, axis) {
        ([3], _) => Ok(Axis::Last),
        ([] | [_], _) => {
            anyhow::bail!("shape {shape:?}, expected [3] or an array with an axis of length 3")
        }
        (_, Some(Axis::First)) => {
            ensure!(first, "shape {shape:?}, expected length 3 along axis 0");
            Ok(Axis::First)
        }
        (_, Some(Axis::Last)) => {
            ensure!(last, "shape {shape:?}, expected length 3 along axis -1");
            Ok(Axis::Last)
        }
        (_, None) => match (first, last) {
            (true, false) => Ok(Axis::First),
            (false, true) => Ok(Axis::Last),
            (true, true) => anyhow::bail!(
                "shape {shape:?} has length 3 along its first and its last axis; say which with --axis 0 or --axis -1"
            ),
            (false, false) => {
                anyhow::bail!("shape {shape:?}, expected length 3 along the first or the last axis")
            }
        },
    }
}

/// The same axes, slowest first as (length, stride), as few as possible: one for most arrays.
fn merged(axes: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (len, stride) in axes.filter(|(len, _)| *len != 1) {
        match merged.last_mut() {
            Some(outer) if outer.1 == len * stride => *outer = (outer.0 * len, stride),
            _ => merged.push((len, stride)),
        }
    }
    merged
}

/// The vectors of an [`Array`], in the order of its axes without that of the components.
#[derive(Debug)]
pub struct Operand<'a> {
    name: &'a str,
    data: Data<'a>,
    dtype: &'a DType,
    axis: Axis,
    component_stride: usize,
    axes: Vec<(usize, usize)>,
}

impl Operand<'_> {
    /// The number of vectors.
    pub fn len(&self) -> usize {
        self.axes.iter().map(|(len, _)| len).product()
    }

    /// Whether there are no vectors.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The axis along which the components are.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// Makes one vector as many equal ones as `other` has, along the same axis as those.
    ///
    /// # Errors
    /// This is not one vector.
    pub fn broadcast_to(&mut self, other: &Operand<'_>) -> Result<()> {
        let len = self.len();
        ensure!(len == 1, "{len} vectors, expected one to broadcast");
        self.axes = vec![(other.len(), 0)];
        self.axis = other.axis;
        Ok(())
    }

    /// Whether the elements are `T`, in whichever byte order.
    pub fn is<T: Component>(&self) -> bool {
        T::reader(self.dtype).is_ok()
    }

    /// Some of the vectors: in the file itself where it has them as this CPU reads them, otherwise decoded into
    /// `buffer`.
    ///
    /// Elements that are not `T` are taken as `f32` and converted, which is exact.
    ///
    /// # Errors
    /// The range is not one of vectors that are there; the elements are `f64`, and `T` is not; or the file cannot be read.
    pub fn block<'b, T: Component>(
        &'b self,
        range: Range<usize>,
        buffer: &'b mut Vec<[T; 3]>,
    ) -> Result<Vectors<'b, T>> {
        let vectors = self.len();
        ensure!(
            range.start <= range.end && range.end <= vectors,
            "vectors {range:?}, expected some of 0..{vectors}"
        );
        if let Some(elements) = self.native()
            && let Some(stride) = self.stride()
        {
            let (first, len) = (range.start * stride, range.len());
            // The header was checked: these fit, or there would be no such file.
            let (component, vector) = (self.component_stride as isize, stride as isize);
            return Ok(Vectors::strided(elements, first, component, vector, len)?);
        }
        let decoded = if self.is::<T>() {
            self.decode::<T, T>(range, buffer)
        } else {
            self.decode::<f32, T>(range, buffer)
        };
        decoded.with_context(|| self.name.to_owned())?;
        Ok(Vectors::aos(buffer))
    }

    /// The data as elements, if they are in the byte order of this CPU and aligned for it.
    fn native<T: Component>(&self) -> Option<&[T]> {
        let native = *self.dtype == T::default_dtype();
        native.then(|| bytemuck::try_cast_slice(self.data.bytes()?).ok())?
    }

    /// The distance from vector to vector, if it is always the same.
    fn stride(&self) -> Option<usize> {
        match *self.axes {
            [] => Some(0),
            [(_, stride)] => Some(stride),
            _ => None,
        }
    }

    /// Reads elements that are `S` in the file, in any byte order, at any place.
    fn decode<S: Component, T: Component + From<S>>(
        &self,
        range: Range<usize>,
        buffer: &mut Vec<[T; 3]>,
    ) -> Result<()> {
        let (reader, size) = (S::reader(self.dtype)?, size_of::<S>());
        buffer.clear();
        buffer.resize(range.len(), [T::default(); 3]);
        let pieces = match self.data {
            Data::Bytes(bytes) => {
                for (i, vector) in range.zip(buffer) {
                    let at = self.element(i);
                    for (k, component) in vector.iter_mut().enumerate() {
                        let bytes = bytes.get((at + k * self.component_stride) * size..);
                        *component = reader.read_one(bytes.unwrap_or_default())?.into();
                    }
                }
                return Ok(());
            }
            Data::Pieces(pieces) => pieces,
        };
        let mut wanted = Vec::new();
        for (part, vectors) in buffer.chunks_mut(AT_ONCE).enumerate() {
            let first = range.start + part * AT_ONCE;
            for k in 0..3 {
                let at = |i| (self.element(first + i) + k * self.component_stride) * size;
                wanted.extend((0..vectors.len()).map(|i| (at(i), 3 * i + k)));
            }
            let components = vectors.as_flattened_mut();
            let take = |i: usize, bytes: &[u8]| {
                components[i] = reader.read_one(bytes)?.into();
                Ok(())
            };
            Pieces::lock(pieces).each(size, &mut wanted, take)?;
            wanted.clear();
        }
        Ok(())
    }

    /// Where the first component of vector `i` is.
    fn element(&self, i: usize) -> usize {
        let unravel = |(i, at), (len, stride): &(usize, usize)| (i / len, at + i % len * stride);
        self.axes.iter().rev().fold((i, 0), unravel).1
    }
}
