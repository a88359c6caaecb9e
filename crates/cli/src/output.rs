//! Where results go: a file that is written whole or not at all (beside its name first, renamed when it is complete),
//! or a stream (standard output, a pipe, a device).
//!
//! Written with plain writes, not through a map, so that a full disk is an error and not a signal. What can be known before
//! the work is found out by [`Target::check`], [`Target::create`] and [`Output::reserve`].

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use crosslane_npy::{Component, Names};
use npyz::{DType, DTypeError, Field, Serialize, TypeWrite, WriterBuilder};
use tempfile::{NamedTempFile, TempPath};

mod system;
mod target;

pub(crate) use target::{Target, is_device};

/// A result that is being written.
#[derive(Debug)]
pub(crate) struct Output {
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Under a temporary name; dropped before [`Output::finish`], it is removed.
    Beside {
        path: PathBuf,
        file: NamedTempFile,
        force: bool,
    },
    Stream {
        file: File,
        written: u64,
    },
}

impl Output {
    /// A new file beside `path`, unless `path` is one that must not be replaced. For results that are always files.
    pub(crate) fn create(path: &Path, inputs: &[&Path], force: bool) -> Result<Self> {
        Target::check_file(path, inputs, force)?.create()
    }

    /// Whether it has to be written from its beginning to its end.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.place, Place::Stream { .. })
    }

    /// Reserves the place of a .npy file of this shape, and returns its header. With `fields`, its elements are records of three
    /// numbers of these names.
    pub(crate) fn reserve_array<T: Component>(
        &self,
        shape: &[u64],
        fields: Option<&Names>,
    ) -> Result<Vec<u8>> {
        let field = |name: &String| Field {
            name: name.clone(),
            dtype: T::default_dtype(),
        };
        let dtype = match fields {
            Some(names) => DType::Record(names.iter().map(field).collect()),
            None => T::default_dtype(),
        };
        let header = npyz::WriteOptions::<Row>::new().dtype(dtype).shape(shape);
        let header = header.writer(Vec::new()).write_header_only()?;
        let numbers = fields.map_or(1, |names| names.len() as u64);
        let elements = shape.iter().product::<u64>() * numbers;
        self.reserve(header.len() as u64 + elements * size_of::<T>() as u64)?;
        Ok(header)
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reserves so many bytes: a full disk is an error now, and not after the work, where the system can tell.
    fn reserve(&self, len: u64) -> Result<()> {
        match &self.place {
            Place::Beside { file, .. } => {
                system::reserve(file.as_file(), len).with_context(|| self.name.clone())
            }
            Place::Stream { .. } => Ok(()),
        }
    }

    /// Writes `bytes` at a place: of a stream, the place after what was written.
    pub(crate) fn write_at(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.place {
            Place::Beside { file, .. } => {
                let file = file.as_file_mut();
                file.seek(SeekFrom::Start(position))
                    .and_then(|_| file.write_all(bytes))
            }
            Place::Stream { file, written } => {
                assert_eq!(position, *written, "streams are written in order");
                *written += bytes.len() as u64;
                file.write_all(bytes)
            }
        };
        written.with_context(|| self.name.clone())
    }

    /// Gives the file its name once all of it is on the disk.
    pub(crate) fn finish(self) -> Result<()> {
        Self::finish_all(vec![self])
    }

    /// Gives several files their names, once all of them are on the disk. If one cannot have its name, those
    /// before it lose theirs again, unless they took the place of older files.
    pub(crate) fn finish_all(outputs: Vec<Self>) -> Result<()> {
        for Self { name, place } in &outputs {
            if let Place::Beside { file, .. } = place {
                let synced = system::sync(file.as_file());
                synced.with_context(|| name.clone())?;
            }
        }
        let mut new = Vec::new();
        for Self { name, place } in outputs {
            let Place::Beside { path, file, force } = place else {
                continue;
            };
            let is_new = fs::symlink_metadata(&path).is_err();
            if let Err(error) = rename(file.into_temp_path(), &path, force) {
                // Where one cannot be removed there is a greater problem, which the error tells of.
                new.into_iter().for_each(|path| drop(fs::remove_file(path)));
                return Err(error).context(name);
            }
            new.extend(is_new.then_some(path));
        }
        Ok(())
    }
}

/// An element of any type: npyz writes none, but wants to know one for the header.
struct Row;

impl Serialize for Row {
    type TypeWriter = Self;

    fn writer(_: &DType) -> Result<Self, DTypeError> {
        Ok(Self)
    }
}

impl TypeWrite for Row {
    type Value = Self;

    fn write_one<W: Write>(&self, _: W, _: &Self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives a file its name; `force`: in place of another. It is removed if that fails.
fn rename(file: TempPath, path: &Path, force: bool) -> io::Result<()> {
    if force {
        return Ok(file.persist(path)?);
    }
    let Err(error) = file.persist_noclobber(path) else {
        return Ok(());
    };
    // There is such a name, or the disk is full or broken, where another way would be another error.
    if !system::cannot_link(&error.error) {
        return Err(error.error);
    }
    // A file system without renaming that does not replace and without hard links: the name is taken first.
    File::create_new(path)?;
    let renamed = error.path.persist(path);
    renamed.map_err(|error| {
        drop(fs::remove_file(path));
        error.error
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_files_all_appear_or_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name);
        let create = |name| Output::create(&path(name), &[], false).expect("an output");
        let names = || fs::read_dir(directory.path()).expect("names").count();
        let outputs = vec![create("a"), create("b")];
        fs::write(path("b"), b"somebody's").expect("a file");
        let error = Output::finish_all(outputs).expect_err("there is a file");
        assert!(format!("{error:#}").starts_with(&path("b").display().to_string()));
        assert_eq!(fs::read(path("b")).expect("still there"), b"somebody's");
        assert_eq!(names(), 1, "no other file");
        fs::remove_file(path("b")).expect("removed");
        Output::finish_all(vec![create("a"), create("b")]).expect("both appear");
        assert_eq!(names(), 2);
    }

    #[test]
    fn every_name_that_a_file_can_have() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["a", "-", "é.npy", &"l".repeat(200), &"l".repeat(255)] {
            let path = directory.path().join(name);
            let mut output = Output::create(&path, &[], false).expect("an output");
            output.reserve(5).expect("a place");
            output.write_at(0, b"bytes").expect("written");
            output.finish().expect("named");
            assert_eq!(fs::read(&path).expect("there"), b"bytes", "{name}");
            assert!(Output::create(&path, &[], false).is_err(), "{name} twice");
        }
    }
}
