//! Operands that do not go together: which error it is, which operand and axis it names, and that nothing was written.

use crosslane::{Engine, Error, Kind, Operand as Read, OperandMut as Write, Operation};
use crosslane::{Scalars, ScalarsMut, Vectors, VectorsMut, cross};

use super::support::cases::Case;
use super::support::misfits::{spoil, verdict};
use super::support::shapes::{Choices, shape};
use super::support::{Random, Tested, one_in};
use super::{all_engines, in_pool};

/// A case with one operand of another shape: an error, exactly where shapes do not go together.
fn spoiled<T: Tested>(seed: u64) {
    let mut random = Random(seed);
    let engines = all_engines();
    let mut errors = 0;
    for i in (0..4000).step_by(one_in(23)) {
        let operation = match T::NAME {
            "f32" | "f64" => Operation::ALL[i % Operation::ALL.len()],
            _ => Operation::Cross,
        };
        let context = random.clone();
        let common = shape(&mut random, 60);
        let mut case = Case::<T>::new(&mut random, operation, &common, &[]);
        case.fill(&mut random);
        spoil(&mut case, &mut random);
        let expected = verdict(&case);
        errors += usize::from(expected.is_some());
        let mut outputs = case.outputs.clone();
        let got = case.run(random.one_of(&engines), &mut outputs);
        assert_eq!(got.err(), expected, "{context:?}: {case:?}");
        if expected.is_none() {
            continue; // the common shape may be another one: that of the output decides
        }
        for (after, before) in outputs.iter().zip(&case.outputs) {
            after.assert_same(before, false, &(&context, &case));
        }
    }
    assert!(errors * one_in(23) > 1000, "{errors} errors");
}

#[test]
fn shapes_that_do_not_go_together_are_errors_that_name_operand_and_axis() {
    in_pool(|| {
        spoiled::<f32>(600);
        spoiled::<f64>(601);
        spoiled::<u16>(602);
    });
}

/// The first operand is written: it is named.
#[test]
fn in_place_the_shape_is_that_of_the_first_operand() {
    let mut a = [[1.0; 3]; 2];
    let error = Engine::new().cross_assign(&mut a, &[[1.0; 3]; 3]);
    let expected = Error::LengthMismatch {
        what: "b",
        expected: 2,
        got: 3,
    };
    assert_eq!(error, Err(expected));
    let mut a = [[1.0; 3]];
    let error = Engine::new().cross_assign(&mut a, &[[1.0; 3]; 3]);
    let expected = Error::LengthMismatch {
        what: "a",
        expected: 3,
        got: 1,
    };
    assert_eq!((error, a), (Err(expected), [[1.0; 3]]));
}

#[test]
fn blocks_go_together_if_one_size_is_a_multiple_of_the_other() {
    let (mut eight, twelve) = ([[[2.0; 8]; 3]; 3], [[[3.0; 12]; 3]; 2]);
    let four = [[[1.0; 4]; 3]; 6];
    let error = cross(
        Vectors::blocks(&four),
        Vectors::blocks(&twelve),
        VectorsMut::blocks(&mut eight),
    );
    let expected = Error::Blocks {
        first: 8,
        second: 12,
    };
    assert_eq!((error, eight), (Err(expected), [[[2.0; 8]; 3]; 3]));
    let mut out = [[[0.0; 12]; 3]; 2];
    cross(
        Vectors::blocks(&four),
        Vectors::blocks(&twelve),
        VectorsMut::blocks(&mut out),
    )
    .unwrap();
    assert_eq!(out, [[[0.0; 12]; 3]; 2]);
    // Blocks of one axis, which is repeated along another.
    let mut many = vec![[0.0; 3]; 5 * 24];
    let rows = VectorsMut::nd(many.as_flattened_mut(), 0, 1, &[5, 24], &[72, 3]).unwrap();
    let error = cross(Vectors::blocks(&eight), Vectors::blocks(&twelve), rows);
    assert_eq!(error, Err(expected));
}

/// The operands of a call by value are counted and looked at before anything else.
#[test]
fn other_operands_than_those_of_the_operation_are_errors() {
    let (v, x) = ([[1.0_f32; 3]; 2], [1.0; 2]);
    let (read, number) = (Read::from(Vectors::from(&v)), Read::from(Scalars::new(&x)));
    let (mut out, mut numbers) = ([[5.0; 3]; 2], [5.0; 2]);
    let engine = Engine::new();
    let mut run = |operation, inputs: &[Read<'_, f32>], kinds: &[Kind]| {
        let mut views = (
            Some(VectorsMut::from(&mut out)),
            Some(ScalarsMut::new(&mut numbers)),
        );
        let mut view = |kind: &Kind| -> Write<'_, f32> {
            match kind {
                Kind::Vector => views.0.take().unwrap().into(),
                Kind::Scalar => views.1.take().unwrap().into(),
            }
        };
        let mut outputs: Vec<_> = kinds.iter().map(&mut view).collect();
        engine.apply(operation, inputs, &mut outputs)
    };
    let count = |operation: Operation, what, expected, got| {
        Err(Error::OperandCount {
            operation: operation.name(),
            what,
            expected,
            got,
        })
    };
    let kind = |what, expected| Err(Error::OperandKind { what, expected });
    let (dot, one) = (Operation::Dot, [Kind::Scalar]);
    assert_eq!(run(dot, &[read], &one), count(dot, "inputs", 2, 1));
    assert_eq!(run(dot, &[read; 3], &one), count(dot, "inputs", 2, 3));
    assert_eq!(run(dot, &[read; 2], &[]), count(dot, "outputs", 1, 0));
    let two = [Kind::Scalar, Kind::Vector];
    assert_eq!(run(dot, &[read; 2], &two), count(dot, "outputs", 1, 2));
    assert_eq!(run(dot, &[read, number], &one), kind("b", Kind::Vector));
    assert_eq!(
        run(dot, &[read; 2], &[Kind::Vector]),
        kind("out", Kind::Scalar)
    );
    let (cross, vectors) = (Operation::Cross, [Kind::Vector]);
    assert_eq!(
        run(cross, &[number, read], &vectors),
        kind("a", Kind::Vector)
    );
    assert_eq!(run(cross, &[read; 2], &one), kind("out", Kind::Vector));
    let gradient = Operation::AngleVjp;
    assert_eq!(
        run(gradient, &[read; 3], &two[1..]),
        count(gradient, "outputs", 2, 1)
    );
    assert_eq!((out, numbers), ([[5.0; 3]; 2], [5.0; 2]));
}

fn unsupported<T: Tested>() {
    let v = [[T::default(); 3]];
    for operation in Operation::ALL {
        let inputs = operation.inputs().iter().map(|kind| match kind {
            Kind::Vector => Read::from(Vectors::aos(&v)),
            Kind::Scalar => Scalars::broadcast(&v[0][0], 1).into(),
        });
        let mut outs = [[[T::default(); 3]]; 3];
        let mut outputs: Vec<Write<'_, T>> = Vec::new();
        for (out, kind) in outs.iter_mut().zip(operation.outputs()) {
            outputs.push(match kind {
                Kind::Vector => VectorsMut::aos(out).into(),
                Kind::Scalar => ScalarsMut::new(&mut out[0][..1]).into(),
            });
        }
        let inputs: Vec<_> = inputs.collect();
        let expected = match operation.supports::<T>() {
            true => Ok(()),
            false => Err(Error::Unsupported {
                operation: operation.name(),
                element: std::any::type_name::<T>(),
            }),
        };
        let result = Engine::new().apply(*operation, &inputs, &mut outputs);
        assert_eq!(result, expected, "{operation} of {}", T::NAME);
        let is_real = ["f32", "f64"].contains(&T::NAME);
        let is_there = is_real || *operation == Operation::Cross;
        assert_eq!(result.is_ok(), is_there, "{operation} of {}", T::NAME);
    }
}

#[test]
fn products_are_of_every_type_and_all_else_of_real_numbers() {
    macro_rules! all {
        ($($t:ty)*) => { $(unsupported::<$t>();)* };
    }
    all!(f32 f64 i8 i16 i32 i64 u8 u16 u32 u64);
    #[cfg(feature = "half")]
    all!(half::f16 half::bf16);
}

/// Views are made of one stride for each axis, and of no more axes than they hold.
#[test]
fn axes_that_no_view_can_have_are_errors() {
    let mut data = [0.0_f64; 64];
    let long = [1; 17];
    let rank = Error::Rank { got: 17, most: 16 };
    assert_eq!(Vectors::nd(&data, 0, 1, &long, &[0; 17]).err(), Some(rank));
    assert_eq!(Scalars::nd(&data, 0, &long, &[0; 17]).err(), Some(rank));
    assert!(Vectors::nd(&data, 0, 1, &long[..16], &[0; 16]).is_ok());
    let strides = Error::LengthMismatch {
        what: "strides",
        expected: 2,
        got: 3,
    };
    assert_eq!(
        VectorsMut::nd(&mut data, 0, 1, &[1, 1], &[0; 3]).err(),
        Some(strides)
    );
    assert_eq!(
        ScalarsMut::nd(&mut data, 0, &[1, 1], &[0; 3]).err(),
        Some(strides)
    );
    let many = [usize::MAX, 2];
    assert_eq!(
        Vectors::nd(&data, 0, 1, &many, &[0, 0]).err(),
        Some(Error::TooManyVectors)
    );
    let none = Vectors::nd(&data, 900, 7, &[usize::MAX, 2, 0], &[9, 9, 9]).unwrap();
    assert!(none.is_empty(), "{none:?}");
    let huge = Vectors::nd(&data, 0, 1, &[usize::MAX], &[0]).unwrap();
    assert_eq!(
        (huge.len(), huge.get(usize::MAX - 1)),
        (usize::MAX, Some([0.0; 3]))
    );
}
