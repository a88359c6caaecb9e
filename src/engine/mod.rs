//! The engine: what a caller chooses (accuracy, level, threads, stores), and the operations by name.

use crate::element::Float;
use crate::kernel::{self, Cross, RoundedCross, in_place};
use crate::level::Proof;
use crate::{
    Accuracy, Element, Error, Level, Operation, Real, Stores, Threads, Vectors, VectorsMut,
};

mod apply;
mod call;
mod face_gradients;
mod faces;
mod gated;
mod geometry;
mod gradients;
mod instances;
mod mesh_gradients;
mod meshes;
mod runner;
#[cfg(test)]
mod tests;

pub use apply::{Operand, OperandMut};
use call::{Call, call};
use instances::{Evaluate, Few};
use runner::{AtLevel, Runner, Whole};

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
    /// `a` and `b` are broadcast to the shape of `out` by NumPy's rule: one vector against many, one for each row. Each of the three is in any
    /// layout (see [`Vectors`]).
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
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `out`;
    /// nothing was written. [`Error::Blocks`] if blocks do not go together.
    ///
    /// # Source
    /// The order of operations is that of `numpy.cross`, the rounding IEEE 754-2019's to nearest even. Rounding once rests on
    /// Dekker's and Knuth's error-free transformations and on rounding to odd (Boldo & Melquiond, "Emulation of a FMA
    /// and correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on Computers 57, 2008).
    ///
    /// # Examples
    /// ```
    /// use crosslane::Engine;
    ///
    /// // Torques of many forces on one lever.
    /// let forces = [[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]];
    /// let mut torques = [[0.0; 3]; 2];
    /// Engine::new().cross(&[[1.0, 0.0, 0.0]], &forces, &mut torques)?;
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
    #[inline]
    pub fn cross<'a, T: Element>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        self.multiply([&a.into(), &b.into()], &mut out.into(), false)
    }

    /// The cross product in place: a becomes a × b.
    ///
    /// Everything else is as in [`Engine::cross`].
    ///
    /// # Errors
    /// As [`Engine::cross`], where `a` is `out`.
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
    #[inline]
    pub fn cross_assign<'a, T: Element>(
        &self,
        a: impl Into<VectorsMut<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
    ) -> Result<(), Error> {
        let (before, mut a) = in_place(a.into());
        self.multiply([&before, &b.into()], &mut a, true)
    }

    #[inline(always)]
    fn multiply<'a, T: Element>(
        &self,
        inputs: [&Vectors<'a, T>; 2],
        out: &mut VectorsMut<'a, T>,
        in_place: bool,
    ) -> Result<(), Error> {
        // What is done before a level would have been chosen.
        let ([a, b], len) = (inputs, out.len());
        if len <= T::FEW
            && a.is_flat(len)
            && b.is_flat(len)
            && out.is_flat(len)
            && self.accuracy == Accuracy::Plain
        {
            T::select::<Few>((a.flat(), b.flat(), out.flat_mut()));
            return Ok(());
        }
        call(
            Operation::Cross,
            inputs,
            [out],
            in_place,
            self,
            |engine, call| match engine.accuracy {
                Accuracy::Plain => T::select::<Cross>((engine, call)),
                Accuracy::CorrectlyRounded => T::select::<RoundedCross>((engine, call)),
            },
        )
    }

    /// Evaluates a formula for each place.
    #[inline(always)]
    fn evaluate<'a, F, T, const I: usize, const O: usize>(
        &self,
        operation: Operation,
        inputs: [&Vectors<'a, T>; I],
        outputs: [&mut VectorsMut<'a, T>; O],
    ) -> Result<(), Error>
    where
        F: Evaluate<I, O>,
        T: Real,
    {
        call(operation, inputs, outputs, false, self, F::evaluate)
    }

    /// Runs a call at this engine's level.
    #[inline(always)] // into what is compiled once for each operation and type
    fn run<T: Float, Op: kernel::Operation<I, O>, const I: usize, const O: usize>(
        &self,
        operation: Op,
        call: Call<'_, T, I, O>,
    ) {
        let level = self.level;
        call.run(&Runner {
            engine: self,
            kernel: &AtLevel { operation, level },
            cost: operation.cost::<T>(level.rank()),
            rounds_once: operation.rounds_once::<T>(),
            // (Operations with one output have no gradients. What is always false is not compiled.)
            sums: if const { O > 1 } {
                Runner::sums
            } else {
                Runner::no_sums
            },
        });
    }

    /// Runs a product of integers.
    fn run_whole<T: Element>(&self, call: Call<'_, T, 2, 1>) {
        call.run(&Runner {
            engine: self,
            kernel: &Whole,
            cost: 3 * T::DIFFERENCE_COST,
            rounds_once: false,
            sums: Runner::no_sums,
        });
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

/// The cross product of every vector of `a` with the vector of `b` at the same place: [`Engine::cross`]
/// of [`Engine::new`].
///
/// While a large batch is split over threads, this thread may run other tasks of its pool: see [`Threads`] about locks.
///
/// # Errors
/// As [`Engine::cross`].
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
