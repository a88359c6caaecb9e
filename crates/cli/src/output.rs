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
        let Self { path, file, force } = self;
        let finish = || {
            file.as_file().sync_all()?;
            if force {
                file.persist(&path)
            } else {
                file.persist_noclobber(&path)
            }
            .map_err(|error| error.error)
        };
        finish().with_context(|| path.display().to_string())?;
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
