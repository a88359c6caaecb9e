//! `crosslane compare`: runs of `crosslane bench` side by side: versions on one machine, or machines.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::bench::record::{Kernel, Key, Record, threads_name};
use crate::bench::{picture, size, table, write};
use crate::output::Output;

/// Compare runs of `crosslane bench --json`, with the first
///
/// For each kernel and working set that both have: how many times as long the other takes. A ratio is marked where it is outside
/// what both spreads allow and more than 5 % (slower ! or faster *). On the same machine the ratio of the ceilings, which no version of crosslane
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
        let mut slower = 0;
        for other in others {
            slower += pair(&mut text, first, other)?;
        }
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

/// Times of the same kernel over the same working set.
struct Row<'a> {
    set: u64,
    times: [&'a Kernel; 2],
    /// Their spreads, or those that are usual at this working set: a few measurements can agree by luck.
    spreads: [f64; 2],
    /// What the machine's limit says of its mood: its time in the second over that in the first, where they are one machine.
    mood: f64,
}

impl Row<'_> {
    /// How many times as long the second takes.
    fn ratio(&self) -> f64 {
        let [a, b] = self.times.map(|kernel| kernel.ns_per_vector.median);
        b / a / self.mood
    }

    /// What the spreads of both allow, as a logarithm.
    fn doubt(&self) -> f64 {
        let [a, b] = self.spreads;
        2.0 * (a + b)
    }
}

fn verdict(ratio: f64, doubt: f64) -> Verdict {
    let beyond = ratio.ln().abs() > doubt.max(TOLERANCE.ln());
    match (beyond, ratio > 1.0) {
        (false, _) => Verdict::Same,
        (true, true) => Verdict::Slower,
        (true, false) => Verdict::Faster,
    }
}

/// Writes how the second compares with the first. Returns how often it is slower.
fn pair(text: &mut String, first: &Run, other: &Run) -> Result<usize> {
    let (a, b) = (&first.record, &other.record);
    let letters = format!("{} / {}", other.letter, first.letter);
    let same = same_machine(a, b);
    let _ = writeln!(
        text,
        "\n{letters}: how many times as long {} takes",
        other.letter
    );
    if same {
        let _ = writeln!(
            text,
            "the same machine: divided by the ratio of the limits at the same working set"
        );
    } else {
        let _ = writeln!(text, "DIFFERENT MACHINES: times as they are");
    }
    if a.crosslane_version != b.crosslane_version {
        let _ = writeln!(
            text,
            "different versions of crosslane: {} and {}",
            a.crosslane_version, b.crosslane_version
        );
    }
    let sets: Vec<_> = a
        .working_sets()
        .into_iter()
        .filter(|set| b.working_sets().contains(set))
        .collect();
    let mut keys: Vec<&Key> = Vec::new();
    for kernel in &a.kernels {
        let both = b
            .kernels
            .iter()
            .any(|other| other.key == kernel.key && sets.contains(&other.working_set));
        if both && !keys.contains(&&kernel.key) {
            keys.push(&kernel.key);
        }
    }
    ensure!(
        !keys.is_empty(),
        "{} and {} have no kernel and working set in common",
        first.name,
        other.name
    );
    let label = |key: &Key| format!("{}, {}", table::label(key, a), threads_name(&key.threads));
    let width = keys.iter().map(|key| label(key).len()).max().unwrap_or(0);
    let _ = write!(text, "{:<width$}", "");
    for set in &sets {
        let _ = write!(text, " {:>9}", size(*set));
    }
    let _ = writeln!(text, " {:>9}  within", "all");
    moods(text, a, b, &sets, width);
    let mut found = [0, 0];
    for key in keys {
        let rows = rows(a, b, key, &sets, same);
        let _ = write!(text, "{:<width$}", label(key));
        for set in &sets {
            let cell = rows.iter().find(|row| row.set == *set);
            let cell = cell.map_or_else(String::new, |row| {
                mark(row.ratio(), verdict(row.ratio(), row.doubt()), &mut found)
            });
            let _ = write!(text, " {cell:>9}");
        }
        let (mean, doubt) = mean(&rows);
        let all = verdict(mean, doubt);
        let word = match all {
            Verdict::Same => "",
            Verdict::Slower => "  SLOWER",
            Verdict::Faster => "  faster",
        };
        let within = 100.0 * doubt.max(TOLERANCE.ln());
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
    missing(text, first, other);
    Ok(slower)
}

/// The geometric mean of the ratios, each counting for what it is worth, and what the spreads allow it.
fn mean(rows: &[Row<'_>]) -> (f64, f64) {
    let weigh = |row: &Row<'_>| row.doubt().max(TOLERANCE.ln()).powi(-2);
    let weights: f64 = rows.iter().map(weigh).sum();
    let logarithms = rows.iter().map(|row| weigh(row) * row.ratio().ln());
    (
        (logarithms.sum::<f64>() / weights).exp(),
        weights.powf(-0.5),
    )
}

fn mark(ratio: f64, verdict: Verdict, [slower, faster]: &mut [usize; 2]) -> String {
    match verdict {
        Verdict::Same => format!("{ratio:.2} "),
        Verdict::Slower => {
            *slower += 1;
            format!("{ratio:.2}!")
        }
        Verdict::Faster => {
            *faster += 1;
            format!("{ratio:.2}*")
        }
    }
}

/// The time of the limit in the second over that in the first.
fn mood(a: &Record, b: &Record, set: u64, threads: usize) -> Option<f64> {
    Some(a.ceiling(set, threads)? / b.ceiling(set, threads)?)
}

fn moods(text: &mut String, a: &Record, b: &Record, sets: &[u64], width: usize) {
    let all = a.machine.pool_threads.max(b.machine.pool_threads);
    for (name, threads) in [("limit, 1 thread", 1), ("limit, all threads", all)] {
        let _ = write!(text, "{name:<width$}");
        for &set in sets {
            let cell =
                mood(a, b, set, threads).map_or_else(String::new, |mood| format!("{mood:.2} "));
            let _ = write!(text, " {cell:>9}");
        }
        text.push('\n');
    }
}

fn rows<'a>(a: &'a Record, b: &'a Record, key: &Key, sets: &[u64], same: bool) -> Vec<Row<'a>> {
    let of = |record: &'a Record, set: u64| {
        record
            .kernels
            .iter()
            .find(|k| k.key == *key && k.working_set == set)
    };
    let row = |&set: &u64| {
        let times = [of(a, set)?, of(b, set)?];
        let [own, other] = times.map(|kernel| kernel.ns_per_vector.spread());
        let spreads = [own.max(a.spread(set)), other.max(b.spread(set))];
        let mood = if same {
            mood(a, b, set, a.threads(key))
        } else {
            None
        };
        let mood = mood.unwrap_or(1.0);
        Some(Row {
            set,
            times,
            spreads,
            mood,
        })
    };
    sets.iter().filter_map(row).collect()
}

/// What only one of both has is not passed over in silence.
fn missing(text: &mut String, first: &Run, other: &Run) {
    for (one, two) in [(first, other), (other, first)] {
        let has = |kernel: &&Kernel| {
            let mut kernels = two.record.kernels.iter();
            kernels.any(|other| other.key == kernel.key && other.working_set == kernel.working_set)
        };
        let alone = one
            .record
            .kernels
            .iter()
            .filter(|kernel| !has(kernel))
            .count();
        if alone > 0 {
            let _ = writeln!(
                text,
                "only in {}: {alone} of {} measurements",
                one.letter,
                one.record.kernels.len()
            );
        }
    }
}
