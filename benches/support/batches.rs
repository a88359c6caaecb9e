//! Operands for every operation of the table, in any layout, and what the reference makes of them.

#![allow(dead_code, reason = "every bench uses another part")]

use std::array::from_fn;
use std::hint::black_box;

use crosslane::{
    Engine, Kind, Operand, OperandMut, Operation, Real, Scalars, ScalarsMut, reference,
};

use crate::support::{Layout, blank, mixed, same_bits};

/// Operands for every operation: it takes the first of each kind, as many as it has.
pub(crate) struct Batches<L: Layout> {
    pub(crate) inputs: [L; 5],
    upstream: Vec<L::Element>,
    pub(crate) outputs: [L; 3],
    numbers: Vec<L::Element>,
}

impl<L: Layout<Element: Real + From<f32>>> Batches<L> {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            inputs: from_fn(|k| L::generate(n, |i| mixed(k, i))),
            upstream: (0..n).map(|i| mixed(5, i)[0]).collect(),
            outputs: from_fn(|_| L::generate(n, blank)),
            numbers: vec![L::Element::default(); n],
        }
    }

    /// What is timed.
    pub(crate) fn run(&mut self, operation: Operation, engine: &Engine) {
        let Self {
            inputs,
            upstream,
            outputs,
            numbers,
        } = black_box(self);
        let inputs: [Operand<'_, _>; 5] = from_fn(|k| match operation.inputs().get(k) {
            Some(Kind::Scalar) => Scalars::new(upstream).into(),
            _ => inputs[k].view().into(),
        });
        let inputs = &inputs[..operation.inputs().len()];
        // (To make a view takes as long as some vectors, so none is made that is not used.)
        let kinds = operation.outputs();
        let (mut outputs, mut numbers) = (outputs.iter_mut(), Some(&mut numbers[..]));
        let mut outputs: [OperandMut<'_, _>; 3] =
            from_fn(|k| match (kinds.get(k), outputs.next()) {
                (Some(Kind::Vector), Some(out)) => out.view_mut().into(),
                (Some(Kind::Scalar), _) => {
                    ScalarsMut::new(numbers.take().unwrap_or_default()).into()
                }
                _ => ScalarsMut::new(&mut []).into(),
            });
        let done = engine.apply(operation, inputs, &mut outputs[..kinds.len()]);
        done.unwrap();
    }

    /// Input k of an operation at place i.
    pub(crate) fn input(&self, (k, kind): (usize, Kind), i: usize) -> [L::Element; 3] {
        match kind {
            Kind::Scalar => [self.upstream[i]; 3],
            Kind::Vector => self.inputs[k].view().get(i).unwrap(),
        }
    }

    pub(crate) fn output(&self, (k, kind): (usize, Kind), i: usize) -> [L::Element; 3] {
        match kind {
            Kind::Scalar => [self.numbers[i]; 3],
            Kind::Vector => self.outputs[k].view().get(i).unwrap(),
        }
    }

    /// Runs an operation, and compares with the reference.
    pub(crate) fn check(&mut self, operation: Operation, engine: &Engine) {
        // What the one before has written is not this one's.
        let nothing = L::Element::from(-77.0);
        self.outputs = from_fn(|_| L::generate(self.numbers.len(), |_| [nothing; 3]));
        self.numbers.fill(nothing);
        self.run(operation, engine);
        self.compare(operation, engine);
    }

    /// Compares what was written with the reference, bit for bit: every vector, or of many some.
    pub(crate) fn compare(&self, operation: Operation, engine: &Engine) {
        let n = self.numbers.len();
        for i in (0..n).step_by(n / 10_000 + 1) {
            let kinds = operation.inputs().iter().copied().enumerate();
            let place: Vec<_> = kinds.map(|input| self.input(input, i)).collect();
            let mut expected = [[L::Element::default(); 3]; 3];
            let expected = &mut expected[..operation.outputs().len()];
            reference::apply(operation, &place, engine.accuracy(), expected).unwrap();
            let kinds = operation.outputs().iter().copied().enumerate();
            for (output, expected) in kinds.zip(expected) {
                let got = self.output(output, i);
                assert!(
                    same_bits(got, *expected),
                    "{operation}, {engine:?}, {}, vector {i}: {got:?} is not {expected:?}",
                    L::NAME
                );
            }
        }
    }
}
