//! What was measured, as a table for the terminal: where the working set is in a cache, and where it is in memory.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::record::{Kernel, Key, Record, threads_name};
use super::size;

/// The working sets that a reader wants first: the greatest that each cache holds twice over, and the greatest of all.
fn places(record: &Record) -> Vec<(&'static str, u64)> {
    let sets = record.working_sets();
    let mut places = Vec::new();
    for (name, cache) in record.machine.caches() {
        // Not at the brim, where it depends on luck.
        let inside = sets.iter().rev().find(|&&set| 2 * set <= cache);
        places.extend(inside.map(|&set| (name, set)));
    }
    let memory = sets.last().map(|&set| (record.machine.place(set), set));
    places.extend(memory);
    places.dedup_by_key(|(_, set)| *set);
    places
}

/// The whole table: of the places that a reader wants first, or of every working set.
pub(crate) fn table(record: &Record, all: bool) -> String {
    let mut text = String::new();
    let sets = match all {
        false => places(record),
        true => {
            let sets = record.working_sets().into_iter();
            sets.map(|set| (record.machine.place(set), set)).collect()
        }
    };
    for (place, set) in sets {
        block(&mut text, record, place, set);
    }
    text
}

/// One working set: a line for each kernel, threads side by side.
fn block(text: &mut String, record: &Record, place: &str, set: u64) {
    let threads = record.values(|key| &key.threads);
    let stores = names_stores(record);
    let width = label_width(record, stores);
    let title = format!("{place}, working set {}", size(set));
    let _ = write!(text, "\n{title:<width$}");
    for threads in &threads {
        let _ = write!(text, " | {:^43}", threads_name(threads));
    }
    let _ = write!(text, "\n{:<width$}", "");
    for _ in &threads {
        let _ = write!(
            text,
            " | {:>9} {:>5} {:>9} {:>8} {:>8}",
            "ns/vector", "±", "Mvec/s", "GB/s", "of limit"
        );
    }
    let _ = write!(text, "\n{:<width$}", "limit: triad, faster stores");
    for threads in &threads {
        let speed = record.limit(set, threads);
        let _ = write!(
            text,
            " | {:>9} {:>5} {:>9} {speed:>8.1} {:>8}",
            "", "", "", "1.00"
        );
    }
    text.push('\n');
    let mut lines: Vec<(Key, Vec<&Kernel>)> = Vec::new();
    let mut places = HashMap::new();
    for kernel in record
        .kernels
        .iter()
        .filter(|kernel| kernel.working_set == set)
    {
        let key = kernel.key.without_threads();
        let place = *places.entry(key.clone()).or_insert(lines.len());
        if place == lines.len() {
            lines.push((key, Vec::new()));
        }
        lines[place].1.push(kernel);
    }
    for (key, kernels) in &lines {
        let _ = write!(text, "{:<width$}", label(key, stores));
        for threads in &threads {
            let cell = kernels.iter().find(|kernel| kernel.key.threads == *threads);
            let cell = cell.map_or_else(|| " ".repeat(43), |kernel| self::cell(kernel));
            let _ = write!(text, " | {cell}");
        }
        text.push('\n');
    }
}

/// The same places in Markdown: a line for each kernel and number of threads, a column for each place.
pub(crate) fn markdown(record: &Record) -> String {
    let (places, stores) = (places(record), names_stores(record));
    let mut text = "| ns/vector (of limit) |".to_owned();
    for (place, set) in &places {
        let _ = write!(text, " {place}, {} |", size(*set));
    }
    let _ = write!(text, "\n|---|{}\n", "---|".repeat(places.len()));
    for threads in record.values(|key| &key.threads) {
        let _ = write!(text, "| limit, {} |", threads_name(threads));
        for (_, set) in &places {
            let limit = record.limit(*set, threads);
            let _ = write!(text, " {limit:.0} GB/s |");
        }
        text.push('\n');
    }
    let mut keys: Vec<&Key> = record.kernels.iter().map(|kernel| &kernel.key).collect();
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(*key));
    for key in keys {
        let _ = write!(text, "| {} |", name(key, stores));
        for (_, set) in &places {
            let there = |k: &&Kernel| k.key == *key && k.working_set == *set;
            let cell = record
                .kernels
                .iter()
                .find(there)
                .map_or_else(String::new, |kernel| {
                    let Kernel {
                        ns_per_vector,
                        share_of_ceiling,
                        ..
                    } = kernel;
                    format!("{:.2} ({share_of_ceiling:.2})", ns_per_vector.median)
                });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

fn cell(kernel: &Kernel) -> String {
    format!(
        "{:>9.3} {:>4.0}% {:>9.0} {:>8.1} {:>8.2}",
        kernel.ns_per_vector.median,
        100.0 * kernel.ns_per_vector.spread(),
        kernel.vectors_per_second / 1e6,
        kernel.gb_per_second,
        kernel.share_of_ceiling,
    )
}

/// What tells a line from the others.
pub(crate) fn label(key: &Key, stores: bool) -> String {
    let Key {
        operation,
        layout,
        element,
        accuracy,
        level,
        ..
    } = key;
    let label = format!("{operation} {layout} {element} {accuracy} {level}");
    match stores {
        true => format!("{label} {}", key.stores),
        false => label,
    }
}

/// The same with the threads, where those do not stand beside it.
pub(crate) fn name(key: &Key, stores: bool) -> String {
    format!("{}, {}", label(key, stores), threads_name(&key.threads))
}

/// Whether labels have to say how results are stored.
pub(crate) fn names_stores(record: &Record) -> bool {
    record.values(|key| &key.stores) != ["auto"]
}

fn label_width(record: &Record, stores: bool) -> usize {
    let labels = record
        .kernels
        .iter()
        .map(|kernel| label(&kernel.key, stores).len());
    labels.max().unwrap_or(0).max(28)
}

/// What a reader has to know of the noise.
pub(crate) fn verdict(record: &Record) -> String {
    let noise = &record.noise;
    let percent = |spread: f64| format!("{:.0} %", 100.0 * spread);
    let spreads = format!(
        "±{} in the middle, ±{} of nine in ten kernels",
        percent(noise.median_spread),
        percent(noise.greatest_of_nine_in_ten)
    );
    match noise.trustworthy || record.kernels.is_empty() {
        true => format!("noise     {spreads}"),
        false => format!(
            "noise     {spreads}\n          TOO NOISY: do not trust absolute times; shares of the limit are measured in turn with it and hold better"
        ),
    }
}
