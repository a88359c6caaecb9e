//! Sums over axes along which an operand was repeated: its gradient. Vectors are added in the order of [a fixed tree](super::fold).
//!
//! How it is done: the operation runs as ever, on so much at a time that what is to be added fits into [`Columns`] in L1, from which
//! it is folded. These have a place for each vector to be added (the reduced axis) of each sum (the kept axis), and whichever of these lies closer
//! in memory is the row that the operation goes along.

use core::mem::MaybeUninit;

use super::batch::{Batch, bytes_of};
use super::fold::{Columns, Fold, leaf, most, plus};
use crate::Element;
use crate::broadcast::{Aligned, Offsets, different, go, go_along, nearer, places};
use crate::element::Float;
use crate::exact;
use crate::formula::Kind;
use crate::view::{Flat, FlatMut};

/// So many sums at a time, of more vectors than fit into the columns.
const TOGETHER: usize = 16;

/// What becomes of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is stored.
    Stored,
    /// It is added.
    Summed,
    /// Another pass takes care of it.
    Discarded,
}

/// Runs both, on two threads where there is one to spare.
pub(crate) type Join = fn(&mut (dyn FnMut() + Send), &mut (dyn FnMut() + Send));

/// What a sum needs to be run.
pub(crate) struct Run<'r, T, const I: usize, const O: usize> {
    /// Runs the operation.
    pub(crate) batch: &'r (dyn Fn(&mut Batch<'_, T, I, O>) + Sync),
    /// Runs a task in the environment that it needs, and sees to it that what it streamed is there in the end.
    pub(crate) guard: &'r (dyn Fn(&mut dyn FnMut()) + Sync),
    pub(crate) join: Join,
    /// Adds up what is in columns.
    pub(crate) fold: &'r (dyn Fn(Fold<T>) + Sync),
}

impl<T, const I: usize, const O: usize> Clone for Run<'_, T, I, O> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, const I: usize, const O: usize> Copy for Run<'_, T, I, O> {}

impl<T, const I: usize, const O: usize> Run<'_, T, I, O> {
    /// Runs a task, in the environment that it needs unless it is split further: then that is its parts' to see to.
    fn unless_split(&self, pieces: usize, task: &mut dyn FnMut()) {
        if pieces > 1 {
            task();
        } else {
            (self.guard)(task);
        }
    }

    /// Runs a part of a task that is not split, in the environment that it needs. If the task is one piece, it is in it already.
    fn if_split(&self, pieces: usize, part: &mut dyn FnMut()) {
        if pieces > 1 {
            (self.guard)(part);
        } else {
            part();
        }
    }
}

/// A batch of which some outputs receive sums.
#[derive(Debug)]
pub(crate) struct Sums<'a, T, const I: usize, const O: usize> {
    inputs: [Flat<'a, T>; I],
    outputs: &'a [FlatMut<'a, T>; O],
    /// What each output holds. Of numbers only the first column is used.
    kinds: &'static [Kind],
    begin: Offsets,
    roles: [Role; O],
    /// The axes of the sums, the fastest first.
    kept: &'a [Aligned],
    /// The axes that are summed, the fastest in C order first.
    reduced: &'a [Aligned],
    /// The first kept axis.
    row: Aligned,
    /// How many vectors are added to each sum.
    addends: usize,
    /// Whether sums that follow each other lie closer than what is added to one.
    kept_closer: bool,
    /// How many sums of a row are made at the same time.
    together: usize,
}

/// The sums that are made at the same time.
type Partial<T, const O: usize> = [[[T; 3]; TOGETHER]; O];

/// So many sums, one after the other along the first kept axis.
#[derive(Clone, Copy)]
struct Group {
    at: Offsets,
    len: usize,
}

impl<'a, T: Element, const I: usize, const O: usize> Sums<'a, T, I, O> {
    /// All axes together are those of the operands, and none has the length 0. One or more are reduced, and outputs that are
    /// summed have the stride 0 there. Each operand begins so many elements behind where its view does.
    pub(crate) fn new(
        inputs: [Flat<'a, T>; I],
        outputs: &'a [FlatMut<'a, T>; O],
        kinds: &'static [Kind],
        begin: &Offsets,
        roles: [Role; O],
        [kept, reduced]: [&'a [Aligned]; 2],
    ) -> Self {
        let row = kept.first().copied().unwrap_or(Aligned::ONE);
        let addends = places(reduced);
        let is_nearer = nearer(&row, &reduced[0], 0..I);
        let kept_closer = row.len > 1 && is_nearer.unwrap_or(reduced[0].len < row.len);
        Self {
            inputs,
            outputs,
            kinds,
            begin: *begin,
            roles,
            kept,
            reduced,
            row,
            addends,
            kept_closer,
            together: together::<T>(row.len, addends, kept_closer),
        }
    }
}

/// How many of the sums of a row are made at the same time: all of what is added to them fits into columns, or a leaf of each and some more.
fn together<T>(row: usize, addends: usize, kept_closer: bool) -> usize {
    let all = most::<T>();
    if addends <= all / TOGETHER {
        (all / addends).min(row)
    } else if kept_closer {
        row.min(TOGETHER)
    } else {
        row.min(all / addends.min(all))
    }
}

impl<'a, T: Float, const I: usize, const O: usize> Sums<'a, T, I, O> {
    /// How many sums there are.
    fn sums(&self) -> usize {
        places(self.kept)
    }

    /// All vectors.
    pub(crate) fn total(&self) -> usize {
        self.sums() * self.addends
    }

    /// The bytes that it moves from and to memory, as those of a batch.
    pub(crate) fn bytes(&self) -> usize {
        bytes_of(&self.inputs, self.outputs, &|k, _| {
            different(self.kept, k) * different(self.reduced, k)
        })
    }

    /// Runs the operation, stores what is stored and adds what is summed, in as many pieces.
    pub(crate) fn run(&self, pieces: usize, run: Run<'_, T, I, O>) {
        let (row, together) = (self.row.len, self.together);
        let groups = row.div_ceil(together) * (self.sums() / row);
        self.groups(0, groups, pieces, run);
    }

    fn groups(&self, first: usize, count: usize, pieces: usize, run: Run<'_, T, I, O>) {
        if pieces > 1 && count > 1 {
            let share = (pieces / 2).max(1);
            // Of at least one on either side.
            let head = (count * share / pieces).clamp(1, count - 1);
            return (run.join)(&mut || self.groups(first, head, share, run), &mut || {
                self.groups(first + head, count - head, pieces - share, run)
            });
        }
        // Nobody waits in an environment that is not the caller's: what is run meanwhile may be another's.
        run.unless_split(pieces, &mut || {
            for i in first..first + count {
                self.group(self.group_at(i), pieces, run);
            }
        });
    }

    fn group_at(&self, i: usize) -> Group {
        let (row, together) = (&self.row, self.together);
        let groups = row.len.div_ceil(together);
        let first = i % groups * together;
        let mut at = self.begin;
        go(&mut at, row, first);
        go_along(&mut at, self.kept.get(1..).unwrap_or_default(), i / groups);
        Group {
            at,
            len: together.min(row.len - first),
        }
    }

    /// Makes the sums of a group.
    fn group(&self, group: Group, pieces: usize, run: Run<'_, T, I, O>) {
        let addends = self.addends;
        if addends <= self.at_once(group.len) {
            run.if_split(pieces, &mut || self.group_at_once(&group, run));
        } else {
            let partial = self.sum(&group, 0, addends, pieces, run);
            self.store(&group, |k, i| partial[k][i]);
        }
    }

    /// Makes the sums of a group that are computed at once.
    #[inline(never)] // so that columns are on the stack no longer than they are used
    fn group_at_once(&self, group: &Group, run: Run<'_, T, I, O>) {
        let addends = self.addends;
        let mut columns = [const { MaybeUninit::uninit() }; O];
        self.chunk(group, 0, addends, &mut columns, run);
        let step = self.step_of_sums(addends);
        self.store(group, |k, i| {
            // SAFETY: the columns have been folded to a sum at each of these places.
            unsafe { Columns::read(&mut columns[k], self.kinds[k], i * step) }
        });
    }

    /// How many vectors of each of so many sums are computed at once: leaves, a power of two of them.
    fn at_once(&self, sums: usize) -> usize {
        let leaves = most::<T>() / leaf::<T>() / sums.next_power_of_two();
        match leaves {
            // As many sums have fewer than a leaf each.
            0 => most::<T>() / sums,
            leaves => leaf::<T>() * (1 << leaves.ilog2()),
        }
    }

    /// Stores sums, the canonical NaN among them: which of two a sum takes over, or makes, depends on the CPU.
    fn store(&self, group: &Group, mut sum: impl FnMut(usize, usize) -> [T; 3]) {
        for (k, (view, role)) in self.outputs.iter().zip(&self.roles).enumerate() {
            if *role != Role::Summed {
                continue;
            }
            let by = group.at[I + k];
            // SAFETY: this many sums begin here, and no other group has them.
            let mut places = unsafe { view.part(by, self.row.strides[I + k], group.len) };
            for i in 0..group.len {
                places.set(i, sum(k, i).map(exact::canonical));
            }
        }
    }

    /// The sums of the vectors `first..first + len`, more than are computed at once. Pieces, and the order of additions, depend on the
    /// numbers of vectors alone.
    fn sum(
        &self,
        group: &Group,
        first: usize,
        len: usize,
        pieces: usize,
        run: Run<'_, T, I, O>,
    ) -> Partial<T, O> {
        let mut sums = [[[T::default(); 3]; TOGETHER]; O];
        if len <= self.at_once(group.len) {
            run.if_split(pieces, &mut || {
                self.sum_at_once(group, first, len, &mut sums, run);
            });
            return sums;
        }
        let middle = 1 << (len - 1).ilog2(); // less than `len`, half of it or more
        let mut more = sums;
        // As many for each as it has of the length, and one at least.
        let share = (pieces as u128 * middle as u128 / len as u128) as usize;
        let share = share.clamp(1, pieces.saturating_sub(1).max(1));
        let rest = pieces.saturating_sub(share).max(1);
        let mut head = || sums = self.sum(group, first, middle, share, run);
        let mut tail = || more = self.sum(group, first + middle, len - middle, rest, run);
        if pieces > 1 {
            (run.join)(&mut || run.unless_split(share, &mut head), &mut || {
                run.unless_split(rest, &mut tail)
            });
        } else {
            head();
            tail();
        }
        run.if_split(pieces, &mut || {
            for (sums, more) in sums.iter_mut().zip(&more) {
                for (sum, more) in sums[..group.len].iter_mut().zip(more) {
                    *sum = plus(*sum, *more);
                }
            }
        });
        sums
    }

    /// The sums of vectors that are computed at once.
    #[inline(never)] // as `group_at_once`: halves of halves have no columns
    fn sum_at_once(
        &self,
        group: &Group,
        first: usize,
        len: usize,
        sums: &mut Partial<T, O>,
        run: Run<'_, T, I, O>,
    ) {
        let mut columns = [const { MaybeUninit::uninit() }; O];
        self.chunk(group, first, len, &mut columns, run);
        let step = self.step_of_sums(len);
        for (k, sums) in sums.iter_mut().enumerate() {
            if self.roles[k] != Role::Summed {
                continue;
            }
            for (i, sum) in sums[..group.len].iter_mut().enumerate() {
                // SAFETY: the columns have been folded to a sum at each of these places.
                *sum = unsafe { Columns::read(&mut columns[k], self.kinds[k], i * step) };
            }
        }
    }

    /// How far apart sums are in the columns, after so many vectors of each were folded.
    fn step_of_sums(&self, addends: usize) -> usize {
        match self.kept_closer {
            true => 1,
            false => addends,
        }
    }

    /// Runs the operation for the vectors `first..first + len` of each sum of a group, and folds what is added.
    fn chunk(
        &self,
        group: &Group,
        first: usize,
        len: usize,
        columns: &mut [MaybeUninit<Columns>; O],
        run: Run<'_, T, I, O>,
    ) {
        debug_assert!(
            len * group.len <= most::<T>(),
            "the columns are long enough"
        );
        let kept_closer = self.kept_closer;
        let axis = self.reduced[0];
        let mut done = 0;
        while done < len {
            let (outer, inner) = ((first + done) / axis.len, (first + done) % axis.len);
            let count = (axis.len - inner).min(len - done);
            let mut at = group.at;
            go(&mut at, &axis, inner);
            go_along(&mut at, &self.reduced[1..], outer);
            let place = if kept_closer { done * group.len } else { done };
            let mut places = [[core::ptr::null_mut(); 3]; O];
            for (places, columns) in places.iter_mut().zip(&mut *columns) {
                *places = Columns::from(columns, place);
            }
            self.run_part(group, at, count, places, len, run);
            done += count;
        }
        let width = if kept_closer { group.len } else { 1 };
        let blocks = if kept_closer { 1 } else { group.len };
        for (k, columns) in columns.iter_mut().enumerate() {
            if self.roles[k] == Role::Summed {
                (run.fold)(Fold {
                    columns: Columns::from(columns, 0),
                    kind: self.kinds[k],
                    blocks,
                    len,
                    width,
                });
            }
        }
    }

    /// Runs the operation for the vectors from `at` on, `count` along the first reduced axis, of each sum of the group. What is not stored goes
    /// to `places`, of which each sum has `len`.
    fn run_part(
        &self,
        group: &Group,
        at: Offsets,
        count: usize,
        places: [[*mut T; 3]; O],
        len: usize,
        run: Run<'_, T, I, O>,
    ) {
        let kept_closer = self.kept_closer;
        let (mut kept, mut reduced) = (self.row, self.reduced[0]);
        (kept.len, reduced.len) = (group.len, count);
        let (inner, mut rows) = if kept_closer {
            (kept, reduced)
        } else {
            (reduced, kept)
        };
        let (mut inputs, mut outputs) = (self.inputs, [const { FlatMut::NONE }; O]);
        for k in 0..I {
            // SAFETY: these are vectors of the operand.
            inputs[k] = unsafe { self.inputs[k].part(at[k], inner.strides[k], inner.len) };
        }
        let row = if kept_closer { group.len } else { len };
        for k in 0..O {
            if self.roles[k] == Role::Stored {
                // SAFETY: as above, and no other part has them.
                outputs[k] =
                    unsafe { self.outputs[k].part(at[I + k], inner.strides[I + k], inner.len) };
            } else {
                rows.strides[I + k] = row as isize;
                // SAFETY: the columns hold all vectors of the chunk, from these places on.
                outputs[k] = unsafe { FlatMut::of_columns(places[k], inner.len) };
            }
        }
        let mut batch = Batch::over_rows(inputs, outputs, rows.len, &rows);
        for (reread, role) in batch.reread.iter_mut().zip(&self.roles) {
            *reread = *role != Role::Stored;
        }
        // That takes as long as 100 vectors, and once is enough.
        batch.fences = false;
        (run.batch)(&mut batch);
    }
}
