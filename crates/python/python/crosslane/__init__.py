"""Cross products of whole batches of 3-vectors, and what is derived from them.

`cross` is numpy.cross with the same results, on every core and with the widest SIMD of the running CPU. The other functions are the
operations of the library: see `operations`.
"""

from . import _core, _functions, linalg, ufuncs
from ._core import __version__, cross
from ._functions import Operation, operations
from ._meshes import (
    face_areas,
    face_normals,
    polygon_vertex_normals,
    triangle_areas,
    triangle_normals,
    vertex_normals,
)
from ._threads import get_threads, set_threads, threads

for _operation in operations():
    if _operation.name not in globals():
        globals()[_operation.name] = _functions.make(_operation)
del _operation

__all__ = [
    "Operation",
    "__version__",
    "face_areas",
    "face_normals",
    "get_threads",
    "linalg",
    "operations",
    "polygon_vertex_normals",
    "set_threads",
    "threads",
    "triangle_areas",
    "triangle_normals",
    "ufuncs",
    "vertex_normals",
    *(operation.name for operation in operations()),
]
