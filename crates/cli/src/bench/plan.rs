//! What is to be measured: the product of what the options select, over working sets from L1 to memory.

use anyhow::{Result, ensure};
use crosslane::{Accuracy, Engine, Level, Operation, Stores, Threads};
use crosslane_measure::{Calls, Effort};
use std::time::Duration;

use super::machine::Machine;
use super::operands::possible;
use super::record::Key;
use super::{each_once, size};
use crate::batch::Layout;

/// How much is measured, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Quick,
    Default,
    Full,
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Type {
    F32,
    F64,
}

/// What the options name; an empty list leaves the choice to the extent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) operations: Vec<String>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) types: Vec<Type>,
    pub(crate) accuracies: Vec<Accuracy>,
    pub(crate) levels: Vec<Level>,
    pub(crate) stores: Vec<Stores>,
    pub(crate) threads: Vec<Threads>,
    pub(crate) working_sets: Vec<u64>,
}

/// What is measured in turn: kernels over the same operands.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) operation: Operation,
    pub(crate) layout: Layout,
    pub(crate) element: Type,
    pub(crate) kernels: Vec<(Engine, Key)>,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) extent: Extent,
    pub(crate) groups: Vec<Group>,
    pub(crate) working_sets: Vec<u64>,
    /// Numbers of threads that kernels may use, and ceilings are measured with.
    pub(crate) threads: Vec<usize>,
    /// How often everything is measured from the start, with memory of its own: so that the spread is that of some time.
    pub(crate) passes: usize,
}

impl Extent {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Default => "default",
            Self::Full => "full",
        }
    }

    /// How often a kernel is measured in one pass.
    pub(crate) fn effort(self, working_set: u64) -> Effort {
        let (rounds, span) = match self {
            Self::Quick => (4, Duration::from_micros(500)),
            Self::Default => (5, Duration::from_millis(1)),
            Self::Full => (7, Duration::from_millis(1)),
        };
        Effort {
            // Where a call takes tens of milliseconds, or hundreds.
            rounds: match working_set {
                0..=0x200_0000 => rounds,
                0x200_0001..=0x1000_0000 => 3,
                _ if self == Self::Quick => 1,
                _ => 3,
            },
            calls: Calls::Lasting(span),
        }
    }

    fn passes(self) -> usize {
        match self {
            Self::Quick => 3,
            Self::Default | Self::Full => 5,
        }
    }

    /// From what every L1 holds to what no cache holds much of: powers of two, and 256 MiB always, so that machines have the same.
    fn working_sets(self, machine: &Machine) -> Vec<u64> {
        let step = if self == Self::Default { 2 } else { 4 };
        let below = std::iter::successors(Some(16 << 10), |size| Some(size * step));
        let mut sets: Vec<_> = below.take_while(|&size| size <= 64 << 20).collect();
        sets.push(256 << 20);
        let largest = machine.caches().last().map_or(0, |&(_, size)| size);
        let most = if self == Self::Quick {
            512 << 20
        } else {
            1 << 30
        };
        let memory = (8 * largest).next_power_of_two().min(most);
        if memory > 256 << 20 {
            sets.push(memory);
        }
        sets.retain(|&set| set <= room(machine));
        sets
    }
}

/// The largest working set: operands and the columns of the limit lie side by side, and others want some memory too.
fn room(machine: &Machine) -> u64 {
    let memory = match machine.memory_limit.unwrap_or(machine.memory) {
        0 => 1 << 30, // unknown
        memory => memory,
    };
    (memory / 8 * 3).min(usize::MAX as u64 / 4)
}

/// Each once.
fn or<T: Clone + PartialEq>(chosen: &[T], otherwise: &[T]) -> Vec<T> {
    let values = if chosen.is_empty() { otherwise } else { chosen };
    each_once(values.iter().cloned())
}

impl Plan {
    pub(crate) fn new(extent: Extent, selection: &Selection, machine: &Machine) -> Result<Self> {
        let everything = match selection.operations.as_slice() {
            [] => extent == Extent::Full,
            named => named.iter().any(|op| op == "all"),
        };
        let named = or(&selection.operations, &["cross".to_owned()]);
        let chosen = Operation::ALL.iter().copied();
        let chosen = chosen.filter(|op| everything || named.iter().any(|name| name == op.name()));
        let layouts: &[Layout] = match extent {
            Extent::Full => &Layout::ALL,
            _ => &[Layout::Soa, Layout::Aos, Layout::Padded],
        };
        let available: Vec<_> = Level::available().collect();
        let levels = match extent {
            Extent::Quick => &available[available.len() - 1..],
            _ => &available,
        };
        let engines = engines(
            &or(&selection.levels, levels),
            &or(
                &selection.accuracies,
                &[Accuracy::Plain, Accuracy::CorrectlyRounded],
            ),
            &or(&selection.stores, &[Stores::Auto]),
            &or(&selection.threads, &[Threads::Serial, Threads::Auto]),
            machine.pool_threads,
        )?;
        let mut groups = Vec::new();
        for operation in chosen {
            for element in or(&selection.types, &[Type::F32, Type::F64]) {
                for layout in or(&selection.layouts, layouts) {
                    let group = Group::new(operation, layout, element, &engines);
                    groups.extend(group);
                }
            }
        }
        ensure!(
            !groups.is_empty(),
            "nothing to measure: there is no gradient of one vector for all; it is a sum"
        );
        let mut working_sets = or(&selection.working_sets, &extent.working_sets(machine));
        working_sets.sort_unstable();
        ensure!(
            !working_sets.is_empty(),
            "too little memory to measure anything"
        );
        let most = room(machine);
        let large = working_sets.iter().find(|&&set| set > most);
        ensure!(
            large.is_none(),
            "a working set of {} and a limit of the same size: this machine has memory for {}",
            size(large.copied().unwrap_or_default()),
            size(most)
        );
        let mut threads: Vec<_> = engines.iter().map(|(_, _, threads)| *threads).collect();
        threads.sort_unstable();
        threads.dedup();
        Ok(Self {
            extent,
            groups,
            working_sets,
            threads,
            passes: extent.passes(),
        })
    }

    /// Kernels in all, whatever the working set.
    pub(crate) fn kernels(&self) -> usize {
        self.groups.iter().map(|group| group.kernels.len()).sum()
    }
}

/// Every combination, with the part of the key that says so, and how many threads it may use.
fn engines(
    levels: &[Level],
    accuracies: &[Accuracy],
    stores: &[Stores],
    threads: &[Threads],
    pool_threads: usize,
) -> Result<Vec<(Engine, Key, usize)>> {
    let mut engines = Vec::new();
    for &level in levels {
        for &accuracy in accuracies {
            for &stores in stores {
                for &threads in threads {
                    let engine = Engine::new()
                        .with_level(level)?
                        .with_accuracy(accuracy)
                        .with_stores(stores)
                        .with_threads(threads);
                    let (name, count) = count(threads, pool_threads);
                    let key = Key {
                        operation: String::new(),
                        layout: String::new(),
                        element: String::new(),
                        accuracy: accuracy_name(accuracy).to_owned(),
                        level: level.to_string(),
                        stores: stores_name(stores).to_owned(),
                        threads: name,
                    };
                    // "serial" and "1" are the same.
                    if engines.iter().all(|(_, other, _)| *other != key) {
                        engines.push((engine, key, count));
                    }
                }
            }
        }
    }
    Ok(engines)
}

fn count(threads: Threads, pool: usize) -> (String, usize) {
    match threads {
        Threads::Serial => ("1".to_owned(), 1),
        Threads::Max(n) => (n.to_string(), pool.min(n.get())),
        _ => ("auto".to_owned(), pool),
    }
}

pub(crate) fn accuracy_name(accuracy: Accuracy) -> &'static str {
    match accuracy {
        Accuracy::CorrectlyRounded => "correctly-rounded",
        _ => "plain",
    }
}

fn stores_name(stores: Stores) -> &'static str {
    match stores {
        Stores::Cached => "cached",
        Stores::Streaming => "streaming",
        _ => "auto",
    }
}

impl Group {
    /// If there is such an operation.
    fn new(
        operation: Operation,
        layout: Layout,
        element: Type,
        engines: &[(Engine, Key, usize)],
    ) -> Option<Self> {
        let kernels = engines.iter().map(|(engine, key, _)| {
            let key = Key {
                operation: operation.name().to_owned(),
                layout: layout.to_string(),
                element: element.name().to_owned(),
                ..key.clone()
            };
            (*engine, key)
        });
        possible(operation, layout).then(|| Self {
            operation,
            layout,
            element,
            kernels: kernels.collect(),
        })
    }
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(memory: u64, l3: Option<u64>) -> Machine {
        Machine {
            memory,
            memory_limit: None,
            l3,
            ..Machine::here(2)
        }
    }

    #[test]
    fn machines_have_working_sets_in_common_and_memory_is_beyond_their_caches() {
        for extent in [Extent::Quick, Extent::Default, Extent::Full] {
            for l3 in [
                None,
                Some(8 << 20),
                Some(32 << 20),
                Some(36 << 20),
                Some(480 << 20),
            ] {
                let sets = extent.working_sets(&machine(64 << 30, l3));
                assert!(sets.is_sorted(), "{sets:?}");
                for common in [16 << 10, 1 << 20, 64 << 20, 256 << 20] {
                    assert!(sets.contains(&common), "{common} in {sets:?}");
                }
                let largest = sets.last().copied().unwrap_or(0);
                assert!(
                    largest >= (8 * l3.unwrap_or(0)).min(512 << 20),
                    "{l3:?}: {sets:?}"
                );
            }
        }
    }

    #[test]
    fn what_memory_has_no_room_for_is_refused_or_left_out() {
        let small = machine(1 << 30, Some(32 << 20));
        assert_eq!(
            Extent::Quick.working_sets(&small).last(),
            Some(&(256 << 20))
        );
        let plan = |machine: &Machine, set| {
            let selection = Selection {
                working_sets: vec![set],
                ..Selection::default()
            };
            Plan::new(Extent::Quick, &selection, machine)
        };
        assert!(plan(&small, 256 << 20).is_ok());
        let error = plan(&small, 400 << 20).expect_err("no room").to_string();
        assert!(
            error.contains("400 MiB") && error.contains("memory for 384 MiB"),
            "{error}"
        );
        let limited = Machine {
            memory_limit: Some(64 << 20),
            ..small
        };
        assert!(plan(&limited, 256 << 20).is_err(), "a limit counts");
        assert!(plan(&machine(0, None), 256 << 20).is_ok(), "unknown");
    }
}
