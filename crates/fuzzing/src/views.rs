//! Views from raw numbers: what is accepted reads and writes inside its buffer and nowhere else, what is rejected is
//! rejected for the stated reason, and big integers decide which.
//!
//! Buffers are allocations of their own with nothing around them, so that a sanitizer sees who leaves them.

use std::collections::HashMap;
use std::fmt::Debug;

use crosslane::{Element, Error, Vectors, VectorsMut, reference};
use num_bigint::BigInt;

use crate::source::{Source, Way};
use crate::support::Float;

pub(crate) fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    match source.byte() % 8 {
        0..2 => strided::<f32>(source),
        2 | 3 => strided::<f64>(source),
        #[cfg(feature = "half")]
        4 => strided::<half::f16>(source),
        5 => columns(source),
        6 => pods(source),
        _ => lengths(source),
    }
}

/// The arguments of `strided`.
#[derive(Clone, Copy, Debug)]
struct Raw {
    size: usize,
    first: usize,
    component_stride: isize,
    vector_stride: isize,
    len: usize,
}

impl Raw {
    /// Where component k of vector i lies, or would.
    fn index(&self, (i, k): (usize, usize)) -> BigInt {
        BigInt::from(self.first)
            + BigInt::from(k) * self.component_stride
            + BigInt::from(i) * self.vector_stride
    }

    fn is_inside(&self, place: (usize, usize)) -> bool {
        let index = self.index(place);
        BigInt::ZERO <= index && index < BigInt::from(self.size)
    }

    /// All places. There must be few.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        (0..self.len).flat_map(|i| (0..3).map(move |k| (i, k)))
    }

    /// What the constructor has to say. Indices are linear in i and in k, so that one is outside if one at the ends is.
    fn model(&self, exclusive: bool) -> Verdict {
        let ends = [0, self.len.saturating_sub(1)];
        let mut ends = ends.iter().flat_map(|i| [0, 1, 2].map(|k| (*i, k)));
        if self.len > 0 && !ends.all(|place| self.is_inside(place)) {
            return Verdict::OutOfBounds;
        }
        // More places than elements cannot all be different ones; otherwise there are few.
        let many = self.len > self.size;
        let mut seen = HashMap::new();
        let mut meets = || {
            self.places()
                .any(|place| seen.insert(self.index(place), ()).is_some())
        };
        if exclusive && (many || meets()) {
            return Verdict::Overlap;
        }
        Verdict::Right
    }

    /// The elements of a place that is inside.
    fn element(&self, place: (usize, usize)) -> usize {
        let index = usize::try_from(self.index(place));
        index.expect("the place is inside")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    OutOfBounds,
    Overlap,
}

/// What the constructor says; that an error names places which are what it says they are.
fn verdict<V>(raw: &Raw, result: &Result<V, Error>) -> Verdict {
    match *result {
        Ok(_) => Verdict::Right,
        Err(Error::OutOfBounds {
            vector,
            component,
            len,
        }) => {
            assert!(vector < raw.len && component < 3, "a place of {raw:?}");
            assert!(!raw.is_inside((vector, component)), "outside {raw:?}");
            assert_eq!(len, raw.size, "elements of {raw:?}");
            Verdict::OutOfBounds
        }
        Err(Error::Overlap { first, second }) => {
            let places = [first, second];
            assert!(first != second, "two places of {raw:?}");
            assert!(
                places.iter().all(|(i, k)| *i < raw.len && *k < 3),
                "places of {raw:?}"
            );
            assert_eq!(
                raw.index(first),
                raw.index(second),
                "one element of {raw:?}"
            );
            Verdict::Overlap
        }
        Err(other) => panic!("{raw:?}: {other}"),
    }
}

/// Small numbers, and those at which index arithmetic wraps round.
fn stride(source: &mut Source<'_>) -> isize {
    match source.byte() {
        0..200 => isize::from(source.byte() as i8) % 17,
        200..220 => source.bits() as isize,
        _ => {
            let edge = source.one_of(&[
                isize::MIN,
                isize::MAX,
                isize::MIN / 2,
                isize::MAX / 2,
                1 << 32,
            ]);
            edge.wrapping_add((isize::from(source.byte()) - 128) % 7)
        }
    }
}

fn raw(source: &mut Source<'_>) -> Raw {
    let size = source.below(1024);
    let extent = |source: &mut Source<'_>, most: usize| match source.byte() {
        0..220 => source.below(most + 2),
        _ => stride(source) as usize,
    };
    Raw {
        size,
        first: extent(source, size),
        component_stride: stride(source),
        vector_stride: stride(source),
        len: extent(source, size / 3),
    }
}

fn strided<T: Float>(mut source: Source<'_>) {
    let raw = raw(&mut source);
    let (way, accuracy) = (source.way(), source.accuracy());
    let mut values = source.values::<T>();
    let data: Box<[T]> = (0..raw.size).map(|_| values.next()).collect();
    let other: Box<[T]> = (0..3).map(|_| values.next()).collect();
    let b = [other[0], other[1], other[2]];
    let Raw {
        first,
        component_stride,
        vector_stride,
        len,
        ..
    } = raw;

    let shared = Vectors::strided(&data, first, component_stride, vector_stride, len);
    assert_eq!(verdict(&raw, &shared), raw.model(false), "{raw:?}, shared");
    let a_at = |i| [0, 1, 2].map(|k| data[raw.element((i, k))]);
    if let Ok(view) = shared {
        assert_eq!((view.len(), view.is_empty()), (len, len == 0), "{raw:?}");
        assert!(
            view.get(len).is_none() && view.get(usize::MAX).is_none(),
            "{raw:?}"
        );
        if len > 0 {
            same(view.get(len - 1), a_at(len - 1), &raw);
        }
        // One vector can be said to be any number of them; not all are looked at.
        if len <= raw.size {
            reads(&raw, view, b, way, accuracy, &a_at);
        }
    }

    let exclusive = VectorsMut::strided(
        &mut data.clone(),
        first,
        component_stride,
        vector_stride,
        len,
    )
    .map(|view| view.len());
    assert_eq!(
        verdict(&raw, &exclusive),
        raw.model(true),
        "{raw:?}, exclusive"
    );
    if exclusive.is_ok() {
        writes(&raw, &data, &other, way, accuracy);
    }
}

fn same<T: Float>(got: Option<[T; 3]>, expected: [T; 3], raw: &Raw) {
    let same = got.is_some_and(|got| (0..3).all(|k| got[k].same(expected[k])));
    assert!(same, "{got:?}, expected {expected:?}: {raw:?}");
}

/// Products of what the view shows.
fn reads<T: Float>(
    raw: &Raw,
    view: Vectors<'_, T>,
    b: [T; 3],
    way: Way,
    accuracy: crosslane::Accuracy,
    a_at: &(dyn Fn(usize) -> [T; 3] + Sync),
) {
    way.at_every_level(accuracy, |engine| {
        let mut out = vec![[T::default(); 3]; raw.len];
        let product = engine.cross(view, Vectors::broadcast(&b, raw.len), &mut out);
        product.expect("operands of equal lengths");
        for (i, got) in out.iter().enumerate() {
            same(view.get(i), a_at(i), raw);
            same(Some(*got), reference::cross(a_at(i), b, accuracy), raw);
        }
    });
}

/// Products into the view, which is all that changes; in place, too.
fn writes<T: Float>(raw: &Raw, data: &[T], b: &[T], way: Way, accuracy: crosslane::Accuracy) {
    let b: [T; 3] = b.try_into().expect("three components");
    way.at_every_level(accuracy, |engine| {
        for in_place in [false, true] {
            let mut written: Box<[T]> = data.into();
            let view = VectorsMut::strided(
                &mut written,
                raw.first,
                raw.component_stride,
                raw.vector_stride,
                raw.len,
            );
            let view = view.expect("it was accepted before");
            let [ones, others] = [[T::from_single(2.0); 3], b].map(|v| vec![v; raw.len]);
            if in_place {
                engine.cross_assign(view, &others)
            } else {
                engine.cross(&ones, &others, view)
            }
            .expect("operands of equal lengths");
            let mut expected: Box<[T]> = data.into();
            for (i, one) in ones.iter().enumerate() {
                let places = [0, 1, 2].map(|k| raw.element((i, k)));
                let a = if in_place {
                    places.map(|at| data[at])
                } else {
                    *one
                };
                for (at, x) in places.into_iter().zip(reference::cross(a, b, accuracy)) {
                    expected[at] = x;
                }
            }
            for (at, (got, expected)) in written.iter().zip(&expected).enumerate() {
                // What nobody writes keeps its bits, NaN too.
                let same = got.bits() == expected.bits() || got.same(*expected);
                assert!(
                    same,
                    "element {at} is {got:?}, expected {expected:?}: {raw:?}"
                );
            }
        }
    });
}

/// Columns of any three lengths: a view of them if all are alike, and otherwise the first that is not is named.
fn columns(mut source: Source<'_>) {
    let most = source.one_of(&[2, 40, 600]);
    let mut lens = [0; 3].map(|_| source.below(most));
    if source.flag() {
        lens = [lens[0]; 3];
    }
    let (way, accuracy) = (source.way(), source.accuracy());
    let mut values = source.values::<f64>();
    let [x, y, z] = lens.map(|len| (0..len).map(|_| values.next()).collect::<Box<[f64]>>());
    let expected = match lens {
        [x, y, _] if x != y => Some(("column y", x, y)),
        [x, _, z] if x != z => Some(("column z", x, z)),
        _ => None,
    };
    let error = expected.map(|(what, expected, got)| Error::LengthMismatch {
        what,
        expected,
        got,
    });
    let view = Vectors::soa(&x, &y, &z);
    assert_eq!(view.as_ref().err(), error.as_ref(), "{lens:?}");
    let [mut u, mut v, mut w] = [x.clone(), y.clone(), z.clone()];
    let exclusive = VectorsMut::soa(&mut u, &mut v, &mut w).map(|view| view.len());
    assert_eq!(exclusive.err(), error, "{lens:?}, exclusive");
    let Ok(view) = view else { return };
    let b: Vec<[f64; 3]> = (0..lens[0])
        .map(|_| [0; 3].map(|_| values.next()))
        .collect();
    way.at_every_level(accuracy, |engine| {
        let [mut u, mut v, mut w] = [x.clone(), y.clone(), z.clone()];
        let out = VectorsMut::soa(&mut u, &mut v, &mut w).expect("equal lengths");
        engine.cross(view, &b, out).expect("equal lengths");
        for (i, b) in b.iter().enumerate() {
            let expected = reference::cross([x[i], y[i], z[i]], *b, accuracy);
            let got = [u[i], v[i], w[i]];
            let same = (0..3).all(|k| got[k].same(expected[k]));
            assert!(same, "vector {i} is {got:?}, expected {expected:?}");
        }
    });
}

/// Types of other crates: three or four elements, aligned as those are, or an error that says which of the two it is.
fn pods(mut source: Source<'_>) {
    let (offset, len) = (usize::from(source.byte() % 16), source.below(40));
    let bytes: Vec<u64> = vec![source.bits(); 16 * 40 + 2];
    let bytes: &[u8] = &bytemuck::cast_slice(&bytes)[offset..];
    fn check<V: bytemuck::Pod + Debug, T: Element>(bytes: &[u8], len: usize) {
        let Ok(v) = bytemuck::try_cast_slice::<u8, V>(&bytes[..len * size_of::<V>()]) else {
            return; // no such slice in Rust either
        };
        let width = size_of::<V>() / size_of::<T>();
        let right = width * size_of::<T>() == size_of::<V>() && [3, 4].contains(&width);
        let aligned = v.is_empty() || v.as_ptr().cast::<T>().is_aligned();
        let expected = match (right, aligned) {
            (false, _) => Some(Error::NotThreeOrFourElements {
                element: size_of::<T>(),
                got: size_of::<V>(),
            }),
            (true, false) => Some(Error::Misaligned {
                expected: align_of::<T>(),
            }),
            (true, true) => None,
        };
        let view = Vectors::<T>::from_pod(v);
        assert_eq!(view.as_ref().err(), expected.as_ref(), "shared");
        let mut copy = v.to_vec();
        // The copy is aligned for `V`, which may be more or less than what it was.
        let aligned = copy.is_empty() || copy.as_ptr().cast::<T>().is_aligned();
        let exclusive = VectorsMut::<T>::from_pod(&mut copy).map(|view| view.len());
        assert_eq!(
            exclusive.is_ok(),
            right && aligned,
            "exclusive: {exclusive:?}"
        );
        let Ok(view) = view else { return };
        assert_eq!(view.len(), v.len(), "a vector for each");
        for (i, v) in v.iter().enumerate() {
            let bytes = bytemuck::bytes_of(v);
            let expected = [0, 1, 2].map(|k| {
                bytemuck::pod_read_unaligned::<T>(&bytes[k * size_of::<T>()..][..size_of::<T>()])
            });
            let got = view.get(i).expect("there is such a vector");
            assert_eq!(
                bytemuck::bytes_of(&got),
                bytemuck::bytes_of(&expected),
                "vector {i}"
            );
        }
    }
    macro_rules! check {
        ($($v:ty)*) => {$(
            check::<$v, f32>(bytes, len);
            check::<$v, f64>(bytes, len);
            #[cfg(feature = "half")]
            check::<$v, half::f16>(bytes, len);
        )*};
    }
    check!([u8; 1] [u8; 5] [u8; 6] [u8; 12] [u8; 16] [u8; 24] [u8; 32] [f32; 2] [f32; 3] [f32; 4] [f32; 5]
        [f32; 6] [f64; 3] [f64; 4] [u16; 3] [u16; 4] [u16; 8] [u64; 2] u64 f32);
}

/// Operands of any lengths: a product if all are alike but inputs of length 1, which are repeated; otherwise an error that names one which is not,
/// and nothing is written.
fn lengths(mut source: Source<'_>) {
    let most = source.one_of(&[2, 5, 300]);
    let lens = [0; 3].map(|_| source.below(most));
    let (way, accuracy) = (source.way(), source.accuracy());
    let mut values = source.values::<f32>();
    let [a, b, out] = lens.map(|len| {
        let vector = |_| [0; 3].map(|_| values.next());
        (0..len).map(vector).collect::<Box<[[f32; 3]]>>()
    });
    let [a_len, b_len, out_len] = lens;
    // The first input that is not one vector is what the others are compared with.
    let expected = if a_len == 1 { b_len } else { a_len };
    let mismatch = |what, got| Error::LengthMismatch {
        what,
        expected,
        got,
    };
    let b_error = (![1, expected].contains(&b_len)).then(|| mismatch("b", b_len));
    // Of one vector and one more any number of products can be made.
    let out_fits = out_len == expected || expected == 1;
    let error = b_error.or((!out_fits).then(|| mismatch("out", out_len)));
    let in_place = b_error.or((a_len != expected).then(|| mismatch("a", a_len)));
    way.at_every_level(accuracy, |engine| {
        let mut got = out.clone();
        let result = engine.cross(&*a, &*b, &mut *got);
        assert_eq!(result.err(), error, "{lens:?}");
        let mut assigned = a.clone();
        let result = engine.cross_assign(&mut *assigned, &*b);
        assert_eq!(result.err(), in_place, "{lens:?}, in place");
        let at = |v: &[[f32; 3]], i: usize| v[if v.len() == 1 { 0 } else { i }];
        let product = |i: usize| reference::cross(at(&a, i), at(&b, i), accuracy);
        let all = |got: &[[f32; 3]], before: &[[f32; 3]], error: Option<Error>| {
            for (i, v) in got.iter().enumerate() {
                let expected = if error.is_none() {
                    product(i)
                } else {
                    before[i]
                };
                let same = (0..3).all(|k| v[k].same(expected[k]));
                assert!(same, "vector {i} is {v:?}, expected {expected:?}: {lens:?}");
            }
        };
        all(&got, &out, error);
        all(&assigned, &a, in_place);
    });
}
