//! What machine this is: what a reader of figures asks first.

use std::fmt;

use crosslane::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::info;

/// The machine, as the CPU and the system describe it; null is what they do not say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Machine {
    /// What the CPU calls itself.
    pub(crate) cpu: String,
    /// The architecture that the program was built for.
    pub(crate) architecture: String,
    /// The system and its version.
    pub(crate) system: String,
    /// The levels that the CPU has, lowest first.
    pub(crate) levels: Vec<String>,
    /// Cores, and hardware threads that this process may use.
    pub(crate) cores: Option<usize>,
    pub(crate) hardware_threads: Option<usize>,
    /// Threads of the pool that kernels are split over.
    pub(crate) pool_threads: usize,
    /// Megahertz, as the system reports them at the start; virtual machines often report one that is not the clock.
    pub(crate) megahertz: Option<u64>,
    /// Bytes of the caches as one core sees them. Virtual machines often report others than a guest gets.
    pub(crate) l1d: Option<u64>,
    pub(crate) l2: Option<u64>,
    pub(crate) l3: Option<u64>,
    /// Bytes of memory; 0 where the system does not say.
    pub(crate) memory: u64,
    /// Bytes of it that the process may have, where that is less.
    pub(crate) memory_limit: Option<u64>,
    /// Whether a hypervisor says that it is there; null where none can.
    pub(crate) virtual_machine: Option<bool>,
    /// The instruction sets that were switched on when the program was built, beyond those of the architecture.
    pub(crate) built_for: Vec<String>,
}

impl Machine {
    /// This one, with so many threads in the pool.
    pub(crate) fn here(pool_threads: usize) -> Self {
        let what = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_frequency())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(what);
        let cpu = info::cpu();
        let [l1d, l2, l3] = cpu.caches.map(|cache| cache.map(|bytes| bytes as u64));
        let memory = system.total_memory();
        // Where there is no memory to be read of, this would panic.
        let limits = (memory > 0).then(|| system.cgroup_limits()).flatten();
        let limit = limits.map(|limits| limits.total_memory);
        let reported = system.cpus().first();
        let name = cpu.name.clone().or_else(|| {
            let brand = reported.map(|cpu| cpu.brand().trim().to_owned());
            brand.filter(|brand| !brand.is_empty())
        });
        let available = std::thread::available_parallelism();
        Self {
            cpu: name.unwrap_or_else(|| "unknown".to_owned()),
            architecture: std::env::consts::ARCH.to_owned(),
            system: System::long_os_version().unwrap_or_else(|| std::env::consts::OS.to_owned()),
            levels: Level::available().map(|level| level.to_string()).collect(),
            cores: System::physical_core_count(),
            hardware_threads: available.ok().map(usize::from),
            pool_threads,
            megahertz: reported.map(|cpu| cpu.frequency()).filter(|&mhz| mhz > 0),
            l1d,
            l2,
            l3,
            memory,
            memory_limit: limit.filter(|&limit| limit > 0 && limit < memory),
            virtual_machine: cpu.hypervisor,
            built_for: built_for(),
        }
    }

    /// Names of the caches that say how large they are, with their sizes, smallest first.
    pub(crate) fn caches(&self) -> Vec<(&'static str, u64)> {
        let caches = [("L1", self.l1d), ("L2", self.l2), ("L3", self.l3)];
        let known = caches.into_iter();
        known
            .filter_map(|(name, size)| Some((name, size?)))
            .collect()
    }

    /// Where a working set lies: the smallest cache that holds all of it, or "memory".
    pub(crate) fn place(&self, working_set: u64) -> &'static str {
        let mut caches = self.caches().into_iter();
        let holds = caches.find(|&(_, size)| working_set <= size);
        holds.map_or("memory", |(name, _)| name)
    }
}

impl fmt::Display for Machine {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cpu)?;
        if let Some(cores) = self.cores {
            write!(f, ", {cores} cores")?;
        }
        if let Some(threads) = self.hardware_threads {
            write!(f, ", {threads} hardware threads")?;
        }
        if let Some(megahertz) = self.megahertz {
            write!(f, ", {megahertz} MHz")?;
        }
        for (name, size) in self.caches() {
            write!(f, ", {name} {}", super::size(size))?;
        }
        write!(f, ", memory {}, {}", super::size(self.memory), self.system)?;
        match self.virtual_machine {
            Some(true) => f.write_str(", virtual machine"),
            _ => Ok(()),
        }
    }
}

/// What `-C target-cpu` or `-C target-feature` has switched on, of what changes the loops of other crates and of the baseline.
fn built_for() -> Vec<String> {
    let features = [
        ("avx", cfg!(target_feature = "avx")),
        ("avx2", cfg!(target_feature = "avx2")),
        ("fma", cfg!(target_feature = "fma")),
        ("avx512f", cfg!(target_feature = "avx512f")),
        ("simd128", cfg!(target_feature = "simd128")),
    ];
    let on = features.into_iter().filter(|(_, on)| *on);
    on.map(|(name, _)| name.to_owned()).collect()
}
