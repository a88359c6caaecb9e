"""The functions of crosslane.torch have the bits of those of crosslane, for tensors of any shape and layout, and refuse the others."""

import itertools

import pytest

torch = pytest.importorskip("torch", reason="crosslane.torch needs PyTorch")

import crosslane
import crosslane.torch
import numpy as np
from support import BATCHES, LARGE, VALUES, call, named, operands
from torch_support import array, dims_of, formula_of, function_of, layouts, same, tensors

SEED = 31
ACCURACIES = ["plain", "correctly-rounded"]


def test_every_operation_that_is_no_gradient_is_offered():
    names = {operation.name for operation in VALUES}
    names |= {name for name in crosslane.__all__ if name.endswith(("normals", "areas"))}
    assert set(crosslane.torch.__all__) == names | {"install", "uninstall"}
    assert all(callable(getattr(crosslane.torch, name)) for name in names)


@pytest.mark.parametrize("batches", BATCHES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_bits_are_those_of_the_function_for_arrays(operation, dtype, batches):
    dims, rank = dims_of(operation, batches)
    for dim in dims:
        inputs = tensors(np.random.default_rng(SEED), operation, batches, dtype, dim)
        for accuracy in ACCURACIES:
            expected = call(operation, *map(array, inputs), axis=dim, accuracy=accuracy)
            for spelled in (dim, dim + rank):
                result = function_of(operation)(*inputs, dim=spelled, accuracy=accuracy)
                assert same(result, expected), (spelled, accuracy)
                assert result.is_contiguous()
    assert same(function_of(operation)(*inputs), call(operation, *map(array, inputs)))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_float16_has_the_bits_of_the_function_for_arrays(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(500, 1), (3,), ()], torch.float16)
    for accuracy in ACCURACIES:
        expected = call(operation, *map(array, inputs), accuracy=accuracy)
        assert same(function_of(operation)(*inputs, accuracy=accuracy), expected)


def test_products_of_bfloat16_are_rounded_once():
    rng = np.random.default_rng(SEED)
    # Significands of 8 bits with exponents of -3 to 3: products and differences are exact in float64.
    values = rng.integers(128, 256, (2, 5000, 3)) * 2.0 ** rng.integers(-10, -3, (2, 5000, 3)) * rng.choice([-1, 1], (2, 5000, 3))
    fraction, exponent = np.frexp(np.cross(*values))
    expected = torch.from_numpy(np.ldexp(np.rint(np.ldexp(fraction, 8)), exponent - 8)).bfloat16()
    a, b = torch.from_numpy(values).bfloat16()
    assert same(a.double(), values[0]) and same(b.double(), values[1])
    for accuracy in ACCURACIES:
        assert same(crosslane.torch.cross(a, b, accuracy=accuracy), expected)


@pytest.mark.parametrize("operation", **named([x for x in VALUES if x.name != "cross"]))
def test_bfloat16_is_computed_in_single_and_rounded(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(500, 1), (3,), ()], torch.bfloat16)
    single = function_of(operation)(*(x.float() for x in inputs))
    assert same(function_of(operation)(*inputs), single.bfloat16())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_layouts_make_no_difference(operation, dtype):
    for dim in (-1, -3):
        inputs = tensors(np.random.default_rng(SEED), operation, [(6, 4, 5)], dtype, dim)
        expected = function_of(operation)(*inputs, dim=dim)
        for k, x in enumerate(inputs):
            for name, other in layouts(x):
                assert torch.equal(other, x)
                result = function_of(operation)(*inputs[:k], other, *inputs[k + 1 :], dim=dim)
                assert same(result, expected), (name, k)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_repeated_elements_are_as_copies_of_them(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(6, 4)])
    for k, x in enumerate(inputs):
        for part in (x[:1], x[:, :1], x[:1, :1], x[..., :1]):
            other = part.expand(x.shape)
            others = inputs[:k], inputs[k + 1 :]
            result = function_of(operation)(*others[0], other, *others[1])
            assert same(result, function_of(operation)(*others[0], other.contiguous(), *others[1]))
    overlapping = torch.arange(40.0).as_strided((6, 4, 3), (3, 2, 1))
    expected = crosslane.torch.cross(overlapping.contiguous(), overlapping.flip(0))
    assert same(crosslane.torch.cross(overlapping, overlapping.flip(0)), expected)


@pytest.mark.parametrize("shape", [(0,), (4, 0, 2), (0, 0), (0, 1)], ids=str)
@pytest.mark.parametrize("operation", **named(VALUES))
def test_empty_batches_give_empty_results(operation, shape):
    for dim in (-1, -len(shape) - 1):
        inputs = tensors(np.random.default_rng(SEED), operation, [shape], dim=dim, requires_grad=True)
        result = function_of(operation)(*inputs, dim=dim)
        assert same(result, call(operation, *map(array, inputs), axis=dim))
        result.sum().backward()
        assert all(x.grad.shape == x.shape for x in inputs)


@pytest.mark.parametrize("axes", [8, 12, 16])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_many_axes(operation, axes):
    rng = np.random.default_rng(SEED)
    shapes = [tuple(int(n) for n in rng.permutation([2, 3, 2] + [1] * (axes - 3))) for _ in operation.inputs]
    shapes = [tuple(n if n == m else 1 for n, m in zip(shape, shapes[0], strict=True)) for shape in shapes]
    for dim in (-1, -4, -axes - 1):
        inputs = tensors(rng, operation, shapes, dim=dim, requires_grad=True)
        result = function_of(operation)(*inputs, dim=dim)
        assert same(result, call(operation, *map(array, inputs), axis=dim))
        gradients = torch.autograd.grad(result.sum(), inputs)
        assert all(gradient.shape == x.shape for gradient, x in zip(gradients, inputs, strict=True))


@pytest.mark.parametrize("operation", **named(VALUES))
def test_large_calls_have_the_bits_of_one_thread(operation):
    for batches in ([(LARGE // 12 + 77,)], [(LARGE // 12 + 77,), ()]):
        arrays = operands(np.random.default_rng(SEED), operation, batches, "f4")
        with crosslane.threads(1):
            expected = call(operation, *arrays)
        assert same(function_of(operation)(*map(torch.from_numpy, arrays)), expected)


def test_special_values_are_those_of_numpy():
    values = np.array([0.0, -0.0, 1.0, -1.0, 5e-324, 1e308, -1e308, np.inf, -np.inf, np.nan])
    a, b = (np.array(list(itertools.product(values, repeat=3))) for _ in range(2))
    b = np.random.default_rng(SEED).permutation(b)
    with np.errstate(all="ignore"):
        for accuracy in ACCURACIES:
            expected = crosslane.cross(a, b, accuracy=accuracy)
            assert same(crosslane.torch.cross(torch.from_numpy(a), torch.from_numpy(b), accuracy=accuracy), expected)


# What is not the library's: torch's own functions compute it, or raise.


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64])
def test_products_of_integers_are_those_of_torch(dtype):
    a, b = torch.randint(0, 9, (2, 5, 3), generator=torch.Generator().manual_seed(SEED)).to(dtype)
    assert same(crosslane.torch.cross(a, b), torch.linalg.cross(a, b))
    assert same(crosslane.torch.cross(a, b[0]), torch.linalg.cross(a, b[:1]))


def test_complex_numbers_are_differentiated_by_torch():
    generator = torch.Generator().manual_seed(SEED)
    a, b = torch.randn((2, 5, 3), dtype=torch.complex128, generator=generator).requires_grad_()
    ours, torchs = (f(a, b) for f in (crosslane.torch.cross, torch.linalg.cross))
    assert same(torch.view_as_real(ours), torch.view_as_real(torchs))
    upstream = torch.randn((5, 3), dtype=torch.complex128, generator=generator)
    for x, y in zip(*(torch.autograd.grad(result, (a, b), upstream) for result in (ours, torchs)), strict=True):
        assert torch.equal(x, y)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_tensors_without_values_have_the_shapes_of_the_results(operation):
    for dim in (-1, -3):
        inputs = tensors(np.random.default_rng(SEED), operation, [(3, 4)], dim=dim)
        result = function_of(operation)(*(x.to("meta") for x in inputs), dim=dim)
        expected = function_of(operation)(*inputs, dim=dim)
        assert (result.shape, result.dtype, result.device.type) == (expected.shape, expected.dtype, "meta")


@pytest.mark.parametrize("operation", **named(VALUES))
def test_formulas_of_torch_agree(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4, 1), (5,)])
    # Two ways to compute numbers of a size near one, each with a few roundings of 1e-16.
    torch.testing.assert_close(function_of(operation)(*inputs), formula_of(operation)(*inputs, -1), rtol=1e-12, atol=1e-12)


A, B = torch.arange(12.0).reshape(4, 3), torch.ones(4, 3)
REFUSED = {
    "no dimension": (TypeError, "expected tensors, got", lambda f: f(1.0, B)),
    "a list": (TypeError, "expected tensors, got list", lambda f: f([1.0, 2.0, 3.0], B)),
    "an array": (TypeError, "expected tensors, got ndarray", lambda f: f(A.numpy(), B)),
    "nothing": (TypeError, "expected tensors, got NoneType", lambda f: f(A, None)),
    "no axis": (RuntimeError, "Dimension out of range", lambda f: f(torch.tensor(1.0), torch.tensor(1.0))),
    "two components": (RuntimeError, "must have length 3, got 2", lambda f: f(A[:, :2], B)),
    "a dim of another length": (RuntimeError, "must have length 3, got 4", lambda f: f(A, B, dim=0)),
    "a dim that an operand lacks": (RuntimeError, "Dimension out of range: b has 1", lambda f: f(A.T, B[0], dim=0)),
    "a dim beyond": (IndexError, r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)", lambda f: f(A, B, 2)),
    "a dim before": (IndexError, r"but got -3\)", lambda f: f(A, B, -3)),
    "a huge dim": (IndexError, "out of range", lambda f: f(A, B, 2**64)),
    "a dim that is no number": (TypeError, "", lambda f: f(A, B, "last")),
    "shapes": (RuntimeError, "length 2 along axis -1, expected 4", lambda f: f(A, B[:2])),
    "types": (RuntimeError, "", lambda f: f(A, B.double())),
    "truth values": (RuntimeError, "not implemented for 'Bool'", lambda f: f(A.bool(), B.bool())),
    "an accuracy": (ValueError, 'accuracy must be "plain" or "correctly-rounded"', lambda f: f(A, B, accuracy="exact")),
    "no accuracy": (ValueError, "accuracy must be", lambda f: f(A, B, accuracy=[])),
    "exact integers": (ValueError, "needs floating-point tensors", lambda f: f(A.int(), B.int(), accuracy="correctly-rounded")),
    "sparse tensors": (NotImplementedError, "SparseCPU", lambda f: f(A.to_sparse(), B)),
    "compressed tensors": (NotImplementedError, "SparseCsrCPU", lambda f: f(A.to_sparse_csr(), B.to_sparse_csr())),
    "quantized tensors": (NotImplementedError, "Quantized", lambda f: f(*[torch.quantize_per_tensor(A, 0.1, 0, torch.qint8)] * 2)),
    "tensors of MKL-DNN": (NotImplementedError, "Mkldnn", lambda f: f(A.to_mkldnn(), B)),
    "nested tensors": (NotImplementedError, "Nested", lambda f: f(*[torch.nested.nested_tensor([A, B[:2]])] * 2)),
    "18 axes": (RuntimeError, "at most 17 dimensions, got 18", lambda f: f(A.expand(*[1] * 16, 4, 3), B)),
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # prototypes of torch announce themselves
@pytest.mark.parametrize("what", REFUSED)
def test_other_operands_are_refused(what):
    kind, message, function = REFUSED[what]
    for _ in range(3):
        with pytest.raises(kind, match=message):
            function(crosslane.torch.cross)
    assert crosslane.torch.cross(A, B)[1].tolist() == [-1.0, 2.0, -1.0]


@pytest.mark.parametrize("operation", **named(VALUES))
def test_operators_refuse_what_no_function_lets_through(operation):
    inputs = tensors(np.random.default_rng(SEED), operation, [(4,)])
    operator = getattr(torch.ops.crosslane, operation.name)
    half = [inputs[0].float(), *inputs[1:]]
    for wrong in (half, [x.int() for x in inputs], [x.cfloat() for x in inputs], [x.bool() for x in inputs], [None, *inputs[1:]]):
        with pytest.raises(RuntimeError):
            operator(*wrong, -1, False)
    for dim in (2, -3, 2**63 - 1, -(2**63)):
        with pytest.raises(RuntimeError, match="out of range"):
            operator(*inputs, dim, False)
    with pytest.raises(RuntimeError):
        operator(*inputs)


# Regions of autocast.


@pytest.mark.parametrize("operation", **named(VALUES))
def test_autocast_promotes_operands_of_different_types(operation):
    types = [torch.bfloat16, torch.float32, torch.bfloat16, torch.float32][: len(operation.inputs)]
    inputs = tensors(np.random.default_rng(SEED), operation, [(5, 1), (4,)])
    inputs = [x.to(dtype).requires_grad_() for x, dtype in zip(inputs, types, strict=True)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = function_of(operation)(*inputs)
    single = [x.detach().float().requires_grad_() for x in inputs]
    expected = function_of(operation)(*single)
    assert same(result, expected)
    result.sum().backward()
    expected.sum().backward()
    for x, other in zip(inputs, single, strict=True):
        assert x.grad.dtype == x.dtype
        assert same(x.grad, other.grad.to(x.dtype))
    with pytest.raises(RuntimeError):
        function_of(operation)(*inputs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("operation", **named(VALUES))
def test_gradients_of_half_types_are_computed_in_single_and_rounded(operation, dtype):
    inputs = tensors(np.random.default_rng(SEED), operation, [(50, 1), (4,)], dtype, requires_grad=True)
    for region in (torch.autocast("cpu", enabled=False), torch.autocast("cpu", dtype=torch.bfloat16)):
        with region:
            result = function_of(operation)(*inputs)
        assert result.dtype == dtype
        gradients = torch.autograd.grad(result.sum(), inputs)
        single = [x.detach().float().requires_grad_() for x in inputs]
        expected = torch.autograd.grad(function_of(operation)(*single).sum(), single)
        for gradient, other in zip(gradients, expected, strict=True):
            assert same(gradient, other.to(dtype))
