//! What the operands of a batch have in common, which says in which loop it is run. Separate because the batch itself knows nothing of loops.

use super::Batch;
use super::cursor::Form;
use super::place::Place;
use crate::element::Float;
use crate::unrolled::for_each;

/// What the operands of a batch have in common; one vector repeated goes with everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All are columns; if they are to be streamed, then in step. One vector is columns, whatever its stride.
    Columns,
    /// All are rows of three.
    Rows,
    /// All are padded rows.
    Padded,
    /// Each has a layout of its own.
    Mixed,
}

impl<T: Float, const I: usize, const O: usize> Batch<'_, T, I, O> {
    /// What the operands have in common.
    pub(crate) fn shape(&self, stream: bool) -> Shape {
        if (self.len() <= 1 && self.rows == 1)
            || (self.is(Form::Columns) && !(stream && self.is_out_of_step()))
        {
            Shape::Columns
        } else if self.is(Form::Rows) {
            Shape::Rows
        } else if self.is(Form::Padded) {
            Shape::Padded
        } else {
            Shape::Mixed
        }
    }

    /// Whether all operands are of this form, or one vector repeated.
    pub(super) fn is(&self, form: Form) -> bool {
        let mut all = true;
        for_each! { k of I {
            all = all && Place::of(&self.inputs[k]).is(form);
        }}
        for_each! { k of O {
            all = all && Place::of_mut(&self.outputs[k]).is(form);
        }}
        all
    }

    /// Whether an output has columns that cannot be streamed together.
    fn is_out_of_step(&self) -> bool {
        let mut in_step = true;
        for_each! { k of O {
            in_step = in_step && Place::of_mut(&self.outputs[k]).is_in_step();
        }}
        self.rows == 1 && !in_step
    }

    /// Where the inputs begin.
    pub(super) fn inputs(&self) -> [Place<T>; I] {
        let mut places = [Place::NONE; I];
        for_each! { k of I {
            places[k] = Place::of(&self.inputs[k]);
        }}
        places
    }

    /// Where the outputs begin.
    pub(super) fn outputs(&self) -> [Place<T>; O] {
        let mut places = [Place::NONE; O];
        for_each! { k of O {
            places[k] = Place::of_mut(&self.outputs[k]);
        }}
        places
    }
}
