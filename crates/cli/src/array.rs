//! A .npy file as a batch of vectors: mapped, its geometry worked out once, given out block by block.
//!
//! A block is a view of the mapped file where the file holds what the CPU reads; otherwise it is decoded
//! into a buffer. Nothing here is as large as the file.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use crosslane::{Element, Vectors};
use memmap2::Mmap;
use npyz::{AutoSerialize, DType, Deserialize, TypeRead};

use crate::header::Header;

/// What a component can be, in the library and in a file.
pub(crate) trait Component: Element + Deserialize + AutoSerialize + From<f32> {}
impl Component for f32 {}
impl Component for f64 {}

/// The axis along which the components lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Axis {
    #[value(name = "0")]
    First,
    #[value(name = "-1")]
    Last,
}

/// A mapped .npy file of `f32` or `f64`.
#[derive(Debug)]
pub(crate) struct Array {
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
    map: Mmap,
}

impl Array {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = || path.display().to_string();
        // Asked before it is opened: opening a pipe waits for somebody to write.
        let metadata = std::fs::metadata(path).with_context(name)?;
        ensure!(metadata.is_file(), "{}: not a regular file", name());
        ensure!(
            metadata.len() > 0,
            "{}: empty, expected a .npy file",
            name()
        );
        let file = File::open(path).with_context(name)?;
        #[expect(unsafe_code, reason = "files larger than memory, without copies")]
        // SAFETY: the map is read as bytes and numbers, for which any bits will do. If somebody else
        // truncates the file meanwhile, the system ends this process (SIGBUS); `--help` says so.
        let map = unsafe { Mmap::map(&file) }.with_context(name)?;
        let header = Header::parse(&map).with_context(name)?;
        Ok(Self {
            path: path.to_owned(),
            header,
            map,
        })
    }

    /// The vectors, their components being along `axis` or, without one, along the axis that is 3 long.
    pub(crate) fn vectors(&self, axis: Option<Axis>) -> Result<Operand<'_>> {
        self.operand(axis)
            .with_context(|| self.path.display().to_string())
    }

    fn operand(&self, axis: Option<Axis>) -> Result<Operand<'_>> {
        let Header {
            dtype,
            shape,
            strides,
            data,
        } = &self.header;
        let axis = component_axis(shape, axis)?;
        let k = match axis {
            Axis::First => 0,
            Axis::Last => shape.len() - 1,
        };
        let axes = shape.iter().copied().zip(strides.iter().copied());
        let axes = axes.enumerate().filter(|(i, _)| *i != k);
        Ok(Operand {
            data: &self.map[data.clone()],
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

/// The vectors of an array, in the order of its axes without that of the components.
#[derive(Debug)]
pub(crate) struct Operand<'a> {
    data: &'a [u8],
    dtype: &'a DType,
    pub(crate) axis: Axis,
    component_stride: usize,
    axes: Vec<(usize, usize)>,
}

impl Operand<'_> {
    /// The number of vectors.
    pub(crate) fn len(&self) -> usize {
        self.axes.iter().map(|(len, _)| len).product()
    }

    /// Makes one vector `len` equal ones.
    pub(crate) fn broadcast(&mut self, len: usize) {
        debug_assert_eq!(self.len(), 1, "one vector is broadcast");
        self.axes = vec![(len, 0)];
    }

    /// Whether the elements are `T`, in whichever byte order.
    pub(crate) fn is<T: Component>(&self) -> bool {
        T::reader(self.dtype).is_ok()
    }

    /// Some of the vectors: in the file itself, or in `buffer`.
    pub(crate) fn block<'b, T: Component>(
        &'b self,
        range: Range<usize>,
        buffer: &'b mut Vec<[T; 3]>,
    ) -> Result<Vectors<'b, T>> {
        if let Some(elements) = self.native()
            && let Some(stride) = self.stride()
        {
            let (first, len) = (range.start * stride, range.len());
            // The header was checked: these fit, or there would be no such file.
            let (component, vector) = (self.component_stride as isize, stride as isize);
            return Ok(Vectors::strided(elements, first, component, vector, len)?);
        }
        if self.is::<T>() {
            self.decode::<T, T>(range, buffer)?;
        } else {
            self.decode::<f32, T>(range, buffer)?;
        }
        Ok(Vectors::aos(buffer))
    }

    /// The data as elements, if they are in the byte order of this CPU and aligned for it.
    fn native<T: Component>(&self) -> Option<&[T]> {
        let native = *self.dtype == T::default_dtype();
        native.then(|| bytemuck::try_cast_slice(self.data).ok())?
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
        let reader = S::reader(self.dtype)?;
        let read = |element: usize| {
            let bytes = self.data.get(element * size_of::<S>()..);
            reader
                .read_one(bytes.unwrap_or_default())
                .map(<T as From<S>>::from)
        };
        buffer.clear();
        for i in range {
            let at = self.element(i);
            let mut vector = [T::default(); 3];
            for (k, component) in vector.iter_mut().enumerate() {
                *component = read(at + k * self.component_stride)?;
            }
            buffer.push(vector);
        }
        Ok(())
    }

    /// Where the first component of vector `i` is.
    fn element(&self, i: usize) -> usize {
        let unravel = |(i, at), (len, stride): &(usize, usize)| (i / len, at + i % len * stride);
        self.axes.iter().rev().fold((i, 0), unravel).1
    }
}
