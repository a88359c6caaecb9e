"""crosslane.torch in threads, in processes that were forked or spawned, registered twice, and after many errors."""

import concurrent.futures
import multiprocessing
import os
import threading

import pytest

torch = pytest.importorskip("torch", reason="crosslane.torch needs PyTorch")

import crosslane.torch
import numpy as np
from support import LARGE, VALUES, named, python
from test_fork import PATIENCE, finish
from torch_support import BY_NAME, function_of, same, tensors, weighted

SEED = 35
N = LARGE // 12 + 1000  # vectors: an operand is above what is split over threads
FORKS = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning", "ignore:.*multi-threaded.*fork.*:DeprecationWarning")


@pytest.fixture(scope="module")
def batch():
    """Operands, their product and gradients, computed by one thread."""
    a, b = tensors(np.random.default_rng(SEED), BY_NAME["cross"], [(N,)], torch.float32, requires_grad=True)
    with crosslane.threads(1):
        product = crosslane.torch.cross(a, b)
        return a.detach(), b.detach(), product.detach(), *torch.autograd.grad(product.sum(), (a, b))


def work_and_compare(a, b, product, *gradients):
    """Forwards and backwards: it fails if one bit differs."""
    leaves = a.clone().requires_grad_(), b.clone().requires_grad_()
    for _ in range(2):  # the first call makes the threads, the second uses them
        got = crosslane.torch.cross(*leaves)
        assert same(got, product)
        assert all(map(same, torch.autograd.grad(got.sum(), leaves), gradients))


class Products(torch.utils.data.Dataset):
    """Items whose making is a large call, and what they must be."""

    def __init__(self, batch):
        self.batch = batch

    def __len__(self):
        return 4

    def __getitem__(self, k):
        a, b, expected = self.batch[:3]
        return torch.tensor([same(crosslane.torch.cross(a, b), expected), os.getpid() != os.getppid(), torch.get_num_threads() == 1])


@FORKS
def test_workers_of_a_data_loader(batch):
    work_and_compare(*batch)
    loader = torch.utils.data.DataLoader(Products(batch), num_workers=2, multiprocessing_context="fork", timeout=PATIENCE)
    assert torch.stack([item.flatten() for item in loader]).all()
    work_and_compare(*batch)


@FORKS
def test_children_forked_after_a_large_call(batch):
    """Only products: torch's own threads hang in a child, and its autograd refuses to start there."""
    crosslane.torch.cross(*batch[:2])
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os._exit(not (same(crosslane.torch.cross(*batch[:2]), batch[2]) and crosslane.get_threads() >= 1))
        deadline = threading.Timer(PATIENCE, os.kill, (child, 9))
        deadline.start()
        assert os.waitpid(child, 0)[1] == 0
        deadline.cancel()
    work_and_compare(*batch)


def test_spawned_processes(batch):
    child = multiprocessing.get_context("spawn").Process(target=work_and_compare, args=[x[: N // 4].clone() for x in batch])
    child.start()
    finish(child)


THREADS_OF = """
import os, sys, torch, crosslane.torch
torch.set_num_threads({})
a = torch.ones(4_000_000, 3)
before = len(os.listdir("/proc/self/task"))
print(crosslane.torch.cross(a, a[:1]).any().item(), len(os.listdir("/proc/self/task")) > before)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="it counts the threads that Linux lists")
@pytest.mark.parametrize("number", [1, 2])
def test_calls_use_as_many_threads_as_torch_may(number):
    """With one, the pool makes no thread."""
    run = python("-c", THREADS_OF.format(number), variables={"CROSSLANE_NUM_THREADS": "2"}, text=True)
    assert (run.stdout, run.stderr) == (f"False {number > 1}\n", "")


def test_calls_from_eight_threads_give_the_bits_of_one():
    rng = np.random.default_rng(SEED)
    cases = []
    for operation in VALUES:
        for batches in ([(3,)], [(50, 1), (7,)], [(2000,), ()]):
            inputs = tensors(rng, operation, batches, requires_grad=True)
            result = function_of(operation)(*inputs)
            cases.append((operation, inputs, result, torch.autograd.grad(weighted(result), inputs)))

    def one(k):
        operation, inputs, expected, gradients = cases[k % len(cases)]
        result = function_of(operation)(*inputs)
        return same(result, expected) and all(map(same, torch.autograd.grad(weighted(result), inputs), gradients))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(20 * len(cases))))


def test_large_calls_from_threads_give_the_bits_of_one(batch):
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(work_and_compare, *batch) for _ in range(6)]:
            future.result(PATIENCE)


def test_backward_passes_of_several_threads_add_up_in_shared_leaves():
    """Gradients are whole numbers, whose sums do not depend on the order."""
    a, b = (torch.arange(300.0).reshape(100, 3).requires_grad_() for _ in range(2))
    once = torch.autograd.grad(crosslane.torch.cross(a, b[:1]).sum(), (a, b))
    start = threading.Barrier(8)

    def one(_):
        start.wait(PATIENCE)
        for _ in range(10):
            torch.autograd.backward(crosslane.torch.cross(a, b[:1]).sum())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    assert same(a.grad, 80 * once[0]) and same(b.grad, 80 * once[1])


def test_install_while_other_threads_multiply():
    """Only to uninstall is not allowed then."""
    a, b = torch.arange(3000.0).reshape(2, 500, 3)
    expected = torch.linalg.cross(a, b)  # whole numbers: there is nothing to round
    stop = threading.Event()

    def one(_):
        while not stop.is_set():
            assert torch.equal(torch.linalg.cross(a, b), expected)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(one, k) for k in range(3)]
        try:
            assert crosslane.torch.install()
            for _ in range(100):
                assert not crosslane.torch.install()
        finally:
            stop.set()
        for future in futures:
            future.result(PATIENCE)
    assert crosslane.torch.uninstall()


AGAIN = """
import importlib, sys, torch, crosslane
import crosslane.torch
from crosslane import _core
from crosslane.torch import _operators
for _ in range(3):
    _core.register(_operators.PATH)
import crosslane.torch
importlib.reload(crosslane.torch)
{}
x = torch.eye(3, requires_grad=True)
crosslane.torch.cross(x, x.roll(1, 0)).sum().backward()
print(x.grad.tolist())
"""


FORGOTTEN = """
for name in [name for name in sys.modules if name.startswith("crosslane.torch")]:
    del sys.modules[name]
import crosslane.torch
"""


@pytest.mark.parametrize("again", ["", FORGOTTEN], ids=["reloaded", "forgotten"])
def test_it_may_be_imported_again(again):
    run = python("-c", AGAIN.format(again), text=True)
    assert run.returncode == 0, run.stderr
    x = torch.eye(3, requires_grad=True)
    torch.linalg.cross(x, x.roll(1, 0)).sum().backward()
    assert run.stdout == f"{x.grad.tolist()}\n"


def test_another_path_is_no_torch():
    code = """
import torch
from crosslane import _core
for path in ("/nowhere/libtorch_cpu.so", torch.__file__):
    try:
        _core.register(path)
    except ImportError as error:
        print(str(error).startswith("crosslane.torch needs torch 2.13 or newer"))
import crosslane.torch
print(crosslane.torch.dot(torch.ones(3), torch.ones(3)).item())
"""
    run = python("-c", code, text=True)
    assert (run.stdout, run.stderr) == ("True\nTrue\n3.0\n", "")


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def refuses(function):
    with pytest.raises((RuntimeError, IndexError, TypeError)):
        function()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="it reads how much memory Linux says that is used")
@pytest.mark.parametrize(("where", "errors"), [("function", 10_000), ("operator", 10_000), ("installed", 200)])
def test_errors_leave_no_memory_behind(where, errors):
    """Ten thousand results of 3 MB would fill gigabytes, and 200 of them 600 MB. (Errors of installed kernels take torch 10 ms each.)"""
    a, b = torch.ones(250_000, 3), torch.ones(250_000, 2)
    wrong = [(a, b, -1), (a, a, 0), (a, a[:2], -1), (a, a.double()[:1], -1), (a, a, 7)]
    function = {
        "function": lambda x, y, dim: crosslane.torch.cross(x, y, dim=dim),
        "operator": lambda x, y, dim: torch.ops.crosslane.cross(x, y, dim, False),
        "installed": lambda x, y, dim: torch.linalg.cross(x, y, dim=dim),
    }[where]
    if where == "installed":
        crosslane.torch.install()
    try:
        for k in range(errors + errors // 10):
            if k == errors // 10:
                before = resident()
            refuses(lambda: function(*wrong[k % len(wrong)]))
        after = resident()
    finally:
        crosslane.torch.uninstall()
    assert after - before < 8 << 20
    assert torch.equal(crosslane.torch.cross(a[:1], a[:1]), torch.zeros(1, 3))


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="it reads how much memory Linux says that is used")
@pytest.mark.parametrize("operation", **named(VALUES))
def test_calls_leave_no_memory_behind(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(20_000,)], requires_grad=True)
    for k in range(80):
        if k == 20:
            before = resident()
        torch.autograd.grad(function_of(operation)(*inputs).sum(), inputs)
    # A result has 160 kB, and each gradient 480: 60 of the results would be 9.6 MB.
    assert resident() - before < 6 << 20
