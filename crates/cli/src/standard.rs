//! Standard input and output as files, and the names that stand for them.
//!
//! Separate because inputs and outputs share it. What is done here goes past the buffers of the standard library, which nothing
//! else in a command that uses it may have filled.

use std::fs::File;
use std::io;
use std::path::Path;

/// What errors call them.
pub(crate) const INPUT: &str = "standard input";
pub(crate) const OUTPUT: &str = "standard output";

/// Whether a name is that of standard input. (`./-` is a file.)
pub(crate) fn is_input(path: &Path) -> bool {
    path == Path::new("-") || cfg!(unix) && path == Path::new("/dev/stdin")
}

/// Whether a name is that of standard output.
pub(crate) fn is_output(path: &Path) -> bool {
    path == Path::new("-") || cfg!(unix) && path == Path::new("/dev/stdout")
}

pub(crate) fn input() -> io::Result<File> {
    owned(io::stdin())
}

pub(crate) fn output() -> io::Result<File> {
    owned(io::stdout())
}

#[cfg(unix)]
fn owned(stream: impl std::os::fd::AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn owned(stream: impl std::os::windows::io::AsHandle) -> io::Result<File> {
    stream.as_handle().try_clone_to_owned().map(File::from)
}
