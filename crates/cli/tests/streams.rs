//! Standard input and output, pipes and devices: the same products, in the bytes of a .npy file and nothing else.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;
use std::process::{Command, Output};

use support::{Array, Directory, assert_product, text};

/// Runs a line of the shell in a directory; `$0` is the program.
fn shell(directory: &Directory, script: &str) -> Output {
    let mut command = Command::new("bash");
    command.current_dir(directory.path("."));
    command.env_remove("CROSSLANE_LEVEL");
    command.args(["-c", script, env!("CARGO_BIN_EXE_crosslane")]);
    command.output().unwrap()
}

/// The line of the shell succeeds, says nothing, and leaves the product in out.npy.
#[track_caller]
fn gives(directory: &Directory, script: &str, a: &Array, b: &Array) {
    let output = shell(directory, script);
    let error = text(&output.stderr);
    assert!(output.status.success(), "{script}: {error}");
    assert_eq!(error, "", "{script}");
    assert_eq!(text(&output.stdout), "", "{script}");
    assert_product(&directory.path("out.npy"), a, b, None);
    fs::remove_file(directory.path("out.npy")).unwrap();
}

/// The line of the shell ends with code 1 and one line that begins so, and leaves everything as it was.
#[track_caller]
fn fails(directory: &Directory, script: &str, expected: &str) {
    let before = directory.contents();
    let output = shell(directory, script);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{script}: {error}");
    let line = error.strip_prefix("crosslane: ").unwrap_or_default();
    assert!(line.starts_with(expected), "{script}: {error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(text(&output.stdout), "", "{script}");
    assert!(directory.contents() == before, "{script} changed something");
}

fn directory(a: &Array, b: &Array) -> Directory {
    let directory = Directory::new();
    directory.write("a.npy", &a.bytes());
    directory.write("b.npy", &b.bytes());
    directory
}

fn small() -> (Directory, Array, Array) {
    let (a, b) = [1, 2]
        .map(|seed| Array::new(&[50, 3], "<f8", false, seed))
        .into();
    (directory(&a, &b), a, b)
}

#[test]
fn every_way_in_and_out() {
    // Rows and columns, of less and of more than a block of 2^18 vectors, and no single stride.
    let many = (1 << 18) + 5;
    for (a, b) in [
        (
            Array::new(&[50, 3], "<f8", false, 1),
            Array::new(&[50, 3], ">f4", false, 2),
        ),
        (
            Array::new(&[3, 50], "<f4", false, 1),
            Array::new(&[3], "<f4", false, 2),
        ),
        (
            Array::new(&[0, 3], "<f4", true, 1),
            Array::new(&[0, 3], "<f4", false, 2),
        ),
        (
            Array::new(&[many, 3], "<f4", false, 1),
            Array::new(&[many, 3], "<f4", true, 2),
        ),
        (
            Array::new(&[3, many], "<f8", false, 1),
            Array::new(&[3, many], "<f4", false, 2),
        ),
        (
            Array::new(&[3, 70, 801], "<f4", true, 1),
            Array::new(&[3, 70, 801], "<f4", false, 2),
        ),
    ] {
        let directory = directory(&a, &b);
        for script in [
            r#""$0" cross - b.npy -o - < a.npy > out.npy"#,
            r#"cat a.npy | "$0" cross - b.npy -o - | cat > out.npy"#,
            r#"cat b.npy | "$0" cross a.npy - -o out.npy"#,
            r#"cat a.npy | "$0" cross /dev/stdin b.npy -o /dev/stdout > out.npy"#,
            r#""$0" cross <(cat a.npy) <(cat b.npy) -o out.npy"#,
            r#""$0" cross a.npy b.npy --output=- --force >> out.npy"#,
            r#"mkfifo in out; cat a.npy > in & cat out > out.npy & "$0" cross in b.npy -o out; s=$?; wait; rm in out; exit $s"#,
            // What is behind the array stays in the pipe.
            r#"cat a.npy b.npy | { "$0" cross - b.npy -o out.npy && cmp - b.npy; }"#,
            // A file that is standard input is read from where it is.
            r#"cat b.npy a.npy > both; { head -c $(stat -c %s b.npy) > /dev/null; "$0" cross - b.npy -o out.npy; } < both; s=$?; rm both; exit $s"#,
        ] {
            gives(&directory, script, &a, &b);
        }
    }
}

#[test]
fn more_than_memory_is_used_for_comes_through_a_pipe() {
    // 24 MiB.
    let a = Array::new(&[1 << 20, 3], "<f8", false, 1);
    let directory = directory(&a, &a);
    fs::create_dir(directory.path("temporary")).unwrap();
    let script = r#"cat a.npy | TMPDIR=temporary "$0" cross - b.npy -o out.npy"#;
    gives(&directory, script, &a, &a);
    let left = fs::read_dir(directory.path("temporary")).unwrap().count();
    assert_eq!(left, 0, "temporary files");
    let script = r#"cat a.npy | TMPDIR=missing "$0" cross - b.npy -o out.npy"#;
    fails(
        &directory,
        script,
        "standard input: copying what comes through it",
    );
}

#[test]
fn what_cannot_be_an_input() {
    let (directory, ..) = small();
    for (script, expected) in [
        (
            r#"cat a.npy | "$0" cross - - -o out.npy"#,
            "standard input: both inputs",
        ),
        (
            r#"cat a.npy | "$0" cross - /dev/stdin -o -"#,
            "standard input: both inputs",
        ),
        (
            r#""$0" cross - b.npy -o out.npy < /dev/null"#,
            "standard input: empty",
        ),
        (
            r#""$0" cross - b.npy -o out.npy <&-"#,
            "standard input: empty",
        ),
        (
            r#"head -c 200 a.npy | "$0" cross - b.npy -o out.npy"#,
            "standard input: truncated: shape [50, 3] needs 1200 bytes of data, the file has 72",
        ),
        (
            r#"head -c 20 a.npy | "$0" cross - b.npy -o out.npy"#,
            "standard input: truncated: the header",
        ),
        (
            r#""$0" cross - b.npy -o out.npy < ."#,
            "standard input: a directory",
        ),
        // At once, not after all of it was copied.
        (
            r#""$0" cross /dev/zero b.npy -o out.npy"#,
            "/dev/zero: not a .npy file",
        ),
        (
            r#"yes | "$0" cross a.npy - -o -"#,
            "standard input: not a .npy file",
        ),
    ] {
        fails(&directory, script, expected);
    }
}

#[test]
fn what_cannot_be_an_output() {
    let (directory, ..) = small();
    let pipe = Command::new("mkfifo").arg(directory.path("pipe")).status();
    assert!(pipe.unwrap().success());
    for (script, expected) in [
        (
            r#""$0" cross a.npy b.npy -o - >> b.npy"#,
            "standard output: the same file as the input b.npy",
        ),
        (
            r#""$0" cross - b.npy -o a.npy --force < a.npy"#,
            "a.npy: the same file as the input -",
        ),
        (
            r#""$0" cross pipe b.npy -o pipe"#,
            "pipe: the same file as the input pipe",
        ),
    ] {
        let output = shell(&directory, script);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{script}: {error}");
        assert!(
            error.starts_with(&format!("crosslane: {expected}")),
            "{error}"
        );
    }
    if !fs::exists("/dev/full").unwrap() {
        println!("NOT TESTED: no /dev/full");
        return;
    }
    for script in [
        r#""$0" cross a.npy b.npy -o - > /dev/full"#,
        r#""$0" cross a.npy b.npy -o /dev/full"#,
    ] {
        let error = text(&shell(&directory, script).stderr);
        assert!(
            error.contains("No space left on device"),
            "{script}: {error}"
        );
    }
}

#[test]
fn a_pipe_that_nobody_reads_is_an_error() {
    let a = Array::new(&[1 << 16, 3], "<f8", false, 1);
    let directory = directory(&a, &a);
    let script = r#""$0" cross a.npy b.npy -o - | true; exit ${PIPESTATUS[0]}"#;
    let output = shell(&directory, script);
    assert_eq!(output.status.code(), Some(1), "what a failed write gives");
    let error = text(&output.stderr);
    assert!(
        error.starts_with("crosslane: standard output: Broken pipe"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

/// While it waits for a reader it can be ended.
#[test]
fn a_pipe_that_is_not_read_further_does_not_keep_the_program_from_ending() {
    let a = Array::new(&[1 << 16, 3], "<f8", false, 1);
    let directory = directory(&a, &a);
    let script = r#"mkfifo out; exec 3<>out; "$0" cross a.npy b.npy -o - >&3 & program=$!
        read -n 1 -u 3; kill -TERM $program
        for i in {1..100}; do kill -0 $program 2>&- || break; sleep 0.1; done
        kill -KILL $program 2>&-; wait $program; echo $?"#;
    let output = shell(&directory, script);
    assert!(
        text(&output.stdout).starts_with("143\n"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn nothing_is_written_before_what_can_be_known_is() {
    let (directory, ..) = small();
    directory.write("short.npy", &Array::new(&[4, 3], "<f8", false, 1).bytes());
    for (script, expected) in [
        (
            r#""$0" cross a.npy short.npy -o -"#,
            "short.npy: shape [4, 3]",
        ),
        (r#""$0" cross a.npy missing.npy -o -"#, "missing.npy: "),
        (
            r#""$0" cross a.npy b.npy -o - --axis 0"#,
            "a.npy: shape [50, 3]",
        ),
    ] {
        fails(&directory, script, expected);
    }
}

#[test]
fn terminals_are_refused() {
    let (directory, ..) = small();
    let with_terminal = |arguments: &str| {
        let command = format!("{} cross {arguments}", env!("CARGO_BIN_EXE_crosslane"));
        let mut script = Command::new("script");
        script.current_dir(directory.path("."));
        script.args(["-qec", &command, "/dev/null"]).output()
    };
    for (arguments, expected) in [
        ("a.npy b.npy -o -", "standard output: a terminal"),
        // Before the inputs are read.
        ("missing.npy b.npy -o -", "standard output: a terminal"),
        ("- b.npy -o out.npy", "standard input: a terminal"),
        ("a.npy b.npy -o /dev/tty", "/dev/tty: a terminal"),
        ("/dev/tty b.npy -o out.npy", "/dev/tty: a terminal"),
    ] {
        let Ok(output) = with_terminal(arguments) else {
            println!("NOT TESTED: no program `script`, which makes a terminal");
            return;
        };
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            shown.contains(&format!("crosslane: {expected}")),
            "{arguments}: {shown}"
        );
        assert_eq!(directory.names(), 2, "{arguments}");
    }
}

/// A file of that name is `./-`.
#[test]
fn a_dash_is_no_file() {
    let (directory, a, b) = small();
    directory.write("-", &a.bytes());
    gives(&directory, r#""$0" cross ./- b.npy -o out.npy"#, &a, &b);
    fs::remove_file(directory.path("-")).unwrap();
    gives(
        &directory,
        r#""$0" cross a.npy b.npy -o ./-; mv ./- out.npy"#,
        &a,
        &b,
    );
}
