//! Nothing outside a view is read or written: every operand ends, or begins, at a page that may not be
//! touched, at every level, layout and length. Guards that a test reads back would see writes only.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "../support/mod.rs"]
mod support;

mod shapes;

use std::num::NonZeroUsize;

use bytemuck::Pod;
use crosslane::{
    Accuracy, Element, Engine, Real, Scalars, ScalarsMut, Threads, Vectors, VectorsMut, reference,
};
use support::meshes::{Faces, OwnedFaces, on_meshes};
use support::operations::{Kind, Operation, Places, Read, Write, all_derived, define, to_read};
use support::{Float, Random, engines, one_in};

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
    fn elements<T: Pod>(&mut self, len: usize, last: bool) -> &mut [T] {
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

/// Columns of three mappings, or rows, padded rows, rows backwards, or blocks of four of the first.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Columns,
    Rows,
    Padded,
    Backwards,
    /// Rows, where the length is no multiple of four.
    Blocks,
}

impl Layout {
    /// Those of vertices, which lie at one stride.
    const OF_VERTICES: [Self; 4] = [Self::Columns, Self::Rows, Self::Padded, Self::Backwards];

    const ALL: [Self; 5] = [
        Self::Columns,
        Self::Rows,
        Self::Padded,
        Self::Backwards,
        Self::Blocks,
    ];

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
            Self::Blocks if len.is_multiple_of(4) => {
                let blocks: &mut [[T; 4]] = x.elements(3 * len, last).as_chunks_mut().0;
                VectorsMut::blocks(blocks.as_chunks_mut().0)
            }
            Self::Rows | Self::Blocks => {
                VectorsMut::aos(x.elements(3 * len, last).as_chunks_mut().0)
            }
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
            for len in (0..70)
                .chain([127, 128, 129, 255, 256, 257, 513])
                .step_by(one_in(11))
            {
                for (k, a) in Layout::ALL.into_iter().enumerate() {
                    for out in Layout::ALL {
                        for last in [true, false] {
                            let layouts = [a, Layout::ALL[(k + len) % 5], out];
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

/// Guarded memory for the inputs and the outputs of one call.
type Memory = ([[Guarded; 3]; 5], [[Guarded; 3]; 3]);

fn memory<T: Element + From<i8>>() -> Memory {
    let operand = |seed| fill::<T>([0; 3].map(|_| Guarded::new()), seed);
    ([1, 2, 3, 4, 5].map(operand), [6, 7, 8].map(operand))
}

/// An operand of this kind in such memory.
fn operand<'a, T: Real>(
    kind: Kind,
    layout: Layout,
    memory: &'a mut [Guarded; 3],
    len: usize,
    last: bool,
) -> Write<'a, T> {
    match kind {
        Kind::Scalar => ScalarsMut::new(memory[0].elements(len, last)).into(),
        Kind::Vector => layout.view(memory, len, last).into(),
    }
}

/// Every operand in a layout of its own. With `broadcast`, vectors that are read are one, and gradients their sum.
fn check_derived<T: Real + Float>(
    operation: Operation,
    engine: Engine,
    (inputs, outputs): &mut Memory,
    len: usize,
    [last, broadcast]: [bool; 2],
    random: &mut Random,
) {
    let mut any = || Layout::ALL[random.below(5)];
    let sums = broadcast && operation.gradient_of().is_some();
    let vectors = if broadcast { 1 } else { len };
    let memory = inputs.iter_mut().zip(operation.inputs());
    let inputs: Vec<Write<'_, T>> = memory
        .map(|(memory, kind)| match kind {
            Kind::Scalar => operand(*kind, any(), memory, len, last),
            Kind::Vector => operand(*kind, any(), memory, vectors, last),
        })
        .collect();
    let ones: Vec<[T; 3]> = inputs.iter().map(|input| input.at(0)).collect();
    let memory = outputs.iter_mut().zip(operation.outputs());
    let written = if sums { 1 } else { len };
    let mut outputs: Vec<_> = memory
        .map(|(memory, kind)| operand(*kind, any(), memory, written, last))
        .collect();
    let reads: Vec<_> = inputs
        .iter()
        .zip(&ones)
        .map(|(input, one)| match input {
            Write::Vectors(_) if broadcast => Read::Vectors(Vectors::broadcast(one, len)),
            Write::Scalars(_) if sums => Read::Scalars(Scalars::broadcast(&one[0], len)),
            _ => to_read(input),
        })
        .collect();
    engine.apply(operation, &reads, &mut outputs).unwrap();
    let mut summed = vec![Vec::new(); outputs.len()];
    for i in 0..len {
        let place: Vec<_> = reads.iter().map(|read| read.at(i)).collect();
        let expected = define(operation, &place, engine.accuracy());
        for ((expected, output), summed) in expected.into_iter().zip(&outputs).zip(&mut summed) {
            if sums {
                summed.push(expected);
                continue;
            }
            let got = output.at(i);
            assert!(
                got.iter()
                    .zip(expected)
                    .all(|(got, expected)| got.same(expected)),
                "{}: {got:?}, expected {expected:?}, {i} of {len}: {engine:?}",
                operation.name()
            );
        }
    }
    for (summed, output) in summed.iter().zip(&outputs).filter(|_| sums) {
        assert_eq!(
            output.at(0),
            reference::sum(summed),
            "{}, {len}: {engine:?}",
            operation.name()
        );
    }
}

/// Lengths of less than a register, of some, and around leaves of sums and tiles.
fn every_operation<T: Real + Float + From<i8>>() {
    let (mut memory, mut random) = (memory::<T>(), Random(1));
    let accuracies = [Accuracy::Plain, Accuracy::CorrectlyRounded];
    let engines = engines().into_iter();
    for engine in engines.flat_map(|engine| accuracies.map(|a| engine.with_accuracy(a))) {
        for threads in [Threads::Serial, Threads::Max(NonZeroUsize::new(3).unwrap())] {
            let engine = engine.with_threads(threads);
            for operation in all_derived() {
                for len in (1..70)
                    .chain([95, 97, 127, 128, 129, 193, 255, 256, 257, 513])
                    .step_by(one_in(11))
                {
                    for how in [[true, false], [false, false], [true, true], [false, true]] {
                        check_derived::<T>(operation, engine, &mut memory, len, how, &mut random);
                    }
                }
            }
        }
    }
}

#[test]
fn f32_nothing_outside_an_operand_of_a_derived_operation_is_touched() {
    every_operation::<f32>();
}

#[test]
fn f64_nothing_outside_an_operand_of_a_derived_operation_is_touched() {
    every_operation::<f64>();
}

/// A copy at a guard.
fn copied<'a, X: Pod>(memory: &'a mut Guarded, of: &[X], last: bool) -> &'a [X] {
    let copy = memory.elements(of.len(), last);
    copy.copy_from_slice(of);
    copy
}

/// Vertices, faces and results each at a guard; the first and the last vertex are corners.
fn every_mesh<T: Real + Float + From<i8>>() {
    let ([vertices, faces, ..], [out, ..]) = &mut memory::<T>();
    let mut random = Random(2);
    for engine in engines() {
        for len in (1..70)
            .chain([127, 128, 129, 255, 256, 257, 513])
            .step_by(one_in(11))
        {
            for (last, layout) in [true, false]
                .into_iter()
                .flat_map(|l| Layout::OF_VERTICES.map(|k| (l, k)))
            {
                let count = 1 + random.below(len);
                let vertices = layout.view::<T>(vertices, count, last);
                let mut owned = OwnedFaces::random(len, count, &mut random);
                (owned.triangles[0][0], owned.triangles[len - 1][2]) = (0, count as u32 - 1);
                if let [first, .., end] = &mut *owned.corners {
                    (*first, *end) = (0, count as u32 - 1);
                }
                let [triangles, corners, starts] = &mut *faces;
                let faces = Faces {
                    triangles: copied(triangles, &owned.triangles, last),
                    corners: copied(corners, &owned.corners, last),
                    starts: copied(starts, &owned.starts, last),
                };
                let rows: Vec<_> = (0..count).map(|i| vertices.get(i).unwrap()).collect();
                for operation in on_meshes::<T>() {
                    let layout = Layout::OF_VERTICES[random.below(4)];
                    let len = if operation.of_vertices { count } else { len };
                    let mut out = operand(operation.output, layout, out, len, last);
                    (operation.call)(&engine, (&vertices).into(), faces, &mut out).unwrap();
                    let expected = (operation.define)(&rows, faces, Accuracy::Plain);
                    let got: Vec<_> = (0..len).map(|i| out.at(i)).collect();
                    assert_eq!(got, expected, "{}, {layout:?}: {engine:?}", operation.name);
                }
            }
        }
    }
}

#[test]
fn nothing_outside_vertices_faces_and_results_is_touched() {
    every_mesh::<f32>();
    every_mesh::<f64>();
}
