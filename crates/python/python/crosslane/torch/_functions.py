"""The operations as functions of tensors, each made from its row of the library's table."""

import torch
from torch import Tensor

from ._examples import section
from ._fallback import FORMULAS
from ._operators import HALF, OPERATORS

REAL = (torch.float32, torch.float64)
_ROUNDED = {"plain": False, "correctly-rounded": True}


def rounded(accuracy):
    """Whether results are to be correctly rounded."""
    try:
        return _ROUNDED[accuracy]
    except (KeyError, TypeError):
        raise ValueError(f'accuracy must be "plain" or "correctly-rounded", got {accuracy!r}') from None


def call(name, inputs, dim, accuracy):
    """The results of the operation of this name."""
    operator = OPERATORS[name]
    is_rounded = accuracy != "plain" and rounded(accuracy)
    dtype, is_ours = None, True
    for x in inputs:
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: expected tensors, got {type(x).__name__}")
        if dtype is None:
            dtype = x.dtype
        is_ours = is_ours and x.is_cpu and x.dtype is dtype
    if not is_ours and torch.is_autocast_enabled("cpu"):
        inputs, dtype, is_ours = _promoted(inputs)
    if dim != -1:
        dim = _from_end(operator, inputs, dim)
    if is_ours and (dtype in REAL or (dtype in HALF and name == "cross")):
        return operator(*inputs, dim, is_rounded)
    if is_ours and dtype in HALF:
        # The library computes these as float32. The result is rounded to the type at the end.
        return operator(*(x.float() for x in inputs), dim, is_rounded).to(dtype)
    if is_rounded:
        raise ValueError(f"{name}: accuracy={accuracy!r} needs floating-point tensors of the CPU")
    types = {x.dtype for x in inputs}
    if len(types) > 1 and name != "cross":
        raise RuntimeError(f"{name}: expected tensors of one type, got {' and '.join(sorted(map(str, types)))}")
    return FORMULAS[name](*inputs, dim)


def _from_end(operator, inputs, dim):
    from_end, rank = operator.from_end(inputs, dim)
    if not -rank <= from_end < 0:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})")
    return from_end


def _promoted(inputs):
    """Tensors of one type, as regions of autocast want them, with that type, and whether all are of the CPU."""
    dtype = inputs[0].dtype
    for x in inputs[1:]:
        dtype = torch.promote_types(dtype, x.dtype)
    return [x.to(dtype) for x in inputs], dtype, all(x.is_cpu for x in inputs)


# (Some versions of torch.compile look up globals in `function.__module__`. A closure passes `call` without a global.)
_SOURCE = """
def make(call):
    def {name}({inputs}, dim=-1, *, accuracy="plain"):
        return call({name!r}, ({inputs},), dim, accuracy)
    return {name}
"""


def make(row):
    """The function of an operation. (Made of text, so that parameters have the table's names without the time that `*args` takes.)"""
    scope = {"__name__": "crosslane.torch"}
    inputs = ", ".join(name for name, _ in row.inputs)
    exec(_SOURCE.format(name=row.name, inputs=inputs), scope)
    function = scope["make"](call)
    function.__qualname__ = row.name
    function.__doc__ = _doc(row)
    return function


_KINDS = {
    "vector": "Vectors, with three components along `dim`.",
    "scalar": "Numbers, one for each vector, or broadcast: without `dim`, (E, F) for vectors (E, 3, F) and dim=1.",
}


def _doc(row):
    operands = "\n".join(f"    {name} : Tensor\n        {_KINDS[kind]}" for name, kind in row.inputs)
    kind = "Vectors along `dim`" if row.outputs[0][1] == "vector" else "Numbers, in the shape without `dim`"
    return f"""{row.summary}

    .. math:: {row.formula}

    Parameters
    ----------
{operands}
    dim : int
        The dimension of the components, counted in the broadcast shape; the last if it is not given.
    accuracy : {{"plain", "correctly-rounded"}}
        "plain" rounds each operation of the formula. "correctly-rounded" uses exact differences of products, and formulas that
        survive cancellation.

    Returns
    -------
    Tensor
        {kind}, contiguous.

    Raises
    ------
    RuntimeError
        If shapes are not broadcast, types differ, or `dim` does not have the length 3.
    IndexError
        If `dim` is out of range.
{section(row.name)}"""
