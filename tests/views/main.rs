//! Views: what is accepted lies inside its data, what is rejected is rejected for the stated reason, of every kind that there is;
//! `strided`, the one that may go wrong in most ways, has a model.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod scalars;
mod strided;
#[path = "../support/mod.rs"]
mod support;

use crosslane::{Error, Soa, Vectors, VectorsMut, cross};

#[test]
fn columns_of_unequal_length_are_an_error() {
    let (long, short) = (&mut [0.0; 4][..], &mut [0.0; 3][..]);
    let error = |what| Error::LengthMismatch {
        what,
        expected: 4,
        got: 3,
    };
    assert_eq!(
        Vectors::soa(long, short, long).unwrap_err(),
        error("column y")
    );
    assert_eq!(
        Vectors::soa(long, long, short).unwrap_err(),
        error("column z")
    );
    assert_eq!(
        VectorsMut::soa(long, short, &mut [0.0; 4]).unwrap_err(),
        error("column y")
    );
    assert_eq!(
        VectorsMut::soa(long, &mut [0.0; 4], short).unwrap_err(),
        error("column z")
    );
}

#[test]
fn operands_of_unequal_length_are_an_error_and_nothing_is_written() {
    let (three, four) = (vec![[1.0, 2.0, 3.0]; 3], vec![[4.0, 5.0, 6.0]; 4]);
    let mut out = vec![[7.0; 3]; 4];
    let b = cross(&four, &three, &mut out).unwrap_err();
    assert_eq!(
        b,
        Error::LengthMismatch {
            what: "b",
            expected: 4,
            got: 3
        }
    );
    assert_eq!(
        b.to_string(),
        "b has length 3, expected 4; nothing was written"
    );
    let out_error = cross(&three, &three, &mut out).unwrap_err();
    assert_eq!(
        out_error,
        Error::LengthMismatch {
            what: "out",
            expected: 3,
            got: 4
        }
    );
    let in_place = crosslane::Engine::new()
        .cross_assign(&mut out, &three)
        .unwrap_err();
    assert_eq!(
        in_place,
        Error::LengthMismatch {
            what: "b",
            expected: 4,
            got: 3
        }
    );
    assert_eq!(out, vec![[7.0; 3]; 4]);
}

#[test]
fn vectors_of_other_crates_are_read_and_written_in_place() {
    let a = [
        glam::Vec3::new(1.0, 2.0, 3.0),
        glam::Vec3::new(4.0, 5.0, 6.0),
    ];
    let b = [
        nalgebra::Vector3::new(4.0_f32, 5.0, 6.0),
        nalgebra::Vector3::new(1.0, 2.0, 3.0),
    ];
    let mut c = [glam::Vec4::splat(9.0); 2];
    cross::<f32>(
        Vectors::from_pod(&a).unwrap(),
        Vectors::from_pod(&b).unwrap(),
        VectorsMut::from_pod(&mut c).unwrap(),
    )
    .unwrap();
    assert_eq!(
        c,
        [
            glam::Vec4::new(-3.0, 6.0, -3.0, 9.0),
            glam::Vec4::new(3.0, -6.0, 3.0, 9.0)
        ]
    );

    let a = [glam::DVec3::new(1.0, 2.0, 3.0)];
    let mut c = [nalgebra::Vector3::<f64>::zeros()];
    cross::<f64>(
        Vectors::from_pod(&a).unwrap(),
        &[[4.0, 5.0, 6.0]],
        VectorsMut::from_pod(&mut c).unwrap(),
    )
    .unwrap();
    assert_eq!(c, [nalgebra::Vector3::new(-3.0, 6.0, -3.0)]);
}

#[test]
fn types_that_are_not_three_or_four_elements_are_an_error() {
    let error = |got| Error::NotThreeOrFourElements { element: 4, got };
    assert_eq!(
        Vectors::<f32>::from_pod(&[glam::Vec2::ZERO]).unwrap_err(),
        error(8)
    );
    assert_eq!(
        Vectors::<f32>::from_pod(&[glam::DVec3::ZERO]).unwrap_err(),
        error(24)
    );
    assert_eq!(Vectors::<f32>::from_pod(&[0_u8; 12]).unwrap_err(), error(1));
    assert_eq!(
        VectorsMut::<f32>::from_pod(&mut [()]).unwrap_err(),
        error(0)
    );
}

#[test]
fn no_vectors_of_another_crate_are_no_error() {
    assert_eq!(Vectors::<f64>::from_pod::<[u8; 24]>(&[]).unwrap().len(), 0);
    assert_eq!(
        VectorsMut::<f64>::from_pod::<[u8; 24]>(&mut [])
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn arrays_slices_and_vecs_of_three_and_four_are_views() {
    let (three, four) = (vec![[1.0, 2.0, 3.0]], vec![[4.0, 5.0, 6.0, 9.0]]);
    let check = |a: Vectors<'_, f64>, b: Vectors<'_, f64>| {
        let mut out = [[0.0; 3]];
        cross(a, b, &mut out).unwrap();
        assert_eq!(out, [[-3.0, 6.0, -3.0]]);
    };
    check((&three).into(), (&four).into());
    check((&three[..]).into(), (&four[..]).into());
    check(
        (&[[1.0, 2.0, 3.0]]).into(),
        (&[[4.0, 5.0, 6.0, 9.0]]).into(),
    );
    let (mut vec, mut array) = (vec![[0.0, 0.0, 0.0, 7.0]], [[0.0, 0.0, 0.0, 7.0]]);
    cross(&three, &four, &mut vec).unwrap();
    cross(&three, &four, &mut array).unwrap();
    assert_eq!(
        (vec[0], array[0]),
        ([-3.0, 6.0, -3.0, 7.0], [-3.0, 6.0, -3.0, 7.0])
    );
    let (mut vec, mut array) = (vec![[0.0; 3]], [[0.0; 4]]);
    cross(&three, &four, &mut vec).unwrap();
    cross(&three[..], &four[..], &mut array[..]).unwrap();
    assert_eq!(
        (vec[0], array[0]),
        ([-3.0, 6.0, -3.0], [-3.0, 6.0, -3.0, 0.0])
    );
}

#[test]
fn misaligned_vectors_are_an_error() {
    let mut bytes = [[0_u8; 12]; 3];
    let flat: &mut [u8] = bytemuck::cast_slice_mut(&mut bytes);
    let off = usize::from(flat.as_ptr().addr().is_multiple_of(4));
    let vectors: &mut [[u8; 12]] = bytemuck::cast_slice_mut(&mut flat[off..off + 24]);
    assert_eq!(
        Vectors::<f32>::from_pod(vectors).unwrap_err(),
        Error::Misaligned { expected: 4 }
    );
    assert_eq!(
        VectorsMut::<f32>::from_pod(vectors).unwrap_err(),
        Error::Misaligned { expected: 4 }
    );
}

#[test]
fn raw_views_are_columns_rows_and_anything_between() {
    let a = [1.0_f64, 4.0, 2.0, 5.0, 3.0, 6.0];
    let mut out = [0.0_f64; 6];
    let (p, q) = (a.as_ptr(), out.as_mut_ptr());
    let at = |k: usize| p.wrapping_add(k);
    // SAFETY: three columns of two vectors, 0 1 | 2 3 | 4 5.
    let columns = unsafe { Vectors::from_raw([at(0), at(2), at(4)], 1, 2) };
    // SAFETY: the same from the last vector to the first.
    let reversed = unsafe { Vectors::from_raw([at(1), at(3), at(5)], -1, 2) };
    assert_eq!(
        (columns.get(0), columns.get(1)),
        (Some([1.0, 2.0, 3.0]), Some([4.0, 5.0, 6.0]))
    );
    // SAFETY: two rows of three, which nothing else uses meanwhile.
    let rows = unsafe { VectorsMut::from_raw([q, q.wrapping_add(1), q.wrapping_add(2)], 3, 2) };
    cross(columns, reversed, rows).unwrap();
    assert_eq!(out, [-3.0, 6.0, -3.0, 3.0, -6.0, 3.0]);
    // SAFETY: a view of nothing may point anywhere.
    let nothing = unsafe { Vectors::<f64>::from_raw([std::ptr::null(); 3], 17, 0) };
    assert!(
        nothing.is_empty() && nothing.get(0).is_none(),
        "{nothing:?}"
    );
}

#[test]
fn a_view_can_be_lent_again_and_again() {
    let mut out = vec![[0.0; 3]; 2];
    let mut view = VectorsMut::aos(&mut out);
    for scale in [1.0, 2.0] {
        cross(
            &[[scale, 0.0, 0.0]; 2],
            &[[0.0, 1.0, 0.0]; 2],
            view.reborrow(),
        )
        .unwrap();
    }
    assert_eq!(view.get(1), Some([0.0, 0.0, 2.0]));
    assert_eq!(view.get(2), None);
}

#[test]
fn owned_columns_are_aligned_zero_and_as_long_as_asked_for() {
    for len in [0, 1, 7, 8, 9, 15, 16, 17, 1000] {
        let mut soa = Soa::<f32>::zeros(len);
        assert_eq!((soa.len(), soa.is_empty()), (len, len == 0));
        for column in soa.columns_mut() {
            assert_eq!(column.len(), len);
            assert!(
                column.as_ptr().addr().is_multiple_of(64),
                "column at {:p}",
                column.as_ptr()
            );
            assert!(column.iter().all(|&x| x.to_bits() == 0), "zeros");
        }
        let rows: Vec<[f64; 3]> = (0..len).map(|i| [i as f64, -(i as f64), 0.5]).collect();
        let soa = Soa::from_aos(&rows);
        assert_eq!(soa.to_aos(), rows);
        assert_eq!(
            soa.clone().view().get(len.wrapping_sub(1)),
            rows.last().copied()
        );
    }
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn more_columns_than_there_are_addresses_panic_as_vec_does() {
    let _ = Soa::<f64>::zeros(usize::MAX);
}

#[test]
fn a_broadcast_may_be_longer_than_memory() {
    let view = Vectors::broadcast(&[1.0, 2.0, 3.0], usize::MAX);
    assert_eq!(view.get(usize::MAX - 1), Some([1.0, 2.0, 3.0]));
}

#[test]
fn what_is_printed_of_a_view_is_its_stride_and_its_length() {
    let mut rows = [[1.0_f32; 3]; 2];
    assert_eq!(
        format!("{:?}", Vectors::aos(&rows)),
        "Vectors { stride: 3, len: 2, .. }"
    );
    assert_eq!(
        format!("{:?}", VectorsMut::aos(&mut rows)),
        "VectorsMut { stride: 3, len: 2, .. }"
    );
    assert_eq!(format!("{:?}", Soa::from_aos(&rows)), "Soa { len: 2, .. }");
}

#[cfg(debug_assertions)]
mod raw_parts_that_cannot_be_right {
    use super::*;

    fn view(components: [*const f64; 3]) {
        // SAFETY: nothing is read: a build with assertions panics first, and no other has this test.
        let _ = unsafe { Vectors::from_raw(components, 1, 1) };
    }

    #[test]
    #[should_panic(expected = "aligned and not null")]
    fn null_panics_where_there_are_assertions() {
        let x = 1.0;
        view([&x, &x, std::ptr::null()]);
    }

    #[test]
    #[should_panic(expected = "aligned and not null")]
    fn a_misaligned_component_panics_where_there_are_assertions() {
        let x = 1.0_f64;
        let p = &raw const x;
        view([p, p.wrapping_byte_add(4), p]);
    }
}
