"""crosslane.cross and crosslane.linalg.cross give what NumPy's functions of these names give, on thousands of random calls."""

import inspect
import warnings
from fractions import Fraction

import crosslane
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from support import exact_cross, kind_of_error, outcome, same_bits, whole

CALLS = 3000
CALLS_PER_TEST = 100

COMMON = ["f4", "f8", "f4", "f8", "f2"]
INTEGERS = list("bBhHiIlLqQ")
OTHER = [">f8", ">f4", ">f2", ">i4", ">u2", "g", "F", "D", ">c16", "G", "O", "?", "S3", "U2", "m8[s]", "M8[D]", "V8"]


def values(rng, dtype, shape, tame):
    """Random values; tame ones are finite and far from overflow."""
    native = np.dtype(dtype).newbyteorder("=")
    if native.kind in "iu" or (native.kind == "f" and native.itemsize <= 8 and not tame and rng.random() < 0.5):
        return np.frombuffer(rng.bytes(int(np.prod(shape)) * native.itemsize), native).reshape(shape).astype(dtype)
    if native.kind in "fc":
        real = rng.standard_normal(shape) * 2.0 ** rng.integers(-4, 5)
        imaginary = 1j * rng.standard_normal(shape) if native.kind == "c" else 0
        result = (real + imaginary).astype(dtype)
        if not tame and result.size and rng.random() < 0.3:
            result.flat[rng.integers(result.size)] = rng.choice([0.0, -0.0, np.inf, -np.inf, np.nan])
        return result
    if native.kind == "O":
        result = np.array([Fraction(int(n), 7) if n % 3 else int(n) for n in rng.integers(-99, 99, int(np.prod(shape)))], object)
        return result.reshape(shape)
    return rng.integers(0, 2, shape).astype(dtype)


def laid_out(rng, array):
    """The same values elsewhere in memory: reversed, stepped, transposed, misaligned, as a subclass or a list."""
    way = rng.choice(["whole", "fortran", "reversed", "stepped", "misaligned", "readonly", "subclass", "masked", "list", "tuple"])
    axis = rng.integers(array.ndim) if array.ndim else 0
    if way == "fortran":
        return np.asfortranarray(array)
    if way == "reversed" and array.ndim:
        return np.flip(np.flip(array, axis).copy(), axis)
    if way == "stepped" and array.ndim:
        room = np.repeat(array, 3, axis)
        return room[(slice(None),) * axis + (slice(1, None, 3),)]
    if way == "misaligned" and array.dtype.kind != "O" and array.size:
        room = np.zeros(array.nbytes + 1, "u1")
        result = room[1:].view(array.dtype).reshape(array.shape)
        result[...] = array
        return result
    if way == "readonly":
        array = array.copy()
        array.flags.writeable = False
    if way == "subclass":
        return array.view(Subclass)
    if way == "masked":
        return np.ma.array(array, mask=rng.random(array.shape) < 0.2)
    if way == "list" and array.dtype.kind in "fiuO":
        return array.tolist()
    if way == "tuple" and array.ndim and array.size:
        return tuple(array)
    return array


class Subclass(np.ndarray):
    """np.cross gives plain arrays of these."""


def batch_of(rng, batch):
    """A shape that is broadcast to that of the batch; one in fifty is not."""
    shape = [1 if rng.random() < 0.2 else n for n in batch[rng.integers(len(batch) + 1) if rng.random() < 0.3 else 0 :]]
    if shape and rng.random() < 0.02:
        shape[0] += 2
    return tuple(shape)


def random_operand(rng, dtype, batch, tame):
    """An operand and where its vectors are."""
    size = 3 if rng.random() < 0.94 else rng.choice([0, 1, 2, 2, 2, 4])
    batch = batch_of(rng, batch)
    axis = int(rng.integers(len(batch) + 1))
    shape = batch[:axis] + (int(size),) + batch[axis:]
    array = values(rng, dtype, shape, tame)
    if rng.random() < 0.1:  # repeated, with a stride of 0
        array = np.broadcast_to(array, (2,) + array.shape)
        axis += 1
    else:
        array = laid_out(rng, array)
    if rng.random() < 0.03:
        axis = int(rng.choice([5, -6]))
    elif rng.random() < 0.5:
        axis -= np.ndim(array)
    return array, axis


def random_call(rng):
    """The operands and the keywords of a call."""
    dtypes = rng.choice(COMMON + INTEGERS + OTHER, 2) if rng.random() < 0.6 else [rng.choice(COMMON + INTEGERS)] * 2
    tame = any(np.dtype(dtype).kind == "c" for dtype in dtypes)
    batch = tuple(int(n) for n in rng.choice([0, 1, 2, 3, 4, 5, 9], rng.integers(4), p=[0.03, 0.1, 0.2, 0.2, 0.2, 0.2, 0.07]))
    if rng.random() < 0.02:
        batch = (3000,)
    (a, axisa), (b, axisb) = (random_operand(rng, dtype, batch, tame) for dtype in dtypes)
    if rng.random() < 0.03:
        a = rng.choice([1, 2.5])
    keywords = {"axisa": axisa, "axisb": axisb}
    if rng.random() < 0.4:
        keywords["axisc"] = int(rng.integers(-4, 4))
    if rng.random() < 0.2:
        keywords["axis"] = rng.choice([axisa, np.int64(-1), 0, 1, 7], p=[0.6, 0.1, 0.1, 0.1, 0.1])
    if rng.random() < 0.02:
        keywords["axisb"] = [1.0, None, "x", (0,)][rng.integers(4)]
    return a, b, keywords


def promised(a, b, keywords, result):
    """The result that crosslane promises: that of np.cross, but for f2, which is rounded once."""
    if result is None or result.dtype != np.float16:
        return result
    axis = keywords.get("axis")
    axisa, axisb, axisc = (keywords.get(name, -1) if axis is None else axis for name in ("axisa", "axisb", "axisc"))
    a, b = np.moveaxis(np.asarray(a), axisa, -1), np.moveaxis(np.asarray(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        return result  # NumPy's own, for vectors of two components
    return np.moveaxis(exact_cross(a, b), -1, axisc)


def assert_same(got, result, of_complex=None):
    """The same type and shape, and bits where they are promised. Complex products are not rounded alike by all CPUs."""
    assert type(got) is np.ndarray and got.flags.writeable
    if result.dtype.kind == "c" and of_complex is not False:
        assert (got.dtype, got.shape) == (result.dtype, result.shape)
        # 2 complex products of 4 rounded ones and 3 differences, of components below 2⁸.
        assert (abs(got - result) <= 16 * np.finfo(result.dtype).eps * 2.0**16).all()
    else:
        assert same_bits(got, result)


def random_out(rng, result):
    """An array for the result, amid bytes that must stay, of its type or of one that it may be cast to."""
    wider = [dtype for dtype in ("f2", "f4", ">f8", "f8", "c16", "O", "g") if np.can_cast(result.dtype, dtype, "same_kind")]
    dtype = rng.choice(wider) if wider and rng.random() < 0.4 else result.dtype
    room = np.full([2 * n + 1 for n in result.shape], 77, "f8").astype(dtype)
    views = tuple(slice(2 * n - 1, None, -2) if rng.random() < 0.5 else slice(1, 2 * n, 2) for n in result.shape)
    return room[tuple(slice(0, 0) if n == 0 else view for n, view in zip(result.shape, views, strict=True))]


def assert_out(rng, a, b, keywords, result):
    out = random_out(rng, result)
    with np.errstate(all="ignore"):
        cast = result.astype(out.dtype.newbyteorder("="))
    returned, error = outcome(crosslane.cross, a, b, **keywords, out=out)
    assert error is None and returned is out
    assert_same(out.astype(cast.dtype), cast, of_complex=result.dtype.kind == "c")
    assert (whole(out) == 77).sum() >= whole(out).size - out.size, "what is beside out was written"


@pytest.mark.parametrize("first", range(0, CALLS, CALLS_PER_TEST))
def test_random_calls_give_what_numpy_gives(first):
    for seed in range(first, first + CALLS_PER_TEST):
        rng = np.random.default_rng(seed)
        a, b, keywords = random_call(rng)
        expected, expected_error = outcome(np.cross, a, b, **keywords)
        got, error = outcome(crosslane.cross, a, b, **keywords)
        try:
            assert error is expected_error
            if error is None:
                expected = promised(a, b, keywords, expected)
                assert_same(got, expected)
                if expected.ndim and rng.random() < 0.2 and 3 in expected.shape:
                    assert_out(rng, a, b, keywords, expected)
        except AssertionError as failure:
            failure.add_note(f"seed {seed}: cross({a!r}, {b!r}, {keywords})")
            raise


def test_random_calls_reach_every_kind_of_result():
    """The generator above is worth what it generates."""
    kinds, errors = set(), set()
    for seed in range(CALLS):
        a, b, keywords = random_call(np.random.default_rng(seed))
        result, error = outcome(np.cross, a, b, **keywords)
        kinds.add(result.dtype.char if error is None else None)
        errors.add(error)
    assert kinds >= set("bBhHiIlLefdgFDGO")
    assert errors >= {None, TypeError, ValueError, np.exceptions.AxisError, np.exceptions.DTypePromotionError}


def test_signature_begins_as_that_of_numpy():
    ours, numpys = (list(inspect.signature(cross).parameters.values()) for cross in (crosslane.cross, np.cross))
    assert [(x.name, x.default) for x in ours[:6]] == [(x.name, x.default) for x in numpys]
    a, b = np.random.default_rng(2).random((3, 4, 5)), np.random.default_rng(3).random((4, 5, 3))
    assert same_bits(crosslane.cross(a, b, 0, 2, 1), np.cross(a, b, 0, 2, 1))
    assert same_bits(crosslane.cross(a, a, 7, 7, 7, 0), np.cross(a, a, 7, 7, 7, 0))


@pytest.mark.parametrize("axis", [-1, 0, 1, 5, -5, 1.0, "x", True, np.int64(1), 2**70])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?", "O", "D", "g", "S3", ">f8"])
def test_linalg_cross_gives_what_numpy_gives(dtype, axis):
    rng = np.random.default_rng(7)
    three, others = (3,), [((2, 3), (3,)), ((2, 3, 4), (2, 3, 4)), ((3, 2), (3, 2)), ((2,), (3,)), ((), (3,)), ((0, 3), (1, 3))]
    for shape_a, shape_b in [(three, three), *others]:
        a, b = (values(rng, dtype, shape, tame=True) for shape in (shape_a, shape_b))
        expected, expected_error = outcome(np.linalg.cross, a, b, axis=axis)
        got, error = outcome(crosslane.linalg.cross, a, b, axis=axis)
        assert error is expected_error, (shape_a, shape_b)
        if error is None:
            assert_same(got, expected)


def test_linalg_cross_takes_operands_by_position_only():
    assert crosslane.linalg.cross([1, 2, 3], [4, 5, 6]).tolist() == [-3, 6, -3]
    with pytest.raises(TypeError):
        crosslane.linalg.cross(x1=[1, 2, 3], x2=[4, 5, 6])
    with pytest.raises(TypeError):
        crosslane.linalg.cross([1, 2, 3], [4, 5, 6], -1)


ELEMENTS = {
    "f4": npst.from_dtype(np.dtype("f4")),
    "f8": npst.from_dtype(np.dtype("f8")),
    "f2": npst.from_dtype(np.dtype("f2")),
    "i4": npst.from_dtype(np.dtype("i4")),
    ">f8": npst.from_dtype(np.dtype(">f8")),
}


@given(st.data())
def test_any_shapes_and_numbers_give_what_numpy_gives(data):
    shapes = data.draw(npst.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4, min_side=0))
    keywords, arrays = {}, []
    for name, batch in zip(("axisa", "axisb"), shapes.input_shapes, strict=True):
        axis = data.draw(st.integers(0, len(batch)))
        dtype = data.draw(st.sampled_from(sorted(ELEMENTS)))
        arrays.append(data.draw(npst.arrays(dtype, batch[:axis] + (3,) + batch[axis:], elements=ELEMENTS[dtype])))
        keywords[name] = axis
    keywords["axisc"] = data.draw(st.integers(-len(shapes.result_shape) - 1, len(shapes.result_shape)))
    expected, expected_error = outcome(np.cross, *arrays, **keywords)
    got, error = outcome(crosslane.cross, *arrays, **keywords)
    assert error is expected_error is None
    assert_same(got, promised(*arrays, keywords, expected))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 2, 3], (4.0, 5, 6)),
        ([[1, 2, 3]], np.float32([4, 5, 6])),
        ([2**70, 1, 2], [1, 2, 3]),
        ([Fraction(1, 3), 1, 2], [1, 2, 3]),
        ([True, False, True], [1, 2, 3]),
        ([1j, 2, 3], [1, 2, 3]),
        (range(3), memoryview(b"abc")),
        (np.ones((2, 3), "f4"), [1.0, 2.0, 3.0]),
        ([None] * 3, [1, 2, 3]),
        ([[1, 2, 3], [1]], [1, 2, 3]),
        ({1, 2, 3}, [1, 2, 3]),
        ("abc", [1, 2, 3]),
        (["a", "b", "c"], [1, 2, 3]),
        (None, None),
        (1.0, [1, 2, 3]),
        ([], [1, 2, 3]),
    ],
)
def test_python_objects_give_what_numpy_gives(a, b):
    expected, expected_error = outcome(np.cross, a, b)
    got, error = outcome(crosslane.cross, a, b)
    assert error is expected_error
    if error is None:
        assert_same(got, expected)


def test_np_cross_may_be_replaced(monkeypatch):
    """By crosslane's own, say: what is left to NumPy goes to the function that was there."""
    monkeypatch.setattr(np, "cross", crosslane.cross)
    monkeypatch.setattr(np.linalg, "cross", crosslane.linalg.cross)
    assert np.cross([1j, 2, 3], [4, 5, 6]).tolist() == [-3, 12 - 6j, 5j - 8]
    assert np.linalg.cross([1j, 2, 3], [4, 5, 6]).tolist() == [-3, 12 - 6j, 5j - 8]


@pytest.mark.parametrize(("a", "b"), [([1, 2], [3, 4]), ([1, 2], [3, 4, 5]), ([[1.0, 2.0, 3.0]], [3, 4])])
def test_vectors_of_two_components_are_what_they_are_in_this_numpy(a, b):
    """NumPy 2.0 to 2.4 warn of them, 2.5 refuses them."""
    seen = []
    for cross in (np.cross, crosslane.cross):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = cross(a, b)
                seen.append((result.tolist(), result.dtype, [w.category for w in caught]))
            except ValueError as error:
                seen.append(kind_of_error(error))
    assert seen[0] == seen[1]


def test_foreign_arrays_are_asked_as_np_cross_asks_them():
    class Foreign:
        def __array_function__(self, function, types, args, kwargs):
            return function, args[:2]

    foreign, plain = Foreign(), [1, 2, 3]
    assert crosslane.cross(foreign, plain) == (np.cross, (foreign, plain))
    assert crosslane.cross(plain, foreign, axis=0) == (np.cross, (plain, foreign))
    assert crosslane.linalg.cross(plain, foreign) == (np.linalg.cross, (plain, foreign))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "f2", ">f8", "D"])
@pytest.mark.parametrize("place", ["a", "b", "next", "reversed", "component"])
def test_out_may_overlap_the_inputs(dtype, place):
    rng = np.random.default_rng(3)
    room = rng.integers(-9, 9, (102, 3)).astype(dtype)
    a, b = room[:100], room[1:101]
    out = {"a": a, "b": b, "next": room[2:], "reversed": room[99::-1], "component": room.reshape(-1)[1:301].reshape(100, 3)}[place]
    expected = np.cross(a, b).astype(dtype)
    assert crosslane.cross(a, b, out=out) is out
    assert (out == expected).all()
