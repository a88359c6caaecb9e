//! `crosslane info`: what this CPU has, and what the library makes of it.

use std::io::Write;

use anyhow::{Result, anyhow};
use crosslane::{Engine, Level, Threads};

use crate::environment;

/// Writes one aligned line for each fact.
pub(crate) fn write(out: &mut impl Write, engine: Engine, threads: Threads) -> Result<()> {
    let unknown = || "unknown".to_owned();
    let cpu = cpu();
    let [l1, l2, l3] = cpu
        .caches
        .map(|cache| cache.map_or_else(unknown, |bytes| format!("{} KiB", bytes >> 10)));
    let hardware = std::thread::available_parallelism();
    let hardware = hardware.map_or_else(|_| unknown(), |n| n.to_string());
    writeln!(out, "CPU       {}", cpu.name.unwrap_or_else(unknown))?;
    writeln!(out, "target    {}", std::env::consts::ARCH)?;
    writeln!(out, "levels    {}", available())?;
    writeln!(out, "chosen    {}", engine.level())?;
    writeln!(out, "caches    L1d {l1}, L2 {l2}, L3 {l3}")?;
    // Which is not started for this.
    let pool = match crate::splits(threads) {
        false => "none used".to_owned(),
        true => format!("{} for rayon's pool", environment::threads()),
    };
    writeln!(out, "threads   {hardware} available, {pool}")?;
    Ok(())
}

/// What this CPU calls itself.
pub(crate) fn name() -> String {
    cpu().name.unwrap_or_else(|| "unknown".to_owned())
}

/// The levels that this CPU has, lowest first.
pub(crate) fn available() -> String {
    let names: Vec<String> = Level::available().map(|level| level.to_string()).collect();
    names.join(", ")
}

/// The level of this name, which is the value of `whose`.
pub(crate) fn level(name: &str, whose: &str) -> Result<Level> {
    name.parse().map_err(|_| lacking(name, whose))
}

/// The error that this CPU has no such level.
pub(crate) fn lacking(name: &str, whose: &str) -> anyhow::Error {
    let available = available();
    anyhow!("{whose}: level '{name}', expected one that this CPU has: {available}")
}

/// What a CPU says of itself.
#[derive(Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) name: Option<String>,
    /// L1d, L2 and L3 in bytes: each as one core sees it.
    pub(crate) caches: [Option<usize>; 3],
    /// Whether a hypervisor says that it is there.
    pub(crate) hypervisor: Option<bool>,
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) fn cpu() -> Cpu {
    use raw_cpuid::CacheType::{Data, Unified};
    let id = raw_cpuid::CpuId::new();
    let name = id.get_processor_brand_string();
    let name = name.map(|brand| brand.as_str().trim().to_owned());
    let mut caches = [None; 3];
    for cache in id.get_cache_parameters().into_iter().flatten() {
        let level = usize::from(cache.level()).wrapping_sub(1);
        if let (Data | Unified, Some(size)) = (cache.cache_type(), caches.get_mut(level)) {
            let line = cache.coherency_line_size() * cache.physical_line_partitions();
            *size = Some(cache.associativity() * line * cache.sets());
        }
    }
    Cpu {
        name,
        caches,
        hypervisor: id
            .get_feature_info()
            .map(|features| features.has_hypervisor()),
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) fn cpu() -> Cpu {
    Cpu::default()
}
