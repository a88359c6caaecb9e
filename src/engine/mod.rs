//! The engine: what is decided once per call (level, threads, stores), and the operations by name.

use crate::element::{PerElement, PerReal};
use crate::formula::{self, Formula};
use crate::kernel::{
    Accurately, AllRows, Batch, Columns, Cross, OfFour, OfThree, Operation, Plainly, RoundedCross,
    Shape, Task,
};
use crate::level::Proof;
use crate::simd::Environment;
use crate::threads::{pieces, split, split_to_sum};
use crate::{Accuracy, Element, Error, Level, Real, Stores, Threads, Vectors, VectorsMut};

mod faces;
mod geometry;
mod gradients;
mod meshes;
#[cfg(test)]
mod tests;

/// How operations are run; a small value to be made once and kept, or made for every call.
///
/// Nothing that is chosen here but the accuracy changes a bit of a result.
///
/// A call that is split over threads may run other tasks of the caller's rayon pool while it waits. Hold no lock around it that these
/// tasks want, or use [`Threads::Serial`]. [`Threads`] says more, also of processes that fork, of systems that start no threads,
/// and of tasks that change the floating-point environment.
///
/// ```
/// use crosslane::{Engine, Threads};
///
/// let engine = Engine::new().with_threads(Threads::Serial);
/// let a = vec![[1.0_f32, 2.0, 3.0]; 1000];
/// let b = vec![[4.0_f32, 5.0, 6.0]; 1000];
/// let mut c = vec![[0.0_f32; 3]; 1000];
/// engine.cross(&a, &b, &mut c)?;
/// assert_eq!(c, vec![[-3.0, 6.0, -3.0]; 1000]);
/// # Ok::<(), crosslane::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    accuracy: Accuracy,
    level: Proof,
    threads: Threads,
    stores: Stores,
}

impl Engine {
    /// [`Level::best`], [`Accuracy::Plain`], [`Threads::Auto`], [`Stores::Auto`].
    pub fn new() -> Self {
        Self {
            accuracy: Accuracy::default(),
            level: Proof::best(),
            threads: Threads::default(),
            stores: Stores::default(),
        }
    }

    /// The same with another accuracy.
    #[must_use]
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// The same at another level.
    ///
    /// # Errors
    /// [`Error::LevelUnavailable`] if this CPU lacks it.
    pub fn with_level(self, level: Level) -> Result<Self, Error> {
        Ok(Self {
            level: level.prove()?,
            ..self
        })
    }

    /// The same on other threads.
    #[must_use]
    pub fn with_threads(self, threads: Threads) -> Self {
        Self { threads, ..self }
    }

    /// The same with other stores.
    #[must_use]
    pub fn with_stores(self, stores: Stores) -> Self {
        Self { stores, ..self }
    }

    /// How it rounds.
    pub fn accuracy(&self) -> Accuracy {
        self.accuracy
    }

    /// The level it runs at.
    pub fn level(&self) -> Level {
        self.level.level()
    }

    /// The cross product of every vector of `a` with the vector of `b` at the same place.
    ///
    /// c = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁)
    ///
    /// `a`, `b` and `out` are equally long and each in any layout (see [`Vectors`]); one vector against
    /// many is [`Vectors::broadcast`].
    ///
    /// The unit of the result is the product of the units. With [`Accuracy::Plain`] each component is two
    /// rounded products and one rounded difference, never fused, as in [`crate::reference::cross`] (half types: the
    /// exact difference, rounded once, NaN the canonical one): the bits that
    /// `numpy.cross` gives (any NaN equals any NaN), at every level and on any number of threads. Special
    /// values are IEEE 754's: 0·∞ and ∞ − ∞ are NaN, subnormals are kept unless the caller's own floating-point
    /// environment flushes them. With [`Accuracy::CorrectlyRounded`] each component is the exact difference of the
    /// exact products, rounded once, to nearest even, whatever that environment is.
    ///
    /// `out` cannot overlap `a` or `b`; to overwrite `a` there is [`Engine::cross_assign`].
    ///
    /// While a large batch is split over threads, this thread may run other tasks of its pool: see [`Threads`] about locks.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Source
    /// The order of operations is that of `numpy.cross`, the rounding IEEE 754-2019's to nearest even. Rounding once rests on
    /// Dekker's and Knuth's error-free transformations and on rounding to odd (Boldo & Melquiond, "Emulation of a FMA
    /// and correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on Computers 57, 2008).
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Engine, Vectors};
    ///
    /// // Torques of many forces on one lever.
    /// let forces = [[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]];
    /// let mut torques = [[0.0; 3]; 2];
    /// Engine::new().cross(Vectors::broadcast(&[1.0, 0.0, 0.0], 2), &forces, &mut torques)?;
    /// assert_eq!(torques, [[0.0, 0.0, 1.0], [0.0, -2.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    ///
    /// An output that is an input does not compile:
    ///
    /// ```compile_fail,E0502
    /// let mut v = [[1.0, 2.0, 3.0]];
    /// crosslane::Engine::new().cross(&v, &[[4.0, 5.0, 6.0]], &mut v);
    /// ```
    pub fn cross<'a, T: Element>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        self.multiply(&mut Batch::new(a.into(), b.into(), out.into())?);
        Ok(())
    }

    /// The cross product in place: a becomes a × b.
    ///
    /// Everything else is as in [`Engine::cross`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` is not as long as `a`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// use crosslane::Engine;
    ///
    /// let mut v = [[1.0, 2.0, 3.0]];
    /// Engine::new().cross_assign(&mut v, &[[4.0, 5.0, 6.0]])?;
    /// assert_eq!(v, [[-3.0, 6.0, -3.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn cross_assign<'a, T: Element>(
        &self,
        a: impl Into<VectorsMut<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
    ) -> Result<(), Error> {
        self.multiply(&mut Batch::in_place(a.into(), b.into())?);
        Ok(())
    }

    fn multiply<'a, T: Element>(&'a self, batch: &'a mut Batch<'a, T, 2, 1>) {
        match self.accuracy {
            Accuracy::Plain => T::select::<Cross>((self, batch)),
            Accuracy::CorrectlyRounded => T::select::<RoundedCross>((self, batch)),
        }
    }

    /// Runs the batch at this engine's level: on the caller's thread, or in pieces on several.
    fn run<T: Element, Op: Operation<I, O>, const I: usize, const O: usize>(
        &self,
        operation: Op,
        batch: &mut Batch<'_, T, I, O>,
    ) {
        assert!(
            Op::IN_PLACE || !batch.is_in_place(),
            "operations say whether they can be in place"
        );
        batch.run_forwards();
        if batch.len() == 0 {
            return;
        }
        let bytes = batch.bytes();
        let stream = self.stores.stream(bytes) && !batch.is_in_place();
        let arithmetic = operation.cost::<T>(self.level.rank());
        let cost = bytes.max(batch.len().saturating_mul(arithmetic));
        let pieces = pieces(self.threads, cost);
        let rounds_once = operation.rounds_once::<T>();
        let sums = Op::SUMS && batch.has_sums();
        if pieces == 1 && !sums {
            let _environment = environment(rounds_once);
            return self.run_piece(operation, batch, stream);
        }
        run_in_pieces(batch, pieces, sums, rounds_once, &|piece| {
            self.run_piece(operation, piece, stream);
        });
    }

    #[inline(never)] // called from two places
    fn run_piece<T: Element, Op: Operation<I, O>, const I: usize, const O: usize>(
        &self,
        operation: Op,
        batch: &Batch<'_, T, I, O>,
        stream: bool,
    ) {
        let task = Task {
            operation,
            batch,
            stream,
        };
        if !Op::EVERY_FORM {
            return self.level.vectorize_long(task.mixed());
        }
        match batch.shape(stream) {
            Shape::Columns => self.level.vectorize(task.direct::<Columns>()),
            Shape::Rows => self.level.vectorize(task.direct::<AllRows<OfThree>>()),
            Shape::Padded => self.level.vectorize(task.direct::<AllRows<OfFour>>()),
            Shape::Mixed => self.level.vectorize(task.mixed()),
        }
    }
}

/// Runs a batch in pieces, and adds what is summed. It does not know the operation: it is compiled once for all that have as many
/// operands.
fn run_in_pieces<T: Element, const I: usize, const O: usize>(
    batch: &mut Batch<'_, T, I, O>,
    pieces: usize,
    sums: bool,
    rounds_once: bool,
    run_piece: &(dyn Fn(&Batch<'_, T, I, O>) + Sync),
) {
    let work = |piece: &Batch<'_, T, I, O>| {
        // On each thread that works, for as long as it does.
        let _environment = environment(rounds_once);
        run_piece(piece);
    };
    if sums {
        split_to_sum(batch, pieces, &work, &|batch, more| {
            let _environment = environment(rounds_once);
            batch.add(more);
        });
        batch.canonical_sums();
    } else {
        split(batch, pieces, &work);
    }
}

/// The environment that an operation needs which [rounds once](Operation::rounds_once), for as long as it is kept.
#[inline]
fn environment(rounds_once: bool) -> Option<Environment> {
    rounds_once.then(Environment::default_here)
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

/// Compiles operations for every type of element, here.
macro_rules! per_element {
    ($($operation:ident, $half:ident;)*) => {
        $(impl PerElement for $operation {
            type Input<'a, T: Element> = (&'a Engine, &'a mut Batch<'a, T, 2, 1>);

            fn f32((engine, batch): Self::Input<'_, f32>) {
                engine.run($operation, batch);
            }

            fn f64((engine, batch): Self::Input<'_, f64>) {
                engine.run($operation, batch);
            }

            #[cfg(feature = "half")]
            fn f16((engine, batch): Self::Input<'_, half::f16>) {
                engine.run($half, batch);
            }

            #[cfg(feature = "half")]
            fn bf16((engine, batch): Self::Input<'_, half::bf16>) {
                engine.run($half, batch);
            }
        })*
    };
}
per_element! {
    Cross, Cross;
    RoundedCross, Cross; // half types are rounded once anyway
}

/// A formula that is compiled for every type of real numbers, here.
trait Evaluate<const I: usize, const O: usize>: Formula<I, O> {
    /// Evaluates it for each place of a batch.
    fn evaluate<'a, T: Real>(engine: &'a Engine, batch: &'a mut Batch<'a, T, I, O>);
}

/// Compiles formulas.
macro_rules! formulas {
    ($($formula:ident: $inputs:literal to $outputs:literal;)*) => {
        $(
            formulas! { Plainly of $formula: $inputs to $outputs }
            formulas! { Accurately of $formula: $inputs to $outputs }

            impl Evaluate<$inputs, $outputs> for formula::$formula {
                fn evaluate<'a, T: Real>(
                    engine: &'a Engine,
                    batch: &'a mut Batch<'a, T, $inputs, $outputs>,
                ) {
                    match engine.accuracy {
                        Accuracy::Plain => T::select_real::<Plainly<Self>>((engine, batch)),
                        Accuracy::CorrectlyRounded => {
                            T::select_real::<Accurately<Self>>((engine, batch));
                        }
                    }
                }
            }
        )*
    };
    ($how:ident of $formula:ident: $inputs:literal to $outputs:literal) => {
        impl PerReal for $how<formula::$formula> {
            type Input<'a, T: Real> = (&'a Engine, &'a mut Batch<'a, T, $inputs, $outputs>);

            fn f32((engine, batch): Self::Input<'_, f32>) {
                engine.run($how(formula::$formula), batch);
            }

            fn f64((engine, batch): Self::Input<'_, f64>) {
                engine.run($how(formula::$formula), batch);
            }
        }
    };
}
formulas! {
    Dot: 2 to 1;
    CrossNorm: 2 to 1;
    UnitNormal: 2 to 1;
    Angle: 2 to 1;
    ScalarTriple: 3 to 1;
    VectorTriple: 3 to 1;
    CrossVjp: 3 to 2;
    CrossJvp: 4 to 1;
    CrossVjpVjp: 5 to 3;
    CrossNormVjp: 3 to 2;
    UnitNormalVjp: 3 to 2;
    AngleVjp: 3 to 2;
    ScalarTripleVjp: 4 to 3;
    Direction: 1 to 1;
}

/// The cross product of every vector of `a` with the vector of `b` at the same place: [`Engine::cross`]
/// of [`Engine::new`].
///
/// While a large batch is split over threads, this thread may run other tasks of its pool: see [`Threads`] about locks.
///
/// # Errors
/// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
///
/// # Examples
/// ```
/// let a = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let b = [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]];
/// let mut c = [[0.0; 3]; 2];
/// crosslane::cross(&a, &b, &mut c)?;
/// assert_eq!(c, [[-3.0, 6.0, -3.0], [3.0, -6.0, 3.0]]);
/// # Ok::<(), crosslane::Error>(())
/// ```
pub fn cross<'a, T: Element>(
    a: impl Into<Vectors<'a, T>>,
    b: impl Into<Vectors<'a, T>>,
    out: impl Into<VectorsMut<'a, T>>,
) -> Result<(), Error> {
    Engine::new().cross(a, b, out)
}
