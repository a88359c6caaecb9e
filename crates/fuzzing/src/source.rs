//! Choices out of bytes: engines, layouts, lengths, and numbers of which the bytes at the end are the palette.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use arbitrary::Unstructured;
use crosslane::{Accuracy, Engine, Stores, Threads};

use crate::support::{Float, INPUTS, Layout, Operand, Random, engines, outputs};

/// Bytes, taken from the front.
pub(crate) struct Source<'a>(Unstructured<'a>);

impl<'a> Source<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or(0)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number less than `n`, of two bytes.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.arbitrary::<u16>().unwrap_or(0)) % n
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// Mostly some registers, sometimes some tiles, seldom up to `most` vectors, which take their time.
    pub(crate) fn len(&mut self, most: usize) -> usize {
        let limit = match self.byte() {
            0..128 => 18,
            128..208 => 140,
            208..248 => 520.min(most),
            _ => most,
        };
        self.below(limit + 1)
    }

    pub(crate) fn accuracy(&mut self) -> Accuracy {
        self.one_of(&[Accuracy::Plain, Accuracy::CorrectlyRounded])
    }

    /// Whatever can be read; strides that meet are among it.
    pub(crate) fn input(&mut self) -> Layout {
        match self.byte() % 12 {
            known @ 0..9 => INPUTS[usize::from(known)],
            _ => Layout::Strided(self.stride(), self.stride()),
        }
    }

    /// What can be written: vectors that never meet.
    pub(crate) fn output(&mut self) -> Layout {
        let outputs: Vec<_> = outputs().collect();
        if self.flag() {
            return self.one_of(&outputs);
        }
        let component = isize::from(self.byte() % 4) + 1;
        let vector = 2 * component + 1 + isize::from(self.byte() % 8);
        let signs = self.byte();
        let signed = |stride: isize, bit: u8| if signs & bit == 0 { stride } else { -stride };
        Layout::Strided(signed(component, 1), signed(vector, 2))
    }

    fn stride(&mut self) -> isize {
        isize::from(self.byte() % 19) - 9
    }

    /// As many threads as a pool of its own has, or what the engine likes, and either kind of stores.
    pub(crate) fn way(&mut self) -> Way {
        Way {
            // Seldom many: threads that wait for work take the time of those that have it.
            threads: self.one_of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 7]),
            auto: self.flag(),
            stores: self.one_of(&[Stores::Auto, Stores::Cached, Stores::Streaming]),
        }
    }

    /// The rest.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let len = self.0.len();
        self.0.bytes(len).unwrap_or_default()
    }

    /// The rest, as numbers.
    pub(crate) fn values<T: Float>(mut self) -> Values<T> {
        let (mixture, seed) = (self.byte() % 5, self.bits());
        let mut palette = Vec::new();
        while !self.0.is_empty() && palette.len() < 64 {
            // As many bytes as the type has, so that a dictionary of its special values can be one.
            palette.push(match size_of::<T>() {
                2 => T::from_random(self.0.arbitrary::<u16>().unwrap_or(0).into()),
                4 => T::from_random(self.0.arbitrary::<u32>().unwrap_or(0).into()),
                _ => T::from_random(self.bits()),
            });
        }
        Values {
            palette,
            mixture,
            random: Random(seed),
        }
    }
}

/// One for each level, looked for once, so that those which this CPU lacks are named once.
static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(engines);

/// How an operation is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    threads: usize,
    auto: bool,
    stores: Stores,
}

impl Way {
    /// Calls `work` with an engine of each level that this CPU has.
    pub(crate) fn at_every_level(self, accuracy: Accuracy, work: impl Fn(Engine) + Sync) {
        let threads = match NonZeroUsize::new(self.threads) {
            _ if self.auto => Threads::Auto,
            Some(most) => Threads::Max(most),
            None => Threads::Serial,
        };
        let work = || {
            for engine in ENGINES.iter() {
                let engine = engine.with_accuracy(accuracy);
                work(engine.with_threads(threads).with_stores(self.stores));
            }
        };
        #[cfg(feature = "rayon")]
        if let Some(pool) = pools::pool(self.threads) {
            return pool.install(work);
        }
        work();
    }
}

#[cfg(feature = "rayon")]
mod pools {
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::rc::Rc;

    use rayon::{ThreadPool, ThreadPoolBuilder};

    thread_local! {
        /// Of this thread alone: who waits in a pool takes up other work of it, and would do that in its own floating-point environment.
        static POOLS: RefCell<HashMap<usize, Option<Rc<ThreadPool>>>> = RefCell::default();
    }

    /// A pool of so many threads, or none where none are asked for or can be had.
    pub(super) fn pool(threads: usize) -> Option<Rc<ThreadPool>> {
        if threads == 0 {
            return None;
        }
        let new = || ThreadPoolBuilder::new().num_threads(threads).build();
        POOLS.with_borrow_mut(|pools| {
            let pool = pools.entry(threads);
            pool.or_insert_with(|| new().ok().map(Rc::new)).clone()
        })
    }
}

/// Numbers: some of a palette, some ordinary, some special.
pub(crate) struct Values<T> {
    palette: Vec<T>,
    mixture: u8,
    random: Random,
}

impl<T: Float> Values<T> {
    pub(crate) fn next(&mut self) -> T {
        let Self {
            palette,
            mixture,
            random,
        } = self;
        // Of four: how many are of the palette.
        if !palette.is_empty() && random.below(4) < usize::from(*mixture) {
            palette[random.below(palette.len())]
        } else {
            random.value()
        }
    }

    /// An operand of these numbers, guards included.
    pub(crate) fn operand(&mut self, layout: Layout, len: usize, offset: usize) -> Operand<T> {
        let mut operand = Operand::new(layout, len, offset, &mut self.random);
        self.fill(&mut operand);
        operand
    }

    pub(crate) fn fill(&mut self, operand: &mut Operand<T>) {
        operand.elements_mut().fill_with(|| self.next());
    }

    pub(crate) fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}
