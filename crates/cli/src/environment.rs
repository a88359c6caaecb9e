//! Environment variables: an empty one is as good as none, and one that is not understood is an error.
//!
//! The library and rayon pass over what they do not understand. A user who sets a variable wants to know.

use std::env;
use std::num::NonZeroUsize;

use anyhow::{Result, bail};
use bytesize::ByteSize;
use crosslane::Level;

use crate::info;

/// What the help says of them.
pub(crate) const HELP: &str = "\
Environment variables; an empty one is as if it were not set:
  CROSSLANE_LEVEL            as --level, which beats it; what no level is called is an error even then
  CROSSLANE_STREAMING_BYTES  from how many bytes, read and written, auto stores stream
  RAYON_NUM_THREADS          how many threads auto is";

/// That of the level.
pub(crate) const LEVEL: &str = "CROSSLANE_LEVEL";

/// The levels of which `CROSSLANE_LEVEL` has the names, whether this CPU has them or not.
pub(crate) fn levels() -> Result<Vec<Level>> {
    let Some(names) = read(LEVEL)? else {
        return Ok(Vec::new());
    };
    let names = names.split(',');
    names.map(|name| info::level(name, LEVEL)).collect()
}

/// Whether all of them are what they can be, those included that an option beats.
pub(crate) fn check() -> Result<()> {
    levels()?;
    streaming_bytes()?;
    for name in THREADS {
        number(name)?;
    }
    Ok(())
}

/// How many threads rayon starts in its global pool, if it can.
pub(crate) fn threads() -> usize {
    let mut wanted = THREADS.iter().map(|name| number(name).ok().flatten());
    // The first beats the second, and with 0 asks for what there is.
    let wanted = wanted.find_map(|number| number).unwrap_or(0);
    let available = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    match wanted {
        0 => available(),
        _ => wanted.min(rayon::max_num_threads()),
    }
}

/// The second is older, and rayon still reads it.
const THREADS: [&str; 2] = ["RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"];

fn number(name: &str) -> Result<Option<usize>> {
    let Some(value) = read(name)? else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => bail!("{name} is '{value}', expected a number of threads, or 0 for all"),
    }
}

/// Sizes with units are for options: the library, which other programs use, takes no others than numbers, here as there.
fn streaming_bytes() -> Result<()> {
    const NAME: &str = "CROSSLANE_STREAMING_BYTES";
    let Some(value) = read(NAME)? else {
        return Ok(());
    };
    if value.parse::<usize>().is_ok() {
        return Ok(());
    }
    match value.parse::<ByteSize>() {
        Ok(size) => bail!(
            "{NAME} is '{value}', expected a number of bytes: {}",
            size.as_u64()
        ),
        Err(_) => bail!("{NAME} is '{value}', expected a number of bytes"),
    }
}

fn read(name: &str) -> Result<Option<String>> {
    match env::var_os(name).map(|value| value.into_string()) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(value)) => bail!("{name} is '{}', expected UTF-8", value.display()),
    }
}
