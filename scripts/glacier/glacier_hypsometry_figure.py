"""Figure of glacier area by elevation in the first and last year."""

from climate_indicators.figures.hypsometry import hypsometry_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
figure = hypsometry_figure(read_table(snakemake.input.bands), snakemake.wildcards.site)
save_figure(figure, snakemake.output.figure)
