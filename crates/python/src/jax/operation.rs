//! The operation that a call by XLA asks for.

use std::ffi::c_int;
use std::ptr::without_provenance_mut;

use crosslane::{Accuracy, Element, Engine, Kind, Operation, Shape, with_default_environment};

use super::ffi;
use super::frame::{Buffer, Frame};
use super::problem::Problem;
use crate::call::{MOST_INPUTS, upstream};
use crate::element::ForElement;
use crate::functions::accuracy_named;
use crate::operand::{FEW_AXES, MOST_AXES, Operand};
use crate::target::MOST_OUTPUTS;
use crate::{pages, work};

const MOST_OPERANDS: usize = MOST_INPUTS + MOST_OUTPUTS;

/// Runs the operation of this name (the attribute `operation`) on the arguments of the call.
///
/// The attribute `axes` has the axis of the components of each argument and then of each result; what is there for numbers does not matter.
/// Without these axes all shapes have as many lengths, of which 1 is broadcast. A result of a gradient has the shape of its argument, and is
/// summed along axes that this is repeated along.
pub(super) fn run(frame: &Frame<'_>) -> Result<(), Problem> {
    frame.check()?;
    let operation: Operation = parsed(frame, "operation", |name| {
        std::str::from_utf8(name).ok()?.parse().ok()
    })?;
    let accuracy = parsed(frame, "accuracy", accuracy_named)?;
    let inputs = operation.inputs().len();
    let count = inputs + operation.outputs().len();
    let mut buffers = [Buffer::NONE; MOST_OPERANDS];
    frame.inputs(&mut buffers[..inputs])?;
    frame.outputs(&mut buffers[inputs..count])?;
    let call = Call {
        operation,
        accuracy,
        buffers: &buffers[..count],
        axes: frame.numbers("axes", count)?,
    };
    let dtype = buffers[0].dtype;
    for (k, buffer) in call.buffers.iter().enumerate() {
        if buffer.dtype != dtype {
            return Err(call.dtype(k));
        }
    }
    select(dtype, &call).unwrap_or_else(|| Err(call.dtype(0)))
}

fn parsed<T>(
    frame: &Frame<'_>,
    name: &'static str,
    parse: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, Problem> {
    parse(frame.text(name)?).ok_or(Problem::Attribute { name })
}

/// Runs the code for the element of this XLA type, if JAX has the library compute with such elements.
fn select<F: ForElement>(dtype: c_int, code: F) -> Option<F::Output> {
    match dtype {
        ffi::F32 => Some(code.run::<f32>()),
        ffi::F64 => Some(code.run::<f64>()),
        ffi::F16 => Some(code.run::<half::f16>()),
        ffi::BF16 => Some(code.run::<half::bf16>()),
        _ => None,
    }
}

struct Call<'a> {
    operation: Operation,
    accuracy: Accuracy,
    /// Those of inputs, then those of outputs.
    buffers: &'a [Buffer<'a>],
    axes: &'a [i64],
}

impl ForElement for &Call<'_> {
    type Output = Result<(), Problem>;

    fn run<T: Element>(self) -> Self::Output {
        let few = |buffer: &Buffer<'_>| buffer.shape.len() <= FEW_AXES + 1;
        if self.buffers.iter().all(few) {
            self.compute::<T, FEW_AXES>()
        } else {
            self.compute::<T, MOST_AXES>()
        }
    }
}

impl Call<'_> {
    fn compute<T: Element, const N: usize>(&self) -> Result<(), Problem> {
        let mut operands = [Operand::<N>::NONE; MOST_OPERANDS];
        let mut bytes = 0_usize;
        for (k, place) in operands[..self.buffers.len()].iter_mut().enumerate() {
            *place = self.operand::<T, N>(k)?;
            // (It is in memory, so that its bytes can be counted.)
            bytes += place.elements() * size_of::<T>();
        }
        let (inputs, outputs) = operands[..self.buffers.len()].split_at_mut(self.inputs());
        for (output, buffer) in outputs.iter().zip(&self.buffers[inputs.len()..]) {
            pages::want_huge(buffer.data, output.elements() * size_of::<T>());
        }
        // (As a rule all have its shape already.)
        if let Some(g) = upstream(self.operation)
            && inputs
                .iter()
                .any(|input| input.shape() != inputs[g].shape())
        {
            let shapes = inputs.iter().map(Operand::shape);
            let common = Shape::broadcast(shapes).map_err(Problem::Library)?;
            inputs[g] = inputs[g].broadcast_to(&common).unwrap_or(inputs[g]);
        }
        let (operation, inputs, outputs) = (self.operation, &*inputs, &*outputs);
        let engine = Engine::new().with_accuracy(self.accuracy);
        let run = || {
            crosslane_pool::run(bytes, |threads| {
                let engine = engine.with_threads(threads);
                work::compute::<T, N>(operation, engine, inputs, outputs)
            })
        };
        // XLA's threads flush subnormals. NumPy does not, and neither do the threads of the pool, which this thread may start.
        with_default_environment(run).map_err(Problem::Library)
    }

    /// The elements of a buffer.
    fn operand<T: Element, const N: usize>(&self, k: usize) -> Result<Operand<N>, Problem> {
        let buffer = self.buffers[k];
        let component = self.component(k)?;
        let rank = buffer.shape.len();
        if rank > N.min(MOST_AXES - 1) + usize::from(component.is_some()) {
            return Err(Problem::Rank { got: rank });
        }
        // From each axis to the next, the last fastest. (Where lengths overflow there is one of 0, and no stride is used.)
        let mut axes = [(0_usize, 0_isize); MOST_AXES + 1];
        let mut stride = 1_isize;
        for (axis, &len) in axes.iter_mut().zip(buffer.shape).rev() {
            *axis = (usize::try_from(len).unwrap_or(0), stride);
            stride = stride.saturating_mul(axis.0.cast_signed());
        }
        let first = match buffer.data.cast::<T>() {
            null if null.is_null() && stride == 0 => without_provenance_mut(align_of::<T>()),
            first if !first.is_null() && first.is_aligned() => first,
            _ => return Err(Problem::Misaligned { what: self.name(k) }),
        };
        // SAFETY: XLA keeps the dense elements of a buffer until the handler returns. Results have memory of their own, because no call is
        // compiled to write to its arguments.
        let mut operand = unsafe { Operand::new(first.cast(), component.map(|k| axes[k].1)) };
        for (k, &(len, stride)) in axes[..rank].iter().enumerate() {
            if Some(k) != component {
                operand.push(len, stride);
            }
        }
        if operand.shape().is_empty() {
            // One vector, or number. The library is faster if that is an axis of one.
            operand.push(1, 0);
        }
        Ok(operand)
    }

    /// The axis of the components of an operand; none if it is of numbers.
    fn component(&self, k: usize) -> Result<Option<usize>, Problem> {
        let (inputs, outputs) = (self.operation.inputs(), self.operation.outputs());
        let mut kinds = inputs.iter().chain(outputs);
        if kinds.nth(k) == Some(&Kind::Scalar) {
            return Ok(None);
        }
        let axis = usize::try_from(self.axes[k]).ok();
        match axis.and_then(|axis| self.buffers[k].shape.get(axis)) {
            Some(3) => Ok(axis),
            _ => Err(Problem::Components {
                what: self.name(k),
                axis: self.axes[k],
            }),
        }
    }

    fn inputs(&self) -> usize {
        self.operation.inputs().len()
    }

    /// What an operand is called.
    fn name(&self, k: usize) -> &'static str {
        let (inputs, outputs) = (self.operation.input_names(), self.operation.output_names());
        let mut names = inputs.iter().chain(outputs);
        names.nth(k).copied().unwrap_or("out")
    }

    #[cold]
    fn dtype(&self, k: usize) -> Problem {
        Problem::Dtype {
            what: self.name(k),
            got: self.buffers[k].dtype,
        }
    }
}
