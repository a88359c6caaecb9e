//! What a run of `crosslane bench` has measured, as the file that `--json` writes and `crosslane compare` reads.
//!
//! The types are the schema: `crosslane bench --schema` prints it with the documentation that stands here. A field may be
//! added without a new version; one that changes its meaning or goes makes one.

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use crosslane_measure::{median, quantile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::Machine;

/// What the file calls itself.
pub(crate) const SCHEMA: &str = "crosslane-bench";
/// The version that this program writes, and the only one that it reads.
pub(crate) const VERSION: u32 = 1;

/// One run of `crosslane bench`: the machine, its ceilings, and the kernels. Times are in nanoseconds, sizes in bytes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Record {
    /// Always "crosslane-bench".
    pub(crate) schema: String,
    /// The version of this schema: 1.
    pub(crate) schema_version: u32,
    /// The version of crosslane that was measured.
    pub(crate) crosslane_version: String,
    /// When the run began, UTC, as RFC 3339 has it.
    pub(crate) started: String,
    /// How long it took.
    pub(crate) seconds: f64,
    /// "quick", "default" or "full".
    pub(crate) effort: String,
    /// Whether all that was planned was measured; false after an interruption, or while the run goes on.
    pub(crate) complete: bool,
    /// The machine.
    pub(crate) machine: Machine,
    /// How much its times vary.
    pub(crate) noise: Noise,
    /// What memory and caches give to a loop that hardly computes.
    pub(crate) ceilings: Vec<Ceiling>,
    /// What was measured of crosslane.
    pub(crate) kernels: Vec<Kernel>,
}

/// How much the times of a run vary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Noise {
    /// The median of the spreads of all kernels: half of what lies between `low` and `high`, over `median`.
    pub(crate) median_spread: f64,
    /// The spread that nine in ten kernels keep within.
    pub(crate) greatest_of_nine_in_ten: f64,
    /// Whether absolute times can be trusted: the median spread is at most 5 %, and none of one pass alone.
    pub(crate) trustworthy: bool,
}

/// STREAM's triad, out = a + k·b, over three columns of f64, with the registers that are fastest for it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ceiling {
    /// The working set that was asked for.
    pub(crate) working_set: u64,
    /// Bytes of the three columns: read of a and b and written to out by one pass. What a CPU reads of out before it writes it
    /// is not counted.
    pub(crate) bytes: u64,
    /// Threads that share a pass.
    pub(crate) threads: usize,
    /// "cached" or "streaming".
    pub(crate) stores: String,
    /// The level whose registers it has.
    pub(crate) level: String,
    /// Time of one pass.
    pub(crate) ns: Times,
    /// `bytes` over the median time, in 10⁹ bytes a second.
    pub(crate) gb_per_second: f64,
}

/// One operation, in one layout, type, accuracy, level, kind of stores and number of threads, at one working set.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Kernel {
    #[serde(flatten)]
    pub(crate) key: Key,
    /// The working set that was asked for.
    pub(crate) working_set: u64,
    /// Bytes of all operands of a call, with the gaps and the padding that lie between their elements.
    pub(crate) bytes: u64,
    /// Vectors in a batch.
    pub(crate) vectors: u64,
    /// Time of a call over the number of vectors.
    pub(crate) ns_per_vector: Times,
    /// Vectors a second, from the median.
    pub(crate) vectors_per_second: f64,
    /// `bytes` over the median time of a call, in 10⁹ bytes a second.
    pub(crate) gb_per_second: f64,
    /// `gb_per_second` over that of the fastest ceiling of at most as many threads, measured in turn with this kernel.
    pub(crate) share_of_ceiling: f64,
}

/// What was called, and how.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub(crate) struct Key {
    /// The method of `crosslane::Engine`.
    pub(crate) operation: String,
    /// Of all vectors: "soa" (columns), "aos" (rows), "padded" (rows of four), "broadcast" (the second operand is one vector
    /// for all, the others are columns), "strided" (rows with gaps of two), "reversed" (rows from the last to the first), "rank2" (features (N, 3, 64): 64 first
    /// components, 64 second ones, 64 third ones, and so on), "blocks" (of 8 vectors: 8 first components, 8 second ones, 8 third ones,
    /// and so on).
    pub(crate) layout: String,
    /// "f32" or "f64".
    #[serde(rename = "type")]
    pub(crate) element: String,
    /// "plain" or "correctly-rounded".
    pub(crate) accuracy: String,
    /// "baseline", "avx2" or "avx512".
    pub(crate) level: String,
    /// "auto", "cached" or "streaming".
    pub(crate) stores: String,
    /// "auto", or the number of threads at most.
    pub(crate) threads: String,
}

/// What several measurements of the same gave, in several passes with memory of their own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Times {
    /// The value in the middle of all measurements.
    pub(crate) median: f64,
    /// The lower quartile, or the least median of a pass if that is less.
    pub(crate) low: f64,
    /// The upper quartile, or the greatest median of a pass if that is greater.
    pub(crate) high: f64,
    /// How many measurements there were ...
    pub(crate) samples: usize,
    /// ... in how many passes: of one alone, the spread says little.
    pub(crate) passes: usize,
}

/// Times and speeds that a machine can have, and its grandchildren.
const POSSIBLE: RangeInclusive<f64> = 1e-9..=1e15;

impl Times {
    /// Of the measurements of each pass, each times `scale`; what has not been measured yet does not count.
    pub(crate) fn of(passes: &[Vec<f64>], scale: f64) -> Self {
        let ascending = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times
        };
        let all = ascending(passes.concat());
        let passes = passes.iter().filter(|pass| !pass.is_empty());
        let medians: Vec<f64> = passes
            .map(|pass| median(&ascending(pass.clone())))
            .collect();
        let [low, high] = [0.25, 0.75].map(|q| quantile(&all, q));
        Self {
            median: median(&all) * scale,
            low: medians.iter().copied().fold(low, f64::min) * scale,
            high: medians.iter().copied().fold(high, f64::max) * scale,
            samples: all.len(),
            passes: medians.len(),
        }
    }

    /// Half of what lies between low and high, over the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.high - self.low) / 2.0 / self.median
    }

    fn is_sound(&self) -> bool {
        let Self {
            median, low, high, ..
        } = *self;
        low <= median && median <= high && [low, high].iter().all(|time| POSSIBLE.contains(time))
    }
}

impl Noise {
    /// The greatest median spread with which absolute times are worth something.
    const LIMIT: f64 = 0.05;

    fn of(record: &Record) -> Self {
        let spreads = ascending(record.kernels.iter().map(|kernel| kernel.ns_per_vector));
        if spreads.is_empty() {
            return Self::default();
        }
        let median_spread = median(&spreads);
        Self {
            median_spread,
            greatest_of_nine_in_ten: quantile(&spreads, 0.9),
            trustworthy: median_spread <= Self::LIMIT
                && record
                    .kernels
                    .iter()
                    .all(|kernel| kernel.ns_per_vector.passes > 1),
        }
    }
}

fn ascending(times: impl Iterator<Item = Times>) -> Vec<f64> {
    let mut spreads: Vec<_> = times.map(|times| times.spread()).collect();
    spreads.sort_by(f64::total_cmp);
    spreads
}

impl Record {
    /// With the noise of what is in it.
    pub(crate) fn assess(mut self) -> Self {
        self.noise = Noise::of(&self);
        self
    }

    /// Of a file, which must be of this version.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let parse = || {
            let text = std::fs::read_to_string(path)?;
            let value: serde_json::Value = serde_json::from_str(&text)?;
            let schema = value.get("schema").and_then(|schema| schema.as_str());
            ensure!(
                schema == Some(SCHEMA),
                "no file of `crosslane bench --json`: \"schema\" is not \"{SCHEMA}\""
            );
            match value
                .get("schema_version")
                .and_then(|version| version.as_u64())
            {
                Some(version) if version == u64::from(VERSION) => {}
                Some(version) => bail!(
                    "version {version} of the schema, expected {VERSION}: measure again with the same program"
                ),
                None => bail!("no \"schema_version\", expected {VERSION}"),
            }
            let record: Self = serde_json::from_value(value)?;
            record.sound()?;
            Ok(record)
        };
        parse().with_context(|| path.display().to_string())
    }

    /// Whether the texts can be shown and the numbers are those of a machine.
    fn sound(&self) -> Result<()> {
        let Machine {
            cpu,
            architecture,
            system,
            ..
        } = &self.machine;
        let mut texts = vec![
            cpu,
            architecture,
            system,
            &self.started,
            &self.effort,
            &self.crosslane_version,
        ];
        let mut speeds = Vec::new();
        for Kernel {
            key,
            ns_per_vector,
            gb_per_second,
            ..
        } in &self.kernels
        {
            let Key {
                operation,
                layout,
                element,
                accuracy,
                level,
                stores,
                threads,
            } = key;
            texts.extend([operation, layout, element, accuracy, level, stores, threads]);
            speeds.push(*gb_per_second);
            ensure!(
                ns_per_vector.is_sound(),
                "\"ns_per_vector\" of {key:?}: expected 0 < low <= median <= high, got {ns_per_vector:?}"
            );
        }
        for Ceiling {
            ns,
            bytes,
            gb_per_second,
            ..
        } in &self.ceilings
        {
            speeds.push(*gb_per_second);
            ensure!(
                ns.is_sound(),
                "\"ns\" of the ceiling of {bytes} bytes: expected 0 < low <= median <= high, got {ns:?}"
            );
        }
        let speed = speeds.iter().find(|speed| !POSSIBLE.contains(*speed));
        ensure!(
            speed.is_none(),
            "\"gb_per_second\": expected a speed, got {speed:?}"
        );
        let text = texts
            .into_iter()
            .find(|text| text.len() > 200 || text.contains(char::is_control));
        ensure!(
            text.is_none(),
            "a text that is too long or not for display: {text:?}"
        );
        Ok(())
    }

    /// As the text of a file.
    pub(crate) fn to_json(&self) -> Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// The fastest ceiling of at most so many threads, over all kinds of stores.
    pub(crate) fn ceiling(&self, working_set: u64, threads: usize) -> Option<&Ceiling> {
        let ceilings = self.ceilings.iter();
        ceilings
            .filter(|c| c.working_set == working_set && c.threads <= threads)
            .max_by(|a, b| a.gb_per_second.total_cmp(&b.gb_per_second))
    }

    /// The ceiling of as many threads and the same kind of stores as this one.
    pub(crate) fn same_way(&self, ceiling: &Ceiling) -> Option<&Ceiling> {
        let Ceiling {
            working_set,
            threads,
            ..
        } = *ceiling;
        let mut ceilings = self.ceilings.iter();
        ceilings.find(|c| {
            c.working_set == working_set && c.threads == threads && c.stores == ceiling.stores
        })
    }

    /// The speed of the fastest, for kernels whose key has these threads; NaN where there is none.
    pub(crate) fn limit(&self, working_set: u64, threads: &str) -> f64 {
        let threads = most_threads(threads, &self.machine);
        let ceiling = self.ceiling(working_set, threads);
        ceiling.map_or(f64::NAN, |ceiling| ceiling.gb_per_second)
    }

    /// The median spread of the kernels over this working set.
    pub(crate) fn spread(&self, working_set: u64) -> f64 {
        let kernels = self.kernels.iter().filter(|k| k.working_set == working_set);
        median(&ascending(kernels.map(|kernel| kernel.ns_per_vector)))
    }

    /// The working sets, ascending.
    pub(crate) fn working_sets(&self) -> Vec<u64> {
        let mut sets: Vec<_> = self.kernels.iter().map(|k| k.working_set).collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }

    /// The values of a part of the keys that occur, in the order of the file.
    pub(crate) fn values<'a>(&'a self, part: impl Fn(&'a Key) -> &'a str) -> Vec<&'a str> {
        super::each_once(self.kernels.iter().map(|kernel| part(&kernel.key)))
    }
}

/// "auto" is all of the pool.
fn most_threads(threads: &str, machine: &Machine) -> usize {
    threads.parse().unwrap_or(machine.pool_threads)
}

impl Key {
    /// How many threads the kernel may use.
    pub(crate) fn most_threads(&self, machine: &Machine) -> usize {
        most_threads(&self.threads, machine)
    }

    /// Without threads, which stand side by side in tables and pictures.
    pub(crate) fn without_threads(&self) -> Self {
        Self {
            threads: String::new(),
            ..self.clone()
        }
    }
}

/// "1 thread", "auto threads", "4 threads".
pub(crate) fn threads_name(threads: &str) -> String {
    let plural = if threads == "1" { "" } else { "s" };
    format!("{threads} thread{plural}")
}
