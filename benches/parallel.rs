//! What threads and stores win, and whether what is chosen automatically is the best choice.
//!
//! `cargo bench --bench parallel` prints a report first, ratios of medians of interleaved measurements in this one
//! process, and stops there with `-- --auto`. Then criterion measures one thread, two, twice as many and so on to all,
//! and what `Engine::new()` chooses, for both accuracies and types, in columns and rows, from L2 to memory: 24 cases
//! of a second each for every number of threads. Any other argument, a filter or an option of criterion's, has
//! criterion alone; `-- --test` runs everything once. Everything is compared with the reference before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::iter::successors;
use std::num::NonZeroUsize;

use criterion::{BenchmarkId, Criterion, Throughput};
use crosslane::{Element, Engine, Soa, Stores, Threads};
use crosslane_measure::{Calls, Effort, medians};
use support::{ACCURACIES, Arguments, L2, Layout, Operands, name_of, name_of_accuracy};

/// Where criterion measures: L2, an L3, and memory.
const SIZES: [usize; 3] = [L2, 1 << 18, 1 << 22];

fn main() {
    let arguments = Arguments::new();
    let parts = arguments.parts(&["--auto"]);
    if parts.reports {
        report_auto(parts.test);
    }
    if parts.criterion {
        let mut criterion = support::criterion();
        threads_of::<f32>(&mut criterion);
        threads_of::<f64>(&mut criterion);
        criterion.final_summary();
    }
}

/// How many threads the pool has that this bench runs in.
fn all_threads() -> NonZeroUsize {
    NonZeroUsize::new(rayon::current_num_threads()).unwrap()
}

/// Automatic threads and stores against every fixed choice.
fn report_auto(test: bool) {
    let all = all_threads();
    println!(
        "\nµs a call: one thread and all {all}, with cached and with streaming stores, and Engine::new(), which \
         chooses; its time over the best of the four (the luckiest one, too, so a few hundredths are noise)"
    );
    let fixed = [Threads::Serial, Threads::Max(all)].map(|threads| {
        let engine = Engine::new().with_threads(threads);
        [Stores::Cached, Stores::Streaming].map(|stores| engine.with_stores(stores))
    });
    let [[one, two], [three, four]] = fixed;
    let engines = [one, two, three, four, Engine::new()];
    let columns = auto::<Soa<f32>>(&engines, test);
    let rows = auto::<Vec<[f32; 3]>>(&engines, test);
    let (ratio, place) = if columns.0 > rows.0 { columns } else { rows };
    if !test {
        println!("\nworst of Engine::new() over the best fixed choice: {ratio:.2}, {place}");
    }
}

/// The worst ratio, and where it is. The last engine is the one that chooses.
fn auto<L: Layout<Element: From<i16>>>(engines: &[Engine; 5], test: bool) -> (f64, String) {
    println!(
        "\n{:<12}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}",
        L::NAME,
        "1 cached",
        "1 stream",
        "all cached",
        "all stream",
        "auto",
        "auto/best"
    );
    let mut worst = (0.0, String::new());
    for n in (0..=if test { 6 } else { 12 }).map(|k| 4_usize.pow(k)) {
        let mut operands = Operands::<L>::new(n);
        operands.check_engines(engines);
        let effort = if test {
            Effort::ONCE
        } else {
            effort_of_threads::<L>(n)
        };
        let times = medians(effort, engines.len(), |k| operands.run(&engines[k]));
        let best = times[..4].iter().copied().fold(f64::INFINITY, f64::min);
        let ratio = times[4] / best;
        print!("{n:>12}");
        for time in times {
            print!("{:>12.3}", time / 1e3);
        }
        println!("{ratio:>12.2}");
        if ratio > worst.0 {
            worst = (ratio, format!("{n} vectors in {}", L::NAME));
        }
    }
    worst
}

/// Ten calls in a row at the least where waking the workers counts, as in a simulation's loop: the first call
/// after a pause finds them asleep and pays more. Not so many that a report of waking them takes minutes.
fn effort_of_threads<L: Layout>(n: usize) -> Effort {
    let bytes = n * L::BYTES_PER_VECTOR;
    let least = if bytes < 64 << 20 { 10 } else { 1 };
    Effort {
        rounds: Effort::new(bytes).rounds.max(15),
        calls: Calls::Fixed(((8 << 20) / bytes).clamp(least, 1000)),
    }
}

/// Everything of one type, at each size.
fn threads_of<T: Element + From<i16>>(criterion: &mut Criterion) {
    for n in SIZES {
        threads::<Soa<T>>(criterion, n);
        threads::<Vec<[T; 3]>>(criterion, n);
    }
}

fn threads<L: Layout<Element: From<i16>>>(criterion: &mut Criterion, n: usize) {
    let mut operands = Operands::<L>::new(n);
    for accuracy in ACCURACIES {
        let mut group = criterion.benchmark_group(format!(
            "threads {} {} {}, {n} vectors",
            L::NAME,
            name_of::<L::Element>(),
            name_of_accuracy(accuracy)
        ));
        group.throughput(Throughput::Elements(n as u64));
        for (name, engine) in contestants() {
            let engine = engine.with_accuracy(accuracy);
            operands.check_engines(&[engine]);
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| operands.run(&engine));
            });
        }
        group.finish();
    }
}

/// One thread, two, four ... and all, and what is chosen.
fn contestants() -> Vec<(String, Engine)> {
    let all = all_threads().get();
    let powers = successors(Some(2), |&threads| Some(2 * threads));
    let several = powers
        .take_while(|&threads| threads < all)
        .chain((all > 1).then_some(all));
    let fixed = several.map(|threads| {
        let most = NonZeroUsize::new(threads).unwrap();
        (
            threads.to_string(),
            Engine::new().with_threads(Threads::Max(most)),
        )
    });
    let serial = ("1".to_owned(), Engine::new().with_threads(Threads::Serial));
    let chosen = ("auto".to_owned(), Engine::new());
    [serial].into_iter().chain(fixed).chain([chosen]).collect()
}
