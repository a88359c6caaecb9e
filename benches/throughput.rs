//! How fast each level is on one thread: against the loops that people write themselves, with strides of all kinds, and by
//! itself.
//!
//! `cargo bench --bench throughput` prints two reports first, ratios of medians of interleaved measurements
//! in this one process; `-- --plain` prints the first only, the plain loops, `-- --strided` the second only, what other
//! strides than those of columns and rows cost, and `-- --ratios` both. Then criterion measures every accuracy, level, layout and type by itself, at
//! three sizes, half types too with `--features half`: some 250 cases of a second each. Any other argument, a filter
//! (`-- f32`) or an option of criterion's, has criterion alone; `-- --test` runs everything once. Everything is compared
//! with the reference, bit for bit, before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use crosslane::{Accuracy, Element, Engine, Soa, Threads, Vectors, VectorsMut};
use crosslane_measure::medians;
use support::plain::Plain;
use support::{
    ACCURACIES, Arguments, L1, L2, Layout, Operands, Records, blank, clear, compare, effort, first,
    name_of, name_of_accuracy, second, serial_engines,
};

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Where criterion measures: L1, L2, and memory.
const SIZES: [usize; 3] = [L1, L2, 1 << 20];

/// Around the lanes of every register and their doubles, where the tails are; then what fills an L1 of 32 KB and
/// one of 48 KB, an L2, an L3; and what is in memory.
const LENGTHS: [usize; 23] = [
    1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 65, 79, 96, 127, 128, 256, 832, 960, 9_600, 262_144,
    16_777_216,
];

/// Below this many vectors the time of a call is what counts, from here on the time of a vector.
const CALLS: usize = 256;

/// From this many vectors on, nothing should be slower than the plain loop ...
const NO_EXCUSE: usize = 64;
/// ... by more than the noise.
const NOISE: f64 = 0.97;

/// Every level on one thread, against the plain loops compiled with the same flags.
fn report_plain_loops(test: bool) {
    println!("every level on one thread, against the plain loop over the same layout");
    println!(
        "below {CALLS} vectors: ns a call (ns more than the loop); from there on: ns a vector (times faster)"
    );
    println!("the loop over columns is autovectorised");
    let mut slower = Vec::new();
    plain_loops_of::<f32>(&mut slower, test);
    plain_loops_of::<f64>(&mut slower, test);
    if test {
        return;
    }
    let places = match slower.as_slice() {
        [] => "nowhere".to_owned(),
        places => places.join("; "),
    };
    println!("\nslower than the plain loop from {NO_EXCUSE} vectors up: {places}");
}

fn plain_loops_of<T: Element + From<i16>>(slower: &mut Vec<String>, test: bool) {
    plain_loops::<Soa<T>>(slower, test);
    plain_loops::<Vec<[T; 3]>>(slower, test);
    plain_loops::<Vec<[T; 4]>>(slower, test);
}

fn plain_loops<L: Plain<Element: From<i16>>>(slower: &mut Vec<String>, test: bool) {
    let engines = serial_engines();
    let title = format!("{} {}", name_of::<L::Element>(), L::NAME);
    print!("\n{title:<12}{:>10}", "plain loop");
    for engine in &engines {
        print!("{:>20}", engine.level());
    }
    println!();
    let lengths = if test {
        &LENGTHS[..LENGTHS.len() - 2]
    } else {
        &LENGTHS
    };
    for &n in lengths {
        let mut operands = Operands::<L>::new(n);
        operands.check(&"plain loop", Operands::run_plain);
        operands.check_engines(&engines);
        let effort = effort(n * L::BYTES_PER_VECTOR, test);
        let times = medians(effort, 1 + engines.len(), |k| match k {
            0 => operands.run_plain(),
            _ => operands.run(&engines[k - 1]),
        });
        let (per, plain) = (if n < CALLS { 1.0 } else { n as f64 }, times[0]);
        print!("{n:>12}{:>10.3}", plain / per);
        for (engine, &time) in engines.iter().zip(&times[1..]) {
            let ratio = plain / time;
            let against = match n < CALLS {
                true => format!("({:+.1})", time - plain),
                false => format!("({ratio:.2})"),
            };
            print!("{:>11.3} {against:>8}", time / per);
            if n >= NO_EXCUSE && ratio < NOISE {
                slower.push(format!("{title} {} {n} ({ratio:.2})", engine.level()));
            }
        }
        println!();
    }
}

/// Strides that people have, as first element, elements between components, and between vectors, of `n` vectors.
fn strides(n: usize) -> [(&'static str, usize, isize, isize); 6] {
    let len = n as isize;
    [
        ("rows", 0, 1, 3),
        ("rows, reversed", 3 * (n - 1), 1, -3),
        ("columns, reversed", n - 1, len, -1),
        ("one of two interleaved vectors", 3, 1, 6),
        ("the first three of records of eight", 0, 1, 8),
        ("every second of columns", 0, 2 * len, 2),
    ]
}

/// Strided inputs into rows, and strided everything, against rows into rows, from L1 and from memory.
fn report_strided(test: bool) {
    println!("f32, one thread, ns a vector (times as long as rows)");
    let sizes = if test { [832, 832] } else { [832, 1 << 22] };
    for n in sizes {
        println!(
            "\n{:<36}{:>20}{:>20}",
            format!("{n} vectors"),
            "inputs",
            "inputs and output"
        );
        let numbers = |operand: fn(usize) -> [f32; 3]| -> Vec<f32> {
            (0..n * 8 / 3 + 1).flat_map(operand).collect()
        };
        let (a, b, mut out) = (numbers(first), numbers(second), numbers(blank));
        let engine = Engine::new().with_threads(Threads::Serial);
        let all = strides(n);
        let mut run = |k: usize, check: bool| {
            let (name, first, components, vectors) = all[k / 2];
            let input = |data| Vectors::strided(data, first, components, vectors, n).unwrap();
            let (a, b) = (black_box(input(&a)), black_box(input(&b)));
            let out = match k % 2 {
                0 => VectorsMut::strided(&mut out, 0, 1, 3, n),
                _ => VectorsMut::strided(&mut out, first, components, vectors, n),
            };
            let mut out = black_box(out.unwrap());
            engine.cross(a, b, out.reborrow()).unwrap();
            if check {
                compare(&name, Accuracy::Plain, [a, b, (&out).into()]);
            }
        };
        for k in 0..2 * all.len() {
            run(k, true);
        }
        let times = medians(effort(36 * n, test), 2 * all.len(), |k| run(k, false));
        for ((name, ..), pair) in all.iter().zip(times.as_chunks::<2>().0) {
            let [one, other] = pair.map(|time| (time / n as f64, time / times[0]));
            let show = |(time, ratio)| format!("{time:.3} ({ratio:.2})");
            println!("{name:<36}{:>20}{:>20}", show(one), show(other));
        }
    }
}

/// Everything of one type, at each size.
fn kernels<T: Element + From<i16>>(criterion: &mut Criterion) {
    for n in SIZES {
        let mut columns = Operands::<Soa<T>>::new(n);
        let mut rows = Operands::<Vec<[T; 3]>>::new(n);
        let mut padded = Operands::<Vec<[T; 4]>>::new(n);
        let mut records = Operands::<Records<T>>::new(n);
        for accuracy in ACCURACIES {
            let mut group = criterion.benchmark_group(format!(
                "cross {} {}, {n} vectors",
                name_of::<T>(),
                name_of_accuracy(accuracy)
            ));
            group.throughput(Throughput::Elements(n as u64));
            for engine in serial_engines() {
                let engine = engine.with_accuracy(accuracy);
                let (a, b) = (rows.a.view(), rows.b.view());
                let one = Vectors::broadcast(&rows.b[0], n);
                let mut run = |name, a, b, out| measure(&mut group, &engine, name, a, b, out);
                run("rows to padded", a, b, padded.out.view_mut());
                run("rows by one vector", a, one, rows.out.view_mut());
                measure_operands(&mut group, &engine, &mut columns);
                measure_operands(&mut group, &engine, &mut rows);
                measure_operands(&mut group, &engine, &mut padded);
                measure_operands(&mut group, &engine, &mut records);
            }
            group.finish();
        }
    }
}

/// The same of a half type, which is always correctly rounded, in columns and rows.
#[cfg(feature = "half")]
fn half_kernels<T: Element>(criterion: &mut Criterion, number: fn(f32) -> T) {
    let first = |i| [0, 1, 2].map(|k| number(support::ordinary(6 * i + k)));
    let second = |i| [3, 4, 5].map(|k| number(support::ordinary(6 * i + k)));
    for n in SIZES {
        let mut columns = Operands::<Soa<T>>::of(n, first, second);
        let mut rows = Operands::<Vec<[T; 3]>>::of(n, first, second);
        let name = format!("cross {}, {n} vectors", name_of::<T>());
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(n as u64));
        for engine in serial_engines() {
            measure_operands(&mut group, &engine, &mut columns);
            measure_operands(&mut group, &engine, &mut rows);
        }
        group.finish();
    }
}

fn measure_operands<L: Layout>(group: &mut Group<'_>, engine: &Engine, operands: &mut Operands<L>) {
    let (a, b) = (operands.a.view(), operands.b.view());
    measure(group, engine, L::NAME, a, b, operands.out.view_mut());
}

/// Checks, and has criterion measure.
fn measure<T: Element>(
    group: &mut Group<'_>,
    engine: &Engine,
    layout: &str,
    a: Vectors<'_, T>,
    b: Vectors<'_, T>,
    mut out: VectorsMut<'_, T>,
) {
    clear(a, out.reborrow());
    engine.cross(a, b, out.reborrow()).unwrap();
    compare(&(engine, layout), engine.accuracy(), [a, b, (&out).into()]);
    group.bench_function(BenchmarkId::new(layout, engine.level()), |bencher| {
        bencher.iter(|| {
            let (a, b, out) = (black_box(a), black_box(b), black_box(out.reborrow()));
            engine.cross(a, b, out).unwrap();
        });
    });
}

fn main() {
    let arguments = Arguments::new();
    let parts = arguments.parts(&["--ratios", "--plain", "--strided"]);
    let [plain, strided] = ["--plain", "--strided"].map(|name| arguments.has(name));
    if plain || (parts.reports && !strided) {
        report_plain_loops(parts.test);
    }
    if strided || (parts.reports && !plain) {
        report_strided(parts.test);
    }
    if parts.criterion {
        let mut criterion = support::criterion();
        kernels::<f32>(&mut criterion);
        kernels::<f64>(&mut criterion);
        #[cfg(feature = "half")]
        {
            half_kernels(&mut criterion, half::f16::from_f32);
            half_kernels(&mut criterion, half::bf16::from_f32);
        }
        criterion.final_summary();
    }
}
