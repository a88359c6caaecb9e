"""accuracy="correctly-rounded" gives the nearest number to the exact result, on cases that are hard to round."""

from fractions import Fraction

import crosslane
import numpy as np
import pytest
from support import exact_cross, exact_difference, length, nearest, same_bits, times, unit_roundoff

SEED = 31
N = 300
EXACT = {"accuracy": "correctly-rounded"}


def cancelling(rng, dtype):
    """Nearly parallel vectors: b is a times a number, rounded, and a few units in the last place more or less."""
    a = rng.standard_normal((N, 3)).astype(dtype)
    b = (a * rng.standard_normal((N, 1)).astype(dtype)).astype(dtype)
    ulps = rng.integers(-2, 3, (N, 3)).astype(dtype)
    return a, (b + ulps * np.spacing(b)).astype(dtype)


def odd(rng, dtype, shape):
    """Integers that need every bit of the significand."""
    digits = np.finfo(dtype).nmant
    return (2**digits + 2 * rng.integers(0, 2 ** (digits - 1), shape) + 1).astype(dtype)


def near_one(rng, dtype):
    """1, and the numbers before and after it: the product of these two is 1 − ε², which is rounded to 1."""
    return rng.choice(np.array([1, 1 - np.finfo(dtype).eps, 1 + np.finfo(dtype).eps], dtype), N)


def ties(rng, dtype):
    """2m ± 1 for an odd m of full length, which is between two neighbours, and what is just beside it: 1 is a product near 1."""
    a, b = np.ones((2, N, 3), dtype)
    a[:, :2] = odd(rng, dtype, (N, 2)) * rng.choice([-1, 1], (N, 2)).astype(dtype)
    a[:, 2] = near_one(rng, dtype)
    b[:, 0], b[:, 1] = near_one(rng, dtype), -near_one(rng, dtype)
    b[:, 2] = 2
    return scaled(rng, a, b, -4, 0)


def scaled(rng, a, b, least, greatest):
    """Vectors times powers of two, whose exponents together are in this range."""
    exponent = rng.integers(least, greatest + 1, (N, 1))
    return np.ldexp(a, exponent // 2), np.ldexp(b, exponent - exponent // 2)


def subnormal(rng, dtype):
    """Results among the subnormal numbers, ties among them."""
    least = int(np.finfo(dtype).minexp)
    half = N // 2
    a, b = (np.concatenate([x[:half], y[half:]]) for x, y in zip(ties(rng, dtype), cancelling(rng, dtype), strict=True))
    digits = int(np.finfo(dtype).nmant)
    return scaled(rng, a, b, least - 2 * digits - 4, least + 2)


def overflowing(rng, dtype):
    """Products beyond the greatest number, and differences on both sides of it."""
    greatest = int(np.finfo(dtype).maxexp)
    a, b = rng.uniform(0.5, 2, (2, N, 3)).astype(dtype) * rng.choice([-1, 1], (2, N, 3)).astype(dtype)
    return scaled(rng, a, b, greatest - 2, greatest + 1)


def edge_of_overflow(rng, dtype):
    """Results that are the greatest number, half a unit more (a tie, infinite), and just less than that."""
    info = np.finfo(dtype)
    a, b = np.zeros((2, N, 3), dtype)
    ulp = np.ldexp(dtype(1), int(info.maxexp) - int(info.nmant) - 1)
    a[:, 1], b[:, 2] = info.max / 4, 4  # the greatest number, plus half a unit or something near it
    a[:, 2] = -ulp / 2 * near_one(rng, dtype)
    b[:, 1] = rng.choice(np.array([0, 0.5, 1, 2, -1, -2], dtype), N) * near_one(rng, dtype)
    return a, b


def special(rng, dtype):
    """Zeros of both signs, infinities, NaN, the least and greatest numbers."""
    info = np.finfo(dtype)
    numbers = np.array([0, 1, np.inf, np.nan, info.max, info.tiny, info.smallest_subnormal, 3, 0, 0, 1, 1], dtype)
    a, b = rng.choice(numbers, (2, N, 3)) * rng.choice([-1, 1], (2, N, 3)).astype(dtype)
    return a, b


def any_exponents(rng, dtype):
    """Components from the least to the greatest exponents."""
    info = np.finfo(dtype)
    a, b = np.ldexp(rng.standard_normal((2, N, 3)).astype(dtype), rng.integers(info.minexp, info.maxexp, (2, N, 3)))
    return a, b


CASES = [cancelling, ties, subnormal, overflowing, edge_of_overflow, special, any_exponents]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_hard_cases_equal_exact_arithmetic(case, dtype):
    with np.errstate(all="ignore"):
        a, b = case(np.random.default_rng(SEED), dtype)
        plain = np.cross(a, b)
    assert a.dtype == b.dtype == dtype
    expected = exact_cross(a, b)
    if case in (cancelling, ties, subnormal, edge_of_overflow, overflowing):
        assert not same_bits(plain, expected), "these cases are not hard"
    got = crosslane.cross(a, b, **EXACT)
    wrong = [k for k in range(N) if not same_bits(got[k], expected[k])]
    assert not wrong, [(a[k].tolist(), b[k].tolist(), got[k], expected[k]) for k in wrong[:3]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layout_and_length_is_rounded_alike(dtype):
    a, b = cancelling(np.random.default_rng(SEED), dtype)
    expected = exact_cross(a, b)
    columns = crosslane.cross(np.ascontiguousarray(a.T), np.ascontiguousarray(b.T), axis=0, **EXACT)
    assert same_bits(columns.T, expected)
    for n in [*range(40), 127]:
        assert same_bits(crosslane.cross(a[:n], b[:n], **EXACT), expected[:n])
        assert same_bits(crosslane.cross(a[n::-1], b[n::-1], **EXACT), expected[n::-1])
    assert same_bits(crosslane.cross(a[:50, None], b[0], **EXACT)[:, 0], exact_cross(a[:50], b[:1]))
    assert same_bits(crosslane.cross_vjp(a, b, b, **EXACT)[1], exact_cross(b, a))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_vector_times_itself_is_positive_zero(dtype):
    zero = np.zeros((N, 3), dtype)
    for case in CASES:
        with np.errstate(all="ignore"):
            a, _ = case(np.random.default_rng(SEED), dtype)
        a = np.where(np.isfinite(a) & (a != 0), a, dtype(1))  # (−0)·0 − 0·0 is −0
        assert same_bits(crosslane.cross(a, a, **EXACT), zero), case


def test_example_of_the_documentation():
    a, b = [0.0, 1 + 2.0**-30, 1], [0.0, 1, 1 - 2.0**-30]
    assert crosslane.cross(a, b)[0] == 0
    assert crosslane.cross(a, b, **EXACT)[0] == -(2.0**-60)


def nearly_parallel(rng):
    """Integers of 20 bits and nearly 8 times them, so that products and differences are exact in long double, and in double too."""
    a = rng.integers(-(2**20), 2**20, (N, 3))
    b = 8 * a + rng.integers(-2, 3, (N, 3))
    parallel = (np.cross(a, b) == 0).all(-1)
    return a[~parallel], b[~parallel]


def test_what_is_derived_from_nearly_parallel_vectors_is_within_its_bounds():
    """Bounds of the library's documentation, in units of u: 1.9, 2.6 (each component) and 3.3."""
    a, b = nearly_parallel(np.random.default_rng(SEED))
    c = np.cross(a, b).astype(np.longdouble)
    u = unit_roundoff("f4")
    single = a.astype("f4"), b.astype("f4")
    assert (abs(crosslane.cross_norm(*single, **EXACT) - length(c)) <= 1.9 * u * length(c)).all()
    assert (abs(crosslane.unit_normal(*single, **EXACT) - times(1 / length(c), c)) <= 2.6 * u).all()
    angle = np.arctan2(length(c), (a * b).sum(-1).astype(np.longdouble))
    assert (abs(crosslane.angle(*single, **EXACT) - angle) <= 3.3 * u * angle).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dot_product_is_within_a_trace_of_the_nearest_number(dtype):
    """Where the terms are not 10¹² times the sum: half an ulp, and 2⁻¹⁰ of one."""
    rng = np.random.default_rng(SEED)
    a, b = rng.standard_normal((2, N, 3)).astype(dtype)
    b[:, 2] = (-(a * b)[:, :2].sum(-1) / a[:, 2] * rng.uniform(0.999, 1.001, N)).astype(dtype)
    got = crosslane.dot(a, b, **EXACT)
    for x, y, z in zip(a, b, got, strict=True):
        exact = sum(Fraction(float(p)) * Fraction(float(q)) for p, q in zip(x, y, strict=True))
        half_ulp = Fraction(float(np.spacing(abs(dtype(nearest(exact, dtype)))))) / 2
        assert abs(Fraction(float(z)) - exact) <= half_ulp * (1 + Fraction(1, 1024))


def test_the_rounding_here_is_that_of_numpy():
    """What these tests compare with: fractions rounded to float16 and float32 as NumPy rounds float64."""
    rng = np.random.default_rng(SEED)
    for dtype in (np.float16, np.float32, np.float64):
        with np.errstate(all="ignore"):
            random = np.frombuffer(rng.bytes(2000 * np.dtype(dtype).itemsize), dtype).astype("f8")
            between = random * (1 + rng.integers(-3, 4, 2000) * 2.0**-30)
            halves = (random + np.nextafter(random.astype(dtype), dtype(0)).astype("f8")) / 2
            for x in (*random, *between, *halves):
                if np.isfinite(x):
                    assert same_bits(dtype(nearest(Fraction(float(x)), dtype)), dtype(x)) or x == 0


def test_the_zeros_here_are_those_of_ieee_754():
    numbers = [0.0, -0.0, 1.0, -1.0, 2.0]
    for p in numbers:
        for q in numbers:
            for r in numbers:
                for s in numbers:
                    assert same_bits(exact_difference(p, q, r, s, np.float64), np.float64(p * q - r * s))
