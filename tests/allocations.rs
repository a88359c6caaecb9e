//! Every operand is an allocation of its own that ends where the operand ends. A plain run sees no more than results; this is for
//! AddressSanitizer and valgrind (`fuzz/sanitizers`), which see what is read or written outside, or read and never written.
//! The operands of other tests lie between guards, where such tools see nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{
    Accuracy, Engine, Real, Scalars, ScalarsMut, Stores, Threads, Vectors, VectorsMut, reference,
};
use support::cases::Case;
use support::mesh_gradients::mesh_gradients;
use support::meshes::{OwnedFaces, on_meshes};
use support::operations::{Kind, Operation, Places, Read, Write, all_derived, define};
use support::shapes::shape;
use support::{Float, Random, engines, one_in};

#[derive(Clone, Copy, Debug)]
enum Layout {
    Columns,
    Rows,
    Padded,
    Backwards,
    Numbers,
}

use Layout::*;

const VECTORS: [Layout; 4] = [Columns, Rows, Padded, Backwards];

/// The allocations, of which only columns have three.
struct Exact<T> {
    layout: Layout,
    len: usize,
    parts: [Box<[T]>; 3],
}

impl<T: Float> Exact<T> {
    fn new(layout: Layout, len: usize, random: &mut Random) -> Self {
        let sizes = match layout {
            Columns => [len; 3],
            Rows | Backwards => [3 * len, 0, 0],
            Padded => [4 * len, 0, 0],
            Numbers => [len, 0, 0],
        };
        let parts = sizes.map(|size| (0..size).map(|_| random.value()).collect());
        Self { layout, len, parts }
    }

    fn view(&self) -> Vectors<'_, T> {
        let [x, y, z] = &self.parts;
        match self.layout {
            Columns => Vectors::soa(x, y, z).unwrap(),
            Rows => Vectors::aos(x.as_chunks().0),
            Padded => Vectors::padded(x.as_chunks().0),
            Backwards => Vectors::strided(x, x.len().saturating_sub(3), 1, -3, self.len).unwrap(),
            Numbers => panic!("numbers are no vectors"),
        }
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        let [x, y, z] = &mut self.parts;
        match self.layout {
            Columns => VectorsMut::soa(x, y, z).unwrap(),
            Rows => VectorsMut::aos(x.as_chunks_mut().0),
            Padded => VectorsMut::padded(x.as_chunks_mut().0),
            Backwards => {
                let first = x.len().saturating_sub(3);
                VectorsMut::strided(x, first, 1, -3, self.len).unwrap()
            }
            Numbers => panic!("numbers are no vectors"),
        }
    }

    fn read(&self) -> Read<'_, T> {
        match self.layout {
            Numbers => Scalars::new(&self.parts[0]).into(),
            _ => self.view().into(),
        }
    }

    fn write(&mut self) -> Write<'_, T> {
        match self.layout {
            Numbers => ScalarsMut::new(&mut self.parts[0]).into(),
            _ => self.view_mut().into(),
        }
    }
}

/// Of each kind of operand: any layout for vectors.
fn layout(kind: Kind, random: &mut Random) -> Layout {
    match kind {
        Kind::Scalar => Numbers,
        _ => VECTORS[random.below(VECTORS.len())],
    }
}

/// Registers of every level and what is left of them, tiles (64 `f64`, 128 `f32`, 256 half numbers) and blocks.
fn lengths() -> impl Iterator<Item = usize> {
    let lengths = (1..66).chain([95, 97, 127, 128, 129, 193, 255, 257, 271, 513]);
    lengths.step_by(one_in(3))
}

fn any(engine: Engine, random: &mut Random) -> Engine {
    let accuracies = [Accuracy::Plain, Accuracy::CorrectlyRounded];
    let engine = engine
        .with_accuracy(accuracies[random.below(2)])
        .with_threads(Threads::Serial);
    engine.with_stores([Stores::Cached, Stores::Streaming][random.below(2)])
}

#[track_caller]
fn assert_same<T: Float>(got: [T; 3], expected: [T; 3], context: &dyn std::fmt::Debug) {
    let same = got
        .iter()
        .zip(expected)
        .all(|(got, expected)| got.same(expected));
    assert!(same, "{got:?}, expected {expected:?}: {context:?}");
}

/// The product, and in place.
fn products<T: Float>(engine: Engine, len: usize, random: &mut Random) {
    for out in VECTORS {
        let engine = any(engine, random);
        let layouts = [
            layout(Kind::Vector, random),
            layout(Kind::Vector, random),
            out,
        ];
        let context = (T::NAME, engine, len, layouts);
        let [a, b, mut c] = layouts.map(|layout| Exact::<T>::new(layout, len, random));
        let product = |a: Vectors<'_, T>, i: usize| {
            let [a, b] = [a, b.view()].map(|v| v.get(i).unwrap());
            reference::cross(a, b, engine.accuracy())
        };
        engine.cross(a.view(), b.view(), c.view_mut()).unwrap();
        for i in 0..len {
            assert_same(c.view().get(i).unwrap(), product(a.view(), i), &context);
        }
        let expected: Vec<_> = (0..len).map(|i| product(c.view(), i)).collect();
        engine.cross_assign(c.view_mut(), b.view()).unwrap();
        for (i, expected) in expected.into_iter().enumerate() {
            assert_same(c.view().get(i).unwrap(), expected, &context);
        }
    }
}

/// What goes place by place.
fn derived<T: Float + Real>(operation: Operation, engine: Engine, len: usize, random: &mut Random) {
    let engine = any(engine, random);
    let mut operand = |kind: &Kind| Exact::<T>::new(layout(*kind, random), len, random);
    let inputs: Vec<_> = operation.inputs().iter().map(&mut operand).collect();
    let mut outputs: Vec<_> = operation.outputs().iter().map(&mut operand).collect();
    let inputs: Vec<_> = inputs.iter().map(Exact::read).collect();
    let mut outputs: Vec<_> = outputs.iter_mut().map(Exact::write).collect();
    engine.apply(operation, &inputs, &mut outputs).unwrap();
    for i in 0..len {
        let place: Vec<_> = inputs.iter().map(|input| input.at(i)).collect();
        let expected = define(operation, &place, engine.accuracy());
        for (output, expected) in outputs.iter().zip(expected) {
            assert_same(
                output.at(i),
                expected,
                &(T::NAME, operation.name(), engine, len),
            );
        }
    }
}

/// As many vertices as there are faces.
fn meshes<T: Float + Real>(engine: Engine, len: usize, random: &mut Random) {
    let engine = any(engine, random);
    let vertices = Exact::<T>::new(layout(Kind::Vector, random), len, random);
    let faces = OwnedFaces::random(len, len, random);
    let corners: Vec<_> = (0..len).map(|i| vertices.view().get(i).unwrap()).collect();
    for operation in on_meshes::<T>() {
        let mut out = Exact::<T>::new(layout(operation.output, random), len, random);
        let mut out = out.write();
        (operation.call)(&engine, vertices.view(), faces.view(), &mut out).unwrap();
        let expected = (operation.define)(&corners, faces.view(), engine.accuracy());
        for (i, expected) in expected.into_iter().enumerate() {
            assert_same(out.at(i), expected, &(T::NAME, operation.name, engine, len));
        }
    }
    for gradient in mesh_gradients::<T>() {
        let g = Exact::<T>::new(layout(gradient.g, random), len, random);
        let mut grad = Exact::<T>::new(layout(Kind::Vector, random), len, random);
        (gradient.call)(
            &engine,
            vertices.view(),
            faces.view(),
            g.read(),
            grad.view_mut(),
        )
        .unwrap();
        let upstream: Vec<_> = (0..len).map(|i| g.read().at(i)).collect();
        let accuracy = engine.accuracy();
        let expected = (gradient.define)(&corners, faces.view(), &upstream, accuracy);
        for (i, expected) in expected.into_iter().enumerate() {
            let got = grad.view().get(i).unwrap();
            assert_same(got, expected, &(T::NAME, gradient.name, engine, len));
        }
    }
}

fn everything<T: Float + Real>() {
    let mut random = Random(1);
    for engine in engines() {
        for len in lengths() {
            products::<T>(engine, len, &mut random);
            meshes::<T>(engine, len, &mut random);
            for operation in all_derived() {
                derived::<T>(operation, engine, len, &mut random);
            }
        }
    }
}

#[test]
fn f32_operands_are_all_that_is_touched() {
    everything::<f32>();
}

#[test]
fn f64_operands_are_all_that_is_touched() {
    everything::<f64>();
}

#[cfg(feature = "half")]
#[test]
fn operands_of_half_types_are_all_that_is_touched() {
    let mut random = Random(2);
    for engine in engines() {
        for len in lengths() {
            products::<half::f16>(engine, len, &mut random);
            products::<half::bf16>(engine, len, &mut random);
        }
    }
}

/// Operands of several axes, and blocks, too.
#[test]
fn operands_of_any_shapes_are_all_that_is_touched() {
    let mut random = Random(3);
    for engine in engines() {
        for operation in Operation::ALL {
            for _ in 0..60 / one_in(10) {
                let context = random.clone();
                let common = shape(&mut random, 300);
                let mut case = Case::<f32>::new(&mut random, *operation, &common, &[]);
                case.fill(&mut random);
                case.tighten();
                let engine = any(engine, &mut random);
                case.check(engine.accuracy(), [engine], &context);
            }
        }
    }
}
