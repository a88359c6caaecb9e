//! Views from what callers have in their hands, so that most of them never name a view.
//!
//! All inlined: a view that is returned through memory, and copied from there, costs as much as a small batch.

use super::{Vectors, VectorsMut};
use crate::Element;

impl<'a, T: Element> From<&'a [[T; 3]]> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a [[T; 3]]) -> Self {
        Self::aos(v)
    }
}

impl<'a, T: Element> From<&'a [[T; 4]]> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a [[T; 4]]) -> Self {
        Self::padded(v)
    }
}

impl<'a, T: Element> From<&'a Vec<[T; 3]>> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a Vec<[T; 3]>) -> Self {
        Self::aos(v)
    }
}

impl<'a, T: Element> From<&'a Vec<[T; 4]>> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a Vec<[T; 4]>) -> Self {
        Self::padded(v)
    }
}

impl<'a, T: Element, const N: usize> From<&'a [[T; 3]; N]> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a [[T; 3]; N]) -> Self {
        Self::aos(v)
    }
}

impl<'a, T: Element> From<&'a mut [[T; 3]]> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(v: &'a mut [[T; 3]]) -> Self {
        Self::aos(v)
    }
}

impl<'a, T: Element> From<&'a mut [[T; 4]]> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(v: &'a mut [[T; 4]]) -> Self {
        Self::padded(v)
    }
}

impl<'a, T: Element> From<&'a mut Vec<[T; 3]>> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(v: &'a mut Vec<[T; 3]>) -> Self {
        Self::aos(v)
    }
}

impl<'a, T: Element> From<&'a mut Vec<[T; 4]>> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(v: &'a mut Vec<[T; 4]>) -> Self {
        Self::padded(v)
    }
}

impl<'a, T: Element, const N: usize> From<&'a mut [[T; 3]; N]> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(v: &'a mut [[T; 3]; N]) -> Self {
        Self::aos(v)
    }
}

impl<'a, T: Element, const N: usize> From<&'a [[T; 4]; N]> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a [[T; 4]; N]) -> Self {
        Self::padded(v)
    }
}

impl<'a, T: Element, const N: usize> From<&'a mut [[T; 4]; N]> for VectorsMut<'a, T> {
    #[inline(always)]
    fn from(v: &'a mut [[T; 4]; N]) -> Self {
        Self::padded(v)
    }
}

impl<'a, T: Element> From<&'a VectorsMut<'_, T>> for Vectors<'a, T> {
    #[inline(always)]
    fn from(v: &'a VectorsMut<'_, T>) -> Self {
        v.to_read()
    }
}
