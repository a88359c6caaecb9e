//! Environment variables: an empty one is as good as none, nonsense is an error.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::process::Command;

use support::{Directory, assert_product, crosslane, levels, operands, refuses, succeeds, text};

const VARIABLES: [&str; 4] = [
    "CROSSLANE_LEVEL",
    "CROSSLANE_STREAMING_BYTES",
    "RAYON_NUM_THREADS",
    "RAYON_RS_NUM_CPUS",
];

/// The commands that calculate, on these operands; each is the name of the command last.
fn commands(directory: &Directory) -> Vec<Command> {
    directory.write("mesh.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n");
    let bench = "bench --quick --sizes 16KiB --type f32 --op cross --layout soa --threads 1";
    let bench = bench.split(' ').collect::<Vec<_>>();
    let commands: [&[&str]; 6] = [
        &["--vectors", "100"],
        &["info"],
        &["verify", "--cases", "100"],
        &["cross", "a.npy", "b.npy", "-o", "c.npy", "--force"],
        &["normals", "mesh.obj", "-o", "n.npy", "--force"],
        &bench,
    ];
    let command = |arguments: &&[&str]| {
        let mut command = crosslane();
        command.current_dir(directory.path("")).args(*arguments);
        command
    };
    commands.iter().map(command).collect()
}

#[test]
fn an_empty_variable_is_none() {
    let (directory, [a, b]) = operands(100);
    for mut command in commands(&directory) {
        succeeds(command.envs(VARIABLES.map(|name| (name, ""))));
    }
    assert_product(&directory.path("c.npy"), &a, &b, None);
    let shown = |command: &mut Command| text(&succeeds(command).stdout);
    let info = shown(crosslane().arg("info"));
    let empty = shown(
        crosslane()
            .arg("info")
            .envs(VARIABLES.map(|name| (name, ""))),
    );
    assert_eq!(info, empty);
}

#[test]
fn nonsense_in_a_variable_is_an_error_of_every_command_that_calculates() {
    let (directory, _) = operands(100);
    let bytes = "CROSSLANE_STREAMING_BYTES";
    let cases = [
        ("CROSSLANE_LEVEL", "sse9", "baseline"),
        ("CROSSLANE_LEVEL", " baseline", "baseline"),
        (bytes, "2MiB", "expected a number of bytes: 2097152"),
        (bytes, "1.5 GB", "expected a number of bytes: 1500000000"),
        (bytes, "much", "expected a number of bytes"),
        (bytes, "-1", "expected a number of bytes"),
        (bytes, "99999999999999999999", "expected a number of bytes"),
        (bytes, " 65536", "expected a number of bytes"),
        ("RAYON_NUM_THREADS", "all", "expected a number of threads"),
        ("RAYON_NUM_THREADS", "-2", "expected a number of threads"),
        ("RAYON_NUM_THREADS", "1.5", "expected a number of threads"),
        (
            "RAYON_RS_NUM_CPUS",
            "two\nlines",
            "expected a number of threads",
        ),
    ];
    for (name, value, expected) in cases {
        let shown = value.replace('\n', " ");
        for mut command in commands(&directory) {
            let quoted = format!("'{shown}'");
            directory.refuses(command.env(name, value), &[name, &quoted, expected]);
        }
    }
}

/// What an option beats is a value, and what is none is nonsense still.
#[test]
fn a_level_that_an_option_beats_must_be_one() {
    let (directory, _) = operands(100);
    for mut command in commands(&directory) {
        command.args(["--level", "baseline"]);
        for nonsense in ["nonsense", "avx512,", "baseline,sse9"] {
            let expected = ["CROSSLANE_LEVEL: level '", "baseline"];
            directory.refuses(command.env("CROSSLANE_LEVEL", nonsense), &expected);
        }
        // Whether this CPU has it, and that it is a list, does not matter then.
        for beaten in ["avx2", "avx512", "avx2,baseline"] {
            succeeds(command.env("CROSSLANE_LEVEL", beaten));
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_nonsense() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (directory, _) = operands(100);
    for name in VARIABLES {
        for mut command in commands(&directory) {
            let value = OsStr::from_bytes(b"\xff2");
            directory.refuses(command.env(name, value), &[name, "2'", "expected UTF-8"]);
        }
    }
}

#[test]
fn what_is_understood_is_obeyed() {
    let fact = |name: &str, value: &str, line: &str| {
        let shown = text(&succeeds(crosslane().arg("info").env(name, value)).stdout);
        let line = shown.lines().find(|shown| shown.starts_with(line));
        line.unwrap().to_owned()
    };
    for level in levels() {
        let chosen = fact("CROSSLANE_LEVEL", &level, "chosen");
        assert!(chosen.ends_with(&level), "{chosen}");
    }
    for name in ["RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"] {
        let threads = fact(name, "5", "threads");
        assert!(threads.ends_with("5 for rayon's pool"), "{threads}");
    }
    let hardware = std::thread::available_parallelism().unwrap();
    for value in ["0", "+0"] {
        let threads = fact("RAYON_NUM_THREADS", value, "threads");
        let expected = format!("{hardware} for rayon's pool");
        assert!(threads.ends_with(&expected), "{threads}");
    }
    for bytes in ["0", "65536", "1000000000"] {
        fact("CROSSLANE_STREAMING_BYTES", bytes, "threads");
    }
}

/// They calculate nothing, and a user of them may want to know what is wrong.
#[test]
fn commands_that_use_no_variable_do_not_look_at_any() {
    let nonsense = VARIABLES.map(|name| (name, "nonsense"));
    for arguments in [
        &["--help"][..],
        &["cross", "--help"],
        &["--version"],
        &["bench", "--schema"],
    ] {
        succeeds(crosslane().args(arguments).envs(nonsense));
    }
    refuses(
        crosslane()
            .args(["compare", "one.json", "two.json"])
            .envs(nonsense),
        &["one.json"],
    );
    let help = text(&succeeds(crosslane().arg("--help")).stdout);
    for name in &VARIABLES[..3] {
        assert!(help.contains(name), "{name} in {help}");
    }
}
