//! The limit of the machine: STREAM's triad over as many bytes as a kernel moves, through the caches and past them.
//!
//! The registers are those that were fastest at the working set: from L1 the widest are, from memory with cached stores often
//! the narrowest. So are the places of the columns: see [`Columns::new`].

use std::time::Duration;

use anyhow::{Result, ensure};
use crosslane::Level;
use crosslane_measure::{Calls, Effort, Streams, Triad, median, samples};
use rayon::prelude::*;

/// What a triad's columns are made of: whole blocks of four registers, of the widest.
const BLOCK: usize = 4 * 64 / size_of::<f64>();
/// A factor that is no power of two.
const FACTOR: f64 = 3.0;
/// Elements of a page.
const PAGE: usize = 4096 / size_of::<f64>();
/// From so many bytes on columns lie at the same place of their pages.
const LARGE: u64 = 4 << 20;

/// One way to run the triad.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) threads: usize,
    pub(crate) streaming: bool,
    /// Whose registers.
    pub(crate) level: Level,
    triad: Triad<f64>,
}

impl Way {
    /// On one thread, and on each other number of them; with both kinds of stores where there are both; at each level.
    fn all(threads: &[usize]) -> Vec<Vec<Self>> {
        let stores: &[bool] = match <f64 as Streams>::HAND_WRITTEN {
            true => &[false, true],
            false => &[false],
        };
        let mut counts = vec![1];
        counts.extend_from_slice(threads);
        counts.sort_unstable();
        counts.dedup();
        let mut all = Vec::new();
        for threads in counts {
            for &streaming in stores {
                let way = |level| Self {
                    threads,
                    streaming,
                    level,
                    triad: Triad::new(level),
                };
                all.push(Level::available().map(way).collect());
            }
        }
        all
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
    columns: [Vec<f64>; 3],
    /// Where each begins.
    starts: [usize; 3],
    len: usize,
}

impl Columns {
    /// Which take about so many bytes. Small ones begin a third of a page apart, so that no load is taken for one of what was just
    /// stored; large ones at the same place of their pages, which from memory was a fifth faster (Zen 4, cached stores).
    pub(crate) fn new(bytes: u64) -> Result<Self> {
        let len = (bytes as usize / size_of::<[f64; 3]>() / BLOCK).max(1) * BLOCK;
        let column = |k: usize| -> Result<(Vec<f64>, usize)> {
            let mut column = Vec::new();
            column.try_reserve_exact(len + 2 * PAGE)?;
            column.resize(len + 2 * PAGE, 1.0 + k as f64 / 7.0);
            let apart = if bytes < LARGE {
                k * PAGE / 3 / 8 * 8
            } else {
                0
            };
            let element = column.as_ptr() as usize / size_of::<f64>() % PAGE;
            Ok((column, (PAGE - element) % PAGE + apart))
        };
        let [a, b, c] = [column(0)?, column(1)?, column(2)?];
        Ok(Self {
            starts: [a.1, b.1, c.1],
            columns: [a.0, b.0, c.0],
            len,
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.len * size_of::<[f64; 3]>()) as u64
    }

    /// The fastest level for each number of threads and kind of stores; `pause` comes before each measurement, and can end it.
    pub(crate) fn ways(
        &mut self,
        threads: &[usize],
        mut pause: impl FnMut() -> Result<()>,
    ) -> Result<Vec<Way>> {
        let effort = Effort {
            rounds: 3,
            calls: Calls::Lasting(Duration::from_micros(500)),
        };
        let mut fastest = Vec::new();
        for levels in Way::all(threads) {
            for &way in &levels {
                pause()?;
                self.check(way)?;
            }
            let run = |k: usize| {
                self.run(levels[k]);
                Ok(())
            };
            let times = samples(effort, levels.len(), run, |_| pause())?;
            let times = times.iter().map(|times| median(times));
            let best = levels
                .iter()
                .zip(times)
                .min_by(|(_, a), (_, b)| a.total_cmp(b));
            fastest.extend(best.map(|(way, _)| *way));
        }
        Ok(fastest)
    }

    fn parts(&mut self) -> [&mut [f64]; 3] {
        let (starts, len) = (self.starts, self.len);
        let [a, b, c] = &mut self.columns;
        [
            &mut a[starts[0]..][..len],
            &mut b[starts[1]..][..len],
            &mut c[starts[2]..][..len],
        ]
    }

    /// One pass.
    pub(crate) fn run(&mut self, way: Way) {
        let [a, b, out] = std::hint::black_box(self).parts();
        if way.threads == 1 {
            return way.triad.run(a, b, FACTOR, out, way.streaming);
        }
        let part = out.len().div_ceil(way.threads).next_multiple_of(BLOCK);
        let inputs = a.par_chunks(part).zip(b.par_chunks(part));
        inputs
            .zip(out.par_chunks_mut(part))
            .for_each(|((a, b), out)| way.triad.run(a, b, FACTOR, out, way.streaming));
    }

    /// Whether a pass gives what it should.
    fn check(&mut self, way: Way) -> Result<()> {
        let [.., out] = self.parts();
        out.fill(0.0);
        self.run(way);
        let [a, b, out] = self.parts();
        let mut places = a.iter().zip(b).zip(out);
        let right = places.all(|((a, b), out)| (*a + FACTOR * *b).to_bits() == out.to_bits());
        ensure!(right, "the triad is wrong: {way:?}");
        Ok(())
    }
}
