//! A batch: the operands of one call, seen to be equally long, that are split together.

use super::cursor::Form;
use super::place::Place;
use crate::view::{check_len, moved};
use crate::{Element, Error, Vectors, VectorsMut};

/// `I` inputs and `O` outputs of `len` vectors each. Outputs do not overlap inputs, except that one may
/// be an input: the same vectors at the same places.
///
/// It is passed on by reference: copying what was just written costs more than a small batch.
#[derive(Debug)]
pub(crate) struct Batch<'a, T, const I: usize, const O: usize> {
    pub(super) inputs: [Vectors<'a, T>; I],
    pub(super) outputs: [VectorsMut<'a, T>; O],
    in_place: bool,
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
            in_place: false,
        })
    }

    /// a and b in, a out.
    #[inline]
    pub(crate) fn in_place(a: VectorsMut<'a, T>, b: Vectors<'a, T>) -> Result<Self, Error> {
        // SAFETY: in the kernels every load of a vector comes before the store to it.
        let before = unsafe { a.to_read_in_place() };
        let batch = Self::new(before, b, a)?;
        Ok(Self {
            in_place: true,
            ..batch
        })
    }
}

impl<T: Element, const I: usize, const O: usize> Batch<'_, T, I, O> {
    pub(crate) fn len(&self) -> usize {
        self.outputs[0].len()
    }

    /// Whether an output is an input.
    pub(crate) fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// The bytes that the batch moves from and to memory. A broadcast operand stays in the cache.
    pub(crate) fn bytes(&self) -> usize {
        let read = self.inputs.iter().filter(|view| view.stride() != 0).count();
        self.len().saturating_mul((read + O) * size_of::<[T; 3]>())
    }

    /// The greatest index up to `at` where a vector of the first output starts a cache line, or `at` where
    /// none near it does. (Of columns that are aligned differently, those of y and z then do not.)
    pub(crate) fn line_boundary(&self, at: usize) -> usize {
        const LINE: usize = 64;
        let (start, stride) = (self.outputs[0].components()[0], self.outputs[0].stride());
        let starts_line = |&i: &usize| moved(start, i, stride).addr().is_multiple_of(LINE);
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
            in_place: self.in_place,
        }
    }

    /// Turns all operands around, if the first output runs backwards. The vectors meet as before.
    pub(crate) fn run_forwards(&mut self) {
        if self.outputs[0].stride() < 0 {
            self.inputs.iter_mut().for_each(Vectors::reverse);
            self.outputs.iter_mut().for_each(VectorsMut::reverse);
        }
    }

    /// What the operands have in common.
    pub(crate) fn shape(&self, stream: bool) -> Shape {
        if self.len() <= 1 || (self.is(Form::Columns) && !(stream && self.is_out_of_step())) {
            Shape::Columns
        } else if self.is(Form::Rows) {
            Shape::Rows
        } else if self.is(Form::Padded) {
            Shape::Padded
        } else {
            Shape::Mixed
        }
    }

    /// Whether all operands are of this form, or one vector repeated.
    pub(super) fn is(&self, form: Form) -> bool {
        let (mut inputs, mut outputs) = (self.inputs.iter(), self.outputs.iter());
        inputs.all(|view| Place::of(view).is(form))
            && outputs.all(|view| Place::of_mut(view).is(form))
    }

    /// Whether an output has columns that cannot be streamed together.
    fn is_out_of_step(&self) -> bool {
        let mut outputs = self.outputs.iter();
        outputs.any(|view| !Place::of_mut(view).is_in_step())
    }

    pub(super) fn inputs(&self) -> [Place<T>; I] {
        self.inputs.each_ref().map(Place::of)
    }

    pub(super) fn outputs(&self) -> [Place<T>; O] {
        self.outputs.each_ref().map(Place::of_mut)
    }
}

/// What the operands of a batch have in common; one vector repeated goes with everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All are columns; if they are to be streamed, then in step. One vector is columns, whatever its stride.
    Columns,
    /// All are rows of three.
    Rows,
    /// All are padded rows.
    Padded,
    /// Each has a layout of its own.
    Mixed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Soa;

    /// The boundary below index 40 of an output that begins `offset` elements behind a cache line.
    fn boundary<T: Element>(
        offset: usize,
        component_stride: isize,
        stride: isize,
        at: usize,
    ) -> usize {
        let mut memory = Soa::<T>::zeros(1000);
        let [x, ..] = memory.columns_mut();
        let first = if stride < 0 { 640 } else { 0 } + offset;
        let out = VectorsMut::strided(x, first, component_stride, stride, 50).expect("inside");
        let zero = [T::default(); 3];
        let one = Vectors::broadcast(&zero, 50);
        let batch = Batch::new(one, one, out);
        batch.expect("equal lengths").line_boundary(at)
    }

    #[test]
    fn batches_are_split_where_vectors_start_cache_lines() {
        // 16 elements of f32 are a line: columns, rows, padded rows, rows backwards.
        assert_eq!(
            [0, 1, 15].map(|offset| boundary::<f32>(offset, 100, 1, 40)),
            [32, 31, 33]
        );
        assert_eq!(
            [0, 3, 13].map(|offset| boundary::<f32>(offset, 1, 3, 40)),
            [32, 31, 33]
        );
        assert_eq!(
            [0, 4, 12].map(|offset| boundary::<f32>(offset, 1, 4, 40)),
            [40, 39, 37]
        );
        assert_eq!(
            [0, 3].map(|offset| boundary::<f32>(offset, 1, -3, 40)),
            [32, 33]
        );
        // 8 of f64.
        assert_eq!(
            [0, 1, 7].map(|offset| boundary::<f64>(offset, 100, 1, 38)),
            [32, 31, 33]
        );
        // Where no vector near starts a line, and where none is left.
        assert_eq!(boundary::<f32>(1, 1, 4, 40), 40);
        assert_eq!(boundary::<f32>(0, 100, 1, 15), 0);
        assert_eq!(boundary::<f32>(1, 100, 1, 0), 0);
    }
}
