//! A mesh while it is read: faces may come before their vertices, so that what they need is checked at the end.

use anyhow::{Context, Result, bail, ensure};

use crate::text::{counted, shown};
use crate::{Mesh, Vertices};

/// Vertices, faces and notes so far.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    pub(crate) vertices: Vertices,
    pub(crate) notes: Vec<String>,
    corners: Vec<u32>,
    starts: Vec<usize>,
    /// For each face that was left out, how many of the others were before it.
    short_faces: Vec<usize>,
    /// The number that the format gives to the first vertex.
    first_vertex: u64,
    highest: Option<Corner>,
    not_finite: Vec<NotFinite<'a>>,
}

/// Where in the file something is, and how it is written: the line and the word, if it is a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) line: usize,
    pub(crate) words: [&'a [u8]; 3],
}

/// The corner whose vertex is the last in the file.
#[derive(Debug)]
struct Corner {
    vertex: u32,
    face: usize,
    line: Option<usize>,
}

/// A vertex that no face may have.
#[derive(Debug)]
struct NotFinite<'a> {
    vertex: usize,
    value: f64,
    word: Option<(usize, &'a [u8])>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(vertices: Vertices, first_vertex: u64) -> Self {
        Self {
            vertices,
            notes: Vec::new(),
            corners: Vec::new(),
            starts: Vec::new(),
            short_faces: Vec::new(),
            first_vertex,
            highest: None,
            not_finite: Vec::new(),
        }
    }

    /// One more vertex; its coordinates are exact in the type of the others.
    pub(crate) fn vertex(&mut self, vertex: [f64; 3], place: Option<Place<'a>>) {
        if let Some(k) = vertex.iter().position(|x| !x.is_finite()) {
            self.not_finite.push(NotFinite {
                vertex: self.vertices.len(),
                value: vertex[k],
                word: place.map(|place| (place.line, place.words[k])),
            });
        }
        match &mut self.vertices {
            Vertices::F32(vertices) => vertices.push(vertex.map(|x| x as f32)),
            Vertices::F64(vertices) => vertices.push(vertex),
        }
    }

    /// One more face, of vertices that are counted from 0; counted and left out if it has fewer than three corners.
    pub(crate) fn face(&mut self, corners: &[u32], line: Option<usize>) {
        if corners.len() < 3 {
            self.short_faces.push(self.starts.len());
            return;
        }
        let vertex = corners.iter().copied().fold(0, u32::max);
        if self.highest.as_ref().is_none_or(|h| h.vertex < vertex) {
            self.highest = Some(Corner {
                vertex,
                face: self.starts.len() + self.short_faces.len(),
                line,
            });
        }
        self.starts.push(self.corners.len());
        self.corners.extend_from_slice(corners);
    }

    /// The number of faces, without those that are left out.
    pub(crate) fn faces(&self) -> usize {
        self.starts.len()
    }

    /// A word about bytes behind the last `item`, if there are some.
    pub(crate) fn note_behind(&mut self, line: &str, bytes: usize, item: &str) {
        let behind = match bytes {
            0 => return,
            1 => format!("1 byte behind the last {item} is left out"),
            _ => format!("{bytes} bytes behind the last {item} are left out"),
        };
        self.notes.push(format!("{line}{behind}"));
    }

    /// The mesh, if every face has vertices that are there and finite.
    pub(crate) fn finish(mut self) -> Result<Mesh> {
        self.check_highest()?;
        self.check_finite()?;
        match self.short_faces.len() {
            0 => {}
            1 => self
                .notes
                .push("1 face of fewer than three corners is left out".to_owned()),
            n => self.notes.push(format!(
                "{n} faces of fewer than three corners are left out"
            )),
        }
        Ok(Mesh {
            vertices: self.vertices,
            corners: self.corners,
            starts: self.starts,
            short_faces: self.short_faces.len(),
            notes: self.notes,
        })
    }

    fn check_highest(&self) -> Result<()> {
        let len = self.vertices.len();
        if let Some(Corner { vertex, face, line }) = self.highest
            && vertex as usize >= len
        {
            let (first, line) = (self.first_vertex, line.map(|l| format!("line {l}: ")));
            bail!(
                "{}face {face} has vertex {}, the file has {}, numbered from {first}",
                line.unwrap_or_default(),
                u64::from(vertex) + first,
                counted(len, "vertex", "vertices")
            );
        }
        Ok(())
    }

    /// No face has a vertex that is not finite; if one has, the error says where that vertex is written.
    fn check_finite(&self) -> Result<()> {
        if self.not_finite.is_empty() {
            return Ok(());
        }
        let find = |vertex: u32| {
            self.not_finite
                .binary_search_by_key(&(vertex as usize), |n| n.vertex)
        };
        let corners = self.corners.iter().enumerate();
        let found = corners
            .filter_map(|(at, &vertex)| Some((at, find(vertex).ok()?)))
            .next();
        let Some((at, found)) = found else {
            return Ok(());
        };
        let NotFinite {
            vertex,
            value,
            word,
        } = &self.not_finite[found];
        let face = self.starts.partition_point(|&start| start <= at) - 1;
        // As the file counts, those that were left out among them.
        let face = face + self.short_faces.partition_point(|&before| before <= face);
        let number = *vertex as u64 + self.first_vertex;
        let user = format!("face {face} has this vertex");
        match word {
            Some((line, word)) => bail!(
                "line {line}: vertex {number}: coordinate '{}' is {value}, expected a finite number, since {user}",
                shown(word)
            ),
            None => {
                bail!("vertex {number}: coordinate {value}, expected a finite number, since {user}")
            }
        }
    }
}

/// The number of a vertex as the mesh has it.
pub(crate) fn index(vertex: i64) -> Result<u32> {
    ensure!(
        vertex >= 0,
        "vertex {vertex} is negative, expected one from 0"
    );
    u32::try_from(vertex)
        .ok()
        .with_context(|| format!("vertex {vertex}, expected one less than 2^32"))
}
