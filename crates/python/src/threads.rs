//! How many threads large calls are split over.

use std::num::NonZeroUsize;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

fn positive(count: isize) -> PyResult<NonZeroUsize> {
    let count_or_none = usize::try_from(count).ok().and_then(NonZeroUsize::new);
    count_or_none.ok_or_else(|| {
        PyValueError::new_err(format!(
            "the number of threads must be positive, got {count}"
        ))
    })
}

/// The number for a large call made on this thread.
#[pyfunction]
pub(crate) fn available_threads() -> usize {
    crosslane_pool::threads()
}

/// Sets the number for the process.
#[pyfunction]
pub(crate) fn set_threads(count: isize) -> PyResult<()> {
    crosslane_pool::set_threads(positive(count)?);
    Ok(())
}

/// Limits the calling thread, or no longer; returns the limit that it had.
#[pyfunction]
pub(crate) fn limit_this_thread(limit: Option<isize>) -> PyResult<Option<usize>> {
    let limit = limit.map(positive).transpose()?;
    Ok(crosslane_pool::limit_this_thread(limit).map(NonZeroUsize::get))
}
