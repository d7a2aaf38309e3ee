"""Check the daily weather of a site before training: days, missing values and range of each variable.

Writes ``weather_summary.csv``, one row per variable. The rule `snow_weather` warns about problems of the file.
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.snow.climate.weather import read_weather, weather_summary

log = start_log(snakemake.log[0], snakemake.rule)
path, variables = snakemake.input.weather, snakemake.params.variables
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    weather, findings = read_weather(path, variables, snakemake.params.columns)
    days = pd.to_datetime(read_table(snakemake.input.scenes, dtype={"date": str}).date.str[:10])
    summary = weather_summary(weather, variables, days, path)
for finding in findings:
    log.info("%s: %s", finding["check"], finding["message"])
write_csv(summary, snakemake.output.table)
