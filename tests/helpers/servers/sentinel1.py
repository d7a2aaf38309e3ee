"""Sentinel-1 and Sentinel-2 as an archive serves them, made of the files of a simulated snow site."""

import numpy as np
import pandas as pd
import rasterio.windows
from shapely.geometry import mapping

from climate_indicators.download.stac.windows import coarser
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import raster_grid
from servers.sentinel2 import CLEAR, CLOUD, cog, footprint

RADAR_COLLECTION, OPTICAL_COLLECTION = "sentinel-1-rtc", "sentinel-2-l2a"
NODATA = -32768.0


def item(name, collection, date, grid, assets, **properties):
    """A STAC item over a grid."""
    outline = footprint(grid)
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": collection, "links": [],
        "geometry": mapping(outline), "bbox": list(outline.bounds), "assets": assets,
        "properties": {"datetime": f"{date}T05:20:00Z", **properties},
    }  # fmt: skip


def radar_item(files, name, date, orbit, power, grid):
    """A terrain-corrected radar scene, power of shape (2, rows, columns), NaN where nothing is; its files are added."""
    assets = {}
    for polarization, values in zip(("vv", "vh"), power, strict=True):
        path = f"/files/{name}/{polarization}.tif"
        files[path] = cog(np.where(np.isfinite(values), values, NODATA).astype("float32"), grid, NODATA)
        assets[polarization] = {"href": path}
    return item(name, RADAR_COLLECTION, date, grid, assets, **{"sat:relative_orbit": int(orbit)})


def add_large_scenes(server, whole, collection=OPTICAL_COLLECTION):
    """Two overpasses in files of many blocks, bands of 10 m and classes of 20 m; their items state size and shape."""
    rng = np.random.default_rng(2)
    for day in ("2020-09-01", "2020-09-10"):
        assets = {}
        for band in ("B02", "B04", "SCL"):
            grid = coarser(whole, 2) if band == "SCL" else whole
            low, high, kind = (4, 8, "uint8") if band == "SCL" else (1000, 4000, "uint16")
            path = f"/files/{day}/{band}.tif"
            server.files[path] = cog(rng.integers(low, high, grid.shape).astype(kind), grid)
            shape, size = list(grid.shape), len(server.files[path])
            assets[band] = {"href": path, "file:size": size, "proj:shape": shape, "gsd": grid.transform.a}
        classed = {"eo:cloud_cover": 3.0, "sat:relative_orbit": 5, "s2:processing_baseline": "03.01"}
        server.items.append(item(f"S2_{day}", collection, day, whole, assets, **classed))


def slices(values, grid):
    """North and south part of an image, as slices of one overpass are, overlapping by a few rows."""
    half = grid.height // 2
    south = Grid(grid.crs, rasterio.windows.transform(((half - 4, grid.height), (0, 1)), grid.transform), grid.width, 0)
    yield "north", values[:, : half + 4], Grid(grid.crs, grid.transform, grid.width, half + 4)
    yield "south", values[:, half - 4 :], Grid(south.crs, south.transform, grid.width, grid.height - half + 4)


def serve_snow_site(folder, items, files):
    """Add all scenes of a simulated site: radar in two slices of linear power, optical with a scene classification."""
    table = pd.read_csv(folder / "scenes.csv", dtype=str, keep_default_na=False)
    for row in table.itertuples():
        with rasterio.open(folder / row.path) as raster:
            grid, values = raster_grid(raster), raster.read(masked=True)
            names, scale = raster.descriptions, raster.scales[0]
        if row.sensor == "radar":
            power = (10 ** (values.astype("float64") * scale / 10)).filled(np.nan)
            for part, numbers, place in slices(power, grid):
                name = f"S1A_{row.date}_{row.orbit}_{part}"
                items.append(radar_item(files, name, row.date, row.orbit, numbers, place))
            continue
        with rasterio.open(folder / row.cloud_mask) as mask:
            classes = np.where(mask.read(1) == 0, CLEAR, CLOUD).astype("uint8")
        name, assets = f"S2A_{row.date}", {}
        for band, numbers in zip((*names, "SCL"), (*values.filled(0), classes), strict=True):
            path = f"/files/{name}/{band}.tif"
            files[path] = cog(numbers, grid)
            assets[band] = {"href": path}
        baseline = {"s2:processing_baseline": "02.14", "sat:relative_orbit": 7, "eo:cloud_cover": 10.0}
        items.append(item(name, OPTICAL_COLLECTION, row.date, grid, assets, **baseline))
