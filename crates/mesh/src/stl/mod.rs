//! STL, as text and binary: facets of three positions each, of which equal ones become one vertex.
//!
//! A reader of its own, because that of others takes a binary file whose header begins with "solid" for text,
//! and stops after the first solid of a text.

use std::collections::HashMap;

use anyhow::{Context, Result};

use crate::builder::{Builder, Place};
use crate::text::{check_encoding, is_space, unmarked};
use crate::{Mesh, Vertices};

mod binary;
mod text;

pub(crate) fn read(file: &[u8]) -> Result<Mesh> {
    // Some file systems and programs fill up a text with zeros.
    let end = file.iter().rposition(|&byte| byte != 0);
    let (text, behind) = file.split_at(end.map_or(0, |end| end + 1));
    // The header of a binary file may be any text, and begin as a text does. No text has a byte of zero.
    let mut start = text.iter().take(binary::HEADER + binary::FACET);
    let zeros = start.any(|&byte| byte == 0);
    // A binary file with a name and few facets can end with zeros, too, but not with the end of a solid before them.
    let ended = behind.is_empty()
        || text
            .windows(3)
            .any(|word| word.eq_ignore_ascii_case(b"end"));
    if begins_as_text(unmarked(text)) && !zeros && ended && !binary::is_whole(file) {
        return text::read(unmarked(text), behind.len());
    }
    // The header of a binary file may begin with any bytes, those of UTF-16 as well.
    binary::read(file).or_else(|error| check_encoding(file).and(Err(error)))
}

/// Whether the first word is `solid`, or begins so.
pub(crate) fn begins_as_text(text: &[u8]) -> bool {
    let start = text.iter().position(|&byte| !is_space(byte)).unwrap_or(0);
    begins_with(&text[start..], b"solid")
}

/// Whether it is, for its length, a binary file and nothing else.
pub(crate) fn is_binary(file: &[u8]) -> bool {
    binary::is_whole(file) || binary::is_extended(file)
}

/// Whether a word begins with these letters, in either case.
fn begins_with(word: &[u8], start: &[u8]) -> bool {
    word.get(..start.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// The facets so far, with equal positions as one vertex, in the order in which they first appear.
struct Solid<'a> {
    mesh: Builder<'a>,
    indices: HashMap<[u32; 3], u32>,
}

impl<'a> Solid<'a> {
    fn new() -> Self {
        Self {
            mesh: Builder::new(Vertices::F32(Vec::new()), 0),
            indices: HashMap::new(),
        }
    }

    fn push(&mut self, corners: [[f32; 3]; 3], places: [Option<Place<'a>>; 3]) -> Result<()> {
        let mut triangle = [0; 3];
        for ((corner, place), index) in corners.into_iter().zip(places).zip(&mut triangle) {
            // Adding zero makes one of the two zeros.
            let key = corner.map(|x| (x + 0.0).to_bits());
            let next =
                u32::try_from(self.mesh.vertices.len()).context("more than 2^32 vertices")?;
            *index = *self.indices.entry(key).or_insert(next);
            if *index == next {
                self.mesh.vertex(corner.map(f64::from), place);
            }
        }
        self.mesh.face(&triangle, None);
        Ok(())
    }
}
