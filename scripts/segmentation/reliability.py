"""Probability against observed share on the test blocks, and the IoU of all models with its interval over blocks."""

from climate_indicators.figures.reliability import reliability_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
figure = reliability_figure(read_table(snakemake.input.reliability), read_table(snakemake.input.metrics))
save_figure(figure, snakemake.output.figure)
