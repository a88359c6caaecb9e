//! A PLY file, made of columns of numbers: the header, and elements as text or binary.

use crate::mesh::{Ends, gap, noise, seldom, spelled};
use crate::source::Source;

/// A type: its names, its bytes, whether it is one of integers, and whether it has negative ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type(
    pub(super) &'static [&'static str],
    pub(super) usize,
    pub(super) bool,
    pub(super) bool,
);

pub(super) const TYPES: [Type; 8] = [
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
pub(super) enum Encoding {
    Text,
    Little,
    Big,
}

/// A number of an element, or several with their number before them.
pub(super) struct Value {
    kind: Type,
    count: Option<Type>,
    numbers: Vec<f64>,
    /// Nobody reads it: in a text it may be anything.
    noise: bool,
}

/// A property: what stands for it in the header, and what it is of each element.
pub(super) struct Column {
    name: String,
    kind: Type,
    count: Option<Type>,
    pub(super) values: Vec<Value>,
}

impl Column {
    pub(super) fn new(
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
    pub(super) fn other(source: &mut Source<'_>, rows: usize, i: usize) -> Self {
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

/// What it is called, how many there are, and its properties.
pub(super) type Element = (&'static str, usize, Vec<Column>);

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

pub(super) fn header(
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
        if seldom(source, 8) {
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

pub(super) fn element<'a>(
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
        if seldom(source, 16) {
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
