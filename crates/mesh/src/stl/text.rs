//! ASCII STL, word by word: a statement may be on any number of lines, and a line may have any number of statements.
//!
//! Names are the exception. They begin behind `solid` and `endsolid`, are any words, and end with the line, or where
//! `facet normal` begins on the same line.

use anyhow::{Context, Result, bail, ensure};

use super::{Solid, begins_with};
use crate::Mesh;
use crate::builder::Place;
use crate::text::{Lines, Words, number, shown};

/// The solids of a text; `behind`: how many bytes are left out behind it.
pub(super) fn read(text: &[u8], behind: usize) -> Result<Mesh> {
    let mut reader = Reader {
        lines: Lines::new(text),
        words: Words(b""),
        within: Within::File,
        reopened: false,
        solid: Solid::new(),
        corners: Vec::new(),
        facets: 0,
    };
    while let Some(word) = reader.next() {
        let read = reader.read_statement(word);
        read.with_context(|| format!("line {}", reader.lines.number()))?;
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

struct Reader<'a> {
    lines: Lines<'a>,
    /// The rest of the line.
    words: Words<'a>,
    within: Within,
    /// The name behind the last `endsolid` has the word `solid` in it.
    reopened: bool,
    solid: Solid<'a>,
    /// Those of the facet.
    corners: Vec<([f32; 3], Place<'a>)>,
    facets: usize,
}

impl<'a> Reader<'a> {
    /// The next word, on whichever line it is.
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some(word) = self.words.next() {
                return Some(word);
            }
            self.words = Words(self.lines.next()?);
        }
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, expected: &[u8]) -> bool {
        let (lines, words) = (self.lines.clone(), self.words.clone());
        let found = self
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(expected));
        if !found {
            (self.lines, self.words) = (lines, words);
        }
        found
    }

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
            Within::Solid if begins_with(word, b"endsolid") || end && self.take(b"solid") => {
                self.within = Within::File;
                self.pass_name();
            }
            Within::Facet if is(b"outer") => ensure!(self.take(b"loop"), "'outer' without 'loop'"),
            Within::Facet if is(b"vertex") => self.read_vertex()?,
            Within::Facet if is(b"endloop") || end && self.take(b"loop") => {}
            Within::Facet if is(b"endfacet") || end && self.take(b"facet") => {
                self.within = Within::Solid;
                self.end_facet()?;
            }
            _ => bail!("'{}' at a place where an STL file has none", shown(word)),
        }
        Ok(())
    }

    /// Passes over a name. The next solid may begin on the line of `endsolid`, as a part of the name as it were.
    fn pass_name(&mut self) {
        let mut words = std::mem::replace(&mut self.words, Words(b""));
        self.reopened = false;
        loop {
            let here = words.clone();
            let Some(word) = words.next() else {
                return;
            };
            let next = words.clone().next().unwrap_or_default();
            let is = |word: &[u8], expected: &[u8]| word.eq_ignore_ascii_case(expected);
            let facet = is(word, b"facet") && is(next, b"normal");
            let end = is(word, b"endsolid") || is(word, b"end") && is(next, b"solid");
            if facet || end && (self.within == Within::Solid || self.reopened) {
                self.words = here;
                return;
            }
            self.reopened |= self.within == Within::File && is(word, b"solid");
        }
    }

    /// The normal is of no interest, and others write it badly: it is counted only.
    fn pass_normal(&mut self) -> Result<()> {
        if !self.take(b"normal") {
            return Ok(());
        }
        for _ in 0..3 {
            let word = self.next().unwrap_or_default();
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
                .next()
                .context("truncated: a vertex without 3 coordinates")?;
            *x = number(place)?;
        }
        ensure!(
            self.corners.len() < 3,
            "a facet of more than 3 corners, expected triangles"
        );
        let line = self.lines.number();
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
            self.lines.number()
        );
        ensure!(
            self.facets == 0 || self.solid.mesh.faces() > 0,
            "no facet has 3 corners, and there are {} facets",
            self.facets
        );
        self.solid.mesh.finish()
    }
}
