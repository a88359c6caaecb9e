//! Tensors of torch: looked at as operands, and made for results.

use std::ffi::c_void;
use std::ptr::null_mut;

use super::shim::{SUCCESS, TensorHandle, number, shim};
use crate::operand::{MOST_AXES, Operand};
use crate::pages;

/// What is wrong with a call.
pub(super) type Message = String;

/// A tensor that is owned here, of a type that its number says.
#[derive(Debug)]
pub(super) struct Tensor {
    handle: TensorHandle,
}

impl Drop for Tensor {
    fn drop(&mut self) {
        // SAFETY: it is owned, and nobody uses it any more.
        unsafe { (shim().delete)(self.handle) };
    }
}

/// What a function of torch says of a tensor: it writes to the place that it is given.
macro_rules! ask {
    ($tensor:expr, $function:ident, $nothing:expr) => {{
        let mut answer = $nothing;
        // SAFETY: the handle is that of a live tensor, and torch writes one answer to `answer`.
        let status = unsafe { (shim().$function)($tensor.handle, &raw mut answer) };
        if status != SUCCESS {
            return Err(concat!(
                "torch does not say the ",
                stringify!($function),
                " of a tensor"
            )
            .into());
        }
        answer
    }};
}

impl Tensor {
    /// # Safety
    /// The handle is that of a tensor, and nobody else frees it.
    pub(super) unsafe fn from_handle(handle: u64) -> Self {
        Self {
            handle: handle as usize as TensorHandle,
        }
    }

    /// Gives it to torch.
    pub(super) fn into_handle(self) -> u64 {
        let handle = self.handle as usize as u64;
        std::mem::forget(self);
        handle
    }

    /// The number of its type, if it is an ordinary tensor of the CPU.
    pub(super) fn dtype(&self) -> Result<i32, Message> {
        let (device, layout) = (ask!(self, device, 0), ask!(self, layout, 0));
        if (device, layout) != (number(shim().cpu), number(shim().strided)) {
            return Err("expected dense tensors of the CPU".into());
        }
        Ok(ask!(self, dtype, 0))
    }

    /// The length of each axis, and how far apart its elements are.
    pub(super) fn axes(&self) -> Result<(&[i64], &[i64]), Message> {
        let rank = usize::try_from(ask!(self, rank, 0)).unwrap_or_default();
        if rank == 0 {
            return Ok((&[], &[]));
        }
        let (sizes, strides) = (
            ask!(self, sizes, std::ptr::null()),
            ask!(self, strides, std::ptr::null()),
        );
        // SAFETY: there are as many as axes, for as long as the tensor is there.
        let sizes = unsafe { std::slice::from_raw_parts(sizes, rank) };
        // SAFETY: as above.
        let strides = unsafe { std::slice::from_raw_parts(strides, rank) };
        Ok((sizes, strides))
    }

    /// Where its first element is.
    pub(super) fn data(&self) -> Result<*mut c_void, Message> {
        Ok(ask!(self, data, null_mut()))
    }

    /// A copy, if elements of so many bytes are not aligned here. (Those of a tensor that torch was given the memory of need not be.)
    pub(super) fn aligned_copy(&self, bytes: usize) -> Result<Option<Self>, Message> {
        if self.data()?.cast::<u8>().addr().is_multiple_of(bytes) {
            return Ok(None);
        }
        Ok(Some(Self {
            handle: ask!(self, clone, null_mut()),
        }))
    }

    /// Copies of indices, which are int64 along one axis.
    pub(super) fn indices<T: TryFrom<i64>>(&self, what: &str) -> Result<Vec<T>, Message> {
        let (&[len], &[stride]) = self.axes()? else {
            return Err(format!("{what} do not have one dimension"));
        };
        if self.dtype()? != number(shim().int64) {
            return Err(format!("{what} are not int64"));
        }
        let first = self.data()?.cast::<i64>();
        let mut indices = Vec::new();
        let room = indices.try_reserve_exact(len as usize);
        room.map_err(|_| format!("there is no memory for {len} {what}"))?;
        let index = |k| {
            let index = first.wrapping_offset(k as isize * stride as isize);
            // SAFETY: as for operands.
            let index = unsafe { index.read_unaligned() };
            T::try_from(index).map_err(|_| format!("index {index} is out of range in {what}"))
        };
        for k in 0..len {
            indices.push(index(k)?);
        }
        Ok(indices)
    }

    /// The vectors along this axis, or numbers. It must have at most N axes beside that, and elements must be aligned.
    pub(super) fn operand<const N: usize>(
        &self,
        axis: Option<usize>,
    ) -> Result<Operand<N>, Message> {
        let (sizes, strides) = self.axes()?;
        if self.data()?.is_null() && !sizes.contains(&0) {
            return Err("a tensor has no memory".into());
        }
        let component = axis.map(|axis| strides[axis] as isize);
        // SAFETY: a tensor has memory for its elements, unless its owner has made its storage smaller, which is his fault as in torch's own
        // functions. Callers have seen to it that elements are aligned. A tensor for results has each of them once, and nobody else has
        // seen it.
        let mut operand = unsafe { Operand::new(self.data()?.cast::<u8>(), component) };
        for (k, (&len, &stride)) in sizes.iter().zip(strides).enumerate() {
            if Some(k) != axis {
                operand.push(len as usize, stride as isize);
            }
        }
        Ok(operand)
    }

    /// A tensor without elements, of the type and on the device of this one.
    pub(super) fn empty_of_same_type(&self) -> Result<Self, Message> {
        Self::new(&[0], &[1], ask!(self, dtype, 0), ask!(self, device, 0))
    }

    fn new(sizes: &[i64], strides: &[i64], dtype: i32, device: i32) -> Result<Self, Message> {
        let mut handle = null_mut();
        let (rank, sizes, strides) = (sizes.len() as i64, sizes.as_ptr(), strides.as_ptr());
        // SAFETY: there are as many lengths and strides as axes, and torch writes the handle to `handle`.
        let status =
            unsafe { (shim().empty)(rank, sizes, strides, dtype, device, -1, &raw mut handle) };
        match status {
            SUCCESS => Ok(Self { handle }),
            _ => Err("torch has no memory for a result".into()),
        }
    }

    /// A tensor in C order whose elements have no values yet, of a type that has so many bytes.
    pub(super) fn empty(sizes: &[i64], dtype: i32, bytes: usize) -> Result<Self, Message> {
        let mut strides = [1; MOST_AXES];
        let mut elements = 1_i64;
        for (stride, len) in strides[..sizes.len()].iter_mut().zip(sizes).rev() {
            *stride = elements;
            elements = elements.saturating_mul((*len).max(1));
        }
        let tensor = Self::new(sizes, &strides[..sizes.len()], dtype, number(shim().cpu))?;
        let all = sizes
            .iter()
            .fold(bytes, |all, len| all.saturating_mul(*len as usize));
        pages::want_huge(tensor.data()?.cast(), all);
        Ok(tensor)
    }
}
