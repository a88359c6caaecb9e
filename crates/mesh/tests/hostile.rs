//! No file makes a reader panic, and what it makes of one is a mesh.

use crosslane_mesh::{Mesh, Vertices};
use fastrand::Rng;

#[path = "../../cli/tests/support/meshes.rs"]
mod meshes;

/// What a reader makes of these bytes, if it is something: it must be a mesh that others can rely on.
#[track_caller]
fn read(name: &str, bytes: &[u8]) -> Option<Mesh> {
    let mesh = Mesh::read(name, bytes).ok()?;
    for face in mesh.faces() {
        assert!(face.len() >= 3, "{name}: a face of {} corners", face.len());
        for &vertex in face {
            let finite = match &mesh.vertices {
                Vertices::F32(v) => v[vertex as usize].iter().all(|x| x.is_finite()),
                Vertices::F64(v) => v[vertex as usize].iter().all(|x| x.is_finite()),
            };
            assert!(finite, "{name}: vertex {vertex}");
        }
    }
    Some(mesh)
}

fn all_files() -> impl Iterator<Item = meshes::File> {
    let meshes = [
        meshes::Mesh::tetrahedron(),
        meshes::Mesh::cube(),
        meshes::Mesh::tilted(),
    ];
    meshes.into_iter().flat_map(|mesh| mesh.files())
}

#[test]
fn every_format_is_read() {
    for file in all_files() {
        let mesh = read(file.name, &file.bytes);
        let mesh = mesh.unwrap_or_else(|| panic!("{}", file.name));
        let single = matches!(mesh.vertices, Vertices::F32(_));
        assert_eq!(single, file.single, "{}", file.name);
    }
}

#[test]
fn truncated_at_every_byte_nothing_panics_and_no_binary_file_is_a_mesh() {
    for file in all_files() {
        for len in 0..file.bytes.len() {
            let mesh = read(file.name, &file.bytes[..len]);
            let text = file.bytes.is_ascii() && !file.bytes.contains(&0);
            assert!(text || mesh.is_none(), "{} of {len} bytes", file.name);
        }
    }
}

#[test]
fn whatever_one_byte_becomes_nothing_panics() {
    let seed = 0x6d65_7368;
    let mut random = Rng::with_seed(seed);
    for file in all_files() {
        for at in 0..file.bytes.len() {
            // Shown if a reader panics.
            println!("seed {seed}: {}, byte {at}", file.name);
            let mut bytes = file.bytes.clone();
            // Every bit, what means something in one of the formats, and anything.
            let bits = (0..8).map(|bit| bytes[at] ^ 1 << bit);
            let others = [0, 0xff, b'\n', b' ', b'-', b'9', b'/', b'\\', random.u8(..)];
            for byte in bits.chain(others).collect::<Vec<_>>() {
                bytes[at] = byte;
                read(file.name, &bytes);
            }
        }
    }
}

#[test]
fn whatever_is_cut_out_moved_and_changed_nothing_panics() {
    for seed in 0..30 {
        let mut random = Rng::with_seed(seed);
        for file in all_files() {
            println!("seed {seed}: {}", file.name);
            let mut bytes = file.bytes.clone();
            for _ in 0..random.usize(1..6) {
                let (from, to) = (random.usize(..=bytes.len()), random.usize(..=bytes.len()));
                let range = from.min(to)..from.max(to);
                match random.u8(..4) {
                    0 => drop(bytes.drain(range)),
                    1 => bytes.extend_from_within(range),
                    2 => bytes.rotate_left(from),
                    _ => bytes[range]
                        .iter_mut()
                        .take(9)
                        .for_each(|b| *b = random.u8(..)),
                }
            }
            read(file.name, &bytes);
        }
    }
}
