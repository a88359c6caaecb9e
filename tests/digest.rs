//! The digest of `crosslane verify`, by the library alone: that program needs threads, signals and a terminal, which not
//! everything that has this library's vectors has. `CROSSLANE_DIGEST_CASES` asks for another number of cases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Soa};
use crosslane_cases::numbered;
use sha2::{Digest, Sha256};
use support::{Float, engines};

/// Copies of those in the program.
const DIGESTS: [(u64, &str); 3] = [
    (1 << 16, "7d460b312a90a12fc00f4d531102813b"),
    (1 << 20, "aaf2541036ab624547eab8e33475b4bc"),
    (1 << 22, "5e1f28f1644432588729f0935b109770"),
];

/// Cases in memory at a time.
const BLOCK: u64 = 1 << 12;

/// SHA-256 of the cases' components, in order, their bytes in little-endian order; columns and rows take turns.
fn hash<T>(engine: Engine, cases: u64) -> [u8; 32]
where
    T: Float + crosslane_cases::Float,
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
fn unwritten<T: crosslane_cases::Float>() -> T {
    T::from_bits64(T::NAN + 1)
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
        let digest: String = both[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        println!("{cases:>10} cases  {digest}  {}", engine.level());
        assert_eq!(digest, expected, "{}", engine.level());
    }
}
