"""Normals and areas of meshes, and their gradients."""

import numpy as np

from . import _core


def _indices(indices, below, dtype, what):
    """A copy of indices, which nobody changes while it is used."""
    indices = np.asarray(indices)
    if indices.dtype.kind not in "iu" and indices.size:
        raise TypeError(f"{what} must be integers, got {indices.dtype}")
    if indices.size:
        for index in indices.min(), indices.max():
            if not 0 <= index < below:
                raise IndexError(f"index {index} is out of bounds for axis 0 with size {below}")
        if indices.max() > np.iinfo(dtype).max:
            raise ValueError(f"{what} of 2**32 and more are not supported")
    return np.array(indices, dtype=dtype, order="C")


def _vertices(vertices):
    vertices = np.asarray(vertices)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices have the shape {vertices.shape}, expected (n, 3)")
    return vertices


def _triangles(name, vertices, faces, quantity, out, accuracy, g=None):
    vertices, faces = _vertices(vertices), np.asarray(faces)
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f"faces have the shape {faces.shape}, expected (n, 3)")
    faces = _indices(faces, len(vertices), np.uint32, "faces")
    return _core.mesh(vertices, faces.reshape(-1), None, g, quantity, name, out, accuracy)


def _polygons(name, vertices, corners, starts, quantity, out, accuracy, g=None):
    vertices, corners, starts = _vertices(vertices), np.asarray(corners), np.asarray(starts)
    for what, array in ("corners", corners), ("starts", starts):
        if array.ndim != 1:
            raise ValueError(f"{what} have the shape {array.shape}, expected one axis")
    corners = _indices(corners, len(vertices), np.uint32, "corners")
    starts = _indices(starts, len(corners) + 1, np.uintp, "starts")
    return _core.mesh(vertices, corners, starts, g, quantity, name, out, accuracy)


_TRIANGLES = """
    Parameters
    ----------
    vertices : (n, 3) array_like
        Corners, of real numbers.
    faces : (m, 3) array_like of integers
        The indices of the three vertices of each triangle."""

_POLYGONS = """
    Parameters
    ----------
    vertices : (n, 3) array_like
        Corners, of real numbers.
    corners : array_like of integers
        The indices of the vertices of one polygon after the other.
    starts : (m,) array_like of integers
        Where each polygon begins in `corners`; it ends where the next begins."""

_OF_FACES = """
    g : (m, 3) array_like
        The gradient of each normal."""

_OF_AREAS = """
    g : (m,) array_like
        The gradient of each area."""

_OF_VERTICES = """
    g : (n, 3) array_like
        The gradient of each normal."""

_REST = """
    out : ndarray, optional
        Where the results are written.
    accuracy : {"plain", "correctly-rounded"}
        "plain" rounds every operation. "correctly-rounded" takes exact edges and keeps thin faces right to a few units in the last
        place.

    Raises
    ------
    IndexError
        If an index is no vertex. Nothing is written.
    TypeError, ValueError
        If a type or a shape is not as above. Nothing is written.
"""


def triangle_normals(vertices, faces, *, out=None, accuracy="plain"):
    """Return the unit normal of each triangle, out of the side from which its corners go counterclockwise.

    n = (q - p) x (r - p) / |(q - p) x (r - p)| of the corners p, q, r, and zero where that is zero.
    {parameters}
    Returns
    -------
    (m, 3) ndarray
        Unit vectors.

    Examples
    --------
    >>> import crosslane
    >>> crosslane.triangle_normals([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]], [[0, 1, 2]])
    array([[0., 0., 1.]])
    """
    return _triangles("triangle_normals", vertices, faces, "face_normals", out, accuracy)


def triangle_areas(vertices, faces, *, out=None, accuracy="plain"):
    """Return the area of each triangle, in the square of the unit of the vertices.

    |(q - p) x (r - p)| / 2 of the corners p, q, r.
    {parameters}
    Returns
    -------
    (m,) ndarray
        Areas.

    Examples
    --------
    >>> import crosslane
    >>> crosslane.triangle_areas([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]], [[0, 1, 2]])
    array([3.])
    """
    return _triangles("triangle_areas", vertices, faces, "face_areas", out, accuracy)


def vertex_normals(vertices, faces, *, out=None, accuracy="plain"):
    """Return the unit normal of each vertex: the mean of those of its triangles, weighted with their areas.

    m / |m|, where m is the sum of (q - p) x (r - p) over the triangles p, q, r of the vertex; zero where there is none.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        Unit vectors.

    Examples
    --------
    >>> import crosslane
    >>> crosslane.vertex_normals([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]], [[0, 1, 2]])
    array([[0., 0., 1.],
           [0., 0., 1.],
           [0., 0., 1.]])
    """
    return _triangles("vertex_normals", vertices, faces, "vertex_normals", out, accuracy)


def face_normals(vertices, corners, starts, *, out=None, accuracy="plain"):
    """Return the unit normal of each polygon, that of its vector area.

    The polygons may be concave and not quite flat.
    {parameters}
    Returns
    -------
    (m, 3) ndarray
        Unit vectors.

    Examples
    --------
    >>> import crosslane
    >>> square = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> crosslane.face_normals(square, [0, 1, 2, 3], [0])
    array([[0., 0., 1.]])
    """
    return _polygons("face_normals", vertices, corners, starts, "face_normals", out, accuracy)


def face_areas(vertices, corners, starts, *, out=None, accuracy="plain"):
    """Return the area of each polygon, the length of its vector area.

    The polygons may be concave and not quite flat.
    {parameters}
    Returns
    -------
    (m,) ndarray
        Areas.

    Examples
    --------
    >>> import crosslane
    >>> square = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> crosslane.face_areas(square, [0, 1, 2, 3], [0])
    array([1.])
    """
    return _polygons("face_areas", vertices, corners, starts, "face_areas", out, accuracy)


def polygon_vertex_normals(vertices, corners, starts, *, out=None, accuracy="plain"):
    """Return the unit normal of each vertex: the direction of the sum of the vector areas of its polygons.

    Zero where there is none.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        Unit vectors.

    Examples
    --------
    >>> import crosslane
    >>> square = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> crosslane.polygon_vertex_normals(square, [0, 1, 2, 3], [0])[0]
    array([0., 0., 1.])
    """
    return _polygons("polygon_vertex_normals", vertices, corners, starts, "vertex_normals", out, accuracy)


def triangle_normals_vjp(vertices, faces, g, *, out=None, accuracy="plain"):
    """Return the gradients of the vertices for gradients of `triangle_normals`.

    With S = (q - p) x (r - p) and n = S / |S|: dS = ((n x g) x n) / |S|, zero where S is zero. The triangle gives (q - r) x dS to p,
    (r - p) x dS to q and (p - q) x dS to r. A vertex receives the sum, in the order of the triangles.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        The gradient of each vertex, zero for those of no face.

    Examples
    --------
    >>> import crosslane
    >>> triangle = [[0.0, 0, 0], [2, 0, 0], [0, 1, 0]]
    >>> crosslane.triangle_normals_vjp(triangle, [[0, 1, 2]], [[1.0, 0, 5]])
    array([[ 0. ,  0. ,  0.5],
           [ 0. ,  0. , -0.5],
           [ 0. ,  0. ,  0. ]])
    """
    return _triangles("triangle_normals_vjp", vertices, faces, "face_normals", out, accuracy, g)


def triangle_areas_vjp(vertices, faces, g, *, out=None, accuracy="plain"):
    """Return the gradients of the vertices for gradients of `triangle_areas`.

    With n the normal: dS = g n / 2, zero where there is no area, and what the triangle gives is as in `triangle_normals_vjp`.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        The gradient of each vertex, zero for those of no face.

    Examples
    --------
    >>> import crosslane
    >>> triangle = [[0.0, 0, 0], [2, 0, 0], [0, 1, 0]]
    >>> crosslane.triangle_areas_vjp(triangle, [[0, 1, 2]], [1.0])
    array([[-0.5, -1. ,  0. ],
           [ 0.5,  0. ,  0. ],
           [ 0. ,  1. ,  0. ]])
    """
    return _triangles("triangle_areas_vjp", vertices, faces, "face_areas", out, accuracy, g)


def vertex_normals_vjp(vertices, faces, g, *, out=None, accuracy="plain"):
    """Return the gradients of the vertices for gradients of `vertex_normals`.

    With m the sum of S over the triangles of a vertex and n = m / |m|: dm = ((n x g) x n) / |m|, zero where m is zero. The dS of a triangle is the
    sum of dm over its corners, and what it gives is as in `triangle_normals_vjp`.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        The gradient of each vertex, zero for those of no face.

    Examples
    --------
    >>> import crosslane
    >>> triangle = [[0.0, 0, 0], [2, 0, 0], [0, 1, 0]]
    >>> crosslane.vertex_normals_vjp(triangle, [[0, 1, 2]], [[0.0, 0, 0], [1, 0, 5], [0, 0, 0]])
    array([[ 0. ,  0. ,  0.5],
           [ 0. ,  0. , -0.5],
           [ 0. ,  0. ,  0. ]])
    """
    return _triangles("vertex_normals_vjp", vertices, faces, "vertex_normals", out, accuracy, g)


def face_normals_vjp(vertices, corners, starts, g, *, out=None, accuracy="plain"):
    """Return the gradients of the vertices for gradients of `face_normals`.

    With S the sum of v[i] x v[i+1] over the corners in turn and n = S / |S|: dS = ((n x g) x n) / |S|, zero where S is zero. The polygon gives
    (v[i+1] - v[i-1]) x dS to its corner i. A vertex receives the sum, in the order of the polygons.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        The gradient of each vertex, zero for those of no face.

    Examples
    --------
    >>> import crosslane
    >>> square = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> crosslane.face_normals_vjp(square, [0, 1, 2, 3], [0], [[1.0, 0, 0]])[:, 2]
    array([ 0.5, -0.5, -0.5,  0.5])
    """
    return _polygons("face_normals_vjp", vertices, corners, starts, "face_normals", out, accuracy, g)


def face_areas_vjp(vertices, corners, starts, g, *, out=None, accuracy="plain"):
    """Return the gradients of the vertices for gradients of `face_areas`.

    With n the normal: dS = g n / 2, zero where there is no area, and what the polygon gives is as in `face_normals_vjp`.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        The gradient of each vertex, zero for those of no face.

    Examples
    --------
    >>> import crosslane
    >>> square = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> crosslane.face_areas_vjp(square, [0, 1, 2, 3], [0], [2.0])
    array([[-1., -1.,  0.],
           [ 1., -1.,  0.],
           [ 1.,  1.,  0.],
           [-1.,  1.,  0.]])
    """
    return _polygons("face_areas_vjp", vertices, corners, starts, "face_areas", out, accuracy, g)


def polygon_vertex_normals_vjp(vertices, corners, starts, g, *, out=None, accuracy="plain"):
    """Return the gradients of the vertices for gradients of `polygon_vertex_normals`.

    With m the sum of S over the corners that are the vertex and n = m / |m|: dm = ((n x g) x n) / |m|, zero where m is zero. The dS of a polygon is
    the sum of dm over its corners, and what it gives is as in `face_normals_vjp`.
    {parameters}
    Returns
    -------
    (n, 3) ndarray
        The gradient of each vertex, zero for those of no face.

    Examples
    --------
    >>> import crosslane
    >>> square = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> crosslane.polygon_vertex_normals_vjp(square, [0, 1, 2, 3], [0], [[0.25, 0, 0]] * 4)[:, 2]
    array([ 0.5, -0.5, -0.5,  0.5])
    """
    return _polygons("polygon_vertex_normals_vjp", vertices, corners, starts, "vertex_normals", out, accuracy, g)


_REST_OF_GRADIENTS = _REST.replace(
    "keeps thin faces right to a few units in the last\n        place.",
    "gives thin faces vector areas as good as\n        those of others; what follows is rounded at every operation, too.",
)

for _function, _parameters in (
    (triangle_normals, _TRIANGLES),
    (triangle_areas, _TRIANGLES),
    (vertex_normals, _TRIANGLES),
    (face_normals, _POLYGONS),
    (face_areas, _POLYGONS),
    (polygon_vertex_normals, _POLYGONS),
    (triangle_normals_vjp, _TRIANGLES + _OF_FACES),
    (triangle_areas_vjp, _TRIANGLES + _OF_AREAS),
    (vertex_normals_vjp, _TRIANGLES + _OF_VERTICES),
    (face_normals_vjp, _POLYGONS + _OF_FACES),
    (face_areas_vjp, _POLYGONS + _OF_AREAS),
    (polygon_vertex_normals_vjp, _POLYGONS + _OF_VERTICES),
):
    _function.__module__ = "crosslane"
    # (Without docstrings, by `python -OO`, there is nothing to fill in.)
    if _function.__doc__:
        _rest = _REST_OF_GRADIENTS if _function.__name__.endswith("_vjp") else _REST
        _function.__doc__ = _function.__doc__.replace("{parameters}", _parameters.lstrip("\n") + _rest)
