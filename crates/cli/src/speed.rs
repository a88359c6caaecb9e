//! How fast this CPU multiplies a generated batch, layout by layout.

use std::io::Write;

use anyhow::Result;
use crosslane::{Engine, Threads};
use crosslane_measure::{Calls, Effort, median, samples};
use fastrand::Rng;
use indicatif::ProgressBar;

use crate::batch::{Batch, Layout, Sample, ordinary};

/// Runs of which the median is shown.
const RUNS: usize = 7;

/// Writes a table of times: each row a layout and a type, on one thread and as the engine is set.
pub(crate) fn run(
    out: &mut impl Write,
    engine: Engine,
    accuracy: &str,
    vectors: usize,
    threads: &str,
) -> Result<()> {
    writeln!(
        out,
        "speed     {vectors} vectors at {}, {accuracy}, median of {RUNS} runs\n\
         \x20         rank2 is rows of 64, (N, 3, 64), and blocks are of 8 vectors: the last one is filled up\n\
         \x20         GB/s counts the components of a and b read and of the result written, no padding\n\n\
         \x20         {:<9} {:<4} {:>17} {:>17}\n\
         \x20         {:<9} {:<4} {:>9} {:>7} {:>9} {:>7}",
        engine.level(),
        "",
        "",
        "1 thread",
        threads,
        "layout",
        "type",
        "ns/vector",
        "GB/s",
        "ns/vector",
        "GB/s",
    )?;
    let spinner = ProgressBar::new_spinner();
    for layout in Layout::ALL {
        row::<f32>(out, engine, layout, vectors, &spinner)?;
        row::<f64>(out, engine, layout, vectors, &spinner)?;
    }
    Ok(())
}

fn row<T: Sample>(
    out: &mut impl Write,
    engine: Engine,
    layout: Layout,
    vectors: usize,
    spinner: &ProgressBar,
) -> Result<()> {
    spinner.set_message(format!("{layout} {}", T::NAME));
    spinner.tick();
    let vectors = layout.whole(vectors);
    let mut random = Rng::with_seed(1);
    let mut batch = |layout| Batch::<T>::new(layout, vectors, || ordinary(&mut random));
    // What meets the one vector of a broadcast, and the result, are columns.
    let other = if layout == Layout::Broadcast {
        Layout::Soa
    } else {
        layout
    };
    let (a, b, mut products) = (batch(other)?, batch(layout)?, batch(other)?);
    let operands = if layout == Layout::Broadcast { 2 } else { 3 };
    let bytes = (operands * 3 * size_of::<T>()) as f64;
    let mut line = format!("          {layout:<9} {:<4}", T::NAME);
    let engines = [engine.with_threads(Threads::Serial), engine];
    let effort = Effort {
        rounds: RUNS,
        calls: Calls::Fixed(1),
    };
    let (a, b, mut products) = (a.view()?, b.view()?, products.view_mut()?);
    let run = |k: usize| engines[k].cross(a, b, products.reborrow());
    for times in samples(effort, engines.len(), run, |_| Ok(()))? {
        let ns = median(&times) / vectors as f64;
        line += &format!(" {ns:>9.2} {:>7.1}", bytes / ns);
    }
    spinner.suspend(|| writeln!(out, "{line}"))?;
    Ok(())
}
