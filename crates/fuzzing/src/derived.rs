//! What is derived from a product, gradients and their sums, and what is computed of meshes, in any layouts, at every
//! level, on any number of threads, has the bits of the reference; and where a length or an index is wrong, nothing is written.

use crosslane::{Accuracy, Error, Kind, Real};

use crate::source::{Source, Values};
use crate::support::meshes::{OwnedFaces, on_meshes};
use crate::support::operations::{OnOperands, all_derived, is_sum};
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
    let operation = source.one_of(&all_derived().collect::<Vec<_>>());
    let (accuracy, way) = (source.accuracy(), source.way());
    // Sums are made in pieces of 2^15 vectors, which take their time.
    let len = match source.below(1 << 16) {
        65_535 => 32_700 + source.below(200),
        _ => source.len(700),
    };
    let (tight, wrong) = (source.flag(), source.byte());
    let layouts: Vec<_> = operation.inputs().iter().map(|_| source.input()).collect();
    let output = source.output();
    let ordinary = source.flag();
    let mut values = source.values::<T>();
    let mut inputs = {
        let mut layouts = layouts.iter();
        let layout = |_: &mut _| *layouts.next().expect("a layout for each input");
        // Numbers take no layout.
        operation.inputs_of::<T>(len, values.random(), layout)
    };
    for input in &mut inputs {
        fill(&mut values, input, ordinary);
    }
    let mut outputs = operation.outputs_for(&inputs, values.random(), |_| output);
    if tight {
        inputs = inputs.iter().map(Operand::tight).collect();
        outputs = outputs.iter().map(Operand::tight).collect();
    }
    let context = (T::NAME, operation.name(), &layouts, output, len);

    // One input, or output, of another length. Where all have length 1, the others are repeated.
    let operands = inputs.len() + outputs.len();
    let wrong = Some(usize::from(wrong)).filter(|k| *k < operands && len != 1);
    let expected = match wrong {
        None => operation.expected(&inputs, &outputs, accuracy),
        Some(k) => {
            let longer = |operand: &Operand<T>, values: &mut Values<T>| {
                values.operand(operand.layout(), len + 2, 0)
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
            let accuracy = match is_sum(got, &inputs) {
                true => Accuracy::CorrectlyRounded,
                false => accuracy,
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
    let operation = &on_meshes::<T>()[usize::from(source.byte() % 6)];
    let (accuracy, way) = (source.accuracy(), source.way());
    let layouts = [source.input(), source.output()];
    let (vertices, faces, tight) = (source.len(600), source.len(1100), source.flag());
    let (ordinary, wrong, far) = (source.flag(), source.byte(), source.bits());
    let mut values = source.values::<T>();
    let mut vertices = values.operand(layouts[0], vertices, 0);
    fill(&mut values, &mut vertices, ordinary);

    let len = vertices.len();
    let mut faces = OwnedFaces::random(faces, len, values.random());
    let results = operation.results(len, &faces);
    let mut out = match operation.output {
        Kind::Scalar => values.operand(NUMBERS, results, 0),
        _ => values.operand(layouts[1], results, 0),
    };
    if tight {
        (vertices, out) = (vertices.tight(), out.tight());
    }
    // One corner that is no vertex.
    let error = (wrong < 16).then(|| spoil(&mut faces, operation.polygons, far, len));
    let error = error.flatten();
    let expected = match error {
        None => operation.expected(&vertices, &faces, &out, accuracy),
        Some(_) => out.clone(),
    };
    let (before, context) = (vertices.clone(), (T::NAME, operation.name, layouts, len));
    way.at_every_level(accuracy, |engine| {
        let mut got = out.clone();
        let result = operation.run(engine, &vertices, &faces, &mut got);
        assert_eq!(result.err(), error, "{context:?}");
        got.assert_same(&expected, accuracy, &(&context, engine));
    });
    vertices.assert_same(&before, accuracy, &context);
}

/// Makes one corner, if there is one, an index of no vertex, or one beginning of polygons a place where no face can begin; and says what error
/// that is.
fn spoil(faces: &mut OwnedFaces, polygons: bool, far: u64, len: usize) -> Option<Error> {
    let index = ((far >> 32) as u32).max(len as u32);
    let (indices, count) = match polygons {
        true => (&mut *faces.corners, faces.starts.len()),
        false => (faces.triangles.as_flattened_mut(), 0),
    };
    let all = indices.len();
    if polygons && far.is_multiple_of(3) && count > 0 {
        let face = far as usize / 3 % count;
        let got = all + 1 + index as usize;
        let least = face.checked_sub(1).map_or(0, |before| faces.starts[before]);
        faces.starts[face] = got;
        let most = if face == 0 { 0 } else { all };
        return Some(Error::FaceStart {
            face,
            got,
            least,
            most,
        });
    }
    let at = far as usize % all.max(1);
    *indices.get_mut(at)? = index;
    let (face, corner) = match polygons {
        true => {
            let face = faces.starts.partition_point(|start| *start <= at) - 1;
            (face, at - faces.starts[face])
        }
        false => (at / 3, at % 3),
    };
    Some(Error::IndexOutOfRange {
        face,
        corner,
        index: index as usize,
        len,
    })
}
