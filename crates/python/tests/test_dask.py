"""crosslane.dask: values, chunks, laziness, errors, and workers in other processes."""

import importlib.util
import itertools
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import crosslane

pytest.importorskip("dask.array", reason="Dask is not installed: crosslane.dask is not tested")

import dask
import dask.array as da
from hypothesis import given, settings
from hypothesis import strategies as st

from support import same_bits, with_first_vector

import crosslane.dask

OPERATIONS = crosslane.operations()
SINGLE = [operation for operation in OPERATIONS if len(operation.outputs) == 1 and not operation.is_gradient]
GRADIENTS = [operation for operation in OPERATIONS if operation.is_gradient]
named = {"ids": lambda operation: operation.name}


def operands(operation, random, shape=(7, 5), dtype="f8"):
    return [random.standard_normal((*shape, 3) if kind == "vector" else shape).astype(dtype) for _, kind in operation.inputs]


@st.composite
def chunked(draw, shape):
    """Sizes of chunks for each axis."""
    return tuple(draw(chunks_of(size)) for size in shape)


@st.composite
def chunks_of(draw, size):
    left, sizes = size, []
    while left:
        sizes.append(draw(st.integers(1, left)))
        left -= sizes[-1]
    return tuple(sizes) or (0,)


@st.composite
def broadcast_shapes(draw, count):
    """Shapes that broadcast, and the shape that they broadcast to."""
    whole = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    shapes = []
    for _ in range(count):
        skipped = draw(st.integers(0, len(whole)))
        shapes.append(tuple(draw(st.sampled_from([1, size])) for size in whole[skipped:]))
    return whole, shapes


def place(draw, array):
    """Move the last axis elsewhere; return the array and the axis."""
    axis = draw(st.integers(-array.ndim, array.ndim - 1))
    return np.moveaxis(array, -1, axis), axis


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_cross_has_the_bits_of_numpy_for_any_chunks_axes_and_broadcast(data):
    _, (shape_a, shape_b) = data.draw(broadcast_shapes(2))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    a, axisa = place(data.draw, random.standard_normal((*shape_a, 3)))
    b, axisb = place(data.draw, random.standard_normal((*shape_b, 3)).astype("f4"))
    ndim = max(a.ndim, b.ndim)
    axisc = data.draw(st.integers(-ndim, ndim - 1))
    expected = np.cross(a, b, axisa, axisb, axisc)
    lazy_a = da.from_array(a, chunks=data.draw(chunked(a.shape)))
    lazy_b = da.from_array(b, chunks=data.draw(chunked(b.shape))) if data.draw(st.booleans()) else b
    lazy = crosslane.dask.cross(lazy_a, lazy_b, axisa, axisb, axisc)
    assert lazy.shape == expected.shape
    assert lazy.dtype == expected.dtype
    assert lazy._meta.dtype == expected.dtype and lazy._meta.ndim == expected.ndim
    got = lazy.compute(scheduler="sync")
    assert same_bits(got, expected)
    # The chunks are those that blocks have, not only what their sum says.
    for key, shape in zip(dask.core.flatten(lazy.__dask_keys__()), itertools.product(*lazy.chunks), strict=True):
        assert dask.get(lazy.dask, key).shape == shape


@pytest.mark.parametrize("operation", SINGLE, **named)
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
def test_operation_on_blocks_equals_the_operation_on_the_whole(operation, accuracy):
    inputs = operands(operation, np.random.default_rng(1))
    expected = getattr(crosslane, operation.name)(*inputs, accuracy=accuracy)
    lazy = [da.from_array(each, chunks=(3, 2, 1)[: each.ndim]) for each in inputs]
    got = getattr(crosslane.dask, operation.name)(*lazy, accuracy=accuracy)
    assert got.numblocks[:2] == (3, 3)
    assert same_bits(got.compute(), expected)


@pytest.mark.parametrize("operation", SINGLE, **named)
@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_operation_along_any_axis(operation, axis):
    inputs = [
        np.moveaxis(each, -1, axis) if kind == "vector" else each
        for each, (_, kind) in zip(operands(operation, np.random.default_rng(2)), operation.inputs, strict=True)
    ]
    expected = getattr(crosslane, operation.name)(*inputs, axis=axis)
    got = getattr(crosslane.dask, operation.name)(*[da.from_array(each, chunks=2) for each in inputs], axis=axis)
    assert same_bits(got.compute(), expected)


@pytest.mark.parametrize("operation", GRADIENTS, **named)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_gradients_are_summed_to_the_shapes_of_the_operands(operation, data):
    whole, shapes = data.draw(broadcast_shapes(len(operation.inputs)))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    # g has the shape that all broadcast to. Operands behind it are directions, in the shapes of those before it.
    names = [name for name, _ in operation.inputs]
    shapes = [whole if place == names.index("g") else shape for place, shape in enumerate(shapes)]
    shapes = [shapes[place - names.index("g") - 1] if place > names.index("g") else shape for place, shape in enumerate(shapes)]
    inputs = [
        random.integers(-9, 10, (*shape, 3) if kind == "vector" else shape).astype("f8")
        for shape, (_, kind) in zip(shapes, operation.inputs, strict=True)
    ]
    with np.errstate(all="ignore"):
        expected = getattr(crosslane, operation.name)(*inputs)
        lazy = [da.from_array(each, chunks=data.draw(chunked(each.shape))) for each in inputs]
        got = getattr(crosslane.dask, operation.name)(*lazy)
        computed = dask.compute(*got, scheduler="sync")
    for lazy_one, one, reference, operand in zip(got, computed, expected, inputs, strict=False):
        assert lazy_one.shape == one.shape == reference.shape == operand.shape
        assert lazy_one.dtype == one.dtype == reference.dtype
        # Each sums at most 4 * 4 * 4 terms, and so errs by at most 64 * eps * (the sum of magnitudes), which is at most 64 * (the largest).
        # Components are whole numbers up to 9, so that terms stay below 1e4, also those with a division: no length but 0 is below 1.
        np.testing.assert_allclose(one, reference, rtol=0, atol=2 * 64 * 64 * 1e4 * np.finfo("f8").eps)


@pytest.mark.parametrize("operation", GRADIENTS, **named)
def test_gradients_are_summed_only_along_axes_that_were_repeated_and_know_their_chunks(operation, monkeypatch):
    sums, plain_sum = [], da.Array.sum

    def spy(array, *args, **options):
        sums.append(array)
        return plain_sum(array, *args, **options)

    monkeypatch.setattr(da.Array, "sum", spy)
    function, names = getattr(crosslane.dask, operation.name), [name for name, _ in operation.inputs]
    random = np.random.default_rng(6)

    def lazy(name, kind, shape):
        return da.from_array(random.standard_normal((*shape, 3) if kind == "vector" else shape), chunks=2)

    function(*(lazy(name, kind, (1, 5)) for name, kind in operation.inputs))
    assert not sums
    one = operation.inputs[0][0]
    shapes = {name: (1, 1) if name == one else (4, 5) for name in names}
    shapes |= {names[names.index("g") + 1 + k]: shapes[names[k]] for k in range(len(names) - names.index("g") - 1)}
    function(*(lazy(name, kind, shapes[name]) for name, kind in operation.inputs))
    assert len(sums) == 1
    assert sums[0].chunks[:2] == ((1, 1), (1, 1, 1))
    for key, shape in zip(dask.core.flatten(sums[0].__dask_keys__()), itertools.product(*sums[0].chunks), strict=True):
        assert dask.get(sums[0].dask, key).shape == shape


@pytest.mark.parametrize("operation", OPERATIONS, **named)
def test_building_a_graph_gives_no_floating_point_error(operation):
    with np.errstate(all="raise"):
        getattr(crosslane.dask, operation.name)(*(da.ones((4, 3) if kind == "vector" else 4) for _, kind in operation.inputs))


@pytest.mark.parametrize("operation", OPERATIONS, **named)
def test_nothing_is_computed_before_it_is_asked_for(operation):
    def never(block):
        raise AssertionError("a block was computed")

    def lazy(kind):
        shape, chunks = ((4, 3), (2, 3)) if kind == "vector" else ((4,), (2,))
        return da.ones(shape, chunks=chunks).map_blocks(never, meta=np.empty((0,) * len(shape)))

    results = getattr(crosslane.dask, operation.name)(*(lazy(kind) for _, kind in operation.inputs))
    with pytest.raises(AssertionError, match="a block was computed"):
        dask.compute(results, scheduler="sync")


@pytest.mark.parametrize("a", "?bBhHiIlLqQefdFDO")
@pytest.mark.parametrize("b", "bBHiqQefdD")
def test_types_are_those_of_the_function(a, b):
    x, y = np.array([[1, 0, 1], [0, 1, 1]]).astype(a), np.array([1, 1, 0]).astype(b)
    try:
        expected = crosslane.cross(x, y)
    except TypeError as error:
        with pytest.raises(type(error)):
            crosslane.dask.cross(da.from_array(x, chunks=1), y)
        return
    lazy = crosslane.dask.cross(da.from_array(x, chunks=1), y)
    assert lazy.dtype == lazy.compute().dtype == expected.dtype


def test_blocks_use_one_thread_and_the_caller_keeps_its_own(monkeypatch):
    limits = []

    def spy(*blocks, **options):
        limits.append(crosslane.get_threads())
        return np.cross(*blocks)

    monkeypatch.setattr(crosslane, "cross", spy)
    before = crosslane.get_threads()
    crosslane.dask.cross(da.ones((8, 3), chunks=(2, 3)), [1.0, 2.0, 3.0]).compute()
    assert limits == [1] * 5  # four blocks and the sample
    assert crosslane.get_threads() == before


def test_tasks_before_and_after_are_fused_with_those_of_a_product():
    a = da.ones((8, 3), chunks=(2, 3)) + 1
    (vectors, numbers) = (crosslane.dask.cross(a, [1.0, 2.0, 3.0]) * 2, crosslane.dask.dot(a, [1.0, 2.0, 3.0]) * 2)
    assert len(dask.optimize(vectors)[0].dask) <= 4 + 4  # blocks of the vector are separate
    assert len(dask.optimize(numbers)[0].dask) <= 8 + 4


@pytest.mark.parametrize(
    ("a", "b", "options"),
    [
        ((4, 3), (5, 3), {}),
        ((4, 3), (4, 4), {}),
        ((4, 3), (4, 1), {}),
        ((4, 3), (3,), {"axisa": 2}),
        ((4, 3), (3,), {"axisb": -2}),
        ((4, 3), (3,), {"axisc": 2}),
        ((3, 3), (3, 3), {"axis": 2}),
        ((), (3,), {}),
    ],
)
def test_errors_are_those_of_numpy_and_come_when_the_graph_is_built(a, b, options):
    with pytest.raises(ValueError) as expected:
        np.cross(np.ones(a), np.ones(b), **options)
    with pytest.raises(type(expected.value)) as got:
        crosslane.dask.cross(da.ones(a), da.ones(b), **options)
    first_line = str(expected.value).splitlines()[0]
    assert first_line.removesuffix(".") in str(got.value)


def test_vectors_of_two_components_are_refused_without_a_warning(recwarn):
    with pytest.raises(ValueError, match="axis -1 of b has size 2"):
        crosslane.dask.cross(da.ones((4, 3)), da.ones((4, 2)))
    assert not recwarn.list


@pytest.mark.parametrize("operation", OPERATIONS, **named)
def test_each_operation_refuses_four_components_bad_axes_and_bad_accuracy(operation):
    function = getattr(crosslane.dask, operation.name)
    right = [da.ones((4, 3) if kind == "vector" else 4) for _, kind in operation.inputs]
    with pytest.raises(ValueError, match="incompatible dimensions"):
        function(*with_first_vector(operation, right, da.ones((4, 4))))
    with pytest.raises(np.exceptions.AxisError):
        function(*right, axis=2)
    with pytest.raises(ValueError, match="accuracy"):
        function(*right, accuracy="best")
    with pytest.raises(TypeError, match="argument"):
        function(*right[:-1])


def test_sizes_that_dask_does_not_know():
    a = np.random.default_rng(3).standard_normal((20, 3))
    lazy = da.from_array(a, chunks=(6, 3))
    some = lazy[lazy[:, 0] > 0]
    assert np.isnan(some.shape[0])
    assert same_bits(crosslane.dask.cross(some, 2 * some[:, ::-1]).compute(), np.cross(a[a[:, 0] > 0], 2 * a[a[:, 0] > 0][:, ::-1]))
    assert same_bits(crosslane.dask.cross(some, a[0]).compute(), np.cross(a[a[:, 0] > 0], a[0]))
    with pytest.raises(ValueError, match="size nan"):
        crosslane.dask.cross(some.T, some)


def test_the_module_has_the_table_and_nothing_else():
    assert crosslane.dask.__all__ == [operation.name for operation in OPERATIONS]
    for name in crosslane.dask.__all__:
        function = getattr(crosslane.dask, name)
        assert pickle.loads(pickle.dumps(function)) is function
        assert f"crosslane.{name}" in function.__doc__


def test_a_new_row_of_the_table_is_a_function_here():
    program = """
import crosslane, numpy as np
row = crosslane.Operation("negate", (("a", "vector"),), (("out", "vector"),), False, True, "The negative.", "-a")
table = crosslane.operations()
crosslane.operations = lambda: (*table, row)
crosslane.negate = lambda a, axis=-1, accuracy="plain": -a
import crosslane.dask, dask.array as da
assert (crosslane.dask.negate(da.ones((4, 3), chunks=2)).compute() == -1).all()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("context", ["spawn", "fork"])
def test_processes(context):
    a = np.random.default_rng(4).standard_normal((60, 3))
    lazy = da.from_array(a, chunks=(20, 2))
    with dask.config.set({"multiprocessing.context": context}):
        got = dask.compute(
            crosslane.dask.cross(lazy, lazy[::-1]), crosslane.dask.dot(lazy, lazy[::-1]), scheduler="processes", num_workers=2
        )
    assert same_bits(got[0], np.cross(a, a[::-1]))
    assert same_bits(got[1], crosslane.dot(a, a[::-1]))


@pytest.fixture
def cluster():
    """Give a function that starts two processes on this machine and returns their client; all are stopped after the test."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed: clusters are not tested")
    clients = []

    def start(method="spawn"):
        with dask.config.set({"distributed.worker.multiprocessing-method": method}):
            local = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": ":0"}
            clients.append(distributed.Client(**local, set_as_default=False, timeout=60))
        return clients[-1]

    yield start
    for client in clients:
        client.close(timeout=20)


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_cluster_of_two_processes(cluster, method):
    # Large enough that the parent has started the threads that a forked child does not have.
    large = np.ones((1_000_000, 3), "f4")
    crosslane.cross(large, large)
    client = cluster(method)
    random = np.random.default_rng(5)
    a, b = random.standard_normal((2, 400_000, 3)).astype("f4")
    lazy_a, lazy_b = da.from_array(a, chunks=(30_000, 3)), da.from_array(b, chunks=(70_000, 1))
    futures = client.compute([crosslane.dask.cross(lazy_a, lazy_b), crosslane.dask.cross_norm(lazy_a, lazy_b)])
    cross, norm = (future.result(timeout=60) for future in futures)
    assert same_bits(cross, np.cross(a, b))
    assert same_bits(norm, crosslane.cross_norm(a, b))
    assert len(client.run(lambda: None)) == 2


def example():
    """Return examples/cluster.py as a module that workers get by value: it is nowhere on their path."""
    path = Path(__file__).parent.parent / "examples" / "cluster.py"
    spec = importlib.util.spec_from_file_location("cluster_example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory of a process is read from /proc")
def test_workers_hold_a_few_chunks_however_many_vectors_there_are(cluster):
    """Each worker has 96 MB of each operand and of the result pass through it, and grows by less than ten chunks of 3 MB."""
    module = example()
    vectors, chunk = 16_000_000, 250_000

    def growth(compute):
        client = cluster()
        client.compute(module.products(4 * chunk, chunk).mean()).result(timeout=60)
        before = client.run(module.peak_memory)
        compute(client)
        after = client.run(module.peak_memory)
        return max(after[worker] - before[worker] for worker in before)

    def materialised(client):
        kept = client.persist(module.products(vectors, chunk))
        client.compute(kept.mean()).result(timeout=60)

    limit = 10 * chunk * 12
    assert growth(lambda client: client.compute(module.products(vectors, chunk).mean()).result(timeout=60)) < limit
    # The measure sees it where products are kept.
    assert growth(materialised) > 2 * limit


def test_example_runs():
    path = Path(__file__).parent.parent / "examples" / "cluster.py"
    done = subprocess.run(
        [sys.executable, str(path), "--vectors", "500_000", "--chunk", "100_000"], capture_output=True, text=True, timeout=120, check=True
    )
    assert "500,000 products" in done.stdout
