//! What torch's dispatcher calls: the operations of the library's table, and torch's own operator `aten::linalg_cross`.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crosslane::{Accuracy, Element, Engine, Kind, Operation, Shape, Threads};

use super::shim::{self, Kernel, SUCCESS, VERSION, shim, throw};
use super::tensor::{Message, Tensor};
use crate::call::{MOST_INPUTS, upstream};
use crate::operand::{FEW_AXES, MOST_AXES, Operand};
use crate::target::MOST_OUTPUTS;
use crate::work::compute;

/// The kernel of each operation, in the order of the table.
pub(super) static KERNELS: [Kernel; MOST_OPERATIONS] = kernels();

const MOST_OPERATIONS: usize = 32;

const fn kernels() -> [Kernel; MOST_OPERATIONS] {
    assert!(
        Operation::ALL.len() <= MOST_OPERATIONS,
        "there are more operations than kernels"
    );
    macro_rules! kernels {
        ($($k:literal)*) => { [$(of_operation::<$k>),*] };
    }
    // The dispatcher does not say which operator it calls, so that each needs a function of its own.
    kernels!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
}

/// Operation `K` of the table: tensors, the dimension of the components, and whether results are correctly rounded.
unsafe extern "C-unwind" fn of_operation<const K: usize>(stack: *mut u64, inputs: u64, _: u64) {
    guarded(|| {
        let operation = Operation::ALL[K];
        let count = operation.inputs().len();
        if inputs as usize != count + 2 {
            return Err(format!("{operation} was called with {inputs} arguments"));
        }
        // SAFETY: the dispatcher passes so many arguments, tensors first, which are now owned here.
        let tensors = unsafe { tensors(stack, count) };
        // SAFETY: it passes these behind them.
        let dim = unsafe { stack.wrapping_add(count).read() } as i64;
        // SAFETY: as above.
        let rounded = unsafe { stack.wrapping_add(count + 1).read() } & 1 == 1;
        let accuracy = if rounded {
            Accuracy::CorrectlyRounded
        } else {
            Accuracy::Plain
        };
        let results = call(operation, &tensors[..count], dim, accuracy)?;
        for (k, result) in results.into_iter().flatten().enumerate() {
            // SAFETY: results take the places of arguments, of which there are more.
            unsafe { stack.wrapping_add(k).write(result.into_handle()) };
        }
        Ok(())
    });
}

/// `aten::linalg_cross(Tensor self, Tensor other, *, int dim)`: the product, if the library has it; otherwise torch's own.
pub(super) unsafe extern "C-unwind" fn linalg_cross(stack: *mut u64, inputs: u64, _: u64) {
    guarded(|| {
        if inputs != 3 {
            return Err(format!("linalg_cross was called with {inputs} arguments"));
        }
        // SAFETY: the dispatcher passes two tensors, which are now owned here.
        let tensors = unsafe { tensors(stack, 2) };
        // SAFETY: it passes the dimension behind them.
        let dim = unsafe { stack.wrapping_add(2).read() } as i64;
        let [Some(a), Some(b), ..] = &tensors else {
            return Err("linalg_cross needs two tensors".into());
        };
        let product = match is_ours(a, b)? {
            true => call(Operation::Cross, &tensors[..2], dim, Accuracy::Plain).ok(),
            false => None,
        };
        let result = match product {
            Some([Some(result), ..]) => result,
            _ => torchs_own(tensors, dim)?,
        };
        // SAFETY: the result takes the place of the first argument.
        unsafe { stack.write(result.into_handle()) };
        Ok(())
    });
}

/// Whether torch gives these the meaning that the library does: they have equally many dimensions, and one type that the library has.
fn is_ours(a: &Tensor, b: &Tensor) -> Result<bool, Message> {
    let (Ok(dtype), Ok(other)) = (a.dtype(), b.dtype()) else {
        return Ok(false);
    };
    let same_rank = a.axes()?.0.len() == b.axes()?.0.len();
    Ok(same_rank && dtype == other && Dtype::of(dtype).is_some())
}

/// What torch computes, or the error that it finds.
fn torchs_own(tensors: [Option<Tensor>; MOST_INPUTS], dim: i64) -> Result<Tensor, Message> {
    let mut tensors = tensors.into_iter().flatten();
    let (Some(a), Some(b)) = (tensors.next(), tensors.next()) else {
        return Err("linalg_cross needs two tensors".into());
    };
    let out = a.empty_of_same_type()?;
    let mut stack = [
        a.into_handle(),
        b.into_handle(),
        dim as u64,
        out.into_handle(),
    ];
    // SAFETY: these are the arguments of the operator, which takes the tensors over.
    let status = unsafe {
        (shim().call)(
            c"aten::linalg_cross".as_ptr(),
            c"out".as_ptr(),
            stack.as_mut_ptr(),
            VERSION,
        )
    };
    if status != SUCCESS {
        return Err(shim::last_message());
    }
    // SAFETY: the result is in the first place, and is now owned here.
    Ok(unsafe { Tensor::from_handle(stack[0]) })
}

/// The tensors that a stack begins with.
///
/// # Safety
/// So many are there, and nobody else frees them.
pub(super) unsafe fn tensors(stack: *mut u64, count: usize) -> [Option<Tensor>; MOST_INPUTS] {
    let mut tensors = [const { None }; MOST_INPUTS];
    for (k, tensor) in tensors[..count].iter_mut().enumerate() {
        // SAFETY: as granted by the caller.
        let handle = unsafe { stack.wrapping_add(k).read() };
        // SAFETY: as granted by the caller.
        *tensor = Some(unsafe { Tensor::from_handle(handle) });
    }
    tensors
}

/// Runs a kernel, and throws its error when everything of it has been dropped.
pub(super) fn guarded(kernel: impl FnOnce() -> Result<(), Message>) {
    let done = catch_unwind(AssertUnwindSafe(kernel));
    let done = done.unwrap_or_else(|_| Err("crosslane panicked, which is a bug of it".into()));
    if let Err(message) = done {
        throw(message);
    }
}

/// The types of torch that the library has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dtype {
    Float16,
    Bfloat16,
    Float32,
    Float64,
}

impl Dtype {
    pub(super) fn of(number: i32) -> Option<Self> {
        let shim = shim();
        let all = [
            (shim.float32, Self::Float32),
            (shim.float64, Self::Float64),
            (shim.float16, Self::Float16),
            (shim.bfloat16, Self::Bfloat16),
        ];
        let found = all
            .into_iter()
            .find(|(function, _)| shim::number(*function) == number);
        found.map(|(_, dtype)| dtype)
    }

    /// Whether the library has all operations for it.
    pub(super) fn is_real(self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }

    /// The number of bytes of an element.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Float16 | Self::Bfloat16 => 2,
            Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }
}

/// Computes the results of an operation.
fn call(
    operation: Operation,
    tensors: &[Option<Tensor>],
    dim: i64,
    accuracy: Accuracy,
) -> Result<[Option<Tensor>; MOST_OUTPUTS], Message> {
    // (No operand has more.)
    let mut axes = 0;
    for tensor in tensors.iter().flatten() {
        axes = axes.max(tensor.axes()?.0.len());
    }
    let call = Call {
        operation,
        tensors,
        dim,
        accuracy,
    };
    if axes <= FEW_AXES {
        call.run::<FEW_AXES>()
    } else if axes <= MOST_AXES {
        call.run::<MOST_AXES>()
    } else {
        Err(format!(
            "{operation} takes tensors of at most {MOST_AXES} dimensions, got {axes}"
        ))
    }
}

struct Call<'a> {
    operation: Operation,
    tensors: &'a [Option<Tensor>],
    dim: i64,
    accuracy: Accuracy,
}

impl Call<'_> {
    fn run<const N: usize>(&self) -> Result<[Option<Tensor>; MOST_OUTPUTS], Message> {
        let (number, dtype) = self.dtype()?;
        let axes = self.axes()?;
        let mut inputs = [Operand::<N>::NONE; MOST_INPUTS];
        let mut copies = [const { None }; MOST_INPUTS];
        for (k, tensor) in self.tensors.iter().flatten().enumerate() {
            copies[k] = tensor.aligned_copy(dtype.bytes())?;
            inputs[k] = copies[k].as_ref().unwrap_or(tensor).operand(axes[k])?;
        }
        let inputs = &mut inputs[..self.tensors.len()];
        let common = Shape::broadcast(inputs.iter().map(Operand::shape))
            .map_err(|error| format!("{}: {error}", self.operation))?;
        if let Some(g) = upstream(self.operation)
            && !common.is_empty()
        {
            inputs[g] = inputs[g]
                .broadcast_to(&common)
                .ok_or("the gradient is not broadcast to the shape of the result")?;
        }
        let mut results = [const { None }; MOST_OUTPUTS];
        let mut outputs = [Operand::<N>::NONE; MOST_OUTPUTS];
        let count = self.operation.outputs().len();
        for (k, output) in outputs[..count].iter_mut().enumerate() {
            let (result, axis) = self.result(k, &axes, &common, number, dtype)?;
            *output = result.operand(axis)?;
            results[k] = Some(result);
        }
        let work = Work {
            operation: self.operation,
            accuracy: self.accuracy,
            inputs,
            outputs: &outputs[..count],
        };
        work.run(dtype)?;
        Ok(results)
    }

    /// The type of all tensors.
    fn dtype(&self) -> Result<(i32, Dtype), Message> {
        let mut number = None;
        for tensor in self.tensors.iter().flatten() {
            let this = tensor.dtype()?;
            if *number.get_or_insert(this) != this {
                return Err(format!("{}: expected tensors of one type", self.operation));
            }
        }
        let number = number.unwrap_or_default();
        let dtype = Dtype::of(number).ok_or_else(|| {
            format!(
                "{}: expected tensors of float16, bfloat16, float32 or float64",
                self.operation
            )
        })?;
        Ok((number, dtype))
    }

    /// Where the components of each operand are: the dimension counts in the shape to which all operands are broadcast.
    fn axes(&self) -> Result<[Option<usize>; MOST_INPUTS], Message> {
        let operation = self.operation;
        let mut rank = 0;
        let each = self.tensors.iter().flatten().zip(operation.inputs());
        for (tensor, kind) in each.clone() {
            let own = tensor.axes()?.0.len() as i64;
            rank = rank.max(own + i64::from(*kind == Kind::Scalar));
        }
        let from_end = if self.dim < 0 {
            self.dim
        } else {
            self.dim - rank
        };
        let mut axes = [None; MOST_INPUTS];
        for (k, (tensor, kind)) in each.enumerate() {
            if *kind == Kind::Scalar {
                continue;
            }
            let (sizes, _) = tensor.axes()?;
            let axis = usize::try_from(sizes.len() as i64 + from_end);
            let got = axis.ok().and_then(|axis| sizes.get(axis));
            match (axis, got) {
                (Ok(axis), Some(3)) => axes[k] = Some(axis),
                (_, got) => {
                    let name = operation.input_names()[k];
                    let dim = self.dim;
                    return Err(match got {
                        Some(got) => format!(
                            "{operation}: inputs dimension {dim} must have length 3, got {got} in {name}"
                        ),
                        None => format!(
                            "{operation}: Dimension out of range: {name} has {} dimensions, and dim is {dim}",
                            sizes.len()
                        ),
                    });
                }
            }
        }
        Ok(axes)
    }

    /// A tensor for a result, and where its components are.
    fn result(
        &self,
        k: usize,
        axes: &[Option<usize>; MOST_INPUTS],
        common: &[usize],
        number: i32,
        dtype: Dtype,
    ) -> Result<(Tensor, Option<usize>), Message> {
        let new = |sizes: &[i64]| Tensor::empty(sizes, number, dtype.bytes());
        if self.operation.gradient_of().is_some() {
            // Of the shape of its operand.
            let operand = self.tensors[k].as_ref().ok_or("an operand is missing")?;
            return Ok((new(operand.axes()?.0)?, axes[k]));
        }
        let mut sizes = [0; MOST_AXES];
        let rank = common.len();
        for (size, len) in sizes.iter_mut().zip(common) {
            *size = *len as i64;
        }
        if self.operation.outputs()[k] == Kind::Scalar {
            return Ok((new(&sizes[..rank])?, None));
        }
        let counted = if self.dim < 0 {
            self.dim + rank as i64 + 1
        } else {
            self.dim
        };
        let axis = usize::try_from(counted).ok().filter(|axis| *axis <= rank);
        let axis = axis.ok_or("the dimension is out of range")?;
        sizes[axis..=rank].rotate_right(1);
        sizes[axis] = 3;
        Ok((new(&sizes[..=rank])?, Some(axis)))
    }
}

/// An operation, and the operands that the library is given.
struct Work<'a, const N: usize> {
    operation: Operation,
    accuracy: Accuracy,
    inputs: &'a [Operand<N>],
    outputs: &'a [Operand<N>],
}

impl<const N: usize> Work<'_, N> {
    fn run(&self, dtype: Dtype) -> Result<(), Message> {
        let operands = self.inputs.iter().chain(self.outputs);
        let elements = operands.fold(0_usize, |all, operand| {
            all.saturating_add(operand.elements())
        });
        let bytes = elements.saturating_mul(dtype.bytes());
        let done = on_threads(bytes, |threads| match dtype {
            Dtype::Float16 => self.compute::<half::f16>(threads),
            Dtype::Bfloat16 => self.compute::<half::bf16>(threads),
            Dtype::Float32 => self.compute::<f32>(threads),
            Dtype::Float64 => self.compute::<f64>(threads),
        });
        done.map_err(|error| error.to_string())
    }

    fn compute<T: Element>(&self, threads: Threads) -> Result<(), crosslane::Error> {
        let engine = Engine::new()
            .with_accuracy(self.accuracy)
            .with_threads(threads);
        compute::<T, N>(self.operation, engine, self.inputs, self.outputs)
    }
}

/// Calls `work` in the pool of this module, on no more threads than torch may use.
pub(super) fn on_threads<R: Send>(bytes: usize, work: impl FnOnce(Threads) -> R + Send) -> R {
    // (Programs may have told torch to flush subnormals, on this thread alone.)
    crosslane::with_default_environment(|| on_threads_here(bytes, work))
}

fn on_threads_here<R: Send>(bytes: usize, work: impl FnOnce(Threads) -> R + Send) -> R {
    if bytes < Threads::SPLIT_BYTES {
        return work(Threads::Serial);
    }
    let mut allowed = 1;
    // SAFETY: there is a place for the number.
    unsafe { (shim().threads)(&raw mut allowed) };
    let allowed = NonZeroUsize::new(allowed as usize).unwrap_or(NonZeroUsize::MIN);
    crosslane_pool::limited(allowed, || crosslane_pool::run(bytes, work))
}
