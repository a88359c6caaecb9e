//! Bits are those of the reference.

use crosslane::{Accuracy, Engine, Real, Stores, Threads};

use crate::support::mesh_gradients::mesh_gradients;
use crate::support::meshes::OwnedFaces;
use crate::support::{
    Float, INPUTS, Layout, Operand, Random, any_input, one_in, one_in_asserted, outputs,
};
use crate::{every_engine, near_one, same, vertices};

/// Numbers of faces: 0 to 4 registers of the widest level and one more, the boundaries of tiles (64 `f64`, 128 `f32`), and
/// those of the 256 faces that are worked on before they are added to their vertices.
fn lengths() -> impl Iterator<Item = usize> + Clone {
    (0..=4 * 16 + 1).chain([
        127, 128, 129, 191, 193, 255, 256, 257, 271, 385, 511, 512, 513, 769,
    ])
}

/// One mesh, all gradients; compares the whole buffer of what is written.
fn check<T: Float + Real>(
    engine: Engine,
    lengths: [usize; 2],
    layouts: [Layout; 3],
    random: &mut Random,
) {
    let context = (T::NAME, engine, lengths, layouts, random.clone());
    let engine = engine.with_stores([Stores::Cached, Stores::Streaming][random.below(2)]);
    let vertices = vertices::<T>(lengths[0], layouts[0], random);
    let faces = OwnedFaces::random(lengths[1], lengths[0], random);
    for gradient in mesh_gradients() {
        let len = gradient.len(lengths[0], &faces);
        let g = gradient.upstream(len, layouts[1], random);
        let mut grad = Operand::new(layouts[2], lengths[0], random.below(16), random);
        let expected = gradient.expected(&vertices, &faces, &g, &grad, engine.accuracy());
        gradient
            .run(engine, &vertices, &faces, &g, &mut grad)
            .unwrap();
        // NaN is the canonical one, whatever the accuracy.
        let context = (gradient.name, &context);
        grad.assert_same(&expected, Accuracy::CorrectlyRounded, &context);
    }
}

fn every_pair_of_layouts<T: Float + Real>() {
    let mut random = Random(1);
    for engine in every_engine() {
        let engine = engine.with_threads(Threads::Serial);
        for input in INPUTS {
            for output in outputs() {
                let step = 2 * one_in(11) * one_in_asserted(3);
                for len in lengths().skip(random.below(step)).step_by(step) {
                    // Few vertices have many faces each, many have few or none.
                    let most = [5, 40, 300][random.below(3)];
                    let few_or_many = 1 + random.below(most);
                    let len = len + random.below(2);
                    let layouts = [input, any_input(&mut random), output];
                    check::<T>(engine, [few_or_many, len], layouts, &mut random);
                }
            }
        }
    }
}

#[test]
fn f32_every_pair_of_layouts_matches_reference() {
    every_pair_of_layouts::<f32>();
}

#[test]
fn f64_every_pair_of_layouts_matches_reference() {
    every_pair_of_layouts::<f64>();
}

/// Where the directions of sums are computed in pieces, and where they are not.
#[cfg(feature = "rayon")]
#[test]
fn every_number_of_threads_matches_reference() {
    use std::num::NonZeroUsize;

    let mut random = Random(2);
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
        for engine in every_engine().map(|engine| engine.with_threads(most)) {
            for lengths in [[3, 17], [113, 224], [333, 999], [4099, 8001]]
                .into_iter()
                .step_by(one_in(4))
            {
                let layouts = [any_input(&mut random), any_input(&mut random), Layout::Aos];
                pool.install(|| check::<f32>(engine, lengths, layouts, &mut random));
                pool.install(|| check::<f64>(engine, lengths, layouts, &mut random));
            }
        }
    }
}

/// Triangles, and the same as polygons; special values among vertices and upstream gradients.
fn triangles_as_polygons<T: Float + Real>() {
    let mut random = Random(3);
    let vertices: Vec<[T; 3]> = (0..400)
        .map(|i| {
            [0; 3].map(|_| match i % 2 {
                0 => random.value(),
                _ => random.ordinary(),
            })
        })
        .collect();
    let triangles = (0..3000).map(|_| [0; 3].map(|_| random.below(400) as u32));
    let faces = OwnedFaces::of_triangles(triangles.collect());
    let gradients = mesh_gradients::<T>();
    let (of_triangles, of_polygons) = gradients.split_at(3);
    for engine in every_engine() {
        for (triangles, polygons) in of_triangles.iter().zip(of_polygons) {
            let len = triangles.len(vertices.len(), &faces);
            let mut g = near_one(len, &mut random);
            g[len / 2] = [0; 3].map(|_| random.value());
            let expected = triangles.of(engine, &vertices, &faces, &g);
            let got = polygons.of(engine, &vertices, &faces, &g);
            assert!(same(&got, &expected), "{}: {engine:?}", polygons.name);
        }
    }
}

#[test]
fn triangles_as_polygons_have_the_bits_of_triangles() {
    triangles_as_polygons::<f32>();
    triangles_as_polygons::<f64>();
}
