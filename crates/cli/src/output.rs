//! A file that is written whole or not at all: beside its name first, renamed when it is complete.
//!
//! Written with plain writes, not through a map, so that a full disk is an error and not a signal.

use std::fs;
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::{Builder, NamedTempFile};

/// A file under a temporary name; dropped before [`Output::finish`], it is removed.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    file: NamedTempFile,
    force: bool,
}

impl Output {
    /// A new file beside `path`, unless `path` is one that must not be replaced.
    pub(crate) fn create(path: &Path, inputs: &[&Path], force: bool) -> Result<Self> {
        let create = || {
            check(path, inputs, force)?;
            let directory = match path.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            // Without the name of the temporary file, which would tell nobody anything.
            let made = temporary().tempfile_in(directory);
            made.map_err(|error| anyhow!("no file can be made in its directory: {}", error.kind()))
        };
        Ok(Self {
            path: path.to_owned(),
            file: create().with_context(|| path.display().to_string())?,
            force,
        })
    }

    /// Writes `bytes` at a place in the file.
    pub(crate) fn write_at(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        let file = self.file.as_file_mut();
        file.seek(SeekFrom::Start(position))
            .and_then(|_| file.write_all(bytes))
            .with_context(|| self.path.display().to_string())
    }

    /// Gives the file its name once all of it is on the disk.
    pub(crate) fn finish(self) -> Result<()> {
        Self::finish_all(vec![self])
    }

    /// Gives several files their names, once all of them are on the disk. If one cannot have its name, those
    /// before it lose theirs again, unless they took the place of older files.
    pub(crate) fn finish_all(outputs: Vec<Self>) -> Result<()> {
        for Self { path, file, .. } in &outputs {
            let synced = file.as_file().sync_all();
            synced.with_context(|| path.display().to_string())?;
        }
        let mut new = Vec::new();
        for Self { path, file, force } in outputs {
            let is_new = fs::symlink_metadata(&path).is_err();
            let named = if force {
                file.persist(&path)
            } else {
                file.persist_noclobber(&path)
            };
            if let Err(error) = named {
                // Where one cannot be removed there is a greater problem, which the error tells of.
                new.into_iter().for_each(|path| drop(fs::remove_file(path)));
                return Err(error.error).with_context(|| path.display().to_string());
            }
            new.extend(is_new.then_some(path));
        }
        Ok(())
    }
}

/// Refuses a name under which something is that must not be replaced.
fn check(path: &Path, inputs: &[&Path], force: bool) -> Result<()> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Seen before the work and not after it, when the file gets its name.
            let last = path.as_os_str().as_encoded_bytes().last();
            let folder = last.is_none_or(|&byte| std::path::is_separator(byte.into()));
            ensure!(!folder, "the name of a directory, expected that of a file");
            return Ok(());
        }
        there => there?,
    };
    let regular = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    ensure!(
        regular,
        "there is something that is not a regular file, expected none"
    );
    for input in inputs {
        ensure!(
            !same_file::is_same_file(path, input)?,
            "the same file as the input {}",
            input.display()
        );
    }
    ensure!(
        !there.is_symlink(),
        "a symbolic link, expected the name of the file itself"
    );
    ensure!(force, "there is such a file; --force replaces it");
    Ok(())
}

/// Ordinary permissions: what is readable by default stays so, unlike that which is temporary for good.
fn temporary() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".crosslane-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
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
}
