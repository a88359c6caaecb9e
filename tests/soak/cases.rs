//! What is computed: inputs, and what the reference makes of them once, so that callers spend their time in the library.

#![allow(unreachable_pub, reason = "what is public here is public to the soak")]

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError, TryLockError};

use crosslane::{Accuracy, Engine, Real};

use crate::support::cases::Case as Shapes;
use crate::support::meshes::{OwnedFaces, on_meshes};
use crate::support::nd::Array;
use crate::support::operations::{Kind, OnOperands, Operation, all_derived, gradients};
use crate::support::shapes::shape;
use crate::support::{
    Float, INPUTS, Layout, NUMBERS, Operand, Random, Tested, outputs, under_a_tool,
};

/// Runs the work that it gets, wherever it likes, before it returns.
pub type Place<'a> = &'a dyn Fn(&mut (dyn FnMut() + Send));

pub trait Case: Send + Sync {
    /// Calls the engine at this place and compares all bits of what it wrote. Returns for how many vectors or faces; `None`
    /// if the outputs are somebody else's at the moment. (Nobody waits: who holds them may need this thread.)
    fn run(&self, engine: Engine, place: Place<'_>, context: &dyn Debug) -> Option<usize>;

    /// Inputs are as they were.
    fn assert_inputs(&self);
}

type Call<T> = Box<dyn Fn(Engine, &[Operand<T>], &mut [Operand<T>]) + Send + Sync>;

struct Prepared<T> {
    name: &'static str,
    accuracy: Accuracy,
    call: Call<T>,
    inputs: Vec<Operand<T>>,
    sum_of_inputs: u64,
    before: Vec<Operand<T>>,
    expected: Vec<Operand<T>>,
    outputs: Mutex<Vec<Operand<T>>>,
}

fn bytes<T: Float>(operand: &Operand<T>) -> &[u8] {
    bytemuck::cast_slice(operand.elements())
}

/// FNV-1a.
fn sum<T: Float>(operands: &[Operand<T>]) -> u64 {
    let add = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    operands.iter().flat_map(bytes).fold(1, add)
}

impl<T: Float> Case for Prepared<T> {
    fn run(&self, engine: Engine, place: Place<'_>, context: &dyn Debug) -> Option<usize> {
        let mut outputs = match self.outputs.try_lock() {
            Ok(outputs) => outputs,
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
        };
        for (output, before) in outputs.iter_mut().zip(&self.before) {
            output.elements_mut().copy_from_slice(before.elements());
        }
        let engine = engine.with_accuracy(self.accuracy);
        let written = outputs.as_mut_slice();
        place(&mut || (self.call)(engine, &self.inputs, written));
        for (output, expected) in outputs.iter().zip(&self.expected) {
            // Only what is not equal is looked at: NaN may be another one.
            if bytes(output) != bytes(expected) {
                output.assert_same(expected, self.accuracy, &(self.name, engine, context));
            }
        }
        Some(self.before[0].len().max(self.inputs[0].len()))
    }

    fn assert_inputs(&self) {
        assert_eq!(
            sum(&self.inputs),
            self.sum_of_inputs,
            "{}: an input was changed",
            self.name
        );
    }
}

fn prepared<T: Float>(
    name: &'static str,
    accuracy: Accuracy,
    inputs: Vec<Operand<T>>,
    [before, expected]: [Vec<Operand<T>>; 2],
    call: impl Fn(Engine, &[Operand<T>], &mut [Operand<T>]) + Send + Sync + 'static,
) -> Box<dyn Case> {
    Box::new(Prepared {
        name,
        accuracy,
        call: Box::new(call),
        sum_of_inputs: sum(&inputs),
        inputs,
        outputs: Mutex::new(before.clone()),
        before,
        expected,
    })
}

fn layout(among: impl Iterator<Item = Layout> + Clone, random: &mut Random) -> Layout {
    among.clone().nth(random.below(among.count())).unwrap()
}

/// Half of them have special values in them; sums of those would mostly be NaN.
fn values<T: Float>(operands: &mut [Operand<T>], random: &mut Random) {
    if random.below(2) == 0 {
        for operand in operands {
            operand.elements_mut().fill_with(|| random.ordinary());
        }
    }
}

fn operand<T: Float>(layout: Layout, len: usize, random: &mut Random) -> Operand<T> {
    Operand::new(layout, len, random.below(16), random)
}

/// The product itself, and in place.
fn products<T: Float>(accuracy: Accuracy, len: usize, random: &mut Random) -> [Box<dyn Case>; 2] {
    let layouts = [
        layout(INPUTS.into_iter(), random),
        layout(INPUTS.into_iter(), random),
        layout(outputs(), random),
    ];
    let [a, b, out] = layouts.map(|layout| operand::<T>(layout, len, random));
    let expected = [
        out.after_cross(&a, &b, accuracy),
        out.after_cross(&out, &b, accuracy),
    ];
    let [product, in_place] = expected.map(|expected| [vec![out.clone()], vec![expected]]);
    [
        prepared(
            "cross",
            accuracy,
            vec![a, b.clone()],
            product,
            |engine, inputs, outputs| {
                let [a, b] = inputs else { panic!("two inputs") };
                engine
                    .cross(a.view(), b.view(), outputs[0].view_mut())
                    .unwrap();
            },
        ),
        prepared(
            "cross_assign",
            accuracy,
            vec![b],
            in_place,
            |engine, inputs, outputs| {
                engine
                    .cross_assign(outputs[0].view_mut(), inputs[0].view())
                    .unwrap();
            },
        ),
    ]
}

/// What is derived, with any of the operands broadcast: gradients of those are sums.
fn derived<T: Float + Real>(
    operations: impl Iterator<Item = Operation>,
    accuracy: Accuracy,
    len: usize,
    random: &mut Random,
) -> impl Iterator<Item = Box<dyn Case>> {
    operations.map(move |operation| {
        let any = |random: &mut Random| match random.below(3) {
            0 => Layout::Broadcast,
            _ => layout(INPUTS.into_iter(), random),
        };
        let mut inputs = operation.inputs_of::<T>(len, random, any);
        values(&mut inputs, random);
        let before = operation.outputs_for(&inputs, random, |random| layout(outputs(), random));
        let expected = operation.expected(&inputs, &before, accuracy);
        let call = move |engine, inputs: &[_], outputs: &mut [_]| {
            operation.run(engine, inputs, outputs).unwrap();
        };
        prepared(operation.name(), accuracy, inputs, [before, expected], call)
    })
}

/// All that is computed of a mesh of so many faces.
fn meshes<T: Float + Real>(
    accuracy: Accuracy,
    len: usize,
    random: &mut Random,
) -> impl Iterator<Item = Box<dyn Case>> {
    on_meshes::<T>().into_iter().map(move |operation| {
        let count = 3 + len / 2;
        let mut vertices = vec![operand(layout(INPUTS.into_iter(), random), count, random)];
        values(&mut vertices, random);
        let faces = OwnedFaces::random(len, count, random);
        let layout = match operation.output {
            Kind::Scalar => NUMBERS,
            _ => layout(outputs(), random),
        };
        let before = operand(layout, operation.results(count, &faces), random);
        let expected = operation.expected(&vertices[0], &faces, &before, accuracy);
        let (name, both) = (operation.name, [vec![before], vec![expected]]);
        prepared(
            name,
            accuracy,
            vertices,
            both,
            move |engine, vertices, outputs| {
                operation
                    .run(engine, &vertices[0], &faces, &mut outputs[0])
                    .unwrap();
            },
        )
    })
}

/// Operands of any shapes.
struct Shaped<T> {
    accuracy: Accuracy,
    shapes: Shapes<T>,
    before: Vec<Array<T>>,
    expected: Vec<Array<T>>,
    outputs: Mutex<Vec<Array<T>>>,
}

impl<T: Tested> Case for Shaped<T> {
    fn run(&self, engine: Engine, place: Place<'_>, context: &dyn Debug) -> Option<usize> {
        let mut outputs = match self.outputs.try_lock() {
            Ok(outputs) => outputs,
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
        };
        for (output, before) in outputs.iter_mut().zip(&self.shapes.outputs) {
            output.copy_from(before);
        }
        let engine = engine.with_accuracy(self.accuracy);
        let written = outputs.as_mut_slice();
        place(&mut || self.shapes.run(engine, written).unwrap());
        let results = outputs.iter().zip(&self.expected).enumerate();
        for (k, (output, expected)) in results {
            let any_nan = self.accuracy == Accuracy::Plain && !self.shapes.is_summed(k);
            output.assert_same(expected, any_nan, &(&self.shapes, engine, context));
        }
        Some(self.shapes.common.iter().product())
    }

    fn assert_inputs(&self) {
        for (input, before) in self.shapes.inputs.iter().zip(&self.before) {
            input.assert_same(before, false, &self.shapes);
        }
    }
}

/// Every operation, the product too.
fn shaped<T: Tested>(
    accuracy: Accuracy,
    random: &mut Random,
) -> impl Iterator<Item = Box<dyn Case>> {
    Operation::ALL.iter().map(move |operation| {
        let common = shape(random, 3000);
        let mut shapes = Shapes::<T>::new(random, *operation, &common, &[]);
        shapes.fill(random);
        Box::new(Shaped {
            accuracy,
            before: shapes.inputs.clone(),
            expected: shapes.expected(accuracy),
            outputs: Mutex::new(shapes.outputs.clone()),
            shapes,
        }) as Box<dyn Case>
    })
}

/// Less than a register to several tiles; gradients in more than one piece of a sum (2^15); and, of products, what `Threads::Auto`
/// splits (8 MiB). One of each kind, but two of what is short.
pub fn cases(random: &mut Random) -> Vec<Box<dyn Case>> {
    let mut cases = Vec::new();
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        for most in [20, 300, 300, 3_000] {
            let len = 1 + random.below(most);
            cases.extend(products::<f32>(accuracy, len, random));
            cases.extend(products::<f64>(accuracy, len, random));
            #[cfg(feature = "half")]
            cases.extend(products::<half::f16>(accuracy, len, random));
            #[cfg(feature = "half")]
            cases.extend(products::<half::bf16>(accuracy, len, random));
            cases.extend(derived::<f32>(all_derived(), accuracy, len, random));
            cases.extend(derived::<f64>(all_derived(), accuracy, len, random));
            cases.extend(meshes::<f32>(accuracy, len, random));
            cases.extend(meshes::<f64>(accuracy, len, random));
        }
    }
    for accuracy in [Accuracy::Plain, Accuracy::CorrectlyRounded] {
        cases.extend(shaped::<f32>(accuracy, random));
        cases.extend(shaped::<f64>(accuracy, random));
    }
    let [pieces, long] = if under_a_tool() {
        [2_000; 2]
    } else {
        [33_000, 250_000]
    };
    let two = gradients().skip(random.below(3)).step_by(3);
    cases.extend(derived::<f32>(
        two,
        Accuracy::Plain,
        pieces + random.below(200),
        random,
    ));
    cases.extend(products::<f32>(
        Accuracy::Plain,
        long + random.below(200),
        random,
    ));
    cases
}
