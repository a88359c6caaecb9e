//! What systems and file systems do in ways of their own. What one cannot do is no error.

use std::fs::File;
use std::io;
use std::path::Path;

/// Waits until a file is on the disk, where there is such a call.
pub(super) fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if is_lacking(&error) => Ok(()),
        synced => synced,
    }
}

/// Whether an error says that the file system has no such call, and nothing about the file.
#[cfg(unix)]
fn is_lacking(error: &io::Error) -> bool {
    use rustix::io::Errno;
    // The last is how Apple's systems answer for some network drives.
    let lacking = [
        Errno::INVAL,
        Errno::NOSYS,
        Errno::OPNOTSUPP,
        Errno::NOTSUP,
        Errno::NOTTY,
    ];
    Errno::from_io_error(error).is_some_and(|error| lacking.contains(&error))
}

#[cfg(not(unix))]
fn is_lacking(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

/// Whether an error says that names are not given this way here: by a rename that does not replace, or a second name.
pub(super) fn cannot_link(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // How those answer that have one name for each file, or for each directory, or have rules about it.
        let refused = [Errno::PERM, Errno::ACCESS, Errno::MLINK, Errno::XDEV];
        if Errno::from_io_error(error).is_some_and(|error| refused.contains(&error)) {
            return true;
        }
    }
    is_lacking(error)
}

/// Takes the place that a file will need, where the file system can; an error if it has less.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, len) {
        Err(error) if [Errno::NOSPC, Errno::DQUOT, Errno::FBIG].contains(&error) => {
            Err(error.into())
        }
        // Whatever else is wrong, a write will say.
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

/// What tells a file from all others. Asked without opening it on Unix, because opening a pipe waits.
#[cfg(unix)]
pub(super) struct Identity(std::fs::Metadata);

#[cfg(unix)]
impl Identity {
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        path.metadata().map(Self)
    }

    pub(super) fn of_file(file: File) -> io::Result<Self> {
        file.metadata().map(Self)
    }

    /// Whether both are one file. A device is none: nothing that is written to it is what is read from it.
    pub(super) fn is(&self, other: &Self) -> bool {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let Self(a) = self;
        let Self(b) = other;
        !a.file_type().is_char_device() && (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
}

#[cfg(not(unix))]
pub(super) struct Identity(same_file::Handle);

#[cfg(not(unix))]
impl Identity {
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        same_file::Handle::from_path(path).map(Self)
    }

    pub(super) fn of_file(file: File) -> io::Result<Self> {
        same_file::Handle::from_file(file).map(Self)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
