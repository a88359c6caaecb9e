//! The vectors of an array, given out block by block.
//!
//! A block is a view of the file where the file holds what the CPU reads; otherwise it is decoded into a buffer, in the order of
//! the file. Nothing here is as large as the file.

use core::ops::Range;
use std::io;

use anyhow::{Context, Result};
use crosslane::Vectors;
use npyz::{DType, TypeRead};

use crate::block::{Block, Place, Runs};
use crate::dtype::{Component, PerComponent};
use crate::source::{Data, Pieces, Wanted};
use crate::spelling::Elements;

/// The vectors of an [`Array`](crate::Array), in the order of its axes without that of the components.
#[derive(Debug)]
pub struct Operand<'a> {
    pub(crate) name: &'a str,
    pub(crate) data: Data<'a>,
    pub(crate) elements: Elements,
    /// Bytes from the beginning of a vector to each of its components.
    pub(crate) components: [usize; 3],
    /// Lengths, and bytes from place to place.
    pub(crate) axes: Vec<(usize, usize)>,
}

impl Operand<'_> {
    /// The length of every axis but that of the components.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|(len, _)| *len).collect()
    }

    /// The number of vectors.
    pub fn len(&self) -> usize {
        self.axes.iter().map(|(len, _)| len).product()
    }

    /// Whether there are no vectors.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the vectors: a view of the file where the file holds what this CPU reads, otherwise of `buffer`, into which they are
    /// decoded.
    ///
    /// `ranges` is a box of places in a shape that this operand broadcasts to, a range for each axis, aligned at the last one. An
    /// axis of length 1, or one that the operand lacks, takes any range. The view leaves out the axes whose range has one place,
    /// and broadcasts to the lengths of the other ranges.
    ///
    /// Elements of another type are converted as by `as`. To a type that this one is [promoted](crate::Dtype::promote) to, that is
    /// exact, except for integers of 64 bits in `f64`.
    ///
    /// # Errors
    /// The ranges are not within the shape, `T` cannot hold an element, the file cannot be read, or the block has more axes than
    /// a view can have.
    pub fn block<'b, T: Component>(
        &'b self,
        ranges: &[Range<usize>],
        buffer: &'b mut Vec<T>,
    ) -> Result<Vectors<'b, T>> {
        let block = self.place(ranges)?;
        let context = || self.name.to_owned();
        if let Some((elements, place)) = self.elements_of(&block) {
            return place.view(elements).with_context(context);
        }
        let place = self.decode(&block, buffer).with_context(context)?;
        place.view(buffer).with_context(context)
    }

    /// Where the block is in the file.
    fn place(&self, ranges: &[Range<usize>]) -> Result<Block> {
        let fits = |((len, _), range): (&(usize, usize), &Range<usize>)| {
            range.start <= range.end && (*len == 1 || range.end <= *len)
        };
        let lacking = ranges.len().checked_sub(self.axes.len());
        let own = lacking.map(|lacking| &ranges[lacking..]);
        let own = own.filter(|own| self.axes.iter().zip(*own).all(fits));
        let own = own.with_context(|| {
            let (name, shape) = (self.name, self.shape());
            format!("{name}: vectors {ranges:?}, expected some of {shape:?}")
        })?;
        let mut block = Block {
            first: 0,
            components: self.components,
            axes: Vec::new(),
        };
        for ((len, stride), range) in self.axes.iter().zip(own) {
            if *len != 1 {
                block.first += range.start * stride;
            }
            match (len, range.len()) {
                (_, 1) => {}
                (1, _) => block.axes.push((1, 0)),
                (_, len) => block.axes.push((len, *stride)),
            }
        }
        Ok(block)
    }

    /// The elements of the file, if this CPU reads them as they are, and the geometry of the block in them.
    fn elements_of<T: Component>(&self, block: &Block) -> Option<(&[T], Place)> {
        if !self.elements.are::<T>() || block.is_empty() {
            return None;
        }
        let elements = bytemuck::try_cast_slice(self.data.bytes()?).ok()?;
        Some((elements, block.in_elements(size_of::<T>())?))
    }

    /// Reads the block into the buffer, and returns its geometry there.
    fn decode<T: Component>(&self, block: &Block, buffer: &mut Vec<T>) -> Result<Place> {
        let (runs, place) = block.runs(self.elements.dtype.size());
        buffer.clear();
        buffer.resize(runs.starts.len() * runs.len, T::default());
        let dtype = self.elements.as_npyz()?;
        self.elements.dtype.with(Decode {
            data: self.data,
            dtype: &dtype,
            runs,
            buffer,
        })?;
        Ok(place)
    }
}

/// Reads runs of elements from a file, and converts them to `T`.
struct Decode<'a, T> {
    data: Data<'a>,
    dtype: &'a DType,
    runs: Runs,
    buffer: &'a mut [T],
}

impl<T: Component> PerComponent for Decode<'_, T> {
    type Output = io::Result<()>;

    fn run<S: Component>(self) -> io::Result<()> {
        let Runs { starts, len } = self.runs;
        let (size, bytes) = (size_of::<S>(), len * size_of::<S>());
        let reader = S::reader(self.dtype).map_err(io::Error::other)?;
        let mut take = |i: usize, run: &[u8]| {
            let out = &mut self.buffer[i * len..][..len];
            for (out, bytes) in out.iter_mut().zip(run.chunks_exact(size)) {
                let number = num_traits::cast(reader.read_one(bytes)?);
                let no = || io::Error::other(format!("a {} is no {}", S::DTYPE, T::DTYPE));
                *out = number.ok_or_else(no)?;
            }
            Ok(())
        };
        match self.data {
            Data::Bytes(all) => {
                for (i, start) in starts.into_iter().enumerate() {
                    take(i, &all[start..][..bytes])?;
                }
                Ok(())
            }
            Data::Pieces(pieces) => {
                let mut wanted: Vec<Wanted> = starts.into_iter().zip(0..).collect();
                Pieces::lock(pieces).each(bytes, &mut wanted, take)
            }
        }
    }
}
