//! Times of contestants that run in turn, in one process, so that what disturbs one disturbs all.

use std::convert::Infallible;
use std::time::{Duration, Instant};

/// How often something is run.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Measurements of each contestant.
    pub rounds: usize,
    /// Calls in one measurement.
    pub calls: Calls,
}

/// How many calls one measurement is of.
#[derive(Clone, Copy, Debug)]
pub enum Calls {
    /// So many.
    Fixed(usize),
    /// As many as take this long, one at the least.
    Lasting(Duration),
}

impl Effort {
    /// For calls that read and write `bytes`: measurements of some 8 MB, so that the clock's own time does not
    /// count, and as many as make 2 GB.
    pub fn new(bytes: usize) -> Self {
        let calls = ((8 << 20) / bytes).clamp(1, 10_000);
        let rounds = ((2 << 30) / (bytes * calls)).clamp(7, 101);
        Self {
            rounds,
            calls: Calls::Fixed(calls),
        }
    }

    /// Once, to see that it works.
    pub const ONCE: Self = Self {
        rounds: 1,
        calls: Calls::Fixed(1),
    };
}

/// How long a contestant runs before it is timed: what the one before left in the caches, in the CPU's clock,
/// and in threads that still look for work, is not this one's.
const WARM_UP: Duration = Duration::from_micros(200);

/// Nanoseconds a call of each contestant, in ascending order: interleaved measurements. `run(k)` runs contestant k, and `pause(k)`
/// comes before it is measured, off the clock.
/// Each round has another order: always behind the same neighbour, the same code was up to a third slower or
/// faster where threads were woken.
///
/// # Errors
/// The first of `run` or `pause`, which ends the measurement.
pub fn samples<E>(
    effort: Effort,
    contestants: usize,
    mut run: impl FnMut(usize) -> Result<(), E>,
    mut pause: impl FnMut(usize) -> Result<(), E>,
) -> Result<Vec<Vec<f64>>, E> {
    let mut times = vec![Vec::with_capacity(effort.rounds); contestants];
    let mut order: Vec<usize> = (0..contestants).collect();
    let mut random = 1_u32;
    for _ in 0..effort.rounds {
        shuffle(&mut order, &mut random);
        for &k in &order {
            pause(k)?;
            let start = Instant::now();
            let mut warm = 0;
            while warm == 0 || start.elapsed() < WARM_UP {
                run(k)?;
                warm += 1;
            }
            let calls = match effort.calls {
                Calls::Fixed(calls) => calls,
                Calls::Lasting(span) => {
                    let calls =
                        span.as_secs_f64() * f64::from(warm) / start.elapsed().as_secs_f64();
                    (calls as usize).max(1)
                }
            };
            let start = Instant::now();
            for _ in 0..calls {
                run(k)?;
            }
            times[k].push(start.elapsed().as_nanos() as f64 / calls as f64);
        }
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    Ok(times)
}

/// The medians of [`samples`] that cannot fail.
pub fn medians(effort: Effort, contestants: usize, mut run: impl FnMut(usize)) -> Vec<f64> {
    let run = |k| {
        run(k);
        Ok::<_, Infallible>(())
    };
    let Ok(samples) = samples(effort, contestants, run, |_| Ok(()));
    samples.iter().map(|times| median(times)).collect()
}

/// Fisher and Yates's, with the numbers of a linear congruential generator.
fn shuffle(order: &mut [usize], random: &mut u32) {
    for i in (1..order.len()).rev() {
        *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        order.swap(i, (*random >> 16) as usize % (i + 1));
    }
}

/// The value below which a share `q` of these is, which ascend; NaN of none.
pub fn quantile(ascending: &[f64], q: f64) -> f64 {
    let last = ascending.len().saturating_sub(1);
    let place = q.clamp(0.0, 1.0) * last as f64;
    let value = |place: f64| ascending.get(place as usize).copied().unwrap_or(f64::NAN);
    let (below, above) = (value(place.floor()), value(place.ceil()));
    below + (above - below) * place.fract()
}

/// The value in the middle of these, which ascend.
pub fn median(ascending: &[f64]) -> f64 {
    quantile(ascending, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_between_neighbours() {
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&values, 0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(quantile(&values, 1.0).to_bits(), 8.0_f64.to_bits());
        assert_eq!(median(&values).to_bits(), 3.0_f64.to_bits());
        assert_eq!(median(&values[..1]).to_bits(), 1.0_f64.to_bits());
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn every_contestant_is_measured_as_often_and_the_first_error_ends_it() {
        let effort = Effort {
            rounds: 3,
            calls: Calls::Fixed(2),
        };
        let mut calls = [0_usize; 4];
        let mut pauses = 0;
        let run = |k: usize| {
            calls[k] += 1;
            Ok::<_, ()>(())
        };
        let times = samples(effort, 4, run, |_| {
            pauses += 1;
            Ok(())
        });
        assert_eq!(pauses, 12, "one before each measurement");
        assert!(times.is_ok_and(|times| times.iter().all(|times| times.len() == 3)));
        assert!(calls.iter().all(|&calls| calls >= 3 * 3), "{calls:?}");
        let mut left = 5;
        let run = |_| {
            left -= 1;
            if left == 0 { Err("enough") } else { Ok(()) }
        };
        let failed = samples(effort, 4, run, |_| Ok(()));
        assert_eq!((failed, left), (Err("enough"), 0));
    }
}
