//! How operations are run: on the caller's thread or in pieces on several, streamed or not. Only [`AtLevel`] knows the operation. Everything
//! else here is compiled once for each type and number of operands.

use super::Engine;
use crate::Element;
use crate::element::Float;
use crate::kernel::{
    AllRows, Batch, Columns, OfFour, OfThree, Operation, Run, Shape, Sums, Task, multiply_rows,
};
use crate::level::Proof;
use crate::simd::{Environment, Exceptions, fence};
use crate::threads::{join, pieces, split};

/// What is done to a batch, or to a piece of one. A trait and not a closure: that would be three more functions to compile for each operation.
pub(super) trait Kernel<T, const I: usize, const O: usize>: Sync {
    /// Does it, on this thread, and streams the results or not.
    fn run(&self, batch: &Batch<'_, T, I, O>, stream: bool);
}

/// An operation at a level.
pub(super) struct AtLevel<Op> {
    pub(super) operation: Op,
    pub(super) level: Proof,
}

impl<T: Float, Op: Operation<I, O>, const I: usize, const O: usize> Kernel<T, I, O>
    for AtLevel<Op>
{
    fn run(&self, batch: &Batch<'_, T, I, O>, stream: bool) {
        assert!(
            Op::IN_PLACE || !batch.is_in_place(),
            "operations say whether they can be in place"
        );
        let Self { operation, level } = *self;
        let task = Task {
            operation,
            batch,
            stream,
        };
        if !Op::EVERY_FORM {
            return level.vectorize_long(task.mixed());
        }
        match (batch.shape(stream), batch.has_rows()) {
            (Shape::Columns, false) => level.vectorize(task.direct::<Columns>()),
            (Shape::Rows, false) => level.vectorize(task.direct::<AllRows<OfThree>>()),
            (Shape::Padded, false) => level.vectorize(task.direct::<AllRows<OfFour>>()),
            // (Half types take so long that it makes no difference. What is always false is not compiled.)
            (Shape::Columns, true) if const { !T::ALWAYS_ROUNDED_ONCE } && !batch.is_short() => {
                level.vectorize_long(task.grid::<Columns>());
            }
            (Shape::Rows, true) if const { !T::ALWAYS_ROUNDED_ONCE } && !batch.is_short() => {
                level.vectorize_long(task.grid::<AllRows<OfThree>>());
            }
            _ => level.vectorize(task.mixed()),
        }
    }
}

/// The product of integers.
pub(super) struct Whole;

impl<T: Element> Kernel<T, 2, 1> for Whole {
    fn run(&self, batch: &Batch<'_, T, 2, 1>, _stream: bool) {
        multiply_rows(batch);
    }
}

/// An operation that an engine is to run.
pub(super) struct Runner<'r, T, const I: usize, const O: usize> {
    pub(super) engine: &'r Engine,
    pub(super) kernel: &'r dyn Kernel<T, I, O>,
    /// [`Operation::cost`].
    pub(super) cost: usize,
    /// [`Operation::rounds_once`].
    pub(super) rounds_once: bool,
    /// Runs what has [sums](Runner::sums). (Only floating-point numbers are summed, and batches are of integers, too.)
    pub(super) sums: fn(&Self, &Sums<'_, T, I, O>),
}

impl<T: Element, const I: usize, const O: usize> Runner<'_, T, I, O> {
    /// Vector by vector.
    #[inline(never)] // called from several places for each operation
    pub(super) fn batch(&self, batch: &mut Batch<'_, T, I, O>) {
        batch.run_forwards();
        let total = batch.total();
        if total == 0 {
            return;
        }
        let (pieces, stream) = self.plan(batch.bytes(), total);
        let stream = stream && !batch.is_in_place();
        self.pieces(batch, pieces, stream);
    }

    /// In so many pieces.
    #[inline(always)]
    pub(super) fn pieces(&self, batch: &mut Batch<'_, T, I, O>, pieces: usize, stream: bool) {
        if pieces == 1 {
            // (`split` would come to the same, by way of more calls.)
            return self.piece(batch, stream);
        }
        let exceptions = Exceptions::of_pieces();
        split(batch, pieces, &|piece| {
            let _gather = exceptions.gather();
            self.piece(piece, stream);
        });
    }

    #[inline(always)]
    fn piece(&self, piece: &Batch<'_, T, I, O>, stream: bool) {
        // On the thread that works, for as long as it does.
        let _environment = self.environment();
        if piece.has_slabs() {
            self.slabs(piece, stream);
        } else {
            self.kernel.run(piece, stream);
        }
    }

    /// Slab by slab.
    #[inline(never)] // flat calls would pay for what it needs of the stack
    fn slabs(&self, piece: &Batch<'_, T, I, O>, stream: bool) {
        for i in 0..piece.slabs() {
            self.kernel.run(&piece.slab(i), stream);
        }
    }

    /// Into how many pieces `total` vectors are split that move so many bytes, and whether they are streamed if they can be.
    pub(super) fn plan(&self, bytes: usize, total: usize) -> (usize, bool) {
        let Engine {
            threads, stores, ..
        } = self.engine;
        let cost = bytes.max(total.saturating_mul(self.cost));
        (pieces(*threads, cost), stores.stream(bytes))
    }

    /// The environment that the operation needs, for as long as it is kept.
    #[inline]
    fn environment(&self) -> Option<Environment> {
        self.rounds_once.then(Environment::default_here)
    }

    /// In place of [`sums`](Self::sums), where there is nothing to be summed.
    pub(super) fn no_sums(&self, _: &Sums<'_, T, I, O>) {
        unreachable!("only gradients are summed");
    }
}

impl<T: Float, const I: usize, const O: usize> Runner<'_, T, I, O> {
    /// With sums.
    pub(super) fn sums(&self, sums: &Sums<'_, T, I, O>) {
        let (pieces, stream) = self.plan(sums.bytes(), sums.total());
        let exceptions = (pieces > 1).then(Exceptions::of_pieces);
        let run = Run {
            batch: &|batch| {
                batch.run_forwards();
                self.kernel.run(batch, stream);
            },
            guard: &|task| {
                let _gather = exceptions.as_ref().map(Exceptions::gather);
                let _environment = self.environment();
                task();
                // What was streamed is there before another thread can ask for it.
                fence();
            },
            join,
            fold: &|fold| self.engine.level.vectorize(fold),
        };
        sums.run(pieces, run);
    }
}
