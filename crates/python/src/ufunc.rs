//! The operations as generalized ufuncs of NumPy, for its protocols: `axes=`, `casting=`, `dtype=`, `__array_ufunc__`.
//!
//! NumPy broadcasts, casts and copies what overlaps, and calls a loop with one axis of vectors, which is a view of the library. A
//! gradient of an operand that was repeated is not summed here: it has the shape to which operands are broadcast.

use std::any::Any;
use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crosslane::{Element, Engine, ExceptionFlags, Kind, Operation, Threads};
use numpy::npyffi::objects::PyUFuncGenericFunction;
use numpy::npyffi::{NPY_TYPES, PY_UFUNC_API, npy_intp};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

use crate::call::MOST_INPUTS;
use crate::element::{self, ELEMENTS, ForElement};
use crate::exceptions::during;
use crate::operand::Operand;
use crate::target::MOST_OUTPUTS;
use crate::work;

/// Adds one for each operation to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for &operation in Operation::ALL {
        module.add(operation.name(), ufunc(module.py(), operation)?)?;
    }
    Ok(())
}

/// How many operands of each kind, as NumPy writes it.
fn signature(operation: Operation) -> String {
    let side = |kinds: &[Kind]| {
        let kinds = kinds
            .iter()
            .map(|kind| if *kind == Kind::Vector { "(3)" } else { "()" });
        kinds.collect::<Vec<_>>().join(",")
    };
    format!(
        "{}->{}",
        side(operation.inputs()),
        side(operation.outputs())
    )
}

/// The loops, and the types of the operands of one after the other.
fn loops(operation: Operation) -> (Vec<PyUFuncGenericFunction>, Vec<c_char>) {
    let operands = operation.inputs().len() + operation.outputs().len();
    let (mut loops, mut types) = (Vec::new(), Vec::new());
    let mut add = |number: NPY_TYPES, code: PyUFuncGenericFunction| {
        loops.push(code);
        types.extend([number as c_char].repeat(operands));
    };
    if operation == Operation::Cross {
        // Otherwise they would be cast to integers.
        add(NPY_TYPES::NPY_BOOL, Some(refuse_booleans));
    }
    for (number, _) in ELEMENTS {
        if element::supports(operation, number as c_int) {
            add(number, element::select(number as c_int, LoopOf));
        }
    }
    (loops, types)
}

fn ufunc(py: Python<'_>, operation: Operation) -> PyResult<Bound<'_, PyAny>> {
    let (inputs, outputs) = (operation.inputs().len(), operation.outputs().len());
    let (loops, types) = loops(operation);
    let count = loops.len();
    let each: &'static Operation = Box::leak(Box::new(operation));
    let data = vec![(&raw const *each).cast_mut().cast::<c_void>(); count];
    let doc = format!(
        "{}\n\n    {}\n\nA generalized ufunc with the signature ``{}``; ``crosslane.{}`` is the function.",
        operation.summary(),
        operation.formula(),
        signature(operation),
        operation.name(),
    );
    let text = |text: &str| CString::new(text).map(CString::into_raw);
    // SAFETY: the tables have as many entries as is said, the texts end with zeros, and nothing of it is ever freed: a ufunc refers to it for ever.
    let ufunc = unsafe {
        PY_UFUNC_API.PyUFunc_FromFuncAndDataAndSignature(
            py,
            loops.leak().as_mut_ptr(),
            data.leak().as_mut_ptr(),
            types.leak().as_mut_ptr(),
            count as c_int,
            inputs as c_int,
            outputs as c_int,
            -1, // no identity
            text(operation.name())?,
            text(&doc)?,
            0,
            text(&signature(operation))?,
        )
    };
    // SAFETY: NumPy returns a reference that is the caller's, or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, ufunc) }
}

/// The loop for a type.
struct LoopOf;

impl ForElement for LoopOf {
    type Output = unsafe extern "C" fn(*mut *mut c_char, *mut npy_intp, *mut npy_intp, *mut c_void);

    fn run<T: Element>(self) -> Self::Output {
        run_loop::<T>
    }
}

unsafe extern "C" fn refuse_booleans(
    _: *mut *mut c_char,
    _: *mut npy_intp,
    _: *mut npy_intp,
    _: *mut c_void,
) {
    fail(PyTypeError::new_err(
        "there is no cross product of booleans: numpy boolean subtract is not supported",
    ));
}

/// Sets the error, at which NumPy looks behind the loop.
fn fail(error: PyErr) {
    Python::attach(|py| error.restore(py));
}

unsafe extern "C" fn run_loop<T: Element>(
    args: *mut *mut c_char,
    dims: *mut npy_intp,
    steps: *mut npy_intp,
    data: *mut c_void,
) {
    // SAFETY: it is the address that `ufunc` gave NumPy for this loop.
    let operation = unsafe { *data.cast::<Operation>() };
    let count = operation.inputs().len() + operation.outputs().len();
    let kinds = operation.inputs().iter().chain(operation.outputs());
    let components = kinds.filter(|kind| **kind == Kind::Vector).count();
    let batch = Batch {
        operation,
        // SAFETY: NumPy passes one address for each operand.
        args: unsafe { std::slice::from_raw_parts(args.cast::<*mut T>(), count) },
        // SAFETY: The first of the lengths that NumPy passes is the number of vectors.
        len: unsafe { dims.read() }.cast_unsigned(),
        // SAFETY: NumPy passes one step for each operand, and then one for the components of each operand that is a vector.
        steps: unsafe { std::slice::from_raw_parts(steps, count + components) },
    };
    match catch_unwind(AssertUnwindSafe(|| batch.run())) {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => fail(PyRuntimeError::new_err(problem)),
        Err(panic) => fail(PyRuntimeError::new_err(message(&*panic))),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic".to_owned())
}

/// The operands of a loop.
struct Batch<'a, T> {
    operation: Operation,
    args: &'a [*mut T],
    len: usize,
    steps: &'a [npy_intp],
}

// SAFETY: NumPy keeps the arrays for as long as the loop runs.
unsafe impl<T: Sync> Sync for Batch<'_, T> {}

impl<T: Element> Batch<'_, T> {
    fn run(&self) -> Result<(), String> {
        let vectors = self.steps.len() - self.args.len();
        let components = self.args.len() + 2 * vectors;
        let bytes = self.len.saturating_mul(components * size_of::<T>());
        let signals = self.operation.signals();
        let before = if signals {
            ExceptionFlags::default()
        } else {
            ExceptionFlags::take()
        };
        let (done, raised) = crosslane_pool::run(bytes, |threads| match threads {
            // On this thread: NumPy sees what is raised.
            Threads::Serial => (self.compute(threads), ExceptionFlags::default()),
            _ => during(|| self.compute(threads)),
        });
        if signals {
            raised.raise();
        } else {
            // The exceptions of this operation's formula are not those of the caller's numbers.
            ExceptionFlags::take();
            before.raise();
        }
        done
    }

    fn compute(&self, threads: Threads) -> Result<(), String> {
        let operation = self.operation;
        let engine = Engine::new().with_threads(threads);
        let kinds = operation.inputs().iter().chain(operation.outputs());
        let mut cores = self.steps[self.args.len()..].iter();
        let mut operands = [Operand::<1>::NONE; MOST_INPUTS + MOST_OUTPUTS];
        for (k, kind) in kinds.enumerate() {
            let core = if *kind == Kind::Vector {
                cores.next()
            } else {
                None
            };
            // Where there is one vector, its distance from the next may be anything.
            let stride = if self.len > 1 { self.steps[k] } else { 0 };
            let component = core.map(|core| elements::<T>(*core)).transpose()?;
            // SAFETY: NumPy has seen that the elements are there, aligned, and copies what an output overlaps; each of an output is there once.
            operands[k] = unsafe { Operand::new(self.args[k].cast(), component) };
            operands[k].push(self.len, elements::<T>(stride)?);
        }
        let (inputs, outputs) = operands[..self.args.len()].split_at(operation.inputs().len());
        let done = work::compute::<T, 1>(operation, engine, inputs, outputs);
        done.map_err(|error| error.to_string())
    }
}

/// A distance in elements.
fn elements<T>(bytes: npy_intp) -> Result<isize, String> {
    let size = size_of::<T>() as isize;
    if bytes % size == 0 {
        Ok(bytes / size)
    } else {
        // NumPy copies what is not aligned; this is where the alignment is less than the size.
        Err(format!(
            "strides of {bytes} bytes, expected multiples of {size}"
        ))
    }
}
