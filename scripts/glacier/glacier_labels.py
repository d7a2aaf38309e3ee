"""Rasterize the glacier outlines on the grid of the site: training labels, glacier numbers and areas.

Writes ``labels.tif`` (1 glacier, 0 not, 255 outside), ``glacier_ids.tif`` and ``glacier_ids.csv`` (``value, glacier_id,
area_km2, polygon_km2``), which compares rasterized and polygon areas. Also writes the row of the outlines in
``inputs.csv``.
"""

import numpy as np

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid, read_area_of_interest
from climate_indicators.geo.mosaic import tiles_area
from climate_indicators.geo.raster import write_cog
from climate_indicators.geo.raster_stack import read_band
from climate_indicators.geo.rasters.table import write_inputs
from climate_indicators.geo.vector_rows import outlines_row
from climate_indicators.glacier.outlines import draw_outlines, outline_areas, outlines_inside, read_outlines

log = start_log(snakemake.log[0], snakemake.rule)
params, grid = snakemake.params, Grid.read(snakemake.input.grid)
inside = read_band(snakemake.input.aoi_mask)
with error_context(f"glacier site '{snakemake.wildcards.site}'"):
    if snakemake.input.aoi:
        area = read_area_of_interest(snakemake.input.aoi[0], params.aoi_layer, warn=False)
    else:
        area = tiles_area(params.tiles, params.bands)
    outlines = read_outlines(snakemake.input.outlines, grid, **params.outlines, year=params.reference_year)
    outlines = outlines_inside(outlines, area)
    numbers = draw_outlines(outlines, grid, inside)
table = outline_areas(outlines, numbers, grid, area)
log.info(
    "%d outlines, %.3f km² rasterized, %.3f km² as polygons", len(table), table.area_km2.sum(), table.polygon_km2.sum()
)
labels = np.where(inside == 1, numbers > 0, BYTE_NODATA).astype("uint8")
write_cog(snakemake.output.labels, grid, labels, "glacier", BYTE_NODATA)
write_cog(snakemake.output.ids, grid, numbers, "glacier number")
write_csv(table, snakemake.output.table)
write_inputs(snakemake.output.inputs, [outlines_row(snakemake.input.outlines, params.outlines["layer"], table)])
