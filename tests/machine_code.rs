//! Reads the machine code that a build without any flags gives: the hot loop of every dispatched entry
//! point is full width, holds nothing but the algorithm, and calls nothing.
//!
//! This is what no other test sees: a missing `#[inline(always)]` gives right results, slowly.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]
#![cfg(target_arch = "x86_64")]

#[path = "support/assembly.rs"]
mod assembly;
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use assembly::{Function, assembly, entries, functions, tight_loops};

/// What the code of one level looks like.
struct Expected {
    /// The token's path, as it stands in the name of the entry.
    token: &'static str,
    /// The registers of full width, and those that would be too narrow or too wide.
    full: &'static str,
    other: [&'static str; 2],
    /// The prefix of arithmetic instructions.
    prefix: &'static str,
    /// Instructions per step of the hot loop: 6 loads, 9 operations, 3 stores, 3 for counting and 2 for the index that
    /// all operands share, over all steps that are written out in a row; with two-operand instructions also copies
    /// of registers.
    most: usize,
    /// Instructions per step that rounds once, of `f32` and of `f64`: what was reached, and a few for the compiler.
    most_rounded: [usize; 2],
}

const LEVELS: [Expected; 3] = [
    Expected {
        token: "baseline::Baseline",
        full: "%xmm",
        other: ["%ymm", "%zmm"],
        prefix: "",
        most: 25,
        most_rounded: [235, 380],
    },
    Expected {
        token: "avx2::Avx2",
        full: "%ymm",
        other: ["%xmm", "%zmm"],
        prefix: "v",
        most: 21,
        most_rounded: [200, 195],
    },
    Expected {
        token: "avx512::Avx512",
        full: "%zmm",
        other: ["%xmm", "%ymm"],
        prefix: "v",
        most: 23,
        most_rounded: [112, 165],
    },
];

fn is_jump(line: &str) -> bool {
    line.starts_with('j')
}

fn check_entry(level: &Expected, work: &str, element: &str, (name, lines): &Function<'_>) {
    let calls: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("call"))
        .collect();
    assert!(calls.is_empty(), "{name} calls: {calls:?}");

    let suffix = if element == "f32" { "ps" } else { "pd" };
    let (mul, sub) = (
        format!("{}mul{suffix}", level.prefix),
        format!("{}sub{suffix}", level.prefix),
    );
    let count = |body: &[&str], op: &str| {
        let full =
            |line: &&&str| line.split_whitespace().next() == Some(op) && line.contains(level.full);
        body.iter().filter(full).count()
    };
    let hot: Vec<_> = tight_loops(lines, is_jump)
        .into_iter()
        .filter(|body| count(body, &mul) > 0)
        .collect();
    assert!(
        !hot.is_empty(),
        "{name} has no loop of full width that multiplies, in:\n{}",
        lines.join("\n")
    );
    let mut streams = false;
    for body in &hot {
        let text = body.join("\n");
        let (products, differences) = (count(body, &mul), count(body, &sub));
        assert_eq!(products, 2 * differences, "{name}:\n{text}");
        assert!(
            products.is_multiple_of(if work.contains("OfFour") { 2 } else { 6 }),
            "{name}:\n{text}"
        );
        // Rows are shuffled and stored in halves, too; what multiplies is of full width everywhere.
        let multiplies = |line: &&&str| line.starts_with(&mul);
        assert_eq!(body.iter().filter(multiplies).count(), products, "{name}");
        for register in level.other.iter().filter(|_| work.contains("Columns")) {
            assert!(
                !text.contains(register),
                "{name} has {register} in its hot loop:\n{text}"
            );
        }
        assert!(!text.contains("fm"), "{name} fuses:\n{text}");
        streams |= text.contains("movnt");
    }
    assert_eq!(streams, !work.contains("OfFour"), "{name} streams");
    // The loop that most batches of columns go through.
    if work.contains("Columns") {
        let best = |body: &Vec<&str>| body.len() * 6 / count(body, &mul);
        let fewest = hot.iter().map(best).min();
        // Rows are gone along one step at a time, and the loop is not written out for several.
        let most = level.most + if work.starts_with("Grid") { 3 } else { 0 };
        assert!(
            fewest.is_some_and(|fewest| fewest <= most),
            "{name} takes {fewest:?} instructions a step"
        );
    }
}

/// What lies between labels and jumps, with the jump.
fn blocks<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut blocks = vec![Vec::new()];
    for line in lines {
        if line.ends_with(':') {
            blocks.push(Vec::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push(*line);
            if is_jump(line) {
                blocks.push(Vec::new());
            }
        }
    }
    blocks
}

/// The cross product rounded once: its arithmetic is that of `f64` for either type, all of it of full width, in one block as
/// long as nothing is in doubt, and nothing is called but the integers.
fn check_rounded_entry(level: &Expected, work: &str, element: &str, (name, lines): &Function<'_>) {
    let calls = lines.iter().filter(|line| line.starts_with("call"));
    let others: Vec<_> = calls
        .filter(|line| !line.contains("by_integers") && !line.contains("memset"))
        // A register that holds the address of one of these.
        .filter(|line| element == "f32" || !line.contains("*%r"))
        .collect();
    assert!(others.is_empty(), "{name} calls: {others:?}");
    let operation = |line: &&&str| {
        let operations = [
            "mulpd",
            "subpd",
            "addpd",
            "fmsub213pd",
            "fnmadd213pd",
            "cvtps2pd",
        ];
        let (mnemonic, _) = line.split_once('\t').unwrap_or((line, ""));
        operations.contains(&mnemonic.strip_prefix(level.prefix).unwrap_or_default())
    };
    let narrow: Vec<_> = lines
        .iter()
        .filter(operation)
        .filter(|line| !line.contains(level.full))
        .collect();
    assert!(narrow.is_empty(), "{name}: {narrow:?}");
    let mul = format!("{}mulpd\t", level.prefix);
    let in_a_step = match (element, level.prefix) {
        ("f32", _) => 12,
        // Halves of factors are multiplied, too: four products more each.
        (_, "") => 30,
        // Every second product is negated by a fused instruction.
        _ => 3,
    };
    let steps = |block: &Vec<&str>| {
        let products = block.iter().filter(|line| line.starts_with(&mul)).count();
        products as f64 / in_a_step as f64
    };
    let blocks = blocks(lines);
    let whole = blocks.iter().filter(|block| steps(block) >= 1.0);
    let fewest = whole
        .map(|block| (block.len() as f64 / steps(block)) as usize)
        .min();
    // In rows each of both operands may be repeated, and what is stored may be streamed: that is asked in every step.
    let asked = if work.starts_with("Grid") { 8 } else { 0 };
    let most = level.most_rounded[usize::from(element == "f64")] + asked;
    assert!(
        fewest.is_some_and(|fewest| fewest <= most),
        "{name} takes {fewest:?} instructions a step, expected {most}"
    );
}

/// Whether this is part of a formula, on lanes or on numbers of the language: the former have to be inlined, and the latter are. What
/// stands alone is the arc tangent, and what the reference has for an instruction.
fn formula(name: &str) -> bool {
    let inside = |path: &str| name.contains(&format!("crosslane::formula::{path}"));
    let generic = [
        "number", "pair", "dot", "norm", "polar", "plain_", "long_", "rounded", "scaled", "times",
    ];
    let starts = |path: &&str| {
        let path = format!("crosslane::formula::{path}");
        name.starts_with(&path) || name.starts_with(&format!("<{path}"))
    };
    generic.iter().any(starts) && !inside("scalar")
}

/// Every function of the library, which is compiled once for all tests.
fn library() -> &'static [Function<'static>] {
    static ASSEMBLY: OnceLock<String> = OnceLock::new();
    static FUNCTIONS: OnceLock<Vec<Function<'_>>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine-code");
        let assembly =
            ASSEMBLY.get_or_init(|| assembly(&mut Command::new(env!("CARGO")), &target, None));
        functions(assembly, "#", ".Lfunc_end")
    })
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "compiles the library once more, for half a minute: with --release"
)]
fn hot_loops_are_full_width_and_call_nothing() {
    let functions = library();
    // Half types have rare cases to call something for; an instruction is not one of them.
    let instructions: Vec<_> = functions
        .iter()
        .map(|(name, _)| name)
        .filter(|name| {
            let inside = |path: &str| name.contains(&format!("crosslane::simd::{path}"));
            let arithmetic =
                inside("avx") && (name.contains("::double::") || name.contains("::single::"));
            // Lanes by the definition, which few need.
            let apart = ["round_numbers", "by_integers", "ByIntegers"];
            let is_apart = apart
                .map(|name| inside(&format!("rounded::{name}")))
                .contains(&true);
            let algorithm = inside("rounded::") && !is_apart;
            name.contains("core_arch")
                || (name.contains("{closure") && inside("avx"))
                || arithmetic
                || algorithm
                || inside("reals::") && !inside("baseline::reals::fused")
                || formula(name)
                || name.starts_with("<[") // methods of arrays, with a closure
                || name.starts_with("core::array")
        })
        .collect();
    assert!(
        instructions.is_empty(),
        "instructions out of line: {instructions:?}"
    );
    for level in &LEVELS {
        for entry in entries(functions, level.token) {
            check_entry(level, entry.work, entry.element, entry.plain);
            check_rounded_entry(level, entry.work, entry.element, entry.rounded);
        }
    }
}

/// What is compiled for each level and type, and often for each operation: how many functions, and how many instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Compiled {
    instances: usize,
    instructions: usize,
}

/// A work that runs at a level, with the operation that is compiled into it, and the kind of its elements.
fn work_of(name: &str) -> Option<String> {
    let (_, work) = name.split_once("vectorize")?;
    let work = work.trim_start_matches("::entry").strip_prefix("::<")?;
    let path = work.split(['<', '>']).next()?;
    let (_, work_name) = path.rsplit_once("::")?;
    let operations = ["Plainly", "Accurately", "RoundedCross", "Cross"];
    let operation = operations.iter().find(|operation| {
        let inside = |end: &str| work.contains(&format!("::{operation}{end}"));
        inside("<") || inside(",")
    });
    let half = work.contains("f16") || work.contains("simd::half::");
    let elements = if half { "half" } else { "real" };
    Some(format!(
        "{work_name} {} {elements}",
        operation.unwrap_or(&"any")
    ))
}

const INSTANCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/instances.txt");

/// What the compiler takes its time for: whoever links the library pays it. A loop that is compiled once more for every level, type and
/// operation is easily written and not seen.
#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "compiles the library once more, for half a minute: with --release"
)]
fn no_loop_is_compiled_more_often_than_before() {
    let mut compiled = BTreeMap::<String, Compiled>::new();
    for (name, lines) in library() {
        let instructions = lines.iter().filter(|line| !line.ends_with(':')).count();
        // The others only call an entry.
        if let Some(work) = work_of(name)
            && instructions > 8
        {
            let compiled = compiled.entry(work).or_default();
            compiled.instances += 1;
            compiled.instructions += instructions;
        }
    }
    let entry = |(work, compiled): (&String, &Compiled)| {
        format!(
            "{work:<28} {:>4} {:>7}\n",
            compiled.instances, compiled.instructions
        )
    };
    let found: String = compiled.iter().map(entry).collect();
    if env::var_os("CROSSLANE_UPDATE_INSTANCES").is_some() {
        let comments = "# Work, operation and elements: functions, and their instructions. Written with\n\
            # CROSSLANE_UPDATE_INSTANCES=1 cargo test --release --all-features --test machine_code\n";
        return fs::write(INSTANCES, format!("{comments}{found}")).unwrap();
    }
    let file = fs::read_to_string(INSTANCES).unwrap();
    let mut before = BTreeMap::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [work @ .., instances, instructions] = &words[..] else {
            panic!("{line} in {INSTANCES}");
        };
        let compiled = Compiled {
            instances: instances.parse().unwrap(),
            instructions: instructions.parse().unwrap(),
        };
        before.insert(work.join(" "), compiled);
    }
    let more = |now: usize, before: usize| 10 * now > 11 * before;
    let grown: Vec<_> = compiled
        .iter()
        .map(|(work, now)| (work, now, before.get(work).copied().unwrap_or_default()))
        .filter(|(_, now, before)| {
            more(now.instances, before.instances) || more(now.instructions, before.instructions)
        })
        .collect();
    assert!(
        grown.is_empty(),
        "more than a tenth more than in {INSTANCES}: {grown:#?}\nfound:\n{found}"
    );
    // A file that says nothing would be held by everything.
    assert!(compiled.len() >= 12, "too few kinds of work:\n{found}");
    let half = |work: &&String| cfg!(feature = "half") || !work.ends_with("half");
    let gone: Vec<_> = before
        .keys()
        .filter(half)
        .filter(|work| !compiled.contains_key(*work))
        .collect();
    assert!(
        gone.is_empty(),
        "in {INSTANCES}, but not compiled: {gone:?}"
    );
}
