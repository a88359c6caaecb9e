//! What other shapes cost than flat batches: features of equivariant networks, one vector for each row, blocks of 8 and 16, and
//! gradients with sums.
//!
//! `cargo bench --bench shapes` prints medians of interleaved measurements on one thread, as ns a vector, and how many times as many vectors
//! a second that are as a flat batch has in the same run; of blocks also against ultraviolet's own loop over the same memory.
//! `-- --test` runs everything once, on small batches. Cross products are compared with the reference before they are timed, blocks with
//! columns. (tests/broadcast compares every operation.)

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;

use crosslane::{
    Accuracy, Element, Engine, Operand, OperandMut, Operation, Real, Soa, Vectors, VectorsMut,
    reference,
};
use crosslane_measure::medians;
use support::wide::{as_blocks, as_blocks_mut};
use support::{Arguments, L1, L2, blank, effort, first, same_bits, second, serial_engines};
use ultraviolet::Vec3x8;

/// Vectors in the arrays of a size. What is in memory is 150 MB in three batches of `f32`.
const SIZES: [(&str, usize); 3] = [("L1", L1), ("L2", L2), ("memory", 1 << 22)];

/// Memory, and where the vectors of a shape are in it.
struct Array<T> {
    data: Soa<T>,
    component_stride: isize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl<T: Element + From<i16>> Array<T> {
    /// A C-contiguous array of this shape, of which `axis` has the three components; every vector of it is `vector(i)`, in C order.
    fn new(shape: &[usize], axis: usize, vector: impl Fn(usize) -> [T; 3]) -> Self {
        let len = shape.iter().product::<usize>();
        let mut strides: Vec<isize> = vec![1; shape.len()];
        for i in (0..shape.len() - 1).rev() {
            strides[i] = strides[i + 1] * shape[i + 1] as isize;
        }
        let (mut shape, component_stride) = (shape.to_vec(), strides.remove(axis));
        shape.remove(axis);
        // One column, which begins a cache line.
        let mut array = Self {
            data: Soa::zeros(len),
            component_stride,
            shape,
            strides,
        };
        for i in 0..len / 3 {
            let at = array.place(i);
            for (k, x) in vector(i).into_iter().enumerate() {
                array.elements()[at + k * component_stride as usize] = x;
            }
        }
        array
    }

    fn elements(&mut self) -> &mut [T] {
        let [x, ..] = self.data.columns_mut();
        x
    }

    /// Where vector `i` begins.
    fn place(&self, mut i: usize) -> usize {
        let mut at = 0;
        for (len, stride) in self.shape.iter().zip(&self.strides).rev() {
            at += i % len * *stride as usize;
            i /= len;
        }
        at
    }

    fn view(&self) -> Vectors<'_, T> {
        let (shape, strides) = (&self.shape, &self.strides);
        Vectors::nd(self.data.x(), 0, self.component_stride, shape, strides).unwrap()
    }

    fn view_mut(&mut self) -> VectorsMut<'_, T> {
        let (shape, strides) = (&self.shape, &self.strides);
        let [x, ..] = self.data.columns_mut();
        VectorsMut::nd(x, 0, self.component_stride, shape, strides).unwrap()
    }
}

/// Operands of an operation.
struct Case<T> {
    name: String,
    operation: Operation,
    inputs: Vec<Array<T>>,
    outputs: Vec<Array<T>>,
    /// The vectors of the largest.
    len: usize,
}

impl<T: Element + From<i16>> Case<T> {
    /// With C-contiguous arrays of these shapes, of which `axis` has the components.
    fn new(
        name: impl Into<String>,
        operation: Operation,
        axis: usize,
        inputs: &[&[usize]],
        outputs: &[&[usize]],
    ) -> Self {
        let vectors = [first, second];
        let input = |(k, shape): (usize, &&[usize])| Array::new(shape, axis, vectors[k % 2]);
        let inputs: Vec<_> = inputs.iter().enumerate().map(input).collect();
        let outputs: Vec<_> = outputs
            .iter()
            .map(|shape| Array::new(shape, axis, blank))
            .collect();
        let all = inputs.iter().chain(&outputs);
        let len = all.map(|array| array.view().len()).max().unwrap();
        Self {
            name: name.into(),
            operation,
            inputs,
            outputs,
            len,
        }
    }

    fn cross(name: impl Into<String>, axis: usize, a: &[usize], b: &[usize]) -> Self {
        Self::new(name, Operation::Cross, axis, &[a, b], &[a])
    }

    fn run(&mut self, engine: &Engine) {
        let Self {
            operation,
            inputs,
            outputs,
            ..
        } = black_box(self);
        let inputs: Vec<Operand<'_, T>> = inputs.iter().map(|array| array.view().into()).collect();
        let outputs = outputs.iter_mut().map(|array| array.view_mut().into());
        let mut outputs: Vec<OperandMut<'_, T>> = outputs.collect();
        engine.apply(*operation, &inputs, &mut outputs).unwrap();
    }

    /// Runs it, and compares cross products with the reference. (tests/broadcast compares all operations.)
    fn check(&mut self, engine: &Engine) {
        self.run(engine);
        if self.operation != Operation::Cross {
            return;
        }
        let [a, b] = [&self.inputs[0], &self.inputs[1]];
        let out = self.outputs[0].view();
        let inner = out.shape()[out.shape().len() - 1];
        for i in (0..self.len).step_by(self.len / 100_000 + 1) {
            let at = |array: &Array<T>| {
                let rows = array.shape[array.shape.len() - 1] == 1 && inner > 1;
                array.view().get(if rows { i / inner } else { i }).unwrap()
            };
            let expected = reference::cross(at(a), at(b), Accuracy::Plain);
            let got = out.get(i).unwrap();
            assert!(
                same_bits(got, expected),
                "{}, vector {i}: {got:?} is not {expected:?}",
                self.name
            );
        }
    }
}

/// Features (N, 3, F) and vectors (N, C, 3), with operands of the same shape and with one vector for each row, `n` in all.
fn cases<T: Element + From<i16>>(n: usize) -> Vec<Case<T>> {
    let mut cases = vec![
        Case::cross("columns", 0, &[3, n], &[3, n]),
        Case::cross("rows", 1, &[n, 3], &[n, 3]),
    ];
    for f in [128, 64, 32, 16] {
        let m = n / f;
        let (full, one) = ([m, 3, f], [m, 3, 1]);
        cases.push(Case::cross(
            format!("(N, 3, {f}) x (N, 3, {f})"),
            1,
            &full,
            &full,
        ));
        cases.push(Case::cross(
            format!("(N, 3, {f}) x (N, 3, 1)"),
            1,
            &full,
            &one,
        ));
    }
    for c in [32, 8, 2] {
        let m = n / c;
        let (full, one) = ([m, c, 3], [m, 1, 3]);
        cases.push(Case::cross(
            format!("(N, {c}, 3) x (N, 1, 3)"),
            2,
            &full,
            &one,
        ));
    }
    cases
}

/// Gradients: of all operands, and summed.
fn gradients<T: Real + From<i16>>(n: usize) -> Vec<Case<T>> {
    let (f, c) = (64, 32);
    let (m, r) = (n / f, n / c);
    let case = |name: &str, axis, a: &[usize], b: &[usize]| {
        Case::new(name, Operation::CrossVjp, axis, &[a, b, a], &[a, b])
    };
    vec![
        case("columns", 0, &[3, n], &[3, n]),
        case("rows", 1, &[n, 3], &[n, 3]),
        case("(N, 3, 64), (N, 3, 64)", 1, &[m, 3, f], &[m, 3, f]),
        case("(N, 3, 64), (N, 3, 1)", 1, &[m, 3, f], &[m, 3, 1]),
        case("(N, 3, 64), (1, 3, 64)", 1, &[m, 3, f], &[1, 3, f]),
        case("(N, 3, 64), (1, 3, 1)", 1, &[m, 3, f], &[1, 3, 1]),
        case("(N, 32, 3), (N, 1, 3)", 2, &[r, c, 3], &[r, 1, 3]),
        case("(N, 3), (1, 3)", 1, &[n, 3], &[1, 3]),
        case("(3, N), (3, 1)", 0, &[3, n], &[3, 1]),
    ]
}

fn report<T: Element + From<i16>>(
    title: &str,
    test: bool,
    of: impl Fn(usize) -> Vec<Case<T>>,
    flat: impl Fn(&str) -> usize,
) {
    let engines = serial_engines();
    println!("\n{title}: ns a vector (vectors a second, of the flat batch's)");
    for (name, n) in SIZES {
        let n = if test { L2 } else { n };
        let mut cases = of(n);
        print!("{name:<28}");
        for engine in &engines {
            print!("{:>20}", engine.level().to_string());
        }
        println!();
        for engine in &engines {
            cases.iter_mut().for_each(|case| case.check(engine));
        }
        let (count, levels) = (cases.len(), engines.len());
        let bytes = n * 3 * size_of::<[T; 3]>();
        let times = medians(effort(bytes, test), count * levels, |k| {
            cases[k / levels].run(&engines[k % levels]);
        });
        for (case, own) in cases.iter().zip(times.chunks(levels)) {
            print!("{:<28}", case.name);
            let base = &cases[flat(&case.name)];
            let base_times = times.chunks(levels).nth(flat(&case.name)).unwrap();
            for (time, base_time) in own.iter().zip(base_times) {
                let [time, base] =
                    [(time, case.len), (base_time, base.len)].map(|(time, len)| time / len as f64);
                print!("{time:>12.3} ({:>5.2})", base / time);
            }
            println!();
        }
    }
}

/// Arrays of blocks, and the same vectors in columns.
struct Blocks {
    theirs: [Vec<Vec3x8>; 3],
    of_16: [Vec<[[f32; 16]; 3]>; 3],
    columns: [Soa<f32>; 3],
}

impl Blocks {
    fn new(n: usize) -> Self {
        let batch = |vector: fn(usize) -> [f32; 3]| {
            let lanes = |block: usize, k: usize, len: usize| {
                (0..len).map(move |lane| vector(block * len + lane)[k])
            };
            let of_8 = |block| {
                let [x, y, z] = [0, 1, 2].map(|k| {
                    let mut lanes = lanes(block, k, 8);
                    ultraviolet::f32x8::new(std::array::from_fn(|_| lanes.next().unwrap()))
                });
                Vec3x8::new(x, y, z)
            };
            let of_16 = |block| {
                [0, 1, 2].map(|k| {
                    let mut lanes = lanes(block, k, 16);
                    std::array::from_fn(|_| lanes.next().unwrap())
                })
            };
            let mut columns = Soa::zeros(n);
            let [x, y, z] = columns.columns_mut();
            for i in 0..n {
                [x[i], y[i], z[i]] = vector(i);
            }
            (
                (0..n / 8).map(of_8).collect::<Vec<_>>(),
                (0..n / 16).map(of_16).collect::<Vec<_>>(),
                columns,
            )
        };
        let all = [batch(first), batch(second), batch(blank)];
        let mut all = all.into_iter();
        let [a, b, c] = [0; 3].map(|_| all.next().unwrap());
        Self {
            theirs: [a.0, b.0, c.0],
            of_16: [a.1, b.1, c.1],
            columns: [a.2, b.2, c.2],
        }
    }

    fn ultraviolet(&mut self) {
        let [a, b, out] = black_box(&mut self.theirs);
        ultraviolet_loop(a, b, out);
    }

    fn of_8(&mut self, engine: &Engine) {
        let [a, b, out] = black_box(&mut self.theirs);
        let (a, b) = (Vectors::blocks(as_blocks(a)), Vectors::blocks(as_blocks(b)));
        engine
            .cross(a, b, VectorsMut::blocks(as_blocks_mut(out)))
            .unwrap();
    }

    fn of_16(&mut self, engine: &Engine) {
        let [a, b, out] = black_box(&mut self.of_16);
        let (a, b) = (Vectors::blocks(a), Vectors::blocks(b));
        engine.cross(a, b, VectorsMut::blocks(out)).unwrap();
    }

    fn in_columns(&mut self, engine: &Engine) {
        let [a, b, out] = black_box(&mut self.columns);
        engine.cross(&*a, &*b, out).unwrap();
    }

    fn check(&mut self, engines: &[Engine]) {
        for engine in engines {
            self.in_columns(engine);
            self.of_8(engine);
            self.of_16(engine);
            let theirs = Vectors::blocks(as_blocks(&self.theirs[2]));
            let of_16 = Vectors::blocks(&self.of_16[2]);
            for i in 0..theirs.len() {
                let expected = self.columns[2].view().get(i).unwrap();
                let got = [theirs.get(i).unwrap(), of_16.get(i).unwrap()];
                assert!(
                    got.iter().all(|got| same_bits(*got, expected)),
                    "vector {i}: {got:?} are not {expected:?}"
                );
            }
        }
        self.ultraviolet();
    }
}

/// What one writes with ultraviolet.
#[inline(never)]
fn ultraviolet_loop(a: &[Vec3x8], b: &[Vec3x8], out: &mut [Vec3x8]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a.cross(*b);
    }
}

fn report_blocks(test: bool) {
    let engines = serial_engines();
    println!(
        "\nblocks of f32: ns a vector (ultraviolet's time : this; vectors a second, of columns')"
    );
    for n in [64, 256, L1, L2, 1 << 16, 1 << 18, 1 << 20, 1 << 22] {
        let n = if test { n.min(L2) } else { n };
        let mut blocks = Blocks::new(n);
        blocks.check(&engines);
        let contestants = 3 * engines.len() + 1;
        let times = medians(effort(36 * n, test), contestants, |k| {
            let engine = &engines[k.saturating_sub(1) / 3];
            match k.checked_sub(1).map(|k| k % 3) {
                None => blocks.ultraviolet(),
                Some(0) => blocks.in_columns(engine),
                Some(1) => blocks.of_8(engine),
                Some(_) => blocks.of_16(engine),
            }
        });
        let of = |time: f64| time / n as f64;
        println!("{n:>10}  ultraviolet {:.3}", of(times[0]));
        for (engine, times_of) in engines.iter().zip(times[1..].chunks(3)) {
            let [columns, of_8, of_16] = [times_of[0], times_of[1], times_of[2]];
            print!("{:>22} columns {:.3}", engine.level(), of(columns));
            for (len, time) in [(8, of_8), (16, of_16)] {
                let (theirs, ours) = (times[0] / time, columns / time);
                print!(
                    "   of {len:<2} {:.3} ({theirs:>5.2}; {ours:>5.2})",
                    of(time)
                );
            }
            println!();
        }
    }
}

fn main() {
    let arguments = Arguments::new();
    let test = arguments.has("--test");
    let all = test
        || !["--rows", "--blocks", "--gradients"]
            .iter()
            .any(|part| arguments.has(part));
    let flat_of = |name: &str| usize::from(name.ends_with(", 3)") || name == "rows");
    if all || arguments.has("--rows") {
        report::<f32>("a x b, f32", test, cases, flat_of);
        report::<f64>("a x b, f64", test, cases, flat_of);
    }
    if all || arguments.has("--blocks") {
        report_blocks(test);
    }
    if all || arguments.has("--gradients") {
        report::<f32>("gradients of a x b, f32", test, gradients, flat_of);
    }
}
