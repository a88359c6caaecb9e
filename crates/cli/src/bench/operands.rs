//! The operands of an operation in a layout, and whether what was written to them is what the reference defines.

use anyhow::{Context, Result, ensure};
use crosslane::{
    Accuracy, Engine, Error, Kind, Operand, OperandMut, Operation, Real, Soa, reference,
};
use fastrand::Rng;

use crate::batch::{Batch, Layout, Sample};
use crate::check::same;

/// One operand.
#[derive(Debug)]
enum Memory<T> {
    /// Aligned as users have them who take the library's columns.
    Columns(Soa<T>),
    Vectors(Batch<T>),
    /// In the shape of vectors in this layout.
    Numbers(Layout, Vec<T>),
}

impl<T: Real + Sample> Memory<T> {
    fn new(kind: Kind, layout: Layout, len: usize, mut number: impl FnMut() -> T) -> Result<Self> {
        Ok(match (kind, layout) {
            (Kind::Scalar, _) => {
                let mut numbers = Vec::new();
                numbers.try_reserve_exact(len)?;
                numbers.resize_with(len, number);
                Self::Numbers(layout, numbers)
            }
            (_, Layout::Soa) => {
                let mut columns = Soa::zeros(len);
                let all = columns.columns_mut().into_iter().flatten();
                all.for_each(|x| *x = number());
                Self::Columns(columns)
            }
            _ => Self::Vectors(Batch::new(layout, len, number)?),
        })
    }

    fn read(&self) -> Result<Operand<'_, T>> {
        Ok(match self {
            Self::Columns(columns) => columns.view().into(),
            Self::Vectors(vectors) => vectors.view()?.into(),
            Self::Numbers(layout, numbers) => layout.numbers(numbers)?.into(),
        })
    }

    fn write(&mut self) -> Result<OperandMut<'_, T>> {
        Ok(match self {
            Self::Columns(columns) => columns.view_mut().into(),
            Self::Vectors(vectors) => vectors.view_mut()?.into(),
            Self::Numbers(layout, numbers) => layout.numbers_mut(numbers)?.into(),
        })
    }
}

/// Vector `i`, or number `i` three times.
fn get<T: Real>(operand: &Operand<'_, T>, i: usize) -> Option<[T; 3]> {
    match operand {
        Operand::Vectors(vectors) => vectors.get(i),
        Operand::Scalars(numbers) => numbers.get(i).map(|x| [x; 3]),
    }
}

/// The layouts of the inputs and outputs of an operation: one vector for all is the second operand, the others are columns then.
fn layout_of(layout: Layout, input: Option<usize>) -> Layout {
    match (layout, input) {
        (Layout::Broadcast, Some(1)) => Layout::Broadcast,
        (Layout::Broadcast, _) => Layout::Soa,
        _ => layout,
    }
}

/// Elements that all operands take for `len` vectors.
fn elements(operation: Operation, layout: Layout, len: usize) -> usize {
    let of = |kind: Kind, layout: Layout| match kind {
        Kind::Scalar => len,
        Kind::Vector => layout.elements(len),
    };
    let inputs = operation.inputs().iter().enumerate();
    let inputs = inputs.map(|(i, kind)| of(*kind, layout_of(layout, Some(i))));
    let outputs = operation.outputs().iter();
    let outputs = outputs.map(|kind| of(*kind, layout_of(layout, None)));
    inputs.sum::<usize>() + outputs.sum::<usize>()
}

/// Whether there is such an operation: the gradient of one vector for all is a sum, which is another operation.
pub(crate) fn possible(operation: Operation, layout: Layout) -> bool {
    layout != Layout::Broadcast || operation.gradient_of().is_none()
}

/// What an operation gives at one place: [`reference::apply`], or what tests put in its place.
type Define<T> = fn(Operation, &[[T; 3]], Accuracy, &mut [[T; 3]]) -> Result<(), Error>;

/// All operands of one operation.
#[derive(Debug)]
pub(crate) struct Operands<T> {
    operation: Operation,
    inputs: Vec<Memory<T>>,
    outputs: Vec<Memory<T>>,
    len: usize,
    bytes: u64,
}

/// Places that are compared with the reference, which takes its time.
const COMPARED: usize = 20_000;
/// Numbers that are repeated: no multiple of what a register, a row or a page holds.
const NUMBERS: usize = 4099;

impl<T: Real + Sample> Operands<T> {
    /// Of as many vectors as take about so many bytes: one at the least, and whole rows or blocks where the layout has these.
    pub(crate) fn new(operation: Operation, layout: Layout, bytes: u64) -> Result<Self> {
        let size = |len| elements(operation, layout, len) * size_of::<T>();
        let len = (bytes as usize).saturating_sub(size(0)) / (size(1) - size(0));
        let len = (len / layout.unit()).max(1) * layout.unit();
        let mut random = Rng::with_seed(6);
        let mut memory = |kind, layout| {
            let numbers: Vec<T> = (0..NUMBERS).map(|_| T::full(&mut random)).collect();
            let mut numbers = numbers.into_iter().cycle();
            Memory::new(kind, layout, len, || numbers.next().unwrap_or_default())
        };
        let inputs = operation.inputs().iter().enumerate();
        let inputs = inputs.map(|(i, kind)| memory(*kind, layout_of(layout, Some(i))));
        let inputs = inputs.collect::<Result<_>>()?;
        let outputs = operation.outputs().iter();
        let outputs = outputs.map(|kind| memory(*kind, layout_of(layout, None)));
        Ok(Self {
            outputs: outputs.collect::<Result<_>>()?,
            inputs,
            operation,
            len,
            bytes: size(len) as u64,
        })
    }

    pub(crate) fn vectors(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Calls `run` with what the method of an engine takes, which is then called without any preparation.
    pub(crate) fn with<R>(
        &mut self,
        run: impl FnOnce(&mut dyn FnMut(&Engine) -> Result<()>) -> Result<R>,
    ) -> Result<R> {
        let inputs = self.inputs.iter().map(Memory::read);
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let outputs = self.outputs.iter_mut().map(Memory::write);
        let mut outputs = outputs.collect::<Result<Vec<_>>>()?;
        let operation = self.operation;
        run(&mut |engine| {
            let inputs = std::hint::black_box(&inputs);
            Ok(engine.apply(operation, inputs, std::hint::black_box(&mut outputs))?)
        })
    }

    /// Runs the engine and compares what it has written with the reference, bit for bit: every vector, or of many some, from the
    /// first to the last. Returns how many.
    pub(crate) fn check(&mut self, engine: &Engine) -> Result<usize> {
        self.check_with(engine, reference::apply)
    }

    /// The same with another definition than the reference.
    fn check_with(&mut self, engine: &Engine, define: Define<T>) -> Result<usize> {
        self.spoil();
        self.with(|call| call(engine))?;
        let accuracy = engine.accuracy();
        let inputs = self.inputs.iter().map(Memory::read);
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let mut compared = 0;
        let last = self.len - 1;
        let step = self.len / COMPARED + 1;
        for i in (0..last).step_by(step).chain([last]) {
            let place: Option<Vec<_>> = inputs.iter().map(|input| get(input, i)).collect();
            let place = place.context("an input that is too short")?;
            let mut expected = vec![[T::default(); 3]; self.outputs.len()];
            define(self.operation, &place, accuracy, &mut expected)?;
            for (output, expected) in self.outputs.iter().zip(expected) {
                let got = get(&output.read()?, i).context("an output that is too short")?;
                ensure!(
                    same(got, expected, accuracy),
                    "{} of {} is wrong at {}, {accuracy:?}, vector {i} of {}: {got:?}, expected {expected:?}; nothing was measured of it",
                    self.operation.name(),
                    T::NAME,
                    engine.level(),
                    self.len,
                );
            }
            compared += 1;
        }
        Ok(compared)
    }

    /// Writes what no operation gives to the outputs, so that what the one before has written is not taken for this one's.
    fn spoil(&mut self) {
        for output in &mut self.outputs {
            match output {
                Memory::Numbers(_, numbers) => numbers.fill(T::from(-77.0)),
                Memory::Columns(columns) => {
                    columns
                        .columns_mut()
                        .into_iter()
                        .for_each(|column| column.fill(T::from(-77.0)));
                }
                Memory::Vectors(vectors) => vectors.fill(T::from(-77.0)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crosslane::Threads;

    use super::*;

    /// A definition that differs from what the engine does in one place of many.
    fn wrong(
        operation: Operation,
        inputs: &[[f64; 3]],
        accuracy: Accuracy,
        outputs: &mut [[f64; 3]],
    ) -> Result<(), Error> {
        reference::apply(operation, inputs, accuracy, outputs)?;
        if inputs[0][0].to_bits().is_multiple_of(64) {
            let [.., z] = &mut outputs[0];
            *z = f64::from_bits(z.to_bits() ^ 1);
        }
        Ok(())
    }

    #[test]
    fn a_kernel_that_is_wrong_in_one_bit_is_not_measured() {
        let engine = Engine::new().with_threads(Threads::Serial);
        for layout in Layout::ALL {
            let mut operands =
                Operands::<f64>::new(Operation::Cross, layout, 1 << 16).expect("operands");
            assert_eq!(operands.check(&engine).expect("right"), operands.vectors());
            let error = operands.check_with(&engine, wrong).expect_err("wrong");
            let error = error.to_string();
            assert!(error.starts_with("cross of f64 is wrong at"), "{error}");
        }
    }

    #[test]
    fn every_operation_has_the_bits_of_the_reference_in_every_layout() {
        let engine = Engine::new().with_threads(Threads::Serial);
        for &operation in Operation::ALL {
            for layout in Layout::ALL {
                if possible(operation, layout) {
                    let mut operands =
                        Operands::<f32>::new(operation, layout, 1 << 14).expect("operands");
                    let compared = operands.check(&engine).expect("the bits of the reference");
                    assert_eq!(compared, operands.vectors(), "{operation} {layout}");
                }
            }
        }
    }

    #[test]
    fn operands_take_the_bytes_that_were_asked_for() {
        let operands = |layout, bytes| {
            let operands = Operands::<f32>::new(Operation::Cross, layout, bytes);
            operands.expect("operands")
        };
        for (layout, of_one, unit) in [
            (Layout::Soa, 36, 1),
            (Layout::Padded, 48, 1),
            (Layout::Strided, 60, 1),
            (Layout::Broadcast, 24, 1),
            (Layout::Rank2, 36, 64),
            (Layout::Blocks, 36, 8),
        ] {
            let operands = operands(layout, 100_000);
            let whole = 100_000 / of_one / unit * unit;
            assert_eq!(operands.vectors(), whole, "{layout}");
            let (bytes, one_more) = (operands.bytes(), (of_one * unit) as u64);
            assert!(
                bytes <= 100_000 && bytes + one_more > 99_900,
                "{layout}, {bytes} bytes"
            );
        }
        for (layout, vectors) in [(Layout::Soa, 1), (Layout::Rank2, 64), (Layout::Blocks, 8)] {
            let least = operands(layout, 1);
            let got = (least.vectors(), least.bytes());
            assert_eq!(got, (vectors, 36 * vectors as u64), "{layout}");
        }
    }

    #[test]
    fn products_of_these_numbers_have_to_be_rounded() {
        let operands =
            Operands::<f64>::new(Operation::Cross, Layout::Aos, 1 << 16).expect("operands");
        let read = |k: usize, i| {
            let operand = operands.inputs[k].read().expect("vectors");
            get(&operand, i).expect("long enough")
        };
        let fused = |i: usize| {
            let ([_, ay, az], [_, by, bz]) = (read(0, i), read(1, i));
            ay.mul_add(bz, -(az * by)).to_bits() != (ay * bz - az * by).to_bits()
        };
        let found = (0..100).filter(|&i| fused(i)).count();
        assert!(
            found > 20,
            "a kernel that fuses would be found in {found} of 100 vectors"
        );
    }
}
