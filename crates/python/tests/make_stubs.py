"""Writes the stubs of the package, which list its functions for type checkers.

    python tests/make_stubs.py
"""

from pathlib import Path

from crosslane import operations

_HEAD = '''# Written by tests/make_stubs.py from the table of operations.
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import linalg as linalg
from . import ufuncs as ufuncs

__version__: str
__all__: list[str]

_Accuracy: TypeAlias = Literal["plain", "correctly-rounded"]
_Index: TypeAlias = int | np.integer[Any]
_Out = TypeVar("_Out", bound=NDArray[Any])
_Kind: TypeAlias = Literal["vector", "scalar"]

class Operation(NamedTuple):
    name: str
    inputs: tuple[tuple[str, _Kind], ...]
    outputs: tuple[tuple[str, _Kind], ...]
    is_gradient: bool
    signals: bool
    summary: str
    formula: str
    gradient: str | None = None
    is_multilinear: bool = False

def operations() -> tuple[Operation, ...]: ...
def get_threads() -> int: ...
def set_threads(n: int) -> None: ...

class threads:
    def __init__(self, n: int) -> None: ...
    def __enter__(self) -> threads: ...
    def __exit__(self, *_: object) -> None: ...
'''

_CROSS = "a: ArrayLike, b: ArrayLike, axisa: _Index = -1, axisb: _Index = -1, axisc: _Index = -1, axis: _Index | None = None"
_TRIANGLES = "vertices: ArrayLike, faces: ArrayLike"
_POLYGONS = "vertices: ArrayLike, corners: ArrayLike, starts: ArrayLike"
_MESHES = {
    "triangle_normals": _TRIANGLES,
    "triangle_areas": _TRIANGLES,
    "vertex_normals": _TRIANGLES,
    "face_normals": _POLYGONS,
    "face_areas": _POLYGONS,
    "polygon_vertex_normals": _POLYGONS,
}
_MESHES |= {f"{name}_vjp": f"{parameters}, g: ArrayLike" for name, parameters in _MESHES.items()}


def _function(name, parameters, axis, result):
    """One function, without and with `out`."""
    axis = "axis: _Index = -1, " if axis else ""
    rest = 'accuracy: _Accuracy = "plain"'
    return f'''
@overload
def {name}({parameters}, *, {axis}out: None = None, {rest}) -> {result}: ...
@overload
def {name}({parameters}, *, {axis}out: _Out | tuple[_Out], {rest}) -> _Out: ...
'''


def _several(name, parameters, count):
    """One function that has several results."""
    results = ", ".join(["NDArray[Any]"] * count)
    out = ", ".join(["NDArray[Any] | None"] * count)
    return f'''
def {name}({parameters}, *, axis: _Index = -1, out: tuple[{out}] | None = None, accuracy: _Accuracy = "plain") -> tuple[{results}]: ...
'''


def stubs():
    """The text of ``__init__.pyi``."""
    text = [_HEAD, _function("cross", _CROSS, False, "NDArray[Any]")]
    for operation in operations():
        if operation.name == "cross":
            continue
        parameters = ", ".join(f"{name}: ArrayLike" for name, _ in operation.inputs)
        if len(operation.outputs) > 1:
            text.append(_several(operation.name, parameters, len(operation.outputs)))
        else:
            # A number where there are no axes but that of the components.
            result = "NDArray[Any]" if operation.outputs[0][1] == "vector" else "Any"
            text.append(_function(operation.name, parameters, True, result))
    for name, parameters in _MESHES.items():
        text.append(_function(name, parameters, False, "NDArray[Any]"))
    return "".join(text)


def ufunc_stubs():
    """The text of ``ufuncs.pyi``."""
    names = "".join(f"{operation.name}: np.ufunc\n" for operation in operations())
    return f"# Written by tests/make_stubs.py from the table of operations.\nimport numpy as np\n\n{names}"


_TORCH_HEAD = '''# Written by tests/make_stubs.py from the table of operations.
from typing import Literal, TypeAlias

from torch import Tensor

__all__: list[str]

_Accuracy: TypeAlias = Literal["plain", "correctly-rounded"]

def install() -> bool: ...
def uninstall() -> bool: ...
'''


def torch_stubs():
    """The text of ``torch/__init__.pyi``."""
    text = [_TORCH_HEAD]

    def function(name, parameters):
        text.append(f'def {name}({parameters}, *, accuracy: _Accuracy = "plain") -> Tensor: ...\n')

    for operation in operations():
        if not operation.is_gradient:
            parameters = ", ".join(f"{name}: Tensor" for name, _ in operation.inputs)
            function(operation.name, f"{parameters}, dim: int = -1")
    for name, parameters in _MESHES.items():
        if not name.endswith("_vjp"):
            function(name, parameters.replace("ArrayLike", "Tensor"))
    return "".join(text)


if __name__ == "__main__":
    folder = Path(__file__).parent.parent / "python" / "crosslane"
    (folder / "__init__.pyi").write_text(stubs())
    (folder / "ufuncs.pyi").write_text(ufunc_stubs())
    (folder / "torch" / "__init__.pyi").write_text(torch_stubs())
