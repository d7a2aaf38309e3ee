"""Compute seasonal values of snow and weather by year, and their trends with tests and a figure.

Reads ``snow_weather.csv`` (snow) and ``weather.csv`` (its variables on all known days); writes ``season_years.csv``
(one value per quantity, season and year) and ``season_trends.csv`` (one row per quantity and season).
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.snow.seasons import snow_seasons_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.climate.seasons import season_trends, yearly_values

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
snow = read_table(snakemake.input.table, parse_dates=["date"])
weather = read_table(snakemake.input.weather, parse_dates=["date"])
parts = [(snow, [params.snow]), (weather, params.variables)]
settings = params.year_start_month, params.confidence, params.significance
years = pd.concat([yearly_values(*part, params.year_start_month) for part in parts], ignore_index=True)
trends = season_trends(parts, *settings)
for row in trends.itertuples():
    log.info("%s", row.sentence)
write_csv(years, snakemake.output.years)
write_csv(trends, snakemake.output.trends)
figure = snow_seasons_figure(snow, weather, years, trends, params.snow, params.variables[0], snakemake.wildcards.site)
save_figure(figure, snakemake.output.figure)
