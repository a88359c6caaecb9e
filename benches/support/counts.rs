//! Counts beside those of `benches/instructions.txt`: the tools that count, the file, and what differs.
//!
//! Separate because it does not know what a case is but by its name. What cannot be counted here is printed as NOT TESTED, and
//! is an error where the environment variable `CROSSLANE_EXPECT_INSTRUCTIONS` is 1. Another compiler gives other counts: they
//! are compared and printed, and fail only if that variable says so.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crosslane::Level;
use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

/// A hundred and three percent: what more is let pass.
const MOST: u64 = 103;

/// Instructions by the name of the case.
type Counts = BTreeMap<String, u64>;

pub(crate) fn print(names: &[String]) -> ExitCode {
    match Tools::here(false).map(|tools| tools.count(names)) {
        Ok(counts) => print!("{}", lines(&counts)),
        Err(missing) => return not_tested(&missing),
    }
    ExitCode::SUCCESS
}

pub(crate) fn update(names: &[String]) -> ExitCode {
    let tools = match Tools::here(true) {
        Ok(tools) => tools,
        Err(missing) => return not_tested(&missing),
    };
    let counts = tools.count(names);
    let head = "\
        # Instructions of one call of `Engine` on one thread: operation, layout, type, level, accuracy, vectors, count.\n\
        # `cargo bench --bench instructions -- --update` writes this file, where a change was meant. Counted with\n";
    let text = format!("{head}# {}\n{}", tools.versions, lines(&counts));
    fs::write(FILE, text).unwrap();
    println!("{} counts written to {FILE}", counts.len());
    ExitCode::SUCCESS
}

/// Fails if a case takes more instructions than the file says, or there is no such case.
pub(crate) fn check(names: &[String]) -> ExitCode {
    let tools = match Tools::here(true) {
        Ok(tools) => tools,
        Err(missing) => return not_tested(&missing),
    };
    let (made_by, was) = read();
    let is = tools.count(names);
    let (more, less, changed) = compare(&was, &is);
    let same_tools = made_by == tools.versions;
    if !same_tools {
        println!("counted with {}", tools.versions);
        println!("the file with {made_by}: other compilers, other counts");
    }
    println!(
        "{} counts: {more} more than 3 % above the file's, {less} more than 3 % below",
        is.len()
    );
    if less > 0 && more == 0 && !changed {
        println!("better: `cargo bench --bench instructions -- --update` keeps it");
    }
    match (changed, more > 0) {
        (true, _) => ExitCode::FAILURE,
        _ if !same_tools && !expected() => not_tested("counts of these tools are not in the file"),
        (_, true) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Prints what differs. How many take more, how many less, and whether a case is in one of them only.
fn compare(was: &Counts, is: &Counts) -> (usize, usize, bool) {
    let (mut more, mut less, mut changed) = (0, 0, false);
    for (name, &is) in is {
        let Some(&was) = was.get(name) else {
            println!("{name}: not in the file");
            changed = true;
            continue;
        };
        let ratio = is as f64 / was as f64;
        if is * 100 > was * MOST {
            println!("{name}: was {was}, is {is}, {ratio:.3} times");
            more += 1;
        } else if is * MOST < was * 100 {
            println!("{name}: was {was}, is {is}, {ratio:.3} times, better");
            less += 1;
        }
    }
    for name in was.keys().filter(|name| !is.contains_key(*name)) {
        let lacking = !Level::available().any(|level| name.contains(&format!(" {level} ")));
        if lacking {
            println!("NOT TESTED: {name}, of which this CPU lacks the level");
        } else {
            println!("{name}: only in the file");
        }
        changed |= !lacking || expected();
    }
    (more, less, changed)
}

/// By what the file was made, and its counts.
fn read() -> (String, Counts) {
    let text = fs::read_to_string(FILE).unwrap_or_default(); // without it every case is a new one
    let (head, counts): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with('#'));
    let made_by = head.last().map_or("", |line| line.trim_start_matches("# "));
    let counts = counts.into_iter().map(|line| {
        let (name, count) = line.rsplit_once(' ').unwrap();
        (name.trim_end().to_owned(), count.parse().unwrap())
    });
    (made_by.to_owned(), counts.collect())
}

fn lines(counts: &Counts) -> String {
    let line = |(name, count)| format!("{name:<50} {count:>7}\n");
    counts.iter().map(line).collect()
}

fn expected() -> bool {
    env::var_os("CROSSLANE_EXPECT_INSTRUCTIONS").is_some_and(|value| value == "1")
}

fn not_tested(why: &str) -> ExitCode {
    println!("NOT TESTED: {why}");
    if expected() {
        println!("but CROSSLANE_EXPECT_INSTRUCTIONS is 1");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What counts, and what was compiled with.
struct Tools {
    /// Where programs are looked for: with the runner that was installed here before others.
    path: OsString,
    versions: String,
}

impl Tools {
    /// Or what is missing; gungraun's runner need not be, if `install` is said.
    fn here(install: bool) -> Result<Self, String> {
        let here = env::var_os("PATH").unwrap_or_default();
        let valgrind =
            output(Command::new("valgrind").arg("--version")).ok_or("valgrind is not here")?;
        let rustc = output(Command::new("rustc").arg("-vV")).ok_or("rustc is not here")?;
        let field = |name| rustc.lines().find_map(|line| line.strip_prefix(name));
        let release = rustc.lines().next().unwrap_or_default();
        let host = field("host: ").unwrap_or_default();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools");
        let paths = [root.join("bin")]
            .into_iter()
            .chain(env::split_paths(&here));
        let tools = Self {
            path: env::join_paths(paths).unwrap(),
            versions: format!("{release} for {host}, and {}", valgrind.trim()),
        };
        let version = runner_version();
        if tools.has_runner(&version) || install && tools.install(&version, &root) {
            return Ok(tools);
        }
        let why = if install {
            "cannot be installed"
        } else {
            "is not here; `-- --check` installs it"
        };
        Err(format!("gungraun-runner {version} {why}"))
    }

    fn has_runner(&self, version: &str) -> bool {
        let mut runner = Command::new("gungraun-runner");
        output(runner.arg("--version").env("PATH", &self.path))
            .is_some_and(|line| line.trim().ends_with(&format!(" {version}")))
    }

    /// Hardly optimised, as it has little to do and is soon built.
    fn install(&self, version: &str, root: &PathBuf) -> bool {
        println!(
            "installing gungraun-runner {version} to {}, once",
            root.display()
        );
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["install", "--quiet", "--locked", "gungraun-runner"])
            .args(["--version", version, "--root"])
            .arg(root)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env_remove("CARGO_TARGET_DIR");
        cargo.status().is_ok_and(|status| status.success()) && self.has_runner(version)
    }

    /// Runs this program once more, as gungraun's.
    ///
    /// # Panics
    /// If a result was not the reference's, as is then on standard error.
    fn count(&self, names: &[String]) -> Counts {
        let mut gungraun = Command::new(env::current_exe().unwrap());
        gungraun
            .args(["--bench", "--output-format=json", "--parallel=auto"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("PATH", &self.path)
            .stderr(Stdio::inherit());
        let output = gungraun.output().unwrap();
        assert!(output.status.success(), "gungraun: {}", output.status);
        let summaries = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        let counts = summaries.map(|summary| count_of(&summary.unwrap(), names));
        let counts: Counts = counts.collect();
        assert_eq!(counts.len(), names.len(), "each case is counted once");
        counts
    }
}

/// What gungraun says of a case: its place among the cases is at the end of its id.
fn count_of(summary: &Value, names: &[String]) -> (String, u64) {
    let id = summary["id"].as_str().unwrap();
    let (_, place) = id.rsplit_once('_').unwrap();
    let place: usize = place.parse().unwrap();
    let instructions = &summary["profiles"][0]["data"]["total"]["metrics"]["Ir"];
    let count = instructions["values"]["new"].as_u64();
    (names[place].clone(), count.expect("callgrind counts"))
}

/// Only the runner of the same version understands what the library says.
fn runner_version() -> String {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let entry = lock.split("name = \"gungraun-runner\"").nth(1).unwrap();
    entry.split('"').nth(1).unwrap().to_owned()
}

/// What a program prints, if there is such a program and it succeeds.
fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}
