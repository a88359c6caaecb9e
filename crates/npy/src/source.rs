//! Where the elements of an array are: in memory, in a file that is mapped, or in one that is read piece by piece.
//!
//! Separate because it knows files and nothing of arrays. A map is the fastest, and is as large as the file without taking
//! memory. Some file systems refuse it (shares of virtual machines, FUSE, network drives), then pieces are read. What cannot
//! be read twice (a pipe) is copied first: into memory if it is short, otherwise into a temporary file without a name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use memmap2::Mmap;
use tempfile::SpooledData;

/// Up to here, what comes through a pipe stays in memory.
const IN_MEMORY: usize = 16 << 20;
/// Bytes of a piece: a multiple of the size of every element, so that no element is in two.
const PIECE: usize = 1 << 16;
/// Pieces that are kept: 32 MiB, whatever the file has.
const MOST_PIECES: usize = 512;

/// The bytes of all elements.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    Given(&'a [u8]),
    Copied(Vec<u8>),
    Mapped { map: Mmap, start: usize },
    Pieces(Mutex<Pieces>),
}

/// The same, as an operand has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Data<'a> {
    Bytes(&'a [u8]),
    Pieces(&'a Mutex<Pieces>),
}

impl Source<'static> {
    /// The bytes of a file from `start` on, `len` of which are there.
    pub(crate) fn of_file(file: File, start: u64, len: usize) -> Self {
        #[expect(unsafe_code, reason = "files larger than memory, without copies")]
        // SAFETY: the map is read as bytes and numbers, for which any bits will do. If somebody else
        // truncates the file meanwhile, the system ends this process (SIGBUS), as the documentation says.
        let map = unsafe { Mmap::map(&file) };
        let end = usize::try_from(start).ok().and_then(|n| n.checked_add(len));
        match (map, end) {
            // It may have become shorter since its length was asked for.
            (Ok(map), Some(end)) if end <= map.len() => {
                let start = end - len;
                Self::Mapped { map, start }
            }
            // Why it cannot be mapped is no matter: if it cannot be read either, reading it says so.
            _ => Self::Pieces(Mutex::new(Pieces::new(file, start, len))),
        }
    }

    /// Copies the next `len` bytes, or as many as there are, and returns how many that is.
    ///
    /// # Errors
    /// They cannot be read, or there is no place for the copy.
    pub(crate) fn copy_of(file: &mut File, len: usize) -> Result<(Self, u64)> {
        let mut copy = tempfile::spooled_tempfile(IN_MEMORY);
        let mut bytes = BufReader::with_capacity(1 << 18, file.take(len as u64));
        let copied = io::copy(&mut bytes, &mut copy)
            .context("copying what comes through it to memory or a temporary file")?;
        let source = match copy.into_inner() {
            SpooledData::InMemory(bytes) => Self::Copied(bytes.into_inner()),
            SpooledData::OnDisk(file) => Self::of_file(file, 0, copied as usize),
        };
        Ok((source, copied))
    }
}

impl Source<'_> {
    /// The `len` bytes of the elements.
    pub(crate) fn data(&self, len: usize) -> Data<'_> {
        match self {
            Self::Given(bytes) => Data::Bytes(&bytes[..len]),
            Self::Copied(bytes) => Data::Bytes(&bytes[..len]),
            Self::Mapped { map, start } => Data::Bytes(&map[*start..start + len]),
            Self::Pieces(pieces) => Data::Pieces(pieces),
        }
    }
}

impl<'a> Data<'a> {
    /// All bytes, if they are in memory.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Pieces(_) => None,
        }
    }

    /// Lends what gives bytes of any place.
    pub(crate) fn with<T>(self, work: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        match self {
            Self::Bytes(bytes) => work(&mut Reader::Bytes(bytes)),
            Self::Pieces(pieces) => {
                // Whoever panicked while it was locked left pieces that are whole.
                let mut pieces = pieces.lock().unwrap_or_else(PoisonError::into_inner);
                work(&mut Reader::Pieces(&mut pieces))
            }
        }
    }
}

/// Gives bytes of any place.
pub(crate) enum Reader<'a> {
    Bytes(&'a [u8]),
    Pieces(&'a mut Pieces),
}

impl Reader<'_> {
    /// The bytes from `at` on, one element's or more.
    pub(crate) fn from(&mut self, at: usize) -> io::Result<&[u8]> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.get(at..).unwrap_or_default()),
            Self::Pieces(pieces) => pieces.from(at),
        }
    }
}

/// A part of a file, some pieces of which are in memory.
#[derive(Debug)]
pub(crate) struct Pieces {
    file: File,
    start: u64,
    len: usize,
    pieces: HashMap<usize, Box<[u8]>>,
}

impl Pieces {
    fn new(file: File, start: u64, len: usize) -> Self {
        Self {
            file,
            start,
            len,
            pieces: HashMap::new(),
        }
    }

    fn from(&mut self, at: usize) -> io::Result<&[u8]> {
        let number = at / PIECE;
        if self.pieces.len() >= MOST_PIECES && !self.pieces.contains_key(&number) {
            self.pieces.clear();
        }
        let piece = match self.pieces.entry(number) {
            Entry::Occupied(piece) => piece.into_mut(),
            Entry::Vacant(place) => {
                let first = number * PIECE;
                let mut piece = vec![0; PIECE.min(self.len.saturating_sub(first))];
                let position = SeekFrom::Start(self.start + first as u64);
                self.file.seek(position)?;
                self.file.read_exact(&mut piece).map_err(shorter)?;
                place.insert(piece.into_boxed_slice())
            }
        };
        Ok(piece.get(at % PIECE..).unwrap_or_default())
    }
}

/// An error that says what has happened to the file.
fn shorter(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => io::Error::new(
            ErrorKind::UnexpectedEof,
            "truncated while it was read: it is shorter than before",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// More pieces than are kept, and half of one.
    #[test]
    fn every_piece_is_read_again_after_it_was_given_up() {
        let len = (MOST_PIECES + 3) * PIECE + PIECE / 2;
        let word = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"start").expect("written");
        let bytes: Vec<u8> = (0..len)
            .step_by(8)
            .flat_map(|at| word(at).to_le_bytes())
            .collect();
        file.write_all(&bytes).expect("written");
        let mut pieces = Pieces::new(file, 5, len);
        for round in 0..2 {
            for at in (0..len)
                .step_by(PIECE / 2)
                .chain([8, len - 8, PIECE - 8, PIECE])
            {
                let got = pieces.from(at).expect("there");
                assert_eq!(got[..8], word(at).to_le_bytes(), "at {at}, round {round}");
                assert!(pieces.pieces.len() <= MOST_PIECES, "kept");
            }
        }
        assert_eq!(pieces.from(len - 8).expect("there").len(), 8, "the last");
    }

    #[test]
    fn a_file_that_becomes_shorter_is_an_error() {
        let file = tempfile::tempfile().expect("a file");
        file.set_len(3 * PIECE as u64).expect("a length");
        let mut pieces = Pieces::new(file, 0, 3 * PIECE);
        assert!(pieces.from(PIECE).is_ok(), "still there");
        pieces.file.set_len(PIECE as u64).expect("shorter");
        let error = pieces.from(2 * PIECE).expect_err("gone").to_string();
        assert!(error.starts_with("truncated while it was read"), "{error}");
    }

    #[test]
    fn a_copy_is_whole_in_memory_and_beyond() {
        for len in [0, 5, IN_MEMORY, IN_MEMORY + 1, IN_MEMORY + PIECE] {
            let mut file = tempfile::tempfile().expect("a file");
            let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            file.write_all(&bytes).expect("written");
            file.rewind().expect("from the beginning");
            let (source, copied) = Source::copy_of(&mut file, len + 1).expect("a copy");
            assert_eq!(copied, len as u64, "all there is");
            assert_eq!(
                matches!(source, Source::Copied(_)),
                len <= IN_MEMORY,
                "{len}"
            );
            let data = source.data(len).bytes().expect("in memory or mapped");
            assert!(data == bytes, "{len} bytes");
        }
    }
}
