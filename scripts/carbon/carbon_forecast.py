"""Forecast the monthly carbon series with intervals and test it against naive forecasts; requires dates.

Reads a table with one carbon value per row and a date column; writes ``forecast.csv`` (history, held-out last year,
future months), ``forecast_skill.csv`` (one row per method, and the verdict) and a figure.
"""

from climate_indicators.carbon.series.forecast import carbon_forecast
from climate_indicators.carbon.series.series import read_series
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_user_table
from climate_indicators.plotting.carbon.forecast import carbon_forecast_figure
from climate_indicators.plotting.style import save_figure

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
keys = (params.value, params.date, params.place)
table = read_user_table(snakemake.input.table, "carbon table", keys, "one carbon value a row")
carbon = read_series(table, *keys)
forecast = carbon_forecast(carbon, params.unit, params.horizon_months)
log.info("%s", forecast.verdict)
write_csv(forecast.values, snakemake.output.table)
write_csv(forecast.skill, snakemake.output.skill)
figure = carbon_forecast_figure(forecast, params.quantity, params.unit, snakemake.wildcards.site)
save_figure(figure, snakemake.output.figure)
