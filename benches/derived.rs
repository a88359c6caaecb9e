//! What is derived from a cross product, in one pass: times over that of `Engine::cross` with the same accuracy, and for its
//! gradients the share of the bytes that a loop moves which hardly computes.
//!
//! `cargo bench --bench derived` prints ratios of medians of interleaved runs, for both accuracies, types and kinds of layout, in
//! L1 and from memory, at the best level, on one thread and as the engine chooses; it stops there with `-- --ratios`, and with
//! `-- --levels`, which does so at each level. Then criterion measures every operation by itself, at the best level on one
//! thread: some 220 cases of a second each. Any other argument, a filter (`-- cross_vjp`) or an option of criterion's, has criterion
//! alone; `-- --test` runs everything once. Every result is compared with the reference before it is timed. What is measured
//! is what the table of operations has; meshes are in `benches/meshes.rs`.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

#[path = "support/batches.rs"]
mod batches;
mod support;

use std::array::from_fn;
use std::hint::black_box;

use batches::Batches;
use criterion::{Criterion, Throughput};
use crosslane::{Accuracy, Engine, Kind, Level, Operation, Real, Soa, Threads};
use crosslane_measure::{Gradients, Streams, medians};
use support::{
    ACCURACIES, Arguments, L1, Layout, effort, name_of, name_of_accuracy, same_bits, serial_engines,
};

/// Vectors of eight `f32` batches that take 1.6 GB.
const MEMORY: usize = 1 << 24;

fn main() {
    let arguments = Arguments::new();
    let parts = arguments.parts(&["--ratios", "--levels"]);
    if parts.reports {
        let levels = arguments.has("--levels") || parts.test;
        report_costs(levels, parts.test);
        report_gradients(levels, parts.test);
    }
    if parts.criterion {
        let mut criterion = support::criterion();
        for n in [L1, 1 << 20] {
            measure::<Soa<f32>>(&mut criterion, n);
            measure::<Soa<f64>>(&mut criterion, n / 2);
            measure::<Vec<[f32; 3]>>(&mut criterion, n);
            measure::<Vec<[f64; 3]>>(&mut criterion, n / 2);
        }
        criterion.final_summary();
    }
}

/// Every operation over the cross product.
fn report_costs(levels: bool, test: bool) {
    println!("ns a vector of cross, and how many times as long others take\n");
    let titles = [
        "layout", "type", "level", "accuracy", "vectors", "thr.", "cross",
    ];
    for line in 0..3 {
        let [layout, element, level, accuracy, vectors, threads, cross] =
            titles.map(|title| if line == 0 { title } else { "" });
        print!(
            "{layout:<8} {element:<4} {level:<8} {accuracy:<9} {vectors:>8} {threads:>4} {cross:>6}"
        );
        for operation in &Operation::ALL[1..] {
            // A word to a line: `scalar_triple_vjp` would be a wide column.
            let word = operation.name().splitn(3, '_').nth(line);
            print!(" {:>7}", word.unwrap_or_default());
        }
        println!();
    }
    let sizes = if test { vec![100] } else { vec![L1, MEMORY] };
    for size in sizes {
        for contestant in contestants(size, levels) {
            costs::<Soa<f32>>(size, contestant, test);
            costs::<Soa<f64>>(size / 2, contestant, test);
            costs::<Vec<[f32; 3]>>(size, contestant, test);
            costs::<Vec<[f64; 3]>>(size / 2, contestant, test);
        }
    }
}

/// Gradients beside a loop.
fn report_gradients(levels: bool, test: bool) {
    println!(
        "\ncross_vjp, columns from memory: GB/s, and the share of what a loop of the same bytes moves\n"
    );
    println!(
        "{:<4} {:<8} {:<9} {:>9} {:>6} {:>7} {:>6} {:>6}",
        "type", "level", "accuracy", "vectors", "thr.", "loop", "GB/s", "share"
    );
    let size = if test { 128 } else { MEMORY };
    for contestant in contestants(size, levels) {
        gradients::<f32>(size, contestant, test);
        gradients::<f64>(size / 2, contestant, test);
    }
}

/// An engine, and on how many threads it works.
#[derive(Clone, Copy)]
struct Contestant {
    engine: Engine,
    parallel: bool,
}

impl Contestant {
    fn threads(&self) -> &'static str {
        if self.parallel { "auto" } else { "1" }
    }
}

/// Of the best level or each, on one thread, and for large batches as the engine chooses.
fn contestants(size: usize, levels: bool) -> Vec<Contestant> {
    let serial = serial_engines();
    let from = if levels { 0 } else { serial.len() - 1 };
    let with = |parallel| {
        let threads = if parallel {
            Threads::Auto
        } else {
            Threads::Serial
        };
        let engines = serial[from..].iter();
        engines.map(move |engine| Contestant {
            engine: engine.with_threads(threads),
            parallel,
        })
    };
    let parallel = with(true).filter(|_| size > L1);
    with(false).chain(parallel).collect()
}

/// One layout and type at one size.
fn costs<L: Layout<Element: Real + From<f32>>>(n: usize, contestant: Contestant, test: bool) {
    let mut m = Batches::<L>::new(n);
    let operations = Operation::ALL; // the cross product first
    for accuracy in ACCURACIES {
        let engine = contestant.engine.with_accuracy(accuracy);
        for operation in operations {
            m.check(*operation, &engine);
        }
        let effort = effort(n * L::BYTES_PER_VECTOR, test);
        let times = medians(effort, operations.len(), |k| m.run(operations[k], &engine));
        print!(
            "{:<8} {:<4} {:<8} {:<9} {n:>8} {:>4} {:>6.3}",
            L::NAME,
            name_of::<L::Element>(),
            engine.level(),
            name_of_accuracy(accuracy),
            contestant.threads(),
            times[0] / n as f64,
        );
        for time in &times[1..] {
            print!(" {:>7.2}", time / times[0]);
        }
        println!();
    }
}

/// By criterion, at the best level on one thread.
fn measure<L: Layout<Element: Real + From<f32>>>(criterion: &mut Criterion, n: usize) {
    let mut m = Batches::<L>::new(n);
    let engine = serial_engines().pop().unwrap();
    for accuracy in ACCURACIES {
        let engine = engine.with_accuracy(accuracy);
        let mut group = criterion.benchmark_group(format!(
            "{} {} {}, {n} vectors",
            name_of::<L::Element>(),
            name_of_accuracy(accuracy),
            L::NAME
        ));
        group.throughput(Throughput::Elements(n as u64));
        for operation in Operation::ALL.iter().copied() {
            m.check(operation, &engine);
            group.bench_function(operation.name(), |bencher| {
                bencher.iter(|| m.run(operation, &engine));
            });
        }
        group.finish();
    }
}

/// The gradients of the cross product, beside a loop over the same memory: past the caches and through them.
fn gradients<T: Real + Streams + From<f32>>(n: usize, contestant: Contestant, test: bool) {
    let mut m = Batches::<Soa<T>>::new(n);
    let Contestant { engine, parallel } = contestant;
    let level: Level = engine.level();
    let triad = Gradients::new(level);
    let effort = effort(n * 5 * size_of::<[T; 3]>(), test);
    let plain = engine;
    let rounded = engine.with_accuracy(Accuracy::CorrectlyRounded);
    for streaming in [false, true] {
        m.outputs = from_fn(|_| Soa::zeros(n));
        run_triad(&mut m, &triad, streaming, parallel);
        for i in (0..n).step_by(n / 1_000 + 1) {
            let g = m.input((2, Kind::Vector), i);
            for k in [0, 1].map(|k| (k, Kind::Vector)) {
                let x = m.input(k, i);
                let sum = [0, 1, 2].map(|c| x[c] + T::from(3.0) * g[c]);
                assert!(same_bits(m.output(k, i), sum), "loop, vector {i}");
            }
        }
    }
    let vjp = Operation::CrossVjp;
    m.check(vjp, &plain);
    m.check(vjp, &rounded);
    let times = medians(effort, 4, |k| match k {
        0 => m.run(vjp, &plain),
        1 => m.run(vjp, &rounded),
        _ => run_triad(black_box(&mut m), &triad, k == 2, parallel),
    });
    let best = times[2].min(times[3]);
    for (accuracy, time) in ["plain", "rounded"].into_iter().zip(&times) {
        println!(
            "{:<4} {level:<8} {accuracy:<9} {n:>9} {:>6} {:>7.2} {:>6.2} {:>6.2}",
            name_of::<T>(),
            contestant.threads(),
            bytes_per_ns::<T>(n, best),
            bytes_per_ns::<T>(n, *time),
            best / time,
        );
    }
}

fn bytes_per_ns<T>(n: usize, time: f64) -> f64 {
    (n * 5 * size_of::<[T; 3]>()) as f64 / time
}

/// Component by component; on two threads or more, each a part of the columns.
fn run_triad<T: Real + Streams + From<f32>>(
    m: &mut Batches<Soa<T>>,
    triad: &Gradients<T>,
    streaming: bool,
    parallel: bool,
) {
    let parts = if parallel {
        rayon::current_num_threads()
    } else {
        1
    };
    let [a, b, g, ..] = &m.inputs;
    let [one, two, _] = &mut m.outputs;
    let inputs = [
        [a.x(), b.x(), g.x()],
        [a.y(), b.y(), g.y()],
        [a.z(), b.z(), g.z()],
    ];
    let (ones, twos) = (one.columns_mut(), two.columns_mut());
    let k = T::from(3.0);
    let part = (a.len() / parts / 64 * 64).max(64);
    for (([a, b, g], one), two) in inputs.into_iter().zip(ones).zip(twos) {
        rayon::scope(|scope| {
            let chunks = a.chunks(part).zip(b.chunks(part)).zip(g.chunks(part));
            let outs = one.chunks_mut(part).zip(two.chunks_mut(part));
            let mut all: Vec<_> = chunks.zip(outs).collect();
            let last = all.pop();
            for (((a, b), g), (one, two)) in all {
                scope.spawn(move |_| triad.run([a, b, g], k, [one, two], streaming));
            }
            if let Some((((a, b), g), (one, two))) = last {
                triad.run([a, b, g], k, [one, two], streaming);
            }
        });
    }
}
