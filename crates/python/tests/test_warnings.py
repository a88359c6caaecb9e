"""Floating-point warnings and errors are those of a NumPy ufunc, whatever the size of the arrays and the number of threads."""

import warnings

import crosslane
import numpy as np
import pytest
from support import LARGE, recorded_warnings

FUNCTIONS = {"cross": crosslane.cross, "ufuncs.cross": crosslane.ufuncs.cross}
THREADS = [1, 2, 7]


def pair(case, dtype):
    """Two vectors of which the first component of the cross product, and no other one, raises one flag."""
    info = np.finfo(dtype)
    first, second = {"overflow": (info.max, 2), "invalid value": (np.inf, 0), "underflow": (info.tiny, info.tiny)}[case]
    return np.array([0, first, 0], dtype), np.array([0, 0, second], dtype)


def batch(case, dtype, n, place):
    """Ordinary vectors, and at one place those of the case."""
    a, b = np.random.default_rng(1).uniform(1, 2, (2, n, 3)).astype(dtype)
    if case:
        a[place], b[place] = pair(case, dtype)
    return a, b


def large(dtype):
    """How many vectors are split over threads, not a multiple of any width."""
    return LARGE // (3 * np.dtype(dtype).itemsize) + 101


def settings(case, action):
    return {"all": "ignore", {"overflow": "over", "invalid value": "invalid", "underflow": "under"}[case]: action}


CASES = ["overflow", "invalid value", "underflow"]


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("case", CASES)
def test_one_warning_for_each_call(case, dtype, function):
    for n in (1, 7, 64, 5000):
        for place in (0, n // 2, n - 1):
            a, b = batch(case, dtype, n, place)
            with np.errstate(**settings(case, "warn")), recorded_warnings() as texts:
                function(a, b)
            assert texts == [f"{case} encountered in cross"], (n, place)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("case", CASES)
def test_large_batches_warn_the_same_on_any_number_of_threads(case, dtype, function):
    n = large(dtype)
    out = np.empty((n, 3), dtype)
    for place in (0, n // 2, n - 1):
        a, b = batch(case, dtype, n, place)
        for threads in THREADS:
            with crosslane.threads(threads):
                with np.errstate(**settings(case, "warn")), recorded_warnings() as texts:
                    function(a, b, out=out)
                assert texts == [f"{case} encountered in cross"], (place, threads)
                with np.errstate(**settings(case, "raise")), pytest.raises(FloatingPointError, match=f"{case} encountered in cross"):
                    function(a, b, out=out)
                with np.errstate(all="ignore"), recorded_warnings() as texts:
                    function(a, b, out=out)
                assert texts == []


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_two_kinds_of_fault_are_two_warnings(dtype, function):
    """Far from each other, so that two threads meet one each. Which thread meets which is chance: hence many calls."""
    for n, calls in ((9, 1), (large(dtype), 100)):
        a, b = batch("overflow", dtype, n, 2)
        a[n - 1], b[n - 1] = pair("invalid value", dtype)
        out = np.empty_like(a)
        for threads in THREADS:
            for _ in range(calls):
                with crosslane.threads(threads), np.errstate(over="warn", invalid="warn"), recorded_warnings() as texts:
                    function(a, b, out=out)
                assert sorted(texts) == ["invalid value encountered in cross", "overflow encountered in cross"], (n, threads)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "u1"])
def test_ordinary_numbers_raise_nothing(dtype, function):
    with np.errstate(all="raise"):
        for n in [*range(70), 1000, large(dtype)]:
            a, b = batch(None, dtype, n, 0)
            for threads in THREADS if n > 1000 else [1]:
                with crosslane.threads(threads):
                    function(a, b)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_what_lies_beside_the_vectors_raises_nothing(dtype, function):
    """Vectors with infinities and NaN in the memory between and after them."""
    with np.errstate(all="raise"):
        for n in (1, 7, 9, 64, 1000):
            for strange in (np.inf, np.nan, np.finfo(dtype).max, np.finfo(dtype).tiny):
                room = np.full((n + 2, 2, 5), strange, dtype)
                padded, columns = room[1:-1, 1, 1:4], np.moveaxis(room, 0, -1)[0, 1:4, 1:-1]
                padded[...] = 1.5
                columns[...] = 2.5
                assert (function(padded, padded) == 0).all()
                assert (function(columns, columns, axis=0) == 0).all()


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_nan_is_no_fault(function):
    for n in (1, large("f8")):
        a, b = batch(None, "f8", n, 0)
        a[n // 2] = np.nan
        with np.errstate(all="raise"):
            assert np.isnan(function(a, b)[n // 2]).all()


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_flags_of_earlier_work_are_not_ours(function):
    clean, (huge, other) = np.ones((5, 3)), batch("overflow", "f8", 5, 3)
    with np.errstate(all="ignore"):
        np.exp(np.float64(1e9))
        function(huge, other)
    with np.errstate(all="raise"):
        function(clean, clean)
        np.add(clean, clean)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_correct_rounding_raises_nothing_where_the_result_is_a_number(dtype):
    """Its products may overflow and underflow on the way."""
    big = np.full((40, 3), np.finfo(dtype).max)
    small = np.full((40, 3), np.finfo(dtype).tiny)
    with np.errstate(all="raise"):
        for a in (big, small):
            assert not crosslane.cross(a, a, accuracy="correctly-rounded").any()


def test_errstate_call_is_called():
    called = []
    a, b = batch("overflow", "f8", 5, 3)
    with np.errstate(over="call", call=lambda kind, flag: called.append(kind)):
        crosslane.ufuncs.cross(a, b)
        crosslane.cross(a, b)
    assert called == ["overflow", "overflow"]


# Operands whose products overflow.
OVERFLOWING = {
    "dot": [[1e200, 0, 0], [1e200, 0, 0]],
    "scalar_triple": [[1, 0, 0], [0, 1e200, 0], [0, 0, 1e200]],
    "vector_triple": [[0, 1, 1], [0, 1e200, 0], [0, 0, 1e200]],
}


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("name", OVERFLOWING)
def test_other_ufuncs_warn_with_their_own_names(name, threads):
    for n in (3, large("f8")):
        inputs = np.ones((len(OVERFLOWING[name]), n, 3))
        inputs[:, n - 1] = OVERFLOWING[name]
        with crosslane.threads(threads), np.errstate(all="ignore", over="warn"), recorded_warnings() as texts:
            getattr(crosslane.ufuncs, name)(*inputs)
        assert texts == [f"overflow encountered in {name}"]


@pytest.mark.parametrize("length", [1, 5, 700_000])
@pytest.mark.parametrize("function", [crosslane.cross, crosslane.ufuncs.cross, crosslane.dot], ids=["cross", "ufuncs.cross", "dot"])
def test_every_way_to_handle_errors_is_that_of_numpy(function, length):
    a = np.full((length, 3), 1e300)
    b = a.copy()
    b[:, 1] *= -1
    seen = []

    class Log:
        write = seen.append

    with np.errstate(all="call", call=lambda *arguments: seen.append(arguments)):
        function(a, b)
    assert ("overflow", 2 | 8) in seen and ("invalid value", 2 | 8) in seen and len(seen) == 2
    seen.clear()
    with np.errstate(all="log", call=Log()):
        function(a, b)
    assert [text.split(" encountered")[0] for text in seen] == ["Warning: overflow", "Warning: invalid value"]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        function(a, b)
