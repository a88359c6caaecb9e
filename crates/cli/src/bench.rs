//! `crosslane bench`: how fast this machine is, and how near its limit, as tables, a picture, a page, and a file to compare.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bytesize::ByteSize;
use clap::Args;
use crosslane::{Accuracy, Level, Operation, Stores, Threads};

use crate::batch::Layout;
use crate::environment;
use crate::interrupt::{Interrupt, Interrupted};
use crate::output::Output;
use machine::Machine;
use plan::{Extent, Plan, Selection, Type};
use record::Record;
use session::Session;

mod ceiling;
mod machine;
mod operands;
mod page;
pub(crate) mod picture;
mod plan;
pub(crate) mod record;
mod session;
pub(crate) mod table;

/// Measure this machine: kernels against its limit, from L1 to memory
///
/// Verifies every kernel against the definition, then measures it in turn with a loop that hardly computes (STREAM's triad over as
/// many bytes, cached and streaming, on one thread and on all): medians, and half of what lies between the quartiles of all measurements and between the medians of passes.
/// --level, --accuracy, --threads and --stores choose what is measured, and take lists; without them it is every level (of --quick the
/// highest), both accuracies, one thread and auto, and auto.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Less than a minute: the best level, eight working sets, or nine where the last cache is large
    #[arg(long)]
    quick: bool,
    /// Every operation in every layout: an hour or more
    #[arg(long, conflicts_with = "quick")]
    full: bool,
    /// Operations, or all [default: cross; of --full all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = operations())]
    op: Vec<String>,
    /// Layouts: soa, aos, padded, broadcast, strided, reversed, rank2, blocks [default: the first three; of --full all]
    ///
    /// rank2 is rows of 64 vectors, features (N, 3, 64); blocks are of 8 vectors, as ultraviolet's Vec3x8. Both are measured as the
    /// most whole rows or blocks that a working set holds, one at the least.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = layout)]
    layout: Vec<Layout>,
    /// Types of numbers [default: both]
    #[arg(long = "type", value_name = "LIST", value_delimiter = ',')]
    element: Vec<Type>,
    /// Working sets, as 32KiB,1MiB,512MiB: bytes of all operands of a call [default: from 16 KiB to memory]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = working_set)]
    sizes: Vec<u64>,
    /// Write everything that was measured to this file, for `crosslane compare`
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a picture of it
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write a page with the tables, the picture and the machine
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Print the tables of all working sets, not only of one in each cache and in memory
    #[arg(long)]
    all_sizes: bool,
    /// Print a table in Markdown instead
    #[arg(long, conflicts_with = "all_sizes")]
    markdown: bool,
    /// Print the schema of --json, and measure nothing
    #[arg(long)]
    schema: bool,
}

/// What the options that all commands share say.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) levels: Vec<Level>,
    pub(crate) accuracies: Vec<Accuracy>,
    pub(crate) threads: Vec<Threads>,
    pub(crate) stores: Vec<Stores>,
}

impl Bench {
    /// Whether anything is to be measured.
    pub(crate) fn measures(&self) -> bool {
        !self.schema
    }

    /// Prints the schema.
    pub(crate) fn schema(&self, out: &mut impl Write) -> Result<()> {
        let schema = schemars::schema_for!(Record);
        let text = serde_json::to_string_pretty(&schema)?;
        writeln!(out, "{text}").context("standard output")
    }

    pub(crate) fn run(&self, out: &mut impl Write, shared: Shared) -> Result<()> {
        let extent = match (self.quick, self.full) {
            (true, _) => Extent::Quick,
            (_, true) => Extent::Full,
            _ => Extent::Default,
        };
        let splits = shared.threads.iter().any(|threads| crate::splits(*threads));
        // Started where something is to be split: only then is known whether it can be.
        let pool_threads = match splits || shared.threads.is_empty() {
            true => Threads::available(),
            false => environment::threads(),
        };
        let machine = Machine::here(pool_threads);
        let plan = Plan::new(extent, &self.selection(shared), &machine)?;
        let mut files = Files::new(self)?;
        let interrupt = Interrupt::watch()?;
        let line = format!(
            "machine   {machine}\nlevels    {}\n",
            machine.levels.join(", ")
        );
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        let mut session = Session::new(&plan, machine, &interrupt);
        let ended = session.run(|record| files.save_json(record));
        session.finish();
        // Whatever has ended it, what was measured is kept, first where nothing is in the way.
        let record = session.record(ended.is_ok());
        if record.kernels.is_empty() {
            let nothing = Interrupted("nothing was measured, and nothing written");
            return ended.map_err(|error| match error.is::<Interrupted>() {
                true => nothing.into(),
                false => error,
            });
        }
        let kept = files.save(&record);
        let shown = self.show(out, &session, &record);
        // A file that could not be written is worse than an interruption.
        kept.and(shown).and(ended)
    }

    fn selection(&self, shared: Shared) -> Selection {
        let Shared {
            levels,
            accuracies,
            threads,
            stores,
        } = shared;
        Selection {
            operations: self.op.clone(),
            layouts: self.layout.clone(),
            types: self.element.clone(),
            working_sets: self.sizes.clone(),
            levels,
            accuracies,
            threads,
            stores,
        }
    }

    fn show(&self, out: &mut impl Write, session: &Session<'_>, record: &Record) -> Result<()> {
        let (kernels, vectors) = session.verified();
        let tables = match self.markdown {
            true => format!("\n{}", table::markdown(record)),
            false => table::table(record, self.all_sizes),
        };
        writeln!(
            out,
            "verified  {kernels} kernels and working sets: {vectors} vectors have the bits of the definition\n{}\n\
             measured  in {:.0} s; ns/vector: median, ± half of what lies between quartiles, and between passes\n\
             \x20         GB/s counts all operands, with padding; the limit is STREAM's triad of as many bytes, with the faster stores\n{}",
            table::verdict(record),
            record.seconds,
            tables,
        )
        .context("standard output")
    }
}

/// The files that a run leaves, each whole or not at all.
struct Files<'a> {
    bench: &'a Bench,
    /// Whether the record's name is taken by one of this run's.
    begun: bool,
}

impl<'a> Files<'a> {
    /// Refuses now what could not be written later.
    fn new(bench: &'a Bench) -> Result<Self> {
        let names = [&bench.json, &bench.svg, &bench.html];
        let mut places = Vec::new();
        for name in names.into_iter().flatten() {
            drop(Output::create(name, &[], bench.force)?);
            // However it is spelt.
            let folder = match name.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            let place = (fs::canonicalize(folder)?, name.file_name());
            ensure!(!places.contains(&place), "{}: named twice", name.display());
            places.push(place);
        }
        Ok(Self {
            bench,
            begun: false,
        })
    }

    /// After each working set: a run that is killed leaves what it has measured, and what was there before if that is nothing.
    fn save_json(&mut self, record: &Record) -> Result<()> {
        if let Some(path) = &self.bench.json {
            write(path, self.bench.force || self.begun, &record.to_json()?)?;
            self.begun = true;
        }
        Ok(())
    }

    /// All of them; where one cannot be written, the others are.
    fn save(&mut self, record: &Record) -> Result<()> {
        let json = self.save_json(record);
        if self.bench.svg.is_none() && self.bench.html.is_none() {
            return json;
        }
        let drawn = picture::svg(&[(String::new(), record)])
            .and_then(|svg| self.save_picture(record, &svg));
        json.and(drawn)
    }

    fn save_picture(&self, record: &Record, svg: &str) -> Result<()> {
        let force = self.bench.force;
        let picture = self.bench.svg.as_ref().map(|path| write(path, force, svg));
        let page = |path: &PathBuf| write(path, force, &page::page(record, svg)?);
        let page = self.bench.html.as_ref().map(page);
        picture.unwrap_or(Ok(())).and(page.unwrap_or(Ok(())))
    }
}

/// A file with this text, whole or not at all.
pub(crate) fn write(path: &Path, force: bool, text: &str) -> Result<()> {
    let mut output = Output::create(path, &[], force)?;
    output.write_at(0, text.as_bytes())?;
    output.finish()
}

/// These without repetitions, in their order.
pub(crate) fn each_once<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for value in values {
        if !once.contains(&value) {
            once.push(value);
        }
    }
    once
}

/// "16 KiB", "1.5 MiB".
pub(crate) fn size(bytes: u64) -> String {
    let text = format!("{:.1}", ByteSize::b(bytes).display().iec());
    text.replacen(".0 ", " ", 1)
}

fn operations() -> clap::builder::PossibleValuesParser {
    let names = Operation::ALL.iter().map(|operation| operation.name());
    clap::builder::PossibleValuesParser::new(names.chain(["all"]))
}

fn layout(value: &str) -> Result<Layout, String> {
    let names = Layout::ALL.map(|layout| layout.to_string());
    let found = Layout::ALL
        .into_iter()
        .find(|layout| layout.to_string() == value);
    found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

fn working_set(value: &str) -> Result<u64, String> {
    let bytes: ByteSize = value.parse()?;
    match bytes.as_u64() {
        bytes @ 1024..=0x40_0000_0000 => Ok(bytes),
        _ => Err("expected 1KiB to 256GiB".to_owned()),
    }
}
