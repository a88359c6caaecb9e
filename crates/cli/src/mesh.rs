//! A mesh from a file: its vertices, and its faces as triangles.
//!
//! What the formats have in common is here; each of them is a module of its own. Nothing in a file is to be
//! trusted: no count in it decides how much memory is taken, every coordinate that comes out is finite, and
//! every triangle has three vertices that are there.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

mod obj;
mod ply;
mod stl;
#[cfg(test)]
mod tests;

/// Vertices and triangles.
#[derive(Debug)]
pub(crate) struct Mesh {
    pub(crate) vertices: Vertices,
    pub(crate) triangles: Vec<[u32; 3]>,
    /// How many faces the file has; fewer than triangles where some of them have more corners.
    pub(crate) polygons: usize,
}

/// The positions, in the type that the file has them in.
#[derive(Debug)]
pub(crate) enum Vertices {
    F32(Vec<[f32; 3]>),
    F64(Vec<[f64; 3]>),
}

/// What a file can be.
#[derive(Clone, Copy, Debug)]
enum Format {
    Obj,
    Ply,
    Stl,
}

impl Mesh {
    /// Reads a file, whose extension says what it is.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let open = || {
            let format = Format::of(path)?;
            // Asked before it is opened: opening a pipe waits for somebody to write.
            ensure!(std::fs::metadata(path)?.is_file(), "not a regular file");
            Self::read(format, &std::fs::read(path)?)
        };
        open().with_context(|| path.display().to_string())
    }

    fn read(format: Format, file: &[u8]) -> Result<Self> {
        ensure!(!file.is_empty(), "empty, expected a mesh");
        match format {
            Format::Obj => obj::read(file),
            Format::Ply => ply::read(file),
            Format::Stl => stl::read(file),
        }
    }
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let Some(extension) = path.extension() else {
            bail!("no extension, expected .obj, .ply or .stl");
        };
        let extension = extension.to_string_lossy();
        match &*extension.to_ascii_lowercase() {
            "obj" => Ok(Self::Obj),
            "ply" => Ok(Self::Ply),
            "stl" => Ok(Self::Stl),
            _ => bail!("extension .{extension}, expected .obj, .ply or .stl"),
        }
    }
}

impl Vertices {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(vertices) => vertices.len(),
            Self::F64(vertices) => vertices.len(),
        }
    }

    /// One more vertex, whose coordinates are exact in the type.
    fn push(&mut self, vertex: [f64; 3]) -> Result<()> {
        finite(vertex)?;
        match self {
            Self::F32(vertices) => vertices.push(vertex.map(|x| x as f32)),
            Self::F64(vertices) => vertices.push(vertex),
        }
        Ok(())
    }
}

/// The faces of a file as it is read. They may be there before their vertices, so that whether these exist
/// is asked at the end.
#[derive(Debug)]
struct Faces {
    triangles: Vec<[u32; 3]>,
    polygons: usize,
    /// The number that the format gives to the first vertex.
    first_vertex: u64,
    highest: Option<Corner>,
}

/// The corner whose vertex is the last in the file.
#[derive(Debug)]
struct Corner {
    vertex: u32,
    face: usize,
    line: Option<usize>,
}

impl Faces {
    fn new(first_vertex: u64) -> Self {
        Self {
            triangles: Vec::new(),
            polygons: 0,
            first_vertex,
            highest: None,
        }
    }

    /// One more face, as a fan of triangles around its first corner. Vertices are counted from 0.
    fn push(&mut self, corners: &[u32], line: Option<usize>) -> Result<()> {
        let [first, others @ ..] = corners else {
            bail!("a face without corners, expected at least 3");
        };
        ensure!(
            others.len() >= 2,
            "a face of {} corners, expected at least 3",
            corners.len()
        );
        let triangle = |edge: &[u32]| [*first, edge[0], edge[1]];
        self.triangles.extend(others.windows(2).map(triangle));
        let vertex = corners.iter().copied().fold(*first, u32::max);
        if self.highest.as_ref().is_none_or(|h| h.vertex < vertex) {
            self.highest = Some(Corner {
                vertex,
                face: self.polygons,
                line,
            });
        }
        self.polygons += 1;
        Ok(())
    }

    /// The mesh, if the vertices of all faces are among these.
    fn finish(self, vertices: Vertices) -> Result<Mesh> {
        let len = vertices.len();
        if let Some(Corner { vertex, face, line }) = self.highest
            && vertex as usize >= len
        {
            let (first, line) = (self.first_vertex, line.map(|l| format!("line {l}: ")));
            bail!(
                "{}face {face} has vertex {}, the file has {len} vertices, numbered from {first}",
                line.unwrap_or_default(),
                u64::from(vertex) + first
            );
        }
        Ok(Mesh {
            vertices,
            triangles: self.triangles,
            polygons: self.polygons,
        })
    }
}

fn finite(vertex: [f64; 3]) -> Result<()> {
    match vertex.into_iter().find(|x| !x.is_finite()) {
        Some(x) => bail!("coordinate {x}, expected a finite number"),
        None => Ok(()),
    }
}

/// The words of a line.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// A word as a number.
fn number<T: std::str::FromStr>(word: &[u8]) -> Result<T> {
    let number = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
    number.with_context(|| format!("'{}', expected a number", shown(word)))
}

/// A word for a message, which nobody wants to be long.
fn shown(word: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&word[..word.len().min(40)]);
    format!("{shown}{}", if word.len() > 40 { "..." } else { "" })
}
