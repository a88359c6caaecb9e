"""crosslane.ufuncs holds real generalised ufuncs, which every protocol of NumPy knows."""

import pickle

import crosslane
import numpy as np
import pytest
from support import VALUES, call, exact_cross, first_vector, named, operands, python, same_bits, with_first_vector

SEED = 5
INTEGERS = list("bBhHiIlLqQ")


def ufunc(operation):
    return getattr(crosslane.ufuncs, operation.name)


def inputs_of(operation, dtype="f8", batches=((6, 4),), axis=-1):
    return operands(np.random.default_rng(SEED), operation, batches, dtype, axis)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_signatures_are_those_of_the_table(operation):
    cores = [",".join("(3)" if kind == "vector" else "()" for _, kind in row) for row in (operation.inputs, operation.outputs)]
    function = ufunc(operation)
    assert type(function) is np.ufunc
    assert (function.__name__, function.signature) == (operation.name, "->".join(cores))
    assert function.__doc__


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_ufuncs_give_the_bits_of_the_functions(operation, dtype):
    for batches in [((),), ((4, 1), (5,)), ((1000,),), ((0,),)]:
        inputs = inputs_of(operation, dtype, batches)
        assert same_bits(ufunc(operation)(*inputs), call(operation, *inputs))


def test_cross_rounds_half_precision_once():
    a, b = np.random.default_rng(SEED).standard_normal((2, 500, 3)).astype("f2")
    assert same_bits(crosslane.ufuncs.cross(a, b), exact_cross(a, b))


@pytest.mark.parametrize("dtype", INTEGERS + ["f4", "f8", ">f8", ">i2"])
def test_cross_gives_the_bits_of_numpy(dtype):
    a, b = (x.astype(dtype) for x in np.random.default_rng(SEED).integers(0, 120, (2, 50, 3)))
    assert same_bits(crosslane.ufuncs.cross(a, b), np.cross(a, b))


def test_booleans_and_long_doubles_are_type_errors():
    for dtype in "?gG":
        with pytest.raises(TypeError):
            crosslane.ufuncs.cross(np.zeros(3, dtype), np.zeros(3, dtype))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_out_axis_and_axes(operation):
    inputs = inputs_of(operation)
    expected = ufunc(operation)(*inputs)
    vectors = [kind == "vector" for _, kind in operation.inputs]
    first = [np.moveaxis(x, -1, 0) if of_vectors else x for x, of_vectors in zip(inputs, vectors, strict=True)]
    is_vector, moved = operation.outputs[0][1] == "vector", first_vector(operation)
    axes = [(0,) if k == moved else (-1,) if of_vectors else () for k, of_vectors in enumerate(vectors)] + ([(1,)] if is_vector else [()])
    assert same_bits(ufunc(operation)(*first, axis=0), np.moveaxis(expected, -1, 0) if is_vector else expected)
    mixed = with_first_vector(operation, inputs, first[moved])
    assert same_bits(ufunc(operation)(*mixed, axes=axes), np.moveaxis(expected, -1, 1) if is_vector else expected)
    out = np.full(expected.shape, np.nan)
    assert ufunc(operation)(*inputs, out=out) is out
    assert same_bits(out, expected)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_dtype_and_casting(operation):
    inputs = inputs_of(operation)
    single = [x.astype("f4") for x in inputs]
    function = ufunc(operation)
    assert same_bits(function(*inputs, dtype="f4", casting="same_kind"), function(*single))
    assert same_bits(function(*single, dtype="f8"), function(*(x.astype("f8") for x in single)))
    out = np.empty(function(*inputs).shape, "f4")
    assert same_bits(function(*inputs, out=out), function(*inputs).astype("f4"))
    for keywords in ({"out": out, "casting": "safe"}, {"dtype": "f4", "casting": "safe"}, {"out": np.empty(out.shape, "i8")}):
        with pytest.raises(TypeError):
            function(*inputs, **keywords)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_wrong_shapes_are_value_errors(operation):
    inputs = inputs_of(operation)
    right = inputs[first_vector(operation)]
    for wrong in (right[..., :2], right[:5], np.float64(1)):
        with pytest.raises(ValueError):
            ufunc(operation)(*with_first_vector(operation, inputs, wrong))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "f2"])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_out_may_overlap(dtype, shift):
    room = np.random.default_rng(SEED).integers(-9, 9, (102, 3)).astype(dtype)
    a, b, out = room[:100], room[1:101], room[shift : shift + 100]
    expected = np.cross(a, b)
    crosslane.ufuncs.cross(a, b, out=out)
    assert (out == expected).all()


@pytest.mark.parametrize("operation", **named(VALUES))
def test_pickling_finds_the_same_ufunc(operation):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(ufunc(operation), protocol)) is ufunc(operation)  # noqa: S301


def test_a_process_that_has_imported_nothing_can_unpickle():
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)([1., 2, 3], [4., 5, 6]).tolist())"
    run = python("-c", code, input=pickle.dumps(crosslane.ufuncs.cross))
    assert (run.stdout.strip(), run.stderr) == (b"[-3.0, 6.0, -3.0]", b"")


def test_array_ufunc_is_asked():
    class Foreign:
        def __array_ufunc__(self, function, method, *inputs, **keywords):
            return function, method, len(inputs), keywords

    for operation in VALUES:
        others = [np.zeros(3)] * (len(operation.inputs) - 1)
        assert ufunc(operation)(Foreign(), *others, axis=0) == (ufunc(operation), "__call__", len(operation.inputs), {"axis": 0})


def test_subclasses_stay():
    class Own(np.ndarray):
        pass

    a, b = np.random.default_rng(SEED).random((2, 5, 3))
    assert type(crosslane.ufuncs.cross(a.view(Own), b)) is Own


def test_masks_stay():
    a, b = np.random.default_rng(SEED).random((2, 5, 3))
    mask = np.zeros((5, 3), bool)
    mask[2] = True
    result = crosslane.ufuncs.cross(np.ma.array(a, mask=mask), b)
    assert type(result) is np.ma.MaskedArray
    assert (result.mask == mask).all()
    assert (result.data[~mask] == np.cross(a, b)[~mask]).all()


def test_methods_of_elementwise_ufuncs_are_refused():
    for method in ("reduce", "accumulate", "outer"):
        with pytest.raises((RuntimeError, TypeError)):
            getattr(crosslane.ufuncs.cross, method)(np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "f2"])
def test_repeated_and_strided_operands(dtype):
    room = np.random.default_rng(SEED).integers(-9, 9, (40, 4, 3)).astype(dtype)
    for a, b in [
        (room[:, 0], room[:, 1]),
        (room[::-3, 0], room[:14, 3, ::-1]),
        (np.broadcast_to(room[0, 0], (40, 3)), room[:, 2]),
        (room[:, None, 0], room[0]),
        (room[:, :3, 0], room[:, 1:, 1]),
    ]:
        assert (crosslane.ufuncs.cross(a, b) == np.cross(a, b)).all()
