//! Binary STL: a header, the number of facets, and as many records of 50 bytes.
//!
//! The last two bytes of a record are a count of bytes that follow it. Nearly all files have none there, and many have
//! a colour in the place of the count; so the count is believed only where the file is then exactly as long as it
//! should be. Bytes behind the last facet are left out with a note.

use anyhow::{Context, Result, bail, ensure};

use super::Solid;
use crate::Mesh;
use crate::text::{Words, counted, is_space, shown, unmarked};

/// The header of a binary file, and the number of facets behind it.
pub(super) const HEADER: usize = 84;
/// A normal, three corners, and two bytes of attributes.
pub(super) const FACET: usize = 50;

/// How many facets a file says it has, the bytes that they need, and those that there are.
fn facets(file: &[u8]) -> Option<(u32, u64, &[u8])> {
    let (header, data) = file.split_first_chunk::<HEADER>()?;
    let [.., a, b, c, d] = *header;
    let facets = u32::from_le_bytes([a, b, c, d]);
    Some((facets, u64::from(facets) * FACET as u64, data))
}

/// Whether the file has the length that its number of facets needs.
pub(super) fn is_whole(file: &[u8]) -> bool {
    facets(file).is_some_and(|(_, expected, data)| expected == data.len() as u64)
}

/// Whether the file has that length if each facet is followed by as many bytes as it says.
pub(super) fn is_extended(file: &[u8]) -> bool {
    facets(file).is_some_and(|(facets, _, data)| {
        let mut records = Records {
            data,
            extended: true,
        };
        let read = records.by_ref().take(facets as usize).count();
        read == facets as usize && facets > 0 && records.data.is_empty()
    })
}

/// The records of a file, each with what its last two bytes say where that is `extended`.
struct Records<'a> {
    data: &'a [u8],
    extended: bool,
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8; FACET];

    fn next(&mut self) -> Option<Self::Item> {
        let (record, rest) = self.data.split_first_chunk::<FACET>()?;
        let [.., a, b] = *record;
        let behind = if self.extended {
            u16::from_le_bytes([a, b]).into()
        } else {
            0
        };
        self.data = rest.get(behind..)?;
        Some(record)
    }
}

pub(super) fn read(file: &[u8]) -> Result<Mesh> {
    // What is not printed has to be somewhere: in the number of facets, in coordinates, or where attributes are.
    let mut start = file.iter().take(HEADER + FACET);
    if start.all(|&byte| is_space(byte) || !byte.is_ascii_control()) {
        let word = Words(unmarked(file)).next().unwrap_or_default();
        bail!(
            "a text that begins with '{}', expected 'solid' or a binary file",
            shown(word)
        );
    }
    let Some((facets, expected, data)) = facets(file) else {
        bail!(
            "truncated: {}, expected at least {HEADER} of a binary STL file",
            counted(file.len(), "byte", "bytes")
        );
    };
    let found = data.len() as u64;
    ensure!(
        expected <= found,
        "truncated: {} {expected} bytes, the file has {found}",
        counted(facets as usize, "facet needs", "facets need")
    );
    ensure!(
        facets > 0 || found < FACET as u64,
        "the number of facets is 0, but {found} bytes follow it, expected none"
    );
    let extended = expected < found && is_extended(file);
    let mut records = Records { data, extended };
    let mut solid = Solid::new();
    for (i, record) in records.by_ref().take(facets as usize).enumerate() {
        let pushed = solid.push(corners(record), [None; 3]);
        pushed.with_context(|| format!("facet {i}"))?;
    }
    solid.mesh.note_behind("", records.data.len(), "facet");
    solid.mesh.finish()
}

/// What is behind the normal, which is of no interest.
fn corners(record: &[u8; FACET]) -> [[f32; 3]; 3] {
    let coordinates = record[12..48].as_chunks::<4>().0;
    let mut corners = [[0.0; 3]; 3];
    for (x, bytes) in corners.as_flattened_mut().iter_mut().zip(coordinates) {
        *x = f32::from_le_bytes(*bytes);
    }
    corners
}
