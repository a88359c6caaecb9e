//! What the benches share: the same vectors in any layout, and engines.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]
#![allow(dead_code, reason = "every bench uses another part")]

use std::fmt::Debug;
use std::hint::black_box;

use crosslane::{Accuracy, Element, Engine, Level, Soa, Threads, Vectors, VectorsMut, reference};

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

/// The operands of one call.
pub(crate) struct Operands<L> {
    pub(crate) a: L,
    pub(crate) b: L,
    pub(crate) out: L,
}

impl<L: Layout<Element: From<i16>>> Operands<L> {
    pub(crate) fn new(n: usize) -> Self {
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

    /// Runs each engine, and compares with the reference: every vector, or of many some.
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
        // What the one before has written is not this one's: a × a is zero.
        let zero = Engine::new().cross(self.a.view(), self.a.view(), self.out.view_mut());
        zero.unwrap();
        run(self);
        let (a, b, out) = (self.a.view(), self.b.view(), self.out.view_mut());
        let step = match accuracy {
            Accuracy::Plain => 1,
            _ => out.len() / 100_000 + 1, // the reference takes its time
        };
        for i in (0..out.len()).step_by(step) {
            let [a, b, got] = [a.get(i), b.get(i), out.get(i)].map(Option::unwrap);
            let expected = reference::cross(a, b, accuracy);
            assert!(
                same_bits(got, expected),
                "{name:?}, {}, vector {i}: {got:?} is not {expected:?}",
                L::NAME
            );
        }
    }
}

/// There is no NaN among these numbers.
pub(crate) fn same_bits<T: Element>(one: [T; 3], other: [T; 3]) -> bool {
    bytemuck::bytes_of(&one) == bytemuck::bytes_of(&other)
}

/// "f32" or "f64".
pub(crate) fn name_of<T: Element>() -> &'static str {
    std::any::type_name::<T>()
}

/// One engine of one thread for each level that this CPU has.
pub(crate) fn serial_engines() -> Vec<Engine> {
    let engine = |level| {
        let engine = Engine::new().with_level(level).unwrap();
        engine.with_threads(Threads::Serial)
    };
    Level::available().map(engine).collect()
}

/// The arguments of the command line.
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    pub(crate) fn new() -> Self {
        Self(std::env::args().collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }
}
