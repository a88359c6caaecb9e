//! Wavefront OBJ: the vertices and the polygons of it.
//!
//! A reader of its own, because those of others give each group its own vertices, in the order of their first
//! use: the normals of vertices would have neither the order of the file nor the faces across the border of a
//! group. Of the format it needs two statements; all others (texture, normals, names, materials, curves,
//! surfaces) are passed over.

use anyhow::{Context, Result, bail, ensure};

use super::{Faces, Mesh, Vertices, number, shown, words};

pub(super) fn read(file: &[u8]) -> Result<Mesh> {
    let mut vertices = Vertices::F64(Vec::new());
    let mut faces = Faces::new(1);
    let mut statement = Vec::new();
    // Some editors begin every text with a byte order mark.
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    for (line, text) in (1..).zip(file.split(|&byte| byte == b'\n')) {
        let text = text.trim_ascii_end();
        let continued = text.strip_suffix(b"\\");
        let uncommented = words(continued.unwrap_or(text)).take_while(|word| word[0] != b'#');
        statement.extend(uncommented);
        if continued.is_none() {
            read_statement(&statement, line, &mut vertices, &mut faces)
                .with_context(|| format!("line {line}"))?;
            statement.clear();
        }
    }
    ensure!(
        statement.is_empty(),
        "truncated: the last line says that it goes on"
    );
    ensure!(
        vertices.len() > 0,
        "no line 'v x y z', expected those of an OBJ file"
    );
    faces.finish(vertices)
}

fn read_statement(
    statement: &[&[u8]],
    line: usize,
    vertices: &mut Vertices,
    faces: &mut Faces,
) -> Result<()> {
    match statement {
        [b"v", x, y, z, others @ ..] => {
            // One more is a weight, for curves only, several are a colour.
            for other in others {
                number::<f64>(other)?;
            }
            vertices.push([number(x)?, number(y)?, number(z)?])
        }
        [b"v", coordinates @ ..] => {
            bail!("a vertex of {} coordinates, expected 3", coordinates.len())
        }
        [b"f" | b"fo", corners @ ..] => {
            let corners = corners.iter().map(|word| corner(word, vertices.len()));
            faces.push(&corners.collect::<Result<Vec<_>>>()?, Some(line))
        }
        _ => Ok(()),
    }
}

/// The vertex, from 0, of a corner `v`, `v/vt`, `v//vn` or `v/vt/vn`; one that is negative counts back from
/// the last of the vertices so far.
fn corner(word: &[u8], vertices: usize) -> Result<u32> {
    let mut parts = word.split(|&byte| byte == b'/');
    let vertex: i64 = number(parts.next().unwrap_or_default())?;
    let others = parts.clone().count() <= 2
        && parts.all(|part| part.is_empty() || number::<i64>(part).is_ok());
    ensure!(
        others,
        "corner '{}', expected v, v/vt, v//vn or v/vt/vn",
        shown(word)
    );
    let index = match vertex {
        1.. => vertex - 1,
        0 => bail!("vertex 0, expected one from 1 or, counted back, from -1"),
        _ => vertex.saturating_add(vertices as i64),
    };
    u32::try_from(index)
        .ok()
        .with_context(|| format!("vertex {vertex}, after {vertices} vertices"))
}
