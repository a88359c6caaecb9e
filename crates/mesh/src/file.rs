//! The bytes of a file: from a path or standard input, decompressed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::bufread::GzDecoder;

/// What begins every member of a gzip file that can be decompressed.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// What errors call the file.
pub(crate) fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    }
}

/// All bytes of a file, or of standard input if the path is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut file = if path == Path::new("-") {
        standard_input()?
    } else {
        File::open(path)?
    };
    let metadata = file.metadata()?;
    ensure!(!metadata.is_dir(), "a directory, expected a file");
    ensure!(
        !is_device(metadata.file_type()) || file.is_terminal(),
        "a device, expected a file or a pipe"
    );
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Standard input as a file, so that what it is can be asked.
fn standard_input() -> std::io::Result<File> {
    #[cfg(windows)]
    let input = std::os::windows::io::AsHandle::as_handle(&std::io::stdin()).try_clone_to_owned();
    #[cfg(not(windows))]
    let input = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned();
    input.map(File::from)
}

/// Whether reading it may never end, as with /dev/zero.
fn is_device(kind: std::fs::FileType) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_char_device(&kind);
    #[cfg(not(unix))]
    return {
        let _ = kind;
        false
    };
}

/// The file itself, or what is in it if it begins as gzip does.
pub(crate) fn decompressed(file: &[u8]) -> Result<Cow<'_, [u8]>> {
    if !file.starts_with(GZIP) {
        return Ok(Cow::Borrowed(file));
    }
    let mut bytes = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        ensure!(
            rest.starts_with(GZIP),
            "gzip: {} bytes behind the last member, expected none",
            rest.len()
        );
        let mut decoder = GzDecoder::new(rest);
        if let Err(error) = decoder.read_to_end(&mut bytes) {
            match error.kind() {
                std::io::ErrorKind::UnexpectedEof => bail!("gzip: truncated"),
                _ => return Err(error).context("gzip"),
            }
        }
        rest = decoder.into_inner();
        // Tapes and others fill up with zeros.
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        rest = &rest[zeros..];
    }
    Ok(Cow::Owned(bytes))
}
