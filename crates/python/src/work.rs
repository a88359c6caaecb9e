//! The library's work on the operands of a call, on one thread or several, and what it raised.

use std::ffi::{CString, c_int};

use crosslane::{Accuracy, Element, Engine, ExceptionFlags, Operation, Threads};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::element::{self, ForElement};
use crate::exceptions::{self, during};
use crate::operand::Operand;

/// An operation, and the operands that the library is given.
pub(crate) struct Work<'a, const N: usize> {
    pub(crate) operation: Operation,
    pub(crate) accuracy: Accuracy,
    pub(crate) inputs: &'a [Operand<N>],
    pub(crate) outputs: &'a [Operand<N>],
}

/// Below so many elements a call is over before another thread could have used the interpreter.
const LONG: usize = 16 << 10;

impl<const N: usize> Work<'_, N> {
    /// Computes the results, of elements of the type of this number: on this thread if that is over soon, otherwise on several threads, and without the
    /// interpreter.
    pub(crate) fn run(&self, py: Python<'_>, number: c_int) -> PyResult<()> {
        let operands = self.inputs.iter().chain(self.outputs);
        let elements = operands.fold(0_usize, |all, operand| {
            all.saturating_add(operand.elements())
        });
        if elements < LONG {
            return self.run_here(py, number);
        }
        let bytes = elements.saturating_mul(element::size(number).unwrap_or(1));
        let (done, raised) = py.detach(|| {
            crosslane_pool::run(bytes, |threads| during(|| self.compute(number, threads)))
        });
        self.tell(py, done, raised)
    }

    /// Computes the results on this thread.
    pub(crate) fn run_here(&self, py: Python<'_>, number: c_int) -> PyResult<()> {
        let (done, raised) = during(|| self.compute(number, Threads::Serial));
        self.tell(py, done, raised)
    }

    /// Raises the error, or gives the warnings, that the caller is to see.
    fn tell(
        &self,
        py: Python<'_>,
        done: Result<(), crosslane::Error>,
        raised: ExceptionFlags,
    ) -> PyResult<()> {
        done.map_err(|error| PyValueError::new_err(error.to_string()))?;
        if !raised.is_empty() && self.accuracy == Accuracy::Plain && self.operation.signals() {
            let name = CString::new(self.operation.name())?;
            exceptions::report(py, &name, raised)?;
        }
        Ok(())
    }

    fn compute(&self, number: c_int, threads: Threads) -> Result<(), crosslane::Error> {
        let engine = Engine::new()
            .with_accuracy(self.accuracy)
            .with_threads(threads);
        let done = element::select(number, Compute { work: self, engine });
        done.unwrap_or(Err(crosslane::Error::UnknownOperation))
    }
}

struct Compute<'a, const N: usize> {
    work: &'a Work<'a, N>,
    engine: Engine,
}

impl<const N: usize> ForElement for Compute<'_, N> {
    type Output = Result<(), crosslane::Error>;

    fn run<T: Element>(self) -> Self::Output {
        let Work {
            operation,
            inputs,
            outputs,
            ..
        } = *self.work;
        compute::<T, N>(operation, self.engine, inputs, outputs)
    }
}

/// Has the library do it.
pub(crate) fn compute<T: Element, const N: usize>(
    operation: Operation,
    engine: Engine,
    inputs: &[Operand<N>],
    outputs: &[Operand<N>],
) -> Result<(), crosslane::Error> {
    if let (Operation::Cross, [a, b], [out]) = (operation, inputs, outputs) {
        // (Through the table it takes longer, which pairs of vectors would notice.)
        return engine.cross(a.vectors::<T>(), b.vectors(), out.vectors_mut());
    }
    let inputs: Vec<_> = inputs.iter().map(Operand::<N>::read::<T>).collect();
    let mut outputs: Vec<_> = outputs.iter().map(Operand::<N>::written::<T>).collect();
    engine.apply(operation, &inputs, &mut outputs)
}
