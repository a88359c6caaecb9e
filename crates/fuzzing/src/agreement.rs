//! Products: of any type, layouts, lengths, offsets and numbers, rounded either way, at every level, on any number of
//! threads, stored either way, also in place, have the bits of the reference, and nobody touches what is not theirs.

use crosslane::Accuracy;

use crate::source::{Source, Way};
use crate::support::{Float, Layout, Operand};

/// What is multiplied, and how.
#[derive(Debug)]
#[expect(dead_code, reason = "read by `Debug`, when something is wrong")]
struct Case {
    accuracy: Accuracy,
    way: Way,
    layouts: [Layout; 3],
    offsets: [usize; 3],
    len: usize,
    kind: Kind,
    tight: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// out = a × b.
    Product,
    /// out = a × a.
    Square,
    /// a = a × b.
    InPlace,
}

pub(crate) fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    match source.byte() % 8 {
        0..3 => check::<f32>(source),
        3..6 => check::<f64>(source),
        #[cfg(feature = "half")]
        6 => check::<half::f16>(source),
        #[cfg(feature = "half")]
        _ => check::<half::bf16>(source),
        #[cfg(not(feature = "half"))]
        _ => (),
    }
}

fn check<T: Float>(mut source: Source<'_>) {
    let kind = source.one_of(&[Kind::Product, Kind::Product, Kind::InPlace, Kind::Square]);
    let case = Case {
        accuracy: source.accuracy(),
        way: source.way(),
        layouts: match kind {
            Kind::InPlace => [source.output(), source.input(), Layout::Soa],
            _ => [source.input(), source.input(), source.output()],
        },
        offsets: [0; 3].map(|_| usize::from(source.byte() % 16)),
        len: source.len(4100),
        kind,
        tight: source.flag(),
    };
    let mut values = source.values::<T>();
    let mut operand = |k: usize| {
        let operand = values.operand(case.layouts[k], case.len, case.offsets[k]);
        if case.tight { operand.tight() } else { operand }
    };
    let a = operand(0);
    let b = match kind {
        Kind::Square => a.clone(),
        _ => operand(1),
    };
    let out = match kind {
        Kind::InPlace => a.clone(),
        _ => operand(2),
    };
    let (accuracy, expected) = (case.accuracy, out.after_cross(&a, &b, case.accuracy));
    let before = [a.clone(), b.clone()];
    case.way.at_every_level(accuracy, |engine| {
        let context = (T::NAME, engine, &case);
        let mut got: Operand<T> = out.clone();
        match kind {
            Kind::Product => engine.cross(a.view(), b.view(), got.view_mut()),
            Kind::Square => engine.cross(a.view(), a.view(), got.view_mut()),
            Kind::InPlace => engine.cross_assign(got.view_mut(), b.view()),
        }
        .expect("operands of equal lengths");
        got.assert_same(&expected, accuracy, &context);
    });
    a.assert_same(&before[0], accuracy, &case);
    b.assert_same(&before[1], accuracy, &case);
}
