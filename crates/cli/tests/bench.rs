//! `crosslane bench`: what it measures, shows and writes, and what is left when it is interrupted.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use support::{Directory, levels, succeeds, text};

/// A run of a few seconds: with these options, here, into `b.json`, `b.svg` and `b.html`.
fn bench(directory: &Directory, options: &[&str]) -> Command {
    let mut command = support::crosslane();
    command.current_dir(directory.path("")).args([
        "bench", "--quick", "--json", "b.json", "--svg", "b.svg", "--html", "b.html",
    ]);
    command.args(options);
    command
}

fn json(directory: &Directory, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(directory.path(name)).unwrap()).unwrap()
}

/// The values of a field of all kernels.
fn values<'a>(record: &'a Value, field: &str) -> BTreeSet<&'a str> {
    let kernels = record["kernels"].as_array().unwrap().iter();
    kernels
        .map(|kernel| kernel[field].as_str().unwrap())
        .collect()
}

#[test]
fn measures_every_combination_of_what_is_selected() {
    let directory = Directory::new();
    let levels = levels();
    let names = levels.join(",");
    let mut command = bench(&directory, &["--op", "cross,unit_normal,cross_norm_vjp"]);
    command.args([
        "--layout",
        "soa,aos,broadcast,rank2,blocks",
        "--type",
        "f64",
        "--level",
        &names,
    ]);
    command.args([
        "--threads",
        "1,auto",
        "--accuracy",
        "plain",
        "--sizes",
        "16KiB,48KiB",
    ]);
    let shown = text(&succeeds(&mut command).stdout);
    let record = json(&directory, "b.json");
    assert_eq!(record["complete"], true);
    let named = |field| values(&record, field).into_iter().collect::<Vec<_>>();
    assert_eq!(
        named("operation"),
        ["cross", "cross_norm_vjp", "unit_normal"]
    );
    assert_eq!(
        named("layout"),
        ["aos", "blocks", "broadcast", "rank2", "soa"]
    );
    assert_eq!(named("type"), ["f64"]);
    assert_eq!(named("accuracy"), ["plain"]);
    let all: BTreeSet<_> = levels.iter().map(String::as_str).collect();
    assert_eq!(values(&record, "level"), all);
    assert_eq!(named("threads"), ["1", "auto"]);
    let kernels = record["kernels"].as_array().unwrap();
    // The gradient of one vector for all is a sum, which is not measured.
    assert_eq!(kernels.len(), (2 * 5 + 4) * levels.len() * 2 * 2);
    for kernel in kernels {
        let number = |field: &str| kernel[field].as_f64().unwrap();
        let (vectors, bytes, set) = (number("vectors"), number("bytes"), number("working_set"));
        let of_one = match (&kernel["operation"], &kernel["layout"]) {
            (operation, layout) if operation == "cross_norm_vjp" && layout != "broadcast" => 13.0,
            (_, layout) if layout == "broadcast" => 6.0,
            _ => 9.0,
        };
        let unit = match kernel["layout"].as_str() {
            Some("rank2") => 64.0,
            Some("blocks") => 8.0,
            _ => 1.0,
        };
        assert_eq!(vectors % unit, 0.0, "whole rows and blocks: {kernel}");
        assert!(
            bytes <= set && bytes + 8.0 * of_one * unit > 0.97 * set,
            "{kernel}"
        );
        let once = if kernel["layout"] == "broadcast" {
            3.0
        } else {
            0.0
        };
        assert!(
            (bytes - 8.0 * (of_one * vectors + once)).abs() < 0.5,
            "{kernel}"
        );
        let times = &kernel["ns_per_vector"];
        let [low, median, high] =
            ["low", "median", "high"].map(|name| times[name].as_f64().unwrap());
        assert!(0.0 < low && low <= median && median <= high, "{kernel}");
        assert!(times["samples"].as_u64().unwrap() >= 9, "{kernel}");
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(near(number("vectors_per_second"), 1e9 / median), "{kernel}");
        assert!(
            near(number("gb_per_second"), bytes / (median * vectors)),
            "{kernel}"
        );
        // Nothing is ten times as fast as memory and caches are.
        let share = number("share_of_ceiling");
        assert!(share > 0.0 && share < 10.0, "{kernel}");
    }
    for level in &levels {
        let line = format!("cross soa f64 plain {level} ");
        assert!(shown.contains(&line), "{line} in {shown}");
    }
    let ceilings = record["ceilings"].as_array().unwrap();
    assert!(
        ceilings
            .iter()
            .all(|ceiling| ceiling["gb_per_second"].as_f64() > Some(0.0))
    );
    let stores: BTreeSet<_> = ceilings
        .iter()
        .map(|c| c["stores"].as_str().unwrap())
        .collect();
    if cfg!(target_arch = "x86_64") {
        assert_eq!(
            stores.into_iter().collect::<Vec<_>>(),
            ["cached", "streaming"]
        );
    }
}

/// Whether `value` has what `schema` requires, and nothing that it does not know.
fn conforms(root: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let is = |name: &str| types.iter().any(|one| one == name);
    let right = match value {
        Value::Null => is("null"),
        Value::Bool(_) => is("boolean"),
        Value::Number(number) => is("number") || (is("integer") && number.is_u64()),
        Value::String(_) => is("string"),
        Value::Array(_) => is("array"),
        Value::Object(_) => is("object"),
    };
    assert!(right, "{place}: {value} is no {types:?}");
    if let Value::Array(values) = value {
        for value in values {
            conforms(root, &schema["items"], value, &format!("{place}[]"));
        }
    }
    if let Value::Object(fields) = value {
        for name in schema["required"].as_array().unwrap() {
            assert!(
                fields.contains_key(name.as_str().unwrap()),
                "{place} lacks {name}"
            );
        }
        for (name, value) in fields {
            let known = &schema["properties"][name];
            assert!(known.is_object(), "{place}.{name} is not in the schema");
            conforms(root, known, value, &format!("{place}.{name}"));
        }
    }
}

#[test]
fn the_file_conforms_to_the_schema_and_page_and_picture_show_it() {
    let directory = Directory::new();
    let schema = text(&succeeds(support::crosslane().args(["bench", "--schema"])).stdout);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(
        schema["description"]
            .as_str()
            .unwrap()
            .contains("nanoseconds")
    );
    succeeds(&mut bench(
        &directory,
        &["--sizes", "16KiB,64KiB", "--type", "f32"],
    ));
    let record = json(&directory, "b.json");
    conforms(&schema, &schema, &record, "record");
    assert_eq!(
        (&record["schema"], &record["schema_version"]),
        (&"crosslane-bench".into(), &1.into())
    );

    let page = fs::read_to_string(directory.path("b.html")).unwrap();
    let (_, inside) = page.split_once("id=\"crosslane-bench\">").unwrap();
    let (inside, _) = inside.split_once("</script>").unwrap();
    let inside: Value = serde_json::from_str(inside).unwrap();
    assert_eq!(inside, record, "the page has the record");
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org").count()
    );

    let svg = fs::read_to_string(directory.path("b.svg")).unwrap();
    assert!(page.contains(svg.trim()), "the page has the picture");
    let picture = roxmltree::Document::parse(&svg).unwrap();
    let texts = support::texts(&svg);
    for expected in [
        "cross, f32, plain, 1 thread",
        "cross, f32, correctly-rounded, auto threads",
        "limit: triad, faster stores",
        "16 KiB",
        "GB/s",
    ] {
        assert!(
            texts.iter().any(|text| text == expected),
            "{expected} in {texts:?}"
        );
    }
    let lines = |tag: &str| {
        picture
            .descendants()
            .filter(|node| node.has_tag_name(tag))
            .count()
    };
    // Four panels of three layouts and a limit, each a line of two points, and a dot for each point.
    assert!(lines("polyline") >= 16, "{svg}");
    assert!(lines("circle") >= 24, "{svg}");
}

#[test]
fn what_could_not_be_written_is_refused_before_anything_is_measured() {
    let directory = Directory::new();
    directory.write("b.svg", b"somebody's");
    let mut command = bench(&directory, &[]);
    directory.refuses(&mut command, &["b.svg", "--force"]);
    let mut command = bench(&directory, &["--force"]);
    command.args(["--sizes", "16KiB", "--type", "f32", "--layout", "soa"]);
    let shown = text(&succeeds(command.arg("--markdown")).stdout);
    let rows = shown
        .lines()
        .filter(|line| line.starts_with("| cross soa f32 "));
    assert_eq!(
        rows.count(),
        4,
        "two accuracies, two numbers of threads: {shown}"
    );
    assert!(
        fs::read_to_string(directory.path("b.svg"))
            .unwrap()
            .starts_with("<svg")
    );
    for other in ["x", "./x", ".././here/x"] {
        fs::create_dir_all(directory.path("here")).unwrap();
        let mut twice = support::crosslane();
        twice.current_dir(directory.path("here"));
        twice.args(["bench", "--json", "x", "--html", other]);
        directory.refuses(&mut twice, &["x: named twice"]);
    }
    let mut nowhere = support::crosslane();
    nowhere.current_dir(directory.path(""));
    nowhere.args(["bench", "--json", "none/x"]);
    directory.refuses(&mut nowhere, &["none/x"]);
    let mut sum = bench(
        &directory,
        &["--force", "--op", "cross_vjp", "--layout", "broadcast"],
    );
    directory.refuses(&mut sum, &["it is a sum"]);
}

#[test]
fn a_wrong_selection_is_wrong_usage() {
    for options in [
        ["--op", "crosss"],
        ["--layout", "rows"],
        ["--type", "f16"],
        ["--sizes", "12"],
        ["--sizes", "many"],
        ["--accuracy", "plain,exact"],
        ["--quick", "--full"],
    ] {
        let output = support::crosslane()
            .arg("bench")
            .args(options)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(text(&output.stderr).starts_with("error: "), "{options:?}");
    }
}

#[test]
fn lists_are_for_bench_alone() {
    for options in [
        ["--threads", "1,2"],
        ["--accuracy", "plain,correctly-rounded"],
        ["--stores", "auto,cached"],
    ] {
        let mut command = support::crosslane();
        command.args(options).args(["--vectors", "10"]);
        support::refuses(&mut command, &[options[0], "several values"]);
    }
    let mut command = support::crosslane();
    command
        .arg("info")
        .env("CROSSLANE_LEVEL", "baseline,baseline");
    support::refuses(&mut command, &["CROSSLANE_LEVEL: ", "several values"]);
}

#[cfg(unix)]
mod interrupted {
    use std::io::Read;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::*;

    /// A long run, and a signal as soon as the file has kernels: the exit code, and what was shown.
    fn interrupt(directory: &Directory, signal: i32) -> (Option<i32>, String, String) {
        let mut command = support::crosslane();
        command.current_dir(directory.path("")).args([
            "bench", "--json", "b.json", "--svg", "b.svg", "--html", "b.html", "--type", "f32",
        ]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let measured = fs::read_to_string(directory.path("b.json")).unwrap_or_default();
            if measured.contains("ns_per_vector") {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let killed = Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status();
        assert!(killed.unwrap().success(), "the run was still going on");
        let code = child.wait().unwrap().code();
        let out = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
        (
            code,
            out,
            std::io::read_to_string(child.stderr.take().unwrap()).unwrap(),
        )
    }

    /// The file is whole and has what was measured.
    fn kept(directory: &Directory) {
        let record = json(directory, "b.json");
        assert_eq!(record["complete"], false, "it was not all");
        assert!(
            !record["kernels"].as_array().unwrap().is_empty(),
            "something was measured"
        );
        let mut compare = support::crosslane();
        compare
            .current_dir(directory.path(""))
            .args(["compare", "b.json", "b.json"]);
        let compared = text(&succeeds(&mut compare).stdout);
        assert!(compared.contains("not complete"), "{compared}");
    }

    #[test]
    fn by_the_user_leaves_all_files_with_what_was_measured() {
        let directory = Directory::new();
        let (code, out, error) = interrupt(&directory, 2);
        assert_eq!(code, Some(130), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains("interrupted; what was measured"), "{error}");
        assert!(out.contains("cross soa f32 plain"), "{out}");
        kept(&directory);
        assert_eq!(directory.names(), 3, "no temporary file");
        let svg = fs::read_to_string(directory.path("b.svg")).unwrap();
        roxmltree::Document::parse(&svg).unwrap();
    }

    #[test]
    fn before_anything_is_measured_the_file_that_was_there_stays() {
        let directory = Directory::new();
        directory.write("b.json", b"earlier");
        let mut command = bench(
            &directory,
            &["--force", "--op", "cross", "--sizes", "64MiB"],
        );
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The first line comes when it watches for signals.
        let mut line = [0; 8];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut line)
            .unwrap();
        let killed = Command::new("kill")
            .args(["-2", &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success(), "the run was still going on");
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(fs::read(directory.path("b.json")).unwrap(), b"earlier");
        assert_eq!(directory.names(), 1, "nothing else");
    }

    #[test]
    fn by_force_leaves_the_record_of_what_was_measured() {
        let directory = Directory::new();
        let (code, ..) = interrupt(&directory, 9);
        assert_eq!(code, None);
        kept(&directory);
    }
}
