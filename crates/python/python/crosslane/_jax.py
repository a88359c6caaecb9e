"""The cross product and its two first derivatives as primitives of JAX: how each is differentiated, batched and compiled.

Separate from :mod:`crosslane.jax`, which knows what callers may give. Operands here have as many axes, and lengths that are equal or 1, but
for the axes of the components. ``axes`` are those of the components of a, b and a × b; tangents lie as a and b do, the upstream gradient
``g`` lies as the product does.

There are three primitives and not one because of the gradients: the derivative of the product in one direction, ``da × b + a × db``, is linear
in both tangents, and its transpose is the gradient of both operands. The library computes either in one pass. Of each of the two there is
also a formula of products, for whatever that pass does not do.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from . import _core

# The library has all operations for these types, for others only the product.
_REAL = ("float32", "float64")
_TARGET = "crosslane"


def product(a: jax.Array, b: jax.Array, axes: Sequence[int], accuracy: str) -> jax.Array:
    """Return the product, inside of :func:`jax.shard_map` too.

    There JAX knows over which devices the values of an array vary. It makes operands alike before they meet, and the transpose of that sums
    gradients over the devices that share an operand. For a primitive of others, that must be asked for.
    """
    varying = [_varying(x) for x in (a, b)]
    if varying[0] != varying[1]:
        everywhere = varying[0] | varying[1]
        a, b = (_vary(x, tuple(everywhere - own)) for x, own in zip((a, b), varying, strict=True))
    return cross.bind(a, b, axes=tuple(axes), accuracy=accuracy)


# (JAX has renamed both of what follows.)


def _varying(x: jax.Array) -> frozenset[Any]:
    """Return the names of the axes of the devices over which values vary."""
    kind: Any = jax.typeof(x)
    return kind.manual_axis_type.varying if hasattr(kind, "manual_axis_type") else kind.vma


def _vary(x: jax.Array, axes: tuple[Any, ...]) -> jax.Array:
    """Return the array as one that may vary over these, too."""
    return lax.pcast(x, axes, to="varying") if hasattr(lax, "pcast") else lax.pvary(x, axes)


def _primitive(operation: str, inputs: Sequence[int], outputs: Sequence[int], formula: Callable[..., Any]) -> Primitive:
    """Return the primitive of an operation of the library. `inputs` and `outputs` say which of `axes` each operand has."""
    primitive = Primitive(f"crosslane_{operation}")
    primitive.multiple_results = len(outputs) > 1

    def compiled(ctx: Any, *operands: Any, axes: Sequence[int], accuracy: str) -> Any:
        each = np.array([axes[k] for k in (*inputs, *outputs)], np.int64)
        return jax.ffi.ffi_lowering(_TARGET)(ctx, *operands, operation=operation, axes=each, accuracy=accuracy)

    primitive.def_impl(jax.jit(primitive.bind, static_argnames=("axes", "accuracy")))
    batching.primitive_batchers[primitive] = partial(_batched, primitive, inputs, outputs)
    mlir.register_lowering(primitive, compiled, platform="cpu")
    mlir.register_lowering(primitive, mlir.lower_fun(formula, multiple_results=primitive.multiple_results))
    return primitive


def _batched(
    primitive: Primitive,
    inputs: Sequence[int],
    outputs: Sequence[int],
    operands: Sequence[Any],
    dims: Sequence[int | None],
    *,
    axes: Sequence[int],
    accuracy: str,
) -> tuple[Any, Any]:
    """Give every operand one axis more, in the same place: that of :func:`jax.vmap`, or one of length 1."""
    own = [axes[k] for k in inputs]
    # Places are counted without the axes of the components. Where the first operand has its new axis, no other one may have to move.
    places = (dim - (axis < dim) for dim, axis in zip(dims, own, strict=True) if dim is not None)
    place = next(places)
    axes = tuple(axis + (place <= axis) for axis in axes)
    moved = []
    for x, dim, k in zip(operands, dims, inputs, strict=True):
        to = place + (axes[k] < place)
        moved.append(lax.expand_dims(x, [to]) if dim is None else jnp.moveaxis(x, dim, to))
    out = primitive.bind(*moved, axes=axes, accuracy=accuracy)
    to = [place + (axes[k] < place) for k in outputs]
    return (out, to) if primitive.multiple_results else (out, to[0])


def _to_shape(shape: Sequence[int], x: jax.Array) -> jax.Array:
    """Sum along the axes that have length 1 in a shape and repeat along those that have length 1 in the array."""
    summed = tuple(k for k, (new, old) in enumerate(zip(shape, x.shape, strict=True)) if new == 1 != old)
    return jnp.broadcast_to(jnp.sum(x, summed, keepdims=True) if summed else x, shape)


# The formulas.


def _cross_of_jax(a: jax.Array, b: jax.Array, *, axes: Sequence[int], accuracy: str) -> jax.Array:
    if accuracy != "plain":
        raise NotImplementedError(f"accuracy={accuracy!r} is for programs on CPUs")
    return jnp.cross(a, b, *axes)


def _jvp_of_products(a: jax.Array, b: jax.Array, da: jax.Array, db: jax.Array, **params: Any) -> jax.Array:
    return cross.bind(da, b, **params) + cross.bind(a, db, **params)


def _vjp_of_products(a: jax.Array, b: jax.Array, g: jax.Array, **params: Any) -> list[jax.Array]:
    return [_to_shape(a.shape, _gradient_a(b, g, **params)), _to_shape(b.shape, _gradient_b(a, g, **params))]


def _gradient_a(b: jax.Array, g: jax.Array, *, axes: Sequence[int], accuracy: str) -> jax.Array:
    """Return b × g, which lies as a does."""
    axisa, axisb, axisc = axes
    return cross.bind(b, g, axes=(axisb, axisc, axisa), accuracy=accuracy)


def _gradient_b(a: jax.Array, g: jax.Array, *, axes: Sequence[int], accuracy: str) -> jax.Array:
    """Return g × a, which lies as b does."""
    axisa, axisb, axisc = axes
    return cross.bind(g, a, axes=(axisc, axisa, axisb), accuracy=accuracy)


cross = _primitive("cross", (0, 1), (2,), _cross_of_jax)
_jvp = _primitive("cross_jvp", (0, 1, 0, 1), (2,), _jvp_of_products)
_vjp = _primitive("cross_vjp", (0, 1, 2), (0, 1), _vjp_of_products)


# What JAX knows of results before they are computed: types, shapes, and how they are spread over devices. JAX itself finds it out.


def _abstract_product(a: Any, b: Any, *tangents: Any, axes: Sequence[int], accuracy: str) -> Any:
    def formula(a: jax.Array, b: jax.Array, *tangents: jax.Array) -> jax.Array:
        if not tangents:
            return jnp.cross(a, b, *axes)
        da, db = tangents
        return jnp.cross(da, b, *axes) + jnp.cross(a, db, *axes)

    (out,) = jax.make_jaxpr(formula)(a, b, *tangents).out_avals
    return out


cross.def_abstract_eval(_abstract_product)
_jvp.def_abstract_eval(_abstract_product)
_vjp.def_abstract_eval(lambda a, b, g, **_: [a, b])


# Forward mode.


def _differentiate_product(primals: Any, tangents: Any, **params: Any) -> Any:
    (a, b), (da, db) = primals, tangents
    if type(db) is ad.Zero:
        tangent = cross.bind(da, b, **params)
    elif type(da) is ad.Zero:
        tangent = cross.bind(a, db, **params)
    else:
        both = _jvp.bind if a.dtype.name in _REAL else _jvp_of_products
        tangent = both(a, b, da, db, **params)
    return cross.bind(a, b, **params), tangent


def _differentiate(primitive: Primitive, formula: Callable[..., Any], primals: Any, tangents: Any, **params: Any) -> Any:
    """Differentiate the formula of a primitive, by those operands that have tangents."""
    active = [k for k, tangent in enumerate(tangents) if type(tangent) is not ad.Zero]

    def of_active(*values: Any) -> Any:
        operands = list(primals)
        for k, value in zip(active, values, strict=True):
            operands[k] = value
        return formula(*operands, **params)

    _, out = jax.jvp(of_active, [primals[k] for k in active], [tangents[k] for k in active])
    return primitive.bind(*primals, **params), out


# Reverse mode.


def _transpose_to_a(g: Any, a: Any, b: Any, **params: Any) -> Any:
    return _to_shape(a.aval.shape, _gradient_a(b, g, **params))


def _transpose_to_b(g: Any, a: Any, b: Any, **params: Any) -> Any:
    return _to_shape(b.aval.shape, _gradient_b(a, g, **params))


def _transpose_jvp(g: Any, a: Any, b: Any, da: Any, db: Any, **params: Any) -> list[Any]:
    wanted = [ad.is_undefined_primal(x) for x in (da, db)]
    if type(g) is ad.Zero:
        return [None] * 4
    if all(wanted) and (da.aval.shape, db.aval.shape) == (a.shape, b.shape):
        return [None, None, *_vjp.bind(a, b, g, **params)]
    return [
        None,
        None,
        _transpose_to_a(g, da, b, **params) if wanted[0] else None,
        _transpose_to_b(g, a, db, **params) if wanted[1] else None,
    ]


def _transpose_vjp(tangents: Any, a: Any, b: Any, g: Any, **params: Any) -> list[Any]:
    """Both gradients are linear in g. What they are multiplied with lies as a and b do."""
    da, db = tangents
    if type(da) is ad.Zero and type(db) is ad.Zero:
        return [None] * 3
    _, out = _differentiate_product((a, b), (da, db), **params)
    return [None, None, _to_shape(g.aval.shape, out)]


ad.defbilinear(cross, _transpose_to_a, _transpose_to_b)
ad.primitive_jvps[cross] = _differentiate_product
ad.primitive_jvps[_jvp] = partial(_differentiate, _jvp, _jvp_of_products)
ad.primitive_jvps[_vjp] = partial(_differentiate, _vjp, _vjp_of_products)
ad.primitive_transposes[_jvp] = _transpose_jvp
ad.primitive_transposes[_vjp] = _transpose_vjp


# Under vmap.


def _batched_vjp(operands: Sequence[Any], dims: Sequence[int | None], **params: Any) -> tuple[Any, Any]:
    """Gradients of an operand that all elements of the batch share must not be summed over the batch."""
    if dims[0] is None or dims[1] is None:
        formula = partial(_vjp_of_products, **params)
        return jax.vmap(formula, in_axes=tuple(dims))(*operands), [0, 0]
    return _batched(_vjp, (0, 1, 2), (0, 1), operands, dims, **params)


batching.primitive_batchers[_vjp] = _batched_vjp

jax.ffi.register_ffi_target(_TARGET, _core.jax_handler(), platform="cpu")
