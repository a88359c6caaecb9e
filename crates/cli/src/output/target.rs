//! A name for a result: what is there, whether it may be written, and how.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf, is_separator};

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::{Builder, NamedTempFile, TempPath};

use super::system::Identity;
use super::{Output, Place, rename};
use crate::standard;

/// The name of an output that may be written.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File {
        force: bool,
    },
    /// A pipe or a device, which is there.
    Special,
    Standard,
}

impl Target {
    /// Looks at the name, before anything else is done: `-` is standard output; what is there and is a pipe or a character
    /// device is written into; everything else is the name of a new file.
    pub(crate) fn check(path: &Path, inputs: &[&Path], force: bool) -> Result<Self> {
        let kind = if standard::is_output(path) {
            check_standard(inputs).context(standard::OUTPUT)?;
            Kind::Standard
        } else if fs::metadata(path).is_ok_and(|metadata| is_stream(&metadata)) {
            different(&Identity::of_path(path)?, inputs)
                .with_context(|| path.display().to_string())?;
            Kind::Special
        } else {
            return Self::check_file(path, inputs, force);
        };
        let path = path.to_owned();
        Ok(Self { path, kind })
    }

    /// The same for what is always a file.
    pub(super) fn check_file(path: &Path, inputs: &[&Path], force: bool) -> Result<Self> {
        check(path, inputs, force).with_context(|| path.display().to_string())?;
        let (path, kind) = (path.to_owned(), Kind::File { force });
        Ok(Self { path, kind })
    }

    /// Whether it is written from its beginning to its end, and cannot be taken back.
    pub(crate) fn is_stream(&self) -> bool {
        !matches!(self.kind, Kind::File { .. })
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> String {
        match self.kind {
            Kind::Standard => standard::OUTPUT.to_owned(),
            _ => self.path.display().to_string(),
        }
    }

    /// Begins to write there. Opening a pipe waits for somebody to read it.
    pub(crate) fn create(self) -> Result<Output> {
        let name = self.name();
        let Self { path, kind } = self;
        let file = match kind {
            Kind::File { force } => {
                let file = beside(&path, force).with_context(|| name.clone())?;
                let place = Place::Beside { path, file, force };
                return Ok(Output { name, place });
            }
            Kind::Special => File::options().write(true).open(&path),
            Kind::Standard => standard::output(),
        };
        let file = file.with_context(|| name.clone())?;
        ensure!(
            !file.is_terminal(),
            "{name}: a terminal, expected a file or a pipe"
        );
        let place = Place::Stream { file, written: 0 };
        Ok(Output { name, place })
    }
}

fn check_standard(inputs: &[&Path]) -> Result<()> {
    ensure!(
        !io::stdout().is_terminal(),
        "a terminal, expected a file or a pipe"
    );
    different(&Identity::of_file(standard::output()?)?, inputs)
}

/// Refuses a name under which something is that must not be replaced.
fn check(path: &Path, inputs: &[&Path], force: bool) -> Result<()> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Seen before the work and not after it, when the file gets its name.
            let mut last = path.as_os_str().as_encoded_bytes();
            if let Some(at) = last.iter().rposition(|&byte| is_separator(byte.into())) {
                last = &last[at + 1..];
            }
            let folder = matches!(last, b"" | b"." | b"..");
            ensure!(!folder, "the name of a directory, expected that of a file");
            return Ok(());
        }
        there => there?,
    };
    ensure!(
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file()),
        "there is something that is not a regular file, expected none"
    );
    different(&Identity::of_path(path)?, inputs)?;
    ensure!(
        !there.is_symlink(),
        "a symbolic link, expected the name of the file itself"
    );
    ensure!(force, "there is such a file; --force replaces it");
    Ok(())
}

/// Refuses an output that is one of the inputs.
fn different(output: &Identity, inputs: &[&Path]) -> Result<()> {
    for input in inputs {
        let identity = if standard::is_input(input) {
            standard::input().and_then(Identity::of_file)
        } else {
            Identity::of_path(input)
        };
        // One that is not there is refused when it is opened.
        ensure!(
            !identity.is_ok_and(|input| input.is(output)),
            "the same file as the input {}",
            input.display()
        );
    }
    Ok(())
}

#[cfg(unix)]
fn is_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_char_device()
}

#[cfg(not(unix))]
fn is_stream(_: &Metadata) -> bool {
    false
}

/// Whether this is a device that takes bytes one after the other.
pub(crate) fn is_device(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_char_device())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// A new file that can get this name later.
fn beside(path: &Path, force: bool) -> Result<NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // With the name, so that one which cannot be in this file system is refused now; a long one would become too long.
    let mut end = OsString::from("-");
    end.extend(path.file_name().filter(|name| name.len() < 200));
    // Without the name of the temporary file, which would tell nobody anything.
    let made = temporary(&end).tempfile_in(directory);
    let made =
        made.map_err(|error| anyhow!("no file can be made in its directory: {}", error.kind()))?;
    // As it will get its name: whether that is possible is no matter of the name.
    let (file, first) = made.into_parts();
    let mut second = first.as_os_str().to_owned();
    second.push("~");
    rename(first, Path::new(&second), force)
        .map_err(|error| anyhow!("no file can be renamed in its directory: {}", error.kind()))?;
    let second = TempPath::try_from_path(second)?;
    Ok(NamedTempFile::from_parts(file, second))
}

/// Ordinary permissions: what is readable by default stays so, unlike that which is temporary for good.
fn temporary(end: &OsStr) -> Builder<'_, '_> {
    let mut builder = Builder::new();
    builder.prefix(".crosslane-").suffix(end);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
