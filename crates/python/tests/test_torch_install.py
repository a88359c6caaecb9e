"""torch.linalg.cross with the kernel of this package: torch's own samples, errors and checks, and torch's bits once it is uninstalled."""

import pytest

torch = pytest.importorskip("torch", reason="crosslane.torch needs PyTorch")

import crosslane
import crosslane.torch
import numpy as np
from support import LARGE, python
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_utils import set_rng_seed
from torch_support import array, layouts, same

SEED = 33
(INFO,) = (info for info in op_db if info.name == "linalg.cross")
DTYPES = sorted(INFO.dtypes, key=str)
OURS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.fixture
def installed():
    assert crosslane.torch.install()
    yield
    assert crosslane.torch.uninstall()


def samples(dtype, **keywords):
    set_rng_seed(SEED)
    return [*INFO.sample_inputs("cpu", dtype, **keywords), *INFO.reference_inputs("cpu", dtype, **keywords)]


def normal(*shape, dtype=torch.float64, **keywords):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(SEED), **keywords)


def check_close(got, expected):
    """Equal in all but rounding: two products of components below 10 and their difference lose three ulps of 200 at most."""
    assert (got.dtype, got.shape, got.stride(), got.device) == (expected.dtype, expected.shape, expected.stride(), expected.device)
    atol = 3 * 200 * torch.finfo(got.dtype).eps if got.dtype.is_floating_point or got.dtype.is_complex else 0
    torch.testing.assert_close(got, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_samples_of_torch_through_the_function(dtype):
    for sample in samples(dtype):
        expected = torch.linalg.cross(sample.input, *sample.args, **sample.kwargs)
        check_close(crosslane.torch.cross(sample.input, *sample.args, **sample.kwargs), expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_samples_of_torch_through_torch(dtype):
    all_samples = samples(dtype)
    expected = [torch.linalg.cross(x.input, *x.args, **x.kwargs) for x in all_samples]
    crosslane.torch.install()
    try:
        for sample, result in zip(all_samples, expected, strict=True):
            got = torch.linalg.cross(sample.input, *sample.args, **sample.kwargs)
            check_close(got, result)
            if dtype in OURS:
                assert same(got, crosslane.torch.cross(sample.input, *sample.args, **sample.kwargs))
            else:
                assert torch.equal(got, result)
    finally:
        crosslane.torch.uninstall()


@pytest.mark.parametrize("error", list(INFO.error_inputs("cpu")), ids=lambda error: error.error_regex[:40])
def test_errors_of_torch_keep_their_text(installed, error):
    """Errors that are IndexError without the kernel of this package are RuntimeError with it."""
    sample = error.sample_input
    for _ in range(3):
        with pytest.raises(RuntimeError, match=error.error_regex):
            torch.linalg.cross(sample.input, *sample.args, **sample.kwargs)
    assert torch.linalg.cross(torch.ones(3), torch.arange(3.0)).tolist() == [1.0, -2.0, 1.0]


def test_messages_are_those_of_torch_word_for_word():
    a, b = torch.ones(4, 3), torch.ones(2, 3)
    calls = [
        lambda: torch.linalg.cross(a, b),
        lambda: torch.linalg.cross(a, a, dim=0),
        lambda: torch.linalg.cross(a, a, dim=5),
        lambda: torch.linalg.cross(a, a.double()),
        lambda: torch.linalg.cross(a, a[0]),
        lambda: torch.linalg.cross(a.bool(), a.bool()),
        lambda: torch.linalg.cross(torch.tensor(1.0), torch.tensor(1.0)),
        lambda: torch.cross(a, a, dim=7),
    ]

    def message(function):
        with pytest.raises((RuntimeError, IndexError)) as caught:
            function()
        return str(caught.value)

    before = [message(function) for function in calls]
    crosslane.torch.install()
    try:
        # (A backtrace may follow.)
        assert all(message(function).startswith(text) for function, text in zip(calls, before, strict=True))
    finally:
        crosslane.torch.uninstall()


@pytest.mark.parametrize("dtype", OURS, ids=str)
def test_layouts_and_shapes_of_torch_have_the_bits_of_the_function(installed, dtype):
    a, b = normal(2, 6, 4, 3).to(dtype)
    expected = crosslane.torch.cross(a, b)
    assert same(torch.linalg.cross(a, b), expected)
    for _, other in [] if dtype in (torch.float16, torch.bfloat16) else layouts(a):
        assert same(torch.linalg.cross(other, b), expected)
        assert same(torch.linalg.cross(other.mT, b.mT, dim=1), expected.mT)
    first = a.movedim(-1, 0), b.movedim(-1, 0), 0
    for left, right, dim in [(a, b[:1, :1], -1), (a[:, :1], b, 2), (a[0], b[1], 1), (a[:0], b[:1], -1), first]:
        assert same(torch.linalg.cross(left, right, dim=dim), crosslane.torch.cross(left, right, dim=dim))
        assert same(torch.cross(left, right, dim=dim), crosslane.torch.cross(left, right, dim=dim))
        assert same(left.cross(right, dim), crosslane.torch.cross(left, right, dim=dim))
    many = a[0].expand(*[1] * 20, 4, 3)
    check_close(torch.linalg.cross(many, many.flip(-1)), torch.linalg.cross(a[:1], a[:1].flip(-1)).reshape(many.shape))


def test_large_products_have_the_bits_of_one_thread(installed):
    arrays = np.random.default_rng(SEED).standard_normal((2, LARGE // 12 + 77, 3), "f4")
    with crosslane.threads(1):
        expected = crosslane.cross(*arrays)
    assert same(torch.linalg.cross(*map(torch.from_numpy, arrays)), expected)


def test_out_receives_the_product(installed):
    a, b = normal(2, 5, 3)
    expected = torch.linalg.cross(a, b)
    out = torch.empty(0, dtype=a.dtype)
    assert torch.linalg.cross(a, b, out=out) is out
    # torch's own kernel writes to `out`: a product and the difference may be fused.
    check_close(out, expected)
    strided = torch.zeros(3, 5, dtype=a.dtype).T
    torch.cross(a, b, dim=-1, out=strided)
    torch.testing.assert_close(strided, expected, rtol=0, atol=1e-14)
    with pytest.raises(RuntimeError):
        torch.linalg.cross(a, b, out=torch.empty(0))


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3), -1), ((1, 3), (4, 3), -1), ((3, 1, 2), (3, 2, 1), 0)], ids=str)
def test_derivatives_stay_those_of_torch(installed, shapes):
    *shapes, dim = shapes
    inputs = [normal(*shape, requires_grad=True) * (k + 1) for k, shape in enumerate(shapes)]
    inputs = [x.detach().requires_grad_() for x in inputs]

    def function(a, b):
        return torch.linalg.cross(a, b, dim=dim)

    assert gradcheck(function, inputs, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True)
    assert gradgradcheck(function, inputs, check_fwd_over_rev=True, check_rev_over_rev=True, check_batched_grad=True)
    for transform in (torch.func.jacfwd, torch.func.jacrev, torch.func.hessian):
        ours = transform(function)(*inputs)
        crosslane.torch.uninstall()
        theirs = transform(function)(*inputs)
        crosslane.torch.install()
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-13)


def test_forward_mode_and_vmap(installed):
    a, b, da = normal(3, 4, 3)
    with forward_ad.dual_level():
        dual = forward_ad.unpack_dual(torch.linalg.cross(forward_ad.make_dual(a, da), b))
    assert same(dual.primal, crosslane.torch.cross(a, b))
    check_close(dual.tangent, crosslane.torch.cross(da, b))
    for in_dims in [(0, 0), (0, None), (None, 0), (1, 1)]:
        left, right = (x[0] if d is None else x if d == 0 else x.T for x, d in zip((a, b), in_dims, strict=True))
        got = torch.func.vmap(torch.linalg.cross, in_dims)(left, right)
        expected = crosslane.torch.cross(*(x if d is None or d == 0 else x.T for x, d in zip((left, right), in_dims, strict=True)))
        assert same(got, expected)


def test_compiled_functions(installed):
    torch.compiler.reset()
    a, b = (x.requires_grad_() for x in normal(2, 5, 3))
    compiled = torch.compile(lambda x, y: torch.linalg.cross(x, y) * 2, backend="aot_eager", fullgraph=True)
    result = compiled(a, b)
    assert same(result, crosslane.torch.cross(a, b) * 2)
    gradients = torch.autograd.grad(result.sum(), (a, b))
    for got, expected in zip(gradients, torch.autograd.grad(crosslane.torch.cross(a, b).sum() * 2, (a, b)), strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-14)


def test_meta_and_sparse_tensors_are_those_of_torch(installed):
    a, b = normal(2, 4, 3)
    assert torch.linalg.cross(a.to("meta"), b.to("meta")).shape == (4, 3)
    with pytest.raises(NotImplementedError):
        torch.linalg.cross(a.to_sparse(), b.to_sparse())


def test_to_uninstall_gives_the_bits_of_torch_back():
    a, b = normal(2, 10_000, 3)
    before = torch.linalg.cross(a, b)
    assert not crosslane.torch.uninstall()
    for _ in range(3):
        assert crosslane.torch.install()
        assert not crosslane.torch.install()
        assert same(torch.linalg.cross(a, b), np.cross(array(a), array(b)))
        assert crosslane.torch.uninstall()
        assert not crosslane.torch.uninstall()
        assert same(torch.linalg.cross(a, b), before)
        with pytest.raises(IndexError):
            torch.linalg.cross(a, b, dim=5)


def test_products_of_equal_operands_are_zero(installed):
    a = normal(10_000, 3)
    assert not torch.linalg.cross(a, a).any()


def test_it_says_at_most_once_that_a_kernel_is_replaced_and_nothing_at_the_import():
    code = "import torch, crosslane.torch\nprint(torch.linalg.cross(torch.ones(3), torch.arange(3.)).tolist(){})"
    run = python("-c", code.format(""), text=True)
    assert (run.stdout, run.stderr, run.returncode) == ("[1.0, -2.0, 1.0]\n", "", 0)
    run = python("-c", code.format(", crosslane.torch.install(), crosslane.torch.install()"), text=True)
    assert (run.stdout, run.returncode) == ("[1.0, -2.0, 1.0] True False\n", 0)
    assert run.stderr.count("Overriding a previously registered kernel") <= 1
