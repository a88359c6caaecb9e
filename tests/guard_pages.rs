//! Nothing outside a view is read or written: every operand ends, or begins, at a page that may not be
//! touched, at every level, layout and length. Guards that a test reads back would see writes only.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use std::num::NonZeroUsize;

use crosslane::{Accuracy, Element, Engine, Threads, Vectors, VectorsMut, reference};
use support::engines;

/// Memory between two pages that may not be touched.
struct Guarded {
    start: *mut u8,
    page: usize,
}

/// Bytes of memory, whole pages on any machine: two tiles and one vector of padded `f64` fit.
const BYTES: usize = 64 << 10;

impl Guarded {
    fn new() -> Self {
        // SAFETY: asks for a number.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap();
        let (access, flags) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
        );
        // SAFETY: new memory that nobody knows.
        let map =
            unsafe { libc::mmap(std::ptr::null_mut(), BYTES + 2 * page, access, flags, -1, 0) };
        assert_ne!(map, libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        let start = map.cast::<u8>().wrapping_add(page);
        for guard in [map, start.wrapping_add(BYTES).cast()] {
            // SAFETY: the first and the last page of that memory.
            let failed = unsafe { libc::mprotect(guard, page, libc::PROT_NONE) };
            assert_eq!(failed, 0, "{}", std::io::Error::last_os_error());
        }
        Self { start, page }
    }

    /// The last, or the first, `len` elements.
    fn elements<T: Element>(&mut self, len: usize, last: bool) -> &mut [T] {
        let bytes = len * size_of::<T>();
        assert!(bytes <= BYTES, "{bytes} bytes");
        let start = self
            .start
            .wrapping_add(if last { BYTES - bytes } else { 0 });
        // SAFETY: inside the memory, aligned because pages are and any bits are elements; borrowed as `self` is.
        unsafe { std::slice::from_raw_parts_mut(start.cast(), len) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: what `new` has mapped, and nobody borrows any more.
        unsafe {
            libc::munmap(
                self.start.wrapping_sub(self.page).cast(),
                BYTES + 2 * self.page,
            )
        };
    }
}

/// Columns of three mappings, or rows, padded rows, or rows backwards of the first.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Columns,
    Rows,
    Padded,
    Backwards,
}

impl Layout {
    const ALL: [Self; 4] = [Self::Columns, Self::Rows, Self::Padded, Self::Backwards];

    fn view<T: Element>(
        self,
        memory: &mut [Guarded; 3],
        len: usize,
        last: bool,
    ) -> VectorsMut<'_, T> {
        let [x, y, z] = memory;
        match self {
            Self::Columns => {
                let [x, y, z] = [x, y, z].map(|memory| memory.elements(len, last));
                VectorsMut::soa(x, y, z).unwrap()
            }
            Self::Rows => VectorsMut::aos(x.elements(3 * len, last).as_chunks_mut().0),
            Self::Padded => VectorsMut::padded(x.elements(4 * len, last).as_chunks_mut().0),
            Self::Backwards => {
                let first = (3 * len).saturating_sub(3);
                VectorsMut::strided(x.elements(3 * len, last), first, 1, -3, len).unwrap()
            }
        }
    }
}

fn fill<T: Element + From<i8>>(mut memory: [Guarded; 3], seed: usize) -> [Guarded; 3] {
    for (k, memory) in memory.iter_mut().enumerate() {
        for (i, element) in memory
            .elements::<T>(BYTES / size_of::<T>(), true)
            .iter_mut()
            .enumerate()
        {
            *element = T::from(((seed + i * 7 + k * 3) % 50) as i8);
        }
    }
    memory
}

fn check<T: Element + From<i8>>(
    engine: Engine,
    operands: &mut [[Guarded; 3]; 3],
    layouts: [Layout; 3],
    len: usize,
    last: bool,
) {
    let [a, b, out] = operands;
    let a: VectorsMut<'_, T> = layouts[0].view(a, len, last);
    let b: VectorsMut<'_, T> = layouts[1].view(b, len, last);
    let mut out: VectorsMut<'_, T> = layouts[2].view(out, len, last);
    let one = a.get(0).unwrap_or_default();
    let broadcast = Vectors::broadcast(&one, len);
    engine.cross(&a, &b, out.reborrow()).unwrap();
    for i in 0..len {
        let (a, b) = (a.get(i).unwrap(), b.get(i).unwrap());
        assert_eq!(
            out.get(i),
            Some(reference::cross(a, b, Accuracy::Plain)),
            "{layouts:?}, {i} of {len}"
        );
    }
    engine.cross_assign(out, broadcast).unwrap();
}

fn every_layout<T: Element + From<i8>>() {
    let mut operands = [1, 2, 3].map(|seed| fill::<T>([0; 3].map(|_| Guarded::new()), seed));
    let accuracies = [Accuracy::Plain, Accuracy::CorrectlyRounded];
    let engines = engines().into_iter();
    // Small integers: exact, whatever the accuracy.
    for engine in engines.flat_map(|engine| accuracies.map(|a| engine.with_accuracy(a))) {
        for threads in [Threads::Serial, Threads::Max(NonZeroUsize::new(3).unwrap())] {
            for len in (0..70).chain([127, 128, 129, 255, 256, 257, 513]) {
                for (k, a) in Layout::ALL.into_iter().enumerate() {
                    for out in Layout::ALL {
                        for last in [true, false] {
                            let layouts = [a, Layout::ALL[(k + len) % 4], out];
                            check::<T>(
                                engine.with_threads(threads),
                                &mut operands,
                                layouts,
                                len,
                                last,
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn f32_nothing_outside_a_view_is_touched() {
    every_layout::<f32>();
}

#[test]
fn f64_nothing_outside_a_view_is_touched() {
    every_layout::<f64>();
}
