"""Outlines of one year's extent as polygons, one feature a glacier.

Writes a GeoPackage with the columns ``glacier_id, year, date, area_km2``: what the year's own image shows, so that
glacier under cloud is missing. Polygons below ``glacier.area.min_glacier_km2`` are left out.
"""

import pandas as pd
import rasterio

from climate_indicators.grids import Grid
from climate_indicators.logs import start_log
from climate_indicators.vectors import extent_outlines, write_outlines

log = start_log(snakemake.log[0], snakemake.rule)
scenes = pd.read_csv(snakemake.input.scenes, dtype={"scene": str, "date": str}, keep_default_na=False)
date = scenes.set_index("scene").date[snakemake.wildcards.scene]
names = pd.read_csv(snakemake.input.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
with rasterio.open(snakemake.input.extent) as raster, rasterio.open(snakemake.input.glacier_ids) as ids:
    extent, glacier_ids = raster.read(1), ids.read(1)
grid = Grid.read(snakemake.input.grid)
outlines = extent_outlines(extent, glacier_ids, names, grid, snakemake.params.min_glacier_km2)
log.info("%d glaciers, %.3f km²", len(outlines), outlines.area_km2.sum())
write_outlines(outlines, int(snakemake.wildcards.scene), date, snakemake.output.outlines)
