//! OBJ: any bytes, and files with every freedom of that format.

use super::{Ends, Known, Seen, agrees, gap, mark, noise, number, read, seldom, spelled};
use crate::source::Source;

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    if kind % 2 == 1 {
        return written(Source::new(rest));
    }
    let mesh = read("file.obj", rest);
    if let Some((vertices, faces)) = simple(rest) {
        let mesh = mesh.expect("a file that a simpler reader reads");
        agrees(&mesh, &vertices, &faces);
    }
}

/// What a reader that knows nothing but `v x y z` and `f i j k...` sees, if there is nothing else.
fn simple(file: &[u8]) -> Option<Seen> {
    let text = str::from_utf8(file)
        .ok()
        .filter(|text| text.is_ascii() && !text.contains(['\r', '\x0b', '\\', '#']))?;
    let (mut vertices, mut faces) = (Vec::new(), Vec::<Vec<u32>>::new());
    for line in text.lines() {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        match words[..] {
            [] => {}
            ["v", x, y, z] => vertices.push([x.parse().ok()?, y.parse().ok()?, z.parse().ok()?]),
            ["f", ref corners @ ..] => {
                let corners = corners
                    .iter()
                    .map(|word| word.parse().ok().and_then(|i: u32| i.checked_sub(1)));
                faces.push(corners.collect::<Option<_>>()?);
            }
            _ => return None,
        }
    }
    let right = |face: &Vec<u32>| {
        let finite = |&i: &u32| {
            vertices
                .get(i as usize)
                .is_some_and(|v: &[f64; 3]| v.iter().all(|x| x.is_finite()))
        };
        face.len() < 3 || face.iter().all(finite)
    };
    (!vertices.is_empty() && faces.iter().all(right)).then_some((vertices, faces))
}

/// A file of a mesh that is known gives this mesh.
fn written(mut source: Source<'_>) {
    let source = &mut source;
    let (known, all) = Known::new(source, |source, _| number(source, false));
    let mut text = mark(source).to_vec();
    let ends = Ends::new(source);
    // Faces may come first, and then cannot count back.
    let faces_first = seldom(source, 4);
    for part in [faces_first, !faces_first] {
        if part {
            for face in &all {
                let words = face
                    .iter()
                    .map(|&i| corner(source, i, known.vertices.len(), faces_first))
                    .collect();
                let keyword = source.one_of(&["f", "f", "f", "fo"]);
                statement(source, &mut text, keyword, words, ends);
            }
        } else {
            for vertex in &known.vertices {
                let mut words = vertex.map(|x| spelled(source, x, false)).to_vec();
                words.extend(
                    (0..source.one_of(&[0, 0, 1, 3, 4]))
                        .map(|_| source.one_of(&["0.5", "nan", "1", "red"]).to_owned()),
                );
                statement(source, &mut text, "v", words, ends);
            }
        }
    }
    if known.vertices.is_empty() {
        assert!(
            read("file.obj", &text).is_none(),
            "a file without vertices is read"
        );
    } else {
        known.check("file.obj", &text, source);
    }
}

/// The corner of a face: `v`, `v/vt`, `v//vn` or `v/vt/vn`, of which the others are not looked at.
fn corner(source: &mut Source<'_>, vertex: u32, vertices: usize, positive: bool) -> String {
    let index = match source.byte() % 4 {
        0 if !positive => format!("{}", i64::from(vertex) - vertices as i64),
        1 => format!("+{}", vertex + 1),
        2 => format!("{}.", vertex + 1),
        _ => format!("{}", vertex + 1),
    };
    index + source.one_of(&["", "", "/7", "//-9", "/1/+1", "/", "//"])
}

/// A statement in its own line or several, and perhaps others around it, of which nothing is read.
fn statement(
    source: &mut Source<'_>,
    text: &mut Vec<u8>,
    keyword: &str,
    words: Vec<String>,
    ends: Ends,
) {
    if seldom(source, 8) {
        let other = source.one_of(&[
            "",
            "# ",
            "vn nan 0 x",
            "vt 1",
            "g f v",
            "usemtl a\\b",
            "o",
            "s off",
            "p 1",
            "l 1 2 9",
            "mtllib a.mtl",
            "#",
            "cstype bezier",
        ]);
        text.extend(other.bytes());
        if other.starts_with('#') {
            text.extend(noise(source));
        }
        text.extend(ends.next(source).bytes());
    }
    text.extend(keyword.bytes());
    for word in words {
        text.extend(gap(source).bytes());
        if seldom(source, 16) {
            text.push(b'\\');
            text.extend(ends.next(source).bytes());
            // A lone return and the line feed of an empty line would be one.
            text.push(b' ');
        }
        text.extend(word.bytes());
    }
    text.extend(source.one_of(&["", "", " ", " # a comment \\"]).bytes());
    text.extend(ends.next(source).bytes());
}
