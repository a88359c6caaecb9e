//! The shape that several arrays broadcast to, without the axis of the components, by NumPy's rule.
//!
//! Separate because the library broadcasts to an output that is there, and the program has to know how large it will be.

use anyhow::{Context, Result};
use crosslane_npy::{Array, Operand};

/// The shape of the result.
pub(super) fn broadcast(arrays: &[Array<'_>], operands: &[Operand<'_>]) -> Result<Vec<usize>> {
    let shapes: Vec<_> = operands.iter().map(Operand::shape).collect();
    let mut all = Vec::new();
    for (k, shape) in shapes.iter().enumerate() {
        all = common(&all, shape).with_context(|| {
            let against = |other: &usize| common(&shapes[*other], shape).is_none();
            let other = &arrays[(0..k).find(against).unwrap_or(0)];
            format!(
                "{}: shape {:?}, expected one that broadcasts with {:?} of {}",
                arrays[k].name(),
                arrays[k].shape(),
                other.shape(),
                other.name()
            )
        })?;
    }
    Ok(all)
}

/// The shape that two broadcast to: they are aligned at the last axis, and an axis that is lacking has length 1.
fn common(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let len = |shape: &[usize], axis: usize| {
        let place = (axis + shape.len()).checked_sub(rank);
        place.map_or(1, |place| shape[place])
    };
    let axis = |axis| match (len(a, axis), len(b, axis)) {
        (1, len) | (len, 1) => Some(len),
        (a, b) => (a == b).then_some(a),
    };
    (0..rank).map(axis).collect()
}
