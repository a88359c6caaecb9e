//! What the fuzz targets do with their bytes: each makes a case of them, runs it, and compares bits.
//!
//! Separate from the targets themselves, which are a line each under `fuzz/`, because those need libFuzzer and a compiler
//! with sanitizers: here the same cases run under plain `cargo test`, on every platform, under valgrind, and whatever
//! else runs a test. Operands with guards, and the comparison, are those of the library's own tests.
//!
//! A target takes any bytes. Those that are too few are followed by zeros; a target that finds something wrong panics.

#![deny(unsafe_code)]

mod agreement;
mod broadcast;
mod correctly_rounded;
mod derived;
mod mesh;
mod npy;
mod source;
#[path = "../../../tests/support/mod.rs"]
#[allow(
    unsafe_code,
    reason = "the register of the floating-point environment has no safe interface"
)]
mod support;
mod views;

/// A target: what it is called, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, in the order of the sentences about them in `fuzz/README.md`.
pub const TARGETS: &[Target] = &[
    ("agreement", agreement::run),
    ("views", views::run),
    ("correctly_rounded", correctly_rounded::run),
    ("derived", derived::run),
    ("broadcast", broadcast::run),
    ("npy", npy::run),
    ("mesh_obj", mesh::obj::run),
    ("mesh_ply", mesh::ply::run),
    ("mesh_stl", mesh::stl::run),
];

/// Runs the target of this name.
///
/// # Panics
/// If there is none, or if it finds something wrong.
pub fn run(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, run) = found.expect("a target of this name");
    run(bytes);
}
