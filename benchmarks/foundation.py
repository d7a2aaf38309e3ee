"""Foundation models: seconds a picture, SAM's embedding new and from the cache, its prompts, and features.

    python benchmarks/foundation.py                                  # small networks with random weights
    python benchmarks/foundation.py --pictures 20
    python benchmarks/foundation.py --folder resources/models/sam_base_sa1b --kind sam

SAM's first picture, in which the network is compiled, is not counted; features count it, spread over all pictures.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from images import machine

SIZE, POINTS = 128, 10


def sam_times(foundation, pictures: np.ndarray, cache: str) -> dict[str, float]:
    """Seconds a picture of a new embedding, one from the cache, and a mask for 10 + 10 points."""
    from climate_indicators.snow.foundation_models.prompts import oracle_points
    from climate_indicators.snow.foundation_models.result_cache import ImageCache
    from climate_indicators.snow.foundation_models.sam import Sam

    sam = Sam(foundation, ImageCache(cache, foundation.digest))
    label = np.zeros(pictures.shape[1:3], "uint8")
    label[:, : SIZE // 3] = 1
    points = oracle_points(label, POINTS, np.random.default_rng(0))
    sam.best_mask(sam.embed(pictures[0]), points, label.shape)
    embed = [_seconds(sam.embed, picture) for picture in pictures[1:]]
    again = [_seconds(sam.embed, picture) for picture in pictures[1:]]
    embedding = sam.embed(pictures[0])
    masks = [_seconds(sam.best_mask, embedding, points, label.shape) for _ in pictures[1:]]
    means = (float(np.mean(times)) for times in (embed, again, masks))
    return dict(zip(("embedding, new", "embedding, cached", "mask"), means, strict=True))


def feature_times(foundation, pictures: np.ndarray) -> dict[str, float]:
    """Seconds a picture of the features at four depths, the building of the network among them."""
    from climate_indicators.snow.foundation_models.features import activation_maps

    return {"features, four depths": _seconds(activation_maps, foundation, pictures) / len(pictures)}


def _seconds(call, *arguments) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="folder of a model; left out, small ones are made")
    parser.add_argument("--kind", default="sam", choices=("sam", "clip", "dinov2", "deeplab"))
    parser.add_argument("--pictures", type=int, default=10)
    options = parser.parse_args()
    from climate_indicators.snow.foundation_models.loading import open_foundation
    from climate_indicators.snow.foundation_models.presets import NAMES, weights_title
    from climate_indicators.snow.foundation_models.random_weights import write_tiny

    pictures = np.random.default_rng(0).integers(0, 256, (options.pictures + 1, SIZE, SIZE, 3), dtype="uint8")
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        for kind in NAMES if options.folder is None else [options.kind]:
            source = options.folder or Path(folder) / kind
            if options.folder is None:
                write_tiny(source, kind)
            foundation = open_foundation(source, kind)
            times = sam_times(foundation, pictures, f"{folder}/cache") if kind == "sam" else None
            for what, seconds in (times or feature_times(foundation, pictures)).items():
                title = f"{NAMES[kind]} ({weights_title(foundation.card)}, {foundation.size_px} px)"
                print(f"{title:48} {what:22} {seconds * 1000:9.1f} ms")


if __name__ == "__main__":
    main()
