//! How much of the stack a call needs. The figures that matter are those of a build without optimisation, which keeps every
//! intermediate value there: `CARGO_PROFILE_TEST_OPT_LEVEL=0 cargo test --test stack`.

#![cfg(not(target_family = "wasm"))] // no threads, of which each has a stack of a size that one may choose
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::thread;

use crosslane::{Accuracy, Engine, Operation, Real, Soa, Stores, Threads, Vectors, VectorsMut};
use support::cases::Case;
use support::mesh_gradients::mesh_gradients;
use support::meshes::{OwnedFaces, on_meshes};
use support::operations::{OnOperands, all_derived};
use support::shapes::Axis;
use support::{Float, Layout, Operand, Random, Tested, engines};

/// Half of what a thread has by default.
const STACK: usize = 1 << 20;

fn every_layout<T: Float>(engine: Engine) {
    let rows = vec![[T::near_one(5); 3]; 100];
    let padded = vec![[T::near_one(5); 4]; 100];
    let columns = Soa::from_aos(&rows);
    let one = [T::near_one(7); 3];
    for b in [
        Vectors::broadcast(&one, 100),
        columns.view(),
        Vectors::aos(&rows),
    ] {
        engine.cross(&columns, b, &mut columns.clone()).unwrap();
        engine.cross(&rows, b, &mut rows.clone()).unwrap();
        engine.cross(&padded, b, &mut padded.clone()).unwrap();
        let mut wide = vec![T::near_one(5); 700];
        let wide = VectorsMut::strided(&mut wide, 0, 2, 7, 100).unwrap();
        engine.cross_assign(wide, b).unwrap();
    }
}

/// With less than a register, some, and blocks; as lanes can be loaded and through tiles; with and without sums.
fn every_operation<T: Float + Real>(engine: Engine) {
    let mut random = Random(1);
    for operation in all_derived() {
        for layout in [
            Layout::Soa,
            Layout::Aos,
            Layout::Padded,
            Layout::Strided(2, 7),
            Layout::Broadcast,
        ] {
            for len in [1, 100] {
                let inputs = operation.inputs_of::<T>(len, &mut random, |_| layout);
                let layout = if layout == Layout::Broadcast {
                    Layout::Aos
                } else {
                    layout
                };
                let mut outputs = operation.outputs_for(&inputs, &mut random, |_| layout);
                operation.run(engine, &inputs, &mut outputs).unwrap();
            }
        }
    }
    let vertices = Operand::<T>::new(Layout::Aos, 5, 0, &mut random);
    let faces = OwnedFaces::random(100, 5, &mut random);
    for operation in on_meshes() {
        let len = operation.results(5, &faces);
        let mut out = operation.output(len, Layout::Soa, 0, &mut random);
        operation.run(engine, &vertices, &faces, &mut out).unwrap();
    }
    for gradient in mesh_gradients() {
        let len = gradient.len(5, &faces);
        let g = gradient.upstream(len, Layout::Aos, &mut random);
        let mut grad = Operand::new(Layout::Soa, 5, 0, &mut random);
        gradient
            .run(engine, &vertices, &faces, &g, &mut grad)
            .unwrap();
    }
}

/// Operands of several axes; and sums of two lengths, of which the longer is halved five times.
fn every_shape<T: Tested + Real>(engine: Engine) {
    let mut random = Random(2);
    for operation in Operation::ALL {
        for common in [&[5, 3, 70][..], &[2, 3, 2, 3, 2, 3]] {
            for _ in 0..5 {
                let case = Case::<T>::new(&mut random, *operation, common, &[]);
                let mut outputs = case.outputs.clone();
                case.run(engine, &mut outputs).unwrap();
            }
        }
        for len in [100, 1 << 15] {
            let axes = vec![vec![Axis::Zero]; operation.inputs().len()];
            if len > 100 && *operation != Operation::CrossVjpVjp {
                continue;
            }
            let case = Case::<T>::new(&mut random, *operation, &[len], &axes);
            let mut outputs = case.outputs.clone();
            case.run(engine, &mut outputs).unwrap();
        }
    }
}

#[test]
fn every_call_does_with_half_of_a_default_stack() {
    for engine in engines() {
        for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
            for stores in [Stores::Cached, Stores::Streaming] {
                let engine = engine.with_accuracy(accuracy).with_stores(stores);
                let engine = engine.with_threads(Threads::Serial);
                let calls = thread::Builder::new().stack_size(STACK).spawn(move || {
                    every_layout::<f32>(engine);
                    every_layout::<f64>(engine);
                    every_operation::<f32>(engine);
                    every_operation::<f64>(engine);
                    every_shape::<f32>(engine);
                    every_shape::<f64>(engine);
                    #[cfg(feature = "half")]
                    every_layout::<half::f16>(engine);
                    #[cfg(feature = "half")]
                    every_layout::<half::bf16>(engine);
                });
                calls.unwrap().join().unwrap();
            }
        }
    }
}
