//! A call: from the operands as they were given to a batch, or to batches whose gradients are summed.

use super::Engine;
use super::runner::Runner;
use crate::broadcast::{
    Aligned, Alignment, MOST_ALIGNED, MOST_OPERANDS, Outputs, SHORT, Shaped, align, most_axes,
};
use crate::kernel::{Batch, Role, Sums};
use crate::unrolled::for_each;
use crate::view::{Axes, Axis, Flat, FlatMut};
use crate::{Element, Error, Kind, Operation, Vectors, VectorsMut};

/// The operands of a call.
pub(crate) enum Call<'a, T: Element, const I: usize, const O: usize> {
    /// Their vectors are seen to meet place by place: they have one axis each or the same two.
    Batch(&'a mut Batch<'a, T, I, O>),
    /// They have any shapes.
    Shaped(&'a mut Operands<'a, T, I, O>),
}

/// Operands of any shapes.
pub(crate) struct Operands<'a, T: Element, const I: usize, const O: usize> {
    operation: Operation,
    inputs: [Vectors<'a, T>; I],
    outputs: [VectorsMut<'a, T>; O],
    in_place: bool,
    result: &'a mut Result<(), Error>,
}

/// Has `run` run the call, of `operation` with these operands.
///
/// # Errors
/// The shapes do not go together; nothing was run.
#[inline(always)]
pub(super) fn call<'a, T: Element, const I: usize, const O: usize>(
    operation: Operation,
    inputs: [&Vectors<'a, T>; I],
    outputs: [&mut VectorsMut<'a, T>; O],
    in_place: bool,
    engine: &Engine,
    run: impl for<'c> FnOnce(&'c Engine, Call<'c, T, I, O>),
) -> Result<(), Error> {
    let len = outputs[0].len();
    let mut flat = true;
    for view in inputs {
        flat &= view.is_flat(len);
    }
    for view in &outputs {
        flat &= view.is_flat(len);
    }
    if flat {
        let (inputs, outputs) = flattened(inputs, outputs);
        let mut batch = Batch::of(inputs, outputs);
        batch.place(in_place);
        run(engine, Call::Batch(&mut batch));
        return Ok(());
    }
    if let Some(axes) = rows(&inputs, &outputs) {
        let (inputs, outputs) = flattened(inputs, outputs);
        let mut batch = Batch::along(inputs, outputs, &[0; MOST_OPERANDS], &axes);
        batch.place(in_place);
        run(engine, Call::Batch(&mut batch));
        return Ok(());
    }
    // By value: what is referred to has to be in memory, for flat operands too.
    let (inputs, outputs) = (
        inputs.map(Vectors::copied),
        outputs.map(VectorsMut::reborrow),
    );
    shaped(operation, inputs, outputs, in_place, engine, run)
}

/// The same of operands that have other shapes.
#[inline(never)] // what they need of the stack is not what flat ones pay for
fn shaped<'a, T: Element, const I: usize, const O: usize>(
    operation: Operation,
    inputs: [Vectors<'a, T>; I],
    outputs: [VectorsMut<'a, T>; O],
    in_place: bool,
    engine: &Engine,
    run: impl for<'c> FnOnce(&'c Engine, Call<'c, T, I, O>),
) -> Result<(), Error> {
    let mut result = Ok(());
    let mut operands = Operands {
        operation,
        inputs,
        outputs,
        in_place,
        result: &mut result,
    };
    run(engine, Call::Shaped(&mut operands));
    result
}

/// Where the operands begin.
#[inline(always)]
fn flattened<'a, 'o, T: Element, const I: usize, const O: usize>(
    inputs: [&Vectors<'a, T>; I],
    outputs: [&'o mut VectorsMut<'_, T>; O],
) -> ([Flat<'a, T>; I], [FlatMut<'o, T>; O]) {
    let mut first = ([Flat::NONE; I], [const { FlatMut::NONE }; O]);
    for_each! { k of I {
        first.0[k] = inputs[k].flat();
    }}
    for (to, view) in first.1.iter_mut().zip(outputs) {
        *to = view.flat_mut();
    }
    first
}

/// The axes of operands that all have the same two, in an order that is theirs and in which there is nothing to merge: blocks, features of
/// networks. (Everything else is looked at from all sides first, which takes as long as a hundred vectors.)
#[inline(always)]
fn rows<T: Element, const I: usize, const O: usize>(
    inputs: &[&Vectors<'_, T>; I],
    outputs: &[&mut VectorsMut<'_, T>; O],
) -> Option<[Aligned; 2]> {
    let Axes::Two([slow, fast]) = outputs[0].axes() else {
        return None;
    };
    let far = fast.stride.wrapping_mul(fast.len as isize);
    if fast.len < SHORT || slow.len < 2 || fast.stride < 1 || slow.stride <= far {
        return None;
    }
    let (mut inner, mut outer) = (Aligned::NONE, Aligned::NONE);
    (inner.len, outer.len) = (fast.len, slow.len);
    let mut look = |axes: &Axes, k: usize| {
        let Axes::Two(axes) = axes else { return false };
        (outer.strides[k], inner.strides[k]) = (axes[0].stride, axes[1].stride);
        let same = |a: &Axis, b: &Axis| a.len == b.len && a.joined == b.joined;
        same(&axes[0], slow) && same(&axes[1], fast)
    };
    for (k, view) in inputs.iter().enumerate() {
        if !look(view.axes(), k) {
            return None;
        }
    }
    for (k, view) in outputs.iter().enumerate() {
        if !look(view.axes(), I + k) {
            return None;
        }
    }
    Some([inner, outer])
}

impl<T: Element, const I: usize, const O: usize> Call<'_, T, I, O> {
    /// Runs what the call comes to.
    #[inline(always)]
    pub(super) fn run(self, runner: &Runner<'_, T, I, O>) {
        match self {
            Self::Batch(batch) => runner.batch(batch),
            Self::Shaped(operands) => *operands.result = operands.run(runner),
        }
    }
}

/// Most operands have no more axes in common.
const FEW: usize = 4;

impl<T: Element, const I: usize, const O: usize> Operands<'_, T, I, O> {
    #[inline(never)] // flat calls would pay for what it needs of the stack
    fn run(&mut self, runner: &Runner<'_, T, I, O>) -> Result<(), Error> {
        let operands = self.operands();
        let operands = &operands[..I + O];
        // Room of two sizes: to clear that for all axes takes as long as a small batch.
        let (mut few, mut most);
        let room: &mut [Aligned] = if most_axes(operands) <= FEW {
            few = [Aligned::NONE; FEW];
            &mut few
        } else {
            most = [Aligned::NONE; MOST_ALIGNED];
            &mut most
        };
        let outputs = match self.operation.gradient_of() {
            Some(_) => Outputs::Gradients,
            None => Outputs::Full,
        };
        let mut alignment = align(operands, I, self.operation.common(), outputs, room)?;
        if alignment.empty {
            // The sum of nothing.
            for view in &mut self.outputs {
                view.fill([T::default(); 3]);
            }
            return Ok(());
        }
        let (inputs, outputs) = flattened(self.inputs.each_ref(), self.outputs.each_mut());
        // (What has one output has no sums.)
        if const { O > 1 } && alignment.has_sums() {
            let kinds = self.operation.outputs();
            sum(inputs, &outputs, kinds, &alignment, runner);
            return Ok(());
        }
        let begin = alignment.arrange(I + O, I);
        alignment.lengthen();
        let mut batch = Batch::along(inputs, outputs, &begin, alignment.axes());
        batch.place(self.in_place);
        runner.batch(&mut batch);
        Ok(())
    }

    /// What is to be known of the operands.
    fn operands(&self) -> [Shaped<'_>; MOST_OPERANDS] {
        let operation = self.operation;
        let mut operands = [Shaped::NONE; MOST_OPERANDS];
        for (k, view) in self.inputs.iter().enumerate() {
            operands[k] = Shaped {
                what: operation.operand(k),
                len: view.len(),
                stride: view.flat().stride(),
                axes: view.axes(),
            };
        }
        for (k, view) in self.outputs.iter().enumerate() {
            operands[I + k] = Shaped {
                // The one output is then the first input, and has no name of its own.
                what: operation.operand(if self.in_place { 0 } else { I + k }),
                len: view.len(),
                stride: view.stride(),
                axes: view.axes(),
            };
        }
        operands
    }
}

/// Runs what has sums, once for each set of axes along which outputs are summed.
#[inline(never)]
fn sum<T: Element, const I: usize, const O: usize>(
    inputs: [Flat<'_, T>; I],
    outputs: &[FlatMut<'_, T>; O],
    kinds: &'static [Kind],
    alignment: &Alignment<'_>,
    runner: &Runner<'_, T, I, O>,
) {
    // Along which axes each output is summed.
    let mut sets = [0_u32; O];
    for (k, set) in sets.iter_mut().enumerate() {
        for (i, axis) in alignment.axes().iter().enumerate() {
            *set |= u32::from(axis.summed >> (I + k) & 1) << i;
        }
    }
    let mut stored = true;
    for (k, &set) in sets.iter().enumerate() {
        if set == 0 || sets[..k].contains(&set) {
            continue;
        }
        let mut roles = [Role::Discarded; O];
        for (role, &other) in roles.iter_mut().zip(&sets) {
            if other == set {
                *role = Role::Summed;
            } else if other == 0 && stored {
                *role = Role::Stored;
            }
        }
        // What is stored needs to be stored once.
        stored = false;
        let is_reduced = |axis: &Aligned| axis.summed >> (I + k) & 1 == 1;
        let mut room = [[Aligned::NONE; MOST_ALIGNED]; 2];
        let [reduced, kept] = &mut room;
        let mut reduced = alignment.filtered(reduced, &is_reduced);
        let mut kept = alignment.filtered(kept, &|axis| !is_reduced(axis));
        reduced.merge();
        let begin = kept.arrange(I + O, I + k);
        let axes = [kept.axes(), reduced.axes()];
        let sums = Sums::new(inputs, outputs, kinds, &begin, roles, axes);
        (runner.sums)(runner, &sums);
    }
}
