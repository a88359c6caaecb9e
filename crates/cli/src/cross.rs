//! `crosslane cross`: the cross product of two .npy files, block by block, into a third.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use crosslane::{Engine, VectorsMut};
use crosslane_npy::{Array, Axis, Component, Operand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::interrupt::Interrupt;
use crate::output::{Output, Target};
use crate::standard;

/// Vectors per block: enough to be worth several threads, little enough to be in a cache until they are written.
const BLOCK: usize = 1 << 18;

/// Multiply the vectors of two .npy files, as numpy.cross does, bit for bit
///
/// With --accuracy correctly-rounded each component is the exact difference of the exact products instead,
/// rounded once, to nearest even, and every NaN is the positive quiet one.
///
/// A and B hold float32 or float64 of either byte order and either memory order; where they differ, both are
/// taken as float64. Their shapes are equal, with the three components along the first or the last
/// axis, or one of them is a single vector. The result has the shape of the larger.
///
/// One of A and B may be -, which is standard input, and either may be a pipe: what comes through it is copied first, to memory
/// or, beyond 16 MiB, to a temporary file without a name (in TMPDIR, or /tmp). Files may be larger than memory.
/// They are mapped: if another program truncates one of them meanwhile, the system ends this one (SIGBUS). Where
/// a file system has no maps they are read piece by piece, which is slower.
///
/// OUT appears when it is complete, or not at all; a program that is killed may leave a file .crosslane-* beside it.
/// With --force OUT becomes a new file, with the permissions of a new file. If OUT is -, the result goes to standard
/// output; if it is a pipe or a device that is there, into that. What can be known to be wrong is known before the first
/// byte then, but what comes later cannot take back what was written; and results with the components along the
/// first axis are computed three times over where they have more than 262144 vectors, since columns are written one after another.
#[derive(Debug, Args)]
pub(crate) struct Cross {
    /// Left factors; - is standard input
    a: PathBuf,
    /// Right factors; - is standard input
    b: PathBuf,
    /// File to write; - is standard output
    #[arg(short, long = "output", value_name = "OUT")]
    out: PathBuf,
    /// Axis of the components; needed where the first and the last both have length 3
    #[arg(long, allow_hyphen_values = true, value_parser = PossibleValuesParser::new(["0", "-1"]).map(axis))]
    axis: Option<Axis>,
    /// Replace OUT if it exists
    #[arg(long)]
    force: bool,
}

impl Cross {
    pub(crate) fn run(&self, engine: Engine) -> Result<()> {
        let inputs = [&*self.a, &*self.b];
        ensure!(
            !inputs.into_iter().all(standard::is_input),
            "{}: both inputs, which can only be read once",
            standard::INPUT
        );
        let target = Target::check(&self.out, &inputs, self.force)?;
        let (a, b) = (open(&self.a)?, open(&self.b)?);
        let (mut a_vectors, mut b_vectors) = (a.vectors(self.axis)?, b.vectors(self.axis)?);
        let shape = broadcast((&a, &mut a_vectors), (&b, &mut b_vectors))?;
        let interrupt = if target.is_stream() {
            Interrupt::obey()?
        } else {
            Interrupt::watch()?
        };
        let out = target.create()?;
        let work = if a_vectors.is::<f32>() && b_vectors.is::<f32>() {
            multiply::<f32>
        } else {
            multiply::<f64>
        };
        work(&a_vectors, &b_vectors, &shape, out, engine, &interrupt)
    }
}

/// The array of this name.
fn open(path: &Path) -> Result<Array<'static>> {
    if standard::is_input(path) {
        Array::read(standard::INPUT, standard::input().context(standard::INPUT)?)
    } else {
        Array::open(path)
    }
}

/// The axis that NumPy calls so.
fn axis(name: String) -> Axis {
    match name.as_str() {
        "0" => Axis::First,
        _ => Axis::Last,
    }
}

/// Gives both operands the same length and axis, and returns the shape of the result.
fn broadcast(
    (a, a_vectors): (&Array<'_>, &mut Operand<'_>),
    (b, b_vectors): (&Array<'_>, &mut Operand<'_>),
) -> Result<Vec<u64>> {
    let (a_shape, b_shape) = (a.shape(), b.shape());
    let shape = if a_shape == b_shape {
        a_shape
    } else if is_one_for(b_shape, b_vectors, a_shape, a_vectors) {
        b_vectors.broadcast_to(a_vectors)?;
        a_shape
    } else {
        ensure!(
            is_one_for(a_shape, a_vectors, b_shape, b_vectors),
            "{}: shape {b_shape:?}, expected {a_shape:?} as in {}, or one of them [3]",
            b.name(),
            a.name(),
        );
        a_vectors.broadcast_to(b_vectors)?;
        b_shape
    };
    Ok(shape.iter().map(|len| *len as u64).collect())
}

/// Whether this is one vector that is taken against all of the other: (3,) against anything, (1, 3) against
/// (N, 3). (NumPy broadcasts more than that.)
fn is_one_for(
    shape: &[usize],
    vectors: &Operand<'_>,
    other_shape: &[usize],
    other: &Operand<'_>,
) -> bool {
    vectors.len() == 1
        && shape.len() <= other_shape.len()
        && (shape.len() == 1 || vectors.axis() == other.axis())
}

fn multiply<T: Component>(
    a: &Operand<'_>,
    b: &Operand<'_>,
    shape: &[u64],
    mut out: Output,
    engine: Engine,
    interrupt: &Interrupt,
) -> Result<()> {
    let header = out.reserve_array::<T>(shape)?;
    let vectors = a.len();
    // In 64 bits: the result may be larger than what can be mapped.
    let bytes = |elements: usize| elements as u64 * size_of::<T>() as u64;
    let position = |element| header.len() as u64 + bytes(element);
    out.write_at(0, &header)?;
    let mut buffers = (Vec::new(), Vec::new());
    let mut products = vec![T::default(); 3 * BLOCK.min(vectors)];
    let progress = progress(bytes(3 * vectors));
    let (passes, parts) = passes(a.axis(), vectors, out.is_stream());
    for pass in 0..passes {
        for start in (0..vectors).step_by(BLOCK) {
            interrupt.check()?;
            let range = start..vectors.min(start + BLOCK);
            let len = range.len();
            let products = &mut products[..3 * len];
            // Rows are one part of the file, columns are three.
            let (component, vector, part, first) = match a.axis() {
                Axis::First => (len as isize, 1, len, start),
                Axis::Last => (1, 3, 3 * len, 3 * start),
            };
            let view = VectorsMut::strided(products, 0, component, vector, len)?;
            let a_block = a.block(range.clone(), &mut buffers.0)?;
            engine.cross(a_block, b.block(range, &mut buffers.1)?, view)?;
            for k in pass * parts..(pass + 1) * parts {
                let part = bytemuck::cast_slice(&products[k * part..][..part]);
                out.write_at(position(first + k * vectors), part)?;
                progress.inc(part.len() as u64);
            }
        }
    }
    interrupt.check()?;
    out.finish()
}

/// How many times the products are taken, and how many parts of the file are written each time: all at once, but for
/// columns of several blocks that go to a stream.
fn passes(axis: Axis, vectors: usize, is_stream: bool) -> (usize, usize) {
    match axis {
        Axis::Last => (1, 1),
        Axis::First if is_stream && vectors > BLOCK => (3, 1),
        Axis::First => (1, 3),
    }
}

/// A bar of the bytes written, on a terminal only.
fn progress(bytes: u64) -> ProgressBar {
    let template = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}
