//! What the program shows without files, and how a level is chosen.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use support::{crosslane, levels, refuses, succeeds, text};

/// The value of a line of `crosslane info`.
fn fact(info: &str, name: &str) -> String {
    let line = info.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {info}"))
        .trim()
        .to_owned()
}

#[test]
fn info_names_levels_caches_and_threads() {
    let info = text(&succeeds(crosslane().arg("info")).stdout);
    assert_eq!(fact(&info, "levels"), levels().join(", "));
    assert_eq!(fact(&info, "chosen"), *levels().last().unwrap());
    assert!(fact(&info, "caches").starts_with("L1d "));
    assert!(fact(&info, "threads").contains("available"));
    assert_ne!(fact(&info, "CPU"), "");
}

#[test]
fn the_option_beats_the_environment_beats_the_best() {
    let levels = levels();
    for level in &levels {
        let chosen =
            |command: &mut std::process::Command| fact(&text(&succeeds(command).stdout), "chosen");
        let mut environment = crosslane();
        environment.arg("info").env("CROSSLANE_LEVEL", level);
        assert_eq!(chosen(&mut environment), *level);
        for other in &levels {
            for arguments in [["--level", other, "info"], ["info", "--level", other]] {
                let mut both = crosslane();
                both.args(arguments).env("CROSSLANE_LEVEL", level);
                assert_eq!(chosen(&mut both), *other, "{level} in the environment");
            }
        }
    }
}

#[test]
fn a_level_that_is_not_there_is_refused_by_every_command() {
    let lacking = ["baseline", "avx2", "avx512"];
    let lacking = lacking
        .iter()
        .filter(|l| !levels().iter().any(|has| has == *l));
    let available = levels().join(", ");
    for level in lacking.chain(&["nonsense", "", "AVX2"]) {
        let expected = [&format!("'{level}'"), available.as_str()];
        for arguments in [
            &[][..],
            &["info"],
            &["cross", "a.npy", "b.npy", "-o", "c.npy"],
            &["normals", "mesh.obj", "-o", "n.npy"],
            &["verify"],
        ] {
            // An empty variable is none.
            if !level.is_empty() {
                let mut command = crosslane();
                command.args(arguments).env("CROSSLANE_LEVEL", level);
                refuses(&mut command, &expected);
            }
            refuses(
                crosslane().args(arguments).args(["--level", level]),
                &expected,
            );
        }
    }
}

#[test]
fn without_a_command_it_checks_every_level_and_times_every_layout() {
    for (options, column) in [
        (&[][..], "auto threads"),
        (&["--threads", "2", "--level", "baseline"], "2 threads"),
    ] {
        let mut command = crosslane();
        command.args(["--vectors", "1000"]).args(options);
        let shown = text(&succeeds(&mut command).stdout);
        for level in levels() {
            let checked = |line: &str| line.trim().starts_with(&level) && line.ends_with(" equal");
            assert!(shown.lines().any(checked), "{level} in {shown}");
        }
        assert!(shown.contains(column), "{shown}");
        let layouts = [
            "soa",
            "aos",
            "padded",
            "broadcast",
            "strided",
            "reversed",
            "rank2",
            "blocks",
        ];
        for layout in layouts {
            for element in ["f32", "f64"] {
                let row = |line: &&str| line.split_whitespace().take(2).eq([layout, element]);
                let row = shown.lines().find(row).unwrap();
                assert_eq!(row.split_whitespace().count(), 6, "{row}");
            }
        }
    }
}

#[test]
fn help_tells_of_the_danger_of_maps() {
    let help = text(&succeeds(crosslane().args(["cross", "--help"])).stdout);
    assert!(help.contains("SIGBUS"));
    let version = text(&succeeds(crosslane().arg("--version")).stdout);
    assert_eq!(
        version,
        format!("crosslane {}\n", env!("CARGO_PKG_VERSION"))
    );
}
