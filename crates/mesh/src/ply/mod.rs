//! PLY, as text and binary of either byte order: the vertices, and the polygons and strips of triangles of it.
//!
//! A reader of its own, because that of others knows letters only in the names of properties, needs UTF-8 and line
//! feeds, reads every column as a number of its type, and allocates what the header promises. Of an element, the
//! columns of interest are read; the others are counted in a text, and passed over in a binary file. A text has one
//! element on each line that is not blank.

use anyhow::{Context, Result, bail, ensure};

use crate::builder::{Builder, Place, index};
use crate::text::counted;
use crate::{Mesh, Vertices};

mod ascii;
mod binary;
mod header;

use header::{Element, Encoding, Header, Kind, Type};

/// What others call the vertices of a face.
const CORNERS: [&[u8]; 2] = [b"vertex_indices", b"vertex_index"];

pub(crate) fn read(file: &[u8]) -> Result<Mesh> {
    let header = Header::parse(file)?;
    check_twice(&header)?;
    let mut mesh = Builder::new(vertices(&header)?, 0);
    match header.encoding {
        Encoding::Ascii => read_all(&header, &mut ascii::Rows::new(&header), &mut mesh)?,
        Encoding::Little => read_all(&header, &mut binary::Rows::<false>::new(&header), &mut mesh)?,
        Encoding::Big => read_all(&header, &mut binary::Rows::<true>::new(&header), &mut mesh)?,
    }
    check_other_elements(&header, &mut mesh)?;
    mesh.finish()
}

/// What an element has to do with the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Vertex,
    Face,
    Strips,
    Other,
}

impl Role {
    fn of(element: &Element<'_>) -> Self {
        match element.name {
            b"vertex" => Self::Vertex,
            b"face" => Self::Face,
            b"tristrips" => Self::Strips,
            _ => Self::Other,
        }
    }
}

/// The elements of a file, one after the other: as text, or as binary.
trait Rows<'a> {
    /// Reads the next element. The columns of `wanted` are put there.
    fn next(&mut self, element: &Element<'a>, wanted: &mut Wanted<'a, '_>) -> Result<()>;

    /// Reads all elements of a kind, one by one; an error names the element, and its line if there are lines.
    fn each(
        &mut self,
        element: &Element<'a>,
        mut read: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()>
    where
        Self: Sized,
    {
        for i in 0..element.count {
            read(self).with_context(|| {
                let line = self.line().map(|line| format!("line {line}, "));
                format!("{}{} {i}", line.unwrap_or_default(), element.shown())
            })?;
        }
        Ok(())
    }

    /// Passes over all elements of a kind.
    fn skip(&mut self, element: &Element<'a>) -> Result<()>
    where
        Self: Sized,
    {
        if self.skip_at_once(element)? {
            return Ok(());
        }
        self.each(element, |rows| rows.next(element, &mut Wanted::Nothing))
    }

    /// Passes over all elements of a kind, if they are equally long, and says whether they are.
    fn skip_at_once(&mut self, _: &Element<'a>) -> Result<bool> {
        Ok(false)
    }

    /// Refuses what cannot be there, since the file is too short.
    fn check_count(&self, element: &Element<'a>) -> Result<()>;

    /// The line of the element that was read last, if there are lines.
    fn line(&self) -> Option<usize>;

    /// What is behind the last element: how many bytes, and in which line.
    fn behind(&self) -> (usize, Option<usize>);
}

/// The columns of interest of one element.
enum Wanted<'a, 'b> {
    /// None.
    Nothing,
    /// Three numbers, in the columns `at`, and the words of them.
    Position {
        at: [usize; 3],
        value: [f64; 3],
        words: [&'a [u8]; 3],
    },
    /// The list in the column `at`.
    List { at: usize, items: &'b mut Vec<i64> },
}

fn read_all<'a>(
    header: &Header<'a>,
    rows: &mut impl Rows<'a>,
    mesh: &mut Builder<'a>,
) -> Result<()> {
    let mut items = Vec::new();
    for element in &header.elements {
        rows.check_count(element)?;
        match Role::of(element) {
            _ if element.count == 0 => {}
            Role::Other => rows.skip(element)?,
            Role::Vertex => {
                let at = columns(element)?;
                rows.each(element, |rows| read_vertex(element, at, rows, mesh))?;
            }
            role @ (Role::Face | Role::Strips) => {
                let at = list(element)?;
                rows.each(element, |rows| {
                    items.clear();
                    let items = &mut items;
                    rows.next(element, &mut Wanted::List { at, items })?;
                    match role {
                        Role::Strips => push_strips(items, element, at, rows.line(), mesh),
                        _ => push_face(items, rows.line(), mesh),
                    }
                })?;
            }
        }
    }
    note_behind(header, rows.behind(), mesh)
}

fn read_vertex<'a>(
    element: &Element<'a>,
    at: [usize; 3],
    rows: &mut impl Rows<'a>,
    mesh: &mut Builder<'a>,
) -> Result<()> {
    let mut wanted = Wanted::Position {
        at,
        value: [0.0; 3],
        words: [b""; 3],
    };
    rows.next(element, &mut wanted)?;
    if let Wanted::Position { value, words, .. } = wanted {
        let place = rows.line().map(|line| Place { line, words });
        mesh.vertex(value, place);
    }
    Ok(())
}

fn push_face(items: &[i64], line: Option<usize>, mesh: &mut Builder<'_>) -> Result<()> {
    let corners: Result<Vec<u32>> = items.iter().map(|&vertex| index(vertex)).collect();
    mesh.face(&corners?, line);
    Ok(())
}

/// Strips of triangles, each of which ends with -1: every corner from the third makes a triangle with the two before it,
/// of which the second, fourth... is turned round, so that all have the same side.
fn push_strips(
    items: &[i64],
    element: &Element<'_>,
    at: usize,
    line: Option<usize>,
    mesh: &mut Builder<'_>,
) -> Result<()> {
    // Where the type has no sign, -1 is its largest number: no file has as many vertices.
    let unsigned = matches!(element.properties[at].kind, Kind::List(_, Type::U32));
    let ends = |vertex: &i64| *vertex == -1 || unsigned && *vertex == i64::from(u32::MAX);
    for strip in items.split(ends).filter(|strip| !strip.is_empty()) {
        if strip.len() < 3 {
            // Not a triangle; its vertices are looked at all the same.
            push_face(strip, line, mesh)?;
        }
        for (i, triangle) in strip.windows(3).enumerate() {
            let [a, b, c] = [
                index(triangle[0])?,
                index(triangle[1])?,
                index(triangle[2])?,
            ];
            let turned = if i % 2 == 0 { [a, b, c] } else { [b, a, c] };
            mesh.face(&turned, line);
        }
    }
    Ok(())
}

/// A word about what is behind the last element, unless the header has a line that might have been about it.
fn note_behind(
    header: &Header<'_>,
    (bytes, line): (usize, Option<usize>),
    mesh: &mut Builder<'_>,
) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let line = line.map(|line| format!("line {line}: "));
    let line = line.unwrap_or_default();
    if let Some(unknown) = header.unknown() {
        let bytes = counted(bytes, "byte", "bytes");
        bail!("{line}{bytes} behind the last element, expected none, and {unknown}");
    }
    mesh.note_behind(&line, bytes, "element");
    Ok(())
}

/// The header has no element twice that is read.
fn check_twice(header: &Header<'_>) -> Result<()> {
    for role in [Role::Vertex, Role::Face, Role::Strips] {
        let mut elements = header.elements.iter().filter(|e| Role::of(e) == role);
        if let (Some(_), Some(second)) = (elements.next(), elements.next()) {
            bail!(
                "line {}: the element '{}' is there twice",
                second.line,
                second.shown()
            );
        }
    }
    Ok(())
}

/// No vertices yet, of the type that the header describes.
fn vertices(header: &Header<'_>) -> Result<Vertices> {
    let mut elements = header.elements.iter();
    let vertex = elements.find(|e| Role::of(e) == Role::Vertex);
    let vertex = vertex.context("the header has no element 'vertex'")?;
    let single = |k: usize| vertex.properties[k].kind == Kind::Scalar(Type::F32);
    Ok(if columns(vertex)?.into_iter().all(single) {
        Vertices::F32(Vec::new())
    } else {
        Vertices::F64(Vec::new())
    })
}

/// Which properties of the vertices are x, y and z.
fn columns(vertex: &Element<'_>) -> Result<[usize; 3]> {
    let mut columns = [0; 3];
    for (name, column) in ["x", "y", "z"].into_iter().zip(&mut columns) {
        *column = vertex.column(&[name.as_bytes()])?.with_context(|| {
            format!(
                "line {}: the vertices have no property '{name}'",
                vertex.line
            )
        })?;
        let property = &vertex.properties[*column];
        ensure!(
            matches!(property.kind, Kind::Scalar(_)),
            "line {}: property '{name}' of the vertices is a list, expected a number",
            property.line
        );
    }
    Ok(columns)
}

/// Which property of faces or strips are their corners.
fn list(element: &Element<'_>) -> Result<usize> {
    let (name, line) = (element.shown(), element.line);
    let column = element.column(&CORNERS)?;
    let column = column.with_context(|| {
        let names: Vec<_> = element.properties.iter().map(header::Property::shown).collect();
        let has = if names.is_empty() { "none".to_owned() } else { format!("'{}'", names.join("', '")) };
        format!("line {line}: the faces ('{name}') have no property 'vertex_indices' or 'vertex_index', but {has}")
    })?;
    let property = &element.properties[column];
    match property.kind {
        Kind::List(len, _) if len.is_integer() => Ok(column),
        _ => bail!(
            "line {}: property '{}' of the faces ('{name}') is not a list of integers",
            property.line,
            property.shown()
        ),
    }
}

/// What could be faces under another name is an error in a file that has no others, and said in one that has.
fn check_other_elements(header: &Header<'_>, mesh: &mut Builder<'_>) -> Result<()> {
    let no_faces = mesh.faces() == 0;
    if let Some(unknown) = header.unknown().filter(|_| no_faces) {
        bail!("no faces, and {unknown}");
    }
    for element in header.elements.iter().filter(|e| e.count > 0) {
        let Some(connectivity) = connectivity(element) else {
            continue;
        };
        let (line, name) = (element.line, element.shown());
        let what = format!(
            "line {line}: the element '{name}' has {connectivity}, which is not understood"
        );
        ensure!(!no_faces, "no faces, and {what}");
        mesh.notes.push(format!("{what} and left out"));
    }
    Ok(())
}

/// What of an element that is not read could be the corners of faces.
///
/// A list that is called as theirs are, whatever is in it. A list of integers, or three integers in columns of their
/// own, of any element but the vertices: an edge has two of them, and perhaps a number or so. Where the element is
/// called as faces are, any list and any three numbers.
fn connectivity(element: &Element<'_>) -> Option<String> {
    let role = Role::of(element);
    if matches!(role, Role::Face | Role::Strips) {
        return None;
    }
    let (is_other, is_faces) = (role == Role::Other, is_called_faces(element.name));
    let list = element.properties.iter().find(|p| match p.kind {
        Kind::List(_, item) => {
            is_faces || is_other && item.is_integer() || is_called_corners(p.name)
        }
        Kind::Scalar(_) => false,
    });
    if let Some(list) = list {
        let of = match list.kind {
            Kind::List(_, item) if item.is_integer() => "integers",
            _ => "numbers",
        };
        return Some(format!("a list of {of} '{}'", list.shown()));
    }
    let count = |is: fn(Type) -> bool| {
        let properties = element.properties.iter();
        let scalars = properties.filter(|p| matches!(p.kind, Kind::Scalar(scalar) if is(scalar)));
        scalars.count()
    };
    let integers = count(|scalar| scalar.is_integer() && scalar.size() > 1);
    if integers >= 3 && is_other && element.name != b"edge" {
        return Some(format!("{integers} integers"));
    }
    let numbers = count(|_| true);
    (numbers >= 3 && is_faces).then(|| format!("{numbers} numbers"))
}

/// Whether a list is called as that of the corners of a face is, in either case.
fn is_called_corners(name: &[u8]) -> bool {
    CORNERS.iter().any(|n| name.eq_ignore_ascii_case(n))
}

/// Whether an element is called as faces are: `faces`, `Face`, `polygon`, `triangles`, `tri`, `trifans`, `quads`...
fn is_called_faces(name: &[u8]) -> bool {
    let starts: [&[u8]; 4] = [b"face", b"poly", b"tri", b"quad"];
    let is = |start: &[u8]| {
        let found = name.get(..start.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    starts.into_iter().any(is)
}
