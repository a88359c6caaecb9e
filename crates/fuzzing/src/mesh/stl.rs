//! STL: any bytes, and texts and binary files with every freedom of that format.

use super::{Ends, Known, agrees, mark, noise, number, read, seldom, spelled};
use crate::source::Source;

type Facet = [[f32; 3]; 3];

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    match kind % 4 {
        1 => return text(Source::new(rest)),
        3 => return binary(Source::new(rest)),
        _ => {}
    }
    let mesh = read("file.stl", rest);
    if rest.starts_with(b"\x1f\x8b\x08") {
        return;
    }
    if let Some(facets) = simple_binary(rest).or_else(|| simple_text(rest)) {
        let mesh = mesh.expect("a file that a simpler reader reads");
        let mut known = Known::default();
        for facet in facets {
            push(&mut known, facet);
        }
        agrees(&mesh, &known.vertices, &known.faces);
    }
}

/// One more facet, each of whose corners is the first vertex that equals it, or a new one.
fn push(known: &mut Known, facet: Facet) {
    let face = facet.map(|corner| {
        let corner = corner.map(f64::from);
        let found = known.vertices.iter().position(|vertex| *vertex == corner);
        let index = found.unwrap_or(known.vertices.len());
        if found.is_none() {
            known.vertices.push(corner);
        }
        index as u32
    });
    known.face(&face);
}

fn finite(facets: Vec<Facet>) -> Option<Vec<Facet>> {
    let finite = facets
        .as_flattened()
        .as_flattened()
        .iter()
        .all(|x| x.is_finite());
    finite.then_some(facets)
}

/// The facets of a binary file that cannot be a text, and is as long as it should be.
fn simple_binary(file: &[u8]) -> Option<Vec<Facet>> {
    let count = file.get(80..84)?;
    let count = u32::from_le_bytes([count[0], count[1], count[2], count[3]]) as usize;
    if file.len() - 84 != count.checked_mul(50)? {
        return None;
    }
    let float = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let facet = |facet: usize| {
        let at = |corner: usize, k: usize| 84 + 50 * facet + 12 * (corner + 1) + 4 * k;
        [0, 1, 2].map(|corner| [0, 1, 2].map(|k| float(&file[at(corner, k)..])))
    };
    finite((0..count).map(facet).collect())
}

/// The facets of a text that is as the format's own description has it, in lower case and without a name.
fn simple_text(file: &[u8]) -> Option<Vec<Facet>> {
    let text = str::from_utf8(file)
        .ok()?
        .strip_prefix("solid\n")?
        .strip_suffix("endsolid\n")?;
    if text.contains(['\x0b', '\0']) {
        return None;
    }
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    let (facets, []) = words.as_chunks::<21>() else {
        return None;
    };
    let mut read = Vec::new();
    for words in facets {
        let right = words[..2] == ["facet", "normal"] && words[5..7] == ["outer", "loop"];
        if !right || words[19..] != ["endloop", "endfacet"] {
            return None;
        }
        let mut facet = [[0.0; 3]; 3];
        for (corner, words) in facet.iter_mut().zip(words[7..19].as_chunks::<4>().0) {
            let ["vertex", x, y, z] = *words else {
                return None;
            };
            *corner = [x.parse().ok()?, y.parse().ok()?, z.parse().ok()?];
        }
        // Words that are keywords are no normal.
        if words[2..5]
            .iter()
            .any(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            return None;
        }
        read.push(facet);
    }
    finite(read)
}

/// Some facets, of corners that are not all different.
fn facets(source: &mut Source<'_>) -> Vec<Facet> {
    let coordinate = |source: &mut Source<'_>| {
        let number = number(source, true) as f32;
        if number.is_finite() { number } else { -1.5 }
    };
    let corners: Vec<_> = (0..source.below(9) + 1)
        .map(|_| [0; 3].map(|_| coordinate(source)))
        .collect();
    let corner = |source: &mut Source<'_>| corners[source.below(corners.len())];
    (0..source.below(7))
        .map(|_| [0; 3].map(|_| corner(source)))
        .collect()
}

fn known(facets: &[Facet]) -> Known {
    let mut known = Known {
        single: true,
        ..Known::default()
    };
    for facet in facets {
        push(&mut known, *facet);
    }
    known
}

/// A text with its words on any lines.
fn text(mut source: Source<'_>) {
    let source = &mut source;
    let facets = facets(source);
    let mut known = known(&facets);
    let mut writer = Writer {
        upper: seldom(source, 4),
        ends: Ends::new(source),
        text: mark(source).to_vec(),
        // In a text without facets, words of them are no name.
        names: &NAMES[..if facets.is_empty() { 5 } else { NAMES.len() }],
    };
    writer.name(source, &["solid", "solid", "solidNAME"]);
    for facet in &facets {
        if seldom(source, 16) {
            writer.name(source, &["endsolid", "end solid", "endsolidNAME"]);
            writer.name(source, &["solid"]);
        }
        writer.facet(source, facet, 3);
        if seldom(source, 16) {
            let corners = source.below(3);
            writer.facet(source, &[[f32::NAN; 3]; 3], corners);
            known.short_faces += 1;
        }
    }
    writer.name(source, &["endsolid", "end solid", "endsolidNAME"]);
    known.check("file.stl", &writer.text, source);
}

/// What is behind the keywords of a solid.
const NAMES: [&str; 7] = [
    "",
    " a",
    " facet",
    " J\u{fc}rgen",
    " #",
    " endfacet loop",
    " vertex 1 2 3",
];

struct Writer {
    upper: bool,
    ends: Ends,
    text: Vec<u8>,
    names: &'static [&'static str],
}

impl Writer {
    /// A keyword or two, and a name up to the end of the line.
    fn name(&mut self, source: &mut Source<'_>, keywords: &[&str]) {
        let keyword = source.one_of(keywords);
        let mut words = keyword.split(' ').peekable();
        while let Some(word) = words.next() {
            self.word(source, word);
            if words.peek().is_none() {
                // The name is on the line of its keyword.
                let white = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\x0b';
                let end = self.text.iter().rposition(|byte| !white(byte));
                self.text.truncate(end.map_or(0, |end| end + 1));
            }
        }
        let name = source.one_of(self.names);
        self.text.extend(name.bytes());
        self.text.extend(self.ends.next(source).bytes());
    }

    /// Words of the format.
    fn words(&mut self, source: &mut Source<'_>, words: &str) {
        for word in words.split(' ') {
            self.word(source, word);
        }
    }

    /// A word, and white space behind it.
    fn word(&mut self, source: &mut Source<'_>, word: &str) {
        let word = if self.upper {
            word.to_uppercase()
        } else {
            word.to_owned()
        };
        self.text.extend(word.bytes());
        let gaps = [" ", "\n", "\t", "\r\n", "\r \x0b", "  "];
        self.text.extend(source.one_of(&gaps).bytes());
    }

    fn facet(&mut self, source: &mut Source<'_>, facet: &Facet, corners: usize) {
        let normal = source.one_of(&["facet normal 0 0 1", "facet normal nan -1.#IND x", "facet"]);
        self.words(source, normal);
        let is_loop = !seldom(source, 8);
        if is_loop {
            self.words(source, "outer loop");
        }
        for corner in &facet[..corners] {
            self.words(source, "vertex");
            for x in corner {
                let word = spelled(source, f64::from(*x), true);
                self.words(source, &word);
            }
        }
        if is_loop {
            let end = source.one_of(&["endloop", "end loop"]);
            self.words(source, end);
        }
        let end = source.one_of(&["endfacet", "end facet"]);
        self.words(source, end);
    }
}

/// A binary file, whose facets have attributes, or which has bytes behind it.
fn binary(mut source: Source<'_>) {
    let source = &mut source;
    let facets = facets(source);
    let mut known = known(&facets);
    let (extended, behind) = match source.byte() % 4 {
        0 => (true, 0),
        1 => (false, source.below(49)),
        _ => (false, 0),
    };
    // Never as a file of gzip begins; and where there is nothing but a header, not as a text.
    let starts = [&b" "[..], b"facet", b"solid", b"\xef\xbb\xbfsolid a"];
    let starts = &starts[..if facets.is_empty() { 2 } else { 4 }];
    let mut file = source.one_of(starts).to_vec();
    file.extend(noise(source));
    file.resize(80, source.one_of(b" \0"));
    file.extend((facets.len() as u32).to_le_bytes());
    let mut counted = 0;
    for facet in &facets {
        file.extend(source.bits().to_le_bytes());
        file.extend([source.byte(); 4]);
        file.extend(facet.as_flattened().iter().flat_map(|x| x.to_le_bytes()));
        let attribute = if extended {
            source.below(20)
        } else {
            source.below(1 << 16)
        };
        file.extend((attribute as u16).to_le_bytes());
        counted += attribute;
        if extended {
            file.extend((0..attribute).map(|_| source.byte()));
        }
    }
    // The counts must not say by chance what is behind.
    let behind = if behind == counted && behind > 0 {
        behind + 1
    } else {
        behind
    };
    file.extend((0..behind).map(|_| source.byte()));
    known.notes = usize::from(behind > 0);
    known.check("file.stl", &file, source);
}
