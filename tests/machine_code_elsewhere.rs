//! Reads the code that other targets than x86-64 get: the hot loops are made of the target's vectors, call nothing and compute
//! nothing lane by lane; where the target has no vectors, there are none.
//!
//! Not run by itself, because it takes the standard libraries of these targets: `fuzz/instruction-sets` runs it with a compiler that
//! builds them in `CROSSLANE_BUILD_STD`, and what it has built so far in `CROSSLANE_ELSEWHERE`. What is found is printed with
//! `--nocapture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]
#![cfg(target_arch = "x86_64")]

#[path = "support/assembly.rs"]
mod assembly;
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use assembly::{Function, assembly, entries, functions, tight_loops};

/// What the code of one target looks like.
struct Target {
    name: &'static str,
    triple: &'static str,
    flags: &'static str,
    libraries: &'static str,
    comment: &'static str,
    end: &'static str,
    calls: &'static [&'static str],
    /// Whether a line is an operation (`mul`, `sub`) on a register of `f32` or of `f64`, or on a single number.
    vector: fn(&str, operation: &str, element: &str) -> bool,
    single: fn(&str, operation: &str, element: &str) -> bool,
    /// Full registers that a line stores.
    stores: fn(&str) -> usize,
    loops: for<'a> fn(&[&'a str]) -> Vec<Vec<&'a str>>,
    /// Instructions of the best step of columns: what was reached, and a few for the compiler.
    most: usize,
}

const NEON: Target = Target {
    name: "neon",
    triple: "aarch64-unknown-linux-gnu",
    flags: "",
    libraries: "std",
    comment: "//",
    end: ".Lfunc_end",
    calls: &["bl\t", "blr\t"],
    vector: |line, operation, element| {
        let lanes = if element == "f32" { ".4s" } else { ".2d" };
        line.starts_with(&format!("f{operation}\tv")) && line.contains(lanes)
    },
    single: |line, operation, _| {
        ["d", "s"]
            .iter()
            .any(|register| line.starts_with(&format!("f{operation}\t{register}")))
    },
    stores: |line| match line.split_once('\t') {
        Some(("str" | "stur", operands)) => usize::from(operands.starts_with('q')),
        Some(("stp" | "stnp", operands)) => 2 * usize::from(operands.starts_with('q')),
        Some(("st1", operands)) => usize::from(operands.starts_with("{ v")),
        _ => 0,
    },
    loops: loops_of_aarch64,
    most: 23,
};

const SIMD128: Target = Target {
    name: "simd128",
    triple: "wasm32-wasip1",
    flags: "-Ctarget-feature=+simd128",
    libraries: "std,panic_abort",
    comment: "#",
    end: "end_function",
    calls: &["call\t", "call_indirect"],
    vector: |line, operation, element| {
        let lanes = if element == "f32" { "f32x4" } else { "f64x2" };
        line == format!("{lanes}.{operation}")
    },
    single: |line, operation, _| {
        ["f32", "f64"]
            .iter()
            .any(|number| line == format!("{number}.{operation}"))
    },
    stores: |line| usize::from(line.starts_with("v128.store\t")),
    loops: loops_of_wasm,
    most: 75,
};

fn loops_of_aarch64<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    tight_loops(lines, |line| {
        let mnemonic = line.split_whitespace().next().unwrap_or_default();
        mnemonic.starts_with("b.") || ["b", "cbz", "cbnz", "tbz", "tbnz"].contains(&mnemonic)
    })
}

/// The innermost loops; blocks in them are part of them.
fn loops_of_wasm<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut loops = Vec::new();
    let mut body: Option<Vec<&str>> = None;
    for line in lines {
        match line.split_whitespace().next() {
            Some("loop") => body = Some(Vec::new()),
            Some("end_loop") => loops.extend(body.take()),
            _ => body.iter_mut().for_each(|body| body.push(line)),
        }
    }
    loops
}

impl Target {
    fn assembly(&self) -> String {
        let compiler = std::env::var("CROSSLANE_BUILD_STD").expect("a compiler with its sources");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut cargo = Command::new(format!("{compiler}/bin/cargo"));
        cargo
            .arg(format!("-Zbuild-std={}", self.libraries))
            .env("PATH", format!("{compiler}/bin:{path}"))
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", self.flags);
        // Those of the compiler that these tests were built with.
        for variable in [
            "CARGO",
            "LD_LIBRARY_PATH",
            "RUSTC",
            "RUSTDOC",
            "RUSTUP_TOOLCHAIN",
        ] {
            cargo.env_remove(variable);
        }
        let own = Path::new(env!("CARGO_TARGET_TMPDIR")).into();
        let directory = std::env::var_os("CROSSLANE_ELSEWHERE").map_or(own, PathBuf::from);
        assembly(&mut cargo, &directory.join(self.name), Some(self.triple))
    }

    fn count(&self, body: &[&str], operation: &str, element: &str) -> usize {
        body.iter()
            .filter(|line| (self.vector)(line, operation, element))
            .count()
    }

    fn singles(&self, body: &[&str]) -> usize {
        let single = |line: &&&str| {
            ["mul", "sub", "add"]
                .iter()
                .any(|operation| (self.single)(line, operation, ""))
        };
        body.iter().filter(single).count()
    }

    fn check(&self) {
        let assembly = self.assembly();
        let functions = functions(&assembly, self.comment, self.end);
        for entry in entries(&functions, "baseline::Baseline") {
            self.check_plain(entry.work, entry.element, entry.plain);
            self.check_rounded(entry.work, entry.element, entry.rounded);
        }
    }

    /// Two products and a difference of full width for every component, nothing called; columns are stored in whole registers.
    fn check_plain(&self, work: &str, element: &str, (name, lines): &Function<'_>) {
        let is_call = |line: &&&str| self.calls.iter().any(|call| line.starts_with(call));
        let calls: Vec<_> = lines.iter().filter(is_call).collect();
        assert!(calls.is_empty(), "{name} calls: {calls:?}");
        let hot: Vec<_> = (self.loops)(lines)
            .into_iter()
            .filter(|body| self.count(body, "mul", element) + self.singles(body) > 0)
            .collect();
        assert!(
            !hot.is_empty(),
            "{name} has no loop that multiplies, in:\n{}",
            lines.join("\n")
        );
        let (mut fewest, mut found) = (usize::MAX, [0; 3]);
        for body in &hot {
            let text = body.join("\n");
            let [products, differences] =
                ["mul", "sub"].map(|operation| self.count(body, operation, element));
            let stores: usize = body.iter().map(|line| (self.stores)(line)).sum();
            assert!(products > 0, "{name} multiplies one by one:\n{text}");
            assert_eq!(products, 2 * differences, "{name}:\n{text}");
            // Of a register (z, padding) the compiler multiplies z only: half of the pairs.
            let most_singles = if work.contains("OfFour") && element == "f64" {
                3 * products / 2
            } else {
                0
            };
            assert!(self.singles(body) <= most_singles, "{name}:\n{text}");
            for fused in [
                "fmla", "fmls", "fmadd", "fmsub", "fnmadd", "fnmsub", "relaxed",
            ] {
                assert!(!text.contains(fused), "{name} has {fused}:\n{text}");
            }
            // Rows are put together and stored in halves by some compilers, for some targets.
            if work.contains("Columns") {
                assert_eq!(stores, differences, "{name}:\n{text}");
                fewest = fewest.min(body.len() * 6 / products);
            }
            found = found.max([products, differences, stores]);
        }
        let [products, differences, stores] = found;
        let all: usize = hot
            .iter()
            .map(|body| self.count(body, "mul", element))
            .sum();
        println!(
            "{} {work} {element}: {} hot loops, {all} vector products; the longest has {products}, {differences} \
             differences and {stores} stores of full registers",
            self.name,
            hot.len()
        );
        if work.contains("Columns") {
            println!(
                "{} {work} {element}: {fewest} instructions a step",
                self.name
            );
            assert!(fewest <= self.most, "{name}: {fewest} instructions a step");
        }
    }

    /// The arithmetic is that of `f64` for either type: none of it number by number.
    fn check_rounded(&self, work: &str, element: &str, (name, lines): &Function<'_>) {
        let singles = self.singles(lines);
        assert_eq!(
            singles, 0,
            "{name} computes {singles} times number by number"
        );
        let products = self.count(lines, "mul", "f64");
        assert!(products > 0, "{name} has no products of full width");
        println!(
            "{} {work} {element}, rounded once: {products} vector products",
            self.name
        );
        let in_a_step = if element == "f32" { 12 } else { 30 };
        let fewest = (self.loops)(lines)
            .iter()
            .filter(|body| self.count(body, "mul", "f64") >= in_a_step)
            .map(|body| body.len() * in_a_step / self.count(body, "mul", "f64"))
            .min();
        if let Some(fewest) = fewest.filter(|_| work.contains("Columns")) {
            println!(
                "{} {work} {element}, rounded once: {fewest} instructions a step",
                self.name
            );
        }
    }
}

#[test]
#[ignore = "takes the target's standard library: fuzz/instruction-sets"]
fn neon_hot_loops_are_full_width_and_call_nothing() {
    NEON.check();
}

#[test]
#[ignore = "takes the target's standard library: fuzz/instruction-sets"]
fn simd128_hot_loops_are_full_width_and_call_nothing() {
    SIMD128.check();
}

#[test]
#[ignore = "takes the target's standard library: fuzz/instruction-sets"]
fn wasm_without_simd128_has_no_vectors() {
    let target = Target {
        name: "scalar",
        flags: "",
        ..SIMD128
    };
    let assembly = target.assembly();
    let functions = functions(&assembly, target.comment, target.end);
    let is_vector = |line: &&&str| {
        let mnemonic = line.split_whitespace().next().unwrap_or_default();
        ["v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2"]
            .iter()
            .any(|lanes| mnemonic.starts_with(&format!("{lanes}.")))
    };
    let lines = functions.iter().flat_map(|(_, lines)| lines);
    let vectors = lines.clone().filter(is_vector).count();
    let products = lines.filter(|line| line.ends_with(".mul")).count();
    println!(
        "{} without simd128: {vectors} vectors, {products} products",
        target.triple
    );
    assert_eq!(vectors, 0, "instructions of simd128 in a build without it");
    assert!(products > 0, "this is not the library");
}
