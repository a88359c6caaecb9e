"""The network of ``network.py``: equivariant message passing with a cross product in its messages.

Each particle has scalar features s (nodes, F), vector features v (nodes, 3, F) and a place x (nodes, 3). In each layer an edge from j to i
with the unit direction u sends

    gate1,    gate2 * u + gate3 * v[j] + gate4 * (v[j] × u),

where the gates (edges, F) are computed from s[i], s[j] and what of the edge no rotation changes. It is of the kind of EQGAT (Le et al.,
2022) and PaiNN (Schütt et al., 2021). The magnetic field is one more edge, from each particle to itself, with u along the field:
that is how a particle gets its own v × B.

Nothing here knows how the last term is computed: the network is given a function for it.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from particles import PARTICLES, Systems

LAYERS = 2
RADIAL = 16  # functions of the length of an edge
Product = Callable[[Tensor, Tensor, Tensor], Tensor]  # of a gate (E, F), vectors (E, 3, F) and directions (E, 3, 1)


def edges(systems: int) -> tuple[Tensor, Tensor]:
    """Return senders and receivers. Each particle sends to all others of its system, and to itself along the magnetic field."""
    one = torch.arange(PARTICLES)
    first = PARTICLES * torch.arange(systems).reshape(-1, 1, 1)
    senders = (first + one.reshape(-1, 1)).expand(-1, -1, PARTICLES)
    receivers = (first + one).expand(-1, PARTICLES, -1)
    return senders.reshape(-1), receivers.reshape(-1)


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, outputs))


class Layer(nn.Module):
    """One round of messages, then an update of each particle by itself, which also moves the particle."""

    def __init__(self, features: int, product: Product):
        super().__init__()
        self.product = product
        self.gates = perceptron(2 * features + RADIAL + 4, features, 4 * features)
        self.mix = nn.Linear(features, 2 * features, bias=False)
        self.update = perceptron(3 * features, features, 2 * features)
        self.step = nn.Linear(features, 1, bias=False)

    def forward(self, s: Tensor, v: Tensor, x: Tensor, graph: "Graph") -> tuple[Tensor, Tensor, Tensor]:
        direction, invariants = graph.geometry(x)
        direction = direction.unsqueeze(-1)
        scalars = torch.cat([s.index_select(0, graph.senders), s.index_select(0, graph.receivers), invariants], dim=-1)
        message, along, pass_on, across = self.gates(scalars).chunk(4, dim=-1)
        sent = v.index_select(0, graph.senders)
        vectors = along.unsqueeze(1) * direction + pass_on.unsqueeze(1) * sent + self.product(across, sent, direction)
        s = s + torch.zeros_like(s).index_add(0, graph.receivers, message) / PARTICLES
        v = v + torch.zeros_like(v).index_add(0, graph.receivers, vectors) / PARTICLES

        left, right = self.mix(v).chunk(2, dim=-1)
        length = (left.square().sum(1) + 1e-6).sqrt()
        change, gate = self.update(torch.cat([s, length, (left * right).sum(1)], dim=-1)).chunk(2, dim=-1)
        v = v + gate.unsqueeze(1) * right
        return s + change, v, x + self.step(v).squeeze(-1)


class Graph:
    """The edges of a batch of systems, and what does not change from layer to layer."""

    def __init__(self, systems: Systems):
        count = len(systems.positions)
        self.senders, self.receivers = edges(count)
        self.velocities = systems.velocities.reshape(-1, 3)
        self.charges = systems.charges.reshape(-1, 1)
        self.field = systems.field.repeat_interleave(PARTICLES, 0).index_select(0, self.senders)
        self.along_field = (self.senders == self.receivers).unsqueeze(-1)
        pairs = self.charges[self.senders] * self.charges[self.receivers]
        self.kind = torch.cat([self.along_field.to(pairs.dtype), torch.where(self.along_field, 0, pairs)], dim=-1)

    def geometry(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the unit direction of each edge, and what of it no rotation changes."""
        apart = x.index_select(0, self.receivers) - x.index_select(0, self.senders)
        apart = torch.where(self.along_field, self.field, apart)
        length = (apart.square().sum(-1, keepdim=True) + 1e-6).sqrt()
        direction = apart / length
        centres = torch.linspace(0, 5, RADIAL, dtype=x.dtype)
        radial = torch.exp(-(((length - centres) * (RADIAL / 5)) ** 2) / 2)
        speeds = [(self.velocities.index_select(0, end) * direction).sum(-1, keepdim=True) for end in (self.senders, self.receivers)]
        return direction, torch.cat([radial, self.kind, *speeds], dim=-1)


class Network(nn.Module):
    """Says where the particles are later. Turns with its inputs: rotated systems give rotated positions."""

    def __init__(self, features: int, product: Product):
        super().__init__()
        self.features = features
        self.scalars = perceptron(2, features, features)
        self.vectors = nn.Linear(features, features)
        self.layers = nn.ModuleList(Layer(features, product) for _ in range(LAYERS))

    def forward(self, systems: Systems) -> Tensor:
        graph = Graph(systems)
        x = systems.positions.reshape(-1, 3)
        s = self.scalars(torch.cat([graph.charges, graph.velocities.square().sum(-1, keepdim=True)], dim=-1))
        v = graph.velocities.unsqueeze(-1) * self.vectors(s).unsqueeze(1)
        for layer in self.layers:
            s, v, x = layer(s, v, x, graph)
        return x.reshape(systems.positions.shape)
