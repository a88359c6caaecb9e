//! `crosslane verify`: whether this CPU rounds hard cases correctly, in every configuration, and gives the
//! same bits as every other CPU.

use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use crosslane::{Level, Threads};
use crosslane_cases::Float;
use crosslane_npy::Component;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::ThreadPool;

use crate::interrupt::Interrupt;

mod cases;
mod digest;
mod kernels;
mod order;
mod report;
mod tally;

use digest::{Checkpoint, Hash, Table};
use kernels::Kernels;
use tally::Tally;

/// Cases per block, which is all of them that is in memory; a few milliseconds of work for a kernel.
const BLOCK: u64 = 1 << 16;

/// Check that this CPU rounds hard cases correctly, and gives the same bits as other CPUs
///
/// Multiplies vectors whose products are hard to round (products that cancel, ties and their neighbours,
/// subnormal results, the overflow edge, special values), the same ones everywhere: with --accuracy
/// correctly-rounded at every level that this CPU has, or only at that of --level, on 1, 2 and 7 threads, as
/// columns, rows, padded rows, features (N, 3, 64) and blocks of 8, in two orders, and stored either way. --threads is for making the cases only.
///
/// Compares every bit with the definition, and that with arithmetic of arbitrary precision. Shows how far off
/// plain arithmetic can be, and a digest of all results, which is compared with the one in the program.
/// Fails if a component is misrounded or a digest differs.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Cases of each type; digests are compared at 65536, 1048576, 4194304 and 50331648 of them
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1 << 22,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    cases: u64,
}

impl Verify {
    /// `level` is the only one to be tested, if there is one.
    pub(crate) fn run(
        &self,
        out: &mut impl Write,
        level: Option<Level>,
        threads: Threads,
    ) -> Result<()> {
        let all = || Level::available().collect();
        let kernels = Kernels::new(level.map_or_else(all, |level| vec![level]));
        if kernels.threads() != kernels::THREADS {
            let threads = report::list(&kernels.threads());
            crate::tell(&format!(
                "not all threads could be started; kernels run on {threads} only"
            ));
        }
        let workers = workers(threads);
        let interrupt = Interrupt::watch()?;
        let progress = progress(self.cases);
        let between = |cases| {
            progress.set_position(cases);
            Ok(interrupt.check()?)
        };
        let workers = workers.as_ref();
        let outcome = verify(self.cases, &kernels, workers, digest::TABLE, between)?;
        progress.finish_and_clear();
        report::write(out, &outcome, level).context("standard output")?;
        outcome.verdict()
    }
}

/// The threads that make the cases; none where the caller's own is enough, or no others can be started.
fn workers(threads: Threads) -> Option<ThreadPool> {
    let available = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let wanted = match threads {
        Threads::Serial => 1,
        Threads::Max(n) => n.get().min(available),
        _ => available,
    };
    (wanted > 1).then(|| kernels::pool(wanted).ok()).flatten()
}

/// A bar of the cases that are done, on a terminal only.
fn progress(cases: u64) -> ProgressBar {
    let template = "{wide_bar} {human_pos} of {human_len} cases, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(cases).with_style(style)
}

/// Runs so many cases of each type, block by block; `between` is told how many are done.
fn verify(
    cases: u64,
    kernels: &Kernels,
    workers: Option<&ThreadPool>,
    table: &Table,
    mut between: impl FnMut(u64) -> Result<()>,
) -> Result<Outcome> {
    let [mut singles, mut doubles] = [Progress::new::<f32>(), Progress::new::<f64>()];
    let mut checkpoints = Vec::new();
    let mut done = 0;
    for block in 0.. {
        between(done)?;
        if done == cases {
            break;
        }
        let range = done..done + BLOCK.min(cases - done);
        done = range.end;
        singles.block::<f32>(block, range.clone(), kernels, workers)?;
        doubles.block::<f64>(block, range, kernels, workers)?;
        if done == cases || table.iter().any(|there| there.0 == done) {
            let digest = digest::digest(&singles.hash, &doubles.hash);
            checkpoints.push(Checkpoint::new(table, done, digest));
        }
    }
    Ok(Outcome {
        cases,
        threads: kernels.threads(),
        tallies: [singles.tally, doubles.tally],
        checkpoints,
    })
}

/// What is known of one type so far.
struct Progress {
    tally: Tally,
    /// Of the results of the first configuration; the others are compared with the same bits.
    hash: Hash,
}

impl Progress {
    fn new<T: Float>() -> Self {
        Self {
            tally: Tally::new::<T>(),
            hash: Hash::default(),
        }
    }

    fn block<T: Component + Float>(
        &mut self,
        block: usize,
        range: Range<u64>,
        kernels: &Kernels,
        workers: Option<&ThreadPool>,
    ) -> Result<()> {
        let cases = match workers {
            Some(workers) => workers.install(|| cases::cases::<T>(range)),
            None => cases::serial(range),
        };
        self.tally.judge(&cases);
        let mut first = true;
        kernels.run(block, &cases, |configuration, cases, out| {
            if std::mem::take(&mut first) {
                self.hash.update(cases, out)?;
            }
            self.tally.compare(configuration, cases, out)
        })
    }
}

/// What a run has shown.
#[derive(Debug)]
struct Outcome {
    cases: u64,
    /// On how many threads each was multiplied.
    threads: Vec<usize>,
    tallies: [Tally; 2],
    /// One for every entry of the table that was reached, and one for all cases.
    checkpoints: Vec<Checkpoint>,
}

impl Outcome {
    /// An error if anything is not as it should be.
    fn verdict(&self) -> Result<()> {
        let misrounded: u64 = self.tallies.iter().map(Tally::misrounded).sum();
        let mut failures = self.tallies.iter().flat_map(|tally| &tally.failures);
        if let Some(first) = failures.next() {
            bail!("components misrounded: {misrounded}; the first: {first}");
        }
        for checkpoint in &self.checkpoints {
            ensure!(
                !checkpoint.differs(),
                "the digest of the first {} cases is {}, expected {}",
                checkpoint.cases,
                checkpoint.digest,
                checkpoint.expected.unwrap_or_default(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: &Table = &[(BLOCK, "0123456789abcdef0123456789abcdef")];

    fn outcome(cases: u64, table: &Table) -> Outcome {
        let kernels = Kernels::new(vec![Level::Baseline]);
        let workers = kernels::pool(2).expect("threads");
        verify(cases, &kernels, Some(&workers), table, |_| Ok(())).expect("a level that is there")
    }

    fn report(outcome: &Outcome) -> String {
        let mut text = Vec::new();
        report::write(&mut text, outcome, None).expect("memory");
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn a_digest_that_differs_is_an_error_although_nothing_is_misrounded() {
        let outcome = outcome(BLOCK + 100, WRONG);
        assert_eq!(outcome.tallies[0].misrounded(), 0);
        let error = outcome.verdict().expect_err("another digest").to_string();
        let digest = &outcome.checkpoints[0].digest;
        let expected = format!("65536 cases is {digest}, expected {}", WRONG[0].1);
        assert!(error.ends_with(&expected), "{error}");
        let report = report(&outcome);
        assert!(report.contains("this CPU DOES NOT reproduce"), "{report}");
        assert!(
            report.contains(&format!("expected {}", WRONG[0].1)),
            "{report}"
        );
    }

    #[test]
    fn a_misrounded_component_is_an_error_whatever_the_digest() {
        let mut outcome = outcome(1000, WRONG);
        outcome
            .verdict()
            .expect("nothing is wrong, and nothing is compared");
        let mut cases = cases::cases::<f64>(0..12);
        cases[3].nearest += 1.0;
        outcome.tallies[1].judge(&cases);
        let error = outcome.verdict().expect_err("misrounded").to_string();
        let expected = "components misrounded: 1; the first: f64 case 3 (cancelling), component 0, by the scalar";
        assert!(error.starts_with(expected), "{error}");
        let report = report(&outcome);
        assert!(report.contains("1 misrounded"), "{report}");
        assert!(report.contains("by the scalar definition"), "{report}");
    }

    #[test]
    fn help_names_every_checkpoint() {
        let mut command = Verify::augment_args(clap::Command::new("verify"));
        let help = command.render_help().to_string();
        for (cases, _) in digest::TABLE {
            assert!(help.contains(&format!(" {cases}")), "{cases} in {help}");
        }
    }

    #[test]
    fn digests_are_compared_between_blocks() {
        for (cases, digest) in digest::TABLE {
            assert_eq!(cases % BLOCK, 0, "{cases} cases");
            assert_eq!(digest.len(), 32, "{cases} cases");
        }
    }

    #[test]
    fn an_error_between_blocks_ends_the_run() {
        let kernels = Kernels::new(vec![Level::Baseline]);
        let mut calls = 0;
        let ended = verify(u64::MAX, &kernels, None, digest::TABLE, |done| {
            calls += 1;
            ensure!(done < 2 * BLOCK, "enough");
            Ok(())
        });
        assert_eq!(ended.expect_err("ended").to_string(), "enough");
        assert_eq!(calls, 3);
    }
}
