"""Estimate trends of the coverage under both scalers: of annual means, and of deseasonalized months."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.ocean.indicators.coverage_trends import coverage_trends, seasonal_trends
from climate_indicators.ocean.indicators.zones import zone_titles
from climate_indicators.plotting.ocean.coverage import coverage_figure
from climate_indicators.plotting.style import save_figure

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
coverage = read_table(snakemake.input.coverage)
titles = zone_titles(params.zones)
trends = coverage_trends(coverage, titles, params.confidence, params.significance)
for row in trends.itertuples():
    log.info("%s scaler: %s", row.scaler, row.sentence)
write_csv(trends, snakemake.output.trend)
write_csv(seasonal_trends(coverage, titles, params.confidence, params.significance), snakemake.output.seasonal)
names, colors = names_and_colors(read_table(snakemake.input.table))
site = snakemake.wildcards.site
figure = coverage_figure(coverage, trends, titles, names, colors, site, params.confidence)
save_figure(figure, snakemake.output.figure)
