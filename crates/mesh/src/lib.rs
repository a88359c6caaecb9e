//! OBJ, PLY and STL files as vertices and polygons.
//!
//! A crate of its own, because the program, its fuzz targets and other tools read the same files. Nothing in a file
//! is trusted: whatever the bytes are, reading them gives an error or a [`Mesh`] whose faces have vertices that are
//! there and finite, in time and memory for what the file has and not for what it says that it has. It knows nothing
//! of normals and of command lines, and writes nothing.
//!
//! # Which format it is
//!
//! The extension of the name decides: `.obj`, `.ply` or `.stl`, in either case. The content decides where there is no
//! such extension: `ply` on the first line, `solid` at the beginning, the length of a binary STL file, or lines
//! `v x y z`, in this order. If extension and content disagree, the extension wins, and the reader of that format
//! refuses the file. A file with the signature of gzip is decompressed, whatever its name is. `.gz` at the end of a name
//! is ignored: the extension before it counts. Several gzip members are one file. The content decides whether STL and
//! PLY are text or binary.
//!
//! # Text
//!
//! The three formats have one grammar. A byte order mark is passed over. Lines end with `\n`, `\r\n` or `\r`. White
//! space separates words. Numbers are decimal: `2.`, `.5`, `+1` and `1e+003` are some, and so are NaN and infinity in
//! the spellings of the C libraries (`nan`, `-inf`, `nan(ind)`, `1.#QNAN`, also rounded to `1.#R`). `1d0`, `0x10`, `1_0`
//! and `1,5` are not numbers. A number is rounded once to the type of the coordinates. Whole numbers may have a point:
//! `2.` is the vertex 2.
//!
//! # What is read
//!
//! | | vertices | faces |
//! |---|---|---|
//! | OBJ | `v x y z`, as `f64`; a weight or a colour behind them is not looked at | `f` (and the older `fo`) of any number of corners; indices may count back |
//! | PLY | the properties `x`, `y`, `z` of the element `vertex`; `f32` if all are `float`, `f64` otherwise | the list `vertex_indices` or `vertex_index` of the elements `face`, and `tristrips`: -1 ends a strip, and every second triangle is turned round. Items of the list may be `float` if they are whole numbers |
//! | STL | `f32`; equal positions are one vertex (0 and -0 are equal), in the order in which they first appear | the facets of all solids |
//!
//! A PLY text has each element on a line of its own, without which a column too many would shift all others. Columns
//! that are not read need not be numbers. STL is read word by word: a facet may be on one line, or on twenty. `end loop`,
//! `endsolidNAME`, and a facet without `normal` or `outer loop` are read, too. A solid that is not ended is truncated,
//! unless another begins. Behind the last one may be the character that ends files of DOS, ^Z.
//!
//! # What is left out
//!
//! A vertex that no face has may be anything, NaN and infinity included; it keeps its place. A face of fewer than
//! three corners is left out and counted. So are bytes behind the last element of a PLY file and behind the last facet
//! of a binary STL file, unless the latter are what the attribute counts of the facets say. [`Mesh::notes`] has a line
//! about each of these.
//!
//! Points, lines and edges are no faces, and a file of these is a mesh without faces. What may be a surface is not
//! passed over in silence: it is noted in a file that has faces, and an error in a file that has none. It is
//!
//! - of OBJ, curves, surfaces and `call`, and lines that are no statements of OBJ;
//! - of PLY, a list `vertex_indices` or `vertex_index` of any type in any element, in either case; in elements other than
//!   `vertex`, a list of integers, or three integers of more than a byte if they are no `edge`; in elements whose name begins
//!   with `face`, `poly`, `tri` or `quad`, in either case, any list and any three numbers.
//!
//! So are lines of a PLY header that are no statements of PLY, where there are no faces or the elements do not fill
//! the file. Passed over in silence are, of PLY: other lists of the vertices themselves, which say which images see a
//! point; under other names, lists of `float` and single numbers that are bytes or `float`, as of a material or a
//! camera; an `edge` of any number of integers; and two integers.
//!
//! # What other readers accept, and this one does not
//!
//! - In a face, vertices that are not finite, which would have no normal.
//! - Of PLY, negative indices, which do not count back there; elements of a text that share a line, take several, or have
//!   a column too many; numbers such as `2.5` in a column of integers that is read.
//! - Of OBJ, vertices of two coordinates (`v x y`), and corners whose texture or normal is no integer (`1/1.0`).
//! - Of STL, a binary file that says it has 0 facets, and has some; a facet of more than three corners; comments and
//!   colours in a text; a text without `endsolid` at the end.
//! - Text in UTF-16.

#![deny(unsafe_code)]

use std::path::Path;

use anyhow::{Context, Result, ensure};

mod builder;
mod file;
mod format;
mod obj;
mod ply;
mod stl;
mod text;

/// Vertices, and faces of three corners or more.
///
/// ```
/// use crosslane_mesh::{Mesh, Vertices};
///
/// let file = b"v 0 0 0\nv 2 0 0\nv 2 3 0\nv 0 3 0\nf 1 2 3 4\nf 1 2\nf 1 3 4\n";
/// let mesh = Mesh::read("a square.obj", file)?;
/// assert_eq!(mesh.vertices.len(), 4);
/// assert_eq!(mesh.faces().collect::<Vec<_>>(), [&[0, 1, 2, 3][..], &[0, 2, 3]]);
/// assert_eq!(mesh.short_faces, 1);
/// assert_eq!(mesh.notes, ["1 face of fewer than three corners is left out"]);
///
/// let error = Mesh::read("bad.obj", b"v 0 0 0\nf 1 2 x").unwrap_err();
/// assert_eq!(format!("{error:#}"), "bad.obj: line 2: 'x', expected a whole number");
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// All vertices of the file, in its order; those that faces have are finite.
    pub vertices: Vertices,
    /// The corners of all faces, one face after the other: vertices, counted from 0.
    pub corners: Vec<u32>,
    /// Where in `corners` each face begins; it ends where the next one begins, the last one at the end.
    pub starts: Vec<usize>,
    /// How many faces were left out, since they have fewer than three corners.
    pub short_faces: usize,
    /// What a user should be told: a line for each kind of thing that was left out, short faces among them.
    pub notes: Vec<String>,
}

/// The positions, in the type that the file has them in.
#[derive(Clone, Debug, PartialEq)]
pub enum Vertices {
    /// Of STL, and of PLY whose coordinates are `float`.
    F32(Vec<[f32; 3]>),
    /// Of OBJ, and of every other PLY.
    F64(Vec<[f64; 3]>),
}

impl Mesh {
    /// Reads a file, whose extension or content says what it is: see the [crate] for what of it is read.
    ///
    /// The file may be a pipe. The path `-` is standard input, whose content says what it is.
    ///
    /// # Errors
    /// The file cannot be read, is a directory or an endless device, or is refused by [`read`](Self::read). Errors
    /// begin with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || Self::parse(path, &file::read(path)?);
        open().with_context(|| file::name(path))
    }

    /// Takes bytes in memory as a file of this name, whose extension or content says what it is.
    ///
    /// # Errors
    /// The bytes are empty, are of no format that is known, or are not what the format asks for: a word that is no
    /// number, a truncated file, a face of a vertex that is not there or not finite... Errors begin with the name, and
    /// say the line and the word in a text.
    pub fn read(name: impl AsRef<Path>, file: &[u8]) -> Result<Self> {
        let name = name.as_ref();
        Self::parse(name, file).with_context(|| name.display().to_string())
    }

    fn parse(name: &Path, file: &[u8]) -> Result<Self> {
        let file = file::decompressed(file)?;
        ensure!(!file.is_empty(), "empty, expected a mesh");
        match format::of(name, &file)? {
            format::Format::Obj => obj::read(&file),
            format::Format::Ply => ply::read(&file),
            format::Format::Stl => stl::read(&file),
        }
    }

    /// The corners of every face, in the order of the file.
    pub fn faces(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        (0..self.starts.len()).map(|i| {
            let end = self.starts.get(i + 1).copied();
            &self.corners[self.starts[i]..end.unwrap_or(self.corners.len())]
        })
    }
}

impl Vertices {
    /// The number of vertices.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(vertices) => vertices.len(),
            Self::F64(vertices) => vertices.len(),
        }
    }

    /// Whether there are no vertices.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
