"""Simulate a glacier site: tiles, cloud masks, area of interest, outlines of one year, elevation, and the truth.

Writes two overlapping tiles and a cloud mask per year, the true extent of every year, its area inside the area of
interest (``year, date, area_km2``) and the forcing (``year, temperature_anomaly_k, equilibrium_line_m``).
"""

from pathlib import Path

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import area_mask
from climate_indicators.synthetic.dates import date_of_year
from climate_indicators.synthetic.glacier.site import SyntheticGlacierSite, digital_numbers, tile_pair, write_raster
from climate_indicators.synthetic.glacier.surfaces import BANDS

log = start_log(snakemake.log[0], snakemake.rule)
settings, output = snakemake.params.site, snakemake.output
years = range(settings["first_year"], settings["last_year"] + 1)
site = SyntheticGlacierSite(settings["size_px"], settings["resolution_m"], settings["cloudy_year"], settings["seed"])
inside = area_mask(site.area_of_interest.geometry, site.grid) == 1
areas, climate = [], []
progress = Progress(log, len(years), "year")
for year in years:
    ice, date = site.ice(year), date_of_year(year, settings["seed"])
    rendered = site.rendered(year, ice)
    tiles = tile_pair(digital_numbers(rendered.reflectance, date), site.grid)
    for side, (pixels, grid) in zip(("west", "east"), tiles, strict=True):
        write_raster(Path(output.tiles, f"{year}_{side}.tif"), pixels, grid, BANDS, nodata=0)
    write_raster(Path(output.clouds, f"{year}.tif"), rendered.cloud[None].astype("uint8"), site.grid, ("cloud",))
    extent = ice.extent & inside
    write_raster(Path(output.truth_extents, f"{year}.tif"), extent[None].astype("uint8"), site.grid, ("extent",))
    area = extent.sum() * settings["resolution_m"] ** 2 / 1e6
    areas.append({"year": year, "date": date.isoformat(), "area_km2": area})
    forcing = site.forcing(year)
    climate.append([year, forcing.temperature_anomaly_k, forcing.equilibrium_line_m])
    progress.step()
write_csv(pd.DataFrame(areas), output.truth_areas)
write_csv(pd.DataFrame(climate, columns=["year", "temperature_anomaly_k", "equilibrium_line_m"]), output.forcing)
write_raster(output.dem, site.terrain.elevation_m[None], site.grid, ("elevation",))
outlines = site.outlines(settings["reference_year"])
write_geopackage(site.area_of_interest, output.aoi, "aoi")
write_geopackage(outlines, output.outlines, "outlines")
