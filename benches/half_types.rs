//! What half types win: vectors a second against `f32`, on one thread and as the engine chooses.
//!
//! `cargo bench --features half --bench half_types` prints ratios of medians of interleaved runs, from L1 to
//! memory; `-- --test` runs small batches once. Random numbers, and small integers with zeros among
//! them, which need a second look. Every result is compared with the reference, bit for bit, before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;

use crosslane::{Accuracy, Element, Engine, Soa, Threads, reference};
use crosslane_measure::medians;
use half::{bf16, f16};
use support::{effort, ordinary};

struct Data<T> {
    a: Soa<T>,
    b: Soa<T>,
    out: Soa<T>,
}

impl<T: Element> Data<T> {
    fn new(n: usize, number: impl Fn(usize) -> T) -> Self {
        let rows = |k: usize| -> Vec<[T; 3]> {
            (0..n)
                .map(|i| [0, 1, 2].map(|c| number(6 * i + 3 * k + c)))
                .collect()
        };
        let (a, b) = (rows(0), rows(1));
        let mut data = Self {
            a: Soa::from_aos(&a),
            b: Soa::from_aos(&b),
            out: Soa::zeros(n),
        };
        data.run(Engine::new());
        for (i, out) in data.out.to_aos().iter().enumerate() {
            let expected = reference::cross(a[i], b[i], Accuracy::Plain);
            assert!(*out == expected, "{i}: {out:?} is not {expected:?}");
        }
        data
    }

    fn run(&mut self, engine: Engine) {
        let (a, b, out) = (
            black_box(&self.a),
            black_box(&self.b),
            black_box(&mut self.out),
        );
        engine.cross(a, b, out).unwrap();
    }
}

fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let sizes: &[usize] = if test {
        &[1000]
    } else {
        &[960, 9600, 1 << 18, 1 << 25]
    };
    println!("columns: ns a vector of f32, and how many times as many vectors of each half type\n");
    println!(
        "{:>9} {:>7} {:>8} {:>6} {:>6} {:>14} {:>14}",
        "vectors", "threads", "f32", "f16", "bf16", "f16 integers", "bf16 integers"
    );
    for &n in sizes {
        let integer = |i: usize| (ordinary(i) * 4.0).round();
        let mut single = Data::new(n, ordinary);
        let mut halves = Data::new(n, |i| f16::from_f32(ordinary(i)));
        let mut brains = Data::new(n, |i| bf16::from_f32(ordinary(i)));
        let mut half_integers = Data::new(n, |i| f16::from_f32(integer(i)));
        let mut brain_integers = Data::new(n, |i| bf16::from_f32(integer(i)));
        for (name, threads) in [("1", Threads::Serial), ("auto", Threads::Auto)] {
            let engine = Engine::new().with_threads(threads);
            let effort = effort(n * size_of::<[[f32; 3]; 3]>(), test);
            let times = medians(effort, 5, |k| match k {
                0 => single.run(engine),
                1 => halves.run(engine),
                2 => brains.run(engine),
                3 => half_integers.run(engine),
                _ => brain_integers.run(engine),
            });
            let [single, ratios @ ..] = &times[..] else {
                return;
            };
            print!("{n:>9} {name:>7} {:>8.3}", single / n as f64);
            for (time, width) in ratios.iter().zip([6, 6, 14, 14]) {
                print!(" {:>width$.2}", single / time);
            }
            println!();
        }
    }
}
