//! Asks the system for huge pages for new results.
//!
//! The first touch of a new result costs more than the product, because the system maps and clears a page each time. NumPy asks for huge pages
//! for its own arrays. torch and XLA do not, so this module does it for results that they allocate.

/// From so many bytes on it helps, as with NumPy.
const LARGE: usize = 4 << 20;

/// Asks the system for huge pages under the whole pages of a result of so many bytes. Where it has none, nothing happens.
#[cfg(target_os = "linux")]
pub(crate) fn want_huge(first: *mut u8, bytes: usize) {
    /// No page is smaller, and the system wants its own boundary. Larger pages than this make the call fail, which does no harm.
    const PAGE: usize = 4096;
    if bytes < LARGE || first.is_null() {
        return;
    }
    let skipped = first.align_offset(PAGE);
    let whole = bytes.saturating_sub(skipped) / PAGE * PAGE;
    let begin = first.wrapping_add(skipped);
    // SAFETY: this advice changes no byte of any memory.
    unsafe { libc::madvise(begin.cast(), whole, libc::MADV_HUGEPAGE) };
}

/// There is no such advice.
#[cfg(not(target_os = "linux"))]
pub(crate) fn want_huge(_: *mut u8, _: usize) {}
