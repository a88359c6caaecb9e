"""Cross products for networks: the operations of the library on PyTorch's tensors, with fused gradients.

The functions of this module are those of :mod:`crosslane` for tensors, each made from its row of the table :func:`crosslane.operations`.
They work on CPU tensors of float16, bfloat16, float32 and float64, of any strides, and broadcast their operands. Other devices, integers
and complex numbers use torch's own functions.

>>> import torch
>>> import crosslane.torch
>>> w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> x = torch.eye(3)
>>> y = crosslane.torch.cross(w, x)
>>> y[:, 2].sum().backward()
>>> w.grad
tensor([ 1., -1.,  0.])

Derivatives
    ``backward`` is one pass of the library for all operands, and adds up the gradients of operands that were repeated in that pass, always
    in the same order. Second and higher derivatives, forward mode, `torch.func` (grad, vjp, jvp, jacrev, jacfwd, hessian, vmap) and
    `torch.compile` work. Second derivatives of the cross product are fused, too; those of the other operations are made of several
    operations, and so are first derivatives of meshes in `torch.func`. Forward mode inside of forward mode (``jvp`` of ``jvp``), and
    transforms in compiled programs, use torch's own functions: bits are torch's there, and `accuracy` must be "plain".

Half types
    Products of float16 and bfloat16 are rounded once, where torch rounds three times. Everything else, and all gradients, are computed as
    float32 and rounded to the type at the end. In regions of `torch.autocast` operands of different types are promoted to a common
    one, as torch does for its own products.

Threads
    Large calls use the pool of this package, never more threads than :func:`torch.get_num_threads`. A child made by ``fork``, such as a worker
    of a DataLoader, has a pool of its own.

Bits
    With "plain" accuracy every component is two rounded products and one rounded difference, as NumPy computes it, on any CPU. torch's own
    results differ from that by rounding where its compiler fused a product and a difference.
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError('crosslane.torch needs PyTorch: pip install "crosslane[torch]"') from error

from .._functions import operations
from ._functions import make
from ._install import install, uninstall
from ._meshes import FUNCTIONS as _MESHES

_ROWS = [row for row in operations() if not row.is_gradient]
_FUNCTIONS = [*map(make, _ROWS), *_MESHES]
globals().update((function.__name__, function) for function in _FUNCTIONS)

__all__ = ["install", "uninstall", *(function.__name__ for function in _FUNCTIONS)]
