"""Uses of the package that type checkers have to accept, with the types that they have to find. It is checked, and run too."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import crosslane
from crosslane import linalg, ufuncs

a: NDArray[np.float32] = np.ones((4, 3), np.float32)
out: NDArray[np.float32] = np.empty((4, 3), np.float32)

assert_type(crosslane.cross(a, [0.0, 0.0, 1.0]), NDArray[Any])
assert_type(crosslane.cross(a, a, -1, -1, -1, None, out=out, accuracy="correctly-rounded"), NDArray[np.float32])
assert_type(crosslane.unit_normal(a, a, axis=1, out=out), NDArray[np.float32])
assert_type(crosslane.cross_vjp(a, a, a, accuracy="plain"), tuple[NDArray[Any], NDArray[Any]])
crosslane.cross_vjp_vjp(a, a, a, a, a, out=(None, None, out))
crosslane.dot(a, a, axis=np.int64(-1))
assert_type(crosslane.triangle_normals(a, [[0, 1, 2]]), NDArray[Any])
assert_type(crosslane.face_areas(a, [0, 1, 2, 3], [0]), NDArray[Any])
assert_type(crosslane.face_areas_vjp(a, [0, 1, 2, 3], [0], [1.0]), NDArray[Any])
assert_type(linalg.cross(a, a, axis=np.int64(-1)), NDArray[Any])
crosslane.triangle_areas(a, [[0, 1, 2]], out=(np.empty(1),))
assert_type(ufuncs.cross, np.ufunc)
names: list[str] = [operation.name for operation in crosslane.operations() if not operation.is_gradient]
version: str = crosslane.__version__

with crosslane.threads(2) as limited:
    assert_type(limited, crosslane.threads)
    count: int = crosslane.get_threads()
