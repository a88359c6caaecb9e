//! How fast each level is, against the loops that people write themselves, and when threads pay.
//!
//! `cargo bench --bench throughput` prints ratios first, each of medians of interleaved measurements in
//! this one process; then criterion measures every level, layout and type by itself. With `-- --ratios` it
//! stops after the ratios. Everything is compared with the reference, bit for bit, before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

use std::cell::RefCell;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput};
use crosslane::{Accuracy, Element, Engine, Level, Soa, Threads, Vectors, VectorsMut, reference};

/// Vectors of three `f32` batches that take 35 KB together, an L1 of 48 KB ...
const L1: usize = 960;
/// ... 30 KB, an L1 of 32 KB, and 350 KB, an L2.
const SMALL_L1: usize = 832;
const L2: usize = 9600;
/// 600 MB.
const MEMORY: usize = 1 << 24;

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

fn plain_soa<T: Element>(a: &Soa<T>, b: &Soa<T>, out: &mut Soa<T>) {
    let [x, y, z] = out.columns_mut();
    plain_columns(a.x(), a.y(), a.z(), b.x(), b.y(), b.z(), x, y, z);
}

/// The loop over rows, as the compiler likes it.
#[inline(never)]
fn plain_aos<T: Element>(a: &[[T; 3]], b: &[[T; 3]], out: &mut [[T; 3]]) {
    for ((a, b), c) in a.iter().zip(b).zip(out) {
        *c = [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ];
    }
}

/// The same vectors in rows and in columns.
struct Data<T> {
    a: Vec<[T; 3]>,
    b: Vec<[T; 3]>,
    out: Vec<[T; 3]>,
    soa_a: Soa<T>,
    soa_b: Soa<T>,
    soa_out: Soa<T>,
}

impl<T: Element + From<i16>> Data<T> {
    fn new(n: usize) -> Self {
        let number = |i: usize| T::from((i.wrapping_mul(40503) >> 3) as i16 | 1);
        let rows = |seed: usize| -> Vec<[T; 3]> {
            (0..n)
                .map(|i| [seed, seed + 1, seed + 2].map(|k| number(i * 7 + k)))
                .collect()
        };
        let (a, b) = (rows(1), rows(4));
        let out = vec![[T::default(); 3]; n];
        let (soa_a, soa_b, soa_out) = (Soa::from_aos(&a), Soa::from_aos(&b), Soa::zeros(n));
        Self {
            a,
            b,
            out,
            soa_a,
            soa_b,
            soa_out,
        }
    }

    /// Runs every contestant once and compares it with the reference.
    fn check(&mut self, engines: &[Engine]) {
        let expected: Vec<_> = self
            .a
            .iter()
            .zip(&self.b)
            .map(|(a, b)| reference::cross(*a, *b, Accuracy::Plain))
            .collect();
        plain_soa(&self.soa_a, &self.soa_b, &mut self.soa_out);
        assert!(self.soa_out.to_aos() == expected, "plain loop over columns");
        plain_aos(&self.a, &self.b, &mut self.out);
        assert!(self.out == expected, "plain loop over rows");
        for engine in engines {
            engine
                .cross(&self.soa_a, &self.soa_b, &mut self.soa_out)
                .unwrap();
            assert!(self.soa_out.to_aos() == expected, "columns, {engine:?}");
            engine.cross(&self.a, &self.b, &mut self.out).unwrap();
            assert!(self.out == expected, "rows, {engine:?}");
        }
    }
}

fn serial_engines() -> Vec<Engine> {
    let engine = |level| {
        Engine::new()
            .with_level(level)
            .unwrap()
            .with_threads(Threads::Serial)
    };
    Level::available().map(engine).collect()
}

/// Something to be timed.
type Contestant<'a> = Box<dyn FnMut() + 'a>;

/// Nanoseconds a call of each contestant: medians of `rounds` measurements, in turn.
fn medians(rounds: usize, calls: usize, contestants: &mut [Contestant<'_>]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    for _ in 0..rounds {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            contestant(); // what the one before left in the cache is not this one's
            let start = Instant::now();
            for _ in 0..calls {
                contestant();
            }
            times.push(start.elapsed().as_nanos() as f64 / calls as f64);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

/// How many rounds, and calls a round, for a batch of `n` vectors.
fn effort(n: usize) -> (usize, usize) {
    (if n > 1 << 20 { 9 } else { 201 }, (200_000 / n).max(1))
}

/// One thread, against the loops that people write, compiled with the same flags.
fn report_plain_loops() {
    println!(
        "f32, one thread, ns per vector (times faster than the plain loop over the same layout)"
    );
    println!(
        "the loop over columns is autovectorised; columns are also compared with the loop over rows\n"
    );
    println!("  vectors     level          columns        × rows             rows");
    for n in [1, 16, 64, 256, SMALL_L1, L1, L2, 1 << 18, MEMORY] {
        let (engines, mut data) = (serial_engines(), Data::<f32>::new(n));
        data.check(&engines);
        let Data {
            a,
            b,
            out,
            soa_a,
            soa_b,
            soa_out,
        } = &mut data;
        let (a, b, soa_a, soa_b) = (&*a, &*b, &*soa_a, &*soa_b);
        let (out, soa_out) = (&RefCell::new(out), &RefCell::new(soa_out));
        let mut contestants: Vec<Contestant<'_>> = vec![
            Box::new(|| {
                plain_soa(
                    black_box(soa_a),
                    black_box(soa_b),
                    &mut soa_out.borrow_mut(),
                )
            }),
            Box::new(|| plain_aos(black_box(a), black_box(b), &mut out.borrow_mut())),
        ];
        for engine in &engines {
            contestants.push(Box::new(|| {
                engine
                    .cross(
                        black_box(soa_a),
                        black_box(soa_b),
                        &mut **soa_out.borrow_mut(),
                    )
                    .unwrap();
            }));
            contestants.push(Box::new(|| {
                engine
                    .cross(black_box(a), black_box(b), &mut **out.borrow_mut())
                    .unwrap();
            }));
        }
        let (rounds, calls) = effort(n);
        let times = medians(rounds, calls, &mut contestants);
        let [plain_columns, plain_rows] = [times[0], times[1]];
        for (engine, times) in engines.iter().zip(times[2..].as_chunks().0) {
            let (level, [columns, rows]) = (engine.level(), *times);
            println!(
                "{n:>9} {level:>9} {:>8.3} ({:>5.2}) {:>13.2} {:>8.3} ({:>5.2})",
                columns / n as f64,
                plain_columns / columns,
                plain_rows / columns,
                rows / n as f64,
                plain_rows / rows,
            );
        }
    }
}

/// All threads against one: where `Threads::Auto` should begin to split. Ten calls in a row at the least, as
/// in a simulation's loop: the first call after a pause finds the workers asleep and pays more.
fn report_threads() {
    let threads = NonZeroUsize::new(rayon::current_num_threads()).expect("a pool has threads");
    println!("\nf32, columns, µs: one thread, all {threads} threads of the pool, and Auto\n");
    println!(
        "{:>9} {:>9} {:>10} {:>10} {:>10}",
        "vectors", "KiB", "serial", "all", "auto"
    );
    for n in (10..=24).map(|k| 1_usize << k) {
        let choices = [Threads::Serial, Threads::Max(threads), Threads::Auto];
        let choices = choices.map(|threads| Engine::new().with_threads(threads));
        let mut data = Data::<f32>::new(n);
        data.check(&choices);
        let (a, b, out) = (&data.soa_a, &data.soa_b, &RefCell::new(&mut data.soa_out));
        let mut contestants = choices.map(|engine| -> Contestant<'_> {
            Box::new(move || {
                engine
                    .cross(black_box(a), black_box(b), &mut **out.borrow_mut())
                    .unwrap();
            })
        });
        let (rounds, calls) = effort(n);
        let times = medians(rounds, calls.max(10), &mut contestants);
        let kib = n * 36 / 1024;
        println!(
            "{n:>9} {kib:>9} {:>10.2} {:>10.2} {:>10.2}",
            times[0] / 1e3,
            times[1] / 1e3,
            times[2] / 1e3
        );
    }
}

/// Every level, by layout and size.
fn kernels<T: Element + From<i16>>(criterion: &mut Criterion, element: &str) {
    for n in [L1, L2, 1 << 20] {
        let (engines, mut data) = (serial_engines(), Data::<T>::new(n));
        data.check(&engines);
        let mut padded = vec![[T::default(); 4]; n];
        let mut group = criterion.benchmark_group(format!("cross {element}, {n} vectors"));
        group.throughput(Throughput::Elements(n as u64));
        for engine in engines {
            let level = engine.level();
            let Data {
                a,
                b,
                out,
                soa_a,
                soa_b,
                soa_out,
            } = &mut data;
            let mut run =
                |layout: &str, a: Vectors<'_, T>, b: Vectors<'_, T>, mut out: VectorsMut<'_, T>| {
                    let id = BenchmarkId::new(layout, level);
                    group.bench_function(id, |bencher| {
                        bencher.iter(|| {
                            engine
                                .cross(black_box(a), black_box(b), out.reborrow())
                                .unwrap()
                        });
                    });
                };
            run("columns", soa_a.view(), soa_b.view(), soa_out.view_mut());
            run(
                "rows",
                Vectors::aos(a),
                Vectors::aos(b),
                VectorsMut::aos(out),
            );
            run(
                "rows by one vector",
                Vectors::aos(a),
                Vectors::broadcast(&b[0], n),
                VectorsMut::aos(out),
            );
            run(
                "rows to padded",
                Vectors::aos(a),
                Vectors::aos(b),
                VectorsMut::padded(&mut padded),
            );
        }
        group.finish();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if !has("--test") {
        report_plain_loops();
        report_threads();
    }
    if !has("--ratios") {
        let mut criterion = Criterion::default().configure_from_args();
        kernels::<f32>(&mut criterion, "f32");
        kernels::<f64>(&mut criterion, "f64");
        criterion.final_summary();
    }
}
