//! What benches and `crosslane bench` share: the speed that memory and caches give to a loop that hardly computes, and times of
//! contestants that are measured in turn.
//!
//! A crate of its own, because benches and the program both measure. It knows nothing of tables, files or
//! pictures, and starts no threads.

#![deny(unsafe_code)]

mod timing;
#[expect(
    unsafe_code,
    reason = "registers of each level, and stores past the caches, as the kernels that it is the limit of"
)]
mod triad;

pub use timing::{Calls, Effort, median, medians, quantile, samples};
pub use triad::{Gradients, Streams, Triad};
