"""Sentinel-2 as an archive serves it: items and single-band COGs of the simulated valley."""

import datetime

import numpy as np
import rasterio.shutil
import shapely
from pyproj import Transformer
from rasterio.io import MemoryFile
from shapely.geometry import box, mapping

from climate_indicators.synthetic.glacier.site import SyntheticGlacierSite, tile_pair
from climate_indicators.synthetic.glacier.surfaces import BANDS

COLLECTION = "sentinel-2-l2a"
CLEAR, CLOUD, SNOW, ROCK = 5, 9, 11, 5
ASSETS = dict(zip((*BANDS, "SCL"), (*BANDS, "SCL"), strict=True))


def cog(numbers, grid, nodata=0, block=256):
    """Bytes of a COG of one band."""
    profile = {
        "driver": "GTiff", "dtype": numbers.dtype, "count": 1, "height": grid.height, "width": grid.width,
        "crs": grid.crs, "transform": grid.transform, "nodata": nodata,
    }  # fmt: skip
    with MemoryFile() as plain, MemoryFile() as made:
        with plain.open(**profile) as raster:
            raster.write(numbers, 1)
        rasterio.shutil.copy(
            plain.name, made.name, driver="COG", COMPRESS="DEFLATE", BLOCKSIZE=block, OVERVIEW_RESAMPLING="NEAREST"
        )
        return bytes(made.getbuffer())


def footprint(grid):
    """Extent of a grid in longitude and latitude."""
    to_lonlat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    outline = box(*grid.bounds).segmentize(grid.width * grid.transform.a / 8)
    return shapely.transform(outline, to_lonlat.transform, interleaved=False)


class Archive:
    """Items and files of a world's scenes.

    ``names``: what the archive calls the assets, by band.
    """

    def __init__(self, world: SyntheticGlacierSite, names=ASSETS):
        self.world, self.names = world, dict(names)
        self.items, self.files = [], {}
        self._sights = {}

    def add(
        self, date, *, cloudy=None, sides=("west", "east"), added_dn=0, orbit=48, cover=5.0, without=(), **properties
    ):
        """A scene of a day: cloud over ``cloudy`` (rows, columns as slices), numbers with ``added_dn`` on them."""
        year = int(date[:4])
        reflectance, classes = self._sight(year)
        classes = classes.copy()
        reflectance = reflectance.copy()
        if cloudy is not None:
            classes[cloudy] = CLOUD
            reflectance[(slice(None), *cloudy)] = 0.7
        numbers = np.clip(np.rint(reflectance * 1e4) + added_dn, 1, 65535).astype("uint16")
        layers = np.concatenate([numbers, classes[None].astype("uint16")])
        for side, (pixels, grid) in zip(("west", "east"), tile_pair(layers, self.world.grid), strict=True):
            if side in sides:
                self._tile(date, side, pixels, grid, orbit, cover, without, properties)

    def _sight(self, year):
        if year not in self._sights:
            ice = self.world.ice(year)
            rendered = self.world.rendered(year, ice)
            green, swir = (rendered.reflectance[BANDS.index(band)] for band in ("B03", "B11"))
            snow = (green - swir) / (green + swir) > 0.4
            classes = np.where(rendered.cloud, CLOUD, np.where(snow, SNOW, ROCK))
            self._sights[year] = rendered.reflectance, classes
        return self._sights[year]

    def _tile(self, date, side, pixels, grid, orbit, cover, without, properties):
        # the warped tile's classes were interpolated at their borders: to the nearest that there is
        known = np.array([0, ROCK, CLOUD, SNOW])
        classes = known[np.abs(pixels[-1][..., None].astype(int) - known).argmin(axis=-1)].astype("uint8")
        name = f"S2B_{side}_{date.replace('-', '')}_R{orbit:03d}_{len(self.items)}"
        assets = {}
        for band, numbers in zip((*BANDS, "SCL"), (*pixels[:-1], classes), strict=True):
            if band in without:
                continue
            path = f"/files/{name}/{band}.tif"
            self.files[path] = cog(numbers, grid)
            assets[self.names[band]] = {"href": path, "type": "image/tiff; application=geotiff"} | (
                properties.get("asset", {}) if band != "SCL" else {}
            )
        moment = datetime.datetime.fromisoformat(f"{date}T05:20:00Z")
        self.items.append(
            {
                "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": COLLECTION, "links": [],
                "geometry": mapping(footprint(grid)), "bbox": list(footprint(grid).bounds), "assets": assets,
                "properties": {
                    "datetime": moment.isoformat().replace("+00:00", "Z"), "eo:cloud_cover": cover,
                    "sat:relative_orbit": orbit, "grid:code": f"MGRS-{side}",
                    **{key: value for key, value in properties.items() if key != "asset"},
                },
            }
        )  # fmt: skip
