//! The header of a PLY file: which elements follow it, how many, and what each of them consists of.
//!
//! Names are any words and comments any bytes. A line that is no statement of the format is passed over and
//! remembered, since what it is about may be missing then.

use anyhow::{Context, Result, bail, ensure};

use crate::text::{Lines, Words, check_encoding, shown, unmarked};

/// What the last line of a header is.
const END: &[u8] = b"end_header";

/// How the elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Ascii,
    Little,
    Big,
}

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Type {
    fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"char" | b"int8" | b"i1" => Self::I8,
            b"uchar" | b"uint8" | b"u1" => Self::U8,
            b"short" | b"int16" | b"i2" => Self::I16,
            b"ushort" | b"uint16" | b"u2" => Self::U16,
            b"int" | b"int32" | b"i4" => Self::I32,
            b"uint" | b"uint32" | b"u4" => Self::U32,
            b"int64" | b"i8" => Self::I64,
            b"uint64" | b"u8" => Self::U64,
            b"float" | b"float32" | b"f4" => Self::F32,
            b"double" | b"float64" | b"f8" => Self::F64,
            _ => return None,
        })
    }

    /// The bytes of one in a binary file.
    pub(super) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    pub(super) fn is_integer(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }

    /// The least and the greatest integer of the type, as far as `i64` has them.
    pub(super) fn range(self) -> (i64, i64) {
        match self {
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, i64::MAX),
            Self::I64 | Self::F32 | Self::F64 => (i64::MIN, i64::MAX),
        }
    }
}

/// One number, or as many as the first one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar(Type),
    List(Type, Type),
}

#[derive(Debug)]
pub(super) struct Property<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: Kind,
    pub(super) line: usize,
}

impl Property<'_> {
    /// The name for a message.
    pub(super) fn shown(&self) -> String {
        shown(self.name)
    }
}

#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a [u8],
    pub(super) count: u64,
    pub(super) properties: Vec<Property<'a>>,
    pub(super) line: usize,
}

impl Element<'_> {
    /// The name for a message.
    pub(super) fn shown(&self) -> String {
        shown(self.name)
    }

    /// The one property that has one of these names, if there is one.
    pub(super) fn column(&self, names: &[&[u8]]) -> Result<Option<usize>> {
        let mut found = self
            .properties
            .iter()
            .enumerate()
            .filter(|(_, p)| names.contains(&p.name));
        let first = found.next();
        if let Some((_, second)) = found.next() {
            let first = first.map(|(_, p)| p.shown()).unwrap_or_default();
            let (line, name, element) = (second.line, second.shown(), self.shown());
            bail!(
                "line {line}: the element '{element}' has the property '{name}' and the property '{first}', or one twice"
            );
        }
        Ok(first.map(|(column, _)| column))
    }
}

/// What a header says, and what is behind it.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) encoding: Encoding,
    pub(super) elements: Vec<Element<'a>>,
    /// The first line that is no statement of the format.
    unknown: Option<(usize, &'a [u8])>,
    /// At the first line behind the header.
    pub(super) payload: Lines<'a>,
}

impl<'a> Header<'a> {
    pub(super) fn parse(file: &'a [u8]) -> Result<Self> {
        check_encoding(file)?;
        let is_last = |line: &[u8]| Words(line).next() == Some(END);
        let mut lines = Lines::of_header(unmarked(file), is_last);
        let mut words = Words(lines.next().unwrap_or_default());
        let magic = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(b"ply"));
        ensure!(
            magic && words.next().is_none(),
            "does not begin with a line 'ply', expected a PLY file"
        );
        let mut header = Self {
            encoding: Encoding::Ascii,
            elements: Vec::new(),
            unknown: None,
            payload: lines,
        };
        let mut encoding = None;
        loop {
            let line = header
                .payload
                .next()
                .context("header truncated: no line 'end_header'")?;
            let number = header.payload.number();
            let read = header.read_statement(line, &mut encoding);
            if read.with_context(|| format!("header, line {number}"))? {
                break;
            }
        }
        header.encoding = encoding.context("the header has no line 'format'")?;
        Ok(header)
    }

    /// Whether it is the last.
    fn read_statement(&mut self, line: &'a [u8], encoding: &mut Option<Encoding>) -> Result<bool> {
        let mut words = Words(line);
        let number = self.payload.number();
        match words.next() {
            None | Some(b"comment" | b"obj_info") => {}
            Some(END) => return Ok(true),
            Some(b"format") => {
                ensure!(encoding.is_none(), "a second line 'format'");
                *encoding = Some(format(words)?);
            }
            Some(b"element") => self.elements.push(element(words, number)?),
            Some(b"property") => {
                let element = self.elements.last_mut();
                let element = element.context("a property before the first element")?;
                element.properties.push(property(words, number)?);
            }
            Some(word) => {
                self.unknown.get_or_insert((number, word));
            }
        }
        Ok(false)
    }

    /// The first line that is no statement of the format, if there is one, for a message.
    pub(super) fn unknown(&self) -> Option<String> {
        let (line, word) = self.unknown?;
        Some(format!(
            "line {line} of the header, '{}', is no statement of PLY",
            shown(word)
        ))
    }
}

fn format(mut words: Words<'_>) -> Result<Encoding> {
    let (name, version) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    ensure!(
        version == b"1.0" && words.next().is_none(),
        "format '{}' of version '{}', expected 1.0",
        shown(name),
        shown(version)
    );
    match name {
        b"ascii" => Ok(Encoding::Ascii),
        b"binary_little_endian" => Ok(Encoding::Little),
        b"binary_big_endian" => Ok(Encoding::Big),
        _ => bail!(
            "format '{}', expected ascii, binary_little_endian or binary_big_endian",
            shown(name)
        ),
    }
}

fn element<'a>(words: Words<'a>, line: usize) -> Result<Element<'a>> {
    let words: Vec<_> = words.take(3).collect();
    let [name, count] = words[..] else {
        bail!("expected 'element NAME COUNT'");
    };
    let parsed = str::from_utf8(count)
        .ok()
        .and_then(|count| count.parse().ok());
    let count = parsed.with_context(|| {
        format!(
            "'{}', expected how many of '{}' there are",
            shown(count),
            shown(name)
        )
    })?;
    Ok(Element {
        name,
        count,
        properties: Vec::new(),
        line,
    })
}

fn property<'a>(words: Words<'a>, line: usize) -> Result<Property<'a>> {
    let words: Vec<_> = words.take(5).collect();
    let of = |name: &[u8]| {
        let found = Type::of(name);
        found.with_context(|| format!("'{}', expected a type of PLY", shown(name)))
    };
    let (name, kind) = match words[..] {
        [b"list", len, item, name] => (name, Kind::List(of(len)?, of(item)?)),
        [scalar, name] => (name, Kind::Scalar(of(scalar)?)),
        _ => bail!("expected 'property TYPE NAME' or 'property list TYPE TYPE NAME'"),
    };
    Ok(Property { name, kind, line })
}

/// Whether a file of which `found` bytes are left is long enough for so many elements; `least`: for the bytes that a
/// property has at least.
pub(super) fn check_count(
    element: &Element<'_>,
    least: impl Fn(Kind) -> usize,
    found: usize,
) -> Result<()> {
    let (name, count) = (element.shown(), element.count);
    let least: usize = element.properties.iter().map(|p| least(p.kind)).sum();
    ensure!(
        count == 0 || least > 0,
        "line {}: the header has {count} of '{name}' without properties",
        element.line
    );
    let needed = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(least));
    ensure!(
        needed.is_some_and(|needed| needed <= found),
        "truncated: {count} of '{name}' need at least {least} bytes each, the file has {found} for all"
    );
    Ok(())
}
