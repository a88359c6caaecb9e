"""Each operation of the table gives what its formula gives in NumPy, in every type, broadcast, axis and output."""

import crosslane
import numpy as np
import pytest
from support import BATCHES, FORMULAS, OPERATIONS, VALUES, call, expected, named, operands, outputs, same_bits, unit_roundoff

SEED = 21


def test_every_operation_has_a_formula_here():
    assert {operation.name for operation in OPERATIONS} == set(FORMULAS)


def test_operations_tell_their_operands():
    table = {operation.name: operation for operation in OPERATIONS}
    assert table["angle"].inputs == (("a", "vector"), ("b", "vector"))
    assert [kind for _, kind in table["angle"].outputs] == ["scalar"]
    assert table["scalar_triple_vjp"].inputs[3] == ("g", "scalar")
    assert [name for name, _ in table["cross_vjp"].outputs] == ["grad_a", "grad_b"]
    assert {operation.name for operation in OPERATIONS if operation.is_gradient} == {name for name in FORMULAS if "vjp" in name}


@pytest.mark.parametrize("batches", BATCHES, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_values_are_those_of_the_formula(operation, dtype, batches):
    for axis in (-1, 0):
        inputs = operands(np.random.default_rng(SEED), operation, batches, dtype, axis)
        for accuracy in ("plain", "correctly-rounded"):
            result = call(operation, *inputs, axis=axis, accuracy=accuracy)
            ((value, bound),) = expected(operation, inputs, axis)
            # As ufuncs do: a single number is no array.
            assert type(result) is (np.ndarray if value.ndim else np.dtype(dtype).type)
            assert (result.dtype, result.shape) == (np.dtype(dtype), value.shape)
            assert (abs(result - value) <= bound * unit_roundoff(dtype)).all(), accuracy


@pytest.mark.parametrize("axis", [1, -2])
@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_vectors_may_lie_along_an_axis_within(operation, axis):
    inputs = operands(np.random.default_rng(SEED), operation, [(4, 5)], "f8", axis)
    last = [np.moveaxis(x, axis, -1) if kind == "vector" else x for (_, kind), x in zip(operation.inputs, inputs, strict=True)]
    results, expected_results = outputs(call(operation, *inputs, axis=axis)), outputs(call(operation, *last))
    for (_, kind), result, other in zip(operation.outputs, results, expected_results, strict=True):
        assert same_bits(result, np.moveaxis(other, -1, axis) if kind == "vector" else other)


def strange_layouts(array):
    """Other layouts of the same values."""
    yield np.asfortranarray(array)
    yield np.flip(np.flip(array).copy())
    yield np.repeat(array, 2, -1)[..., ::2] if array.ndim else array
    yield array.astype(array.dtype.newbyteorder())
    room = np.zeros(array.nbytes + 1, "u1")[1:].view(array.dtype).reshape(array.shape)
    room[...] = array
    yield room
    yield array.tolist()


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_layouts_make_no_difference(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(6, 4)], "f8")
    expected_results = outputs(call(operation, *inputs))
    for k, array in enumerate(inputs):
        for other in strange_layouts(array):
            results = outputs(call(operation, *inputs[:k], other, *inputs[k + 1 :]))
            assert all(map(same_bits, results, expected_results))


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_out_receives_the_results_and_is_returned(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(6, 4)], "f8")
    expected_results = outputs(call(operation, *inputs))
    for dtype in ("f8", "f4", ">f8", "c16"):  # all that f8 may be cast to as ufuncs do
        rooms = [np.full((*result.shape[:-1], 2 * result.shape[-1]), 7, dtype) for result in expected_results]
        out = tuple(room[..., ::-2] for room in rooms)
        returned = call(operation, *inputs, out=out if len(out) > 1 else out[0])
        for room, got, result, back in zip(rooms, out, expected_results, outputs(returned), strict=True):
            assert back is got
            assert same_bits(got.astype(np.dtype(dtype).newbyteorder("=")), result.astype(np.dtype(dtype).newbyteorder("=")))
            assert (room[..., ::2] == 7).all()


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_out_may_be_an_input(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(50,)], "f8")
    expected_results = outputs(call(operation, *inputs))
    vectors = [x for x, (_, kind) in zip(inputs, operation.inputs, strict=True) if kind == "vector"]
    # Each output is another input than its own, or a component of one.
    out = tuple(vectors[k - 1] if kind == "vector" else vectors[-1][:, 1] for k, (_, kind) in enumerate(operation.outputs))
    call(operation, *inputs, out=out if len(out) > 1 else out[0])
    assert all(map(same_bits, out, expected_results))


@pytest.mark.parametrize("operation", **named([x for x in OPERATIONS if x.name != "cross"]))
def test_half_precision_is_computed_in_single_and_rounded(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(20_000,), ()], "f2")
    single = outputs(call(operation, *(x.astype("f4") for x in inputs)))
    for result, other in zip(outputs(call(operation, *inputs)), single, strict=True):
        assert same_bits(result, other.astype("f2"))


@pytest.mark.parametrize(
    ("types", "common"),
    [("f4 f8", "f8"), ("f8 f4", "f8"), ("f2 f4", "f4"), ("i8 f4", "f8"), ("i8 i4", "f8"), ("? u1", "f8"), ("f2 u1", "f2"), ("i2 f4", "f4")],
)
@pytest.mark.parametrize("operation", **named([x for x in OPERATIONS if x.name != "cross"]))
def test_mixed_types_are_promoted_and_integers_computed_in_double(operation, types, common):
    rng = np.random.default_rng(SEED)
    types = (types.split() * 3)[: len(operation.inputs)]
    values = operands(rng, operation, [(5,)], "f8")
    with np.errstate(all="ignore"):
        inputs = [(abs(x) * 3).astype(dtype) for x, dtype in zip(values, types, strict=True)]
        results = outputs(call(operation, *inputs))
        others = outputs(call(operation, *(x.astype(common) for x in inputs)))
    assert all(map(same_bits, results, others))


@pytest.mark.parametrize("dtype", ["c8", "c16", "O", "g", "S3", "U3", "m8[s]", "M8[s]"])
@pytest.mark.parametrize("operation", **named([x for x in OPERATIONS if x.name != "cross"]))
def test_other_types_are_refused(operation, dtype):
    inputs = operands(np.random.default_rng(SEED), operation, [(2,)], "f8")
    odd = np.zeros(inputs[0].shape, dtype)
    with pytest.raises(TypeError):
        call(operation, odd, *inputs[1:])


def test_values_where_the_normal_has_no_direction():
    x, zero = [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    assert crosslane.unit_normal(x, x).tolist() == zero
    assert crosslane.angle(x, zero) == 0
    assert crosslane.angle(x, [-1.0, 0.0, 0.0]) == np.pi
    for vjp, g in [(crosslane.angle_vjp, 1.0), (crosslane.cross_norm_vjp, 1.0), (crosslane.unit_normal_vjp, x)]:
        assert [gradient.tolist() for gradient in vjp(x, x, g)] == [zero, zero]


def test_examples_of_the_documentation():
    assert crosslane.dot([1.0, 2, 3], [4, 5, 6]) == 32
    assert crosslane.cross_norm([3.0, 0, 0], [1, 2, 0]) == 6
    assert crosslane.scalar_triple([1.0, 2, 3], [4, 5, 6], [7, 8, 10]) == -3
    assert crosslane.vector_triple([0, 0, 2.0], [0, 0, 2], [3, 0, 1]).tolist() == [-12, 0, 0]
    assert crosslane.cross_jvp([1.0, 0, 0], [0, 1, 0], [0, 0, 1], [2, 0, 0]).tolist() == [-1, 0, 0]
