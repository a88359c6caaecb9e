//! Operands of any shapes, in any memory order: every operation, and its gradients with all ways to ask for sums, has the bits of the reference
//! applied index by index; views of any rank are made exactly where their places allow it; and where shapes do not go together, it is the error that
//! says so, and nothing is written.

use crosslane::{Operation, Real};

use crate::source::Source;
use crate::support::cases::Case;
use crate::support::misfits::{spoil, verdict};
use crate::support::places::Arguments;
use crate::support::shapes::{Choices, shape};
use crate::support::{Random, Tested};

impl Choices for Source<'_> {
    fn choose(&mut self, n: usize) -> usize {
        match n {
            ..=256 => usize::from(self.byte()) % n,
            _ => self.below(n),
        }
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    match source.byte() % 8 {
        0..3 => any_operation::<f32>(source),
        3..5 => any_operation::<f64>(source),
        5 => match source.byte() % 4 {
            0 => product::<i8>(source),
            1 => product::<u64>(source),
            #[cfg(feature = "half")]
            2 => product::<half::f16>(source),
            _ => product::<i32>(source),
        },
        6 => {
            Arguments::random(&mut source).check();
        }
        _ => misfit(source),
    }
}

fn any_operation<T: Tested + Real>(mut source: Source<'_>) {
    let operation = source.one_of(Operation::ALL);
    let case = case::<T>(&mut source, operation);
    let (accuracy, way) = (source.accuracy(), source.way());
    let expected = case.expected(accuracy);
    way.at_every_level(accuracy, |engine| {
        case.compare(engine, &expected, &"broadcast");
    });
}

fn product<T: Tested>(mut source: Source<'_>) {
    let in_place = source.flag();
    let case = case::<T>(&mut source, Operation::Cross);
    let (accuracy, way) = (source.accuracy(), source.way());
    let expected = case.expected(accuracy);
    way.at_every_level(accuracy, |engine| match in_place {
        true => case.check_in_place(accuracy, [engine], &"in place"),
        false => case.compare(engine, &expected, &"broadcast"),
    });
}

/// Any shape; half of the time in allocations without guards, where a sanitizer sees who leaves them.
fn case<T: Tested>(source: &mut Source<'_>, operation: Operation) -> Case<T> {
    let (tight, seed) = (source.flag(), source.bits());
    let most = match source.choose(32) {
        31 => 5000,
        _ => 400,
    };
    let common = shape(source, most);
    let mut case = Case::new(source, operation, &common, &[]);
    case.fill(&mut Random(seed));
    if tight {
        case.tighten();
    }
    case
}

fn misfit(mut source: Source<'_>) {
    let operation = source.one_of(Operation::ALL);
    let mut case = case::<f64>(&mut source, operation);
    spoil(&mut case, &mut source);
    let (error, way) = (verdict(&case), source.way());
    way.at_every_level(source.accuracy(), |engine| {
        let mut outputs = case.outputs.clone();
        let result = case.run(engine, &mut outputs);
        assert_eq!(result.err(), error, "{case:?}");
        for (after, before) in outputs.iter().zip(&case.outputs) {
            // What goes together after all is compared elsewhere.
            if error.is_some() {
                after.assert_same(before, false, &case);
            }
        }
    });
}
