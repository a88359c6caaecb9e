//! The exception flags that a call leaves on the thread that makes it: those of the operation's formula where it says so, none where results
//! are rounded once, and the same on any number of threads. The flags of other threads stay as they are.

#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::hint::black_box;

use crosslane::{Accuracy, ExceptionFlags, Real, Stores};
use support::environment::{TOLD, raised, register};
use support::meshes::{OwnedFaces, on_meshes};
use support::operations::{Kind, OnOperands, Operation};
use support::{Float, INPUTS, Layout, NUMBERS, Operand, Random, engines, one_in, outputs};

/// Arithmetic that the compiler neither knows the result of nor does in lanes, which may raise flags of their own.
trait Strict: Float + Real {
    fn plus(self, y: Self) -> Self;
    fn minus(self, y: Self) -> Self;
    fn times(self, y: Self) -> Self;
    fn square_root(self) -> Self;
}

macro_rules! strict {
    ($($t:ident),+) => {
        $(impl Strict for $t {
            fn plus(self, y: Self) -> Self {
                black_box(black_box(self) + black_box(y))
            }
            fn minus(self, y: Self) -> Self {
                black_box(black_box(self) - black_box(y))
            }
            fn times(self, y: Self) -> Self {
                black_box(black_box(self) * black_box(y))
            }
            fn square_root(self) -> Self {
                black_box(black_box(self).sqrt())
            }
        })+
    };
}
strict! { f32, f64 }

fn cross<T: Strict>(a: [T; 3], b: [T; 3]) -> [T; 3] {
    [(1, 2), (2, 0), (0, 1)].map(|(i, j)| a[i].times(b[j]).minus(a[j].times(b[i])))
}

fn dot<T: Strict>(a: [T; 3], b: [T; 3]) -> T {
    let [x, y, z] = [0, 1, 2].map(|k| a[k].times(b[k]));
    x.plus(y).plus(z)
}

fn tangent<T: Strict>(a: [T; 3], b: [T; 3], da: [T; 3], db: [T; 3]) {
    let (left, right) = (cross(da, b), cross(a, db));
    for k in 0..3 {
        left[k].plus(right[k]);
    }
}

/// Computes one place as the documentation has it, for the flags.
fn compute<T: Strict>(operation: Operation, v: &[[T; 3]]) {
    match operation {
        Operation::Cross => {
            cross(v[0], v[1]);
        }
        Operation::Dot => {
            dot(v[0], v[1]);
        }
        Operation::CrossNorm => {
            let c = cross(v[0], v[1]);
            dot(c, c).square_root();
        }
        Operation::ScalarTriple => {
            dot(cross(v[1], v[2]), v[0]);
        }
        Operation::VectorTriple => {
            cross(v[0], cross(v[1], v[2]));
        }
        Operation::GatedCross => {
            let _ = cross(v[1], v[2]).map(|x| x.times(v[0][0]));
        }
        Operation::CrossJvp => tangent(v[0], v[1], v[2], v[3]),
        Operation::CrossVjp => {
            cross(v[1], v[2]);
            cross(v[2], v[0]);
        }
        Operation::CrossVjpVjp => {
            cross(v[4], v[2]);
            cross(v[2], v[3]);
            tangent(v[0], v[1], v[3], v[4]);
        }
        Operation::ScalarTripleVjp => {
            for (i, j) in [(1, 2), (2, 0), (0, 1)] {
                let _ = cross(v[i], v[j]).map(|x| x.times(v[3][0]));
            }
        }
        Operation::DotVjp => {
            let _ = [v[0], v[1]].map(|vector| vector.map(|x| x.times(v[2][0])));
        }
        Operation::VectorTripleVjp => {
            let (inner, upstream) = (cross(v[1], v[2]), cross(v[3], v[0]));
            cross(inner, v[3]);
            cross(v[2], upstream);
            cross(upstream, v[1]);
        }
        Operation::GatedCrossVjp => {
            dot(cross(v[1], v[2]), v[3]);
            for (i, j) in [(2, 3), (3, 1)] {
                let _ = cross(v[i], v[j]).map(|x| x.times(v[0][0]));
            }
        }
        other => panic!("nobody has said here what {other} computes"),
    }
}

/// Numbers whose products and sums are ordinary numbers or zero.
fn ordinary<T: Float>(random: &mut Random) -> T {
    const INTEGERS: [f32; 7] = [0.0, -0.0, 1.0, -1.0, 2.0, -0.5, 3.0];
    match random.below(3) {
        0 => T::from_single(INTEGERS[random.below(INTEGERS.len())]),
        _ => T::from_single(random.bits() as i32 as f32 / (1_u64 << 30) as f32),
    }
}

/// Between and around ordinary vectors lies what raises flags if anything is done with it.
fn operand<T: Float>(layout: Layout, len: usize, random: &mut Random) -> Operand<T> {
    let mut operand = Operand::new(layout, len, random.below(16), random);
    let specials = &T::SPECIAL[T::MODERATE..];
    let mut neighbour = || specials[random.below(specials.len())];
    operand.elements_mut().fill_with(&mut neighbour);
    for i in 0..len {
        let mut vector = [0; 3].map(|_| ordinary(random));
        if random.below(10) == 0 {
            vector = [T::default(); 3];
        }
        operand.put(i, vector);
    }
    operand
}

/// Inputs that are all in one layout, or each in its own. (One vector for all is in no gradient here: that would be added.)
fn inputs<T: Float>(operation: Operation, len: usize, random: &mut Random) -> Vec<Operand<T>> {
    let layouts = INPUTS.into_iter();
    let layouts = layouts.filter(|l| operation.gradient_of().is_none() || *l != Layout::Broadcast);
    let layouts: Vec<_> = layouts.collect();
    let any = |random: &mut Random| layouts[random.below(layouts.len())];
    let one = (random.below(2) == 0).then(|| any(random));
    let kinds = operation.inputs().iter();
    let input = |kind: &Kind| match kind {
        Kind::Scalar => operand(NUMBERS, len, random),
        Kind::Vector => operand(one.unwrap_or_else(|| any(random)), len, random),
    };
    kinds.map(input).collect()
}

/// Puts any numbers into one place, or huge ones into the same component of all operands there: their product is in few formulas.
fn disturb<T: Float>(inputs: &mut [Operand<T>], random: &mut Random) {
    let i = random.below(inputs[0].len());
    let huge = T::SPECIAL[T::MODERATE];
    let component = random.below(6);
    for input in inputs {
        let mut vector = [0; 3].map(|_| random.value());
        if component < 3 {
            vector = [0; 3].map(|_| ordinary(random));
            vector[component] = huge;
        }
        input.put(i, vector);
    }
}

fn flags_of_formulas<T: Strict>(seed: u64) {
    let mut random = Random(seed);
    let all = Operation::ALL.iter().copied();
    for operation in all.filter(|operation| operation.signals()) {
        let (mut quiet, mut loud) = (0, 0);
        for round in 0..600 / one_in(10) {
            // Whole registers, what is left of them, one and several blocks.
            let len = [1 + round % 40, 1 + random.below(400)][usize::from(round % 10 == 0)];
            let mut inputs = inputs::<T>(operation, len, &mut random);
            if round % 2 == 0 {
                disturb(&mut inputs, &mut random);
            }
            let output = outputs().nth(random.below(outputs().count())).unwrap();
            let mut outputs = operation.outputs_for(&inputs, &mut random, |_| output);
            let expected = TOLD
                & raised(|| {
                    for i in 0..len {
                        let place: Vec<_> = inputs.iter().map(|input| input.get(i)).collect();
                        compute(operation, &place);
                    }
                });
            if expected == 0 {
                quiet += 1;
            } else {
                loud += 1;
            }
            for engine in engines() {
                let engine = engine.with_stores([Stores::Cached, Stores::Streaming][round / 2 % 2]);
                let call = || operation.run(engine, &inputs, &mut outputs).unwrap();
                let got = TOLD & raised(call);
                let layouts: Vec<_> = inputs.iter().map(Operand::layout).collect();
                assert_eq!(
                    got,
                    expected,
                    "{operation} of {len} vectors of {} in {layouts:?}, to {output:?}: {engine:?}",
                    T::NAME
                );
            }
        }
        assert!(quiet > 0 && loud > 0, "{operation}: {quiet} and {loud}");
    }
}

#[test]
fn flags_are_those_of_the_formula_at_every_level_in_every_layout() {
    flags_of_formulas::<f32>(1);
    flags_of_formulas::<f64>(2);
}

type Run<T> = dyn Fn(crosslane::Engine) -> Vec<Operand<T>> + Send + Sync;

/// A call that is large enough to be split.
struct Case<T> {
    name: String,
    run: Box<Run<T>>,
}

const SPLIT: usize = 5003;

/// Every operation on a batch, every gradient of an operand that is one vector for all, and everything that is computed of meshes; with
/// ordinary numbers alone, and with one place that has others.
fn cases<T: Float + Real>(accuracy: Accuracy, seed: u64) -> Vec<Case<T>> {
    let mut random = Random(seed);
    let random = &mut random;
    let mut cases = Vec::new();
    for (operation, summed) in Operation::ALL
        .iter()
        .flat_map(|operation| [(*operation, false), (*operation, true)])
        .filter(|(operation, summed)| !summed || operation.gradient_of().is_some())
        .step_by(one_in(3))
    {
        for disturbed in [false, true] {
            let len = if summed { 4 * SPLIT } else { SPLIT };
            let mut inputs = inputs::<T>(operation, len, random);
            if disturbed {
                disturb(&mut inputs, random);
            }
            if summed {
                let is_vector = |kind: &Kind| *kind == Kind::Vector;
                let first = operation.inputs().iter().position(is_vector).unwrap();
                inputs[first] = operand(Layout::Broadcast, len, random);
            }
            let outputs = operation.outputs_for(&inputs, random, |_| Layout::Aos);
            cases.push(Case {
                name: format!("{operation}, summed {summed}, disturbed {disturbed}"),
                run: Box::new(move |engine| {
                    let mut outputs = outputs.clone();
                    let engine = engine.with_accuracy(accuracy);
                    operation.run(engine, &inputs, &mut outputs).unwrap();
                    outputs
                }),
            });
        }
    }
    for (i, mesh) in on_meshes::<T>().into_iter().enumerate() {
        let mut vertices = operand::<T>(Layout::Aos, SPLIT, random);
        if i % 2 == 0 {
            disturb(std::slice::from_mut(&mut vertices), random);
        }
        let faces = OwnedFaces::random(SPLIT, SPLIT, random);
        let out = mesh.output(mesh.results(SPLIT, &faces), Layout::Soa, 2, random);
        cases.push(Case {
            name: mesh.name.into(),
            run: Box::new(move |engine| {
                let mut out = out.clone();
                let engine = engine.with_accuracy(accuracy);
                mesh.run(engine, &vertices, &faces, &mut out).unwrap();
                vec![out]
            }),
        });
    }
    cases
}

fn nothing_of_what_is_rounded_once<T: Float + Real>(seed: u64) {
    for case in cases::<T>(Accuracy::CorrectlyRounded, seed) {
        for engine in engines() {
            let got = raised(|| (case.run)(engine));
            assert_eq!(got, 0, "{}: {engine:?}", case.name);
        }
    }
}

#[test]
fn flags_are_taken_and_raised_one_by_one_and_others_stay() {
    let inexact = register::INEXACT;
    let each = [
        (
            register::INVALID,
            ExceptionFlags {
                invalid: true,
                ..ExceptionFlags::default()
            },
        ),
        (
            register::DIVIDE,
            ExceptionFlags {
                divide_by_zero: true,
                ..ExceptionFlags::default()
            },
        ),
        (
            register::OVERFLOW,
            ExceptionFlags {
                overflow: true,
                ..ExceptionFlags::default()
            },
        ),
        (
            register::UNDERFLOW,
            ExceptionFlags {
                underflow: true,
                ..ExceptionFlags::default()
            },
        ),
    ];
    for (flag, taken) in each {
        register::set_flags(flag | inexact);
        assert_eq!(ExceptionFlags::take(), taken);
        assert_eq!(register::flags(), inexact, "another flag stays");
        assert!(ExceptionFlags::take().is_empty(), "it was taken");
        taken.raise();
        assert_eq!(register::flags(), flag | inexact);
        ExceptionFlags::default().raise();
        assert_eq!(register::flags(), flag | inexact, "none are raised");
    }
    register::set_flags(0);
    let all = each.map(|(_, flags)| flags);
    all.into_iter().for_each(ExceptionFlags::raise);
    let taken = ExceptionFlags {
        invalid: true,
        divide_by_zero: true,
        overflow: true,
        underflow: true,
    };
    assert_eq!(ExceptionFlags::take(), taken);
    register::set_flags(0);
}

#[test]
fn what_is_rounded_once_raises_nothing() {
    nothing_of_what_is_rounded_once::<f32>(3);
    nothing_of_what_is_rounded_once::<f64>(4);
}

#[cfg(feature = "half")]
#[test]
fn products_of_half_types_raise_nothing() {
    fn check<T: Float>(seed: u64) {
        let mut random = Random(seed);
        for len in [1, 7, 40, SPLIT] {
            let mut inputs = inputs::<T>(Operation::Cross, len, &mut random);
            disturb(&mut inputs, &mut random);
            let mut out = Operand::new(Layout::Soa, len, 0, &mut random);
            for engine in engines() {
                let call = || engine.cross(inputs[0].view(), inputs[1].view(), out.view_mut());
                assert_eq!(raised(call), 0, "{len} of {}: {engine:?}", T::NAME);
            }
        }
    }
    check::<half::f16>(5);
    check::<half::bf16>(6);
}

#[cfg(feature = "rayon")]
mod threads {
    use std::num::NonZeroUsize;

    use crosslane::{Engine, Threads};

    use super::support::environment::register;
    use super::*;

    fn pool(threads: usize) -> (rayon::ThreadPool, Engine) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
        (pool.build().unwrap(), Engine::new().with_threads(most))
    }

    /// What callers and workers have from before.
    const BEFORE: [u64; 3] = [
        0,
        register::DIVIDE,
        register::INVALID | register::UNDERFLOW | register::OVERFLOW | register::DIVIDE,
    ];

    fn same_on_any_number_of_threads<T: Float + Real>(accuracy: Accuracy, seed: u64) {
        let serial = Engine::new().with_threads(Threads::Serial);
        let cases = cases::<T>(accuracy, seed);
        let expected: Vec<_> = cases.iter().map(|c| raised(|| (c.run)(serial))).collect();
        let plain = accuracy == Accuracy::Plain;
        let overflows = |flags: &u64| flags & register::OVERFLOW != 0;
        assert_eq!(expected.iter().any(overflows), plain, "{expected:x?}");
        for threads in [1, 2, 3, 7].into_iter().step_by(one_in(2)) {
            let (pool, engine) = pool(threads);
            for (case, raised) in cases.iter().zip(&expected) {
                for [callers, workers] in [0, 1, 2].map(|i| [BEFORE[i], BEFORE[(i + 1) % 3]]) {
                    pool.broadcast(|_| register::set_flags(workers));
                    let got = pool.install(|| {
                        register::set_flags(callers);
                        (case.run)(engine);
                        let got = register::flags();
                        register::set_flags(workers);
                        got
                    });
                    let context = (&case.name, threads, callers, workers);
                    assert_eq!(got, callers | raised, "of the caller: {context:x?}");
                    let after = pool.broadcast(|_| register::flags());
                    assert_eq!(
                        after,
                        vec![workers; threads],
                        "of each worker: {context:x?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_call_leaves_the_same_flags_on_any_number_of_threads_and_others_theirs() {
        same_on_any_number_of_threads::<f32>(Accuracy::Plain, 7);
        same_on_any_number_of_threads::<f64>(Accuracy::Plain, 8);
        same_on_any_number_of_threads::<f64>(Accuracy::CorrectlyRounded, 9);
    }

    #[test]
    fn one_overflow_anywhere_is_seen_on_any_number_of_threads() {
        for threads in [1, 2, 3, 7].into_iter().step_by(one_in(2)) {
            let (pool, engine) = pool(threads);
            for i in (0..SPLIT).step_by(97 * one_in(5)) {
                let (mut a, b) = (vec![[1.0_f32, 2.0, 3.0]; SPLIT], [[3.0_f32, 4.0, 1e10]]);
                let mut out = vec![[0.0; 3]; SPLIT];
                let mut of = |a: &[[f32; 3]]| {
                    let call = || engine.cross(a, &b, &mut out).unwrap();
                    TOLD & pool.install(|| raised(call))
                };
                assert_eq!(of(&a), 0, "{threads} threads");
                a[i][0] = 1e30;
                assert_eq!(of(&a), register::OVERFLOW, "vector {i}, {threads} threads");
            }
        }
    }
}
