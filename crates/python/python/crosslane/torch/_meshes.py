"""Normals and areas of meshes, with gradients to the vertices.

A quantity is one operator, and its gradient another: each is a pass of the library over the faces, whose sums are in the order of the
faces. Where a gradient is itself differentiated, in forward mode and inside of the transforms of `torch.func`, the quantity is a formula of
torch's indexing and of cross products.
"""

import torch
from torch import Tensor

from ._examples import section
from ._functions import REAL, call, rounded
from ._operators import HALF, LIBRARY, any_requires_grad, below_autograd, forwards, in_transforms

_mesh = torch.ops.crosslane.mesh.default
_mesh_vjp = torch.ops.crosslane.mesh_vjp.default

_QUANTITIES = ("face_normals", "face_areas", "vertex_normals")


def _compute(vertices, corners, starts, *options):
    if in_transforms() and not torch.compiler.is_compiling():
        if any_requires_grad(vertices) or forwards((vertices,)):
            _check(vertices, corners, starts, options[1])
            return _formula(vertices, corners, starts, *options)
    return _mesh(vertices, corners, starts, *options)


def _formula(vertices, corners, starts, quantity, is_polygons, is_rounded):
    """A quantity of operations that torch and this package differentiate any number of times."""
    accuracy = "correctly-rounded" if is_rounded else "plain"
    if is_polygons:
        ends = torch.cat((starts[1:], starts.new_full((1,), len(corners))))
        face = torch.repeat_interleave(torch.arange(len(starts)), ends - starts)
        following = torch.arange(1, len(corners) + 1)
        following = torch.where(following == ends[face], starts[face], following)
        origin = vertices[corners[starts[face]]]
        edges = vertices[corners] - origin, vertices[corners[following]] - origin
        none = vertices.new_zeros(len(starts), 3)
        areas = none.index_add(0, face, call("cross", edges, -1, accuracy))
    else:
        face = torch.repeat_interleave(torch.arange(len(corners) // 3), 3)
        p, q, r = vertices[corners.reshape(-1, 3)].unbind(1)
        areas = call("cross", (q - p, r - p), -1, accuracy)
    if quantity == _QUANTITIES.index("vertex_normals"):
        areas = torch.zeros_like(vertices).index_add(0, corners, areas[face])
    # Zero vectors are replaced by ones, so that the square root has derivatives: their results are set to zero below. The scale keeps
    # squares in range, and changes neither lengths nor derivatives.
    scale = areas.detach().abs().amax(-1, keepdim=True)
    is_zero = scale == 0
    areas = torch.where(is_zero, 1, areas / torch.where(is_zero, 1, scale))
    length = areas.square().sum(-1, keepdim=True).sqrt()
    if quantity == _QUANTITIES.index("face_areas"):
        return (scale * length / 2).squeeze(-1)
    return torch.where(is_zero, 0, areas / length)


def _check(vertices, corners, starts, is_polygons):
    """Refuse indices that torch's indexing would count from the end, as the operators do."""
    if corners.device.type == "meta" or torch._C._functorch.is_batchedtensor(corners) or torch._C._functorch.is_batchedtensor(starts):
        return
    for index in (corners.min(), corners.max()) if corners.numel() else ():
        if not 0 <= index < len(vertices):
            raise RuntimeError(f"index {index.item()} is out of range in corners: there are {len(vertices)} vertices")
    if is_polygons and starts.numel():
        is_ordered = starts[0] == 0 and starts[-1] <= len(corners) and bool((starts[1:] >= starts[:-1]).all())
        if not is_ordered:
            raise RuntimeError("starts do not begin with 0, decrease, or go beyond corners")


class Mesh(torch.autograd.Function):
    """A quantity, for torch's autograd."""

    @staticmethod
    def forward(ctx, *args):
        ctx.options = args[3:]
        ctx.save_for_backward(*args[:3])
        with below_autograd():
            return _mesh(*args)

    @staticmethod
    def backward(ctx, g):
        return _mesh_vjp(*ctx.saved_tensors, g, *ctx.options), *[None] * 5


def _autograd(*args):
    if forwards(args):
        return _formula(*args)
    if torch.is_grad_enabled() and any_requires_grad(*args):
        return Mesh.apply(*args)
    with below_autograd():
        return _mesh(*args)


def _autograd_vjp(vertices, corners, starts, g, *options):
    if (torch.is_grad_enabled() and any_requires_grad(vertices, g)) or forwards((vertices, g)):
        with torch.enable_grad():
            x = vertices if vertices.requires_grad else vertices.detach().requires_grad_()
            result = _formula(x, corners, starts, *options)
            return torch.autograd.grad(result, x, g, create_graph=True)[0]
    with below_autograd():
        return _mesh_vjp(vertices, corners, starts, g, *options)


def _fake(vertices, corners, starts, quantity, is_polygons, is_rounded):
    faces = starts.shape[0] if is_polygons else corners.shape[0] // 3
    if quantity == _QUANTITIES.index("face_areas"):
        return vertices.new_empty(faces)
    return vertices.new_empty(vertices.shape if quantity == _QUANTITIES.index("vertex_normals") else (faces, 3))


def _fake_vjp(vertices, corners, starts, g, *options):
    return vertices.new_empty(vertices.shape)


def _batched(function):
    """One mesh after the other."""

    def batched(info, in_dims, *args):
        def each(i):
            return (x if d is None else x.select(d, i) for x, d in zip(args, in_dims, strict=True))

        return torch.stack([function(*each(i)) for i in range(info.batch_size)]), 0

    return batched


for _operator, _implementation, _shapes in ((_mesh, _autograd, _fake), (_mesh_vjp, _autograd_vjp, _fake_vjp)):
    torch.library.register_fake(_operator, _shapes, lib=LIBRARY)
    torch.library.register_vmap(_operator, _batched(_operator), lib=LIBRARY)
    LIBRARY.impl(_operator, _implementation, "Autograd")


def _indices(name, indices):
    if not isinstance(indices, Tensor):
        indices = torch.as_tensor(indices)
    if indices.dtype not in (torch.int32, torch.int64):
        if indices.numel() or indices.is_floating_point() or indices.is_complex():
            raise TypeError(f"{name} must be int32 or int64, got {indices.dtype}")
    return indices.to(torch.int64)


def _of_mesh(quantity, vertices, corners, starts, accuracy):
    if not isinstance(vertices, Tensor):
        raise TypeError(f"vertices must be a tensor, got {type(vertices).__name__}")
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices have the shape {tuple(vertices.shape)}, expected (n, 3)")
    is_polygons = starts is not None
    starts = corners.new_empty(0) if starts is None else starts
    options = (_QUANTITIES.index(quantity), is_polygons, rounded(accuracy))
    if vertices.is_cpu and vertices.dtype in REAL:
        return _compute(vertices, corners, starts, *options)
    if vertices.is_cpu and vertices.dtype in HALF:
        return _compute(vertices.float(), corners, starts, *options).to(vertices.dtype)
    if accuracy != "plain":
        raise ValueError(f"accuracy={accuracy!r} needs floating-point tensors of the CPU")
    _check(vertices, corners, starts, is_polygons)
    return _formula(vertices, corners, starts, *options)


_TRIANGLES = """
    Parameters
    ----------
    vertices : (n, 3) Tensor
        Corners.
    faces : (m, 3) Tensor of int32 or int64
        The indices of the three vertices of each triangle."""

_POLYGONS = """
    Parameters
    ----------
    vertices : (n, 3) Tensor
        Corners.
    corners : Tensor of int32 or int64, with one dimension
        The indices of the vertices of one polygon after the other.
    starts : (m,) Tensor of int32 or int64
        Where each polygon begins in `corners`; it ends where the next begins."""

_REST = """
    accuracy : {"plain", "correctly-rounded"}
        As in the function of this name of :mod:`crosslane`.

    Returns
    -------
    Tensor
        %s, differentiable with respect to `vertices`. Gradients are added up in the order of the faces: the same bits in each run.

    Raises
    ------
    RuntimeError
        If an index is no vertex.
    TypeError, ValueError
        If a type or a shape is not as above.
    """

_KINDS = {
    "face_normals": "(m, 3) unit vectors, one for each face",
    "face_areas": "(m,) areas, one for each face",
    "vertex_normals": "(n, 3) unit vectors, one for each vertex",
}


def _make(name, quantity, is_polygons, summary):
    """The function of a quantity of triangles or of polygons."""

    def of_triangles(vertices, faces, *, accuracy="plain"):
        faces = _indices("faces", faces)
        if faces.ndim != 2 or faces.shape[1] != 3:
            raise ValueError(f"faces have the shape {tuple(faces.shape)}, expected (m, 3)")
        return _of_mesh(quantity, vertices, faces.reshape(-1), None, accuracy)

    def of_polygons(vertices, corners, starts, *, accuracy="plain"):
        corners, starts = _indices("corners", corners), _indices("starts", starts)
        for what, indices in ("corners", corners), ("starts", starts):
            if indices.ndim != 1:
                raise ValueError(f"{what} have the shape {tuple(indices.shape)}, expected one dimension")
        return _of_mesh(quantity, vertices, corners, starts, accuracy)

    function = of_polygons if is_polygons else of_triangles
    function.__module__ = "crosslane.torch"
    function.__name__ = function.__qualname__ = name
    parameters = _POLYGONS if is_polygons else _TRIANGLES
    function.__doc__ = f"{summary}\n{parameters}{_REST % _KINDS[quantity]}{section(name)}"
    return function


FUNCTIONS = [
    _make("triangle_normals", "face_normals", False, "Return the unit normal of each triangle, zero where it has no area."),
    _make("triangle_areas", "face_areas", False, "Return the area of each triangle."),
    _make("vertex_normals", "vertex_normals", False, "Return the unit normal of each vertex: the mean of those of its triangles, by area."),
    _make("face_normals", "face_normals", True, "Return the unit normal of each polygon, that of its vector area."),
    _make("face_areas", "face_areas", True, "Return the area of each polygon, the length of its vector area."),
    _make("polygon_vertex_normals", "vertex_normals", True, "Return the unit normal of each vertex: the direction of the sum of the vector areas of its polygons."),
]
