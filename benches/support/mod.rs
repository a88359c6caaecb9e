//! What the benches share: the same vectors in any layout, engines, the plain loops, and how long criterion measures.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]
#![allow(dead_code, reason = "every bench uses another part")]

pub(crate) mod plain;
pub(crate) mod wide;

use std::fmt::Debug;
use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use crosslane::{Accuracy, Element, Engine, Level, Soa, Threads, Vectors, VectorsMut, reference};
use crosslane_measure::Effort;

/// Vectors of three `f32` batches that take 35 KB together, an L1 of 48 KB ...
pub(crate) const L1: usize = 960;
/// ... and 350 KB, an L2.
pub(crate) const L2: usize = 9_600;

/// A batch that owns its memory.
pub(crate) trait Layout {
    type Element: Element;
    const NAME: &'static str;
    /// What the three batches of one call take for a vector.
    const BYTES_PER_VECTOR: usize = 3 * 3 * size_of::<Self::Element>();
    /// `n` vectors, vector i being `vector(i)`.
    fn generate(n: usize, vector: impl Fn(usize) -> [Self::Element; 3]) -> Self;
    fn view(&self) -> Vectors<'_, Self::Element>;
    fn view_mut(&mut self) -> VectorsMut<'_, Self::Element>;
}

impl<T: Element> Layout for Soa<T> {
    type Element = T;
    const NAME: &'static str = "columns";

    fn generate(n: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let mut soa = Self::zeros(n);
        let [x, y, z] = soa.columns_mut();
        for i in 0..n {
            [x[i], y[i], z[i]] = vector(i);
        }
        soa
    }

    fn view(&self) -> Vectors<'_, T> {
        self.into()
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        self.into()
    }
}

impl<T: Element> Layout for Vec<[T; 3]> {
    type Element = T;
    const NAME: &'static str = "rows";

    fn generate(n: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        (0..n).map(vector).collect()
    }

    fn view(&self) -> Vectors<'_, T> {
        self.into()
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        self.into()
    }
}

impl<T: Element> Layout for Vec<[T; 4]> {
    type Element = T;
    const NAME: &'static str = "padded";
    const BYTES_PER_VECTOR: usize = 3 * size_of::<[T; 4]>();

    fn generate(n: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let padded = |[x, y, z]: [T; 3]| [x, y, z, T::default()];
        (0..n).map(|i| padded(vector(i))).collect()
    }

    fn view(&self) -> Vectors<'_, T> {
        self.into()
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        self.into()
    }
}

/// Records of six elements, of which the last three are the vector.
pub(crate) struct Records<T>(Vec<[T; 6]>);

impl<T: Element> Layout for Records<T> {
    type Element = T;
    const NAME: &'static str = "records of six";
    const BYTES_PER_VECTOR: usize = 3 * size_of::<[T; 6]>();

    fn generate(n: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let zero = T::default();
        let record = |[x, y, z]: [T; 3]| [zero, zero, zero, x, y, z];
        Self((0..n).map(|i| record(vector(i))).collect())
    }

    fn view(&self) -> Vectors<'_, T> {
        Vectors::strided(self.0.as_flattened(), 3, 1, 6, self.0.len()).unwrap()
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        let n = self.0.len();
        VectorsMut::strided(self.0.as_flattened_mut(), 3, 1, 6, n).unwrap()
    }
}

/// Component k of vector i: with the bits of four factors its products have to be rounded, in `f64` too, so
/// that a kernel that fuses is found out; and no square of it overflows `f32`.
fn number<T: Element + From<i16>>(i: usize, k: usize) -> T {
    let factor = |seed: usize| T::from(((i * 7 + k).wrapping_mul(seed) >> 3) as i16 | 1);
    factor(40_503) * factor(48_271) * (factor(65_539) * factor(69_621))
}

/// Vector i of the first operand, of the second, and of an output that nobody has written.
pub(crate) fn first<T: Element + From<i16>>(i: usize) -> [T; 3] {
    [1, 2, 3].map(|k| number(i, k))
}

pub(crate) fn second<T: Element + From<i16>>(i: usize) -> [T; 3] {
    [4, 5, 6].map(|k| number(i, k))
}

pub(crate) fn blank<T: Element>(_: usize) -> [T; 3] {
    [T::default(); 3]
}

/// An ordinary number, up to 2.1, with no pattern that rounding could like; half types hold its products.
pub(crate) fn ordinary(i: usize) -> f32 {
    let bits = (i as u32 + 1).wrapping_mul(0x9e37_79b9);
    (bits ^ bits >> 15) as i32 as f32 / 1e9
}

/// Vector i of batch k, some eight of them: up to 4.6, so that sums of products of several are numbers of `f32`, and with so many bits
/// that products have to be rounded in `f64` too.
pub(crate) fn mixed<T: Element + From<f32>>(k: usize, i: usize) -> [T; 3] {
    let number = |at| T::from(ordinary(at)) * T::from(ordinary(at + 1_234_567));
    [0, 1, 2].map(|component| number(3 * (8 * i + k) + component))
}

/// The operands of one call.
pub(crate) struct Operands<L> {
    pub(crate) a: L,
    pub(crate) b: L,
    pub(crate) out: L,
}

impl<L: Layout<Element: From<i16>>> Operands<L> {
    pub(crate) fn new(n: usize) -> Self {
        Self::of(n, first, second)
    }
}

impl<L: Layout> Operands<L> {
    pub(crate) fn of(
        n: usize,
        first: impl Fn(usize) -> [L::Element; 3],
        second: impl Fn(usize) -> [L::Element; 3],
    ) -> Self {
        Self {
            a: L::generate(n, first),
            b: L::generate(n, second),
            out: L::generate(n, blank),
        }
    }

    /// What is timed: nothing of it can be known when it is compiled, nor be left out.
    pub(crate) fn run(&mut self, engine: &Engine) {
        let (a, b) = (black_box(&self.a), black_box(&self.b));
        let out = black_box(&mut self.out);
        engine.cross(a.view(), b.view(), out.view_mut()).unwrap();
    }

    /// Runs each engine, and compares with the reference.
    pub(crate) fn check_engines(&mut self, engines: &[Engine]) {
        for engine in engines {
            self.check_as(engine, engine.accuracy(), |operands| operands.run(engine));
        }
    }

    /// Runs a contestant and compares with the reference, bit for bit.
    pub(crate) fn check(&mut self, name: &dyn Debug, run: impl FnOnce(&mut Self)) {
        self.check_as(name, Accuracy::Plain, run);
    }

    fn check_as(&mut self, name: &dyn Debug, accuracy: Accuracy, run: impl FnOnce(&mut Self)) {
        clear(self.a.view(), self.out.view_mut());
        run(self);
        let (a, b, out) = (self.a.view(), self.b.view(), self.out.view_mut());
        compare(&(name, L::NAME), accuracy, [a, b, (&out).into()]);
    }
}

/// Before a contestant runs: what the one before has written is not this one's, and a × a is zero.
pub(crate) fn clear<T: Element>(a: Vectors<'_, T>, out: VectorsMut<'_, T>) {
    Engine::new().cross(a, a, out).unwrap();
}

/// Whether the third is the product of the others, bit for bit, by the reference: every vector, or of many some where
/// the reference takes its time.
pub(crate) fn compare<T: Element>(
    name: &dyn Debug,
    accuracy: Accuracy,
    [a, b, out]: [Vectors<'_, T>; 3],
) {
    let step = match accuracy {
        Accuracy::Plain if size_of::<T>() > 2 => 1,
        _ => out.len() / 100_000 + 1,
    };
    for i in (0..out.len()).step_by(step) {
        let [a, b, got] = [a, b, out].map(|batch| batch.get(i).unwrap());
        let expected = reference::cross(a, b, accuracy);
        assert!(
            same_bits(got, expected),
            "{name:?}, vector {i}: {got:?} is not {expected:?}"
        );
    }
}

/// There is no NaN among these numbers.
pub(crate) fn same_bits<T: Element>(one: [T; 3], other: [T; 3]) -> bool {
    bytemuck::bytes_of(&one) == bytemuck::bytes_of(&other)
}

/// "f32", "f64", "f16" or "bf16".
pub(crate) fn name_of<T: Element>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.rsplit("::").next().unwrap()
}

pub(crate) const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

pub(crate) fn name_of_accuracy(accuracy: Accuracy) -> &'static str {
    match accuracy {
        Accuracy::Plain => "plain",
        _ => "rounded",
    }
}

/// One engine of one thread for each level that this CPU has.
pub(crate) fn serial_engines() -> Vec<Engine> {
    let engine = |level| {
        let engine = Engine::new().with_level(level).unwrap();
        engine.with_threads(Threads::Serial)
    };
    Level::available().map(engine).collect()
}

/// That of calls that read and write `bytes`, or once.
pub(crate) fn effort(bytes: usize, test: bool) -> Effort {
    if test {
        Effort::ONCE
    } else {
        Effort::new(bytes)
    }
}

/// Criterion with times for hundreds of cases, of which each takes a second or so.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(700))
        .sample_size(20)
        .nresamples(10_000)
        .configure_from_args()
}

/// The arguments of the command line.
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    pub(crate) fn new() -> Self {
        let all = std::env::args().skip(1);
        Self(all.filter(|argument| argument != "--bench").collect()) // which is cargo's
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    /// What to do, where a bench has reports of its own and flags that choose among them: nothing said is everything,
    /// `--test` is everything once, and all that is no flag of the bench is criterion's, as a filter is, which then
    /// is alone.
    pub(crate) fn parts(&self, flags: &[&str]) -> Parts {
        let test = self.has("--test");
        let reports = flags.iter().any(|flag| self.has(flag));
        if test {
            println!("everything once, to see that it works: these are no measurements");
        }
        Parts {
            reports: reports || test || self.0.is_empty(),
            criterion: !reports,
            test,
        }
    }
}

/// What a bench has to do.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) reports: bool,
    pub(crate) criterion: bool,
    /// Everything once, with small batches where that is as good.
    pub(crate) test: bool,
}
