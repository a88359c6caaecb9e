//! A .npy file as a batch of 3-vectors, block by block.
//!
//! A crate of its own, because the program, its fuzz target and other tools read the same files. Nothing in a
//! file is trusted: whatever the bytes are, reading them gives an error or the vectors that they hold, in
//! memory for the header and for the block that is asked for. It knows nothing of command lines, and writes nothing.

#![deny(unsafe_code)]

mod array;
mod block;
mod dtype;
mod header;
mod literal;
mod operand;
mod record;
mod source;
mod spelling;

pub use array::Array;
pub use dtype::{Component, Dtype, PerComponent};
pub use operand::Operand;
pub use record::Names;
