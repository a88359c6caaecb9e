//! A batch: the operands of one call, seen to go together, that are split together.

use super::faces::Faces;
use crate::broadcast::{Aligned, MOST_OPERANDS, Offsets, SHORT, different, go, go_along, places};
use crate::unrolled::for_each;
use crate::view::{Flat, FlatMut, moved};
use crate::{Element, Vectors, VectorsMut};

#[cfg(test)]
mod tests;

/// `I` inputs and `O` outputs of `len` vectors each, or of rows of so many, or of slabs of such rows. Outputs do not overlap inputs,
/// except that the first output may be the first input: the same vectors at the same places.
///
/// A view of scalars has one place for all three components.
///
/// It is passed on by reference: copying what was just written costs more than a small batch.
#[derive(Debug)]
pub(crate) struct Batch<'a, T, const I: usize, const O: usize> {
    /// The first row.
    pub(super) inputs: [Flat<'a, T>; I],
    pub(super) outputs: [FlatMut<'a, T>; O],
    /// How many rows there are.
    pub(super) rows: usize,
    /// The strides from row to row; its length is not used. (By reference: most batches have one row, and copying eight strides costs more.)
    pub(super) row: &'a Aligned,
    slabs: Slabs<'a>,
    /// Whose corners the vectors of the inputs are, if outputs are of faces and not of the vectors in turn.
    faces: Option<Faces<'a>>,
    in_place: bool,
    /// Outputs that are read again at once, and so not worth to be streamed.
    pub(super) reread: [bool; O],
    /// Whether what was streamed has to be there when the batch is done. If not, the caller sees to it.
    pub(super) fences: bool,
}

/// The slabs `first..first + count`, counted along all `axes`, the fastest first.
#[derive(Clone, Copy, Debug)]
struct Slabs<'a> {
    axes: &'a [Aligned],
    first: usize,
    count: usize,
}

impl Slabs<'_> {
    const ONE: Self = Self {
        axes: &[],
        first: 0,
        count: 1,
    };
}

/// The vectors of an exclusive view to be read, and to be written in their place.
#[inline(always)]
pub(crate) fn in_place<'a, T: Element>(
    v: VectorsMut<'a, T>,
) -> (Vectors<'a, T>, VectorsMut<'a, T>) {
    // SAFETY: in the kernels every load of a vector comes before the store to it, where the operation is
    // `IN_PLACE`, which the engine sees to.
    (unsafe { v.to_read_in_place() }, v)
}

impl<'a, T: Element, const I: usize> Batch<'a, T, I, 1> {
    /// v in and out, and other vectors in.
    pub(crate) fn over(v: FlatMut<'a, T>, others: &[Flat<'a, T>]) -> Self {
        let mut inputs = [Flat::NONE; I];
        // SAFETY: as for `in_place`.
        inputs[0] = unsafe { v.to_read_in_place() };
        inputs[1..].copy_from_slice(others);
        let mut batch = Self::of(inputs, [v]);
        batch.place(true);
        batch
    }
}

impl<'a, T: Element> Batch<'a, T, 1, 1> {
    /// The vertices of faces in; the indices must have been checked, and `out` to be as long as `faces`.
    pub(crate) fn of_faces(vertices: Flat<'a, T>, faces: Faces<'a>, out: FlatMut<'a, T>) -> Self {
        let inside = |face: &[u32]| face.iter().all(|&i| (i as usize) < vertices.len());
        debug_assert!(
            (0..faces.len()).all(|i| inside(faces.get(i))),
            "indices are checked before"
        );
        assert_eq!(faces.len(), out.len(), "lengths are checked before");
        Self {
            faces: Some(faces),
            ..Self::over_rows([vertices], [out], 1, &Aligned::ONE)
        }
    }

    /// The faces, if it is a batch of these.
    pub(crate) fn faces(&self) -> Option<Faces<'a>> {
        self.faces
    }
}

impl<'a, T: Element, const I: usize, const O: usize> Batch<'a, T, I, O> {
    /// Operands that are seen to be equally long; outputs do not overlap inputs.
    #[inline(always)]
    pub(crate) fn of(inputs: [Flat<'a, T>; I], outputs: [FlatMut<'a, T>; O]) -> Self {
        let len = outputs[0].len();
        let mut alike = true;
        for_each! { k of I {
            alike = alike && inputs[k].len() == len;
        }}
        for_each! { k of O {
            alike = alike && outputs[k].len() == len;
        }}
        assert!(alike, "lengths are checked before");
        Self::over_rows(inputs, outputs, 1, &Aligned::ONE)
    }

    /// Rows of which these are the first; all are vectors of the operands.
    #[inline(always)]
    pub(super) fn over_rows(
        inputs: [Flat<'a, T>; I],
        outputs: [FlatMut<'a, T>; O],
        rows: usize,
        row: &'a Aligned,
    ) -> Self {
        Self {
            inputs,
            outputs,
            rows,
            row,
            slabs: Slabs::ONE,
            faces: None,
            in_place: false,
            reread: [false; O],
            fences: true,
        }
    }

    /// All vectors along these axes, which are those of the operands, the first one first. Each operand begins so many elements behind
    /// where its view does.
    pub(crate) fn along(
        inputs: [Flat<'a, T>; I],
        outputs: [FlatMut<'a, T>; O],
        begin: &[isize],
        axes: &'a [Aligned],
    ) -> Self {
        let axis = |i: usize| axes.get(i).unwrap_or(&Aligned::ONE);
        let inner = axis(0);
        let mut first = (inputs, [const { FlatMut::NONE }; O]);
        for k in 0..I {
            // SAFETY: these are vectors of the view.
            first.0[k] = unsafe { inputs[k].part(begin[k], inner.strides[k], inner.len) };
        }
        for k in 0..O {
            // SAFETY: as above, and the view is used up.
            first.1[k] = unsafe { outputs[k].part(begin[I + k], inner.strides[I + k], inner.len) };
        }
        let (inputs, outputs) = first;
        let slabs = axes.get(2..).unwrap_or_default();
        Self {
            slabs: Slabs {
                axes: slabs,
                first: 0,
                count: places(slabs),
            },
            ..Self::over_rows(inputs, outputs, axis(1).len, axis(1))
        }
    }

    /// Has the first output be the first input or not.
    #[inline(always)]
    pub(crate) fn place(&mut self, in_place: bool) {
        self.in_place = in_place;
    }
}

impl<'a, T: Element, const I: usize, const O: usize> Batch<'a, T, I, O> {
    /// The length of a row.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.outputs[0].len()
    }

    /// All vectors.
    #[inline(always)]
    pub(crate) fn total(&self) -> usize {
        self.len() * self.rows * self.slabs.count
    }

    /// Whether the first output is the first input.
    #[inline(always)]
    pub(crate) fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// The bytes that the batch moves from and to memory. What is repeated stays in the cache.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> usize {
        if self.rows > 1 || self.slabs.count > 1 {
            return self.bytes_of_rows();
        }
        let mut bytes = 0;
        for_each! { k of I {
            let view = &self.inputs[k];
            bytes += bytes_of_one::<T>(view.is_scalars(), view.stride());
        }}
        for_each! { k of O {
            let view = &self.outputs[k];
            bytes += bytes_of_one::<T>(view.is_scalars(), view.stride());
        }}
        self.len().saturating_mul(bytes)
    }

    #[inline(never)]
    fn bytes_of_rows(&self) -> usize {
        bytes_of(&self.inputs, &self.outputs, &|k, stride| {
            let inner = if stride == 0 { 1 } else { self.len() };
            let rows = match self.row.strides[k] {
                0 => 1,
                _ => self.rows,
            };
            let slabs = different(self.slabs.axes, k).min(self.slabs.count);
            inner.saturating_mul(rows).saturating_mul(slabs)
        })
    }

    /// Slab `i`.
    pub(crate) fn slab(&self, i: usize) -> Self {
        debug_assert!(i < self.slabs.count, "slab {i} of {}", self.slabs.count);
        let mut offsets = [0; MOST_OPERANDS];
        go_along(&mut offsets, self.slabs.axes, self.slabs.first + i);
        Self {
            slabs: Slabs::ONE,
            ..self.moved(&offsets)
        }
    }

    /// How far apart rows are, if that is the same in every operand, and forwards.
    #[inline(always)]
    pub(super) fn rows_in_step(&self) -> Option<usize> {
        let strides = &self.row.strides[..I + O];
        let step = usize::try_from(strides[0]).ok()?;
        let all = strides.iter().all(|stride| *stride == strides[0]);
        all.then_some(step)
    }

    /// Whether there are several rows.
    #[inline(always)]
    pub(crate) fn has_rows(&self) -> bool {
        self.rows > 1
    }

    /// Whether rows need not fill a register of the baseline.
    #[inline(always)]
    pub(crate) fn is_short(&self) -> bool {
        self.len() < SHORT
    }

    /// Whether it is slabs, each of which is to be taken by itself.
    #[inline(always)]
    pub(crate) fn has_slabs(&self) -> bool {
        // Of a piece that has one, that need not be the first.
        !self.slabs.axes.is_empty()
    }

    /// How many slabs there are.
    #[inline(always)]
    pub(crate) fn slabs(&self) -> usize {
        self.slabs.count
    }

    /// The same rows, so many elements further.
    #[inline(never)] // called from several places
    fn moved(&self, offsets: &Offsets) -> Self {
        let len = self.len();
        let (mut inputs, mut outputs) = (self.inputs, [const { FlatMut::NONE }; O]);
        for k in 0..I {
            let view = &self.inputs[k];
            // SAFETY: the caller says that there are such vectors.
            inputs[k] = unsafe { view.part(offsets[k], view.stride(), len) };
        }
        for k in 0..O {
            let view = &self.outputs[k];
            // SAFETY: as above. `slab`s are worked on in turn, and what `split` takes away is no longer here.
            outputs[k] = unsafe { view.part(offsets[I + k], view.stride(), len) };
        }
        self.with(inputs, outputs)
    }

    /// The same of other vectors.
    #[inline(always)]
    fn with(&self, inputs: [Flat<'a, T>; I], outputs: [FlatMut<'a, T>; O]) -> Self {
        Self {
            inputs,
            outputs,
            rows: self.rows,
            row: self.row,
            slabs: self.slabs,
            faces: self.faces,
            in_place: self.in_place,
            reread: self.reread,
            fences: self.fences,
        }
    }

    /// Takes the last `parts - part` of `parts` of the work away. What is too little for that stays whole.
    pub(crate) fn split(&mut self, part: usize, parts: usize) -> Option<Self> {
        // Divided first, so that nothing can overflow.
        let cut = |count: usize| count / parts * part + count % parts * part / parts;
        if let Some(faces) = self.faces {
            let middle = self.line_boundary(faces.middle(part, parts));
            return (middle > 0).then(|| self.split_off(middle));
        }
        // Rows and slabs are cut where there are enough of them to be divided evenly.
        let (rows, slabs) = (self.rows, self.slabs.count);
        if slabs >= EVENLY * parts || (slabs > 1 && slabs >= rows.max(self.len())) {
            let at = cut(slabs);
            return (at > 0).then(|| {
                let tail = self.moved(&[0; MOST_OPERANDS]);
                let (first, count) = (self.slabs.first + at, slabs - at);
                self.slabs.count = at;
                let axes = self.slabs.axes;
                Self {
                    slabs: Slabs { axes, first, count },
                    ..tail
                }
            });
        }
        if rows >= EVENLY * parts || (rows > 1 && rows >= self.len()) {
            let at = cut(rows);
            return (at > 0).then(|| {
                let mut offsets = [0; MOST_OPERANDS];
                go(&mut offsets, self.row, at);
                let mut tail = self.moved(&offsets);
                tail.rows = rows - at;
                self.rows = at;
                tail
            });
        }
        let middle = self.line_boundary(cut(self.len()));
        (middle > 0).then(|| self.split_off(middle))
    }

    /// The greatest index up to `at` where a vector of the first output starts a cache line, or `at` where
    /// none near it does. (Of columns that are aligned differently, those of y and z then do not.)
    #[inline(never)] // called from several places
    pub(crate) fn line_boundary(&self, at: usize) -> usize {
        const LINE: usize = 64;
        let (start, stride) = (self.outputs[0].components()[0], self.outputs[0].stride());
        let least = at.saturating_sub(LINE / size_of::<T>() - 1);
        let mut i = at;
        while !moved(start, i, stride).addr().is_multiple_of(LINE) {
            if i == least {
                return at;
            }
            i -= 1;
        }
        i
    }

    /// Takes the vectors from `at` on away, of every row and operand; `at` must not exceed the length.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        let (inputs, faces) = match &mut self.faces {
            None => {
                let mut tails = self.inputs;
                for_each! { k of I {
                    tails[k] = self.inputs[k].split_off(at);
                }}
                (tails, None)
            }
            Some(faces) => {
                let (head, tail) = faces.split_at(at);
                *faces = head;
                (self.inputs, Some(tail))
            }
        };
        let mut outputs = [const { FlatMut::NONE }; O];
        for_each! { k of O {
            outputs[k] = self.outputs[k].split_off(at);
        }}
        Self {
            faces,
            ..self.with(inputs, outputs)
        }
    }

    /// Turns all operands around, if the first output runs backwards. The vectors meet as before. (Where there are indices they stay.)
    #[inline(always)]
    pub(crate) fn run_forwards(&mut self) {
        if self.outputs[0].stride() < 0 && self.faces.is_none() {
            for_each! { k of I {
                self.inputs[k].reverse();
            }}
            for_each! { k of O {
                self.outputs[k].reverse();
            }}
        }
    }
}

/// The bytes of one vector of a view, or scalar; none if it is repeated.
#[inline(always)]
fn bytes_of_one<T>(scalars: bool, stride: isize) -> usize {
    if stride == 0 {
        0
    } else {
        bytes_of_place::<T>(scalars)
    }
}

#[inline(always)]
fn bytes_of_place<T>(scalars: bool) -> usize {
    if scalars {
        size_of::<T>()
    } else {
        size_of::<[T; 3]>()
    }
}

/// The bytes that operands move from or to memory, which have so many different vectors, or scalars, as `different` says of operand k and its
/// stride. One stays in the cache.
pub(super) fn bytes_of<T, const I: usize, const O: usize>(
    inputs: &[Flat<'_, T>; I],
    outputs: &[FlatMut<'_, T>; O],
    different: &dyn Fn(usize, isize) -> usize,
) -> usize {
    let mut bytes = 0_usize;
    let mut add = |k: usize, stride: isize, scalars: bool| {
        bytes = bytes.saturating_add(match different(k, stride) {
            ..=1 => 0,
            len => len.saturating_mul(bytes_of_place::<T>(scalars)),
        });
    };
    for (k, view) in inputs.iter().enumerate() {
        add(k, view.stride(), view.is_scalars());
    }
    for (k, view) in outputs.iter().enumerate() {
        add(I + k, view.stride(), view.is_scalars());
    }
    bytes
}

/// So many steps of an axis for each piece are even enough.
const EVENLY: usize = 8;
