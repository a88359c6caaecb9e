//! The library's kernels in every configuration: levels, numbers of threads, layouts, orders,
//! stores.

use std::fmt;
use std::num::NonZeroUsize;

use anyhow::{Context, Result};
use crosslane::{Accuracy, Engine, Level, Stores, Threads};
use crosslane_cases::Float;
use crosslane_npy::Component;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use super::cases::Case;
use super::order::Order;
use crate::batch::{Batch, Layout};

/// One, which needs no other; a power of two; and a prime: pieces of different lengths, more of them than many CPUs have cores.
pub(super) const THREADS: [usize; 3] = [1, 2, 7];

pub(super) const LAYOUTS: [Layout; 5] = [
    Layout::Soa,
    Layout::Aos,
    Layout::Padded,
    Layout::Rank2,
    Layout::Blocks,
];

/// How one batch was multiplied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration {
    pub(super) level: Level,
    pub(super) threads: usize,
    pub(super) layout: Layout,
    pub(super) order: Order,
    pub(super) stores: Stores,
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plural, stores) = (
            if self.threads == 1 { "" } else { "s" },
            match self.stores {
                Stores::Streaming => "streaming",
                _ => "cached",
            },
        );
        let (level, threads, layout, order) = (self.level, self.threads, self.layout, self.order);
        write!(
            f,
            "{level} on {threads} thread{plural}, {layout}, {order}, {stores}"
        )
    }
}

/// The levels that are tested, and the threads to test them on.
#[derive(Debug)]
pub(super) struct Kernels {
    pub(super) levels: Vec<Level>,
    /// Each number of threads that could be started. The caller's own thread needs no pool.
    pools: Vec<(usize, Option<ThreadPool>)>,
}

impl Kernels {
    pub(super) fn new(levels: Vec<Level>) -> Self {
        let pools = THREADS.into_iter().filter_map(|threads| match threads {
            1 => Some((1, None)),
            _ => Some((threads, Some(pool(threads).ok()?))),
        });
        Self {
            levels,
            pools: pools.collect(),
        }
    }

    /// On how many threads it multiplies; of [`THREADS`] those that could be started.
    pub(super) fn threads(&self) -> Vec<usize> {
        self.pools.iter().map(|(threads, _)| *threads).collect()
    }

    /// Multiplies the vectors on every number of threads at every level, and shows each result, with the cases in
    /// its order.
    ///
    /// Layouts, orders and stores take turns, over the numbers of threads and over blocks: twenty blocks meet all.
    pub(super) fn run<T: Component + Float>(
        &self,
        block: usize,
        cases: &[Case<T>],
        mut show: impl FnMut(Configuration, &[&Case<T>], &Batch<T>) -> Result<()>,
    ) -> Result<()> {
        for (turn, (threads, pool)) in self.pools.iter().enumerate() {
            let turn = block + turn;
            let (layout, order) = (LAYOUTS[turn % 5], Order::ALL[turn % 2]);
            let cases = order.of(cases);
            let a = Batch::of(layout, cases.iter().map(|case| case.a))?;
            let b = Batch::of(layout, cases.iter().map(|case| case.b))?;
            for &level in &self.levels {
                let configuration = Configuration {
                    level,
                    threads: *threads,
                    layout,
                    order,
                    stores: [Stores::Cached, Stores::Streaming][turn / 10 % 2],
                };
                let mut out = Batch::new(layout, cases.len(), unwritten)?;
                let engine = configuration.engine()?;
                let mut multiply =
                    || -> Result<()> { Ok(engine.cross(a.view()?, b.view()?, out.view_mut()?)?) };
                match pool {
                    Some(pool) => pool.install(multiply),
                    None => multiply(),
                }?;
                show(configuration, &cases, &out)?;
            }
        }
        Ok(())
    }
}

impl Configuration {
    fn engine(&self) -> Result<Engine> {
        let threads = NonZeroUsize::new(self.threads).context("no threads")?;
        let engine = Engine::new()
            .with_accuracy(Accuracy::CorrectlyRounded)
            .with_threads(Threads::Max(threads))
            .with_stores(self.stores);
        Ok(engine.with_level(self.level)?)
    }
}

/// What no correct result is: a NaN of another kind.
fn unwritten<T: Float>() -> T {
    T::from_bits64(T::NAN + 1)
}

/// So many threads.
pub(super) fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new().num_threads(threads).build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::verify::cases::cases;
    use crate::verify::tally::Tally;

    #[test]
    fn twenty_blocks_meet_every_configuration_once_and_each_rounds_correctly() {
        let kernels = Kernels::new(Level::available().collect());
        let cases = cases::<f32>(0..10);
        let mut seen = Vec::new();
        let mut tally = Tally::new::<f32>();
        for block in 0..20 {
            kernels
                .run(block, &cases, |configuration, cases, out| {
                    tally.compare(configuration, cases, out)?;
                    seen.push(configuration.to_string());
                    Ok(())
                })
                .expect("available levels");
        }
        let different: BTreeSet<_> = seen.iter().collect();
        assert_eq!(different.len(), seen.len(), "{seen:?}");
        let expected = kernels.levels.len() * kernels.threads().len() * 20;
        assert_eq!(seen.len(), expected, "{seen:?}");
        assert_eq!(tally.misrounded(), 0, "{:?}", tally.failures);
    }
}
