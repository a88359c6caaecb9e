"""The operations of crosslane for Arrow arrays of vectors: pyarrow, and all that speaks its PyCapsule interface, such as Polars and DuckDB.

Each function of this module runs the function of :mod:`crosslane` of the same name. The functions come from the table
:func:`crosslane.operations`; this module has no list of them, and no arithmetic. Gradients are not here: Arrow has no automatic
differentiation that would call them.

>>> import pyarrow as pa
>>> import crosslane.arrow
>>> vectors = pa.list_(pa.float64(), 3)
>>> a = pa.array([[1, 0, 0], None, [0, 1, 0]], vectors)
>>> b = pa.array([[0, 0, 1]], vectors)
>>> crosslane.arrow.cross(a, b).to_pylist()
[[0.0, -1.0, 0.0], None, [1.0, 0.0, 0.0]]

**Operands.** Vectors are arrays of type ``fixed_size_list[3]`` of float16, float32, float64 or integers; numbers are arrays of these. An
operand is a ``pyarrow.Array``, a ``pyarrow.ChunkedArray``, or anything with ``__arrow_c_array__`` or ``__arrow_c_stream__``: a Polars
Series of ``pl.Array(..., 3)``, a column of a DuckDB result that was fetched to Arrow. One vector may also be a NumPy array of shape
(3,). Lengths agree, or are 1; an array of length 1 is used for every row.

**Results** are pyarrow's: a ``ChunkedArray`` if an operand is one or comes as a stream, else an ``Array``. ``polars.from_arrow`` makes a
Series of either. Chunks of the result end wherever those of an operand do. Each costs a call: use ``combine_chunks`` where they are many
and small.

**Nulls.** A row of the result is null where a row of an operand is. A component that is null in a row that is not is refused.

**Copies.** No values are copied: operands are read where they lie, whatever their offset, and Arrow gets the result where it was
written. If there are nulls, the bitmap of the result is new.

**Floating-point warnings** of NumPy are not given, as :mod:`pyarrow.compute` gives none: the values under a null row can be anything.
"""

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError('crosslane.arrow needs pyarrow: pip install "crosslane[arrow]"') from error

import crosslane

from ._functions import option, variant

if TYPE_CHECKING:
    # The operations, which a type checker cannot see: they come from the table.
    def __getattr__(name: str) -> Callable[..., Any]: ...


class _Operand(NamedTuple):
    """One operand of a call: Arrow arrays, one after the other, or one NumPy vector."""

    name: str
    kind: str
    chunks: list[Any]
    ends: np.ndarray  # the rows at which they end
    chunked: bool

    @property
    def rows(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0


class _Piece(NamedTuple):
    """What NumPy sees of some rows of an operand: its values, (n, 3) or (n,), and which rows are valid (None: all)."""

    values: np.ndarray
    valid: np.ndarray | None


def _apply(operation: Any, arrays: list[Any], accuracy: str) -> Any:
    """Run the operation on each run of rows that lies in one chunk of every operand."""
    operands = [_operand(name, kind, array) for (name, kind), array in zip(operation.inputs, arrays, strict=True)]
    if all(isinstance(array, np.ndarray) for array in arrays):
        raise TypeError(f"no operand is an Arrow array; use crosslane.{operation.name} for NumPy arrays")
    chunks = []
    for start, stop in _runs(operands, _length(operands)):
        pieces = [_piece(operand, start, stop) for operand in operands]
        chunks.append(_results(operation, pieces, accuracy, stop - start))
    chunked = any(operand.chunked for operand in operands)
    outputs = tuple(pa.chunked_array(results) if chunked else results[0] for results in zip(*chunks, strict=True))
    return outputs if len(outputs) > 1 else outputs[0]


def _operand(name: str, kind: str, array: Any) -> _Operand:
    """Return the operand as pyarrow or NumPy has it, after a look at its type."""
    if isinstance(array, np.ndarray):
        if kind != "vector" or array.shape != (3,):
            raise ValueError(f"{name}: a NumPy array must be one vector, of shape (3,), got shape {array.shape}")
        return _Operand(name, kind, [array], np.array([1]), chunked=False)
    if not isinstance(array, (pa.Array, pa.ChunkedArray)):
        if hasattr(array, "__arrow_c_stream__"):
            array = pa.chunked_array(array)
        elif hasattr(array, "__arrow_c_array__"):
            array = pa.array(array)
        else:
            expected = "an Arrow array (pyarrow, or with __arrow_c_array__ or __arrow_c_stream__)"
            raise TypeError(f"{name}: expected {expected}, got {type(array).__name__}")
    _check_type(name, kind, array.type)
    chunked = isinstance(array, pa.ChunkedArray)
    chunks = array.chunks or [pa.array([], array.type)] if chunked else [array]
    return _Operand(name, kind, chunks, np.cumsum([len(chunk) for chunk in chunks]), chunked)


def _check_type(name: str, kind: str, got: pa.DataType) -> None:
    type_ = got
    if kind == "vector":
        if not pa.types.is_fixed_size_list(got) or got.list_size != 3:
            raise TypeError(f"{name}: expected vectors, fixed_size_list[3] of floats or integers, got {got}")
        type_ = got.value_type
    if not pa.types.is_floating(type_) and not pa.types.is_integer(type_):
        raise TypeError(f"{name}: expected floats or integers, got {got}")


def _length(operands: list[_Operand]) -> int:
    """Return how many rows the result has."""
    others = {operand.rows for operand in operands} - {1}
    if len(others) > 1:
        got = ", ".join(f"{operand.rows} ({operand.name})" for operand in operands)
        raise ValueError(f"lengths must agree or be 1, got {got}")
    return others.pop() if others else 1


def _runs(operands: list[_Operand], length: int) -> list[tuple[int, int]]:
    """Return the runs of rows between neighbouring ends of chunks of any operand; one empty run if there are no rows."""
    ends = np.unique(np.concatenate([[0], *(operand.ends for operand in operands if operand.rows == length)])).tolist()
    return list(zip(ends, ends[1:], strict=False)) or [(0, 0)]


def _piece(operand: _Operand, start: int, stop: int) -> _Piece:
    """Return what NumPy sees of rows that lie in one chunk, without a copy. An operand of one row is that row, whatever the run is."""
    if operand.rows == 1:
        start, stop = 0, 1
    place = min(int(np.searchsorted(operand.ends, start, side="right")), len(operand.chunks) - 1)
    chunk = operand.chunks[place]
    if isinstance(chunk, np.ndarray):
        return _Piece(chunk, None)
    array = chunk.slice(start - (operand.ends[place] - len(chunk)), stop - start)
    valid = np.asarray(array.is_valid()) if array.null_count else None
    if operand.kind != "vector":
        return _Piece(_values(array), valid)
    # `values` knows nothing of the slice of its parent, and `flatten` would leave out null rows.
    components = array.values.slice(3 * array.offset, 3 * len(array))
    if components.null_count:
        _check_components(operand.name, components, valid, start)
    return _Piece(_values(components).reshape(-1, 3), valid)


def _check_components(name: str, components: pa.Array, valid: np.ndarray | None, start: int) -> None:
    """Refuse components that are null in a row that is not."""
    nulls = np.asarray(components.is_null()).reshape(-1, 3).any(axis=1)
    if valid is not None:
        nulls &= valid
    if nulls.any():
        raise ValueError(f"{name}: row {start + int(nulls.argmax())} is not null but has a null component")


def _values(array: pa.Array) -> np.ndarray:
    """Return the values of a primitive array where they lie, those under nulls too."""
    bare = pa.Array.from_buffers(array.type, len(array), [None, array.buffers()[1]], offset=array.offset)
    values: np.ndarray = bare.to_numpy(zero_copy_only=True)
    return values


def _results(operation: Any, pieces: list[_Piece], accuracy: str, rows: int) -> tuple[pa.Array, ...]:
    """Run the operation on one run of rows."""
    with np.errstate(all="ignore"):
        results = getattr(crosslane, operation.name)(*(piece.values for piece in pieces), accuracy=accuracy)
    results = results if isinstance(results, tuple) else (results,)
    masks = [piece.valid for piece in pieces if piece.valid is not None]
    bitmap = pa.array(np.broadcast_to(reduce(np.logical_and, masks), rows)).buffers()[1] if masks else None
    return tuple(_result(result, kind, bitmap) for result, (_, kind) in zip(results, operation.outputs, strict=True))


def _result(result: np.ndarray, kind: str, bitmap: pa.Buffer | None) -> pa.Array:
    """Return an Arrow array over the memory of `result`."""
    values = pa.array(result.reshape(-1))
    if kind == "vector":
        return pa.Array.from_buffers(pa.list_(values.type, 3), len(result), [bitmap], children=[values])
    return pa.Array.from_buffers(values.type, len(result), [bitmap, values.buffers()[1]])


def _documentation(operation: Any) -> str:
    """Return what follows the summary and formula in the docstring of a function."""
    names = [name for name, _ in operation.inputs]
    values = {"vector": "[[1.0, 0.0, 0.0], None], pa.list_(pa.float64(), 3)", "scalar": "[1.0, None]"}
    arrays = "\n".join(f">>> {name} = pa.array({values[kind]})" for name, kind in operation.inputs)
    call = f"crosslane.arrow.{operation.name}({', '.join(names)})"
    many = len(operation.outputs) > 1
    example = f">>> [array.null_count for array in {call}]\n{[1] * len(operation.outputs)}" if many else f">>> {call}.null_count\n1"
    return f"""This is :func:`crosslane.{operation.name}` on Arrow arrays.

Parameters
----------
{", ".join(names)} : Arrow array
    Operands, of equal lengths or of length 1: pyarrow's, or anything with ``__arrow_c_array__`` or ``__arrow_c_stream__``. Vectors are
    of type ``fixed_size_list[3]``, of floats or integers. All but one may also be NumPy arrays of shape (3,).
accuracy : {{"plain", "correctly-rounded"}}
    See :func:`crosslane.{operation.name}`.

Returns
-------
{"tuple of " if many else ""}pyarrow.Array or pyarrow.ChunkedArray
    {", ".join(f"{name} ({kind}s)" for name, kind in operation.outputs)}. A row is null where a row of an operand is. This is a
    ChunkedArray if an operand is one or is given as a stream.

Raises
------
ValueError
    If lengths differ and are not 1, or a component is null in a row that is not.
TypeError
    If an operand is no Arrow array, or one of another type, or :func:`crosslane.{operation.name}` does not take such numbers.

Examples
--------
>>> import pyarrow as pa
>>> import crosslane.arrow
{arrays}
{example}
"""


_OPERATIONS = {operation.name: operation for operation in crosslane.operations() if not operation.is_gradient}
for _operation in _OPERATIONS.values():
    globals()[_operation.name] = variant(__name__, _operation, [option("accuracy", "plain")], _apply, _documentation(_operation))
__all__ = list(_OPERATIONS)
