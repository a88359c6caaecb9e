//! Whether the limit that `crosslane bench` measures against is what memory gives: STREAM's triad in C, compiled by the system's
//! compiler, over as many bytes, in turn with it.
//!
//! `cargo test --release -p crosslane-cli --test stream -- --ignored --nocapture` prints both.

#![cfg(all(unix, target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use support::{Directory, succeeds, text};

/// STREAM's triad as it is written, and with the stores that go past the caches. Prints the median of GB/s.
const SOURCE: &str = r#"
#include <emmintrin.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    long n = atol(argv[1]);
    int streaming = strcmp(argv[2], "streaming") == 0;
    double *a = aligned_alloc(64, n * 8), *b = aligned_alloc(64, n * 8), *c = aligned_alloc(64, n * 8);
    double speeds[15];
    #pragma omp parallel for
    for (long i = 0; i < n; i++) { a[i] = 0.0; b[i] = 2.0 + i; c[i] = 1.0 / (i + 1); }
    for (int round = 0; round < 15; round++) {
        double start = omp_get_wtime();
        if (streaming) {
            #pragma omp parallel
            {
                #pragma omp for
                for (long i = 0; i < n; i += 2)
                    _mm_stream_pd(a + i, _mm_add_pd(_mm_load_pd(b + i), _mm_mul_pd(_mm_set1_pd(3.0), _mm_load_pd(c + i))));
                _mm_sfence();
            }
        } else {
            #pragma omp parallel for
            for (long i = 0; i < n; i++) a[i] = b[i] + 3.0 * c[i];
        }
        speeds[round] = 24e-9 * n / (omp_get_wtime() - start);
    }
    for (long i = 0; i < n; i += 4099) if (a[i] != b[i] + 3.0 * c[i]) return 1;
    qsort(speeds, 15, sizeof *speeds, ascending);
    printf("%f\n", speeds[7]);
}
"#;

/// Bytes of all three columns: far more than caches hold.
const BYTES: u64 = 768 << 20;
/// How far both may be apart.
const TOLERANCE: f64 = 0.1;
/// Both are measured so often, in turn.
const ROUNDS: usize = 5;

/// One number of threads, and kind of stores.
#[derive(Clone, Copy, Debug)]
struct Way {
    threads: usize,
    stores: &'static str,
}

fn compile(directory: &Directory) -> Option<PathBuf> {
    directory.write("stream.c", SOURCE.as_bytes());
    let program = directory.path("stream");
    let mut compiler = Command::new("cc");
    compiler.args([
        "-O3",
        "-mtune=native",
        "-ffp-contract=off",
        "-fopenmp",
        "-o",
    ]);
    let compiled = compiler
        .arg(&program)
        .arg(directory.path("stream.c"))
        .status();
    compiled
        .is_ok_and(|status| status.success())
        .then_some(program)
}

/// GB/s of the C program.
fn theirs(program: &PathBuf, way: Way) -> f64 {
    let mut command = Command::new(program);
    command.args([(BYTES / 24).to_string().as_str(), way.stores]);
    command.env("OMP_NUM_THREADS", way.threads.to_string());
    text(&succeeds(&mut command).stdout).trim().parse().unwrap()
}

/// The ceilings of a short run.
fn ours(directory: &Directory) -> Value {
    let mut command = support::crosslane();
    command.current_dir(directory.path("")).args([
        "bench",
        "--quick",
        "--layout",
        "soa",
        "--type",
        "f64",
        "--accuracy",
        "plain",
        "--json",
        "b.json",
        "--force",
    ]);
    succeeds(command.args(["--sizes", &format!("{BYTES}B")]));
    let text = std::fs::read_to_string(directory.path("b.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    record["ceilings"].clone()
}

fn of(ceilings: &Value, way: Way) -> f64 {
    let mut ceilings = ceilings.as_array().unwrap().iter();
    let this = |c: &&Value| c["threads"] == way.threads && c["stores"] == way.stores;
    ceilings.find(this).unwrap()["gb_per_second"]
        .as_f64()
        .unwrap()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
#[ignore = "measures, so it may fail where neighbours come and go; `.ci/run` prints what it says"]
fn the_limit_from_memory_is_that_of_stream() {
    let directory = Directory::new();
    let Some(program) = compile(&directory) else {
        println!("NOT TESTED: no C compiler with OpenMP");
        return;
    };
    let all = std::thread::available_parallelism().unwrap().get();
    let mut ways: Vec<_> = [1, all]
        .into_iter()
        .flat_map(|threads| ["cached", "streaming"].map(|stores| Way { threads, stores }))
        .collect();
    ways.dedup_by_key(|way| (way.threads, way.stores));
    let mut pairs = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        let ceilings = ours(&directory);
        for (way, pairs) in ways.iter().zip(&mut pairs) {
            pairs.push([of(&ceilings, *way), theirs(&program, *way)]);
        }
    }
    let mut far = Vec::new();
    for (way, pairs) in ways.iter().zip(&pairs) {
        let column = |k: usize| median(pairs.iter().map(|pair| pair[k]));
        let ratio = median(pairs.iter().map(|[ours, theirs]| ours / theirs));
        let line = format!(
            "{way:?}: {:.1} GB/s, STREAM in C {:.1}, median of {ROUNDS} ratios {ratio:.3}",
            column(0),
            column(1)
        );
        println!("{line}");
        if (ratio - 1.0).abs() > TOLERANCE {
            far.push(format!("{line}: {pairs:.1?}"));
        }
    }
    // A neighbour on the machine is no fault of a change.
    if std::env::var_os("CROSSLANE_NOISY").is_some() && !far.is_empty() {
        println!("NOT AGREED: {far:#?}");
        return;
    }
    assert!(far.is_empty(), "more than {TOLERANCE} apart: {far:#?}");
}
