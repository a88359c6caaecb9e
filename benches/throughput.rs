//! How fast each level is, against the loops that people write themselves, and whether what is chosen
//! automatically is the best choice.
//!
//! `cargo bench --bench throughput` prints two reports first, ratios of medians of interleaved measurements
//! in this one process: `-- --plain` prints the first only, `-- --auto` the second only, `-- --ratios` both, and `-- --strided`
//! what other strides than those of columns and rows cost.
//! Without any of these criterion then measures every level, layout and type by itself. Everything is compared
//! with the reference, bit for bit, before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;
use std::num::NonZeroUsize;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use crosslane::{Accuracy, Element, Engine, Soa, Stores, Threads, Vectors, VectorsMut, reference};
use crosslane_measure::{Calls, Effort, medians};
use support::{
    Arguments, L1, L2, Layout, Operands, blank, first, name_of, same_bits, second, serial_engines,
};

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

/// The loop that people write over a layout.
trait Plain: Layout {
    fn plain(a: &Self, b: &Self, out: &mut Self);
}

impl<T: Element> Plain for Soa<T> {
    fn plain(a: &Self, b: &Self, out: &mut Self) {
        let [x, y, z] = out.columns_mut();
        plain_columns(a.x(), a.y(), a.z(), b.x(), b.y(), b.z(), x, y, z);
    }
}

impl<T: Element> Plain for Vec<[T; 3]> {
    fn plain(a: &Self, b: &Self, out: &mut Self) {
        plain_rows(a, b, out);
    }
}

impl<T: Element> Plain for Vec<[T; 4]> {
    fn plain(a: &Self, b: &Self, out: &mut Self) {
        plain_rows(a, b, out);
    }
}

/// The loop over columns, autovectorised by the compiler: slices as arguments, so that it knows that they
/// do not overlap, all cut to one length, so that it needs no bounds checks.
#[inline(never)]
#[expect(
    clippy::too_many_arguments,
    reason = "this is what gives the compiler the most to work with"
)]
fn plain_columns<T: Element>(
    ax: &[T],
    ay: &[T],
    az: &[T],
    bx: &[T],
    by: &[T],
    bz: &[T],
    x: &mut [T],
    y: &mut [T],
    z: &mut [T],
) {
    let n = x.len();
    let (ax, ay, az, bx, by, bz) = (&ax[..n], &ay[..n], &az[..n], &bx[..n], &by[..n], &bz[..n]);
    let (y, z) = (&mut y[..n], &mut z[..n]);
    for i in 0..n {
        x[i] = ay[i] * bz[i] - az[i] * by[i];
        y[i] = az[i] * bx[i] - ax[i] * bz[i];
        z[i] = ax[i] * by[i] - ay[i] * bx[i];
    }
}

/// The loop over rows of three or four, as the compiler likes it; a fourth element stays as it is.
#[inline(never)]
fn plain_rows<T: Element, const W: usize>(a: &[[T; W]], b: &[[T; W]], out: &mut [[T; W]]) {
    for ((a, b), c) in a.iter().zip(b).zip(out) {
        let x = a[1] * b[2] - a[2] * b[1];
        let y = a[2] * b[0] - a[0] * b[2];
        let z = a[0] * b[1] - a[1] * b[0];
        [c[0], c[1], c[2]] = [x, y, z];
    }
}

impl<L: Plain<Element: From<i16>>> Operands<L> {
    fn run_plain(&mut self) {
        L::plain(
            black_box(&self.a),
            black_box(&self.b),
            black_box(&mut self.out),
        );
    }
}

/// Every level on one thread, against the plain loops compiled with the same flags.
fn report_plain_loops() {
    println!("every level on one thread, against the plain loop over the same layout");
    println!(
        "below {CALLS} vectors: ns a call (ns more than the loop); from there on: ns a vector (times faster)"
    );
    println!("the loop over columns is autovectorised");
    let mut slower = Vec::new();
    plain_loops_of::<f32>(&mut slower);
    plain_loops_of::<f64>(&mut slower);
    let places = match slower.as_slice() {
        [] => "nowhere".to_owned(),
        places => places.join("; "),
    };
    println!("\nslower than the plain loop from {NO_EXCUSE} vectors up: {places}");
}

fn plain_loops_of<T: Element + From<i16>>(slower: &mut Vec<String>) {
    plain_loops::<Soa<T>>(slower);
    plain_loops::<Vec<[T; 3]>>(slower);
    plain_loops::<Vec<[T; 4]>>(slower);
}

fn plain_loops<L: Plain<Element: From<i16>>>(slower: &mut Vec<String>) {
    let engines = serial_engines();
    let title = format!("{} {}", name_of::<L::Element>(), L::NAME);
    print!("\n{title:<12}{:>10}", "plain loop");
    for engine in &engines {
        print!("{:>20}", engine.level());
    }
    println!();
    for n in LENGTHS {
        let mut operands = Operands::<L>::new(n);
        operands.check(&"plain loop", Operands::run_plain);
        operands.check_engines(&engines);
        let effort = Effort::new(n * L::BYTES_PER_VECTOR);
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

/// Automatic threads and stores against every fixed choice.
fn report_auto() {
    let all = NonZeroUsize::new(rayon::current_num_threads()).expect("a pool has threads");
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
    let columns = auto::<Soa<f32>>(&engines);
    let rows = auto::<Vec<[f32; 3]>>(&engines);
    let (ratio, place) = if columns.0 > rows.0 { columns } else { rows };
    println!("\nworst of Engine::new() over the best fixed choice: {ratio:.2}, {place}");
}

/// The worst ratio, and where it is. The last engine is the one that chooses.
fn auto<L: Layout<Element: From<i16>>>(engines: &[Engine; 5]) -> (f64, String) {
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
    for n in (0..=12).map(|k| 4_usize.pow(k)) {
        let mut operands = Operands::<L>::new(n);
        operands.check_engines(engines);
        let times = medians(effort_of_threads::<L>(n), engines.len(), |k| {
            operands.run(&engines[k]);
        });
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
            let checked = if check { n } else { 0 };
            for i in 0..checked {
                let [a, b, got] = [a.get(i), b.get(i), out.get(i)].map(Option::unwrap);
                let expected = reference::cross(a, b, Accuracy::Plain);
                assert!(same_bits(got, expected), "{name}: {got:?}");
            }
        };
        for k in 0..2 * all.len() {
            run(k, true);
        }
        let effort = if test {
            Effort::ONCE
        } else {
            Effort::new(36 * n)
        };
        let times = medians(effort, 2 * all.len(), |k| run(k, false));
        for ((name, ..), pair) in all.iter().zip(times.as_chunks::<2>().0) {
            let [one, other] = pair.map(|time| (time / n as f64, time / times[0]));
            let show = |(time, ratio)| format!("{time:.3} ({ratio:.2})");
            println!("{name:<36}{:>20}{:>20}", show(one), show(other));
        }
    }
}

/// Every level, by layout and size.
fn kernels<T: Element + From<i16>>(criterion: &mut Criterion) {
    for n in [L1, L2, 1 << 20] {
        let engines = serial_engines();
        let mut columns = Operands::<Soa<T>>::new(n);
        let mut rows = Operands::<Vec<[T; 3]>>::new(n);
        let mut padded = Operands::<Vec<[T; 4]>>::new(n);
        columns.check_engines(&engines);
        rows.check_engines(&engines);
        padded.check_engines(&engines);
        let mut group = criterion.benchmark_group(format!("cross {}, {n} vectors", name_of::<T>()));
        group.throughput(Throughput::Elements(n as u64));
        for engine in &engines {
            let mut run = |layout, a: Vectors<'_, T>, b: Vectors<'_, T>, out: VectorsMut<'_, T>| {
                measure(&mut group, engine, layout, a, b, out);
            };
            let (a, b) = (columns.a.view(), columns.b.view());
            run("columns", a, b, columns.out.view_mut());
            let (a, b) = (padded.a.view(), padded.b.view());
            run("padded", a, b, padded.out.view_mut());
            let (a, b, one) = (rows.a.view(), rows.b.view(), rows.b[0]);
            run("rows", a, b, rows.out.view_mut());
            run("rows to padded", a, b, padded.out.view_mut());
            let b = Vectors::broadcast(&one, n);
            run("rows by one vector", a, b, rows.out.view_mut());
        }
        group.finish();
    }
}

fn measure<T: Element>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    engine: &Engine,
    layout: &str,
    a: Vectors<'_, T>,
    b: Vectors<'_, T>,
    mut out: VectorsMut<'_, T>,
) {
    group.bench_function(BenchmarkId::new(layout, engine.level()), |bencher| {
        bencher.iter(|| {
            let (a, b, out) = (black_box(a), black_box(b), black_box(out.reborrow()));
            engine.cross(a, b, out).unwrap();
        });
    });
}

fn main() {
    let arguments = Arguments::new();
    let [plain, auto, both, strided, test] =
        ["--plain", "--auto", "--ratios", "--strided", "--test"].map(|name| arguments.has(name));
    let all = !(plain || auto || both || strided || test);
    if plain || both || all {
        report_plain_loops();
    }
    if auto || both || all {
        report_auto();
    }
    if strided || test || all {
        report_strided(test);
    }
    if test || all {
        let mut criterion = Criterion::default().configure_from_args();
        kernels::<f32>(&mut criterion);
        kernels::<f64>(&mut criterion);
        criterion.final_summary();
    }
}
