//! The elements of a PLY file that is a text: one on each line that is not blank.

use anyhow::{Context, Result, bail, ensure};

use super::Wanted;
use super::header::{Element, Header, Kind, Type};
use crate::text::{Lines, Words, integer, is_space, number, shown};

pub(super) struct Rows<'a> {
    lines: Lines<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(header: &Header<'a>) -> Self {
        Self {
            lines: header.payload.clone(),
        }
    }

    fn next_line(&mut self) -> Result<Words<'a>> {
        for line in self.lines.by_ref() {
            if !line.iter().all(|&byte| is_space(byte)) {
                return Ok(Words(line));
            }
        }
        bail!("truncated: the file ends before it");
    }
}

impl<'a> super::Rows<'a> for Rows<'a> {
    fn next(&mut self, element: &Element<'a>, wanted: &mut Wanted<'a, '_>) -> Result<()> {
        let mut words = self.next_line()?;
        for (column, property) in element.properties.iter().enumerate() {
            let missing = || format!("the line ends before property '{}'", property.shown());
            let word = words.next().with_context(missing)?;
            match property.kind {
                Kind::Scalar(kind) => {
                    if let Wanted::Position { at, value, words } = wanted {
                        for k in 0..3 {
                            if at[k] == column {
                                value[k] = coordinate(word, kind)?;
                                words[k] = word;
                            }
                        }
                    }
                }
                Kind::List(len, item) => read_list(&mut words, word, [len, item], column, wanted)?,
            }
        }
        match words.next() {
            Some(word) => bail!("'{}' behind its last property", shown(word)),
            None => Ok(()),
        }
    }

    /// A digit and what separates it from the next, of which the last has none.
    fn check_count(&self, element: &Element<'a>) -> Result<()> {
        super::header::check_count(element, |_| 2, self.lines.rest().len() + 1)
    }

    fn line(&self) -> Option<usize> {
        Some(self.lines.number())
    }

    fn behind(&self) -> (usize, Option<usize>) {
        let mut lines = self.lines.clone();
        let mut rest = lines.rest();
        while let Some(line) = lines.next() {
            if !line.iter().all(|&byte| is_space(byte)) {
                let end = rest.iter().rposition(|&byte| !is_space(byte));
                return (end.map_or(0, |end| end + 1), Some(lines.number()));
            }
            rest = lines.rest();
        }
        (0, None)
    }
}

/// The items of a list whose first word, their number, was taken.
fn read_list<'a>(
    words: &mut Words<'a>,
    len: &[u8],
    [len_type, item_type]: [Type; 2],
    column: usize,
    wanted: &mut Wanted<'a, '_>,
) -> Result<()> {
    let len = integer_of(len, len_type)?;
    ensure!(len >= 0, "a list of {len} items, expected none or more");
    let mut wanted = match wanted {
        Wanted::List { at, items } if *at == column => Some(items),
        _ => None,
    };
    for i in 0..len {
        let missing = || format!("the line ends after {i} of {len} list elements");
        let word = words.next().with_context(missing)?;
        if let Some(items) = &mut wanted {
            items.push(integer_of(word, item_type)?);
        }
    }
    Ok(())
}

/// An integer that the type has.
fn integer_of(word: &[u8], kind: Type) -> Result<i64> {
    let value = integer(word)?;
    let (least, greatest) = kind.range();
    ensure!(
        (least..=greatest).contains(&value),
        "'{}', expected an integer from {least} to {greatest}, which its property can be",
        shown(word)
    );
    Ok(value)
}

/// A number of the type, rounded once.
fn coordinate(word: &[u8], kind: Type) -> Result<f64> {
    match kind {
        Type::F32 => Ok(number::<f32>(word)?.into()),
        Type::F64 => number(word),
        _ => match number::<f64>(word)? {
            // The user is told of it if a face has it.
            value if !value.is_finite() => Ok(value),
            _ => integer_of(word, kind).map(|value| value as f64),
        },
    }
}
