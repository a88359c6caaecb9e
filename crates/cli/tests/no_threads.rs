//! A system that starts no threads: what needs none says nothing, and what would be split says so in a line and is right.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

#[path = "../../../tests/support/no_threads.rs"]
mod no_threads;

use std::process::Command;

use support::{Directory, assert_product, crosslane, operands, succeeds, text};

/// Has `work` start programs where no thread can be started.
fn without_threads(work: impl FnOnce() + Send) {
    // What a thread may not do, the programs that it starts may not.
    std::thread::scope(|scope| {
        scope.spawn(|| match no_threads::forbid_threads() {
            Ok(()) => work(),
            Err(error) => support::not_tested(&format!("the system forbids no threads: {error}")),
        });
    });
}

/// The program did what it should, and said in one line that there are no threads.
#[track_caller]
fn succeeds_alone(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    assert!(error.starts_with("crosslane: "), "{error}");
    assert!(error.contains("threads could be started"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    text(&output.stdout)
}

#[test]
fn what_needs_no_threads_does_not_miss_them() {
    let (directory, [a, b]) = operands(2);
    directory.write("mesh.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n");
    without_threads(|| {
        for threads in [
            &[][..],
            &["--threads", "1"],
            &["--threads", "serial"],
            &["--threads", "8"],
        ] {
            let mut command = directory.cross("a.npy", "b.npy", "c.npy");
            succeeds(command.arg("--force").args(threads));
            assert_product(&directory.path("c.npy"), &a, &b, None);
            let mut command = directory.normals(&["mesh.obj", "-o", "n.npy", "--force"]);
            succeeds(command.args(threads));
            succeeds(crosslane().arg("info").args(threads));
        }
        succeeds(crosslane().args(["--vectors", "10"]));
        let bench =
            "bench --quick --sizes 16KiB --type f32 --op cross --layout soa --threads 1,serial";
        succeeds(crosslane().args(bench.split(' ')));
    });
}

#[test]
fn what_would_be_split_is_right_and_says_that_one_thread_did_it() {
    let (directory, [a, b]) = operands(600_000);
    without_threads(|| {
        let mut command = directory.cross("a.npy", "b.npy", "c.npy");
        assert_eq!(succeeds_alone(&mut command), "");
        assert_product(&directory.path("c.npy"), &a, &b, None);
        let shown = succeeds_alone(crosslane().args(["--vectors", "300000"]));
        assert!(shown.contains("auto threads"), "{shown}");
        let mut serial = directory.cross("a.npy", "b.npy", "serial.npy");
        succeeds(serial.args(["--threads", "1"]));
    });
}

#[test]
fn hard_cases_are_checked_on_one_thread() {
    without_threads(|| {
        let shown = succeeds_alone(crosslane().args(["verify", "--cases", "2000"]));
        assert!(shown.contains("run       on 1 thread, as"), "{shown}");
        assert!(shown.contains("result    0 misrounded of "), "{shown}");
    });
}

#[test]
fn a_benchmark_measures_one_thread() {
    let directory = Directory::new();
    let json = directory.path("here.json");
    without_threads(|| {
        let bench = "bench --quick --sizes 16KiB --type f32 --op cross --layout soa --threads 1,2,auto --json";
        succeeds_alone(crosslane().args(bench.split(' ')).arg(&json));
        let record = std::fs::read_to_string(&json).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["machine"]["pool_threads"], 1);
    });
}
