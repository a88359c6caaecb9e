//! What is derived from a cross product, in one pass: times over that of `Engine::cross` with the same accuracy, and for its
//! gradients the share of the bytes that a loop moves which hardly computes.
//!
//! `cargo bench --bench derived` prints ratios of medians of interleaved runs, for both accuracies, types and kinds of layout, in
//! L1 and from memory, at the best level, on one thread and as the engine chooses. `-- --levels` does so at each level.
//! `-- --test` runs small batches once. Every result is compared with the reference before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;

use crosslane::{Accuracy, Engine, Level, Real, Soa, Threads, reference};
use crosslane_measure::{Effort, Gradients, Streams, medians};
use support::{Arguments, L1, Layout, blank, first, name_of, same_bits, second, serial_engines};

/// Vectors of five `f32` batches that take 1 GB.
const MEMORY: usize = 1 << 24;

fn main() {
    let arguments = Arguments::new();
    let test = arguments.has("--test");
    let levels = arguments.has("--levels") || test;
    println!("ns a vector of cross, and how many times as long others take\n");
    print!(
        "{:<8} {:<4} {:<8} {:<9} {:>8} {:>4} {:>6}",
        "layout", "type", "level", "accuracy", "vectors", "thr.", "cross"
    );
    for (name, _, _) in operations::<Soa<f32>>() {
        print!(" {name:>8}");
    }
    println!();
    let sizes = if test { vec![100] } else { vec![L1, MEMORY] };
    for size in sizes {
        for contestant in contestants(size, levels) {
            costs::<Soa<f32>>(size, contestant, test);
            costs::<Soa<f64>>(size / 2, contestant, test);
            costs::<Vec<[f32; 3]>>(size, contestant, test);
            costs::<Vec<[f64; 3]>>(size / 2, contestant, test);
        }
    }
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

/// Operands of every operation.
struct Batches<L: Layout> {
    a: L,
    b: L,
    g: L,
    upstream: Vec<L::Element>,
    one: L,
    two: L,
    numbers: Vec<L::Element>,
}

/// An operation, and what it should have written for vector i.
type Run<L> = fn(&mut Batches<L>, &Engine);
type Check<L> = fn(&Batches<L>, usize, Accuracy) -> bool;

impl<L: Layout<Element: Real + From<i16>>> Batches<L> {
    fn new(n: usize) -> Self {
        Self {
            a: L::generate(n, first),
            b: L::generate(n, second),
            g: L::generate(n, |i| second(i + 1)),
            upstream: (0..n).map(|i| first::<L::Element>(i)[0]).collect(),
            one: L::generate(n, blank),
            two: L::generate(n, blank),
            numbers: vec![L::Element::default(); n],
        }
    }

    fn inputs(&self, i: usize) -> [[L::Element; 3]; 3] {
        [&self.a, &self.b, &self.g].map(|batch| batch.view().get(i).unwrap())
    }

    fn is_one(&self, i: usize, expected: [L::Element; 3]) -> bool {
        same_bits(self.one.view().get(i).unwrap(), expected)
    }

    fn are_both(&self, i: usize, [one, two]: [[L::Element; 3]; 2]) -> bool {
        self.is_one(i, one) && same_bits(self.two.view().get(i).unwrap(), two)
    }

    fn is_number(&self, i: usize, expected: L::Element) -> bool {
        same_bits([self.numbers[i]; 3], [expected; 3])
    }
}

/// All but the cross product, which is the first of the contestants.
fn operations<L: Layout<Element: Real + From<i16>>>() -> Vec<(&'static str, Run<L>, Check<L>)> {
    vec![
        (
            "dot",
            |m, engine| engine.dot(m.a.view(), m.b.view(), &mut m.numbers).unwrap(),
            |m, i, accuracy| {
                let [a, b, _] = m.inputs(i);
                m.is_number(i, reference::dot(a, b, accuracy))
            },
        ),
        (
            "norm",
            |m, engine| {
                engine
                    .cross_norm(m.a.view(), m.b.view(), &mut m.numbers)
                    .unwrap()
            },
            |m, i, accuracy| {
                let [a, b, _] = m.inputs(i);
                m.is_number(i, reference::cross_norm(a, b, accuracy))
            },
        ),
        (
            "normal",
            |m, engine| {
                engine
                    .unit_normal(m.a.view(), m.b.view(), m.one.view_mut())
                    .unwrap()
            },
            |m, i, accuracy| {
                let [a, b, _] = m.inputs(i);
                m.is_one(i, reference::unit_normal(a, b, accuracy))
            },
        ),
        (
            "angle",
            |m, engine| {
                engine
                    .angle(m.a.view(), m.b.view(), &mut m.numbers)
                    .unwrap()
            },
            |m, i, accuracy| {
                let [a, b, _] = m.inputs(i);
                m.is_number(i, reference::angle(a, b, accuracy))
            },
        ),
        (
            "volume",
            |m, engine| {
                let [a, b, c] = [&m.a, &m.b, &m.g].map(L::view);
                engine.scalar_triple(a, b, c, &mut m.numbers).unwrap();
            },
            |m, i, accuracy| {
                let [a, b, c] = m.inputs(i);
                m.is_number(i, reference::scalar_triple(a, b, c, accuracy))
            },
        ),
        (
            "triple",
            |m, engine| {
                let [a, b, c] = [&m.a, &m.b, &m.g].map(L::view);
                engine.vector_triple(a, b, c, m.one.view_mut()).unwrap();
            },
            |m, i, accuracy| {
                let [a, b, c] = m.inputs(i);
                m.is_one(i, reference::vector_triple(a, b, c, accuracy))
            },
        ),
        (
            "vjp",
            |m, engine| cross_vjp(m, engine),
            |m, i, accuracy| {
                let [a, b, g] = m.inputs(i);
                m.are_both(i, reference::cross_vjp(a, b, g, accuracy))
            },
        ),
        (
            "norm vjp",
            |m, engine| {
                let [a, b] = [&m.a, &m.b].map(L::view);
                let (one, two) = (m.one.view_mut(), m.two.view_mut());
                engine.cross_norm_vjp(a, b, &m.upstream, one, two).unwrap();
            },
            |m, i, accuracy| {
                let [a, b, _] = m.inputs(i);
                let g = m.upstream[i];
                m.are_both(i, reference::cross_norm_vjp(a, b, g, accuracy))
            },
        ),
        (
            "norm.vjp",
            |m, engine| {
                let [a, b, g] = [&m.a, &m.b, &m.g].map(L::view);
                let (one, two) = (m.one.view_mut(), m.two.view_mut());
                engine.unit_normal_vjp(a, b, g, one, two).unwrap();
            },
            |m, i, accuracy| {
                let [a, b, g] = m.inputs(i);
                m.are_both(i, reference::unit_normal_vjp(a, b, g, accuracy))
            },
        ),
        (
            "ang. vjp",
            |m, engine| {
                let [a, b] = [&m.a, &m.b].map(L::view);
                let (one, two) = (m.one.view_mut(), m.two.view_mut());
                engine.angle_vjp(a, b, &m.upstream, one, two).unwrap();
            },
            |m, i, accuracy| {
                let [a, b, _] = m.inputs(i);
                let g = m.upstream[i];
                m.are_both(i, reference::angle_vjp(a, b, g, accuracy))
            },
        ),
    ]
}

fn cross_vjp<L: Layout<Element: Real>>(m: &mut Batches<L>, engine: &Engine) {
    let [a, b, g] = [&m.a, &m.b, &m.g].map(L::view);
    let (one, two) = (m.one.view_mut(), m.two.view_mut());
    engine.cross_vjp(a, b, g, one, two).unwrap();
}

/// One layout and type at one size.
fn costs<L: Layout<Element: Real + From<i16>>>(n: usize, contestant: Contestant, test: bool) {
    let mut m = Batches::<L>::new(n);
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        let engine = contestant.engine.with_accuracy(accuracy);
        let operations = operations::<L>();
        for (name, run, check) in &operations {
            run(&mut m, &engine);
            for i in (0..n).step_by(n / 10_000 + 1) {
                assert!(check(&m, i, accuracy), "{name}, {}, vector {i}", L::NAME);
            }
        }
        let effort = if test {
            Effort::ONCE
        } else {
            Effort::new(n * L::BYTES_PER_VECTOR)
        };
        let times = medians(effort, 1 + operations.len(), |k| {
            let m = black_box(&mut m);
            match k.checked_sub(1) {
                None => engine
                    .cross(m.a.view(), m.b.view(), m.one.view_mut())
                    .unwrap(),
                Some(k) => operations[k].1(m, &engine),
            }
        });
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
            print!(" {:>8.2}", time / times[0]);
        }
        println!();
    }
}

fn name_of_accuracy(accuracy: Accuracy) -> &'static str {
    match accuracy {
        Accuracy::Plain => "plain",
        _ => "rounded",
    }
}

/// The gradients of the cross product, beside a loop over the same memory: past the caches and through them.
fn gradients<T: Real + Streams + From<i16>>(n: usize, contestant: Contestant, test: bool) {
    let mut m = Batches::<Soa<T>>::new(n);
    let Contestant { engine, parallel } = contestant;
    let level: Level = engine.level();
    let triad = Gradients::new(level);
    let effort = if test {
        Effort::ONCE
    } else {
        Effort::new(n * 5 * size_of::<[T; 3]>())
    };
    let plain = engine;
    let rounded = engine.with_accuracy(Accuracy::CorrectlyRounded);
    for streaming in [false, true] {
        (m.one, m.two) = (Soa::zeros(n), Soa::zeros(n));
        run_triad(&mut m, &triad, streaming, parallel);
        for i in (0..n).step_by(n / 1_000 + 1) {
            let ([a, b, g], k) = (m.inputs(i), T::from(3));
            let sum = |x: [T; 3]| [0, 1, 2].map(|c| x[c] + k * g[c]);
            assert!(m.are_both(i, [sum(a), sum(b)]), "loop, vector {i}");
        }
    }
    let times = medians(effort, 4, |k| {
        let m = black_box(&mut m);
        match k {
            0 => cross_vjp(m, &plain),
            1 => cross_vjp(m, &rounded),
            _ => run_triad(m, &triad, k == 2, parallel),
        }
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
fn run_triad<T: Real + Streams + From<i16>>(
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
    let (a, b, g) = (&m.a, &m.b, &m.g);
    let inputs = [
        [a.x(), b.x(), g.x()],
        [a.y(), b.y(), g.y()],
        [a.z(), b.z(), g.z()],
    ];
    let (ones, twos) = (m.one.columns_mut(), m.two.columns_mut());
    let k = T::from(3);
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
