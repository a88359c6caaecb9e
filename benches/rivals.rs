//! How fast whole batches are against loops over slices with the crates that people multiply vectors with, glam,
//! nalgebra, ultraviolet and vek, and against the plain loops that they write without any. crosslane has the same vectors as they lie,
//! without conversion; against ultraviolet also columns.
//!
//! `cargo bench --bench rivals` prints ratios of medians of interleaved measurements in this one process, and stops
//! there with `-- --ratios`. Then criterion measures each by itself: some 130 cases of a second each. Any other
//! argument, a filter (`-- vek`) or an option of criterion's, has criterion alone; `-- --test` runs everything once.
//! Everything is compared with the reference before it is timed. Crates and loops have the instructions that they
//! were compiled for, so `RUSTFLAGS="-C target-cpu=native"` is the other half of the picture.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;
use std::slice::from_ref;

use bytemuck::Pod;
use criterion::{Criterion, Throughput};
use crosslane::{Accuracy, Element, Engine, Soa, Threads, Vectors, VectorsMut, reference};
use crosslane_measure::medians;
use support::plain::Plain;
use support::wide::{as_blocks, as_blocks_mut};
use support::{Arguments, L1, L2, Layout, Operands, effort, first, name_of, same_bits, second};
use ultraviolet::Vec3x8;

/// From L1 to memory; all multiples of the eight vectors of a `Vec3x8`.
const LENGTHS: [usize; 8] = [64, 256, L1, L2, 1 << 16, 1 << 18, 1 << 20, 1 << 24];

/// Another crate's vector, or block of vectors.
trait Rival: Copy {
    const NAME: &'static str;
    /// How many vectors one value is.
    const LEN: usize = 1;
    type Element: Element + From<i16> + Into<f64>;
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

            fn pack(vectors: impl Fn(usize) -> [$element; 3]) -> Self {
                vectors(0).into()
            }
            fn get(&self, _: usize) -> [$element; 3] {
                let elements: &[$element] = bytemuck::cast_slice(from_ref(self));
                [elements[0], elements[1], elements[2]]
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
one_vector!(vek::Vec3<f32>, f32, |a, b| a.cross(b));
one_vector!(vek::Vec3<f64>, f64, |a, b| a.cross(b));

/// Blocks of eight in structures of arrays.
impl Rival for Vec3x8 {
    const NAME: &'static str = "ultraviolet::Vec3x8";
    const LEN: usize = 8;
    type Element = f32;

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
        Self(pack(n, vector))
    }
    fn view(&self) -> Vectors<'_, R::Element> {
        Vectors::from_pod(&self.0).unwrap()
    }
    fn view_mut(&mut self) -> VectorsMut<'_, R::Element> {
        VectorsMut::from_pod(&mut self.0).unwrap()
    }
}

/// ultraviolet's vectors as `Vectors::blocks` sees them.
struct Blocks(Vec<Vec3x8>);

impl Layout for Blocks {
    type Element = f32;
    const NAME: &'static str = "blocks";

    fn generate(n: usize, vector: impl Fn(usize) -> [f32; 3]) -> Self {
        Self(pack(n, vector))
    }
    fn view(&self) -> Vectors<'_, f32> {
        Vectors::blocks(as_blocks(&self.0))
    }
    fn view_mut(&mut self) -> VectorsMut<'_, f32> {
        VectorsMut::blocks(as_blocks_mut(&mut self.0))
    }
}

/// `n` vectors, vector i being `vector(i)`.
fn pack<R: Rival>(n: usize, vector: impl Fn(usize) -> [R::Element; 3]) -> Vec<R> {
    let value = |i| R::pack(|lane| vector(i * R::LEN + lane));
    (0..n / R::LEN).map(value).collect()
}

/// The loop over slices: `*o = a.cross(*b)`.
#[inline(never)]
fn cross_loop<R: Rival>(a: &[R], b: &[R], out: &mut [R]) {
    for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
        *o = a.times(*b);
    }
}

/// Theirs and ours, with the same vectors.
trait Contest {
    /// What the three batches of one call take for a vector.
    const BYTES_PER_VECTOR: usize;
    fn name() -> String;
    /// Of `n` vectors, checked.
    fn new(n: usize, engines: &[Engine]) -> Self;
    fn theirs(&mut self);
    fn ours(&mut self, engine: &Engine);
    /// Whether theirs gives the same bits.
    fn same_bits(&self) -> bool;
}

/// The plain loop over a layout.
struct Loop<L>(Operands<L>);

impl<L: Plain<Element: From<i16>>> Contest for Loop<L> {
    const BYTES_PER_VECTOR: usize = L::BYTES_PER_VECTOR;

    fn name() -> String {
        format!("{} {}", name_of::<L::Element>(), L::LOOP)
    }
    fn new(n: usize, engines: &[Engine]) -> Self {
        let mut operands = Operands::new(n);
        operands.check_engines(engines);
        operands.check(&"plain loop", Operands::run_plain);
        Self(operands)
    }
    fn theirs(&mut self) {
        self.0.run_plain();
    }
    fn ours(&mut self, engine: &Engine) {
        self.0.run(engine);
    }
    fn same_bits(&self) -> bool {
        true
    }
}

/// The loop over slices of another crate's vectors, and ours over a layout: those vectors themselves, if no other is named.
struct Slices<R, L = Pods<R>> {
    ours: Operands<L>,
    a: Vec<R>,
    b: Vec<R>,
    out: Vec<R>,
    same_bits: bool,
}

impl<R: Rival, L: Layout<Element = R::Element>> Contest for Slices<R, L> {
    const BYTES_PER_VECTOR: usize = L::BYTES_PER_VECTOR;

    fn name() -> String {
        match R::NAME == L::NAME {
            true => R::NAME.to_owned(),
            false => format!("{} (crosslane: {})", R::NAME, L::NAME),
        }
    }
    fn new(n: usize, engines: &[Engine]) -> Self {
        let (a, b): (Vec<R>, _) = (pack(n, first), pack(n, second));
        let mut contest = Self {
            ours: Operands::new(n),
            out: a.clone(),
            a,
            b,
            same_bits: true,
        };
        contest.ours.check_engines(engines);
        contest.theirs();
        contest.check();
        contest
    }
    fn theirs(&mut self) {
        cross_loop(
            black_box(&self.a),
            black_box(&self.b),
            black_box(&mut self.out),
        );
    }
    fn ours(&mut self, engine: &Engine) {
        self.ours.run(engine);
    }
    fn same_bits(&self) -> bool {
        self.same_bits
    }
}

impl<R: Rival, L> Slices<R, L> {
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

/// What is done with a contest.
struct Contender {
    report: fn(bool),
    measure: fn(&mut Criterion),
}

/// All of them.
fn contenders() -> [Contender; 14] {
    fn contender<C: Contest>() -> Contender {
        Contender {
            report: report::<C>,
            measure: measure::<C>,
        }
    }
    [
        contender::<Slices<glam::Vec3>>(),
        contender::<Slices<glam::Vec3A>>(),
        contender::<Slices<nalgebra::Vector3<f32>>>(),
        contender::<Slices<nalgebra::Vector3<f64>>>(),
        contender::<Slices<Vec3x8, Soa<f32>>>(),
        contender::<Slices<Vec3x8, Blocks>>(),
        contender::<Slices<vek::Vec3<f32>>>(),
        contender::<Slices<vek::Vec3<f64>>>(),
        contender::<Loop<Soa<f32>>>(),
        contender::<Loop<Soa<f64>>>(),
        contender::<Loop<Vec<[f32; 3]>>>(),
        contender::<Loop<Vec<[f64; 3]>>>(),
        contender::<Loop<Vec<[f32; 4]>>>(),
        contender::<Loop<Vec<[f64; 4]>>>(),
    ]
}

fn report<C: Contest>(test: bool) {
    println!(
        "\n{:<45}{:>10}{:>10}{:>18}{:>18}",
        C::name(),
        "vectors",
        "theirs",
        "serial",
        "auto"
    );
    let mut same_bits = true;
    for &n in if test { &LENGTHS[..1] } else { &LENGTHS } {
        let engines = engines();
        let mut contest = C::new(n, &engines);
        same_bits &= contest.same_bits();
        let effort = effort(n * C::BYTES_PER_VECTOR, test);
        let times = medians(effort, 3, |k| match k {
            0 => contest.theirs(),
            _ => contest.ours(&engines[k - 1]),
        });
        let [theirs, serial, auto] = [0, 1, 2].map(|k| times[k] / n as f64);
        println!(
            "{:>55}{theirs:>10.3}{serial:>10.3} ({:>5.2}){auto:>10.3} ({:>5.2})",
            n,
            theirs / serial,
            theirs / auto
        );
    }
    if !same_bits {
        println!(
            "{:>55}: fused instructions, so other bits than the reference",
            C::name()
        );
    }
}

fn measure<C: Contest>(criterion: &mut Criterion) {
    for n in [L1, L2, 1 << 20] {
        let [serial, auto] = engines();
        let mut contest = C::new(n, &[serial, auto]);
        let mut group = criterion.benchmark_group(format!("{}, {n} vectors", C::name()));
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function("theirs", |bencher| bencher.iter(|| contest.theirs()));
        for (name, engine) in [("crosslane, one thread", serial), ("crosslane", auto)] {
            group.bench_function(name, |bencher| bencher.iter(|| contest.ours(&engine)));
        }
        group.finish();
    }
}

fn main() {
    let parts = Arguments::new().parts(&["--ratios"]);
    if parts.reports {
        println!(
            "ns a vector: theirs, crosslane on one thread and as it chooses (times faster than theirs)"
        );
        for contender in contenders() {
            (contender.report)(parts.test);
        }
    }
    if parts.criterion {
        let mut criterion = support::criterion();
        for contender in contenders() {
            (contender.measure)(&mut criterion);
        }
        criterion.final_summary();
    }
}
