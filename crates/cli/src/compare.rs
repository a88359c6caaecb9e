//! `crosslane compare`: runs of `crosslane bench` side by side: versions on one machine, or machines.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::bench::record::{Ceiling, Kernel, Key, Record, Times};
use crate::bench::{picture, size, table, write};
use crate::output::Output;

/// Compare runs of `crosslane bench --json`, with the first
///
/// For each kernel and working set that both have: how many times as long the other takes. A ratio is marked where it is outside
/// what the spreads allow and more than 5 % (slower ! or faster *). On the same machine the ratio of the ceilings, which no version of crosslane
/// changes, is divided out: it is the machine's mood.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Files of `crosslane bench --json`; the first is what the others are compared with
    #[arg(value_name = "FILE", num_args = 2.., required = true)]
    files: Vec<PathBuf>,
    /// Write a picture of all of them
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// End with an error if a kernel is slower beyond the spread
    #[arg(long)]
    fail_if_slower: bool,
}

/// A record, and a letter for the table.
struct Run {
    letter: char,
    name: String,
    record: Record,
}

/// Ratios within this are never worth a word.
const TOLERANCE: f64 = 1.05;

/// How a time compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Slower,
    Faster,
}

impl Compare {
    pub(crate) fn run(&self, out: &mut impl Write) -> Result<()> {
        if let Some(svg) = &self.svg {
            let inputs: Vec<_> = self.files.iter().map(PathBuf::as_path).collect();
            drop(Output::create(svg, &inputs, self.force)?);
        }
        let runs = self.files.iter().zip('A'..='Z').map(|(path, letter)| {
            let name = path.display().to_string();
            let record = Record::read(path)?;
            Ok(Run {
                letter,
                name,
                record,
            })
        });
        let runs: Vec<Run> = runs.collect::<Result<_>>()?;
        ensure!(runs.len() == self.files.len(), "more than 26 files");
        let Some((first, others)) = runs.split_first() else {
            return Ok(());
        };
        let mut text = String::new();
        for run in &runs {
            introduce(&mut text, run);
        }
        let (mut compared, mut slower) = (0, 0);
        for other in others {
            let pair = Pair::new(first, other);
            compared += pair.keys.len();
            slower += pair.write(&mut text);
        }
        ensure!(
            compared > 0,
            "no kernel and working set that another file has too"
        );
        if let Some(path) = &self.svg {
            let records: Vec<_> = runs
                .iter()
                .map(|run| (format!("{}: ", run.letter), &run.record))
                .collect();
            write(path, self.force, &picture::svg(&records)?)?;
        }
        out.write_all(text.as_bytes()).context("standard output")?;
        ensure!(
            !self.fail_if_slower || slower == 0,
            "{slower} of the ratios are slower beyond the spread"
        );
        Ok(())
    }
}

fn introduce(text: &mut String, run: &Run) {
    let Run {
        letter,
        name,
        record,
    } = run;
    let complete = if record.complete {
        ""
    } else {
        ", not complete"
    };
    let noisy = if record.noise.trustworthy {
        ""
    } else {
        ", TOO NOISY to trust absolute times"
    };
    let _ = writeln!(
        text,
        "{letter}  {name}: crosslane {}, {}, {} run{complete}{noisy}\n   {}",
        record.crosslane_version, record.started, record.effort, record.machine
    );
}

/// The same CPU with the same memory and caches, under the same system.
fn same_machine(a: &Record, b: &Record) -> bool {
    let (a, b) = (&a.machine, &b.machine);
    // What the system reports of its clock and of memory varies a little from boot to boot.
    let near = |a: u64, b: u64| a.abs_diff(b) <= a.max(b) / 16;
    a.cpu == b.cpu
        && a.architecture == b.architecture
        && a.caches() == b.caches()
        && a.hardware_threads == b.hardware_threads
        && a.pool_threads == b.pool_threads
        && near(a.memory, b.memory)
}

/// Two runs, and where to find what in them.
struct Pair<'a> {
    runs: [&'a Run; 2],
    kernels: [HashMap<(&'a Key, u64), &'a Kernel>; 2],
    /// The usual spread of kernels, by working set.
    spreads: HashMap<u64, [f64; 2]>,
    /// The working sets, and the keys, that both have, in the order of the first.
    sets: Vec<u64>,
    keys: Vec<&'a Key>,
    same_machine: bool,
}

/// The same kernel over the same working set.
struct Row {
    set: u64,
    /// How many times as long the second takes, ...
    plain: Ratio,
    /// ... and where the machine is the same, divided by how many times as long its limit takes.
    ratio: Ratio,
}

/// How many times as long something takes, and what the spreads allow, as a logarithm.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    value: f64,
    doubt: f64,
}

/// How many times what all spreads together make is allowed.
const ALLOWED: f64 = 2.0;
/// The spread of what was measured in one pass alone, whatever its own is.
const ONE_PASS: f64 = 0.25;

/// What a spread counts for.
fn spread(times: &Times) -> f64 {
    let least = if times.passes < 2 { ONE_PASS } else { 0.0 };
    times.spread().max(least)
}

impl Ratio {
    fn new(value: f64, spreads: &[f64]) -> Self {
        let sum: f64 = spreads.iter().map(|spread| spread.powi(2)).sum();
        Self {
            value,
            doubt: ALLOWED * sum.sqrt(),
        }
    }

    /// The geometric mean, each counting for what it is worth.
    fn mean(ratios: impl Iterator<Item = Self> + Clone) -> Self {
        let weigh = |ratio: &Self| ratio.doubt.max(TOLERANCE.ln()).powi(-2);
        let weights: f64 = ratios.clone().map(|ratio| weigh(&ratio)).sum();
        let logarithms = ratios.map(|ratio| weigh(&ratio) * ratio.value.ln());
        Self {
            value: (logarithms.sum::<f64>() / weights).exp(),
            doubt: weights.powf(-0.5),
        }
    }

    fn verdict(self) -> Verdict {
        let beyond = self.value.ln().abs() > self.doubt.max(TOLERANCE.ln());
        match (beyond, self.value > 1.0) {
            (false, _) => Verdict::Same,
            (true, true) => Verdict::Slower,
            (true, false) => Verdict::Faster,
        }
    }
}

/// Only what is so with and without the machine's mood, which can excuse a kernel but not accuse it: not every kernel is held by the
/// limit, and the limit has a spread of its own.
fn verdict(plain: Ratio, ratio: Ratio) -> Verdict {
    if plain.verdict() == ratio.verdict() {
        ratio.verdict()
    } else {
        Verdict::Same
    }
}

impl<'a> Pair<'a> {
    fn new(first: &'a Run, other: &'a Run) -> Self {
        let runs = [first, other];
        let [a, b] = runs.map(|run| &run.record);
        let kernels = [a, b].map(|record| {
            let all = record.kernels.iter();
            all.map(|kernel| ((&kernel.key, kernel.working_set), kernel))
                .collect::<HashMap<_, _>>()
        });
        let in_both =
            |kernel: &&Kernel| kernels[1].contains_key(&(&kernel.key, kernel.working_set));
        let (mut sets, mut keys) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for kernel in a.kernels.iter().filter(in_both) {
            sets.push(kernel.working_set);
            if seen.insert(&kernel.key) {
                keys.push(&kernel.key);
            }
        }
        sets.sort_unstable();
        sets.dedup();
        let spreads = sets
            .iter()
            .map(|&set| (set, [a, b].map(|record| record.spread(set))));
        Self {
            spreads: spreads.collect(),
            same_machine: same_machine(a, b),
            runs,
            kernels,
            sets,
            keys,
        }
    }

    /// The limits of both at a working set: the fastest of the first, and the same way in the second.
    fn limits(&self, set: u64, threads: usize) -> Option<[&'a Ceiling; 2]> {
        let [a, b] = self.runs;
        let limit = a.record.ceiling(set, threads)?;
        Some([limit, b.record.same_way(limit)?])
    }

    fn rows(&self, key: &'a Key) -> Vec<Row> {
        let row = |&set: &u64| {
            let [a, b] = &self.kernels;
            let times =
                [*a.get(&(key, set))?, *b.get(&(key, set))?].map(|kernel| kernel.ns_per_vector);
            let usual = self.spreads.get(&set)?;
            // A few measurements can agree by luck.
            let mut spreads = vec![
                spread(&times[0]).max(usual[0]),
                spread(&times[1]).max(usual[1]),
            ];
            let plain = Ratio::new(times[1].median / times[0].median, &spreads);
            let threads = key.most_threads(&self.runs[0].record.machine);
            let mut ratio = plain;
            if let (true, Some([a, b])) = (self.same_machine, self.limits(set, threads)) {
                spreads.extend([spread(&a.ns), spread(&b.ns)]);
                ratio = Ratio::new(plain.value * b.gb_per_second / a.gb_per_second, &spreads);
            }
            Some(Row { set, plain, ratio })
        };
        self.sets.iter().filter_map(row).collect()
    }

    /// Writes how the second compares with the first. Returns how often it is slower.
    fn write(&self, text: &mut String) -> usize {
        let [first, other] = self.runs;
        let letters = format!("{} / {}", other.letter, first.letter);
        self.write_head(text, &letters);
        if self.keys.is_empty() {
            let _ = writeln!(text, "{letters}: no kernel and working set in common");
            return 0;
        }
        let stores = table::names_stores(&first.record);
        let label = |key: &Key| table::name(key, stores);
        let width = self
            .keys
            .iter()
            .map(|key| label(key).len())
            .max()
            .unwrap_or(0);
        let _ = write!(text, "{:width$}", "");
        for set in &self.sets {
            let _ = write!(text, " {:>9}", size(*set));
        }
        let _ = writeln!(text, " {:>9}  within", "all");
        self.write_limits(text, width);
        let mut found = [0, 0];
        for key in &self.keys {
            let rows = self.rows(key);
            let _ = write!(text, "{:<width$}", label(key));
            for set in &self.sets {
                let cell = rows.iter().find(|row| row.set == *set);
                let cell = cell.map_or_else(String::new, |row| {
                    mark(row.ratio, verdict(row.plain, row.ratio), &mut found)
                });
                let _ = write!(text, " {cell:>9}");
            }
            let mean = Ratio::mean(rows.iter().map(|row| row.ratio));
            let all = verdict(Ratio::mean(rows.iter().map(|row| row.plain)), mean);
            let word = match all {
                Verdict::Same => "",
                Verdict::Slower => "  SLOWER",
                Verdict::Faster => "  faster",
            };
            let within = 100.0 * mean.doubt.max(TOLERANCE.ln());
            let _ = writeln!(
                text,
                " {:>9}  ±{within:.0} %{word}",
                mark(mean, all, &mut found)
            );
        }
        let [slower, faster] = found;
        let verdict = match (slower, faster) {
            (0, 0) => "no difference beyond the spread".to_owned(),
            _ => format!("beyond the spread: {slower} slower (!), {faster} faster (*)"),
        };
        let _ = writeln!(text, "{letters}: {verdict}");
        self.write_missing(text);
        slower
    }

    fn write_head(&self, text: &mut String, letters: &str) {
        let [first, other] = self.runs;
        let _ = writeln!(
            text,
            "\n{letters}: how many times as long {} takes",
            other.letter
        );
        let _ = match self.same_machine {
            true => writeln!(
                text,
                "the same machine: divided by the ratio of the limits at the same working set"
            ),
            false => writeln!(text, "DIFFERENT MACHINES: times as they are"),
        };
        let [a, b] = self.runs.map(|run| &run.record.crosslane_version);
        if a != b {
            let _ = writeln!(
                text,
                "different versions of crosslane: {} is {a}, {} is {b}",
                first.letter, other.letter
            );
        }
    }

    fn write_limits(&self, text: &mut String, width: usize) {
        let all = self.runs.map(|run| run.record.machine.pool_threads);
        let all = all.into_iter().max().unwrap_or(1);
        for (name, threads) in [("limit, 1 thread", 1), ("limit, all threads", all)] {
            let _ = write!(text, "{name:<width$}");
            for &set in &self.sets {
                let limits = self.limits(set, threads);
                let cell = limits.map_or_else(String::new, |[a, b]| {
                    format!("{:.2} ", a.gb_per_second / b.gb_per_second)
                });
                let _ = write!(text, " {cell:>9}");
            }
            text.push('\n');
        }
    }

    /// What only one of both has is not passed over in silence.
    fn write_missing(&self, text: &mut String) {
        for (one, two) in [(0, 1), (1, 0)] {
            let all = &self.runs[one].record.kernels;
            let has = |kernel: &&Kernel| {
                self.kernels[two].contains_key(&(&kernel.key, kernel.working_set))
            };
            let alone = all.len() - all.iter().filter(has).count();
            if alone > 0 {
                let letter = self.runs[one].letter;
                let _ = writeln!(
                    text,
                    "only in {letter}: {alone} of {} measurements",
                    all.len()
                );
            }
        }
    }
}

fn mark(Ratio { value, .. }: Ratio, verdict: Verdict, [slower, faster]: &mut [usize; 2]) -> String {
    match verdict {
        Verdict::Same => format!("{value:.2} "),
        Verdict::Slower => {
            *slower += 1;
            format!("{value:.2}!")
        }
        Verdict::Faster => {
            *faster += 1;
            format!("{value:.2}*")
        }
    }
}
