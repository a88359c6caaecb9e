"""crosslane.jax: the bits of crosslane.cross in compiled programs, and the derivatives of jax.numpy.cross, in every mode and order."""

import itertools
import json

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed: crosslane.jax is not tested")

import hypothesis
import jax.numpy as jnp
from hypothesis import strategies as st
from support import LARGE, OPERATIONS, exact_cross, operands, outputs, python, same_bits

import crosslane
import crosslane.jax

cross = crosslane.jax.cross
SEED = 90

# Shapes of a and b, and the axes of their components and of the product's.
CASES = {
    "one pair": ((3,), (3,), {}),
    "batch": ((4, 3), (4, 3), {}),
    "one against many": ((3,), (5, 3), {}),
    "many against one": ((5, 3), (1, 3), {}),
    "table": ((2, 1, 3), (4, 3), {}),
    "both repeated": ((2, 1, 4, 3), (3, 1, 3), {}),
    "neither has the batch": ((1, 3), (1, 3), {}),
    "columns": ((3, 5), (3, 5), {"axis": 0}),
    "features": ((2, 3, 4), (2, 3, 1), {"axis": 1}),
    "three axes": ((3, 2, 4), (2, 3, 4), {"axisa": 0, "axisb": 1, "axisc": -1}),
    "columns against rows": ((3, 4), (2, 4, 3), {"axisa": 0, "axisc": 1}),
    "negative axes": ((2, 3, 4), (3, 4), {"axisa": -2, "axisb": -2, "axisc": -3}),
}
named = pytest.mark.parametrize("shape_a, shape_b, axes", CASES.values(), ids=CASES)
# Where each operand is repeated along an axis of the other, and components lie in different places. (XLA takes seconds to compile derivatives
# of high order.)
FEW = "both repeated", "features", "columns against rows"


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def random_pair(shape_a, shape_b, dtype="f8"):
    rng = np.random.default_rng(SEED)
    return rng.standard_normal(shape_a).astype(dtype), rng.standard_normal(shape_b).astype(dtype)


def assert_close(got, expected):
    """Within 100 roundings of the largest element: a derivative is a sum of at most 60 products, all of which are of moderate size."""
    got, expected = jax.tree.leaves(got), jax.tree.leaves(expected)
    assert len(got) == len(expected) > 0
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        scale = np.abs(other).max(initial=0)
        assert np.abs(np.asarray(one, "f8") - np.asarray(other, "f8")).max(initial=0) <= 100 * jnp.finfo(one.dtype).eps * scale


# Values.


@named
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_bits_in_a_program_are_those_of_numpy(shape_a, shape_b, axes, accuracy, dtype, x64):
    a, b = random_pair(shape_a, shape_b, dtype)
    expected = crosslane.cross(a, b, accuracy=accuracy, **axes)
    if accuracy == "plain":
        assert same_bits(expected, np.cross(a, b, **axes))
    program = jax.jit(lambda a, b: 2 * cross(a * 0.5, b, accuracy=accuracy, **axes))
    for got in (cross(a, b, accuracy=accuracy, **axes), program(a, b)):
        assert isinstance(got, jax.Array)
        assert same_bits(got, expected)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_all_components_are_those_of_numpy(dtype, x64):
    a, b = random_pair((10_000, 3), (10_000, 3), dtype)
    expected = np.cross(a, b)
    equal = {f.__module__: (np.asarray(jax.jit(f)(a, b)) == expected).mean() for f in (cross, jnp.cross)}
    # (Those of JAX are some 77 % where the CPU has fused operations.)
    print(f"components of {dtype} equal to numpy's: {equal}")
    assert equal["crosslane.jax"] == 1


@pytest.mark.parametrize("dtype", ["f2", "bfloat16"])
@pytest.mark.parametrize("shape_a, shape_b", [((50, 3), (50, 3)), ((4, 1, 3), (5, 3))])
def test_half_types_are_rounded_once(dtype, shape_a, shape_b):
    a, b = (jnp.asarray(x, dtype) for x in random_pair(shape_a, shape_b))
    got = jax.jit(cross)(a, b)
    assert got.dtype == a.dtype and got.shape == jnp.cross(a, b).shape
    if dtype == "f2":
        assert same_bits(got, crosslane.cross(np.asarray(a), np.asarray(b)))
        assert same_bits(got, exact_cross(np.asarray(a), np.asarray(b)))
    # (In float64 products are exact and the difference is rounded, to a place in the middle of two numbers once in 2^40 times.)
    exact = np.cross(np.asarray(a, "f8"), np.asarray(b, "f8"))
    assert (np.asarray(got) == exact.astype(a.dtype)).all()
    with_gradient = jax.jit(jax.value_and_grad(lambda a, b: cross(a, b).sum(dtype="f4"), (0, 1)))
    for gradient, operand in zip(with_gradient(a, b)[1], (a, b), strict=True):
        assert gradient.dtype == operand.dtype and gradient.shape == operand.shape
        assert np.isfinite(np.asarray(gradient, "f4")).all()


def test_subnormal_numbers_are_kept_on_every_thread():
    for n in (10, 2 * LARGE // 12):
        a = np.full((n, 3), [1e-20, 2e-20, 3e-20], "f4")
        b = np.full((n, 3), [3e-20, 1e-20, 2e-20], "f4")
        expected = np.cross(a, b)
        assert (expected != 0).all() and (np.abs(expected) < np.finfo("f4").tiny).all()
        assert same_bits(jax.jit(cross)(a, b), expected)


SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, 3e38, -3e38]


@hypothesis.given(st.lists(st.tuples(*[st.sampled_from(SPECIAL)] * 6), min_size=1, max_size=20))
def test_special_values_are_those_of_numpy(rows):
    rows = np.array(rows, "f4")
    # (A fixed length, so that XLA compiles once.)
    rows = np.concatenate([rows, np.zeros((20 - len(rows), 6), "f4")])
    with np.errstate(all="ignore"):
        expected = np.cross(rows[:, :3], rows[:, 3:])
    assert same_bits(cross(rows[:, :3], rows[:, 3:]), expected)


@pytest.mark.parametrize("shapes", [((0, 3), (0, 3)), ((0, 3), (3,)), ((3,), (0, 3)), ((2, 0, 3), (1, 3)), ((2, 1, 3), (0, 3)), ((3, 0), (3, 1))])
def test_empty_arrays(shapes, x64):
    a, b = random_pair(*shapes)
    axes = {"axis": 0} if shapes[0][-1] != 3 else {}
    assert same_bits(cross(a, b, **axes), np.cross(a, b, **axes))
    loss = lambda f: jax.jit(jax.grad(lambda a, b: f(a, b, **axes).sum(), (0, 1)))
    assert all(map(same_bits, loss(cross)(a, b), loss(jnp.cross)(a, b)))


def test_large_products_and_gradients_on_any_number_of_threads():
    a, b = random_pair((LARGE // 6, 3), (LARGE // 6, 3), "f4")
    loss = jax.jit(jax.grad(lambda a, b: (cross(a, b) * a).sum(), (0, 1)))
    before, results = crosslane.get_threads(), []
    try:
        for threads in (1, 2, 7):
            crosslane.set_threads(threads)
            assert same_bits(jax.jit(cross)(a, b), np.cross(a, b))
            results.append([*loss(a, b), *loss(a, b[:1])])
    finally:
        crosslane.set_threads(before)
    for other in results[1:]:
        assert all(map(same_bits, other, results[0]))


@pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f2", "f4"), ("bfloat16", "f2"), ("i4", "f4"), ("f4", "i8"), ("bfloat16", "f8")])
@pytest.mark.parametrize("wide", [False, True])
def test_types_are_promoted_as_by_jax(dtypes, wide):
    with jax.enable_x64(wide):
        # (Without 64 bits JAX makes 32 of them.)
        a, b = (jnp.array(np.arange(6).reshape(2, 3) * k + 1).astype(jax.dtypes.canonicalize_dtype(dtype)) for k, dtype in enumerate(dtypes, 1))
        got, expected = cross(a, b), jnp.cross(a, b)
        assert got.dtype == expected.dtype
        assert (np.asarray(got) == np.asarray(expected)).all()  # small integers: nothing is rounded


@pytest.mark.parametrize("dtype", ["i4", "u1", "c8", "?"])
def test_other_types_are_left_to_jax(dtype):
    a, b = (jnp.asarray(x * 5, dtype) for x in random_pair((4, 3), (4, 3)))
    for f in (cross, jax.jit(cross)):
        if dtype == "?":
            with pytest.raises(TypeError):
                jnp.cross(a, b)
            with pytest.raises(TypeError):
                f(a, b)
            return
        got = f(a, b)
        assert got.dtype == a.dtype and same_bits(got, jax.jit(jnp.cross)(a, b))
    with pytest.raises(TypeError, match="accuracy='correctly-rounded' is for vectors of 3 components of the types float16"):
        cross(a, b, accuracy="correctly-rounded")


def test_vectors_of_two_components_are_left_to_jax():
    a, b = random_pair((4, 2), (4, 3), "f4")
    for pair in (a, a), (a, b), (b, a):
        assert same_bits(jax.jit(cross)(*pair), jax.jit(jnp.cross)(*pair))
    with pytest.raises(TypeError, match="vectors of 3 components"):
        cross(a, b, accuracy="correctly-rounded")


def test_many_axes_are_left_to_jax():
    a, b = random_pair((1,) * 14 + (2, 2, 3), (2, 3), "f4")
    assert same_bits(cross(a, b, accuracy="correctly-rounded"), crosslane.cross(a, b, accuracy="correctly-rounded"))
    a = a[None]
    assert same_bits(cross(a, b), jax.jit(jnp.cross)(a, b))
    with pytest.raises(TypeError, match="at most 17 axes"):
        cross(a, b, accuracy="correctly-rounded")


# Derivatives.


def transformations():
    """Each takes a bilinear function and its operands, and gives derivatives of one order."""

    def loss(f):
        """A function of which all derivatives up to the fourth order are there."""
        return lambda a, b: (f(a, b) ** 2 * jnp.arange(1.0, 4.0).sum()).sum() + f(a, b).sum() ** 2

    def reverse_over_reverse(f):
        gradient = lambda a, b: jax.grad(loss(f), (0, 1))(a, b)
        return lambda a, b: jax.vjp(gradient, a, b)[1]((jnp.cos(a), jnp.sin(b)))

    def third(mode):
        def derivative(f):
            second = lambda a, b: sum((x**2).sum() for x in jax.tree.leaves(reverse_over_reverse(f)(a, b)))
            return mode(second)

        return derivative

    return {
        "jvp": lambda f: lambda a, b: jax.jvp(f, (a, b), (jnp.cos(a), jnp.sin(b))),
        "jvp of a": lambda f: lambda a, b: jax.jvp(lambda a: f(a, b), (a,), (jnp.cos(a),)),
        "jvp of b": lambda f: lambda a, b: jax.jvp(lambda b: f(a, b), (b,), (jnp.sin(b),)),
        "vjp": lambda f: lambda a, b: jax.vjp(f, a, b)[1](jnp.cos(f(a, b))),
        "vjp of a": lambda f: lambda a, b: jax.vjp(lambda a: f(a, b), a)[1](jnp.cos(f(a, b))),
        "vjp of b": lambda f: lambda a, b: jax.vjp(lambda b: f(a, b), b)[1](jnp.cos(f(a, b))),
        "linearize": lambda f: lambda a, b: jax.linearize(f, a, b)[1](jnp.cos(a), jnp.sin(b)),
        "grad": lambda f: jax.grad(loss(f), (0, 1)),
        "grad of the same": lambda f: lambda a, b: jax.grad(lambda a: (f(a, f(a, b)) ** 2).sum())(a) if a.shape == f(a, b).shape else a,
        "jacfwd": lambda f: jax.jacfwd(f, (0, 1)),
        "jacrev": lambda f: jax.jacrev(f, (0, 1)),
        "hessian": lambda f: jax.hessian(loss(f), (0, 1)),
        "jacrev of jacfwd": lambda f: jax.jacrev(jax.jacfwd(loss(f), (0, 1)), (0, 1)),
        "jacrev of jacrev": lambda f: jax.jacrev(jax.jacrev(loss(f), (0, 1)), (0, 1)),
        "jacfwd of jacfwd": lambda f: jax.jacfwd(jax.jacfwd(loss(f), (0, 1)), (0, 1)),
        "reverse over reverse": reverse_over_reverse,
        "forward over reverse": lambda f: lambda a, b: jax.jvp(jax.grad(loss(f), (0, 1)), (a, b), (jnp.cos(a), jnp.sin(b))),
        "third, reverse": third(lambda f: jax.grad(f, (0, 1))),
        "third, forward": third(lambda f: lambda a, b: jax.jvp(f, (a, b), (jnp.cos(a), jnp.sin(b)))),
    }


# Those of which all cases are tested.
SHORT = "jvp", "jvp of a", "jvp of b", "vjp", "vjp of a", "vjp of b", "linearize", "grad", "jacfwd", "jacrev", "hessian", "forward over reverse"


def cases_of(name):
    if name in SHORT:
        return CASES
    return FEW[:1] if name.startswith("third") else FEW


@pytest.mark.parametrize("name, case", [(name, case) for name in transformations() for case in cases_of(name)])
def test_derivatives_are_those_of_jax(name, case, x64):
    derivative, (shape_a, shape_b, axes) = transformations()[name], CASES[case]
    a, b = map(jnp.asarray, random_pair(shape_a, shape_b))
    got, expected = (derivative(lambda a, b, f=f: f(a, b, **axes)) for f in (cross, jnp.cross))
    assert_close(jax.jit(got)(a, b), jax.jit(expected)(a, b))


@pytest.mark.parametrize("name", ["grad", "vjp", "hessian", "reverse over reverse"])
def test_derivatives_outside_of_a_program(name, x64):
    a, b = map(jnp.asarray, random_pair((2, 1, 3), (4, 3)))
    derivative = transformations()[name]
    assert_close(derivative(cross)(a, b), derivative(jnp.cross)(a, b))


def test_derivatives_of_a_derivative_as_a_linear_function(x64):
    a, b = map(jnp.asarray, random_pair((2, 1, 3), (4, 3)))
    tangents = jnp.cos(a), jnp.sin(b)
    for f in (cross, jnp.cross):
        out, linear = jax.linearize(f, a, b)
        back = jax.linear_transpose(linear, a, b)
        twice = jax.linear_transpose(lambda g: back(g), out)
        results = back(out), *twice(tangents), *twice((tangents[0], jnp.zeros_like(b)))
        expected = results if f is cross else assert_close(expected, results)


def test_gradients_are_those_of_the_library_bit_for_bit(x64):
    for shape_b in ((20, 3), (1, 3), (3,)):
        a, b = random_pair((20, 3), shape_b)
        g = np.cos(a)
        for accuracy in ("plain", "correctly-rounded"):
            gradients = jax.jit(lambda a, b: jax.vjp(lambda a, b: cross(a, b, accuracy=accuracy), a, b)[1](g))(a, b)
            assert all(map(same_bits, gradients, crosslane.cross_vjp(a, b, g, accuracy=accuracy)))


def test_gradients_take_one_call_of_the_library():
    a, b = random_pair((20, 3), (1, 3), "f4")
    program = jax.jit(jax.grad(lambda a, b: (cross(a, b) * a).sum(), (0, 1))).lower(a, b).as_text()
    # The product is needed too, for the gradient of the factor.
    assert program.count('operation = "cross_vjp"') == 1
    assert program.count('operation = "cross"') == 1
    assert "reduce" not in program.replace("reduce_precision", "")


def test_components_are_not_moved():
    a, b = random_pair((3, 20), (3, 20), "f4")
    program = jax.jit(lambda a, b: jax.vjp(lambda a, b: cross(a, b, axis=0), a, b)[1](a)).lower(a, b).as_text()
    assert "transpose" not in program and "custom_call" in program


# Other transformations.


@pytest.mark.parametrize("axes", [{}, {"axisa": 0, "axisc": 1}, {"axisb": 0}], ids=str)
@pytest.mark.parametrize("in_axes", [k for k in itertools.product([None, 0, 1, 2], repeat=2) if k != (None, None)], ids=str)
def test_vmap_of_any_axes(axes, in_axes):
    out_axes = 2 if in_axes[0] else 0
    shape = lambda axis, own: (3, 4) if own == 0 else (4, 3)
    a, b = (
        np.stack([x, 2 * x + 1], in_axis) if in_axis is not None else x
        for x, in_axis in zip(random_pair(shape(0, axes.get("axisa")), shape(1, axes.get("axisb")), "f4"), in_axes, strict=True)
    )
    each = lambda f: jax.vmap(lambda a, b: f(a, b, **axes), in_axes, out_axes)
    parts = [
        crosslane.cross(*(x if k is None else x.take(i, k) for x, k in zip((a, b), in_axes, strict=True)), **axes) for i in range(2)
    ]
    assert same_bits(each(cross)(a, b), np.stack(parts, out_axes))
    per_sample = lambda f: jax.vmap(jax.grad(lambda a, b: (f(a, b, **axes) ** 2).sum(), (0, 1)), in_axes)
    assert_close(per_sample(cross)(a, b), per_sample(jnp.cross)(a, b))
    total = lambda f: jax.grad(lambda a, b: (each(f)(a, b) ** 2).sum(), (0, 1))
    assert_close(total(cross)(a, b), total(jnp.cross)(a, b))


def test_vmap_of_vmap(x64):
    a, b = random_pair((5, 3, 2), (4, 2, 3))
    nested = lambda f: jax.vmap(jax.vmap(f, (None, 0)), (0, None))
    maps = lambda f: jax.vmap(nested(lambda a, b: f(a, b)), (2, 1), 1)
    assert same_bits(jax.jit(maps(cross))(a, b), np.moveaxis(np.cross(np.moveaxis(a, 2, 1)[:, None], b[None]), 2, 1))
    for transformation in (jax.jacrev, jax.jacfwd, jax.hessian):
        derivative = lambda f: transformation(lambda a, b: (maps(f)(a, b) ** 3).sum(), (0, 1))
        assert_close(derivative(cross)(a, b), derivative(jnp.cross)(a, b))
    each = lambda f: maps(lambda a, b: jax.jacrev(jax.jacrev(lambda a, b: (f(a, b) ** 2).sum(), 1), 0)(a, b))
    assert_close(each(cross)(a, b), each(jnp.cross)(a, b))


def test_checkpoint_scan_and_loops(x64):
    a, b = random_pair((6, 3), (3,))

    def spin(f):
        def step(x, w):
            x = x + 0.1 * jax.checkpoint(f)(w, x)
            return x, f(x, w)

        return lambda a, b: jax.lax.scan(step, b, a)

    (x, products), steps = jax.jit(spin(cross))(a, b), []
    y = b
    for w in a:
        y = y + 0.1 * np.cross(w, y)
        steps.append(np.cross(y, w))
    assert np.allclose(x, y, rtol=1e-14) and np.allclose(products, steps, rtol=1e-12, atol=1e-14)
    loss = lambda f: jax.jit(jax.grad(lambda a, b: sum((x**2).sum() for x in spin(f)(a, b)), (0, 1)))
    assert_close(loss(cross)(a, b), loss(jnp.cross)(a, b))
    loop = jax.jit(lambda b: jax.lax.fori_loop(0, 3, lambda k, x: cross(jnp.asarray(a)[k], x), b))
    assert same_bits(loop(b), np.cross(a[2], np.cross(a[1], np.cross(a[0], b))))


def test_a_program_can_be_exported():
    a, b = random_pair((4, 3), (3,), "f4")
    check = jax.export.DisabledSafetyCheck.custom_call("crosslane")
    exported = jax.export.export(jax.jit(cross), disabled_checks=[check])(a, b)
    assert same_bits(exported.call(a, b), np.cross(a, b))


def test_programs_for_other_devices_have_no_call():
    a, b = random_pair((4, 3), (3,), "f4")
    for f in (cross, jax.grad(lambda a, b: (cross(a, b) ** 2).sum(), (0, 1)), jax.hessian(lambda a, b: (cross(a, b) ** 2).sum(), (0, 1))):
        program = jax.export.export(jax.jit(f), platforms=["cuda"])(a, b).mlir_module()
        assert "crosslane" not in program.split("loc(")[0].replace("@jit_", ""), program
    with pytest.raises(NotImplementedError, match="accuracy='correctly-rounded' is for programs on CPUs"):
        jax.export.export(jax.jit(lambda a, b: cross(a, b, accuracy="correctly-rounded")), platforms=["cuda"])(a, b)


SHARDED = """
import json
import jax, jax.numpy as jnp, numpy as np
import crosslane.jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec as P

assert len(jax.devices()) == 2
a = np.random.default_rng(0).standard_normal((8, 3)).astype("f4")
results = []
for kind in AxisType.Auto, AxisType.Explicit:
    mesh = jax.make_mesh((2,), ("x",), axis_types=(kind,))
    x = jax.device_put(a, NamedSharding(mesh, P("x")))
    with jax.set_mesh(mesh):
        for y in x[::-1] + 0, a[:1], a[0]:
            whole = jax.jit(crosslane.jax.cross)
            specs = P("x"), P("x") if y.shape == a.shape else P()
            y = jax.device_put(y, NamedSharding(mesh, specs[1]))
            for check in True, False:
                part = jax.jit(jax.shard_map(crosslane.jax.cross, mesh=mesh, in_specs=specs, out_specs=P("x"), check_vma=check))
                for name, f in ("whole", whole), ("part", part):
                    c = f(x, y)
                    gradients = jax.jit(jax.grad(lambda x, y: (f(x, y) ** 2).sum(), (0, 1)))(x, y)
                    expected = jax.grad(lambda x, y: (jnp.cross(x, y) ** 2).sum(), (0, 1))(a, np.asarray(y))
                    results.append({
                        "kind": kind.name,
                        "name": name,
                        "bits": bool((np.asarray(c) == np.cross(a, np.asarray(y))).all()),
                        "gathers": "all-gather" in f.lower(x, y).compile().as_text(),
                        "sharded": c.sharding.spec[:1] == ("x",),
                        "gradients": all(bool(np.allclose(u, v, rtol=1e-4, atol=1e-5)) for u, v in zip(gradients, expected)),
                    })
print(json.dumps(results))
"""


def test_sharded_operands_are_gathered_in_a_program_and_stay_where_they_are_in_shard_map():
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = python("-c", SHARDED, variables=flags, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    results = json.loads(done.stdout)
    assert len(results) == 24
    for result in results:
        assert result["bits"] and result["gradients"], result
        if result["name"] == "part":
            assert result["sharded"] and not result["gathers"], result
        elif result["kind"] == "Auto":
            assert result["gathers"] and not result["sharded"], result
        else:
            assert result["gathers"], result


def test_spawned_processes_multiply():
    program = "import numpy as np, crosslane.jax; print(crosslane.jax.cross(np.ones((2, 3), 'f4'), np.arange(3, dtype='f4')).tolist())"
    done = python("-c", program, variables={"JAX_PLATFORMS": "cpu"})
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.split() == b"[[1.0, -2.0, 1.0], [1.0, -2.0, 1.0]]".split()


# What is wrong.


@pytest.mark.parametrize(
    "shape_a, shape_b, axes, error",
    [
        ((4, 3), (5, 3), {}, TypeError),
        ((4, 4), (4, 4), {}, ValueError),
        ((4, 3), (4, 4), {}, ValueError),
        ((4, 3), (4, 3), {"axisa": 2}, ValueError),
        ((4, 3), (4, 3), {"axisb": -3}, ValueError),
        ((4, 3), (4, 3), {"axisc": 5}, ValueError),
        ((4, 3), (4, 3), {"axis": 0}, ValueError),
        ((), (3,), {}, ValueError),
        ((3,), (), {}, ValueError),
    ],
)
def test_wrong_shapes_and_axes_are_refused_as_by_jax(shape_a, shape_b, axes, error):
    a, b = random_pair(shape_a, shape_b, "f4")
    for f in (jnp.cross, cross, jax.jit(lambda a, b, **axes: cross(a, b, **axes), static_argnames=tuple(axes))):
        for accuracy in ({},) if f is not cross else ({}, {"accuracy": "correctly-rounded"}):
            with pytest.raises(error):
                f(jnp.asarray(a), jnp.asarray(b), **axes, **accuracy)


def test_other_objects_are_refused_as_by_jax():
    for a in ([1.0, 2.0, 3.0], None, "abc"):
        with pytest.raises(TypeError):
            jnp.cross(a, jnp.ones(3))
        with pytest.raises(TypeError):
            cross(a, jnp.ones(3))
    with pytest.raises(ValueError, match="accuracy must be 'plain' or 'correctly-rounded', got 'best'"):
        cross(jnp.ones(3), jnp.ones(3), accuracy="best")


def call(*arrays, result=((2, 3), "f4"), results=None, **attributes):
    """The handler, called with whatever arguments."""
    attributes = {"operation": "cross", "axes": np.array([1, 1, 1], np.int64), "accuracy": "plain"} | attributes
    attributes = {name: value for name, value in attributes.items() if value is not None}
    results = [jax.ShapeDtypeStruct(*each) for each in (results or [result])]
    return jax.jit(lambda *arrays: jax.ffi.ffi_call("crosslane", results if len(results) > 1 else results[0])(*arrays, **attributes))(*arrays)


ONES = np.ones((2, 3), "f4")


@pytest.mark.parametrize(
    "arrays, keywords, message",
    [
        ((ONES,), {}, "1 arguments, expected 2"),
        ((ONES, ONES, ONES), {}, "3 arguments, expected 2"),
        ((ONES, ONES), {"results": [((2, 3), "f4")] * 2}, "2 results, expected 1"),
        ((ONES, ONES), {"operation": None}, 'the attribute "operation" is missing'),
        ((ONES, ONES), {"operation": "divide"}, 'the attribute "operation" is missing'),
        ((ONES, ONES), {"operation": np.int64(1)}, 'the attribute "operation" is missing'),
        ((ONES, ONES), {"accuracy": "best"}, 'the attribute "accuracy" is missing'),
        ((ONES, ONES), {"axes": None}, 'the attribute "axes" is missing'),
        ((ONES, ONES), {"axes": "111"}, 'the attribute "axes" is missing'),
        ((ONES, ONES), {"axes": np.array([1, 1], np.int64)}, 'the attribute "axes" is missing'),
        ((ONES, ONES), {"axes": np.array([1, 1, 1], np.int32)}, 'the attribute "axes" is missing'),
        ((ONES, ONES), {"axes": np.array([0, 1, 1])}, "a has no axis 0 of 3 components"),
        ((ONES, ONES), {"axes": np.array([1, 2, 1])}, "b has no axis 2 of 3 components"),
        ((ONES, ONES), {"axes": np.array([1, 1, -1])}, "out has no axis -1 of 3 components"),
        ((ONES, ONES.astype("f2")), {}, "b has elements of the XLA type 10, expected 10, 11, 12 or 16, and the same for all"),
        ((ONES, ONES), {"result": ((2, 3), "f2")}, "out has elements of the XLA type 10"),
        ((ONES.astype("i4"), ONES.astype("i4")), {"result": ((2, 3), "i4")}, "a has elements of the XLA type 4"),
        ((ONES, ONES), {"result": ((5, 3), "f4")}, "out has length 5, expected 2"),
        ((ONES, np.ones((5, 3), "f4")), {}, "b has length 5, expected 2"),
        ((np.ones((1,) * 17 + (3,), "f4"), ONES), {"axes": np.array([17, 1, 1])}, "an operand has 18 axes, expected at most 16"),
        ((ONES.astype("f2"), ONES.astype("f2")), {"operation": "unit_normal", "result": ((2, 3), "f2")}, "unit_normal"),
    ],
)
def test_the_handler_refuses_calls_that_are_wrong(arrays, keywords, message):
    with pytest.raises(jax.errors.JaxRuntimeError) as error:
        jax.block_until_ready(call(*arrays, **keywords))
    text = str(error.value)
    assert text.startswith("INVALID_ARGUMENT: crosslane: ") and message in text and "nothing was written" in text


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_handler_does_every_operation(operation):
    inputs = operands(np.random.default_rng(SEED), operation, [(2, 5), (1, 5)], "f4")
    expected = outputs(getattr(crosslane, operation.name)(*inputs))
    axes = np.array([2 if kind == "vector" else -1 for _, kind in (*operation.inputs, *operation.outputs)], np.int64)
    got = call(*inputs, operation=operation.name, axes=axes, results=[(each.shape, "f4") for each in expected])
    assert all(map(same_bits, outputs(tuple(got) if isinstance(got, list) else got), expected))
