"""How many times faster than torch's own functions: measures what is in the README for people who train.

    python benches/networks.py [--quick] [--json FILE]

The results and gradients of every case are compared with torch's before timing. Both are timed in turns of several runs, in one process. Each
figure is the median of the ratios of neighbouring turns. All threads of the machine, float32. "forward" is without gradients, "both" is
forward and backward with a given upstream gradient. Wants torch.
"""

import argparse
import json
import timeit
from pathlib import Path

import torch
from ratios import machine, measure

import crosslane.torch

CROSS = torch.linalg.cross


def timer(call):
    return timeit.Timer(call)


def close(name, results, expected):
    for result, other in zip(results, expected, strict=True):
        assert result.shape == other.shape, name
        assert torch.allclose(result, other, rtol=1e-3, atol=1e-4 * max(1.0, float(other.abs().max()))), name


def forward(name, theirs, ours, target):
    close(name, [ours()], [theirs()])
    return name, "forward", timer(theirs), timer(ours), target


def both(name, theirs, ours, inputs, target):
    """Forward and backward."""
    inputs = [x.requires_grad_() for x in inputs]
    g = torch.randn_like(theirs(*inputs))

    def step(function):
        for x in inputs:
            x.grad = None
        function(*inputs).backward(g)

    def gradients(function):
        step(function)
        return [x.grad for x in inputs]

    close(name, gradients(ours), gradients(theirs))
    return name, "both", timer(lambda: step(theirs)), timer(lambda: step(ours)), target


def cases(quick):
    """Name, what is timed, torch's call, ours, and how many times faster it is to be."""
    torch.manual_seed(1)
    ours = crosslane.torch.cross
    large = 1_000_000 if quick else 4_800_000
    for n, label, once, twice in (10_000, "(10k, 3)", 8, 5), (480_000, "(480k, 3)", 8, 8), (large, f"({large / 1e6:g}M, 3)", 4, 4):
        a, b = torch.randn(2, n, 3)
        yield forward(label, lambda a=a, b=b: CROSS(a, b), lambda a=a, b=b: ours(a, b), once)
        yield both(label, CROSS, ours, [a.clone(), b.clone()], twice)
    features, unit = torch.randn(7500, 3, 64), torch.randn(7500, 3, 1)

    def with_dim(function):
        return lambda a, b: function(a, b, dim=1)

    yield both("(7500, 3, 64) × (7500, 3, 1), dim=1", with_dim(CROSS), with_dim(ours), [features, unit], 15)
    yield both("(15000, 32, 3) × (15000, 1, 3)", CROSS, ours, [torch.randn(15_000, 32, 3), torch.randn(15_000, 1, 3)], 8)

    def gated(gate, a, b):
        return gate.unsqueeze(1) * CROSS(a, b, dim=1)

    inputs = [torch.randn(7500, 64), features.detach().clone(), unit.detach().clone()]
    yield both("gate (7500, 64): gated_cross, dim=1", gated, lambda *x: crosslane.torch.gated_cross(*x, dim=1), inputs, 15)
    pairs = [torch.randn(480_000, 3) for _ in range(2)]

    def unit_normal(a, b):
        return torch.nn.functional.normalize(CROSS(a, b), dim=-1)

    yield both("unit normals (480k, 3)", unit_normal, crosslane.torch.unit_normal, pairs, None)
    vertices, faces = grid(300)

    def normals(vertices):
        p, q, r = vertices[faces].unbind(1)
        return torch.nn.functional.normalize(CROSS(q - p, r - p), dim=-1)

    def triangle_normals(vertices):
        return crosslane.torch.triangle_normals(vertices, faces)

    yield both(f"normals of {len(faces) / 1e3:.0f}k triangles", normals, triangle_normals, [vertices], None)


def grid(n):
    """A surface of n × n vertices, with two triangles for each square."""
    x, y = torch.meshgrid(torch.linspace(0, 1, n), torch.linspace(0, 1, n), indexing="ij")
    vertices = torch.stack((x, y, torch.sin(7 * x) * torch.cos(5 * y)), -1).reshape(-1, 3)
    corner = torch.arange(n * n).reshape(n, n)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
    faces = torch.cat((torch.stack((a, b, c), -1).reshape(-1, 3), torch.stack((a, c, d), -1).reshape(-1, 3)))
    return vertices, faces


def under_install(quick):
    """16 pairs by torch.linalg.cross, before and after install(): seconds of each, and the median ratio."""
    a, b = torch.randn(2, 16, 3)
    theirs, ours = [], []
    for _ in range(5 if quick else 11):
        theirs.append(timeit.timeit(lambda: CROSS(a, b), number=20_000) / 20_000)
        crosslane.torch.install()
        ours.append(timeit.timeit(lambda: CROSS(a, b), number=20_000) / 20_000)
        crosslane.torch.uninstall()
    ratios = sorted(x / y for x, y in zip(theirs, ours, strict=True))
    middle = len(ratios) // 2
    return sorted(theirs)[middle], sorted(ours)[middle], ratios[middle]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, with smaller tensors")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    title = f"{machine()}, torch {torch.__version__} with {torch.get_num_threads()} threads"
    print(title, "\n")
    print("| case | what | torch | crosslane | times as fast | to be |\n|---|---|---|---|---|---|")
    results = []

    def show(case, what, theirs, ours, ratio, target):
        milliseconds = (f"{1e3 * t:.3g} ms" if t > 1e-4 else f"{1e6 * t:.3g} µs" for t in (theirs, ours))
        print(f"| {case} | {what} | {' | '.join(milliseconds)} | {ratio:.2f} | {target or ''} |", flush=True)
        results.append({"case": case, "what": what, "torch": theirs, "ours": ours, "ratio": ratio, "target": target})

    for case, what, theirs, ours, target in cases(options.quick):
        show(case, what, *measure(theirs, ours, options.quick), target)
    show("16 pairs, install()", "forward", *under_install(options.quick), 1)
    if options.json:
        options.json.write_text(json.dumps({"machine": title, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
