"""A glacier site of synthetic Sentinel-2 tiles whose areas are known, and faults planted into its files."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from shapely.geometry import box

from climate_indicators.geo.grid import Grid
from climate_indicators.geo.mosaic import SceneInputs, check_scene, write_scene
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset

BANDS = ["B02", "B03", "B04", "B08", "B11"]
GRID = Grid("EPSG:32632", Affine(20, 0, 630_000, 0, -20, 5_190_000), 160, 120)
AREA = gpd.GeoSeries([box(*GRID.bounds)], crs=GRID.crs)
YEARS = {2018: 42, 2019: 40, 2021: 38, 2023: 36}  # radius of the glacier, pixels
LATE = 2022
# share of valid pixels below which a year is flagged, and relative error of a threshold on noisy pixels
MIN_VALID, INTERVAL = 0.8, 0.02
ICE, ROCK, LAKE = (
    np.array(values)[:, None, None]
    for values in ([0.62, 0.63, 0.61, 0.5, 0.05], [0.14, 0.16, 0.18, 0.22, 0.28], [0.05, 0.05, 0.03, 0.02, 0.01])
)


@dataclass(frozen=True)
class Year:
    """One year of the site: what a fault may change.

    ``numbers`` maps a tile to its digital numbers (bands, rows, columns); ``profile`` is given to rasterio.
    """

    year: int
    numbers: dict[str, np.ndarray]
    grids: dict[str, Grid]
    profile: dict[str, object] = field(default_factory=lambda: {"nodata": 0})
    scales: tuple[float, float] | None = None
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    radiometry: Radiometry = Radiometry()
    offset: SceneOffset = SceneOffset()


def true_extent(year):
    rows, cols = np.mgrid[: GRID.height, : GRID.width]
    return np.hypot(rows - 60, cols - 80) < YEARS[year]


def reflectance(year):
    """Ice, rock with slopes in the sun and in shadow, and a lake, with noise: float (bands, rows, columns)."""
    rng = np.random.default_rng(year)
    rows, cols = np.mgrid[: GRID.height, : GRID.width]
    light = 0.75 + 0.35 * np.sin(rows / 7 + cols / 11)
    values = np.where(true_extent(year), ICE * np.maximum(light, 0.8), ROCK * light)
    values = np.where((cols > 145) & (rows > 90), LAKE, values)
    return values + rng.normal(0, 0.004, values.shape)


def part(cols):
    return Grid(GRID.crs, GRID.transform @ Affine.translation(cols.start, 0), cols.stop - cols.start, GRID.height)


def digital_numbers(year, values):
    offset = 1000 if year >= LATE else 0
    return np.clip(np.rint(values * 1e4) + offset, 1, 65535).astype("uint16")


def make_year(year):
    """The year without a fault: a west and an east tile that overlap by a fifth."""
    values = digital_numbers(year, reflectance(year))
    places = {"west": slice(0, 96), "east": slice(64, 160)}
    return Year(
        year,
        {tile: values[:, :, cols].copy() for tile, cols in places.items()},
        {tile: part(cols) for tile, cols in places.items()},
        offset=SceneOffset(f"{year}-08-20"),
    )


def write_raster(path, numbers, grid, names, scales=None, **profile):
    options = {
        "driver": "GTiff", "dtype": numbers.dtype, "count": len(numbers), "width": grid.width, "height": grid.height,
        "crs": grid.crs, "transform": grid.transform,
    }  # fmt: skip
    with rasterio.open(path, "w", **(options | profile)) as raster:
        raster.write(numbers)
        raster.descriptions = names
        if scales is not None:
            raster.scales, raster.offsets = ((number,) * len(numbers) for number in scales)
    return str(path)


def inputs_of(folder, one):
    """The files of a year, written."""
    folder = Path(folder)
    tiles = [
        write_raster(folder / f"{one.year}_{tile}.tif", numbers, one.grids[tile], BANDS, one.scales, **one.profile)
        for tile, numbers in one.numbers.items()
    ]
    masks = [
        write_raster(folder / f"{one.year}_{name}_clouds.tif", mask[None].astype("uint8"), one.grids[name], ["cloud"])
        for name, mask in one.masks.items()
    ]
    return SceneInputs(tiles, BANDS, None, masks, one.radiometry, one.offset)


def outcome(folder, inputs, area=AREA):
    """Area of a year, km², of the pixels that are seen, share of valid pixels, and rows of the table of inputs."""
    check_scene(inputs, area)
    path = Path(folder, "scene.tif")
    valid_share, rows = write_scene(str(path), GRID, np.ones(GRID.shape, "uint8"), inputs)
    with RasterStack([path]) as stack:
        values, valid = stack.read((0, GRID.height), (0, GRID.width))
    green, red, swir = values[..., 1], values[..., 2], values[..., 4]
    with np.errstate(invalid="ignore", divide="ignore"):
        ice = ((green - swir) / (green + swir) > 0.4) & (red > 0.2) & valid
    return ice.sum() * 400 / 1e6, valid_share, rows


def true_area(year):
    return true_extent(year).sum() * 400 / 1e6


def with_numbers(one, change):
    """The year with every tile's numbers changed."""
    return replace(one, numbers={tile: change(numbers) for tile, numbers in one.numbers.items()})
