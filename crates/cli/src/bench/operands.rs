//! The operands of an operation in a layout, and whether what was written to them is what the reference defines.

use anyhow::{Result, ensure};
use crosslane::{Engine, Real, Soa};
use crosslane_measure::{Kind, Operation, Read, Write};
use fastrand::Rng;

use crate::batch::{Batch, Layout, Sample};
use crate::check::same;

/// One operand.
#[derive(Debug)]
enum Memory<T> {
    /// Aligned as users have them who take the library's columns.
    Columns(Soa<T>),
    Vectors(Batch<T>),
    Numbers(Vec<T>),
}

impl<T: Real + Sample> Memory<T> {
    fn new(kind: Kind, layout: Layout, len: usize, mut number: impl FnMut() -> T) -> Result<Self> {
        Ok(match (kind, layout) {
            (Kind::Numbers, _) => {
                let mut numbers = Vec::new();
                numbers.try_reserve_exact(len)?;
                numbers.resize_with(len, number);
                Self::Numbers(numbers)
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

    fn read(&self) -> Result<Read<'_, T>> {
        Ok(match self {
            Self::Columns(columns) => Read::Vectors(columns.view()),
            Self::Vectors(vectors) => Read::Vectors(vectors.view()?),
            Self::Numbers(numbers) => Read::Numbers(numbers),
        })
    }

    fn write(&mut self) -> Result<Write<'_, T>> {
        Ok(match self {
            Self::Columns(columns) => Write::Vectors(columns.view_mut()),
            Self::Vectors(vectors) => Write::Vectors(vectors.view_mut()?),
            Self::Numbers(numbers) => Write::Numbers(numbers),
        })
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
fn elements<T>(operation: &Operation<T>, layout: Layout, len: usize) -> usize {
    let of = |kind: Kind, layout: Layout| match kind {
        Kind::Numbers => len,
        _ => layout.elements(len),
    };
    let inputs = operation.inputs.iter().enumerate();
    let inputs = inputs.map(|(i, (_, kind))| of(*kind, layout_of(layout, Some(i))));
    let outputs = operation.outputs.iter();
    let outputs = outputs.map(|(_, kind)| of(*kind, layout_of(layout, None)));
    inputs.sum::<usize>() + outputs.sum::<usize>()
}

/// Whether there is such an operation: the gradient of one vector for all is a sum, which is another operation.
pub(crate) fn possible<T>(operation: &Operation<T>, layout: Layout) -> bool {
    layout != Layout::Broadcast
        || operation
            .outputs
            .iter()
            .all(|(_, kind)| *kind != Kind::Gradient)
}

/// All operands of one operation.
#[derive(Debug)]
pub(crate) struct Operands<T> {
    operation: Operation<T>,
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
    /// Of as many vectors as take about so many bytes, one at the least.
    pub(crate) fn new(operation: Operation<T>, layout: Layout, bytes: u64) -> Result<Self> {
        let size = |len| elements(&operation, layout, len) * size_of::<T>();
        let len = (bytes as usize).saturating_sub(size(0)) / (size(1) - size(0));
        let len = len.max(1);
        let mut random = Rng::with_seed(6);
        let mut memory = |kind, layout| {
            let numbers: Vec<T> = (0..NUMBERS).map(|_| T::full(&mut random)).collect();
            let mut numbers = numbers.into_iter().cycle();
            Memory::new(kind, layout, len, || numbers.next().unwrap_or_default())
        };
        let inputs = operation.inputs.iter().enumerate();
        let inputs = inputs.map(|(i, (_, kind))| memory(*kind, layout_of(layout, Some(i))));
        let inputs = inputs.collect::<Result<_>>()?;
        let outputs = operation.outputs.iter();
        let outputs = outputs.map(|(_, kind)| memory(*kind, layout_of(layout, None)));
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
        let call = self.operation.call;
        run(&mut |engine| {
            Ok(call(
                engine,
                std::hint::black_box(&inputs),
                std::hint::black_box(&mut outputs),
            )?)
        })
    }

    /// Runs the engine and compares what it has written with the reference, bit for bit: every vector, or of many some, from the
    /// first to the last. Returns how many.
    pub(crate) fn check(&mut self, engine: &Engine) -> Result<usize> {
        self.spoil();
        self.with(|call| call(engine))?;
        let accuracy = engine.accuracy();
        let inputs = self.inputs.iter().map(Memory::read);
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let mut compared = 0;
        let last = self.len - 1;
        let step = self.len / COMPARED + 1;
        for i in (0..last).step_by(step).chain([last]) {
            let place: Vec<_> = inputs.iter().map(|input| input.get(i)).collect();
            let expected = (self.operation.define)(&place, accuracy);
            for (output, expected) in self.outputs.iter_mut().zip(expected) {
                let got = output.write()?.get(i);
                ensure!(
                    same(got, expected, accuracy),
                    "{} of {} is wrong at {}, {accuracy:?}, vector {i} of {}: {got:?}, expected {expected:?}; nothing was measured of it",
                    self.operation.name,
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
                Memory::Numbers(numbers) => numbers.fill(T::from(-77.0)),
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
    use crosslane::{Threads, reference};
    use crosslane_measure::product;

    use super::*;

    /// An operation whose definition differs from what the engine does in one place of many.
    fn wrong() -> Operation<f64> {
        let mut operation = product::<f64>()[0];
        operation.define = |inputs, accuracy| {
            let [a, b] = [inputs[0], inputs[1]];
            let mut c = reference::cross(a, b, accuracy);
            if a[0].to_bits().is_multiple_of(64) {
                c[2] = f64::from_bits(c[2].to_bits() ^ 1);
            }
            vec![c]
        };
        operation
    }

    #[test]
    fn a_kernel_that_is_wrong_in_one_bit_is_not_measured() {
        let engine = Engine::new().with_threads(Threads::Serial);
        for layout in Layout::ALL {
            let mut right = Operands::new(product::<f64>()[0], layout, 1 << 16).expect("operands");
            assert_eq!(right.check(&engine).expect("right"), right.vectors());
            let mut wrong = Operands::new(wrong(), layout, 1 << 16).expect("operands");
            let error = wrong.check(&engine).expect_err("wrong").to_string();
            assert!(error.starts_with("cross of f64 is wrong at"), "{error}");
        }
    }

    #[test]
    fn operands_take_the_bytes_that_were_asked_for() {
        for (layout, of_one) in [
            (Layout::Soa, 36),
            (Layout::Padded, 48),
            (Layout::Strided, 60),
            (Layout::Broadcast, 24),
        ] {
            let operands = Operands::new(product::<f32>()[0], layout, 100_000).expect("operands");
            assert_eq!(operands.vectors(), 100_000 / of_one, "{layout}");
            assert!(
                operands.bytes() <= 100_000 && operands.bytes() > 99_900,
                "{layout}"
            );
        }
        let one = Operands::new(product::<f32>()[0], Layout::Soa, 1).expect("operands");
        assert_eq!((one.vectors(), one.bytes()), (1, 36));
    }

    #[test]
    fn products_of_these_numbers_have_to_be_rounded() {
        let operands = Operands::new(product::<f64>()[0], Layout::Aos, 1 << 16).expect("operands");
        let read = |k: usize| operands.inputs[k].read().expect("vectors");
        let fused = |i: usize| {
            let ([_, ay, az], [_, by, bz]) = (read(0).get(i), read(1).get(i));
            ay.mul_add(bz, -(az * by)).to_bits() != (ay * bz - az * by).to_bits()
        };
        let found = (0..100).filter(|&i| fused(i)).count();
        assert!(
            found > 20,
            "a kernel that fuses would be found in {found} of 100 vectors"
        );
    }
}
