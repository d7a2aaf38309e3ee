"""Elevation and slope on the site's grid."""

from climate_indicators.grids import Grid
from climate_indicators.logs import Progress, naming, start_log
from climate_indicators.terrain import write_terrain

log = start_log(snakemake.log[0], snakemake.rule)
grid = Grid.read(snakemake.input.grid)
with naming(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    write_terrain(
        snakemake.output.terrain,
        snakemake.input.dem,
        grid,
        snakemake.params.bands,
        Progress(log, -(-grid.height // 512), "strip").step,
    )
