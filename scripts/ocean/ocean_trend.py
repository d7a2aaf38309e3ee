"""Trends of the coverage under both scalers: of yearly means, and of the months without their seasonal cycle."""

from climate_indicators.figures.coverage import coverage_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.ocean.coverage_trends import coverage_trends, seasonal_trends
from climate_indicators.ocean.labels import names_and_colours
from climate_indicators.ocean.zones import zone_titles
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
coverage = read_table(snakemake.input.coverage)
titles = zone_titles(params.zones)
trends = coverage_trends(coverage, titles, params.confidence, params.significance)
for row in trends.itertuples():
    log.info("%s scaler: %s", row.scaler, row.sentence)
write_csv(trends, snakemake.output.trend)
write_csv(seasonal_trends(coverage, titles, params.confidence, params.significance), snakemake.output.seasonal)
names, colours = names_and_colours(read_table(snakemake.input.table))
site = snakemake.wildcards.site
figure = coverage_figure(coverage, trends, titles, names, colours, site, params.confidence)
save_figure(figure, snakemake.output.figure)
