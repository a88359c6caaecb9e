"""The examples of training with torch: the data, the symmetries of the network, the two ways of computing it, and the textbook parts."""

import importlib
import json
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: the examples of training are not tested")

from support import python

import crosslane.torch

EXAMPLES = Path(__file__).parent.parent / "examples"


def example(name):
    """A fixture that imports one file of the examples."""

    def fixture(monkeypatch):
        monkeypatch.syspath_prepend(str(EXAMPLES))
        return importlib.import_module(name)

    return pytest.fixture(fixture, name=name)


network, particles, equivariant, textbook = map(example, ("network", "particles", "equivariant", "textbook"))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What a short run of network.py finds."""
    file = tmp_path_factory.mktemp("network") / "results.json"
    run = python(EXAMPLES / "network.py", "--quick", "--json", file, timeout=300, variables={"OMP_NUM_THREADS": "1"})
    assert run.returncode == 0, run.stderr.decode()
    return json.loads(file.read_text())


def rotation(seed):
    """A random proper rotation in float64."""
    q, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
    return q * torch.linalg.det(q)


MIRROR = torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))


def turned(systems, matrix, field_sign=1):
    """The same systems with all vectors multiplied by an orthogonal matrix, the field also by a sign."""
    vectors = [systems.positions @ matrix.T, systems.velocities @ matrix.T]
    return type(systems)(*vectors, systems.charges, field_sign * systems.field @ matrix.T, systems.targets @ matrix.T)


# The data.


def moved(particles, systems):
    return particles.move(systems.positions, systems.velocities, systems.charges, systems.field)[0]


def test_one_particle_moves_on_a_circle(particles):
    """In a field along z, a charge with velocity (1, 0, 0) turns clockwise, at the rate |B|. The error of the leapfrog is of order dt²."""
    x, v = torch.zeros(1, 1, 3).double(), torch.tensor([[[1.0, 0.0, 0.0]]]).double()
    field, time = torch.tensor([[0.0, 0.0, 2.0]]).double(), 1.0
    x, v = particles.move(x, v, torch.ones(1, 1).double(), field, time, steps=1000)
    radius, angle = 1 / 2.0, 2.0 * time
    expected = torch.tensor([[[radius * math.sin(angle), radius * (math.cos(angle) - 1), 0.0]]]).double()
    assert (x - expected).abs().max() < 1e-6
    assert abs(v.norm() - 1) < 1e-13


def test_energy_is_kept(particles):
    """The error in the energy is of order dt²: with ten times as many steps, it is about a hundred times smaller."""
    s = particles.simulate(200, seed=5)
    before = particles.energy(s.positions, s.velocities, s.charges)
    changes = []
    for steps in 50, 500:
        x, v = particles.move(s.positions, s.velocities, s.charges, s.field, steps=steps)
        changes.append((particles.energy(x, v, s.charges) - before).abs().max().item())
    assert changes[0] < 1e-2
    assert changes[1] < changes[0] / 50


def test_motion_turns_with_its_system_and_a_mirror_reverses_the_field(particles):
    s = particles.simulate(50, seed=6)
    for matrix, field_sign, holds in (rotation(1), 1, True), (MIRROR, -1, True), (MIRROR, 1, False):
        image = turned(s, matrix, field_sign)
        difference = (moved(particles, image) - image.targets).abs().max().item()
        assert (difference < 1e-12) == holds, (matrix, field_sign, difference)


# The network.


@pytest.mark.parametrize("name", ["torch", "crosslane", "without"])
def test_network_turns_with_its_inputs(network, particles, name):
    """Rotations are respected by all; mirror images, in which the field is a vector like others, only without cross products."""
    model = network.Trainer(name, 16, 1, torch.float64).network
    systems = particles.simulate(20, seed=7)
    with torch.no_grad():
        answer = model(systems)
        for matrix, holds in (rotation(2), True), (rotation(3), True), (MIRROR, name == "without"):
            difference = (model(turned(systems, matrix)) - answer @ matrix.T).abs().max().item()
            assert (difference < 1e-12) == holds, (name, matrix, difference)
        shift = torch.tensor([3.0, -2.0, 1.0], dtype=torch.float64)
        systems.positions = systems.positions + shift
        assert (model(systems) - answer - shift).abs().max() < 1e-12


def test_no_network_without_cross_products_is_below_the_bound(network, particles):
    """On systems and their mirror images together the bound is strict, whatever the weights are."""
    s = particles.simulate(50, seed=8)
    image = turned(s, -torch.eye(3, dtype=torch.float64))
    image.targets = moved(particles, image)
    model = network.Trainer("without", 16, 1, torch.float64).network
    with torch.no_grad():
        error = (network.mean_squared_error(model, s) + network.mean_squared_error(model, image)) / 2
    assert error >= particles.mirror_blind_error(s) > 0.01


def test_edges_are_all_pairs_of_a_system(equivariant):
    senders, receivers = equivariant.edges(2)
    pairs = set(zip(senders.tolist(), receivers.tolist(), strict=True))
    assert pairs == {(a, b) for a in range(10) for b in range(10) if a // 5 == b // 5}
    assert len(senders) == 50


def test_losses_fall_and_only_with_the_cross_product_below_the_bound(results):
    for name in "torch", "crosslane":
        losses = results["losses"][name]
        assert sum(losses[-10:]) < sum(losses[:10]) / 4, name
        assert results["errors"][name] < results["bound"] / 1.5, name
    assert results["errors"]["without"] > results["bound"]


def test_curves_differ_by_rounding(results):
    """Rounding grows from step to step. In float64 it starts 2^29 times smaller, which tells it from a fault."""
    assert results["curves"] < 1e-2
    assert results["curves_in_double"] < 1e-11


def test_first_gradients_differ_by_rounding(results):
    """The measure of what rounding does to these sums is how far torch in float32 is from torch in float64."""
    worst = {kind: max(found[kind] for found in results["gradients"].values()) for kind in ("torch", "crosslane", "both")}
    assert worst["torch"] < 1e-5
    assert worst["crosslane"] < 4 * worst["torch"], worst
    assert worst["both"] < 4 * worst["torch"], worst


def test_picture_is_small_and_always_the_same(results, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: the picture is not tested")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    picture = importlib.import_module("network_picture")
    long = results | {"losses": {name: losses * 100 for name, losses in results["losses"].items()}}
    for name in "a.svg", "b.svg":
        picture.draw(long, tmp_path / name)
    first = (tmp_path / "a.svg").read_bytes()
    assert first == (tmp_path / "b.svg").read_bytes()
    assert len(first) < 60_000


def test_recorded_messages_give_the_same_gradients(network, particles):
    """The timed operands are those of a step: each layer once, the direction with a gradient where the particles have moved."""
    systems = particles.simulate(10, seed=9)
    model = network.Trainer("torch", 8, 1, torch.float64).network
    calls = network.recorded_messages(model, systems)
    assert [[tensor.requires_grad for tensor in operands] for operands, _ in calls] == [[True, True, True], [True, True, False]]
    for (gate, v, u), g in calls:
        assert gate.shape == (250, 8) and v.shape == g.shape == (250, 3, 8) and u.shape == (250, 3, 1)
        needed = [tensor for tensor in (gate, v, u) if tensor.requires_grad]
        gradients = [torch.autograd.grad(network.PRODUCTS[name](gate, v, u), needed, g) for name in ("torch", "crosslane")]
        for theirs, ours in zip(*gradients, strict=True):
            assert network.relative_difference(ours, theirs) < 1e-14


# The textbook parts.


def test_vectors_become_parallel_without_the_regulariser(textbook):
    assert textbook.sine(*textbook.two_directions(textbook.sample_data(), strength=0.0)) < 1e-3


@pytest.mark.parametrize("strength", [0.1, 1.0, 5.0])
def test_regulariser_keeps_vectors_at_the_best_angle(textbook, strength):
    data = textbook.sample_data()
    w1, w2 = textbook.two_directions(data, strength, steps=1000)
    assert abs(textbook.sine(w1, w2) - math.sin(textbook.best_angle(data, strength))) < 1e-6
    third = torch.linalg.eigh(data.T @ data / len(data)).eigenvectors[:, 0]
    assert abs(w1 @ third) < 1e-4 and abs(w2 @ third) < 1e-4


def test_sine_has_its_gradient(textbook):
    w1, w2 = torch.randn(2, 3, generator=torch.Generator().manual_seed(10), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(textbook.sine, (w1, w2))


def test_gradients_of_a_cross_product_are_cross_products(textbook):
    a, b, g = torch.randn(3, 100, 3, generator=torch.Generator().manual_seed(11), dtype=torch.float64)
    a, b = a.requires_grad_(), b.requires_grad_()
    written = textbook.cross_gradients(a.detach(), b.detach(), g)
    for cross in torch.linalg.cross, crosslane.torch.cross:
        for ours, automatic in zip(written, torch.autograd.grad(cross(a, b), (a, b), g), strict=True):
            assert (ours - automatic).abs().max() < 1e-14


def test_descent_finds_the_angular_velocity(textbook):
    w, r, v = textbook.sample_body()
    found = textbook.fit_rotation(r, v)
    assert (found - textbook.solve_rotation(r, v)).abs().max() < 1e-12
    # The noise of 0.01 in 1000 points leaves 0.01 / sqrt(2 * 1000) in a component; this is ten times that.
    assert (found - w).abs().max() < 0.1 / math.sqrt(2000)


def test_textbook_example_runs():
    run = python(EXAMPLES / "textbook.py", timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    assert b"angular velocity, by descent" in run.stdout
