"""Draw a map of the blocks over the labeled scene: training, validation, test and unused pixels."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.spatial_blocks import blocks_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
figure = blocks_figure(
    snakemake.input.channels[0],
    snakemake.input.labels,
    snakemake.input.splits,
    read_table(snakemake.input.blocks),
    snakemake.params.rgb,
)
save_figure(figure, snakemake.output.figure)
