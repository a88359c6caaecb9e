"""How long crosslane.jax.cross takes, and its gradient, in times of jax.numpy.cross.

    python benches/ratios_jax.py [--quick]

Everything is compiled by jax.jit, for float32, and compared before it is timed. Both are timed in turns, in one process, and each figure is the
median of the ratios of neighbouring runs. "gradient" is that of a sum of products with g, for a and b; in "one b" there is one b for
all a, and its gradient is a sum. Each result is new memory, as always in JAX.
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
from ratios import machine

import crosslane.jax

SIZES = 16, 1000, 10_000, 100_000, 480_000, 4_800_000


def gradient(cross):
    return jax.grad(lambda a, b, g: (cross(a, b) * g).sum(), (0, 1))


def cases(n):
    """Name, the two programs, and their operands."""
    rng = np.random.default_rng(1)
    a, b, g = (jnp.asarray(rng.standard_normal((n, 3)), "f4") for _ in range(3))
    for name, of, operands in ("forward", lambda f: f, (a, b)), ("gradient", gradient, (a, b, g)), ("gradient, one b", gradient, (a, b[:1], g)):
        programs = [jax.jit(of(lambda a, b, f=f: f(a, b))) for f in (jnp.cross, crosslane.jax.cross)]
        check(name, programs, operands)
        yield name, programs, operands


def check(name, programs, operands):
    """Both are the same but for rounding, and ours has all bits of NumPy's."""
    theirs, ours = (jax.tree.leaves(program(*operands)) for program in programs)
    if name == "forward":
        assert (np.asarray(ours[0]) == np.cross(*operands)).all(), "bits of numpy.cross"
    for one, other in zip(theirs, ours, strict=True):
        # A component is a difference of two products; a sum of n has an error of at most n roundings, and of their root in the mean.
        terms = len(operands[0]) if len(one) == 1 else 1
        assert np.abs(one - other).max() < 1e-5 * np.sqrt(terms) * 10, name


def seconds(program, operands, count):
    begin = time.perf_counter()
    for _ in range(count):
        jax.block_until_ready(program(*operands))
    return (time.perf_counter() - begin) / count


def measure(programs, operands, quick):
    """Seconds of a call of each, and the median of ours in times of theirs."""
    once = max(seconds(programs[0], operands, 3), 1e-6)
    count = max(1, int((0.005 if quick else 0.02) / once))
    times = [[seconds(program, operands, count) for program in programs] for _ in range(9 if quick else 31)]
    ratio = statistics.median(ours / theirs for theirs, ours in times)
    return *(statistics.median(column) for column in zip(*times, strict=True)), ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, and without the largest")
    options = parser.parse_args()
    print(f"{machine()}, JAX {jax.__version__}, crosslane {crosslane.__version__}\n")
    a, b = np.random.default_rng(1).standard_normal((2, 100_000, 3)).astype("f4")
    for f in jnp.cross, crosslane.jax.cross:
        equal = (np.asarray(jax.jit(f)(a, b)) == np.cross(a, b)).mean()
        print(f"{f.__module__}.cross in a program has the bits of numpy.cross in {equal:.0%} of components")
    print("\n| vectors | | jax.numpy.cross | crosslane.jax.cross | ours / theirs |\n|---|---|---|---|---|")
    for n in SIZES[: -1 if options.quick else None]:
        for name, programs, operands in cases(n):
            theirs, ours, ratio = measure(programs, operands, options.quick)
            print(f"| {n:,} | {name} | {theirs * 1e6:.1f} µs | {ours * 1e6:.1f} µs | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
