"""The operations of crosslane for xarray: dimensions by name, coordinates aligned, Dask inside left lazy.

Each function of this module runs the function of :mod:`crosslane` of the same name on the arrays inside, or that of
:mod:`crosslane.dask` if these are Dask's. The functions come from the table :func:`crosslane.operations`; this module has no list of
them, and no arithmetic. Gradients are not here: xarray has no automatic differentiation that would call them.

>>> import xarray as xr
>>> import crosslane.xarray
>>> a = xr.DataArray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dims=("time", "xyz"))
>>> b = xr.DataArray([0.0, 0.0, 1.0], dims="xyz", name="up")
>>> crosslane.xarray.cross(a, b, "xyz")
<xarray.DataArray (time: 2, xyz: 3)> Size: 48B
array([[ 0., -1.,  0.],
       [ 1.,  0.,  0.]])
Dimensions without coordinates: time, xyz

Datasets are refused, as by :func:`xarray.cross`: convert them with ``to_dataarray`` and back with ``to_dataset``.
"""

import inspect
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

try:
    import xarray as xr
except ImportError as error:
    raise ImportError('crosslane.xarray needs xarray: pip install "crosslane[xarray]"') from error

import crosslane

from ._functions import option, variant

if TYPE_CHECKING:
    # The other operations, which a type checker cannot see: they come from the table.
    def __getattr__(name: str) -> Callable[..., Any]: ...


Named: TypeAlias = xr.DataArray | xr.Variable


def cross(a: Named, b: Named, dim: Hashable, *, accuracy: str = "plain") -> Named:
    """Return the cross products of two arrays of vectors, as :func:`xarray.cross`, but faster.

    ``c = (a2 b3 - a3 b2, a3 b1 - a1 b3, a1 b2 - a2 b1)`` along `dim`. Values, name, dimensions, coordinates and attributes are those of
    :func:`xarray.cross`.

    Parameters
    ----------
    a, b : xarray.DataArray or xarray.Variable
        Vectors of 3 components along `dim`. Other dimensions broadcast by name. A Dask array inside stays lazy, and may be chunked in any
        way, also along `dim`.
    dim : hashable
        The dimension of the components, which both have.
    accuracy : {"plain", "correctly-rounded"}
        See :func:`crosslane.cross`.

    Returns
    -------
    xarray.DataArray or xarray.Variable
        With `dim`, unless both have 2 components.

    Raises
    ------
    ValueError
        If `dim` is missing, or not of size 1, 2 or 3, or other dimensions or coordinates do not agree.
    TypeError
        If an operand is a Dataset.

    Notes
    -----
    Where `dim` has size 1 or 2 on one of them, :func:`xarray.cross` itself is called: it fills in zeros by coordinates. `accuracy` must
    then be "plain".

    Examples
    --------
    >>> import xarray as xr
    >>> import crosslane.xarray
    >>> a = xr.DataArray([[1, 2, 3], [4, 5, 6]], dims=("time", "xyz"), coords={"xyz": ["x", "y", "z"]})
    >>> crosslane.xarray.cross(a, a[::-1], "xyz")
    <xarray.DataArray (time: 2, xyz: 3)> Size: 48B
    array([[-3,  6, -3],
           [ 3, -6,  3]])
    Coordinates:
      * xyz      (xyz) <U1 12B 'x' 'y' 'z'
    Dimensions without coordinates: time
    """
    _check_types(a, b)
    sizes = a.sizes.get(dim), b.sizes.get(dim)
    if sizes == (3, 3):
        return cast(Named, _apply(_OPERATIONS["cross"], (a, b), dim, accuracy))
    if accuracy != "plain" and None not in sizes:
        raise ValueError(f"accuracy={accuracy!r} needs vectors of 3 components along {dim!r}, got {sizes[0]} and {sizes[1]}")
    return xr.cross(a, b, dim=dim)


def _apply(operation: Any, arrays: tuple[Any, ...], dim: Hashable, accuracy: str) -> Any:
    """Run the operation on the arrays inside, as xarray.cross runs numpy.cross."""
    for (name, kind), array in zip(operation.inputs, arrays, strict=True):
        if kind == "vector" and dim not in array.dims:
            raise ValueError(f"Dimension {dim!r} not on {name}")
        if kind == "vector" and array.sizes[dim] != 3:
            raise ValueError(f"The size of {dim!r} on {name} must be 3 but is {array.sizes[dim]}")
    outputs = xr.apply_ufunc(
        _call,
        *arrays,
        input_core_dims=_core_dims(operation.inputs, dim),
        output_core_dims=_core_dims(operation.outputs, dim),
        dask="allowed",
        kwargs={"function": operation.name, "accuracy": accuracy},
    )
    # The dimensions come in the order in which the operands have them, as those of xarray.cross do.
    order = list(dict.fromkeys(dim for array in arrays for dim in array.dims))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    outputs = tuple(output.transpose(*order, missing_dims="ignore") for output in outputs)
    return outputs if len(outputs) > 1 else outputs[0]


def _core_dims(operands: Any, dim: Hashable) -> list[list[Hashable]]:
    return [[dim] if kind == "vector" else [] for _, kind in operands]


def _call(*arrays: Any, function: str, accuracy: str) -> Any:
    """Run the operation on arrays whose components lie along the last axis: lazily if one of them is Dask's."""
    module: Any = crosslane
    if any(hasattr(array, "__dask_graph__") for array in arrays):
        import crosslane.dask as module
    return getattr(module, function)(*arrays, accuracy=accuracy)


def _check_types(*arrays: Any) -> None:
    for array in arrays:
        if not isinstance(array, (xr.DataArray, xr.Variable)):
            got = type(array).__name__
            raise TypeError(f"expected an xarray.DataArray or xarray.Variable, got {got}; convert a Dataset with to_dataarray")


def _call_named(operation: Any, arrays: list[Any], dim: Hashable, accuracy: str) -> Any:
    """Run the function of one row of the table."""
    _check_types(*arrays)
    return _apply(operation, tuple(arrays), dim, accuracy)


def _documentation(operation: Any) -> str:
    """Return what follows the summary and formula in the docstring of a function."""
    names = ", ".join(name for name, _ in operation.inputs)
    arguments = ", ".join("a" if kind == "vector" else "a[:, 0]" for _, kind in operation.inputs)
    many = len(operation.outputs) > 1
    call = f"crosslane.xarray.{operation.name}({arguments}, \"xyz\")"
    dims = [str(("time", "xyz") if kind == "vector" else ("time",)) for _, kind in operation.outputs]
    example = f">>> [array.dims for array in {call}]\n[{', '.join(dims)}]" if many else f">>> {call}.dims\n{dims[0]}"
    return f"""This is :func:`crosslane.{operation.name}` on the arrays inside of xarray's. A Dask array inside stays lazy.

Parameters
----------
{names} : xarray.DataArray or xarray.Variable
    Operands. Those of vectors have 3 components along `dim`. Other dimensions broadcast by name.
dim : hashable
    The dimension of the components.
accuracy : {{"plain", "correctly-rounded"}}
    See :func:`crosslane.{operation.name}`.

Returns
-------
{"tuple of " if many else ""}xarray.DataArray or xarray.Variable
    {", ".join(f"{name} ({'with' if kind == 'vector' else 'without'} `dim`)" for name, kind in operation.outputs)}

Raises
------
ValueError
    If `dim` is missing on vectors, or not of size 3, or other dimensions or coordinates do not agree.
TypeError
    If an operand is a Dataset.

Examples
--------
>>> import xarray as xr
>>> import crosslane.xarray
>>> a = xr.DataArray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dims=("time", "xyz"))
{example}
"""


_OPTIONS = inspect.Parameter("dim", inspect.Parameter.POSITIONAL_OR_KEYWORD), option("accuracy", "plain")
_OPERATIONS = {operation.name: operation for operation in crosslane.operations() if not operation.is_gradient}
for _operation in _OPERATIONS.values():
    if _operation.name not in globals():
        globals()[_operation.name] = variant(__name__, _operation, _OPTIONS, _call_named, _documentation(_operation))
__all__ = list(_OPERATIONS)
