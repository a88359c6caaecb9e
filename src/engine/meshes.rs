//! Meshes of triangles, by name.

use super::{Engine, Evaluate};
use crate::kernel::{Batch, plus};
use crate::simd::Environment;
use crate::view::check_len;
use crate::{Accuracy, Error, Real, Threads, Vectors, VectorsMut, formula};

/// So many faces are worked on before they are added to their vertices: enough for the kernel, little enough for the stack.
const BLOCK: usize = 256;

impl Engine {
    /// The unit normal of every triangle.
    ///
    /// n = (q − p) × (r − p) / |(q − p) × (r − p)| for the corners p, q, r: out of the side from which they go counterclockwise.
    ///
    /// `faces[i]` has the indices of three `vertices`, in any layout; `out` is as long as `faces`, in any layout. A triangle
    /// without area has the zero vector; corners in one line whose distances are no numbers of the type may have any direction.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; of thin triangles, and of small ones far from
    /// the origin, the direction can be any. With [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) edges are exact and products and
    /// their sums have twice the precision: the error of each component is below 2.6 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) for
    /// triangles with angles of 10⁻¹⁵ or more, and what is not finite gives NaN, the canonical one. Range is as in
    /// [`Engine::cross_norm`], where the corners are one vector of nine components.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `out` is not as long as `faces`, [`Error::IndexOutOfRange`] if a corner is no vertex; nothing
    /// was written.
    ///
    /// # Examples
    /// ```
    /// let vertices = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]];
    /// let mut n = [[0.0; 3]; 2];
    /// crosslane::Engine::new().triangle_normals(&vertices, &[[0, 1, 2], [0, 2, 1]], &mut n)?;
    /// assert_eq!(n, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn triangle_normals<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        faces: &'a [[u32; 3]],
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, out) = (vertices.into(), out.into());
        check_len("out", faces.len(), out.len())?;
        check_faces(faces, vertices.len())?;
        let mut batch = Batch::corners(vertices, faces, out);
        formula::TriangleNormal::evaluate(self, &mut batch);
        Ok(())
    }

    /// The area of every triangle.
    ///
    /// |(q − p) × (r − p)| / 2 for the corners p, q, r.
    ///
    /// `faces[i]` has the indices of three `vertices`, in any layout; `out` is as long as `faces`. The unit is the square of that of the
    /// vertices.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; of thin triangles, and of small ones far from
    /// the origin, all digits can be wrong. With [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) edges are exact and products and
    /// their sums have twice the precision: the error is below 2 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) for triangles with angles of
    /// 10⁻¹⁵ or more, and what is not finite gives NaN, the canonical one. Range is as in [`Engine::triangle_normals`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `out` is not as long as `faces`, [`Error::IndexOutOfRange`] if a corner is no vertex; nothing
    /// was written.
    ///
    /// # Examples
    /// ```
    /// let vertices = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]];
    /// let mut areas = [0.0];
    /// crosslane::Engine::new().triangle_areas(&vertices, &[[0, 1, 2]], &mut areas)?;
    /// assert_eq!(areas, [3.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn triangle_areas<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        faces: &'a [[u32; 3]],
        out: &'a mut [T],
    ) -> Result<(), Error> {
        let vertices = vertices.into();
        check_len("out", faces.len(), out.len())?;
        check_faces(faces, vertices.len())?;
        let mut batch = Batch::corners(vertices, faces, VectorsMut::scalars(out));
        formula::TriangleArea::evaluate(self, &mut batch);
        Ok(())
    }

    /// The unit normal of every vertex: the mean of those of its triangles, weighted with their areas.
    ///
    /// n = m / |m|, where m is the sum of (q − p) × (r − p) over the triangles p, q, r that have the vertex as a corner.
    ///
    /// `faces[i]` has the indices of three `vertices`, in any layout; `out` is as long as `vertices`, in any layout. A vertex
    /// of no triangle has the zero vector.
    ///
    /// Sums are in the order of the faces, whatever the number of threads, each addition rounded; the error of m is below u (u = 2⁻²⁴
    /// for `f32`, 2⁻⁵³ for `f64`) times twice the number of its triangles times the sum of their areas, beside what
    /// [`Engine::triangle_normals`] says of a triangle. Areas must be numbers of the type: edges from 10⁻¹⁸ to 10¹⁸ for `f32`,
    /// from 10⁻¹⁵⁰ to 10¹⁵⁰ for `f64`. The sums are made on the caller's thread.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `out` is not as long as `vertices`, [`Error::IndexOutOfRange`] if a corner is no vertex;
    /// nothing was written.
    ///
    /// # Examples
    /// ```
    /// // Two faces of a cube's corner meet in an edge; one is twice as large.
    /// let vertices = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -2.0]];
    /// let mut n = [[0.0_f64; 3]; 4];
    /// crosslane::Engine::new().vertex_normals(&vertices, &[[0, 1, 2], [0, 3, 1]], &mut n)?;
    /// assert_eq!(n[2], [0.0, 0.0, 1.0]);
    /// assert_eq!(n[0], n[1]);
    /// assert_eq!(n[0][1] / n[0][2], -2.0);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn vertex_normals<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        faces: &'a [[u32; 3]],
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let (vertices, mut out) = (vertices.into(), out.into());
        check_len("out", vertices.len(), out.len())?;
        check_faces(faces, vertices.len())?;
        for i in 0..out.len() {
            out.set(i, [T::default(); 3]);
        }
        let serial = self.with_threads(Threads::Serial);
        let rounded = self.accuracy == Accuracy::CorrectlyRounded;
        let environment = rounded.then(Environment::default_here);
        let mut block = [[T::default(); 3]; BLOCK];
        for faces in faces.chunks(BLOCK) {
            let normals = &mut block[..faces.len()];
            let mut batch = Batch::corners(vertices, faces, VectorsMut::aos(normals));
            formula::WeightedNormal::evaluate(&serial, &mut batch);
            for (face, normal) in faces.iter().zip(&*normals) {
                for corner in face.map(|i| i as usize) {
                    let before = out.get(corner).unwrap_or_default();
                    out.set(corner, plus(before, *normal));
                }
            }
        }
        drop(environment);
        formula::Direction::evaluate(self, &mut Batch::over(out));
        Ok(())
    }
}

/// Whether every corner is one of `len` vertices.
fn check_faces(faces: &[[u32; 3]], len: usize) -> Result<(), Error> {
    let outside = |face: &[u32; 3]| face.iter().any(|&i| i as usize >= len);
    match faces.iter().position(outside) {
        None => Ok(()),
        Some(face) => Err(index_out_of_range(face, faces[face], len)),
    }
}

#[cold]
fn index_out_of_range(face: usize, corners: [u32; 3], len: usize) -> Error {
    let corner = corners.iter().position(|&i| i as usize >= len).unwrap_or(0);
    Error::IndexOutOfRange {
        face,
        corner,
        index: corners[corner] as usize,
        len,
    }
}
