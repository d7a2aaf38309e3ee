"""Compute the mean seasonal cycle of coverage and its spread over the years: ``seasonal_cycle.csv`` and a figure."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.ocean.indicators.seasons import seasonal_cycle
from climate_indicators.ocean.indicators.zones import zone_titles
from climate_indicators.plotting.ocean.seasons import seasons_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
cycle = seasonal_cycle(read_table(snakemake.input.coverage))
write_csv(cycle, snakemake.output.cycle)
names, colors = names_and_colors(read_table(snakemake.input.table))
titles, title = zone_titles(snakemake.params.zones), f"Seasonal cycle of coverage, {snakemake.wildcards.site}"
figure = seasons_figure(cycle[cycle.scaler == "frozen"], titles, names, colors, title)
save_figure(figure, snakemake.output.figure)
