//! STREAM's triad, out = a + k·b, with the registers of each level: the speed that memory and caches give to
//! a loop that reads two columns, writes one, and hardly computes. What kernels are measured against.
//!
//! And the same with three columns read and two written, for gradients.
//!
//! Separate because it is the only unsafe code of what measures. Product and sum are rounded each, as in the
//! kernels: where memory is the limit, as here from L1 on, a fused instruction would change nothing.

use crosslane::{Element, Level};

/// `a + k·b` into `out`, past the caches if the last argument says so.
type Loop<T> = unsafe fn(&[T], &[T], T, &mut [T], bool);

/// The triad of one level.
#[derive(Clone, Copy, Debug)]
pub struct Triad<T>(Loop<T>);

impl<T: Streams> Triad<T> {
    /// That of a level.
    ///
    /// # Panics
    /// If this CPU does not have the level.
    pub fn new(level: Level) -> Self {
        assert_available(level);
        Self(T::at(level))
    }

    /// # Panics
    /// If the columns are not equally long, or not whole blocks of four registers, aligned as these.
    pub fn run(&self, a: &[T], b: &[T], k: T, out: &mut [T], streaming: bool) {
        assert_eq!(
            [a.len(), b.len()],
            [out.len(); 2],
            "columns are equally long"
        );
        // SAFETY: the loop is of a level that this CPU has, which `new` has asserted.
        unsafe { (self.0)(a, b, k, out, streaming) }
    }
}

/// one = a + k·g and two = b + k·g: what a gradient reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Gradients<T>(TwoLoops<T>);

/// Into two columns, past the caches if the last argument says so.
type TwoLoops<T> = unsafe fn([&[T]; 3], T, [&mut [T]; 2], bool);

impl<T: Streams> Gradients<T> {
    /// That of a level.
    ///
    /// # Panics
    /// If this CPU does not have the level.
    pub fn new(level: Level) -> Self {
        assert_available(level);
        Self(T::gradients_at(level))
    }

    /// # Panics
    /// As [`Triad::run`].
    pub fn run(&self, inputs: [&[T]; 3], k: T, outputs: [&mut [T]; 2], streaming: bool) {
        let len = outputs[0].len();
        assert!(
            inputs.iter().all(|column| column.len() == len) && outputs[1].len() == len,
            "columns are equally long"
        );
        // SAFETY: as of the triad, `Gradients::new` has asserted that this CPU has the level of the loop.
        unsafe { (self.0)(inputs, k, outputs, streaming) }
    }
}

/// What makes the loop of a level safe to call.
fn assert_available(level: Level) {
    let available = Level::available().any(|available| available == level);
    assert!(available, "this CPU has no {level}");
}

/// The elements that there are triads for.
pub trait Streams: Element {
    /// Whether these are loops over vendor's registers, which can stream, or one that is left to the compiler.
    const HAND_WRITTEN: bool = cfg!(target_arch = "x86_64");

    /// The loop of `level`, to be called only where the CPU has it.
    fn at(level: Level) -> Loop<Self>;

    /// The same of gradients.
    fn gradients_at(level: Level) -> TwoLoops<Self>;
}

#[cfg(not(target_arch = "x86_64"))]
mod loops {
    use std::ops::Add;

    use super::*;

    impl<T: Element + Add<Output = T>> Streams for T {
        fn at(_: Level) -> Loop<T> {
            plain::<T>
        }

        fn gradients_at(_: Level) -> TwoLoops<T> {
            plain_gradients::<T>
        }
    }

    #[inline(never)]
    fn plain_gradients<T: Element + Add<Output = T>>(
        [a, b, g]: [&[T]; 3],
        k: T,
        [one, two]: [&mut [T]; 2],
        _: bool,
    ) {
        plain(a, g, k, one, false);
        plain(b, g, k, two, false);
    }

    #[inline(never)]
    fn plain<T: Element + Add<Output = T>>(a: &[T], b: &[T], k: T, out: &mut [T], _: bool) {
        for ((a, b), out) in a.iter().zip(b).zip(out) {
            *out = *a + k * *b;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod loops {
    use std::arch::x86_64::*;

    use bytemuck::{cast_slice, cast_slice_mut};

    use super::*;

    /// The same loop over each vendor's register, four at a time, which is what hides the loop itself.
    macro_rules! triad {
        (
            $name:ident, $gradients:ident: $register:ty, $element:ty, $features:literal;
            $splat:ident, $add:ident, $mul:ident, $stream:ident
        ) => {
            #[target_feature(enable = $features)]
            fn $name(
                a: &[$element],
                b: &[$element],
                k: $element,
                out: &mut [$element],
                streaming: bool,
            ) {
                let a: &[[$register; 4]] = cast_slice(a);
                let b: &[[$register; 4]] = cast_slice(b);
                let out: &mut [[$register; 4]] = cast_slice_mut(out);
                let k = $splat(k);
                for ((a, b), out) in a.iter().zip(b).zip(out) {
                    for i in 0..4 {
                        let sum = $add(a[i], $mul(k, b[i]));
                        if streaming {
                            let out: *mut $register = &mut out[i];
                            // SAFETY: the pointer is to an exclusive register, aligned as such, and the
                            // fence below comes before anybody else looks at it.
                            unsafe { $stream(out.cast(), sum) };
                        } else {
                            out[i] = sum;
                        }
                    }
                }
                if streaming {
                    _mm_sfence();
                }
            }

            #[target_feature(enable = $features)]
            fn $gradients(
                [a, b, g]: [&[$element]; 3],
                k: $element,
                [one, two]: [&mut [$element]; 2],
                streaming: bool,
            ) {
                let a: &[[$register; 4]] = cast_slice(a);
                let b: &[[$register; 4]] = cast_slice(b);
                let g: &[[$register; 4]] = cast_slice(g);
                let one: &mut [[$register; 4]] = cast_slice_mut(one);
                let two: &mut [[$register; 4]] = cast_slice_mut(two);
                let k = $splat(k);
                for ((((a, b), g), one), two) in a.iter().zip(b).zip(g).zip(one).zip(two) {
                    for i in 0..4 {
                        let more = $mul(k, g[i]);
                        let sums = [$add(a[i], more), $add(b[i], more)];
                        for (sum, out) in sums.into_iter().zip([&mut one[i], &mut two[i]]) {
                            if streaming {
                                let out: *mut $register = out;
                                // SAFETY: either output is an exclusive register, aligned as such; the fence below is for
                                // both.
                                unsafe { $stream(out.cast(), sum) };
                            } else {
                                *out = sum;
                            }
                        }
                    }
                }
                if streaming {
                    _mm_sfence();
                }
            }
        };
    }

    triad!(sse2_f32, sse2_f32_gradients: __m128, f32, "sse2"; _mm_set1_ps, _mm_add_ps, _mm_mul_ps, _mm_stream_ps);
    triad!(sse2_f64, sse2_f64_gradients: __m128d, f64, "sse2"; _mm_set1_pd, _mm_add_pd, _mm_mul_pd, _mm_stream_pd);
    triad!(avx2_f32, avx2_f32_gradients: __m256, f32, "avx2";
        _mm256_set1_ps, _mm256_add_ps, _mm256_mul_ps, _mm256_stream_ps);
    triad!(avx2_f64, avx2_f64_gradients: __m256d, f64, "avx2";
        _mm256_set1_pd, _mm256_add_pd, _mm256_mul_pd, _mm256_stream_pd);
    triad!(avx512_f32, avx512_f32_gradients: __m512, f32, "avx512f";
        _mm512_set1_ps, _mm512_add_ps, _mm512_mul_ps, _mm512_stream_ps);
    triad!(avx512_f64, avx512_f64_gradients: __m512d, f64, "avx512f";
        _mm512_set1_pd, _mm512_add_pd, _mm512_mul_pd, _mm512_stream_pd);

    impl Streams for f32 {
        fn at(level: Level) -> Loop<f32> {
            match level {
                Level::Avx512 => avx512_f32,
                Level::Avx2 => avx2_f32,
                Level::Baseline => sse2_f32,
                level => panic!("no triad for {level}"),
            }
        }

        fn gradients_at(level: Level) -> TwoLoops<f32> {
            match level {
                Level::Avx512 => avx512_f32_gradients,
                Level::Avx2 => avx2_f32_gradients,
                Level::Baseline => sse2_f32_gradients,
                level => panic!("no triad for {level}"),
            }
        }
    }

    impl Streams for f64 {
        fn at(level: Level) -> Loop<f64> {
            match level {
                Level::Avx512 => avx512_f64,
                Level::Avx2 => avx2_f64,
                Level::Baseline => sse2_f64,
                level => panic!("no triad for {level}"),
            }
        }

        fn gradients_at(level: Level) -> TwoLoops<f64> {
            match level {
                Level::Avx512 => avx512_f64_gradients,
                Level::Avx2 => avx2_f64_gradients,
                Level::Baseline => sse2_f64_gradients,
                level => panic!("no triad for {level}"),
            }
        }
    }
}
