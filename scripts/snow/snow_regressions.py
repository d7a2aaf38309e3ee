"""Regress snow on the weather of the day, on lagged means, and on all variables together.

Reads ``snow_weather.csv``; writes ``regressions.csv``, ``multiple_regression.csv``, scatter plots with their lines
and partial regression plots.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.snow.regressions import partial_figure, regressions_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.climate.regressions import multiple_regression, single_regressions

log = start_log(snakemake.log[0], snakemake.rule)
params, site = snakemake.params, snakemake.wildcards.site
table = read_table(snakemake.input.table, parse_dates=["date"])
errors = params.confidence, params.significance
single = single_regressions(table, params.snow, params.variables, params.lags, *errors)
multiple, partials = multiple_regression(table, params.snow, params.variables, *errors)
for row in single.itertuples():
    log.info("%s, %d days: r = %.3f, p = %.2g %s", row.variable, row.lag_days, row.r, row.p_value, row.note)
write_csv(single, snakemake.output.single)
write_csv(multiple, snakemake.output.multiple)
save_figure(regressions_figure(table, single, params.snow, site), snakemake.output.figure)
save_figure(partial_figure(partials, params.snow, site), snakemake.output.partial_figure)
