//! Derivatives, by name.
//!
//! A vector-Jacobian product takes the upstream gradient, of whatever a program computes from the result, to the gradients of
//! the operands.

use super::Engine;
use crate::{Error, Operation, Real, Scalars, Vectors, VectorsMut, formula};

impl Engine {
    /// The gradients of the cross product: its vector-Jacobian product, in one pass.
    ///
    /// With c = a × b and g the gradient of c: ∂a = b × g, ∂b = g × a.
    ///
    /// `a` and `b` are broadcast to the shape of `g`, and each operand is in any layout. A gradient has the shape of its operand: along axes
    /// where that is repeated (it has the length 1 there, or misses the axis, or its stride is 0 and the gradient has the length 1) it
    /// receives the sum. Where it is as long as `g` instead, along that axis it is not summed: a gradient of the shape of `g` receives
    /// all of the gradient. The unit of a gradient is that of `g` times that of the other operand.
    ///
    /// Each component is rounded as in [`Engine::cross`], for either accuracy. A sum is rounded at every addition, in a
    /// tree over the n vectors in C order whose shape depends on n alone, so that its bits do not depend on level, layout or threads; its
    /// error is below log₂ n + 1 times u Σ|x| (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`). Operands that are repeated along different axes take
    /// a pass for each.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// use crosslane::{Engine, Vectors};
    ///
    /// // y = w × x for one w and many x, and the gradient of y.
    /// let (w, x) = ([1.0, 2.0, 3.0], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    /// let g = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
    /// let (mut grad_w, mut grad_x) = ([[0.0; 3]], [[0.0; 3]; 2]);
    /// Engine::new().cross_vjp(Vectors::broadcast(&w, 2), &x, &g, &mut grad_w, &mut grad_x)?;
    /// assert_eq!(grad_w, [[0.0, -1.0, -1.0]]);
    /// assert_eq!(grad_x, [[-2.0, 1.0, 0.0], [0.0, -3.0, 2.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn cross_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Vectors<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &g.into()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into()];
        self.evaluate::<formula::CrossVjp, _, _, _>(Operation::CrossVjp, inputs, outputs)
    }

    /// The tangent of the cross product: its Jacobian-vector product, for forward differentiation.
    ///
    /// dc = da × b + a × db
    ///
    /// All operands are broadcast to the shape of `out`, each in any layout. The unit is that of a × b.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) two cross products and their sum, each operation rounded. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) products and sums in twice the precision, rounded at the end:
    /// the error vector is no longer than u (2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) times the tangent, as long as what cancels is not 10¹² times
    /// as large; what is not finite gives NaN, the canonical one. Range is as in [`Engine::cross_norm`], where a and da are one vector of
    /// six components, and so are b and db.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `out`;
    /// nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b) = ([[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]);
    /// let (da, db) = ([[0.0, 0.0, 1.0]], [[2.0, 0.0, 0.0]]);
    /// let mut dc = [[0.0; 3]];
    /// crosslane::Engine::new().cross_jvp(&a, &b, &da, &db, &mut dc)?;
    /// assert_eq!(dc, [[-1.0, 0.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn cross_jvp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        da: impl Into<Vectors<'a, T>>,
        db: impl Into<Vectors<'a, T>>,
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &da.into(), &db.into()];
        let outputs = [&mut out.into()];
        self.evaluate::<formula::CrossJvp, _, _, _>(Operation::CrossJvp, inputs, outputs)
    }

    /// The gradients of [`Engine::cross_vjp`], for differentiating twice.
    ///
    /// With `va` and `vb` the gradients of ∂a = b × g and ∂b = g × a: those of a, b and g are vb × g, g × va and
    /// va × b + a × vb.
    ///
    /// Operands are broadcast to the shape of `g`, each in any layout, and gradients have shapes as in [`Engine::cross_vjp`]. (`va` has the
    /// shape of `a`, and `vb` that of `b`.)
    ///
    /// The first two are rounded as in [`Engine::cross`], the third as in [`Engine::cross_jvp`], sums as in [`Engine::cross_vjp`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b, g) = ([[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]);
    /// let (va, vb) = ([[0.0, 0.0, 1.0]], [[2.0, 0.0, 0.0]]);
    /// let [mut grad_a, mut grad_b, mut grad_g] = [[[0.0; 3]]; 3];
    /// let engine = crosslane::Engine::new();
    /// engine.cross_vjp_vjp(&a, &b, &g, &va, &vb, &mut grad_a, &mut grad_b, &mut grad_g)?;
    /// assert_eq!(grad_a, [[0.0, -2.0, 0.0]]);
    /// assert_eq!(grad_b, [[0.0, 0.0, 0.0]]);
    /// assert_eq!(grad_g, [[-1.0, 0.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    #[expect(
        clippy::too_many_arguments,
        reason = "five operands and their gradients"
    )]
    pub fn cross_vjp_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Vectors<'a, T>>,
        va: impl Into<Vectors<'a, T>>,
        vb: impl Into<Vectors<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
        grad_g: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &g.into(), &va.into(), &vb.into()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into(), &mut grad_g.into()];
        self.evaluate::<formula::CrossVjpVjp, _, _, _>(Operation::CrossVjpVjp, inputs, outputs)
    }

    /// The gradients of [`Engine::dot`].
    ///
    /// With g the gradient of a·b: ∂a = g b, ∂b = g a.
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`]. The unit of ∂a is that of g times that of b.
    ///
    /// Each component is one product, rounded (the error is below 1.0001 u, u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`). With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) what is not finite gives NaN, the canonical one, and range is as in
    /// [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b) = ([[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]);
    /// let [mut grad_a, mut grad_b] = [[[0.0; 3]]; 2];
    /// crosslane::Engine::new().dot_vjp(&a, &b, &[2.0], &mut grad_a, &mut grad_b)?;
    /// assert_eq!((grad_a, grad_b), ([[8.0, 10.0, 12.0]], [[2.0, 4.0, 6.0]]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn dot_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Scalars<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let g = g.into();
        let inputs = [&a.into(), &b.into(), g.as_vectors()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into()];
        self.evaluate::<formula::DotVjp, _, _, _>(Operation::DotVjp, inputs, outputs)
    }

    /// The gradients of [`Engine::cross_norm`].
    ///
    /// With n = a × b / |a × b| and g the gradient of |a × b|: ∂a = g (b × n), ∂b = g (n × a); zero where a × b is zero.
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`].
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded, from an n that can have lost all digits. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) n is that of [`Engine::unit_normal`]: the error vector is shorter than
    /// 4.5 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) times the gradient, and what is not finite gives NaN, the canonical one. Range is as in
    /// [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b, g) = ([[3.0, 0.0, 0.0]], [[1.0, 2.0, 0.0]], [1.0]);
    /// let [mut grad_a, mut grad_b] = [[[0.0; 3]]; 2];
    /// crosslane::Engine::new().cross_norm_vjp(&a, &b, &g, &mut grad_a, &mut grad_b)?;
    /// assert_eq!((grad_a, grad_b), ([[2.0, -1.0, 0.0]], [[0.0, 3.0, 0.0]]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn cross_norm_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Scalars<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let g = g.into();
        let inputs = [&a.into(), &b.into(), g.as_vectors()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into()];
        self.evaluate::<formula::CrossNormVjp, _, _, _>(Operation::CrossNormVjp, inputs, outputs)
    }

    /// The gradients of [`Engine::unit_normal`].
    ///
    /// With c = a × b, n = c / |c| and g the gradient of n: ∂c = ((n × g) × n) / |c|, ∂a = b × ∂c, ∂b = ∂c × a; zero where c is zero.
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`]. The unit of ∂a is that of g divided by that of a.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded, from an n that can have lost all digits. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) n is that of [`Engine::unit_normal`]: the error vector of ∂a is shorter than
    /// 8 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) times |g||b| / |c|, which is the most that ∂a can be long: where g is nearly parallel to n
    /// it is shorter, and the error is not. What is not finite gives NaN, the canonical one. Range is as in
    /// [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b, g) = ([[2.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[1.0, 0.0, 5.0]]);
    /// let [mut grad_a, mut grad_b] = [[[0.0; 3]]; 2];
    /// crosslane::Engine::new().unit_normal_vjp(&a, &b, &g, &mut grad_a, &mut grad_b)?;
    /// assert_eq!((grad_a, grad_b), ([[0.0, 0.0, -0.5]], [[0.0, 0.0, 0.0]]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn unit_normal_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Vectors<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &g.into()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into()];
        self.evaluate::<formula::UnitNormalVjp, _, _, _>(Operation::UnitNormalVjp, inputs, outputs)
    }

    /// The gradients of [`Engine::angle`].
    ///
    /// With n = a × b / |a × b| and g the gradient of the angle: ∂a = g (a × n) / |a|², ∂b = g (n × b) / |b|²; zero where the vectors are
    /// exactly parallel, or one of them is zero.
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`]. The unit of ∂a is that
    /// of g divided by that of a.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded, from an n that can have lost all digits. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) n is that of [`Engine::unit_normal`]: the error vector is shorter than
    /// 5.5 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) times the gradient, and what is not finite gives NaN, the canonical one. Range is as in
    /// [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b, g) = ([[2.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [1.0]);
    /// let [mut grad_a, mut grad_b] = [[[0.0; 3]]; 2];
    /// crosslane::Engine::new().angle_vjp(&a, &b, &g, &mut grad_a, &mut grad_b)?;
    /// assert_eq!((grad_a, grad_b), ([[0.0, -0.5, 0.0]], [[-1.0, 0.0, 0.0]]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn angle_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Scalars<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let g = g.into();
        let inputs = [&a.into(), &b.into(), g.as_vectors()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into()];
        self.evaluate::<formula::AngleVjp, _, _, _>(Operation::AngleVjp, inputs, outputs)
    }

    /// The gradients of [`Engine::scalar_triple`].
    ///
    /// With g the gradient of a·(b × c): ∂a = g (b × c), ∂b = g (c × a), ∂c = g (a × b).
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`].
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) the cross products are rounded, and again after g: the error of
    /// each component is below 2.1 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`), and what is not finite gives NaN, the canonical one. Range is
    /// as in [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let (a, b, c) = ([[1.0, 0.0, 0.0]], [[0.0, 2.0, 0.0]], [[0.0, 0.0, 3.0]]);
    /// let [mut grad_a, mut grad_b, mut grad_c] = [[[0.0; 3]]; 3];
    /// let engine = crosslane::Engine::new();
    /// engine.scalar_triple_vjp(&a, &b, &c, &[1.0], &mut grad_a, &mut grad_b, &mut grad_c)?;
    /// assert_eq!((grad_a, grad_b), ([[6.0, 0.0, 0.0]], [[0.0, 3.0, 0.0]]));
    /// assert_eq!(grad_c, [[0.0, 0.0, 2.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    #[expect(
        clippy::too_many_arguments,
        reason = "four operands and their gradients"
    )]
    pub fn scalar_triple_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        c: impl Into<Vectors<'a, T>>,
        g: impl Into<Scalars<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
        grad_c: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let g = g.into();
        let inputs = [&a.into(), &b.into(), &c.into(), g.as_vectors()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into(), &mut grad_c.into()];
        self.evaluate::<formula::ScalarTripleVjp, _, _, _>(
            Operation::ScalarTripleVjp,
            inputs,
            outputs,
        )
    }

    /// The gradients of [`Engine::vector_triple`].
    ///
    /// With g the gradient of a × (b × c): ∂a = (b × c) × g, ∂b = c × (g × a), ∂c = (g × a) × b.
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`].
    ///
    /// Rounding and range are those of [`Engine::vector_triple`], for either accuracy.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// // The centripetal acceleration ω × (ω × r), of which only the first ω changes.
    /// let (w, r, g) = ([[0.0, 0.0, 2.0]], [[3.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]]);
    /// let [mut grad_a, mut grad_b, mut grad_c] = [[[0.0; 3]]; 3];
    /// let engine = crosslane::Engine::new();
    /// engine.vector_triple_vjp(&w, &w, &r, &g, &mut grad_a, &mut grad_b, &mut grad_c)?;
    /// assert_eq!(grad_a, [[0.0, 0.0, -6.0]]);
    /// assert_eq!((grad_b, grad_c), ([[2.0, 0.0, -6.0]], [[-4.0, 0.0, 0.0]]));
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    #[expect(
        clippy::too_many_arguments,
        reason = "four operands and their gradients"
    )]
    pub fn vector_triple_vjp<'a, T: Real>(
        &self,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        c: impl Into<Vectors<'a, T>>,
        g: impl Into<Vectors<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
        grad_c: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let inputs = [&a.into(), &b.into(), &c.into(), &g.into()];
        let outputs = [&mut grad_a.into(), &mut grad_b.into(), &mut grad_c.into()];
        self.evaluate::<formula::VectorTripleVjp, _, _, _>(
            Operation::VectorTripleVjp,
            inputs,
            outputs,
        )
    }
}
