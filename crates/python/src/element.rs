//! NumPy's types of numbers and those of the library: which is which, and what an operation is computed in.

use std::ffi::c_int;

use crosslane::{Element, Operation};
use numpy::npyffi::NPY_TYPES;

/// Code that is compiled for each type of element.
pub(crate) trait ForElement {
    type Output;
    fn run<T: Element>(self) -> Self::Output;
}

const HALF: c_int = NPY_TYPES::NPY_HALF as c_int;
const FLOAT: c_int = NPY_TYPES::NPY_FLOAT as c_int;
const DOUBLE: c_int = NPY_TYPES::NPY_DOUBLE as c_int;

/// The types that the library has, each with its number of bytes, in the order in which NumPy looks for one that others can be cast to. (`long`
/// has as many bytes as `int` or as `long long`.)
pub(crate) const ELEMENTS: [(NPY_TYPES, usize); 13] = {
    use std::ffi::{c_int, c_long, c_longlong, c_short};
    [
        (NPY_TYPES::NPY_BYTE, 1),
        (NPY_TYPES::NPY_UBYTE, 1),
        (NPY_TYPES::NPY_SHORT, size_of::<c_short>()),
        (NPY_TYPES::NPY_USHORT, size_of::<c_short>()),
        (NPY_TYPES::NPY_INT, size_of::<c_int>()),
        (NPY_TYPES::NPY_UINT, size_of::<c_int>()),
        (NPY_TYPES::NPY_LONG, size_of::<c_long>()),
        (NPY_TYPES::NPY_ULONG, size_of::<c_long>()),
        (NPY_TYPES::NPY_LONGLONG, size_of::<c_longlong>()),
        (NPY_TYPES::NPY_ULONGLONG, size_of::<c_longlong>()),
        (NPY_TYPES::NPY_HALF, 2),
        (NPY_TYPES::NPY_FLOAT, 4),
        (NPY_TYPES::NPY_DOUBLE, 8),
    ]
};

/// The number of bytes of a type that the library has, by NumPy's number of it.
pub(crate) fn size(number: c_int) -> Option<usize> {
    // (Of all that are looked up, nearly all are these.)
    match number {
        FLOAT => return Some(4),
        DOUBLE => return Some(8),
        _ => {}
    }
    let mut all = ELEMENTS.iter();
    all.find(|(element, _)| *element as c_int == number)
        .map(|(_, size)| *size)
}

/// Runs the code for the type of this number; `None` if the library has no such type.
pub(crate) fn select<F: ForElement>(number: c_int, code: F) -> Option<F::Output> {
    let signed = match number {
        FLOAT => return Some(code.run::<f32>()),
        DOUBLE => return Some(code.run::<f64>()),
        HALF => return Some(code.run::<half::f16>()),
        // NumPy numbers its integers in pairs, of which the second has no sign.
        _ => number % 2 == 1,
    };
    Some(match (size(number)?, signed) {
        (1, true) => code.run::<i8>(),
        (1, false) => code.run::<u8>(),
        (2, true) => code.run::<i16>(),
        (2, false) => code.run::<u16>(),
        (4, true) => code.run::<i32>(),
        (4, false) => code.run::<u32>(),
        (_, true) => code.run::<i64>(),
        (_, false) => code.run::<u64>(),
    })
}

struct Supports(Operation);

impl ForElement for Supports {
    type Output = bool;

    fn run<T: Element>(self) -> bool {
        self.0.supports::<T>()
    }
}

/// Whether there is this operation for the type of this number.
pub(crate) fn supports(operation: Operation, number: c_int) -> bool {
    select(number, Supports(operation)).unwrap_or(false)
}

/// What an operation on the type of this number is computed in, and what its results are cast to; none where there is neither.
///
/// What there is no operation for, and is a number without being complex or of more bytes than any element, is computed in a type that
/// holds it: float16 in float32, of which results are rounded to float16; integers and truth values in float64.
pub(crate) fn computed_in(operation: Operation, number: c_int) -> Option<(c_int, c_int)> {
    if supports(operation, number) {
        return Some((number, number));
    }
    match (operation, number) {
        (Operation::Cross, _) => None,
        (_, HALF) => Some((FLOAT, HALF)),
        _ if number == NPY_TYPES::NPY_BOOL as c_int || size(number).is_some() => {
            Some((DOUBLE, DOUBLE))
        }
        _ => None,
    }
}
