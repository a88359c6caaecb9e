//! Which format a file has: its name says it, or what is in it.

use std::path::Path;

use anyhow::{Result, bail};

use crate::stl;
use crate::text::{Lines, Words, check_encoding, number, unmarked};

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Obj,
    Ply,
    Stl,
}

/// The format by the extension, or by the content where there is none that is known.
pub(crate) fn of(name: &Path, file: &[u8]) -> Result<Format> {
    let mut name = name.to_owned();
    if extension(&name) == "gz" {
        name.set_extension("");
    }
    let extension = extension(&name);
    match &*extension {
        "obj" => return Ok(Format::Obj),
        "ply" => return Ok(Format::Ply),
        "stl" => return Ok(Format::Stl),
        _ => {}
    }
    if let Some(format) = of_content(file) {
        return Ok(format);
    }
    check_encoding(file)?;
    let found = match &*extension {
        "" => "no extension".to_owned(),
        _ => format!("extension .{extension}"),
    };
    bail!("{found}, expected .obj, .ply or .stl, or what one of these begins with");
}

fn extension(name: &Path) -> String {
    let extension = name.extension().unwrap_or_default();
    extension.to_string_lossy().to_ascii_lowercase()
}

fn of_content(file: &[u8]) -> Option<Format> {
    let text = unmarked(file);
    let first = Lines::new(text).next().unwrap_or_default();
    if first.trim_ascii_end().eq_ignore_ascii_case(b"ply") {
        return Some(Format::Ply);
    }
    if stl::begins_as_text(text) || stl::is_binary(file) {
        return Some(Format::Stl);
    }
    Lines::new(text).any(is_vertex).then_some(Format::Obj)
}

/// Whether a line is a vertex of OBJ.
fn is_vertex(line: &[u8]) -> bool {
    let mut words = Words(line);
    let vertex = words.next() == Some(b"v");
    vertex
        && words
            .take(3)
            .filter(|word| number::<f64>(word).is_ok())
            .count()
            == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A binary file of one facet, its header beginning so.
    fn binary(header: &[u8]) -> Vec<u8> {
        let mut file = header.to_vec();
        file.resize(80, b' ');
        file.extend([1, 0, 0, 0]);
        file.resize(134, 0);
        file
    }

    #[test]
    fn extensions_win() {
        for (name, expected) in [
            ("a.obj", Format::Obj),
            ("a.PLY", Format::Ply),
            ("a.b.Stl", Format::Stl),
            ("a.obj.gz", Format::Obj),
            ("a.STL.GZ", Format::Stl),
        ] {
            for file in [&b"ply\n"[..], b"solid", b"v 0 0 0", b"\0"] {
                let format = of(Path::new(name), file).expect(name);
                assert_eq!(format, expected, "{name}");
            }
        }
    }

    #[test]
    fn content_decides_without_them() {
        let files: [(&[u8], _); 11] = [
            (b"ply\nformat", Format::Ply),
            (b"\xef\xbb\xbfply\r\n", Format::Ply),
            (b"ply \rformat", Format::Ply),
            (b"solid a\nfacet", Format::Stl),
            (b"\xef\xbb\xbf\n SOLID", Format::Stl),
            (&binary(b"made by"), Format::Stl),
            (&binary(b"solid"), Format::Stl),
            (&binary(b"v 1 2 3\n"), Format::Stl),
            (b"# a\rv 0 0 0\rv", Format::Obj),
            (b"\xef\xbb\xbfv 0 1. nan 0.5\n", Format::Obj),
            (b"OFF\nv 0 0 0\n", Format::Obj),
        ];
        for (file, expected) in files {
            for name in ["-", "a", "a.txt", "a.gz", "obj", ".obj"] {
                let format = of(Path::new(name), file).expect(name);
                assert_eq!(format, expected, "{name}: {file:?}");
            }
        }
    }

    #[test]
    fn what_is_nothing_of_these_is_an_error() {
        for file in [
            &b"OFF\n3 1 0\n"[..],
            b"v 1 2\n",
            b"v a b c\n",
            b"\0",
            &binary(b"")[..133],
        ] {
            for (name, expected) in [
                ("a.off", "extension .off"),
                ("a", "no extension"),
                ("-", "no extension"),
            ] {
                let error = of(Path::new(name), file).expect_err(name).to_string();
                assert!(error.starts_with(expected), "{error}");
                assert!(error.contains(".obj, .ply or .stl"), "{error}");
            }
        }
        let error = of(Path::new("a"), b"\xff\xfev\0 \0")
            .expect_err("UTF-16")
            .to_string();
        assert!(error.contains("UTF-16"), "{error}");
    }
}
