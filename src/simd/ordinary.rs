//! Streaming where the compiler offers no such stores: ordinary ones.

/// # Safety
/// `to` is valid for the write of one `V`.
#[inline(always)]
pub(super) unsafe fn stream<V>(to: *mut V, lanes: V) {
    // SAFETY: as granted by the caller.
    unsafe { to.write(lanes) };
}

#[inline(always)]
pub(super) fn fence() {}
