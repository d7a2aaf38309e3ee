"""Compare carbon, trend, season, disturbance, forecast and masks of a synthetic site with the truth.

Reads the estimates with their totals, the trend table, the forecast, the masks and the simulation's truth; writes
``truth_check.csv``: ``quantity, unit, truth, estimate, lower, upper, tolerance, expected, within``, and its figure.
"""

from pathlib import Path

from climate_indicators.carbon.truth import Truth, truth_series, truth_table
from climate_indicators.carbon.truth_maps import mask_agreements
from climate_indicators.core.atomic_files import read_json, write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.style import save_figure
from climate_indicators.plotting.truth_checks import truth_figure
from climate_indicators.stats.truth_checks import report_checks

log = start_log(snakemake.log[0], snakemake.rule)
folder = Path(snakemake.input.truth)
estimates, totals, trends, forecast, skill = (
    read_table(snakemake.input[name]) for name in ("estimates", "total", "trend", "forecast", "skill")
)
truth = Truth(read_table(folder / "images.csv"), read_table(folder / "series.csv"), read_json(folder / "planted.json"))
maps = mask_agreements(estimates, snakemake.input.masks, folder / "masks")
for year, found in maps.items():
    log.info("masks %d: %s", year, found)
table = truth_table(estimates, totals, trends, forecast, truth, maps)
report_checks(table, log)
log.info("%s", skill["verdict"].iloc[0])
write_csv(table, snakemake.output.table)
title, series = f"Recovered and true carbon, {snakemake.wildcards.site}", truth_series(estimates, forecast, truth)
save_figure(truth_figure(table, title, snakemake.params.confidence, series), snakemake.output.figure)
