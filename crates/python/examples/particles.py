"""Charged particles in a uniform magnetic field: the data that ``network.py`` learns from.

The N-body benchmark of Kipf et al. (2018) and Satorras et al. (2021): five particles with charges +1 and -1 attract and repel each
other, and a network is to say from their positions, velocities and charges where they are some time later. Here each system also has
a magnetic field B, which turns velocities by the force q v × B. B is known to the network: it is part of the system.

B is a pseudo-vector: if R is a mirror, the mirror image of a motion is a motion in the field -R B. A network without cross products adds
up positions, velocities and B, with coefficients that depend on lengths and inner products. Such a network treats B as an ordinary vector,
and answers a mirrored system with mirrored positions. It cannot learn these motions, because a mirror turns B the other way.
"""

from dataclasses import dataclass

import torch

PARTICLES = 5
DURATION = 1.0
STEPS = 50
SOFTENING = 0.5


@dataclass
class Systems:
    """Systems of particles, and where the particles are after ``DURATION``. One system is one index of the first axis."""

    positions: torch.Tensor  # (systems, PARTICLES, 3)
    velocities: torch.Tensor  # (systems, PARTICLES, 3)
    charges: torch.Tensor  # (systems, PARTICLES)
    field: torch.Tensor  # (systems, 3)
    targets: torch.Tensor  # (systems, PARTICLES, 3)

    def __getitem__(self, index) -> "Systems":
        return Systems(*(tensor[index] for tensor in vars(self).values()))

    def to(self, dtype: torch.dtype) -> "Systems":
        return Systems(*(tensor.to(dtype) for tensor in vars(self).values()))


def coulomb(positions: torch.Tensor, charges: torch.Tensor) -> torch.Tensor:
    """Return the force on each particle by all others. The softening keeps the force of a close pair finite."""
    apart = positions.unsqueeze(-2) - positions.unsqueeze(-3)
    strength = charges.unsqueeze(-1) * charges.unsqueeze(-2) * (apart.square().sum(-1) + SOFTENING**2) ** -1.5
    return (strength.unsqueeze(-1) * apart).sum(-2)


def energy(positions: torch.Tensor, velocities: torch.Tensor, charges: torch.Tensor) -> torch.Tensor:
    """Return the energy of each system. The magnetic field does no work, and has no part in it."""
    apart = positions.unsqueeze(-2) - positions.unsqueeze(-3)
    pairs = charges.unsqueeze(-1) * charges.unsqueeze(-2) * (apart.square().sum(-1) + SOFTENING**2) ** -0.5
    return velocities.square().sum((-1, -2)) / 2 + pairs.triu(1).sum((-1, -2))


def move(positions, velocities, charges, field, duration=DURATION, steps=STEPS) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the positions and velocities after ``duration``. All masses are 1.

    Leapfrog, with the rotation of Boris (1970) for the magnetic part: it turns the velocity and does not change its length.
    """
    dt = duration / steps
    half = 0.5 * dt * charges.unsqueeze(-1) * field.unsqueeze(-2)
    sine = 2 * half / (1 + half.square().sum(-1, keepdim=True))
    for _ in range(steps):
        positions = positions + 0.5 * dt * velocities
        kick = 0.5 * dt * coulomb(positions, charges)
        velocities = velocities + kick
        velocities = velocities + torch.linalg.cross(velocities + torch.linalg.cross(velocities, half), sine)
        velocities = velocities + kick
        positions = positions + 0.5 * dt * velocities
    return positions, velocities


def simulate(systems: int, seed: int) -> Systems:
    """Return random systems in float64. No direction is preferred, and no hand."""
    random = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=random, dtype=torch.float64)

    positions = normal(systems, PARTICLES, 3)
    velocities = 0.5 * normal(systems, PARTICLES, 3)
    charges = torch.randint(0, 2, (systems, PARTICLES), generator=random).double() * 2 - 1
    field = torch.nn.functional.normalize(normal(systems, 3), dim=-1)
    field = field * (1 + torch.rand(systems, 1, generator=random, dtype=torch.float64))
    return Systems(positions, velocities, charges, field, move(positions, velocities, charges, field)[0])


def mirror_blind_error(systems: Systems) -> float:
    """Return the mean squared error that a network without cross products cannot get below, on average over such systems.

    If such a network sees positions x, velocities v and field B and says y, then it says -y for -x, -v and -B. In truth, the particles
    at -x go to the mirror image of where those at x go in the field -B. Both systems are equally likely, so that the best answer is the
    mean of the positions in the fields B and -B.
    """
    reverse, _ = move(systems.positions, systems.velocities, systems.charges, -systems.field)
    return ((systems.targets - reverse) / 2).square().mean().item()
