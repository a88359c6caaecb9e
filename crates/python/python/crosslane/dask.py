"""The operations of crosslane for Dask arrays: lazy, in chunks, for arrays larger than memory.

Each function of this module runs the function of :mod:`crosslane` of the same name on the blocks. The functions come from the table
:func:`crosslane.operations`; this module has no list of them, and no arithmetic.

>>> import dask.array as da
>>> import crosslane.dask
>>> a = da.from_array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], chunks=(1, 3))
>>> b = da.from_array([0.0, 0.0, 1.0])
>>> c = crosslane.dask.cross(a, b)
>>> c
dask.array<cross, shape=(2, 3), dtype=float64, chunksize=(1, 3), chunktype=numpy.ndarray>
>>> c.compute()
array([[ 0., -1.,  0.],
       [ 1.,  0.,  0.]])

**Chunks.** The operands may be chunked in any way. Dask unifies their chunks, as it does for ``a + b``, and the result has the unified
chunks. A vector axis in several chunks is first rechunked into one. Its blocks then hold whole vectors, and are up to three times as
large. Where each operand is repeated along an axis of the other, as ``(n, 1, 3)`` with ``(m, 3)``, a block of the result has as many
vectors as the product of the two chunks: choose small chunks there.

**Memory.** No step holds more than a few blocks for each thread of a worker. Nothing is computed until Dask is asked to.

**Threads.** Dask computes blocks beside each other, so the function that computes a block uses one thread.

**Errors** of shapes, axes and types are raised when the graph is built, not when it is computed. Only where Dask does not know a size
(``nan``) is an error raised later, when a block shows it.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

try:
    import dask.array as da
except ImportError as error:
    raise ImportError('crosslane.dask needs Dask: pip install "crosslane[dask]"') from error

import crosslane

from ._functions import option, variant

if TYPE_CHECKING:
    # The other operations, which a type checker cannot see: they come from the table.
    def __getattr__(name: str) -> Callable[..., Any]: ...


def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
    *,
    accuracy: str = "plain",
) -> da.Array:
    """Return the cross products of two arrays of vectors, as a lazy Dask array.

    ``c = (a2 b3 - a3 b2, a3 b1 - a1 b3, a1 b2 - a2 b1)``, with the values and the type of :func:`crosslane.cross`.

    Parameters
    ----------
    a, b : dask.array.Array or array_like
        Vectors of 3 components, in any chunks. The other axes broadcast.
    axisa, axisb : int
        The axes of `a` and `b` along which the components lie.
    axisc : int
        The axis of the result along which the components lie.
    axis : int, optional
        If given, it replaces `axisa`, `axisb` and `axisc`.
    accuracy : {"plain", "correctly-rounded"}
        See :func:`crosslane.cross`.

    Returns
    -------
    dask.array.Array
        With one chunk along `axisc`.

    Raises
    ------
    ValueError
        If a vector axis does not have size 3 (vectors of 2 components, which NumPy deprecates, are refused), or shapes do not broadcast.
    numpy.exceptions.AxisError
        If an axis is out of bounds.
    TypeError
        If :func:`crosslane.cross` does not take such types.

    Examples
    --------
    >>> import dask.array as da
    >>> import crosslane.dask
    >>> a = da.from_array([[1, 2, 3], [4, 5, 6]], chunks=(1, 2))
    >>> crosslane.dask.cross(a, [4, 5, 6]).compute()
    array([[-3,  6, -3],
           [ 0,  0,  0]])
    >>> crosslane.dask.cross(a.T, a.T, axis=0).chunks
    ((3,), (1, 1))
    """
    if axis is not None:
        axisa, axisb, axisc = axis, axis, axis
    options = {"axisa": axisa, "axisb": axisb, "axisc": axisc, "accuracy": accuracy}
    (out,) = _apply(_OPERATIONS["cross"], (a, b), (axisa, axisb), axisc, options)
    return out


def _apply(operation: Any, arrays: Iterable[Any], axes: Iterable[int | None], axis: int, options: dict[str, Any]) -> list[da.Array]:
    """Build the graph of one call. `axes` are the vector axes of `arrays` (None for numbers), `axis` is that of results."""
    arrays, axes, name = [da.asarray(array) for array in arrays], list(axes), operation.name
    samples = _samples(name, arrays, axes, options)
    arrays = [_whole_vectors(*each) for each in zip(operation.inputs, arrays, axes, strict=True)]

    # Blockwise calls axes by numbers. The axes of the batch come first; then that of the components, which all vectors share.
    components = _batch_ndim(arrays, axes)
    everything = tuple(range(components + 1))
    labels = [_labels(array.ndim, axis_, components) for array, axis_ in zip(arrays, axes, strict=True)]
    pairs = [part for pair in zip(arrays, labels, strict=True) for part in pair]

    # One task computes all the results of a block; others take one of them each, and Dask fuses the two where there is only one.
    meta = np.empty((0,) * len(everything))
    results = da.blockwise(partial(_block, name, options), everything, *pairs, meta=meta, token=name)
    outputs = []
    for place, ((_, kind), sample) in enumerate(zip(operation.outputs, samples, strict=True)):
        if operation.is_gradient:
            outputs.append(_gradient(name, results, place, arrays[place], labels[place], sample.dtype))
        else:
            labels_ = _labels(sample.ndim, axis if kind == "vector" else None, components)
            outputs.append(_output(name, results, place, labels_, sample.dtype))
    return outputs


def _output(
    name: str,
    results: da.Array,
    place: int,
    labels: tuple[int, ...],
    dtype: np.dtype,
    missing: int = 0,
    sizes: dict[int, int] | None = None,
) -> da.Array:
    """Return one of the results as an array whose axes are `labels`. Blocks have the sizes of the batch, but `sizes` where these are given.

    Blocks of numbers keep an axis of size 1 in the place of the components until the end: Dask fuses a task with those before it only if it
    has all their axes.
    """
    components = results.ndim - 1
    numbers = components not in labels
    if numbers:
        labels, sizes = (*labels, components), {**(sizes or {}), components: 1}
    meta = np.empty((0,) * len(labels), dtype)
    function = partial(_take, place, missing, numbers)
    out: da.Array = da.blockwise(function, labels, results, tuple(range(results.ndim)), adjust_chunks=sizes, meta=meta, token=name)
    return out[..., 0] if numbers else out


def _gradient(name: str, results: da.Array, place: int, array: da.Array, labels: tuple[int, ...], dtype: np.dtype) -> da.Array:
    """Return the gradient of one operand: the gradients of its blocks, summed along the axes that the operand is repeated along."""
    components = results.ndim - 1
    missing = tuple(range(components - array.ndim + (components in labels)))
    stretched = tuple(
        label for label, size in zip(labels, array.shape, strict=True) if label != components and size == 1 != results.shape[label]
    )
    labels = missing + labels
    # A block has summed over its own part of these axes, so that it is of size 1 there.
    out = _output(name, results, place, labels, dtype, len(missing), dict.fromkeys(missing + stretched, 1))
    if stretched:
        out = out.sum(axis=tuple(labels.index(label) for label in stretched), keepdims=True, dtype=dtype)
    if missing:
        out = out.sum(axis=tuple(range(len(missing))), dtype=dtype)
    return out


# What workers run. These are at the top of the module, so that they can be pickled.


def _block(name: str, options: dict[str, Any], *blocks: np.ndarray) -> tuple[np.ndarray, ...]:
    """Run the operation on one block of each operand. Other blocks are run beside this one, so it uses one thread."""
    with crosslane.threads(1):
        results = getattr(crosslane, name)(*blocks, **options)
    return tuple(np.asarray(result) for result in (results if isinstance(results, tuple) else (results,)))


def _take(place: int, missing: int, numbers: bool, results: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return one result of a block, with so many axes more in front, and one behind if these are numbers."""
    result = results[place][(np.newaxis,) * missing]
    return result[..., np.newaxis] if numbers else result


# What is checked, and found out, when a graph is built.


def _samples(name: str, arrays: list[da.Array], axes: list[int | None], options: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """Return what the function gives for tiny arrays of ones, of the types and ranks of the operands: it knows its types and its errors."""
    tiny = [np.ones(_tiny(array, axis), array.dtype) for array, axis in zip(arrays, axes, strict=True)]
    with np.errstate(all="ignore"):  # the vectors are parallel, and have no normal
        return _block(name, options, *tiny)


def _tiny(array: da.Array, axis: int | None) -> tuple[int, ...]:
    """Return a shape that broadcasts as that of the array does: of size 3 along the vector axis if there is that axis, elsewhere 1 or 2."""
    sizes = [1 if size == 1 else 2 for size in array.shape]
    if axis is not None and -array.ndim <= axis < array.ndim:
        sizes[axis] = 3
    return tuple(sizes)


def _whole_vectors(operand: tuple[str, str], array: da.Array, axis: int | None) -> da.Array:
    """Return the array with one chunk along its vector axis, which must have size 3."""
    if axis is None:
        return array
    if array.shape[axis] != 3:
        raise ValueError(
            "incompatible dimensions for cross product\n"
            f"(dimension must be 3, but axis {axis} of {operand[0]} has size {array.shape[axis]})"
        )
    return array.rechunk({axis % array.ndim: -1}) if array.numblocks[axis] > 1 else array


def _batch_ndim(arrays: list[da.Array], axes: list[int | None]) -> int:
    """Return how many axes the operands have without their vector axes, which must broadcast. A size that Dask does not know may be any."""
    shapes = []
    for array, axis in zip(arrays, axes, strict=True):
        sizes = [1 if np.isnan(size) else size for size in array.shape]
        if axis is not None:
            del sizes[axis]
        shapes.append(tuple(sizes))
    return len(np.broadcast_shapes(*shapes))


def _labels(ndim: int, axis: int | None, components: int) -> tuple[int, ...]:
    """Return the labels of the axes of one array: the last axes of the batch, and the components at `axis`."""
    if axis is None:
        return tuple(range(components - ndim, components))
    labels = list(range(components - ndim + 1, components))
    labels.insert(axis % ndim, components)
    return tuple(labels)


# The other functions, from the table.


def _call(operation: Any, arrays: list[Any], axis: int, accuracy: str) -> Any:
    """Run the function of one row of the table."""
    axes = [axis if kind == "vector" else None for _, kind in operation.inputs]
    outputs = _apply(operation, arrays, axes, axis, {"axis": axis, "accuracy": accuracy})
    return tuple(outputs) if len(outputs) > 1 else outputs[0]


def _documentation(operation: Any) -> str:
    """Return what follows the summary and formula in the docstring of a function."""
    names = [name for name, _ in operation.inputs]
    examples = [f">>> {name} = dask.array.ones({(4, 3) if kind == 'vector' else (4,)}, chunks=2)" for name, kind in operation.inputs]
    many = len(operation.outputs) > 1
    result = f"crosslane.dask.{operation.name}({', '.join(names)})"
    shapes = [str((4, 3) if kind == "vector" else (4,)) for _, kind in operation.outputs]
    if many:
        examples += [f">>> [array.shape for array in {result}]", f"[{', '.join(shapes)}]"]
    else:
        examples += [f">>> {result}.shape", shapes[0]]
    gradients = (
        "\nEach gradient has the shape of its operand: it is summed, lazily, along the axes that the operand is repeated along. The\n"
        "order of that sum, and so its rounding, depends on the chunks.\n"
        if operation.is_gradient
        else ""
    )
    returns = "tuple of dask.array.Array" if many else "dask.array.Array"
    example = "\n".join(examples)
    return f"""This is :func:`crosslane.{operation.name}` on the blocks of Dask arrays. It is lazy.
{gradients}
Parameters
----------
{", ".join(names)} : dask.array.Array or array_like
    Operands, in any chunks. Those of vectors have 3 components along `axis`. The other axes broadcast.
axis : int
    The axis along which the components of all vectors lie.
accuracy : {{"plain", "correctly-rounded"}}
    See :func:`crosslane.{operation.name}`.

Returns
-------
{returns}
    {", ".join(f"{name} ({kind}s)" for name, kind in operation.outputs)}

Raises
------
ValueError
    If a vector axis does not have size 3, or shapes do not broadcast.
numpy.exceptions.AxisError
    If an axis is out of bounds.
TypeError
    If :func:`crosslane.{operation.name}` does not take such types.

Examples
--------
>>> import dask.array
>>> import crosslane.dask
{example}
"""


_OPTIONS = option("axis", -1), option("accuracy", "plain")
_OPERATIONS = {operation.name: operation for operation in crosslane.operations()}
for _operation in _OPERATIONS.values():
    if _operation.name not in globals():
        globals()[_operation.name] = variant(__name__, _operation, _OPTIONS, _call, _documentation(_operation))
__all__ = list(_OPERATIONS)
