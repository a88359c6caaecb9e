//! One number for all results, to be compared between CPUs.

use anyhow::{Context, Result};
use crosslane_cases::Float;
use crosslane_npy::Component;
use sha2::{Digest as _, Sha256};

use super::cases::Case;
use crate::batch::Batch;

/// Numbers of cases, multiples of a block, and the digest of so many.
pub(super) type Table = [(u64, &'static str)];

/// The digests of the repository.
pub(super) const TABLE: &Table = &[
    (1 << 16, "7d460b312a90a12fc00f4d531102813b"),
    (1 << 20, "aaf2541036ab624547eab8e33475b4bc"),
    (1 << 22, "5e1f28f1644432588729f0935b109770"),
    (48 << 20, "990ddda67f5df783bae52273dbb5eeb7"),
];

/// SHA-256 of the cases' components of one type, in order, their bytes in little-endian order.
#[derive(Clone, Debug, Default)]
pub(super) struct Hash(Sha256);

impl Hash {
    /// Takes the results of one more block, in whichever order.
    pub(super) fn update<T: Component + Float>(
        &mut self,
        cases: &[&Case<T>],
        out: &Batch<T>,
    ) -> Result<()> {
        let out = out.view()?;
        let first = cases.iter().map(|case| case.index).min().unwrap_or(0);
        let mut bytes = vec![0; cases.len() * size_of::<T>()];
        for (i, case) in cases.iter().enumerate() {
            let product = out.get(i).context("a result that is too short")?;
            let bits = product[case.component].to_bits64().to_le_bytes();
            let at = (case.index - first) as usize * size_of::<T>();
            bytes[at..][..size_of::<T>()].copy_from_slice(&bits[..size_of::<T>()]);
        }
        self.0.update(&bytes);
        Ok(())
    }
}

/// The first 128 bits of SHA-256 of both hashes so far, as hexadecimal digits.
pub(super) fn digest(hash_f32: &Hash, hash_f64: &Hash) -> String {
    let [hash_f32, hash_f64] = [hash_f32, hash_f64].map(|hash| hash.0.clone().finalize());
    let both = Sha256::new().chain_update(hash_f32).chain_update(hash_f64);
    let both = both.finalize();
    both[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The digest of the first cases, and what the repository has for it.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    pub(super) cases: u64,
    pub(super) digest: String,
    pub(super) expected: Option<&'static str>,
}

impl Checkpoint {
    pub(super) fn new(table: &Table, cases: u64, digest: String) -> Self {
        let there = table.iter().find(|there| there.0 == cases);
        Self {
            cases,
            digest,
            expected: there.map(|there| there.1),
        }
    }

    pub(super) fn differs(&self) -> bool {
        self.expected.is_some_and(|digest| digest != self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Layout;
    use crate::verify::cases::cases;
    use crate::verify::order::Order;

    /// Of the cases in blocks that end at these; those bits of case 7 are changed.
    fn hash<T: Component + Float>(ends: &[u64], change: u64) -> Hash {
        let mut hash = Hash::default();
        let mut start = 0;
        for &end in ends {
            let cases = cases::<T>(start..end);
            // In an order of memory in which the digest is not.
            let cases = Order::Apart.of(&cases);
            let results = cases.iter().map(|case| {
                let mut product = case.definition;
                let x = &mut product[case.component];
                let change = if case.index == 7 { change } else { 0 };
                *x = T::from_bits64(x.to_bits64() ^ change);
                product
            });
            let out = Batch::of(Layout::Soa, results).expect("memory");
            hash.update(&cases, &out).expect("as long");
            start = end;
        }
        hash
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        // As `sha256sum` has them: of nothing, twice, and of the two one after the other.
        let nothing = digest(&Hash::default(), &Hash::default());
        assert_eq!(nothing, "2dba5dbc339e7316aea2683faf839c1b");
        let (mut singles, mut doubles) = (Vec::new(), Vec::new());
        for (single, double) in cases::<f32>(0..50).iter().zip(&cases::<f64>(0..50)) {
            singles.extend(single.definition[single.component].to_le_bytes());
            doubles.extend(double.definition[double.component].to_le_bytes());
        }
        let [singles, doubles] =
            [singles, doubles].map(|bytes| Hash(Sha256::new_with_prefix(bytes)));
        let expected = digest(&singles, &doubles);
        assert_eq!(
            digest(&hash::<f32>(&[50], 0), &hash::<f64>(&[50], 0)),
            expected
        );
    }

    #[test]
    fn blocks_do_not_matter_and_every_bit_does() {
        let singles = hash::<f32>(&[50], 0);
        let whole = digest(&singles, &hash::<f64>(&[50], 0));
        let parts = [9, 10, 50];
        assert_eq!(
            digest(&hash::<f32>(&parts, 0), &hash::<f64>(&parts, 0)),
            whole
        );
        for bit in 0..64 {
            let other = digest(&singles, &hash::<f64>(&[50], 1 << bit));
            assert_ne!(other, whole, "bit {bit}");
        }
    }
}
