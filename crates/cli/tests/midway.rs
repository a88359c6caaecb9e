//! What goes wrong when the work has begun: one line on standard error, and nothing is left.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Array, Directory, header, npy, text};

/// 96 kB of result; each `script` makes writing that much fail in `out`.
fn cannot_write(script: &str, expected: &str) -> bool {
    let directory = Directory::new();
    directory.write("a.npy", &Array::new(&[4000, 3], "<f8", false, 1).bytes());
    fs::create_dir(directory.path("out")).unwrap();
    let output = Command::new("sh")
        .current_dir(directory.path(""))
        .args(["-c", script, env!("CARGO_BIN_EXE_crosslane")])
        .output()
        .unwrap();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    if !out.starts_with("ready\n") {
        println!("NOT TESTED: {expected}: {error}");
        return false;
    }
    assert_eq!(
        out, "ready\n1\n",
        "exit code, and files that were left: {error}"
    );
    assert!(error.contains(expected), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    true
}

#[test]
fn a_file_that_may_not_grow() {
    let script = r#"ulimit -f 20 && echo ready
        "$0" cross a.npy a.npy -o out/out.npy; echo $?; ls -A out"#;
    assert!(cannot_write(script, "out/out.npy: File too large"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full() {
    let script = r#"exec unshare -Urm sh -c 'mount -t tmpfs -o size=40k none out && echo ready
        "$0" cross a.npy a.npy -o out/out.npy; echo $?; ls -A out' "$0""#;
    cannot_write(script, "out/out.npy: No space left");
}

/// Vectors of zeros that take no place, and the program at work on them: its temporary file is there.
fn at_work(directory: &Directory, vectors: u64) -> Child {
    let start = npy(&header("<f4", false, &[vectors as usize, 3]), None, &[]);
    directory.write("a.npy", &start);
    let file = fs::File::options()
        .write(true)
        .open(directory.path("a.npy"));
    let len = start.len() as u64 + 12 * vectors;
    file.unwrap().set_len(len).unwrap();
    let mut command = directory.cross("a.npy", "a.npy", "out.npy");
    let child = command.stderr(Stdio::piped()).spawn();
    let begun = Instant::now();
    while directory.names() == 1 && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(directory.names(), 2, "the temporary file appears");
    child.unwrap()
}

/// Its exit code, and what it wrote to standard error.
fn end(mut child: Child) -> (Option<i32>, String) {
    let code = child.wait().unwrap().code();
    let error = std::io::read_to_string(child.stderr.take().unwrap());
    (code, error.unwrap())
}

#[test]
fn interrupted_it_leaves_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let directory = Directory::new();
        // 6 GB: long enough to be interrupted in.
        let child = at_work(&directory, 1 << 29);
        let pid = child.id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(kill.unwrap().success());
        let error = "crosslane: interrupted; nothing was written\n".to_owned();
        assert_eq!(end(child), (Some(130), error));
        assert_eq!(directory.names(), 1, "only the input is left");
    }
}

/// `nohup` ignores SIGHUP, a shell without job control SIGINT for what runs in the background: it stays so.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let directory = Directory::new();
    // 6 GB are not written in the time that this takes.
    let start = npy(&header("<f4", false, &[1 << 29, 3]), None, &[]);
    directory.write("a.npy", &start);
    let file = fs::File::options()
        .write(true)
        .open(directory.path("a.npy"));
    file.unwrap()
        .set_len(start.len() as u64 + (12 << 29))
        .unwrap();
    let script = r#"trap '' HUP INT; "$0" cross a.npy a.npy -o out.npy & program=$!
        until ls -A | grep -q crosslane-; do sleep 0.01; done
        kill -HUP $program; kill -INT $program; sleep 0.3
        kill -0 $program && echo alive; kill -TERM $program; wait $program; echo $?; ls -A"#;
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_crosslane")])
        .current_dir(directory.path("."));
    let output = command.output().unwrap();
    assert_eq!(
        text(&output.stdout),
        "alive\n130\na.npy\n",
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let directory = Directory::new();
    // 200 MB: long enough for the file to appear in.
    let child = at_work(&directory, 1 << 24);
    directory.write("out.npy", b"somebody's");
    let (code, error) = end(child);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.starts_with("crosslane: out.npy: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(fs::read(directory.path("out.npy")).unwrap(), b"somebody's");
    assert_eq!(directory.names(), 2);
}
