"""Normals and areas of meshes, and their gradients."""

import crosslane
import numpy as np
import pytest
from support import length, recorded_warnings, same_bits, times, unit_roundoff

SEED = 8
FUNCTIONS = [crosslane.triangle_normals, crosslane.triangle_areas, crosslane.vertex_normals]
INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">u8"]


def random_mesh(dtype, vertices=60, faces=100):
    rng = np.random.default_rng(SEED)
    corners = np.array([rng.permutation(vertices - 1)[:3] for _ in range(faces)])  # the last vertex has no face
    return rng.standard_normal((vertices, 3)).astype(dtype), corners


def expected(vertices, faces):
    """(q − p) × (r − p) in long double and |q − p||r − p|, of which an edge loses 1 u, the product 4 u, a direction twice that."""
    p, q, r = np.moveaxis(vertices.astype(np.longdouble)[faces], 1, 0)
    return np.cross(q - p, r - p), length(q - p) * length(r - p)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
def test_normals_and_areas_of_triangles_are_those_of_the_formula(dtype, accuracy):
    vertices, faces = random_mesh(dtype)
    c, scale = expected(vertices, faces)
    normals = crosslane.triangle_normals(vertices, faces, accuracy=accuracy)
    areas = crosslane.triangle_areas(vertices, faces, accuracy=accuracy)
    assert (normals.dtype, normals.shape) == (np.dtype(dtype), (100, 3))
    assert (areas.dtype, areas.shape) == (np.dtype(dtype), (100,))
    bound = 16 * unit_roundoff(dtype) * scale
    assert (abs(normals - times(1 / length(c), c)) <= times(bound / length(c), np.ones(3))).all()
    assert (abs(areas - length(c) / 2) <= bound).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
def test_normals_of_vertices_are_means_weighted_with_areas(dtype, accuracy):
    vertices, faces = random_mesh(dtype)
    c, scale = expected(vertices, faces)
    m, sums = np.zeros((60, 3), np.longdouble), np.zeros(60, np.longdouble)
    for k in range(3):
        np.add.at(m, faces[:, k], c)
        np.add.at(sums, faces[:, k], scale)
    normals = crosslane.vertex_normals(vertices, faces, accuracy=accuracy)
    assert (normals.dtype, normals.shape) == (np.dtype(dtype), (60, 3))
    assert normals[-1].tolist() == [0, 0, 0]
    used = np.bincount(faces.ravel(), minlength=60)
    some = used > 0
    m, sums, size = m[some], sums[some], length(m[some])
    # A sum of k areas loses k u of their magnitudes, a direction twice that.
    bound = (16 + 4 * used[some]) * unit_roundoff(dtype) * sums / size
    assert (abs(normals[some] - times(1 / size, m)) <= times(bound, np.ones(3))).all()


def test_examples_of_the_documentation():
    vertices = [[0.0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, -2]]
    assert crosslane.triangle_normals(vertices, [[0, 1, 2], [0, 2, 1]]).tolist() == [[0, 0, 1], [0, 0, -1]]
    assert crosslane.triangle_areas(vertices, [[0, 1, 2]]).tolist() == [3]
    normals = crosslane.vertex_normals([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, -2]], [[0, 1, 2], [0, 3, 1]])
    assert normals[2].tolist() == [0, 0, 1]
    assert normals[0, 1] / normals[0, 2] == -2


@pytest.mark.parametrize("function", FUNCTIONS)
def test_any_integer_type_of_faces_gives_the_same(function):
    vertices, faces = random_mesh("f8")
    result = function(vertices, faces)
    for dtype in INTEGERS:
        assert same_bits(function(vertices, faces.astype(dtype)), result)
    assert same_bits(function(vertices.tolist(), faces.tolist()), result)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_layouts_of_vertices_and_faces_make_no_difference(function):
    vertices, faces = random_mesh("f4")
    result = function(vertices, faces)
    room = np.zeros((60, 5), "f4")
    room[:, 1:4] = vertices
    for other in (np.asfortranarray(vertices), room[:, 1:4], vertices[::-1].copy()[::-1], vertices.astype(">f4")):
        assert same_bits(function(other, faces), result)
    for other in (np.asfortranarray(faces), np.repeat(faces, 2, 0)[::2], faces[:, ::-1].copy()[:, ::-1]):
        assert same_bits(function(vertices, other), result)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_out_receives_the_result_and_is_returned(function):
    vertices, faces = random_mesh("f8")
    result = function(vertices, faces)
    for dtype in ("f8", "f4", ">f8"):
        room = np.full((2 * len(result), *result.shape[1:]), 7, dtype)
        out = room[::-2]
        assert function(vertices, faces, out=out) is out
        assert same_bits(out.astype(np.dtype(dtype).newbyteorder("=")), result.astype(np.dtype(dtype).newbyteorder("=")))
        assert (room[::2] == 7).all()


@pytest.mark.parametrize("function", [crosslane.vertex_normals, crosslane.triangle_normals])
def test_out_may_be_the_vertices(function):
    vertices, faces = random_mesh("f8", vertices=60, faces=60)
    result = function(vertices, faces)
    function(vertices, faces, out=vertices)
    assert same_bits(vertices, result)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_half_precision_is_computed_in_single_and_rounded(function):
    vertices, faces = random_mesh("f2")
    assert same_bits(function(vertices, faces), function(vertices.astype("f4"), faces).astype("f2"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_meshes_without_faces_or_vertices(function):
    vertices, faces = random_mesh("f4")
    for some in (vertices, vertices[:0]):
        result = function(some, faces[:0])
        assert len(result) == (len(some) if function is crosslane.vertex_normals else 0)
        assert not result.any()


def test_triangles_without_area_have_no_normal():
    vertices, faces = np.array([[0.0, 0, 0], [1, 1, 1], [2, 2, 2]]), [[0, 1, 2], [1, 1, 0]]
    assert not crosslane.triangle_normals(vertices, faces).any()
    assert not crosslane.triangle_areas(vertices, faces).any()
    assert not crosslane.vertex_normals(vertices, faces).any()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_large_meshes_have_the_same_bits_on_any_number_of_threads(function):
    rng = np.random.default_rng(SEED)
    vertices, faces = rng.random((200_000, 3), "f4"), rng.integers(0, 200_000, (800_000, 3))
    results = []
    for threads in (1, 2, 7):
        with crosslane.threads(threads), recorded_warnings() as texts:
            results.append(function(vertices, faces))
        assert texts == []
    assert same_bits(results[1], results[0])
    assert same_bits(results[2], results[0])
    some = faces[:1000]
    assert function is crosslane.vertex_normals or same_bits(function(vertices, some), results[0][:1000])


def test_correct_rounding_of_thin_triangles_far_from_the_origin():
    """Below 2.6 u for normals and 2.03 u for areas, where plain arithmetic has no digit right."""
    rng = np.random.default_rng(SEED)
    p = 1000 + rng.integers(0, 2**10, (200, 3)) * 2.0**-10
    edge = rng.integers(-(2**9), 2**9, (200, 3)) * 2.0**-10
    vertices = np.stack([p, p + edge, p + 2 * edge + rng.integers(-2, 3, (200, 3)) * 2.0**-13], 1).astype("f4").reshape(-1, 3)
    faces = np.arange(600).reshape(-1, 3)
    c, _ = expected(vertices, faces)  # exact but for the last bits: edges have 14 bits
    faces, c = faces[length(c) > 0], c[length(c) > 0]
    assert len(faces) > 150
    normals = crosslane.triangle_normals(vertices, faces, accuracy="correctly-rounded")
    areas = crosslane.triangle_areas(vertices, faces, accuracy="correctly-rounded")
    assert (abs(normals - times(1 / length(c), c)) <= 2.6 * unit_roundoff("f4")).all()
    assert (abs(areas - length(c) / 2) <= 2.03 * unit_roundoff("f4") * length(c) / 2).all()


def gradient_cases(dtype):
    """Each function, its gradient, the arguments that they share, and an upstream gradient."""
    rng = np.random.default_rng(SEED)
    vertices, faces = random_mesh(dtype)
    triangles, polygons = (vertices, faces), (vertices, faces.ravel(), np.arange(0, 300, 6))
    for names, arguments in (
        (("triangle_normals", "triangle_areas", "vertex_normals"), triangles),
        (("face_normals", "face_areas", "polygon_vertex_normals"), polygons),
    ):
        for name in names:
            function = getattr(crosslane, name)
            g = rng.standard_normal(function(*arguments).shape).astype(dtype)
            yield function, getattr(crosslane, f"{name}_vjp"), arguments, g


GRADIENTS = range(6)


@pytest.mark.parametrize("case", GRADIENTS)
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
def test_gradients_are_derivatives(case, accuracy):
    """A step h is off by c h**2, twice the step by four times that, and rounding by some 1e-13 / h."""
    function, gradient, (vertices, *faces), g = list(gradient_cases("f8"))[case]
    grad = gradient(vertices, *faces, g, accuracy=accuracy)
    assert (grad.dtype, grad.shape) == (np.dtype("f8"), (60, 3))
    assert not grad[-1].any()
    direction = np.random.default_rng(SEED + 1).standard_normal(vertices.shape)

    def difference(h):
        less, more = (function(vertices + step * direction, *faces, accuracy="correctly-rounded") for step in (-h, h))
        return ((more - less) * g).sum() / (2 * h)

    one, two = difference(2.0**-20), difference(2.0**-19)
    assert abs((grad * direction).sum() - one) <= 2 * abs(two - one) + 1e-6
    assert abs(one) > 0.1


@pytest.mark.parametrize("case", GRADIENTS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_layouts_types_and_out_make_no_difference_to_gradients(case, dtype):
    _, gradient, (vertices, *faces), g = list(gradient_cases(dtype))[case]
    result = gradient(vertices, *faces, g)
    assert result.dtype == np.dtype(dtype)
    for view in (np.asfortranarray, lambda a: a[::-1].copy()[::-1], lambda a: a.astype(a.dtype.newbyteorder(">"))):
        assert same_bits(gradient(view(vertices), *faces, view(g)), result)
    if dtype == "f8":
        assert same_bits(gradient(vertices.tolist(), *(array.tolist() for array in faces), g.tolist()), result)
    room = np.full((120, 3), 7, dtype)
    assert gradient(vertices, *faces, g, out=room[::-2]) is not None
    assert same_bits(room[::-2], result)
    assert (room[::2] == 7).all()
    # Into what is read, too.
    for overwritten in (vertices, *([g] if g.shape == vertices.shape else [])):
        copies = [vertices.copy(), g.copy()]
        out = copies[0] if overwritten is vertices else copies[1]
        assert gradient(copies[0], *faces, copies[1], out=out) is out
        assert same_bits(out, result)


@pytest.mark.parametrize("case", GRADIENTS)
def test_gradients_are_of_the_type_that_holds_vertices_and_g(case):
    _, gradient, (vertices, *faces), g = list(gradient_cases("f4"))[case]
    assert same_bits(gradient(vertices, *faces, g.astype("f8")), gradient(vertices.astype("f8"), *faces, g.astype("f8")))
    half, half_g = vertices.astype("f2"), g.astype("f2")
    with recorded_warnings():
        expected_result = gradient(half.astype("f4"), *faces, half_g.astype("f4")).astype("f2")
        assert same_bits(gradient(half, *faces, half_g), expected_result)
    with pytest.raises(TypeError, match="vertices and g are of the type complex64, expected real numbers"):
        gradient(vertices, *faces, g.astype("c8"))


@pytest.mark.parametrize("case", GRADIENTS)
def test_upstream_gradients_of_another_shape_are_refused(case):
    _, gradient, (vertices, *faces), g = list(gradient_cases("f8"))[case]
    out = np.full(vertices.shape, 7.0)
    for wrong in (g[:-1], g[None], g[..., None], g.sum()):
        with pytest.raises(ValueError, match=r"g has the shape \(.*\), expected \(.*\)"):
            gradient(vertices, *faces, wrong, out=out)
    with pytest.raises(IndexError, match="index 60 is out of bounds for axis 0 with size 60"):
        gradient(vertices, np.full_like(faces[0], 60), *faces[1:], g, out=out)
    assert (out == 7).all()


def test_errors_about_out_name_the_function():
    """Also of polygons, of which other arguments are looked at by name before."""
    for function, gradient, arguments, g in gradient_cases("f8"):
        for called, rest in (function, ()), (gradient, (g,)):
            shape = called(*arguments, *rest).shape
            with pytest.raises(TypeError, match=f"'{called.__name__}' output"):
                called(*arguments, *rest, out=np.zeros(shape, "i8"))


@pytest.mark.parametrize("case", GRADIENTS)
def test_gradients_of_large_meshes_have_the_same_bits_on_any_number_of_threads(case):
    _, gradient, (_, *faces), g = list(gradient_cases("f4"))[case]
    rng = np.random.default_rng(SEED)
    vertices, indices = rng.random((50_000, 3), "f4"), rng.integers(0, 50_000, 600_000)
    faces = [indices.reshape(-1, 3)] if len(faces) == 1 else [indices, np.arange(0, 600_000, 4)]
    count = len(vertices) if g.shape == (60, 3) else len(faces[-1])
    g = rng.random((count, *g.shape[1:]), "f4")
    results = []
    for threads in (1, 3):
        with crosslane.threads(threads), recorded_warnings() as texts:
            results.append(gradient(vertices, *faces, g))
        assert texts == []
    assert same_bits(*results)
    # To move a mesh changes nothing: gradients cancel, but for their rounding.
    assert (abs(results[0].sum(0, "f8")) < 1e-3 * abs(results[0]).sum(0, "f8")).all()
