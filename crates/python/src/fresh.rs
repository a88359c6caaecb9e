//! Memory that nobody has touched yet.

/// Less is not worth a call of the system.
const LARGE: usize = 4 << 20;

/// Asks the system to give these bytes, which nobody has touched, in pages of 2 MiB where there are that large ones: the first touch of ordinary
/// pages takes longer than the product that is written there.
pub(crate) fn huge_pages(first: *mut u8, bytes: usize) {
    if bytes < LARGE {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        const PAGE: usize = 4096;
        let skipped = first.align_offset(PAGE);
        let Some(rest) = bytes.checked_sub(skipped) else {
            return;
        };
        let (first, rest) = (first.wrapping_add(skipped), rest / PAGE * PAGE);
        // SAFETY: it is advice about whole pages of memory that the caller has, and changes none of its bytes. What the system says of it makes
        // no difference.
        unsafe { libc::madvise(first.cast(), rest, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = first;
}
