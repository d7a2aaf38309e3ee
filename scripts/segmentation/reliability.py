"""Draw probability against observed fraction on test blocks, and the IoU of all models with intervals over blocks."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.reliability import reliability_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
figure = reliability_figure(read_table(snakemake.input.reliability), read_table(snakemake.input.metrics))
save_figure(figure, snakemake.output.figure)
