//! Bytes as a mesh file: an error, or the mesh that is in it.
//!
//! Half of the cases are any bytes. What is read of them has to be a mesh whose faces have vertices that are there, and
//! the one that a simpler reader sees, where the file is simple enough for that. The other half are files written from
//! a mesh that is known, with every freedom that the format has; they have to give this mesh back. How much memory it
//! may take, libFuzzer watches (`fuzz/run`).

use std::io::Write;

use crosslane_mesh::{Mesh, Vertices};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::source::Source;

pub(crate) mod obj;
pub(crate) mod ply;
pub(crate) mod stl;

/// What a simpler reader sees: vertices, and faces of any number of corners.
type Seen = (Vec<[f64; 3]>, Vec<Vec<u32>>);

/// Once in so many times.
fn seldom(source: &mut Source<'_>, times: u8) -> bool {
    source.byte().is_multiple_of(times)
}

/// What a file has to give.
#[derive(Debug, Default)]
struct Known {
    /// Those that are not finite stand for any that are not.
    vertices: Vec<[f64; 3]>,
    /// Of three corners or more.
    faces: Vec<Vec<u32>>,
    short_faces: usize,
    single: bool,
    /// Notes without that of short faces.
    notes: usize,
}

impl Known {
    /// Random faces of vertices that have this many numbers, and of vertices that faces have `number`.
    fn new(
        source: &mut Source<'_>,
        mut number: impl FnMut(&mut Source<'_>, usize) -> f64,
    ) -> (Self, Vec<Vec<u32>>) {
        let len = source.below(12);
        let mut all = Vec::new();
        for _ in 0..source.below(8) {
            let corners = if len == 0 {
                0
            } else {
                source.one_of(&[3, 3, 3, 4, 5, 9, 0, 1, 2])
            };
            all.push(
                (0..corners)
                    .map(|_| source.below(len) as u32)
                    .collect::<Vec<_>>(),
            );
        }
        let mut known = Self::default();
        for face in &all {
            known.face(face);
        }
        for vertex in 0..len {
            let mut position = [0, 1, 2].map(|k| number(source, k));
            let used = known
                .faces
                .iter()
                .flatten()
                .any(|&corner| corner as usize == vertex);
            for x in &mut position {
                if used && !x.is_finite() {
                    *x = 0.5;
                }
            }
            known.vertices.push(position);
        }
        (known, all)
    }

    fn face(&mut self, corners: &[u32]) {
        if corners.len() < 3 {
            self.short_faces += 1;
        } else {
            self.faces.push(corners.to_vec());
        }
    }

    /// The file, perhaps compressed, gives this mesh.
    fn check(&self, name: &str, file: &[u8], source: &mut Source<'_>) {
        let compressed = seldom(source, 8);
        let file = if compressed {
            &gzip(file, source)
        } else {
            file
        };
        let mesh = Mesh::read(name, file).unwrap_or_else(|error| panic!("{error:#}"));
        let (vertices, single) = positions(&mesh);
        assert_eq!(single, self.single, "type of the coordinates");
        assert_eq!(vertices.len(), self.vertices.len(), "vertices");
        for (i, (got, expected)) in vertices.iter().zip(&self.vertices).enumerate() {
            assert!(
                same(*got, *expected),
                "vertex {i}: {got:?}, expected {expected:?}"
            );
        }
        assert_eq!(mesh.faces().collect::<Vec<_>>(), self.faces, "faces");
        assert_eq!(mesh.short_faces, self.short_faces, "short faces");
        let notes = self.notes + usize::from(self.short_faces > 0);
        assert_eq!(mesh.notes.len(), notes, "{:?}", mesh.notes);
    }
}

/// Whether both are the same bits, or both are not finite.
fn same(a: [f64; 3], b: [f64; 3]) -> bool {
    let same = |(a, b): (f64, f64)| a.to_bits() == b.to_bits() || !a.is_finite() && !b.is_finite();
    a.into_iter().zip(b).all(same)
}

fn positions(mesh: &Mesh) -> (Vec<[f64; 3]>, bool) {
    match &mesh.vertices {
        Vertices::F32(vertices) => (vertices.iter().map(|v| v.map(f64::from)).collect(), true),
        Vertices::F64(vertices) => (vertices.clone(), false),
    }
}

/// The file as one member of gzip, or as two.
fn gzip(file: &[u8], source: &mut Source<'_>) -> Vec<u8> {
    let (start, end) = file.split_at(source.below(file.len() + 1));
    let member = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("a vector takes all");
        encoder.finish().expect("a vector takes all")
    };
    [member(start), member(end)].concat()
}

/// What the program makes of any bytes: an error that begins with the name, or a mesh that others can rely on.
fn read(name: &str, file: &[u8]) -> Option<Mesh> {
    let mesh = match Mesh::read(name, file) {
        Ok(mesh) => mesh,
        Err(error) => {
            let message = format!("{error:#}");
            assert!(message.starts_with(&format!("{name}: ")), "{message}");
            assert!(message.len() < 1000, "{message}");
            return None;
        }
    };
    let (vertices, _) = positions(&mesh);
    assert_eq!(
        mesh.faces().map(<[u32]>::len).sum::<usize>(),
        mesh.corners.len(),
        "corners"
    );
    for (i, face) in mesh.faces().enumerate() {
        assert!(face.len() >= 3, "face {i} has {} corners", face.len());
        for &corner in face {
            let vertex = vertices
                .get(corner as usize)
                .expect("a vertex that is there");
            assert!(vertex.iter().all(|x| x.is_finite()), "face {i}: {vertex:?}");
        }
    }
    Some(mesh)
}

/// The mesh is what a simpler reader sees: these vertices and faces, of which short ones are left out.
fn agrees(mesh: &Mesh, vertices: &[[f64; 3]], faces: &[Vec<u32>]) {
    let (got, _) = positions(mesh);
    assert_eq!(got.len(), vertices.len(), "vertices");
    assert!(
        got.iter().zip(vertices).all(|(a, b)| same(*a, *b)),
        "{got:?}, expected {vertices:?}"
    );
    let long: Vec<_> = faces.iter().filter(|face| face.len() >= 3).collect();
    assert!(
        mesh.faces().eq(long.iter().map(|face| &face[..])),
        "faces, expected {long:?}"
    );
    assert_eq!(mesh.short_faces, faces.len() - long.len(), "short faces");
}

/// A coordinate of the type, often a simple one.
fn number(source: &mut Source<'_>, single: bool) -> f64 {
    let number = match source.byte() {
        0..60 => source.one_of(&[0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-3, 100.0]),
        60..120 => f64::from(source.below(2001) as i16 - 1000) / 8.0,
        120..130 => f64::NAN,
        130..135 => f64::INFINITY,
        _ => f64::from_bits(source.bits()),
    };
    if single {
        f64::from(number as f32)
    } else {
        number
    }
}

/// A number as some program writes it; it is exact in the type.
fn spelled(source: &mut Source<'_>, x: f64, single: bool) -> String {
    if x.is_nan() {
        return source
            .one_of(&["nan", "-NaN", "NAN", "nan(ind)", "1.#QNAN", "-1.#IND"])
            .to_owned();
    }
    if x.is_infinite() {
        return source
            .one_of(&["inf", "-INFINITY", "+Inf", "1.#INF", "1e9999"])
            .to_owned();
    }
    let plain = if single {
        format!("{:?}", x as f32)
    } else {
        format!("{x:?}")
    };
    let digits = if single { 9 } else { 17 };
    let scientific = format!("{x:.digits$e}");
    match source.byte() % 8 {
        0 => format!("{x}"),
        1 => scientific,
        2 => scientific.replace('e', "E"),
        // Exponents of at least three digits and a sign.
        3 => {
            let (mantissa, exponent) = scientific.split_once('e').expect("an exponent");
            let exponent: i32 = exponent.parse().expect("an exponent");
            format!("{mantissa}e{exponent:+04}")
        }
        4 if !x.is_sign_negative() => format!("+{plain}"),
        // Without the digits that are nothing.
        5 => plain
            .strip_suffix(".0")
            .map_or(plain.clone(), |whole| format!("{whole}.")),
        6 if plain.starts_with("0.") && plain.len() > 3 => plain[1..].to_owned(),
        7 if !x.is_sign_negative() => format!("000{plain}"),
        _ => plain,
    }
}

/// White space between the words of a line.
fn gap(source: &mut Source<'_>) -> &'static str {
    source.one_of(&[" ", " ", " ", "\t", "   ", " \x0b", "\x0c "])
}

/// One way to end lines, or all of them by turns.
#[derive(Clone, Copy)]
struct Ends(u8);

impl Ends {
    fn new(source: &mut Source<'_>) -> Self {
        Self(source.byte() % 4)
    }

    fn next(self, source: &mut Source<'_>) -> &'static str {
        let ends = ["\n", "\r\n", "\r"];
        ends.get(usize::from(self.0))
            .copied()
            .unwrap_or_else(|| source.one_of(&ends))
    }
}

/// A byte order mark, or none.
fn mark(source: &mut Source<'_>) -> &'static [u8] {
    if seldom(source, 4) {
        b"\xef\xbb\xbf"
    } else {
        b""
    }
}

/// Any bytes that end no line.
fn noise(source: &mut Source<'_>) -> Vec<u8> {
    let len = source.below(9);
    let bytes = (0..len).map(|_| source.byte());
    bytes
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect()
}
