//! The Moon: r × v from NASA JPL's ephemeris DE421, as `numpy.cross` computes it, and as MPFR rounds it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Soa, Vectors, reference};
use support::{Float, engines};

/// The data of a little-endian (N, 3) `f64` .npy file as `numpy.save` writes it.
fn rows(file: &[u8]) -> Vec<[f64; 3]> {
    let header = 10 + u16::from_le_bytes([file[8], file[9]]) as usize;
    let text = std::str::from_utf8(&file[10..header]).unwrap();
    assert!(
        text.contains("'<f8'") && text.contains("'fortran_order': False"),
        "{text}"
    );
    let numbers: Vec<f64> = file[header..]
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    numbers.as_chunks().0.to_vec()
}

/// Compares both accuracies with files of results, in rows and in columns.
fn check(accuracy: Accuracy, file: &[u8]) {
    let r = rows(include_bytes!("data/moon_position_km.npy"));
    let v = rows(include_bytes!("data/moon_velocity_km_per_day.npy"));
    let expected = rows(file);
    let lengths = (r.len(), v.len(), expected.len());
    assert_eq!(lengths, (2000, 2000, 2000), "whole files");
    let bits =
        |rows: &[[f64; 3]]| -> Vec<u64> { rows.as_flattened().iter().map(|x| x.bits()).collect() };

    let definition: Vec<_> = r
        .iter()
        .zip(&v)
        .map(|(r, v)| reference::cross(*r, *v, accuracy))
        .collect();
    assert_eq!(bits(&definition), bits(&expected), "the reference itself");
    for engine in engines() {
        let engine = engine.with_accuracy(accuracy);
        let mut out = vec![[0.0; 3]; r.len()];
        engine.cross(&r, &v, &mut out).unwrap();
        assert_eq!(bits(&out), bits(&expected), "rows, {engine:?}");
        let mut out = Soa::zeros(r.len());
        engine
            .cross(&Soa::from_aos(&r), Vectors::aos(&v), &mut out)
            .unwrap();
        assert_eq!(
            bits(&out.to_aos()),
            bits(&expected),
            "columns and rows, {engine:?}"
        );
    }
}

#[test]
fn moon_matches_numpy_bit_for_bit_at_every_level_in_rows_and_columns() {
    check(Accuracy::Plain, include_bytes!("data/moon_cross_plain.npy"));
}

#[test]
fn moon_matches_mpfr_bit_for_bit_at_every_level_in_rows_and_columns() {
    check(
        Accuracy::CorrectlyRounded,
        include_bytes!("data/moon_cross_correctly_rounded.npy"),
    );
}
