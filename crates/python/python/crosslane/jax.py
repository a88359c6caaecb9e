"""The cross product for JAX: with the bits of NumPy, in compiled programs, with derivatives of every order and mode.

>>> import jax, jax.numpy as jnp
>>> import crosslane.jax
>>> a = jnp.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
>>> b = jnp.array([0.0, 0.0, 1.0])
>>> crosslane.jax.cross(a, b)
Array([[ 0., -1.,  0.],
       [ 1.,  0.,  0.]], dtype=float32)
>>> jax.grad(lambda b: crosslane.jax.cross(a, b)[:, 0].sum())(b)
Array([0., 0., 1.], dtype=float32)

On CPUs XLA calls the library, in programs compiled by :func:`jax.jit` and outside of them. Elsewhere the product is that of
:func:`jax.numpy.cross`.

**Bits.** XLA may fuse a product with the difference, and then rounds once where NumPy rounds twice. So about a quarter of the components of
:func:`jax.numpy.cross` differ from those of :func:`numpy.cross` in the last bit, and can differ between two programs. Those of this
module are the bits of :func:`crosslane.cross`, in every program, on every CPU and on any number of threads. Subnormal numbers are kept; what
XLA computes itself flushes them to zero.

**Derivatives.** The product is a primitive of JAX: :func:`jax.grad`, :func:`jax.jvp`, :func:`jax.linearize`, :func:`jax.hessian` and all
others work, in every order, and so do :func:`jax.vmap`, :func:`jax.checkpoint` and :mod:`jax.lax`. Gradients of both operands are computed in one
pass, which also sums along the axes that an operand is repeated along.

**Threads.** XLA calls on threads of its own. Calls that move 8 MiB or more are split over the pool of :mod:`crosslane`:
:func:`crosslane.set_threads` sets its size. ``with crosslane.threads(n)`` may have no effect, because it limits the thread that enters it.

**Processes.** JAX has threads that a process made by ``fork`` lacks, so JAX itself may hang there. Start processes with ``spawn``.

**Sharding.** XLA does not look into a call. In a program compiled by :func:`jax.jit` alone it gathers sharded operands on every device, and
the product is not sharded. Inside :func:`jax.shard_map` each device multiplies what it has, and nothing is gathered.
"""

from functools import partial
from typing import Any

try:
    import jax
    import jax.numpy as jnp
    from jax import lax
except ImportError as error:
    raise ImportError('crosslane.jax needs JAX: pip install "crosslane[jax]"') from error

from . import _jax

__all__ = ["cross"]

# What the library multiplies here.
_DTYPES = ("float16", "bfloat16", "float32", "float64")
# As many axes as a view of the library has, and that of the components.
_MOST_AXES = 17


@partial(jax.jit, static_argnames=("axisa", "axisb", "axisc", "axis", "accuracy"), inline=True)
def cross(
    a: jax.typing.ArrayLike,
    b: jax.typing.ArrayLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
    *,
    accuracy: str = "plain",
) -> jax.Array:
    """Return the cross products of two arrays of vectors, as :func:`jax.numpy.cross`, with the bits of :func:`crosslane.cross`.

    ``c = (a2 b3 - a3 b2, a3 b1 - a1 b3, a1 b2 - a2 b1)``.

    Parameters
    ----------
    a, b : array_like
        Vectors of 3 components. The other axes broadcast.
    axisa, axisb : int
        The axes of `a` and `b` along which the components lie.
    axisc : int
        The axis of the result along which the components lie.
    axis : int, optional
        If given, it replaces `axisa`, `axisb` and `axisc`.
    accuracy : {"plain", "correctly-rounded"}
        "plain" rounds each product and the difference, as :func:`numpy.cross` does. "correctly-rounded" rounds the exact difference of
        the exact products once. Derivatives are computed in the same accuracy; see :func:`crosslane.cross_vjp`.

    Returns
    -------
    jax.Array
        Of the type that JAX promotes those of `a` and `b` to.

    Raises
    ------
    ValueError
        If an axis is out of bounds, or there are not 2 or 3 components.
    TypeError
        If shapes do not broadcast, JAX does not take such operands, or `accuracy` is for others.
    NotImplementedError
        If the program is compiled for another device than a CPU, and `accuracy` is not "plain".

    Notes
    -----
    The library multiplies vectors of float16, bfloat16, float32 and float64. float16 and bfloat16 are rounded once. Everything else (integers,
    complex numbers, vectors of 2 components, more than 17 axes) is given to :func:`jax.numpy.cross`; `accuracy` must then be "plain".

    No axis is moved, and nothing is copied: components may lie along any axis. There are no floating-point warnings.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> import crosslane.jax
    >>> crosslane.jax.cross(jnp.array([1.0, 2.0, 3.0]), jnp.array([4.0, 5.0, 6.0]))
    Array([-3.,  6., -3.], dtype=float32)

    Columns, and one vector against many:

    >>> a = jnp.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> b = jnp.array([0.0, 0.0, 1.0])
    >>> crosslane.jax.cross(a, b, axisa=0, axisc=0)
    Array([[ 0.,  1.],
           [-1.,  0.],
           [ 0.,  0.]], dtype=float32)

    The angular velocity of a body, by the velocities of its points: a gradient that is summed over them.

    >>> def energy(spin, points):
    ...     return 0.5 * (crosslane.jax.cross(spin, points) ** 2).sum()
    >>> jax.grad(energy)(b, a.T)
    Array([0., 0., 2.], dtype=float32)
    """
    if accuracy not in ("plain", "correctly-rounded"):
        raise ValueError(f"accuracy must be 'plain' or 'correctly-rounded', got {accuracy!r}")
    if axis is not None:
        axisa, axisb, axisc = axis, axis, axis
    if not (_has_vectors(a, axisa) and _has_vectors(b, axisb)):
        return _by_jax(a, b, axisa, axisb, axisc, accuracy)
    dtype, rank = jnp.result_type(a, b), max(a.ndim, b.ndim)
    if dtype.name not in _DTYPES or rank > _MOST_AXES or not -rank <= axisc < rank:
        return _by_jax(a, b, axisa, axisb, axisc, accuracy)
    (a, axisa), (b, axisb) = _prepared(a, axisa, dtype, rank), _prepared(b, axisb, dtype, rank)
    return _jax.product(a, b, (axisa, axisb, axisc % rank), accuracy)


def _has_vectors(x: Any, axis: int) -> bool:
    """Whether it is an array, not a list for example, with three components along an axis."""
    return isinstance(x, jax.Array) and -x.ndim <= axis < x.ndim and x.shape[axis] == 3


def _prepared(x: jax.Array, axis: int, dtype: Any, rank: int) -> tuple[jax.Array, int]:
    """Return the array in this type, with axes of length 1 in front, and where its components then lie."""
    missing = rank - x.ndim
    return lax.expand_dims(lax.convert_element_type(x, dtype), range(missing)), axis % x.ndim + missing


def _by_jax(a: Any, b: Any, axisa: int, axisb: int, axisc: int, accuracy: str) -> jax.Array:
    """What :func:`jax.numpy.cross` gives for what the library is not given, its errors included."""
    product = jnp.cross(a, b, axisa, axisb, axisc)
    if accuracy != "plain":
        raise TypeError(
            f"accuracy={accuracy!r} is for vectors of 3 components of the types {', '.join(_DTYPES)} and at most {_MOST_AXES} axes, got "
            f"{product.dtype}"
        )
    return product
