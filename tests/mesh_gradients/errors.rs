//! Errors are found before anything is written.

use crosslane::{Accuracy, Engine, Error, Real};

use crate::support::mesh_gradients::{MeshGradient, mesh_gradients};
use crate::support::meshes::OwnedFaces;
use crate::support::{Float, Layout, Operand, Random};
use crate::vertices;

/// This error, and nothing is written, where the upstream gradient and the gradient have these lengths.
#[track_caller]
fn assert_refused<T: Float + Real>(
    gradient: &MeshGradient<T>,
    vertices: &Operand<T>,
    faces: &OwnedFaces,
    [g, grad]: [usize; 2],
    error: Error,
) {
    let mut random = Random(8);
    let g = gradient.upstream(g, Layout::Soa, &mut random);
    let mut grad = Operand::new(Layout::Padded, grad, 3, &mut random);
    let before = grad.clone();
    let result = gradient.run(Engine::new(), vertices, faces, &g, &mut grad);
    assert_eq!(result, Err(error), "{}", gradient.name);
    grad.assert_same(&before, Accuracy::CorrectlyRounded, &gradient.name);
}

#[test]
fn a_wrong_length_is_an_error_and_nothing_is_written() {
    let mut random = Random(1);
    for gradient in mesh_gradients::<f64>() {
        for ([vertex_count, face_count], got) in [([5, 7], 6), ([5, 7], 0), ([9, 0], 1)] {
            let vertices = vertices::<f64>(vertex_count, Layout::Aos, &mut random);
            let faces = OwnedFaces::random(face_count, vertex_count, &mut random);
            let expected = gradient.len(vertex_count, &faces);
            for (what, lens, expected) in [
                ("g", [got, vertex_count], expected),
                ("grad", [expected, got], vertex_count),
            ] {
                let error = Error::LengthMismatch {
                    what,
                    expected,
                    got,
                };
                assert_refused(&gradient, &vertices, &faces, lens, error);
            }
        }
    }
}

#[test]
fn a_corner_that_is_no_vertex_is_named_and_nothing_is_written() {
    let mut random = Random(2);
    let vertices = vertices::<f32>(40, Layout::Soa, &mut random);
    for gradient in mesh_gradients::<f32>() {
        for index in [40, u32::MAX] {
            let mut triangles = vec![[0, 1, 2]; 300];
            triangles[299][1] = index;
            let faces = OwnedFaces::of_triangles(triangles);
            let error = Error::IndexOutOfRange {
                face: 299,
                corner: 1,
                index: index as usize,
                len: 40,
            };
            let lens = [gradient.len(40, &faces), 40];
            assert_refused(&gradient, &vertices, &faces, lens, error);
        }
    }
}

#[test]
fn a_face_that_begins_where_it_cannot_is_named_and_nothing_is_written() {
    let mut random = Random(3);
    let vertices = vertices::<f64>(5, Layout::Aos, &mut random);
    for (starts, face, got, least, most) in [
        (&[1][..], 0, 1, 0, 0),
        (&[0, 4, 3], 2, 3, 4, 9),
        (&[0, 4, 10], 2, 10, 4, 9),
    ] {
        let faces = OwnedFaces {
            triangles: Vec::new(),
            corners: vec![0, 1, 2, 3, 4, 3, 2, 1, 0],
            starts: starts.to_vec(),
        };
        for gradient in mesh_gradients().iter().filter(|gradient| gradient.polygons) {
            let error = Error::FaceStart {
                face,
                got,
                least,
                most,
            };
            let lens = [gradient.len(5, &faces), 5];
            assert_refused(gradient, &vertices, &faces, lens, error);
        }
    }
}
