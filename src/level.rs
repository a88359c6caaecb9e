//! Levels: which instruction sets there are, which of them the running CPU has, and how a lower one is forced.

use core::fmt;
use core::str::FromStr;
use std::sync::OnceLock;

use crate::Error;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{Baseline, Simd, Work};

/// An instruction set that the kernels are compiled for. All of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// What every CPU of the target has: SSE2, NEON, wasm simd128. 128 bits.
    Baseline,
    /// x86-64-v3: AVX2 and FMA. 256 bits.
    Avx2,
    /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL. 512 bits.
    Avx512,
}

impl Level {
    const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The level that [`crate::Engine::new`] takes: the highest that this CPU has, or the one that the environment
    /// variable `CROSSLANE_LEVEL` (`baseline`, `avx2`, `avx512`) names.
    ///
    /// The variable is read once, at the first use. A value that is no level, or one that this CPU lacks,
    /// changes nothing.
    pub fn best() -> Self {
        Proof::best().level()
    }

    /// The levels that this CPU has, lowest first, whatever the environment says.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(|level| level.detect().is_some())
    }

    /// The name: `baseline`, `avx2` or `avx512`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    fn detect(self) -> Option<Proof> {
        match self {
            Self::Baseline => Some(Proof::Baseline(Baseline)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().map(Proof::Avx2),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().map(Proof::Avx512),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => None,
        }
    }

    /// The proof that this CPU has this level.
    pub(crate) fn prove(self) -> Result<Proof, Error> {
        self.detect().ok_or_else(|| Error::LevelUnavailable {
            level: self.name(),
            highest: Proof::highest().level().name(),
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or(Error::UnknownLevel)
    }
}

/// A level that the running CPU was seen to have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof {
    Baseline(Baseline),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Proof {
    /// That of [`Level::best`].
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Proof> = OnceLock::new();
        BEST.get().copied().unwrap_or_else(|| {
            let best = Self::find_best();
            // Found first and then set, so that nobody waits for a thread that is about to find it. Another thread has set the
            // same. (A process that is forked while another thread copies these few bytes would wait for it: no more than that is left.)
            let _ = BEST.set(best);
            best
        })
    }

    #[cold]
    fn find_best() -> Self {
        let level = std::env::var("CROSSLANE_LEVEL").ok();
        let level = level.and_then(|name| name.parse::<Level>().ok());
        level.and_then(Level::detect).unwrap_or_else(Self::highest)
    }

    fn highest() -> Self {
        Level::ALL
            .into_iter()
            .rev()
            .find_map(Level::detect)
            .unwrap_or(Self::Baseline(Baseline))
    }

    pub(crate) fn level(self) -> Level {
        match self {
            Self::Baseline(_) => Level::Baseline,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => Level::Avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => Level::Avx512,
        }
    }

    /// Its place among the levels, from 0.
    pub(crate) fn rank(self) -> usize {
        self.level() as usize
    }

    /// Runs `work` at this level, or at a lower one if it does not fill a register; the baseline's it need not fill.
    #[inline]
    pub(crate) fn vectorize_long<W: Work>(self, work: W) {
        match self {
            Self::Baseline(simd) => simd.vectorize_long(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.vectorize_long(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.vectorize_long(work),
        }
    }

    /// Runs `work` at this level, or at a lower one if it does not fill a register.
    #[inline]
    pub(crate) fn vectorize<W: Work>(self, work: W) {
        match self {
            Self::Baseline(simd) => simd.vectorize_fitting(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.vectorize_fitting(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.vectorize_fitting(work),
        }
    }
}
