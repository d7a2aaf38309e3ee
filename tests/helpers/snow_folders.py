"""A small snow site on disk, harmonized: radar of two orbits, its change, optical images and masks, references."""

from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from affine import Affine
from scipy import ndimage

from climate_indicators.geo.grid import Grid
from climate_indicators.snow.triplets.extraction import Folders

SIZE = 112
ORBITS = ("48", "121")
MONTHS = (1, 4, 5, 8)
YEARS = (2017, 2018, 2019, 2020)
BANDS = ("B02", "B03", "B04", "B08", "B11")
NODATA = -32768
GRID = Grid("EPSG:32632", Affine(50.0, 0, 600_000, 0, -50.0, 5_200_000), SIZE, SIZE)


def field(seed, sigma, size=SIZE):
    """Smooth random field with mean 0 and standard deviation 1."""
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), sigma, mode="wrap")
    return (values - values.mean()) / values.std()


class SnowSite:
    """Writes the site's files under ``root`` and keeps its table of scenes."""

    def __init__(self, root):
        self.root = Path(root)
        self.rows = []
        self.height = field(1, 18)
        self.ground = field(2, 2.5)
        self.slopes = {orbit: 2.5 * field(10 + number, 2) for number, orbit in enumerate(ORBITS)}

    def snow(self, date):
        """Snow mask of a date: high ground, more of it in winter."""
        line = np.interp(date.month, (1, 4, 5, 8), (-0.8, -0.3, 0.3, 1.0)) + 0.1 * (date.year - 2018)
        return self.height > line

    def radar(self, date, orbit, pixels_of=None, missing=None, noise=0):
        """A radar scene and its change; ``pixels_of`` is the orbit whose pixels it really has."""
        date = pd.Timestamp(date)
        name = f"{date:%Y%m%d}_o{orbit}"
        rng = np.random.default_rng([noise, date.toordinal(), int(orbit)])
        wet = -3.0 * self.snow(date) * (date.month in (4, 5))
        level = self.slopes[pixels_of or orbit] + wet + rng.normal(0, 0.8, (SIZE, SIZE))
        values = np.stack([level - 10, level - 17])
        change = values - self.reference(orbit)
        for part, bands, data in (("radar", ["VV", "VH"], values), ("change", ["VV_change", "VH_change"], change)):
            numbers = np.rint(data / 0.01).astype("int16")
            if missing is not None:
                numbers[:, missing] = NODATA
            self._write(f"{part}/{date.year}/{name}.tif", bands, numbers, 0.01)
        self._row(name, "radar", date, orbit)
        return name

    def reference(self, orbit):
        return np.stack([self.slopes[orbit] - 10, self.slopes[orbit] - 17])

    def optical(self, date, cloud=None, shift=(0, 0), snow=None, light=None):
        """An optical scene with its mask; the image is moved down and right by ``shift`` pixels."""
        date = pd.Timestamp(date)
        name = f"{date:%Y%m%d}"
        snow = self.snow(date) if snow is None else snow
        rng = np.random.default_rng([7, (light or date).toordinal()])
        shade = 1 + 0.25 * self.ground
        bare = np.stack([level * shade for level in (0.08, 0.09, 0.10, 0.25, 0.22)])
        white = np.stack([level * (1 + 0.08 * self.ground) for level in (0.8, 0.8, 0.8, 0.75, 0.1)])
        image = np.where(snow, white, bare) + rng.normal(0, 0.01, (5, SIZE, SIZE))
        image, mask = np.roll(image, shift, (1, 2)), np.roll(snow, shift, (0, 1)).astype("uint8")
        numbers = np.rint(image / 1e-4).astype("int16")
        if cloud is not None:
            numbers[:, cloud], mask[cloud] = NODATA, 255
        self._write(f"optical/{date.year}/{name}.tif", BANDS, numbers, 1e-4)
        self._write(f"optical/{date.year}/{name}_mask.tif", ["snow"], mask[None], 1.0, 255)
        self._row(name, "optical", date, "")
        return name

    def finish(self):
        """Write references and the area of interest; give the table of scenes."""
        for orbit in ORBITS:
            bands = ["VV_reference", "VH_reference"]
            self._write(f"reference/o{orbit}.tif", bands, np.rint(self.reference(orbit) / 0.01).astype("int16"), 0.01)
        scenes = pd.DataFrame(self.rows).sort_values(["date", "scene"], ignore_index=True)
        references = [
            [orbit, 3, " ".join(scenes.scene[(scenes.orbit == orbit) & (scenes.date.dt.month == 8)])]
            for orbit in ORBITS
        ]
        self.references = pd.DataFrame(references, columns=["orbit", "n_scenes", "scenes"])
        self.area = np.ones((SIZE, SIZE), "uint8")
        return scenes

    @property
    def folders(self):
        return Folders(*(sorted((self.root / part).glob("*")) for part in ("radar", "change", "optical")))

    def paths(self, scenes):
        return {row.scene: self.root / row.sensor / row.year / f"{row.scene}.tif" for row in scenes.itertuples()}

    def _row(self, name, sensor, date, orbit):
        self.rows.append({"scene": name, "sensor": sensor, "date": date, "year": str(date.year), "orbit": orbit})

    def _write(self, path, bands, numbers, scale, nodata=NODATA):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        profile = {"driver": "GTiff", "dtype": numbers.dtype, "count": len(bands), "nodata": nodata, "crs": GRID.crs}
        with rasterio.open(
            self.root / path, "w", **profile, width=SIZE, height=SIZE, transform=GRID.transform
        ) as raster:
            raster.descriptions, raster.scales = tuple(bands), (scale,) * len(bands)
            raster.write(numbers)


def plain_site(root, years=YEARS, months=MONTHS):
    """Each month one optical scene, a radar scene of one orbit a day before, and of the other a day after."""
    site = SnowSite(root)
    for year in years:
        for month in months:
            site.optical(f"{year}-{month:02d}-15")
            site.radar(f"{year}-{month:02d}-14", ORBITS[0])
            site.radar(f"{year}-{month:02d}-16", ORBITS[1])
    return site
