//! Gated cross products, by name: the messages of equivariant networks.

use super::Engine;
use crate::{Error, Operation, Real, Scalars, ScalarsMut, Vectors, VectorsMut, formula};

impl Engine {
    /// The cross product of every vector of `a` with that of `b` at the same place, times a number.
    ///
    /// γ (a × b), where γ is `gate`
    ///
    /// Equivariant networks pass such messages: a and b turn with the coordinates, the gate comes from what does not change (EQGAT and its
    /// successors). `gate`, `a` and `b` are broadcast to the shape of `out`, and each is in any layout: one gate for each vector, for each
    /// row of a (N, F) batch, or for all. The unit is the product of the units.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded: [`Engine::cross`], and a product. With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) the cross product is rounded, and again after the gate: the error of
    /// each component is below 2.1 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`), and what is not finite gives NaN, the canonical one. Range is
    /// as in [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `out`;
    /// nothing was written.
    ///
    /// # Source
    /// T. Le, F. Noé, D.-A. Clevert, "Equivariant Graph Attention Networks for Molecular Property Prediction", 2022.
    ///
    /// # Examples
    /// ```
    /// let (gates, a, b) = ([0.5, 0.0], [[1.0, 2.0, 3.0]; 2], [[4.0, 5.0, 6.0]; 2]);
    /// let mut out = [[0.0; 3]; 2];
    /// crosslane::Engine::new().gated_cross(&gates, &a, &b, &mut out)?;
    /// assert_eq!(out, [[-1.5, 3.0, -1.5], [0.0; 3]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn gated_cross<'a, T: Real>(
        &self,
        gate: impl Into<Scalars<'a, T>>,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let gate = gate.into();
        let inputs = [gate.as_vectors(), &a.into(), &b.into()];
        let outputs = [&mut out.into()];
        self.evaluate::<formula::GatedCross, _, _, _>(Operation::GatedCross, inputs, outputs)
    }

    /// The gradients of [`Engine::gated_cross`].
    ///
    /// With g the gradient of γ (a × b): ∂γ = g·(a × b), ∂a = γ (b × g), ∂b = γ (g × a).
    ///
    /// Shapes and sums are as in [`Engine::cross_vjp`]; that of ∂γ is a sum of numbers.
    ///
    /// ∂γ is rounded as in [`Engine::scalar_triple`], ∂a and ∂b as in [`Engine::gated_cross`], for either accuracy. Range is as in
    /// [`Engine::cross_norm`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], or [`Error::ShapeMismatch`] where an operand has several axes, if one is not broadcast to the shape of `g`, or a
    /// gradient is neither that of its operand nor that of `g`; nothing was written.
    ///
    /// # Examples
    /// ```
    /// // One gate for both vectors: its gradient is a sum.
    /// let (gate, a, b) = ([0.5], [[1.0, 0.0, 0.0]; 2], [[0.0, 1.0, 0.0]; 2]);
    /// let g = [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]];
    /// let (mut grad_gate, [mut grad_a, mut grad_b]) = ([0.0], [[[0.0; 3]; 2]; 2]);
    /// let one = crosslane::Scalars::broadcast(&gate[0], 2);
    /// let engine = crosslane::Engine::new();
    /// engine.gated_cross_vjp(one, &a, &b, &g, &mut grad_gate, &mut grad_a, &mut grad_b)?;
    /// assert_eq!(grad_gate, [3.0]);
    /// assert_eq!(grad_a, [[0.5, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    /// assert_eq!(grad_b, [[0.0, 0.5, 0.0], [0.0, 1.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    #[expect(
        clippy::too_many_arguments,
        reason = "four operands and their gradients"
    )]
    pub fn gated_cross_vjp<'a, T: Real>(
        &self,
        gate: impl Into<Scalars<'a, T>>,
        a: impl Into<Vectors<'a, T>>,
        b: impl Into<Vectors<'a, T>>,
        g: impl Into<Vectors<'a, T>>,
        grad_gate: impl Into<ScalarsMut<'a, T>>,
        grad_a: impl Into<VectorsMut<'a, T>>,
        grad_b: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (gate, mut grad_gate) = (gate.into(), grad_gate.into());
        let inputs = [gate.as_vectors(), &a.into(), &b.into(), &g.into()];
        let (mut grad_a, mut grad_b) = (grad_a.into(), grad_b.into());
        let outputs = [grad_gate.as_vectors_mut(), &mut grad_a, &mut grad_b];
        self.evaluate::<formula::GatedCrossVjp, _, _, _>(Operation::GatedCrossVjp, inputs, outputs)
    }
}
