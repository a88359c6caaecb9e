//! `crosslane normals`: the unit normals of a mesh, of its faces or of its vertices, and the areas of faces.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use crosslane::{Engine, Real, Vectors, VectorsMut};
use crosslane_mesh::{Mesh, Vertices};
use crosslane_npy::Component;

use crate::interrupt::Interrupt;
use crate::output::{self, Output, Target};
use crate::{standard, tell};

/// Take the unit normals of a mesh in an OBJ, PLY or STL file
///
/// MESH is an OBJ, PLY or STL file, the latter two as text or binary, compressed by gzip or not; - is standard
/// input. The extension says what it is (.obj, .ply or .stl, with .gz behind it or without), even if the content looks
/// like something else. Without one of these the content says it. The result is a .npy file of shape (N, 3): float32 for
/// STL and for PLY whose coordinates are float, float64 for OBJ and for every other PLY.
///
/// There is one normal per face of the file, in its order, to the side from which the corners are seen
/// counterclockwise: the direction of the face's vector area, half the sum of v[i] x v[i+1] over its corners, so
/// that concave faces, and corners within an edge, are no special case. A face that is not plane has the normal of the
/// plane on which its shadow is largest. A face without area has the zero vector.
///
/// With --vertex there is one normal per vertex instead, in the order of the file: the direction of the sum of the
/// vector areas of the faces around it. A vertex without faces has the zero vector. STL has no vertices that faces
/// share, so equal positions are one (0 and -0 are equal), in the order in which they first appear.
///
/// With --areas the lengths of the vector areas are written, too: the areas of plane faces.
///
/// A mesh without faces is no error: it has no normals. A face of fewer than three corners is left out, and so are
/// bytes behind the end of a PLY or binary STL file; standard error says it. A vertex that no face has may be
/// anything. Coordinates of other vertices that are not finite, vertices that do not exist, truncated files, and
/// curves, surfaces or other elements that may be faces in a file that has none are errors. They count vertices and
/// faces from 0, the vertices of OBJ and lines from 1.
///
/// Of PLY, the elements face and tristrips are read, whose list is vertex_indices or vertex_index. A text of PLY has
/// each element on a line of its own. Negative vertices count back in OBJ only. Not read, though others do: of PLY, a
/// column too many in a line of a text, and 2.5 in a column of integers that is read; of OBJ, vertices of two
/// coordinates, and corners such as 1/1.0; of STL, a file that says it has 0 facets and has some, a facet of more than
/// three corners, a text without endsolid at the end; text in UTF-16.
///
/// Without --accuracy the accurate computation is used, correctly-rounded. Plain is faster, can be wrong where edges are
/// nearly parallel, and is NaN where products of edges are beyond the range of the type.
///
/// The mesh is read into memory. OUT and the file of --areas appear when both are complete, or not at all; if
/// only the last of them cannot get its name, a file that the other one replaced with --force stays replaced. One of
/// them may be -, which is standard output; the line that counts vertices and faces is left out then. A program that is
/// killed may leave files .crosslane-* beside them; so may one that is ended while one of them is -, a pipe or a device.
#[derive(Debug, Args)]
pub(crate) struct Normals {
    /// Mesh to read: .obj, .ply or .stl, or - for standard input
    mesh: PathBuf,
    /// File to write; - is standard output
    #[arg(short, long = "output", value_name = "OUT")]
    out: PathBuf,
    /// File to write the areas of the faces to, of shape (N,), with --vertex too
    #[arg(long, value_name = "OUT2")]
    areas: Option<PathBuf>,
    /// One normal per vertex, weighted by area, instead of one per face
    #[arg(long)]
    vertex: bool,
    /// Replace OUT and OUT2 if they exist
    #[arg(long)]
    force: bool,
}

impl Normals {
    pub(crate) fn run(&self, out: &mut impl Write, engine: Engine) -> Result<()> {
        let targets = self.targets()?;
        let mesh = Mesh::open(&self.mesh)?;
        let interrupt = if targets.iter().any(Target::is_stream) {
            Interrupt::obey()?
        } else {
            Interrupt::watch()?
        };
        let outputs: Result<Vec<_>> = targets.into_iter().map(Target::create).collect();
        let mut outputs = outputs?;
        let (normals, element) = match &mesh.vertices {
            Vertices::F32(vertices) => {
                (self.work(vertices, &mesh, engine, &mut outputs)?, "float32")
            }
            Vertices::F64(vertices) => {
                (self.work(vertices, &mesh, engine, &mut outputs)?, "float64")
            }
        };
        interrupt.check()?;
        // Before the files get their names, so that an error here is one of those that leave nothing.
        if !self.names().any(|name| standard::is_output(name)) {
            let normals = counted(normals, "normal", "normals");
            writeln!(out, "{normals}, {element}; {}", summary(&mesh)).context(standard::OUTPUT)?;
        }
        Output::finish_all(outputs)?;
        self.say(&mesh.notes);
        Ok(())
    }

    /// The names of the outputs.
    fn names(&self) -> impl Iterator<Item = &PathBuf> {
        [Some(&self.out), self.areas.as_ref()].into_iter().flatten()
    }

    /// The outputs, if all of them may be written, each to a place of its own.
    fn targets(&self) -> Result<Vec<Target>> {
        if let Some(areas) = &self.areas {
            let same = match [&self.out, areas].map(|name| standard::is_output(name)) {
                // What is written into a device is kept in no place.
                [false, false] if output::is_device(areas) => false,
                [false, false] => place(areas).is_some_and(|areas| Some(areas) == place(&self.out)),
                [out, areas] => out && areas,
            };
            ensure!(!same, "{}: both outputs, expected two", areas.display());
        }
        let check = |name: &PathBuf| Target::check(name, &[&self.mesh], self.force);
        self.names().map(check).collect()
    }

    /// Says what of the mesh was left out. Not before all is done: an error is a line, and the only one.
    fn say(&self, notes: &[String]) {
        let name = match self.mesh.to_str() {
            Some("-") => standard::INPUT.to_owned(),
            _ => self.mesh.display().to_string(),
        };
        for note in notes {
            tell(&format!("{name}: {note}"));
        }
    }

    /// Fills the outputs, and returns the number of normals.
    fn work<T: Component + Real>(
        &self,
        vertices: &[[T; 3]],
        mesh: &Mesh,
        engine: Engine,
        outputs: &mut [Output],
    ) -> Result<usize> {
        let Mesh {
            corners, starts, ..
        } = mesh;
        let vectors = Vectors::aos(vertices);
        let len = if self.vertex {
            vertices.len()
        } else {
            starts.len()
        };
        let shapes = [&[len as u64, 3][..], &[starts.len() as u64]];
        let reserve = |(output, shape): (&Output, _)| output.reserve_array::<T>(shape, None);
        let headers: Result<Vec<_>> = outputs.iter().zip(shapes).map(reserve).collect();
        let headers = headers?;
        let mut normals = vec![[T::default(); 3]; len];
        let view = VectorsMut::aos(&mut normals);
        if self.vertex {
            engine.polygon_vertex_normals(vectors, corners, starts, view)?;
        } else {
            engine.face_normals(vectors, corners, starts, view)?;
        }
        // All is computed before the first byte goes where it cannot be taken back.
        let mut areas = vec![T::default(); if outputs.len() > 1 { starts.len() } else { 0 }];
        if !areas.is_empty() {
            engine.face_areas(vectors, corners, starts, &mut areas)?;
        }
        let data = [normals.as_flattened(), &areas].map(bytemuck::cast_slice::<_, u8>);
        for ((output, header), data) in outputs.iter_mut().zip(&headers).zip(data) {
            output.write_at(0, header)?;
            output.write_at(header.len() as u64, data)?;
        }
        Ok(len)
    }
}

/// What the mesh has: `8 vertices, 6 faces, 24 corners`.
fn summary(mesh: &Mesh) -> String {
    let counts = [
        counted(mesh.vertices.len(), "vertex", "vertices"),
        counted(mesh.starts.len(), "face", "faces"),
        counted(mesh.corners.len(), "corner", "corners"),
    ];
    counts.join(", ")
}

fn counted(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

/// Where a file is, whether or not it is there; `None` if its directory is not.
fn place(path: &Path) -> Option<PathBuf> {
    let place = std::path::absolute(path).ok()?;
    let directory = place.parent().unwrap_or(&place).canonicalize().ok()?;
    Some(directory.join(place.file_name().unwrap_or_default()))
}
