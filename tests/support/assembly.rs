//! The library as assembly, function by function.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::output_of;

/// The assembly of the library, compiled for release in a directory for builds, with the default features of this target, or of
/// another one. What else `cargo` needs for that one is its caller's.
pub(crate) fn assembly(cargo: &mut Command, target: &Path, triple: Option<&str>) -> String {
    cargo.args(["rustc", "--quiet", "--release", "--lib"]);
    match triple {
        // Without threads, so that every target has it.
        Some(triple) => cargo.args(["--no-default-features", "--target", triple]),
        None => cargo.env_remove("CARGO_BUILD_TARGET"),
    };
    cargo
        .args(cfg!(feature = "half").then_some("--features=half"))
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .args([
            "--",
            "--emit=asm",
            "-Csymbol-mangling-version=v0",
            "-Cdebuginfo=0",
        ])
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if triple.is_none() {
        cargo.env_remove("RUSTFLAGS");
    }
    output_of(cargo);
    let deps = target.join(triple.unwrap_or_default()).join("release/deps");
    let is_assembly = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("crosslane-") && name.ends_with(".s")
    };
    let newest = fs::read_dir(&deps)
        .expect("the build has left its files")
        .map(|entry| entry.unwrap().path())
        .filter(is_assembly)
        .max_by_key(|path| path.metadata().unwrap().modified().unwrap())
        .expect("the build has left assembly");
    fs::read_to_string(newest).unwrap()
}

/// A function as its demangled name and its lines, labels and instructions only.
pub(crate) type Function<'a> = (String, Vec<&'a str>);

/// Every function. Comments begin with `comment`, and functions end with a line that begins with `end`.
pub(crate) fn functions<'a>(assembly: &'a str, comment: &str, end: &str) -> Vec<Function<'a>> {
    let mut functions: Vec<Function<'_>> = Vec::new();
    let mut inside = false;
    for line in assembly.lines() {
        let line = line.split(comment).next().unwrap_or_default().trim();
        if let Some(symbol) = line
            .strip_suffix(':')
            .filter(|label| label.starts_with("_R"))
        {
            functions.push((
                format!("{:#}", rustc_demangle::demangle(symbol)),
                Vec::new(),
            ));
            inside = true;
        } else if line.starts_with(end) {
            inside = false;
        } else if let (true, Some((_, lines))) = (inside, functions.last_mut())
            && !line.is_empty()
            && (!line.starts_with('.') || line.starts_with(".LBB"))
        {
            lines.push(line);
        }
    }
    functions
}

/// What the batches of one layout and type go through.
pub(crate) struct Entry<'a> {
    pub(crate) work: &'static str,
    pub(crate) element: &'static str,
    pub(crate) plain: &'a Function<'a>,
    pub(crate) rounded: &'a Function<'a>,
}

/// The entries of the level with this path of its token, which are one of each.
pub(crate) fn entries<'a>(functions: &'a [Function<'a>], token: &str) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for work in [
        "Direct<crosslane::kernel::access::Columns",
        "Direct<crosslane::kernel::access::AllRows<crosslane::kernel::access::OfThree>",
        "Direct<crosslane::kernel::access::AllRows<crosslane::kernel::access::OfFour>",
        "Grid<crosslane::kernel::access::Columns",
        "Grid<crosslane::kernel::access::AllRows<crosslane::kernel::access::OfThree>",
    ] {
        for element in ["f32", "f64"] {
            // What is shorter only calls an entry.
            let is_entry = |(name, lines): &&Function<'_>| {
                lines.len() > 8
                    && name.contains(&format!("crosslane::simd::{token}"))
                    && name.contains("vectorize")
                    && name.contains(&format!("{work}, {element}"))
            };
            let (rounded, plain): (Vec<_>, Vec<_>) = functions
                .iter()
                .filter(is_entry)
                .partition(|(name, _)| name.contains("RoundedCross"));
            let ([plain], [rounded]) = (&plain[..], &rounded[..]) else {
                panic!("{plain:?} and {rounded:?} for {work}<{element}> at {token}");
            };
            entries.push(Entry {
                work,
                element,
                plain,
                rounded,
            });
        }
    }
    entries
}

/// The loops of one basic block: from a label to a jump back to it, no label and no jump in between. A jump names its label last.
pub(crate) fn tight_loops<'a>(
    lines: &[&'a str],
    is_jump: impl Fn(&str) -> bool,
) -> Vec<Vec<&'a str>> {
    let mut loops = Vec::new();
    let mut block: Option<(&str, Vec<&str>)> = None;
    for line in lines {
        if let Some(label) = line.strip_suffix(':') {
            block = Some((label, Vec::new()));
        } else if let Some((label, body)) = &mut block {
            body.push(*line);
            if is_jump(line) {
                if line.split_whitespace().last() == Some(label) {
                    loops.push(std::mem::take(body));
                }
                block = None;
            }
        }
    }
    loops
}
