//! `crosslane compare`: a slowdown is found, noise is not, and what cannot be compared is said.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use serde_json::{Value, json};
use support::{Directory, succeeds, text};

const SETS: [u64; 4] = [1 << 14, 1 << 16, 1 << 20, 1 << 28];

fn times(median: f64, spread: f64) -> Value {
    json!({ "median": median, "low": median * (1.0 - spread), "high": median * (1.0 + spread), "samples": 9, "passes": 3 })
}

/// A run in which the layouts take 1, 2 ... ns a vector, give or take.
fn record(spread: f64) -> Value {
    let kernels = SETS.iter().flat_map(|set| {
        ["soa", "aos", "padded"].iter().zip([1.0, 2.0, 3.0]).map(move |(layout, ns)| {
            json!({
                "operation": "cross", "layout": layout, "type": "f32", "accuracy": "plain", "level": "baseline",
                "stores": "auto", "threads": "1", "working_set": set, "bytes": set, "vectors": set / 36,
                "ns_per_vector": times(ns, spread), "vectors_per_second": 1e9 / ns, "gb_per_second": 36.0 / ns,
                "share_of_ceiling": 0.5,
            })
        })
    });
    let ceilings = SETS.iter().map(|set| {
        json!({
            "working_set": set, "bytes": set, "threads": 1, "stores": "cached", "level": "baseline",
            "ns": times(*set as f64 / 72.0, spread), "gb_per_second": 72.0,
        })
    });
    json!({
        "schema": "crosslane-bench", "schema_version": 1, "crosslane_version": "0.1.0",
        "started": "2026-01-01T00:00:00Z", "seconds": 1.0, "effort": "quick", "complete": true,
        "machine": {
            "cpu": "One <CPU> & more", "architecture": "x86_64", "system": "Linux", "levels": ["baseline"], "cores": 2,
            "hardware_threads": 2, "pool_threads": 2, "megahertz": null, "l1d": 32768, "l2": 1048576, "l3": null,
            "memory": 1_u64 << 34, "memory_limit": null, "virtual_machine": null, "built_for": [],
        },
        "noise": { "median_spread": spread, "greatest_of_nine_in_ten": spread, "trustworthy": true },
        "ceilings": ceilings.collect::<Vec<_>>(),
        "kernels": kernels.collect::<Vec<_>>(),
    })
}

/// Multiplies the times of the kernels that are chosen.
fn slow(record: &mut Value, factor: f64, which: impl Fn(&Value) -> bool) {
    for kernel in record["kernels"].as_array_mut().unwrap() {
        if which(kernel) {
            for field in ["median", "low", "high"] {
                let time = kernel["ns_per_vector"][field].as_f64().unwrap();
                kernel["ns_per_vector"][field] = json!(time * factor);
            }
        }
    }
}

fn compare(directory: &Directory, records: &[&Value], options: &[&str]) -> std::process::Command {
    let mut command = support::crosslane();
    command
        .current_dir(directory.path(""))
        .arg("compare")
        .args(options);
    for (i, record) in records.iter().enumerate() {
        let name = format!("{i}.json");
        directory.write(&name, record.to_string().as_bytes());
        command.arg(name);
    }
    command
}

/// The line of a layout.
fn line(shown: &str, layout: &str) -> Vec<String> {
    let name = format!("cross {layout} f32 plain baseline, 1 thread");
    let mut lines = shown
        .lines()
        .filter_map(|line| line.strip_prefix(name.as_str()));
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("no {name} in {shown}"));
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_run_is_not_slower_than_itself_or_than_what_noise_makes_of_it() {
    let directory = Directory::new();
    let one = record(0.03);
    let mut other = one.clone();
    slow(&mut other, 1.04, |kernel| kernel["layout"] != "soa");
    slow(&mut other, 1.07, |kernel| kernel["working_set"] == 1 << 20);
    for second in [&one, &other] {
        let mut command = compare(&directory, &[&one, second], &["--fail-if-slower"]);
        let shown = text(&succeeds(&mut command).stdout);
        assert!(
            shown.contains("B / A: no difference beyond the spread"),
            "{shown}"
        );
        assert!(!shown.contains('!') && !shown.contains('*'), "{shown}");
    }
}

#[test]
fn a_planted_slowdown_of_a_fifth_is_pointed_out_where_it_is() {
    let directory = Directory::new();
    let one = record(0.03);
    let mut other = one.clone();
    slow(&mut other, 1.2, |kernel| kernel["layout"] == "aos");
    let shown = text(&succeeds(&mut compare(&directory, &[&one, &other], &[])).stdout);
    assert_eq!(
        line(&shown, "aos"),
        [
            "1.20!", "1.20!", "1.20!", "1.20!", "1.20!", "±6", "%", "SLOWER"
        ]
    );
    assert_eq!(
        line(&shown, "soa"),
        ["1.00", "1.00", "1.00", "1.00", "1.00", "±6", "%"]
    );
    assert!(
        shown.contains("B / A: beyond the spread: 5 slower (!), 0 faster (*)"),
        "{shown}"
    );
    let mut back = compare(&directory, &[&other, &one], &["--fail-if-slower"]);
    let shown = text(&succeeds(&mut back).stdout);
    assert_eq!(line(&shown, "aos")[4], "0.83*");
    // At one working set alone.
    let mut other = one.clone();
    slow(&mut other, 1.2, |kernel| {
        kernel["layout"] == "aos" && kernel["working_set"] == 1 << 16
    });
    let shown = text(&succeeds(&mut compare(&directory, &[&one, &other], &[])).stdout);
    assert_eq!(line(&shown, "aos")[..4], ["1.00", "1.20!", "1.00", "1.00"]);
    support::refuses_after_writing(
        &mut compare(&directory, &[&one, &other], &["--fail-if-slower"]),
        &["slower"],
    );
}

#[test]
fn where_single_ratios_say_nothing_all_of_them_together_do() {
    let directory = Directory::new();
    let one = record(0.06);
    let mut other = one.clone();
    slow(&mut other, 1.2, |_| true);
    let shown = text(&succeeds(&mut compare(&directory, &[&one, &other], &[])).stdout);
    assert_eq!(
        line(&shown, "padded"),
        [
            "1.20", "1.20", "1.20", "1.20", "1.20!", "±12", "%", "SLOWER"
        ]
    );
}

#[test]
fn the_mood_of_one_machine_is_divided_out_and_of_two_it_is_not() {
    let directory = Directory::new();
    let one = record(0.02);
    let mut other = one.clone();
    slow(&mut other, 1.5, |_| true);
    for ceiling in other["ceilings"].as_array_mut().unwrap() {
        ceiling["gb_per_second"] = json!(72.0 / 1.5);
    }
    let shown = text(&succeeds(&mut compare(&directory, &[&one, &other], &[])).stdout);
    assert!(shown.contains("the same machine"), "{shown}");
    assert_eq!(line(&shown, "soa")[4], "1.00");
    other["machine"]["cpu"] = json!("Another");
    other["crosslane_version"] = json!("0.2.0");
    let shown = text(&succeeds(&mut compare(&directory, &[&one, &other], &[])).stdout);
    assert!(shown.contains("DIFFERENT MACHINES"), "{shown}");
    assert!(
        shown.contains("different versions of crosslane: A is 0.1.0, B is 0.2.0"),
        "{shown}"
    );
    assert_eq!(line(&shown, "soa")[4], "1.50!");
}

#[test]
fn what_the_limit_is_not_sure_of_no_kernel_is_accused_of() {
    let directory = Directory::new();
    let mut one = record(0.01);
    for ceiling in one["ceilings"].as_array_mut().unwrap() {
        ceiling["ns"] = times(ceiling["ns"]["median"].as_f64().unwrap(), 0.2);
    }
    let mut other = one.clone();
    for ceiling in other["ceilings"].as_array_mut().unwrap() {
        ceiling["gb_per_second"] = json!(72.0 * 1.15);
    }
    let mut command = compare(&directory, &[&one, &other], &["--fail-if-slower"]);
    let shown = text(&succeeds(&mut command).stdout);
    assert_eq!(line(&shown, "soa")[4], "1.15");
    assert!(shown.contains("no difference beyond the spread"), "{shown}");
}

#[test]
fn of_one_pass_alone_nothing_is_concluded() {
    let directory = Directory::new();
    let mut one = record(0.0);
    for kernel in one["kernels"].as_array_mut().unwrap() {
        kernel["ns_per_vector"]["passes"] = json!(1);
    }
    let mut other = one.clone();
    slow(&mut other, 1.2, |_| true);
    let shown = text(&succeeds(&mut compare(&directory, &[&one, &other], &[])).stdout);
    assert!(shown.contains("no difference beyond the spread"), "{shown}");
}

#[test]
fn a_file_with_nothing_in_common_does_not_hide_the_others() {
    let directory = Directory::new();
    let one = record(0.02);
    let mut other = one.clone();
    for kernel in other["kernels"].as_array_mut().unwrap() {
        kernel["level"] = json!("avx2");
    }
    let mut command = compare(&directory, &[&one, &one, &other], &["--svg", "c.svg"]);
    let shown = text(&succeeds(&mut command).stdout);
    assert!(shown.contains("B / A: no difference"), "{shown}");
    assert!(
        shown.contains("C / A: no kernel and working set in common"),
        "{shown}"
    );
    let svg = std::fs::read_to_string(directory.path("c.svg")).unwrap();
    assert!(
        svg.contains("cross, f32, plain, avx2, 1 thread"),
        "what only C has is drawn"
    );
}

#[test]
fn three_runs_are_compared_with_the_first_and_drawn() {
    let directory = Directory::new();
    let one = record(0.02);
    let mut two = one.clone();
    let kernels = two["kernels"].as_array_mut().unwrap();
    kernels.retain(|kernel| kernel["layout"] != "padded");
    let mut command = compare(&directory, &[&one, &two, &one], &["--svg", "c.svg"]);
    let shown = text(&succeeds(&mut command).stdout);
    assert!(
        shown.contains("B / A: no") && shown.contains("C / A: no"),
        "{shown}"
    );
    assert!(shown.contains("only in A: 4 of 12 measurements"), "{shown}");
    let svg = std::fs::read_to_string(directory.path("c.svg")).unwrap();
    let texts = support::texts(&svg);
    for expected in [
        "A: soa",
        "B: aos",
        "C: padded",
        "cross, f32, plain, baseline, 1 thread",
    ] {
        assert!(
            texts.iter().any(|text| text == expected),
            "{expected} in {texts:?}"
        );
    }
    assert!(
        texts.iter().any(|text| text.contains("One <CPU> & more")),
        "{texts:?}"
    );
    assert!(!texts.iter().any(|text| text == "B: padded"), "it has none");
    // It stays, and so do the inputs.
    directory.refuses(
        &mut compare(&directory, &[&one, &two], &["--svg", "c.svg"]),
        &["c.svg", "--force"],
    );
    directory.refuses(
        &mut compare(&directory, &[&one, &two], &["--svg", "0.json", "--force"]),
        &["0.json", "the same file as the input"],
    );
}

#[test]
fn what_is_no_record_is_refused() {
    let directory = Directory::new();
    let one = record(0.02);
    let with = |change: fn(&mut Value)| {
        let mut other = one.clone();
        change(&mut other);
        other
    };
    for (other, expected) in [
        (
            with(|r| r["schema_version"] = json!(2)),
            "version 2 of the schema, expected 1",
        ),
        (
            with(|r| r["schema"] = json!("other")),
            "\"schema\" is not \"crosslane-bench\"",
        ),
        (json!([1, 2]), "\"schema\" is not"),
        (
            with(|r| drop(r.as_object_mut().unwrap().remove("schema_version"))),
            "no \"schema_version\"",
        ),
        (
            with(|r| drop(r.as_object_mut().unwrap().remove("machine"))),
            "machine",
        ),
        (
            with(|r| r["kernels"][0]["ns_per_vector"]["median"] = json!(0.0)),
            "0 < low",
        ),
        (
            with(|r| r["kernels"][0]["ns_per_vector"]["high"] = json!(0.1)),
            "0 < low",
        ),
        (
            with(|r| r["ceilings"][0]["ns"]["low"] = json!(-1.0)),
            "0 < low",
        ),
        (
            with(|r| r["ceilings"][0]["gb_per_second"] = json!(0.0)),
            "gb_per_second",
        ),
        (
            with(|r| r["kernels"] = json!([])),
            "no kernel and working set that another file has",
        ),
        (with(|r| r["kernels"][0]["type"] = json!(7)), "type"),
        (
            with(|r| r["kernels"][0]["operation"] = json!("x".repeat(70_000))),
            "too long",
        ),
        (
            with(|r| r["machine"]["cpu"] = json!("\u{1b}[31m")),
            "not for display",
        ),
        (
            with(|r| r["kernels"][0]["gb_per_second"] = json!(5e-324)),
            "expected a speed",
        ),
    ] {
        let mut command = compare(&directory, &[&one, &other], &[]);
        support::refuses(&mut command, &[expected]);
    }
    directory.write("1.json", b"{\"schema\": ");
    let mut command = support::crosslane();
    command
        .current_dir(directory.path(""))
        .args(["compare", "0.json", "1.json"]);
    support::refuses(&mut command, &["1.json"]);
    command.arg("none.json");
    support::refuses(&mut command, &["1.json"]);
    let mut command = support::crosslane();
    command
        .current_dir(directory.path(""))
        .args(["compare", "0.json"]);
    assert_eq!(
        command.output().unwrap().status.code(),
        Some(2),
        "one file is wrong usage"
    );
}
