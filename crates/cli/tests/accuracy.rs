//! `--accuracy correctly-rounded` gives the definition's bits where plain arithmetic gives others.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use crosslane::{Accuracy, reference};
use crosslane_cases::{case, vectors};
use support::{Directory, Float, crosslane, header, levels, npy, read, succeeds, text};

const VECTORS: usize = 1200;

/// Vectors of which one component is hard to round, and 1 in the others' place.
fn hard<T: Float + crosslane_cases::Float>() -> Vec<([T; 3], [T; 3])> {
    let one = T::from_f64(1.0);
    let made = (0..VECTORS as u64).map(|i| {
        let component = (i / 12 % 3) as usize;
        vectors(case::<T>(1, i).1, component, [one; 2])
    });
    made.collect()
}

/// The components of vectors, as rows or as columns.
fn elements<T: Float>(vectors: &[[T; 3]], rows: bool) -> Vec<T> {
    let element = |i: usize| {
        if rows {
            vectors[i / 3][i % 3]
        } else {
            vectors[i % VECTORS][i / VECTORS]
        }
    };
    (0..3 * VECTORS).map(element).collect()
}

/// A file of them.
fn file<T: Float + crosslane_cases::Float>(vectors: &[[T; 3]], rows: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for x in elements(vectors, rows) {
        bytes.extend(&x.to_bits64().to_le_bytes()[..size_of::<T>()]);
    }
    let shape = if rows { [VECTORS, 3] } else { [3, VECTORS] };
    let dtype = format!("<f{}", size_of::<T>());
    npy(&header(&dtype, false, &shape), None, &bytes)
}

fn check<T: Float + crosslane_cases::Float>(level: &str, rows: bool) {
    let directory = Directory::new();
    let vectors = hard::<T>();
    let (a, b): (Vec<_>, Vec<_>) = vectors.iter().copied().unzip();
    directory.write("a.npy", &file(&a, rows));
    directory.write("b.npy", &file(&b, rows));
    let mut command = directory.cross("a.npy", "b.npy", "out.npy");
    let options = ["--accuracy", "correctly-rounded", "--level", level];
    succeeds(command.args(options));
    let product = |accuracy| {
        let products = vectors
            .iter()
            .map(|(a, b)| reference::cross(*a, *b, accuracy));
        elements(&products.collect::<Vec<_>>(), rows)
    };
    let [expected, plain] = [Accuracy::CorrectlyRounded, Accuracy::Plain].map(product);
    let (_, got) = read::<T>(&directory.path("out.npy"));
    assert_eq!(got.len(), expected.len(), "elements");
    // Every bit, those of a NaN too.
    let differs = |(x, y): (&T, &T)| x.to_bits64() != y.to_bits64();
    let wrong = got.iter().zip(&expected).position(differs);
    assert_eq!(wrong, None, "first wrong element at {level}, rows: {rows}");
    let others = got.iter().zip(&plain).filter(|pair| differs(*pair)).count();
    assert!(others > VECTORS / 3, "plain arithmetic has {others} others");
}

#[test]
fn hard_cases_are_rounded_as_defined_at_every_level() {
    for level in levels() {
        for rows in [true, false] {
            check::<f32>(&level, rows);
            check::<f64>(&level, rows);
        }
    }
}

#[test]
fn the_table_of_times_says_which_accuracy_it_is_of() {
    for (options, expected) in [
        (&[][..], ", plain, median"),
        (&["--accuracy", "plain"], ", plain, median"),
        (
            &["--accuracy", "correctly-rounded"],
            ", correctly rounded, median",
        ),
    ] {
        let mut command = crosslane();
        command.args(["--vectors", "100"]).args(options);
        let shown = text(&succeeds(&mut command).stdout);
        assert!(shown.contains(expected), "{shown}");
    }
}
