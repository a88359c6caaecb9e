//! PLY: any bytes, and texts and binary files with every freedom of that format.

use ply_rs_bw::parser::Parser;
use ply_rs_bw::ply::{DefaultElement, Property};

use super::{Ends, Known, agrees, gap, mark, noise, number, read, spelled};
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
fn other(file: &[u8]) -> Option<(Vec<[f64; 3]>, Vec<Vec<u32>>)> {
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

/// A type: its names, its bytes, whether it is one of integers, and whether it has negative ones.
#[derive(Clone, Copy, Debug)]
struct Type(&'static [&'static str], usize, bool, bool);

const TYPES: [Type; 8] = [
    Type(&["float", "float32", "f4"], 4, false, true),
    Type(&["double", "float64", "f8"], 8, false, true),
    Type(&["char", "int8", "i1"], 1, true, true),
    Type(&["uchar", "uint8", "u1"], 1, true, false),
    Type(&["short", "int16", "i2"], 2, true, true),
    Type(&["ushort", "uint16", "u2"], 2, true, false),
    Type(&["int", "int32", "i4"], 4, true, true),
    Type(&["uint", "uint32", "u4"], 4, true, false),
];

/// How elements are written.
#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Text,
    Little,
    Big,
}

/// A number of an element, or several with their number before them.
struct Value {
    kind: Type,
    count: Option<Type>,
    numbers: Vec<f64>,
    /// Nobody reads it: in a text it may be anything.
    noise: bool,
}

/// A property: what stands for it in the header, and what it is of each element.
struct Column {
    name: String,
    kind: Type,
    count: Option<Type>,
    values: Vec<Value>,
}

impl Column {
    fn new(
        source: &mut Source<'_>,
        name: &str,
        kind: Type,
        rows: Vec<Vec<f64>>,
        is_list: bool,
        noise: bool,
    ) -> Self {
        let count = is_list.then(|| source.one_of(&TYPES[2..]));
        let value = |numbers| Value {
            kind,
            count,
            numbers,
            noise,
        };
        Self {
            name: name.to_owned(),
            kind,
            count,
            values: rows.into_iter().map(value).collect(),
        }
    }

    /// One that nobody reads, of so many elements.
    fn other(source: &mut Source<'_>, rows: usize, i: usize) -> Self {
        let is_list = source.flag();
        // Integers in a list may be faces.
        let kind = source.one_of(&TYPES[..if is_list { 2 } else { 4 }]);
        let row = |source: &mut Source<'_>| {
            let len = if is_list { source.below(4) } else { 1 };
            (0..len).map(|_| f64::from(source.byte() % 100)).collect()
        };
        let rows = (0..rows).map(|_| row(source)).collect();
        let name = source.one_of(&["quality", "\u{fc}.-", "list", "element", "vertex", "flags"]);
        Self::new(source, &format!("{name}{i}"), kind, rows, is_list, true)
    }
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
    if source.byte() % 4 == 0 {
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
    if source.byte() % 8 == 0 && !file_has_unknown(&file) {
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

type Element = (&'static str, usize, Vec<Column>);

fn vertex(source: &mut Source<'_>, known: &Known, kinds: [Type; 3]) -> Element {
    let rows = known.vertices.len();
    let mut columns = Vec::new();
    let mut order = [0, 1, 2];
    order.rotate_left(source.below(3));
    for k in order {
        if source.byte() % 4 == 0 {
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

/// The words of a line, with any gaps.
fn line(source: &mut Source<'_>, file: &mut Vec<u8>, words: &[&str], ends: Ends) {
    for word in words {
        file.extend(word.bytes());
        file.extend(gap(source).bytes());
    }
    if source.flag() {
        file.pop();
    }
    file.extend(ends.next(source).bytes());
}

fn header(
    source: &mut Source<'_>,
    file: &mut Vec<u8>,
    elements: &[Element],
    encoding: Encoding,
    ends: Ends,
    no_faces: bool,
) {
    line(source, file, &["ply"], ends);
    let format = match encoding {
        Encoding::Text => "ascii",
        Encoding::Little => "binary_little_endian",
        Encoding::Big => "binary_big_endian",
    };
    line(source, file, &["format", format, "1.0"], ends);
    for (name, rows, columns) in elements {
        match source.byte() % 16 {
            0 => {
                file.extend([b"comment ", &*noise(source)].concat());
                file.extend(ends.next(source).bytes());
            }
            1 => line(source, file, &["obj_info"], ends),
            2 if !no_faces => line(source, file, &["nonsense", "element"], ends),
            _ => {}
        }
        if source.byte() % 8 == 0 {
            file.extend(ends.next(source).bytes());
        }
        line(source, file, &["element", name, &rows.to_string()], ends);
        for Column {
            name, kind, count, ..
        } in columns
        {
            let kind = source.one_of(kind.0);
            match count {
                None => line(source, file, &["property", kind, name], ends),
                Some(count) => {
                    let count = source.one_of(count.0);
                    line(source, file, &["property", "list", count, kind, name], ends);
                }
            }
        }
    }
    file.extend(b"end_header");
    file.extend(ends.next(source).bytes());
}

fn element<'a>(
    source: &mut Source<'_>,
    file: &mut Vec<u8>,
    values: impl Iterator<Item = &'a Value>,
    encoding: Encoding,
    ends: Ends,
) {
    let mut words = Vec::new();
    for value in values {
        let count = value.count.map(|kind| (kind, value.numbers.len() as f64));
        for (is_count, (kind, x)) in count
            .into_iter()
            .map(|n| (true, n))
            .chain(value.numbers.iter().map(|&x| (false, (value.kind, x))))
        {
            if encoding != Encoding::Text {
                put(file, kind, x, encoding == Encoding::Big);
            } else if value.noise && !is_count && source.flag() {
                words.push(
                    source
                        .one_of(&["nan", "x", "-1.#IND", "1e999", "2.", "300"])
                        .to_owned(),
                );
            } else {
                words.push(spelled(source, x, kind.1 == 4 && !kind.2));
            }
        }
    }
    if encoding == Encoding::Text {
        if source.byte() % 16 == 0 {
            file.extend(ends.next(source).bytes());
        }
        line(
            source,
            file,
            &words.iter().map(|word| &**word).collect::<Vec<_>>(),
            ends,
        );
    }
}

/// One number of a binary file.
fn put(file: &mut Vec<u8>, Type(_, size, is_integer, _): Type, x: f64, big: bool) {
    let bits = match (size, is_integer) {
        (4, false) => u64::from((x as f32).to_bits()),
        (_, false) => x.to_bits(),
        _ => x as i64 as u64,
    };
    let mut bytes = bits.to_le_bytes()[..size].to_vec();
    if big {
        bytes.reverse();
    }
    file.extend(bytes);
}
