//! The digest of `crosslane verify`, by the library alone: that program needs threads, signals and a terminal, which not
//! everything that has this library's vectors has. `CROSSLANE_DIGEST_CASES` asks for another number of cases. And one of all that is
//! derived, whose reference is made of the same formulas: what changes these changes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Kind, Real, Soa};
use crosslane_cases::{Float as Format, numbered};
use sha2::{Digest, Sha256};
use support::cases::Case;
use support::meshes::{OwnedFaces, on_meshes};
use support::nd::Array;
use support::operations::{OnOperands, all_derived, gradients};
use support::shapes::Axis::{Full, One};
use support::{Float, Layout, Operand, Random, Tested, engines};

/// Copies of those in the program.
const DIGESTS: [(u64, &str); 3] = [
    (1 << 16, "7d460b312a90a12fc00f4d531102813b"),
    (1 << 20, "aaf2541036ab624547eab8e33475b4bc"),
    (1 << 22, "5e1f28f1644432588729f0935b109770"),
];

/// What is derived, with either accuracy.
const DERIVED: &str = "6614081334e4cb10adbdd81d38d36ca5";

/// Sums over several axes, with either accuracy.
const SUMS: &str = "49c405da6e8b9328f06458427eda0623";

/// Cases in memory at a time.
const BLOCK: u64 = 1 << 12;

/// SHA-256 of the cases' components, in order, their bytes in little-endian order; columns and rows take turns.
fn hash<T>(engine: Engine, cases: u64) -> [u8; 32]
where
    T: Float + Format,
{
    let mut hash = Sha256::new();
    for start in (0..cases).step_by(BLOCK as usize) {
        let cases = (start..cases.min(start + BLOCK)).map(numbered::<T>);
        let (a, b): (Vec<_>, Vec<_>) = cases.clone().map(|case| (case.a, case.b)).unzip();
        let mut products = vec![[unwritten::<T>(); 3]; a.len()];
        if (start / BLOCK).is_multiple_of(2) {
            let mut columns = Soa::from_aos(&products);
            let [a, b] = [&a, &b].map(|rows| Soa::from_aos(rows));
            engine.cross(&a, &b, &mut columns).unwrap();
            products = columns.to_aos();
        } else {
            engine.cross(&a, &b, &mut products).unwrap();
        }
        for (case, product) in cases.zip(&products) {
            let bits = product[case.component].to_bits64().to_le_bytes();
            hash.update(&bits[..size_of::<T>()]);
        }
    }
    hash.finalize().into()
}

/// What no result is: a NaN of another kind.
fn unwritten<T: Format>() -> T {
    T::from_bits64(T::NAN + 1)
}

/// The first half of it.
fn hexadecimal(hash: &[u8]) -> String {
    hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn every_level_reproduces_the_digest_of_the_program() {
    let cases = match std::env::var("CROSSLANE_DIGEST_CASES") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => DIGESTS[0].0,
    };
    let (_, expected) = DIGESTS
        .into_iter()
        .find(|there| there.0 == cases)
        .expect("a number of cases that has a digest");
    for engine in engines() {
        let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
        let both = Sha256::new()
            .chain_update(hash::<f32>(engine, cases))
            .chain_update(hash::<f64>(engine, cases))
            .finalize();
        let digest = hexadecimal(&both);
        println!("{cases:>10} cases  {digest}  {}", engine.level());
        assert_eq!(digest, expected, "{}", engine.level());
    }
}

/// Vectors of all kinds that formulas tell apart: near 1, all of another magnitude, near the ends of the range, special ones among
/// others, nearly parallel to the first operand's, and parallel.
fn vector<T: Float>(i: usize, first: Option<[T; 3]>, random: &mut Random) -> [T; 3] {
    let times = |random: &mut Random, exponent: i32| {
        [0; 3].map(|_| T::near_one(random.bits()) * T::from_single((exponent as f32).exp2()))
    };
    match (i % 8, first) {
        (2, _) => times(random, (i % 100) as i32 - 50),
        (3, _) => times(random, 126),
        (4, _) => times(random, -126),
        (5, _) => [0; 3].map(|_| random.value()),
        (6, Some(v)) => {
            let nearly = |random: &mut Random| T::from_single(1.0 + random.below(3) as f32 / 8e6);
            v.map(|x| x * nearly(random))
        }
        (7, Some(v)) => v.map(|x| x * T::from_single(-0.75)),
        _ => times(random, 0),
    }
}

/// Adds a vector. Of plain arithmetic NaN may be any.
fn add<T: Float + Format>(hash: &mut Sha256, v: [T; 3]) {
    for x in v {
        let bits = if x.nan() {
            <T as Format>::NAN
        } else {
            x.to_bits64()
        };
        hash.update(&bits.to_le_bytes()[..size_of::<T>()]);
    }
}

/// Of every operation on the same 600 places, and of what is computed of one mesh of them.
fn hash_of_what_is_derived<T: Float + Format + Real>(engine: Engine, hash: &mut Sha256) {
    let mut random = Random(1);
    let mut add = |output: &Operand<T>| {
        (0..output.len()).for_each(|i| add(hash, output.get(i)));
    };
    for operation in all_derived() {
        let mut inputs = operation.inputs_of::<T>(600, &mut random, |_| Layout::Soa);
        for i in 0..600 {
            let mut first = None;
            for input in &mut inputs {
                let v = vector(i, first, &mut random);
                first = first.or(Some(v));
                input.put(i, v);
            }
        }
        let mut outputs = operation.outputs_for(&inputs, &mut random, |_| Layout::Soa);
        operation.run(engine, &inputs, &mut outputs).unwrap();
        outputs.iter().for_each(&mut add);
    }
    for operation in on_meshes::<T>() {
        let mut vertices = Operand::new(Layout::Aos, 200, 0, &mut random);
        for i in 0..200 {
            vertices.set(i, vector(i, None, &mut random));
        }
        let faces = OwnedFaces::random(600, 200, &mut random);
        let len = operation.results(200, &faces);
        let mut out = operation.output(len, Layout::Soa, 0, &mut random);
        operation.run(engine, &vertices, &faces, &mut out).unwrap();
        add(&out);
    }
}

/// A formula that is changed on purpose gives another: it stands in what fails.
#[test]
fn every_level_reproduces_the_digest_of_what_is_derived() {
    for engine in engines() {
        let mut hash = Sha256::new();
        for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
            let engine = engine.with_accuracy(accuracy);
            hash_of_what_is_derived::<f32>(engine, &mut hash);
            hash_of_what_is_derived::<f64>(engine, &mut hash);
        }
        let digest = hexadecimal(&hash.finalize());
        println!("derived  {digest}  {}", engine.level());
        assert_eq!(digest, DERIVED, "{}", engine.level());
    }
}

/// Of every gradient of operands that are repeated along different axes of (6, 11, 13): sums over several axes.
fn hash_of_sums<T: Tested + Float + Format + Real>(engine: Engine, hash: &mut Sha256) {
    // Memory order is another matter than numbers: it changes nothing.
    let (mut order, mut random) = (Random(2), Random(3));
    let common = [6, 11, 13];
    for operation in gradients() {
        let axes = |k: usize| match k {
            0 => [One, Full, One],
            1 => [Full, One, Full],
            _ => [Full; 3],
        };
        let mut operand = |(k, kind): (usize, &Kind), exclusive: bool| {
            Array::<T>::new(&mut order, *kind, &axes(k), &common, exclusive)
        };
        let inputs = operation.inputs().iter().enumerate();
        let inputs = inputs.map(|input| operand(input, false)).collect();
        let outputs = operation.outputs().iter().enumerate();
        let outputs = outputs.map(|output| operand(output, true)).collect();
        let mut case = Case {
            operation,
            common: common.to_vec(),
            inputs,
            outputs,
        };
        for input in &mut case.inputs {
            for i in 0..input.len() {
                input.set(i, [0; 3].map(|_| T::ordinary(&mut random)));
            }
        }
        let mut outputs = case.outputs.clone();
        case.run(engine, &mut outputs).unwrap();
        for output in &outputs {
            (0..output.len()).for_each(|i| add(hash, output.get(i)));
        }
    }
}

#[test]
fn every_level_reproduces_the_digest_of_sums() {
    for engine in engines() {
        let mut hash = Sha256::new();
        for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
            let engine = engine.with_accuracy(accuracy);
            hash_of_sums::<f32>(engine, &mut hash);
            hash_of_sums::<f64>(engine, &mut hash);
        }
        let digest = hexadecimal(&hash.finalize());
        println!("sums  {digest}  {}", engine.level());
        assert_eq!(digest, SUMS, "{}", engine.level());
    }
}
