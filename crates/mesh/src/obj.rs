//! Wavefront OBJ: the vertices and the polygons of it.
//!
//! A reader of its own, because those of others give each group its own vertices, in the order of their first
//! use: the normals of vertices would have neither the order of the file nor the faces across the border of a
//! group. Of the format it needs two statements, `v` and `f`. Texture, normals, names, materials, points and lines
//! are passed over. The reader leaves out curves, surfaces and unknown statements. It adds a note about them if the
//! file has polygons, and refuses the file if it has none.

use anyhow::{Context, Result, bail, ensure};

use crate::builder::Builder;
use crate::text::{Lines, Words, check_encoding, counted, integer, number, shown, unmarked};
use crate::{Mesh, Vertices, builder};

pub(crate) fn read(file: &[u8]) -> Result<Mesh> {
    check_encoding(file)?;
    let mut reader = Reader {
        mesh: Builder::new(Vertices::F64(Vec::new()), 1),
        surface: LeftOut::default(),
        unknown: LeftOut::default(),
        corners: Vec::new(),
    };
    let mut statement = Vec::new();
    let mut lines = Lines::new(unmarked(file));
    // Whether lines without words are behind what there is of the statement, which says that it goes on.
    let mut gap = false;
    while let Some(line) = lines.next() {
        // A comment ends with its line, whatever its last character is.
        let mut words = Words(line).take_while(|word| word[0] != b'#').peekable();
        let Some(first) = words.peek() else {
            gap = true;
            continue;
        };
        if ends(&statement, first, gap) {
            reader.read_statement(&statement, lines.number() - 1)?;
            statement.clear();
        }
        gap = false;
        statement.extend(words);
        if !remove_backslash(&mut statement) {
            reader.read_statement(&statement, lines.number())?;
            statement.clear();
        }
    }
    ensure!(
        gap || !is_polygon(&statement),
        "truncated: line {}, the last one, says that it goes on",
        lines.number()
    );
    reader.read_statement(&statement, lines.number())?;
    reader.finish()
}

/// Whether the statement is a vertex or a face.
fn is_polygon(statement: &[&[u8]]) -> bool {
    let kind = statement.first().map(|word| Kind::of(word));
    matches!(kind, Some(Kind::Vertex | Kind::Face))
}

/// Whether a statement that says that it goes on does not, since a line that begins with this word is no part of it.
///
/// Names and paths may end with a backslash, and a line with a vertex or a face is no part of them, nor is anything
/// behind a line without words. Behind such a line what begins a statement is no part of a vertex or a face, either.
fn ends(statement: &[&[u8]], next: &[u8], gap: bool) -> bool {
    let ended = if is_polygon(statement) {
        gap && Kind::of(next) != Kind::Unknown
    } else {
        gap || is_polygon(&[next])
    };
    ended && !statement.is_empty()
}

/// Whether the last word ends with a backslash, which is taken away.
fn remove_backslash(statement: &mut Vec<&[u8]>) -> bool {
    let Some(word) = statement.last_mut() else {
        return false;
    };
    let Some(rest) = word.strip_suffix(b"\\") else {
        return false;
    };
    *word = rest;
    if rest.is_empty() {
        statement.pop();
    }
    true
}

/// What a statement is to this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Vertex,
    Face,
    /// It has a shape that is not read: a curve, a surface, or the contents of another file.
    Surface,
    /// Its absence would change no polygon.
    Other,
    Unknown,
}

impl Kind {
    fn of(keyword: &[u8]) -> Self {
        match keyword {
            b"v" => Self::Vertex,
            b"f" | b"fo" => Self::Face,
            b"vt" | b"vn" | b"vp" | b"p" | b"l" | b"g" | b"s" | b"o" | b"mg" => Self::Other,
            b"usemtl" | b"mtllib" | b"usemap" | b"maplib" | b"bevel" | b"c_interp" => Self::Other,
            b"d_interp" | b"lod" | b"shadow_obj" | b"trace_obj" | b"csh" => Self::Other,
            b"cstype" | b"deg" | b"bmat" | b"step" | b"parm" | b"trim" | b"hole" => Self::Other,
            b"scrv" | b"sp" | b"end" | b"con" | b"ctech" | b"stech" | b"res" => Self::Other,
            b"curv" | b"curv2" | b"surf" | b"bzp" | b"bsp" | b"cdc" | b"cdp" => Self::Surface,
            b"call" => Self::Surface,
            _ => Self::Unknown,
        }
    }
}

/// Statements that are left out: how many, and the first of them.
#[derive(Debug, Default)]
struct LeftOut<'a> {
    count: usize,
    line: usize,
    keyword: &'a [u8],
}

impl<'a> LeftOut<'a> {
    fn push(&mut self, keyword: &'a [u8], line: usize) {
        if self.count == 0 {
            (self.line, self.keyword) = (line, keyword);
        }
        self.count += 1;
    }

    /// The first of them, if there is one: `line 7: 'surf'`.
    fn first(&self) -> Option<String> {
        (self.count > 0).then(|| format!("line {}: '{}'", self.line, shown(self.keyword)))
    }
}

struct Reader<'a> {
    mesh: Builder<'a>,
    surface: LeftOut<'a>,
    unknown: LeftOut<'a>,
    /// Those of the last face.
    corners: Vec<u32>,
}

impl<'a> Reader<'a> {
    fn read_statement(&mut self, statement: &[&'a [u8]], line: usize) -> Result<()> {
        let read = self.read_words(statement, line);
        read.with_context(|| format!("line {line}"))
    }

    fn read_words(&mut self, statement: &[&'a [u8]], line: usize) -> Result<()> {
        let Some((keyword, words)) = statement.split_first() else {
            return Ok(());
        };
        match Kind::of(keyword) {
            Kind::Vertex => self.read_vertex(words, line)?,
            Kind::Face => {
                self.corners.clear();
                for word in words {
                    self.corners.push(corner(word, self.mesh.vertices.len())?);
                }
                self.mesh.face(&self.corners, Some(line));
            }
            Kind::Surface => self.surface.push(keyword, line),
            Kind::Other => {}
            Kind::Unknown => self.unknown.push(keyword, line),
        }
        Ok(())
    }

    fn read_vertex(&mut self, words: &[&'a [u8]], line: usize) -> Result<()> {
        let Some((&words, others)) = words.split_first_chunk::<3>() else {
            bail!(
                "a vertex of {}, expected 3",
                counted(words.len(), "coordinate", "coordinates")
            );
        };
        let mut vertex = [0.0; 3];
        for (x, word) in vertex.iter_mut().zip(words) {
            *x = number(word)?;
        }
        // A weight or a colour, which are not of interest; but not the next statement, whose line end is lost.
        if let Some(word) = others.iter().find(|word| Kind::of(word) != Kind::Unknown) {
            bail!(
                "'{}' behind a vertex, expected a new line before it",
                shown(word)
            );
        }
        self.mesh
            .vertex(vertex, Some(builder::Place { line, words }));
        Ok(())
    }

    fn finish(mut self) -> Result<Mesh> {
        let unknown = self
            .unknown
            .first()
            .map(|first| format!("{first} is no statement of OBJ"));
        if self.mesh.vertices.is_empty() {
            let unknown = unknown
                .map(|unknown| format!("; {unknown}"))
                .unwrap_or_default();
            bail!("no line 'v x y z', expected those of an OBJ file{unknown}");
        }
        let surface = self
            .surface
            .first()
            .map(|first| format!("{first} is not read, only polygons are"));
        for (problem, count) in [(surface, self.surface.count), (unknown, self.unknown.count)] {
            let Some(problem) = problem else {
                continue;
            };
            ensure!(self.mesh.faces() > 0, "no faces, and {problem}");
            let others = match count {
                1 => "1 statement of this kind is".to_owned(),
                n => format!("{n} statements of this kind are"),
            };
            self.mesh
                .notes
                .push(format!("{problem}: {others} left out"));
        }
        self.mesh.finish()
    }
}

/// The vertex, from 0, of a corner `v`, `v/vt`, `v//vn` or `v/vt/vn`; one that is negative counts back from
/// the last of the vertices so far.
fn corner(word: &[u8], vertices: usize) -> Result<u32> {
    let mut parts = word.split(|&byte| byte == b'/');
    let vertex = integer(parts.next().unwrap_or_default())?;
    let is_index = |part: &[u8]| {
        let digits = part
            .strip_prefix(b"-")
            .or(part.strip_prefix(b"+"))
            .unwrap_or(part);
        part.is_empty() || !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    };
    ensure!(
        parts.by_ref().take(2).all(is_index) && parts.next().is_none(),
        "corner '{}', expected v, v/vt, v//vn or v/vt/vn",
        shown(word)
    );
    let index = match vertex {
        1.. => vertex - 1,
        0 => bail!("vertex 0, expected one from 1 or, counted back, from -1"),
        _ => vertex.saturating_add(vertices as i64),
    };
    u32::try_from(index).ok().with_context(|| {
        format!(
            "vertex {vertex}, after {}",
            counted(vertices, "vertex", "vertices")
        )
    })
}
