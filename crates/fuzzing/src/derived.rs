//! What is derived from a product, gradients and their sums, and what is computed of meshes, in any layouts, at every
//! level, on any number of threads, has the bits of the reference; and where a length or an index is wrong, nothing is written.

use crosslane::{Accuracy, Error, Real};
use crosslane_measure::Kind;

use crate::source::{Source, Values};
use crate::support::operations::{OnOperands, on_meshes, operations};
use crate::support::{Float, NUMBERS, Operand};

pub(crate) fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    match source.byte() % 4 {
        0 => of_vectors::<f32>(source),
        1 => of_vectors::<f64>(source),
        2 => of_mesh::<f32>(source),
        _ => of_mesh::<f64>(source),
    }
}

fn of_vectors<T: Float + Real>(mut source: Source<'_>) {
    let operation = source.one_of(&operations::<T>());
    let (accuracy, way) = (source.accuracy(), source.way());
    // Sums are made in pieces of 2^15 vectors, which take their time.
    let len = match source.below(1 << 16) {
        65_535 => 32_700 + source.below(200),
        _ => source.len(700),
    };
    let (tight, wrong) = (source.flag(), source.byte());
    let layouts: Vec<_> = operation.inputs.iter().map(|_| source.input()).collect();
    let output = source.output();
    let ordinary = source.flag();
    let mut values = source.values::<T>();
    let mut inputs = {
        let mut layouts = layouts.iter();
        let layout = |_: &mut _| *layouts.next().expect("a layout for each input");
        // Numbers take no layout.
        operation.inputs(len, values.random(), layout)
    };
    for input in &mut inputs {
        fill(&mut values, input, ordinary);
    }
    let mut outputs = operation.outputs(&inputs, values.random(), |_| output);
    if tight {
        inputs = inputs.iter().map(Operand::tight).collect();
        outputs = outputs.iter().map(Operand::tight).collect();
    }
    let context = (T::NAME, operation.name, &layouts, output, len);

    // One input, or output, of another length.
    let operands = inputs.len() + outputs.len();
    let wrong = Some(usize::from(wrong)).filter(|k| *k < operands);
    let expected = match wrong {
        None => operation.expected(&inputs, &outputs, accuracy),
        Some(k) => {
            let longer = |operand: &Operand<T>, values: &mut Values<T>| {
                values.operand(operand.layout(), operand.len() + 1, 0)
            };
            match k.checked_sub(inputs.len()) {
                None => inputs[k] = longer(&inputs[k], &mut values),
                Some(k) => outputs[k] = longer(&outputs[k], &mut values),
            }
            outputs.clone()
        }
    };
    let before = inputs.clone();
    way.at_every_level(accuracy, |engine| {
        let mut got = outputs.clone();
        let result = operation.run(engine, &inputs, &mut got);
        match (wrong, result) {
            (None, Ok(())) | (Some(_), Err(Error::LengthMismatch { .. })) => (),
            (wrong, result) => panic!("operand {wrong:?} is too long: {result:?}: {context:?}"),
        }
        // A sum has the canonical NaN with either accuracy.
        for (k, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let sum = operation.is_sum(k, &inputs);
            let accuracy = if sum {
                Accuracy::CorrectlyRounded
            } else {
                accuracy
            };
            got.assert_same(expected, accuracy, &(&context, engine, k));
        }
    });
    for (input, before) in inputs.iter().zip(&before) {
        input.assert_same(before, accuracy, &context);
    }
}

fn fill<T: Float>(values: &mut Values<T>, operand: &mut Operand<T>, ordinary: bool) {
    if ordinary {
        operand
            .elements_mut()
            .fill_with(|| values.random().ordinary());
    } else {
        values.fill(operand);
    }
}

fn of_mesh<T: Float + Real>(mut source: Source<'_>) {
    let operation = &on_meshes::<T>()[usize::from(source.byte() % 3)];
    let (accuracy, way) = (source.accuracy(), source.way());
    let layouts = [source.input(), source.output()];
    let (vertices, faces, tight) = (source.len(600), source.len(1100), source.flag());
    let (ordinary, wrong, far) = (source.flag(), source.byte(), source.bits());
    let mut values = source.values::<T>();
    let mut vertices = values.operand(layouts[0], vertices, 0);
    fill(&mut values, &mut vertices, ordinary);

    let len = vertices.len();
    let mut faces: Vec<[u32; 3]> = (0..if len == 0 { 0 } else { faces })
        .map(|_| [0; 3].map(|_| values.random().below(len) as u32))
        .collect();
    let mut out = match operation.output {
        Kind::Numbers => values.operand(NUMBERS, faces.len(), 0),
        _ if operation.of_vertices => values.operand(layouts[1], len, 0),
        _ => values.operand(layouts[1], faces.len(), 0),
    };
    if tight {
        (vertices, out) = (vertices.tight(), out.tight());
    }
    // One corner that is no vertex.
    let wrong = (wrong < 16 && !faces.is_empty()).then(|| {
        let (face, corner) = (far as usize % faces.len(), usize::from(wrong % 3));
        faces[face][corner] = ((far >> 32) as u32).max(len as u32);
        (face, corner)
    });
    let expected = match wrong {
        None => operation.expected(&vertices, &faces, &out, accuracy),
        Some(_) => out.clone(),
    };
    let (before, context) = (vertices.clone(), (T::NAME, operation.name, layouts, len));
    way.at_every_level(accuracy, |engine| {
        let mut got = out.clone();
        let result = operation.run(engine, &vertices, &faces, &mut got);
        let error = wrong.map(|(face, corner)| Error::IndexOutOfRange {
            face,
            corner,
            index: faces[face][corner] as usize,
            len,
        });
        assert_eq!(result.err(), error, "{context:?}");
        got.assert_same(&expected, accuracy, &(&context, engine));
    });
    vertices.assert_same(&before, accuracy, &context);
}
