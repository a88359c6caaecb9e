//! How fast this CPU multiplies a generated batch, layout by layout.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;
use crosslane::{Engine, Threads};
use fastrand::Rng;
use indicatif::ProgressBar;

use crate::batch::{Batch, Layout, Sample, ordinary};

/// Runs of which the median is shown.
const RUNS: usize = 7;

/// Writes a table of times: each row a layout and a type, on one thread and as the engine is set.
pub(crate) fn run(
    out: &mut impl Write,
    engine: Engine,
    vectors: usize,
    threads: &str,
) -> Result<()> {
    writeln!(
        out,
        "speed     {vectors} vectors at {}, median of {RUNS} runs\n\
         \x20         GB/s counts the components of a and b read and of the result written, no padding\n\n\
         \x20         {:<9} {:<4} {:>17} {:>17}\n\
         \x20         {:<9} {:<4} {:>9} {:>7} {:>9} {:>7}",
        engine.level(),
        "",
        "",
        "1 thread",
        format!("{threads} threads"),
        "layout",
        "type",
        "ns/vector",
        "GB/s",
        "ns/vector",
        "GB/s",
    )?;
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
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
    for engine in [engine.with_threads(Threads::Serial), engine] {
        let time = median(|| Ok(engine.cross(a.view()?, b.view()?, products.view_mut()?)?))?;
        let ns = time.as_secs_f64() * 1e9 / vectors as f64;
        line += &format!(" {ns:>9.2} {:>7.1}", bytes / ns);
    }
    spinner.suspend(|| writeln!(out, "{line}"))?;
    Ok(())
}

/// The median time, after one run to warm up.
fn median(mut run: impl FnMut() -> Result<()>) -> Result<Duration> {
    run()?;
    let mut times = [Duration::ZERO; RUNS];
    for time in &mut times {
        let start = Instant::now();
        run()?;
        *time = start.elapsed();
    }
    times.sort_unstable();
    Ok(times[RUNS / 2])
}
