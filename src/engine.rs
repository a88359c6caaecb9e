//! The engine: what is decided once per call (level, threads), and the operations by name.

use crate::element::PerElement;
use crate::kernel::{Batch, Cross, Direct, Operation, Tiled};
use crate::level::Proof;
use crate::threads::split;
use crate::{Accuracy, Element, Error, Level, Threads, Vectors, VectorsMut};

/// How operations are run; a small value to be made once and kept, or made for every call.
///
/// Nothing that is chosen here but the accuracy changes a bit of a result.
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
}

impl Engine {
    /// [`Level::best`], [`Accuracy::Plain`], [`Threads::Auto`].
    pub fn new() -> Self {
        Self {
            accuracy: Accuracy::default(),
            level: Proof::best(),
            threads: Threads::default(),
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
    /// rounded products and one rounded difference, never fused, as in [`crate::reference::cross`]: the bits that
    /// `numpy.cross` gives (any NaN equals any NaN), at every level and on any number of threads. Special
    /// values are IEEE 754's: 0·∞ and ∞ − ∞ are NaN, subnormals are kept unless the caller's own floating-point
    /// environment flushes them.
    ///
    /// `out` cannot overlap `a` or `b`; to overwrite `a` there is [`Engine::cross_assign`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Source
    /// The order of operations is that of `numpy.cross`, the rounding IEEE 754-2019's to nearest even.
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
        }
    }

    /// Splits the batch, and runs each piece at this engine's level.
    fn run<T: Element, Op: Operation<I, O>, const I: usize, const O: usize>(
        &self,
        operation: Op,
        batch: &mut Batch<'_, T, I, O>,
    ) {
        split(
            batch,
            self.threads,
            &|batch| match Direct::new(operation, batch) {
                Some(direct) => self.level.vectorize(direct),
                None => self.level.vectorize(Tiled { operation, batch }),
            },
        );
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl PerElement for Cross {
    type Input<'a, T: Element> = (&'a Engine, &'a mut Batch<'a, T, 2, 1>);

    fn f32((engine, batch): Self::Input<'_, f32>) {
        engine.run(Self, batch);
    }

    fn f64((engine, batch): Self::Input<'_, f64>) {
        engine.run(Self, batch);
    }
}

/// The cross product of every vector of `a` with the vector of `b` at the same place: [`Engine::cross`]
/// of [`Engine::new`].
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

#[cfg(test)]
mod tests {
    use core::any::type_name;
    use std::sync::Mutex;

    use super::*;
    use crate::simd::Lanes;

    /// Writes down on which lanes it was run, and copies the first operand.
    #[derive(Clone, Copy)]
    struct Probe<'a>(&'a Mutex<Vec<&'static str>>);

    impl Operation<2, 1> for Probe<'_> {
        fn lanes<L: Lanes>(self, [a, _]: [[L; 3]; 2]) -> [[L; 3]; 1] {
            self.0
                .lock()
                .expect("nobody panics")
                .push(type_name::<L::Simd>());
            [a]
        }
    }

    #[test]
    fn an_engine_runs_at_its_level_in_every_layout() {
        for level in Level::available() {
            let engine = Engine::new().with_level(level).expect("available");
            let (a, seen) = ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], Mutex::default());
            let (mut rows, mut columns) = ([[0.0; 3]; 2], crate::Soa::zeros(2));
            let soa = crate::Soa::from_aos(&a);
            let mut tiled = Batch::new(Vectors::from(&a), (&a).into(), (&mut rows).into());
            engine.run(Probe(&seen), tiled.as_mut().expect("equal lengths"));
            let mut direct = Batch::new(soa.view(), soa.view(), columns.view_mut());
            engine.run(Probe(&seen), direct.as_mut().expect("equal lengths"));
            assert_eq!((rows, columns.to_aos()), (a, a.to_vec()));
            let seen = seen.into_inner().expect("nobody panics");
            assert!(seen.len() >= 2, "{seen:?}");
            let name = |token: &&str| {
                token
                    .rsplit("::")
                    .next()
                    .is_some_and(|t| t.eq_ignore_ascii_case(level.name()))
            };
            assert!(seen.iter().all(name), "{level} ran as {seen:?}");
        }
    }
}
