"""Compare areas, trend and extents of a synthetic site with the truth, as table and figure.

Writes ``truth_check.csv``: ``quantity, unit, truth, estimate, lower, upper, tolerance, expected, within``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.glacier.truth import area_series, truth_table
from climate_indicators.plotting.style import save_figure
from climate_indicators.plotting.truth_checks import truth_figure
from climate_indicators.segmentation.map_pairs import yearly_agreement
from climate_indicators.stats.truth_checks import report_checks

log = start_log(snakemake.log[0], snakemake.rule)
areas, trend, truth = (
    read_table(path) for path in (snakemake.input.areas, snakemake.input.trend, snakemake.input.truth)
)
extents = yearly_agreement(snakemake.input.extents, snakemake.input.true_extents, snakemake.input.aoi)
for year, found in extents.items():
    log.info("extent %d: %s", year, found)
table = truth_table(areas, trend, truth, extents)
report_checks(table, log)
write_csv(table, snakemake.output.table)
title = f"Recovered and true glacier area, {snakemake.wildcards.site}"
series = {"glacier area (km²)": area_series(areas, truth)}
save_figure(truth_figure(table, title, snakemake.params.confidence, series), snakemake.output.figure)
