//! Why a call by XLA computed nothing.

use std::ffi::c_int;
use std::fmt;

use super::ffi;
use crate::operand::MOST_AXES;

#[derive(Debug)]
pub(super) enum Problem {
    /// A structure is of an older interface.
    Size {
        what: &'static str,
        expected: usize,
        got: usize,
    },
    /// The handler is not there for this.
    Stage { got: c_int },
    /// There are not so many operands.
    Count {
        what: &'static str,
        expected: usize,
        got: usize,
    },
    /// An operand is something else.
    NoBuffer { what: &'static str },
    /// An attribute is missing, or of another type or length.
    Attribute { name: &'static str },
    /// An operand has elements of a type that no call has, or not those of the first operand.
    Dtype { what: &'static str, got: c_int },
    /// An operand has no axis of this number, or not three components there.
    Components { what: &'static str, axis: i64 },
    /// An operand has more axes than a view of the library.
    Rank { got: usize },
    /// The elements of an operand are not there, or not aligned.
    Misaligned { what: &'static str },
    /// The library refused.
    Library(crosslane::Error),
    /// The library panicked.
    Panic,
}

impl Problem {
    /// The value of `XLA_FFI_Error_Code`.
    pub(super) fn code(&self) -> c_int {
        match self {
            Self::Panic => ffi::INTERNAL,
            _ => ffi::INVALID_ARGUMENT,
        }
    }
}

impl fmt::Display for Problem {
    #[cold]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("crosslane: ")?;
        match self {
            Self::Size {
                what,
                expected,
                got,
            } => write!(
                f,
                "this jaxlib is too old: its structure for the {what} has {got} bytes, expected at least {expected}"
            ),
            Self::Stage { got } => write!(
                f,
                "called at stage {got}, expected {} (execute)",
                ffi::EXECUTE
            ),
            Self::Count {
                what,
                expected,
                got,
            } => write!(f, "{got} {what}, expected {expected}"),
            Self::NoBuffer { what } => {
                write!(f, "one of the {what} is no array, expected arrays only")
            }
            Self::Attribute { name } => {
                write!(f, "the attribute {name:?} is missing or of the wrong type")
            }
            Self::Dtype { what, got } => write!(
                f,
                "{what} has elements of the XLA type {got}, expected {}, {}, {} or {}, and the same for all operands",
                ffi::F16,
                ffi::F32,
                ffi::F64,
                ffi::BF16
            ),
            Self::Components { what, axis } => {
                write!(f, "{what} has no axis {axis} of 3 components")
            }
            Self::Rank { got } => write!(
                f,
                "an operand has {got} axes, expected at most {} beside that of the components",
                MOST_AXES - 1
            ),
            Self::Misaligned { what } => write!(f, "the elements of {what} are not aligned"),
            // (It says the same at its end.)
            Self::Library(error) => return write!(f, "{error}"),
            Self::Panic => return f.write_str("crosslane panicked, which is a bug of it"),
        }?;
        f.write_str("; nothing was written")
    }
}
