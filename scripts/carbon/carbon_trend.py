"""Trends of the carbon series, its moving average, running total and running average; without dates, by row.

Reads a table with one carbon value per row and optional columns of dates and places. For series from images, also reads
the totals and the metrics of the held-out images, because the intervals include mask errors. Writes
``trend_analysis.csv``, one row per series, and the figure of all four.
"""

from climate_indicators.carbon.series.mask_error_drift import MapErrors
from climate_indicators.carbon.series.series import read_series
from climate_indicators.carbon.series.trends import trend_table
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table, read_user_table
from climate_indicators.plotting.carbon.series import carbon_series_figure
from climate_indicators.plotting.style import save_figure

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
keys = (params.value, params.date, params.place)
table = read_user_table(snakemake.input.table, "carbon table", keys, "one carbon value a row")
carbon = read_series(table, *keys)
if carbon.n_apart:
    log.warning(
        "%d months have no place in common with the other months and are excluded from the carbon series",
        carbon.n_apart,
    )
errors = None
if snakemake.input.held_out and carbon.months is not None:
    tables = (snakemake.input.table, snakemake.input.total[0], snakemake.input.held_out[0])
    errors = MapErrors.of(*map(read_table, tables))
trends = trend_table(
    carbon, params.quantity, params.unit, params.window, params.confidence, params.significance, params.seed, errors
)
for row in trends.itertuples():
    log.info("%s: %s", row.series, row.sentence)
write_csv(trends, snakemake.output.table)
figure = carbon_series_figure(carbon, trends, params.quantity, params.unit, snakemake.wildcards.site)
save_figure(figure, snakemake.output.figure)
