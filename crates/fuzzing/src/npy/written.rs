//! Headers put together of the ways to write one: what they say is known, and no parser is asked.

use crosslane_npy::Dtype::{
    self, Float16, Float32, Float64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64,
};

use super::{Element, Known, Said};
use crate::source::Source;

const NATIVE: bool = cfg!(target_endian = "big");

/// Types as they are spelt, and what they are.
type Spelling = (&'static str, Option<Element>);

const fn number(dtype: Dtype, big: bool) -> Option<Element> {
    Element::number(dtype, big)
}

const fn record(dtype: Dtype, big: bool, bytes: [usize; 4]) -> Option<Element> {
    let record = Some(bytes);
    Some(Element { dtype, big, record })
}

const TYPES: &[Spelling] = &[
    ("'<f4'", number(Float32, false)),
    ("'>f4'", number(Float32, true)),
    ("'<f8'", number(Float64, false)),
    ("'>f8'", number(Float64, true)),
    ("'=f4'", number(Float32, NATIVE)),
    ("'|f8'", number(Float64, NATIVE)),
    ("'f4'", number(Float32, NATIVE)),
    ("'float32'", number(Float32, NATIVE)),
    ("'double'", number(Float64, NATIVE)),
    ("'>d'", number(Float64, true)),
    ("'f'", number(Float32, NATIVE)),
    ("'<f04'", number(Float32, false)),
    ("u'>f4'", number(Float32, true)),
    ("r\"<f8\"", number(Float64, false)),
    ("'''<f4'''", number(Float32, false)),
    ("'<' 'f8'", number(Float64, false)),
    ("'\\x3cf4'", number(Float32, false)),
    ("('>f4')", number(Float32, true)),
    ("('>f8', ())", number(Float64, true)),
    ("('<f4', (1, 1))", number(Float32, false)),
    ("'1<f4'", number(Float32, false)),
    ("'>(1,)f8'", number(Float64, true)),
    ("'<f2'", number(Float16, false)),
    ("'>e'", number(Float16, true)),
    ("'|i1'", number(Int8, NATIVE)),
    ("'<i2'", number(Int16, false)),
    ("'>i4'", number(Int32, true)),
    ("'int64'", number(Int64, NATIVE)),
    ("'>q'", number(Int64, true)),
    ("'|u1'", number(Uint8, NATIVE)),
    ("'B'", number(Uint8, NATIVE)),
    ("'>u2'", number(Uint16, true)),
    ("'<u4'", number(Uint32, false)),
    ("'ulonglong'", number(Uint64, NATIVE)),
    (
        "[('x', '<f4'), ('y', '<f4'), ('z', '<f4')]",
        record(Float32, false, [0, 4, 8, 12]),
    ),
    (
        "[('x', '>f8'), ('', '|V8'), ('y', '>f8'), ('', '|V8'), ('z', '>f8')]",
        record(Float64, true, [0, 16, 32, 40]),
    ),
    (
        "[('', '|V1'), ('x', '<i2'), ('y', '<i2'), ('z', '<i2'), ('', '|V3')]",
        record(Int16, false, [1, 3, 5, 10]),
    ),
    (
        "[('x', '|u1'), ('y', '|u1'), ('', '|V1'), ('z', '|u1'),]",
        record(Uint8, NATIVE, [0, 1, 3, 4]),
    ),
    (
        "[['x', '<f2'], ('y', 'half'), ('z', '<e')]",
        if NATIVE {
            None
        } else {
            record(Float16, false, [0, 2, 4, 6])
        },
    ),
    ("[('x', '<f4'), ('y', '<f4'), ('x', '<f4')]", None),
    ("[('x', '<f4'), ('y', '>f4'), ('z', '<f4')]", None),
    ("[('x', '<f4'), ('y', '<f4')]", None),
    (
        "[('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('', '|V18446744073709551615')]",
        None,
    ),
    ("'2f4'", None),
    ("('<f4', 2)", None),
    ("'>float32'", None),
    ("'|b1'", None),
    ("'<i16'", None),
    ("'<c8'", None),
    ("'<f16'", None),
    ("'f4,'", None),
    ("''", None),
    ("b'<f4'", None),
    ("[('x', '<f4')]", None),
    ("None", None),
];

const ORDERS: &[(&str, Option<bool>)] = &[
    ("True", Some(true)),
    ("False", Some(false)),
    ("(False)", Some(false)),
    ("0", None),
    ("None", None),
    ("'True'", None),
];

/// What may be between the parts of a header.
fn space(source: &mut Source<'_>) -> &'static str {
    let spaces = [
        "", "\n", "\t", "#'(\n", "\\\n", "\r\n", "\x0c", " \r ", "  ",
    ];
    match source.byte() {
        byte @ 200.. => spaces[usize::from(byte) % spaces.len()],
        _ => " ",
    }
}

/// A number, and whether it is one without the `L` of Python 2.
fn spelt(source: &mut Source<'_>, n: u64) -> (String, bool) {
    match source.byte() {
        249 => (format!("0x{n:X}"), true),
        250 => (format!("0O{n:o}"), true),
        251 => (format!("0b_{n:b}"), true),
        252 => (format!("+ {n}"), true),
        253 => (format!("({n})"), true),
        254 => (format!("{n}L"), false),
        255 => (format!("+{n} L"), false),
        _ => (n.to_string(), true),
    }
}

/// A key in one of the ways to write a string.
fn key(source: &mut Source<'_>, key: &str) -> String {
    match source.byte() {
        253 => format!("\"{key}\""),
        254 => format!("u'{key}'"),
        255 => {
            let parts = key.split_inclusive('r').map(|part| format!("'{part}'"));
            format!("({})", parts.collect::<String>())
        }
        _ => format!("'{key}'"),
    }
}

/// A shape, how it is written, and whether that is right in this version.
fn shape(source: &mut Source<'_>, version: u8) -> (Vec<u64>, String, bool) {
    let (mut shape, mut text, mut right) = (Vec::new(), "(".to_owned(), true);
    for _ in 0..source.byte() % 5 {
        let n = match source.byte() {
            0..100 => 3,
            100..200 => u64::from(source.byte() % 6),
            200..240 => u64::from(source.byte()),
            _ => source.bits(),
        };
        let (number, plain) = spelt(source, n);
        right &= plain || version < 3;
        text += &[space(source), &number, space(source), ","].concat();
        shape.push(n);
    }
    (shape, text + ")", right)
}

/// A header, and what it says if it is right.
fn header(source: &mut Source<'_>, version: u8) -> (String, Option<Said>) {
    let (descr, element) = source.one_of(TYPES);
    let (order, fortran) = source.one_of(ORDERS);
    let (shape, lengths, right) = shape(source, version);
    let values = [
        ("descr", descr),
        ("fortran_order", order),
        ("shape", &*lengths),
    ];
    let places = source.one_of(&[[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1]]);
    let mut text = String::from("{");
    let twice = source.byte();
    if twice >= 230 {
        // The last of equal keys counts.
        let (key, _) = values[usize::from(twice) % 3];
        let value = source.one_of(&["'<f4'", "True", "(3,)", "{1: [2]}", "-1.5e3j", "..."]);
        text += &format!("'{key}': {value}, ");
    }
    for (name, value) in places.map(|i| values[i]) {
        let key = key(source, name);
        let parts = [space(source), &key, space(source), ":", space(source)];
        text += &[&parts.concat(), value, ","].concat();
    }
    let said = element.zip(fortran).map(|(element, fortran)| Said {
        element,
        fortran,
        shape,
        start: 0,
    });
    (text + "}", said.filter(|_| right))
}

/// A file, and what is known of it.
pub(super) fn file(mut source: Source<'_>) -> (Vec<u8>, Known) {
    let version = source.one_of(&[1, 1, 2, 3, 0, 4]);
    let (mut text, said) = header(&mut source, version);
    text += &" ".repeat(usize::from(source.byte() % 64));
    text.push('\n');
    let change = source.byte();
    if change >= 200 {
        // One character is another.
        let at = source.below(text.len());
        let character = char::from(32 + source.byte() % 95);
        text.replace_range(at..=at, character.encode_utf8(&mut [0; 4]));
    }
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    match version {
        1 => file.extend((text.len() as u16).to_le_bytes()),
        _ => file.extend((text.len() as u32).to_le_bytes()),
    }
    file.extend(text.bytes());
    let start = file.len();
    let said = said.map(|said| Said { start, ..said });
    let lengths = said.iter().flat_map(|said| &said.shape);
    let size = said.as_ref().map_or(1, |said| said.element.size() as u64);
    let bytes = lengths.fold(size, |n, len| n.saturating_mul(*len));
    let data = source.rest();
    // Mostly as many as it says, repeated as need be; sometimes one less, or what there is.
    let given = match change % 4 {
        0 => data.len() as u64,
        1 => bytes.saturating_sub(1),
        _ => bytes,
    };
    let data = data.iter().copied().chain((0..=u8::MAX).cycle());
    file.extend(data.take(given.min(4096) as usize));
    let right = said.filter(|said| (1..=3).contains(&version) && said.is_within(file.len()));
    (file, (change < 200).then_some(right))
}
