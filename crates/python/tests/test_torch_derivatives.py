"""Derivatives of the functions of crosslane.torch: of any order, forwards and backwards, batched, and in the transforms of torch.func."""

import itertools

import pytest

torch = pytest.importorskip("torch", reason="crosslane.torch needs PyTorch")

import crosslane
import crosslane.torch
import numpy as np
from support import GRADIENTS, OPERATIONS, VALUES, call, named
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.utils.checkpoint import checkpoint
from torch_support import BROADCASTS, BY_NAME, array, dims_of, formula_of, function_of, operator_of, same, tensors, weighted

SEED = 32
SAME_GRADIENT = [operation for operation in VALUES if operation.gradient]


def close(got, expected):
    """Sums of at most some hundred products of numbers of a size near one, in another order: each of 1e-16; divided by small lengths."""
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


# torch's own checks.


@pytest.mark.parametrize("batches", BROADCASTS, ids=str)
@pytest.mark.parametrize("operation", **named(VALUES))
def test_gradients_and_tangents_agree_with_differences(operation, batches):
    dims, _ = dims_of(operation, batches)
    for dim in {dims[0], dims[-1]}:
        inputs = tensors(np.random.default_rng(SEED), operation, batches, dim=dim, requires_grad=True)
        checks = {"check_forward_ad": True, "check_backward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True}
        assert gradcheck(lambda *x: function_of(operation)(*x, dim=dim), inputs, **checks)


@pytest.mark.parametrize("batches", [BROADCASTS[k] for k in (1, 2, 4)], ids=str)
@pytest.mark.parametrize("operation", **named(VALUES))
def test_second_derivatives_agree_with_differences(operation, batches):
    dim = dims_of(operation, batches)[0][0]
    inputs = tensors(np.random.default_rng(SEED), operation, batches, dim=dim, requires_grad=True)
    checks = {"check_fwd_over_rev": True, "check_rev_over_rev": True, "check_batched_grad": True}
    assert gradgradcheck(lambda *x: function_of(operation)(*x, dim=dim), inputs, **checks)


@pytest.mark.parametrize("operation", **named(SAME_GRADIENT))
def test_gradients_of_correctly_rounded_results_agree_with_differences(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(2,), ()], requires_grad=True)

    def function(*x):
        return function_of(operation)(*x, accuracy="correctly-rounded")

    assert gradcheck(function, inputs, check_forward_ad=True)
    assert gradgradcheck(function, inputs, check_fwd_over_rev=True)


# First derivatives are those of the library.


@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("operation", **named(SAME_GRADIENT))
def test_gradients_have_the_bits_and_shapes_of_the_library(operation, dtype, accuracy):
    gradient_of = getattr(crosslane, operation.gradient)
    for batches in (*BROADCASTS, ((700, 1), (1, 9), ())):
        dims, rank = dims_of(operation, batches)
        for dim in dims:
            rng = np.random.default_rng(SEED)
            inputs = tensors(rng, operation, batches, dtype, dim, requires_grad=True)
            result = function_of(operation)(*inputs, dim=dim + rank, accuracy=accuracy)
            upstream = torch.tensor(rng.standard_normal(result.shape), dtype=dtype)
            expected = gradient_of(*map(array, (*inputs, upstream)), axis=dim, accuracy=accuracy)
            assert all(map(same, torch.autograd.grad(result, inputs, upstream), expected))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_each_subset_of_the_operands_may_have_gradients(operation):
    for batches in (((2,),), ((4, 1), (3,), ())):
        inputs = tensors(np.random.default_rng(SEED), operation, batches, requires_grad=True)
        every = torch.autograd.grad(weighted(function_of(operation)(*inputs)), inputs)
        for wanted in itertools.product((False, True), repeat=len(inputs)):
            some = [x.detach().requires_grad_(is_wanted) for x, is_wanted in zip(inputs, wanted, strict=True)]
            result = function_of(operation)(*some)
            assert result.requires_grad == any(wanted)
            if any(wanted):
                weighted(result).backward()
            for x, gradient, is_wanted in zip(some, every, wanted, strict=True):
                assert same(x.grad, gradient) if is_wanted else x.grad is None


@pytest.mark.parametrize("operation", **named(VALUES))
def test_tangents_of_each_subset_of_the_operands(operation):
    rng = np.random.default_rng(SEED)
    inputs, directions = (tensors(rng, operation, ((4, 1), (3,), ())) for _ in range(2))
    for moved in itertools.product((False, True), repeat=len(inputs)):
        if not any(moved):
            continue
        with forward_ad.dual_level():
            pairs = list(zip(inputs, directions, moved, strict=True))
            dual = [forward_ad.make_dual(x, dx) if moves else x for x, dx, moves in pairs]
            ours = forward_ad.unpack_dual(function_of(operation)(*dual))
            torchs = forward_ad.unpack_dual(formula_of(operation)(*dual, -1))
        close(ours.primal, torchs.primal)
        close(ours.tangent, torchs.tangent)


@pytest.mark.parametrize("operation", **named(SAME_GRADIENT))
def test_gradients_of_layouts_are_the_same(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4, 5)], requires_grad=True)
    expected = torch.autograd.grad(weighted(function_of(operation)(*inputs)), inputs)
    result = function_of(operation)(*(torch._neg_view(-x).mT.contiguous().mT for x in inputs))
    assert all(map(same, torch.autograd.grad(weighted(result), inputs), expected))
    # Upstream gradients with strides of zero, and in another order.
    upstream = torch.ones((), dtype=torch.float64)
    result = function_of(operation)(*inputs)
    for other in (upstream.expand(result.shape), torch.ones(result.shape[::-1], dtype=torch.float64).permute(*range(result.ndim)[::-1])):
        gradients = torch.autograd.grad(result, inputs, other, retain_graph=True)
        expected = torch.autograd.grad(result, inputs, torch.ones_like(result), retain_graph=True)
        assert all(map(same, gradients, expected))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_third_derivatives_agree_with_the_formulas_of_torch(operation):
    def derivatives(function, inputs):
        value = weighted(function(*inputs, -1))
        for _ in range(3):
            gradients = torch.autograd.grad(value, inputs, create_graph=True, materialize_grads=True)
            yield gradients
            value = sum(weighted(torch.sin(gradient)) for gradient in gradients)

    inputs = tensors(np.random.default_rng(SEED), operation, [(3, 1), (2,), ()], requires_grad=True)
    for ours, torchs in zip(*(derivatives(f, inputs) for f in (function_of(operation), formula_of(operation))), strict=True):
        for got, expected in zip(ours, torchs, strict=True):
            close(got, expected)


# Gradients as operators of their own.


@pytest.mark.parametrize("operation", **named(GRADIENTS))
def test_operators_of_gradients_are_differentiable(operation):
    """Three times backwards and forwards for cross_vjp, whose gradients have gradients in the table; twice for all."""
    inputs = tensors(np.random.default_rng(SEED), operation, [(2,), ()], requires_grad=True)
    assert gradcheck(lambda *x: operator_of(operation)(*x, -1, False), inputs, check_forward_ad=True, check_batched_grad=True)
    if operation.name == "cross_vjp":
        assert gradgradcheck(lambda *x: operator_of(operation)(*x, -1, False), inputs, check_fwd_over_rev=True)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_operators_have_the_derivatives_of_the_functions(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(2,), ()], requires_grad=True)
    assert gradcheck(lambda *x: operator_of(operation)(*x, -1, False), inputs, check_forward_ad=True, check_batched_grad=True)


# The transforms of torch.func.


def grad(function):
    return torch.func.grad(lambda x: weighted(function(x)))


def vjp(function):
    def pulled(x):
        value, pull = torch.func.vjp(function, x)
        return pull(torch.cos(value.detach()))[0]

    return pulled


def jvp(function):
    return lambda x: torch.func.jvp(function, (x,), (torch.sin(torch.arange(x.numel(), dtype=x.dtype) + 1).reshape(x.shape),))[1]


def vmap(function):
    return lambda x: torch.func.vmap(function, in_dims=-1, out_dims=-1)(torch.stack([x, x * x + 1], -1))


TRANSFORMS = {
    "grad": grad,
    "vjp": vjp,
    "jvp": jvp,
    "jacrev": torch.func.jacrev,
    "jacfwd": torch.func.jacfwd,
    "hessian": torch.func.hessian,
    "vmap": vmap,
}
FEW = ["grad", "jvp", "vmap"]
PAIRS = [*itertools.product([*FEW, "vjp", "jacrev", "jacfwd"], repeat=2), ("hessian", "grad"), ("hessian", "vmap"), ("vmap", "hessian")]
NESTINGS = [*itertools.product(TRANSFORMS), *PAIRS]
TRIPLES = [*itertools.product(FEW, repeat=3), *itertools.product(["jacrev", "jacfwd"], repeat=3)]


def transformed(function, inputs, k, names):
    """The value at input k of a function of it, transformed once for each name, the first innermost."""

    def result(x):
        # (The next input depends on x as well, so that what is linear in it has second derivatives.)
        others = [y * (x * x).sum() if j == (k + 1) % len(inputs) else y for j, y in enumerate(inputs)]
        return function(*others[:k], x, *others[k + 1 :])

    for name in names:
        result = TRANSFORMS[name](result)
    return result(inputs[k])


@pytest.mark.parametrize("operation", **named(VALUES))
def test_nested_transforms_agree_with_those_of_the_formulas_of_torch(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(), (2,)])
    for k in range(len(inputs)):
        for names in [*NESTINGS, *TRIPLES] if k == 0 else NESTINGS:
            results = (transformed(lambda *x: f(*x, -1), inputs, k, names) for f in (function_of(operation), formula_of(operation)))
            torch.testing.assert_close(*results, rtol=1e-8, atol=1e-8, msg=lambda text: f"{names}, operand {k}: {text}")


@pytest.mark.parametrize("operation", **named(VALUES))
def test_nested_transforms_of_operators_agree(operation):
    """Without the functions of the module around them."""
    inputs = tensors(np.random.default_rng(SEED), operation, [(2,)])
    for names in [*PAIRS, *itertools.product(FEW, repeat=3)]:
        result = transformed(lambda *x: operator_of(operation)(*x, -1, False), inputs, 0, names)
        expected = transformed(lambda *x: formula_of(operation)(*x, -1), inputs, 0, names)
        torch.testing.assert_close(result, expected, rtol=1e-8, atol=1e-8, msg=lambda text: f"{names}: {text}")


@pytest.mark.parametrize("how", ["function", "operator", "compiled function"])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_graphs_around_transforms_get_the_gradients_of_what_is_within(operation, how):
    torch.compiler.reset()
    inputs = tensors(np.random.default_rng(SEED), operation, [(2,)], requires_grad=True)
    ours = function_of(operation) if how != "operator" else lambda *x: operator_of(operation)(*x, False)
    names = [(name,) for name in TRANSFORMS] if how != "compiled function" else [("grad",), ("jvp",), ("vmap",), ("grad", "grad"), ("grad", "jvp")]
    for nesting in names:
        gradients = []
        for function in (ours, formula_of(operation)):
            program = lambda *x: transformed(lambda *y: function(*y, -1), x, 0, nesting)
            if how == "compiled function" and function is ours:
                program = torch.compile(program, backend="aot_eager")
            value = weighted(torch.sin(program(*inputs)))
            gradients.append(torch.autograd.grad(value, inputs, materialize_grads=True))
        torch.testing.assert_close(*gradients, rtol=1e-8, atol=1e-8, msg=lambda text: f"{nesting}: {text}")


@pytest.mark.parametrize("operation", **named(VALUES))
def test_compiled_programs_may_differentiate_forwards(operation):
    torch.compiler.reset()
    inputs, directions = (tensors(np.random.default_rng(SEED + k), operation, [(2,)]) for k in range(2))

    def tangent(function):
        with forward_ad.dual_level():
            return forward_ad.unpack_dual(function(*map(forward_ad.make_dual, inputs, directions))).tangent

    got = torch.compile(lambda: tangent(function_of(operation)), backend="aot_eager")()
    close(got, tangent(function_of(operation)))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_forward_over_forward_is_the_second_derivative(operation):
    """A Function of torch would lose the second tangent without an error."""
    inputs, directions = (tensors(np.random.default_rng(SEED + k), operation, [(2,)]) for k in range(2))

    def twice(function):
        def moved(t, s):
            return function(*(x + (t + s + t * s) * dx for x, dx in zip(inputs, directions, strict=True)), -1)

        zero, one = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
        once = lambda s: torch.func.jvp(lambda t: moved(t, s), (zero,), (one,))[1]
        return torch.func.jvp(once, (zero,), (one,))[1]

    ours = twice(function_of(operation))
    assert ours.abs().min() > 0
    close(ours, twice(formula_of(operation)))


def test_forward_over_forward_of_correctly_rounded_results_is_refused():
    a, b = tensors(np.random.default_rng(SEED), BY_NAME["cross"], [()])
    function = lambda x: crosslane.torch.cross(x, b, accuracy="correctly-rounded")
    torch.func.jacfwd(function)(a)
    with pytest.raises(NotImplementedError, match="forward mode inside of forward mode"):
        torch.func.jacfwd(torch.func.jacfwd(function))(a)


def places(x):
    return [None, *range(-1, x.ndim + 1)]


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_vmap_over_each_dimension_of_each_operand_has_the_bits_of_a_loop(operation):
    rng = np.random.default_rng(SEED)
    for batches, dim in (([(2,), ()], -1), ([(2, 3), (3,)], -2)):
        size = 4
        copies = [tensors(rng, operation, batches, dim=dim) for _ in range(size)]
        rank = max(x.ndim + (kind == "scalar") for x, (_, kind) in zip(copies[0], operation.inputs, strict=True))
        combinations = list(itertools.product(*map(places, copies[0])))
        if len(combinations) > 200:
            combinations = [combinations[k] for k in rng.choice(len(combinations), 200, replace=False)]
        for in_dims in combinations:
            if set(in_dims) == {None}:
                continue
            stacked = [copies[0][k] if d is None else torch.stack([x[k] for x in copies], d) for k, d in enumerate(in_dims)]
            for spelled in (dim, dim + rank):
                results = torch.func.vmap(lambda *x: operator_of(operation)(*x, spelled, False), in_dims)(*stacked)
                results = results if isinstance(results, tuple) else (results,)
                for k in range(size):
                    single = [copies[0 if d is None else k][j] for j, d in enumerate(in_dims)]
                    expected = call(operation, *map(array, single), axis=dim)
                    expected = expected if isinstance(expected, tuple) else (expected,)
                    assert all(same(result[k], other) for result, other in zip(results, expected, strict=True)), in_dims


@pytest.mark.parametrize("operation", **named(VALUES))
def test_nested_vmap_of_gradients(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(2, 3, 4)], dim=-2)
    gradient_of = torch.func.grad(lambda *x: weighted(function_of(operation)(*x, dim=0)), argnums=tuple(range(len(inputs))))
    results = torch.func.vmap(torch.func.vmap(gradient_of, chunk_size=2), randomness="error")(*inputs)
    for i, j in itertools.product(range(2), range(3)):
        for result, expected in zip(results, gradient_of(*(x[i, j] for x in inputs)), strict=True):
            assert same(result[i, j], expected)


def test_functional_call_of_a_module():
    class Turn(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.axis = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))

        def forward(self, x):
            return crosslane.torch.cross(self.axis, x)

    x = torch.eye(3, dtype=torch.float64)
    module = Turn()
    parameters = {"axis": torch.tensor([4.0, 5.0, 6.0], dtype=torch.float64)}
    loss = lambda p, v: weighted(torch.func.functional_call(module, p, (v,)))
    assert same(torch.func.functional_call(module, parameters, (x,)), crosslane.torch.cross(parameters["axis"], x))
    per_sample = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, x)["axis"]
    for k in range(3):
        assert same(per_sample[k], torch.func.grad(loss)(parameters, x[k])["axis"])


# What torch does around a graph.


@pytest.fixture
def pair():
    return tensors(np.random.default_rng(SEED), BY_NAME["cross"], [(4,)], requires_grad=True)


@pytest.mark.parametrize("use_reentrant", [False, True])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_checkpoints_give_the_same_gradients(operation, use_reentrant):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4,), ()], requires_grad=True)
    expected = torch.autograd.grad(weighted(function_of(operation)(*inputs)), inputs)
    weighted(checkpoint(function_of(operation), *inputs, use_reentrant=use_reentrant)).backward()
    assert all(map(same, (x.grad for x in inputs), expected))


def test_an_operand_may_be_used_twice(pair):
    a, _ = pair
    product = crosslane.torch.cross(a, a)
    assert not product.any()
    product.sum().backward()
    assert not a.grad.any()
    (gradient,) = torch.autograd.grad(crosslane.torch.dot(a, a).sum(), a)
    assert same(gradient, 2 * a.detach())


def test_gradients_are_added_and_graphs_retained(pair):
    a, b = pair
    value = crosslane.torch.cross(a, b).sum()
    value.backward(retain_graph=True)
    once = a.grad.clone()
    value.backward()
    assert same(a.grad, 2 * once)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        value.backward()


def test_gradients_are_not_copied_into_leaves(pair):
    """torch takes over what nobody else refers to."""
    pointers = []
    for x in pair:
        x.register_hook(lambda gradient: pointers.append(gradient.data_ptr()))
    crosslane.torch.cross(*pair).sum().backward()
    assert sorted(pointers) == sorted(x.grad.data_ptr() for x in pair)


def test_hooks_see_and_change_gradients(pair):
    a, b = pair
    expected = torch.autograd.grad(crosslane.torch.cross(a, b).sum(), (a, b))
    product = crosslane.torch.cross(a, b)
    seen = []
    product.register_hook(lambda g: seen.append(g) or 2 * g)
    product.grad_fn.register_hook(lambda gradients, upstream: seen.extend(upstream))
    product.sum().backward()
    assert len(seen) == 2
    assert same(a.grad, 2 * expected[0]) and same(b.grad, 2 * expected[1])


def test_operands_that_were_changed_in_place_are_found(pair):
    a, b = (x * 1 for x in pair)
    product = crosslane.torch.cross(a, b)
    b.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()
    product = crosslane.torch.cross(a, b)
    product.mul_(2)  # (of the result nothing is saved)
    product.sum().backward()


@pytest.mark.parametrize("operation", **named(VALUES))
def test_no_graph_is_made_where_none_is_wanted(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4,)], requires_grad=True)
    expected = function_of(operation)(*inputs)
    with torch.no_grad():
        result = function_of(operation)(*inputs)
    assert not result.requires_grad and result.grad_fn is None and same(result, expected)
    with torch.inference_mode():
        result = function_of(operation)(*inputs)
        assert result.is_inference() and same(result, expected)
        assert same(function_of(operation)(*(x.clone() for x in inputs)), expected)
    with pytest.raises(RuntimeError, match="[Ii]nference"):
        crosslane.torch.dot(*[torch.ones(3, requires_grad=True), torch.inference_mode()(torch.ones)(3)])
    assert not function_of(operation)(*(x.detach() for x in inputs)).requires_grad


def test_anomaly_mode_names_the_operation(pair):
    a, b = pair
    with torch.autograd.detect_anomaly(check_nan=True), pytest.warns(UserWarning, match="cross"):
        product = crosslane.torch.cross(a, b) * torch.tensor(float("nan"), dtype=torch.float64)
        with pytest.raises(RuntimeError, match="nan values"):
            product.sum().backward()
    with torch.autograd.detect_anomaly(check_nan=True):
        crosslane.torch.cross(a, b).sum().backward()


def test_derivatives_where_a_normal_has_no_direction_are_zero():
    x, zero = torch.tensor([1.0, 0.0, 0.0], requires_grad=True), torch.zeros(3, requires_grad=True)
    for name in ("unit_normal", "cross_norm", "angle"):
        for pair in ((x, x.detach().clone().requires_grad_()), (x, zero), (zero, zero.detach().clone().requires_grad_())):
            first = torch.autograd.grad(getattr(crosslane.torch, name)(*pair).sum(), pair, create_graph=True)
            assert not any(gradient.any() for gradient in first)
            second = torch.autograd.grad(sum(gradient.sum() for gradient in first), pair, materialize_grads=True)
            assert all(torch.isfinite(gradient).all() for gradient in second), name


@pytest.mark.parametrize("name", ["cross_norm", "unit_normal"])
def test_forward_over_forward_is_finite_where_a_normal_has_no_direction(name):
    x = torch.tensor([1.0, 0.0, 0.0])
    second = torch.func.jacfwd(torch.func.jacfwd(lambda y: getattr(crosslane.torch, name)(y, x)))(x)
    assert torch.isfinite(second).all()


@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1, 1e8, 1e11])
@pytest.mark.parametrize("operation", **named([x for x in VALUES if not x.is_multilinear and x.name != "cross_jvp"]))
def test_formulas_do_not_leave_the_range_where_the_fused_gradients_do_not(operation, scale):
    a, b = (scale * x for x in tensors(np.random.default_rng(SEED), operation, [(20,)], torch.float32))
    function = function_of(operation)
    g = torch.sin(torch.arange(function(a, b).numel(), dtype=torch.float32)).reshape(function(a, b).shape)

    def loss(a, b):
        return (function(a, b) * g).sum()

    a.requires_grad_(), b.requires_grad_()
    fused = torch.autograd.grad(loss(a, b), (a, b))
    others = [torch.autograd.grad(loss(a, b), (a, b), create_graph=True), torch.func.grad(loss, (0, 1))(a.detach(), b.detach())]
    for gradients in others:
        for x, y in zip(fused, gradients, strict=True):
            assert (x - y).abs().max() <= 1e-4 * x.abs().max()
