//! PLY, as text and binary of either byte order, read by ply-rs-bw.
//!
//! Element by element, straight into the mesh. What that crate would take from a file unchecked is checked
//! before: whether there can be as many elements as the header says, and that it says nothing twice.

use std::io::{BufRead, ErrorKind};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use ply_rs_bw::parser::{ParseError, Parser, Reader};
use ply_rs_bw::ply::{
    ElementDef, Encoding, Header, Property, PropertyAccess, PropertyAccessResult, PropertyDef,
    PropertyType, ScalarType,
};

use super::{Faces, Mesh, Vertices, number, shown, words};

/// What others call the vertices of a face.
const CORNERS: [&str; 2] = ["vertex_indices", "vertex_index"];

pub(super) fn read(file: &[u8]) -> Result<Mesh> {
    ensure!(
        file.starts_with(b"ply"),
        "does not begin with 'ply', expected a PLY file"
    );
    let mut reader = Reader::new(file);
    let header = Parser::<Other>::new().read_header(&mut reader);
    let header = header.map_err(explained).context("header")?;
    let mut payload = Payload {
        encoding: header.encoding,
        line: reader.line(),
        rest: reader.into_inner(),
    };
    let text = &file[..file.len() - payload.rest.len()];
    check_unique(&header, text)?;
    let mut vertices = vertices(&header)?;
    let mut faces = Faces::new(0);
    for element in header.elements.values() {
        match &*element.name {
            "vertex" => payload.read(element, |Position(v), _| vertices.push(v)),
            "face" => {
                check_face(element)?;
                payload.read(element, |face: Corners, line| {
                    faces.push(&face.index()?, line)
                })
            }
            _ => payload.read(element, |Other, _| Ok(())),
        }?;
    }
    let behind = payload.rest.trim_ascii().len();
    ensure!(behind == 0, "{behind} bytes behind the last element");
    faces.finish(vertices)
}

/// The header has no element twice, and no element a property twice: of these the parser would forget one.
fn check_unique(header: &Header, text: &[u8]) -> Result<()> {
    let lines = |keyword: &[u8]| {
        let lines = text.split(|&byte| byte == b'\n');
        lines.filter(|line| line.starts_with(keyword)).count()
    };
    let properties = header.elements.values().map(|e| e.properties.len());
    ensure!(
        lines(b"element") == header.elements.len()
            && lines(b"property") == properties.sum::<usize>(),
        "the header has an element or a property twice"
    );
    Ok(())
}

/// No vertices yet, of the type that the header describes.
fn vertices(header: &Header) -> Result<Vertices> {
    let vertex = header.elements.get("vertex");
    let vertex = vertex.context("the header has no element 'vertex'")?;
    let mut single = true;
    for name in ["x", "y", "z"] {
        match vertex.properties.get(name).map(|p| &p.data_type) {
            Some(PropertyType::Scalar(scalar)) => single &= *scalar == ScalarType::Float,
            Some(_) => bail!("property '{name}' of the vertices is a list, expected a number"),
            None => bail!("the vertices have no property '{name}'"),
        }
    }
    Ok(if single {
        Vertices::F32(Vec::new())
    } else {
        Vertices::F64(Vec::new())
    })
}

fn check_face(face: &ElementDef) -> Result<()> {
    let corners = CORNERS.iter().find_map(|name| face.properties.get(*name));
    let corners = corners.context("the faces have no property 'vertex_indices'")?;
    let PropertyDef { name, data_type } = corners;
    let float = |t: &ScalarType| matches!(t, ScalarType::Float | ScalarType::Double);
    match data_type {
        PropertyType::List(len, index) if !float(len) && !float(index) => Ok(()),
        _ => bail!("property '{name}' of the faces is not a list of integers"),
    }
}

/// What is behind the header.
struct Payload<'a> {
    encoding: Encoding,
    /// The line that is next, where there are lines.
    line: usize,
    rest: &'a [u8],
}

impl Payload<'_> {
    /// Gives all elements of a kind away, each with its line if it has one.
    fn read<E: PropertyAccess>(
        &mut self,
        kind: &ElementDef,
        mut take: impl FnMut(E, Option<usize>) -> Result<()>,
    ) -> Result<()> {
        self.check_count(kind)?;
        for i in 0..kind.count {
            let element = self.next(kind);
            let line = (self.encoding == Encoding::Ascii).then(|| self.line - 1);
            element
                .and_then(|element| take(element, line))
                .with_context(|| {
                    let line = line.map(|line| format!("line {line}, "));
                    format!("{}{} {i}", line.unwrap_or_default(), kind.name)
                })?;
        }
        Ok(())
    }

    /// Whether the file is long enough for so many elements.
    fn check_count(&self, kind: &ElementDef) -> Result<()> {
        let ElementDef { name, count, .. } = kind;
        let types = kind.properties.values().map(|p| &p.data_type);
        let least: usize = match self.encoding {
            // A digit and what separates it from the next, of which the last has none.
            Encoding::Ascii => types.map(|_| 2).sum(),
            _ => types.map(least).sum(),
        };
        ensure!(
            *count == 0 || least > 0,
            "the header has {count} of '{name}' without properties"
        );
        let found = self.rest.len();
        ensure!(
            count
                .checked_mul(least)
                .is_some_and(|least| least <= found + 1),
            "truncated: {count} of '{name}' need at least {least} bytes each, the file has {found} for all"
        );
        Ok(())
    }

    fn next<E: PropertyAccess>(&mut self, kind: &ElementDef) -> Result<E> {
        let (parser, rest) = (Parser::new(), &mut self.rest);
        match self.encoding {
            Encoding::BinaryBigEndian => parser.read_big_endian_element(rest, kind),
            Encoding::BinaryLittleEndian => parser.read_little_endian_element(rest, kind),
            Encoding::Ascii => {
                let line = self.next_line()?;
                let element = parser.read_ascii_element(&line, kind);
                if element.is_ok() {
                    check_end(line.as_bytes(), kind)?;
                }
                element
            }
        }
        .map_err(explained)
    }

    /// The next line that is not blank.
    fn next_line(&mut self) -> Result<String> {
        let mut line = String::new();
        while line.trim_ascii().is_empty() {
            line.clear();
            self.line += 1;
            let read = self.rest.read_line(&mut line).context("not text")?;
            ensure!(read > 0, "truncated: the file ends before it");
        }
        Ok(line)
    }
}

/// Nothing is behind the element on its line, which was read. The parser would not look.
fn check_end(line: &[u8], kind: &ElementDef) -> Result<()> {
    let mut words = words(line);
    for property in kind.properties.values() {
        let first = words.next().unwrap_or_default();
        if let PropertyType::List(..) = property.data_type {
            for _ in 0..number::<usize>(first)? {
                words.next();
            }
        }
    }
    match words.next() {
        Some(word) => bail!("'{}' behind its last property", shown(word)),
        None => Ok(()),
    }
}

/// The bytes that a property has at least.
fn least(property: &PropertyType) -> usize {
    let (PropertyType::Scalar(first) | PropertyType::List(first, _)) = property;
    match first {
        ScalarType::Char | ScalarType::UChar => 1,
        ScalarType::Short | ScalarType::UShort => 2,
        ScalarType::Int | ScalarType::UInt | ScalarType::Float => 4,
        ScalarType::Double => 8,
    }
}

/// The first line of what the parser says; the others repeat the file.
fn explained(error: ParseError) -> Error {
    let truncated = error.kind() == ErrorKind::UnexpectedEof;
    let error = ParseError::to_string(&error);
    let line = error.lines().next().unwrap_or_default().to_owned();
    if truncated {
        anyhow!("truncated: the file ends before its end")
    } else {
        anyhow!(line)
    }
}

/// An element of which nothing is of interest.
struct Other;

impl PropertyAccess for Other {
    fn new() -> Self {
        Self
    }
}

struct Position([f64; 3]);

impl PropertyAccess for Position {
    fn new() -> Self {
        Self([0.0; 3])
    }

    fn set_property(&mut self, name: &str, property: Property) -> PropertyAccessResult {
        let k = match name {
            "x" => 0,
            "y" => 1,
            "z" => 2,
            _ => return PropertyAccessResult::Ignored,
        };
        self.0[k] = match property {
            Property::Char(x) => x.into(),
            Property::UChar(x) => x.into(),
            Property::Short(x) => x.into(),
            Property::UShort(x) => x.into(),
            Property::Int(x) => x.into(),
            Property::UInt(x) => x.into(),
            Property::Float(x) => x.into(),
            Property::Double(x) => x,
            _ => return PropertyAccessResult::UnsupportedType,
        };
        PropertyAccessResult::Set
    }
}

/// The vertices of a face, if none of them is negative.
struct Corners(Option<Vec<u32>>);

impl Corners {
    fn index(self) -> Result<Vec<u32>> {
        self.0.context("a vertex that is negative")
    }
}

impl PropertyAccess for Corners {
    fn new() -> Self {
        Self(None)
    }

    fn set_property(&mut self, name: &str, property: Property) -> PropertyAccessResult {
        if !CORNERS.contains(&name) {
            return PropertyAccessResult::Ignored;
        }
        self.0 = property.to_u32_list();
        PropertyAccessResult::Set
    }
}
