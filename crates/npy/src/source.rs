//! Where the elements of an array are: in memory, in a file that is mapped, or in one that is read piece by piece.
//!
//! Separate because it knows files and nothing of arrays. A map is the fastest, and is as large as the file without taking
//! memory. Some file systems refuse it (shares of virtual machines, FUSE, network drives), then pieces are read. What cannot
//! be read twice (a pipe) is copied first: into memory if it is short, otherwise into a temporary file without a name.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use memmap2::Mmap;
use tempfile::SpooledData;

/// Up to here, what comes through a pipe stays in memory.
const IN_MEMORY: usize = 16 << 20;
/// Bytes of a piece at most.
const PIECE: usize = 1 << 18;
/// Bytes between two elements that are read with them: as many as take about as long as another call.
const GAP: usize = 1 << 12;

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
            _ => Self::Pieces(Mutex::new(Pieces::new(file, start))),
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
}

/// An element that is wanted: its first byte, and what it is to the one who wants it.
pub(crate) type Wanted = (usize, usize);

/// A part of a file, pieces of which are read.
#[derive(Debug)]
pub(crate) struct Pieces {
    file: File,
    start: u64,
    piece: Vec<u8>,
    #[cfg(test)]
    bytes_read: usize,
}

impl Pieces {
    fn new(file: File, start: u64) -> Self {
        Self {
            file,
            start,
            piece: Vec::new(),
            #[cfg(test)]
            bytes_read: 0,
        }
    }

    /// That of whoever is the next to read.
    pub(crate) fn lock(pieces: &Mutex<Self>) -> MutexGuard<'_, Self> {
        // Who panicked while it was locked left a piece that nobody looks at again.
        pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `take` the bytes of all wanted elements, each of `size` bytes, in the order of the file: so no byte is read twice,
    /// in whatever order they are wanted.
    pub(crate) fn each(
        &mut self,
        size: usize,
        wanted: &mut [Wanted],
        mut take: impl FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        // Stable, because that is fast where there are few ascending runs, as there are.
        wanted.sort_by_key(|(at, _)| *at);
        let mut rest = &*wanted;
        while let Some(&(first, _)) = rest.first() {
            let mut end = first + size;
            let near = |(at, _): &&Wanted| {
                let near = at.saturating_sub(end) <= GAP && at + size - first <= PIECE;
                end = if near { at + size } else { end };
                near
            };
            let (here, beyond) = rest.split_at(rest.iter().take_while(near).count().max(1));
            self.read(first, end - first)?;
            for (at, which) in here {
                take(*which, &self.piece[at - first..][..size])?;
            }
            rest = beyond;
        }
        Ok(())
    }

    fn read(&mut self, first: usize, len: usize) -> io::Result<()> {
        self.piece.resize(len, 0);
        #[cfg(test)]
        (self.bytes_read += len);
        let position = SeekFrom::Start(self.start + first as u64);
        self.file.seek(position)?;
        self.file.read_exact(&mut self.piece).map_err(shorter)
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

    fn word(at: usize) -> [u8; 8] {
        (at as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_le_bytes()
    }

    /// Wants these of a file of 171 columns, each longer than a gap; the bytes that were read for it.
    fn gather(rows: usize, order: impl Iterator<Item = usize>) -> usize {
        const COLUMNS: usize = 171;
        let bytes: Vec<u8> = (0..rows * COLUMNS).flat_map(word).collect();
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"start").expect("written");
        file.write_all(&bytes).expect("written");
        let mut pieces = Pieces::new(file, 5);
        let mut wanted: Vec<Wanted> = order.map(|i| (8 * i, i)).collect();
        let (len, mut taken) = (wanted.len(), 0);
        let take = |i: usize, bytes: &[u8]| {
            assert_eq!(bytes, word(i), "element {i}");
            taken += 1;
            Ok(())
        };
        pieces.each(8, &mut wanted, take).expect("there");
        assert_eq!(taken, len, "each once");
        assert!(pieces.piece.capacity() <= 2 * PIECE, "one piece at a time");
        pieces.bytes_read
    }

    #[test]
    fn nothing_is_read_twice_in_whatever_order_it_is_wanted() {
        let rows = 1500;
        let row_by_row = |i| i % 171 * rows + i / 171;
        let some = gather(rows, (0..171 * 10).map(row_by_row));
        assert_eq!(some, 8 * 171 * 10, "no more than is wanted");
        let len = 171 * rows;
        assert_eq!(gather(rows, (0..len).map(row_by_row)), 8 * len, "all");
        assert_eq!(gather(rows, (0..len).rev()), 8 * len, "backwards");
        let every_third = gather(rows, (0..len).step_by(3));
        assert!(every_third > 7 * len, "with what is between them");
        assert_eq!(gather(rows, [7; 100].into_iter()), 8, "one");
        assert_eq!(gather(rows, [].into_iter()), 0, "none");
    }

    #[test]
    fn a_file_that_becomes_shorter_is_an_error() {
        let file = tempfile::tempfile().expect("a file");
        file.set_len(3 * PIECE as u64).expect("a length");
        let mut pieces = Pieces::new(file, 0);
        let read = |pieces: &mut Pieces, at| pieces.each(8, &mut [(at, 0)], |_, _| Ok(()));
        assert!(read(&mut pieces, PIECE).is_ok(), "still there");
        pieces.file.set_len(PIECE as u64).expect("shorter");
        let error = read(&mut pieces, 2 * PIECE).expect_err("gone").to_string();
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
