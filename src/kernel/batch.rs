//! A batch: the operands of one call, seen to be equally long, that are split together.

use super::tile::Place;
use crate::view::check_len;
use crate::{Element, Error, Vectors, VectorsMut};

/// `I` inputs and `O` outputs of `len` vectors each. Outputs do not overlap inputs, except that one may
/// be an input: the same vectors at the same places.
///
/// It is passed on by reference: copying what was just written costs more than a small batch.
#[derive(Debug)]
pub(crate) struct Batch<'a, T, const I: usize, const O: usize> {
    inputs: [Vectors<'a, T>; I],
    outputs: [VectorsMut<'a, T>; O],
    len: usize,
}

impl<'a, T: Element> Batch<'a, T, 2, 1> {
    /// a and b in, out out.
    #[inline]
    pub(crate) fn new(
        a: Vectors<'a, T>,
        b: Vectors<'a, T>,
        out: VectorsMut<'a, T>,
    ) -> Result<Self, Error> {
        let len = a.len();
        check_len("b", len, b.len())?;
        check_len("out", len, out.len())?;
        Ok(Self {
            inputs: [a, b],
            outputs: [out],
            len,
        })
    }

    /// a and b in, a out.
    #[inline]
    pub(crate) fn in_place(a: VectorsMut<'a, T>, b: Vectors<'a, T>) -> Result<Self, Error> {
        // SAFETY: in the kernels every load of a vector comes before the store to it.
        let before = unsafe { a.to_read_in_place() };
        Self::new(before, b, a)
    }
}

impl<T: Element, const I: usize, const O: usize> Batch<'_, T, I, O> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The bytes that the batch moves from and to memory. A broadcast operand stays in the cache.
    pub(crate) fn bytes(&self) -> usize {
        let read = self.inputs.iter().filter(|view| view.stride() != 0).count();
        self.len.saturating_mul((read + O) * size_of::<[T; 3]>())
    }

    /// The greatest index up to `at` where the first output starts a cache line, if there is one near.
    pub(crate) fn line_boundary(&self, at: usize) -> usize {
        const LINE: usize = 64;
        let (start, stride) = (self.outputs[0].components()[0], self.outputs[0].stride());
        let starts_line = |&i: &usize| {
            start
                .wrapping_offset((i as isize).wrapping_mul(stride))
                .addr()
                .is_multiple_of(LINE)
        };
        (at.saturating_sub(LINE / size_of::<T>() - 1)..=at)
            .rev()
            .find(starts_line)
            .unwrap_or(at)
    }

    /// Takes the vectors from `at` on away, of every operand; `at` must not exceed the length.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        Self {
            inputs: self.inputs.each_mut().map(|view| view.split_off(at)),
            outputs: self.outputs.each_mut().map(|view| view.split_off(at)),
            len: core::mem::replace(&mut self.len, at) - at,
        }
    }

    #[inline(always)]
    pub(super) fn inputs(&self) -> [Place<T>; I] {
        self.inputs.each_ref().map(|view| {
            Place::new(
                view.components().map(<*const T>::cast_mut),
                view.stride(),
                self.len,
            )
        })
    }

    #[inline(always)]
    pub(super) fn outputs(&self) -> [Place<T>; O] {
        self.outputs
            .each_ref()
            .map(|view| Place::new(view.components(), view.stride(), self.len))
    }
}
