"""Compares `crosslane cross` with numpy.cross on generated files: dtype, shape, order and bytes.

    python against_numpy.py PROGRAM [PAIRS [SEED]]

Pairs have ranks 0 to 5 without the axis of the components, lengths 0 to 5, any axes, integers of every width, float16, float32 and
float64 of either byte order and either memory order, and shapes that broadcast; some have more vectors than a block of the program. Any
NaN equals any NaN. float16 is compared with products rounded once, where NumPy rounds three times.
"""

import os
import random
import subprocess
import sys
import tempfile

import numpy as np

DTYPES = [order + code for code in "i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split() for order in "<>"]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0]


def numbers(chance, dtype, shape):
    """Integers of all bits; floats whose products float64 holds exactly if they are float16, and special ones."""
    generator = np.random.default_rng(chance.randrange(2**32))
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        limits = np.iinfo(dtype)
        return generator.integers(limits.min, limits.max, shape, dtype.newbyteorder("="), endpoint=True).astype(dtype)
    values = generator.uniform(-8, 8, shape)
    rare = generator.random(shape) < 0.1
    values = np.where(rare, generator.choice(SPECIAL, shape), values)
    if dtype.itemsize == 2:
        values = np.where(np.abs(values) < 1 / 16, 0.0, values)
    return values.astype(dtype)


def operands(chance, shape):
    """Two shapes that broadcast to this one, or to one that has some axes of length 1 or none of the first."""
    for _ in range(2):
        own = [1 if chance.random() < 0.25 else length for length in shape]
        yield own[chance.choice([0, 0, 0, chance.randrange(len(shape) + 1)]):]


def axes(chance, ranks):
    """Options, and the places of the components in A, B and the result, which have so many axes."""
    kind = chance.choice(["none", "axis", "letters", "letters"])
    if kind == "none":
        return [], [-1, -1, -1]
    if kind == "axis":
        axis = chance.randrange(-min(ranks), min(ranks))
        # It beats the others.
        return ["--axis", str(axis), "--axisa", "0"][: chance.choice([2, 4])], [axis] * 3
    places = [chance.randrange(-rank, rank) for rank in ranks]
    given = [chance.random() < 0.8 for _ in ranks]
    options = [[f"--axis{letter}", str(place)] for letter, place, is_given in zip("abc", places, given) if is_given]
    # Without options at all, what NumPy refuses is taken along the first axes.
    return sum(options, []), [place if is_given else -1 for place, is_given in zip(places, given)]


def expected(a, b, places):
    with np.errstate(all="ignore"):
        if np.result_type(a, b) == np.float16:
            return np.cross(a.astype("f8"), b.astype("f8"), *places).astype("f2")
        return np.cross(a, b, *places)


def same(got, wanted):
    """Bit for bit, but for NaN."""
    if got.dtype.kind != "f":
        return got.tobytes() == wanted.tobytes()
    nan = np.isnan(wanted)
    return np.array_equal(nan, np.isnan(got)) and got[~nan].tobytes() == wanted[~nan].tobytes()


def pair(chance, large):
    """Two arrays, options and places. Of the large ones, one axis is longer than a block."""
    shape = [chance.choice([0, 1, 2, 2, 3, 3, 4, 5]) for _ in range(chance.randrange(6))]
    if large:
        shape = [chance.choice([1, 2]), 2**18 + chance.randrange(9), chance.choice([1, 3])]
    shapes = list(operands(chance, shape))
    ranks = [len(own) + 1 for own in shapes]
    options, places = axes(chance, [*ranks, max(ranks)])
    for own, place, rank in zip(shapes, places, ranks):
        own.insert(place % rank, 3)
    arrays = [numbers(chance, chance.choice(DTYPES), own) for own in shapes]
    return [np.asarray(array, order=chance.choice("CF")) for array in arrays], options, places


def check(program, directory, arrays, options, places):
    """Runs the program, and says what is wrong."""
    names = [os.path.join(directory, name) for name in ("a.npy", "b.npy", "out.npy")]
    for name, array in zip(names, arrays):
        np.save(name, array)
    command = [program, "cross", *names[:2], "-o", names[2], "--force", *options]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode or run.stderr:
        return f"status {run.returncode}: {run.stderr}"
    got, wanted = np.load(names[2]), expected(*arrays, places)
    if got.dtype.str != wanted.dtype.str or got.shape != wanted.shape:
        return f"{got.dtype.str} {got.shape}, NumPy has {wanted.dtype.str} {wanted.shape}"
    if not got.flags.c_contiguous:
        return "not in C order"
    return None if same(got, np.ascontiguousarray(wanted)) else "other numbers"


def main():
    program, count, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2] if len(sys.argv) > 2 else 200), sys.argv[3] if len(sys.argv) > 3 else "1"
    chance, wrong = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as directory:
        for number in range(count):
            arrays, options, places = pair(chance, number % 40 == 39)
            fault = check(program, directory, arrays, options, places)
            if fault:
                wrong += 1
                shown = ", ".join(f"{array.dtype.str} {array.shape}" for array in arrays)
                print(f"pair {number} of seed {seed}: {shown} {' '.join(options)}: {fault}")
    print(f"{count} pairs of files, {wrong} unlike numpy.cross of NumPy {np.__version__}")
    sys.exit(wrong > 0)


main()
