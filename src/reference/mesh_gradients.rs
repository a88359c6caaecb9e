//! The gradients of vertices, of whole meshes. Separate because of its length.

use super::{
    Accuracy, add, corners_of, evaluate, evaluate_face, exponent_of_mesh, polygons, sums_of_areas,
};
use crate::formula::{WeightedNormal, powers_of_two, times_powers};
use crate::{Real, exact, formula};

/// The gradients of normals of triangles: see [`Engine::triangle_normals_vjp`](crate::Engine::triangle_normals_vjp).
///
/// # Panics
/// If a corner of a face is no vertex, or `g` is not as long as `faces`.
pub fn triangle_normals_vjp<T: Real>(
    vertices: &[[T; 3]],
    faces: &[[u32; 3]],
    g: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    of_normals(vertices, triangles(faces), g, accuracy)
}

/// The gradients of areas of triangles: see [`Engine::triangle_areas_vjp`](crate::Engine::triangle_areas_vjp).
///
/// # Panics
/// If a corner of a face is no vertex, or `g` is not as long as `faces`.
pub fn triangle_areas_vjp<T: Real>(
    vertices: &[[T; 3]],
    faces: &[[u32; 3]],
    g: &[T],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    of_areas(vertices, triangles(faces), g, accuracy)
}

/// The gradients of normals of vertices: see [`Engine::vertex_normals_vjp`](crate::Engine::vertex_normals_vjp).
///
/// # Panics
/// If a corner of a face is no vertex, or `g` is not as long as `vertices`.
pub fn vertex_normals_vjp<T: Real>(
    vertices: &[[T; 3]],
    faces: &[[u32; 3]],
    g: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    of_vertex_normals(vertices, triangles(faces), g, accuracy)
}

/// The gradients of normals of polygons: see [`Engine::face_normals_vjp`](crate::Engine::face_normals_vjp).
///
/// # Panics
/// If a corner of a face is no vertex, a face begins where it cannot, or `g` is not as long as `starts`.
pub fn face_normals_vjp<T: Real>(
    vertices: &[[T; 3]],
    corners: &[u32],
    starts: &[usize],
    g: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    of_normals(vertices, polygons(corners, starts), g, accuracy)
}

/// The gradients of areas of polygons: see [`Engine::face_areas_vjp`](crate::Engine::face_areas_vjp).
///
/// # Panics
/// If a corner of a face is no vertex, a face begins where it cannot, or `g` is not as long as `starts`.
pub fn face_areas_vjp<T: Real>(
    vertices: &[[T; 3]],
    corners: &[u32],
    starts: &[usize],
    g: &[T],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    of_areas(vertices, polygons(corners, starts), g, accuracy)
}

/// The gradients of normals of vertices of polygons: see
/// [`Engine::polygon_vertex_normals_vjp`](crate::Engine::polygon_vertex_normals_vjp).
///
/// # Panics
/// If a corner of a face is no vertex, a face begins where it cannot, or `g` is not as long as `vertices`.
pub fn polygon_vertex_normals_vjp<T: Real>(
    vertices: &[[T; 3]],
    corners: &[u32],
    starts: &[usize],
    g: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    of_vertex_normals(vertices, polygons(corners, starts), g, accuracy)
}

fn triangles(faces: &[[u32; 3]]) -> impl Iterator<Item = &[u32]> + Clone {
    faces.iter().map(|face| &face[..])
}

fn of_normals<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]> + Clone,
    g: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    let e = exponent_of_mesh(vertices, faces.clone());
    let area = WeightedNormal::of_exponent(e);
    let mut of_areas = Vec::new();
    for (i, face) in faces.clone().enumerate() {
        let corners: Vec<_> = corners_of(vertices, face).collect();
        let area = evaluate_face(area, &corners, accuracy);
        of_areas.push(direction_vjp(area, g[i], accuracy));
    }
    assert_eq!(of_areas.len(), g.len(), "one gradient for each face");
    let gradients = of_vertices(vertices, faces, e, |i, _| of_areas[i]);
    scaled(gradients, e - T::EXPONENT_OF_GRADIENTS)
}

fn of_areas<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]> + Clone,
    g: &[T],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    assert_eq!(faces.clone().count(), g.len(), "one gradient for each face");
    let gradients = of_vertices(vertices, faces, 0, |i, face| {
        let corners: Vec<_> = corners_of(vertices, face).collect();
        let n = evaluate_face(formula::FaceNormal, &corners, accuracy);
        formula::area_vjp(n, g[i])
    });
    scaled(gradients, 0)
}

fn of_vertex_normals<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]> + Clone,
    g: &[[T; 3]],
    accuracy: Accuracy,
) -> Vec<[T; 3]> {
    assert_eq!(vertices.len(), g.len(), "one gradient for each vertex");
    let (sums, e) = sums_of_areas(vertices, faces.clone(), accuracy);
    let of_sums = sums.iter().zip(g);
    let of_sums: Vec<_> = of_sums
        .map(|(sum, g)| direction_vjp(*sum, *g, accuracy))
        .collect();
    let gradients = of_vertices(vertices, faces, e, |_, face| {
        let mut area = [[T::default(); 3]];
        for v in corners_of(&of_sums, face) {
            add(&mut area, 0, v);
        }
        area[0]
    });
    scaled(gradients, e - T::EXPONENT_OF_GRADIENTS)
}

/// The gradient of v / |v|, larger by the power of two of gradients.
fn direction_vjp<T: Real>(v: [T; 3], g: [T; 3], accuracy: Accuracy) -> [T; 3] {
    let g = times_powers(g, powers_of_two(T::EXPONENT_OF_GRADIENTS));
    let [gradient] = evaluate(formula::DirectionVjp, [g, v], accuracy);
    gradient
}

/// What every face gives to its corners, added up, in the mesh multiplied by a power of two. `area` has the gradient of twice the vector area of
/// face i, which has these corners.
fn of_vertices<'a, T: Real>(
    vertices: &[[T; 3]],
    faces: impl Iterator<Item = &'a [u32]>,
    exponent: i32,
    area: impl Fn(usize, &[u32]) -> [T; 3],
) -> Vec<[T; 3]> {
    let mut gradients = vec![[T::default(); 3]; vertices.len()];
    for (i, face) in faces.enumerate() {
        let n = face.len();
        if n < 3 {
            continue;
        }
        let area = area(i, face);
        for (k, &corner) in face.iter().enumerate() {
            let neighbours = [(k + n - 1) % n, (k + 1) % n];
            let [before, after] = neighbours.map(|k| {
                let v = vertices[face[k] as usize];
                times_powers(v, powers_of_two(exponent))
            });
            add(
                &mut gradients,
                corner,
                formula::corner_vjp(before, after, area),
            );
        }
    }
    gradients
}

/// Multiplied by a power of two; NaN is the canonical one.
fn scaled<T: Real>(gradients: Vec<[T; 3]>, exponent: i32) -> Vec<[T; 3]> {
    let powers = powers_of_two(exponent);
    let scaled = |v| times_powers(v, powers).map(exact::canonical);
    gradients.into_iter().map(scaled).collect()
}
