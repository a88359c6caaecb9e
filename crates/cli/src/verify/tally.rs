//! What was counted: components that are misrounded, and the worst errors.

use anyhow::{Context, Result};
use crosslane_cases::{Class, Float};
use crosslane_npy::Component;

use super::cases::{Case, hex, same};
use super::kernels::Configuration;
use crate::batch::Batch;

/// So many misrounded components are told one by one.
const FAILURES: usize = 5;

/// The counts of one type.
#[derive(Debug)]
pub(super) struct Tally {
    /// The name of the type.
    pub(super) name: &'static str,
    /// Components of results of the kernels.
    pub(super) compared: u64,
    /// In the order of [`Class::ALL`].
    pub(super) classes: [Counts; Class::ALL.len()],
    /// Of plain results, and of correctly rounded ones.
    pub(super) worst: [Worst; 2],
    /// The first few misrounded components.
    pub(super) failures: Vec<String>,
}

/// The counts of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) cases: u64,
    /// Components, of the kernels or of the definition, each time that one is wrong.
    pub(super) misrounded: u64,
    /// Cases in which plain arithmetic does not give the nearest number.
    pub(super) plain_wrong: u64,
}

/// The greatest finite error in ulp, and the first input that has it.
#[derive(Debug, Default)]
pub(super) struct Worst {
    pub(super) ulps: f64,
    pub(super) input: String,
}

impl Tally {
    pub(super) fn new<T: Float>() -> Self {
        Self {
            name: T::NAME,
            compared: 0,
            classes: [Counts::default(); Class::ALL.len()],
            worst: Default::default(),
            failures: Vec::new(),
        }
    }

    pub(super) fn misrounded(&self) -> u64 {
        self.classes.iter().map(|counts| counts.misrounded).sum()
    }

    /// Counts cases and their errors, and has the definition judged.
    pub(super) fn judge<T: Component + Float>(&mut self, cases: &[Case<T>]) {
        for case in cases {
            let counts = &mut self.classes[case.class as usize];
            counts.cases += 1;
            counts.plain_wrong += u64::from(!case.plain_is_nearest());
            for (worst, error) in self.worst.iter_mut().zip(case.errors) {
                if error.is_finite() && (error > worst.ulps || worst.input.is_empty()) {
                    *worst = Worst {
                        ulps: error,
                        input: hex(&case.quadruple),
                    };
                }
            }
            let by_definition = case.definition[case.component];
            if !same(by_definition, case.nearest) {
                let by = "the scalar definition";
                self.fail(case, case.component, by, by_definition, case.nearest);
            }
        }
    }

    /// Compares every component of a result with the definition.
    pub(super) fn compare<T: Component + Float>(
        &mut self,
        configuration: Configuration,
        cases: &[&Case<T>],
        out: &Batch<T>,
    ) -> Result<()> {
        let out = out.view()?;
        for (i, case) in cases.iter().enumerate() {
            let got = out.get(i).context("a result that is too short")?;
            for (k, (got, expected)) in got.into_iter().zip(case.definition).enumerate() {
                if !same(got, expected) {
                    self.fail(case, k, &configuration.to_string(), got, expected);
                }
            }
        }
        self.compared += 3 * cases.len() as u64;
        Ok(())
    }

    #[cold]
    fn fail<T: Component + Float>(
        &mut self,
        case: &Case<T>,
        component: usize,
        by: &str,
        got: T,
        expected: T,
    ) {
        self.classes[case.class as usize].misrounded += 1;
        if self.failures.len() < FAILURES {
            let (name, index, class) = (self.name, case.index, case.class);
            let operands = hex(&case.operands(component));
            let [got, expected] = [got, expected].map(|x| hex(&[x]));
            self.failures.push(format!(
                "{name} case {index} ({class}), component {component}, by {by}: \
                 a·b − c·d of {operands} gave {got}, expected {expected}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crosslane::{Level, Stores};

    use super::*;
    use crate::batch::Layout;
    use crate::verify::cases::cases;
    use crate::verify::order::Order;

    const CONFIGURATION: Configuration = Configuration {
        level: Level::Baseline,
        threads: 7,
        layout: Layout::Aos,
        order: Order::Mixed,
        stores: Stores::Cached,
    };

    /// The tally of cases 0 to 47 with one bit of the results wrong.
    fn planted<T: Component + Float>(case: usize, component: usize, bit: u32) -> Tally {
        let cases = cases::<T>(0..48);
        let mut results: Vec<_> = cases.iter().map(|case| case.definition).collect();
        let wrong = &mut results[case][component];
        *wrong = T::from_bits64(wrong.to_bits64() ^ 1 << bit);
        let out = Batch::of(Layout::Aos, results.into_iter()).expect("memory");
        let mut tally = Tally::new::<T>();
        tally.judge(&cases);
        tally
            .compare(CONFIGURATION, &Order::Mixed.of(&cases), &out)
            .expect("as long");
        tally
    }

    fn assert_named(tally: &Tally, case: usize, component: usize) {
        assert_eq!(tally.misrounded(), 1, "{tally:?}");
        assert_eq!(tally.compared, 144, "{tally:?}");
        let class = Class::ALL[case % Class::ALL.len()];
        assert_eq!(tally.classes[class as usize].misrounded, 1, "{tally:?}");
        let expected = format!(
            "{} case {case} ({class}), component {component}, by baseline on 7 threads, aos, mixed, cached: a·b − c·d of 0x",
            tally.name
        );
        assert!(tally.failures[0].starts_with(&expected), "{tally:?}");
        assert_eq!(tally.failures.len(), 1, "{tally:?}");
    }

    #[test]
    fn every_wrong_bit_of_every_component_is_counted_and_named() {
        for component in 0..3 {
            for bit in 0..32 {
                let case = bit as usize + component;
                assert_named(&planted::<f32>(case, component, bit), case, component);
            }
            for bit in 0..64 {
                let case = bit as usize % 48;
                assert_named(&planted::<f64>(case, component, bit), case, component);
            }
        }
    }

    #[test]
    fn a_definition_that_is_wrong_is_counted_and_named() {
        let mut cases = cases::<f64>(0..12);
        let case = &mut cases[4];
        let right = case.definition[case.component];
        case.definition[case.component] = f64::from_bits(right.to_bits() ^ 1);
        let mut tally = Tally::new::<f64>();
        tally.judge(&cases);
        assert_eq!(tally.misrounded(), 1, "{tally:?}");
        let named =
            tally.failures[0].contains("case 4 (ties), component 0, by the scalar definition");
        assert!(named, "{tally:?}");
        assert!(tally.failures[0].ends_with(&hex(&[right])), "{tally:?}");
    }

    #[test]
    fn only_a_few_failures_are_kept_and_all_are_counted() {
        let cases = cases::<f32>(0..48);
        let zeros = Batch::of(Layout::Aos, (0..48).map(|_| [1.5; 3])).expect("memory");
        let mut tally = Tally::new::<f32>();
        tally
            .compare(CONFIGURATION, &Order::Mixed.of(&cases), &zeros)
            .expect("as long");
        assert!(tally.misrounded() > 100, "{tally:?}");
        assert_eq!(tally.failures.len(), FAILURES, "{tally:?}");
    }

    #[test]
    fn the_worst_error_of_a_correctly_rounded_result_is_half_a_unit() {
        let mut tally = Tally::new::<f64>();
        tally.judge(&cases::<f64>(0..1200));
        let [plain, rounded] = &tally.worst;
        assert!(plain.ulps > 1e10, "{plain:?}");
        assert_eq!(rounded.ulps, 0.5, "a tie, {rounded:?}");
        let [uniform, cancelling] =
            [Class::Uniform, Class::Cancelling].map(|c| tally.classes[c as usize]);
        assert_eq!((uniform.cases, cancelling.cases), (100, 100), "{tally:?}");
        assert!(cancelling.plain_wrong > uniform.plain_wrong, "{tally:?}");
    }
}
