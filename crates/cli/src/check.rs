//! Whether every level of this CPU gives the bits of the scalar definition.

use std::io::Write;

use anyhow::{Result, ensure};
use crosslane::{Accuracy, Engine, Level, Vectors, reference};
use fastrand::Rng;

use crate::batch::{Batch, Layout, Sample, any};

/// Around the lanes of every level, none of them whole registers. Rows and blocks round them up to whole ones.
const LENGTHS: [usize; 9] = [1, 3, 5, 7, 17, 33, 67, 129, 517];

/// Compares every available level, in every pair of layouts that have the same shape, with the definition.
pub(crate) fn run(out: &mut impl Write, engine: Engine) -> Result<()> {
    writeln!(
        out,
        "check     every bit against the scalar definition, plain and correctly rounded, in every layout"
    )?;
    for level in Level::available() {
        let engine = engine.with_level(level)?;
        let mut compared = 0;
        for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
            let engine = engine.with_accuracy(accuracy);
            compared += compare::<f32>(engine, accuracy)? + compare::<f64>(engine, accuracy)?;
        }
        writeln!(out, "          {level:<9} {compared} vectors equal")?;
    }
    Ok(())
}

/// Returns the number of vectors that were compared.
fn compare<T: Sample>(engine: Engine, accuracy: Accuracy) -> Result<usize> {
    let mut random = Rng::with_seed(1);
    let mut compared = 0;
    for (pair, [a_layout, b_layout]) in pairs().enumerate() {
        let outputs = Layout::ALL.into_iter();
        let outputs = outputs.filter(|l| *l != Layout::Broadcast && same_shape(*l, a_layout));
        // Every pair meets every output, and every length does.
        let outputs = outputs.collect::<Vec<_>>().into_iter().cycle().skip(pair);
        for (len, out_layout) in LENGTHS.into_iter().zip(outputs) {
            let layouts = [a_layout, b_layout, out_layout];
            let len = layouts.iter().fold(len, |len, layout| layout.whole(len));
            let mut batch = |layout| Batch::<T>::new(layout, len, || any(&mut random));
            let (a, b) = (batch(a_layout)?, batch(b_layout)?);
            let mut out = batch(out_layout)?;
            engine.cross(a.view()?, b.view()?, out.view_mut()?)?;
            let [a, b, out] = [a.view()?, b.view()?, out.view()?];
            let wrong = (0..len).find(|i| !equal(*i, &a, &b, &out, accuracy));
            ensure!(
                wrong.is_none(),
                "{} differs from the definition, {accuracy:?}: a {a_layout}, b {b_layout}, {len} vectors of {}, vector {}",
                engine.level(),
                T::NAME,
                wrong.unwrap_or_default(),
            );
            compared += len;
        }
    }
    Ok(compared)
}

/// The layouts of two operands, whichever fit together.
fn pairs() -> impl Iterator<Item = [Layout; 2]> {
    let all = Layout::ALL.into_iter();
    let pairs = all.flat_map(|a| Layout::ALL.map(|b| [a, b]));
    pairs.filter(|[a, b]| same_shape(*a, *b))
}

/// Whether as many vectors have the same shape in both.
fn same_shape(a: Layout, b: Layout) -> bool {
    (a == Layout::Rank2) == (b == Layout::Rank2)
}

/// Whether vector `i` has the bits of the definition.
fn equal<T: Sample>(
    i: usize,
    a: &Vectors<'_, T>,
    b: &Vectors<'_, T>,
    out: &Vectors<'_, T>,
    accuracy: Accuracy,
) -> bool {
    let [Some(a), Some(b), Some(out)] = [a.get(i), b.get(i), out.get(i)] else {
        return false;
    };
    same(out, reference::cross(a, b, accuracy), accuracy)
}

/// Whether the bits are the same. Any NaN equals any NaN in plain results; a correctly rounded one is always the same.
pub(crate) fn same<T: Sample>(got: [T; 3], expected: [T; 3], accuracy: Accuracy) -> bool {
    let nan = |x: T| accuracy == Accuracy::Plain && x.partial_cmp(&x).is_none();
    let mut pairs = got.into_iter().zip(expected);
    pairs.all(|(x, y)| bytemuck::bytes_of(&x) == bytemuck::bytes_of(&y) || (nan(x) && nan(y)))
}
