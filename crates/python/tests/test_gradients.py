"""Gradients are those of the formulas, have the shapes of the operands, and agree with differences of the functions themselves."""

import crosslane
import numpy as np
import pytest
from support import BATCHES, GRADIENTS, OPERATIONS, batches_of, call, expected, named, operands, outputs, same_bits, sum_to, unit_roundoff

SEED = 12


@pytest.mark.parametrize("batches", BATCHES, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_gradients_are_those_of_the_formula_summed_to_the_shapes_of_the_operands(operation, dtype, batches):
    for axis in (-1, 0):
        inputs = operands(np.random.default_rng(SEED), operation, batches, dtype, axis)
        for accuracy in ("plain", "correctly-rounded"):
            results = call(operation, *inputs, axis=axis, accuracy=accuracy)
            assert type(results) is tuple
            for k, (result, (value, bound)) in enumerate(zip(results, expected(operation, inputs, axis), strict=True)):
                assert (result.dtype, result.shape) == (np.dtype(dtype), inputs[k].shape)
                assert (abs(result - value) <= bound * unit_roundoff(dtype)).all(), (operation.outputs[k], accuracy)


@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_gradients_of_a_repeated_operand_are_the_sums_of_those_of_its_copies(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(64, 1), (1, 32), ()], "f8")
    common = (64, 32)
    assert common in batches_of(operation, [(64, 1), (1, 32), ()])
    copies = [np.broadcast_to(x, common + (3,) * (kind == "vector")).copy() for (_, kind), x in zip(operation.inputs, inputs, strict=True)]
    whole = call(operation, *copies)
    for k, result in enumerate(call(operation, *inputs)):
        # Both sums have at most 2,048 terms: 12 roundings of the sum of magnitudes in a tree, and NumPy's as many or less per block.
        bound = 2 * 12 * unit_roundoff("f8") * sum_to(abs(whole[k]), inputs[k].shape)
        assert (abs(result - sum_to(whole[k], inputs[k].shape)) <= 2 * bound).all()


def moderate(rng, shape):
    """Directions that are far from parallel: the corners of the unit cube's frame, moved by up to a quarter."""
    return np.resize(np.eye(3), shape) + rng.uniform(-0.25, 0.25, shape)


@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_gradients_agree_with_central_differences(operation):
    """Σ upstream · (f(x + h·d) − f(x − h·d)) / 2h is the gradient times d, but for h² times a third derivative."""
    rng = np.random.default_rng(SEED)
    forward = next(x for x in OPERATIONS if x.name == operation.name.removesuffix("_vjp"))
    n = len(forward.inputs)
    # Row k of an operand is near the axis k, k + 1, ... so that operands of one row are near different axes.
    inputs = [
        np.roll(moderate(rng, (3, 3)), k, 0) if kind == "vector" else rng.uniform(0.5, 1, 3) for k, (_, kind) in enumerate(operation.inputs)
    ]
    upstream, h = inputs[n:], 2.0**-17
    gradients = call(operation, *inputs)
    for k in range(n):
        direction = rng.uniform(-1, 1, inputs[k].shape)
        ahead, behind = (outputs(call(forward, *inputs[:k], inputs[k] + sign * h * direction, *inputs[k + 1 : n])) for sign in (1, -1))
        slope = sum((g * (x - y)).sum() for g, x, y in zip(upstream, ahead, behind, strict=True)) / (2 * h)
        # h² = 6e-11 times third derivatives, below 100 for a |a × b| above 1/3 or so; roundings are 1e-16 / h = 1e-11.
        assert abs(slope - (gradients[k] * direction).sum()) <= 1e-7


@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_gradients_of_many_vectors_for_one_operand(operation):
    """More than one block of the sum, and a strided g."""
    inputs = operands(np.random.default_rng(SEED), operation, [(), (3001,)], "f4")
    results = call(operation, *inputs)
    inputs[-1] = np.repeat(inputs[-1], 2, 0)[::2]
    for k, (result, again, (value, bound)) in enumerate(zip(results, call(operation, *inputs), expected(operation, inputs), strict=True)):
        assert (abs(result - value) <= bound * unit_roundoff("f4")).all(), operation.outputs[k]
        assert same_bits(result, again)


@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_sums_go_into_a_tuple_of_outputs(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(5, 1), (7,)], "f8")
    results = call(operation, *inputs)
    out = tuple(np.full(result.shape, np.nan) for result in results)
    returned = call(operation, *inputs, out=out)
    assert all(x is y for x, y in zip(returned, out, strict=True))
    assert all(map(same_bits, out, results))


@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_upstream_gradients_are_broadcast_like_operands(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(5,)], "f8")
    names = [name for name, _ in operation.inputs]
    g = names.index("g")

    def with_g(other):
        return call(operation, *inputs[:g], other, *inputs[g + 1 :])

    with pytest.raises(ValueError):
        with_g(inputs[g][:4])
    for other in inputs[g][:1], inputs[g][0]:
        if g < len(operation.outputs):
            # There is a gradient of it, too, which would have to be summed.
            with pytest.raises(ValueError):
                with_g(other)
        else:
            full = with_g(np.broadcast_to(other, inputs[g].shape))
            assert all(same_bits(got, expected) for got, expected in zip(with_g(other), full))


def test_example_of_the_documentation():
    grad_w, grad_x = crosslane.cross_vjp([1.0, 2, 3], [[1.0, 0, 0], [0, 1, 0]], [[0.0, 0, 1], [1, 0, 0]])
    assert grad_w.tolist() == [0, -1, -1]
    assert grad_x.tolist() == [[-2, 1, 0], [0, -3, 2]]
