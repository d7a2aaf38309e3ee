"""Probability against observed share on the test blocks, and the IoU of all models with its interval over blocks."""

import pandas as pd

from climate_indicators.figures.reliability import reliability_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log

start_log(snakemake.log[0], snakemake.rule)
figure = reliability_figure(pd.read_csv(snakemake.input.reliability), pd.read_csv(snakemake.input.metrics))
save_figure(figure, snakemake.output.figure)
