"""The simulated glacier site: a valley on the border of two UTM zones, delivered as tiles, outlines and truth."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
from affine import Affine
from rasterio.features import shapes
from rasterio.warp import Resampling, calculate_default_transform, reproject, transform
from shapely.geometry import Polygon, shape

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import created
from climate_indicators.geo.rasters.radiometry import SENTINEL2_OFFSET_DN, SENTINEL2_OFFSET_FROM
from climate_indicators.synthetic.dates import date_of_year
from climate_indicators.synthetic.glacier.glaciers import Forcing, GlacierModel, GlacierState, forcing
from climate_indicators.synthetic.glacier.lakes import flood
from climate_indicators.synthetic.glacier.reflectance import SyntheticImage, render_image
from climate_indicators.synthetic.glacier.surfaces import LandCover, make_ground
from climate_indicators.synthetic.light import sun_at_overpass
from climate_indicators.synthetic.noise import stream
from climate_indicators.synthetic.terrain import Terrain, make_terrain

CRS, NEIGHBOR_CRS = "EPSG:32644", "EPSG:32645"
CENTER_LON, CENTER_LAT = 83.98, 31.0
CLOUDY_SHARE, MAX_OTHER_SHARE = 0.5, 0.04


@dataclass(frozen=True)
class SyntheticGlacierSite:
    """A valley with glaciers, made from its settings alone; every year is independent of which others are made."""

    size_px: int
    resolution_m: float
    cloudy_year: int | None
    seed: int

    @cached_property
    def terrain(self) -> Terrain:
        """The landscape, its lakes filled."""
        return self.ground.terrain

    @cached_property
    def ground(self) -> LandCover:
        """The landscape and its land cover outside of ice and snow."""
        terrain, water = flood(self._model.terrain, self._model.snout_m)
        return make_ground(terrain, water, self._model.forefield(), self.seed)

    @cached_property
    def _model(self) -> GlacierModel:
        return GlacierModel(make_terrain(self.size_px, self.resolution_m, self.seed), self.seed)

    @cached_property
    def grid(self) -> Grid:
        """Grid of the truth and of the elevation, in UTM zone 44."""
        (x,), (y,) = transform("EPSG:4326", CRS, [CENTER_LON], [CENTER_LAT])
        half = self.size_px * self.resolution_m / 2
        left, top = (round(value / self.resolution_m) * self.resolution_m for value in (x - half, y + half))
        step = self.resolution_m
        return Grid(CRS, Affine(step, 0, left, 0, -step, top), self.size_px, self.size_px)

    @cached_property
    def area_of_interest(self) -> gpd.GeoDataFrame:
        """The grid with cut corners, so that clipping has work to do."""
        left, bottom, right, top = self.grid.bounds
        cut = 0.12 * (right - left)
        corners = [
            (left + cut, top),
            (right, top),
            (right, bottom + cut),
            (right - cut, bottom),
            (left, bottom),
            (left, top - cut),
        ]
        return gpd.GeoDataFrame({"name": ["simulated valley"]}, geometry=[Polygon(corners)], crs=CRS)

    def forcing(self, year: int) -> Forcing:
        """Climate of a year."""
        return forcing(year, self._model.line_m, self.seed)

    def ice(self, year: int) -> GlacierState:
        """Ice of a year."""
        return self._model.ice(self.forcing(year).response_line_m)

    def rendered(self, year: int, ice: GlacierState) -> SyntheticImage:
        """Image of a year, half of it under cloud in the cloudy year."""
        share = CLOUDY_SHARE
        if year != self.cloudy_year:
            share = float(stream(self.seed, "cloud", year).uniform(0, MAX_OTHER_SHARE))
        sun = sun_at_overpass(date_of_year(year, self.seed), CENTER_LAT)
        return render_image(self.ground, ice, sun, year, share, self.seed)

    def outlines(self, year: int) -> gpd.GeoDataFrame:
        """Outlines of a year's true extent, one feature per glacier with its ``glacier_id``, in EPSG:4326."""
        numbers = self._model.glacier_numbers(self.ice(year).extent)
        pieces = shapes(numbers.astype("int32"), mask=numbers > 0, transform=self.grid.transform)
        rows = [{"glacier_id": f"SIM-{int(number):02d}", "geometry": shape(piece)} for piece, number in pieces]
        merged = gpd.GeoDataFrame(rows, crs=CRS).dissolve("glacier_id", as_index=False)
        return merged.to_crs("EPSG:4326")


def digital_numbers(reflectance: np.ndarray, date: datetime.date) -> np.ndarray:
    """Sentinel-2 L2A digital numbers of ``reflectance``: uint16, 1e4 per unit, +1000 from 2022-01-25 on, 0 reserved."""
    offset = -SENTINEL2_OFFSET_DN if date >= SENTINEL2_OFFSET_FROM else 0
    return np.clip(np.rint(reflectance * 1e4) + offset, 1, 65535).astype("uint16")


def tile_pair(numbers: np.ndarray, grid: Grid) -> list[tuple[np.ndarray, Grid]]:
    """West and east tile of an image, overlapping by a fifth; the east one in the neighboring UTM zone.

    Parameters
    ----------
    numbers : uint16, shape (bands, rows, columns).
    grid : grid of the image.

    Returns
    -------
    The two tiles, each with its grid; 0 where a tile has no value.
    """
    west_end, east_start = int(0.6 * grid.width), int(0.4 * grid.width)
    west = numbers[:, :, :west_end], Grid(grid.crs, grid.transform, west_end, grid.height)
    east_part = numbers[:, :, east_start:]
    east_from = Grid(grid.crs, grid.transform @ Affine.translation(east_start, 0), east_part.shape[2], grid.height)
    step = grid.transform.a
    to, width, height = calculate_default_transform(
        grid.crs, NEIGHBOR_CRS, east_from.width, east_from.height, *east_from.bounds, resolution=step
    )
    east = np.zeros((len(numbers), height, width), "uint16")
    reproject(
        east_part, east, src_transform=east_from.transform, src_crs=grid.crs, src_nodata=0, dst_transform=to,
        dst_crs=NEIGHBOR_CRS, dst_nodata=0, resampling=Resampling.bilinear,
    )  # fmt: skip
    return [west, (east, Grid(NEIGHBOR_CRS, to, width, height))]


def write_raster(
    path: str | Path, array: np.ndarray, grid: Grid, names: tuple[str, ...], nodata: float | None = None
) -> None:
    """Write an array of shape (bands, rows, columns) as a tiled GeoTIFF with band descriptions."""
    profile = {
        "driver": "GTiff", "dtype": array.dtype, "count": len(array), "nodata": nodata, "crs": grid.crs,
        "transform": grid.transform, "width": grid.width, "height": grid.height, "tiled": True, "compress": "deflate",
    }  # fmt: skip
    with atomic_path(path) as temporary, created(temporary, **profile) as raster:
        raster.descriptions = names
        raster.write(array)
