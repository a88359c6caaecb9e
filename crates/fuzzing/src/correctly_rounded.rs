//! Differences of products that are hard to round, changed by the bytes, at any place among ordinary ones, in any floating-point
//! environment: every level, and the definition, give the number that arithmetic of arbitrary precision gives.

use crosslane::{Accuracy, Element, Engine, reference};
use crosslane_cases::{Class, nearest, quadruple, vectors};

use crate::source::Source;
use crate::support::{Float, Operand};

pub(crate) fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    if source.flag() {
        check::<f32>(source);
    } else {
        check::<f64>(source);
    }
}

/// A quadruple of a class, as it is or with bits of it changed; or any bits at all.
fn hard<T: crosslane_cases::Float>(source: &mut Source<'_>) -> [T; 4] {
    let recipe = source.byte();
    if recipe < 32 {
        return [0; 4].map(|_| T::from_bits64(source.bits()));
    }
    let class = Class::ALL[usize::from(recipe) % Class::ALL.len()];
    let mut quadruple = quadruple::<T>(class, source.byte().into(), source.bits() >> 32);
    if recipe >= 128 {
        // A few bits of one number: neighbours of a hard case, its other sign, another binade.
        let k = usize::from(source.byte() % 4);
        let change = source.bits().rotate_right(u32::from(source.byte()));
        quadruple[k] = T::from_bits64(quadruple[k].to_bits64() ^ (change & source.bits()));
    }
    quadruple
}

fn check<T: Float + crosslane_cases::Float>(mut source: Source<'_>) {
    let layouts = [source.input(), source.input(), source.output()];
    let (way, len, environment) = (source.way(), source.len(130).max(1), source.byte());
    let hard: Vec<_> = (0..1 + source.below(8))
        .map(|_| (source.below(len), source.below(3), hard::<T>(&mut source)))
        .collect();
    let mut values = source.values::<T>();
    let [mut a, mut b, out] = layouts.map(|layout| values.operand(layout, len, 0));
    // Ordinary numbers around them, so that one lane has to be noticed alone.
    for operand in [&mut a, &mut b] {
        operand
            .elements_mut()
            .fill_with(|| values.random().ordinary());
    }
    for (i, component, quadruple) in &hard {
        let spare = [0; 2].map(|_| values.next());
        let (first, second) = vectors(*quadruple, *component, spare);
        a.set(*i, first);
        b.set(*i, second);
    }

    let mut expected = out.clone();
    for i in 0..len {
        let (u, v) = (a.get(i), b.get(i));
        let component = |i: usize, j: usize| nearest([u[i], v[j], u[j], v[i]]);
        let exact = [component(1, 2), component(2, 0), component(0, 1)];
        let defined = reference::cross(u, v, Accuracy::CorrectlyRounded);
        for k in 0..3 {
            let same = defined[k].bits() == exact[k].bits();
            assert!(
                same,
                "{u:?} × {v:?} is {exact:?}, by the definition {defined:?}"
            );
        }
        expected.set(i, exact);
    }
    way.at_every_level(Accuracy::CorrectlyRounded, |engine| {
        let mut got = out.clone();
        in_environment(environment, || multiply(engine, &a, &b, &mut got));
        let context = (engine, layouts, environment, &hard);
        got.assert_same(&expected, Accuracy::CorrectlyRounded, &context);
    });
}

fn multiply<T: Float + Element>(
    engine: Engine,
    a: &Operand<T>,
    b: &Operand<T>,
    out: &mut Operand<T>,
) {
    let result = engine.cross(a.view(), b.view(), out.view_mut());
    result.expect("operands of equal lengths");
}

/// Runs `work` with flush-to-zero, another rounding mode or traps, if the byte says so and such things are known here.
fn in_environment(which: u8, work: impl FnOnce()) {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    {
        use crate::support::environment::{register::OTHERS, within};
        if let Some(other) = OTHERS.get(usize::from(which)) {
            let ((), after) = within(*other, work);
            // Exceptions that were noted are not of it.
            return assert_eq!(
                after & !0x3f,
                *other & !0x3f,
                "the caller's environment is back"
            );
        }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = which;
    work();
}
