//! What is derived from a cross product, in arbitrary precision: polynomials exactly, the rest to [`crate::big::DIGITS`] bits.
//!
//! Written from the definitions, not from the formulas of a library: gradients are checked against differences here.

use crate::big::Big;

/// A vector of numbers.
pub type Vector = [Big; 3];

fn map(v: &Vector, f: impl Fn(&Big) -> Big) -> Vector {
    [f(&v[0]), f(&v[1]), f(&v[2])]
}

/// a·b.
pub fn dot(a: &Vector, b: &Vector) -> Big {
    &a[0] * &b[0] + &a[1] * &b[1] + &a[2] * &b[2]
}

/// a × b.
pub fn cross(a: &Vector, b: &Vector) -> Vector {
    [
        &a[1] * &b[2] - &a[2] * &b[1],
        &a[2] * &b[0] - &a[0] * &b[2],
        &a[0] * &b[1] - &a[1] * &b[0],
    ]
}

/// a + b.
pub fn plus(a: &Vector, b: &Vector) -> Vector {
    [&a[0] + &b[0], &a[1] + &b[1], &a[2] + &b[2]]
}

/// a − b.
pub fn minus(a: &Vector, b: &Vector) -> Vector {
    [&a[0] - &b[0], &a[1] - &b[1], &a[2] - &b[2]]
}

/// k·v.
pub fn times(v: &Vector, k: &Big) -> Vector {
    map(v, |x| (x * k).cut())
}

/// v / k, or zero if that is zero.
pub fn over(v: &Vector, k: &Big) -> Vector {
    map(v, |x| {
        if k.is_zero() {
            Big::integer(0)
        } else {
            x.over(k)
        }
    })
}

/// |v|.
pub fn norm(v: &Vector) -> Big {
    dot(v, v).sqrt()
}

/// v / |v|, or zero.
pub fn unit(v: &Vector) -> Vector {
    over(v, &norm(v))
}

/// The angle between a and b.
pub fn angle(a: &Vector, b: &Vector) -> Big {
    Big::atan2(&norm(&cross(a, b)), &dot(a, b))
}

/// a·(b × c).
pub fn scalar_triple(a: &Vector, b: &Vector, c: &Vector) -> Big {
    dot(a, &cross(b, c))
}

/// The gradients of |a × b|, times g.
pub fn cross_norm_vjp(a: &Vector, b: &Vector, g: &Big) -> [Vector; 2] {
    let n = unit(&cross(a, b));
    [times(&cross(b, &n), g), times(&cross(&n, a), g)]
}

/// The gradients of g·n for the unit normal n of a and b.
pub fn unit_normal_vjp(a: &Vector, b: &Vector, g: &Vector) -> [Vector; 2] {
    let c = cross(a, b);
    let (n, length) = (unit(&c), norm(&c));
    // What of g is perpendicular to n.
    let across = minus(g, &times(&n, &dot(&n, g)));
    let dc = over(&across, &length);
    [cross(b, &dc), cross(&dc, a)]
}

/// The gradients of the angle between a and b, times g.
pub fn angle_vjp(a: &Vector, b: &Vector, g: &Big) -> [Vector; 2] {
    let n = unit(&cross(a, b));
    [
        times(&over(&cross(a, &n), &dot(a, a)), g),
        times(&over(&cross(&n, b), &dot(b, b)), g),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;
    use crate::random::Random;

    fn vector(random: &mut Random) -> Vector {
        [0; 3].map(|_| {
            let x = random.significand(53) as i64;
            let x = if random.significand(2) & 1 == 0 {
                x
            } else {
                -x
            };
            Big::integer(x) * Big::power_of_two(-52)
        })
    }

    /// How far x is from y, in powers of two of y.
    fn distance(x: &Big, y: &Big) -> i64 {
        (x - y).log2() - y.log2()
    }

    #[test]
    fn arcs_are_those_that_are_known() {
        let [zero, one, minus_one] = [0, 1, -1].map(Big::integer);
        let pi = Big::pi();
        let digits = "3.14159265358979323846264338327950288419716939937510";
        let mut scaled = pi.clone();
        let mut text = String::new();
        for k in 0..=50 {
            let digit = scaled.to_f64() as i64;
            // A digit that the rounding to f64 would reach is one of the next.
            text += &digit.to_string();
            if k == 0 {
                text.push('.');
            }
            scaled = (scaled - Big::integer(digit)) * Big::integer(10);
        }
        assert_eq!(text, digits);
        let quarter = pi.over(&Big::integer(4));
        assert!(distance(&Big::atan2(&one, &one), &quarter) < -280, "π/4");
        assert!(
            distance(&Big::atan2(&one, &minus_one), &(&pi - &quarter)) < -280,
            "3π/4"
        );
        assert!(
            distance(&Big::atan2(&one, &zero), &(&quarter + &quarter)) < -280,
            "π/2"
        );
        assert!(distance(&Big::atan2(&zero, &minus_one), &pi) < -280, "π");
        assert!(Big::atan2(&zero, &one).is_zero(), "0");
        let third = Big::atan2(&Big::integer(3).sqrt(), &one);
        assert!(distance(&third, &pi.over(&Big::integer(3))) < -280, "π/3");
        // δ − δ³/3 + δ⁵/5
        let tiny = Big::power_of_two(-50);
        let power = |k| Big::power_of_two(-50 * k).over(&Big::integer(k));
        let series = power(1) - power(3) + power(5);
        assert!(distance(&Big::atan2(&tiny, &one), &series) < -280, "tiny");
    }

    #[test]
    fn roots_and_quotients_are_right_to_all_digits() {
        for n in 1..200 {
            let n = Big::integer(n * n * n + 1) * Big::power_of_two(n % 7);
            let root = n.sqrt();
            assert!(distance(&(&root * &root), &n) < -280, "{n:?}");
            let third = n.over(&Big::integer(3));
            assert!(distance(&(third * Big::integer(3)), &n) < -280, "{n:?}");
        }
    }

    /// The gradient of f at x, by central differences.
    fn differences(f: impl Fn(&Vector) -> Big, x: &Vector) -> Vector {
        let h = Big::power_of_two(-90);
        [0, 1, 2].map(|k| {
            let (mut above, mut below) = (x.clone(), x.clone());
            above[k] = &above[k] + &h;
            below[k] = &below[k] - &h;
            (f(&above) - f(&below)).over(&(&h + &h))
        })
    }

    #[track_caller]
    fn assert_near(gradient: &Vector, differences: &Vector) {
        let error = norm(&minus(gradient, differences));
        let near = error.log2() < norm(differences).log2() - 120;
        assert!(
            near,
            "{:?}",
            [gradient, differences].map(|v| map(v, Big::clone).map(|x| x.to_f64()))
        );
    }

    #[test]
    fn gradients_are_derivatives() {
        for index in 0..50 {
            let random = &mut Random::new(Class::Uniform, 1, index);
            let [a, b, g] = [0; 3].map(|_| vector(random));
            let one = Big::integer(1);
            let [da, db] = cross_norm_vjp(&a, &b, &one);
            assert_near(&da, &differences(|a| norm(&cross(a, &b)), &a));
            assert_near(&db, &differences(|b| norm(&cross(&a, b)), &b));
            let [da, db] = unit_normal_vjp(&a, &b, &g);
            assert_near(&da, &differences(|a| dot(&unit(&cross(a, &b)), &g), &a));
            assert_near(&db, &differences(|b| dot(&unit(&cross(&a, b)), &g), &b));
            let [da, db] = angle_vjp(&a, &b, &one);
            assert_near(&da, &differences(|a| angle(a, &b), &a));
            assert_near(&db, &differences(|b| angle(&a, b), &b));
            // Of a × b and a·(b × c).
            assert_near(&cross(&b, &g), &differences(|a| dot(&cross(a, &b), &g), &a));
            assert_near(&cross(&g, &a), &differences(|b| dot(&cross(&a, b), &g), &b));
            assert_near(
                &cross(&a, &b),
                &differences(|g| scalar_triple(&a, &b, g), &g),
            );
            // Twice: with v upstream of b × g, for b and g.
            let v = vector(random);
            assert_near(&cross(&g, &v), &differences(|b| dot(&cross(b, &g), &v), &b));
            assert_near(&cross(&v, &b), &differences(|g| dot(&cross(&b, g), &v), &g));
        }
    }
}
