//! The stated minimum Rust version is enough for everything that the workspace depends on. (That it is enough
//! for the workspace's own code is what clippy's `incompatible_msrv` and `.ci/run` look at.)

#![cfg(not(target_family = "wasm"))] // no processes
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::process::Command;

use serde_json::Value;
use support::output_of;

/// "1.89" or "1.89.0" as numbers.
fn version(text: &str) -> Vec<u32> {
    text.split('.')
        .map(|part| part.parse().unwrap())
        .chain([0])
        .take(3)
        .collect()
}

#[test]
fn every_dependency_builds_with_the_stated_rust_version() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--all-features",
        "--manifest-path",
        manifest,
    ]);
    let metadata: Value = serde_json::from_slice(&output_of(&mut cargo)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let stated = env!("CARGO_PKG_RUST_VERSION");
    assert!(packages.len() > 3, "{} packages", packages.len());
    for package in packages {
        if let Some(needed) = package["rust_version"].as_str() {
            assert!(
                version(needed) <= version(stated),
                "{} needs Rust {needed}, stated is {stated}",
                package["name"]
            );
        }
    }
}
