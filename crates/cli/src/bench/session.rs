//! Carries a plan out: verifies every kernel, measures it in turn with its neighbours and the ceilings, pass by pass, and keeps what was
//! measured, whatever ends it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use crosslane::{Engine, Real};
use crosslane_measure::{median, samples};
use indicatif::{ProgressBar, ProgressStyle};

use super::ceiling::{Columns, Way};
use super::machine::Machine;
use super::operands::Operands;
use super::plan::{Group, Plan, Type};
use super::record::{Ceiling, Kernel, Key, Noise, Record, SCHEMA, Times, VERSION};
use crate::batch::Sample;
use crate::interrupt::{Interrupt, Interrupted};

/// A run, with what it has measured.
pub(crate) struct Session<'a> {
    plan: &'a Plan,
    machine: Machine,
    started: SystemTime,
    clock: Instant,
    interrupt: &'a Interrupt,
    progress: ProgressBar,
    /// Of each working set.
    ways: BTreeMap<u64, Vec<Way>>,
    /// By working set and way.
    ceilings: BTreeMap<(u64, usize), CeilingCell>,
    /// By working set, group and kernel.
    kernels: BTreeMap<(u64, usize, usize), Cell>,
    /// Kernels that were compared with the reference, and vectors.
    verified: (usize, usize),
}

/// What was measured of one ceiling: nanoseconds a run over the columns.
struct CeilingCell {
    bytes: u64,
    /// Of each pass.
    samples: Vec<Vec<f64>>,
}

/// What was measured of one kernel.
struct Cell {
    key: Key,
    bytes: u64,
    vectors: usize,
    /// Nanoseconds a call, of each pass.
    samples: Vec<Vec<f64>>,
    /// In each pass, the share of the ceiling.
    shares: Vec<f64>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(plan: &'a Plan, machine: Machine, interrupt: &'a Interrupt) -> Self {
        let style = ProgressStyle::with_template("{bar:20} {percent:>3} %, {eta} left, {wide_msg}");
        let progress = ProgressBar::new(0);
        progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            plan,
            machine,
            started: SystemTime::now(),
            clock: Instant::now(),
            interrupt,
            progress,
            ways: BTreeMap::new(),
            ceilings: BTreeMap::new(),
            kernels: BTreeMap::new(),
            verified: (0, 0),
        }
    }

    /// Measures all of it; calls `save` whenever a working set is done.
    pub(crate) fn run(&mut self, mut save: impl FnMut(&Record) -> Result<()>) -> Result<()> {
        self.progress.set_length(self.expected());
        for pass in 0..self.plan.passes {
            for &working_set in &self.plan.working_sets {
                self.working_set(pass, working_set)?;
                save(&self.record(false))?;
            }
        }
        Ok(())
    }

    /// Takes the progress bar away.
    pub(crate) fn finish(&self) {
        self.progress.finish_and_clear();
    }

    /// Kernels that were verified, and vectors that were compared for that.
    pub(crate) fn verified(&self) -> (usize, usize) {
        self.verified
    }

    /// Milliseconds that all measurements will take, about.
    fn expected(&self) -> u64 {
        let ceilings = 2 * (1 + self.plan.threads.iter().filter(|&&n| n > 1).count());
        let contestants = self.plan.kernels() + self.plan.groups.len() * ceilings;
        let sets = self.plan.working_sets.iter();
        let sets = sets.map(|&set| self.plan.extent.effort(set).rounds as u64 * cost(set));
        (self.plan.passes * contestants) as u64 * sets.sum::<u64>()
    }

    fn working_set(&mut self, pass: usize, working_set: u64) -> Result<()> {
        let mut columns = Columns::new(working_set)?;
        if let Entry::Vacant(ways) = self.ways.entry(working_set) {
            let interrupt = self.interrupt;
            let pause = || interrupt.check().map_err(|_| interrupted());
            ways.insert(columns.ways(&self.plan.threads, pause)?);
        }
        let plan = self.plan;
        for (index, group) in plan.groups.iter().enumerate() {
            self.interrupted()?;
            let at = (working_set, index);
            match group.element {
                Type::F32 => self.group::<f32>(pass, at, group, &mut columns),
                Type::F64 => self.group::<f64>(pass, at, group, &mut columns),
            }
            .with_context(|| {
                let Group {
                    operation, layout, ..
                } = group;
                format!("{operation} {layout}, {}", super::size(working_set))
            })?;
        }
        Ok(())
    }

    fn group<T: Real + Sample>(
        &mut self,
        pass: usize,
        (working_set, index): (u64, usize),
        group: &Group,
        columns: &mut Columns,
    ) -> Result<()> {
        let Group {
            layout, kernels, ..
        } = group;
        self.progress.set_message(format!(
            "pass {} of {}: {} {layout} {}, {}",
            pass + 1,
            self.plan.passes,
            group.operation,
            T::NAME,
            super::size(working_set),
        ));
        let mut operands = Operands::<T>::new(group.operation, *layout, working_set)?;
        if pass == 0 {
            self.verify(&mut operands, kernels)?;
        }
        let (bytes, vectors) = (operands.bytes(), operands.vectors());
        let effort = self.plan.extent.effort(working_set);
        let ways = self.ways.get(&working_set).context("no limit")?;
        let (interrupt, progress) = (self.interrupt, &self.progress);
        let times = operands.with(|call| {
            let run = |k: usize| match kernels.get(k) {
                Some((engine, _)) => call(engine),
                None => {
                    columns.run(ways[k - kernels.len()]);
                    Ok(())
                }
            };
            samples(effort, kernels.len() + ways.len(), run, |_| {
                progress.inc(cost(working_set));
                interrupt.check().map_err(|_| interrupted())
            })
        })?;
        let (times, ceilings) = times.split_at(kernels.len());
        let speeds = ceilings
            .iter()
            .map(|times| columns.bytes() as f64 / median(times));
        let speeds: Vec<(usize, f64)> = ways.iter().map(|way| way.threads).zip(speeds).collect();
        for (way, times) in ceilings.iter().enumerate() {
            let cell = self.ceilings.entry((working_set, way));
            let cell = cell.or_insert_with(|| CeilingCell {
                bytes: columns.bytes(),
                samples: vec![Vec::new(); self.plan.passes],
            });
            cell.samples[pass].extend(times);
        }
        for (k, ((_, key), times)) in kernels.iter().zip(times).enumerate() {
            let threads = key.most_threads(&self.machine);
            let possible = speeds.iter().filter(|(needs, _)| *needs <= threads);
            let ceiling = possible.map(|(_, speed)| *speed).fold(f64::NAN, f64::max);
            let cell = self.kernels.entry((working_set, index, k));
            let cell = cell.or_insert_with(|| Cell {
                key: key.clone(),
                bytes,
                vectors,
                samples: Vec::new(),
                shares: Vec::new(),
            });
            cell.samples.push(times.clone());
            cell.shares.push(bytes as f64 / median(times) / ceiling);
        }
        Ok(())
    }

    fn verify<T: Real + Sample>(
        &mut self,
        operands: &mut Operands<T>,
        kernels: &[(Engine, Key)],
    ) -> Result<()> {
        for (engine, _) in kernels {
            self.interrupted()?;
            let compared = operands.check(engine)?;
            self.verified = (self.verified.0 + 1, self.verified.1 + compared);
        }
        Ok(())
    }

    fn interrupted(&self) -> Result<()> {
        self.interrupt.check().map_err(|_| interrupted())
    }

    /// What has been measured until now.
    pub(crate) fn record(&self, complete: bool) -> Record {
        let ceilings = self
            .ceilings
            .iter()
            .filter_map(|(&(working_set, way), cell)| {
                let way = self.ways.get(&working_set)?.get(way)?;
                let ns = Times::of(&cell.samples, 1.0);
                Some(Ceiling {
                    working_set,
                    bytes: cell.bytes,
                    threads: way.threads,
                    stores: way.stores().to_owned(),
                    level: way.level.to_string(),
                    ns,
                    gb_per_second: cell.bytes as f64 / ns.median,
                })
            });
        let kernels = self
            .kernels
            .iter()
            .map(|(&(working_set, ..), cell)| cell.kernel(working_set));
        let record = Record {
            schema: SCHEMA.to_owned(),
            schema_version: VERSION,
            crosslane_version: env!("CARGO_PKG_VERSION").to_owned(),
            started: humantime::format_rfc3339_seconds(self.started).to_string(),
            seconds: self.clock.elapsed().as_secs_f64(),
            effort: self.plan.extent.name().to_owned(),
            complete,
            machine: self.machine.clone(),
            noise: Noise::default(),
            ceilings: ceilings.collect(),
            kernels: kernels.collect(),
        };
        record.assess()
    }
}

impl Cell {
    fn kernel(&self, working_set: u64) -> Kernel {
        let ns_per_vector = Times::of(&self.samples, 1.0 / self.vectors as f64);
        let mut shares = self.shares.clone();
        shares.sort_by(f64::total_cmp);
        Kernel {
            key: self.key.clone(),
            working_set,
            bytes: self.bytes,
            vectors: self.vectors as u64,
            ns_per_vector,
            vectors_per_second: 1e9 / ns_per_vector.median,
            gb_per_second: self.bytes as f64 / (ns_per_vector.median * self.vectors as f64),
            share_of_ceiling: median(&shares),
        }
    }
}

/// Milliseconds that a measurement takes, warm-up and all, about.
fn cost(working_set: u64) -> u64 {
    let pass = Duration::from_nanos(working_set / 10);
    2 + 2 * pass.as_millis() as u64
}

fn interrupted() -> anyhow::Error {
    Interrupted("what was measured until then is shown, and in the files that were named").into()
}
