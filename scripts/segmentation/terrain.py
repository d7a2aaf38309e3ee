"""Elevation and slope on the site's grid."""

from climate_indicators.grids import Grid
from climate_indicators.logs import InputError, Progress, start_log
from climate_indicators.terrain import write_terrain

log = start_log(snakemake.log[0], snakemake.rule)
grid = Grid.read(snakemake.input.grid)
try:
    write_terrain(
        snakemake.output.terrain,
        snakemake.input.dem,
        grid,
        snakemake.params.bands,
        Progress(log, -(-grid.height // 512), "strip").step,
    )
except InputError as error:
    raise InputError(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}': {error}") from error
