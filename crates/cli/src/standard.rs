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

/// Opens the null device in place of each standard stream that is closed. Otherwise the next file that is opened takes the place of the
/// stream, and what is printed is written into that file. Rust does this at the start of a Rust program, but not in another program.
#[cfg(unix)]
pub(crate) fn open_closed() -> io::Result<()> {
    use std::os::fd::IntoRawFd;
    let copies = || [owned(io::stdin()), owned(io::stdout()), owned(io::stderr())];
    for _ in 0..3 {
        // A stream that is closed cannot be copied.
        if copies().iter().all(Result::is_ok) {
            break;
        }
        // This takes the lowest descriptor that is free, which is that of such a stream. It stays open.
        let null = File::options().read(true).write(true).open("/dev/null")?;
        let _ = null.into_raw_fd();
    }
    Ok(())
}

/// On Windows no file takes the place of a stream that is closed.
#[cfg(not(unix))]
pub(crate) fn open_closed() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn owned(stream: impl std::os::fd::AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn owned(stream: impl std::os::windows::io::AsHandle) -> io::Result<File> {
    stream.as_handle().try_clone_to_owned().map(File::from)
}
