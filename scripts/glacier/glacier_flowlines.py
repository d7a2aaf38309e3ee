"""Compute the main flowline of every reference glacier; writes a GeoPackage with ``glacier_id, length_m, cut``."""

import numpy as np

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import pixel_size_m
from climate_indicators.geo.raster_stack import read_band
from climate_indicators.geo.terrain import TERRAIN_NODATA
from climate_indicators.glacier.flowlines import find_flowlines, flowline_layer

log = start_log(snakemake.log[0], snakemake.rule)
inputs, grid = snakemake.input, Grid.read(snakemake.input.grid)
names = read_table(inputs.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
glacier_ids, inside, elevation = (read_band(path) for path in (inputs.glacier_ids, inputs.aoi, inputs.elevation))
elevation = np.where(elevation == TERRAIN_NODATA, np.nan, elevation)
lines = find_flowlines(glacier_ids, names, elevation, inside == 1, pixel_size_m(grid))
log.info("%d of %d glaciers have a flowline", len(lines), len(names))
write_geopackage(flowline_layer(lines, grid), snakemake.output.flowlines, "flowlines", "LineString")
