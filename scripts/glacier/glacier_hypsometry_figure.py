"""Draw glacier area by elevation in the first and last year."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.glacier.hypsometry import hypsometry_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
figure = hypsometry_figure(read_table(snakemake.input.bands), snakemake.wildcards.site)
save_figure(figure, snakemake.output.figure)
