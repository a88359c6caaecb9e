"""How many times faster than numpy.cross: measures what is in the README, and draws it.

    python benches/ratios.py [--quick] [--svg FILE] [--json FILE]

Every case is compared with NumPy's result before it is timed. Both are timed in turns, in one process, and each figure is the median of
the ratios of neighbouring runs. "fresh" is a new array for each result, as from numpy.cross, "out=" one that is used again.
Wants NumPy, and matplotlib for --svg.
"""

import argparse
import json
import platform
import statistics
import timeit
from pathlib import Path

import numpy as np

import crosslane

TYPES = {"f4": np.float32, "f8": np.float64}


def rows(n, dtype, rng):
    return rng.standard_normal((n, 3)).astype(dtype)


def cases(quick):
    """Name, type, output, numpy's call, ours, how many vectors, and how many times faster it is to be."""
    rng = np.random.default_rng(1)
    large = 1_000_000 if quick else 4_800_000

    def case(name, type_, a, b, target, out=None, **axes):
        # As text, because a call through another function takes a third as long as a pair.
        arguments = "".join(f", {axis}={number}" for axis, number in axes.items())
        scope = {"np": np, "crosslane": crosslane, "a": a, "b": b, "out": out, "numpy_cross": np.cross, "cross": crosslane.cross}
        numpy = timeit.Timer(f"numpy_cross(a, b{arguments})", globals=scope)
        ours = timeit.Timer(f"cross(a, b{arguments}{'' if out is None else ', out=out'})", globals=scope)
        expected = np.cross(a, b, **axes)
        got = crosslane.cross(a, b, out=out, **axes)
        assert got.shape == expected.shape and got.dtype == expected.dtype, name
        if type_ != "f2":
            assert np.array_equal(got, expected), name
        return name, type_, "fresh" if out is None else "out=", numpy, ours, expected.size // 3, target

    for type_, dtype in TYPES.items():
        one = [np.array([1.0, 2.0, 3.0], dtype), np.array([4.0, 5.0, 6.5], dtype)]
        yield case("one pair", type_, *one, 80)
        for n, label in (10_000, "(10k, 3)"), (480_000, "(480k, 3)"):
            yield case(label, type_, rows(n, dtype, rng), rows(n, dtype, rng), 15)
        columns = [np.ascontiguousarray(rows(480_000, dtype, rng).T) for _ in range(2)]
        yield case("(3, 480k), axis=0", type_, *columns, 12, axis=0)
        pairs = rng.standard_normal((240_000, 2, 3)).astype(dtype)
        yield case("(240k, 2, 3)[:, 0] × [:, 1]", type_, pairs[:, 0], pairs[:, 1], 12)
        yield case("(240k, 2, 3) × (240k, 1, 3)", type_, pairs, np.ascontiguousarray(pairs[:, 1:]), 8)
        features = [rng.standard_normal((7500, 3, 64)).astype(dtype) for _ in range(2)]
        yield case("(7500, 3, 64), axis=1", type_, *features, 10, axis=1)
        a, b = rows(large, dtype, rng), rows(large, dtype, rng)
        yield case(f"({large / 1e6:g}M, 3)", type_, a, b, 20, out=np.empty_like(a))
    yield case("one pair of lists", "f8", [1.0, 2.0, 3.0], [4.0, 5.0, 6.5], 12)
    yield case("(480k, 3)", "f2", rows(480_000, np.float16, rng), rows(480_000, np.float16, rng), 60)
    for type_ in "i4", "i8":
        integers = [rng.integers(-1000, 1000, (480_000, 3)).astype(type_) for _ in range(2)]
        yield case("(480k, 3)", type_, *integers, 4)


def seconds(call, count):
    return call.timeit(count) / count


def measure(numpy, ours, quick):
    """Seconds of a call of each, and the median ratio of runs that follow each other."""
    once = max(seconds(ours, 3), 1e-7), max(seconds(numpy, 1), 1e-6)
    share = 0.02 if quick else 0.1
    counts = [max(1, int(share / t)) for t in once]
    times = [(seconds(numpy, counts[1]), seconds(ours, counts[0])) for _ in range(5 if quick else 11)]
    ratio = statistics.median(a / b for a, b in times)
    return *(statistics.median(column) for column in zip(*times)), ratio


def machine():
    """The name of the CPU, as the system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        fields = dict(line.split("\t", 1) for line in lines if "\t" in line)
        fields = {name.strip(): value.strip(": \t") for name, value in fields.items()}
        return f"{fields['model name']} (family {fields['cpu family']}), {crosslane.get_threads()} threads"
    except (OSError, KeyError):
        return f"{platform.processor()}, {crosslane.get_threads()} threads"


def draw(results, file, title):
    """A bar for each case."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "crosslane"
    names = list(dict.fromkeys((r["case"], r["output"]) for r in results if r["type"] in TYPES))
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(names) + 1.4), layout="constrained")
    for k, (type_, colour) in enumerate(zip(TYPES, ("#2a6fbb", "#e08a1e"))):
        found = {(r["case"], r["output"]): r["ratio"] for r in results if r["type"] == type_}
        places = [i + 0.4 * k - 0.2 for i, name in enumerate(names) if name in found]
        ratios = [found[name] for name in names if name in found]
        bars = axes.barh(places, ratios, height=0.38, color=colour, label=f"float{8 * np.dtype(type_).itemsize}")
        axes.bar_label(bars, [f"{ratio:.0f}" for ratio in ratios], padding=3, fontsize=8)
    axes.set_yticks(range(len(names)), [f"{name}, {output}" if output == "out=" else name for name, output in names])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(1, max(r["ratio"] for r in results) * 1.6)
    axes.set_xlabel("times as fast as numpy.cross")
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(file, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, with smaller arrays")
    parser.add_argument("--svg", type=Path, help="draw the ratios")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args()
    title = f"{machine()}, NumPy {np.__version__}, crosslane {crosslane.__version__}"
    print(title, "\n")
    print("| case | type | output | numpy.cross | crosslane.cross | times as fast | to be |\n|---|---|---|---|---|---|---|")
    results = []
    for name, type_, output, numpy, ours, vectors, target in cases(options.quick):
        theirs, own, ratio = measure(numpy, ours, options.quick)
        show = lambda t: f"{t * 1e6:.2f} µs" if vectors == 1 else f"{t / vectors * 1e9:.2f} ns a vector"
        print(f"| {name} | {type_} | {output} | {show(theirs)} | {show(own)} | {ratio:.1f} | {target} |", flush=True)
        results.append({"case": name, "type": type_, "output": output, "numpy": theirs, "ours": own, "ratio": ratio, "target": target})
    if options.json:
        options.json.write_text(json.dumps({"machine": title, "results": results}, indent=1) + "\n")
    if options.svg:
        draw(results, options.svg, title)


if __name__ == "__main__":
    main()
