//! What can be wrong with a caller's data. One enum for the whole library; nothing in it is allocated.

use core::fmt;

use crate::{Kind, Operation};

/// Why a view was not made or an operation was not performed. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Two things that must be equally long are not.
    LengthMismatch {
        /// The argument that has the wrong length.
        what: &'static str,
        /// The length of what came before it.
        expected: usize,
        /// Its own length.
        got: usize,
    },
    /// An operand has a shape that is not broadcast to that of the others.
    ShapeMismatch {
        /// The operand.
        what: &'static str,
        /// The axis, counted from the last, which is 1.
        axis: usize,
        /// The length that it should have there, or 1.
        expected: usize,
        /// The length that it has.
        got: usize,
    },
    /// A view has more axes than a view can hold.
    Rank {
        /// How many it has.
        got: usize,
        /// How many it can have.
        most: usize,
    },
    /// The lengths of the axes of a view multiply to more than `usize::MAX`.
    TooManyVectors,
    /// Operands are blocks of different sizes, of which neither is a multiple of the other.
    Blocks {
        /// The one size.
        first: usize,
        /// The other.
        second: usize,
    },
    /// What takes vectors by their numbers was given a view in which these do not lie at one stride.
    NotOneStride {
        /// The argument.
        what: &'static str,
    },
    /// A strided view would reach outside its data.
    OutOfBounds {
        /// The vector that lies (partly) outside.
        vector: usize,
        /// Its component, 0 to 2.
        component: usize,
        /// The number of elements in the data.
        len: usize,
    },
    /// Two places of an exclusive view would be the same element.
    Overlap {
        /// Vector and component of the one.
        first: (usize, usize),
        /// Vector and component of the other.
        second: (usize, usize),
    },
    /// Whether two places of an exclusive view would be the same element takes too long to find out.
    MayOverlap,
    /// A type given to `from_pod` is not three or four elements.
    NotThreeOrFourElements {
        /// The size of one element in bytes.
        element: usize,
        /// The size of the type in bytes.
        got: usize,
    },
    /// The data given to `from_pod` is not aligned for its elements.
    Misaligned {
        /// The alignment that the elements need, in bytes.
        expected: usize,
    },
    /// A face of a mesh of polygons begins at a place where it cannot.
    FaceStart {
        /// The face, counted from 0.
        face: usize,
        /// Where it begins.
        got: usize,
        /// Where the face before it begins, or 0.
        least: usize,
        /// The number of corners, or 0 for the first face.
        most: usize,
    },
    /// A corner of a face is no vertex.
    IndexOutOfRange {
        /// The face, counted from 0.
        face: usize,
        /// Its corner, counted from 0.
        corner: usize,
        /// The index that it has.
        index: usize,
        /// The number of vertices.
        len: usize,
    },
    /// This CPU lacks the instruction set.
    LevelUnavailable {
        /// The level asked for.
        level: &'static str,
        /// The highest level that this CPU has.
        highest: &'static str,
    },
    /// A name that is not a level.
    UnknownLevel,
    /// A name that is not an operation.
    UnknownOperation,
    /// An operation was given more or fewer operands than it has.
    OperandCount {
        /// The operation.
        operation: &'static str,
        /// Whether inputs were counted, or outputs: `"inputs"` or `"outputs"`.
        what: &'static str,
        /// How many it has.
        expected: usize,
        /// How many there were.
        got: usize,
    },
    /// An operation was given numbers for vectors, or vectors for numbers.
    OperandKind {
        /// The operand.
        what: &'static str,
        /// What it has to be.
        expected: Kind,
    },
    /// There is no such operation for this type of element.
    Unsupported {
        /// The operation.
        operation: &'static str,
        /// The type.
        element: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LengthMismatch {
                what,
                expected,
                got,
            } => {
                write!(
                    f,
                    "{what} has length {got}, expected {expected}; nothing was written"
                )
            }
            Self::ShapeMismatch {
                what,
                axis,
                expected,
                got,
            } => write!(
                f,
                "{what} has length {got} along axis -{axis}, expected {expected}; nothing was written"
            ),
            Self::Rank { got, most } => {
                write!(f, "{got} axes, expected {most} at most; no view was made")
            }
            Self::TooManyVectors => write!(
                f,
                "the lengths of the axes multiply to more than {}; no view was made",
                usize::MAX
            ),
            Self::Blocks { first, second } => write!(
                f,
                "blocks of {first} vectors and blocks of {second} do not go together, expected one to be a multiple of the other; \
                 nothing was written"
            ),
            Self::NotOneStride { what } => write!(
                f,
                "{what} do not lie at one stride, expected a view of one axis; nothing was written"
            ),
            Self::OutOfBounds {
                vector,
                component,
                len,
            } => write!(
                f,
                "component {component} of vector {vector} lies outside the data of {len} elements; no view was made"
            ),
            Self::Overlap { first, second } => write!(
                f,
                "component {} of vector {} and component {} of vector {} are the same element of an exclusive view; \
                 no view was made",
                first.1, first.0, second.1, second.0
            ),
            Self::MayOverlap => write!(
                f,
                "the strides of an exclusive view are such that it takes too long to find out whether two of its places are the \
                 same element; no view was made"
            ),
            Self::NotThreeOrFourElements { element, got } => write!(
                f,
                "a vector type of {got} bytes is not 3 or 4 elements of {element} bytes; no view was made"
            ),
            Self::Misaligned { expected } => {
                write!(
                    f,
                    "the data is not aligned to {expected} bytes; no view was made"
                )
            }
            Self::FaceStart {
                face,
                got,
                least,
                most,
            } => write!(
                f,
                "face {face} begins at corner {got}, expected one from {least} to {most}; nothing was written"
            ),
            Self::IndexOutOfRange {
                face,
                corner,
                index,
                len,
            } => write!(
                f,
                "corner {corner} of face {face} is vertex {index}, there are {len}; nothing was written"
            ),
            Self::LevelUnavailable { level, highest } => {
                write!(
                    f,
                    "this CPU has no {level}, its highest level is {highest}; no engine was made"
                )
            }
            Self::UnknownLevel => write!(f, "unknown level, expected baseline, avx2 or avx512"),
            Self::UnknownOperation => {
                write!(f, "unknown operation, expected ")?;
                let (last, all) = Operation::ALL.split_last().ok_or(fmt::Error)?;
                all.iter().try_for_each(|name| write!(f, "{name}, "))?;
                write!(f, "or {last}")
            }
            Self::OperandCount {
                operation,
                what,
                expected,
                got,
            } => write!(
                f,
                "{operation} has {expected} {what}, got {got}; nothing was written"
            ),
            Self::OperandKind { what, expected } => {
                let (expected, got) = match expected {
                    Kind::Vector => ("vectors", "numbers"),
                    Kind::Scalar => ("numbers", "vectors"),
                };
                write!(
                    f,
                    "{what} must be {expected}, got {got}; nothing was written"
                )
            }
            Self::Unsupported { operation, element } => write!(
                f,
                "there is no {operation} of {element}, expected f32 or f64; nothing was written"
            ),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_was_expected_what_came_and_what_was_not_done() {
        let (first, second) = ((3, 1), (4, 0));
        for (error, expected) in [
            (
                Error::LengthMismatch {
                    what: "out",
                    expected: 5,
                    got: 4,
                },
                "out has length 4, expected 5; nothing was written",
            ),
            (
                Error::OutOfBounds {
                    vector: 7,
                    component: 2,
                    len: 20,
                },
                "component 2 of vector 7 lies outside the data of 20 elements; no view was made",
            ),
            (
                Error::Overlap { first, second },
                "component 1 of vector 3 and component 0 of vector 4 are the same element of an exclusive view; \
                 no view was made",
            ),
            (
                Error::NotThreeOrFourElements {
                    element: 4,
                    got: 20,
                },
                "a vector type of 20 bytes is not 3 or 4 elements of 4 bytes; no view was made",
            ),
            (
                Error::Misaligned { expected: 8 },
                "the data is not aligned to 8 bytes; no view was made",
            ),
            (
                Error::FaceStart {
                    face: 2,
                    got: 3,
                    least: 4,
                    most: 9,
                },
                "face 2 begins at corner 3, expected one from 4 to 9; nothing was written",
            ),
            (
                Error::IndexOutOfRange {
                    face: 6,
                    corner: 1,
                    index: 9,
                    len: 8,
                },
                "corner 1 of face 6 is vertex 9, there are 8; nothing was written",
            ),
            (
                Error::LevelUnavailable {
                    level: "avx512",
                    highest: "avx2",
                },
                "this CPU has no avx512, its highest level is avx2; no engine was made",
            ),
            (
                Error::UnknownLevel,
                "unknown level, expected baseline, avx2 or avx512",
            ),
            (
                Error::ShapeMismatch {
                    what: "b",
                    axis: 2,
                    expected: 5,
                    got: 4,
                },
                "b has length 4 along axis -2, expected 5; nothing was written",
            ),
            (
                Error::Rank { got: 17, most: 16 },
                "17 axes, expected 16 at most; no view was made",
            ),
            (
                Error::Blocks {
                    first: 8,
                    second: 12,
                },
                "blocks of 8 vectors and blocks of 12 do not go together, expected one to be a multiple of the other; nothing was \
                 written",
            ),
            (
                Error::NotOneStride { what: "vertices" },
                "vertices do not lie at one stride, expected a view of one axis; nothing was written",
            ),
            (
                Error::OperandCount {
                    operation: "dot",
                    what: "inputs",
                    expected: 2,
                    got: 3,
                },
                "dot has 2 inputs, got 3; nothing was written",
            ),
            (
                Error::OperandKind {
                    what: "g",
                    expected: Kind::Scalar,
                },
                "g must be numbers, got vectors; nothing was written",
            ),
            (
                Error::OperandKind {
                    what: "a",
                    expected: Kind::Vector,
                },
                "a must be vectors, got numbers; nothing was written",
            ),
            (
                Error::Unsupported {
                    operation: "dot",
                    element: "i8",
                },
                "there is no dot of i8, expected f32 or f64; nothing was written",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn errors_that_know_more_name_it() {
        let text = Error::UnknownOperation.to_string();
        assert!(
            Operation::ALL.iter().all(|name| text.contains(name.name())),
            "{text}"
        );
        let text = Error::TooManyVectors.to_string();
        assert!(text.contains(&usize::MAX.to_string()), "{text}");
        let text = Error::MayOverlap.to_string();
        assert!(text.ends_with("no view was made"), "{text}");
    }
}
