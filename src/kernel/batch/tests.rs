//! What a batch knows of its operands: shape, direction, bytes, and where it may be split.

use super::*;
use crate::kernel::Shape;
use crate::{Scalars, ScalarsMut, Soa};

fn batch<'a, T: Element, const I: usize>(
    inputs: [Vectors<'a, T>; I],
    out: VectorsMut<'a, T>,
) -> Batch<'a, T, I, 1> {
    Batch::of(inputs.map(|view| view.flat()), [out.into_flat()])
}

/// The boundary below index 40 of an output that begins `offset` elements behind a cache line.
fn boundary<T: Element>(offset: usize, component_stride: isize, stride: isize, at: usize) -> usize {
    let mut memory = Soa::<T>::zeros(1000);
    let [x, ..] = memory.columns_mut();
    let first = if stride < 0 { 640 } else { 0 } + offset;
    let out = VectorsMut::strided(x, first, component_stride, stride, 50).expect("inside");
    let zero = [T::default(); 3];
    let one = Vectors::broadcast(&zero, 50);
    batch([one, one], out).line_boundary(at)
}

#[test]
fn the_bytes_of_a_batch_are_those_of_its_vectors_and_numbers_but_not_of_one_vector() {
    let (one, rows) = ([1.0_f64; 3], [[1.0_f64; 3]; 50]);
    let (mut padded, mut numbers) = ([[0.0_f64; 4]; 50], [0.0; 50]);
    let (one, rows) = (Vectors::broadcast(&one, 50), Vectors::aos(&rows));
    let bytes = batch([rows, one], VectorsMut::padded(&mut padded)).bytes();
    assert_eq!(bytes, 50 * (24 + 24));
    let upstream = numbers;
    let inputs = [rows, *Scalars::new(&upstream).as_vectors()];
    let out = ScalarsMut::new(&mut numbers).into_vectors();
    assert_eq!(batch(inputs, out).bytes(), 50 * (24 + 8 + 8));
    let bytes = batch([one, one], VectorsMut::padded(&mut padded)).bytes();
    assert_eq!(bytes, 50 * 24);
    // Two components in one place are no number.
    let [x, y] = [&upstream, &numbers].map(|column| column.as_ptr());
    for components in [[x, x, y], [x, y, y]] {
        // SAFETY: columns of 50 numbers, which nobody writes meanwhile.
        let plane = unsafe { Vectors::from_raw(components, 1, 50) };
        assert!(!plane.flat().is_scalars(), "{components:?}");
    }
}

#[test]
fn what_lies_backwards_as_a_whole_is_worked_on_forwards() {
    let (one, rows) = ([1.0_f64; 3], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0_f64]]);
    let (one, rows) = (Vectors::broadcast(&one, 2), rows.as_flattened());
    let backwards = Vectors::strided(rows, 3, 1, -3, 2).expect("inside");
    let forwards = Vectors::strided(rows, 0, 1, 3, 2).expect("inside");
    let first = |a: Vectors<'_, f64>, b: Vectors<'_, f64>, back: bool| {
        let mut out = [0.0; 6];
        let (from, stride) = if back { (3, -3) } else { (0, 3) };
        let out = VectorsMut::strided(&mut out, from, 1, stride, 2).expect("inside");
        let mut batch = batch([a, b], out);
        batch.run_forwards();
        let strides = batch.inputs.map(|view| view.stride());
        (strides, batch.outputs[0].stride(), batch.inputs[0].get(0))
    };
    let [low, high] = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].map(Some);
    assert_eq!(first(backwards, backwards, true), ([3, 3], 3, low));
    assert_eq!(first(backwards, one, true), ([3, 0], 3, low));
    // The output decides.
    assert_eq!(first(backwards, backwards, false), ([-3, -3], 3, high));
    assert_eq!(first(forwards, backwards, true), ([-3, 3], 3, high));
    assert_eq!(first(forwards, one, false), ([3, 0], 3, low));
}

#[test]
fn what_is_in_place_is_known_to_be() {
    let (b, mut a) = ([[1.0_f32; 3]], [[1.0_f32; 3]]);
    let (before, after) = in_place(VectorsMut::aos(&mut a));
    let mut over = batch([before, Vectors::aos(&b)], after);
    over.place(true);
    assert!(over.is_in_place(), "a is written");
    let over = Batch::<_, 1, 1>::over(VectorsMut::aos(&mut a).into_flat(), &[]);
    assert!(over.is_in_place(), "v");
    let mut out = a;
    let apart = batch([Vectors::aos(&a), Vectors::aos(&b)], (&mut out).into());
    assert!(!apart.is_in_place(), "out is apart");
}

#[test]
fn the_shape_is_what_all_operands_have_in_common() {
    let (one, row, four) = ([1.0_f32; 3], [[1.0_f32; 3]; 9], [[1.0_f32; 4]; 9]);
    let mut memory = Soa::<f32>::zeros(100);
    let columns = Soa::<f32>::zeros(9);
    let [x, ..] = memory.columns_mut();
    let [one, columns, rows, padded] = [
        Vectors::broadcast(&one, 9),
        columns.view(),
        Vectors::aos(&row),
        Vectors::padded(&four),
    ];
    // An output with these strides.
    let mut shape = |a, b, component_stride, stride, stream: bool| {
        let out = VectorsMut::strided(x, 0, component_stride, stride, 9).expect("inside");
        batch([a, b], out).shape(stream)
    };
    for stream in [false, true] {
        assert_eq!(shape(columns, one, 32, 1, stream), Shape::Columns);
        assert_eq!(shape(rows, one, 1, 3, stream), Shape::Rows);
        assert_eq!(shape(one, rows, 1, 3, stream), Shape::Rows);
        assert_eq!(shape(padded, padded, 1, 4, stream), Shape::Padded);
        for (a, b, component_stride, stride) in [
            (columns, rows, 32, 1),
            (rows, columns, 1, 3),
            (padded, rows, 1, 3),
            (padded, padded, 32, 1),
            (rows, rows, 32, 3), // no rows: components are apart
            (rows, rows, 1, 5),
        ] {
            let shape = shape(a, b, component_stride, stride, stream);
            assert_eq!(shape, Shape::Mixed, "{component_stride}, {stride}");
        }
    }
    // Columns that are out of step are streamed one by one.
    assert_eq!(shape(columns, columns, 33, 1, false), Shape::Columns);
    assert_eq!(shape(columns, columns, 33, 1, true), Shape::Mixed);
    let (mut out, a) = ([[0.0; 3]], [1.0_f32; 3]);
    let (a, out) = (Vectors::broadcast(&a, 1), VectorsMut::aos(&mut out));
    let batch = batch([a, a], out);
    assert_eq!(batch.shape(true), Shape::Columns, "one vector");
}

#[test]
fn batches_are_split_where_vectors_start_cache_lines() {
    // 16 elements of f32 are a line: columns, rows, padded rows, rows backwards.
    assert_eq!(
        [0, 1, 15].map(|offset| boundary::<f32>(offset, 100, 1, 40)),
        [32, 31, 33]
    );
    assert_eq!(
        [0, 3, 13].map(|offset| boundary::<f32>(offset, 1, 3, 40)),
        [32, 31, 33]
    );
    assert_eq!(
        [0, 4, 12].map(|offset| boundary::<f32>(offset, 1, 4, 40)),
        [40, 39, 37]
    );
    assert_eq!(
        [0, 3].map(|offset| boundary::<f32>(offset, 1, -3, 40)),
        [32, 33]
    );
    // 8 of f64.
    assert_eq!(
        [0, 1, 7].map(|offset| boundary::<f64>(offset, 100, 1, 38)),
        [32, 31, 33]
    );
    // Where no vector near starts a line, and where none is left.
    assert_eq!(boundary::<f32>(1, 1, 4, 40), 40);
    assert_eq!(boundary::<f32>(0, 100, 1, 15), 0);
    assert_eq!(boundary::<f32>(1, 100, 1, 0), 0);
}
