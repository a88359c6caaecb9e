//! Gradients of operands that were repeated: the sum of the full gradients as the reference makes it, along any axes, of any lengths, whatever
//! the memory order, the level and the threads. (Random shapes have sums, too: this is about long ones, and about both ways to ask.)

use crosslane::{Accuracy, Kind, Operation, Real, reference};

use super::support::cases::Case;
use super::support::nd::Array;
use super::support::shapes::Axis::{self, Full, One, Zero};
use super::support::shapes::gradient_axes;
use super::support::{Random, Tested, one_in};
use super::{ACCURACIES, all_engines, in_pool, with_stores};

fn gradients() -> impl Iterator<Item = Operation> + Clone {
    let all = Operation::ALL.iter().copied();
    all.filter(|operation| operation.gradient_of().is_some())
}

/// Shapes, and the axes of the first two operands.
type Reduction = (&'static [usize], &'static [Axis], &'static [Axis]);

/// One axis or several, next to each other or apart; a few sums of many vectors, many of a few, of numbers around a leaf (32 of `f64`, 64 of
/// `f32`), around what is computed at once (512, 1,024) and around what is added together (16); both operands along different axes.
const LONG: &[Reduction] = &[
    (&[5000, 3], &[One, Full], &[Full, Full]),
    (&[3, 5000], &[Full, One], &[Full, Full]),
    (&[5000, 3], &[Full, One], &[One, Full]),
    (&[70, 70], &[One, Full], &[Full, One]),
    (&[70, 70], &[Full, One], &[One, One]),
    (&[70, 70], &[One, One], &[Full, Zero]),
    (&[1, 40_000], &[One, One], &[One, Full]),
    (&[40_000], &[Zero], &[One]),
    (&[1025], &[Full], &[]),
    (&[513, 2], &[One], &[Full]),
    (
        &[6, 11, 5, 13],
        &[One, Full, One, Full],
        &[Full, One, Full, One],
    ),
    (
        &[6, 11, 5, 13],
        &[One, Full, Full, One],
        &[Zero, Zero, Full, Zero],
    ),
    (
        &[2, 3, 2, 3, 5, 7],
        &[One, Full, One, Full, One, Full],
        &[Full, One, One, Full, Full, One],
    ),
    (&[300, 16], &[One, Full], &[Full, One]),
    (&[300, 17], &[One, Full], &[Full, One]),
    (&[64, 100], &[One, Full], &[Full, One]),
    (&[65, 100], &[One, Full], &[Full, One]),
    (&[33, 65], &[One, Full], &[Full, One]),
    (&[32, 129], &[One, Full], &[Full, One]),
    (&[3, 1000], &[One, Full], &[Full, One]),
    (&[700, 2, 2], &[One, Full, One], &[One, Full]),
];

/// The whole table with every gradient, one accuracy after the other, in any memory order.
fn long<T: Tested>(seed: u64) {
    in_pool(|| {
        let mut random = Random(seed);
        let engines = all_engines();
        for (i, (common, a, b)) in LONG.iter().enumerate().step_by(one_in(8)) {
            for (j, operation) in gradients().enumerate() {
                let context = (i, random.clone());
                let given = [a.to_vec(), b.to_vec()];
                let mut case = Case::<T>::new(&mut random, operation, common, &given);
                case.fill(&mut random);
                let engines = with_stores(&engines, &mut random);
                case.check(ACCURACIES[(i + j) % 2], engines, &context);
            }
        }
    });
}

#[test]
fn f32_sums_along_long_axes_match_reference() {
    long::<f32>(500);
}

#[test]
fn f64_sums_along_long_axes_match_reference() {
    long::<f64>(501);
}

/// An operand of one vector for each column of (70, 90), as an array of length 1, of stride 0, and without the axis; gradients that are summed,
/// in C order and transposed, and in full. All are the same sum of the same gradients.
fn ways<T: Tested + Real>() {
    let (common, mut random) = ([70, 90], Random(502));
    let mut operand = |axes: &[Axis], exclusive: bool, seed: u64| {
        let mut array = Array::<T>::new(&mut random, Kind::Vector, axes, &common, exclusive);
        array.fill(&mut Random(seed), true);
        array
    };
    let [b, g] = [1, 2].map(|seed| operand(&[Full, Full], false, seed));
    let grad_b = operand(&[Full, Full], true, 3);
    let columns: Vec<[T; 3]> = {
        let mut random = Random(4);
        let vector = |_| [0; 3].map(|_| T::ordinary(&mut random));
        (0..90).map(vector).collect()
    };
    let mut sums = Vec::new();
    for axes in [&[One, Full][..], &[Zero, Full], &[Full]] {
        let mut a = operand(axes, false, 5);
        for i in 0..a.len() {
            a.set(i, columns[i % 90]);
        }
        for output in [&[One, Full][..], &[Full], &[One, One, Full], &[Full, Full]] {
            let case = Case {
                operation: Operation::CrossVjp,
                common: common.to_vec(),
                inputs: vec![a.clone(), b.clone(), g.clone()],
                outputs: vec![operand(output, true, 6), grad_b.clone()],
            };
            for engine in all_engines() {
                let mut outputs = case.outputs.clone();
                assert_eq!(case.run(engine, &mut outputs), Ok(()), "{case:?}");
                let gradient = &outputs[0];
                let sum = |k| match gradient.len() {
                    90 => gradient.get(k),
                    _ => {
                        let column: Vec<_> = (0..70).map(|i| gradient.get(90 * i + k)).collect();
                        reference::sum(&column)
                    }
                };
                sums.push((0..90).map(sum).collect::<Vec<_>>());
            }
        }
    }
    let bits = |sums: &[[T; 3]]| bytemuck::cast_slice::<[T; 3], u8>(sums).to_vec();
    assert!(
        sums.iter().all(|other| bits(other) == bits(&sums[0])),
        "{} ways",
        sums.len()
    );
}

#[test]
fn sums_are_the_same_whichever_way_they_are_asked_for() {
    in_pool(|| {
        ways::<f32>();
        ways::<f64>();
    });
}

/// Along axes of length 0 there is nothing to be added: +0 is written, whatever was there.
#[test]
fn sums_of_nothing_are_positive_zero() {
    let mut random = Random(503);
    for operation in gradients() {
        for common in [&[0, 5][..], &[5, 0], &[0], &[2, 0, 3]] {
            let axes: Vec<_> = common
                .iter()
                .map(|len| if *len == 0 { One } else { Full })
                .collect();
            let given = vec![axes; 3];
            let mut case = Case::<f64>::new(&mut random, operation, common, &given[..2]);
            case.fill(&mut random);
            for engine in all_engines() {
                let mut outputs = case.outputs.clone();
                assert_eq!(case.run(engine, &mut outputs), Ok(()), "{case:?}");
                for output in &outputs {
                    for i in 0..output.len() {
                        assert_eq!(output.get(i).map(f64::to_bits), [0; 3], "{case:?}");
                    }
                }
            }
            case.check(Accuracy::Plain, all_engines(), &"nothing");
        }
    }
}

/// Of a repeated operand a gradient has any shape between its own and the common one: the generator makes each.
#[test]
fn gradients_of_every_shape_between_are_made() {
    let mut random = Random(504);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..400 {
        seen.insert(format!("{:?}", gradient_axes(&mut random, &[One, Zero], 3)));
    }
    for expected in [
        &[One, Zero][..],
        &[One, One],
        &[One],
        &[],
        &[Full, One],
        &[Full, Full, Full],
    ] {
        let shape: Vec<_> = expected
            .iter()
            .map(|axis| if *axis == Zero { Full } else { *axis })
            .collect();
        assert!(
            seen.contains(&format!("{shape:?}")),
            "{shape:?} of {seen:?}"
        );
    }
}
