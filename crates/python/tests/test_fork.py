"""Large calls in processes that were forked or spawned, and where no thread can be made, come to an end and are right."""

import multiprocessing
import signal
import threading

import crosslane
import numpy as np
import pytest
from support import python, same_bits

N = 2_000_000  # vectors: 24 MB an operand, far above what is split over threads
CHILDREN = 50
PATIENCE = 30  # seconds, for a child that takes a tenth of one


def product(a, b):
    return crosslane.cross(a, b)


def multiply_and_compare(a, b, expected):
    """What a child does: it fails if one bit differs, and ends itself if it hangs."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    for _ in range(2):  # the first call makes the threads, the second uses them
        assert same_bits(product(a, b), expected)


def finish(child):
    """Waits for a child to end well; one that hangs before it can end itself is ended here."""
    child.join(2 * PATIENCE)
    if child.is_alive():
        child.kill()
    assert child.exitcode == 0, "it hung" if child.exitcode in (None, -signal.SIGALRM) else "it failed"


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(50)
    a, b = rng.standard_normal((N, 3), "f4"), rng.standard_normal(3, "f4")
    with crosslane.threads(1):
        expected = product(a, b)
    assert same_bits(expected[:1000], np.cross(a[:1000], b))
    return a, b, expected


class Busy:
    """Another thread multiplies for as long as the block lasts."""

    def __init__(self, batch):
        self.batch, self.stop, self.calls = batch, threading.Event(), 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        out = np.empty_like(self.batch[2])
        while not self.stop.is_set():
            crosslane.cross(*self.batch[:2], out=out)
            self.calls += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(PATIENCE)
        assert self.calls > 0


def fork(count, batch):
    """Forks children, at most two at a time."""
    context = multiprocessing.get_context("fork")
    running = []
    for _ in range(count):
        if len(running) == 2:
            finish(running.pop(0))
        running.append(context.Process(target=multiply_and_compare, args=batch, daemon=True))
        running[-1].start()
    for child in running:
        finish(child)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_children_forked_after_a_large_call(batch):
    product(*batch[:2])
    fork(CHILDREN // 2, batch)
    assert same_bits(product(*batch[:2]), batch[2]), "the parent is as before"


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_children_forked_while_another_thread_multiplies(batch):
    with Busy(batch):
        fork(CHILDREN // 2, batch)
    assert same_bits(product(*batch[:2]), batch[2]), "the parent is as before"


def fork_again(a, b, expected):
    multiply_and_compare(a, b, expected)
    fork(1, (a, b, expected))
    multiply_and_compare(a, b, expected)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_children_of_children(batch):
    child = multiprocessing.get_context("fork").Process(target=fork_again, args=batch)
    child.start()
    finish(child)


def spawned(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((N // 2, 3), "f4"), rng.standard_normal((N // 2, 3), "f4")
    product = crosslane.cross(a, b)
    return product[:10], np.cross(a[:10], b[:10])


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_pools_of_spawned_processes(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        for got, expected in pool.map_async(spawned, range(4)).get(PATIENCE):
            assert same_bits(got, expected)


# In a process that may make no threads. (Root may make any number, so it becomes somebody else.)
WITHOUT_THREADS = """
import os, resource, threading
import numpy as np, crosslane
early = "{when}" == "after a pool"
a, b = np.ones((2_000_000, 3), "f4"), np.float32([1, 2, 3])
if early:
    crosslane.cross(a, b)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
if os.getuid() == 0:
    os.setuid(65534)
try:
    threading.Thread(target=print).start()
except RuntimeError:
    if early:
        crosslane.set_threads(crosslane.get_threads() + 1)
    for _ in range(3):
        print(crosslane.cross(a, b)[-1].tolist())
else:
    print("a thread was made")
"""


@pytest.mark.parametrize("when", ["from the start", "after a pool"])
def test_large_calls_are_serial_where_no_thread_can_be_made(when):
    """After a pool, threads were there, and a larger pool is asked for."""
    run = python("-c", WITHOUT_THREADS.format(when=when), text=True, timeout=PATIENCE)
    assert (run.stdout, run.stderr, run.returncode) == ("[1.0, -2.0, 1.0]\n" * 3, "", 0)


def test_large_calls_in_threads_that_end():
    """The pool outlives the thread that made it."""
    a, b = np.ones((1_000_000, 3)), np.array([1.0, 2, 3])
    for _ in range(5):
        results = []
        thread = threading.Thread(target=lambda: results.append(product(a, b)[-1].tolist()))
        thread.start()
        thread.join(PATIENCE)
        assert results == [[1.0, -2.0, 1.0]]
