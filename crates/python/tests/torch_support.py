"""What the tests of crosslane.torch share. (It imports torch: import it behind `pytest.importorskip`.)"""

import crosslane.torch
import numpy as np
import torch
from crosslane.torch import _fallback
from support import VALUES, batches_of, operands, same_bits

# Shapes of batches: equal ones, none, missing axes, ones on one side, ones on both sides.
BROADCASTS = [((2,),), ((),), ((2,), ()), ((), (2,), (1,)), ((2, 1), (1, 2)), ((1, 2), (2, 1), ())]
BY_NAME = {operation.name: operation for operation in VALUES}


def function_of(operation):
    return getattr(crosslane.torch, operation.name)


def operator_of(operation):
    return getattr(torch.ops.crosslane, operation.name).default


def formula_of(operation):
    """The operation in torch's own functions."""
    return _fallback.FORMULAS[operation.name]


def tensors(rng, operation, batches, dtype=torch.float64, dim=-1, requires_grad=False):
    """Random operands of an operation, whose components are along `dim`, which counts from the end."""
    arrays = operands(rng, operation, batches, "f8", dim)
    return [torch.tensor(np.array(x, order="C"), dtype=dtype, requires_grad=requires_grad) for x in arrays]


def dims_of(operation, batches):
    """The dimensions, counted from the end, that all vectors have beside those of their batches, and the rank of the common shape."""
    shapes = batches_of(operation, batches)
    kinds = [kind for _, kind in operation.inputs]
    shortest = min(len(shape) for shape, kind in zip(shapes, kinds, strict=True) if kind == "vector")
    return range(-shortest - 1, 0), len(np.broadcast_shapes(*shapes)) + 1


def array(tensor):
    return tensor.detach().resolve_neg().numpy()


def same(got, expected):
    """Whether two tensors, or a tensor and an array, have the same bits, shape and type."""
    got, expected = (x.detach() if isinstance(x, torch.Tensor) else torch.from_numpy(np.asarray(x)) for x in (got, expected))
    if got.dtype != expected.dtype:
        return False
    if got.dtype == torch.bfloat16:
        got, expected = got.float(), expected.float()
    return same_bits(array(got), array(expected))


def layouts(x):
    """The same values in other layouts."""
    yield "transposed", x.permute(*reversed(range(x.ndim))).contiguous().permute(*reversed(range(x.ndim)))
    yield "stepped", x.repeat_interleave(3, -1)[..., ::3]
    yield "stepped at the front", x.repeat_interleave(2, 0)[1::2]
    yield "flipped", x.flip(tuple(range(x.ndim))).flip(tuple(range(x.ndim)))
    yield "behind other elements", torch.cat([x.new_zeros(5), x.flatten()])[5:].view(x.shape)
    yield "negated when it is read", torch._neg_view(-x)
    yield "imaginary parts", torch.complex(x, x).conj().mul(-1).imag if x.dtype == torch.float64 else x
    yield "part of a larger tensor", torch.nn.functional.pad(x, (1, 2) * x.ndim)[(slice(1, -2),) * x.ndim]
    yield "at an odd address", torch.frombuffer(bytearray(b"." + array(x).tobytes()), dtype=x.dtype, offset=1).view(x.shape)


def weighted(result):
    """A number of which every component of a result has another derivative."""
    return (result * torch.cos(torch.arange(result.numel(), dtype=result.dtype)).reshape(result.shape)).sum()
