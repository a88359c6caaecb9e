//! A batch: the operands of one call, seen to be equally long, that are split together.

use super::cursor::Form;
use super::faces::Faces;
use super::place::Place;
use super::plus;
use crate::exact;
use crate::view::{check_len, moved};
use crate::{Element, Error, Vectors, VectorsMut};

#[cfg(test)]
mod tests;

/// `I` inputs and `O` outputs of `len` vectors each. Outputs do not overlap inputs, except that the first
/// output may be the first input: the same vectors at the same places.
///
/// A view of scalars has one place for all three components. An output all of whose vectors are in one place receives
/// their sum.
///
/// It is passed on by reference: copying what was just written costs more than a small batch.
#[derive(Debug)]
pub(crate) struct Batch<'a, T, const I: usize, const O: usize> {
    pub(super) inputs: [Vectors<'a, T>; I],
    pub(super) outputs: [VectorsMut<'a, T>; O],
    /// Whose corners the vectors of the inputs are, if outputs are of faces and not of the vectors in turn.
    faces: Option<Faces<'a>>,
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
        Ok(Self::of([a, b], [out]))
    }

    /// a and b in, a out.
    #[inline]
    pub(crate) fn in_place(a: VectorsMut<'a, T>, b: Vectors<'a, T>) -> Result<Self, Error> {
        // SAFETY: in the kernels every load of a vector comes before the store to it, where the operation is
        // `IN_PLACE`, which the engine sees to.
        let before = unsafe { a.to_read_in_place() };
        let batch = Self::new(before, b, a)?;
        Ok(Self {
            in_place: true,
            ..batch
        })
    }
}

impl<'a, T: Element> Batch<'a, T, 1, 1> {
    /// v in and out.
    pub(crate) fn over(v: VectorsMut<'a, T>) -> Self {
        // SAFETY: in the kernels every load of a vector comes before the store to it, where the operation is
        // `IN_PLACE`, which the engine sees to.
        let before = unsafe { v.to_read_in_place() };
        Self {
            in_place: true,
            ..Self::of([before], [v])
        }
    }
}

impl<'a, T: Element> Batch<'a, T, 1, 1> {
    /// The vertices of faces in; the indices must have been checked, and `out` to be as long as `faces`.
    pub(crate) fn of_faces(
        vertices: Vectors<'a, T>,
        faces: Faces<'a>,
        out: VectorsMut<'a, T>,
    ) -> Self {
        let inside = |face: &[u32]| face.iter().all(|&i| (i as usize) < vertices.len());
        debug_assert!(
            (0..faces.len()).all(|i| inside(faces.get(i))),
            "indices are checked before"
        );
        assert_eq!(faces.len(), out.len(), "lengths are checked before");
        Self {
            inputs: [vertices],
            outputs: [out],
            faces: Some(faces),
            in_place: false,
        }
    }

    /// The faces, if it is a batch of these.
    pub(crate) fn faces(&self) -> Option<Faces<'a>> {
        self.faces
    }
}

impl<'a, T: Element, const I: usize, const O: usize> Batch<'a, T, I, O> {
    /// Operands that are seen to be equally long; outputs do not overlap inputs.
    #[inline(always)]
    pub(crate) fn of(inputs: [Vectors<'a, T>; I], outputs: [VectorsMut<'a, T>; O]) -> Self {
        let len = inputs[0].len();
        assert!(
            inputs.iter().all(|view| view.len() == len)
                && outputs.iter().all(|view| view.len() == len),
            "lengths are checked before"
        );
        Self {
            inputs,
            outputs,
            faces: None,
            in_place: false,
        }
    }

    /// The same, checked.
    #[inline]
    pub(crate) fn named(
        inputs: [(&'static str, Vectors<'a, T>); I],
        outputs: [(&'static str, VectorsMut<'a, T>); O],
    ) -> Result<Self, Error> {
        let len = common_len(&inputs)?;
        for (name, view) in &outputs {
            check_len(name, len, view.len())?;
        }
        Ok(Self::of(
            inputs.map(|(_, view)| view),
            outputs.map(|(_, view)| view),
        ))
    }

    /// The sums so far, of outputs that receive one.
    pub(crate) fn sums(&self) -> [[T; 3]; O] {
        self.outputs
            .each_ref()
            .map(|view| view.get(0).unwrap_or_default())
    }

    /// Has outputs that receive a sum receive it elsewhere.
    pub(crate) fn sum_to(&mut self, sums: &'a mut [[T; 3]; O]) {
        for (view, sum) in self.outputs.iter_mut().zip(sums) {
            if view.is_sum() {
                *view = VectorsMut::summed(sum, view.len());
            }
        }
    }

    /// Adds to sums.
    pub(crate) fn add(&mut self, sums: &[[T; 3]; O]) {
        let before = self.sums();
        for ((view, before), more) in self.outputs.iter_mut().zip(before).zip(sums) {
            if view.is_sum() {
                view.set(0, plus(before, *more));
            }
        }
    }

    /// Makes NaN among the sums the canonical one: which of two a sum takes over, or makes, depends on the CPU.
    pub(crate) fn canonical_sums(&mut self) {
        let sums = self.sums();
        for (view, sum) in self.outputs.iter_mut().zip(sums) {
            if view.is_sum() {
                view.set(0, sum.map(exact::canonical));
            }
        }
    }
}

impl<T: Element, const I: usize, const O: usize> Batch<'_, T, I, O> {
    pub(crate) fn len(&self) -> usize {
        self.outputs[0].len()
    }

    /// Whether the first output is the first input.
    pub(crate) fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// Whether an output receives the sum over the batch.
    pub(crate) fn has_sums(&self) -> bool {
        self.outputs.iter().any(VectorsMut::is_sum)
    }

    /// The bytes that the batch moves from and to memory. A broadcast operand stays in the cache.
    pub(crate) fn bytes(&self) -> usize {
        let of = |components: bool, stride: isize| match stride {
            0 => 0,
            _ if components => size_of::<[T; 3]>(),
            _ => size_of::<T>(),
        };
        let inputs = self.inputs.iter();
        let read: usize = inputs.map(|v| of(!v.is_scalars(), v.stride())).sum();
        let outputs = self.outputs.iter();
        let written: usize = outputs.map(|v| of(!v.is_scalars(), v.stride())).sum();
        self.len().saturating_mul(read + written)
    }

    /// Where to divide the batch, so that `part` of `parts` of the work is before it.
    pub(crate) fn middle(&self, part: usize, parts: usize) -> usize {
        match self.faces {
            Some(faces) => faces.middle(part, parts),
            // Divided first, so that nothing can overflow.
            None => self.len() / parts * part,
        }
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
        let (inputs, faces) = match &mut self.faces {
            None => (self.inputs.each_mut().map(|view| view.split_off(at)), None),
            Some(faces) => {
                let (head, tail) = faces.split_at(at);
                *faces = head;
                (self.inputs, Some(tail))
            }
        };
        Self {
            inputs,
            outputs: self.outputs.each_mut().map(|view| view.split_off(at)),
            faces,
            in_place: self.in_place,
        }
    }

    /// Turns all operands around, if the first output runs backwards. The vectors meet as before. (Where there are indices, or
    /// a sum whose order is fixed, they stay.)
    pub(crate) fn run_forwards(&mut self) {
        if self.outputs[0].stride() < 0 && self.faces.is_none() && !self.has_sums() {
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

/// The length of all inputs.
pub(crate) fn common_len<T: Element>(
    inputs: &[(&'static str, Vectors<'_, T>)],
) -> Result<usize, Error> {
    let len = inputs[0].1.len();
    for (name, view) in inputs {
        check_len(name, len, view.len())?;
    }
    Ok(len)
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
