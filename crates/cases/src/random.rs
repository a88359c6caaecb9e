//! The stream of random numbers that belongs to one case.

use crate::Class;

/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014): 64 bits of state, the same numbers on every platform.
#[derive(Debug)]
pub(crate) struct Random(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// Mixed twice, so that streams of neighbouring indices are not the same one a step further.
    pub(crate) fn new(class: Class, seed: u64, index: u64) -> Self {
        let key = mix(seed.wrapping_add((class as u64 + 1).wrapping_mul(GOLDEN)));
        Self(mix(key.wrapping_add(index.wrapping_mul(GOLDEN))))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.bits() >> 63 == 1
    }

    /// From 0 to n − 1.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below(low.abs_diff(high) + 1) as i32
    }

    /// Exactly so many bits, at least one: the leading one is set.
    pub(crate) fn significand(&mut self, length: u32) -> u64 {
        (self.bits() | 1 << 63) >> (u64::BITS - length)
    }
}
