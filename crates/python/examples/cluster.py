"""Cross products of more vectors than fit in memory, on a cluster of processes.

    pip install "crosslane[dask]" distributed
    python cluster.py                                    # 64 million products: 2.3 GB of operands and results, on 2 processes
    python cluster.py --vectors 2_800_000_000            # 100 GB; the workers need no more memory, only more time
    python cluster.py --scheduler tcp://10.0.0.1:8786    # on a cluster that runs already, and has crosslane installed

The operands here are random. With data of your own, ``a`` is ``dask.array.from_zarr("a.zarr")``, or
``dask.array.from_array(numpy.load("a.npy", mmap_mode="r"), chunks=(CHUNK, 3))``, and ``to_zarr`` stores the products.
"""

import argparse
import time
from pathlib import Path

import dask.array as da
from distributed import Client

import crosslane.dask


def products(vectors: int, chunk: int) -> da.Array:
    """Return the cross products of random vectors. Nothing is computed yet."""
    random = da.random.default_rng(seed=1)
    a = random.random((vectors, 3), chunks=(chunk, 3), dtype="f4")
    b = random.random((vectors, 3), chunks=(chunk, 3), dtype="f4")
    return crosslane.dask.cross(a, b)


def peak_memory() -> int:
    """Return the most memory, in bytes, that this process has had so far (Linux; elsewhere 0)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=64_000_000)
    parser.add_argument("--chunk", type=int, default=1_000_000, help="vectors in one block; the memory of a worker follows from it")
    parser.add_argument("--workers", type=int, default=2, help="processes on this machine")
    parser.add_argument("--scheduler", help="address of a running cluster")
    options = parser.parse_args()

    local = {"n_workers": options.workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": ":0"}
    with Client(options.scheduler) if options.scheduler else Client(**local) as client:
        start = time.perf_counter()
        mean = products(options.vectors, options.chunk).mean(axis=0, dtype="f8").compute()
        seconds = time.perf_counter() - start
        peaks = client.run(peak_memory).values()
    print(f"mean product {mean}")
    print(f"{options.vectors:,} products, {36 * options.vectors / 1e9:.1f} GB of operands and results, in {seconds:.1f} s")
    print("largest memory of each worker: " + ", ".join(f"{peak / 1e6:.0f} MB" for peak in peaks))


if __name__ == "__main__":
    main()
