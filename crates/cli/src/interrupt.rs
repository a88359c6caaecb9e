//! Signals that ask the program to end: seen between blocks, so that nothing half-written is left.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::signal;

/// Whether the user or the system wants the program to end.
#[derive(Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on a signal to end is remembered instead of obeyed. One that is ignored stays so: a program
    /// under `nohup` outlives its terminal.
    pub(crate) fn watch() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        let signals = [signal::SIGINT, signal::SIGTERM, signal::SIGHUP];
        #[cfg(not(unix))]
        let signals = [signal::SIGINT, signal::SIGTERM];
        let ignored = ignored();
        for signal in signals
            .into_iter()
            .filter(|signal| ignored >> (signal - 1) & 1 == 0)
        {
            signal_hook::flag::register(signal, Arc::clone(&flag)).context("signals")?;
        }
        catch_growth()?;
        Ok(Self(flag))
    }

    /// Signals are obeyed as ever: where there is nothing to be removed, and where a write may wait for somebody else.
    pub(crate) fn obey() -> Result<Self> {
        catch_growth()?;
        Ok(Self(Arc::default()))
    }

    /// `Err` once such a signal has come.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        if self.0.load(Ordering::Relaxed) {
            Err(Interrupted("nothing was written"))
        } else {
            Ok(())
        }
    }
}

/// Caught, and with that no longer deadly: a file that may not grow is an error of the write.
fn catch_growth() -> Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register(signal::SIGXFSZ, Arc::default()).context("signals")?;
    Ok(())
}

/// The signals that are ignored, signal n at bit n - 1; none where the system does not say.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// The user or the system wanted the program to end; and what that means for what it was to write.
#[derive(Debug)]
pub(crate) struct Interrupted(pub(crate) &'static str);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted; {}", self.0)
    }
}

impl std::error::Error for Interrupted {}
