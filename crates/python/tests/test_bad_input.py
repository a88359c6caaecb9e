"""Each kind of broken call raises and changes nothing: neither `out`, nor what is beside it, nor an input."""

import sys

import crosslane
import numpy as np
import pytest
from support import OPERATIONS, VALUES, call, first_vector, named, operands, outputs, unchanged, with_first_vector

N = 5


def vectors(dtype="f8", n=N):
    return np.random.default_rng(4).random((n, 3)).astype(dtype)


def room(shape=(N, 3), dtype="f8"):
    """Within a larger array, so that writing beside it shows."""
    return np.full([n + 2 for n in shape], 7, dtype)[tuple(slice(1, -1) for _ in shape)]


def readonly():
    out = room()
    out.flags.writeable = False
    return out


BROKEN_OUTS = {
    "too small": (lambda: room((N - 1, 3)), ValueError),
    "too large": (lambda: room((N + 1, 3)), ValueError),
    "of two components": (lambda: room((N, 2)), ValueError),
    "of one axis less": (lambda: room((3,)), ValueError),
    "of one axis more": (lambda: room((1, N, 3)), ValueError),
    "of integers": (lambda: room(dtype="i8"), TypeError),
    "of booleans": (lambda: room(dtype="?"), TypeError),
    "of times": (lambda: room(dtype="m8[s]"), TypeError),
    "read-only": (readonly, ValueError),
    "a list": (lambda: [[7.0] * 3] * N, TypeError),
    "a number": (lambda: 7.0, TypeError),
    "two of them": (lambda: (room(), room()), (TypeError, ValueError)),
}


@pytest.mark.parametrize(("make", "error"), BROKEN_OUTS.values(), ids=BROKEN_OUTS)
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f8", "f2"])
def test_broken_out_of_cross(make, error, accuracy, dtype):
    a, b, out = vectors(dtype), vectors(dtype)[::-1], make()
    arrays = [x for x in outputs(out) if isinstance(x, np.ndarray)]
    with unchanged(a, b, *arrays), pytest.raises(error):
        crosslane.cross(a, b, out=out, accuracy=accuracy)


@pytest.mark.parametrize("fault", ["shape", "dtype", "read-only", "count", "kind"])
@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_broken_out_of_each_operation(operation, fault):
    """The last output is broken; the others, which come first, must not be written either."""
    inputs = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    out = [room(result.shape) for result in outputs(call(operation, *inputs))]
    error = {"shape": ValueError, "dtype": TypeError, "read-only": ValueError, "count": (TypeError, ValueError), "kind": TypeError}[fault]
    if fault == "shape":
        out[-1] = out[-1][:-1]
    elif fault == "dtype":
        out[-1] = room(out[-1].shape, "i4")
    elif fault == "read-only":
        out[-1].flags.writeable = False
    elif fault == "count":
        out.append(room())
    else:
        out[-1] = out[-1].tolist()
    arrays = [x for x in out if isinstance(x, np.ndarray)]
    with unchanged(*inputs, *arrays), pytest.raises(error):
        call(operation, *inputs, out=tuple(out) if len(out) > 1 else out[0])


BROKEN_CALLS = {
    "axis out of range": ({"axis": 2}, np.exceptions.AxisError),
    "axis far out of range": ({"axis": -(2**70)}, (OverflowError, np.exceptions.AxisError)),
    "fractional axis": ({"axis": 1.0}, TypeError),
    "axis by name": ({"axis": "x"}, TypeError),
    "unknown accuracy": ({"accuracy": "exact"}, ValueError),
    "empty accuracy": ({"accuracy": ""}, ValueError),
    "unknown keyword": ({"where": True}, TypeError),
}


@pytest.mark.parametrize(("keywords", "error"), BROKEN_CALLS.values(), ids=BROKEN_CALLS)
@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_broken_keywords(operation, keywords, error):
    inputs = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    out = tuple(room(result.shape) for result in outputs(call(operation, *inputs)))
    with unchanged(*inputs, *out), pytest.raises(error):
        call(operation, *inputs, out=out if len(out) > 1 else out[0], **keywords)


@pytest.mark.parametrize("accuracy", [None, 1, True, b"plain", ["plain"]])
def test_accuracy_must_be_a_word(accuracy):
    out = room()
    with unchanged(out), pytest.raises((TypeError, ValueError)):
        crosslane.cross(vectors(), vectors(), out=out, accuracy=accuracy)


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_broken_inputs(operation):
    good = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    out = tuple(room(result.shape) for result in outputs(call(operation, *good)))
    for k, (_, kind) in enumerate(operation.inputs):
        broken = [good[k][:-1], np.ones((2, N + 1) + (3,) * (kind == "vector"))]
        if kind == "vector":
            broken += [good[k][:, :1], np.ones((N, 4)), np.ones((N, 0)), 1.0, []]
        for other in broken:
            with unchanged(*good, *out), pytest.raises(ValueError):
                call(operation, *good[:k], other, *good[k + 1 :], out=out if len(out) > 1 else out[0])
        for other in ("abc", None, object()) if operation.name != "cross" else ():
            with unchanged(*good, *out), pytest.raises((TypeError, ValueError)):
                call(operation, *good[:k], other, *good[k + 1 :], out=out if len(out) > 1 else out[0])


@pytest.mark.parametrize("operation", **named([x for x in OPERATIONS if x.name != "cross"]))
def test_two_components_are_an_error_of_all_but_cross(operation):
    good = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    with pytest.raises(ValueError):
        call(operation, *with_first_vector(operation, good, good[first_vector(operation)][:, :2]))


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_number_of_arguments(operation):
    inputs = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    wrong = [[], inputs[:-1]]
    if operation.name != "cross":
        wrong.append([*inputs, inputs[0]])
    for arguments in wrong:
        with pytest.raises(TypeError):
            call(operation, *arguments)


@pytest.mark.parametrize("operation", **named(VALUES))
def test_broken_out_of_ufuncs(operation):
    inputs = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    function = getattr(crosslane.ufuncs, operation.name)
    shape = function(*inputs).shape
    for out, error in [(room((N - 1,) + shape[1:]), ValueError), (room(shape, "i8"), TypeError)]:
        with unchanged(out, *inputs), pytest.raises(error):
            function(*inputs, out=out)


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_calls_keep_no_references(operation):
    """Neither those that do their work nor those that raise."""
    inputs = operands(np.random.default_rng(4), operation, [(N,)], "f8")
    out = tuple(room(result.shape) for result in outputs(call(operation, *inputs)))
    blocked = (*out[:-1], out[-1].view())
    blocked[-1].flags.writeable = False
    arrays = [*inputs, *blocked, *out]
    before = [sys.getrefcount(array) for array in arrays]
    for _ in range(20):
        call(operation, *inputs, out=out if len(out) > 1 else out[0])
        for broken in ({"axis": 2}, {"out": blocked if len(out) > 1 else blocked[0]}, {"accuracy": "best"}):
            with pytest.raises(ValueError):
                call(operation, *inputs, **broken)
    assert [sys.getrefcount(array) for array in arrays] == before


FACES = [[0, 1, 2], [2, 3, 4]]
BROKEN_FACES = {
    "NaN": (np.array([[0, 1, np.nan]]), TypeError),
    "floats": (np.array(FACES, "f8"), TypeError),
    "too large": ([[0, 1, 2], [0, 1, N]], IndexError),
    "negative": ([[0, 1, 2], [0, 1, -1]], IndexError),
    "small negative": (np.array([[0, 1, -128]], "i1"), IndexError),
    "beyond 32 bits": (np.array([[0, 1, 2**32]], "i8"), IndexError),
    "beyond 32 bits, negative": (np.array([[0, 1, -(2**32)]], "i8"), IndexError),
    "beyond 63 bits": (np.array([[0, 1, 2**64 - 1]], "u8"), IndexError),
    "corners of quadrangles": ([[0, 1, 2, 3]], ValueError),
    "no axis of corners": ([0, 1, 2], ValueError),
    "one axis too many": ([FACES], ValueError),
    "ragged": ([[0, 1, 2], [0, 1]], ValueError),
    "complex": (np.array(FACES, "D"), TypeError),
    "strings": ([["0", "1", "2"]], TypeError),
}
MESH_FUNCTIONS = [crosslane.triangle_normals, crosslane.triangle_areas, crosslane.vertex_normals]


def mesh_out(function, faces):
    if function is crosslane.vertex_normals:
        return room()
    count = len(faces)
    return room((count,)) if function is crosslane.triangle_areas else room((count, 3))


@pytest.mark.parametrize(("faces", "error"), BROKEN_FACES.values(), ids=BROKEN_FACES)
@pytest.mark.parametrize("function", MESH_FUNCTIONS)
def test_broken_faces(function, faces, error):
    vertices, out = vectors(), mesh_out(function, faces)
    with unchanged(vertices, out), pytest.raises(error):
        function(vertices, faces, out=out)


@pytest.mark.parametrize("place", [0, 1, 99_999, 199_999])
@pytest.mark.parametrize("function", MESH_FUNCTIONS)
def test_one_broken_face_of_many_leaves_all_unwritten(function, place):
    faces = np.resize(FACES, (200_000, 3))
    faces[place, 1] = N
    vertices, out = vectors(), mesh_out(function, faces)
    with unchanged(vertices, out), pytest.raises(IndexError):
        function(vertices, faces, out=out)


@pytest.mark.parametrize("function", MESH_FUNCTIONS)
def test_broken_vertices_and_outs_of_meshes(function):
    good = mesh_out(function, FACES)
    for vertices, error in [
        (np.ones((N, 2)), ValueError),
        (np.ones(3), ValueError),
        (np.ones((1, N, 3)), ValueError),
        (np.ones((N, 3), "D"), TypeError),
        (np.full((N, 3), "a"), TypeError),
    ]:
        with unchanged(good), pytest.raises(error):
            function(vertices, np.zeros_like(FACES), out=good)
    blocked = mesh_out(function, FACES)
    blocked.flags.writeable = False
    for out, error in [(good[:-1], ValueError), (room(good.shape, "i4"), TypeError), (blocked, ValueError), (good.tolist(), TypeError)]:
        with unchanged(good, blocked), pytest.raises(error):
            function(vectors(), FACES, out=out)
    with unchanged(good), pytest.raises(ValueError):
        function(vectors(), FACES, out=good, accuracy="best")
    for arguments in ((), (vectors(),), (vectors(), FACES, good, good)):
        with pytest.raises(TypeError):
            function(*arguments)


@pytest.mark.parametrize("n", [0, -1])
def test_numbers_of_threads_begin_at_one(n):
    before = crosslane.get_threads()
    for set_number in (crosslane.set_threads, lambda n: crosslane.threads(n).__enter__()):
        with pytest.raises((ValueError, OverflowError)):
            set_number(n)
        with pytest.raises(TypeError):
            set_number("two")
    assert crosslane.get_threads() == before
