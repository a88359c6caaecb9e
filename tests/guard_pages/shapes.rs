//! Operands of two axes, each at a page that may not be touched: (N, 3, F), rows of rows, columns; repeated along either axis, gradients summed
//! along either and along both.

use crosslane::{Accuracy, Engine, Kind, Operation, Real, ScalarsMut, VectorsMut, reference};

use super::support::operations::{Places, Write, define, to_read};
use super::support::{Float, Random, engines, one_in};
use super::{Guarded, Memory, memory};

/// An operand of this shape that ends, or begins, at the guard.
fn operand<'a, T: Real>(
    kind: Kind,
    memory: &'a mut [Guarded; 3],
    [n, f]: [usize; 2],
    last: bool,
    random: &mut Random,
) -> Write<'a, T> {
    let [memory, ..] = memory;
    let (n_stride, f_stride) = (n as isize, f as isize);
    if kind == Kind::Scalar {
        let numbers = memory.elements(n * f, last);
        return ScalarsMut::nd(numbers, 0, &[n, f], &[f_stride, 1])
            .unwrap()
            .into();
    }
    let (component, strides) = match random.below(4) {
        0 | 1 => (f_stride, [3 * f_stride, 1]),    // (N, 3, F)
        2 => (1, [3 * f_stride, 3]),               // (N, F, 3)
        _ => (n_stride * f_stride, [1, n_stride]), // (3, F, N)
    };
    let elements = memory.elements(3 * n * f, last);
    VectorsMut::nd(elements, 0, component, &[n, f], &strides)
        .unwrap()
        .into()
}

/// Inputs that are repeated along no axis, the first, the second or both, and gradients as they are.
fn check<T: Real + Float>(
    operation: Operation,
    engine: Engine,
    (inputs, outputs): &mut Memory,
    [n, f]: [usize; 2],
    last: bool,
    random: &mut Random,
) {
    let names = operation.input_names().iter();
    let shapes: Vec<[usize; 2]> = names
        .map(|name| match random.below(4) {
            _ if *name == "g" => [n, f],
            0 => [1, f],
            1 => [n, 1],
            2 => [1, 1],
            _ => [n, f],
        })
        .collect();
    let memory = inputs.iter_mut().zip(operation.inputs()).zip(&shapes);
    let inputs: Vec<Write<'_, T>> = memory
        .map(|((memory, kind), shape)| operand(*kind, memory, *shape, last, random))
        .collect();
    let sums = operation.gradient_of().is_some();
    let written = |k: usize| if sums { shapes[k] } else { [n, f] };
    let memory = outputs.iter_mut().zip(operation.outputs()).enumerate();
    let mut outputs: Vec<Write<'_, T>> = memory
        .map(|(k, (memory, kind))| operand(*kind, memory, written(k), last, random))
        .collect();
    let reads: Vec<_> = inputs.iter().map(to_read).collect();
    engine.apply(operation, &reads, &mut outputs).unwrap();

    let place = |[rows, row]: [usize; 2], i: usize| i / f % rows * row + i % f % row;
    let mut results = vec![vec![Vec::new(); n * f]; outputs.len()];
    for i in 0..n * f {
        let at = |(read, shape): (&_, &_)| Places::<T>::at(read, place(*shape, i));
        let vectors: Vec<_> = reads.iter().zip(&shapes).map(at).collect();
        let expected = define(operation, &vectors, engine.accuracy());
        for (k, expected) in expected.into_iter().enumerate() {
            results[k][place(written(k), i)].push(expected);
        }
    }
    for (k, output) in outputs.iter().enumerate() {
        let [rows, row] = written(k);
        for (i, results) in results[k][..rows * row].iter().enumerate() {
            let (got, is_sum) = (output.at(i), rows * row < n * f);
            let expected = if is_sum {
                reference::sum(results)
            } else {
                results[0]
            };
            let same = got.iter().zip(expected).all(|(x, y)| x.same(y));
            let context = (operation, engine, [n, f], &shapes, k, i);
            assert!(same, "{got:?}, expected {expected:?}: {context:?}");
        }
    }
}

fn every_operation<T: Real + Float + From<i8>>() {
    let (mut memory, mut random) = (memory::<T>(), Random(3));
    let shapes = [
        [2, 1],
        [3, 2],
        [2, 5],
        [5, 16],
        [4, 17],
        [7, 64],
        [65, 3],
        [2, 130],
        [300, 1],
        [33, 9],
    ];
    for engine in engines() {
        for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
            let engine = engine.with_accuracy(accuracy);
            for operation in Operation::ALL {
                for shape in shapes.into_iter().step_by(one_in(3)) {
                    for last in [true, false, true, false] {
                        check::<T>(*operation, engine, &mut memory, shape, last, &mut random);
                    }
                }
            }
        }
    }
}

#[test]
fn f32_nothing_outside_operands_of_two_axes_is_touched() {
    every_operation::<f32>();
}

#[test]
fn f64_nothing_outside_operands_of_two_axes_is_touched() {
    every_operation::<f64>();
}
