//! What the tests share: operands in any layout with guards around them, values that matter, and a
//! comparison of bits in which any NaN equals any NaN.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]
#![allow(dead_code, reason = "every test binary uses another part")]
#![allow(unreachable_pub, reason = "what is public here is public to the tests")]

use std::fmt::Debug;
use std::io::Write;
use std::process::Command;
use std::sync::LazyLock;

use crosslane::{Accuracy, Engine, Level, Scalars, Stores, Vectors, VectorsMut, reference};

pub mod cases;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub mod environment;
mod float;
mod memory;
pub mod mesh_gradients;
pub mod meshes;
pub mod misfits;
pub mod nd;
pub mod operations;
pub mod places;
pub mod program;
pub mod shapes;
mod tested;

pub use float::Float;
use memory::{GUARD, Memory};
pub use tested::Tested;

/// Whether no result of random numbers is to be infinite, as `CROSSLANE_MODERATE=1` says, for valgrind: version 3.19 takes AVX's
/// comparison "ordered and not equal" for "unordered or not equal", and then an infinity is rounded to NaN.
static MODERATE: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("CROSSLANE_MODERATE").is_some_and(|value| value == "1"));

/// A small generator (SplitMix64): the same numbers on every platform.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (((self.bits() >> 32) * n as u64) >> 32) as usize
    }

    /// Mostly numbers near one, some special values, some random bits.
    pub fn value<T: Float>(&mut self) -> T {
        let special = if *MODERATE {
            &T::SPECIAL[..T::MODERATE]
        } else {
            T::SPECIAL
        };
        match self.below(8) {
            0 => special[self.below(special.len())],
            1 if !*MODERATE => T::from_random(self.bits()),
            _ => T::near_one(self.bits()),
        }
    }

    /// Numbers of many magnitudes and nothing special: every other order of additions has other bits.
    pub fn ordinary<T: Float>(&mut self) -> T {
        let magnitude = T::from_single((self.below(64) as f32 - 32.0).exp2());
        T::near_one(self.bits()) * magnitude
    }
}

/// How an operand lies in its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Soa,
    /// Columns that start cache lines at the same vectors, as those of `Soa` do; others do not.
    InStep,
    Aos,
    Padded,
    Broadcast,
    /// Component stride and vector stride.
    Strided(isize, isize),
}

use Layout::*;

/// Everything that can be read.
pub const INPUTS: [Layout; 9] = [
    Soa,
    InStep,
    Aos,
    Padded,
    Broadcast,
    Strided(1, 6),    // two vectors interleaved, NumPy's (N, 2, 3)[:, 0]
    Strided(1, -3),   // rows, reversed
    Strided(700, -1), // columns, reversed
    Strided(-2, 7),   // components backwards, with gaps
];

/// Everything that can be written.
pub fn outputs() -> impl Iterator<Item = Layout> + Clone {
    INPUTS.into_iter().filter(|layout| *layout != Broadcast)
}

/// Any of these; now and then one that no kernel knows.
pub fn any_input(random: &mut Random) -> Layout {
    match random.below(10) {
        9 => Strided(random.below(19) as isize - 9, random.below(19) as isize - 9),
        known => INPUTS[known],
    }
}

pub fn any_output(random: &mut Random) -> Layout {
    outputs().nth(random.below(outputs().count())).unwrap()
}

/// Streaming is asked for in every other case: a batch as small as those of the tests would not be streamed by itself.
pub fn any_stores(engine: Engine, random: &mut Random) -> Engine {
    engine.with_stores([Stores::Cached, Stores::Streaming][random.below(2)])
}

/// Numbers, as vectors whose three components are in one place.
pub const NUMBERS: Layout = Strided(0, 1);

/// One number many times.
pub const ONE_NUMBER: Layout = Strided(0, 0);

/// A buffer that starts at a cache line, with `len` vectors in it, `offset` elements further than they could be.
#[derive(Clone)]
pub struct Operand<T> {
    memory: Memory<T>,
    layout: Layout,
    first: usize,
    component_stride: isize,
    vector_stride: isize,
    len: usize,
}

impl<T: Float> Operand<T> {
    pub fn new(layout: Layout, len: usize, offset: usize, random: &mut Random) -> Self {
        let n = len as isize;
        let (component_stride, vector_stride) = match layout {
            Soa => (n + 5, 1),
            InStep => ((n + 5).div_euclid(64) * 64 + 64, 1),
            Aos => (1, 3),
            Padded => (1, 4),
            Broadcast => (1, 0),
            Strided(700, v) => (n + 3, v),
            Strided(c, v) => (c, v),
        };
        let reach = |stride: isize, steps: isize| stride * steps.max(0);
        let lowest = reach(component_stride, 2).min(0) + reach(vector_stride, n - 1).min(0);
        let highest = reach(component_stride, 2).max(0) + reach(vector_stride, n - 1).max(0);
        let first = GUARD + offset + lowest.unsigned_abs();
        let total = first + highest.unsigned_abs() + 4 + GUARD;
        let mut operand = Self {
            memory: Memory::zeros(total),
            layout,
            first,
            component_stride,
            vector_stride,
            len,
        };
        operand.elements_mut().fill_with(|| random.value());
        operand
    }

    /// The same vectors in an allocation with nothing in front of them or behind, where a sanitizer sees who goes further.
    pub fn tight(&self) -> Self {
        if self.len == 0 {
            return self.clone();
        }
        let corners = [0, 2].map(|k| [0, self.len - 1].map(|i| self.index(k, i)));
        let lowest = corners.as_flattened().iter().min().unwrap();
        let highest = corners.as_flattened().iter().max().unwrap();
        let padding = usize::from(self.layout == Padded);
        let elements = &self.elements()[*lowest..=*highest + padding];
        Self {
            memory: Memory::Tight(elements.into()),
            first: self.first - lowest,
            ..*self
        }
    }

    pub fn elements(&self) -> &[T] {
        self.memory.elements()
    }

    pub fn elements_mut(&mut self) -> &mut [T] {
        self.memory.elements_mut()
    }

    fn index(&self, k: usize, i: usize) -> usize {
        (self.first as isize + k as isize * self.component_stride + i as isize * self.vector_stride)
            as usize
    }

    pub fn get(&self, i: usize) -> [T; 3] {
        [0, 1, 2].map(|k| self.elements()[self.index(k, i)])
    }

    pub fn set(&mut self, i: usize, v: [T; 3]) {
        for (k, component) in v.into_iter().enumerate() {
            let index = self.index(k, i);
            self.elements_mut()[index] = component;
        }
    }

    /// The same, or of numbers, whose components are in one place, the first.
    pub fn put(&mut self, i: usize, v: [T; 3]) {
        let is_number = self.component_stride == 0;
        self.set(i, if is_number { [v[0]; 3] } else { v });
    }

    pub fn view(&self) -> Vectors<'_, T> {
        let (data, len) = (self.elements(), self.len);
        let from = &data[self.first..];
        match self.layout {
            Soa | InStep => {
                let column = |k| &from[k * self.component_stride as usize..][..len];
                Vectors::soa(column(0), column(1), column(2)).unwrap()
            }
            Aos => Vectors::aos(bytemuck::cast_slice(&from[..3 * len])),
            Padded => Vectors::padded(bytemuck::cast_slice(&from[..4 * len])),
            Broadcast => Vectors::broadcast(from[..3].try_into().unwrap(), len),
            Strided(..) => Vectors::strided(
                data,
                self.first,
                self.component_stride,
                self.vector_stride,
                len,
            )
            .unwrap(),
        }
    }

    pub fn view_mut(&mut self) -> VectorsMut<'_, T> {
        let (first, c, v, len, layout) = (
            self.first,
            self.component_stride,
            self.vector_stride,
            self.len,
            self.layout,
        );
        let data = self.elements_mut();
        if let Strided(..) = layout {
            return VectorsMut::strided(data, first, c, v, len).unwrap();
        }
        let from = &mut data[first..];
        match layout {
            Soa | InStep => {
                let (x, from) = from.split_at_mut(c as usize);
                let (y, z) = from.split_at_mut(c as usize);
                VectorsMut::soa(&mut x[..len], &mut y[..len], &mut z[..len]).unwrap()
            }
            Aos => VectorsMut::aos(bytemuck::cast_slice_mut(&mut from[..3 * len])),
            Padded => VectorsMut::padded(bytemuck::cast_slice_mut(&mut from[..4 * len])),
            Broadcast | Strided(..) => panic!("one vector cannot hold many"),
        }
    }

    /// The numbers of an operand that has [`NUMBERS`] or [`ONE_NUMBER`].
    pub fn numbers(&self) -> Scalars<'_, T> {
        assert_eq!(self.component_stride, 0, "vectors are no numbers");
        Scalars::strided(self.elements(), self.first, self.vector_stride, self.len).unwrap()
    }

    pub fn numbers_mut(&mut self) -> &mut [T] {
        assert_eq!(self.layout, NUMBERS, "vectors are no numbers");
        let (first, len) = (self.first, self.len);
        &mut self.elements_mut()[first..][..len]
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether all vectors are in one place.
    pub fn is_one(&self) -> bool {
        self.vector_stride == 0
    }

    /// This operand after `out[i] = a[i] × b[i]`, by the reference: what is not a vector stays as it is.
    pub fn after_cross(&self, a: &Self, b: &Self, accuracy: Accuracy) -> Self {
        let mut expected = self.clone();
        for i in 0..self.len {
            expected.set(i, reference::cross(a.get(i), b.get(i), accuracy));
        }
        expected
    }

    /// The whole buffer, guards and gaps included, has the bits of another; where NaN may be any, it may be.
    #[track_caller]
    pub fn assert_same(&self, expected: &Self, accuracy: Accuracy, context: &dyn Debug) {
        let any_nan = accuracy == Accuracy::Plain;
        for (i, (got, expected)) in self.elements().iter().zip(expected.elements()).enumerate() {
            assert!(
                got.bits() == expected.bits() || (any_nan && got.same(*expected)),
                "element {i} is {:x}, expected {:x} ({} vectors from {} as {:?}): {context:?}",
                got.bits(),
                expected.bits(),
                self.len,
                self.first,
                self.layout,
            );
        }
    }
}

/// An engine for every level that this CPU has; says which it lacks. With `CROSSLANE_EXPECT_LEVELS=n` a
/// machine with fewer than n levels fails, so that a run which should have tested one cannot leave it out.
pub fn engines() -> Vec<Engine> {
    let levels: Vec<Level> = Level::available().collect();
    for level in [Level::Baseline, Level::Avx2, Level::Avx512] {
        if !levels.contains(&level) {
            // Not `eprintln!`: that is kept back while tests pass.
            let line = format!("NOT TESTED: this CPU has no {level}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }
    if let Ok(n) = std::env::var("CROSSLANE_EXPECT_LEVELS") {
        assert!(
            levels.len() >= n.parse().unwrap(),
            "{n} levels were expected, this CPU has {levels:?}"
        );
    }
    levels
        .into_iter()
        .map(|level| Engine::new().with_level(level).unwrap())
        .collect()
}

/// Whether these tests run under an emulator or a checker, as `CROSSLANE_QUICK=1` says. What is exhaustive then leaves cases out, because
/// everything is slow; and memory and stacks are in part the tool's.
pub fn under_a_tool() -> bool {
    std::env::var_os("CROSSLANE_QUICK").is_some_and(|value| value == "1")
}

/// Of what is exhaustive one in so many is enough under a tool; of anything else, all.
pub fn one_in(many: usize) -> usize {
    if under_a_tool() { many } else { 1 }
}

/// Of what takes longest, one in so many where assertions are on: all of it is tried in the release build.
pub fn one_in_asserted(many: usize) -> usize {
    if cfg!(debug_assertions) { many } else { 1 }
}

/// What a command prints, if it succeeds.
#[track_caller]
pub fn output_of(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    output.stdout
}
