"""Two uses of the cross product in training that textbooks write with np.cross, by crosslane.torch.

    pip install "crosslane" torch
    python textbook.py

1. |w1 × w2| says how far two weight vectors are from being parallel. As a part of the loss it keeps them apart.
2. The gradient of a cross product is made of cross products: for y = a × b and g = dL/dy, dL/da = b × g and dL/db = g × a.
"""

import math

import torch
from torch import Tensor

import crosslane.torch


def sine(w1: Tensor, w2: Tensor) -> Tensor:
    """Return the sine of the angle between two weight vectors: 0 if they are parallel, 1 if they are orthogonal."""
    return crosslane.torch.cross_norm(w1, w2) / (w1.norm() * w2.norm())


def two_directions(data: Tensor, strength: float, steps: int = 300) -> tuple[Tensor, Tensor]:
    """Return two unit vectors along which the data varies most.

    Maximise the variance along w1 plus that along w2. By that alone, both become the first principal axis. With
    ``strength * log(sine(w1, w2))`` added they stay apart, in the plane of the first two axes, and w1 × w2 is the third.
    """
    covariance = data.T @ data / len(data)
    torch.manual_seed(1)
    weights = torch.randn(2, 3, dtype=data.dtype, requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=0.05)
    for _ in range(steps):
        optimiser.zero_grad()
        w1, w2 = torch.nn.functional.normalize(weights, dim=-1)
        loss = -(w1 @ covariance @ w1) - (w2 @ covariance @ w2)
        if strength:
            loss = loss - strength * sine(w1, w2).log()
        loss.backward()
        optimiser.step()
    return tuple(torch.nn.functional.normalize(weights.detach(), dim=-1))


def best_angle(data: Tensor, strength: float) -> float:
    """Return the angle between w1 and w2 where the objective of ``two_directions`` is greatest, up to w2 = -w2.

    At the angles +t and -t from the first axis, the objective is 2 (p cos² t + q sin² t) + strength * log(sin 2t), with p and q the two
    greatest variances. Its derivative is zero where (p - q) (1 - c²) = strength * c, with c = cos 2t.
    """
    _, q, p = torch.linalg.eigvalsh(data.T @ data / len(data)).tolist()
    return math.acos((math.hypot(strength, 2 * (p - q)) - strength) / (2 * (p - q)))


def cross_gradients(a: Tensor, b: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """Return dL/da and dL/db for y = a × b, where g = dL/dy."""
    return crosslane.torch.cross(b, g), crosslane.torch.cross(g, a)


def fit_rotation(r: Tensor, v: Tensor, steps: int = 100, rate: float = 0.5) -> Tensor:
    """Return the angular velocity w of a rigid body, of whose points the places r and the velocities v = w × r are measured.

    Gradient descent on L = mean |w × r - v|² / 2. With g = w × r - v, the gradient dL/dw is the mean of r × g.
    """
    w = torch.zeros(3, dtype=r.dtype)
    for _ in range(steps):
        g = crosslane.torch.cross(w[None], r) - v
        w = w - rate * crosslane.torch.cross(r, g).mean(0)
    return w


def solve_rotation(r: Tensor, v: Tensor) -> Tensor:
    """Return the same without descent: mean(|r|² 1 - r rᵀ) w = mean(r × v), inertia times angular velocity is angular momentum."""
    inertia = r.square().sum(-1).mean() * torch.eye(3, dtype=r.dtype) - r.T @ r / len(r)
    return torch.linalg.solve(inertia, torch.linalg.cross(r, v).mean(0))


def sample_data(points: int = 1000) -> Tensor:
    """Return points that vary by 1.5, 1 and 0.5 along three orthogonal axes."""
    random = torch.Generator().manual_seed(2)
    axes, _ = torch.linalg.qr(torch.randn(3, 3, generator=random, dtype=torch.float64))
    return torch.randn(points, 3, generator=random, dtype=torch.float64) * torch.tensor([1.5, 1.0, 0.5]) @ axes


def sample_body(points: int = 1000) -> tuple[Tensor, Tensor, Tensor]:
    """Return an angular velocity, places, and velocities with noise."""
    random = torch.Generator().manual_seed(3)
    w, r = torch.tensor([0.3, -1.2, 0.7], dtype=torch.float64), torch.randn(points, 3, generator=random, dtype=torch.float64)
    return w, r, torch.linalg.cross(w[None], r) + 0.01 * torch.randn(points, 3, generator=random, dtype=torch.float64)


def main() -> None:
    data = sample_data()
    third = torch.linalg.eigh(data.T @ data / len(data)).eigenvectors[:, 0]
    for strength in 0.0, 1.0:
        w1, w2 = two_directions(data, strength)
        degrees = math.degrees(math.asin(min(1.0, sine(w1, w2).item())))
        print(f"strength {strength}: {degrees:8.4f}° between w1 and w2", end="")
        if strength:
            best = math.degrees(best_angle(data, strength))
            normal = crosslane.torch.unit_normal(w1, w2)
            print(f" (by the formula {best:.4f}°); w1 × w2 along the third axis: {abs(normal @ third):.9f}", end="")
        print()

    a, b, g = torch.randn(3, 1000, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    a.requires_grad_(), b.requires_grad_()
    automatic = torch.autograd.grad(torch.linalg.cross(a, b), (a, b), g)
    written = cross_gradients(a.detach(), b.detach(), g)
    difference = max((x - y).abs().max().item() for x, y in zip(written, automatic, strict=True))
    print(f"b × g and g × a differ from the gradients of torch.linalg.cross by {difference:.1e}")

    w, r, v = sample_body()
    for label, found in ("true", w), ("by descent", fit_rotation(r, v)), ("by solving", solve_rotation(r, v)):
        print(f"angular velocity, {label:10} " + " ".join(f"{component:9.6f}" for component in found.tolist()))


if __name__ == "__main__":
    main()
