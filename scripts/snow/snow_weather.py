"""Check snow and daily weather, and join them with lagged means of the weather.

Reads one table with both, or snow per date and a CSV of daily weather; writes ``snow_weather.csv`` (one row per image),
``weather.csv`` (the checked weather), ``weather_checks.csv`` (results of the checks) and the time series.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.plotting.snow.series import snow_series_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.climate.lagged_weather import read_joined, read_snow_and_weather
from climate_indicators.snow.climate.weather import findings_table

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
settings = params.snow, params.variables, params.columns, params.lags
if snow := snakemake.input.get("snow"):
    data = read_snow_and_weather(snow, snakemake.input.weather, *settings)
else:
    data = read_joined(snakemake.input.table, *settings)
findings = findings_table(data.findings)
for row in findings.itertuples():
    (log.warning if row.severity == "warning" else log.info)("%s: %s", row.check, row.message)
write_csv(data.table, snakemake.output.table)
write_csv(data.weather, snakemake.output.weather)
write_csv(findings, snakemake.output.checks)
figure = snow_series_figure(data.table, data.weather, params.snow, params.variables, snakemake.wildcards.site)
save_figure(figure, snakemake.output.figure)
