"""The operators of crosslane.torch in what looks at programs: torch.compile, torch.export, opcheck, modes, subclasses and modules."""

import copy
import io
import pickle

import pytest

torch = pytest.importorskip("torch", reason="crosslane.torch needs PyTorch")

import crosslane.torch
import numpy as np
from support import OPERATIONS, VALUES, named
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch_support import BY_NAME, function_of, operator_of, same, tensors, weighted

SEED = 34
HALVES = [torch.float16, torch.bfloat16]


@pytest.fixture(autouse=True)
def nothing_compiled():
    torch.compiler.reset()


# Operators.


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_operators_pass_the_checks_of_torch(operation):
    """Schema, derivatives, shapes without values, and tracing with symbolic shapes; whole and broadcast, with other dimensions."""
    whole = tensors(np.random.default_rng(SEED), operation, [(2, 4)], dim=-2, requires_grad=True)
    torch.library.opcheck(operator_of(operation), (*whole, -2, False))
    repeated = tensors(np.random.default_rng(SEED), operation, [(2, 1), (4,)])
    cheap = ("test_schema", "test_faketensor")
    torch.library.opcheck(operator_of(operation), (*repeated, -1, True), test_utils=cheap)
    torch.library.opcheck(operator_of(operation), (*(x.float() for x in whole), 1, False), test_utils=cheap)


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_shapes_without_values_are_those_of_the_results(operation):
    for batches, dim in [([(2, 4)], -2), ([(2, 1), (4,)], -1), ([()], -1), ([(0, 2), (1,)], -1), ([(3, 1, 2), (4, 1), (5, 1, 1, 1)], -1)]:
        inputs = tensors(np.random.default_rng(SEED), operation, batches, dim=dim)
        rank = max(x.ndim + (kind == "scalar") for x, (_, kind) in zip(inputs, operation.inputs, strict=True))
        for spelled in (dim, dim + rank):
            results = operator_of(operation)(*inputs, spelled, False)
            with FakeTensorMode() as mode:
                fakes = operator_of(operation)(*map(mode.from_tensor, inputs), spelled, False)
            metas = operator_of(operation)(*(x.to("meta") for x in inputs), spelled, False)
            for others in (fakes, metas):
                for result, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (results, others)), strict=True):
                    assert (result.shape, result.stride(), result.dtype) == (other.shape, other.stride(), other.dtype)


@pytest.mark.parametrize("name", ["cross", "dot", "gated_cross"])
def test_tensors_without_values_are_refused_as_those_with_values_are(name):
    good = [torch.ones(4) if kind == "scalar" else torch.ones(4, 3) for _, kind in BY_NAME[name].inputs]
    operator = operator_of(BY_NAME[name])
    right = torch.ones(4, 3)
    for wrong, dim in [(right[:, :2], -1), (right[:2], -1), (right, 0), (right, 5), (right, -7)]:
        for device in ("cpu", "meta"):
            with pytest.raises((RuntimeError, IndexError)):
                operator(*(x.to(device) for x in (*good[:-1], wrong)), dim, False)


class Seen(TorchDispatchMode):
    """The operators that a block calls."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_modes_see_the_operators(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4,)], requires_grad=True)
    with Seen() as seen:
        value = function_of(operation)(*inputs)
        value.backward(torch.ones_like(value))
    forwards = f"crosslane.{operation.name}.default" if operation.gradient else "crosslane.cross.default"
    backwards = f"crosslane.{operation.gradient or 'cross_vjp'}.default"
    assert forwards in seen.names and backwards in seen.names


class Named(torch.Tensor):
    """A tensor that writes down which functions it is given to, and stays of its class."""

    seen = []

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        cls.seen.append(str(function))
        return super().__torch_function__(function, types, args, kwargs or {})


@pytest.mark.parametrize("operation", **named(VALUES))
def test_subclasses_see_the_operators(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4,)])
    Named.seen.clear()
    result = function_of(operation)(*(x.as_subclass(Named) for x in inputs))
    assert type(result) is Named
    assert same(result.as_subclass(torch.Tensor), function_of(operation)(*inputs))
    assert any(operation.name in name for name in Named.seen)


# torch.compile and torch.export.


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("operation", **named(VALUES))
def test_compiled_functions_have_the_bits_of_others(operation):
    """The second call has other lengths: its program is for any."""

    def function(*inputs):
        return function_of(operation)(*inputs, dim=-2) * 2

    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    for batches in ([(2, 4), (1, 4)], [(5, 7), (1, 7)], [(6, 8), (1, 8)]):
        inputs = tensors(np.random.default_rng(SEED), operation, batches, dim=-2, requires_grad=True)
        result, expected = compiled(*inputs), function(*inputs)
        assert same(result, expected)
        gradients = torch.autograd.grad(weighted(result), inputs)
        assert all(map(same, gradients, torch.autograd.grad(weighted(expected), inputs)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", ["cross", "unit_normal"])
def test_compiled_functions_have_dynamic_shapes(name):
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(function_of(BY_NAME[name]), backend=backend, fullgraph=True, dynamic=True)
    for n, m in ((2, 4), (7, 5), (30, 8)):
        inputs = tensors(np.random.default_rng(SEED), BY_NAME[name], [(n, 1), (m,)])
        assert same(compiled(*inputs), function_of(BY_NAME[name])(*inputs))
    assert len(graphs) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_half_types_autocast_and_accuracies_are_compiled():
    def function(a, b):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed = crosslane.torch.cross(a, b)
        return mixed, crosslane.torch.dot(b, b, accuracy="correctly-rounded"), crosslane.torch.angle(a, a.flip(0))

    a, b = tensors(np.random.default_rng(SEED), BY_NAME["cross"], [(5,)], torch.float32)
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    assert all(map(same, compiled(a.bfloat16(), b), function(a.bfloat16(), b)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", ["cross", "gated_cross"])
def test_inductor_calls_the_operators(name):
    def function(*inputs):
        return torch.sin(function_of(BY_NAME[name])(*inputs)).sum()

    inputs = tensors(np.random.default_rng(SEED), BY_NAME[name], [(6, 1), (4,), (4,)], requires_grad=True)
    value = torch.compile(function, fullgraph=True)(*inputs)
    # (A sum of 72 sines in another order, and sines of another library.)
    torch.testing.assert_close(value, function(*inputs), rtol=0, atol=1e-12)
    for got, expected in zip(torch.autograd.grad(value, inputs), torch.autograd.grad(function(*inputs), inputs), strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


class Message(torch.nn.Module):
    """A gated message of an equivariant network."""

    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(4, 4)
        self.axis = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, scalars, vectors):
        turned = crosslane.torch.cross(self.axis, vectors)
        return crosslane.torch.gated_cross(self.gate(scalars), vectors, turned)


@pytest.fixture
def message():
    torch.manual_seed(SEED)
    return Message(), torch.randn(5, 4), torch.randn(5, 4, 3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_modules_are_exported(message):
    module, *inputs = message
    batch = torch.export.Dim("batch")
    program = torch.export.export(module, tuple(inputs), dynamic_shapes=({0: batch}, {0: batch}))
    targets = {str(node.target) for node in program.graph.nodes}
    assert {"crosslane.cross.default", "crosslane.gated_cross.default"} <= targets
    room = io.BytesIO()
    torch.export.save(program, room)
    room.seek(0)
    again = torch.export.load(room).module()
    for other in (inputs, [x.repeat(3, *[1] * (x.ndim - 1)) for x in inputs]):
        assert same(again(*other), module(*other))


def test_modules_are_copied_pickled_and_loaded(message):
    module, *inputs = message
    expected = module(*inputs)
    other = Message()
    other.load_state_dict(module.state_dict())
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        assert same(again(*inputs), expected)
    assert pickle.loads(pickle.dumps(crosslane.torch.cross)) is crosslane.torch.cross
    assert copy.deepcopy(crosslane.torch.cross) is crosslane.torch.cross


def test_modules_learn(message):
    """A step of an optimizer makes the loss smaller."""
    module, *inputs = message
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = module(*inputs).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > losses[1] > losses[2]
