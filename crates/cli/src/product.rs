//! The commands that compute a .npy file from the vectors of others, block by block: `cross`, and one for each other row of
//! [`COMMANDS`].

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, Subcommand, value_parser};
use crosslane::{Accuracy, Engine, Kind, Operation};
use crosslane_npy::{Array, Component, Dtype, Names, Operand, PerComponent};

use crate::interrupt::Interrupt;
use crate::output::Target;
use crate::standard;

mod axes;
mod layout;
mod shape;
mod work;

use axes::Axes;
use layout::Layout;
use work::Work;

/// An operation of the library, and what its command is called.
struct Row {
    operation: Operation,
    command: &'static str,
    about: &'static str,
    details: &'static str,
}

const COMMANDS: &[Row] = &[
    Row {
        operation: Operation::Cross,
        command: "cross",
        about: "Multiply the vectors of two .npy files, as numpy.cross does, bit for bit",
        details: "Integers wrap. float16 is rounded once, where numpy.cross rounds three times: bits can differ from NumPy's there. With \
            --accuracy correctly-rounded, each component of float32 and float64 is the exact difference of the exact products instead, \
            rounded once, to nearest even, and every NaN is the positive quiet one.",
    },
    Row {
        operation: Operation::Dot,
        command: "dot",
        about: "Take the dot products of the vectors of two .npy files",
        details: COMPUTED,
    },
    Row {
        operation: Operation::CrossNorm,
        command: "cross-norm",
        about: "Take the lengths of the cross products of the vectors of two .npy files",
        details: COMPUTED,
    },
    Row {
        operation: Operation::UnitNormal,
        command: "unit-normal",
        about: "Take the directions of the cross products of the vectors of two .npy files, as unit vectors",
        details: COMPUTED,
    },
    Row {
        operation: Operation::Angle,
        command: "angle",
        about: "Take the angles between the vectors of two .npy files, in radians",
        details: COMPUTED,
    },
    Row {
        operation: Operation::ScalarTriple,
        command: "triple",
        about: "Take the scalar triple products a . (b x c) of the vectors of three .npy files",
        details: COMPUTED,
    },
];

/// What the help says of commands that compute in float32 and float64 only.
const COMPUTED: &str = "The result is float32 where the types of the files promote to float16 or float32, otherwise float64, of \
    integers too. With --accuracy correctly-rounded, formulas are used that survive cancellation.";

/// What the help says of every command.
const SHARED: &str = "\
Files hold integers of 8 to 64 bits, float16, float32 or float64, of either byte order and either memory order; different types are \
promoted as by numpy.result_type. Records of three equal fields are vectors, too. Bool, complex numbers and vectors of two components \
are refused.

Shapes broadcast as in NumPy. The components are along the last axis of every array, or where --axis, --axisa, --axisb and --axisc \
say, as for numpy.cross. Without these options, the first axis is taken, in the result as well, if every array of two or more axes has \
length 3 along its first axis and none has it along its last: (3, N) needs no option, and (3, 3) is taken along its last axis. The \
fields of a record are its components. If all files hold records, a result of vectors is records with the names of the first file; \
otherwise it is an array.

One of the files may be -, which is standard input, and each may be a pipe: what comes through it is copied first, to memory \
or, beyond 16 MiB, to a temporary file without a name (in TMPDIR, or /tmp). Files may be larger than memory. They are mapped: if \
another program truncates one of them meanwhile, the system ends this one (SIGBUS). Where a file system has no maps they are read \
piece by piece, which is slower.

OUT appears when it is complete, or not at all; a program that is killed may leave a file .crosslane-* beside it. With --force OUT \
becomes a new file, with the permissions of a new file. If OUT is -, the result goes to standard output; if it is a pipe or a device \
that is there, into that. What can be known to be wrong is known before the first byte then, but what comes later cannot take back \
what was written; and vectors whose components are along another axis than the last are computed three times over where more than \
262144 places follow that axis, since components are written one after another.";

/// What the help calls files.
const NAMES: [&str; 3] = ["A", "B", "C"];

impl Row {
    fn command(&self) -> Command {
        let input = |name: &&'static str| {
            let input = Arg::new(*name).required(true);
            let input = input.value_parser(value_parser!(PathBuf));
            input.help("Vectors; - is standard input")
        };
        let command = Command::new(self.command)
            .about(self.about)
            .long_about([self.about, self.details, SHARED].join("\n\n"))
            .args(self.names().iter().map(input));
        Arguments::augment_args(command)
    }

    fn names(&self) -> &'static [&'static str] {
        &NAMES[..self.operation.inputs().len()]
    }
}

/// One of the commands.
#[derive(Debug)]
pub(crate) struct Product {
    operation: Operation,
    inputs: Vec<PathBuf>,
    arguments: Arguments,
}

#[derive(Debug, Args)]
struct Arguments {
    /// File to write; - is standard output
    #[arg(short, long = "output", value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    axes: Axes,
    /// Replace OUT if it exists
    #[arg(long)]
    force: bool,
}

impl Subcommand for Product {
    fn augment_subcommands(command: Command) -> Command {
        command.subcommands(COMMANDS.iter().map(Row::command))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        COMMANDS.iter().any(|row| row.command == name)
    }
}

impl FromArgMatches for Product {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let named = matches.subcommand().and_then(|(name, arguments)| {
            let row = COMMANDS.iter().find(|row| row.command == name)?;
            Some((row, arguments))
        });
        let (row, arguments) = named.ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        let inputs = row
            .names()
            .iter()
            .filter_map(|name| arguments.get_one(name));
        Ok(Self {
            operation: row.operation,
            inputs: inputs.cloned().collect(),
            arguments: Arguments::from_arg_matches(arguments)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Product {
    pub(crate) fn run(&self, engine: Engine) -> Result<()> {
        let Arguments {
            out, axes, force, ..
        } = &self.arguments;
        let names: Vec<&Path> = self.inputs.iter().map(PathBuf::as_path).collect();
        read_once(&names)?;
        let target = Target::check(out, &names, *force)?;
        let arrays = names.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        let axes = axes.of(&arrays, self.is_vector())?;
        let operands = operands(&arrays, &axes.inputs)?;
        let shape = shape::broadcast(&arrays, &operands)?;
        let dtype = dtype(self.operation, &arrays);
        ensure!(
            !(dtype.is_integer() && engine.accuracy() == Accuracy::CorrectlyRounded),
            "--accuracy correctly-rounded: the result is {dtype}, and integers are not rounded"
        );
        let fields = self.fields(&arrays);
        let layout = match fields {
            _ if !self.is_vector() => Ok(Layout::scalars(shape)),
            Some(_) => Layout::vectors(shape, -1),
            None => Layout::vectors(shape, axes.result),
        };
        let layout = layout.and_then(|layout| layout.check(dtype));
        let layout = layout.with_context(|| target.name())?;
        let interrupt = if target.is_stream() {
            Interrupt::obey()?
        } else {
            Interrupt::watch()?
        };
        dtype.with(Work {
            operation: self.operation,
            engine,
            operands: &operands,
            layout,
            fields,
            out: target.create()?,
            interrupt,
        })
    }

    /// Whether the result is vectors, and not numbers.
    fn is_vector(&self) -> bool {
        self.operation.outputs() == [Kind::Vector]
    }

    /// The names of the fields, if the result is records: it is vectors, and all files hold records.
    fn fields<'a>(&self, arrays: &'a [Array<'_>]) -> Option<&'a Names> {
        let are_records = arrays.iter().all(|array| array.fields().is_some());
        arrays[0]
            .fields()
            .filter(|_| are_records && self.is_vector())
    }
}

/// Refuses standard input as more than one input.
fn read_once(names: &[&Path]) -> Result<()> {
    let standard = names.iter().filter(|name| standard::is_input(name));
    let all = if names.len() == 2 { "both" } else { "several" };
    ensure!(
        standard.count() <= 1,
        "{}: {all} inputs, which can only be read once",
        standard::INPUT
    );
    Ok(())
}

/// The array of this name.
fn open(path: &Path) -> Result<Array<'static>> {
    if standard::is_input(path) {
        Array::read(standard::INPUT, standard::input().context(standard::INPUT)?)
    } else {
        Array::open(path)
    }
}

/// The vectors of all arrays. An error shows the shapes of the other arrays, too.
fn operands<'a>(arrays: &'a [Array<'_>], axes: &[isize]) -> Result<Vec<Operand<'a>>> {
    let operand = |(k, (array, axis)): (usize, (&'a Array<'_>, &isize))| {
        array.vectors(*axis).map_err(|error| {
            let others = arrays.iter().enumerate().filter(|(other, _)| *other != k);
            let shown =
                others.map(|(_, array)| format!("{} has {:?}", array.name(), array.shape()));
            anyhow!("{error:#}; {}", shown.collect::<Vec<_>>().join(", "))
        })
    };
    arrays.iter().zip(axes).enumerate().map(operand).collect()
}

/// The type to compute in: the one that NumPy promotes to, if the operation has it, otherwise `f32` for `f16` and `f64` for integers.
fn dtype(operation: Operation, arrays: &[Array<'_>]) -> Dtype {
    let dtypes: Vec<_> = arrays.iter().map(Array::dtype).collect();
    let promoted = dtypes[0].promote(&dtypes[1..]);
    match promoted {
        _ if promoted.with(Supports(operation)) => promoted,
        Dtype::Float16 => Dtype::Float32,
        _ => Dtype::Float64,
    }
}

/// Whether the library has the operation for a type.
struct Supports(Operation);

impl PerComponent for Supports {
    type Output = bool;

    fn run<T: Component>(self) -> bool {
        self.0.supports::<T>()
    }
}
