"""Train an equivariant network with cross products in its messages: the same network by torch.linalg.cross and by crosslane.

    pip install "crosslane" torch matplotlib
    python network.py            # trains, compares, and draws network.svg: one or two minutes on two free cores
    python network.py --quick    # a small network, a few seconds, no picture
    OMP_NUM_THREADS=1 python network.py    # on a busy machine, where torch's threads spend most of the time waiting for each other

The network (``equivariant.py``) is to say where charged particles in a magnetic field will be (``particles.py`` makes them). A part of its
messages is a cross product: ``gate * (v × u)``, of the vector features v (edges, 3, F) of the sender with the direction u (edges, 3, 1)
of the edge.

Three networks with the same initial weights are trained on the same batches, step by step in turns:

- "torch": the message is ``gate.unsqueeze(1) * torch.linalg.cross(v, u, dim=1)``;
- "crosslane": the message is ``crosslane.torch.gated_cross(gate, v, u, dim=1)``;
- "without": the message is ``gate.unsqueeze(1) * v``. The network has as many weights, and no cross product.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from torch import Tensor, nn

import crosslane.torch
from equivariant import Network
from particles import PARTICLES, Systems, mirror_blind_error, simulate

PRODUCTS = {
    "torch": lambda gate, v, u: gate.unsqueeze(1) * torch.linalg.cross(v, u, dim=1),
    "crosslane": lambda gate, v, u: crosslane.torch.gated_cross(gate, v, u, dim=1),
    "without": lambda gate, v, u: gate.unsqueeze(1) * v,
}


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
            losses = "  ".join(f"{name} {trainer.losses[-1]:.6f}" for name, trainer in trainers.items())
            print(f"step {step:4}  loss  {losses}", flush=True)
    return trainers


def relative_difference(a: Tensor, b: Tensor) -> float:
    """Return the greatest difference of two tensors in units of the greatest absolute value of the second."""
    return ((a - b).abs().max() / b.abs().max()).item()


def relative_differences(losses: dict[str, list[float]]) -> list[float]:
    """Return for each step how far the loss of crosslane is from that of torch, in units of the loss."""
    return [abs(ours / theirs - 1) for ours, theirs in zip(losses["crosslane"], losses["torch"], strict=True)]


def first_gradients(systems: Systems, features: int) -> dict[str, dict[str, float]]:
    """Return for each weight how far its first gradients in float32 are from float64, and from each other."""

    def gradients(name: str, dtype: torch.dtype) -> dict[str, Tensor]:
        network = Trainer(name, features, 1, torch.float32).network.to(dtype)
        mean_squared_error(network, systems.to(dtype)).backward()
        return {name: weight.grad.double() for name, weight in network.named_parameters()}

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


def product_seconds(calls, repeats: int, block: int) -> dict[str, list[float]]:
    """Return how long the products of one step take, forward and backward, by torch and by crosslane in turns of so many runs.

    Of a turn of several runs the first does not count: after an operation of torch its threads wait for more work without sleeping, some
    milliseconds long, and take the time from what comes next.
    """
    seconds: dict[str, list[float]] = {"torch": [], "crosslane": []}
    for _ in range(repeats):
        for name, times in seconds.items():
            for run in range(block):
                start = time.perf_counter()
                for operands, g in calls:
                    torch.autograd.grad(PRODUCTS[name](*operands), [tensor for tensor in operands if tensor.requires_grad], g)
                if run > 0 or block == 1:
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
    threads = torch.get_num_threads()
    return f"{cpu}, {threads} thread{'s' * (threads != 1)}, torch {torch.__version__.split('+')[0]}, crosslane {crosslane.__version__}"


def show_gradients(systems: Systems, features: int) -> dict:
    print("First gradients, greatest difference relative to the greatest component:")
    gradients = first_gradients(systems, features)
    for weight, found in gradients.items():
        print(f"  {weight:24}  crosslane from torch {found['both']:.1e}", end="")
        print(f"   from float64: crosslane {found['crosslane']:.1e}, torch {found['torch']:.1e}")
    return {"gradients": gradients}


def show_training(trainers: dict[str, Trainer], systems: Systems, features: int, batch: int) -> dict:
    losses = {name: trainer.losses for name, trainer in trainers.items()}
    differences = relative_differences(losses)
    in_double = relative_differences({n: t.losses for n, t in train(("torch", "crosslane"), systems, features, batch, 10).items()})
    print(f"\nThe curves of torch and crosslane differ by {max(differences):.1e} of the loss at most,")
    print(f"by {max(differences[:10]):.1e} in the first 10 steps, and by {max(in_double):.1e} in 10 steps of float64: it is rounding.")
    return {"losses": losses, "curves": max(differences), "curves_in_double": max(in_double)}


def show_errors(trainers: dict[str, Trainer], unseen: Systems) -> dict:
    single, bound = unseen.to(torch.float32), mirror_blind_error(unseen)
    with torch.no_grad():
        errors = {name: mean_squared_error(trainer.network, single).item() for name, trainer in trainers.items()}
    print(f"\nMean squared error on {len(unseen.positions)} systems that were not trained on:")
    print(f"  with the cross product     torch {errors['torch']:.5f}   crosslane {errors['crosslane']:.5f}")
    print(f"  without                    {errors['without']:.5f}   (at best {bound:.5f}, see mirror_blind_error in particles.py)")
    return {"errors": errors, "bound": bound}


def show_times(trainers: dict[str, Trainer], batch: Systems) -> dict:
    calls = recorded_messages(trainers["torch"].network, batch)
    step = summary({name: trainers[name].seconds for name in ("torch", "crosslane")})
    product = summary(product_seconds(calls, repeats=9, block=5))
    alternating = summary(product_seconds(calls, repeats=31, block=1))
    lines = {
        "a step of training": step,
        "its gated cross products, forward and backward": product,
        "the same, torch and crosslane run by run": alternating,
    }
    print("\nMedian times:")
    for name, found in lines.items():
        print(f"  {name:48} torch {found['torch'] * 1e3:7.2f} ms   crosslane {found['crosslane'] * 1e3:7.2f} ms   {found['ratio']:.2f} times as fast")
    return {"step": step, "product": product, "alternating": alternating}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="steps of training (200; with --quick 100)")
    parser.add_argument("--quick", action="store_true", help="a small network on few systems")
    parser.add_argument("--picture", type=Path, help="where the picture goes (network.svg beside this file; with --quick none)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    steps = options.steps or (100 if options.quick else 200)
    features, batch, count = (32, 50, 1000) if options.quick else (128, 160, 5000)
    picture = options.picture or (None if options.quick else Path(__file__).with_suffix(".svg"))
    if picture:
        import network_picture  # wants matplotlib: better found missing now than after the training

    results = {"machine": machine()}
    sent = batch * PARTICLES**2
    print(results["machine"])
    print(f"{batch} systems a step, {sent} edges, {features} features: {sent * features} cross products a layer\n", flush=True)
    systems, unseen = simulate(count, seed=1), simulate(1000, seed=2)
    single = systems.to(torch.float32)
    results |= show_gradients(single[:batch], features)
    print("\nTraining:")
    trainers = train(PRODUCTS, single, features, batch, steps, show=True)
    results |= show_training(trainers, systems, features, min(batch, 50))
    results |= show_errors(trainers, unseen)
    results |= show_times(trainers, single[:batch])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if picture:
        network_picture.draw(results, picture)
        print(f"\nDrawn: {picture}")


if __name__ == "__main__":
    main()
