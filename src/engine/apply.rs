//! Operations that are given as values.

use core::array::from_fn;

use super::call::{Call, call};
use super::{Engine, Evaluate};
use crate::element::{PerElement, integers};
use crate::formula::Formula;
use crate::operation::table;
use crate::unrolled::for_each;
use crate::view::{Scalars, ScalarsMut};
use crate::{Element, Error, Kind, Operation, Real, Vectors, VectorsMut, formula};

/// An operand that is read: vectors or numbers.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a, T> {
    /// Vectors.
    Vectors(Vectors<'a, T>),
    /// Numbers.
    Scalars(Scalars<'a, T>),
}

/// An operand that is written: vectors or numbers.
#[derive(Debug)]
pub enum OperandMut<'a, T> {
    /// Vectors.
    Vectors(VectorsMut<'a, T>),
    /// Numbers.
    Scalars(ScalarsMut<'a, T>),
}

impl<'a, T: Element> From<Vectors<'a, T>> for Operand<'a, T> {
    fn from(vectors: Vectors<'a, T>) -> Self {
        Self::Vectors(vectors)
    }
}

impl<'a, T: Element> From<Scalars<'a, T>> for Operand<'a, T> {
    fn from(numbers: Scalars<'a, T>) -> Self {
        Self::Scalars(numbers)
    }
}

impl<'a, T: Element> From<VectorsMut<'a, T>> for OperandMut<'a, T> {
    fn from(vectors: VectorsMut<'a, T>) -> Self {
        Self::Vectors(vectors)
    }
}

impl<'a, T: Element> From<ScalarsMut<'a, T>> for OperandMut<'a, T> {
    fn from(numbers: ScalarsMut<'a, T>) -> Self {
        Self::Scalars(numbers)
    }
}

impl<'a, T: Element> Operand<'a, T> {
    /// Which of both it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Vectors(_) => Kind::Vector,
            Self::Scalars(_) => Kind::Scalar,
        }
    }

    fn as_vectors(&self) -> &Vectors<'a, T> {
        match self {
            Self::Vectors(vectors) => vectors,
            Self::Scalars(numbers) => numbers.as_vectors(),
        }
    }
}

impl<'a, T: Element> OperandMut<'a, T> {
    /// Which of both it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Vectors(_) => Kind::Vector,
            Self::Scalars(_) => Kind::Scalar,
        }
    }

    /// The same operand for a shorter time, as [`VectorsMut::reborrow`].
    pub fn reborrow(&mut self) -> OperandMut<'_, T> {
        match self {
            Self::Vectors(vectors) => OperandMut::Vectors(vectors.reborrow()),
            Self::Scalars(numbers) => OperandMut::Scalars(numbers.reborrow()),
        }
    }

    fn as_vectors_mut(&mut self) -> &mut VectorsMut<'a, T> {
        match self {
            Self::Vectors(vectors) => vectors,
            Self::Scalars(numbers) => numbers.as_vectors_mut(),
        }
    }
}

impl Engine {
    /// Performs an operation that is given as a value: what the method of that name does with these operands.
    ///
    /// # Errors
    /// As that method; [`Error::OperandCount`] and [`Error::OperandKind`] if the operands are not those of the operation,
    /// [`Error::Unsupported`] if there is no such operation for this element. Nothing was written.
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Engine, Operation, Scalars, ScalarsMut, Vectors};
    ///
    /// let (a, b) = ([[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
    /// let mut out = [0.0; 2];
    /// Engine::new().apply(
    ///     Operation::Dot,
    ///     &[Vectors::from(&a).into(), Vectors::from(&b).into()],
    ///     &mut [ScalarsMut::from(&mut out).into()],
    /// )?;
    /// assert_eq!(out, [32.0, 50.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn apply<T: Element>(
        &self,
        operation: Operation,
        inputs: &[Operand<'_, T>],
        outputs: &mut [OperandMut<'_, T>],
    ) -> Result<(), Error> {
        let mut result = Ok(());
        let given = outputs.len();
        let mut outputs = outputs.iter_mut();
        let mut output = || outputs.next().map(OperandMut::reborrow);
        let mut application = Application {
            operation,
            inputs,
            outputs: [output(), output(), output()],
            given,
            result: &mut result,
        };
        T::select::<Apply>((self, &mut application));
        result
    }
}

/// No operation has more.
const MOST_OUTPUTS: usize = 3;

/// What is applied to what.
#[derive(Debug)]
struct Application<'a, T> {
    operation: Operation,
    inputs: &'a [Operand<'a, T>],
    outputs: [Option<OperandMut<'a, T>>; MOST_OUTPUTS],
    /// How many outputs were given.
    given: usize,
    result: &'a mut Result<(), Error>,
}

impl<'a, T: Element> Application<'a, T> {
    /// Whether the operands are those of the operation.
    fn check(&self) -> Result<(), Error> {
        let operation = self.operation;
        operation.check_count("inputs", operation.inputs().len(), self.inputs.len())?;
        operation.check_count("outputs", operation.outputs().len(), self.given)?;
        operation.check_element::<T>()?;
        let inputs = self.inputs.iter().map(Operand::kind);
        let kinds = inputs.chain(self.outputs.iter().flatten().map(OperandMut::kind));
        let expected = operation.inputs().iter().chain(operation.outputs());
        for (k, (got, expected)) in kinds.zip(expected).enumerate() {
            if got != *expected {
                return Err(Error::OperandKind {
                    what: operation.operand(k),
                    expected: *expected,
                });
            }
        }
        Ok(())
    }

    /// The operands, of which there are so many.
    fn operands<const I: usize, const O: usize>(
        &mut self,
    ) -> ([&Vectors<'a, T>; I], [&mut VectorsMut<'a, T>; O]) {
        let mut outputs = self.outputs.iter_mut().flatten();
        let output = |_| {
            let output = outputs.next().expect("they are counted before");
            output.as_vectors_mut()
        };
        let mut inputs = [self.inputs[0].as_vectors(); I];
        for_each! { k of I {
            inputs[k] = self.inputs[k].as_vectors();
        }}
        (inputs, from_fn(output))
    }

    fn product(&mut self, engine: &Engine) -> Result<(), Error> {
        self.check()?;
        let (inputs, [out]) = self.operands();
        engine.multiply(inputs, out, false)
    }
}

impl<T: Real> Application<'_, T> {
    /// The operation, which `run` runs. (Not inlined: the operands of all of them would be on the stack side by side.)
    #[inline(never)]
    fn evaluate<const I: usize, const O: usize>(
        &mut self,
        engine: &Engine,
        run: for<'c> fn(&'c Engine, Call<'c, T, I, O>),
    ) -> Result<(), Error> {
        self.check()?;
        let operation = self.operation;
        let (inputs, outputs) = self.operands();
        call(operation, inputs, outputs, false, engine, run)
    }
}

macro_rules! formulas {
    ($($variant:ident, $name:ident($($input:ident: $in:ident),+) -> ($($output:ident: $out:ident),+) $(of $source:ident)?;)+) => {
        impl<T: Real> Application<'_, T> {
            fn formula(&mut self, engine: &Engine) -> Result<(), Error> {
                match self.operation {
                    Operation::Cross => self.product(engine),
                    $(Operation::$variant => {
                        self.evaluate(engine, <formula::$variant as Evaluate<{ [$(Kind::$in),+].len() }, { [$(Kind::$out),+].len() }>>::evaluate::<T>)
                    })+
                }
            }
        }

        impl Operation {
            /// Whether the exception flags (invalid, divide by zero, overflow, underflow) that a call with [`Accuracy::Plain`](crate::Accuracy::Plain) leaves on
            /// the thread that makes it are those of the operation's formula: a product that overflows sets that flag, and ordinary
            /// numbers, zeros among them, set none. A program can then clear the flags, call, and report what it reads.
            ///
            /// Of other operations the flags say nothing: `unit_normal` of large vectors may say that a square overflows, which is seen
            /// to, and `angle_vjp` of zero vectors that zero was divided. (On targets other than x86-64 and aarch64, calls that are split over threads
            /// leave no flags of the pieces that other threads work on.)
            ///
            /// ```
            /// use crosslane::Operation;
            ///
            /// assert!(Operation::Cross.signals());
            /// assert!(!Operation::UnitNormal.signals());
            /// ```
            pub fn signals(self) -> bool {
                match self {
                    Self::Cross => true,
                    $(Self::$variant => {
                        <formula::$variant as Formula<{ [$(Kind::$in),+].len() }, { [$(Kind::$out),+].len() }>>::SIGNALS
                    })+
                }
            }
        }
    };
}
table! { formulas }

/// [`Engine::apply`], compiled here.
struct Apply;

macro_rules! products {
    ($($element:ident),+) => {
        $(fn $element((engine, of): Self::Input<'_, $element>) {
            *of.result = of.product(engine);
        })+
    };
}

impl PerElement for Apply {
    type Input<'a, T: Element> = (&'a Engine, &'a mut Application<'a, T>);

    fn f32((engine, of): Self::Input<'_, f32>) {
        *of.result = of.formula(engine);
    }

    fn f64((engine, of): Self::Input<'_, f64>) {
        *of.result = of.formula(engine);
    }

    #[cfg(feature = "half")]
    fn f16((engine, of): Self::Input<'_, half::f16>) {
        *of.result = of.product(engine);
    }

    #[cfg(feature = "half")]
    fn bf16((engine, of): Self::Input<'_, half::bf16>) {
        *of.result = of.product(engine);
    }

    integers! { products }
}
