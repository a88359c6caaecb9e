//! Where there is nothing better: shuffles of arrays, of which the compiler makes the target's own, and ordinary
//! stores.

use wide::{f32x4, f64x2};

/// Two lanes of the first and two of the second: see `shuffles::pick`.
#[inline(always)]
pub(super) fn shuffle_fours<const LANES: i32>(a: f32x4, b: f32x4) -> f32x4 {
    let (a, b) = (a.to_array(), b.to_array());
    let lane = |k: i32| (LANES >> (2 * k) & 3) as usize;
    [a[lane(0)], a[lane(1)], b[lane(2)], b[lane(3)]].into()
}

/// One lane of each: see `shuffles::pick_two`.
#[inline(always)]
pub(super) fn shuffle_twos<const LANES: i32>(a: f64x2, b: f64x2) -> f64x2 {
    let (a, b) = (a.to_array(), b.to_array());
    [a[(LANES & 1) as usize], b[(LANES >> 1 & 1) as usize]].into()
}

/// Loads three elements.
///
/// # Safety
/// Three elements at `from` are valid for reads.
#[inline(always)]
pub(super) unsafe fn load_three(from: *const f32) -> f32x4 {
    // SAFETY: as granted by the caller.
    let [x, y, z] = unsafe { from.cast::<[f32; 3]>().read() };
    [x, y, z, 0.0].into()
}

/// Stores the first three lanes.
///
/// # Safety
/// Three elements at `to` are valid for writes.
#[inline(always)]
pub(super) unsafe fn store_three(row: f32x4, to: *mut f32) {
    let [x, y, z, _] = row.to_array();
    // SAFETY: as granted by the caller.
    unsafe { to.cast::<[f32; 3]>().write([x, y, z]) };
}

/// # Safety
/// `to` is valid for the write of one `V`.
#[inline(always)]
pub(super) unsafe fn stream<V>(to: *mut V, lanes: V) {
    // SAFETY: as granted by the caller.
    unsafe { to.write(lanes) };
}

#[inline(always)]
pub(super) fn fence() {}

#[inline(always)]
pub(super) fn prefetch<T>(_from: *const T) {}

/// The bytes of the L3 of a processor of AMD's.
pub(super) fn amd_l3() -> Option<usize> {
    None
}

/// Two halves as `f64`.
#[inline(always)]
pub(super) fn widen(x: f32x4) -> [f64x2; 2] {
    let [x, y, z, w] = x.to_array().map(f64::from);
    [[x, y].into(), [z, w].into()]
}

/// Rounded to nearest even.
#[inline(always)]
pub(super) fn narrow(halves: [f64x2; 2]) -> f32x4 {
    let [[x, y], [z, w]] = halves.map(f64x2::to_array);
    [x as f32, y as f32, z as f32, w as f32].into()
}

/// Where there is no register of the environment, or none that is known here.
#[cfg(not(target_arch = "aarch64"))]
pub(super) mod control {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::simd) struct Control;

    pub(in crate::simd) const DEFAULT: Control = Control;

    pub(in crate::simd) const EACH: [u32; 4] = [0; 4];
    pub(in crate::simd) const NAMED: u32 = 0;

    pub(in crate::simd) fn is_default(_: Control) -> bool {
        true
    }

    pub(in crate::simd) fn flags(_: Control) -> u32 {
        0
    }

    pub(in crate::simd) fn with_flags(_: Control, _: u32) -> Control {
        Control
    }

    pub(in crate::simd) fn read() -> Control {
        Control
    }

    pub(in crate::simd) fn write(_: Control) {}
}
