//! Cross products of whole batches of 3-vectors: c = a × b for every layout that people have in memory,
//! with the widest SIMD instructions of the running CPU, on all its cores, and with a result that is the
//! same bit for bit on every CPU.
//!
//! ```
//! // Rows, as `[[T; 3]]` or NumPy's (N, 3) ...
//! let a = vec![[1.0_f32, 2.0, 3.0]; 5];
//! // ... against one vector ...
//! let b = [[4.0, 5.0, 6.0]];
//! // ... into columns.
//! let mut c = crosslane::Soa::zeros(5);
//! crosslane::cross(&a, &b, &mut c)?;
//! assert_eq!(c.y(), [6.0; 5]);
//! # Ok::<(), crosslane::Error>(())
//! ```
//!
//! - [`cross`] is the whole library for most callers; [`Engine`] chooses level, threads and stores by hand.
//! - [`Vectors`] and [`VectorsMut`] are views of the caller's memory in any layout and of any rank, [`Scalars`] and [`ScalarsMut`] those of
//!   numbers; [`Soa`] owns columns. Shapes are broadcast as NumPy broadcasts them.
//! - [`Operation`] is the table of what there is to compute: [`Engine::apply`] does what is named there.
//! - [`ExceptionFlags`] are what a call leaves of overflow and the like, on any number of threads;
//!   [`with_default_environment`] is for threads that flush subnormals.
//! - [`mod@reference`] is the definition that every kernel is compared with, bit for bit.
//!
//! # Promises
//!
//! 1. With [`Accuracy::Plain`], every component is two rounded products and one rounded difference, never
//!    fused: what `numpy.cross` computes, bit for bit (any NaN equals any NaN), at every level, layout,
//!    alignment, length and number of threads.
//! 2. With [`Accuracy::CorrectlyRounded`], every component is the exact real difference of products, rounded once, whatever the
//!    caller's floating-point environment: the same bits, NaN included, on every CPU.
//! 3. An `Err` means that nothing was written. No input makes safe code panic, read or write outside the
//!    views, or leak ([`Soa`] and [`Engine::vertex_normals_vjp`] panic or abort as `Vec` does when they cannot have their memory).
//! 4. The library changes no global state: no floating-point mode is left changed, and there is no thread pool of its own. It works in
//!    the caller's rayon pool, or in rayon's global one.
//! 5. Automatic threads and stores are not slower than the best fixed choice, beyond noise.
//! 6. Nothing hangs: not after `fork`, not where no thread can be started ([`Threads`] has the one rule, about locks, that callers keep).
//!    Nothing is silently wrong: what is not understood is an error. (Environment variables are the exception, for the program alone
//!    refuses nonsense in them: a library does not fail because of a variable.)
//!
//! # Features
//!
//! - `rayon` (default): several threads. Without it every operation is serial.
//! - `half`: `half::f16` and `half::bf16` as elements. Half the memory traffic; every component is the exact
//!   difference of products, rounded once.
//!
//! The crate needs `std`, to see what the CPU has.

#[forbid(unsafe_code)]
mod broadcast;
#[forbid(unsafe_code)]
#[expect(unnameable_types, reason = "what seals Element is public in name only")]
mod element;
#[forbid(unsafe_code)]
mod engine;
#[forbid(unsafe_code)]
mod error;
#[forbid(unsafe_code)]
#[expect(unnameable_types, reason = "the sealed part of Element is a format")]
mod exact;
#[forbid(unsafe_code)]
#[expect(unnameable_types, reason = "lanes are sealed, and speak of formulas")]
mod formula;
mod kernel;
#[forbid(unsafe_code)]
mod level;
#[forbid(unsafe_code)]
mod operation;
#[forbid(unsafe_code)]
pub mod reference;
#[expect(
    unnameable_types,
    reason = "the sealed part of Element speaks of lanes"
)]
mod simd;
#[forbid(unsafe_code)]
mod soa;
#[forbid(unsafe_code)]
mod stores;
#[forbid(unsafe_code)]
mod threads;
#[forbid(unsafe_code)]
mod unrolled;
mod view;

pub use element::{Element, Real};
pub use engine::{Engine, Operand, OperandMut, cross};
pub use error::Error;
pub use level::Level;
pub use operation::{Kind, Operation};
pub use reference::Accuracy;
pub use simd::{ExceptionFlags, with_default_environment};
pub use soa::Soa;
pub use stores::Stores;
pub use threads::Threads;
pub use view::{Scalars, ScalarsMut, Shape, Vectors, VectorsMut};

/// The examples of the README are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
