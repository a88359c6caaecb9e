//! Lengths, angles, areas, volumes and directions, by name.

use super::Engine;
use crate::{Error, Operation, Real, ScalarsMut, Vectors, VectorsMut, formula};

impl Engine {
    /// The dot product of every vector of `a` with the vector of `b` at the same place.
    ///
    /// a·b = a₁b₁ + a₂b₂ + a₃b₃
    ///
    /// `a`, `b` and `out` are equally long; `a` and `b` are each in any layout. The unit is the product of the units.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) three rounded products, added from the left, each sum rounded. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) products and sums in twice the precision, rounded at the end: all but
    /// always the nearest number, as long as |a₁b₁| + |a₂b₂| + |a₃b₃| is not 10¹² times |a·b| or more; what is not finite gives NaN, the
    /// canonical one. Range is as in [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Source
    /// Ogita, Rump, Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26, 2005; Joldes, Muller, Popescu, "Tight and
    /// rigorous error bounds for basic building blocks of double-word arithmetic", ACM TOMS 44, 2017.
    ///
    /// # Examples
    /// ```
    /// let mut out = [0.0];
    /// crosslane::Engine::new().dot(&[[1.0, 2.0, 3.0]], &[[4.0, 5.0, 6.0]], &mut out)?;
    /// assert_eq!(out, [32.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn dot<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<ScalarsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into()];
        let mut out = out.into();
        let out = out.as_vectors_mut();
        self.evaluate::<formula::Dot, _, _, _>(Operation::Dot, inputs, [out])
    }

    /// The length of the cross product: the area of the parallelogram that two vectors span.
    ///
    /// |a × b| = √((a₂b₃ − a₃b₂)² + (a₃b₁ − a₁b₃)² + (a₁b₂ − a₂b₁)²)
    ///
    /// `a`, `b` and `out` are equally long; `a` and `b` are each in any layout. The unit is the product of the units.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; where the vectors are nearly parallel
    /// all digits can be wrong, and squares overflow and underflow. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) the cross product has twice the precision: the error is below 1.9 u
    /// (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`), and what is not finite gives NaN, the canonical one.
    ///
    /// Range: nothing overflows or underflows on the way; vectors are scaled by powers of two. What is below the normal range is rounded to
    /// the numbers there, of `f64` for a second time. A component of `f64` that is less than 2⁻⁴⁵⁰ of the greatest of its
    /// vector may count for less than it is, and so may products of such.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let mut out = [0.0];
    /// crosslane::Engine::new().cross_norm(&[[3.0, 0.0, 0.0]], &[[1.0, 2.0, 0.0]], &mut out)?;
    /// assert_eq!(out, [6.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn cross_norm<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<ScalarsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into()];
        let mut out = out.into();
        let out = out.as_vectors_mut();
        self.evaluate::<formula::CrossNorm, _, _, _>(Operation::CrossNorm, inputs, [out])
    }

    /// The unit vector that is normal to two vectors.
    ///
    /// n = a × b / |a × b|
    ///
    /// `a`, `b` and `out` are equally long and each in any layout. The result has no unit, and is the zero vector where a × b is zero.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; where the vectors are nearly parallel the
    /// direction can be any. Where all products underflow the result is zero, where one overflows it is NaN in all components; every other
    /// result has the length 1 to 4 u, at all scales. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) the cross product has twice the precision: the error of each component is
    /// below 2.6 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`), and what is not finite gives NaN, the canonical one. Range is as in
    /// [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let mut n = [[0.0_f32; 3]; 2];
    /// let (a, b) = ([[3.0, 0.0, 0.0]; 2], [[1.0, 2.0, 0.0], [6.0, 0.0, 0.0]]);
    /// crosslane::Engine::new().unit_normal(&a, &b, &mut n)?;
    /// assert_eq!(n, [[0.0, 0.0, 1.0], [0.0; 3]]); // parallel vectors have no normal
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn unit_normal<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into()];
        self.evaluate::<formula::UnitNormal, _, _, _>(
            Operation::UnitNormal,
            inputs,
            [&mut out.into()],
        )
    }

    /// The angle between two vectors, in radians, from 0 to π.
    ///
    /// θ = atan2(|a × b|, a·b)
    ///
    /// `a`, `b` and `out` are equally long; `a` and `b` are each in any layout. The angle to a zero vector is 0.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; of small angles, and of those near π, all
    /// digits can be wrong, and squares overflow and underflow. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) cross and dot product have twice the precision: the error is below 3.3 u
    /// (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) at all angles, and what is not finite gives NaN, the canonical one. Range is as in
    /// [`Engine::cross_norm`].
    ///
    /// The arc tangent is that of the crate `libm`, the same on every CPU, lane by lane: some 20 ns.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Source
    /// W. Kahan, "How Futile are Mindless Assessments of Roundoff in Floating-Point Computation?", 2006, § 12.
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Accuracy, Engine};
    ///
    /// let engine = Engine::new().with_accuracy(Accuracy::CorrectlyRounded);
    /// let mut out = [0.0];
    /// engine.angle(&[[1.0, 0.0, 0.0]], &[[1.0, 1e-12, 0.0]], &mut out)?;
    /// assert_eq!(out, [1e-12]); // acos(a·b / |a||b|) would be 0
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn angle<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<ScalarsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into()];
        let mut out = out.into();
        let out = out.as_vectors_mut();
        self.evaluate::<formula::Angle, _, _, _>(Operation::Angle, inputs, [out])
    }

    /// The scalar triple product: the signed volume of the parallelepiped that three vectors span, or six times that of their
    /// tetrahedron.
    ///
    /// a·(b × c)
    ///
    /// `a`, `b`, `c` and `out` are equally long; the vectors are each in any layout. The unit is the product of the units.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; where the vectors are nearly in one plane all
    /// digits can be wrong. With [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) products and sums in twice the precision,
    /// rounded at the end: all but always the nearest number, as long as the six products of three together are not 10¹² times the
    /// result or more; what is not finite gives NaN, the canonical one. Range is as in [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b`, `c` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b, c) = ([[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]], [[7.0, 8.0, 10.0]]);
    /// let mut out = [0.0];
    /// crosslane::Engine::new().scalar_triple(&a, &b, &c, &mut out)?;
    /// assert_eq!(out, [-3.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn scalar_triple<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        c: impl Into<Vectors<'a, T>>,
        out: impl Into<ScalarsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &c.into()];
        let mut out = out.into();
        let out = out.as_vectors_mut();
        self.evaluate::<formula::ScalarTriple, _, _, _>(Operation::ScalarTriple, inputs, [out])
    }

    /// The vector triple product.
    ///
    /// a × (b × c)
    ///
    /// `a`, `b`, `c` and `out` are equally long and each in any layout. The unit is the product of the units.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) two cross products, each operation rounded. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) products and sums in twice the precision, rounded at the end: the error
    /// vector is no longer than u (2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) times the result, as long as what cancels is not 10¹² times as large
    /// (it is where a is nearly parallel to b × c). What is not finite gives NaN, the canonical one. Range is as in [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `b`, `c` or `out` is not as long as `a`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// // The centripetal acceleration ω × (ω × r).
    /// let (w, r) = ([[0.0, 0.0, 2.0]], [[3.0, 0.0, 1.0]]);
    /// let mut out = [[0.0; 3]];
    /// crosslane::Engine::new().vector_triple(&w, &w, &r, &mut out)?;
    /// assert_eq!(out, [[-12.0, 0.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn vector_triple<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        c: impl Into<Vectors<'a, T>>,
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &c.into()];
        self.evaluate::<formula::VectorTriple, _, _, _>(
            Operation::VectorTriple,
            inputs,
            [&mut out.into()],
        )
    }
}
