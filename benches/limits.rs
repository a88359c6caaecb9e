//! How near the kernels come to what memory and caches give: bytes a second on one thread, against STREAM's
//! triad over as many bytes in three columns, with the registers of the same level.
//!
//! `cargo bench --bench limits` prints medians of interleaved runs; `-- --test` runs everything once, on
//! small batches. Bytes are those of a, b and out, with the fourth element of a padded vector; what a CPU reads
//! of `out` before it writes it is counted for neither. Everything is checked, bit for bit, before it is timed.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may panic"
)]

mod support;

use std::hint::black_box;
use std::ops::Add;

use crosslane::{Element, Engine, Level, Soa, Stores, Threads};
use crosslane_measure::{Effort, Streams, Triad, medians};
use support::{Arguments, Layout, Operands, first, name_of, second};

/// Bytes of a, b and out in all, which whole blocks of the triad divide: what an L1 of 48 KB holds, an L2, and
/// 1.2 GB, of which no cache holds much.
const SIZES: [(&str, usize); 3] = [("L1", 960 * 36), ("L2", 9600 * 36), ("memory", MEMORY)];
const MEMORY: usize = 9 << 27;

/// A triad's columns: x and y are read, z is written.
struct Columns<T>(Soa<T>);

impl<T: Element + Streams + Add<Output = T> + From<i16>> Columns<T> {
    const FACTOR: i16 = 3;

    fn new(bytes: usize) -> Self {
        let n = bytes / (3 * size_of::<T>());
        let row = |i| [first(i)[0], second(i)[0], T::default()];
        Self(Soa::generate(n, row))
    }

    fn run(&mut self, triad: Triad<T>, stores: Stores) {
        let streaming = matches!(stores, Stores::Streaming);
        let [a, b, out] = black_box(&mut self.0).columns_mut();
        triad.run(a, b, black_box(Self::FACTOR.into()), out, streaming);
    }

    fn check(&mut self, triad: Triad<T>, stores: Stores) {
        self.0.columns_mut()[2].fill(T::default());
        self.run(triad, stores);
        for ((&a, &b), &out) in self.0.x().iter().zip(self.0.y()).zip(self.0.z()) {
            let expected = a + T::from(Self::FACTOR) * b;
            assert!(out == expected, "triad: {out:?} is not {expected:?}");
        }
    }
}

/// A triad and a kernel with the same registers and the same kind of stores.
struct Pair<T> {
    level: Level,
    stores: Stores,
    triad: Triad<T>,
    kernel: Engine,
}

impl<T: Streams> Pair<T> {
    fn new(level: Level, stores: Stores) -> Self {
        let kernel = Engine::new().with_level(level).unwrap();
        Self {
            level,
            stores,
            triad: Triad::new(level),
            kernel: kernel.with_threads(Threads::Serial).with_stores(stores),
        }
    }
}

/// What is compared over `bytes` in layout `L`. Streaming stores pay in memory only; and they write whole
/// registers, so that a padded output, whose fourth elements stay, is always written with cached ones.
fn pairs<L: Layout<Element: Streams>>(bytes: usize) -> Vec<Pair<L::Element>> {
    let padded = L::BYTES_PER_VECTOR > 9 * size_of::<L::Element>();
    let stores: &[Stores] = match bytes == MEMORY && !padded {
        true => &[Stores::Streaming, Stores::Cached],
        false => &[Stores::Cached],
    };
    Level::available()
        .flat_map(|level| stores.iter().map(move |&stores| Pair::new(level, stores)))
        .collect()
}

fn report<L>(test: bool)
where
    L: Layout<Element: Streams + Add<Output = L::Element> + From<i16>>,
{
    println!("\n{} {}", name_of::<L::Element>(), L::NAME);
    for (name, bytes) in SIZES {
        let pairs = pairs::<L>(bytes);
        let (bytes, effort) = match test {
            true => (SIZES[0].1, Effort::ONCE),
            false => (bytes, Effort::new(bytes)),
        };
        let mut columns = Columns::new(bytes);
        let mut operands = Operands::<L>::new(bytes / L::BYTES_PER_VECTOR);
        for pair in &pairs {
            columns.check(pair.triad, pair.stores);
            operands.check_engines(&[pair.kernel]);
        }
        let times = medians(effort, 2 * pairs.len(), |k| {
            let pair = &pairs[k / 2];
            match k % 2 {
                0 => columns.run(pair.triad, pair.stores),
                _ => operands.run(&pair.kernel),
            }
        });
        for (pair, times) in pairs.iter().zip(times.as_chunks().0) {
            let [triad, kernel] = times.map(|time| bytes as f64 / time);
            let (level, fraction) = (pair.level, kernel / triad);
            let stores = format!("{:?}", pair.stores).to_lowercase();
            println!(
                "{name:>8} {bytes:>11} {level:>9} {stores:>10} {triad:>8.1} {kernel:>8.1} {fraction:>8.2}"
            );
        }
    }
}

fn main() {
    let test = Arguments::new().has("--test");
    println!(
        "GB/s on one thread: triad and kernel with the same registers and stores, and kernel / triad"
    );
    if !<f32 as Streams>::HAND_WRITTEN {
        println!(
            "the triads are not written for this CPU: a plain loop, autovectorised, with cached stores"
        );
    }
    println!("    size       bytes     level     stores    triad   kernel fraction");
    report::<Soa<f32>>(test);
    report::<Vec<[f32; 3]>>(test);
    report::<Vec<[f32; 4]>>(test);
    report::<Soa<f64>>(test);
    report::<Vec<[f64; 3]>>(test);
    report::<Vec<[f64; 4]>>(test);
}
