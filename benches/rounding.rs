//! What correct rounding costs: time of `Accuracy::CorrectlyRounded` over that of `Accuracy::Plain`.
//!
//! `cargo bench --bench rounding` prints ratios of medians of interleaved runs, for every level, layout and type, from L1 to
//! memory, on one thread and as the engine chooses; then what data cost that need a second look, over ordinary data.
//! `-- --test` runs small batches once. Every result is compared with the reference before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use crosslane::{Accuracy, Element, Engine, Soa, Threads};
use crosslane_measure::medians;
use support::{
    Arguments, L1, L2, Layout, Operands, effort, first, name_of, second, serial_engines,
};

/// Vectors of three `f32` batches that take 1.2 GB.
const MEMORY: usize = 1 << 25;

fn main() {
    let test = Arguments::new().has("--test");
    println!("ns a vector with Plain, and how many times as long CorrectlyRounded takes\n");
    println!(
        "{:<8} {:<4} {:<8} {:>9} {:>7} {:>7} {:>6}",
        "layout", "type", "level", "vectors", "threads", "plain", "times"
    );
    for size in if test {
        vec![100]
    } else {
        vec![L1, L2, MEMORY]
    } {
        costs::<Soa<f32>>(size, test);
        costs::<Soa<f64>>(size / 2, test);
        costs::<Vec<[f32; 3]>>(size, test);
        costs::<Vec<[f64; 3]>>(size / 2, test);
        costs::<Vec<[f32; 4]>>(size, test);
        costs::<Vec<[f64; 4]>>(size / 2, test);
    }
    println!(
        "\nL1, columns, CorrectlyRounded: ns a vector of ordinary data, and how many times as long others take\n"
    );
    println!(
        "{:<4} {:<8} {:>8} {:>6} {:>6} {:>10} {:>9}",
        "type", "level", "ordinary", "zeros", "axes", "subnormal", "overflow"
    );
    // The numbers are up to 2^60: products at both ends of what the type can hold.
    data::<f32>(L1, 1e-39, 1e3, test);
    data::<f64>(L1 / 2, 1e-173, 1e140, test);
}

/// One layout and type at one size.
fn costs<L: Layout<Element: From<i16>>>(n: usize, test: bool) {
    let mut operands = Operands::<L>::new(n);
    let mut engines = serial_engines();
    if n > L2 {
        let parallel: Vec<_> = engines
            .iter()
            .map(|engine| engine.with_threads(Threads::Auto))
            .collect();
        engines.extend(parallel);
    }
    let rounded = |engine: &Engine| engine.with_accuracy(Accuracy::CorrectlyRounded);
    let engines: Vec<_> = engines
        .iter()
        .flat_map(|engine| [*engine, rounded(engine)])
        .collect();
    operands.check_engines(&engines);
    let effort = effort(n * L::BYTES_PER_VECTOR, test);
    let times = medians(effort, engines.len(), |k| operands.run(&engines[k]));
    let serial = 2 * serial_engines().len();
    for (k, pair) in times.chunks(2).enumerate() {
        println!(
            "{:<8} {:<4} {:<8} {n:>9} {:>7} {:>7.3} {:>6.2}",
            L::NAME,
            name_of::<L::Element>(),
            engines[2 * k].level(),
            if 2 * k < serial { "1" } else { "auto" },
            pair[0] / n as f64,
            pair[1] / pair[0],
        );
    }
}

/// Kinds of data at which the kernels look again, in L1.
fn data<T: Element + From<i16>>(n: usize, tiny: T, huge: T, test: bool) {
    let zero = T::default();
    let kinds: [&dyn Fn([T; 3], usize) -> [T; 3]; 5] = [
        &|v, _| v,
        // One component in three, and two.
        &|v, i| [0, 1, 2].map(|k| if i % 3 == k { zero } else { v[k] }),
        &|v, i| [0, 1, 2].map(|k| if i % 3 == k { v[k] } else { zero }),
        &|v, _| v.map(|x| x * tiny),
        &|v, _| v.map(|x| x * huge),
    ];
    let mut batches = kinds.map(|kind| {
        let mut operands = Operands::<Soa<T>>::new(n);
        operands.a = Soa::generate(n, |i| kind(first(i), i));
        operands.b = Soa::generate(n, |i| kind(second(i), i / 3));
        operands
    });
    for engine in serial_engines() {
        let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
        for operands in &mut batches {
            operands.check_engines(&[engine]);
        }
        let effort = effort(n * Soa::<T>::BYTES_PER_VECTOR, test);
        let times = medians(effort, batches.len(), |k| batches[k].run(&engine));
        println!(
            "{:<4} {:<8} {:>8.3} {:>6.2} {:>6.2} {:>10.2} {:>9.2}",
            name_of::<T>(),
            engine.level(),
            times[0] / n as f64,
            times[1] / times[0],
            times[2] / times[0],
            times[3] / times[0],
            times[4] / times[0],
        );
    }
}
