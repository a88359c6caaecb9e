//! The operations of the library's table, with operands of the tests. A test that goes through the table tests an operation as soon as that has
//! a row there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

pub use crosslane::{Kind, Operand as Read, OperandMut as Write, Operation};

use crosslane::{
    Accuracy, Element, Engine, Error, Real, Scalars, ScalarsMut, Vectors, VectorsMut, reference,
};

use super::{Float, Layout, NUMBERS, ONE_NUMBER, Operand, Random};

/// What is derived from the cross product: everything else.
pub fn all_derived() -> impl Iterator<Item = Operation> + Clone {
    let all = Operation::ALL.iter().copied();
    all.filter(|operation| *operation != Operation::Cross)
}

/// The operations that are gradients.
pub fn gradients() -> impl Iterator<Item = Operation> + Clone {
    all_derived().filter(|operation| operation.gradient_of().is_some())
}

/// What is given to a call, or was written by it.
pub trait Places<T> {
    /// Vector `i`, or number `i` three times.
    fn at(&self, i: usize) -> [T; 3];
}

impl<T: Element> Places<T> for Read<'_, T> {
    fn at(&self, i: usize) -> [T; 3] {
        match self {
            Read::Vectors(vectors) => vectors.get(i).unwrap(),
            Read::Scalars(numbers) => [numbers.get(i).unwrap(); 3],
        }
    }
}

impl<T: Element> Places<T> for Write<'_, T> {
    fn at(&self, i: usize) -> [T; 3] {
        to_read(self).at(i)
    }
}

/// What is written, to be read.
pub fn to_read<'a, T: Element>(write: &'a Write<'_, T>) -> Read<'a, T> {
    match write {
        Write::Vectors(vectors) => Vectors::from(vectors).into(),
        Write::Scalars(numbers) => Scalars::from(numbers).into(),
    }
}

/// The vectors that are written.
pub fn vectors<'a, T: Element>(write: &'a mut Write<'_, T>) -> VectorsMut<'a, T> {
    match write {
        Write::Vectors(vectors) => vectors.reborrow(),
        Write::Scalars(numbers) => panic!("vectors, not {numbers:?}"),
    }
}

/// The numbers that are written.
pub fn numbers<'a, T: Element>(write: &'a mut Write<'_, T>) -> ScalarsMut<'a, T> {
    match write {
        Write::Scalars(numbers) => numbers.reborrow(),
        Write::Vectors(vectors) => panic!("numbers, not {vectors:?}"),
    }
}

/// What the reference makes of one place.
pub fn define<T: Element>(
    operation: Operation,
    inputs: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    let mut results = vec![[T::default(); 3]; operation.outputs().len()];
    reference::apply(operation, inputs, accuracy, &mut results).unwrap();
    results
}

/// An operation with operands of the tests, which have one axis.
pub trait OnOperands: Sized {
    /// Inputs of `len` places with anything in them; what takes vectors gets its layout from `layout`.
    fn inputs_of<T: Float>(
        self,
        len: usize,
        random: &mut Random,
        layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>>;

    /// Outputs for these inputs. The gradient of one vector for all is their sum.
    fn outputs_for<T: Float>(
        self,
        inputs: &[Operand<T>],
        random: &mut Random,
        layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>>;

    /// Calls the engine.
    fn run<T: Float>(
        self,
        engine: Engine,
        inputs: &[Operand<T>],
        outputs: &mut [Operand<T>],
    ) -> Result<(), Error>;

    /// The outputs as the reference has them: what is no vector or number of theirs stays as it is.
    fn expected<T: Float + Real>(
        self,
        inputs: &[Operand<T>],
        outputs: &[Operand<T>],
        accuracy: Accuracy,
    ) -> Vec<Operand<T>>;
}

fn operand<T: Float>(
    kind: Kind,
    len: usize,
    random: &mut Random,
    layout: &mut impl FnMut(&mut Random) -> Layout,
) -> Operand<T> {
    let layout = match (kind, layout(random)) {
        (Kind::Scalar, Layout::Broadcast) => ONE_NUMBER,
        (Kind::Scalar, _) => NUMBERS,
        (Kind::Vector, layout) => layout,
    };
    Operand::new(layout, len, random.below(16), random)
}

/// Whether an output receives the sum over these inputs.
pub fn is_sum<T: Float>(output: &Operand<T>, inputs: &[Operand<T>]) -> bool {
    output.len() != inputs[0].len()
}

impl OnOperands for Operation {
    fn inputs_of<T: Float>(
        self,
        len: usize,
        random: &mut Random,
        mut layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>> {
        let kinds = self.inputs().iter();
        kinds
            .map(|kind| operand(*kind, len, random, &mut layout))
            .collect()
    }

    fn outputs_for<T: Float>(
        self,
        inputs: &[Operand<T>],
        random: &mut Random,
        mut layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>> {
        let output = |(k, kind): (usize, &Kind)| {
            let sum = self.gradient_of().is_some() && inputs[k].is_one();
            let len = if sum { 1 } else { inputs[0].len() };
            operand(*kind, len, random, &mut layout)
        };
        self.outputs().iter().enumerate().map(output).collect()
    }

    fn run<T: Float>(
        self,
        engine: Engine,
        inputs: &[Operand<T>],
        outputs: &mut [Operand<T>],
    ) -> Result<(), Error> {
        let inputs = inputs.iter().zip(self.inputs());
        let inputs: Vec<_> = inputs.map(|(input, kind)| input.read(*kind)).collect();
        let outputs = outputs.iter_mut().zip(self.outputs());
        let mut outputs: Vec<_> = outputs.map(|(out, kind)| out.write(*kind)).collect();
        engine.apply(self, &inputs, &mut outputs)
    }

    fn expected<T: Float + Real>(
        self,
        inputs: &[Operand<T>],
        outputs: &[Operand<T>],
        accuracy: Accuracy,
    ) -> Vec<Operand<T>> {
        let mut expected = outputs.to_vec();
        let mut summed = vec![Vec::new(); outputs.len()];
        for i in 0..inputs[0].len() {
            let place: Vec<_> = inputs.iter().map(|input| input.get(i)).collect();
            for (k, result) in define(self, &place, accuracy).into_iter().enumerate() {
                if is_sum(&outputs[k], inputs) {
                    summed[k].push(result);
                } else {
                    expected[k].put(i, result);
                }
            }
        }
        for (expected, gradients) in expected.iter_mut().zip(&summed) {
            if is_sum(expected, inputs) {
                expected.set(0, reference::sum(gradients));
            }
        }
        expected
    }
}

impl<T: Float> Operand<T> {
    pub fn read(&self, kind: Kind) -> Read<'_, T> {
        match kind {
            Kind::Scalar => self.numbers().into(),
            Kind::Vector => self.view().into(),
        }
    }

    pub fn write(&mut self, kind: Kind) -> Write<'_, T> {
        match kind {
            Kind::Scalar => ScalarsMut::new(self.numbers_mut()).into(),
            Kind::Vector => self.view_mut().into(),
        }
    }
}
