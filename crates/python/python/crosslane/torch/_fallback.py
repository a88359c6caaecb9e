"""What torch itself computes, for tensors that the library does not have: other devices, integers, complex numbers."""

import torch


def _cross(a, b, dim):
    if a.ndim != b.ndim:
        a, b = torch.broadcast_tensors(a, b)
    return torch.linalg.cross(a, b, dim=dim)


def _dot(a, b, dim):
    return torch.linalg.vecdot(a, b, dim=dim)


def _length(c, dim, keepdim=False):
    """The lengths of vectors, with derivatives of zero where a length is zero."""
    if not c.is_floating_point():
        return torch.linalg.vector_norm(c, dim=dim, keepdim=keepdim)
    # (torch cannot differentiate `vector_norm` in some nestings of transforms: it changes in place what it has saved.)
    square = (c * c).sum(dim, keepdim=keepdim)
    is_zero = square == 0
    return torch.where(is_zero, torch.zeros_like(square), torch.where(is_zero, torch.ones_like(square), square).sqrt())


def _unit_normal(a, b, dim):
    c = _cross(a, b, dim)
    length = _length(c, dim, keepdim=True)
    return c / torch.where(length == 0, torch.ones_like(length), length)


def _cross_norm(a, b, dim):
    return _length(_cross(a, b, dim), dim)


FORMULAS = {
    "cross": _cross,
    "dot": _dot,
    "cross_norm": _cross_norm,
    "unit_normal": _unit_normal,
    "angle": lambda a, b, dim: torch.atan2(_cross_norm(a, b, dim), _dot(a, b, dim)),
    "scalar_triple": lambda a, b, c, dim: _dot(a, _cross(b, c, dim), dim),
    "vector_triple": lambda a, b, c, dim: _cross(a, _cross(b, c, dim), dim),
    "gated_cross": lambda gate, a, b, dim: gate.unsqueeze(dim) * _cross(a, b, dim),
    "cross_jvp": lambda a, b, da, db, dim: _cross(da, b, dim) + _cross(a, db, dim),
}
