//! ASCII STL, word by word: a statement may be on any number of lines, and a line may have any number of statements.
//!
//! Names are the exception. They begin behind `solid` and `endsolid`, are any words, and end with the line, or where
//! a facet begins on the same line: the word `facet` that `normal`, `outer loop` or a vertex follows.

use anyhow::{Context, Result, bail, ensure};

use super::{Solid, begins_with};
use crate::Mesh;
use crate::builder::Place;
use crate::text::{Lines, Words, counted, number, shown};

/// What ends a text of DOS.
const DOS_END: u8 = 0x1a;

/// The solids of a text; `behind`: how many bytes are left out behind it.
pub(super) fn read(text: &[u8], behind: usize) -> Result<Mesh> {
    let mut reader = Reader {
        words: AllWords {
            lines: Lines::new(text),
            words: Words(b""),
        },
        within: Within::File,
        reopened: false,
        solid: Solid::new(),
        corners: Vec::new(),
        facets: 0,
        in_name: None,
    };
    while let Some(word) = reader.words.next() {
        let read = reader.read_statement(word);
        read.with_context(|| format!("line {}", reader.words.number()))?;
    }
    reader.solid.mesh.note_behind("", behind, "solid");
    reader.finish()
}

/// What the reader is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    File,
    Solid,
    Facet,
}

/// The words of a text, on whichever lines they are.
#[derive(Clone)]
struct AllWords<'a> {
    lines: Lines<'a>,
    /// The rest of the line.
    words: Words<'a>,
}

impl<'a> AllWords<'a> {
    /// The number of the line of the last word.
    fn number(&self) -> usize {
        self.lines.number()
    }

    /// Takes the next word if it is this one.
    fn take_word(&mut self, expected: &[u8]) -> bool {
        let here = self.clone();
        let found = self
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(expected));
        if !found {
            *self = here;
        }
        found
    }

    /// Whether what follows the word `facet` is what a facet consists of, and not the rest of a name.
    fn begins_facet(mut self) -> bool {
        self.take_word(b"normal")
            || self.take_word(b"outer") && self.take_word(b"loop")
            || self.take_word(b"vertex") && self.next().is_some_and(|x| number::<f32>(x).is_ok())
    }
}

impl<'a> Iterator for AllWords<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some(word) = self.words.next() {
                return Some(word);
            }
            self.words = Words(self.lines.next()?);
        }
    }
}

struct Reader<'a> {
    words: AllWords<'a>,
    within: Within,
    /// The name behind the last `endsolid` has the word `solid` in it.
    reopened: bool,
    solid: Solid<'a>,
    /// Those of the facet.
    corners: Vec<([f32; 3], Place<'a>)>,
    facets: usize,
    /// The first word that is a part of a name, and would be one of a facet elsewhere; and its line.
    in_name: Option<(usize, &'a [u8])>,
}

impl<'a> Reader<'a> {
    fn read_statement(&mut self, word: &'a [u8]) -> Result<()> {
        let is = |expected: &[u8]| word.eq_ignore_ascii_case(expected);
        let end = is(b"end");
        let within = match self.within {
            Within::File if self.reopened => Within::Solid,
            within => within,
        };
        match within {
            Within::File | Within::Solid if begins_with(word, b"solid") => {
                self.within = Within::Solid;
                self.pass_name();
            }
            Within::Solid if is(b"facet") => {
                self.within = Within::Facet;
                self.pass_normal()?;
            }
            Within::Solid
                if begins_with(word, b"endsolid") || end && self.words.take_word(b"solid") =>
            {
                self.within = Within::File;
                self.pass_name();
            }
            Within::Facet if is(b"outer") => {
                ensure!(self.words.take_word(b"loop"), "'outer' without 'loop'")
            }
            Within::Facet if is(b"vertex") => self.read_vertex()?,
            Within::Facet if is(b"endloop") || end && self.words.take_word(b"loop") => {}
            Within::Facet if is(b"endfacet") || end && self.words.take_word(b"facet") => {
                self.within = Within::Solid;
                self.end_facet()?;
            }
            Within::File if *word == [DOS_END] && self.words.clone().next().is_none() => {}
            _ => bail!("'{}' at a place where an STL file has none", shown(word)),
        }
        Ok(())
    }

    /// Passes over a name. The next solid may begin on the line of `endsolid`, as a part of the name as it were.
    fn pass_name(&mut self) {
        self.reopened = false;
        loop {
            let here = self.words.clone();
            let Some(word) = self.words.words.next() else {
                return;
            };
            let is = |expected: &[u8]| word.eq_ignore_ascii_case(expected);
            let facet = is(b"facet") && self.words.clone().begins_facet();
            let mut rest = self.words.words.clone();
            let solid = |word: &[u8]| word.eq_ignore_ascii_case(b"solid");
            let end = is(b"endsolid") || is(b"end") && rest.next().is_some_and(solid);
            if facet || end && (self.within == Within::Solid || self.reopened) {
                self.words = here;
                return;
            }
            self.reopened |= self.within == Within::File && is(b"solid");
            if is(b"vertex") || is(b"endfacet") {
                self.in_name.get_or_insert((self.words.number(), word));
            }
        }
    }

    /// The normal is of no interest, and others write it badly: it is counted only.
    fn pass_normal(&mut self) -> Result<()> {
        if !self.words.take_word(b"normal") {
            return Ok(());
        }
        for _ in 0..3 {
            let word = self.words.next().unwrap_or_default();
            let keyword = [
                &b"outer"[..],
                b"vertex",
                b"endfacet",
                b"end",
                b"facet",
                b"endloop",
            ];
            let ends = word.is_empty() || keyword.iter().any(|k| word.eq_ignore_ascii_case(k));
            ensure!(
                !ends,
                "'{}', expected 3 numbers behind 'normal'",
                shown(word)
            );
        }
        Ok(())
    }

    fn read_vertex(&mut self) -> Result<()> {
        let mut corner = [0.0; 3];
        let mut words = [&b""[..]; 3];
        for (x, place) in corner.iter_mut().zip(&mut words) {
            *place = self
                .words
                .next()
                .context("truncated: a vertex without 3 coordinates")?;
            *x = number(place)?;
        }
        ensure!(
            self.corners.len() < 3,
            "a facet of more than 3 corners, expected triangles"
        );
        let line = self.words.number();
        self.corners.push((corner, Place { line, words }));
        Ok(())
    }

    /// A facet that has fewer than three corners is left out.
    fn end_facet(&mut self) -> Result<()> {
        self.facets += 1;
        if let [a, b, c] = self.corners[..] {
            self.solid
                .push([a.0, b.0, c.0], [Some(a.1), Some(b.1), Some(c.1)])?;
        } else {
            self.solid.mesh.face(&[], None);
        }
        self.corners.clear();
        Ok(())
    }

    fn finish(self) -> Result<Mesh> {
        ensure!(
            self.within == Within::File,
            "truncated: no 'endsolid' at the end, line {}",
            self.words.number()
        );
        if let Some((line, word)) = self.in_name.filter(|_| self.facets == 0) {
            bail!(
                "no facets, and line {line}: '{}' in the name of a solid, expected facets on lines of their own",
                shown(word)
            );
        }
        ensure!(
            self.facets == 0 || self.solid.mesh.faces() > 0,
            "no facet has 3 corners, the file has {}",
            counted(self.facets, "facet", "facets")
        );
        self.solid.mesh.finish()
    }
}
