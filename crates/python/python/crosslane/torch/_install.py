"""The product of this package in place of torch's own."""

from .. import _core
from ._operators import PATH


def install():
    """Make `torch.linalg.cross` and `torch.cross` use this library for CPU tensors, in the whole process.

    The kernel of the operator ``aten::linalg_cross`` is replaced for float16, bfloat16, float32 and float64. Everything else about the operator
    stays torch's: derivatives of every order, forward mode, `torch.vmap`, `torch.compile` (in eager backends; inductor writes code of its
    own). ``out=`` still uses torch's kernel. That also handles integers and complex numbers, and reports errors. Nothing is installed unless
    this function is called. Call it while no other thread is in `torch.linalg.cross`.

    What changes are bits: each product and the difference are rounded, where torch's compiler may fuse a product and the difference. (With fused
    ones ``a x a`` need not be zero; here it is.) float16 and bfloat16 are rounded once, where torch rounds three times. Errors that torch
    reports as `IndexError` are `RuntimeError` with the same text.

    Returns
    -------
    bool
        Whether it was not installed before.

    Notes
    -----
    torch's autograd takes a pass for each gradient, and sums those of repeated operands afterwards. :func:`crosslane.torch.cross` does all in
    one pass.

    Examples
    --------
    >>> import torch
    >>> import crosslane.torch
    >>> crosslane.torch.install()
    True
    >>> torch.linalg.cross(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0, 5.0, 6.0]))
    tensor([-3.,  6., -3.])
    >>> crosslane.torch.uninstall()
    True
    """
    return _core.install(PATH)


def uninstall():
    """Give `torch.linalg.cross` its own kernel back, and return whether it had been replaced.

    Call it while no other thread is in `torch.linalg.cross`.
    """
    return _core.uninstall()
