//! Formulas as operations: on the lanes as they are, or with accurate numbers.

use super::Operation;
use crate::element::Float;
use crate::formula::{Formula, Kind};
use crate::simd::{Reals, Rows};
use crate::unrolled::for_each;

/// A formula with [`crate::Accuracy::Plain`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plainly<F>(pub(crate) F);

/// A formula with [`crate::Accuracy::CorrectlyRounded`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accurately<F>(pub(crate) F);

macro_rules! operation {
    ($name:ident, $evaluate:ident; long $long:literal, cost $cost:expr, environment $environment:expr) => {
        impl<F: Formula<I, O>, const I: usize, const O: usize> Operation<I, O> for $name<F> {
            const OUTPUTS: [Kind; O] = F::OUTPUTS;
            const LONG: bool = $long;
            const EVERY_FORM: bool = false;
            const IN_PLACE: bool = F::IN_PLACE;

            #[inline(always)]
            fn lanes<L: Rows>(self, inputs: [[L; 3]; I]) -> [[L; 3]; O] {
                let mut numbers = [[inputs[0][0].numbers(); 3]; I];
                for_each! { k of I {
                    let [x, y, z] = inputs[k];
                    numbers[k] = [x.numbers(), y.numbers(), z.numbers()];
                }}
                let results = L::Numbers::$evaluate(self.0, numbers);
                let mut outputs = [inputs[0]; O];
                for_each! { k of O {
                    let [x, y, z] = results[k];
                    outputs[k] = [L::from_numbers(x), L::from_numbers(y), L::from_numbers(z)];
                }}
                outputs
            }

            fn cost<T: Float>(self, rank: usize) -> usize {
                F::COST * $cost(rank)
            }

            fn rounds_once<T: Float>(self) -> bool {
                $environment
            }
        }
    };
}
operation! {
    Plainly, plainly;
    long false, cost |_| T::DIFFERENCE_COST, environment T::ALWAYS_ROUNDED_ONCE
}
operation! {
    Accurately, accurately;
    long true, cost |rank: usize| T::ROUNDED_COST[rank], environment true
}
