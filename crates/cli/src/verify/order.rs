//! In which order the cases of a block lie in memory.
//!
//! A kernel does more for a register in which any number may need it. Where every register has such a number,
//! what goes wrong in a number that should have asked for more, and did not, stays hidden.

use core::fmt;

use crosslane_cases::Class;

use super::cases::Case;

/// Vectors of which one may need more: as many as the widest register has numbers of `f64`.
const GROUP: usize = 8;

/// The order of cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are numbered, the classes taking turns.
    Mixed,
    /// Those that may need more one by one, each among uniform ones, until these are used up.
    Apart,
}

impl Order {
    pub(super) const ALL: [Self; 2] = [Self::Mixed, Self::Apart];

    /// The same cases in this order.
    pub(super) fn of<T>(self, cases: &[Case<T>]) -> Vec<&Case<T>> {
        if self == Self::Mixed {
            return cases.iter().collect();
        }
        let (uniform, other): (Vec<_>, Vec<_>) =
            cases.iter().partition(|case| case.class == Class::Uniform);
        let (apart, rest): (Vec<_>, Vec<_>) = other
            .into_iter()
            .partition(|case| may_need_more(case.class));
        let (mut uniform, mut other) = (uniform.into_iter(), apart.into_iter().chain(rest));
        let mut ordered = Vec::with_capacity(cases.len());
        while uniform.len() > 0 {
            ordered.extend(other.next());
            ordered.extend(uniform.by_ref().take(GROUP - 1));
        }
        ordered.extend(other);
        ordered
    }
}

/// Whether the products may be zero, not finite, or too small for errors of theirs to be numbers.
fn may_need_more(class: Class) -> bool {
    use Class::{LowPrecision, Overflow, RandomBits, Special, Spread, Subnormal};
    [
        Spread,
        Subnormal,
        Overflow,
        LowPrecision,
        RandomBits,
        Special,
    ]
    .contains(&class)
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mixed => "mixed",
            Self::Apart => "apart",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::cases::cases;

    #[test]
    fn either_order_has_every_case_once() {
        for len in [0, 1, 2, 11, 100, 1200] {
            let cases = cases::<f32>(50..50 + len);
            for order in Order::ALL {
                let mut indices: Vec<_> = order.of(&cases).iter().map(|case| case.index).collect();
                indices.sort_unstable();
                let expected: Vec<_> = (50..50 + len).collect();
                assert_eq!(indices, expected, "{order}");
            }
        }
    }

    #[test]
    fn apart_from_each_other_each_is_alone_among_uniform_ones() {
        let cases = cases::<f64>(0..84 * 12);
        let ordered = Order::Apart.of(&cases);
        // 84 uniform ones are enough for 12 groups, two of each class that may need more.
        let groups: Vec<_> = ordered.chunks(GROUP).take(12).collect();
        for group in &groups {
            let uniform = group[1..]
                .iter()
                .filter(|case| case.class == Class::Uniform);
            assert_eq!(uniform.count(), GROUP - 1, "{group:?}");
        }
        for class in Class::ALL.into_iter().filter(|class| may_need_more(*class)) {
            let alone = groups.iter().filter(|group| group[0].class == class);
            assert_eq!(alone.count(), 2, "{class}");
        }
    }
}
