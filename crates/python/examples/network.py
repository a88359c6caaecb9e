"""Train an equivariant network with cross products in its messages: the same network by torch.linalg.cross and by crosslane.

    pip install "crosslane" torch matplotlib
    python network.py            # trains, compares, and draws network.svg
    python network.py --quick    # a small network, a few seconds, no picture

The network is of the kind of EQGAT (Le et al., 2022) and PaiNN (Schütt et al., 2021): each particle has scalar features (nodes, F) and
vector features (nodes, 3, F), and an edge sends the vector features of its sender, multiplied by gates. One message is a cross product,
``gate * (v[sender] × direction of the edge)``, of the shapes (edges, 3, F) × (edges, 3, 1). ``particles.py`` makes the data: charged
particles in a magnetic field, which turns velocities by q v × B.

Three networks with the same initial weights are trained on the same batches, step by step in turns:

- "torch": the message is ``gate.unsqueeze(1) * torch.linalg.cross(v, u, dim=1)``;
- "crosslane": the message is ``crosslane.torch.gated_cross(gate, v, u, dim=1)``;
- "without": the message is ``gate.unsqueeze(1) * v``. The network has as many weights, and no cross product.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

import crosslane.torch
from particles import PARTICLES, Systems, mirror_blind_error, simulate

LAYERS = 2
RADIAL = 16  # functions of the length of an edge
Product = Callable[[Tensor, Tensor, Tensor], Tensor]

PRODUCTS: dict[str, Product] = {
    "torch": lambda gate, v, u: gate.unsqueeze(1) * torch.linalg.cross(v, u, dim=1),
    "crosslane": lambda gate, v, u: crosslane.torch.gated_cross(gate, v, u, dim=1),
    "without": lambda gate, v, u: gate.unsqueeze(1) * v,
}


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


class Trainer:
    """A network, its optimiser, and what its steps gave."""

    def __init__(self, name: str, features: int, steps: int, dtype: torch.dtype):
        torch.manual_seed(1)
        self.network = Network(features, PRODUCTS[name]).to(dtype)
        self.optimiser = torch.optim.Adam(self.network.parameters())
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, max_lr=4e-3, total_steps=steps, pct_start=0.2)
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def step(self, batch: Systems) -> None:
        start = time.perf_counter()
        self.optimiser.zero_grad()
        loss = mean_squared_error(self.network, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.losses.append(loss.item())
        self.seconds.append(time.perf_counter() - start)


def mean_squared_error(network: Network, systems: Systems) -> Tensor:
    """Return the mean of the squared errors of all coordinates."""
    return (network(systems) - systems.targets).square().mean()


def train(names, systems: Systems, features: int, batch: int, steps: int, show: bool = False) -> dict[str, Trainer]:
    """Train networks in turns: each takes a step on a batch before any takes the next step."""
    trainers = {name: Trainer(name, features, steps, systems.positions.dtype) for name in names}
    random = torch.Generator().manual_seed(2)
    for step in range(1, steps + 1):
        chosen = systems[torch.randint(len(systems.positions), (batch,), generator=random)]
        for trainer in trainers.values():
            trainer.step(chosen)
        if show and step in (1, *range(25, steps, 25), steps):
            print(f"step {step:4}  loss  " + "  ".join(f"{name} {trainer.losses[-1]:.6f}" for name, trainer in trainers.items()), flush=True)
    return trainers


def relative_difference(a: Tensor, b: Tensor) -> float:
    """Return the greatest difference of two tensors in units of the greatest absolute value of the second."""
    return ((a - b).abs().max() / b.abs().max()).item()


def first_gradients(systems: Systems, features: int) -> dict[str, dict[str, float]]:
    """Return for each weight how far its first gradients in float32 are from float64, and from each other."""

    def gradients(name: str, dtype: torch.dtype) -> dict[str, Tensor]:
        network = Trainer(name, features, 1, torch.float32).network.to(dtype)
        mean_squared_error(network, systems.to(torch.float32).to(dtype)).backward()
        return {weight: tensor.grad.double() for weight, tensor in network.named_parameters()}

    exact = gradients("torch", torch.float64)
    ours, theirs = gradients("crosslane", torch.float32), gradients("torch", torch.float32)
    return {
        weight: {
            "torch": relative_difference(theirs[weight], exact[weight]),
            "crosslane": relative_difference(ours[weight], exact[weight]),
            "both": relative_difference(ours[weight], theirs[weight]),
        }
        for weight in exact
    }


def recorded_messages(network: Network, batch: Systems) -> list[tuple[list[Tensor], Tensor]]:
    """Return the operands of the product in each layer, with their strides, and the gradient that comes back to it."""
    calls = []

    def recording(gate: Tensor, v: Tensor, u: Tensor) -> Tensor:
        operands = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in (gate, v, u)]
        result = PRODUCTS["torch"](gate, v, u)
        result.register_hook(lambda g: calls.append((operands, g)))
        return result

    recorded = Network(network.features, recording).to(batch.positions.dtype)
    recorded.load_state_dict(network.state_dict())
    mean_squared_error(recorded, batch).backward()
    return calls


def product_seconds(calls, repeats: int) -> dict[str, list[float]]:
    """Return how long the products of one step take, forward and backward, by torch and by crosslane in turns."""
    seconds: dict[str, list[float]] = {"torch": [], "crosslane": []}
    for _ in range(repeats):
        for name, times in seconds.items():
            start = time.perf_counter()
            for operands, g in calls:
                torch.autograd.grad(PRODUCTS[name](*operands), [tensor for tensor in operands if tensor.requires_grad], g)
            times.append(time.perf_counter() - start)
    return seconds


def summary(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return the median time of each, and the median of the ratios of neighbouring runs."""
    ratios = [a / b for a, b in zip(seconds["torch"], seconds["crosslane"], strict=True)]
    return {name: statistics.median(times) for name, times in seconds.items()} | {"ratio": statistics.median(ratios)}


def machine() -> str:
    """Return the name of the CPU, as Linux has it, and of what runs on it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(": ", 1)[1] for line in lines if line.startswith(("model name", "cpu family"))][:2]
    cpu = " family ".join(sorted(names, reverse=True)) or "CPU"
    return f"{cpu}, {torch.get_num_threads()} threads, torch {torch.__version__.split('+')[0]}, crosslane {crosslane.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="steps of training (200; with --quick 100)")
    parser.add_argument("--quick", action="store_true", help="a small network on few systems")
    parser.add_argument("--picture", type=Path, help="where the picture goes (network.svg beside this file; with --quick none)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    steps = options.steps or (100 if options.quick else 200)
    features, batch, count = (32, 50, 1000) if options.quick else (64, 400, 5000)
    picture = options.picture or (None if options.quick else Path(__file__).with_suffix(".svg"))
    if picture:
        import network_picture  # wants matplotlib: better now than after the training

    title = machine()
    sent = batch * PARTICLES**2
    print(f"{title}\n{batch} systems a step, {sent} edges, {features} features: {sent * features} cross products a layer\n", flush=True)
    systems, unseen = simulate(count, seed=1), simulate(1000, seed=2)

    print("First gradients, greatest difference relative to the greatest component:")
    gradients = first_gradients(systems[:batch], features)
    for weight, found in gradients.items():
        print(f"  {weight:24} crosslane - torch {found['both']:.1e}   from float64: torch {found['torch']:.1e} crosslane {found['crosslane']:.1e}")

    print("\nTraining:")
    single, unseen32 = systems.to(torch.float32), unseen.to(torch.float32)
    trainers = train(PRODUCTS, single, features, batch, steps, show=True)
    losses = {name: torch.tensor(trainer.losses, dtype=torch.float64) for name, trainer in trainers.items()}
    curves = ((losses["crosslane"] - losses["torch"]) / losses["torch"]).abs()
    double = train(("torch", "crosslane"), systems, features, min(batch, 50), 20)
    in_double = max(abs(a / b - 1) for a, b in zip(double["crosslane"].losses, double["torch"].losses, strict=True))
    print(f"\nThe curves of torch and crosslane differ by {curves.max():.1e} of the loss at most, by {curves[:10].max():.1e} in the first 10 steps,")
    print(f"and by {in_double:.1e} in 20 steps of float64: what is between them is rounding.")

    with torch.no_grad():
        errors = {name: mean_squared_error(trainer.network, unseen32).item() for name, trainer in trainers.items()}
    bound = mirror_blind_error(unseen)
    print(f"\nMean squared error on {len(unseen.positions)} systems that were not trained on:")
    print(f"  with the cross product     torch {errors['torch']:.5f}   crosslane {errors['crosslane']:.5f}")
    print(f"  without                    {errors['without']:.5f}   (no network without cross products gets below {bound:.5f})")

    calls = recorded_messages(trainers["torch"].network, single[:batch])
    step = summary({name: trainers[name].seconds for name in ("torch", "crosslane")})
    product = summary(product_seconds(calls, repeats=21))
    print("\nMedian times:")
    for name, found in ("a step of training", step), ("its gated cross products, forward and backward", product):
        print(f"  {name:48} torch {found['torch'] * 1e3:7.2f} ms   crosslane {found['crosslane'] * 1e3:7.2f} ms   {found['ratio']:.2f} times as fast")

    results = {
        "machine": title,
        "losses": {name: trainer.losses for name, trainer in trainers.items()},
        "curves": curves.max().item(),
        "curves_in_double": in_double,
        "gradients": gradients,
        "errors": errors,
        "bound": bound,
        "step": step,
        "product": product,
    }
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if picture:
        network_picture.draw(results, picture)
        print(f"\nDrawn: {picture}")


if __name__ == "__main__":
    main()
