"""Compute elevation and slope on the grid of the site; also writes the row of the elevation model in ``inputs.csv``."""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.geo.rasters.table import write_inputs
from climate_indicators.geo.terrain import write_terrain

log = start_log(snakemake.log[0], snakemake.rule)
grid = Grid.read(snakemake.input.grid)
with opened(snakemake.input.aoi) as raster:
    inside = raster.read(1)
with error_context(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    row = write_terrain(
        snakemake.output.terrain,
        snakemake.input.dem,
        grid,
        inside,
        snakemake.params.bands,
        Progress(log, -(-grid.height // 512), "strip").step,
    )
write_inputs(snakemake.output.inputs, [row])
