//! How results get to memory: through the caches or past them. Separate because all outputs of a batch have one say in it together.

use super::place::Place;
use crate::element::Float;
use crate::simd::{Lanes, Simd};

/// How results get to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Through the caches.
    Cached,
    /// Past them, all outputs in one loop.
    Streamed,
    /// Past them, each column by itself, because they do not start cache lines at the same vectors.
    StreamedFromTiles,
}

impl Way {
    /// The way for the outputs of a batch, if they should be streamed or not, and where to begin with it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn out<S: Simd, T: Float>(outputs: Outputs<'_, T>, stream: bool) -> (Self, usize) {
        if !stream {
            return (Self::Cached, 0);
        }
        let Outputs {
            places,
            reread,
            len,
            rows,
        } = outputs;
        if let Some(rows) = rows {
            // All columns of all rows begin and end with whole registers, or none is streamed.
            let lanes = T::Lanes::<S>::LEN;
            let mut whole = len.is_multiple_of(lanes);
            for k in 0..places.len() {
                whole = whole
                    && (reread[k]
                        || (rows[k].unsigned_abs().is_multiple_of(lanes)
                            && places[k].starts_registers::<S>()));
            }
            return match whole {
                true => (Self::Streamed, 0),
                false => (Self::Cached, 0),
            };
        }
        // Where outputs begin with whole registers. `None`: none was looked at; `Some(None)`: they disagree, or one cannot be streamed.
        let (mut columns, mut heads) = (false, None);
        for (place, reread) in places.iter().zip(reread) {
            if !reread {
                columns |= place.stride == 1;
                let head = place.head::<S>();
                heads = match heads {
                    None => Some(head),
                    Some(all) if all == head => heads,
                    Some(_) => Some(None),
                };
            }
        }
        match heads.flatten() {
            Some(head) => (Self::Streamed, head),
            None if columns => (Self::StreamedFromTiles, 0),
            None => (Self::Cached, 0),
        }
    }
}

/// What there is to know of the outputs of a batch before one is stored to.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'a, T> {
    pub(super) places: &'a [Place<T>],
    /// Which of them are read again at once, and so are not streamed.
    pub(super) reread: &'a [bool],
    /// The length of a row.
    pub(super) len: usize,
    /// How far apart rows are, if there are several.
    pub(super) rows: Option<&'a [isize]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Baseline;
    use crate::{Soa, VectorsMut};

    /// The way of an output with these strides that begins `first` elements of `f32` behind a cache line.
    fn way(first: usize, component_stride: isize, stride: isize, stream: bool) -> (Way, usize) {
        way_of_rows(first, component_stride, stride, 50, None, stream)
    }

    /// The same of rows.
    fn way_of_rows(
        first: usize,
        component_stride: isize,
        stride: isize,
        len: usize,
        rows: Option<isize>,
        stream: bool,
    ) -> (Way, usize) {
        let mut memory = Soa::<f32>::zeros(1000);
        let [x, ..] = memory.columns_mut();
        let out = VectorsMut::strided(x, first, component_stride, stride, len).expect("inside");
        let outputs = Outputs {
            places: &[Place::of_mut(&out.into_flat())],
            reread: &[false],
            len,
            rows: rows.as_ref().map(core::slice::from_ref),
        };
        Way::out::<Baseline, f32>(outputs, stream)
    }

    #[test]
    fn what_can_be_streamed_is_from_the_first_vector_that_starts_a_register() {
        for (first, component_stride, stride, expected) in [
            // Columns; 4 elements of f32 are a register of the baseline, 16 a line.
            (0, 64, 1, (Way::Streamed, 0)),
            (3, 64, 1, (Way::Streamed, 1)),
            (1, 64, 1, (Way::Streamed, 3)),
            (0, 65, 1, (Way::StreamedFromTiles, 0)),
            (0, 68, 1, (Way::StreamedFromTiles, 0)),
            // Rows: 3 elements further each.
            (0, 1, 3, (Way::Streamed, 0)),
            (1, 1, 3, (Way::Streamed, 1)),
            (2, 1, 3, (Way::Streamed, 2)),
            (3, 1, 3, (Way::Streamed, 3)),
            // A register would overwrite what lies between.
            (0, 1, 4, (Way::Cached, 0)),
            (0, 64, 3, (Way::Cached, 0)),
            (900, 1, -3, (Way::Cached, 0)),
        ] {
            let place = (first, component_stride, stride);
            assert_eq!(
                way(first, component_stride, stride, true),
                expected,
                "{place:?}"
            );
            let cached = way(first, component_stride, stride, false);
            assert_eq!(cached, (Way::Cached, 0), "{place:?}");
        }
    }

    #[test]
    fn rows_are_streamed_where_all_are_whole_registers() {
        for (first, len, row, expected) in [
            (0, 8, 24, Way::Streamed),
            (0, 4, 12, Way::Streamed),
            (0, 8, -24, Way::Streamed),
            (4, 8, 24, Way::Streamed),
            (1, 8, 24, Way::Cached),
            (0, 7, 24, Way::Cached),
            (0, 8, 25, Way::Cached),
        ] {
            let got = way_of_rows(first, 8, 1, len, Some(row), true);
            assert_eq!(got, (expected, 0), "{first}, {len}, {row}");
        }
    }

    #[test]
    fn several_outputs_are_streamed_in_one_loop_or_each_column_by_itself() {
        let (mut one, mut other) = (Soa::<f32>::zeros(100), Soa::<f32>::zeros(100));
        let mut of = |first: [usize; 2], reread: bool| {
            let places = [(&mut one, first[0]), (&mut other, first[1])].map(|(soa, i)| {
                let mut view = soa.view_mut().into_flat();
                if i == usize::MAX {
                    // Backwards, which cannot be streamed.
                    view.reverse();
                    return Place::of_mut(&view);
                }
                Place::of_mut(&view.split_off(i))
            });
            let outputs = Outputs {
                places: &places,
                reread: &[false, reread],
                len: 50,
                rows: None,
            };
            Way::out::<Baseline, f32>(outputs, true)
        };
        assert_eq!(of([0, 0], false), (Way::Streamed, 0));
        assert_eq!(of([3, 7], false), (Way::Streamed, 1));
        assert_eq!(of([3, 2], false), (Way::StreamedFromTiles, 0));
        // What is read again has no say.
        assert_eq!(of([3, 2], true), (Way::Streamed, 1));
        // And it is no reason to stream.
        assert_eq!(of([usize::MAX, 2], true), (Way::Cached, 0));
    }
}
