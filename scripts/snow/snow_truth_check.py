"""Compare snow cover, maps, warming, regressions and curation of a synthetic site with the truth.

Reads the tables and maps of the study and the simulation's truth; writes ``truth_check.csv``: ``quantity, unit, truth,
estimate, lower, upper, tolerance, expected, within``, and its figure.
"""

from pathlib import Path

from climate_indicators.core.atomic_files import read_json, write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.style import save_figure
from climate_indicators.plotting.truth_checks import truth_figure
from climate_indicators.snow.scenes.table import OPTICAL, RADAR
from climate_indicators.snow.truth import MAPS, Truth, compare_cover, truth_series, truth_table
from climate_indicators.snow.truth_maps import map_agreements
from climate_indicators.stats.truth_checks import report_checks

log = start_log(snakemake.log[0], snakemake.rule)
params, folder = snakemake.params, Path(snakemake.input.truth)
truth = Truth(
    read_table(folder / "cover.csv"),
    read_table(folder / "defects.csv", dtype=str),
    read_json(folder / "planted.json"),
)
names = ("radar_cover", "snow_weather", "trends", "regressions", "curation", "triplets")
tables = {name: read_table(snakemake.input[name], dtype={"radar": str, "optical": str}) for name in names}
compared = compare_cover(read_table(snakemake.input.cover, dtype={"orbit": str}), truth)
series = truth_series(compared, params.confidence, params.seed)
for name in series:
    log.info("%s", name.replace("\n", ": "))
folders = {OPTICAL: snakemake.input.optical, RADAR: snakemake.input.maps}
maps = map_agreements(compared, folders, folder / "snow", snakemake.input.aoi)
for (source, year), found in maps.items():
    log.info("%s %s: %s", MAPS[source], year or "of all years", found)
table = truth_table(compared, *tables.values(), truth, maps)
report_checks(table, log)
write_csv(table, snakemake.output.table)
title = f"Recovered and true snow, {snakemake.wildcards.site}"
save_figure(truth_figure(table, title, params.confidence, series), snakemake.output.figure)
