//! `crosslane`: cross products of .npy files, normals of meshes, and what a CPU does with them: a first look,
//! and hard cases.
//!
//! A thin front over the library of the same name. This file says what the command line is and how an
//! error is shown; each command is a module.
//!
//! A library, because another program can contain the whole command line: the Python package does. [`run`] is all of it.

#![deny(unsafe_code)]

use std::ffi::OsString;
use std::io::{self, Write};
use std::num::NonZeroUsize;

use anyhow::{Context, Result, ensure};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use crosslane::{Accuracy, Engine, Level, Stores, Threads};

mod batch;
mod bench;
mod check;
mod compare;
mod environment;
mod info;
mod interrupt;
mod normals;
mod output;
mod product;
mod speed;
mod standard;
mod verify;

/// Cross products of whole batches of 3-vectors
///
/// Without a command: shows what this CPU has, checks every level of it against the definition, bit for
/// bit and in either accuracy, and times a generated batch in every layout.
#[derive(Debug, Parser)]
#[command(name = "crosslane", version, after_help = environment::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Instruction set: baseline, avx2, avx512; without it the highest that this CPU has
    #[arg(long, global = true, value_delimiter = ',')]
    level: Vec<String>,
    /// Threads: auto, serial, or at most a number of them; without it auto
    #[arg(long, global = true, value_delimiter = ',', value_parser = threads)]
    threads: Vec<Threads>,
    /// How results are stored: auto, cached, or streaming past the caches where that is possible; without it auto
    #[arg(long, global = true, value_delimiter = ',', value_parser = stores)]
    stores: Vec<Stores>,
    /// How results are rounded: plain as numpy.cross does, or correctly-rounded, once; without it plain, and for
    /// meshes correctly-rounded
    #[arg(long, global = true, value_delimiter = ',', value_parser = accuracy)]
    accuracy: Vec<Accuracy>,
    /// Vectors in the batch that is timed, for rank2 and blocks rounded up to whole rows of 64 and blocks of 8 [default: 4194304]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 26))]
    vectors: Option<u32>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Product(product::Product),
    Normals(normals::Normals),
    Verify(verify::Verify),
    Bench(bench::Bench),
    Compare(compare::Compare),
    /// Show what this CPU has: levels, caches, threads
    Info,
}

/// Runs the command line, and returns the exit status of the program.
///
/// The first of `args` is the name of the program, which is only shown in help and usage. Help and results go to standard output; errors
/// go to standard error. The status is
///
/// - 0 after success, `--help` and `--version`,
/// - 1 after an error,
/// - 2 if the command line is wrong,
/// - 130 if a signal has ended the work.
///
/// # In another program
///
/// `run` returns; it never ends the process. A program that contains it should call it once, as all of its work, and then exit with
/// the status:
///
/// - **Signals.** `verify`, `bench` and commands whose results are files install handlers of SIGINT, SIGTERM and (on Unix) SIGHUP, except
///   of those that are ignored. When such a signal comes, they end tidily, with status 130. Other commands, and those whose results go to
///   a pipe, install none: a signal does what the caller has set. So give SIGINT its default action before the call, unless it is
///   ignored. A caller's handler that only sets a flag, as Python's does, would not end those commands, and the new handlers call
///   the caller's, too. On Unix ignore SIGPIPE, as Rust programs and Python do; otherwise a closed pipe ends the process. SIGXFSZ is
///   caught, so that a file that may not grow is an error.
/// - **After the call** these handlers are still there. They call handlers that the caller had before, and do nothing else: a process that
///   goes on does not end at SIGTERM.
/// - **Standard streams.** They are those of the process, past all buffers of other languages: flush these before the call. On Unix
///   the null device is opened in place of each stream that is closed. Standard output is flushed before the return.
/// - **Threads.** Work is split over the rayon pool that the caller is in, or over rayon's global pool, which is started where it is
///   first needed and stays. Locks and processes made by `fork`: see [`Threads`].
/// - **Environment variables and the current directory** are those of the process at the time of the call; but rayon reads its variables
///   when its pool starts, and `CROSSLANE_STREAMING_BYTES` is read once per process.
///
/// A panic would be a fault of the program. It unwinds out of `run`; a Rust program exits with 101 then.
///
/// ```
/// let status = crosslane_cli::run(["crosslane", "--version"].map(Into::into));
/// assert_eq!(status, 0);
/// let status = crosslane_cli::run(["crosslane", "--no-such-option"].map(Into::into));
/// assert_eq!(status, 2);
/// ```
pub fn run<I>(args: I) -> u8
where
    I: IntoIterator<Item = OsString>,
{
    let ended = standard::open_closed().context("standard streams");
    let status = match (ended, parse(args.into_iter().collect())) {
        (Ok(()), Ok(cli)) => status(execute(&cli)),
        (Err(error), _) => status(Err(error)),
        (_, Err(error)) => {
            // Where the stream is gone there is nobody to tell.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(2)
        }
    };
    // Rust flushes standard output when a Rust program ends, but not when another program does. What was printed are whole lines, so
    // that an error of writing them was seen before.
    let _ = io::stdout().flush();
    status
}

/// The command line, or what clap shows instead: an error, help or the version.
fn parse(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(args)?;
    if cli.command.is_some() && cli.vectors.is_some() {
        let problem = "--vectors is for the program without a command";
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, problem));
    }
    Ok(cli)
}

/// The exit status, after what there is to tell.
fn status(ended: Result<()>) -> u8 {
    let Err(error) = ended else {
        if Threads::denied() {
            tell("no threads could be started; one did all of the work");
        }
        return 0;
    };
    tell(&format!("{error:#}"));
    if error.is::<interrupt::Interrupted>() {
        130
    } else {
        1
    }
}

/// One line on standard error, whatever a file or its name contains.
fn tell(line: &str) {
    let line = line.replace(char::is_control, " ");
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "crosslane: {line}");
}

/// Runs the command.
fn execute(cli: &Cli) -> Result<()> {
    // Not locked: other threads of the process may print.
    let mut out = io::stdout();
    let threads = match &cli.command {
        Some(Command::Compare(compare)) => return compare.run(&mut out),
        Some(Command::Bench(bench)) => {
            if !bench.measures() {
                return bench.schema(&mut out);
            }
            environment::check()?;
            return bench.run(&mut out, lists(cli)?);
        }
        _ => one(&cli.threads, "--threads")?.unwrap_or(Threads::Auto),
    };
    environment::check()?;
    let engine = engine(cli, threads)?;
    match &cli.command {
        Some(Command::Product(product)) => product.run(engine),
        Some(Command::Normals(normals)) => normals.run(&mut out, engine),
        Some(Command::Verify(verify)) => {
            let named = !levels(cli)?.is_empty();
            let level = named.then(|| engine.level());
            verify.run(&mut out, level, threads)
        }
        Some(Command::Info) => info::write(&mut out, engine, threads).context("standard output"),
        _ => look(&mut out, engine, threads, cli.vectors),
    }
}

/// The first look: what there is, whether it is right, how fast it is.
fn look(
    out: &mut impl Write,
    engine: Engine,
    threads: Threads,
    vectors: Option<u32>,
) -> Result<()> {
    info::write(out, engine, threads).context("standard output")?;
    check::run(out, engine)?;
    let threads = match threads {
        Threads::Max(n) => format!("at most {n} threads"),
        Threads::Serial => "serial".to_owned(),
        _ => "auto threads".to_owned(),
    };
    let vectors = vectors.unwrap_or(1 << 22) as usize;
    let accuracy = match engine.accuracy() {
        Accuracy::CorrectlyRounded => "correctly rounded",
        _ => "plain",
    };
    speed::run(out, engine, accuracy, vectors, &threads)
}

/// The engine that the options describe.
fn engine(cli: &Cli, threads: Threads) -> Result<Engine> {
    // numpy.cross is what products are compared with; for normals there is no such habit, and meshes are small.
    let accuracy = match cli.command {
        Some(Command::Normals(_)) => Accuracy::CorrectlyRounded,
        _ => Accuracy::Plain,
    };
    let stores = one(&cli.stores, "--stores")?.unwrap_or(Stores::Auto);
    let engine = Engine::new()
        .with_threads(threads)
        .with_stores(stores)
        .with_accuracy(one(&cli.accuracy, "--accuracy")?.unwrap_or(accuracy));
    match levels(cli)?.as_slice() {
        [] => Ok(engine),
        levels => {
            let level = one(levels, whose_levels(cli))?;
            Ok(engine.with_level(level.unwrap_or_else(Level::best))?)
        }
    }
}

/// What `bench` measures.
fn lists(cli: &Cli) -> Result<bench::Shared> {
    Ok(bench::Shared {
        levels: levels(cli)?,
        accuracies: cli.accuracy.clone(),
        threads: cli.threads.clone(),
        stores: cli.stores.clone(),
    })
}

/// The value of an option that only `bench` takes a list of.
fn one<T: Copy>(values: &[T], option: &str) -> Result<Option<T>> {
    let several = "several values, which only bench takes; expected one";
    ensure!(values.len() <= 1, "{option}: {several}");
    Ok(values.first().copied())
}

/// The levels that are named. Not left to the parser: they may come from the environment, and an error there is no wrong usage.
fn levels(cli: &Cli) -> Result<Vec<Level>> {
    let whose = whose_levels(cli);
    let levels = match cli.level.as_slice() {
        [] => environment::levels()?,
        names => {
            let levels = names.iter().map(|name| info::level(name, whose));
            levels.collect::<Result<_>>()?
        }
    };
    let lacking = |level: &&Level| !Level::available().any(|has| has == **level);
    match levels.iter().find(lacking) {
        Some(level) => Err(info::lacking(&level.to_string(), whose)),
        None => Ok(levels),
    }
}

/// What names the levels.
fn whose_levels(cli: &Cli) -> &'static str {
    if cli.level.is_empty() {
        environment::LEVEL
    } else {
        "--level"
    }
}

fn threads(value: &str) -> Result<Threads, String> {
    match (value, value.parse()) {
        ("auto", _) => Ok(Threads::Auto),
        ("serial", _) => Ok(Threads::Serial),
        (_, Ok(n)) => Ok(Threads::Max(n)),
        _ => Err("expected auto, serial or a number of at least 1".to_owned()),
    }
}

/// Whether large batches are split, as far as threads are there.
fn splits(threads: Threads) -> bool {
    threads != Threads::Serial && threads != Threads::Max(NonZeroUsize::MIN)
}

fn stores(value: &str) -> Result<Stores, String> {
    match value {
        "auto" => Ok(Stores::Auto),
        "cached" => Ok(Stores::Cached),
        "streaming" => Ok(Stores::Streaming),
        _ => Err("expected auto, cached or streaming".to_owned()),
    }
}

fn accuracy(value: &str) -> Result<Accuracy, String> {
    match value {
        "plain" => Ok(Accuracy::Plain),
        "correctly-rounded" => Ok(Accuracy::CorrectlyRounded),
        _ => Err("expected plain or correctly-rounded".to_owned()),
    }
}
