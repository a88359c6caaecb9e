//! A batch: the operands of one call, seen to be equally long, that are split together.

use super::cursor::Form;
use super::place::Place;
use super::plus;
use crate::exact;
use crate::view::{check_len, moved};
use crate::{Element, Error, Vectors, VectorsMut};

/// `I` inputs and `O` outputs of `len` vectors each. Outputs do not overlap inputs, except that one may
/// be an input: the same vectors at the same places.
///
/// A view of scalars has one place for all three components. An output all of whose vectors are in one place receives
/// their sum.
///
/// It is passed on by reference: copying what was just written costs more than a small batch.
#[derive(Debug)]
pub(crate) struct Batch<'a, T, const I: usize, const O: usize> {
    pub(super) inputs: [Vectors<'a, T>; I],
    pub(super) outputs: [VectorsMut<'a, T>; O],
    /// Which vectors of the inputs are meant, if not each in turn: vector i of input k is number `faces[i][k]` of that view.
    pub(super) faces: Option<&'a [[u32; 3]]>,
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
        // SAFETY: in the kernels every load of a vector comes before the store to it.
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
        // SAFETY: in the kernels every load of a vector comes before the store to it.
        let before = unsafe { v.to_read_in_place() };
        Self {
            in_place: true,
            ..Self::of([before], [v])
        }
    }
}

impl<'a, T: Element> Batch<'a, T, 3, 1> {
    /// The corners of faces in; the indices must have been checked, and `out` to be as long as `faces`.
    pub(crate) fn corners(
        vertices: Vectors<'a, T>,
        faces: &'a [[u32; 3]],
        out: VectorsMut<'a, T>,
    ) -> Self {
        let inside = |face: &[u32; 3]| face.iter().all(|&i| (i as usize) < vertices.len());
        debug_assert!(faces.iter().all(inside), "indices are checked before");
        assert_eq!(faces.len(), out.len(), "lengths are checked before");
        Self {
            inputs: [vertices; 3],
            outputs: [out],
            faces: Some(faces),
            in_place: false,
        }
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

    /// Whether an output is an input.
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

    /// The indices of the corners of faces from `start` on, if the inputs are corners.
    pub(super) fn faces_from(&self, start: usize) -> Option<&[[u32; 3]]> {
        self.faces.map(|faces| &faces[start..])
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
    fn the_bytes_of_a_batch_are_those_of_its_vectors_and_numbers_but_not_of_one_vector() {
        let (one, rows) = ([1.0_f64; 3], [[1.0_f64; 3]; 50]);
        let (mut padded, mut numbers) = ([[0.0_f64; 4]; 50], [0.0; 50]);
        let (one, rows) = (Vectors::broadcast(&one, 50), Vectors::aos(&rows));
        let batch = Batch::new(rows, one, VectorsMut::padded(&mut padded));
        assert_eq!(batch.expect("equal lengths").bytes(), 50 * (24 + 24));
        let upstream = numbers;
        let inputs = [("a", rows), ("g", Vectors::scalars(&upstream))];
        let outputs = [("out", VectorsMut::scalars(&mut numbers))];
        let batch = Batch::named(inputs, outputs);
        assert_eq!(batch.expect("equal lengths").bytes(), 50 * (24 + 8 + 8));
        let outputs = [("out", VectorsMut::padded(&mut padded))];
        let batch = Batch::named([("a", one), ("b", one)], outputs);
        assert_eq!(batch.expect("equal lengths").bytes(), 50 * 24);
    }

    #[test]
    fn the_shape_is_what_all_operands_have_in_common() {
        let (one, row, four) = ([1.0_f32; 3], [[1.0_f32; 3]; 9], [[1.0_f32; 4]; 9]);
        let mut memory = Soa::<f32>::zeros(100);
        let columns = Soa::<f32>::zeros(9);
        let [x, ..] = memory.columns_mut();
        let [one, columns, rows, padded] = [
            Vectors::broadcast(&one, 9),
            columns.view(),
            Vectors::aos(&row),
            Vectors::padded(&four),
        ];
        // An output with these strides.
        let mut shape = |a, b, component_stride, stride, stream: bool| {
            let out = VectorsMut::strided(x, 0, component_stride, stride, 9).expect("inside");
            Batch::new(a, b, out).expect("equal lengths").shape(stream)
        };
        for stream in [false, true] {
            assert_eq!(shape(columns, one, 32, 1, stream), Shape::Columns);
            assert_eq!(shape(rows, one, 1, 3, stream), Shape::Rows);
            assert_eq!(shape(one, rows, 1, 3, stream), Shape::Rows);
            assert_eq!(shape(padded, padded, 1, 4, stream), Shape::Padded);
            for (a, b, component_stride, stride) in [
                (columns, rows, 32, 1),
                (rows, columns, 1, 3),
                (padded, rows, 1, 3),
                (padded, padded, 32, 1),
                (rows, rows, 32, 3), // no rows: components are apart
                (rows, rows, 1, 5),
            ] {
                let shape = shape(a, b, component_stride, stride, stream);
                assert_eq!(shape, Shape::Mixed, "{component_stride}, {stride}");
            }
        }
        // Columns that are out of step are streamed one by one.
        assert_eq!(shape(columns, columns, 33, 1, false), Shape::Columns);
        assert_eq!(shape(columns, columns, 33, 1, true), Shape::Mixed);
        let (mut out, a) = ([[0.0; 3]], [1.0_f32; 3]);
        let (a, out) = (Vectors::broadcast(&a, 1), VectorsMut::aos(&mut out));
        let batch = Batch::new(a, a, out).expect("equal lengths");
        assert_eq!(batch.shape(true), Shape::Columns, "one vector");
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
