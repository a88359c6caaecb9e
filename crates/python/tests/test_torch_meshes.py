"""Normals and areas of meshes for torch: values, gradients to the vertices, and what is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.autograd import gradcheck, gradgradcheck  # noqa: E402

import crosslane  # noqa: E402
import crosslane.torch  # noqa: E402

TRIANGLES = ["triangle_normals", "triangle_areas", "vertex_normals"]
POLYGONS = ["face_normals", "face_areas", "polygon_vertex_normals"]
# Polygons of 3 to 6 corners, of which one is concave, one has a vertex twice, and one is no face.
CORNERS = [0, 1, 2, 3, 4, 5, 6, 2, 7, 5, 4, 0, 8, 0, 3, 9, 1, 2]
STARTS = [0, 4, 7, 10, 16]
FACES = [[0, 1, 2], [2, 3, 4], [4, 5, 0], [1, 3, 5], [6, 7, 8], [8, 7, 9]]


def vertices(dtype=torch.float64, n=11):
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64).to(dtype)


def indices(name):
    lists = [FACES] if name in TRIANGLES else [CORNERS, STARTS]
    return [torch.tensor(x) for x in lists]


def both(name):
    """The function of torch with its indices, and that of NumPy."""
    of_torch, of_numpy, with_indices = getattr(crosslane.torch, name), getattr(crosslane, name), indices(name)
    numpy_indices = [x.numpy() for x in with_indices]

    def ours(v, **options):
        return of_torch(v, *with_indices, **options)

    def numpy(v, **options):
        return of_numpy(v, *numpy_indices, **options)

    return ours, numpy


@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", TRIANGLES + POLYGONS)
def test_values_and_gradients_are_those_of_the_library(name, dtype, accuracy):
    ours, numpy = both(name)
    v = vertices(dtype).requires_grad_()
    result = ours(v, accuracy=accuracy)
    assert np.array_equal(result.detach().numpy(), numpy(v.detach().numpy(), accuracy=accuracy))
    g = torch.randn_like(result)
    result.backward(g)
    vjp = getattr(crosslane, f"{name}_vjp")
    expected = vjp(v.detach().numpy(), *(x.numpy() for x in indices(name)), g.numpy(), accuracy=accuracy)
    assert np.array_equal(v.grad.numpy(), expected)


@pytest.mark.parametrize("name", TRIANGLES + POLYGONS)
def test_derivatives_agree_with_differences(name):
    ours, _ = both(name)
    v = vertices().requires_grad_()
    assert gradcheck(ours, v, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True)
    assert gradgradcheck(ours, v, check_fwd_over_rev=True, check_rev_over_rev=True)


def formula(v, name):
    """The quantity of torch's operations alone, from S = sum of v[i] x v[i + 1]."""
    areas = []
    faces = FACES if name in TRIANGLES else [CORNERS[a:b] for a, b in zip(STARTS, [*STARTS[1:], len(CORNERS)], strict=True)]
    for face in faces:
        corners = v[face]
        areas.append(torch.linalg.cross(corners, corners.roll(-1, 0)).sum(0) if len(face) > 2 else v.new_zeros(3))
    if name.endswith("areas"):
        return torch.stack([area.square().sum().clamp_min(1e-300).sqrt() / 2 for area in areas])
    if "vertex" in name:
        sums = [v.new_zeros(3)] * len(v)
        for face, area in zip(faces, areas, strict=True):
            for corner in face:
                sums[corner] = sums[corner] + area
        areas = sums
    return torch.stack([area / area.square().sum().clamp_min(1e-300).sqrt() for area in areas])


@pytest.mark.parametrize("name", TRIANGLES + POLYGONS)
def test_transforms_agree_with_the_formula_of_torch(name):
    ours, _ = both(name)
    v = vertices()
    weights = torch.randn_like(ours(v))

    def scalar(function):
        return lambda v: (function(v) * weights).sum().sin()

    mine, other = scalar(ours), scalar(lambda v: formula(v, name))
    for transform in torch.func.grad, torch.func.jacfwd, torch.func.hessian, lambda f: torch.func.jacrev(torch.func.jacrev(f)):
        assert torch.allclose(transform(mine)(v), transform(other)(v), rtol=1e-9, atol=1e-12)
    batch = torch.stack([v, 2 * v + 1, v.flip(0)])
    for batched, dim in (batch, 0), (batch.movedim(0, 1), 1), (batch.movedim(0, 2), 2):
        assert torch.equal(torch.func.vmap(ours, in_dims=dim)(batched), torch.stack([ours(x) for x in batch]))
    assert torch.allclose(torch.func.vmap(torch.func.grad(mine))(batch), torch.stack([torch.func.grad(mine)(x) for x in batch]))


@pytest.mark.parametrize("name", TRIANGLES + POLYGONS)
def test_compiled_programs_give_the_same(name):
    ours, _ = both(name)
    compiled = torch.compile(lambda v: ours(v).square().sum(), fullgraph=True, backend="aot_eager")
    results = []
    for function in compiled, lambda v: ours(v).square().sum():
        v = vertices().requires_grad_()
        loss = function(v)
        loss.backward()
        results.append((loss, v.grad))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    torch._dynamo.reset()


def test_torch_checks_the_operators():
    v, corners, starts = vertices().requires_grad_(), torch.tensor(CORNERS), torch.tensor(STARTS)
    for quantity, shape in (0, (5, 3)), (1, (5,)), (2, (11, 3)):
        g = torch.randn(shape, dtype=v.dtype, requires_grad=True)
        torch.library.opcheck(torch.ops.crosslane.mesh.default, (v, corners, starts, quantity, True, False))
        torch.library.opcheck(torch.ops.crosslane.mesh_vjp.default, (v, corners, starts, g, quantity, True, False))


def test_half_types_are_computed_in_single_and_layouts_do_not_matter():
    ours, numpy = both("triangle_normals")
    half = vertices(torch.float16)
    assert torch.equal(ours(half), ours(half.float()).half())
    storage = torch.zeros(3, 22)
    storage[:, ::2] = vertices(torch.float32).T
    assert np.array_equal(ours(storage[:, ::2].T).numpy(), numpy(vertices(torch.float32).numpy()))
    faces = torch.tensor(FACES, dtype=torch.int32).T.contiguous().T
    assert torch.equal(crosslane.torch.triangle_normals(half.float(), faces), ours(half.float()))
    none = torch.zeros(0, 3, dtype=torch.int64)
    assert crosslane.torch.triangle_areas(vertices(), none).shape == (0,)
    assert torch.equal(crosslane.torch.vertex_normals(vertices(), none), torch.zeros(11, 3, dtype=torch.float64))


def test_faces_without_area_have_no_gradient():
    v = torch.zeros(3, 3, requires_grad=True)
    for name in TRIANGLES:
        v.grad = None
        getattr(crosslane.torch, name)(v, torch.tensor([[0, 1, 2]])).sum().backward()
        assert torch.equal(v.grad, torch.zeros(3, 3)), name


def test_other_devices_are_computed_by_torch():
    faces = torch.tensor(FACES, device="meta")
    assert crosslane.torch.triangle_normals(vertices().to("meta"), faces).shape == (6, 3)
    with pytest.raises(ValueError, match="needs floating-point tensors of the CPU"):
        crosslane.torch.triangle_normals(vertices().to("meta"), faces, accuracy="correctly-rounded")


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((vertices(), torch.tensor([[0, 1, 11]])), RuntimeError, "corner 2 of face 0 is vertex 11, there are 11"),
        ((vertices(), torch.tensor([[0, 1, -1]])), RuntimeError, "index -1 is out of range in corners"),
        ((vertices(), torch.tensor([[0, 1, 2**32]])), RuntimeError, "out of range"),
        ((vertices(), torch.tensor([0, 1, 2])), ValueError, r"faces have the shape \(3,\)"),
        ((vertices(), torch.tensor([[0.0, 1.0, 2.0]])), TypeError, "int32 or int64"),
        ((vertices()[:, :2], torch.tensor(FACES)), ValueError, r"vertices have the shape \(11, 2\)"),
        ((vertices().numpy(), torch.tensor(FACES)), TypeError, "must be a tensor"),
    ],
)
def test_wrong_triangles_are_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        crosslane.torch.triangle_normals(*arguments)


def test_wrong_polygons_are_refused():
    for starts, match in ([1, 4], "begins at corner 1"), ([0, 99], "begins at corner 99"), ([0, 4, 2], "begins at corner 2"):
        with pytest.raises(RuntimeError, match=match):
            crosslane.torch.face_areas(vertices(), torch.tensor(CORNERS), torch.tensor(starts))
    with pytest.raises(ValueError, match="starts have the shape"):
        crosslane.torch.face_areas(vertices(), torch.tensor(CORNERS), torch.tensor([[0]]))


@pytest.mark.parametrize("scale", [1e-11, 1e-6, 1e6, 1e11])
@pytest.mark.parametrize("name", TRIANGLES + POLYGONS)
def test_transforms_do_not_leave_the_range_where_the_operators_do_not(name, scale):
    if name.endswith("areas"):
        scale = scale**0.5  # plain areas are roots of sums of squares, which leave the range themselves
    ours, _ = both(name)
    v = scale * vertices(torch.float32)
    value, vjp = torch.func.vjp(ours, v)
    torch.testing.assert_close(value, ours(v), rtol=1e-5, atol=1e-6 * float(value.abs().max()))
    x = v.clone().requires_grad_()
    g = torch.sin(torch.arange(value.numel(), dtype=torch.float32)).reshape(value.shape)
    expected = torch.autograd.grad(ours(x), x, g)[0]
    for got in vjp(g)[0], torch.autograd.grad(ours(x), x, g, create_graph=True)[0]:
        assert (got - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_wrong_indices_are_refused_in_transforms_and_for_integers():
    def areas(v):
        return crosslane.torch.triangle_areas(v, torch.tensor([[0, 1, -1]])).sum()

    for call in (lambda: torch.func.grad(areas)(vertices()), lambda: areas(torch.arange(9).reshape(3, 3))):
        with pytest.raises(RuntimeError, match="index -1 is out of range in corners"):
            call()
    starts = torch.tensor([1, 4])
    with pytest.raises(RuntimeError, match="starts do not begin with 0"):
        torch.func.grad(lambda v: crosslane.torch.face_areas(v, torch.tensor(CORNERS), starts).sum())(vertices())
