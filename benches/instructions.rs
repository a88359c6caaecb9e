//! How many instructions a call takes: a number that, unlike a time, is the same whatever else the machine does, so that
//! a change which makes a kernel longer, or stops one from being inlined, is seen in any run.
//!
//! `cargo bench --bench instructions -- --check` counts under valgrind's callgrind, by gungraun, and fails if a count is more
//! than 3 % above that of `benches/instructions.txt`, or a case is in one of them only; `-- --update` writes that file anew,
//! where the change was meant. Without either it prints the counts. `-- --test` makes every call once, without valgrind. Other
//! arguments are gungraun's (`-- --help`). Every result that is counted is compared with the reference.
//!
//! Counted is one call of `Engine` on one thread, with the making of its views, without what only the first call of a process
//! does. Instructions are not time: a count is compared with what it was before, not with that of another case.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

#[path = "support/batches.rs"]
mod batches;
#[path = "support/counts.rs"]
mod counts;
mod support;

use std::process::ExitCode;

use batches::Batches;
use crosslane::{
    Accuracy, Element, Engine, Level, Operation, Real, Soa, Threads, Vectors, VectorsMut, reference,
};
use support::{L1, Layout, blank, first, name_of, same_bits, second};

/// One vector, which is all call; whole registers and a tail at every level; and a loop that runs for a while.
const SIZES: [usize; 3] = [1, TAIL, L1];
/// The one size of other layouts and operations.
const TAIL: usize = 67;

/// The highest level that valgrind's CPU has.
const HIGHEST: Level = Level::Avx2;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--bench") // cargo's
        .collect();
    match arguments[..] {
        ["--test"] => test(),
        [] => counts::print(&names()),
        ["--check"] => counts::check(&names()),
        ["--update"] => counts::update(&names()),
        _ => {
            harness::run();
            ExitCode::SUCCESS
        }
    }
}

fn names() -> Vec<String> {
    cases().into_iter().map(|case| case.name).collect()
}

fn test() -> ExitCode {
    let cases = cases();
    for case in &cases {
        let mut call = (case.prepare)();
        call.run();
        call.check();
    }
    println!(
        "{} calls have the results of the reference; nothing was counted, which is for `-- --check`",
        cases.len()
    );
    ExitCode::SUCCESS
}

/// Gungraun's: a main function that has each case run in a process of its own, under valgrind.
mod harness {
    use gungraun::Callgrind;
    use gungraun::prelude::*;

    use super::{Call, Case, cases};

    pub(super) fn run() {
        main();
    }

    fn prepare(case: Case) -> Box<dyn Call> {
        (case.prepare)().run(); // what only the first call does
        (case.prepare)()
    }

    fn check(call: Box<dyn Call>) {
        call.check();
    }

    #[library_benchmark(setup = prepare, teardown = check)]
    #[benches::case(iter = cases())]
    fn counted(mut call: Box<dyn Call>) -> Box<dyn Call> {
        call.run();
        call
    }

    library_benchmark_group!(name = engine, benchmarks = counted);
    main!(
        config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
        library_benchmark_groups = engine
    );
}

/// A call, its operands, and what it has written.
trait Call {
    fn run(&mut self);
    /// Compares with the reference, bit for bit.
    fn check(&self);
}

struct Case {
    /// Operation, layout, type, level, accuracy, vectors.
    name: String,
    prepare: Box<dyn Fn() -> Box<dyn Call>>,
}

/// The same in every process, on this CPU and on valgrind's.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    of_type::<f32>(&mut cases);
    of_type::<f64>(&mut cases);
    cases
}

fn of_type<T: Real + From<i16> + From<f32>>(cases: &mut Vec<Case>) {
    cross::<Soa<T>, Soa<T>, Soa<T>>("columns", &SIZES, cases);
    cross::<Rows<T>, Rows<T>, Rows<T>>("rows", &SIZES, cases);
    cross::<Vec<[T; 4]>, Vec<[T; 4]>, Vec<[T; 4]>>("padded", &[TAIL], cases);
    cross::<Rows<T>, Vec<[T; 4]>, Soa<T>>("mixed", &[TAIL], cases);
    cross::<One<T>, Soa<T>, Soa<T>>("broadcast", &[TAIL], cases);
    cross::<Fields<T>, Soa<T>, Soa<T>>("strided", &[TAIL], cases);
    let derived = Operation::ALL.iter().copied();
    for operation in derived.filter(|operation| *operation != Operation::Cross) {
        let name = format!("{operation} columns {}", name_of::<T>());
        add(&name, &[TAIL], cases, move |engine, n| {
            Box::new(Derived::<T> {
                operation,
                engine,
                batches: Batches::new(n),
            })
        });
    }
}

fn cross<A, B, O>(layout: &str, sizes: &[usize], cases: &mut Vec<Case>)
where
    A: Layout<Element: From<i16>> + 'static,
    B: Layout<Element = A::Element> + 'static,
    O: Layout<Element = A::Element> + 'static,
{
    let name = format!("cross {layout} {}", name_of::<A::Element>());
    add(&name, sizes, cases, |engine, n| {
        Box::new(Cross::<A, B, O> {
            engine,
            a: A::generate(n, first),
            b: B::generate(n, second),
            out: O::generate(n, blank),
        })
    });
}

/// A case for each level, accuracy and size.
fn add(
    name: &str,
    sizes: &[usize],
    cases: &mut Vec<Case>,
    prepare: impl Fn(Engine, usize) -> Box<dyn Call> + Copy + 'static,
) {
    for level in Level::available().filter(|level| *level <= HIGHEST) {
        let engine = Engine::new().with_level(level).unwrap();
        let engine = engine.with_threads(Threads::Serial);
        for (how, accuracy) in [
            ("plain", Accuracy::Plain),
            ("rounded", Accuracy::CorrectlyRounded),
        ] {
            let engine = engine.with_accuracy(accuracy);
            cases.extend(sizes.iter().map(|&n| Case {
                name: format!("{name} {level} {how} {n}"),
                prepare: Box::new(move || prepare(engine, n)),
            }));
        }
    }
}

/// A cross product of three layouts.
struct Cross<A, B, O> {
    engine: Engine,
    a: A,
    b: B,
    out: O,
}

impl<A, B, O> Call for Cross<A, B, O>
where
    A: Layout,
    B: Layout<Element = A::Element>,
    O: Layout<Element = A::Element>,
{
    fn run(&mut self) {
        let (a, b, out) = (self.a.view(), self.b.view(), self.out.view_mut());
        self.engine.cross(a, b, out).unwrap();
    }

    fn check(&self) {
        let (a, b, out) = (self.a.view(), self.b.view(), self.out.view());
        for i in 0..out.len() {
            let [a, b, got] = [a, b, out].map(|view| view.get(i).unwrap());
            let expected = reference::cross(a, b, self.engine.accuracy());
            assert!(
                same_bits(got, expected),
                "vector {i}: {got:?} is not {expected:?}"
            );
        }
    }
}

/// An operation of the table, on columns.
struct Derived<T: Element> {
    operation: Operation,
    engine: Engine,
    batches: Batches<Soa<T>>,
}

impl<T: Real + From<f32>> Call for Derived<T> {
    fn run(&mut self) {
        self.batches.run(self.operation, &self.engine);
    }

    fn check(&self) {
        self.batches.compare(self.operation, &self.engine);
    }
}

/// Rows from the start of a cache line on, wherever the allocator puts them: how many vectors lie before the first whole
/// register is counted too.
struct Rows<T>(Soa<T>);

impl<T: Element> Layout for Rows<T> {
    type Element = T;
    const NAME: &'static str = "rows";

    fn generate(n: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let mut rows = Self(Soa::zeros(3 * n));
        let [elements, ..] = rows.0.columns_mut();
        for (i, row) in elements.as_chunks_mut().0.iter_mut().enumerate() {
            *row = vector(i);
        }
        rows
    }

    fn view(&self) -> Vectors<'_, T> {
        Vectors::aos(self.0.x().as_chunks().0)
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        let [elements, ..] = self.0.columns_mut();
        VectorsMut::aos(elements.as_chunks_mut().0)
    }
}

/// The first of the vectors, for all.
struct One<T> {
    vector: [T; 3],
    len: usize,
}

impl<T: Element> Layout for One<T> {
    type Element = T;
    const NAME: &'static str = "broadcast";

    fn generate(len: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let vector = vector(0);
        Self { vector, len }
    }

    fn view(&self) -> Vectors<'_, T> {
        Vectors::broadcast(&self.vector, self.len)
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        unreachable!("one vector for all is an input");
    }
}

/// Three fields of records of seven.
struct Fields<T>(Vec<[T; 7]>);

impl<T: Element> Layout for Fields<T> {
    type Element = T;
    const NAME: &'static str = "strided";

    fn generate(n: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let zero = T::default();
        let record = |[x, y, z]: [T; 3]| [zero, x, zero, y, zero, z, zero];
        Self((0..n).map(|i| record(vector(i))).collect())
    }

    fn view(&self) -> Vectors<'_, T> {
        Vectors::strided(self.0.as_flattened(), 1, 2, 7, self.0.len()).unwrap()
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        let len = self.0.len();
        VectorsMut::strided(self.0.as_flattened_mut(), 1, 2, 7, len).unwrap()
    }
}
