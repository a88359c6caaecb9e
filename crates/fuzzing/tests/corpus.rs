//! The fuzz targets without a fuzzer: the inputs in the repository, those that once made a target fail among them, and bytes
//! at random, a few of which are changed at a time.

use std::fs;
use std::path::{Path, PathBuf};

use crosslane_fuzzing::TARGETS;

/// The files of a folder beside the targets; none, if there is no such folder.
fn files(folder: &str, target: &str) -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let Ok(entries) = fs::read_dir(fuzz.join(folder).join(target)) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    files.sort();
    files
}

/// Shows an input if its target panics.
struct Shown<'a>(&'a dyn std::fmt::Display, &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}: {:02x?}", self.0, self.1);
        }
    }
}

fn run(target: &str, bytes: &[u8], name: &dyn std::fmt::Display) {
    let _shown = Shown(name, bytes);
    crosslane_fuzzing::run(target, bytes);
}

fn replay(target: &str, folder: &str) -> Vec<Vec<u8>> {
    let read = |path: &PathBuf| {
        let bytes = fs::read(path).expect("the file can be read");
        run(target, &bytes, &path.display());
        bytes
    };
    files(folder, target).iter().map(read).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }
}

/// What is in the repository, and `CROSSLANE_FUZZ_CASES` (2,000) cases that are made of it or of nothing.
fn target(name: &str) {
    let mut inputs = replay(name, "seeds");
    assert!(!inputs.is_empty(), "there are seeds for {name}");
    replay(name, "regressions");
    let cases = std::env::var("CROSSLANE_FUZZ_CASES").map_or(2000, |n| {
        n.parse().expect("CROSSLANE_FUZZ_CASES is a number")
    });
    inputs.push(Vec::new());
    for seed in 0..cases {
        let random = &mut Random(seed);
        let mut bytes = inputs[random.below(inputs.len())].clone();
        let len = bytes.len().max(random.below(600));
        bytes.resize_with(len, || random.bits() as u8);
        for _ in 0..random.below(8).min(len) {
            bytes[random.below(len)] = random.bits() as u8;
        }
        run(name, &bytes, &format_args!("{name}, seed {seed}"));
    }
}

#[test]
fn products_agree() {
    target("agreement");
}

#[test]
fn views_are_what_big_integers_say() {
    target("views");
}

#[test]
fn hard_cases_are_correctly_rounded() {
    target("correctly_rounded");
}

#[test]
fn what_is_derived_agrees() {
    target("derived");
}

#[test]
fn shapes_go_together_as_the_reference_says() {
    target("broadcast");
}

#[test]
fn files_are_read_as_what_their_headers_say() {
    target("npy");
}

#[test]
fn obj_files_are_read_as_they_were_written() {
    target("mesh_obj");
}

#[test]
fn ply_files_are_read_as_they_were_written() {
    target("mesh_ply");
}

#[test]
fn stl_files_are_read_as_they_were_written() {
    target("mesh_stl");
}

#[test]
fn no_target_is_left_out() {
    let tested = [
        "agreement",
        "views",
        "correctly_rounded",
        "derived",
        "broadcast",
        "npy",
        "mesh_obj",
        "mesh_ply",
        "mesh_stl",
    ];
    assert_eq!(
        TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        tested
    );
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    for name in tested {
        let source = fs::read_to_string(targets.join(name).with_extension("rs"));
        let source = source.expect("a target of libFuzzer for each");
        assert!(source.contains(&format!("run(\"{name}\"")), "{source}");
    }
    assert_eq!(
        fs::read_dir(targets).expect("the folder").count(),
        tested.len(),
        "targets"
    );
}
