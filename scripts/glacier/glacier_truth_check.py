"""Recovered areas and trend of a simulated site beside the truth, as table and figure.

Writes ``truth_check.csv``: ``quantity, unit, truth, estimate, lower, upper, within``.
"""

from climate_indicators.figures.style import save_figure
from climate_indicators.figures.truth import truth_figure
from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table
from climate_indicators.truth import truth_table

log = start_log(snakemake.log[0], snakemake.rule)
areas, trend, truth = (
    read_table(path) for path in (snakemake.input.areas, snakemake.input.trend, snakemake.input.truth)
)
table = truth_table(areas, trend, truth)
log.info("truth inside the interval for %d of %d quantities", table.within.sum(), len(table))
write_csv(table, snakemake.output.table)
save_figure(truth_figure(table, snakemake.wildcards.site, snakemake.params.confidence), snakemake.output.figure)
