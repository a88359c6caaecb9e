//! The limit of the machine: STREAM's triad over as many bytes as a kernel moves, through the caches and past them.

use anyhow::{Result, ensure};
use crosslane::{Level, Soa};
use crosslane_measure::{Streams, Triad};
use rayon::prelude::*;

/// What a triad's columns are made of: whole blocks of four registers, of the widest.
const BLOCK: usize = 4 * 64 / size_of::<f64>();
/// A factor that is no power of two.
const FACTOR: f64 = 3.0;

/// One way to run the triad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) threads: usize,
    pub(crate) streaming: bool,
}

impl Way {
    /// On one thread, and on each other number of them; with both kinds of stores where there are both.
    pub(crate) fn all(threads: &[usize]) -> Vec<Self> {
        let stores: &[bool] = match <f64 as Streams>::HAND_WRITTEN {
            true => &[false, true],
            false => &[false],
        };
        let mut counts = vec![1];
        counts.extend_from_slice(threads);
        counts.sort_unstable();
        counts.dedup();
        let ways = |threads| {
            stores
                .iter()
                .map(move |&streaming| Self { threads, streaming })
        };
        counts.into_iter().flat_map(ways).collect()
    }

    pub(crate) fn stores(self) -> &'static str {
        if self.streaming {
            "streaming"
        } else {
            "cached"
        }
    }
}

/// Three columns: a and b are read, out is written.
#[derive(Debug)]
pub(crate) struct Columns {
    columns: Soa<f64>,
    triad: Triad<f64>,
}

impl Columns {
    /// Which take about so many bytes.
    pub(crate) fn new(level: Level, bytes: u64) -> Self {
        let column = bytes as usize / size_of::<[f64; 3]>();
        let mut columns = Soa::zeros((column / BLOCK).max(1) * BLOCK);
        let [a, b, _] = columns.columns_mut();
        for (i, (a, b)) in a.iter_mut().zip(b).enumerate() {
            (*a, *b) = (i as f64, 1.0 / (i + 1) as f64);
        }
        Self {
            columns,
            triad: Triad::new(level),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.columns.len() * size_of::<[f64; 3]>()) as u64
    }

    /// One pass.
    pub(crate) fn run(&mut self, way: Way) {
        let triad = self.triad;
        let [a, b, out] = std::hint::black_box(&mut self.columns).columns_mut();
        if way.threads == 1 {
            return triad.run(a, b, FACTOR, out, way.streaming);
        }
        let part = out.len().div_ceil(way.threads).next_multiple_of(BLOCK);
        let inputs = a.par_chunks(part).zip(b.par_chunks(part));
        inputs
            .zip(out.par_chunks_mut(part))
            .for_each(|((a, b), out)| triad.run(a, b, FACTOR, out, way.streaming));
    }

    /// Whether a pass gives what it should.
    pub(crate) fn check(&mut self, way: Way) -> Result<()> {
        self.columns.columns_mut()[2].fill(0.0);
        self.run(way);
        let (a, b, out) = (self.columns.x(), self.columns.y(), self.columns.z());
        let right = a
            .iter()
            .zip(b)
            .zip(out)
            .all(|((a, b), out)| (a + FACTOR * b).to_bits() == out.to_bits());
        ensure!(right, "the triad is wrong: {way:?}");
        Ok(())
    }
}
