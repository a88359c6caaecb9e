//! Cases of broadcasting: an operation, a shape, and operands that go together with it; and what comes out by the reference, applied index by
//! index.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::fmt::Debug;

use crosslane::{Accuracy, Engine, Error, Kind, Operation, reference};

use super::nd::Array;
use super::shapes::{Axis, Choices, Geometry, gradient_axes, input_axes};
use super::{Random, Tested};

/// What goes together.
#[derive(Clone)]
pub struct Case<T> {
    pub operation: Operation,
    pub common: Vec<usize>,
    pub inputs: Vec<Array<T>>,
    pub outputs: Vec<Array<T>>,
}

/// The input that has the common shape, if it is not that of the outputs.
fn upstream(operation: Operation) -> Option<usize> {
    operation.gradient_of()?;
    let mut names = operation.input_names().iter();
    names.position(|name| *name == "g")
}

impl<T: Tested> Case<T> {
    /// Operands with these axes: inputs as they say, or at random.
    pub fn new(
        choices: &mut impl Choices,
        operation: Operation,
        common: &[usize],
        given: &[Vec<Axis>],
    ) -> Self {
        let rank = common.len();
        let axes: Vec<_> = (0..operation.inputs().len())
            .map(|k| match given.get(k) {
                Some(axes) => axes.clone(),
                None if upstream(operation) == Some(k) => {
                    let zero = choices.once_in(8);
                    let axis = |_| match zero && choices.choose(2) == 1 {
                        true => Axis::Zero,
                        false => Axis::Full,
                    };
                    (0..rank).map(axis).collect()
                }
                None => input_axes(choices, rank),
            })
            .collect();
        let input =
            |(kind, axes): (&Kind, &Vec<Axis>)| Array::new(choices, *kind, axes, common, false);
        let inputs = operation.inputs().iter().zip(&axes).map(input).collect();
        let output = |(k, kind): (usize, &Kind)| {
            let axes = match operation.gradient_of() {
                None => vec![Axis::Full; rank],
                Some(_) => gradient_axes(choices, &axes[k], rank),
            };
            Array::new(choices, *kind, &axes, common, true)
        };
        let outputs = operation.outputs().iter().enumerate();
        Self {
            operation,
            common: common.to_vec(),
            inputs,
            outputs: outputs.map(output).collect(),
        }
    }

    /// Numbers for all of them.
    pub fn fill(&mut self, random: &mut Random) {
        let ordinary = random.below(2) == 0;
        for array in self.inputs.iter_mut().chain(&mut self.outputs) {
            array.fill(random, ordinary);
        }
    }

    pub fn tighten(&mut self) {
        for array in self.inputs.iter_mut().chain(&mut self.outputs) {
            *array = array.tight();
        }
    }

    /// Which place of an array meets index `i` of the common shape.
    fn place(&self, geometry: &Geometry, mut i: usize) -> usize {
        let (mut place, mut inner) = (0, 1);
        let mut lens = geometry.shape.iter().rev();
        for common in self.common.iter().rev() {
            let Some(len) = lens.next() else { break };
            let at = if *len == 1 { 0 } else { i % common };
            place += at * inner;
            inner *= len;
            i /= common;
        }
        place
    }

    /// Whether output `k` receives sums.
    pub fn is_summed(&self, k: usize) -> bool {
        self.outputs[k].len() != self.common.iter().product::<usize>()
    }

    /// The outputs by the reference: what is not a place of theirs stays as it is.
    pub fn expected(&self, accuracy: Accuracy) -> Vec<Array<T>> {
        let mut expected = self.outputs.clone();
        let mut addends: Vec<Vec<Vec<[T; 3]>>> = (0..expected.len())
            .map(|k| match self.is_summed(k) {
                true => vec![Vec::new(); expected[k].len()],
                false => Vec::new(),
            })
            .collect();
        let mut results = vec![[T::default(); 3]; expected.len()];
        for i in 0..self.common.iter().product::<usize>() {
            let at = |input: &Array<T>| input.get(self.place(&input.geometry, i));
            let inputs: Vec<_> = self.inputs.iter().map(at).collect();
            reference::apply(self.operation, &inputs, accuracy, &mut results).unwrap();
            for (k, result) in results.iter().enumerate() {
                let place = self.place(&expected[k].geometry, i);
                match self.is_summed(k) {
                    true => addends[k][place].push(*result),
                    false => expected[k].set(place, *result),
                }
            }
        }
        for (output, addends) in expected.iter_mut().zip(&addends) {
            for (i, addends) in addends.iter().enumerate() {
                output.set(i, T::sum(addends));
            }
        }
        expected
    }

    pub fn run(&self, engine: Engine, outputs: &mut [Array<T>]) -> Result<(), Error> {
        let inputs: Vec<_> = self.inputs.iter().map(Array::read).collect();
        let mut outputs: Vec<_> = outputs.iter_mut().map(Array::write).collect();
        engine.apply(self.operation, &inputs, &mut outputs)
    }

    /// Runs it, and compares all memory of the outputs with what is expected.
    pub fn compare(&self, engine: Engine, expected: &[Array<T>], context: &dyn Debug) {
        let context = (engine, context, T::NAME, self);
        let mut outputs = self.outputs.clone();
        let result = self.run(engine, &mut outputs);
        assert_eq!(result, Ok(()), "{context:?}");
        for (k, (got, expected)) in outputs.iter().zip(expected).enumerate() {
            // A sum has the canonical NaN with either accuracy.
            let any_nan = engine.accuracy() == Accuracy::Plain && !self.is_summed(k);
            got.assert_same(expected, any_nan, &(k, &context));
        }
    }

    /// The same on each of these engines, and what the views say.
    pub fn check(
        &self,
        accuracy: Accuracy,
        engines: impl IntoIterator<Item = Engine>,
        context: &dyn Debug,
    ) {
        for array in self.inputs.iter().chain(&self.outputs) {
            array.assert_seen(&(context, self));
        }
        let (expected, before) = (self.expected(accuracy), self.inputs.clone());
        for engine in engines {
            self.compare(engine.with_accuracy(accuracy), &expected, context);
        }
        for (input, before) in self.inputs.iter().zip(&before) {
            input.assert_same(before, false, &(context, self));
        }
    }

    /// The same of a ← a × b, on operands of [`Operation::Cross`] whose first is as the output is.
    pub fn check_in_place(
        &self,
        accuracy: Accuracy,
        engines: impl IntoIterator<Item = Engine>,
        context: &dyn Debug,
    ) {
        let context = (context, T::NAME, self);
        let mut both = self.clone();
        both.inputs[0] = both.outputs[0].clone();
        let expected = both.expected(accuracy);
        for engine in engines {
            let engine = engine.with_accuracy(accuracy);
            let mut a = self.outputs[0].clone();
            let result = engine.cross_assign(a.vectors_mut(), self.inputs[1].vectors());
            assert_eq!(result, Ok(()), "{engine:?}: {context:?}");
            let any_nan = accuracy == Accuracy::Plain;
            a.assert_same(&expected[0], any_nan, &("in place", engine, &context));
        }
    }
}

impl<T> Debug for Case<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let geometry = |array: &Array<T>| array.geometry.clone();
        let inputs: Vec<_> = self.inputs.iter().map(geometry).collect();
        let outputs: Vec<_> = self.outputs.iter().map(geometry).collect();
        write!(
            f,
            "{} to {:?} of {inputs:?} into {outputs:?}",
            self.operation, self.common
        )
    }
}
