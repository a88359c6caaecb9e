//! PLY: any bytes, and texts and binary files with every freedom of that format.

use ply_rs_bw::parser::Parser;
use ply_rs_bw::ply::{DefaultElement, Property};

mod file;

use file::{Column, Element, Encoding, TYPES, Type, element, header};

use super::{Ends, Known, Seen, agrees, mark, number, read, seldom};
use crate::source::Source;

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    if kind % 2 == 1 {
        return written(Source::new(rest));
    }
    // What the other reader would allocate on trust has been found to be there.
    let Some(mesh) = read("file.ply", rest) else {
        return;
    };
    if let Some((vertices, faces)) = other(rest) {
        agrees(&mesh, &vertices, &faces);
    }
}

/// What another reader sees, where it can: it takes one of several properties of the same name, and knows no strips.
fn other(file: &[u8]) -> Option<Seen> {
    let end = file
        .windows(10)
        .position(|window| window == b"end_header")?;
    let header = str::from_utf8(&file[..end]).ok()?;
    let mut names: Vec<_> = header
        .lines()
        .filter_map(|line| line.split_ascii_whitespace().last())
        .collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) || header.contains("tristrips") {
        return None;
    }
    let mut ply = Parser::<DefaultElement>::new().read_ply(&mut &*file).ok()?;
    let vertices = ply.payload.swap_remove("vertex")?;
    let vertices = vertices.iter().map(|vertex| {
        let mut position = [0.0; 3];
        for (x, name) in position.iter_mut().zip(["x", "y", "z"]) {
            *x = real(vertex.get(name)?)?;
        }
        Some(position)
    });
    let faces = ply.payload.swap_remove("face").unwrap_or_default();
    let faces = faces.iter().map(|face| {
        let corners = face.get("vertex_indices").or(face.get("vertex_index"))?;
        corners.to_u32_list()
    });
    Some((
        vertices.collect::<Option<_>>()?,
        faces.collect::<Option<_>>()?,
    ))
}

fn real(property: &Property) -> Option<f64> {
    Some(match *property {
        Property::Char(x) => x.into(),
        Property::UChar(x) => x.into(),
        Property::Short(x) => x.into(),
        Property::UShort(x) => x.into(),
        Property::Int(x) => x.into(),
        Property::UInt(x) => x.into(),
        Property::Float(x) => x.into(),
        Property::Double(x) => x,
        _ => return None,
    })
}

/// A file of a mesh that is known gives this mesh.
fn written(mut source: Source<'_>) {
    let source = &mut source;
    let kinds = match source.byte() % 4 {
        0 => [TYPES[0]; 3],
        1 => [TYPES[1]; 3],
        2 => [0; 3].map(|_| source.one_of(&TYPES[..2])),
        _ => [0; 3].map(|_| source.one_of(&TYPES)),
    };
    let (mut known, all) = Known::new(source, |source, k| match kinds[k] {
        Type(_, size, false, _) => number(source, size == 4),
        Type(_, _, _, true) => f64::from(source.byte() as i8),
        _ => source.byte().into(),
    });
    known
        .vertices
        .iter_mut()
        .for_each(|vertex| whole(vertex, kinds));
    known.single = kinds.iter().all(|kind| kind.1 == 4 && !kind.2);
    let mut elements = vec![vertex(source, &known, kinds), face(source, &all)];
    if seldom(source, 4) {
        elements.push(strips(source, &mut known));
    }
    if source.flag() {
        let rows = source.below(3);
        elements.push((
            "other",
            rows,
            vec![
                Column::other(source, rows, 0),
                Column::other(source, rows, 1),
            ],
        ));
    }
    if source.flag() {
        elements.rotate_left(1);
        // Strips would come before faces.
        let strips = elements.iter().position(|(name, ..)| *name == "tristrips");
        if let Some(at) = strips {
            let strips = elements.remove(at);
            elements.push(strips);
        }
    }
    let encoding = source.one_of(&[Encoding::Text, Encoding::Little, Encoding::Big]);
    let mut file = mark(source).to_vec();
    let ends = Ends(source.byte() % 3);
    header(
        source,
        &mut file,
        &elements,
        encoding,
        ends,
        known.faces.is_empty(),
    );
    for (_, rows, columns) in &elements {
        for row in 0..*rows {
            element(
                source,
                &mut file,
                columns.iter().map(|column| &column.values[row]),
                encoding,
                ends,
            );
        }
    }
    if seldom(source, 8) && !file_has_unknown(&file) {
        file.extend(b"7");
        known.notes = 1;
    }
    known.check("file.ply", &file, source);
}

/// A finite number where a face needed one is one of the type.
fn whole(vertex: &mut [f64; 3], kinds: [Type; 3]) {
    for (x, kind) in vertex.iter_mut().zip(kinds) {
        if kind.2 {
            *x = x.trunc() + 0.0;
        }
    }
}

fn file_has_unknown(file: &[u8]) -> bool {
    file.windows(8).any(|window| window == b"nonsense")
}

fn vertex(source: &mut Source<'_>, known: &Known, kinds: [Type; 3]) -> Element {
    let rows = known.vertices.len();
    let mut columns = Vec::new();
    let mut order = [0, 1, 2];
    order.rotate_left(source.below(3));
    for k in order {
        if seldom(source, 4) {
            columns.push(Column::other(source, rows, k));
        }
        let numbers = known
            .vertices
            .iter()
            .map(|vertex| vec![vertex[k]])
            .collect();
        columns.push(Column::new(
            source,
            ["x", "y", "z"][k],
            kinds[k],
            numbers,
            false,
            false,
        ));
    }
    ("vertex", rows, columns)
}

fn face(source: &mut Source<'_>, all: &[Vec<u32>]) -> Element {
    let mut columns = Vec::new();
    let numbers = all
        .iter()
        .map(|face| face.iter().map(|&corner| corner.into()).collect())
        .collect();
    let (name, kind) = (
        source.one_of(&["vertex_indices", "vertex_index"]),
        source.one_of(&TYPES),
    );
    columns.push(Column::new(source, name, kind, numbers, true, false));
    for i in 0..source.below(3) {
        let other = Column::other(source, all.len(), i);
        let at = source.below(columns.len() + 1);
        columns.insert(at, other);
    }
    ("face", all.len(), columns)
}

/// Strips of vertices, whose triangles follow the faces that are known.
fn strips(source: &mut Source<'_>, known: &mut Known) -> Element {
    let kind = source.one_of(&[TYPES[2], TYPES[4], TYPES[6], TYPES[7], TYPES[0]]);
    let minus = if kind.3 { -1.0 } else { f64::from(u32::MAX) };
    let usable: Vec<u32> = (0..known.vertices.len() as u32)
        .filter(|&i| known.vertices[i as usize].iter().all(|x| x.is_finite()))
        .collect();
    let mut rows = Vec::new();
    for _ in 0..source.below(3) {
        let mut row = Vec::new();
        for _ in 0..source.below(3) {
            let len = if usable.is_empty() {
                0
            } else {
                source.below(7)
            };
            let strip: Vec<u32> = (0..len).map(|_| source.one_of(&usable)).collect();
            for i in 2..len {
                let turned = [strip[i - 1], strip[i - 2], strip[i]];
                let straight = [strip[i - 2], strip[i - 1], strip[i]];
                known.face(if i % 2 == 0 { &straight } else { &turned });
            }
            known.short_faces += usize::from(len == 1 || len == 2);
            row.extend(strip.iter().map(|&i| f64::from(i)));
            row.push(minus);
        }
        if source.flag() {
            // The last one need not be ended.
            row.pop();
        }
        rows.push(row);
    }
    (
        "tristrips",
        rows.len(),
        vec![Column::new(
            source,
            "vertex_indices",
            kind,
            rows,
            true,
            false,
        )],
    )
}
