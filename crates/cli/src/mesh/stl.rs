//! STL, as text and binary: facets of three positions each, of which equal ones become one vertex.
//!
//! A reader of its own, because that of others takes a binary file whose header begins with "solid" for text,
//! and stops after the first solid of a text.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};

use super::{Mesh, Vertices, finite, number, shown, words};

/// The header of a binary file, and the number of facets behind it.
const HEADER: usize = 84;
/// A normal, three corners, and two bytes of attributes.
const FACET: usize = 50;

pub(super) fn read(file: &[u8]) -> Result<Mesh> {
    // The header of a binary file may be any text, and begin as a text does. No text has a byte of zero.
    let start = file.trim_ascii_start().get(..5).unwrap_or_default();
    let is_text = start.eq_ignore_ascii_case(b"solid");
    let is_whole = facets(file).is_some_and(|(_, expected, data)| expected == data.len() as u64);
    if is_text && !is_whole && !file.iter().take(HEADER).any(|&byte| byte == 0) {
        read_text(file)
    } else {
        read_binary(file)
    }
}

/// How many facets a binary file says it has, the bytes that they need, and those that there are.
fn facets(file: &[u8]) -> Option<(u32, u64, &[u8])> {
    let (header, data) = file.split_first_chunk::<HEADER>()?;
    let [.., a, b, c, d] = *header;
    let facets = u32::from_le_bytes([a, b, c, d]);
    Some((facets, u64::from(facets) * FACET as u64, data))
}

fn read_binary(file: &[u8]) -> Result<Mesh> {
    let Some((facets, expected, data)) = facets(file) else {
        bail!(
            "{} bytes that do not begin with 'solid', expected an STL file",
            file.len()
        );
    };
    let found = data.len() as u64;
    ensure!(
        expected <= found,
        "truncated: {facets} facets need {expected} bytes, the file has {found}"
    );
    ensure!(
        expected == found,
        "{facets} facets need {expected} bytes, the file has {found}, which are more"
    );
    let mut solid = Solid::default();
    for (i, facet) in data.chunks_exact(FACET).enumerate() {
        // Behind the normal, which is of no interest.
        let position = |corner: usize, k: usize| {
            let bytes = facet[12 * (corner + 1) + 4 * k..].first_chunk();
            f32::from_le_bytes(bytes.copied().unwrap_or_default())
        };
        let corners = [0, 1, 2].map(|corner| [0, 1, 2].map(|k| position(corner, k)));
        solid.push(corners).with_context(|| format!("facet {i}"))?;
    }
    Ok(solid.finish())
}

/// Where in the text the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Solid,
    Facet,
}

fn read_text(file: &[u8]) -> Result<Mesh> {
    let mut solid = Solid::default();
    let mut corners = Vec::new();
    let mut place = Place::Outside;
    for (line, text) in file.split(|&byte| byte == b'\n').enumerate() {
        let words: Vec<_> = words(text).collect();
        let Some((keyword, rest)) = words.split_first() else {
            continue;
        };
        let mut read = || {
            place = match (place, &*keyword.to_ascii_lowercase(), rest) {
                (Place::Outside, b"solid", _) => Place::Solid,
                (Place::Solid, b"endsolid", _) => Place::Outside,
                (Place::Solid, b"facet", _) => Place::Facet,
                (Place::Facet, b"outer" | b"endloop", _) => Place::Facet,
                (Place::Facet, b"vertex", [x, y, z]) => {
                    corners.push([number(x)?, number(y)?, number(z)?]);
                    Place::Facet
                }
                (Place::Facet, b"endfacet", _) => {
                    let Ok(corners) = <[_; 3]>::try_from(&*std::mem::take(&mut corners)) else {
                        bail!("the end of a facet that has not 3 corners");
                    };
                    solid.push(corners)?;
                    Place::Solid
                }
                _ => bail!("'{}' at a place where an STL file has none", shown(keyword)),
            };
            Ok(())
        };
        read().with_context(|| format!("line {}", line + 1))?;
    }
    ensure!(
        place == Place::Outside,
        "truncated: no 'endsolid' at the end"
    );
    Ok(solid.finish())
}

/// The facets so far, with equal positions as one vertex, in the order in which they first appear.
#[derive(Default)]
struct Solid {
    indices: HashMap<[u32; 3], u32>,
    vertices: Vec<[f32; 3]>,
    triangles: Vec<[u32; 3]>,
}

impl Solid {
    fn push(&mut self, corners: [[f32; 3]; 3]) -> Result<()> {
        let mut triangle = [0; 3];
        for (corner, index) in corners.into_iter().zip(&mut triangle) {
            finite(corner.map(f64::from))?;
            // Adding zero makes one of the two zeros.
            let key = corner.map(|x| (x + 0.0).to_bits());
            let next = u32::try_from(self.vertices.len()).context("more than 2^32 vertices")?;
            *index = *self.indices.entry(key).or_insert(next);
            if *index == next {
                self.vertices.push(corner);
            }
        }
        self.triangles.push(triangle);
        Ok(())
    }

    fn finish(self) -> Mesh {
        Mesh {
            vertices: Vertices::F32(self.vertices),
            polygons: self.triangles.len(),
            triangles: self.triangles,
        }
    }
}
