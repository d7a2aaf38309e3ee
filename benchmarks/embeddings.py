"""Embeddings of pairs streamed through both encoders: seconds and memory at 1000 and 10,000 random pairs.

    python benchmarks/embeddings.py                      # about a minute and 2 GB of disk
    python benchmarks/embeddings.py --pairs 1000 4000 --size 32

The memory that grows with the pairs would be seen in the last column: it holds the embeddings, 256 bytes a pair.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from images import in_new_process, machine

CHANNELS, DIMENSIONS, WIDTH = 4, 32, 16


def make_pairs(path: Path, pairs: int, size: int) -> Path:
    """A patch file of random chips, written a hundred at a time and compressed as patch files are."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as store:
        store.attrs.update({"mean": np.zeros(CHANNELS), "std": np.ones(CHANNELS)})
        for name in ("split", "block", "number"):
            store[name] = np.arange(pairs, dtype="int32")
        shapes = {"image": (size, size, CHANNELS), "rgb": (size, size, 3), "valid": (size, size)}
        types = {"image": "float32", "rgb": "uint8", "valid": "bool"}
        for name, shape in shapes.items():
            store.create_dataset(
                name, (pairs, *shape), types[name], chunks=(1, *shape), compression="gzip", compression_opts=1
            )
        for start in range(0, pairs, 100):
            part = slice(start, min(start + 100, pairs))
            count = part.stop - start
            store["image"][part] = rng.normal(size=(count, *shapes["image"])).astype("float32")
            store["rgb"][part] = rng.integers(1, 256, (count, *shapes["rgb"]))
            store["valid"][part] = True
    return path


def embed(path: Path, size: int, threads: int) -> float:
    """Stream the pairs through encoders with random weights; seconds without the start of Keras."""
    from climate_indicators.segmentation.backend import use_threads
    from climate_indicators.snow.embeddings.encoders import build_encoders
    from climate_indicators.snow.embeddings.pairs import write_embeddings

    use_threads(threads)
    encoders = build_encoders(size, np.zeros(CHANNELS), np.ones(CHANNELS), DIMENSIONS, WIDTH)
    start = time.perf_counter()
    write_embeddings(path.with_suffix(".embeddings.h5"), path, encoders)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--size", type=int, default=64, help="side of a chip, pixels")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    print(machine())
    print(f"chips of {given.size} px, {CHANNELS} radar channels, {given.threads} threads")
    print("| pairs | s | pairs/s | largest memory, GB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for pairs in given.pairs:
            path = make_pairs(Path(folder) / f"{pairs}.h5", pairs, given.size)
            spent, _, memory = in_new_process(embed, path, given.size, given.threads)
            print(f"| {pairs} | {spent:.1f} | {pairs / spent:.0f} | {memory:.2f} |", flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
