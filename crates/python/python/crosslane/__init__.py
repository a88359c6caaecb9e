"""Cross products of whole batches of 3-vectors, and what is derived from them.

`cross` is numpy.cross with the same results, on every core and with the widest SIMD of the running CPU. The other functions are the
operations of the library: see `operations`.
"""

from . import _core, _functions, linalg, ufuncs
from ._core import __version__, cross
from ._functions import Operation, operations
from ._meshes import (
    face_areas,
    face_areas_vjp,
    face_normals,
    face_normals_vjp,
    polygon_vertex_normals,
    polygon_vertex_normals_vjp,
    triangle_areas,
    triangle_areas_vjp,
    triangle_normals,
    triangle_normals_vjp,
    vertex_normals,
    vertex_normals_vjp,
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
    "face_areas_vjp",
    "face_normals",
    "face_normals_vjp",
    "get_threads",
    "linalg",
    "operations",
    "polygon_vertex_normals",
    "polygon_vertex_normals_vjp",
    "set_threads",
    "threads",
    "triangle_areas",
    "triangle_areas_vjp",
    "triangle_normals",
    "triangle_normals_vjp",
    "ufuncs",
    "vertex_normals",
    "vertex_normals_vjp",
    *(operation.name for operation in operations()),
]
