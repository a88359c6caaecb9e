"""The operations of the library as functions, each made from its row of the library's table."""

import inspect
from typing import NamedTuple

from . import _core
from ._examples import EXAMPLES


class Operation(NamedTuple):
    """What the library knows of one operation.

    Inputs and outputs are pairs of a name and a kind, ``"vector"`` or ``"scalar"``. The outputs of a gradient have the shapes of its
    first inputs. An operation signals if overflow and invalid values are reported as `numpy.errstate` says. Its gradient is another operation,
    by its name, or None where there is none. It is multilinear if it is linear in each input while the others stay as they are.
    """

    name: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    is_gradient: bool
    signals: bool
    summary: str
    formula: str
    gradient: str | None = None
    is_multilinear: bool = False


_TABLE = tuple(Operation(*row) for row in _core.table())


def operations():
    """Return what there is to compute: an `Operation` for each function of this package that has vectors for operands.

    Examples
    --------
    >>> import crosslane
    >>> [operation.name for operation in crosslane.operations()][:3]
    ['cross', 'dot', 'cross_norm']
    """
    return _TABLE


_SOURCE = """
def {name}({inputs}, *, axis=-1, out=None, accuracy="plain"):
    return _apply({place}, ({inputs},), axis, out, accuracy)
"""


def make(operation):
    """The function of an operation. (Made of text, as those of `collections.namedtuple` are: to bind arguments takes twice as long as a pair.)"""
    scope = {"__name__": "crosslane", "_apply": _core.apply}
    inputs = ", ".join(name for name, _ in operation.inputs)
    place = _TABLE.index(operation)
    exec(_SOURCE.format(name=operation.name, inputs=inputs, place=place), scope)
    function = scope[operation.name]
    function.__doc__ = _doc(operation)
    return function


def variant(module, operation, parameters, call, documentation):
    """The function of an operation in the module of this name, for arrays of another kind.

    It has the operation's inputs and these further parameters, and returns ``call(operation, inputs, **others)``. Its documentation begins
    with what the operation is.
    """
    named = inspect.Parameter.POSITIONAL_OR_KEYWORD
    inputs = [inspect.Parameter(name, named) for name, _ in operation.inputs]
    signature = inspect.Signature([*inputs, *parameters])

    def function(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        others = dict(bound.arguments)
        return call(operation, [others.pop(name) for name, _ in operation.inputs], **others)

    function.__module__ = module
    function.__name__ = function.__qualname__ = operation.name
    function.__signature__ = signature
    function.__doc__ = f"{operation.summary}\n\n.. math:: {operation.formula}\n\n{documentation}"
    return function


def option(name, default=inspect.Parameter.empty):
    """A parameter that is given by its name."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)


_KINDS = {"vector": "Vectors", "scalar": "Numbers"}


def _operand(names, kind):
    where = ", with three components along `axis`" if kind == "vector" else ""
    return f"    {', '.join(names)} : array_like\n        {_KINDS[kind]}{where}."


def _groups(operands):
    """Names that follow each other and are of one kind."""
    groups = []
    for name, kind in operands:
        if groups and groups[-1][1] == kind:
            groups[-1][0].append(name)
        else:
            groups.append(([name], kind))
    return groups


def _doc(operation):
    signals = (
        'Overflow and invalid values are reported as `numpy.errstate` says, in "plain" accuracy.'
        if operation.signals
        else "No floating-point warnings are given."
    )
    inputs = "\n".join(_operand(names, kind) for names, kind in _groups(operation.inputs))
    shape = "the shape to which those of the operands are broadcast"
    if operation.is_gradient:
        shapes = """All operands are broadcast to the shape that they have in common. A gradient has the shape of its operand, and is summed along
    axes where that was repeated. The order of the sums depends on the shapes alone: the bits are the same on any number of threads."""
        results = "\n".join(
            f"    {name} : ndarray\n        The gradient of `{of}`, in its shape."
            for (name, _), (of, _) in zip(operation.outputs, operation.inputs)
        )
        out = "tuple of ndarray, optional\n        Where the gradients are written; None for a new array."
    else:
        shapes = f"The result has {shape}."
        kind = "Vectors along `axis`" if operation.outputs[0][1] == "vector" else "Numbers: `axis` is gone"
        results = f"    ndarray or scalar\n        {kind}."
        out = "ndarray, optional\n        Where the result is written."
    return f"""{operation.summary}

    .. math:: {operation.formula}

    Parameters
    ----------
{inputs}
    axis : int, optional
        The axis of the components, the last if it is not given. Shapes are broadcast without it.
    out : {out}
    accuracy : {{"plain", "correctly-rounded"}}
        "plain" rounds each operation of the formula. "correctly-rounded" uses exact differences of products, and formulas that
        survive cancellation; errors are then a few units in the last place.

    Returns
    -------
{results}

    Raises
    ------
    ValueError
        If shapes are not broadcast, there are not three components, or `out` has another shape. Nothing is written.
    TypeError
        If an operand is not of real numbers, or `out` cannot hold the result. Nothing is written.

    Notes
    -----
    {shapes}

    Types are promoted as by `numpy.promote_types`. float16 is computed as float32 and rounded at the end; integers are computed as
    float64. {signals}
    Bounds of errors are with the method of this name of the Rust library.

    Examples
    --------
    >>> import crosslane
{_indented(EXAMPLES.get(operation.name, ""))}
    """


def _indented(text):
    return "\n".join(f"    {line}" if line else line for line in text.strip().splitlines())
