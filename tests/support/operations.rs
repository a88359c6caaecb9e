//! What is derived from a cross product: the table of what goes place by place, with operands of the tests. A test that goes
//! through the table tests an operation as soon as it has a line there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use crosslane::{Accuracy, Engine, Error, Real, reference};
pub use crosslane_measure::{Kind, Operation, Read, Write, operations};

use super::{Float, Layout, NUMBERS, Operand, Random};

/// What `operations` calls, by name.
pub fn operation<T: Real>(name: &str) -> Operation<T> {
    let mut operations = operations().into_iter();
    let found = operations.find(|operation| operation.name == name);
    found.expect("the operation is in the table")
}

/// The operations that have gradients.
pub fn gradients<T: Real>() -> impl Iterator<Item = Operation<T>> {
    let is_gradient = |operation: &Operation<T>| operation.outputs[0].1 == Kind::Gradient;
    operations().into_iter().filter(is_gradient)
}

/// An operation with operands of the tests.
pub trait OnOperands<T> {
    /// Inputs of `len` places with anything in them; what takes vectors gets its layout from `layout`.
    fn inputs(
        &self,
        len: usize,
        random: &mut Random,
        layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>>;

    /// Outputs as long as they must be for these inputs.
    fn outputs(
        &self,
        inputs: &[Operand<T>],
        random: &mut Random,
        layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>>;

    /// Whether output `k` receives the sum over these inputs.
    fn is_sum(&self, k: usize, inputs: &[Operand<T>]) -> bool;

    /// Calls the method of the engine.
    fn run(
        &self,
        engine: Engine,
        inputs: &[Operand<T>],
        outputs: &mut [Operand<T>],
    ) -> Result<(), Error>;

    /// The outputs as the reference has them: what is no vector or number of theirs stays as it is.
    fn expected(
        &self,
        inputs: &[Operand<T>],
        outputs: &[Operand<T>],
        accuracy: Accuracy,
    ) -> Vec<Operand<T>>;
}

impl<T: Real + Float> OnOperands<T> for Operation<T> {
    fn inputs(
        &self,
        len: usize,
        random: &mut Random,
        mut layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>> {
        let mut input = |(_, kind): &(_, Kind)| {
            let layout = match kind {
                Kind::Numbers => NUMBERS,
                _ => layout(random),
            };
            Operand::new(layout, len, random.below(16), random)
        };
        self.inputs.iter().map(&mut input).collect()
    }

    fn outputs(
        &self,
        inputs: &[Operand<T>],
        random: &mut Random,
        mut layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>> {
        let mut output = |(k, (_, kind)): (usize, &(_, Kind))| {
            let layout = match kind {
                Kind::Numbers => NUMBERS,
                _ => layout(random),
            };
            let len = if self.is_sum(k, inputs) {
                1
            } else {
                inputs[0].len()
            };
            Operand::new(layout, len, random.below(16), random)
        };
        self.outputs.iter().enumerate().map(&mut output).collect()
    }

    fn is_sum(&self, k: usize, inputs: &[Operand<T>]) -> bool {
        self.outputs[k].1 == Kind::Gradient && inputs[k].is_one()
    }

    fn run(
        &self,
        engine: Engine,
        inputs: &[Operand<T>],
        outputs: &mut [Operand<T>],
    ) -> Result<(), Error> {
        let inputs = inputs.iter().zip(self.inputs);
        let inputs: Vec<_> = inputs.map(|(input, (_, kind))| input.read(*kind)).collect();
        let outputs = outputs.iter_mut().zip(self.outputs);
        let mut outputs: Vec<_> = outputs
            .map(|(output, (_, kind))| output.write(*kind))
            .collect();
        (self.call)(&engine, &inputs, &mut outputs)
    }

    fn expected(
        &self,
        inputs: &[Operand<T>],
        outputs: &[Operand<T>],
        accuracy: Accuracy,
    ) -> Vec<Operand<T>> {
        let mut expected = outputs.to_vec();
        let mut summed = vec![Vec::new(); outputs.len()];
        for i in 0..inputs[0].len() {
            let place: Vec<_> = inputs.iter().map(|input| input.get(i)).collect();
            for (k, result) in (self.define)(&place, accuracy).into_iter().enumerate() {
                if self.is_sum(k, inputs) {
                    summed[k].push(result);
                } else {
                    expected[k].set(i, result);
                }
            }
        }
        for (k, gradients) in summed.iter().enumerate() {
            if self.is_sum(k, inputs) {
                expected[k].set(0, reference::sum(gradients));
            }
        }
        expected
    }
}

impl<T: Real + Float> Operand<T> {
    pub fn read(&self, kind: Kind) -> Read<'_, T> {
        match kind {
            Kind::Numbers => Read::Numbers(self.numbers()),
            _ => Read::Vectors(self.view()),
        }
    }

    pub fn write(&mut self, kind: Kind) -> Write<'_, T> {
        match kind {
            Kind::Numbers => Write::Numbers(self.numbers_mut()),
            _ => Write::Vectors(self.view_mut()),
        }
    }
}
