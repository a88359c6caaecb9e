"""Arrays whose shapes, strides or types are changed during a call, by another thread or by code that NumPy calls, do no harm."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import crosslane

# NumPy calls `change` while it casts b, which has a signalling NaN.
DURING_A_CAST = """
import numpy as np, crosslane
n = {n}
a = np.zeros((3, n, 1))
b = np.zeros((3, n, 3), "f4")
b.view("u4")[0, 0, 0] = 0x7f800001
calls = []
def change(*_):
    calls.append(1)
    {change}
with np.errstate(invalid="call", call=change):
    try:
        result = {call}
    except (RuntimeError, ValueError, TypeError) as error:
        result = error
assert calls, "nothing was changed"
print(type(result).__name__)
"""
CHANGES = {
    "other core axis": "a.shape = (1, n, 3)",
    "fewer axes": "a.shape = (3 * n,)",
    "other type": "a.dtype = np.int64",
    "smaller elements": "a.dtype = np.float32",
}
CALLS = {
    "cross": "crosslane.cross(a, b, axisa=0, axisb=0)",
    "dot": "crosslane.dot(a, b, axis=0)",
    "gradient": "crosslane.cross_vjp(a, b, np.zeros((3, n, 3)), axis=0)",
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("n", [3, 1_000_000])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_shape_that_is_changed_during_a_cast_is_an_error(change, call, n):
    program = DURING_A_CAST.format(n=n, change=CHANGES[change], call=CALLS[call])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "RuntimeError\n"


def test_a_shape_that_another_thread_changes_does_no_harm():
    program = """
import numpy as np, crosslane, threading, time
n = 300_000
b = np.zeros((3, n, 3), "f4")
for k in range(20):
    a = np.zeros((3, n, 1))
    def other():
        time.sleep(0.0005 * (k % 7))
        a.shape = (1, n, 3)
    thread = threading.Thread(target=other)
    thread.start()
    try:
        crosslane.cross(a, b, axisa=0, axisb=0)
    except (RuntimeError, ValueError):
        pass
    thread.join()
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


class Foreign:
    """What Dask does: it looks for a function of its own that has the name."""

    def __init__(self):
        self.asked = []

    def __array_function__(self, function, types, args, kwargs):
        self.asked.append(function)
        return "its own"


@pytest.mark.parametrize("name", [operation.name for operation in crosslane.operations() if operation.name != "cross"])
def test_operations_refuse_classes_that_answer_for_functions_of_numpy(name):
    operation = next(operation for operation in crosslane.operations() if operation.name == name)
    foreign = Foreign()
    with pytest.raises(TypeError, match="__array_function__"):
        getattr(crosslane, name)(foreign, *[np.ones(3)] * (len(operation.inputs) - 1))
    assert foreign.asked == []


def test_cross_is_that_of_numpy_to_them():
    foreign = Foreign()
    assert crosslane.cross(foreign, np.ones(3)) == "its own"
    assert [function.__name__ for function in foreign.asked] == ["cross"]


def test_dask_arrays_are_not_taken_for_what_has_the_same_name_there():
    da = pytest.importorskip("dask.array")
    a = da.from_array(np.arange(9.0).reshape(3, 3))
    with pytest.raises(TypeError, match="crosslane.dask"):
        crosslane.dot(a, a)


def test_limits_of_threads_are_per_thread_and_only_lower():
    crosslane.set_threads(4)
    try:
        limit = crosslane.threads(2)
        inside, left = threading.Event(), threading.Event()

        def other():
            with limit:
                inside.set()
                left.wait(20)
            seen.append(crosslane.get_threads())

        seen = []
        thread = threading.Thread(target=other)
        with crosslane.threads(3), limit:
            thread.start()
            assert inside.wait(20)
        left.set()
        thread.join(20)
        assert seen == [4]
        assert crosslane.get_threads() == 4
        with crosslane.threads(1), crosslane.threads(3):
            assert crosslane.get_threads() == 1
        for wrong in 1.5, "2":
            with pytest.raises(TypeError):
                crosslane.threads(wrong)
    finally:
        crosslane.set_threads(2)


def test_no_number_of_threads_starts_more_than_a_few_for_each_core():
    program = """
import numpy as np, crosslane
crosslane.set_threads(2**62)
assert crosslane.get_threads() <= 1024
a = np.ones((600_000, 3))
with crosslane.threads(2**70):
    assert np.array_equal(crosslane.cross(a, a), np.zeros((600_000, 3)))
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("out", [np.zeros(3, complex), (np.zeros(3, complex),), (None,)])
def test_what_numpy_computes_takes_the_same_out(out):
    a, b = np.array([1j, 2, 3]), np.array([4.0, 5, 6])
    got = crosslane.cross(a, b, out=out)
    assert np.array_equal(got, np.cross(a, b))
    given = out[0] if isinstance(out, tuple) else out
    assert given is None or got is given


def test_an_upstream_gradient_is_broadcast():
    a, b, g = np.ones(3), np.arange(15.0).reshape(5, 3), np.array([1.0, 2.0, 4.0])
    grad_a, grad_b = crosslane.cross_vjp(a, b, g)
    expected = crosslane.cross_vjp(a, b, np.tile(g, (5, 1)))
    assert np.array_equal(grad_a, expected[0]) and np.array_equal(grad_b, expected[1])
    norm = crosslane.cross_norm_vjp(b, b[::-1], 1.0)
    assert np.array_equal(norm[0], crosslane.cross_norm_vjp(b, b[::-1], np.ones(5))[0])


def test_large_indices_do_not_wrap():
    vertices = np.broadcast_to(np.ones(3), (2**33, 3))
    with pytest.raises(ValueError, match="2\\*\\*32"):
        crosslane.triangle_normals(vertices, [[0, 1, 2**32 + 2]])
