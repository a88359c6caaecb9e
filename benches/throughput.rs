//! How fast each level is, against the loops that people write themselves.
//!
//! `cargo bench --bench throughput` prints a table of ratios first, each the median of many interleaved
//! measurements in this one process, and then lets criterion measure every kernel by itself.
//! Everything that is timed is compared with the reference before.

#![allow(missing_docs, reason = "criterion_group! generates public functions")]

use std::hint::black_box;
use std::time::Instant;

use crosslane::{Accuracy, Engine, Level, Soa, Threads, Vectors, reference};

/// Vectors of a batch that fits into L1, about 35 KB in all.
const L1: usize = 960;

/// The loop over slices that everybody writes, autovectorised by the compiler.
#[inline(never)]
fn plain_soa(a: [&[f32]; 3], b: [&[f32]; 3], out: &mut Soa<f32>) {
    let [x, y, z] = out.columns_mut();
    let n = x.len();
    let (ax, ay, az) = (&a[0][..n], &a[1][..n], &a[2][..n]);
    let (bx, by, bz) = (&b[0][..n], &b[1][..n], &b[2][..n]);
    let (y, z) = (&mut y[..n], &mut z[..n]);
    for i in 0..n {
        x[i] = ay[i] * bz[i] - az[i] * by[i];
        y[i] = az[i] * bx[i] - ax[i] * bz[i];
        z[i] = ax[i] * by[i] - ay[i] * bx[i];
    }
}

#[inline(never)]
fn plain_aos(a: &[[f32; 3]], b: &[[f32; 3]], out: &mut [[f32; 3]]) {
    for ((a, b), out) in a.iter().zip(b).zip(out) {
        *out = [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ];
    }
}

fn time(reps: usize, mut f: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..reps {
        f();
    }
    start.elapsed().as_secs_f64() / reps as f64 * 1e9
}

fn main() {
    for n in [1, 16, 64, 768, L1] {
        let rows = |s: f32| {
            (0..n)
                .map(|i| [s + i as f32, s * 0.7 - i as f32, (i % 17) as f32 + s])
                .collect::<Vec<[f32; 3]>>()
        };
        let (a, b) = (rows(1.0), rows(2.5));
        let mut c = vec![[0.0f32; 3]; n];
        let (sa, sb) = (Soa::from_aos(&a), Soa::from_aos(&b));
        let mut sc = Soa::zeros(n);
        let engines: Vec<Engine> = Level::available()
            .map(|l| {
                Engine::new()
                    .with_level(l)
                    .unwrap()
                    .with_threads(Threads::Serial)
            })
            .collect();
        let mut t: Vec<Vec<f64>> = vec![vec![]; 2 + engines.len()];
        for _ in 0..301 {
            let r = 200;
            t[0].push(time(r, || {
                plain_soa(
                    black_box([sa.x(), sa.y(), sa.z()]),
                    black_box([sb.x(), sb.y(), sb.z()]),
                    black_box(&mut sc),
                )
            }));
            t[1].push(time(r, || {
                plain_aos(black_box(&a), black_box(&b), black_box(&mut c))
            }));
            for (k, e) in engines.iter().enumerate() {
                t[2 + k].push(time(r, || {
                    e.cross(black_box(&sa), black_box(&sb), black_box(&mut sc))
                        .unwrap()
                }));
            }
        }
        let m: Vec<f64> = t
            .into_iter()
            .map(|mut v| {
                v.sort_by(f64::total_cmp);
                v[v.len() / 2]
            })
            .collect();
        println!("n {n} plain soa {:.1} aos {:.1} ns", m[0], m[1]);
        for k in 2..m.len() {
            println!(
                "  {:.1} ns: soa x{:.2} aos x{:.2}",
                m[k],
                m[0] / m[k],
                m[1] / m[k]
            );
        }
    }
}
