//! A call: operands as arrays, their shapes, the arrays for the results, and the library's work on them.
//!
//! The same for every operation of the table. A function of Python decides what to do about operands that the library does not take: see
//! [`Refusal`].

use std::ffi::c_int;

use crosslane::{Accuracy, Operation, Shape};
use numpy::{PyArrayDescrMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{self, Array};
use crate::element;
use crate::operand::{FEW_AXES, MOST_AXES, Operand};
use crate::target::{self, MOST_OUTPUTS, Results, Target};
use crate::work::Work;

/// No operation has more inputs.
pub(crate) const MOST_INPUTS: usize = 5;

/// What is asked for.
pub(crate) struct Call<'a, 'py> {
    pub(crate) operation: Operation,
    /// One for each input of the operation.
    pub(crate) inputs: &'a [Bound<'py, PyAny>],
    /// Where the vectors of each input lie.
    pub(crate) axes: &'a [isize],
    /// Where those of results lie.
    pub(crate) axis: isize,
    /// Arrays to write to.
    pub(crate) out: Option<&'a Bound<'py, PyAny>>,
    pub(crate) accuracy: Accuracy,
}

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An input has its own `__array_function__`.
    Foreign,
    /// There is no such operation for the type of the inputs.
    Dtype,
    /// An axis is no integer.
    NoAxis,
    /// An array has no axis of this number.
    Axis { axis: isize, rank: usize },
    /// There are not three components along the axis of an input.
    Components { input: usize, got: usize },
    /// More axes than a view of the library has.
    Rank,
    /// The shapes are not broadcast.
    Shapes,
    /// Anything else.
    Error(PyErr),
}

impl From<PyErr> for Refusal {
    fn from(error: PyErr) -> Self {
        Self::Error(error)
    }
}

impl<'py> Call<'_, 'py> {
    /// Computes the results, and returns them: an array or a number, or a tuple of them where there are several outputs.
    pub(crate) fn run(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Refusal> {
        if self.inputs.iter().any(array::is_foreign) {
            return Err(Refusal::Foreign);
        }
        let mut arrays = [const { None }; MOST_INPUTS];
        let count = self.inputs.len();
        for (array, input) in arrays.iter_mut().zip(self.inputs) {
            *array = Some(array::as_array(input)?);
        }
        let number = self.dtype(arrays[..count].iter().flatten())?;
        let (computed, given) =
            element::computed_in(self.operation, number).ok_or(Refusal::Dtype)?;
        // Everything that is wrong is found before anything is copied.
        let mut axes = [None; MOST_INPUTS];
        for (k, array) in arrays.iter().flatten().enumerate() {
            axes[k] = self.axis_of(k, array)?;
        }
        let common = common(arrays[..count].iter().flatten().zip(&axes))?;
        for array in &mut arrays {
            *array = array
                .take()
                .map(|array| array::cast(array, computed))
                .transpose()?;
        }
        let results = self.results(py, &arrays, &axes, &common, computed, given)?;
        let arrays = &arrays[..count];
        // (No operand has more.)
        if common.len() <= FEW_AXES {
            self.work::<FEW_AXES>(py, arrays, &axes, &common, &results, computed)?;
        } else {
            self.work::<MOST_AXES>(py, arrays, &axes, &common, &results, computed)?;
        }
        self.returned(py, results)
    }

    /// Looks at the arrays and has the library compute the results.
    fn work<const N: usize>(
        &self,
        py: Python<'py>,
        arrays: &[Option<Array<'py>>],
        axes: &[Option<usize>],
        common: &[usize],
        results: &[Option<Target<'py>>],
        computed: c_int,
    ) -> Result<(), Refusal> {
        let mut inputs = [Operand::<N>::NONE; MOST_INPUTS];
        for (k, array) in arrays.iter().flatten().enumerate() {
            let operand = array::operand(array, axes[k], computed);
            inputs[k] = operand.ok_or_else(array::changed)?;
        }
        if let Some(g) = upstream(self.operation)
            && !common.is_empty()
        {
            inputs[g] = inputs[g].broadcast_to(common).ok_or_else(array::changed)?;
        }
        let mut outputs = [Operand::<N>::NONE; MOST_OUTPUTS];
        let targets = results.iter().flatten().map(|result| &result.written);
        for (k, target) in targets.clone().enumerate() {
            let axis = self.axis_of_result(k, axes, common.len())?;
            let output = match self.out {
                // Nobody else has seen an array that is new.
                None => array::operand(target, axis, computed),
                Some(_) => {
                    let others = arrays.iter().flatten().chain(targets.clone().take(k));
                    array::output(target, axis, computed, others)
                }
            };
            outputs[k] = output.ok_or_else(array::changed)?;
        }
        let work = Work {
            operation: self.operation,
            accuracy: self.accuracy,
            inputs: &inputs[..arrays.len()],
            outputs: &outputs[..self.operation.outputs().len()],
        };
        Ok(work.run(py, computed)?)
    }

    /// The type that all inputs are cast to, by its number.
    fn dtype<'a>(&self, arrays: impl Iterator<Item = &'a Array<'py>>) -> Result<c_int, Refusal>
    where
        'py: 'a,
    {
        let mut all: Option<array::Dtype<'py>> = None;
        for array in arrays {
            let dtype = array.dtype();
            all = Some(match all {
                None => dtype,
                Some(before) if before.is(&dtype) => before,
                // (Nothing is promoted to that is a number if there is an error.)
                Some(before) => array::promoted(&before, &dtype).map_err(|_| Refusal::Dtype)?,
            });
        }
        Ok(all.map_or(-1, |dtype| dtype.num()))
    }

    /// The axis of an input's vectors; none if it is of numbers.
    fn axis_of(&self, k: usize, array: &Array<'py>) -> Result<Option<usize>, Refusal> {
        let rank = array.ndim();
        if rank > MOST_AXES {
            return Err(Refusal::Rank);
        }
        if self.operation.inputs()[k] == crosslane::Kind::Scalar {
            return Ok(None);
        }
        let axis = normalized(self.axes[k], rank)?;
        match array.shape()[axis] {
            3 => Ok(Some(axis)),
            got => Err(Refusal::Components { input: k, got }),
        }
    }

    /// The axis of the vectors of a result, of which the shape of the batch has so many axes.
    fn axis_of_result(
        &self,
        k: usize,
        axes: &[Option<usize>],
        rank: usize,
    ) -> Result<Option<usize>, Refusal> {
        if self.operation.gradient_of().is_some() {
            return Ok(axes[k]);
        }
        match self.operation.outputs()[k] {
            crosslane::Kind::Scalar => Ok(None),
            _ => normalized(self.axis, rank + 1).map(Some),
        }
    }

    /// The arrays for the results: given, or new.
    fn results(
        &self,
        py: Python<'py>,
        arrays: &[Option<Array<'py>>; MOST_INPUTS],
        axes: &[Option<usize>],
        common: &[usize],
        computed: c_int,
        given: c_int,
    ) -> Result<[Option<Target<'py>>; MOST_OUTPUTS], Refusal> {
        let count = self.operation.outputs().len();
        let out = target::given(self.operation.name(), self.out, count)?;
        let mut results: [Option<Target<'py>>; MOST_OUTPUTS] = [const { None }; MOST_OUTPUTS];
        for k in 0..count {
            let mut room = [0; MOST_AXES];
            let shape = if self.operation.gradient_of().is_some() {
                // That of its operand.
                arrays[k].as_ref().map_or(&[][..], |array| array.shape())
            } else {
                let rank = common.len();
                match self.axis_of_result(k, axes, rank)? {
                    None => common,
                    Some(axis) => {
                        room[..axis].copy_from_slice(&common[..axis]);
                        room[axis] = 3;
                        room[axis + 1..=rank].copy_from_slice(&common[axis..]);
                        &room[..=rank]
                    }
                }
            };
            let (before, after) = results.split_at_mut(k);
            let written = before.iter().flatten().map(|target| &target.written);
            let results = Results {
                name: self.operation.name(),
                shape,
                computed,
                given,
            };
            let others = arrays.iter().flatten().chain(written);
            after[0] = Some(Target::new(py, results, out[k].as_ref(), others)?);
        }
        Ok(results)
    }

    fn returned(
        &self,
        py: Python<'py>,
        results: [Option<Target<'py>>; MOST_OUTPUTS],
    ) -> Result<Bound<'py, PyAny>, Refusal> {
        // What was given is returned itself.
        let object = |target: Target<'py>| match (target.finish()?, self.out) {
            (array, Some(_)) => Ok(array.into_any()),
            (array, None) => array::returned(array),
        };
        let mut objects = results.into_iter().flatten().map(object);
        if let [_] = self.operation.outputs()
            && let Some(only) = objects.next()
        {
            return Ok(only?);
        }
        let all: PyResult<Vec<_>> = objects.collect();
        Ok(PyTuple::new(py, all?)?.into_any())
    }
}

/// The input that is the upstream gradient and may have fewer vectors than the batch: it is broadcast, too, unless there is a gradient of
/// it.
pub(crate) fn upstream(operation: Operation) -> Option<usize> {
    operation.gradient_of()?;
    let g = operation.input_names().iter().position(|name| *name == "g");
    g.filter(|g| *g >= operation.outputs().len())
}

/// The axis, counted from the first.
fn normalized(axis: isize, rank: usize) -> Result<usize, Refusal> {
    let counted = if axis < 0 { axis + rank as isize } else { axis };
    match usize::try_from(counted) {
        Ok(counted) if counted < rank => Ok(counted),
        _ => Err(Refusal::Axis { axis, rank }),
    }
}

/// The shape of the batch: that to which those of the inputs are broadcast, without the axes of their components.
fn common<'a, 'py: 'a>(
    arrays: impl Iterator<Item = (&'a Array<'py>, &'a Option<usize>)>,
) -> Result<Shape, Refusal> {
    let mut common = Shape::broadcast([[].as_slice()]).map_err(|_| Refusal::Shapes)?;
    for (array, axis) in arrays {
        let mut room = [0; MOST_AXES];
        let mut rank = 0;
        for (k, &len) in array.shape().iter().enumerate() {
            if Some(k) != *axis {
                room[rank] = len;
                rank += 1;
            }
        }
        let shape = &room[..rank];
        if common == *shape {
            continue;
        }
        common = Shape::broadcast([&*common, shape]).map_err(|error| match error {
            crosslane::Error::Rank { .. } => Refusal::Rank,
            _ => Refusal::Shapes,
        })?;
    }
    Ok(common)
}
