//! How fast whole batches are against loops over slices with the crates that people multiply vectors with:
//! glam, nalgebra, ultraviolet.
//!
//! `cargo bench --bench rivals` prints ratios of medians of interleaved measurements in this one process, then
//! criterion measures each by itself; with `-- --ratios` it stops after the ratios. Everything is compared with
//! the reference before it is timed. The other crates choose their instructions when they are compiled, so
//! `RUSTFLAGS="-C target-cpu=native"` is the other half of the picture.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;
use std::iter::once;

use bytemuck::Pod;
use criterion::{BenchmarkId, Criterion, Throughput};
use crosslane::{Accuracy, Element, Engine, Soa, Threads, Vectors, VectorsMut, reference};
use crosslane_measure::{Effort, medians};
use support::{Arguments, L1, L2, Layout, Operands, first, name_of, same_bits, second};

/// From L1 to memory; all multiples of the eight vectors of a `Vec3x8`.
const LENGTHS: [usize; 8] = [64, 256, L1, L2, 1 << 16, 1 << 18, 1 << 20, 1 << 24];

/// Another crate's vector, or block of vectors.
trait Rival: Copy {
    const NAME: &'static str;
    /// How many vectors one value is.
    const LEN: usize = 1;
    type Element: Element + From<i16> + Into<f64>;
    /// The same vectors as crosslane has them.
    type Ours: Layout<Element = Self::Element>;
    fn pack(vectors: impl Fn(usize) -> [Self::Element; 3]) -> Self;
    fn get(&self, i: usize) -> [Self::Element; 3];
    fn times(self, other: Self) -> Self;
}

/// A type that is one vector: three components, or four where it is padded.
macro_rules! one_vector {
    ($type:ty, $element:ty, $cross:expr) => {
        impl Rival for $type {
            const NAME: &'static str = stringify!($type);
            type Element = $element;
            type Ours = Pods<Self>;

            fn pack(vectors: impl Fn(usize) -> [$element; 3]) -> Self {
                vectors(0).into()
            }
            fn get(&self, _: usize) -> [$element; 3] {
                (*self).into()
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                let cross: fn(Self, Self) -> Self = $cross;
                cross(self, other)
            }
        }
    };
}
one_vector!(glam::Vec3, f32, |a, b| a.cross(b));
// Where the target has fused instructions when this is compiled, it uses them and rounds otherwise.
one_vector!(glam::Vec3A, f32, |a, b| a.cross(b));
one_vector!(nalgebra::Vector3<f32>, f32, |a, b| a.cross(&b));
one_vector!(nalgebra::Vector3<f64>, f64, |a, b| a.cross(&b));

/// Blocks of eight in structures of arrays; crosslane has columns.
impl Rival for ultraviolet::Vec3x8 {
    const NAME: &'static str = "ultraviolet::Vec3x8";
    const LEN: usize = 8;
    type Element = f32;
    type Ours = Soa<f32>;

    fn pack(vectors: impl Fn(usize) -> [f32; 3]) -> Self {
        let lanes = |k: usize| core::array::from_fn(|i| vectors(i)[k]);
        let [x, y, z] = [0, 1, 2].map(|k| ultraviolet::f32x8::new(lanes(k)));
        Self::new(x, y, z)
    }
    fn get(&self, i: usize) -> [f32; 3] {
        [self.x, self.y, self.z].map(|lanes| lanes.to_array()[i])
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.cross(other)
    }
}

/// Another crate's vectors as `from_pod` sees them.
struct Pods<R>(Vec<R>);

impl<R: Rival + Pod> Layout for Pods<R> {
    type Element = R::Element;
    const NAME: &'static str = R::NAME;
    const BYTES_PER_VECTOR: usize = 3 * size_of::<R>();

    fn generate(n: usize, vector: impl Fn(usize) -> [R::Element; 3]) -> Self {
        Self((0..n).map(|i| R::pack(|_| vector(i))).collect())
    }
    fn view(&self) -> Vectors<'_, R::Element> {
        Vectors::from_pod(&self.0).unwrap()
    }
    fn view_mut(&mut self) -> VectorsMut<'_, R::Element> {
        VectorsMut::from_pod(&mut self.0).unwrap()
    }
}

/// The loop over slices: `*o = a.cross(*b)`.
#[inline(never)]
fn cross_loop<R: Rival>(a: &[R], b: &[R], out: &mut [R]) {
    for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
        *o = a.times(*b);
    }
}

/// The same vectors for both.
struct Contest<R: Rival> {
    ours: Operands<R::Ours>,
    a: Vec<R>,
    b: Vec<R>,
    out: Vec<R>,
    /// Whether the rival gives the same bits.
    same_bits: bool,
}

impl<R: Rival> Contest<R> {
    /// Checked.
    fn new(n: usize, engines: &[Engine]) -> Self {
        let batch = |vector: fn(usize) -> [R::Element; 3]| -> Vec<R> {
            let block = |i| R::pack(|lane| vector(i * R::LEN + lane));
            (0..n / R::LEN).map(block).collect()
        };
        let (a, b) = (batch(first), batch(second));
        let mut contest = Self {
            ours: Operands::new(n),
            out: a.clone(),
            a,
            b,
            same_bits: true,
        };
        contest.ours.check_engines(engines);
        contest.run();
        contest.check();
        contest
    }

    fn run(&mut self) {
        cross_loop(
            black_box(&self.a),
            black_box(&self.b),
            black_box(&mut self.out),
        );
    }

    /// The same bits as the reference, or what another rounding can give.
    fn check(&mut self) {
        for ((a, b), out) in self.a.iter().zip(&self.b).zip(&self.out) {
            for i in 0..R::LEN {
                let [a, b, got] = [a, b, out].map(|block| block.get(i));
                let expected = reference::cross(a, b, Accuracy::Plain);
                if !same_bits(got, expected) {
                    self.same_bits = false;
                    assert!(
                        as_near_as_fused(a, b, got, expected),
                        "{}: {a:?} × {b:?} = {got:?}, not {expected:?}",
                        R::NAME
                    );
                }
            }
        }
    }
}

/// Fused or not, a difference of the products p and q has an error of at most u(|p| + |q| + |p − q|), some
/// 2u(|p| + |q|), where u is half an epsilon: two of them are less than 4u apart, and the products here
/// are rounded themselves.
fn as_near_as_fused<T: Element + Into<f64>>(a: [T; 3], b: [T; 3], x: [T; 3], y: [T; 3]) -> bool {
    let u = match size_of::<T>() {
        4 => f64::from(f32::EPSILON) / 2.0,
        _ => f64::EPSILON / 2.0,
    };
    let [a, b, x, y] = [a, b, x, y].map(|v| v.map(Into::<f64>::into));
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]].iter().all(|&[i, j, k]| {
        let (p, q) = (a[j] * b[k], a[k] * b[j]);
        (x[i] - y[i]).abs() <= 5.0 * u * (p.abs() + q.abs())
    })
}

/// One thread, and all of them where it pays.
fn engines() -> [Engine; 2] {
    let auto = Engine::new();
    [auto.with_threads(Threads::Serial), auto]
}

fn report<R: Rival>() {
    println!(
        "\n{:<20}{:>10}{:>10}{:>18}{:>18}",
        R::NAME,
        "vectors",
        "theirs",
        "serial",
        "auto"
    );
    let mut same_bits = true;
    for n in LENGTHS {
        let engines = engines();
        let mut contest = Contest::<R>::new(n, &engines);
        same_bits &= contest.same_bits;
        let effort = Effort::new(n * R::Ours::BYTES_PER_VECTOR);
        let times = medians(effort, 3, |k| match k {
            0 => contest.run(),
            _ => contest.ours.run(&engines[k - 1]),
        });
        let [theirs, serial, auto] = [0, 1, 2].map(|k| times[k] / n as f64);
        println!(
            "{:>30}{theirs:>10.3}{serial:>10.3} ({:>5.2}){auto:>10.3} ({:>5.2})",
            n,
            theirs / serial,
            theirs / auto
        );
    }
    if !same_bits {
        println!(
            "{:>30}: fused instructions, so other bits than the reference",
            R::NAME
        );
    }
}

fn measure<R: Rival>(criterion: &mut Criterion) {
    for n in [L1, L2, 1 << 20] {
        let engines = engines();
        let mut contest = Contest::<R>::new(n, &engines);
        let mut group = criterion.benchmark_group(format!("{}, {n} vectors", R::NAME));
        group.throughput(Throughput::Elements(n as u64));
        let names = ["theirs", "crosslane, one thread", "crosslane"];
        for (name, engine) in names.iter().zip(once(None).chain(engines.map(Some))) {
            group.bench_function(
                BenchmarkId::new(*name, name_of::<R::Element>()),
                |bencher| {
                    bencher.iter(|| match &engine {
                        None => contest.run(),
                        Some(engine) => contest.ours.run(engine),
                    });
                },
            );
        }
        group.finish();
    }
}

fn main() {
    let arguments = Arguments::new();
    if !arguments.has("--test") {
        println!(
            "ns a vector: theirs, crosslane on one thread and as it chooses (times faster than theirs)"
        );
        report::<glam::Vec3>();
        report::<glam::Vec3A>();
        report::<nalgebra::Vector3<f32>>();
        report::<nalgebra::Vector3<f64>>();
        report::<ultraviolet::Vec3x8>();
    }
    if !arguments.has("--ratios") {
        let mut criterion = Criterion::default().configure_from_args();
        measure::<glam::Vec3>(&mut criterion);
        measure::<glam::Vec3A>(&mut criterion);
        measure::<nalgebra::Vector3<f32>>(&mut criterion);
        measure::<nalgebra::Vector3<f64>>(&mut criterion);
        measure::<ultraviolet::Vec3x8>(&mut criterion);
        criterion.final_summary();
    }
}
