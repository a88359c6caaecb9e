//! The memory of operands: with guards around them, or with nothing.

use crosslane::{Element, Soa};

/// Elements in front of and behind every operand that nobody may touch.
pub const GUARD: usize = 64;

/// Memory that begins at a cache line, or an allocation that has nothing in front of the operand or behind it, where a sanitizer sees who
/// goes further.
#[derive(Clone)]
pub enum Memory<T> {
    Guarded(Soa<T>),
    Tight(Box<[T]>),
}

impl<T: Element> Memory<T> {
    pub fn zeros(len: usize) -> Self {
        Self::Guarded(Soa::zeros(len))
    }

    pub fn elements(&self) -> &[T] {
        match self {
            Self::Guarded(columns) => columns.x(),
            Self::Tight(elements) => elements,
        }
    }

    pub fn elements_mut(&mut self) -> &mut [T] {
        match self {
            Self::Guarded(columns) => {
                let [x, ..] = columns.columns_mut();
                x
            }
            Self::Tight(elements) => elements,
        }
    }
}
