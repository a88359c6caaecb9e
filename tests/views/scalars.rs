//! Views of numbers, and views from raw parts.

use crosslane::{
    Element, Engine, Error, Operation, Scalars, ScalarsMut, Shape, Vectors, VectorsMut,
};

/// The numbers of a view, in C order.
fn numbers<T: Element>(view: Scalars<'_, T>) -> Vec<T> {
    (0..view.len()).map(|i| view.get(i).unwrap()).collect()
}

#[test]
fn numbers_are_where_first_and_strides_say() {
    let data: Vec<f32> = (0..12).map(|x| x as f32).collect();
    assert_eq!(numbers(Scalars::from(&data)), data);
    assert_eq!(numbers(Scalars::from(&[7.0, 8.0])), [7.0, 8.0]);
    assert_eq!(numbers(Scalars::broadcast(&data[5], 3)), [5.0; 3]);
    let reversed = Scalars::strided(&data, 11, -4, 3).unwrap();
    assert_eq!(numbers(reversed), [11.0, 7.0, 3.0]);
    let transposed = Scalars::nd(&data, 0, &[4, 3], &[1, 4]).unwrap();
    assert_eq!((transposed.shape(), transposed.len()), (shape(&data), 12));
    assert_eq!(numbers(transposed)[..4], [0.0, 4.0, 8.0, 1.0]);
    assert_eq!(transposed.get(12), None);
    assert!(Scalars::<f32>::new(&[]).is_empty(), "no numbers");
    assert!(
        format!("{transposed:?}").contains("strides: [1, 4]"),
        "{transposed:?}"
    );
    let outside = Scalars::strided(&data, 0, 4, 4);
    let expected = Error::OutOfBounds {
        vector: 3,
        component: 0,
        len: 12,
    };
    assert_eq!(outside.unwrap_err(), expected);
}

/// (4, 3), of a view of vectors.
fn shape(data: &[f32]) -> Shape {
    Vectors::nd(data, 0, 0, &[4, 3], &[0, 0]).unwrap().shape()
}

#[test]
fn numbers_are_written_where_they_are_read() {
    let (a, b) = ([[1.0, 2.0, 3.0]; 4], [[4.0, 5.0, 6.0]; 4]);
    let mut data = [0.0; 12];
    let mut out = ScalarsMut::strided(&mut data, 10, -3, 4).unwrap();
    assert_eq!(
        (out.shape().len(), out.len(), out.is_empty()),
        (1, 4, false)
    );
    Engine::new().dot(&a, &b, out.reborrow()).unwrap();
    assert_eq!(out.get(3), Some(32.0));
    assert_eq!(numbers(Scalars::from(&out)), [32.0; 4]);
    assert!(format!("{out:?}").contains("stride: -3"), "{out:?}");
    assert_eq!(data, [0.0, 32.0, 0.0].repeat(4)[..]);
    let overlap = ScalarsMut::nd(&mut data, 0, &[2, 2], &[1, 1]).unwrap_err();
    assert!(matches!(overlap, Error::Overlap { .. }), "{overlap}");
}

#[test]
fn views_from_raw_parts_are_those_of_slices() {
    let (data, mut out, mut lengths) = ([1.0_f64; 24], [0.0; 24], [0.0; 8]);
    let (shape, strides) = ([2, 4], [12, 1]);
    let [x, y, z] = [0, 4, 8].map(|k| data[k..].as_ptr());
    // SAFETY: these are the addresses that `nd` would have checked.
    let a = unsafe { Vectors::nd_from_raw([x, y, z], &shape, &strides) };
    let expected = Vectors::nd(&data, 0, 4, &shape, &strides).unwrap();
    assert_eq!((a.shape(), a.get(7)), (expected.shape(), expected.get(7)));
    let first = out.as_mut_ptr();
    let components = [0, 4, 8].map(|k| first.wrapping_add(k));
    // SAFETY: as above, of memory that nobody else looks at.
    let c = unsafe { VectorsMut::nd_from_raw(components, &shape, &strides) };
    // SAFETY: eight numbers.
    let n = unsafe { ScalarsMut::nd_from_raw(lengths.as_mut_ptr(), &shape, &[4, 1]) };
    let engine = Engine::new();
    engine.cross(a, &[[0.0, 0.0, 1.0]], c).unwrap();
    let inputs = [a.into(), a.into()];
    engine
        .apply(Operation::Dot, &inputs, &mut [n.into()])
        .unwrap();
    assert_eq!(
        out[..12],
        [
            1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0
        ]
    );
    // SAFETY: the same eight numbers.
    let lengths = unsafe { Scalars::nd_from_raw(lengths.as_ptr(), &shape, &[4, 1]) };
    assert_eq!(numbers(lengths), [3.0; 8]);
}

#[test]
fn integers_wrap_whatever_the_accuracy() {
    let (a, b) = ([[100_i8, 3, 2]; 9], [[7, 100, -128]; 9]);
    let mut out = [[0; 3]; 9];
    crosslane::cross(&a, &b, &mut out).unwrap();
    let products = [
        3 * -128 - 2 * 100,
        2 * 7 - 100 * -128,
        100 * 100 - 3 * 7_i32,
    ];
    assert_eq!(out, [products.map(|x| x as i8); 9]);
}
