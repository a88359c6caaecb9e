"""Normals and areas of meshes."""

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


def _triangles(name, vertices, faces, quantity, out, accuracy):
    vertices, faces = _vertices(vertices), np.asarray(faces)
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f"faces have the shape {faces.shape}, expected (n, 3)")
    faces = _indices(faces, len(vertices), np.uint32, "faces")
    return _core.mesh(vertices, faces.reshape(-1), None, quantity, name, out, accuracy)


def _polygons(name, vertices, corners, starts, quantity, out, accuracy):
    vertices, corners, starts = _vertices(vertices), np.asarray(corners), np.asarray(starts)
    for name, array in ("corners", corners), ("starts", starts):
        if array.ndim != 1:
            raise ValueError(f"{name} have the shape {array.shape}, expected one axis")
    corners = _indices(corners, len(vertices), np.uint32, "corners")
    starts = _indices(starts, len(corners) + 1, np.uintp, "starts")
    return _core.mesh(vertices, corners, starts, quantity, name, out, accuracy)


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


for _function, _parameters in (
    (triangle_normals, _TRIANGLES),
    (triangle_areas, _TRIANGLES),
    (vertex_normals, _TRIANGLES),
    (face_normals, _POLYGONS),
    (face_areas, _POLYGONS),
    (polygon_vertex_normals, _POLYGONS),
):
    _function.__module__ = "crosslane"
    # (Without docstrings, by `python -OO`, there is nothing to fill in.)
    if _function.__doc__:
        _function.__doc__ = _function.__doc__.replace("{parameters}", _parameters.lstrip("\n") + _REST)
