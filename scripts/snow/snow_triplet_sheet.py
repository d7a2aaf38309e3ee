"""Draw example triplets of each split: radar, its change, true color and snow mask, for a visual check."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.grid import Grid
from climate_indicators.plotting.snow.triplets import snow_triplets_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
triplets = read_table(snakemake.input.triplets, dtype={"orbit": str})
grid = Grid.read(snakemake.input.grid)
save_figure(snow_triplets_figure(snakemake.input.patches, triplets, grid), snakemake.output.figure)
