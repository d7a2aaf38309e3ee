"""Recovered areas, trend and extents of a simulated site compared with the truth, as table and figure.

Writes ``truth_check.csv``: ``quantity, unit, truth, estimate, lower, upper, tolerance, expected, within``.
"""

from pathlib import Path

from climate_indicators.figures.style import save_figure
from climate_indicators.figures.truth import truth_figure
from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.map_agreement import agreement
from climate_indicators.map_pairs import raster_pair
from climate_indicators.rasters.guard import opened
from climate_indicators.tables import read_table
from climate_indicators.truth import truth_table
from climate_indicators.truth_checks import report_checks

log = start_log(snakemake.log[0], snakemake.rule)
areas, trend, truth = (
    read_table(path) for path in (snakemake.input.areas, snakemake.input.trend, snakemake.input.truth)
)
with opened(snakemake.input.aoi) as aoi:
    inside = aoi.read(1) == 1
true_extents, found = Path(snakemake.input.true_extents), {}
for path in sorted(map(Path, snakemake.input.extents)):
    found[int(path.stem)] = agreement([raster_pair(path, true_extents / path.name, inside)])
    log.info("extent %s: %s", path.stem, found[int(path.stem)])
table = truth_table(areas, trend, truth, found)
report_checks(table, log)
write_csv(table, snakemake.output.table)
save_figure(truth_figure(table, snakemake.wildcards.site, snakemake.params.confidence), snakemake.output.figure)
