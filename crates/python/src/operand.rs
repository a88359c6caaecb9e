//! Operands: arrays, and those of the loops of ufuncs, as the views of the library.
//!
//! The one place that makes views of addresses.

use std::ptr::null_mut;

use crosslane::{
    Element, Operand as Read, OperandMut as Written, Scalars, ScalarsMut, Vectors, VectorsMut,
};

/// As many axes as a view of the library has, and the one of the components.
pub(crate) const MOST_AXES: usize = 17;

/// Nearly all arrays have no more axes beside that of the components.
pub(crate) const FEW_AXES: usize = 2;

/// Elements of one type: where they begin, and strides of up to N axes, all of them in elements. (To move all axes that there can be
/// about takes longer than the product of a pair.)
#[derive(Clone, Copy)]
pub(crate) struct Operand<const N: usize> {
    first: *mut u8,
    /// From one component to the next; none of numbers.
    component: Option<isize>,
    rank: usize,
    shape: [usize; N],
    strides: [isize; N],
}

// SAFETY: it is addresses, for whose use `Operand::new` has the rules.
unsafe impl<const N: usize> Send for Operand<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Sync for Operand<N> {}

impl<const N: usize> Operand<N> {
    pub(crate) const NONE: Self = Self {
        first: null_mut(),
        component: None,
        rank: 0,
        shape: [0; N],
        strides: [0; N],
    };

    /// Of no axes yet, beside that of the components.
    ///
    /// # Safety
    /// Whoever makes the operand has seen that all elements which its axes will reach are there, of the type with which it is used and
    /// aligned, for as long as views of it are used. If it is written to, each of them is there once, and no other operand of the call has
    /// one of them. (Other threads that write to an array meanwhile are the caller's fault, as with NumPy.)
    pub(crate) unsafe fn new(first: *mut u8, component: Option<isize>) -> Self {
        Self {
            first,
            component,
            ..Self::NONE
        }
    }

    /// The same vectors as often as a batch of this shape has them, if their own shape is broadcast to that.
    pub(crate) fn broadcast_to(&self, shape: &[usize]) -> Option<Self> {
        let missing = shape.len().checked_sub(self.rank)?;
        let mut all = Self {
            first: self.first,
            component: self.component,
            ..Self::NONE
        };
        for (k, &len) in shape.iter().enumerate() {
            let own = k.checked_sub(missing);
            let stride = match own.map(|own| (self.shape[own], self.strides[own])) {
                None | Some((1, _)) => 0,
                Some((own, stride)) if own == len => stride,
                Some(_) => return None,
            };
            all.push(len, stride);
        }
        Some(all)
    }

    /// Gives it an axis more, the fastest in C order.
    pub(crate) fn push(&mut self, len: usize, stride: isize) {
        self.shape[self.rank] = len;
        self.strides[self.rank] = stride;
        self.rank += 1;
    }

    /// Without the axis of the components.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape[..self.rank]
    }

    fn strides(&self) -> &[isize] {
        &self.strides[..self.rank]
    }

    /// The number of elements.
    pub(crate) fn elements(&self) -> usize {
        let components = if self.component.is_some() { 3 } else { 1 };
        // (Nothing that is in memory overflows, but what is repeated may.)
        self.shape()
            .iter()
            .copied()
            .fold(components, usize::saturating_mul)
    }

    /// Where the components of the first vector are.
    fn components<T>(&self) -> [*mut T; 3] {
        let (first, stride) = (self.first.cast::<T>(), self.component.unwrap_or(0));
        [0, 1, 2].map(|k| first.wrapping_offset(k * stride))
    }

    #[inline(always)] // a view is large
    pub(crate) fn vectors<T: Element>(&self) -> Vectors<'_, T> {
        let components = self.components().map(<*mut T>::cast_const);
        if let ([len], [stride]) = (self.shape(), self.strides()) {
            // SAFETY: `Operand::new` demands that the elements are there.
            return unsafe { Vectors::from_raw(components, *stride, *len) };
        }
        // SAFETY: as above.
        unsafe { Vectors::nd_from_raw(components, self.shape(), self.strides()) }
    }

    #[inline(always)] // a view is large
    pub(crate) fn vectors_mut<T: Element>(&self) -> VectorsMut<'_, T> {
        if let ([len], [stride]) = (self.shape(), self.strides()) {
            // SAFETY: `Operand::new` demands that the elements are there, each of them once and no other operand's.
            return unsafe { VectorsMut::from_raw(self.components(), *stride, *len) };
        }
        // SAFETY: as above.
        unsafe { VectorsMut::nd_from_raw(self.components(), self.shape(), self.strides()) }
    }

    pub(crate) fn numbers<T: Element>(&self) -> Scalars<'_, T> {
        let first = self.first.cast::<T>().cast_const();
        // SAFETY: as for vectors.
        unsafe { Scalars::nd_from_raw(first, self.shape(), self.strides()) }
    }

    pub(crate) fn numbers_mut<T: Element>(&self) -> ScalarsMut<'_, T> {
        // SAFETY: as for vectors that are written to.
        unsafe { ScalarsMut::nd_from_raw(self.first.cast::<T>(), self.shape(), self.strides()) }
    }

    /// Vectors or numbers, to be read.
    pub(crate) fn read<T: Element>(&self) -> Read<'_, T> {
        match self.component {
            Some(_) => self.vectors().into(),
            None => self.numbers().into(),
        }
    }

    /// Vectors or numbers, to be written.
    pub(crate) fn written<T: Element>(&self) -> Written<'_, T> {
        match self.component {
            Some(_) => self.vectors_mut().into(),
            None => self.numbers_mut().into(),
        }
    }
}
