"""Maps of radar scenes as they grow: seconds and memory from the scene's two files to its written maps.

    python benchmarks/snow_maps.py                    # 2000 and 10000 pixels wide; about five minutes on two cores

Each width runs in a process of its own, with a U-Net of random weights on VV, VH and their changes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from images import in_new_process, machine, square_grid

from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import strips
from climate_indicators.segmentation.inference import open_engine
from climate_indicators.segmentation.tiled_prediction import Windows
from climate_indicators.snow.triplets.maps import SnowModel, map_scene

SCENE = "20200101_o1"
PARTS = {"radar": ["VV", "VH"], "change": ["VV_change", "VH_change"]}
LEVEL_DB = {"radar": (-12.0, 3.0), "change": (-1.0, 1.5)}
SCALE, NODATA = 0.01, -32768
SETTINGS = {"window_px": 1024, "halo_px": None, "blend_px": 16}  # the defaults


def make_scene(folder: Path, size: int) -> list[Path]:
    """Backscatter and change of a scene whose pixels are noise, as the workflow writes them."""
    rng, paths = np.random.default_rng(0), []
    for part, bands in PARTS.items():
        paths.append(folder / f"{part}_{size}.tif")
        with cog_writer(paths[-1], square_grid(size), "int16", bands, NODATA, SCALE) as raster:
            for window in strips(square_grid(size)):
                for band in range(1, len(bands) + 1):
                    level = rng.normal(*LEVEL_DB[part], (window.height, window.width)) / SCALE
                    raster.write(level.astype("int16"), band, window=window)
    return paths


def make_network(folder: Path, width: int, depth: int) -> Path:
    """A U-Net with random weights, saved as a training saves it."""
    from climate_indicators.segmentation.backend import keras
    from climate_indicators.segmentation.model_io import save_model
    from climate_indicators.segmentation.networks import unet

    keras.utils.set_random_seed(1)
    mean, variance = zip(*(LEVEL_DB[part] for part, bands in PARTS.items() for _ in bands), strict=True)
    save_model(folder, unet(list(mean), [spread**2 for spread in variance], width=width, depth=depth), {})
    return folder


def map_it(model: Path, paths: list[Path], folder: Path, depth: int) -> None:
    """Write both maps of a scene."""
    engine, bands = open_engine(model, "openvino", "float32", 2), [name for names in PARTS.values() for name in names]
    windows = Windows.from_settings(SETTINGS, depth)
    mean = [LEVEL_DB[part][0] for part, names in PARTS.items() for _ in names]
    network = SnowModel(engine, bands, mean, {"temperature": 1.0, "threshold": 0.5}, windows, {})
    map_scene(network, SCENE, paths, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 10000], help="widths of the square scenes")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--depth", type=int, default=3)
    arguments = parser.parse_args()
    print(machine())
    print("| scene | s | Mpx/s | memory, GB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, _, _ = in_new_process(make_network, folder / "model", arguments.width, arguments.depth)
        for size in arguments.sizes:
            paths = make_scene(folder, size)
            _, seconds, memory = in_new_process(map_it, model, paths, folder, arguments.depth)
            print(f"| {size}² | {seconds:.1f} | {size**2 / seconds / 1e6:.2f} | {memory:.2f} |", flush=True)


if __name__ == "__main__":
    main()
