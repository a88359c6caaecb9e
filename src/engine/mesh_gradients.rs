//! Gradients of the normals and areas of meshes, by name.

use super::Engine;
use super::face_gradients::Gradients;
use crate::view::check_len;
use crate::{Error, Real, Scalars, Vectors, VectorsMut};

impl Engine {
    /// The gradients of [`Engine::triangle_normals`]: its vector-Jacobian product.
    ///
    /// With S = (q − p) × (r − p) and n = S / |S| for the corners p, q, r, and g the gradient of n: ∂S = ((n × g) × n) / |S|, zero where S is zero.
    /// The face gives (q − r) × ∂S to p, (r − p) × ∂S to q, (p − q) × ∂S to r, and the gradient of a vertex is the sum of what it is given.
    ///
    /// `faces[i]` has the indices of three `vertices`. `g` is as long as `faces`; `grad`, which is overwritten, is as long as `vertices`. All are in any
    /// layout. A vertex of no face has the gradient zero, whatever its coordinates are. The unit of `grad` is that of `g` divided by that of the vertices.
    ///
    /// Sums are in the order of the faces and of their corners, on the caller's thread, each addition rounded: the bits of a result do not depend
    /// on level, layout or threads. With [`Accuracy::Plain`](crate::Accuracy::Plain) all operations are rounded; of thin triangles, and of small
    /// ones far from the origin, all digits can be wrong. With [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) S is computed from
    /// exact edges with twice the precision and rounded once, so that thin triangles have gradients as good as others, whatever the caller's
    /// floating-point environment is. Edges, their products with ∂S and sums are rounded at every operation, with either accuracy. What is not
    /// finite gives NaN, the canonical one, with [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded); with
    /// [`Accuracy::Plain`](crate::Accuracy::Plain) it can be infinite.
    ///
    /// Neither large nor small coordinates leave the range: the mesh is first multiplied by a power of two, as in [`Engine::vertex_normals`], and the
    /// gradients by the same in the end. With r for the length of an edge divided by the greatest coordinate, what is lost are triangles with r
    /// below 10⁻²⁷ (`f32`) or 10⁻²²⁰ (`f64`), |g| above 10³⁰ (`f32`) or 10¹⁶⁰ (`f64`), and |g| / r² outside of 10⁻¹⁹ to 10⁵⁴ (`f32`) or of
    /// 10⁻¹⁶⁰ to 10⁴⁵⁰ (`f64`): there, what a triangle gives has lost digits, or can be infinite or NaN.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `g` is not as long as `faces` or `grad` not as long as `vertices`, [`Error::IndexOutOfRange`] if a corner is no
    /// vertex; nothing was written.
    ///
    /// # Examples
    /// ```
    /// // To raise the corner (2, 0, 0) by z turns the normal towards −x by z / 2.
    /// let vertices = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    /// let mut grad = [[7.0; 3]; 3];
    /// let engine = crosslane::Engine::new();
    /// engine.triangle_normals_vjp(&vertices, &[[0, 1, 2]], &[[1.0, 0.0, 5.0]], &mut grad)?;
    /// assert_eq!(grad, [[0.0, 0.0, 0.5], [0.0, 0.0, -0.5], [0.0, 0.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn triangle_normals_vjp<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        faces: &'a [[u32; 3]],
        g: impl Into<Vectors<'a, T>>,
        grad: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, grad) = (vertices.into(), grad.into());
        let g = g.into().flattened("g")?;
        check_len("g", faces.len(), g.len())?;
        Gradients::of_triangles(self, vertices, faces, grad)?.of_normals(g);
        Ok(())
    }

    /// The gradients of [`Engine::triangle_areas`]: its vector-Jacobian product.
    ///
    /// With n the normal of the face and g the gradient of its area: ∂S = g n / 2, and what the face gives to its corners is as in
    /// [`Engine::triangle_normals_vjp`]. A triangle without area gives nothing.
    ///
    /// Shapes, sums and the order of operations are as in [`Engine::triangle_normals_vjp`]; `g` has a number for each face. The unit of `grad` is
    /// that of `g` times that of the vertices.
    ///
    /// n is that of [`Engine::triangle_normals`], with its rounding and range. Everything after it is rounded at every operation, with either accuracy, and
    /// the mesh is taken as it is: an edge, or its product with ∂S, that is no number of the type is infinite or rounded to a subnormal number. NaN is
    /// the canonical one.
    ///
    /// # Errors
    /// As [`Engine::triangle_normals_vjp`]; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let vertices = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    /// let mut grad = [[7.0; 3]; 3];
    /// crosslane::Engine::new().triangle_areas_vjp(&vertices, &[[0, 1, 2]], &[1.0], &mut grad)?;
    /// assert_eq!(grad, [[-0.5, -1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn triangle_areas_vjp<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        faces: &'a [[u32; 3]],
        g: impl Into<Scalars<'a, T>>,
        grad: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, grad) = (vertices.into(), grad.into());
        let g = g.into().as_vectors().flattened("g")?;
        check_len("g", faces.len(), g.len())?;
        Gradients::of_triangles(self, vertices, faces, grad)?.of_areas(g);
        Ok(())
    }

    /// The gradients of [`Engine::vertex_normals`]: its vector-Jacobian product.
    ///
    /// With m the sum of S over the triangles of a vertex, n = m / |m|, and g the gradient of n: ∂m = ((n × g) × n) / |m|, zero where m is zero. The ∂S of a
    /// triangle is the sum of ∂m over its corners, and what it gives to them is as in [`Engine::triangle_normals_vjp`].
    ///
    /// Shapes are as there, but `g` is as long as `vertices`. The `g` of a vertex of no triangle makes no difference, and its gradient is zero. The unit
    /// of `grad` is that of `g` divided by that of the vertices.
    ///
    /// Rounding and range are as in [`Engine::triangle_normals_vjp`], and m is as in [`Engine::vertex_normals`]. The sums are made on the caller's thread.
    /// Memory for one vector for each vertex is allocated, and freed in the end.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `g` or `grad` is not as long as `vertices`, [`Error::IndexOutOfRange`] if a corner is no vertex; nothing was written.
    ///
    /// # Panics
    /// As `Vec` does, which panics or aborts, where there is no memory left.
    ///
    /// # Examples
    /// ```
    /// let vertices = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    /// let (g, mut grad) = ([[0.0; 3], [1.0, 0.0, 5.0], [0.0; 3]], [[7.0; 3]; 3]);
    /// crosslane::Engine::new().vertex_normals_vjp(&vertices, &[[0, 1, 2]], &g, &mut grad)?;
    /// assert_eq!(grad, [[0.0, 0.0, 0.5], [0.0, 0.0, -0.5], [0.0, 0.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn vertex_normals_vjp<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        faces: &'a [[u32; 3]],
        g: impl Into<Vectors<'a, T>>,
        grad: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, grad) = (vertices.into(), grad.into());
        let g = g.into().flattened("g")?;
        check_len("g", vertices.len(), g.len())?;
        Gradients::of_triangles(self, vertices, faces, grad)?.of_vertex_normals(g);
        Ok(())
    }

    /// The gradients of [`Engine::face_normals`], of a mesh of polygons: its vector-Jacobian product.
    ///
    /// With S = Σ vᵢ × vᵢ₊₁ over the corners v₀ ... vₖ₋₁ of a face in turn (vₖ is v₀), n = S / |S|, and g the gradient of n: ∂S = ((n × g) × n) /
    /// |S|, zero where S is zero. The face gives (vᵢ₊₁ − vᵢ₋₁) × ∂S to each vᵢ, and the gradient of a vertex is the sum of what it is given. A face
    /// of fewer than three corners gives nothing.
    ///
    /// `vertices`, `corners` and `starts` are as in [`Engine::face_normals`]. `g` is as long as `starts`; `grad`, which is overwritten, is as long as
    /// `vertices`. A vertex of no face has the gradient zero, whatever its coordinates are. The unit of `grad` is that of `g` divided by that of the vertices.
    ///
    /// Of triangles the result is that of [`Engine::triangle_normals_vjp`], to the bit, and rounding and range are as there.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `g` is not as long as `starts` or `grad` not as long as `vertices`, otherwise as [`Engine::face_normals`]; nothing
    /// was written.
    ///
    /// # Examples
    /// ```
    /// // To raise one corner of a unit square turns its normal away from that corner.
    /// let square = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    /// let mut grad = [[7.0; 3]; 4];
    /// let engine = crosslane::Engine::new();
    /// engine.face_normals_vjp(&square, &[0, 1, 2, 3], &[0], &[[1.0, 0.0, 0.0]], &mut grad)?;
    /// assert_eq!(grad.map(|[_, _, z]| z), [0.5, -0.5, -0.5, 0.5]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn face_normals_vjp<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        corners: &'a [u32],
        starts: &'a [usize],
        g: impl Into<Vectors<'a, T>>,
        grad: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, grad) = (vertices.into(), grad.into());
        let g = g.into().flattened("g")?;
        check_len("g", starts.len(), g.len())?;
        Gradients::of_polygons(self, vertices, corners, starts, grad)?.of_normals(g);
        Ok(())
    }

    /// The gradients of [`Engine::face_areas`], of a mesh of polygons: its vector-Jacobian product.
    ///
    /// With n the normal of the face and g the gradient of its area: ∂S = g n / 2, and what the face gives to its corners is as in
    /// [`Engine::face_normals_vjp`]. A face without area gives nothing.
    ///
    /// Shapes are as in [`Engine::face_normals_vjp`]; `g` has a number for each face. The unit of `grad` is that of `g` times that of the vertices.
    ///
    /// Of triangles the result is that of [`Engine::triangle_areas_vjp`], to the bit, and rounding and range are as there, with the n of
    /// [`Engine::face_normals`].
    ///
    /// # Errors
    /// As [`Engine::face_normals_vjp`]; nothing was written.
    ///
    /// # Examples
    /// ```
    /// let square = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    /// let mut grad = [[7.0; 3]; 4];
    /// let engine = crosslane::Engine::new();
    /// engine.face_areas_vjp(&square, &[0, 1, 2, 3], &[0], &[2.0], &mut grad)?;
    /// assert_eq!(grad, [[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn face_areas_vjp<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        corners: &'a [u32],
        starts: &'a [usize],
        g: impl Into<Scalars<'a, T>>,
        grad: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, grad) = (vertices.into(), grad.into());
        let g = g.into().as_vectors().flattened("g")?;
        check_len("g", starts.len(), g.len())?;
        Gradients::of_polygons(self, vertices, corners, starts, grad)?.of_areas(g);
        Ok(())
    }

    /// The gradients of [`Engine::polygon_vertex_normals`]: its vector-Jacobian product.
    ///
    /// With m the sum of S over the corners that are the vertex, n = m / |m|, and g the gradient of n: ∂m = ((n × g) × n) / |m|, zero where m is
    /// zero. The ∂S of a face is the sum of ∂m over its corners, and what it gives to them is as in [`Engine::face_normals_vjp`].
    ///
    /// Shapes are as there, but `g` is as long as `vertices`. Of triangles the result is that of [`Engine::vertex_normals_vjp`], to the bit; rounding, range
    /// and memory are as there.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `g` or `grad` is not as long as `vertices`, otherwise as [`Engine::face_normals`]; nothing was written.
    ///
    /// # Panics
    /// As `Vec` does, which panics or aborts, where there is no memory left.
    ///
    /// # Examples
    /// ```
    /// let square = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    /// let (g, mut grad) = ([[0.25, 0.0, 0.0]; 4], [[7.0; 3]; 4]);
    /// let engine = crosslane::Engine::new();
    /// engine.polygon_vertex_normals_vjp(&square, &[0, 1, 2, 3], &[0], &g, &mut grad)?;
    /// assert_eq!(grad.map(|[_, _, z]| z), [0.5, -0.5, -0.5, 0.5]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn polygon_vertex_normals_vjp<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        corners: &'a [u32],
        starts: &'a [usize],
        g: impl Into<Vectors<'a, T>>,
        grad: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, grad) = (vertices.into(), grad.into());
        let g = g.into().flattened("g")?;
        check_len("g", vertices.len(), g.len())?;
        Gradients::of_polygons(self, vertices, corners, starts, grad)?.of_vertex_normals(g);
        Ok(())
    }
}
