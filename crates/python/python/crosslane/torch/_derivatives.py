"""Derivatives as formulas of differentiable operations: what second derivatives and forward mode are made of.

First derivatives are single passes of the library. These formulas take their place where a derivative is itself differentiated. Each is the
formula that the library documents for the operation. (The passes scale vectors by powers of two on the way. The formulas do not: they want
|a x b| and its inverse to be normal numbers of the type.)
"""

import torch

from ._operators import OPERATORS

_cross = OPERATORS["cross"]
_dot = OPERATORS["dot"]
_scalar_triple = OPERATORS["scalar_triple"]
_gated_cross = OPERATORS["gated_cross"]


def _summed(gradients, inputs):
    """Each gradient, summed along the dimensions along which its operand was repeated."""
    pairs = zip(gradients, inputs, strict=False)
    return tuple(gradient.sum_to_size(x.shape) for gradient, x in pairs)


def _nonzero(x):
    """The numbers, with ones in place of zeros."""
    return torch.where(x == 0, torch.ones_like(x), x)


def _cross_vjp(a, b, g, *options):
    return _summed((_cross(b, g, *options), _cross(g, a, *options)), (a, b))


def _cross_jvp(a, b, da, db, *options):
    return _cross(da, b, *options) + _cross(a, db, *options)


def _cross_vjp_vjp(a, b, g, va, vb, *options):
    gradients = _cross(vb, g, *options), _cross(g, va, *options), _cross_jvp(a, b, va, vb, *options)
    return _summed(gradients, (a, b, g))


def _dot_vjp(a, b, g, dim, rounded):
    from_end, _ = OPERATORS["dot_vjp"].from_end((a, b, g), dim)
    # (A number has no dimension of components: one is put where those of the vectors are.)
    g = g.unsqueeze(from_end)
    return _summed((g * b, g * a), (a, b))


def _scalar_triple_vjp(a, b, c, g, *options):
    gradients = _gated_cross(g, b, c, *options), _gated_cross(g, c, a, *options), _gated_cross(g, a, b, *options)
    return _summed(gradients, (a, b, c))


def _vector_triple_vjp(a, b, c, g, *options):
    inner, upstream = _cross(b, c, *options), _cross(g, a, *options)
    gradients = _cross(inner, g, *options), _cross(c, upstream, *options), _cross(upstream, b, *options)
    return _summed(gradients, (a, b, c))


def _gated_cross_vjp(gate, a, b, g, *options):
    gradients = _scalar_triple(g, a, b, *options), _gated_cross(gate, b, g, *options), _gated_cross(gate, g, a, *options)
    return _summed(gradients, (gate, a, b))


def _cross_norm_vjp(a, b, g, *options):
    n = OPERATORS["unit_normal"](a, b, *options)
    return _summed((_gated_cross(g, b, n, *options), _gated_cross(g, n, a, *options)), (a, b))


def _across(a, b, v, *options):
    """What of v is perpendicular to n = (a x b) / |a x b|, divided by |a x b|: ((n x v) x n) / |a x b|."""
    n = OPERATORS["unit_normal"](a, b, *options)
    # (Of these lengths no square leaves the range.)
    dim, _ = options
    length = OPERATORS["cross_norm"](a, b, dim, True)
    return _gated_cross(1 / _nonzero(length), _cross(n, v, *options), n, *options)


def _unit_normal_vjp(a, b, g, *options):
    d = _across(a, b, g, *options)
    return _summed((_cross(b, d, *options), _cross(d, a, *options)), (a, b))


def _angle_vjp(a, b, g, *options):
    n = OPERATORS["unit_normal"](a, b, *options)
    over_a = g / _nonzero(_dot(a, a, *options))
    over_b = g / _nonzero(_dot(b, b, *options))
    return _summed((_gated_cross(over_a, a, n, *options), _gated_cross(over_b, n, b, *options)), (a, b))


FORMULAS = {
    "cross_jvp": _cross_jvp,
    "cross_vjp": _cross_vjp,
    "cross_vjp_vjp": _cross_vjp_vjp,
    "dot_vjp": _dot_vjp,
    "scalar_triple_vjp": _scalar_triple_vjp,
    "vector_triple_vjp": _vector_triple_vjp,
    "gated_cross_vjp": _gated_cross_vjp,
    "cross_norm_vjp": _cross_norm_vjp,
    "unit_normal_vjp": _unit_normal_vjp,
    "angle_vjp": _angle_vjp,
}


def tangent(operator, inputs, tangents, *options):
    """The derivative of an operator in a direction; None for inputs that do not move."""
    if operator.row.is_multilinear:
        moved = [k for k, dx in enumerate(tangents) if dx is not None]
        terms = (operator(*inputs[:k], tangents[k], *inputs[k + 1 :], *options) for k in moved)
        return sum(terms, start=next(terms))
    a, b = inputs
    if operator.name == "unit_normal":
        moved = [(a, tangents[1]), (tangents[0], b)]
        dc = sum(_cross(u, v, *options) for u, v in moved if u is not None and v is not None)
        return _across(a, b, dc, *options)
    # The result is a number: its derivative is the gradient of it times the direction.
    a, b = torch.broadcast_tensors(a, b)
    gradients = OPERATORS[operator.row.gradient](a, b, _ones(operator, (a, b), *options), *options)
    return sum(_dot(gradient, dx, *options) for gradient, dx in zip(gradients, tangents, strict=True) if dx is not None)


def _ones(operator, inputs, *options):
    return torch.ones_like(operator(*(x.detach() for x in inputs), *options))
