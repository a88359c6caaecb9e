//! What was measured, as a table for the terminal: where the working set is in a cache, and where it is in memory.

use std::collections::HashSet;
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
    let width = label_width(record);
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
        let count = threads.parse().unwrap_or(record.machine.pool_threads);
        let speed = record.ceiling(set, count).unwrap_or(f64::NAN);
        let _ = write!(
            text,
            " | {:>9} {:>5} {:>9} {speed:>8.1} {:>8}",
            "", "", "", "1.00"
        );
    }
    text.push('\n');
    let mut seen: Vec<Key> = Vec::new();
    for kernel in record
        .kernels
        .iter()
        .filter(|kernel| kernel.working_set == set)
    {
        let key = kernel.key.without_threads();
        if seen.contains(&key) {
            continue;
        }
        let _ = write!(text, "{:<width$}", label(&key, record));
        for threads in &threads {
            let with = |k: &&Kernel| {
                k.working_set == set && k.key.without_threads() == key && k.key.threads == *threads
            };
            let cell = record
                .kernels
                .iter()
                .find(with)
                .map_or_else(|| " ".repeat(43), cell);
            let _ = write!(text, " | {cell}");
        }
        text.push('\n');
        seen.push(key);
    }
}

/// The same places in Markdown: a line for each kernel and number of threads, a column for each place.
pub(crate) fn markdown(record: &Record) -> String {
    let places = places(record);
    let mut text = "| ns/vector (of limit) |".to_owned();
    for (place, set) in &places {
        let _ = write!(text, " {place}, {} |", size(*set));
    }
    let _ = write!(text, "\n|---|{}\n", "---|".repeat(places.len()));
    for threads in record.values(|key| &key.threads) {
        let count = threads.parse().unwrap_or(record.machine.pool_threads);
        let _ = write!(text, "| limit, {} |", threads_name(threads));
        for (_, set) in &places {
            let limit = record.ceiling(*set, count).unwrap_or(f64::NAN);
            let _ = write!(text, " {limit:.0} GB/s |");
        }
        text.push('\n');
    }
    let mut keys: Vec<&Key> = record.kernels.iter().map(|kernel| &kernel.key).collect();
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(*key));
    for key in keys {
        let _ = write!(
            text,
            "| {}, {} |",
            label(key, record),
            threads_name(&key.threads)
        );
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
pub(crate) fn label(key: &Key, record: &Record) -> String {
    let Key {
        operation,
        layout,
        element,
        accuracy,
        level,
        stores,
        ..
    } = key;
    let mut label = format!("{operation} {layout} {element} {accuracy} {level}");
    if record.values(|key| &key.stores).len() > 1 || stores != "auto" {
        label += &format!(" {stores}");
    }
    label
}

fn label_width(record: &Record) -> usize {
    let labels = record
        .kernels
        .iter()
        .map(|kernel| label(&kernel.key, record).len());
    labels.max().unwrap_or(0).max(28)
}

/// What a reader has to know of the noise.
pub(crate) fn verdict(record: &Record) -> String {
    let noise = &record.noise;
    let percent = |spread: f64| format!("{:.0} %", 100.0 * spread);
    let spreads = format!(
        "±{} in the middle, ±{} of nine in ten measurements",
        percent(noise.median_spread),
        percent(noise.greatest_of_nine_in_ten)
    );
    match noise.trustworthy {
        true => format!("noise     {spreads}"),
        false => format!(
            "noise     {spreads}\n          TOO NOISY: do not trust absolute times; shares of the limit are measured in turn with it and hold better"
        ),
    }
}
