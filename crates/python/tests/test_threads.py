"""Calls from any number of threads, split over any number of threads, give the same bits."""

import concurrent.futures
import os

import crosslane
import numpy as np
import pytest
from support import LARGE, OPERATIONS, call, named, operands, outputs, python, same_bits

SEED = 17
CALLS = 1000


@pytest.fixture
def number_of_threads():
    """Gives the process its number of threads back."""
    before = crosslane.get_threads()
    yield before
    crosslane.set_threads(before)


def test_a_thousand_calls_from_eight_threads_give_the_bits_of_one():
    rng = np.random.default_rng(SEED)
    sizes = [1, 7, 1000, 20_000] * 6 + [LARGE // 24 + 5]  # one in 25 is split over threads itself
    pairs = [(rng.standard_normal((n, 3)), rng.standard_normal((n, 3))) for n in sizes]
    with crosslane.threads(1):
        expected = [crosslane.cross(a, b) for a, b in pairs]
    assert all(same_bits(product, np.cross(a, b)) for product, (a, b) in zip(expected, pairs, strict=True))

    def one(k):
        k %= len(pairs)
        return same_bits(crosslane.cross(*pairs[k]), expected[k])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(CALLS))) == [True] * CALLS


@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_large_calls_have_the_same_bits_on_any_number_of_threads(operation, accuracy, number_of_threads):
    inputs = operands(np.random.default_rng(SEED), operation, [(LARGE // 12 + 77,), ()], "f4")
    crosslane.set_threads(7)
    results = []
    for threads in (1, 2, 7):
        with crosslane.threads(threads):
            results.append(outputs(call(operation, *inputs, accuracy=accuracy)))
    for other in results[1:]:
        assert all(map(same_bits, other, results[0]))


def test_layouts_of_large_calls_have_the_same_bits_on_any_number_of_threads(number_of_threads):
    crosslane.set_threads(7)
    rng = np.random.default_rng(SEED)
    n = LARGE // 16
    room = rng.standard_normal((n, 2, 4), "f4")
    columns = np.ascontiguousarray(np.moveaxis(room, 0, -1))
    for a, b, axis in [
        (room[..., :3], room[:, :1, 1:], -1),
        (room[::-1, 0, :3], room[:, 1, :3], -1),
        (columns[0, :3], columns[1, 1:], 0),
        (room[:, 0, None, :3].reshape(2, -1, 1, 3), room[:2, 1, :3], -1),
        (room.reshape(-1, 8, 4)[:, 1:4], room.reshape(-1, 8, 4)[:, 4:7, :1], 1),
    ]:
        expected = np.cross(a, b, axis=axis)
        for threads in (1, 2, 7):
            with crosslane.threads(threads):
                assert same_bits(crosslane.cross(a, b, axis=axis), expected), (a.shape, threads)


def test_number_of_threads_is_what_was_set(number_of_threads):
    assert number_of_threads >= 1
    for n in (1, 3, 2):
        crosslane.set_threads(n)
        assert crosslane.get_threads() == n


def test_with_limits_what_is_within(number_of_threads):
    crosslane.set_threads(4)
    with crosslane.threads(2):
        assert crosslane.get_threads() == 2
        with crosslane.threads(1):
            assert crosslane.get_threads() == 1
        assert crosslane.get_threads() == 2
        crosslane.set_threads(5)
        assert crosslane.get_threads() == 2
    assert crosslane.get_threads() == 5


def test_with_ends_after_an_error(number_of_threads):
    with pytest.raises(KeyError), crosslane.threads(1):
        raise KeyError
    assert crosslane.get_threads() == number_of_threads


def test_with_limits_the_calling_thread_only(number_of_threads):
    crosslane.set_threads(4)
    limit = crosslane.threads(2)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, crosslane.threads(1):
        assert pool.submit(crosslane.get_threads).result() == 4
        pool.submit(limit.__enter__).result()
        assert pool.submit(crosslane.get_threads).result() == 2
        assert crosslane.get_threads() == 1
        pool.submit(limit.__exit__, None, None, None).result()
        assert pool.submit(crosslane.get_threads).result() == 4
    assert crosslane.get_threads() == 4


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CROSSLANE_NUM_THREADS": "1"}, 1),
        ({"CROSSLANE_NUM_THREADS": "3"}, 3),
        ({"RAYON_NUM_THREADS": "3"}, 3),
        ({"CROSSLANE_NUM_THREADS": "1", "RAYON_NUM_THREADS": "3"}, 1),
        ({"CROSSLANE_NUM_THREADS": "many", "RAYON_NUM_THREADS": "3"}, 3),
        ({"CROSSLANE_NUM_THREADS": "0", "RAYON_NUM_THREADS": "-1"}, None),
    ],
)
def test_environment_gives_the_number_of_threads(variables, expected):
    """A large call is made besides, so that the number is also used."""
    code = "import crosslane, numpy as np; print(crosslane.get_threads(), crosslane.cross(np.ones((900_000, 3)), [1., 2, 3])[-1].tolist())"
    run = python("-c", code, variables=variables, text=True)
    assert (run.stdout.strip(), run.stderr) == (f"{expected or len(os.sched_getaffinity(0))} [1.0, -2.0, 1.0]", "")
