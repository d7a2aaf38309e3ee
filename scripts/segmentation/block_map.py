"""Map of the blocks over the labelled scene: which pixels train, validate and test, and which are left unused."""

from climate_indicators.figures.blocks import blocks_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
figure = blocks_figure(
    snakemake.input.channels[0],
    snakemake.input.labels,
    snakemake.input.splits,
    read_table(snakemake.input.blocks),
    snakemake.params.rgb,
)
save_figure(figure, snakemake.output.figure)
