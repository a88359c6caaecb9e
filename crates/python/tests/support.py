"""What the tests share: comparison of bits, exact arithmetic, the formulas of the operations, and random operands."""

import contextlib
import os
import pathlib
import subprocess
import sys
import warnings
from fractions import Fraction
from math import inf, ldexp, nan

import crosslane
import numpy as np

# Bytes of one operand from which the work is split over threads.
LARGE = 8 << 20


def same_bits(got, expected):
    """Whether two arrays have the same type, shape and bits. Any NaN equals any NaN."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return False
    if got.dtype.kind == "O":
        pairs = zip(got.ravel(), expected.ravel(), strict=True)
        return all(type(x) is type(y) and (x == y or (x != x and y != y)) for x, y in pairs)
    if got.dtype.kind == "c":
        return same_bits(got.real, expected.real) and same_bits(got.imag, expected.imag)
    if got.dtype.kind != "f":
        return bool((got == expected).all())
    equal = (got == expected) & (np.signbit(got) == np.signbit(expected))
    return bool((equal | (np.isnan(got) & np.isnan(expected))).all())


def kind_of_error(error):
    """The class of an error; for a private class of NumPy, its first public ancestor."""
    return next(kind for kind in type(error).__mro__ if "._" not in kind.__module__)


def outcome(function, *args, **keywords):
    """What a function returns and None, or None and the kind of its error. Its floating-point warnings are silenced."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function(*args, **keywords), None
        except Exception as error:  # noqa: BLE001 - its kind is compared
            return None, kind_of_error(error)


@contextlib.contextmanager
def recorded_warnings():
    """The texts of the RuntimeWarnings that the block gives."""
    texts = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    texts.extend(str(w.message) for w in caught if w.category is RuntimeWarning)


@contextlib.contextmanager
def unchanged(*arrays):
    """Fails if the bytes of the memory under one of the arrays differ after the block."""
    bases = [whole(array) for array in arrays]
    before = [base.tobytes() for base in bases]
    yield
    for base, saved in zip(bases, before, strict=True):
        assert base.tobytes() == saved, "memory was written"


def whole(array):
    """The array that owns the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def python(*arguments, timeout=60, **keywords):
    """Runs a Python that has the same modules as this one, and in whose environment no number of threads is set."""
    variables = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    paths = [str(pathlib.Path(__file__).parent), *filter(None, sys.path)]
    variables |= {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"} | keywords.pop("variables", {})
    return subprocess.run([sys.executable, *arguments], env=variables, capture_output=True, timeout=timeout, check=False, **keywords)


# Exact arithmetic.


def nearest(value, dtype):
    """The number of a floating-point type that is nearest to a fraction; of two that are, the even one."""
    info = np.finfo(dtype)
    magnitude = abs(value)
    if magnitude == 0:
        return 0.0
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    quantum = max(exponent, int(info.minexp)) - int(info.nmant)
    multiple = round(magnitude / Fraction(2) ** quantum)  # ties to even
    overflows = multiple * Fraction(2) ** quantum > Fraction(float(info.max))
    result = inf if overflows else ldexp(multiple, quantum)
    return -result if value < 0 else result


def exact_difference(p, q, r, s, dtype):
    """p·q − r·s without an error, then rounded once. Infinite products and zeros follow IEEE 754."""
    p, q, r, s = map(float, (p, q, r, s))
    finite = np.isfinite([p, q, r, s]).all()
    value = Fraction(p) * Fraction(q) - Fraction(r) * Fraction(s) if finite else None
    if value:
        return nearest(value, dtype)
    if finite:  # exactly zero: −0 only for (−0) − (+0)
        zeros = (p == 0 or q == 0) and (r == 0 or s == 0)
        return np.copysign(0.0, p) * np.copysign(1.0, q) - np.copysign(0.0, r) * np.copysign(1.0, s) if zeros else 0.0
    if nan in (p, q, r, s) or any(x != x for x in (p, q, r, s)):
        return nan
    left, right = (x * y if not np.isfinite([x, y]).all() else 0.0 for x, y in ((p, q), (r, s)))
    return left - right


def exact_cross(a, b):
    """a × b along the last axis, each component exact and then rounded once."""
    a, b = np.broadcast_arrays(a, b)
    dtype = np.promote_types(a.dtype, b.dtype)
    a, b = a.astype(dtype), b.astype(dtype)
    c = np.empty(a.shape, dtype)
    with np.errstate(all="ignore"):
        for k in np.ndindex(a.shape[:-1]):
            (ax, ay, az), (bx, by, bz) = a[k], b[k]
            c[k] = [
                exact_difference(ay, bz, az, by, dtype),
                exact_difference(az, bx, ax, bz, dtype),
                exact_difference(ax, by, ay, bx, dtype),
            ]
    return c


# The formulas.


def times(scalar, vector):
    return scalar[..., None] * vector


def length(vector):
    return np.sqrt((vector * vector).sum(-1))


def normal(a, b):
    """n, |a × b|, and how many times a rounding of a or b shows in n: |a||b| / |a × b|."""
    c = np.cross(a, b)
    return times(1 / length(c), c), length(c), length(a) * length(b) / length(c)


def _angle_vjp(a, b, g):
    n, _, condition = normal(a, b)
    scale = abs(g) * condition
    return [
        (times(g / length(a) ** 2, np.cross(a, n)), scale / length(a)),
        (times(g / length(b) ** 2, np.cross(n, b)), scale / length(b)),
    ]


def _cross_norm_vjp(a, b, g):
    n, _, condition = normal(a, b)
    scale = abs(g) * condition
    return [(times(g, np.cross(b, n)), scale * length(b)), (times(g, np.cross(n, a)), scale * length(a))]


def _unit_normal_vjp(a, b, g):
    n, area, condition = normal(a, b)
    across = times(1 / area, np.cross(np.cross(n, g), n))
    scale = length(g) / area * condition
    return [(np.cross(b, across), scale * length(b)), (np.cross(across, a), scale * length(a))]


def _cross_jvp(a, b, da, db):
    return np.cross(da, b) + np.cross(a, db), length(da) * length(b) + length(a) * length(db)


def _product(*factors):
    """The lengths of vectors, multiplied."""
    result = length(factors[0])
    for factor in factors[1:]:
        result = result * length(factor)
    return result


# Of each operation and output: the value, and the scale of what can be lost in it, which is its greatest possible size (times
# how badly the direction of the normal is conditioned).
FORMULAS = {
    "cross": lambda a, b: [(np.cross(a, b), _product(a, b))],
    "dot": lambda a, b: [((a * b).sum(-1), _product(a, b))],
    "cross_norm": lambda a, b: [(length(np.cross(a, b)), _product(a, b))],
    "unit_normal": lambda a, b: [(normal(a, b)[0], normal(a, b)[2])],
    "angle": lambda a, b: [(np.arctan2(length(np.cross(a, b)), (a * b).sum(-1)), 1 + 0 * _product(a, b))],
    "scalar_triple": lambda a, b, c: [((a * np.cross(b, c)).sum(-1), _product(a, b, c))],
    "vector_triple": lambda a, b, c: [(np.cross(a, np.cross(b, c)), _product(a, b, c))],
    "gated_cross": lambda gate, a, b: [(times(gate, np.cross(a, b)), abs(gate) * _product(a, b))],
    "cross_jvp": lambda *inputs: [_cross_jvp(*inputs)],
    "cross_vjp": lambda a, b, g: [(np.cross(b, g), _product(b, g)), (np.cross(g, a), _product(g, a))],
    "cross_vjp_vjp": lambda a, b, g, va, vb: [
        (np.cross(vb, g), _product(vb, g)),
        (np.cross(g, va), _product(g, va)),
        _cross_jvp(a, b, va, vb),
    ],
    "dot_vjp": lambda a, b, g: [(times(g, b), abs(g) * length(b)), (times(g, a), abs(g) * length(a))],
    "cross_norm_vjp": _cross_norm_vjp,
    "unit_normal_vjp": _unit_normal_vjp,
    "angle_vjp": _angle_vjp,
    "scalar_triple_vjp": lambda a, b, c, g: [
        (times(g, np.cross(b, c)), abs(g) * _product(b, c)),
        (times(g, np.cross(c, a)), abs(g) * _product(c, a)),
        (times(g, np.cross(a, b)), abs(g) * _product(a, b)),
    ],
    "vector_triple_vjp": lambda a, b, c, g: [
        (np.cross(np.cross(b, c), g), _product(b, c, g)),
        (np.cross(c, np.cross(g, a)), _product(c, g, a)),
        (np.cross(np.cross(g, a), b), _product(g, a, b)),
    ],
    "gated_cross_vjp": lambda gate, a, b, g: [
        ((g * np.cross(a, b)).sum(-1), _product(g, a, b)),
        (times(gate, np.cross(b, g)), abs(gate) * _product(b, g)),
        (times(gate, np.cross(g, a)), abs(gate) * _product(g, a)),
    ],
}

# What a formula can lose, in units of u (half an ulp of 1) times its scale. A component of a cross product loses 2 u (|p| + |q|),
# the vector 4 u |a||b|; a direction twice that times its condition, and 4 u; no formula has more than two directions, two more
# products and a division on its way: 2·8 + 2·4 + 4 + 4.
LOSS = 32


def expected(operation, inputs, axis=-1):
    """For each output its value in long double, and by how much the result may differ from it (without the factor u)."""
    vectors = [kind == "vector" for _, kind in operation.inputs]
    long = [np.asarray(x, np.longdouble) for x in inputs]
    long = [np.moveaxis(x, axis, -1) if is_vector else x for x, is_vector in zip(long, vectors, strict=True)]
    results = []
    for k, (value, scale) in enumerate(FORMULAS[operation.name](*long)):
        is_vector = operation.outputs[k][1] == "vector"
        value = np.asarray(value)
        terms = 1
        if operation.is_gradient:
            value, scale = np.broadcast_to(value, scale.shape + (3,) * is_vector), np.asarray(scale)
            shape = long[k].shape
            terms = value.size // max(1, int(np.prod(shape)))
            value, scale = sum_to(value, shape), sum_to(scale, shape[:-1] if is_vector else shape)
        bound = (LOSS + np.log2(max(terms, 1)) + 1) * scale
        bound = bound[..., None] if is_vector else bound
        if is_vector:
            value, bound = np.moveaxis(value, -1, axis), np.moveaxis(bound, -1, axis)
        results.append((value, bound))
    return results


def sum_to(array, shape):
    """Sums over the axes along which an operand of this shape was repeated."""
    added = array.ndim - len(shape)
    repeated = tuple(k for k, n in enumerate(shape) if n == 1 and array.shape[added + k] != 1)
    array = array.sum(tuple(range(added)))
    return array.sum(repeated, keepdims=True) if repeated else array


def unit_roundoff(dtype):
    return np.finfo(dtype).eps / 2


# Random operands.

# The shapes of batches; operand k has the one at k modulo their number.
BATCHES = [
    ((),),
    ((1,),),
    ((33,),),
    ((4, 5),),
    ((4, 1), (5,)),
    ((), (6,)),
    ((3, 1, 2), (4, 1), (1,)),
    ((0,), (1,)),
    ((1000,), ()),
]


def batches_of(operation, batches):
    """The shape of the batch of each input: g has that which all others are broadcast to, va that of a, vb that of b."""
    names = [name for name, _ in operation.inputs]
    shapes = {name: batches[k % len(batches)] for k, name in enumerate(names)}
    if operation.is_gradient:
        shapes.update({name: shapes[name[1:]] for name in names if name in ("va", "vb")})
        shapes["g"] = np.broadcast_shapes(*(shape for name, shape in shapes.items() if name != "g"))
    return [shapes[name] for name in names]


def operands(rng, operation, batches, dtype, axis=-1):
    """Random inputs of moderate size, in no special position."""
    inputs = []
    for (_, kind), shape in zip(operation.inputs, batches_of(operation, batches), strict=True):
        values = rng.standard_normal(shape + (3,) * (kind == "vector")).astype(dtype)
        inputs.append(np.moveaxis(values, -1, axis) if kind == "vector" else values)
    return inputs


def first_vector(operation):
    """Which input is the first of vectors."""
    return [kind for _, kind in operation.inputs].index("vector")


def with_first_vector(operation, inputs, other):
    """The inputs with another in place of the first of vectors."""
    k = first_vector(operation)
    return [*inputs[:k], other, *inputs[k + 1 :]]


def outputs(result):
    """The outputs of an operation as a tuple."""
    return result if isinstance(result, tuple) else (result,)


def call(operation, *inputs, **keywords):
    return getattr(crosslane, operation.name)(*inputs, **keywords)


def named(operations):
    """Parameters for pytest."""
    return {"argvalues": operations, "ids": [operation.name for operation in operations]}


OPERATIONS = list(crosslane.operations())
GRADIENTS = [operation for operation in OPERATIONS if operation.is_gradient]
VALUES = [operation for operation in OPERATIONS if not operation.is_gradient]
