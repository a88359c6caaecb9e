//! What the engine is compiled for: every operation with every type of element. Separate because it is a list, and decides nothing.

use super::Engine;
use super::call::Call;
use crate::element::{PerElement, PerReal, integers};
use crate::formula::{self, Formula};
use crate::kernel::{Accurately, Cross, Plainly, RoundedCross, multiply_each};
use crate::operation::table;
use crate::view::{Flat, FlatMut};
use crate::{Accuracy, Element, Kind, Real};

/// The products of few vectors.
pub(super) struct Few;

macro_rules! few {
    ($($element:ident: $type:ty),+) => {
        $(fn $element((a, b, out): Self::Input<'_, $type>) {
            multiply_each(&a, &b, &out);
        })+
    };
    ($($element:ident),+) => {
        few! { $($element: $element),+ }
    };
}

impl PerElement for Few {
    type Input<'a, T: Element> = (Flat<'a, T>, Flat<'a, T>, FlatMut<'a, T>);

    few! { f32, f64 }
    #[cfg(feature = "half")]
    few! { f16: half::f16, bf16: half::bf16 }
    integers! { few }
}

/// Products of integers, which are the same whatever the accuracy.
macro_rules! whole {
    ($($element:ident),+) => {
        $(fn $element((engine, call): Self::Input<'_, $element>) {
            engine.run_whole(call);
        })+
    };
}

/// Compiles operations for every type of element, here.
macro_rules! per_element {
    ($($operation:ident, $half:ident;)*) => {
        $(impl PerElement for $operation {
            type Input<'a, T: Element> = (&'a Engine, Call<'a, T, 2, 1>);

            fn f32((engine, call): Self::Input<'_, f32>) {
                engine.run($operation, call);
            }

            fn f64((engine, call): Self::Input<'_, f64>) {
                engine.run($operation, call);
            }

            #[cfg(feature = "half")]
            fn f16((engine, call): Self::Input<'_, half::f16>) {
                engine.run($half, call);
            }

            #[cfg(feature = "half")]
            fn bf16((engine, call): Self::Input<'_, half::bf16>) {
                engine.run($half, call);
            }

            integers! { whole }
        })*
    };
}
per_element! {
    Cross, Cross;
    RoundedCross, Cross; // half types are rounded once anyway
}

/// A formula that is compiled for every type of real numbers, here.
pub(super) trait Evaluate<const I: usize, const O: usize>: Formula<I, O> {
    /// Evaluates it for each place of a call.
    fn evaluate<'a, T: Real>(engine: &'a Engine, call: Call<'a, T, I, O>);
}

/// Compiles formulas.
macro_rules! formulas {
    ($($formula:ident, $name:ident($($input:ident: $in:ident),+) -> ($($output:ident: $out:ident),+) $(of $source:ident)?;)+) => {
        $(formulas! { $formula: [$(Kind::$in),+].len() => [$(Kind::$out),+].len() })+
    };
    ($formula:ident: $inputs:expr => $outputs:expr) => {
        formulas! { Plainly of $formula: $inputs => $outputs }
        formulas! { Accurately of $formula: $inputs => $outputs }

        impl Evaluate<{ $inputs }, { $outputs }> for formula::$formula {
            fn evaluate<'a, T: Real>(
                engine: &'a Engine,
                call: Call<'a, T, { $inputs }, { $outputs }>,
            ) {
                match engine.accuracy {
                    Accuracy::Plain => T::select_real::<Plainly<Self>>((engine, call)),
                    Accuracy::CorrectlyRounded => {
                        T::select_real::<Accurately<Self>>((engine, call));
                    }
                }
            }
        }
    };
    ($how:ident of $formula:ident: $inputs:expr => $outputs:expr) => {
        impl PerReal for $how<formula::$formula> {
            type Input<'a, T: Real> = (&'a Engine, Call<'a, T, { $inputs }, { $outputs }>);

            fn f32((engine, call): Self::Input<'_, f32>) {
                engine.run($how(formula::$formula), call);
            }

            fn f64((engine, call): Self::Input<'_, f64>) {
                engine.run($how(formula::$formula), call);
            }
        }
    };
}
table! { formulas }
formulas! { Direction: 1 => 1 }
formulas! { DirectionVjp: 2 => 1 }
