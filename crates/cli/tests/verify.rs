//! `crosslane verify`: nothing is misrounded, and the digest is that of the repository.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use support::{crosslane, levels, succeeds, text};

/// A copy of that in the program, which must not change without notice.
const DIGEST_OF_65536: &str = "7d460b312a90a12fc00f4d531102813b";

const REPRODUCES: &str = "\nthis CPU reproduces the digest of the repository\n";

fn verify(arguments: &[&str]) -> String {
    text(&succeeds(crosslane().arg("verify").args(arguments)).stdout)
}

/// The lines of the table of classes: of 65536 cases of a type, each class has a twelfth.
#[track_caller]
fn assert_classes(report: &str) {
    let row = |line: &&str| line.contains(" 5461 ") || line.contains(" 5462 ");
    let rows: Vec<&str> = report.lines().filter(row).collect();
    assert_eq!(rows.len(), 12, "{report}");
    for row in rows {
        let columns: Vec<&str> = row.split_whitespace().rev().collect();
        assert_eq!((columns[1], columns[4]), ("0", "0"), "misrounded in {row}");
    }
}

#[test]
fn every_level_rounds_correctly_and_reproduces_the_digest() {
    let report = verify(&["--cases", "65536"]);
    // On three numbers of threads, three components of two types.
    let compared = levels().len() * 3 * 3 * 2 * 65536;
    assert!(
        report.contains(&format!("\nlevels    {}\n", levels().join(", "))),
        "{report}"
    );
    assert!(
        report.contains(&format!(
            "result    0 misrounded of {compared} components\n"
        )),
        "{report}"
    );
    assert!(
        report.contains(&format!(
            "65536 cases  {DIGEST_OF_65536}  as in the repository"
        )),
        "{report}"
    );
    assert!(report.ends_with(REPRODUCES), "{report}");
    assert_classes(&report);
}

#[test]
fn one_level_at_a_time_says_so_and_reproduces_the_digest() {
    for level in levels() {
        for threads in ["auto", "serial", "100000"] {
            let report = verify(&["--cases", "65536", "--level", &level, "--threads", threads]);
            let expected = format!("\nlevels    only {level}, of {}\n", levels().join(", "));
            assert!(report.contains(&expected), "{report}");
            assert!(
                report.contains(" 0 misrounded of 1179648 components\n"),
                "{report}"
            );
            assert!(report.contains(DIGEST_OF_65536), "{report}");
            assert!(report.ends_with(REPRODUCES), "{report}");
        }
    }
}

#[test]
fn the_digest_is_compared_at_the_checkpoints_that_are_reached() {
    let report = verify(&["--cases", "65537"]);
    assert!(
        report.contains(&format!(" 65536 cases  {DIGEST_OF_65536}  as in")),
        "{report}"
    );
    assert!(report.contains(" 65537 cases  "), "{report}");
    assert!(report.contains("  not in the repository\n"), "{report}");
    assert!(report.ends_with(REPRODUCES), "{report}");
}

#[test]
fn few_cases_have_no_digest_to_compare_with() {
    for cases in ["1", "2", "13", "1000"] {
        let report = verify(&["--cases", cases]);
        assert!(report.contains(" 0 misrounded of "), "{report}");
        assert!(
            report.ends_with("\nso few cases have no digest in the repository to compare with\n"),
            "{report}"
        );
        assert!(!report.contains("reproduce"), "{report}");
    }
}

#[test]
fn plain_and_correctly_rounded_errors_stand_side_by_side_with_their_inputs() {
    let report = verify(&["--cases", "10000"]);
    for (element, digits) in [("f32", 10), ("f64", 18)] {
        let row = |accuracy: &str| {
            let start = format!("{element} {accuracy}");
            let row = report
                .lines()
                .find_map(|line| line.trim().strip_prefix(&start));
            let mut columns = row.unwrap().split_whitespace();
            let error: f64 = columns.next().unwrap().parse().unwrap();
            let input: Vec<&str> = columns.collect();
            let hex = |x: &&str| x.starts_with("0x") && x.len() == digits;
            assert!(input.len() == 4 && input.iter().all(hex), "{report}");
            error
        };
        assert_eq!(row("correctly rounded"), 0.5, "{report}");
        assert!(row("plain") > 1e6, "{report}");
    }
}

#[test]
fn what_is_no_number_of_cases_is_wrong_usage() {
    for (arguments, expected) in [
        (&["--cases", "0"][..], "--cases"),
        (&["--cases", "-5"], "'-5'"),
        (&["--cases", "many"], "--cases"),
        (&["--cases", "1e6"], "--cases"),
        (&["--cases"], "--cases"),
        (&["--accuracy", "best"], "plain or correctly-rounded"),
        (&["--vectors", "5"], "--vectors"),
        (&["a.npy"], "a.npy"),
    ] {
        let mut command = crosslane();
        let output = command.arg("verify").args(arguments).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{error}");
    }
}

/// Whether a process waits for SIGINT to handle it.
#[cfg(target_os = "linux")]
fn catches_interrupt(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & 2 != 0
}

#[cfg(target_os = "linux")]
#[test]
fn interrupted_it_ends_without_a_report() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let mut command = crosslane();
    // Years of work.
    command.args(["verify", "--cases", "18446744073709551615"]);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = output.spawn().unwrap();
    let begun = Instant::now();
    while !catches_interrupt(child.id()) && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-s", "INT", &pid]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let expected = "crosslane: interrupted; nothing was written\n";
    assert_eq!(
        (&*text(&output.stdout), &*text(&output.stderr)),
        ("", expected)
    );
}
