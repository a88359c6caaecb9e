//! Operands that do not go together, and the error that says so.

use crosslane::Error;

use super::cases::Case;
use super::nd::Array;
use super::shapes::{Axis, Choices, Geometry};
use super::{Random, Tested};

/// The length of an axis, counted from the last, which is 1.
fn len(geometry: &Geometry, axis: usize) -> usize {
    let shape = &geometry.shape;
    shape
        .len()
        .checked_sub(axis)
        .map_or(1, |i| geometry.shape[i])
}

/// What is wrong, if something is: along the last axis that is, an operand which is not as long as the first input that is longer than 1.
pub fn verdict<T: Tested>(case: &Case<T>) -> Option<Error> {
    let operation = case.operation;
    let arrays = || case.inputs.iter().chain(&case.outputs);
    let mut names = operation.input_names().to_vec();
    names.extend(operation.output_names());
    let common = names.iter().position(|name| *name == "g");
    let common = common.filter(|_| operation.gradient_of().is_some());
    let common = common.unwrap_or(case.inputs.len());
    let rank = arrays().map(|array| array.geometry.shape.len()).max()?;
    for axis in 1..=rank {
        let lens: Vec<_> = arrays().map(|array| len(&array.geometry, axis)).collect();
        // An input that is repeated may have length 1, and so may its gradient.
        let may_be_one = |k: usize| match k.checked_sub(case.inputs.len()) {
            None => true,
            Some(_) if operation.gradient_of().is_none() => false,
            Some(k) => {
                let Geometry { shape, strides, .. } = &case.inputs[k].geometry;
                let i = shape.len().checked_sub(axis);
                i.is_none_or(|i| shape[i] == 1 || strides[i] == 0)
            }
        };
        let fits = |k: usize, expected| lens[k] == expected || (lens[k] == 1 && may_be_one(k));
        if (0..lens.len()).all(|k| fits(k, lens[common])) {
            continue;
        }
        let mut read = lens[..case.inputs.len()].iter().copied();
        let expected = read.find(|len| *len != 1).unwrap_or(1);
        let wrong = (0..lens.len()).find(|k| !fits(*k, expected));
        let k = wrong.unwrap_or(common);
        let (what, got) = (names[k], lens[k]);
        return Some(
            match arrays().all(|array| array.geometry.shape.len() == 1) {
                true => Error::LengthMismatch {
                    what,
                    expected,
                    got,
                },
                false => Error::ShapeMismatch {
                    what,
                    axis,
                    expected,
                    got,
                },
            },
        );
    }
    None
}

/// Another length for one axis of one operand, or an axis more.
pub fn spoil<T: Tested>(case: &mut Case<T>, random: &mut impl Choices) {
    let inputs = case.inputs.len();
    let k = random.choose(inputs + case.outputs.len());
    let (kinds, array) = match k.checked_sub(inputs) {
        None => (case.operation.inputs()[k], &mut case.inputs[k]),
        Some(k) => (case.operation.outputs()[k], &mut case.outputs[k]),
    };
    let mut shape = array.geometry.shape.clone();
    let other = random.one_of(&[0, 1, 2, 4, 6]);
    match random.choose(shape.len() + 1).checked_sub(1) {
        None if random.choose(2) == 0 => shape.insert(0, other),
        None => {
            shape.pop();
        }
        Some(i) => shape[i] = other,
    }
    let axes = vec![Axis::Full; shape.len()];
    *array = Array::new(random, kinds, &axes, &shape, k >= inputs);
    array.fill(&mut Random(1), false);
}
