//! Meshes of triangles and of polygons, by name.

use super::call::Call;
use super::{Engine, Evaluate, faces};
use crate::formula;
use crate::kernel::{Batch, Faces};
use crate::view::{Flat, FlatMut, check_len};
use crate::{Error, Real, ScalarsMut, Vectors, VectorsMut};

impl Engine {
    /// The unit normal of every triangle.
    ///
    /// n = (q − p) × (r − p) / |(q − p) × (r − p)| for the corners p, q, r: out of the side from which they go counterclockwise.
    ///
    /// `faces[i]` has the indices of three `vertices`, in any layout; `out` is as long as `faces`, in any layout. A triangle
    /// without area has the zero vector; corners in one line whose distances are no numbers of the type may have any direction.
    ///
    /// With [`Accuracy::Plain`](crate::Accuracy::Plain) this is the formula, each operation rounded; of thin triangles, and of small ones far from
    /// the origin, the direction can be any, as where products of edges are subnormal. Where all of them are zero the normal is zero, and NaN
    /// where one overflows; any other has the length 1 to 4 u. With [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) edges are exact and products and
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
        let vertices = vertices.into().flattened("vertices")?;
        let out = out.into().into_flattened("out")?;
        check_len("out", faces.len(), out.len())?;
        let faces = faces::triangles(faces, vertices.len())?;
        self.face(formula::FaceNormal, vertices, faces, out);
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
    /// the origin, all digits can be wrong, and squares of areas overflow and underflow (`f32`: edges of 10⁹, and of 10⁻⁹). With
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) edges are exact and products and
    /// their sums have twice the precision: the error is below 2.03 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) for triangles with angles of
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
        out: impl Into<ScalarsMut<'a, T>>,
    ) -> Result<(), Error> {
        let vertices = vertices.into().flattened("vertices")?;
        let out = out.into().into_vectors().into_flattened("out")?;
        check_len("out", faces.len(), out.len())?;
        let faces = faces::triangles(faces, vertices.len())?;
        self.face(formula::FaceArea, vertices, faces, out);
        Ok(())
    }

    /// The unit normal of every vertex: the mean of those of its triangles, weighted with their areas.
    ///
    /// n = m / |m|, where m is the sum of (q − p) × (r − p) over the triangles p, q, r that have the vertex as a corner.
    ///
    /// `faces[i]` has the indices of three `vertices`, in any layout; `out` is as long as `vertices`, in any layout. A vertex
    /// of no triangle has the zero vector, whatever its coordinates are.
    ///
    /// Sums are in the order of the faces, whatever the number of threads, each addition rounded; the error of m is below u (u = 2⁻²⁴
    /// for `f32`, 2⁻⁵³ for `f64`) times twice the number of its triangles times the sum of their areas, beside what
    /// [`Engine::triangle_normals`] says of a triangle. Neither large nor small coordinates leave the range: the mesh is first
    /// multiplied by the power of two that makes its greatest coordinate (of vertices that faces have) 2⁴⁰ for `f32`, 2⁴⁸⁰ for
    /// `f64`. What is lost are triangles whose edges are shorter than 10⁻²⁸ (`f32`) or 10⁻²⁹⁰ (`f64`) of that coordinate: a vertex
    /// that has no others can have any direction, or zero. The sums are made on the caller's thread.
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
        let vertices = vertices.into().flattened("vertices")?;
        let out = out.into().into_flattened("out")?;
        check_len("out", vertices.len(), out.len())?;
        let faces = faces::triangles(faces, vertices.len())?;
        self.vertex(vertices, faces, out);
        Ok(())
    }

    /// The unit normal of every face of a mesh of polygons.
    ///
    /// n = A / |A|, where A = ½ Σ vᵢ × vᵢ₊₁ over the corners v₀ ... vₖ₋₁ of the face in turn (vₖ is v₀) is its vector area. It is computed from
    /// edges, as ½ Σ (vᵢ − v₀) × (vᵢ₊₁ − v₀) for i from 1 to k − 2, which is the same.
    ///
    /// Face i has the vertices `corners[starts[i]]` up to before `corners[starts[i + 1]]`, the last face up to the end of `corners`.
    /// `vertices` are in any layout; `out` is as long as `starts`, in any layout. A face may be concave, may have corners in line, and
    /// corners that are the same vertex; the normal is out of the side from which the corners go counterclockwise. Of a face that is
    /// not plane it is that of the plane on which the face's shadow is largest. A face without area, and one of fewer than three corners,
    /// has the zero vector.
    ///
    /// Of a triangle the result is that of [`Engine::triangle_normals`], to the bit. Which corner is the first changes
    /// the result by its rounding only. With [`Accuracy::Plain`](crate::Accuracy::Plain) each operation is rounded, and sums are in the order of the
    /// corners. With [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) edges are exact, products and sums have twice the precision:
    /// the error of each component is below 2.6 u (u = 2⁻²⁴ for `f32`, 2⁻⁵³ for `f64`) where the vector area is at least k·2⁻⁵⁰ of
    /// Σ |vᵢ − v₀||vᵢ₊₁ − v₀| / 2, and what is not finite gives NaN, the canonical one. Range is as in [`Engine::triangle_normals`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `out` is not as long as `starts`, [`Error::FaceStart`] if `starts` does not begin with 0, decreases,
    /// or goes beyond `corners`, [`Error::LengthMismatch`] if there are corners and no faces, [`Error::IndexOutOfRange`] if a corner is no vertex; nothing was written.
    ///
    /// # Source
    /// The vector area of a polygon is Newell's sum (I. E. Sutherland, R. F. Sproull, R. A. Schumacker, "A Characterization of Ten
    /// Hidden-Surface Algorithms", ACM Computing Surveys 6, 1974), here without the loss of digits far from the origin.
    ///
    /// # Examples
    /// ```
    /// // An L, which no fan of triangles around its first corner covers, and a triangle.
    /// let vertices = [[0.0, 0.0], [0.0, 3.0], [1.0, 3.0], [1.0, 1.0], [3.0, 1.0], [3.0, 0.0]].map(|[x, y]| [x, y, 7.0]);
    /// let (corners, starts) = ([1, 0, 5, 4, 3, 2, 0, 1, 2], [0, 6]);
    /// let engine = crosslane::Engine::new();
    /// let (mut n, mut areas) = ([[0.0; 3]; 2], [0.0; 2]);
    /// engine.face_normals(&vertices, &corners, &starts, &mut n)?;
    /// engine.face_areas(&vertices, &corners, &starts, &mut areas)?;
    /// assert_eq!(n, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]);
    /// assert_eq!(areas, [5.0, 1.5]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn face_normals<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        corners: &'a [u32],
        starts: &'a [usize],
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let vertices = vertices.into().flattened("vertices")?;
        let out = out.into().into_flattened("out")?;
        check_len("out", starts.len(), out.len())?;
        let faces = faces::polygons(corners, starts, vertices.len())?;
        self.face(formula::FaceNormal, vertices, faces, out);
        Ok(())
    }

    /// The area of every face of a mesh of polygons: the length of its vector area.
    ///
    /// |½ Σ vᵢ × vᵢ₊₁| over the corners of the face in turn, as in [`Engine::face_normals`].
    ///
    /// The arguments are those of [`Engine::face_normals`]; `out` is as long as `starts`. The unit is the square of that of the vertices.
    /// Of a plane face this is its area, however concave it is; of one that is not plane it is the area of its largest shadow on a plane.
    /// Parts that a face surrounds in the other direction (the holes of a face that goes around them) count as negative.
    ///
    /// Of a triangle the result is that of [`Engine::triangle_areas`], to the bit. Rounding is as in [`Engine::face_normals`]; with
    /// [`Accuracy::CorrectlyRounded`](crate::Accuracy::CorrectlyRounded) the error is below 2.03 u there.
    ///
    /// # Errors
    /// As [`Engine::face_normals`]; nothing was written.
    ///
    /// # Examples
    /// ```
    /// // A square with sides of 2, far from the origin.
    /// let vertices = [[1e8, 0.0, 0.0], [1e8 + 2.0, 0.0, 0.0], [1e8 + 2.0, 2.0, 0.0], [1e8, 2.0, 0.0]];
    /// let mut areas = [0.0];
    /// crosslane::Engine::new().face_areas(&vertices, &[0, 1, 2, 3], &[0], &mut areas)?;
    /// assert_eq!(areas, [4.0]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn face_areas<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        corners: &'a [u32],
        starts: &'a [usize],
        out: impl Into<ScalarsMut<'a, T>>,
    ) -> Result<(), Error> {
        let vertices = vertices.into().flattened("vertices")?;
        let out = out.into().into_vectors().into_flattened("out")?;
        check_len("out", starts.len(), out.len())?;
        let faces = faces::polygons(corners, starts, vertices.len())?;
        self.face(formula::FaceArea, vertices, faces, out);
        Ok(())
    }

    /// The unit normal of every vertex of a mesh of polygons: the direction of the sum of the vector areas of its faces.
    ///
    /// n = m / |m|, where m is the sum, over the corners that are this vertex, of the vector areas of their faces, as in
    /// [`Engine::face_normals`]. (A face that has the vertex twice counts twice.)
    ///
    /// The arguments are those of [`Engine::face_normals`]; `out` is as long as `vertices`. Of triangles the result is that of
    /// [`Engine::vertex_normals`], to the bit, and rounding and range are as there.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `out` is not as long as `vertices`, otherwise as [`Engine::face_normals`]; nothing was written.
    ///
    /// # Examples
    /// ```
    /// // A square, of which one more corner lies within an edge.
    /// let vertices = [[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [10.0, 0.0, 0.0], [10.0, 10.0, 0.0], [0.0, 10.0, 0.0]];
    /// let mut n = [[0.0; 3]; 5];
    /// crosslane::Engine::new().polygon_vertex_normals(&vertices, &[0, 1, 2, 3, 4], &[0], &mut n)?;
    /// assert_eq!(n, [[0.0, 0.0, 1.0]; 5]);
    /// # Ok::<(), crosslane::Error>(())
    /// ```
    pub fn polygon_vertex_normals<'a, T: Real>(
        &self,
        vertices: impl Into<Vectors<'a, T>>,
        corners: &'a [u32],
        starts: &'a [usize],
        out: impl Into<VectorsMut<'a, T>>,
    ) -> Result<(), Error> {
        let vertices = vertices.into().flattened("vertices")?;
        let out = out.into().into_flattened("out")?;
        check_len("out", vertices.len(), out.len())?;
        let faces = faces::polygons(corners, starts, vertices.len())?;
        self.vertex(vertices, faces, out);
        Ok(())
    }

    /// The sums of vector areas, and their directions.
    fn vertex<'a, T: Real>(
        &'a self,
        vertices: Flat<'a, T>,
        faces: Faces<'a>,
        mut out: FlatMut<'a, T>,
    ) {
        let e = faces::exponent(vertices, faces);
        faces::add_areas(self, e, vertices, faces, &mut out);
        formula::Direction::evaluate(self, Call::Batch(&mut Batch::over(out, &[])));
    }
}
